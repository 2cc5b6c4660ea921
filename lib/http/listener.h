/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket of the HTTP server, and addresses as text. */
#ifndef LIB_HTTP_LISTENER_H
#define LIB_HTTP_LISTENER_H

#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/error.h"

/* A listening TCP socket.  address is numeric, NULL for all (including IPv6 if there is any); port 0 means any free
 * one; *bound is the actual port.  Not left to libmicrohttpd, which does not say why it could not bind.  -1 on
 * failure. */
int hl_listen(const char *address, uint16_t port, uint16_t *bound, GError **error);

/* The numeric IP address, IPv4-mapped IPv6 as IPv4.  Caller frees. */
char *hl_address_print(const struct sockaddr *address);

#endif

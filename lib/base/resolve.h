/* SPDX-License-Identifier: Apache-2.0 */
/* Name resolution that can be given up.  getaddrinfo() can neither be interrupted nor be told how long it may take, so
 * each name gets a thread of its own, which outlives its asker if name servers stay silent.  At most four at a time in
 * a process: anyone who asks then is told that name servers do not answer. */
#ifndef LIB_BASE_RESOLVE_H
#define LIB_BASE_RESOLVE_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HlResolution HlResolution;

/* host is a name or an address.  NULL: too many are under way, or the system has no descriptor
 * to spare. */
HlResolution *hl_resolve(const char *host, uint16_t port);

/* Readable once there is an answer; a number needs none. */
int hl_resolution_fd(const HlResolution *resolution);

/* The addresses, valid as long as the resolution; NULL and *problem if the name has none. Only once there is an answer.
 */
const struct addrinfo *hl_resolution_addresses(HlResolution *resolution, const char **problem);

/* At any time; NULL is ignored. */
void hl_resolution_free(HlResolution *resolution);

#endif

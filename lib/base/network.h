/* SPDX-License-Identifier: Apache-2.0 */
/* Networks in the notation of RFC 4632: an address and the number of its bits that count.  Pure. */
#ifndef LIB_BASE_NETWORK_H
#define LIB_BASE_NETWORK_H

#include <stdint.h>

#include "lib/base/error.h"

typedef struct {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t bits;        /* of the 128 */
} HlNetwork;

/* "192.168.0.0/16", "fd00::/8", or one address.  Host bits must be clear: a set one is most often a typing error. */
bool hl_network_parse(const char *text, HlNetwork *network, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether an address is in it.  Text that is not an address, or NULL, is in no network. */
bool hl_network_has(const HlNetwork *network, const char *address);

/* Whether an address is one of the public Internet's: not loopback, private, link-local, shared, multicast, reserved,
 * of documentation, nor one that embeds an IPv4 address elsewhere (NAT64, 6to4, Teredo).  Text that is not an address
 * is not. */
bool hl_address_is_public(const char *address);

/* Whether a certificate can name it and a resolver look it up: an address without scope or brackets, or a host name of
 * RFC 1123, 2.1 (underscores are tolerated), of at most 253 characters and without the final dot.  A name whose last
 * label is a number is a mistyped address (RFC 3696, 2). */
bool hl_host_is_valid(const char *host);

/* "host:port"; an IPv6 address goes into brackets, as in a URL: "[::1]:8883".  Caller frees. */
char *hl_place_print(const char *host, uint16_t port);

/* The two halves of it, the host without brackets: the form that resolvers and certificate checks take.  What 0.1.0
 * wrote, an IPv6 address without brackets, is taken too.  *host (may be NULL; caller frees) and *port only if true. */
bool hl_place_parse(const char *text, char **host, uint16_t *port) G_GNUC_WARN_UNUSED_RESULT;

#endif

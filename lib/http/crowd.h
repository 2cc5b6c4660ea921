/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections the neighbours of an address hold: an IPv4 address is alone (a whole office behind NAT), IPv6
 * addresses of one /64 count as one, because each machine has 2^64 of them to choose from.  One thread. */
#ifndef LIB_HTTP_CROWD_H
#define LIB_HTTP_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <glib.h>

typedef struct HlCrowd HlCrowd;

/* limit: connections of one neighbourhood. */
HlCrowd *hl_crowd_new(guint limit);
void hl_crowd_free(HlCrowd *crowd);

/* Equal for addresses that count as one. */
uint64_t hl_crowd_neighbourhood(const struct sockaddr *address);

bool hl_crowd_has_room(const HlCrowd *crowd, const struct sockaddr *address);

/* by: 1 when a connection begins, -1 when it is over. */
void hl_crowd_count(HlCrowd *crowd, const struct sockaddr *address, int by);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint's direct port: where the classic server dials (docs/documented-behaviour.md, B1 to B3).
 *
 * Accepts connections of the manager alone (TLS with both certificates; the peer's kind must be manager), answers pings
 * and passes on two notices; nothing else can be said here (proto/direct.h), so it is no way into the machine. Bounded:
 * few connections at once, few requests each, short deadlines, and connections beyond the rate wait in the kernel's
 * backlog instead of being cut, so that a busy endpoint is not mistaken for a stranger.  Lives on the loop that made
 * it.
 *
 * Independent mode: the daemon frees it, and a dial is refused. */
#ifndef ENDPOINT_DAEMON_LINK_DIRECT_H
#define ENDPOINT_DAEMON_LINK_DIRECT_H

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/pki/tls.h"

typedef struct EpDirect EpDirect;

typedef enum { EP_DIRECT_SETTINGS_CHANGED, EP_DIRECT_UPDATE_NOW } EpDirectNotice;

/* Called on the loop, before the answer goes out: what it starts must not take long, and must not free the listener. */
typedef void (*EpDirectHandler)(EpDirectNotice notice, gpointer user);

typedef struct {
    uint64_t accepted, answered, notices;
    uint64_t strangers; /* no TLS, no certificate of ours, or not the manager's */
    uint64_t cut;       /* deadline passed, or not the protocol */
} EpDirectCounts;

/* address NULL: all of IPv4 and IPv6; port 0: the system chooses.  context is a server's, of this endpoint's
 * certificate, and must outlive the listener.  NULL on failure. */
EpDirect *ep_direct_new(const char *address, uint16_t port, HlTlsContext *context, EpDirectHandler handler,
                        gpointer user, GError **error);
void ep_direct_free(EpDirect *direct);

uint16_t ep_direct_port(const EpDirect *direct);
EpDirectCounts ep_direct_count(const EpDirect *direct);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpDirect, ep_direct_free)

#endif

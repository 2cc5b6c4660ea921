/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint reports about its machine: host name, own addresses, system, fingerprint (B1).  Blocking, but
 * briefly: nothing here uses the network. */
#ifndef ENDPOINT_IDENTITY_MACHINE_H
#define ENDPOINT_IDENTITY_MACHINE_H

#include "lib/base/error.h"
#include "proto/messages.h"

#define EP_MACHINE_MAX_ADDRESSES 16

/* The machine id in a file like /etc/machine-id (machine-id(5)): 32 lower-case hexadecimal digits, not all 0.  What an
 * image has before its first start ("uninitialized", nothing) would be the same on all its copies.  NULL on failure;
 * caller frees. */
char *ep_machine_id(const char *path, GError **error);

/* SHA-256, hexadecimal, of the machine identity: override (any text) if it is not empty, else /etc/machine-id.  NULL on
 * failure; caller frees. */
char *ep_machine_fingerprint(const char *override, GError **error);

/* The machine's own addresses, first the one that routes towards the peer (host:port; only numeric hosts are
 * considered, others mean the default route).  Never empty.  Caller frees (GStrv). */
char **ep_machine_addresses(const char *peer);

/* To be freed by hl_wire_free. */
HlMsgRegistration *ep_machine_registration(const char *fingerprint, const char *peer, int direct_port);

#endif

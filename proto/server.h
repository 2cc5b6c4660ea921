/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a ServerDocument: where the server is and whom to trust there (docs/protocol.md, "Where the server
 * is").  What both sides compute and check in the same way.  Pure. */
#ifndef PROTO_SERVER_H
#define PROTO_SERVER_H

#include "lib/base/error.h"
#include "proto/messages.h"

/* AppliedServer.state. */
#define HL_SERVER_APPLIED   "applied"
#define HL_SERVER_TRIAL     "trial"
#define HL_SERVER_WENT_BACK "went-back"

/* SHA-256 over brokers, servers, authorities and signing keys, in this order: of each entry the number of its field
 * (one byte), its length (four, the highest first) and its bytes.  Addressee, counter and times are not in it: it is
 * the same for the whole site. */
GBytes *hl_server_digest(const HlMsgServerDocument *document);

/* That it can be followed: at least one entry of each kind, addresses and URLs that can be parsed, certificates of
 * authorities, keys of the right size.  Bounds are the business of wire.h; signature, addressee, counter and digest
 * are the receiver's.  INVALID, with a message that names the entry. */
bool hl_server_check(const HlMsgServerDocument *document, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The ids in a ManagerState as a list that ends with NULL; NULL: it names none.  Free with g_strfreev. */
char **hl_server_authorities(const HlMsgManagerState *state);

/* "https://host:port" or "https://[IPv6]:port", without user, query or fragment. */
bool hl_server_is_url(const char *text) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How large each field of the wire may be: one row per field, checked where messages are decoded (wire.c) and, for what
 * is stored, again where it is loaded (manager/store).
 *
 * A free text that is too long is cut: refusing a report would stop its sender's spool for good.  Anything else that is
 * too long cannot be a message of ours and is refused. */
#ifndef PROTO_BOUNDS_H
#define PROTO_BOUNDS_H

#include <stdbool.h>

#include "proto/messages.h"

/* Bytes, without the terminator. */
#define HL_MAX_ID          64 /* lib/base/ident.h; "c-..." with ".cancel" is HL_MAX_COMMAND_ID */
#define HL_MAX_NAME        64
#define HL_MAX_HOST        255 /* of a DNS name */
#define HL_MAX_ADDRESS     64  /* IPv6 with a zone */
#define HL_MAX_TEXT        1000
#define HL_DIGEST_SIZE     32 /* SHA-256 */
#define HL_MAX_ADDRESSES   16
#define HL_MAX_PATTERNS    16 /* components of one endpoint */
#define HL_MAX_SCOPE       4096
#define HL_MAX_PLACES      16  /* addresses of a site's brokers; of its servers */
#define HL_MAX_TRUSTED     4   /* authorities of a site; signing keys */
#define HL_MAX_ONCE        200 /* key of a call that is done once */
#define HL_MAX_QUARANTINED 100 /* files of a quarantine that the server hears of by name */

typedef struct {
    const char *field; /* "Registration.host" */
    gsize max;         /* of a string or bytes, or of each element of a repeated field */
    gsize exact;       /* bytes of exactly this size, or absent; 0: any up to max */
    gsize count;       /* of a repeated field */
    bool cut;          /* a free text */
} HlBound;

/* The row of a field of this message; every string, bytes and repeated field has one (tests/unit/test_proto.c). */
const HlBound *hl_bound_find(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

/* Cuts the text in place to at most max bytes, between characters; returns whether anything was cut. */
bool hl_bound_cut(char *text, gsize max);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Signed envelopes: an inner message and the manager's Ed25519 signature over it.  The context keeps kinds apart, so
 * that a settings document can never be taken for a command. */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include "lib/pki/signing.h"
#include "proto/wire.h"

#define HL_ENVELOPE_SETTINGS "settings"
#define HL_ENVELOPE_COMMAND  "command"
#define HL_ENVELOPE_BUNDLE   "bundle"
#define HL_ENVELOPE_LINE     "line"
#define HL_ENVELOPE_SERVER   "server"

/* Something to be signed. */
typedef struct {
    const char *context;
    GBytes *payload; /* encoded */
} HlEnvelopeLetter;

/* The signed envelope of an inner message, to be freed by hl_wire_free. */
HlMsgEnvelope *hl_envelope_sign(const HlSigningKey *key, const char *context, const ProtobufCMessage *inner);

/* The same of a message that is encoded already. */
HlMsgEnvelope *hl_envelope_sign_encoded(const HlSigningKey *key, const char *context, GBytes *payload);

/* The envelope of the letter at that place; borrowed for the call, with all that is in it. */
typedef void (*HlEnvelopeSigned)(const HlMsgEnvelope *envelope, guint place, gpointer user);

/* Several, one after the other in their order, by one signature for each HL_BATCH_MAX of them: for receivers that say
 * that they open such ones (Link.batches). */
void hl_envelopes_sign(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint n, HlEnvelopeSigned handle,
                       gpointer user);

/* The inner message if its signature by this raw public key (32 bytes) is valid; NULL with HL_ERROR_UNTRUSTED
 * otherwise. */
gpointer hl_envelope_open(const HlMsgEnvelope *envelope, GBytes *public_key, const char *context,
                          const ProtobufCMessageDescriptor *type, GError **error);

#endif

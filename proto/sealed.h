/* Sealed messages: an inner message and the manager's Ed25519 signature over it.  The context keeps the kinds apart, so
 * that a settings document can never be taken for a command. */
#ifndef PROTO_SEALED_H
#define PROTO_SEALED_H

#include "lib/pki/seal.h"
#include "proto/wire.h"

#define HL_SEAL_SETTINGS "settings"
#define HL_SEAL_COMMAND  "command"
#define HL_SEAL_BUNDLE   "bundle"

/* The Sealed message of an inner one, to be freed by hl_wire_free. */
HlMsgSealed *hl_sealed_new(const HlSealKey *key, const char *context, const ProtobufCMessage *inner);

/* The inner message, once the signature of this raw public key (32 bytes) holds: NULL with HL_ERROR_UNTRUSTED
 * otherwise. */
gpointer hl_sealed_open(const HlMsgSealed *sealed, GBytes *public_key, const char *context,
                        const ProtobufCMessageDescriptor *type, GError **error);

#endif

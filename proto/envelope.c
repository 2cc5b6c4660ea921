/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"
#include "lib/base/unconst.h"

HlMsgEnvelope *hl_envelope_sign(const HlSigningKey *key, const char *context, const ProtobufCMessage *inner)
{
    g_autoptr(GBytes) payload = hl_wire_encode(inner);
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, context, payload);
    g_autofree char *key_id = hl_signing_key_id(hl_signing_key_public(key));
    HlMsgEnvelope envelope = HOLDLINE__V1__SIGNED_ENVELOPE__INIT;

    envelope.key_id = key_id;
    envelope.payload.data = hl_unconst(g_bytes_get_data(payload, &envelope.payload.len));
    envelope.signature.data = hl_unconst(g_bytes_get_data(signature, &envelope.signature.len));
    return hl_wire_copy(&envelope.base);
}

gpointer hl_envelope_open(const HlMsgEnvelope *envelope, GBytes *public_key, const char *context,
                          const ProtobufCMessageDescriptor *type, GError **error)
{
    g_autoptr(GBytes) payload = g_bytes_new_static(envelope->payload.data, envelope->payload.len);
    g_autoptr(GBytes) signature = g_bytes_new_static(envelope->signature.data, envelope->signature.len);
    g_autofree char *pinned = hl_signing_key_id(public_key);

    if (g_strcmp0(envelope->key_id, pinned) != 0) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the %s is signed with key '%.16s', not with the pinned key %s", context,
                envelope->key_id, pinned);
        return NULL;
    }
    if (!hl_signature_verify(public_key, context, payload, signature)) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the signature of the %s is not valid", context);
        return NULL;
    }
    return hl_wire_decode_bytes(type, payload, error);
}

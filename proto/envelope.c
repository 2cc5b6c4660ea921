/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"

HlMsgEnvelope *hl_envelope_sign_encoded(const HlSigningKey *key, const char *context, GBytes *payload)
{
    gsize size;
    const void *data = g_bytes_get_data(payload, &size);
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, context, payload);
    HlMsgEnvelope *envelope = g_new(HlMsgEnvelope, 1);

    holdline__v1__signed_envelope__init(envelope);
    envelope->key_id = hl_signing_key_id(hl_signing_key_public(key));
    envelope->payload.data = g_memdup2(data, size);
    envelope->payload.len = size;
    envelope->signature.data = g_bytes_unref_to_data(g_steal_pointer(&signature), &envelope->signature.len);
    return envelope;
}

HlMsgEnvelope *hl_envelope_sign(const HlSigningKey *key, const char *context, const ProtobufCMessage *inner)
{
    g_autoptr(GBytes) payload = hl_wire_encode(inner);

    return hl_envelope_sign_encoded(key, context, payload);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"

#include "lib/pki/batch.h"

static HlMsgEnvelope *envelope_new(const char *key_id, GBytes *payload, GBytes *signature)
{
    HlMsgEnvelope *envelope = g_new(HlMsgEnvelope, 1);

    holdline__v1__signed_envelope__init(envelope);
    envelope->key_id = g_strdup(key_id);
    envelope->payload.data = g_memdup2(g_bytes_get_data(payload, NULL), g_bytes_get_size(payload));
    envelope->payload.len = g_bytes_get_size(payload);
    envelope->signature.data = g_memdup2(g_bytes_get_data(signature, NULL), g_bytes_get_size(signature));
    envelope->signature.len = g_bytes_get_size(signature);
    return envelope;
}

HlMsgEnvelope *hl_envelope_sign_encoded(const HlSigningKey *key, const char *context, GBytes *payload)
{
    g_autofree char *key_id = hl_signing_key_id(hl_signing_key_public(key));
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, context, payload);

    return envelope_new(key_id, payload, signature);
}

HlMsgEnvelope *hl_envelope_sign(const HlSigningKey *key, const char *context, const ProtobufCMessage *inner)
{
    g_autoptr(GBytes) payload = hl_wire_encode(inner);

    return hl_envelope_sign_encoded(key, context, payload);
}

static void sign_some(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint n, GPtrArray *envelopes)
{
    g_autofree char *key_id = hl_signing_key_id(hl_signing_key_public(key));
    g_autoptr(HlBatch) batch = hl_batch_new();
    g_autoptr(GBytes) signature = NULL;

    for (guint i = 0; i < n; i++)
        hl_batch_add(batch, letters[i].context, letters[i].payload);
    signature = hl_batch_sign(batch, key);
    for (guint i = 0; i < n; i++) {
        HlMsgEnvelope *envelope = envelope_new(key_id, letters[i].payload, signature);

        envelope->path.data = g_bytes_unref_to_data(hl_batch_path(batch, i), &envelope->path.len);
        envelope->place = i;
        g_ptr_array_add(envelopes, envelope);
    }
}

GPtrArray *hl_envelopes_sign(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint n)
{
    GPtrArray *envelopes = g_ptr_array_new_with_free_func(hl_wire_free);

    for (guint at = 0; at < n; at += HL_BATCH_MAX)
        if (n - at == 1)
            g_ptr_array_add(envelopes, hl_envelope_sign_encoded(key, letters[at].context, letters[at].payload));
        else
            sign_some(key, letters + at, MIN(n - at, HL_BATCH_MAX), envelopes);
    return envelopes;
}

static bool is_valid(const HlMsgEnvelope *envelope, GBytes *public_key, const char *context, GBytes *payload)
{
    g_autoptr(GBytes) signature = g_bytes_new_static(envelope->signature.data, envelope->signature.len);
    HlBatchProof proof = { envelope->place, envelope->path.data, envelope->path.len };

    return proof.path_size == 0 ? hl_signature_verify(public_key, context, payload, signature)
                                : hl_batch_verify(public_key, context, payload, &proof, signature);
}

gpointer hl_envelope_open(const HlMsgEnvelope *envelope, GBytes *public_key, const char *context,
                          const ProtobufCMessageDescriptor *type, GError **error)
{
    g_autoptr(GBytes) payload = g_bytes_new_static(envelope->payload.data, envelope->payload.len);
    g_autofree char *pinned = hl_signing_key_id(public_key);

    if (g_strcmp0(envelope->key_id, pinned) != 0) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the %s is signed with key '%.16s', not with the pinned key %s", context,
                envelope->key_id, pinned);
        return NULL;
    }
    if (!is_valid(envelope, public_key, context, payload)) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the signature of the %s is not valid", context);
        return NULL;
    }
    return hl_wire_decode_bytes(type, payload, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"

#include "lib/base/unconst.h"
#include "lib/pki/batch.h"

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

/* What is encoded at once need not be copied before. */
static GBytes *encode_lent(const char *key_id, GBytes *payload, GBytes *signature, GBytes *path, guint place)
{
    HlMsgEnvelope envelope = HOLDLINE__V1__SIGNED_ENVELOPE__INIT;

    envelope.key_id = hl_unconst(key_id);
    envelope.payload.data = hl_unconst(g_bytes_get_data(payload, &envelope.payload.len));
    envelope.signature.data = hl_unconst(g_bytes_get_data(signature, &envelope.signature.len));
    if (path != NULL)
        envelope.path.data = hl_unconst(g_bytes_get_data(path, &envelope.path.len));
    envelope.place = place;
    return HL_WIRE_ENCODE(&envelope);
}

static void sign_some(const HlSigningKey *key, const char *key_id, const HlEnvelopeLetter *letters, guint n,
                      GPtrArray *envelopes)
{
    g_autoptr(HlBatch) batch = hl_batch_new();
    g_autoptr(GBytes) signature = NULL;

    for (guint i = 0; i < n; i++)
        hl_batch_add(batch, letters[i].context, letters[i].payload);
    signature = hl_batch_sign(batch, key);
    for (guint i = 0; i < n; i++) {
        g_autoptr(GBytes) path = hl_batch_path(batch, i);

        g_ptr_array_add(envelopes, encode_lent(key_id, letters[i].payload, signature, path, i));
    }
}

static void sign_one(const HlSigningKey *key, const char *key_id, const HlEnvelopeLetter *letter, GPtrArray *envelopes)
{
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, letter->context, letter->payload);

    g_ptr_array_add(envelopes, encode_lent(key_id, letter->payload, signature, NULL, 0));
}

static void free_bytes(gpointer item)
{
    g_bytes_unref(item);
}

GPtrArray *hl_envelopes_sign(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint n)
{
    g_autofree char *key_id = hl_signing_key_id(hl_signing_key_public(key));
    GPtrArray *envelopes = g_ptr_array_new_with_free_func(free_bytes);

    for (guint at = 0; at < n; at += HL_BATCH_MAX)
        if (n - at == 1)
            sign_one(key, key_id, letters + at, envelopes);
        else
            sign_some(key, key_id, letters + at, MIN(n - at, HL_BATCH_MAX), envelopes);
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

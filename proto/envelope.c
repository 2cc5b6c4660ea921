/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"

#include "lib/base/unconst.h"
#include "lib/pki/batch.h"

static ProtobufCBinaryData view(GBytes *bytes)
{
    ProtobufCBinaryData data;

    data.data = hl_unconst(g_bytes_get_data(bytes, &data.len));
    return data;
}

/* Borrows all of it. */
static HlMsgEnvelope envelope_of(char *key_id, GBytes *payload, GBytes *signature)
{
    HlMsgEnvelope envelope = HOLDLINE__V1__SIGNED_ENVELOPE__INIT;

    envelope.key_id = key_id;
    envelope.payload = view(payload);
    envelope.signature = view(signature);
    return envelope;
}

static char *id_of(const HlSigningKey *key)
{
    return hl_signing_key_id(hl_signing_key_public(key));
}

static void sign_one(const HlSigningKey *key, const HlEnvelopeLetter *letter, guint place, HlEnvelopeSigned handle,
                     gpointer user)
{
    g_autofree char *key_id = id_of(key);
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, letter->context, letter->payload);
    HlMsgEnvelope envelope = envelope_of(key_id, letter->payload, signature);

    handle(&envelope, place, user);
}

static void copy(const HlMsgEnvelope *envelope, guint place G_GNUC_UNUSED, gpointer user)
{
    *(HlMsgEnvelope **)user = hl_wire_copy(&envelope->base);
}

HlMsgEnvelope *hl_envelope_sign_encoded(const HlSigningKey *key, const char *context, GBytes *payload)
{
    HlMsgEnvelope *envelope = NULL;

    sign_one(key, &(HlEnvelopeLetter){ context, payload }, 0, copy, &envelope);
    return envelope;
}

HlMsgEnvelope *hl_envelope_sign(const HlSigningKey *key, const char *context, const ProtobufCMessage *inner)
{
    g_autoptr(GBytes) payload = hl_wire_encode(inner);

    return hl_envelope_sign_encoded(key, context, payload);
}

/* The n letters from first on, in one batch: 2 to HL_BATCH_MAX. */
static void sign_some(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint first, guint n,
                      HlEnvelopeSigned handle, gpointer user)
{
    g_autofree char *key_id = id_of(key);
    g_autoptr(HlBatch) batch = hl_batch_new();
    g_autoptr(GBytes) signature = NULL;

    for (guint i = 0; i < n; i++)
        hl_batch_add(batch, letters[first + i].context, letters[first + i].payload);
    signature = hl_batch_sign(batch, key);
    for (guint i = 0; i < n; i++) {
        HlMsgEnvelope envelope = envelope_of(key_id, letters[first + i].payload, signature);
        uint8_t path[HL_BATCH_MAX_PATH];

        envelope.path.len = hl_batch_path(batch, i, path);
        envelope.path.data = path;
        envelope.place = i;
        handle(&envelope, first + i, user);
    }
}

void hl_envelopes_sign(const HlSigningKey *key, const HlEnvelopeLetter *letters, guint n, HlEnvelopeSigned handle,
                       gpointer user)
{
    for (guint at = 0; at < n; at += HL_BATCH_MAX)
        if (n - at == 1)
            sign_one(key, &letters[at], at, handle, user);
        else
            sign_some(key, letters, at, MIN(n - at, HL_BATCH_MAX), handle, user);
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

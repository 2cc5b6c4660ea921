/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/batch.h"

#include <string.h>

#include "lib/pki/internal.h"

#define CONTEXT "batch"

G_STATIC_ASSERT(HL_BATCH_MAX == 1 << HL_BATCH_MAX_DEPTH);

enum { LEAF, NODE };

struct HlBatch {
    guint n, depth; /* depth: once it is signed */
    /* the levels from the leaves up, each half as long as the one below it; what is not filled is zero */
    HlDigest levels[HL_BATCH_MAX_DEPTH + 1][HL_BATCH_MAX];
};

HlBatch *hl_batch_new(void)
{
    return g_new0(HlBatch, 1);
}

void hl_batch_free(HlBatch *batch)
{
    g_free(batch);
}

static HlDigest hash_leaf(const char *context, GBytes *payload)
{
    static const guint8 kind = LEAF;
    g_autoptr(GByteArray) bytes = hl_pki_signed_bytes(context, payload);

    g_byte_array_prepend(bytes, &kind, 1);
    return hl_sha256(bytes->data, bytes->len);
}

static HlDigest hash_node(const HlDigest *left, const HlDigest *right)
{
    uint8_t bytes[1 + 2 * HL_SHA256_SIZE] = { NODE };

    memcpy(bytes + 1, left->bytes, HL_SHA256_SIZE);
    memcpy(bytes + 1 + HL_SHA256_SIZE, right->bytes, HL_SHA256_SIZE);
    return hl_sha256(bytes, sizeof bytes);
}

guint hl_batch_add(HlBatch *batch, const char *context, GBytes *payload)
{
    g_assert(batch->depth == 0 && batch->n < HL_BATCH_MAX);
    batch->levels[0][batch->n] = hash_leaf(context, payload);
    return batch->n++;
}

static GBytes *sign_root(const HlDigest *root, const HlSigningKey *key)
{
    g_autoptr(GBytes) payload = g_bytes_new_static(root->bytes, HL_SHA256_SIZE);

    return hl_signing_key_sign(key, CONTEXT, payload);
}

GBytes *hl_batch_sign(HlBatch *batch, const HlSigningKey *key)
{
    g_assert(batch->depth == 0 && batch->n >= 2);
    for (guint n = batch->n; n > 1; n = (n + 1) / 2) {
        const HlDigest *below = batch->levels[batch->depth++];

        for (guint i = 0; i < (n + 1) / 2; i++)
            batch->levels[batch->depth][i] = hash_node(&below[2 * i], &below[2 * i + 1]);
    }
    return sign_root(&batch->levels[batch->depth][0], key);
}

gsize hl_batch_path(const HlBatch *batch, guint place, uint8_t path[HL_BATCH_MAX_PATH])
{
    g_assert(batch->depth > 0 && place < batch->n);
    for (guint level = 0; level < batch->depth; level++)
        memcpy(path + level * HL_SHA256_SIZE, batch->levels[level][(place >> level) ^ 1].bytes, HL_SHA256_SIZE);
    return batch->depth * HL_SHA256_SIZE;
}

bool hl_batch_verify(GBytes *public_key, const char *context, GBytes *payload, const HlBatchProof *proof,
                     GBytes *signature)
{
    gsize depth = proof->path_size / HL_SHA256_SIZE;
    HlDigest at = hash_leaf(context, payload);
    g_autoptr(GBytes) root = NULL;

    if (proof->path_size % HL_SHA256_SIZE != 0 || depth == 0 || depth > HL_BATCH_MAX_DEPTH ||
        proof->place >> depth != 0)
        return false;
    for (gsize level = 0; level < depth; level++) {
        HlDigest other;

        memcpy(other.bytes, proof->path + level * HL_SHA256_SIZE, HL_SHA256_SIZE);
        at = proof->place >> level & 1 ? hash_node(&other, &at) : hash_node(&at, &other);
    }
    root = g_bytes_new_static(at.bytes, HL_SHA256_SIZE);
    return hl_signature_verify(public_key, CONTEXT, root, signature);
}

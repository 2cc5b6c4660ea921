/* SPDX-License-Identifier: Apache-2.0 */
/* lib/pki/batch and the envelopes that are signed by it: each opens, alone and in any number; nothing else does. */
#include "lib/pki/batch.h"

#include <string.h>

#include "proto/envelope.h"

/* A command to one of many. */
static GBytes *payload_of(guint number)
{
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;

    probe.nonce = 1000 + number;
    return HL_WIRE_ENCODE(&probe);
}

static void free_bytes(gpointer item)
{
    g_bytes_unref(item);
}

/* As it arrives. */
static HlMsgEnvelope *decode(const HlMsgEnvelope *sent)
{
    g_autoptr(GBytes) bytes = HL_WIRE_ENCODE(sent);
    HlMsgEnvelope *envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, NULL);

    g_assert_nonnull(envelope);
    return envelope;
}

/* HlEnvelopeSigned */
static void receive(const HlMsgEnvelope *sent, guint place, gpointer user)
{
    g_assert_cmpuint(place, ==, ((GPtrArray *)user)->len);
    g_ptr_array_add(user, decode(sent));
}

/* Envelopes for 0 to n - 1. */
static GPtrArray *sign(const HlSigningKey *key, guint n)
{
    g_autofree HlEnvelopeLetter *letters = g_new(HlEnvelopeLetter, n);
    g_autoptr(GPtrArray) payloads = g_ptr_array_new_with_free_func(free_bytes);
    g_autoptr(GPtrArray) envelopes = g_ptr_array_new_with_free_func(hl_wire_free);

    for (guint i = 0; i < n; i++) {
        g_ptr_array_add(payloads, payload_of(i));
        letters[i] = (HlEnvelopeLetter){ HL_ENVELOPE_COMMAND, payloads->pdata[i] };
    }
    hl_envelopes_sign(key, letters, n, receive, envelopes);
    return g_steal_pointer(&envelopes);
}

/* The nonce inside; 0: it does not open. */
static uint64_t open_as(const HlMsgEnvelope *envelope, const HlSigningKey *key, const char *context)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgProbe) probe =
        hl_envelope_open(envelope, hl_signing_key_public(key), context, &holdline__v1__probe__descriptor, &error);

    if (probe == NULL)
        g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    return probe != NULL ? probe->nonce : 0;
}

static bool opens(const HlMsgEnvelope *envelope, const HlSigningKey *key)
{
    return open_as(envelope, key, HL_ENVELOPE_COMMAND) != 0;
}

/* Every number, also where the last signature is for one alone. */
static void test_all_open(void)
{
    static const guint numbers[] = {
        1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, HL_BATCH_MAX - 1, HL_BATCH_MAX, HL_BATCH_MAX + 1, 2 * HL_BATCH_MAX + 2
    };
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(HlSigningKey) other = hl_signing_key_generate(NULL);

    for (gsize c = 0; c < G_N_ELEMENTS(numbers); c++) {
        g_autoptr(GPtrArray) envelopes = sign(key, numbers[c]);
        g_autoptr(GHashTable) signatures = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, free_bytes, NULL);

        g_assert_cmpuint(envelopes->len, ==, numbers[c]);
        for (guint i = 0; i < envelopes->len; i++) {
            g_autoptr(HlMsgEnvelope) envelope = decode(envelopes->pdata[i]);

            g_assert_cmpuint(open_as(envelope, key, HL_ENVELOPE_COMMAND), ==, 1000 + i);
            g_assert_cmpuint(open_as(envelope, key, HL_ENVELOPE_SETTINGS), ==, 0);
            g_assert_cmpuint(open_as(envelope, other, HL_ENVELOPE_COMMAND), ==, 0);
            g_hash_table_add(signatures, g_bytes_new(envelope->signature.data, envelope->signature.len));
        }
        g_assert_cmpuint(g_hash_table_size(signatures), ==, (numbers[c] + HL_BATCH_MAX - 1) / HL_BATCH_MAX);
    }
}

/* Each bit of what travels counts. */
static void test_changed(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(GPtrArray) envelopes = sign(key, 5);
    g_autoptr(HlMsgEnvelope) envelope = decode(envelopes->pdata[3]);
    const ProtobufCBinaryData *parts[] = { &envelope->payload, &envelope->signature, &envelope->path };
    size_t length = envelope->path.len;

    for (gsize p = 0; p < G_N_ELEMENTS(parts); p++) {
        for (size_t i = 0; i < parts[p]->len; i++) {
            parts[p]->data[i] ^= 1;
            g_assert_false(opens(envelope, key));
            parts[p]->data[i] ^= 1;
        }
    }
    for (guint place = 0; place < 64; place++) {
        envelope->place = place;
        g_assert_true(opens(envelope, key) == (place == 3));
    }
    envelope->place = 3;
    for (envelope->path.len = 0; envelope->path.len < length; envelope->path.len++)
        g_assert_false(opens(envelope, key));
    g_assert_true(opens(envelope, key));
    envelope->place = G_MAXUINT32;
    g_assert_false(opens(envelope, key));
}

/* One that is signed alone does not pass with a path, nor does a path that is deeper than any batch. */
static void test_not_mixed(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(GPtrArray) alone = sign(key, 1);
    g_autoptr(HlMsgEnvelope) envelope = decode(alone->pdata[0]);
    guint8 path[(HL_BATCH_MAX_DEPTH + 1) * HL_SHA256_SIZE] = { 0 };

    g_assert_cmpuint(envelope->path.len, ==, 0);
    envelope->path.data = path;
    for (gsize size = 1; size <= sizeof path; size++) {
        envelope->path.len = size;
        g_assert_false(opens(envelope, key));
    }
    envelope->path = (ProtobufCBinaryData){ 0 };
    g_assert_true(opens(envelope, key));
}

/* The tree is signed, and what is above the leaves is no payload: neither the root, under the context that is signed,
 * nor a pair of leaves that is given out as one. */
static void test_nodes_are_no_leaves(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(HlBatch) batch = hl_batch_new();
    g_autoptr(GBytes) signature = NULL;
    GBytes *public_key = hl_signing_key_public(key);

    for (guint i = 0; i < 4; i++) {
        g_autoptr(GBytes) payload = payload_of(i);

        g_assert_cmpuint(hl_batch_add(batch, "command", payload), ==, i);
    }
    signature = hl_batch_sign(batch, key);
    for (guint i = 0; i < 4; i++) {
        uint8_t path[HL_BATCH_MAX_PATH];
        gsize size = hl_batch_path(batch, i, path);
        g_autoptr(GBytes) pair = g_bytes_new(path, HL_SHA256_SIZE);
        HlBatchProof upper = { i / 2, path + HL_SHA256_SIZE, HL_SHA256_SIZE };
        HlBatchProof whole = { i, path, size };
        g_autoptr(GBytes) payload = payload_of(i);

        g_assert_cmpuint(size, ==, 2 * HL_SHA256_SIZE);

        g_assert_true(hl_batch_verify(public_key, "command", payload, &whole, signature));
        g_assert_false(hl_batch_verify(public_key, "batch", payload, &whole, signature));
        g_assert_false(hl_batch_verify(public_key, "command", payload, &upper, signature));
        g_assert_false(hl_batch_verify(public_key, "command", pair, &upper, signature));
        g_assert_false(hl_signature_verify(public_key, "command", payload, signature));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/batch/all-open", test_all_open);
    g_test_add_func("/batch/changed", test_changed);
    g_test_add_func("/batch/not-mixed", test_not_mixed);
    g_test_add_func("/batch/nodes-are-no-leaves", test_nodes_are_no_leaves);
    return g_test_run();
}

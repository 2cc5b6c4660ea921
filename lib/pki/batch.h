/* SPDX-License-Identifier: Apache-2.0 */
/* Many payloads by one signature.
 *
 * The payloads are the leaves of a binary tree of SHA-256 (a tree as RFC 9162 has it, filled up with zeros to a power
 * of two), and the key signs its root under the context "batch".  Each payload travels with that signature, its place
 * and its path: the other half of each node on the way up.  The root is computed again from these, so that a
 * payload is as good as if it were signed alone: a leaf is what would be signed then, its context with it.  Leaves and
 * nodes are told apart by their first byte.
 *
 * Any thread; a batch has one owner. */
#ifndef LIB_PKI_BATCH_H
#define LIB_PKI_BATCH_H

#include "lib/pki/digest.h"
#include "lib/pki/signing.h"

#define HL_BATCH_MAX       128 /* payloads */
#define HL_BATCH_MAX_DEPTH 7   /* log2 of that; what is verified may not be deeper */
#define HL_BATCH_MAX_PATH  (HL_BATCH_MAX_DEPTH * HL_SHA256_SIZE)

typedef struct HlBatch HlBatch;

HlBatch *hl_batch_new(void);
void hl_batch_free(HlBatch *batch);

/* The place of what was added, from 0.  At most HL_BATCH_MAX, and none after the signature. */
guint hl_batch_add(HlBatch *batch, const char *context, GBytes *payload);

/* 64 bytes, the same for all.  Two payloads at least: one alone is signed by hl_signing_key_sign. */
GBytes *hl_batch_sign(HlBatch *batch, const HlSigningKey *key);

/* The path of that place, from the leaf up, and how long it is in bytes; after hl_batch_sign. */
gsize hl_batch_path(const HlBatch *batch, guint place, uint8_t path[HL_BATCH_MAX_PATH]);

typedef struct {
    guint place;
    const uint8_t *path; /* borrowed */
    gsize path_size;     /* bytes */
} HlBatchProof;

/* false unless all of these belong together, whatever their sizes. */
bool hl_batch_verify(GBytes *public_key, const char *context, GBytes *payload, const HlBatchProof *proof,
                     GBytes *signature);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlBatch, hl_batch_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A coder for small sections of text: predicts each bit from several contexts at once, mixes the predictions by how
 * well each did so far, and codes the bit with an arithmetic coder.  On the new lines of a pattern file it needs a
 * tenth to a quarter less than zstd, at a quarter of a microsecond a byte; so it is for sections up to UPD_MIX_MAX
 * only.
 *
 * After M. Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression" (2005); the contexts that
 * follow fields and the line above are ours.  All arithmetic is in integers: both sides must predict the very same.
 *
 * Holds about 3 MiB beside primer and data while it works.  Pure. */
#ifndef UPDATER_DELTA_MIX_H
#define UPDATER_DELTA_MIX_H

#include "lib/base/error.h"

#define UPD_MIX_MAX ((guint32)256 << 10)

/* About what packing or unpacking takes, in ns. */
guint64 upd_mix_cost(gsize primer_size, gsize size);

/* How many bytes that much time is enough for, at most UPD_MIX_MAX. */
gsize upd_mix_affords(gsize primer_size, guint64 ns);

/* size is at most UPD_MIX_MAX.  Appends to out. */
void upd_mix_pack(GByteArray *out, const guint8 *primer, gsize primer_size, const guint8 *data, gsize size);

/* Always fills data with size bytes; whether they are the right ones only their hash can tell.  False when the packed
 * bytes end long before. */
bool upd_mix_unpack(const guint8 *primer, gsize primer_size, const guint8 *packed, gsize packed_size, guint8 *data,
                    gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* LZMA for one section: a tenth smaller than zstd on corrections of binaries, at a tenth of a microsecond for each
 * packed byte.  The owner of lzma.h.  Pure.
 *
 * Packed: one byte, (pb * 5 + lp) * 9 + lc as in .lzma files, then a raw LZMA1 stream with an end mark.  The dictionary
 * is the least power of two from 4 KiB on that holds prefix and data, at most UPD_LZMA_DICTIONARY; of a longer prefix
 * its end counts. */
#ifndef UPDATER_DELTA_LZMA_CODER_H
#define UPDATER_DELTA_LZMA_CODER_H

#include "lib/base/error.h"

#define UPD_LZMA_DICTIONARY ((guint32)4 << 20)

/* Appends to out. */
void upd_lzma_pack(GByteArray *out, const void *prefix, gsize prefix_size, const void *data, gsize size);

/* Exactly size bytes must come out.  Holds UPD_LZMA_DICTIONARY and 100 KiB beside what it is given. */
bool upd_lzma_unpack(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size, void *data,
                     gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

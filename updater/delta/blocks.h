/* SPDX-License-Identifier: Apache-2.0 */
/* Format B: pieces of the target, each compressed with a piece of the base as prefix.
 *
 * A piece: where its prefix starts in the base, the prefix's size (at most UPD_BLOCK_PREFIX), the piece's size (1 to
 * UPD_BLOCK_SIZE), packed size, one zstd frame.  Pieces bound the memory of both sides whatever the size of the files;
 * the price is that content which moved further than the prefix reaches is sent again. */
#ifndef UPDATER_DELTA_BLOCKS_H
#define UPDATER_DELTA_BLOCKS_H

#include "updater/delta/wire.h"

#define UPD_BLOCK_SIZE   ((guint32)4 << 20)
#define UPD_BLOCK_PREFIX ((guint32)12 << 20)

/* level: zstd's. */
void upd_blocks_encode(GByteArray *out, int level, const guint8 *base, guint32 base_size, const guint8 *target,
                       guint32 target_size);

bool upd_blocks_apply(int base_fd, const UpdDeltaInfo *info, UpdReader *in, int out_fd,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

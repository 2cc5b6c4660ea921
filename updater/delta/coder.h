/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of one section, primed or not; and the zstd frames of blocks and full files.  The owner of zstd.h. */
#ifndef UPDATER_DELTA_CODER_H
#define UPDATER_DELTA_CODER_H

#include "updater/delta/wire.h"

/* One zstd frame at the given level, without magic number, checksum and length (the container has them).  prefix may be
 * empty.  Appends to out. */
void upd_zstd_pack(GByteArray *out, int level, const void *prefix, gsize prefix_size, const void *data, gsize size);

/* Exactly size bytes must come out. */
bool upd_zstd_unpack(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size, void *data,
                     gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A section in the coder that makes it smallest; fast: not in the mixing coder.  primer may be NULL. */
void upd_section_put(GByteArray *out, const GByteArray *primer, const void *data, guint32 size, bool fast);

/* NULL on failure.  what names the section in messages. */
GByteArray *upd_section_get(UpdReader *in, const GByteArray *primer, guint32 max, const char *what, GError **error);

#endif

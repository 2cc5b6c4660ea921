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

/* Data that is coded by itself. primer: what both sides know that resembles it; may be NULL. */
typedef struct {
    const GByteArray *primer;
    const guint8 *data;
    guint32 size;
} UpdSection;

#define UPD_SECTIONS_MAX 8

/* Sections in the coders that make them smallest together, as far as unpacking takes no longer than the budget (ns; by
 * estimate: zstd is always taken to be affordable).  Returns what of the budget is left. */
guint64 upd_sections_put(GByteArray *out, const UpdSection *sections, guint n, guint64 budget);

/* NULL on failure.  what names the section in messages. */
GByteArray *upd_section_get(UpdReader *in, const GByteArray *primer, guint32 max, const char *what, GError **error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How one file follows from another, byte by byte: which runs of the base the target resembles, a byte here and there
 * being another.  For compiled content, where one insertion moves every address behind it.  Pure.
 *
 * After C. Percival, "Naive Differences of Executable Code" (2003): places are found in a suffix array of the base, and
 * extended both ways for as long as more bytes agree than not. */
#ifndef UPDATER_DELTA_BYTES_H
#define UPDATER_DELTA_BYTES_H

#include <glib.h>

/* The longest base: the suffix array takes four bytes a byte. */
#define UPD_BYTES_MAX ((guint32)256 << 20)

/* size bytes of the target that resemble the base from `from` on, then as many literals that resemble nothing. */
typedef struct {
    guint32 from, size, literals;
} UpdMatch;

/* Matches that cover the target, in order; none is empty.  The base is not empty and at most UPD_BYTES_MAX long.  Holds
 * four times its size; takes about a third of a microsecond for each byte of both.  Free with g_array_unref. */
GArray *upd_bytes_diff(const guint8 *base, guint32 base_size, const guint8 *target, guint32 target_size);

#endif

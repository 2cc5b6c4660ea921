/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoder and the applier share: numbers, bounds, and where the primer of the new lines comes from.  Pure.
 *
 * Container: "HLD" 2, format (one byte), base length, out length; numbers are little-endian base 128, at most 5 bytes.
 * Format L: number of steps (each makes at least a byte), then six sections (length, packed length and coder, bytes):
 * literal line counts, moves, copied line counts, jumps, new lines, more new lines (whose primer is that of the former
 * and the former themselves). A move is the number of base lines to skip, or UPD_MOVE_JUMP: then the jumps hold the
 * distance in bytes, sign in the lowest bit.  Sections are planes, not records, because each has statistics of its own.
 * Format B: see blocks.c. */
#ifndef UPDATER_DELTA_WIRE_H
#define UPDATER_DELTA_WIRE_H

#include "updater/delta/delta.h"

#define UPD_MAX_STEPS    ((guint32)1 << 18)
#define UPD_MAX_LITERALS ((guint32)6 << 20)
#define UPD_MAX_PRIMER   ((guint32)6 << 20)

#define UPD_MOVE_JUMP 255

/* A skip passes no more bytes than this; further on it is a jump, which costs the applier nothing. */
#define UPD_MAX_SKIP ((guint32)64 << 10)

typedef enum { UPD_CODER_RAW, UPD_CODER_ZSTD, UPD_CODER_MIX } UpdCoder;

/* One step of the rebuilding, in bytes of the base: literals new lines, then size bytes from `from` on. */
typedef struct {
    guint32 literals, from, size;
} UpdStep;

typedef struct {
    guint32 from, size;
} UpdSpan;

typedef struct {
    const guint8 *at, *end;
} UpdReader;

/* data may be NULL where size is 0. */
UpdReader upd_reader(const guint8 *data, gsize size);

void upd_put_number(GByteArray *out, guint32 value);
bool upd_get_number(UpdReader *in, guint32 max, guint32 *value, const char *what,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_get_bytes(UpdReader *in, guint32 size, const guint8 **bytes, const char *what,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The header; get leaves the reader behind it. */
void upd_put_header(GByteArray *out, const UpdDeltaInfo *info);
bool upd_get_header(UpdReader *in, UpdDeltaInfo *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The spans of the base round the places where new lines go, ascending, without overlap, together at most
 * UPD_MAX_PRIMER. Free with g_array_unref. */
GArray *upd_primer_plan(const UpdStep *steps, guint32 n, guint32 base_length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoder and the applier share: numbers, bounds, and where the primer of the new lines comes from.  Pure.
 *
 * Container: "HLD", version (one byte), format (one byte), base length, out length; numbers are little-endian base 128,
 * at most 5 bytes.  A section: length, and unless it is 0: packed length * 4 + coder, bytes.
 * Format L: reach (see upd_primer_plan; version 2 has none, it is UPD_REACH_LINES), number of steps (each makes at
 * least a byte), then six sections: literal line counts, moves, copied line counts, jumps, new lines, more new lines
 * (whose primer is that of the former and the former themselves).  A move is the number of base lines to skip, or
 * UPD_MOVE_JUMP: then the jumps hold the distance in bytes, sign in the lowest bit.  Sections are planes, not records,
 * because each has statistics of its own.
 * Format P: see patch.h.
 * Format B: see blocks.c. */
#ifndef UPDATER_DELTA_WIRE_H
#define UPDATER_DELTA_WIRE_H

#include "updater/delta/delta.h"

#define UPD_DELTA_VERSION 3

#define UPD_MAX_STEPS    ((guint32)1 << 18)
#define UPD_MAX_LITERALS ((guint32)6 << 20)
#define UPD_MAX_PRIMER   ((guint32)6 << 20)

#define UPD_MOVE_JUMP 255

/* A skip passes no more bytes than this; further on it is a jump, which costs the applier nothing. */
#define UPD_MAX_SKIP ((guint32)64 << 10)

typedef enum { UPD_CODER_RAW, UPD_CODER_ZSTD, UPD_CODER_MIX, UPD_CODER_LZMA } UpdCoder;
#define UPD_CODERS 4

/* One step of the rebuilding, in bytes of the base: literals new lines, then size bytes from `from` on. */
typedef struct {
    guint32 literals, from, size;
} UpdStep;

typedef struct {
    guint32 from, size;
} UpdSpan;

/* How much of the base round a place primes the coder: so many KiB before it and a third of that behind it, for what is
 * new resembles mostly what comes before.  0: none. */
#define UPD_REACH_MAX   ((guint32)6 << 10)
#define UPD_REACH_LINES 12

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

/* The spans of the base round the places where new lines go, ascending, without overlap, together at most max: many
 * places share the room.  steps: of UpdStep.  Free with g_array_unref. */
GArray *upd_primer_plan(const GArray *steps, guint32 base_length, guint32 reach, guint32 max);

/* What these spans hold.  Free with g_byte_array_unref. */
GByteArray *upd_primer_take(const guint8 *base, guint32 base_length, const GArray *steps, guint32 reach, guint32 max);

#endif

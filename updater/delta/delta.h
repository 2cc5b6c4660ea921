/* SPDX-License-Identifier: Apache-2.0 */
/* Increments and full files of pattern data: encode is pure (bytes in, bytes out), apply streams between descriptors.
 *
 * A delta is one of three formats, whichever is smallest:
 *   lines   copy runs of lines from the base, code the new lines primed with the base round the places where they go
 *           (as many as the CPU time allows with mix.h, the rest with zstd or LZMA).  For text, one signature a line:
 *           what pattern files are.
 *   patch   copy runs of bytes with corrections, code corrections and new bytes.  For compiled content.
 *   blocks  the target in pieces, each compressed by zstd with a piece of the base as its prefix.  For everything else.
 *
 * The container says nothing about who made it: signatures, and the hashes of base and result, are the caller's
 * business (they are in the signed metadata).  A hostile delta can neither crash apply, nor make it write more than
 * out_length, nor make it hold more than 31 MiB beside itself, whatever the size of the base: operations 5 MiB, new
 * lines, their primer and the coder's copy of it 6 MiB each, the coder's tables 5 MiB; or, for a patch, steps 1 MiB,
 * corrections 8 MiB, new bytes 4 MiB, their primer and the coder's copy of it 4 MiB each, the coder's tables 5 MiB; or,
 * for blocks, 12 MiB of the base and 4 MiB of the result.
 *
 * Blocking, any thread, no global state.  Errors: HL_ERROR_INVALID for a delta that breaks a rule of the format or does
 * not belong to this base, HL_ERROR_LIMIT for one beyond a bound, HL_ERROR_IO and HL_ERROR_FULL from the system. */
#ifndef UPDATER_DELTA_DELTA_H
#define UPDATER_DELTA_DELTA_H

#include "lib/base/error.h"

/* What the signed metadata calls the format that encode makes; clients that do not know it take the full file. */
#define UPD_DELTA_FORMAT "holdline-delta-3"

/* Whether apply takes the format of this name: that one, and the one before it. */
bool upd_delta_knows(const char *format);

/* The largest base and target: line starts are 32 bits wide. */
#define UPD_DELTA_MAX_FILE ((guint64)1 << 31)

typedef enum {
    UPD_DELTA_LINES = 'L',
    UPD_DELTA_BLOCKS = 'B',
    UPD_DELTA_PATCH = 'P',
} UpdDeltaFormat;

typedef struct {
    guint8 version; /* of the container: 3, or 2 as older publishers make */
    UpdDeltaFormat format;
    guint64 base_length, out_length;
} UpdDeltaInfo;

/* Makes the smallest delta from base to target, trying every format; neither is kept.  Deterministic.  NULL only when
 * one of them is longer than UPD_DELTA_MAX_FILE. */
GBytes *upd_delta_encode(GBytes *base, GBytes *target, GError **error);

/* Reads only the container's header; for tests and tools, which have no signed metadata to tell the length. */
bool upd_delta_inspect(GBytes *delta, UpdDeltaInfo *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the result to out_fd from its current position on.  out_length comes from signed metadata; a delta that says
 * anything else is refused before the first byte is written.  base_fd must be a regular file; its position is not used.
 */
bool upd_delta_apply(int base_fd, GBytes *delta, int out_fd, guint64 out_length,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A full file: one zstd frame with a window of at most 8 MiB (level 19), so that unpacking never needs more. */
GBytes *upd_full_pack(GBytes *content, GError **error);

/* Streams packed_fd to out_fd; exactly out_length bytes must come out.  Holds about 9 MiB. */
bool upd_full_unpack(int packed_fd, int out_fd, guint64 out_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

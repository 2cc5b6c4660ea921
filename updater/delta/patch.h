/* SPDX-License-Identifier: Apache-2.0 */
/* Format P: runs of bytes from the base, corrected, and new bytes between them.
 *
 * Parts, until the result is complete; each bounds what both sides hold, whatever the size of the files.  All but the
 * last make at least UPD_PATCH_STEPS bytes.  A part:
 *   number of steps (1 to UPD_PATCH_STEPS), reach (see upd_primer_plan), then seven sections:
 *   new sizes, copy sizes, jumps    one number a step: new bytes, bytes of the base to copy behind them, and the
 * distance to those from where the last copy ended (in an earlier part, too; at first the base's start), times two,
 * plus one if it goes back gaps, run lengths               numbers: bytes that the steps of this part copy unchanged
 * before each run of corrections, and how many the run corrects (at least one) corrections                     what is
 * added to each corrected byte, modulo 256 new bytes                       primed with the base round the places where
 * they go */
#ifndef UPDATER_DELTA_PATCH_H
#define UPDATER_DELTA_PATCH_H

#include "updater/delta/wire.h"

#define UPD_PATCH_STEPS  ((guint32)1 << 16)
#define UPD_PATCH_RUNS   ((guint32)2 << 20) /* bytes of gaps, and of run lengths */
#define UPD_PATCH_BYTES  ((guint32)4 << 20) /* corrections; new bytes */
#define UPD_PATCH_PRIMER ((guint32)4 << 20)

enum {
    UPD_PATCH_NEW_SIZES,
    UPD_PATCH_COPIES,
    UPD_PATCH_JUMPS,
    UPD_PATCH_GAPS,
    UPD_PATCH_LENGTHS,
    UPD_PATCH_CORRECTIONS,
    UPD_PATCH_NEW,
    UPD_PATCH_PLANES
};

/* The base is not empty and at most UPD_BYTES_MAX long.  budget: ns that applying may take. */
void upd_patch_encode(GByteArray *out, const guint8 *base, guint32 base_size, const guint8 *target, guint32 target_size,
                      guint64 budget);

bool upd_patch_apply(int base_fd, const UpdDeltaInfo *info, UpdReader *in, int out_fd,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

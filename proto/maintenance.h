/* SPDX-License-Identifier: Apache-2.0 */
/* When the machines of a group may be worked on: "", "daily 01:00-05:00", "mon-fri 22:00-05:00; sat,sun 00:00-24:00".
 *
 * Times are local ones of the machine that asks; what that is ahead of UTC is a function of the time, so that this is
 * pure.  A part whose end is not after its beginning ends on the next day.  Where a clock is put forward, a beginning
 * that is passed over is at the first moment after it; where it is put back, what happens twice is open twice. */
#ifndef PROTO_MAINTENANCE_H
#define PROTO_MAINTENANCE_H

#include "lib/base/clock.h"

#define HL_MAINTENANCE_MAX 200 /* bytes of its text */
#define HL_WEEK_MINUTES    (7 * 24 * 60)

typedef struct {
    bool is_always;                    /* no window was named, or one that never closes */
    uint8_t open[HL_WEEK_MINUTES / 8]; /* a bit for each minute, from Sunday 00:00 */
} HlMaintenance;

/* What the local time is ahead of UTC at this moment (wall). */
typedef HlTime (*HlUtcOffset)(HlTime wall);

/* The error says what is wrong, and what would be right. */
bool hl_maintenance_parse(const char *text, HlMaintenance *maintenance, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool hl_maintenance_is_open(const HlMaintenance *maintenance, HlTime wall, HlUtcOffset offset);

/* The next moment at which it opens, or, if it is open, closes.  0: it is always open. */
HlTime hl_maintenance_next(const HlMaintenance *maintenance, HlTime wall, HlUtcOffset offset);

#endif

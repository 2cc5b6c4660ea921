/* SPDX-License-Identifier: Apache-2.0 */
/* The time that a pure core is given.  Durations and deadlines use mono alone; wall (the server's clock) is only
 * recorded and shown, so that a jump of it changes no status. */
#ifndef MANAGER_CORE_NOW_H
#define MANAGER_CORE_NOW_H

#include "lib/base/clock.h"

typedef struct {
    HlTime wall, mono;
} MgrNow;

/* By this what has a wall time as its end is over: no later than the wall says, and no more than what really passed
 * since then.  So a clock that was set ahead ends nothing before its time, and one that is set back gives time. */
static inline HlTime mgr_now_believed(MgrNow then, MgrNow now)
{
    HlTime lived = then.wall + (now.mono - then.mono);

    return now.wall < lived ? now.wall : lived;
}

/* By this something ends for good.  then: the last time that was believed, kept over restarts.  After an absence the
 * wall may be right, or ahead for some minutes: a machine without a battery, until it is told the time.  So what is
 * missing is made up slowly, an hour of life for a day, and however often a manager starts, a clock a year ahead would
 * have to stand for a fortnight.  A clock that is behind is believed. */
#define MGR_CATCH_UP 25

static inline HlTime mgr_now_caught_up(MgrNow then, MgrNow now)
{
    HlTime lived = then.wall + MGR_CATCH_UP * (now.mono - then.mono);

    return now.wall < lived ? now.wall : lived;
}

/* The latest time that this clock has said and that is to be believed, kept over restarts: what is issued and recorded
 * is of no earlier one.  A clock that stands before it by more than the slack is behind; or it was ahead then.  wall 0:
 * nothing is known yet. */
#define MGR_MARK_SLACK (10 * HL_MINUTE)

/* How many endpoints that are on line have a clock that agrees with the server's, within the slack, and how many have
 * not; for how long, in all and not contradicted, more agreed than did not. */
typedef struct {
    guint agree, differ;
    HlTime stood;
} MgrVoices;

/* What they say of the server's clock. */
typedef enum {
    MGR_CLOCKS_SILENT, /* nobody is there, or it is word against word */
    MGR_CLOCKS_AGREE,
    MGR_CLOCKS_DIFFER,
} MgrClocks;

/* The mark is a voice, too: it is what this clock said before, and says that it is wrong now.  So nobody changes
 * anything alone, neither an endpoint that lies nor one whose clock is wrong like the server's.  Where there is only
 * one, what it says counts once it has stood for a day; else a site with one endpoint would be warned for ever. */
#define MGR_CLOCK_STANDS HL_DAY

static inline MgrClocks mgr_now_weigh(MgrVoices voices)
{
    if (voices.agree > voices.differ + 1 || (voices.agree > voices.differ && voices.stood >= MGR_CLOCK_STANDS))
        return MGR_CLOCKS_AGREE;
    return voices.differ > 0 && voices.differ + 1 > voices.agree ? MGR_CLOCKS_DIFFER : MGR_CLOCKS_SILENT;
}

static inline HlTime mgr_now_latest(MgrNow mark, MgrNow now)
{
    HlTime lived = mark.wall + (now.mono - mark.mono);

    return mark.wall == 0 || now.wall > lived ? now.wall : lived;
}

/* By how much the clock is behind; 0: it is not. */
static inline HlTime mgr_now_behind(MgrNow mark, MgrNow now)
{
    HlTime behind = mgr_now_latest(mark, now) - now.wall;

    return behind > MGR_MARK_SLACK ? behind : 0;
}

/* Whether clock and mark are so far apart that the endpoints have to be asked. */
static inline bool mgr_now_is_disputed(MgrNow mark, MgrNow now)
{
    return mark.wall != 0 && ABS(mark.wall + (now.mono - mark.mono) - now.wall) > HL_MINUTE;
}

/* For people: in whole days, hours or minutes, whichever are two at least. */
static inline HlTime mgr_now_round(HlTime behind)
{
    HlTime unit = behind >= 2 * HL_DAY - HL_HOUR ? HL_DAY : behind >= 2 * HL_HOUR ? HL_HOUR : HL_MINUTE;

    return (behind + unit / 2) / unit * unit;
}

/* The mark from now on.  What the endpoints agree with is right, whatever was said before.  Else a time that is
 * later is made up as slowly as what is believed (MGR_CATCH_UP), and not at all while they say that it is wrong. */
static inline MgrNow mgr_now_mark(MgrNow mark, MgrNow now, MgrClocks clocks)
{
    HlTime lived = mark.wall + (now.mono - mark.mono);
    HlTime wall = now.wall;

    if (mark.wall != 0 && clocks == MGR_CLOCKS_DIFFER)
        wall = lived;
    else if (mark.wall != 0 && clocks == MGR_CLOCKS_SILENT)
        wall = now.wall < lived ? lived : mgr_now_caught_up(mark, now);
    return (MgrNow){ wall, now.mono };
}

#endif

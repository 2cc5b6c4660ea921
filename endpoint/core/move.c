/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/move.h"

static HlTime retry_after(uint32_t tries)
{
    HlTime delay = EP_MOVE_RETRY_BASE;

    for (uint32_t i = 1; i < tries && delay < EP_MOVE_RETRY_CAP; i++)
        delay *= 2;
    return MIN(delay, EP_MOVE_RETRY_CAP);
}

void ep_move_resume(EpMove *move, uint32_t tries, HlTime now, HlTime spread)
{
    *move = (EpMove){ .state = tries == 0 ? EP_MOVE_WAITING : EP_MOVE_BACK,
                      .tries = tries,
                      .due = now + spread + (tries == 0 ? 0 : retry_after(tries)) };
}

static EpMoveEffect adopt(EpMove *move)
{
    *move = (EpMove){ .state = EP_MOVE_NONE };
    return EP_MOVE_ADOPT;
}

static EpMoveEffect go_back(EpMove *move, const EpMoveEvent *event)
{
    ep_move_resume(move, move->tries < G_MAXUINT32 ? move->tries + 1 : move->tries, event->now, event->spread);
    return EP_MOVE_RETURN;
}

static EpMoveEffect on_offered(EpMove *move, const EpMoveEvent *event)
{
    if (event->is_answered && event->is_new_place)
        return adopt(move); /* it is there already */
    ep_move_resume(move, 0, event->now, event->spread);
    return EP_MOVE_STAY;
}

static EpMoveEffect on_up(EpMove *move, const EpMoveEvent *event)
{
    if (move->state != EP_MOVE_TRIAL || !event->is_new_place)
        return EP_MOVE_STAY;
    move->due = MIN(move->due, event->now + EP_MOVE_ANSWER_TIME);
    move->is_let_in = true;
    return EP_MOVE_STAY;
}

/* A trial that waited for the old line alone waits no longer. */
static EpMoveEffect on_answered(EpMove *move, const EpMoveEvent *event)
{
    if (move->state != EP_MOVE_NONE && event->is_new_place)
        return adopt(move);
    if (move->is_postponed)
        move->due = MIN(move->due, event->now + event->spread);
    move->is_postponed = false;
    return EP_MOVE_STAY;
}

/* What was drawn from another time, as from that of a program that has just started, may be far behind the others.  The
 * pause after a trial that failed is longer than any spread, and stays as it is. */
static EpMoveEffect on_spread(EpMove *move, const EpMoveEvent *event)
{
    if (move->state == EP_MOVE_WAITING)
        move->due = MIN(move->due, event->now + event->spread);
    return EP_MOVE_STAY;
}

/* The attempt that the trial found under way, at an old address, is none of its own.  A broker that has let it in is
 * there: if it is started again before the manager has answered, that costs a trial its time at most, and not the ten
 * minutes after one that failed. */
static EpMoveEffect on_failed(EpMove *move, const EpMoveEvent *event)
{
    if (move->state != EP_MOVE_TRIAL || !event->is_new_place || move->is_let_in)
        return EP_MOVE_STAY;
    return ++move->failed < event->addresses ? EP_MOVE_STAY : go_back(move, event);
}

static EpMoveEffect on_tick(EpMove *move, const EpMoveEvent *event)
{
    if (move->state == EP_MOVE_NONE || event->now < move->due)
        return EP_MOVE_STAY;
    if (move->state == EP_MOVE_TRIAL)
        return go_back(move, event);
    if (!event->is_answered) {
        move->due = event->now + EP_MOVE_POSTPONE;
        move->is_postponed = true;
        return EP_MOVE_STAY;
    }
    if (event->is_new_place)
        return adopt(move); /* it was there before, and could not store it: no connection is given up for that */
    move->state = EP_MOVE_TRIAL;
    move->is_postponed = false;
    move->failed = 0;
    move->is_let_in = false;
    move->due = event->now + EP_MOVE_TRIAL_TIME;
    return EP_MOVE_BEGIN;
}

EpMoveEffect ep_move_step(EpMove *move, const EpMoveEvent *event)
{
    static EpMoveEffect (*const steps[])(EpMove *, const EpMoveEvent *) = {
        [EP_MOVE_OFFERED] = on_offered, [EP_MOVE_UP] = on_up,     [EP_MOVE_ANSWERED] = on_answered,
        [EP_MOVE_FAILED] = on_failed,   [EP_MOVE_TICK] = on_tick, [EP_MOVE_SPREAD] = on_spread,
    };

    g_assert((unsigned)event->kind < G_N_ELEMENTS(steps));
    return steps[event->kind](move, event);
}

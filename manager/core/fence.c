/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/fence.h"

/* A manager says that it is alive every second, and its loop may be late.  Said to be on line: five times; the broker
 * keeps nothing of it, or says that it went: twice and a half, because some brokers keep what is retained on one node
 * alone. */
#define LONG_WAIT  (5 * MGR_FENCE_SAY_EVERY)
#define SHORT_WAIT (5 * MGR_FENCE_SAY_EVERY / 2)
#define ECHO_WAIT  (10 * MGR_FENCE_SAY_EVERY) /* what follows is an alarm, and a burst may hold the manager up */

#define BELIEVED_LEAD ((HlTime)3650 * HL_DAY)

void mgr_fence_up(MgrFenceEar *ear, HlTime now)
{
    if (ear->is_up)
        return;
    ear->is_up = true;
    ear->up_at = now;
}

void mgr_fence_state(MgrFenceEar *ear, const MgrFencePeer *state)
{
    ear->has_state = true;
    ear->state = *state;
}

void mgr_fence_alive(MgrFenceEar *ear, const MgrFencePeer *self, const MgrFencePeer *peer)
{
    if (peer->instance == 0)
        return;
    if (peer->instance == self->instance) {
        ear->heard_self = true;
        return;
    }
    ear->heard_other = true;
    ear->other = *peer;
}

MgrFenceFinding mgr_fence_find(const MgrFenceEar *ear, const MgrFencePeer *self, HlTime now)
{
    bool said_online = ear->has_state && ear->state.online;
    bool was_here =
        ear->has_state && ear->state.place != 0 && ear->state.place == self->place && (said_online || !ear->is_wary);

    if (ear->heard_other)
        return MGR_FENCE_OTHER;
    if (ear->heard_self || (ear->is_up && was_here))
        return MGR_FENCE_QUIET;
    if (!ear->is_up)
        return MGR_FENCE_LISTENING;
    return now - ear->up_at >= (said_online ? LONG_WAIT : SHORT_WAIT) ? MGR_FENCE_QUIET : MGR_FENCE_LISTENING;
}

MgrFenceEcho mgr_fence_echo(const MgrFenceEar *ear, HlTime now)
{
    if (ear->heard_self)
        return MGR_FENCE_EAR_HEARS;
    return ear->is_up && now - ear->up_at >= ECHO_WAIT ? MGR_FENCE_EAR_HEARS_NOT : MGR_FENCE_EAR_LISTENS;
}

/* Two that began at one moment, by clocks that agree: any order will do that both see. */
static bool is_later(const MgrFencePeer *a, const MgrFencePeer *b)
{
    return a->epoch > b->epoch || (a->epoch == b->epoch && a->instance > b->instance);
}

MgrFenceDecision mgr_fence_decide(const MgrFencePeer *self, bool serving, const MgrFencePeer *other, bool lives)
{
    if (other == NULL || other->instance == 0 || other->instance == self->instance)
        return MGR_FENCE_GO_ON;
    if (lives)
        return !serving || is_later(other, self) ? MGR_FENCE_YIELD : MGR_FENCE_GO_ON;
    return other->home != self->home && other->epoch > self->epoch ? MGR_FENCE_YIELD : MGR_FENCE_GO_ON;
}

bool mgr_fence_is_outdated(HlTime shown_end, HlTime own_end)
{
    return own_end != 0 && shown_end > own_end;
}

bool mgr_fence_believes(uint64_t epoch, HlTime now)
{
    return epoch <= (uint64_t)(MAX(now, 0) + BELIEVED_LEAD);
}

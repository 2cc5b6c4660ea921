/* SPDX-License-Identifier: Apache-2.0 */
/* Two managers on copies of one site must not fight.
 *
 * The broker knows a client by its certificate, and both copies have the same: each that connects throws the other out.
 * So a manager looks before it connects as itself (daemon/state/lookout.h): under another name it reads manager/state,
 * which the broker keeps, and listens for manager/alive, which a living manager says every second.  What that means is
 * decided here:
 *
 *     another one lives            who has not served yet yields; of two who have, the one with the lower epoch
 *     another one lived, and has   this registry is older than what was last done with the fleet: yields
 *     a higher epoch
 *     nobody, or an earlier life   goes on
 *     of this very site
 *
 * The retained state alone does not tell who lives: one that was killed together with the broker is still said to be on
 * line.  An earlier life of this very directory needs no waiting: the directory's lock is held here, so it is over.
 *
 * Pure. */
#ifndef MANAGER_CORE_FENCE_H
#define MANAGER_CORE_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/clock.h"

#define MGR_FENCE_SAY_EVERY HL_SECOND /* manager/alive */

/* A manager, as it says of itself (ManagerState). */
typedef struct {
    bool online;
    uint64_t instance; /* 0: nobody, or of a version that does not tell */
    uint64_t place;    /* of a directory on a running system; equal only for one life after the other */
    uint64_t home;     /* the same across restarts of the system */
    uint64_t epoch;
    HlTime started; /* wall */
    char host[256];
} MgrFencePeer;

/* ---- one broker that is listened to */

typedef enum {
    MGR_FENCE_LISTENING, /* not known yet */
    MGR_FENCE_QUIET,     /* no other manager lives there */
    MGR_FENCE_OTHER,     /* ear->other does */
} MgrFenceFinding;

typedef struct {
    bool is_wary; /* after this process lost its link: it may have been thrown out, and its own will is what was kept */
    bool is_up;
    HlTime up_at; /* mono */
    bool has_state;
    MgrFencePeer state; /* has_state */
    bool heard_self, heard_other;
    MgrFencePeer other; /* heard_other */
} MgrFenceEar;

/* The look's connection stands; later ones change nothing. */
void mgr_fence_up(MgrFenceEar *ear, HlTime now);
/* manager/state, retained or not; the last one counts. */
void mgr_fence_state(MgrFenceEar *ear, const MgrFencePeer *state);
/* manager/alive. */
void mgr_fence_alive(MgrFenceEar *ear, const MgrFencePeer *self, const MgrFencePeer *peer);

/* Whether this manager itself, which says manager/alive every second on its own link, is heard there. */
typedef enum {
    MGR_FENCE_EAR_LISTENS, /* not known yet */
    MGR_FENCE_EAR_HEARS,
    MGR_FENCE_EAR_HEARS_NOT, /* another broker, which does not know the one of the link */
} MgrFenceEcho;

MgrFenceEcho mgr_fence_echo(const MgrFenceEar *ear, HlTime now);

MgrFenceFinding mgr_fence_find(const MgrFenceEar *ear, const MgrFencePeer *self, HlTime now);

/* ---- what is done about it */

typedef enum { MGR_FENCE_GO_ON, MGR_FENCE_YIELD } MgrFenceDecision;

/* self->epoch is the last that its registry had; serving: this process has served under it.  lives: other does, else it
 * is what the broker kept of it; other may be NULL. */
MgrFenceDecision mgr_fence_decide(const MgrFencePeer *self, bool serving, const MgrFencePeer *other, bool lives);

/* Of a server that shows a certificate of an authority which this site does not have: whether this site, whose own one
 * ends at own_end, is the earlier of the two.  Each authority ends later than the one before, and so does what it
 * issues. */
bool mgr_fence_is_outdated(HlTime shown_end, HlTime own_end);

/* An epoch that a clock can have given: what lies beyond cannot be exceeded by the next one, and is nobody's. */
bool mgr_fence_believes(uint64_t epoch, HlTime now);

#endif

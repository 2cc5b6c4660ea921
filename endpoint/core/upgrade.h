/* SPDX-License-Identifier: Apache-2.0 */
/* An upgrade of this machine's program: its steps, and whether one is to begin.
 *
 * The steps are the root helper's (endpoint/upgrade).  It writes the state down before it acts on it, so that an
 * upgrade that was cut off anywhere, by a kill or by the power, goes on from the state that is written:
 *
 *   accepted -> verified -> kept -> installing -> waiting -> done
 *        \__________\_________\         \____________\-----> going-back -> back | stuck
 *                              \-> refused
 *
 * Up to kept nothing was changed, so whatever fails there refuses.  From installing on, whatever fails goes back to the
 * version before, whose packages were kept first.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_UPGRADE_H
#define ENDPOINT_CORE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "lib/base/clock.h"

/* ------------------------------------------------------------------------------------------------------ the steps */

typedef enum {
    EP_UPGRADE_ACCEPTED,   /* a request was read; what it names is to be verified */
    EP_UPGRADE_VERIFIED,   /* the packages are what the release says, and fit; they are to be kept */
    EP_UPGRADE_KEPT,       /* both versions are where nobody else changes them; the package manager is waited for */
    EP_UPGRADE_INSTALLING, /* the new packages may be installed in part */
    EP_UPGRADE_WAITING,    /* they are installed; the new daemon is to say that its line is up */
    EP_UPGRADE_GOING_BACK, /* the packages before may be installed in part */
    EP_UPGRADE_DONE,
    EP_UPGRADE_REFUSED, /* nothing was changed, or by somebody else */
    EP_UPGRADE_BACK,    /* the version before is in place again */
    EP_UPGRADE_STUCK,   /* neither is: a person has to look */
    EP_UPGRADE_N_STATES
} EpUpgradeState;

/* As it is written down and reported: "accepted", "going-back", ... */
const char *ep_upgrade_state_name(EpUpgradeState state);

/* false: no such state. */
bool ep_upgrade_state_parse(const char *name, EpUpgradeState *state) G_GNUC_WARN_UNUSED_RESULT;

bool ep_upgrade_is_end(EpUpgradeState state);

typedef enum {
    EP_UPGRADE_WORKED,    /* what the state asks for was done; of WAITING: the line is up */
    EP_UPGRADE_FAILED,    /* it was not; of WAITING: its time is over */
    EP_UPGRADE_CUT_OFF,   /* the helper starts again, and finds this state written */
    EP_UPGRADE_OVERTAKEN, /* somebody else installed another version meanwhile, or is about to */
    EP_UPGRADE_N_EVENTS
} EpUpgradeEvent;

/* How often one state may be begun.  A version that makes the machine restart is not installed for ever; the way back
 * is tried more often, for what is in its way may go. */
#define EP_UPGRADE_TRIES      3
#define EP_UPGRADE_TRIES_BACK 10

typedef struct {
    EpUpgradeState state;
    unsigned tries; /* how often the state was begun, this time included */
} EpUpgrade;

#define EP_UPGRADE_INIT ((EpUpgrade){ EP_UPGRADE_ACCEPTED, 1 })

/* Nothing happens to an end. */
void ep_upgrade_step(EpUpgrade *upgrade, EpUpgradeEvent event);

/* How long to wait before this attempt: 0 before the first one, first before the second, then twice as long each time,
 * up to EP_UPGRADE_MAX_PAUSE. */
#define EP_UPGRADE_MAX_PAUSE HL_HOUR

HlTime ep_upgrade_pause(const EpUpgrade *upgrade, HlTime first);

/* ----------------------------------------------------------------------------------------------------- the health */

/* How long the line must have been up under the new version: a daemon that connects and dies is not healthy. */
#define EP_UPGRADE_STEADY (3 * HL_SECOND)

/* A server that is away for reasons of its own is not the package's fault: meanwhile the bound does not pass, up to so
 * many times the bound in all.  Not for ever: a version that takes the network away says the same of its server. */
#define EP_UPGRADE_AWAY_BOUNDS 12

typedef struct {
    HlTime bound;   /* how long the line may take while the server is there */
    HlTime until;   /* when the wait ends */
    HlTime last;    /* when it ends even if the server is away */
    HlTime since;   /* from when on it has been healthy; 0: it is not */
    int64_t daemon; /* which process that was */
    bool away;      /* the server was, when the wait was looked at last */
} EpUpgradeHealth;

typedef enum {
    EP_HEALTH_WAIT,
    EP_HEALTH_GOOD,
    EP_HEALTH_LATE,
    EP_HEALTH_AWAY, /* too late as well, and the server was away to the end */
} EpHealthWord;

/* What is seen of the daemon under the new version. */
typedef struct {
    int64_t up; /* the process that says that its line is up, and is there; 0: none says so */
    bool away;  /* it is there, and says that the server is away */
} EpUpgradeSigns;

void ep_upgrade_health_begin(EpUpgradeHealth *health, HlTime bound, HlTime now);

/* What was good in time but not yet steady at the end is waited for. */
EpHealthWord ep_upgrade_health_look(EpUpgradeHealth *health, EpUpgradeSigns signs, HlTime now);

/* ----------------------------------------------------------------------------------- whether an upgrade is to begin */

typedef enum {
    EP_PLAN_NOTHING, /* none is offered */
    EP_PLAN_BLOCKED, /* by the group's settings */
    EP_PLAN_LEFT,    /* by them to roll-outs, and this update is none of those */
    EP_PLAN_UNDER_WAY,
    EP_PLAN_FAILED, /* this release failed here: another one, or a person's word, is waited for */
    EP_PLAN_LINE_DOWN,
    EP_PLAN_BEGIN,
} EpUpgradePlan;

typedef struct {
    uint64_t offered; /* release; 0: none */
    uint64_t failed;  /* the release that failed here last; 0: none */
    bool blocked, left, under_way, line_up;
} EpUpgradeFacts;

EpUpgradePlan ep_upgrade_plan(const EpUpgradeFacts *facts);

/* The plan as a sentence's end, "0.1.0, version 0.2.0 is being installed"; to: the version that it is about; why: why
 * none is offered, or "".  Caller frees. */
char *ep_upgrade_tell(EpUpgradePlan plan, const char *installed, const char *to, const char *why);

#endif

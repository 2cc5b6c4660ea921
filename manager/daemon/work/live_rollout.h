/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out in memory: its members by position, and what their commands have become of, for the pure core
 * (manager/core/rollout.h). */
#ifndef MANAGER_DAEMON_WORK_LIVE_ROLLOUT_H
#define MANAGER_DAEMON_WORK_LIVE_ROLLOUT_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/store/rollouts.h"

typedef struct {
    MgrRolloutRecord record;
    MgrRollout core;
    GPtrArray *endpoints; /* ids by position, owned */
    GPtrArray
        *commands; /* by position: the latest, of settings a mark of the turn; NULL: none; borrowed from batches */
    GHashTable *positions; /* id -> position */
    GHashTable *batches;   /* ids of its commands, owned; the value is the id */
    GHashTable *dirty;     /* commands that have changed since they were looked at; borrowed from batches */
    bool *belied;          /* by position: the server judged that it failed, whatever its command says */
    GArray *doubted;       /* positions (guint), while the last ring ends: mgr_live_rollout_count_doubted; NULL */
    char **patterns;       /* by position: that it had before its first turn; NULL: not known */
    bool *retried;         /* by position: it has had another turn since its ring was looked at for who is belied */
    HlTime looked_mono;    /* at all of its commands */
    HlTime held_mono;      /* when those that are held were looked at */
    bool is_storing;       /* a turn, or somebody's word */
    HlTime upgrades_since; /* wall: upgrades that were reported before are of another turn */
    HlTime upgrades_mono;  /* when upgrades, or settings, were looked at */
} MgrLiveRollout;

/* A new one with these members (MgrEndpoint *), in this order.  Takes the record's contents. */
MgrLiveRollout *mgr_live_rollout_new(MgrRolloutRecord *record, const GPtrArray *endpoints);
/* One of the registry, also of those that are over.  Takes the record's contents.  NULL with an error. */
MgrLiveRollout *mgr_live_rollout_read(MgrRecord *registry, MgrRolloutRecord *record, GError **error);
void mgr_live_rollout_free(MgrLiveRollout *live);

/* The command is one of its own from now on.  Its id, as commands and dirty borrow it. */
char *mgr_live_rollout_batch(MgrLiveRollout *live, const char *command);

/* What the members of a command have done by now. */
void mgr_live_rollout_look_at(MgrLiveRollout *live, const MgrCommand *command);
/* The same of all its commands that have changed, or of all. */
void mgr_live_rollout_look(MgrLiveRollout *live, const MgrFleet *fleet, bool is_all);

/* Who of the present ring says that it succeeded, and has older patterns than there were at the ring's first turn, has
 * not: positions (guint) of those that were found out now.  Of the rings before it only those are asked that have had
 * another turn since: the others need not have what was published meanwhile.  Free with g_array_unref. */
GArray *mgr_live_rollout_find_liars(MgrLiveRollout *live, const MgrFleet *fleet);
/* How many the next look would find, while the last ring ends (mgr_rollout_is_ending); otherwise 0.  Once it ends, only
 * those that were doubted before are looked at. */
guint mgr_live_rollout_count_doubted(MgrLiveRollout *live, const MgrFleet *fleet);
/* The components that it brings to an endpoint with these settings, comma-separated; caller frees.  Of one that is
 * about no single component, not those that the endpoint leaves to the ones that are. */
char *mgr_rollout_brings(const MgrRolloutRecord *record, const HlSettings *settings);

/* Of one that is about the program: what its members have become, by the version that they run and by what they report
 * of upgrades; that the command succeeded says only that the upgrade has begun.  Positions (guint) of those that have
 * succeeded and of those that have failed now; free with g_array_unref. */
void mgr_live_rollout_find_upgraded(MgrLiveRollout *live, const MgrFleet *fleet, GArray **succeeded, GArray **failed);
/* Of one of settings: those of these positions (guint) that are sent them with their turn, and are open from then on.
 * Free with g_array_unref. */
GArray *mgr_live_rollout_find_takers(const MgrLiveRollout *live, const MgrFleet *fleet, const GArray *positions);
/* Of one of settings: what its members have become, by what they have applied and refused, and whether they were on
 * line since their turn: one that was is waited for, and silent in the end if it says nothing, also when it goes away
 * with them. */
typedef struct {
    GArray
        *positions[MGR_MEMBER_N]; /* guint; of those that became this now: succeeded, failed, open, left; else NULL */
} MgrApplications;
void mgr_live_rollout_find_applied(MgrLiveRollout *live, const MgrFleet *fleet, MgrApplications *found);
void mgr_applications_clear(MgrApplications *found);
static inline bool mgr_live_rollout_is_of_settings(const MgrLiveRollout *live)
{
    return *live->record.group != '\0';
}
/* Positions (guint) of members that are this.  Free with g_array_unref. */
GArray *mgr_live_rollout_find(const MgrLiveRollout *live, MgrMember member);

/* How many of these (MgrEndpoint *) are members of it, and would be brought the same by the other one as by this: the
 * program, or a component of the patterns that their group leaves to neither.  One of them, borrowed, where there is.
 */
guint mgr_live_rollout_shares(const MgrLiveRollout *live, const MgrRolloutRecord *other, const GPtrArray *endpoints,
                              const MgrEndpoint **one);

/* What says that a member failed: "word", its own; "versions", which it has still although it says that it succeeded;
 * "upgrade", the end of that of its program; "refusal", of the settings.  "": it has not failed. */
const char *mgr_live_rollout_why(const MgrLiveRollout *live, guint position);

/* The record as the core is now, at this time. */
void mgr_live_rollout_note(MgrLiveRollout *live, HlTime wall);

/* What a member is whose command is this.  One whose command expired was silent if it had it, and is forgotten if it
 * was away: the code says which. */
MgrMember mgr_live_rollout_member_of(HlCommandState state, const char *code);

/* Whether it has older patterns than there were at the ring's first turn, of those that this brings. */
bool mgr_live_rollout_is_behind(const MgrLiveRollout *live, const MgrEndpoint *endpoint);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrApplications, mgr_applications_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLiveRollout, mgr_live_rollout_free)

#endif

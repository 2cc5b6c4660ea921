/* SPDX-License-Identifier: Apache-2.0 */
/* A group in memory, and which settings its members are to have: the group's own or, while a roll-out of settings is
 * under way, those on trial.
 *
 * A trial is a second set of settings beside the group's.  A member is to have it from the turn on that the roll-out
 * gives it (mgr_group_give_trial), for as long as it is in the group and the trial lasts; one that leaves the group and
 * comes back has it again, because its turn is stored.  mgr_group_terms is the one place where this is decided: what is
 * sent to an endpoint, and what it should have, goes by that.  What the server does by itself for a group (its
 * maintenance window) goes by the group's own settings. */
#ifndef MANAGER_DAEMON_GROUND_GROUP_H
#define MANAGER_DAEMON_GROUND_GROUP_H

#include "manager/daemon/ground/totals.h"
#include "manager/store/registry.h"
#include "manager/store/rollouts.h"
#include "proto/maintenance.h"
#include "proto/settings.h"

typedef struct MgrGroup MgrGroup;

/* Its maintenance window, and what was found of it last: it holds from one moment to another (wall). */
typedef struct {
    bool is_parsed;
    HlMaintenance times;
    HlTime from, until;
    bool is_open;
} MgrWindow;

typedef struct {
    MgrGroup *terms;   /* a group of the same name with the settings on trial; it has no members, and no trial */
    char *rollout;     /* id */
    GHashTable *given; /* ids of endpoints whose turn has come -> their positions in the roll-out */
} MgrTrial;

struct MgrGroup {
    MgrGroupRecord record;
    HlSettings settings;
    GBytes *digest;
    GBytes *digest_before; /* another one that a member has, as was seen last; NULL: none has */
    GBytes *shared;   /* delivery: what the documents of all members have in common, encoded; NULL: not needed yet */
    MgrWindow window; /* ground/windows.h */
    MgrTrial *trial;  /* NULL: none */
    guint members;
    guint current;         /* state/sums.h: members that have what they are to have, as counted last */
    MgrTotals totals;      /* the same: what they come to */
    guint ended, ended_by; /* the same: whose certificate has ended; and of those that are counted again so far */
};

MgrGroup *mgr_group_new(void);
void mgr_group_free(gpointer group);

/* Its contents; a trial of it goes on, and no version that was tried is forgotten.  Takes what is in the record. */
void mgr_group_set_record(MgrGroup *group, MgrGroupRecord *record);

/* The group has none.  Nobody has it yet. */
void mgr_group_begin_trial(MgrGroup *group, const MgrRolloutRecord *rollout);
/* The turn of this endpoint has come, which has this position in the roll-out.  There is a trial. */
void mgr_group_give_trial(MgrGroup *group, const char *endpoint, guint position);
/* All have the group's own again.  No trial: nothing. */
void mgr_group_end_trial(MgrGroup *group);

/* Of groups (by name): what roll-outs under way have on trial. */
bool mgr_group_load_trials(GHashTable *groups, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a member of the group is to have what is on trial. */
static inline bool mgr_group_tries(const MgrGroup *group, const char *endpoint)
{
    return group->trial != NULL && g_hash_table_contains(group->trial->given, endpoint);
}

/* Its position in the roll-out.  mgr_group_tries holds of it. */
static inline guint mgr_group_trial_position(const MgrGroup *group, const char *endpoint)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(group->trial->given, endpoint));
}

/* What a member of the group is to have: the group, or the one on trial; borrowed until either changes. */
static inline MgrGroup *mgr_group_terms(MgrGroup *group, const char *endpoint)
{
    return mgr_group_tries(group, endpoint) ? group->trial->terms : group;
}

/* What people read: its display name, or else its id; borrowed from its record. */
static inline const char *mgr_group_shown(const MgrGroup *group)
{
    const char *display = group->record.display_name;

    return display != NULL && *display != '\0' ? display : group->record.name;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrGroup, mgr_group_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs (manager/core/rollout.h) and their members.  As registry.h: loading blocks, changes are statements added to
 * an HlWriteSet. */
#ifndef MANAGER_STORE_ROLLOUTS_H
#define MANAGER_STORE_ROLLOUTS_H

#include "lib/base/json.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/core/rollout.h"
#include "proto/command.h"

typedef struct {
    char *id, *selector, *issuer;
    MgrRolloutPlan plan;
    MgrRolloutState state;
    MgrHalt halt;
    guint members, ring, forgiven;
    guint counts[MGR_MEMBER_N];    /* of members, when the state changed last */
    char *versions;                /* of the repository, at the first turn of the ring: proto/components.h */
    char *program;                 /* the version of the program that it is about; "": it is about patterns */
    char *component;               /* the one of the patterns that it is about; "": it is about all */
    char *group;                   /* whose settings it is about; "": it is about an update */
    uint64_t base;                 /* of those: the version that the group has until it is done */
    uint64_t version, counter;     /* what is on trial, as of a save */
    char *settings;                /* key=value lines; "" */
    char *back_command, *back_by;  /* of an update: the command that took it back, and whose that is; "" */
    HlTime started_at, changed_at; /* wall */
    HlTime back_at;                /* wall; 0 */
} MgrRolloutRecord;

void mgr_rollout_record_clear(MgrRolloutRecord *record);

/* Whether its abort took back what it had brought: settings, which are the group's again. */
static inline bool mgr_rollout_record_is_taken_back(const MgrRolloutRecord *record)
{
    return record->state == MGR_ROLLOUT_ABORTED && *record->group != '\0';
}

/* The receiver takes what it wants out of the record; the rest is freed. */
typedef void (*MgrRolloutFn)(MgrRolloutRecord *record, gpointer user);

/* A receiver that keeps them all: user is an array of MgrRolloutRecord, which clears them. */
GArray *mgr_rollout_records_new(void);
void mgr_rollout_records_add(MgrRolloutRecord *record, gpointer records);

typedef enum {
    MGR_ROLLOUTS_OPEN,   /* neither done nor aborted */
    MGR_ROLLOUTS_LATEST, /* MGR_ROLLOUTS_MAX_LISTED of any state, the latest first */
} MgrRolloutsWhich;

#define MGR_ROLLOUTS_MAX_LISTED 200

/* Those whose members are all in these groups (",GROUP,GROUP,"; NULL: any), and of settings those of these groups. */
bool mgr_registry_load_rollouts(HlDb *db, MgrRolloutsWhich which, const char *groups, MgrRolloutFn fn, gpointer user,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One, by its id.  Nothing is called where there is none, or none for these groups. */
bool mgr_registry_load_rollout(HlDb *db, const char *id, const char *groups, MgrRolloutFn fn, gpointer user,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A member, by its position; borrowed for the call. */
typedef struct {
    const char *endpoint;
    const char *command; /* NULL: its turn has not come */
    bool has_target;     /* of that command; the rest is of it */
    HlCommandState state;
    const char *code;
    const char *patterns; /* that it had when its turn came; NULL: not known */
    HlTime issued_at;     /* wall, of its command; 0: that is no longer there */
    MgrMember outcome;    /* by the manager's own judgement: silent, failed, succeeded; of settings, also open and left;
                             MGR_MEMBER_N: none */
} MgrRolloutMember;

typedef void (*MgrRolloutMemberFn)(guint position, const MgrRolloutMember *member, gpointer user);

/* In the order of their positions. */
bool mgr_registry_load_rollout_members(HlDb *db, const char *id, MgrRolloutMemberFn fn, gpointer user,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an update of it said of an endpoint, also one that another turn came after. */
typedef void (*MgrRolloutTargetFn)(const char *command, const char *endpoint, HlCommandState state, const char *code,
                                   gpointer user);

/* The earliest first. */
bool mgr_registry_load_rollout_targets(HlDb *db, const char *id, MgrRolloutTargetFn fn, gpointer user,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new one, and its members: their ids (const char *) in the order of their positions. */
void mgr_write_rollout(HlWriteSet *set, const MgrRolloutRecord *record, const GPtrArray *endpoints);
/* State, halt, ring, forgiven and counts, as they are now. */
void mgr_write_rollout_state(HlWriteSet *set, const MgrRolloutRecord *record);
/* The turn of n members from a position on. */
void mgr_write_rollout_turn(HlWriteSet *set, const char *id, guint position, guint n, const char *command);
/* Another turn of these (guint); command NULL: it is to come. */
void mgr_write_rollout_retry(HlWriteSet *set, const char *id, const GArray *positions, const char *command);
/* With either of them: what the repository has now. */
void mgr_write_rollout_versions(HlWriteSet *set, const char *id, const char *versions);
/* Of these (guint), whose turn comes: the patterns that they have before their first one. */
void mgr_write_rollout_patterns(HlWriteSet *set, const char *id, const GArray *positions, const char *patterns);
/* A command takes it back.  Fails the set with HL_ERROR_CONFLICT if one did before. */
void mgr_write_rollout_back(HlWriteSet *set, const char *id, const char *command, const char *by, HlTime at);
/* The counts alone, of one that is over. */
void mgr_write_rollout_counts(HlWriteSet *set, const char *id, const guint counts[MGR_MEMBER_N]);
/* The manager's own judgement of these (guint): silent, failed or succeeded; of settings, also that they were sent, or
 * that these left. */
void mgr_write_rollout_outcome(HlWriteSet *set, const char *id, const GArray *positions, MgrMember outcome);
/* With the start of one of settings: their version is taken.  Fails the set with HL_ERROR_CONFLICT if the group is no
 * longer at the base version, or that version was on trial before. */
void mgr_write_trial(HlWriteSet *set, const MgrRolloutRecord *record);
/* Members that are in the group, and had a turn (NULL: any): their documents get numbers of their own, from this on. */
void mgr_write_trial_numbers(HlWriteSet *set, const MgrRolloutRecord *record, const char *turn, uint64_t counter);
/* As mgr_write_members_outrun, for those of the group that do not have what was on trial: with its end. */
void mgr_write_trial_outrun(HlWriteSet *set, const MgrRolloutRecord *record);
/* The member at this position, which has had its turn, refused them. */
void mgr_write_trial_refused(HlWriteSet *set, const char *rollout, guint position);
/* Of those that are over, what is older than a time. */
void mgr_write_prune_rollouts(HlWriteSet *set, HlTime before);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRolloutRecord, mgr_rollout_record_clear)

#endif

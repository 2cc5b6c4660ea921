/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs under way: their turns (work/rollout_turn.h) become commands, or settings of those whose turn it is, and
 * what becomes of those is told to the pure core, which decides (manager/core/rollout.h).  One turn, or one word of
 * somebody, is stored at a time. */
#ifndef MANAGER_DAEMON_WORK_ROLLOUTS_H
#define MANAGER_DAEMON_WORK_ROLLOUTS_H

#include "manager/daemon/work/commands.h"
#include "manager/daemon/work/live_rollout.h"
#include "manager/daemon/work/rollout_turn.h"

#define MGR_ROLLOUTS_MAX 20 /* under way */

typedef struct MgrRollouts MgrRollouts;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrCommands *commands;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
} MgrRolloutsOptions;

/* With those that the registry has under way. */
MgrRollouts *mgr_rollouts_new(const MgrRolloutsOptions *options, GError **error);
void mgr_rollouts_free(MgrRollouts *rollouts);

/* Those under way, with what is being stored. */
guint mgr_rollouts_count(const MgrRollouts *rollouts);
/* HL_ERROR_LIMIT: there is no room for one more. */
bool mgr_rollouts_check_room(const MgrRollouts *rollouts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many of those are in which state. */
void mgr_rollouts_count_states(const MgrRollouts *rollouts, guint counts[MGR_ROLLOUT_N_STATES]);
/* MgrLiveRollout *, borrowed; free with g_ptr_array_unref. */
GPtrArray *mgr_rollouts_all(const MgrRollouts *rollouts);

/* One that is under way; NULL. */
MgrLiveRollout *mgr_rollouts_find(const MgrRollouts *rollouts, const char *id);
/* Of one that is not, as it is read for a list: what its members have become by now. */
bool mgr_rollouts_count_ended(const MgrRollouts *rollouts, MgrRolloutRecord *record,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one of the settings of a group that is under way, or is being stored; NULL. */
const MgrLiveRollout *mgr_rollouts_of_settings(const MgrRollouts *rollouts, const char *group);
/* Members are in this order (MgrEndpoint *), those that are on line first.  Takes the set and the record's contents;
 * the id, the times and the number of members are filled in. */
void mgr_rollouts_start(MgrRollouts *rollouts, HlWriteSet *set, MgrRolloutRecord *record, const GPtrArray *endpoints,
                        MgrRolloutDone done, gpointer user);

typedef enum { MGR_ROLLOUT_PAUSE, MGR_ROLLOUT_RESUME, MGR_ROLLOUT_ABORT } MgrRolloutWord;

/* Takes the set, which is stored with it.  HL_ERROR_CONFLICT: the state does not allow it, or another word is being
 * stored.  An abort cancels what has not begun; of settings, all have those of their group again. */
void mgr_rollouts_say(MgrRollouts *rollouts, HlWriteSet *set, MgrLiveRollout *live, MgrRolloutWord word,
                      MgrRolloutDone done, gpointer user);

/* Those that failed have their command again.  Takes live where it is not under way any more. */
void mgr_rollouts_retry(MgrRollouts *rollouts, HlWriteSet *set, MgrLiveRollout *live, MgrRolloutDone done,
                        gpointer user);

/* A command of the fleet changed (MgrCommandsOptions.changed). */
void mgr_rollouts_changed(MgrRollouts *rollouts, const MgrCommand *command);

/* Once a second. */
void mgr_rollouts_tick(MgrRollouts *rollouts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRollouts, mgr_rollouts_free)

#endif

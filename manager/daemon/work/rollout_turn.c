/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollout_turn.h"

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/work/held.h"
#include "manager/daemon/work/rollout_back.h"
#include "proto/scope.h"

#define LIFETIME (4 * HL_DAY) /* of a command: as one that a person issues without saying how long */

/* On its way through the registry. */
typedef struct {
    MgrRolloutTurns *turns;
    MgrLiveRollout *live;
    char *command, *versions;
    GArray *positions; /* whose turn it is */
    bool is_again;     /* else they are the next ones */
    bool is_retry;     /* with it somebody has it run again */
    GArray *takers;    /* of settings: those of them that are open at once; NULL */
    uint64_t counter;  /* of settings: mgr_trials_write_numbers */
    MgrRolloutDone done;
    gpointer user;
} Turn;

static void turn_free(gpointer item)
{
    Turn *turn = item;

    g_array_unref(turn->positions);
    g_clear_pointer(&turn->takers, g_array_unref);
    g_free(turn->command);
    g_free(turn->versions);
    g_free(turn);
}

static guint at(const GArray *positions, guint i)
{
    return g_array_index(positions, guint, i);
}

/* Those of a turn that the command is not for: they are no longer registered, or may not obey. */
static void leave_out(const Turn *turn, const MgrCommand *command)
{
    MgrLiveRollout *live = turn->live;
    g_autofree bool *is_target = g_new0(bool, live->core.n);
    HlTime now = hl_clock_mono();

    for (guint i = 0; command != NULL && i < command->targets->len; i++) {
        const MgrTarget *target = command->targets->pdata[i];

        is_target[GPOINTER_TO_UINT(g_hash_table_lookup(live->positions, target->record.endpoint))] = true;
    }
    for (guint i = 0; i < turn->positions->len; i++)
        if (!is_target[at(turn->positions, i)])
            mgr_rollout_told(&live->core, at(turn->positions, i), MGR_MEMBER_LEFT, now);
}

static void give_settings(const Turn *turn)
{
    HlTime now = hl_clock_mono();

    mgr_trials_fold_turn(&turn->turns->trials, turn->live, turn->positions, turn->counter);
    for (guint i = 0; i < turn->takers->len; i++)
        mgr_rollout_told(&turn->live->core, at(turn->takers, i), MGR_MEMBER_OPEN, now);
}

static void fold_turn(Turn *turn, const MgrCommand *command)
{
    MgrLiveRollout *live = turn->live;
    HlTime now = hl_clock_mono();
    char *id = mgr_live_rollout_batch(live, turn->command);

    live->is_storing = false;
    mgr_rollout_back_fold(live, turn->turns->fleet, turn->positions);
    if (turn->is_again) {
        if (turn->is_retry)
            mgr_rollout_begin_again(&live->core);
        mgr_rollout_issued_again(&live->core, turn->positions, now);
        live->upgrades_since = hl_clock_wall();
        mgr_live_rollout_note(live, hl_clock_wall());
    } else {
        mgr_rollout_issued(&live->core, turn->positions->len, now);
    }
    for (guint i = 0; i < turn->positions->len; i++) {
        guint position = at(turn->positions, i);

        live->commands->pdata[position] = id;
        live->belied[position] = live->belied[position] && !turn->is_again;
        live->retried[position] = live->retried[position] || turn->is_again;
    }
    if (turn->takers != NULL)
        give_settings(turn);
    else
        leave_out(turn, command);
    if (turn->versions != NULL) {
        g_free(live->record.versions);
        live->record.versions = g_steal_pointer(&turn->versions);
    }
    if (command != NULL)
        mgr_live_rollout_look_at(live, command);
    if (turn->done != NULL)
        turn->done(live, NULL, turn->user);
}

static void fail_turn(Turn *turn, const GError *error)
{
    turn->live->is_storing = false;
    if (turn->done != NULL)
        turn->done(turn->live, error, turn->user);
    else
        hl_log_limited(HL_LOG_WARN, "rollout", turn->live->record.id, "%s: a turn cannot be issued yet: %s",
                       turn->live->record.id, error->message);
}

static void on_issued(const MgrCommandResult *result, gpointer user)
{
    Turn *turn = user;

    if (result->outcome == MGR_COMMAND_STORED)
        fold_turn(turn, result->command);
    else
        fail_turn(turn, result->error);
    turn_free(turn);
}

static void fold_empty(gpointer change)
{
    fold_turn(change, NULL);
}

static void fail_empty(gpointer change, const GError *error)
{
    fail_turn(change, error);
}

static const MgrChangeKind no_command = { fold_empty, fail_empty, turn_free };

/* Those that are registered still, and may obey. */
static GPtrArray *present(const Turn *turn)
{
    GPtrArray *endpoints = g_ptr_array_new();

    for (guint i = 0; i < turn->positions->len; i++) {
        const char *id = turn->live->endpoints->pdata[at(turn->positions, i)];
        MgrEndpoint *endpoint = mgr_fleet_endpoint(turn->turns->fleet, id);

        if (endpoint != NULL && endpoint->record.revoked_at == 0)
            g_ptr_array_add(endpoints, endpoint);
    }
    return endpoints;
}

/* Of the update that its members are told to make.  Caller frees. */
static char *scope_of(const MgrRolloutRecord *record)
{
    if (*record->program != '\0')
        return g_strdup(HL_SCOPE_PROGRAM);
    return *record->component != '\0' ? g_strconcat(HL_SCOPE_COMPONENT, record->component, NULL) : g_strdup("");
}

/* Then the versions are noted: later turns, of --rate or of a retry, must not ask more of those that had theirs before.
 */
static bool is_first_of_ring(const Turn *turn)
{
    return !turn->is_again && turn->live->core.issued == mgr_rollout_ring_begin(&turn->live->core);
}

static void issue_command(HlWriteSet *set, Turn *turn)
{
    const MgrRolloutTurns *turns = turn->turns;
    const MgrRolloutRecord *record = &turn->live->record;
    g_autofree char *scope = scope_of(record);
    MgrCommandSpec spec = { .id = turn->command,
                            .kind = HL_KIND_UPDATE_NOW,
                            .selector = record->id,
                            .issuer = record->issuer,
                            .scope = scope,
                            .in_window = true };
    g_autoptr(GPtrArray) endpoints = present(turn);

    spec.lifetime = LIFETIME + mgr_held_longest(endpoints);
    if (is_first_of_ring(turn)) {
        turn->versions = g_strdup(turns->fleet->latest);
        mgr_write_rollout_versions(set, record->id, turn->versions);
    }
    if (endpoints->len > 0)
        mgr_commands_issue(turns->commands, set, &spec, endpoints, on_issued, turn);
    else
        mgr_record_commit(turns->record, set, &no_command, turn);
}

static void issue_settings(HlWriteSet *set, Turn *turn)
{
    const MgrRolloutTurns *turns = turn->turns;
    const MgrRolloutRecord *record = &turn->live->record;

    turn->takers = mgr_live_rollout_find_takers(turn->live, turns->fleet, turn->positions);
    if (turn->takers->len > 0)
        mgr_write_rollout_outcome(set, record->id, turn->takers, MGR_MEMBER_OPEN);
    turn->counter = mgr_trials_write_numbers(&turns->trials, set, record, turn->command);
    mgr_record_commit(turns->record, set, &no_command, turn);
}

static Turn *turn_new(MgrRolloutTurns *turns, MgrLiveRollout *live, GArray *positions)
{
    Turn *turn = g_new0(Turn, 1);

    turn->turns = turns;
    turn->live = live;
    turn->positions = positions;
    turn->command = hl_ident_new("c-");
    return turn;
}

static void issue(HlWriteSet *set, Turn *turn)
{
    MgrLiveRollout *live = turn->live;

    live->is_storing = true;
    mgr_rollout_back_write(set, live, turn->turns->fleet, turn->positions);
    if (turn->is_again)
        mgr_write_rollout_retry(set, live->record.id, turn->positions, turn->command);
    else
        mgr_write_rollout_turn(set, live->record.id, live->core.issued, turn->positions->len, turn->command);
    if (mgr_live_rollout_is_of_settings(live))
        issue_settings(set, turn);
    else
        issue_command(set, turn);
}

void mgr_rollout_turn_next(MgrRolloutTurns *turns, MgrLiveRollout *live, guint n)
{
    GArray *positions = g_array_sized_new(FALSE, FALSE, sizeof(guint), n);

    for (guint i = 0; i < n; i++) {
        guint position = live->core.issued + i;

        g_array_append_val(positions, position);
    }
    issue(hl_write_set_new(), turn_new(turns, live, positions));
}

void mgr_rollout_turn_again(MgrRolloutTurns *turns, HlWriteSet *set, MgrLiveRollout *live, GArray *positions,
                            MgrRolloutDone done, gpointer user)
{
    Turn *turn = turn_new(turns, live, positions);

    turn->is_again = turn->is_retry = true;
    turn->done = done;
    turn->user = user;
    issue(set, turn);
}

void mgr_rollout_turn_put_back_next(MgrRolloutTurns *turns, MgrLiveRollout *live, GArray *positions)
{
    Turn *turn = turn_new(turns, live, positions);

    turn->is_again = true;
    issue(hl_write_set_new(), turn);
}

/* --------------------------------------------------------------------------------------------------------- put back */

/* What their earlier commands say from now on is not of the turn that is to come. */
static void fold_put_back(gpointer change)
{
    Turn *turn = change;
    MgrLiveRollout *live = turn->live;

    live->is_storing = false;
    mgr_rollout_begin_again(&live->core);
    for (guint i = 0; i < turn->positions->len; i++) {
        guint position = at(turn->positions, i);

        mgr_rollout_put_back(&live->core, position);
        live->commands->pdata[position] = NULL;
        live->belied[position] = false;
    }
    mgr_live_rollout_note(live, hl_clock_wall());
    turn->done(live, NULL, turn->user);
}

void mgr_rollout_turn_put_back(MgrRolloutTurns *turns, HlWriteSet *set, MgrLiveRollout *live, GArray *positions,
                               MgrRolloutDone done, gpointer user)
{
    static const MgrChangeKind kind = { fold_put_back, fail_empty, turn_free };
    Turn *turn = turn_new(turns, live, positions);

    turn->done = done;
    turn->user = user;
    live->is_storing = true;
    mgr_write_rollout_retry(set, live->record.id, positions, NULL);
    mgr_record_commit(turns->record, set, &kind, turn);
}

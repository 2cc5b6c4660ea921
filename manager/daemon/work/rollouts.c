/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/rollouts.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/work/held.h"
#include "manager/daemon/work/rollout_cancels.h"
#include "manager/daemon/work/rollout_counts.h"
#include "manager/daemon/work/rollout_judge.h"

#define TELL_EVERY HL_MINUTE

struct MgrRollouts {
    MgrRolloutsOptions parts;
    MgrRolloutTurns turns;
    GHashTable *live; /* id -> MgrLiveRollout *, owned */
    MgrRolloutCounts *ended;
    HlTime held_mono; /* when those that ended ones hold were looked at */
    char *halted;     /* ids of those that were told of as halted */
    HlTime told_mono; /* when that was */
};

/* -------------------------------------------------------------------------------------------------------- in memory */

static void free_live(gpointer live)
{
    mgr_live_rollout_free(live);
}

static void adopt(MgrRollouts *rollouts, MgrLiveRollout *live)
{
    g_hash_table_insert(rollouts->live, live->record.id, live);
}

MgrRollouts *mgr_rollouts_new(const MgrRolloutsOptions *options, GError **error)
{
    g_autoptr(MgrRollouts) rollouts = g_new0(MgrRollouts, 1);
    g_autoptr(GArray) records = mgr_rollout_records_new();

    rollouts->parts = *options;
    rollouts->turns = (MgrRolloutTurns){ options->fleet,
                                         options->record,
                                         options->commands,
                                         { options->fleet, options->status, options->delivery, options->console } };
    rollouts->ended = mgr_rollout_counts_new(options->record, options->fleet);
    rollouts->live = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_live);
    if (!mgr_registry_load_rollouts(mgr_record_reader(options->record), MGR_ROLLOUTS_OPEN, NULL,
                                    mgr_rollout_records_add, records, error))
        return NULL;
    for (guint i = 0; i < records->len; i++) {
        MgrLiveRollout *live =
            mgr_live_rollout_read(options->record, &g_array_index(records, MgrRolloutRecord, i), error);

        if (live == NULL)
            return NULL;
        adopt(rollouts, live);
    }
    return g_steal_pointer(&rollouts);
}

void mgr_rollouts_free(MgrRollouts *rollouts)
{
    if (rollouts == NULL)
        return;
    g_hash_table_unref(rollouts->live);
    mgr_rollout_counts_free(rollouts->ended);
    g_free(rollouts->halted);
    g_free(rollouts);
}

guint mgr_rollouts_count(const MgrRollouts *rollouts)
{
    return g_hash_table_size(rollouts->live);
}

bool mgr_rollouts_check_room(const MgrRollouts *rollouts, GError **error)
{
    return mgr_rollouts_count(rollouts) < MGR_ROLLOUTS_MAX ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_QUOTA, HL_NUMBER(MGR_ROLLOUTS_MAX), NULL);
}

GPtrArray *mgr_rollouts_all(const MgrRollouts *rollouts)
{
    return mgr_fleet_values(rollouts->live);
}

MgrLiveRollout *mgr_rollouts_find(const MgrRollouts *rollouts, const char *id)
{
    return g_hash_table_lookup(rollouts->live, id);
}

bool mgr_rollouts_count_ended(const MgrRollouts *rollouts, MgrRolloutRecord *record, GError **error)
{
    return mgr_rollout_counts_update(rollouts->ended, record, error);
}

const MgrLiveRollout *mgr_rollouts_of_settings(const MgrRollouts *rollouts, const char *group)
{
    GHashTableIter iter;
    gpointer live;

    g_hash_table_iter_init(&iter, rollouts->live);
    while (g_hash_table_iter_next(&iter, NULL, &live))
        if (strcmp(((const MgrLiveRollout *)live)->record.group, group) == 0)
            return live;
    return NULL;
}

static void answer(MgrRolloutDone done, const MgrLiveRollout *live, const GError *error, gpointer user)
{
    if (done != NULL)
        done(live, error, user);
}

/* One that is not under way any more, and was only looked at. */
static bool is_adopted(const MgrRollouts *rollouts, const MgrLiveRollout *live)
{
    return g_hash_table_lookup(rollouts->live, live->record.id) == live;
}

/* -------------------------------------------------------------------------------------------------------- by people */

/* A word of somebody on its way through the registry. */
typedef struct {
    MgrRollouts *rollouts;
    MgrLiveRollout *live;
    bool is_start;
    MgrRolloutWord word;
    HlTime at;
    GPtrArray *cancelled; /* of an abort: ids of commands; NULL */
    uint64_t counter;     /* of an abort of settings: mgr_trials_write_numbers */
    MgrRolloutDone done;
    gpointer user;
} Word;

static bool apply(MgrRollout *core, MgrRolloutWord word)
{
    switch (word) {
    case MGR_ROLLOUT_PAUSE:
        return mgr_rollout_pause(core);
    case MGR_ROLLOUT_RESUME:
        return mgr_rollout_resume(core, hl_clock_mono());
    case MGR_ROLLOUT_ABORT:
        return mgr_rollout_abort(core);
    }
    return false;
}

static void fold_word_of_settings(const Word *word)
{
    const MgrTrialsParts *trials = &word->rollouts->turns.trials;

    if (word->is_start)
        mgr_trials_fold_start(trials, &word->live->record);
    else if (word->live->core.state == MGR_ROLLOUT_ABORTED)
        mgr_trials_fold_abort(trials, &word->live->record, word->counter);
}

static void fold_word(gpointer change)
{
    const Word *word = change;
    MgrLiveRollout *live = word->live;

    live->is_storing = false;
    if (!word->is_start && apply(&live->core, word->word)) {
        if (live->core.state == MGR_ROLLOUT_ABORTED && mgr_live_rollout_is_of_settings(live))
            mgr_rollout_take_back(&live->core);
        mgr_live_rollout_note(live, hl_clock_wall());
    }
    if (mgr_live_rollout_is_of_settings(live))
        fold_word_of_settings(word);
    hl_info("rollout", "%s of %u endpoints (%s): %s", live->record.id, live->core.n, live->record.selector,
            mgr_rollout_state_name(live->core.state));
    answer(word->done, live, NULL, word->user);
    if (live->core.state == MGR_ROLLOUT_ABORTED) {
        mgr_rollout_cancels_fold(word->rollouts->parts.commands, word->cancelled, word->at);
        g_hash_table_remove(word->rollouts->live, live->record.id);
    }
}

static void fail_word(gpointer change, const GError *error)
{
    const Word *word = change;

    word->live->is_storing = false;
    answer(word->done, NULL, error, word->user);
    if (word->is_start)
        g_hash_table_remove(word->rollouts->live, word->live->record.id);
}

static void word_free(gpointer item)
{
    Word *word = item;

    g_clear_pointer(&word->cancelled, g_ptr_array_unref);
    g_free(word);
}

static const MgrChangeKind word_kind = { fold_word, fail_word, word_free };

void mgr_rollouts_start(MgrRollouts *rollouts, HlWriteSet *set, MgrRolloutRecord *record, const GPtrArray *endpoints,
                        MgrRolloutDone done, gpointer user)
{
    MgrLiveRollout *live;
    Word *word = g_new(Word, 1);

    record->id = hl_ident_new("r-");
    record->versions = g_strdup("");
    record->back_command = g_strdup("");
    record->back_by = g_strdup("");
    record->members = endpoints->len;
    record->started_at = record->changed_at = hl_clock_wall();
    live = mgr_live_rollout_new(record, endpoints);
    live->is_storing = true;
    adopt(rollouts, live); /* before it is stored: another start sees whose members they are */
    *word = (Word){ .rollouts = rollouts, .live = live, .is_start = true, .done = done, .user = user };
    mgr_write_rollout(set, &live->record, live->endpoints);
    if (mgr_live_rollout_is_of_settings(live))
        mgr_write_trial(set, &live->record);
    mgr_record_commit(rollouts->parts.record, set, &word_kind, word);
}

/* Whether a word can be stored now. */
static bool check_free(const MgrLiveRollout *live, GError **error)
{
    return !live->is_storing || mgr_refuse(error, MGR_REFUSE_ROLLOUT_WRITING, live->record.id, NULL);
}

void mgr_rollouts_say(MgrRollouts *rollouts, HlWriteSet *set, MgrLiveRollout *live, MgrRolloutWord what,
                      MgrRolloutDone done, gpointer user)
{
    static const char *const verbs[] = { N_("paused: only one that goes on can"),
                                         N_("resumed: only a paused or halted one can"), N_("aborted: it is over") };
    MgrRollout trial = live->core; /* a word changes none of the members */
    MgrRolloutRecord record = live->record;
    g_autoptr(GError) error = NULL;
    Word *word;

    if (check_free(live, &error) && !apply(&trial, what))
        mgr_refuse(&error, MGR_REFUSE_ROLLOUT_STATE, live->record.id, mgr_rollout_state_name(live->core.state),
                   verbs[what], NULL);
    if (error != NULL) {
        hl_write_set_free(set);
        answer(done, NULL, error, user);
        return;
    }
    record.state = trial.state;
    record.halt = trial.halt;
    record.ring = trial.ring;
    record.forgiven = trial.forgiven;
    memcpy(record.counts, trial.counts, sizeof record.counts);
    if (mgr_rollout_record_is_taken_back(&record))
        mgr_rollout_take_back_counts(record.counts);
    record.changed_at = hl_clock_wall();
    mgr_write_rollout_state(set, &record);
    live->is_storing = true;
    word = g_new(Word, 1);
    *word =
        (Word){ .rollouts = rollouts, .live = live, .word = what, .at = record.changed_at, .done = done, .user = user };
    if (what == MGR_ROLLOUT_ABORT)
        word->cancelled = mgr_rollout_cancels_write(live, rollouts->parts.fleet, set, word->at);
    if (what == MGR_ROLLOUT_ABORT && mgr_live_rollout_is_of_settings(live))
        word->counter = mgr_trials_write_numbers(&rollouts->turns.trials, set, &live->record, NULL);
    mgr_record_commit(rollouts->parts.record, set, &word_kind, word);
}

/* A retry on its way through the registry. */
typedef struct {
    MgrRollouts *rollouts;
    bool is_back; /* it was over, and is not under way unless this is stored */
    MgrRolloutDone done;
    gpointer user;
} Retry;

/* One that was under way stays so, also one whose end could not be stored yet. */
static void on_retried(const MgrLiveRollout *live, const GError *error, gpointer user)
{
    Retry *retry = user;

    answer(retry->done, error == NULL ? live : NULL, error, retry->user);
    if (error != NULL && retry->is_back)
        g_hash_table_remove(retry->rollouts->live, live->record.id);
    g_free(retry);
}

/* One that is over is read for each call: the first of them brings it back. */
static bool check_retry(const MgrRollouts *rollouts, const MgrLiveRollout *live, GError **error)
{
    const MgrLiveRollout *known = mgr_rollouts_find(rollouts, live->record.id);

    if (known == NULL && !mgr_rollouts_check_room(rollouts, error))
        return false;
    return check_free(known != NULL ? known : live, error);
}

void mgr_rollouts_retry(MgrRollouts *rollouts, HlWriteSet *set, MgrLiveRollout *live, MgrRolloutDone done,
                        gpointer user)
{
    g_autoptr(GArray) failed = mgr_rollout_find_failed(&live->core);
    MgrRolloutRecord record = live->record;
    bool is_back = !is_adopted(rollouts, live);
    g_autoptr(GError) error = NULL;
    Retry *retry;

    if (check_retry(rollouts, live, &error) && failed->len == 0)
        mgr_refuse(&error,
                   live->core.state == MGR_ROLLOUT_ABORTED ? MGR_REFUSE_ROLLOUT_ABORTED : MGR_REFUSE_ROLLOUT_NO_RETRY,
                   live->record.id, NULL);
    if (error != NULL) {
        hl_write_set_free(set);
        answer(done, NULL, error, user);
        if (is_back)
            mgr_live_rollout_free(live);
        return;
    }
    record.state = MGR_ROLLOUT_RUNNING;
    record.halt = MGR_HALT_NONE;
    record.forgiven = 0;
    record.changed_at = hl_clock_wall();
    mgr_write_rollout_state(set, &record);
    if (is_back)
        adopt(rollouts, live); /* before it is stored: another call finds it */
    retry = g_new(Retry, 1);
    *retry = (Retry){ rollouts, is_back, done, user };
    if (record.plan.rate > 0 && !mgr_live_rollout_is_of_settings(live))
        mgr_rollout_turn_put_back(&rollouts->turns, set, live, g_steal_pointer(&failed), on_retried, retry);
    else
        mgr_rollout_turn_again(&rollouts->turns, set, live, g_steal_pointer(&failed), on_retried, retry);
}

/* -------------------------------------------------------------------------------------------------------- by itself */

void mgr_rollouts_changed(MgrRollouts *rollouts, const MgrCommand *command)
{
    MgrLiveRollout *live = mgr_rollouts_find(rollouts, command->record.selector);
    gpointer id;

    mgr_rollout_counts_changed(rollouts->ended, command); /* or it may be over before it is asked for */
    if (live == NULL || !g_hash_table_lookup_extended(live->batches, command->record.id, &id, NULL))
        return;
    g_hash_table_remove(live->dirty, id);
    if (command->open == 0)
        mgr_live_rollout_look_at(live, command); /* it leaves the fleet right after */
    else
        g_hash_table_add(live->dirty, id);
}

/* To those who watch: that it halted, or is through. */
static void tell_event(const MgrRollouts *rollouts, const MgrLiveRollout *live, MgrRolloutState before)
{
    MgrRolloutState now = live->record.state;

    if (now != before && (now == MGR_ROLLOUT_HALTED || now == MGR_ROLLOUT_DONE))
        mgr_status_server_event(rollouts->parts.status, "rollout", mgr_rollout_state_name(before),
                                mgr_rollout_state_name(now), live->record.id);
}

/* The end of one of settings on its way through the registry. */
typedef struct {
    MgrRollouts *rollouts;
    MgrLiveRollout *live;
    MgrRolloutState before;
} Ending;

static void fold_ending(gpointer change)
{
    const Ending *ending = change;
    MgrLiveRollout *live = ending->live;

    tell_event(ending->rollouts, live, ending->before);
    mgr_trials_fold_end(&ending->rollouts->turns.trials, &live->record, live->record.changed_at);
    g_hash_table_remove(ending->rollouts->live, live->record.id);
}

/* Tried again with the next second. */
static void fail_ending(gpointer change, const GError *error)
{
    MgrLiveRollout *live = ((const Ending *)change)->live;

    live->is_storing = false;
    hl_log_limited(HL_LOG_ERROR, "rollout", live->record.id, "%s is through, and cannot be ended yet: %s",
                   live->record.id, error->message);
}

/* Its state and the group's next version are one set: nobody finds one without the other. */
static void end_settings(MgrRollouts *rollouts, MgrLiveRollout *live)
{
    static const MgrChangeKind kind = { fold_ending, fail_ending, g_free };
    HlWriteSet *set = hl_write_set_new();
    Ending *ending = g_new(Ending, 1);

    *ending = (Ending){ rollouts, live, live->record.state };
    mgr_live_rollout_note(live, hl_clock_wall());
    mgr_write_rollout_state(set, &live->record);
    mgr_rollout_write_news(set, live);
    mgr_trials_write_end(set, &live->record, live->record.changed_at);
    live->is_storing = true;
    mgr_record_commit(rollouts->parts.record, set, &kind, ending);
}

/* Those who are to try again first. */
static void have_turn(MgrRollouts *rollouts, MgrLiveRollout *live, guint n)
{
    g_autoptr(GArray) again = mgr_rollout_find_again(&live->core, n);

    if (again->len > 0)
        mgr_rollout_turn_put_back_next(&rollouts->turns, live, g_steal_pointer(&again));
    else
        mgr_rollout_turn_next(&rollouts->turns, live, n);
}

static void tick_one(MgrRollouts *rollouts, MgrLiveRollout *live)
{
    MgrRolloutState before = live->record.state;
    guint n;

    if (live->is_storing)
        return;
    mgr_held_look(live, rollouts->parts.fleet, rollouts->parts.commands);
    n = mgr_rollout_judge(live, rollouts->parts.fleet, rollouts->parts.record, hl_clock_mono());
    if (mgr_live_rollout_is_of_settings(live) && live->core.state == MGR_ROLLOUT_DONE) {
        end_settings(rollouts, live);
        return;
    }
    if (n > 0 && mgr_live_rollout_is_of_settings(live) && !mgr_trials_may_begin(&rollouts->turns.trials, &live->record))
        n = 0;
    mgr_rollout_write_change(live, rollouts->parts.record);
    tell_event(rollouts, live, before);
    if (mgr_rollout_is_over(&live->core))
        g_hash_table_remove(rollouts->live, live->record.id);
    else if (n > 0)
        have_turn(rollouts, live, n);
}

/* Of its members, each once; of one of settings whose they are. */
static json_t *groups_of(const MgrRollouts *rollouts, const MgrLiveRollout *live)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *groups = json_array();

    if (mgr_live_rollout_is_of_settings(live))
        json_array_append_new(groups, json_string(live->record.group));
    for (guint i = 0; i < live->endpoints->len && !mgr_live_rollout_is_of_settings(live); i++) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(rollouts->parts.fleet, live->endpoints->pdata[i]);

        if (endpoint != NULL && g_hash_table_add(names, endpoint->record.group))
            json_array_append_new(groups, json_string(endpoint->record.group));
    }
    return groups;
}

/* Members may be moved meanwhile: it is told again after a while, and not each second, for they are many. */
static void tell_halted(MgrRollouts *rollouts, const GPtrArray *sorted)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    HlTime now = hl_clock_mono();
    json_t *halted;

    for (guint i = 0; i < sorted->len; i++)
        g_string_append_printf(ids, "%s ", ((const MgrLiveRollout *)sorted->pdata[i])->record.id);
    if (g_strcmp0(ids->str, rollouts->halted) == 0 && now - rollouts->told_mono < TELL_EVERY)
        return;
    g_free(rollouts->halted);
    rollouts->halted = g_strdup(ids->str);
    rollouts->told_mono = now;
    halted = json_array();
    for (guint i = 0; i < sorted->len; i++) {
        const MgrLiveRollout *live = sorted->pdata[i];

        json_array_append_new(halted,
                              json_pack("{s:s, s:o}", "id", live->record.id, "groups", groups_of(rollouts, live)));
    }
    mgr_status_set_halted(rollouts->parts.status, halted);
}

static gint by_start(gconstpointer a, gconstpointer b)
{
    const MgrLiveRollout *one = *(MgrLiveRollout *const *)a, *other = *(MgrLiveRollout *const *)b;

    return one->record.started_at != other->record.started_at
               ? (one->record.started_at < other->record.started_at ? -1 : 1)
               : strcmp(one->record.id, other->record.id);
}

static void look_for_halted(MgrRollouts *rollouts)
{
    g_autoptr(GPtrArray) halted = mgr_rollouts_all(rollouts);

    for (guint i = halted->len; i > 0; i--)
        if (((const MgrLiveRollout *)halted->pdata[i - 1])->core.state != MGR_ROLLOUT_HALTED)
            g_ptr_array_remove_index(halted, i - 1);
    g_ptr_array_sort(halted, by_start);
    tell_halted(rollouts, halted);
}

void mgr_rollouts_count_states(const MgrRollouts *rollouts, guint counts[MGR_ROLLOUT_N_STATES])
{
    GHashTableIter iter;
    gpointer live;

    memset(counts, 0, MGR_ROLLOUT_N_STATES * sizeof *counts);
    g_hash_table_iter_init(&iter, rollouts->live);
    while (g_hash_table_iter_next(&iter, NULL, &live))
        counts[((const MgrLiveRollout *)live)->core.state]++;
}

void mgr_rollouts_tick(MgrRollouts *rollouts)
{
    g_autoptr(GPtrArray) all = mgr_rollouts_all(rollouts);

    for (guint i = 0; i < all->len; i++)
        tick_one(rollouts, all->pdata[i]);
    look_for_halted(rollouts);
    mgr_held_look_at_ended(rollouts->live, rollouts->parts.fleet, rollouts->parts.commands, &rollouts->held_mono);
}

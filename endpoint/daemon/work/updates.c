/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/updates.h"

#include <string.h>

#include "endpoint/core/round.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/work/active_set.h"
#include "endpoint/daemon/work/last_update.h"
#include "lib/base/exec.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/components.h"
#include "proto/updater_lines.h"

#define DEFAULT_TIMEOUT (30 * HL_MINUTE)
#define SHOW_TIMEOUT    HL_MINUTE
#define ROUND_LOOK      200 /* ms, while the settings of a round may come */
#define MAX_WAITING     64  /* users that press the button again and again */

struct EpUpdates {
    EpUpdatesOptions has;
    EpUpdateEnrolment enrolment; /* identity NULL: not enrolled */
    char *directory;
    EpActiveSet set;
    HlChild *child;
    bool showing; /* the child only says what is active */
    EpRound round;
    guint round_timer;     /* not 0: settings come first */
    char *rollback_reason; /* not NULL: what the engine did to the set that is gone back from */
    EpUpdateWork work;
    const char *trigger;
    HlTime timeout;
    GPtrArray *running, *waiting; /* EpUpdateRequest * */
    GPtrArray *telling;           /* GPtrArray of EpUpdateRequest *: those that hear of an end at this moment */
    bool with_program;            /* somebody who waits asked for the program's step */
    const char *component;        /* the work is about this one alone; NULL: about all, and the program */
    char *program;                /* what becomes of it, after this update; NULL: not judged */
    HlUpdaterResult result;       /* the last one of the child that runs */
    bool has_result;
    guint percent;
    char *what;
    EpLastUpdate last;
};

static void start_next(EpUpdates *updates);

EpStanding ep_updates_standing(const EpUpdates *updates)
{
    const EpUpdateEnrolment *enrolment = &updates->enrolment;

    if (enrolment->identity == NULL)
        return EP_NOT_ENROLLED;
    return enrolment->line_up(enrolment->user) ? EP_LINE_UP : EP_LINE_DOWN;
}

/* ------------------------------------------------------------------------------------------- the child's output */

static void tell_progress(EpUpdates *updates, const HlUpdaterProgress *progress)
{
    updates->percent = progress->percent;
    g_free(updates->what);
    updates->what = g_strdup(progress->what);
    ep_pulse_changed(updates->has.pulse);
    for (guint i = 0; i < updates->running->len; i++) {
        const EpUpdateRequest *request = updates->running->pdata[i];

        if (request->progress != NULL)
            request->progress(updates->percent, updates->what, request->user);
    }
}

static void clear_result(EpUpdates *updates)
{
    hl_updater_result_clear(&updates->result);
    updates->has_result = false;
}

static void on_line(const char *text, gpointer user)
{
    EpUpdates *updates = user;
    g_auto(HlUpdaterLine) line = { 0 };

    switch (hl_updater_line_parse(text, &line)) {
    case HL_UPDATER_LINE_OTHER:
        hl_debug("update", "%s", text);
        break;
    case HL_UPDATER_LINE_PROGRESS:
        tell_progress(updates, &line.progress);
        break;
    case HL_UPDATER_LINE_RESULT:
        clear_result(updates);
        updates->result = hl_updater_line_steal(&line);
        updates->has_result = true;
        break;
    }
}

/* ------------------------------------------------------------------------------------------------------ the end */

/* Settings, patterns, program: what the update notification says of each. */
static char *describe_round(const EpUpdates *updates, const EpUpdateEnd *end)
{
    const EpSettingsOrigin *origin = ep_settings_origin(updates->has.settings);
    g_autofree char *patterns =
        g_strdup_printf("%s%s%s", updates->rollback_reason != NULL ? updates->rollback_reason : "",
                        updates->rollback_reason != NULL ? "; " : "", end->detail);
    EpRoundFacts facts = { .patterns = patterns,
                           .group = origin->group,
                           .version = origin->version,
                           .line_up = ep_updates_standing(updates) == EP_LINE_UP,
                           .program = updates->component == NULL ? updates->program : NULL };

    return ep_round_tell(&facts);
}

static bool spool_notification(EpUpdates *updates, const EpUpdateEnd *end, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgUpdateNotification notification = HOLDLINE__V1__UPDATE_NOTIFICATION__INIT;
    g_autofree char *detail = describe_round(updates, end);
    bool spooled;

    notification.trigger = hl_unconst(updates->trigger);
    notification.succeeded = end->succeeded && updates->rollback_reason == NULL;
    notification.detail = detail;
    notification.source = hl_unconst(end->source);
    notification.patterns = hl_components_parse(end->patterns, &notification.n_patterns);
    report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    report.update = &notification;
    spooled = ep_spool_add(updates->enrolment.spool, &report, EP_SPOOL_MERGE, "update", error);
    hl_components_free(notification.patterns, notification.n_patterns);
    return spooled;
}

static bool store_end(EpUpdates *updates, const EpUpdateEnd *end, GError **error)
{
    HlDb *db = updates->has.db;
    g_autofree char *event =
        g_strdup_printf("%s, %s%s%s", updates->trigger, end->detail, *end->patterns != '\0' ? ": " : "", end->patterns);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, db, error) && ep_active_set_store(&updates->set, error) &&
           ep_last_update_store(&updates->last, db, error) &&
           ep_store_add_event(db, hl_clock_wall(), updates->work == EP_UPDATE_ROLLBACK ? "rollback" : "update", event,
                              error) &&
           (updates->enrolment.identity == NULL || spool_notification(updates, end, error)) &&
           hl_txn_commit(&txn, error);
}

/* A callback may end one of the others: a connection that is closed because it does not read takes all its requests
 * with it.  So they stay where ep_updates_forget finds them until each was told; and a callback may ask for the next
 * update, whose end comes before this one returns, so there may be several such lists. */
static void tell_waiters(EpUpdates *updates, const EpUpdateEnd *end)
{
    GPtrArray *waiters = updates->running;

    updates->running = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(updates->telling, waiters);
    for (guint i = 0; i < waiters->len; i++) {
        const EpUpdateRequest *request = waiters->pdata[i];

        if (request->done != NULL)
            request->done(end, request->user);
    }
    g_ptr_array_remove_index(updates->telling, updates->telling->len - 1);
}

static void note_end(EpUpdates *updates, const EpUpdateEnd *end)
{
    HlTime now = hl_clock_wall();
    bool updated = end->succeeded && updates->work == EP_UPDATE_UPDATE;
    bool changed = strcmp(end->patterns, updates->set.patterns) != 0;

    ep_last_update_set(&updates->last, &(EpLastUpdate){ .at = now,
                                                        .succeeded = end->succeeded,
                                                        .trigger = hl_unconst(updates->trigger),
                                                        .detail = hl_unconst(end->detail),
                                                        .source = hl_unconst(end->source),
                                                        .succeeded_at = updated ? now : updates->last.succeeded_at,
                                                        .changed_at = changed ? now : updates->last.changed_at });
}

static bool is_program_left(const EpUpdates *updates)
{
    return updates->component != NULL ||
           (ep_settings_values(updates->has.settings)->program_upgrade == HL_PROGRAM_ROLLOUT && !updates->with_program);
}

/* The third step, also where the patterns' one failed. */
static EpUpgradePlan judge_program(EpUpdates *updates)
{
    static const HlUpdaterProgram none = { .outcome = HL_UPDATER_PROGRAM_UNTOLD };
    EpProgramFacts facts = { .offer = updates->has_result ? &updates->result.program : &none,
                             .blocked = ep_settings_values(updates->has.settings)->block_program_upgrade,
                             .left = is_program_left(updates),
                             .line_up = ep_updates_standing(updates) == EP_LINE_UP };
    EpProgramJudgement judgement = ep_program_judge(updates->has.program, &facts);

    g_free(updates->program);
    updates->program = judgement.words;
    return judgement.plan;
}

/* Those who wait hear that another version is being installed, and do not wait for it: it ends this process. */
static void tell_end(EpUpdates *updates, const EpUpdateEnd *end, EpUpgradePlan plan)
{
    g_autofree char *detail = g_strdup_printf("%s; program: %s", end->detail, updates->program);
    EpUpdateEnd with_program = *end;

    with_program.detail = detail;
    tell_waiters(updates, plan == EP_PLAN_BEGIN ? &with_program : end);
}

static void finish(EpUpdates *updates, const EpUpdateEnd *end)
{
    EpUpgradePlan plan = judge_program(updates);
    bool back = updates->work == EP_UPDATE_ROLLBACK && end->succeeded;
    EpActiveSetDirection direction = back ? EP_ACTIVE_SET_BACK : EP_ACTIVE_SET_FORWARD;
    g_autoptr(GError) error = NULL;

    note_end(updates, end); /* it compares with the set that was active */
    ep_active_set_become(&updates->set, end->patterns, direction);
    hl_log(end->succeeded ? HL_LOG_INFO : HL_LOG_WARN, "update", "%s: %s", updates->trigger, end->detail);
    if (store_end(updates, end, &error))
        ep_trouble_store_worked(updates->has.trouble);
    else
        ep_trouble_store_failed(updates->has.trouble, "an update's result", error);
    g_clear_pointer(&updates->rollback_reason, g_free);
    ep_pulse_changed(updates->has.pulse);
    if (updates->has.set_changed != NULL)
        updates->has.set_changed(updates->has.user);
    /* after the notification is spooled: reports go in order, and a command's end must not come before what it did */
    tell_end(updates, end, plan);
    if (updates->enrolment.identity != NULL)
        ep_spool_pump(updates->enrolment.spool);
    ep_program_begin(updates->has.program); /* last: nothing of this update is open any longer */
}

/* The work ended without a child's result: the active set is what it was. */
static void finish_failed(EpUpdates *updates, const char *code, const char *detail, bool timed_out)
{
    g_autofree char *patterns = g_strdup(updates->set.patterns);
    EpUpdateEnd end = { .timed_out = timed_out, .code = code, .detail = detail, .source = "", .patterns = patterns };

    finish(updates, &end);
}

static void finish_with_result(EpUpdates *updates, const HlChildEnd *child)
{
    const HlUpdaterResult *result = &updates->result;
    g_autofree char *patterns = g_strdup(result->components != NULL ? result->components : updates->set.patterns);
    bool succeeded = result->outcome != HL_UPDATER_FAILED;
    EpUpdateEnd end = { .succeeded = succeeded,
                        .timed_out = child->timed_out && !succeeded,
                        .code = result->code,
                        .detail = result->message,
                        .source = result->source,
                        .patterns = patterns };

    finish(updates, &end);
}

static void finish_crashed(EpUpdates *updates, const HlChildEnd *child)
{
    g_autofree char *errors = g_utf8_make_valid(child->errors, -1);
    g_autofree char *detail =
        child->timed_out ? g_strdup("it took too long and was stopped")
                         : g_strdup_printf("the updater ended with %s %d: %s", child->exited ? "status" : "signal",
                                           child->status, g_strstrip(errors));

    finish_failed(updates, "failed", detail, child->timed_out);
}

/* What is active at the start.  Another set than the last one here was made active by hand: when is not known. */
static void adopt_shown(EpUpdates *updates)
{
    if (strcmp(updates->result.components, updates->set.patterns) == 0)
        return;
    updates->last.changed_at = 0;
    ep_active_set_adopt(&updates->set, updates->result.components);
    ep_pulse_changed(updates->has.pulse);
}

static void on_done(const HlChildEnd *child, gpointer user)
{
    EpUpdates *updates = user;

    updates->child = NULL;
    if (!updates->showing) {
        if (updates->has_result)
            finish_with_result(updates, child);
        else
            finish_crashed(updates, child);
    } else if (updates->has_result && updates->result.components != NULL) {
        adopt_shown(updates);
    }
    updates->showing = false;
    clear_result(updates);
    start_next(updates);
}

/* ---------------------------------------------------------------------------------------------------- the start */

static EpUpdaterContext context_of(const EpUpdates *updates)
{
    return (EpUpdaterContext){ .conf = updates->has.conf,
                               .settings = ep_settings_values(updates->has.settings),
                               .identity = updates->enrolment.identity,
                               .directory = updates->directory };
}

static bool start_child(EpUpdates *updates, const GPtrArray *argv, HlTime deadline, GError **error)
{
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = deadline;
    updates->percent = 0;
    g_free(updates->what);
    updates->what = g_strdup("");
    updates->child = hl_child_start(&spec, on_line, on_done, updates, error);
    return updates->child != NULL;
}

/* false: everybody was told. */
static bool launch(EpUpdates *updates)
{
    const EpUpdateEnrolment *enrolment = &updates->enrolment;
    g_auto(GStrv) servers = enrolment->identity != NULL ? enrolment->servers(enrolment->user) : NULL;
    g_autofree char *program = is_program_left(updates) ? NULL : ep_program_directory(updates->has.program);
    EpUpdaterContext context = context_of(updates);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = NULL;

    context.servers = (const char *const *)servers;
    context.program = program;
    context.component = updates->component;
    argv = ep_updater_arguments(&context, updates->work, updates->timeout, &error);
    if (argv != NULL && start_child(updates, argv, updates->timeout, &error))
        return true;
    finish_failed(updates, hl_error_name(hl_error_code(error)), error->message, false);
    return false;
}

static bool is_busy(const EpUpdates *updates)
{
    return updates->child != NULL || updates->round_timer != 0;
}

static bool is_same_work(const EpUpdates *updates, const EpUpdateRequest *request)
{
    return updates->work == request->work && g_strcmp0(updates->component, request->component) == 0;
}

/* Everybody who waits for the same work as the first one joins it. */
static void gather(EpUpdates *updates)
{
    const EpUpdateRequest *first = updates->waiting->pdata[0];
    bool patient = first->patient;

    updates->work = first->work;
    updates->component = first->component;
    updates->trigger = first->trigger;
    updates->with_program = false;
    updates->timeout = first->timeout > 0 ? first->timeout : DEFAULT_TIMEOUT;
    for (guint i = 0; i < updates->waiting->len;) {
        const EpUpdateRequest *request = updates->waiting->pdata[i];

        if (is_same_work(updates, request)) {
            patient = patient && request->patient;
            updates->with_program = updates->with_program || request->program;
            g_ptr_array_add(updates->running, g_ptr_array_steal_index(updates->waiting, i));
        } else {
            i++;
        }
    }
    updates->percent = 0; /* not the last one's, while the settings come first */
    g_free(updates->what);
    updates->what = g_strdup("");
    ep_round_begin(&updates->round, !patient, hl_clock_mono());
    ep_pulse_changed(updates->has.pulse);
}

static bool are_settings_done(EpUpdates *updates)
{
    EpStanding standing = ep_updates_standing(updates);

    return standing == EP_NOT_ENROLLED ||
           ep_round_settings_done(&updates->round, standing == EP_LINE_UP, hl_clock_mono());
}

static gboolean on_round_look(gpointer user)
{
    EpUpdates *updates = user;

    if (!are_settings_done(updates))
        return G_SOURCE_CONTINUE;
    updates->round_timer = 0;
    if (!launch(updates))
        start_next(updates);
    return G_SOURCE_REMOVE;
}

static void start_next(EpUpdates *updates)
{
    while (!is_busy(updates) && updates->waiting->len > 0) {
        gather(updates);
        if (!are_settings_done(updates))
            updates->round_timer = g_timeout_add(ROUND_LOOK, on_round_look, updates);
        else if (launch(updates))
            break;
    }
}

void ep_updates_request(EpUpdates *updates, const EpUpdateRequest *request)
{
    bool joins = is_busy(updates) && !updates->showing && is_same_work(updates, request) &&
                 (updates->with_program || !request->program);
    EpUpdateEnd full = { .code = "limit", .detail = "too many updates are waiting", .source = "", .patterns = "" };

    if (updates->waiting->len + updates->running->len >= MAX_WAITING) {
        if (request->done != NULL)
            request->done(&full, request->user);
        return;
    }
    if (joins && !request->patient)
        updates->round.until = hl_clock_mono();
    g_ptr_array_add(joins ? updates->running : updates->waiting, g_memdup2(request, sizeof *request));
    start_next(updates);
}

static void forget_in(const GPtrArray *requests, gconstpointer user)
{
    for (guint i = 0; i < requests->len; i++) {
        EpUpdateRequest *request = requests->pdata[i];

        if (request->user == user) {
            request->progress = NULL;
            request->done = NULL;
            request->user = NULL;
        }
    }
}

void ep_updates_forget(EpUpdates *updates, gconstpointer user)
{
    forget_in(updates->running, user);
    forget_in(updates->waiting, user);
    for (guint i = 0; i < updates->telling->len; i++)
        forget_in(updates->telling->pdata[i], user);
}

/* ------------------------------------------------------------------------------------------------ the active set */

bool ep_updates_on_probation(const EpUpdates *updates)
{
    return updates->set.probation.armed && !is_busy(updates);
}

void ep_updates_engine_ended(EpUpdates *updates, EpEngineEnd end, const char *how)
{
    EpUpdateRequest request = { .work = EP_UPDATE_ROLLBACK, .trigger = "engine-failure" };

    if (is_busy(updates)) /* the set is about to be another one */
        return;
    if (!ep_probation_engine_ended(&updates->set.probation, end, hl_clock_mono()))
        return;
    g_free(updates->rollback_reason);
    updates->rollback_reason = g_strdup_printf(
        "the engine failed %d times after the change of patterns, most recently: %.200s", EP_PROBATION_FAILURES, how);
    hl_warn("update", "%s; going back", updates->rollback_reason);
    ep_updates_request(updates, &request);
}

const char *ep_updates_patterns(const EpUpdates *updates)
{
    return updates->set.patterns;
}

const char *ep_updates_directory(const EpUpdates *updates)
{
    return updates->directory;
}

static bool is_running(const EpUpdates *updates)
{
    return is_busy(updates) && !updates->showing;
}

EpUpdateView ep_updates_view(const EpUpdates *updates)
{
    return (EpUpdateView){ .running = is_running(updates),
                           .percent = updates->percent,
                           .what = updates->what != NULL ? updates->what : "",
                           .trigger = is_running(updates) ? updates->trigger : "",
                           .last_at = updates->last.at,
                           .last_succeeded = updates->last.succeeded,
                           .last_trigger = updates->last.trigger != NULL ? updates->last.trigger : "",
                           .last_detail = updates->last.detail,
                           .last_source = updates->last.source,
                           .succeeded_at = updates->last.succeeded_at,
                           .changed_at = updates->last.changed_at };
}

/* --------------------------------------------------------------------------------------------------------- life */

static void show(EpUpdates *updates)
{
    EpUpdaterContext context = context_of(updates);
    g_autoptr(GPtrArray) argv = ep_updater_show_arguments(&context);
    g_autoptr(GError) error = NULL;

    updates->showing = start_child(updates, argv, SHOW_TIMEOUT, &error);
    if (!updates->showing)
        hl_warn("update", "%s (updater.program in endpoint.conf)", error->message);
}

EpUpdates *ep_updates_new(const EpUpdatesOptions *options)
{
    EpUpdates *updates = g_new0(EpUpdates, 1);

    updates->has = *options;
    updates->directory = g_build_filename(options->conf->state_dir, "patterns", NULL);
    ep_active_set_load(&updates->set, options->db, options->trouble);
    updates->running = g_ptr_array_new_with_free_func(g_free);
    updates->waiting = g_ptr_array_new_with_free_func(g_free);
    updates->telling = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    ep_last_update_load(&updates->last, options->db);
    show(updates);
    return updates;
}

void ep_updates_enrol(EpUpdates *updates, const EpUpdateEnrolment *enrolment)
{
    updates->enrolment = enrolment != NULL ? *enrolment : (EpUpdateEnrolment){ 0 };
}

void ep_updates_free(EpUpdates *updates)
{
    if (updates == NULL)
        return;
    g_clear_pointer(&updates->child, hl_child_abandon);
    g_clear_handle_id(&updates->round_timer, g_source_remove);
    g_ptr_array_unref(updates->running);
    g_ptr_array_unref(updates->waiting);
    g_ptr_array_unref(updates->telling);
    clear_result(updates);
    g_free(updates->directory);
    ep_active_set_clear(&updates->set);
    g_free(updates->what);
    ep_last_update_clear(&updates->last);
    g_free(updates->rollback_reason);
    g_free(updates->program);
    g_free(updates);
}

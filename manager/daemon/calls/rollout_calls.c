/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/rollout_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "manager/core/meant.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/group_trial.h"
#include "manager/daemon/calls/rollout_document.h"
#include "manager/daemon/calls/rollout_plan.h"
#include "manager/daemon/calls/rollout_waits.h"
#include "manager/daemon/ground/selector.h"
#include "manager/daemon/work/rollout_back.h"
#include "manager/daemon/work/rollout_cancels.h"
#include "manager/daemon/work/rollout_judge.h"
#include "manager/daemon/work/rollout_reach.h"
#include "proto/components.h"

struct MgrRolloutCalls {
    MgrRolloutCallsOptions parts;
    MgrGroupTrialOptions trial;
};

/* ------------------------------------------------------------------------------------------------------------- find */

/* ",GROUP,GROUP,", as the registry compares them; NULL: all.  Caller frees. */
static char *groups_of(const MgrCaller *caller)
{
    g_autofree char *names = caller->groups != NULL ? g_strjoinv(",", caller->groups) : NULL;

    return names != NULL ? g_strdup_printf(",%s,", names) : NULL;
}

/* One with a member outside of the caller's groups is not there.  A member that is no longer registered belongs to
 * nobody.  One of settings is its group's, also when a member has left that. */
static bool sees_all(const MgrRolloutCalls *calls, const MgrCaller *caller, const MgrLiveRollout *live)
{
    bool is_some = caller->groups == NULL;

    if (mgr_live_rollout_is_of_settings(live))
        return mgr_caller_sees(caller, live->record.group);
    for (guint i = 0; i < live->endpoints->len && caller->groups != NULL; i++) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(calls->parts.fleet, live->endpoints->pdata[i]);

        if (endpoint != NULL && !mgr_caller_sees(caller, endpoint->record.group))
            return false;
        is_some |= endpoint != NULL;
    }
    return is_some;
}

/* Only those under way are near: the registry may have any number of ended ones. */
static bool fail_unknown(const MgrRolloutCalls *calls, const MgrCaller *caller, const char *id, GError **error)
{
    g_autoptr(GPtrArray) all = mgr_rollouts_all(calls->parts.rollouts);
    MgrMeant meant;
    g_autofree char *near = NULL;

    mgr_meant_begin(&meant, id);
    for (guint i = 0; i < all->len; i++)
        if (sees_all(calls, caller, all->pdata[i]))
            mgr_meant_consider(&meant, ((const MgrLiveRollout *)all->pdata[i])->record.id, NULL);
    near = mgr_meant_end(&meant);
    return near != NULL ? mgr_refuse(error, MGR_REFUSE_ROLLOUT_NEAR, id, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_ROLLOUT_UNKNOWN, id, NULL);
}

static MgrLiveRollout *find_ended(const MgrRolloutCalls *calls, const MgrCaller *caller, const char *id, GError **error)
{
    g_autofree char *groups = groups_of(caller);
    g_autoptr(GArray) records = mgr_rollout_records_new();

    if (!mgr_registry_load_rollout(mgr_record_reader(calls->parts.record), id, groups, mgr_rollout_records_add, records,
                                   error))
        return NULL;
    if (records->len == 0) {
        fail_unknown(calls, caller, id, error);
        return NULL;
    }
    return mgr_rollout_read_ended(calls->parts.record, calls->parts.fleet, &g_array_index(records, MgrRolloutRecord, 0),
                                  error);
}

/* What a call names: in memory while it is under way, else *ended, which is the caller's.  NULL with an error. */
static MgrLiveRollout *find(const MgrRolloutCalls *calls, const MgrCall *call, MgrLiveRollout **ended, GError **error)
{
    const char *id = mgr_call_argument(call, "rollout");
    MgrLiveRollout *live = mgr_rollouts_find(calls->parts.rollouts, id);

    if (live != NULL && sees_all(calls, mgr_call_caller(call), live))
        return live;
    *ended = find_ended(calls, mgr_call_caller(call), id, error);
    return *ended;
}

/* An operator decides about their own; others take the right to manage, as do settings. */
static bool check_own(const MgrRolloutCalls *calls, const MgrCall *call, const MgrLiveRollout *live, GError **error)
{
    const MgrCaller *caller = mgr_call_caller(call);
    bool is_own = strcmp(live->record.issuer, caller->account) == 0 &&
                  mgr_accounts_did(calls->parts.fleet->accounts, caller->account, live->record.started_at);

    return mgr_role_may(caller->role, MGR_NEED_MANAGE) || (is_own && !mgr_live_rollout_is_of_settings(live)) ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_NOT_YOURS, live->record.id, live->record.issuer,
                      mgr_role_name(mgr_need_role(MGR_NEED_MANAGE)), caller->account, mgr_role_name(caller->role),
                      NULL);
}

static void answer(const MgrLiveRollout *live, const GError *error, gpointer user)
{
    if (error != NULL)
        mgr_call_fail(user, error);
    else
        mgr_call_done(user, mgr_rollout_document(live));
}

static HlWriteSet *noted_set(MgrCall *call)
{
    HlWriteSet *set = hl_write_set_new();

    mgr_call_note(call, set);
    return set;
}

/* ------------------------------------------------------------------------------------------------------------ start */

/* Whether it is about the program, of which there has to be a version. */
static bool read_program(const MgrRolloutCalls *calls, const MgrCall *call, bool *about_program, GError **error)
{
    const char *text = mgr_call_argument(call, "program");

    *about_program = g_strcmp0(text, "yes") == 0;
    if (text != NULL && !*about_program && strcmp(text, "no") != 0)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_PROGRAM_FLAG, text, NULL);
    return !*about_program || *calls->parts.fleet->program != '\0' ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_NO_PROGRAM, NULL);
}

/* Whether it is about one component of the patterns, of which there has to be a version. */
static bool read_component(const MgrRolloutCalls *calls, const MgrCall *call, bool about_program,
                           const char **component, GError **error)
{
    const char *text = mgr_call_argument(call, "component");
    g_autofree char *offered = NULL;

    *component = "";
    if (text == NULL)
        return true;
    if (about_program)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_ONE_THING, NULL);
    *component = hl_component_find(text);
    if (*component == NULL)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_COMPONENT, text, NULL);
    offered = hl_components_only(calls->parts.fleet->latest, *component);
    return *offered != '\0' ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_NO_COMPONENT, *component,
                      *calls->parts.fleet->latest != '\0' ? calls->parts.fleet->latest : "no patterns", NULL);
}

/* One of those who are in another roll-out, and how many more there are.  Of a roll-out that goes beyond the caller's
 * groups it is not told which it is. */
static bool fail_member(const MgrLiveRollout *other, const char *endpoint, guint more, bool is_told, GError **error)
{
    const char *id = other->record.id;
    const char *state = mgr_rollout_state_name(other->core.state);

    if (more == 0)
        return is_told ? mgr_refuse(error, MGR_REFUSE_ROLLOUT_MEMBER, endpoint, id, state, NULL)
                       : mgr_refuse(error, MGR_REFUSE_ROLLOUT_MEMBER_ELSEWHERE, endpoint, NULL);
    return is_told ? mgr_refuse(error, MGR_REFUSE_ROLLOUT_MEMBERS, endpoint, HL_NUMBER(more), id, state, NULL)
                   : mgr_refuse(error, MGR_REFUSE_ROLLOUT_MEMBERS_ELSEWHERE, endpoint, HL_NUMBER(more), NULL);
}

/* The same update by two roll-outs at a time would reach those PCs in the ring of the faster one, and each would be
 * judged by what the other did. */
static bool check_alone(const MgrRolloutCalls *calls, const MgrCall *call, const MgrRolloutRecord *record,
                        const GPtrArray *endpoints, GError **error)
{
    g_autoptr(GPtrArray) all = mgr_rollouts_all(calls->parts.rollouts);

    for (guint i = 0; i < all->len; i++) {
        const MgrLiveRollout *other = all->pdata[i];
        const MgrEndpoint *one;
        guint n = mgr_live_rollout_shares(other, record, endpoints, &one);

        if (n > 0)
            return fail_member(other, one->record.id, n - 1, sees_all(calls, mgr_call_caller(call), other), error);
    }
    return true;
}

static void start(const MgrRolloutCalls *calls, MgrCall *call)
{
    const char *selector = mgr_call_argument(call, "selector");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = mgr_selector_select(calls->parts.fleet, mgr_call_caller(call), selector, &error);
    g_autoptr(GPtrArray) order = all != NULL ? mgr_rollout_order(all) : NULL;
    g_auto(MgrRolloutRecord) record = { 0 };
    const char *component = "";
    bool about_program = false;

    if (order != NULL && order->len == 0)
        mgr_refuse(&error, MGR_REFUSE_COMMAND_REVOKED, selector, NULL);
    if (order == NULL || error != NULL || !mgr_rollouts_check_room(calls->parts.rollouts, &error) ||
        !mgr_rollout_read_plan(call, &record.plan, &error) || !read_program(calls, call, &about_program, &error) ||
        !read_component(calls, call, about_program, &component, &error) ||
        !mgr_rollout_leave_out(order, about_program, component, selector, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    record.program = g_strdup(about_program ? calls->parts.fleet->program : "");
    record.component = g_strdup(component);
    record.group = g_strdup("");
    record.settings = g_strdup("");
    if (!check_alone(calls, call, &record, order, &error) || !mgr_call_may_change(call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    record.selector = g_strdup(selector);
    record.issuer = g_strdup(mgr_call_admin(call));
    mgr_rollouts_start(calls->parts.rollouts, noted_set(call), &record, order, answer, call);
}

/* A start that waits until it is known what is offered. */
typedef struct {
    const MgrRolloutCalls *calls;
    MgrCall *call;
} Start;

static void on_read(bool is_read, gpointer user)
{
    g_autofree Start *waiting = user;
    g_autoptr(GError) error = NULL;

    if (is_read) {
        start(waiting->calls, waiting->call);
        return;
    }
    mgr_refuse(&error, MGR_REFUSE_PATTERNS_UNREAD, NULL);
    mgr_call_fail(waiting->call, error);
}

/* One of what is offered is of a version.  With that of before the last release, which PCs have already, each would
 * have succeeded before its update began. */
static void call_start(MgrCall *call, gpointer user)
{
    const MgrRolloutCalls *calls = user;
    Start *waiting;

    if (mgr_call_argument(call, "program") == NULL && mgr_call_argument(call, "component") == NULL) {
        start(calls, call);
        return;
    }
    waiting = g_new(Start, 1);
    *waiting = (Start){ calls, call };
    mgr_patterns_when_read(calls->parts.patterns, on_read, waiting);
}

/* ------------------------------------------------------------------------------------------------------------- look */

static void call_show(MgrCall *call, gpointer user)
{
    const MgrRolloutCalls *calls = user;
    g_autoptr(MgrLiveRollout) ended = NULL;
    g_autoptr(GError) error = NULL;
    const MgrLiveRollout *live = find(calls, call, &ended, &error);
    json_t *document;

    if (live == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    document = mgr_rollout_document(live);
    json_object_set_new(document, "waiting", mgr_rollout_waits(calls->parts.fleet, live));
    mgr_rollout_add_unsuccessful(document, calls->parts.fleet, mgr_call_caller(call), live);
    mgr_call_done(call, document);
}

static bool count_ended(const MgrRolloutCalls *calls, GArray *records, GError **error)
{
    for (guint i = 0; i < records->len; i++) {
        MgrRolloutRecord *record = &g_array_index(records, MgrRolloutRecord, i);

        if (mgr_rollouts_find(calls->parts.rollouts, record->id) == NULL &&
            !mgr_rollouts_count_ended(calls->parts.rollouts, record, error))
            return false;
    }
    return true;
}

static json_t *listed(const MgrRolloutCalls *calls, const GArray *records, guint i)
{
    const MgrRolloutRecord *record = &g_array_index(records, MgrRolloutRecord, i);

    return mgr_rollout_listed(record, mgr_rollouts_find(calls->parts.rollouts, record->id));
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrRolloutCalls *calls = user;
    g_autofree char *groups = groups_of(mgr_call_caller(call));
    g_autoptr(GArray) records = mgr_rollout_records_new();
    g_autoptr(GError) error = NULL;
    json_t *array;

    if (!mgr_registry_load_rollouts(mgr_record_reader(calls->parts.record), MGR_ROLLOUTS_LATEST, groups,
                                    mgr_rollout_records_add, records, &error) ||
        !count_ended(calls, records, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    array = json_array();
    for (guint i = 0; i < records->len; i++)
        json_array_append_new(array, listed(calls, records, i));
    mgr_call_done_list(call, "rollouts", array, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ steer */

static void say(const MgrRolloutCalls *calls, MgrCall *call, MgrRolloutWord word)
{
    g_autoptr(MgrLiveRollout) ended = NULL;
    g_autoptr(GError) error = NULL;
    MgrLiveRollout *live = find(calls, call, &ended, &error);

    if (live != NULL && ended != NULL)
        mgr_refuse(&error, MGR_REFUSE_ROLLOUT_OVER, live->record.id, mgr_rollout_state_name(live->core.state), NULL);
    if (error == NULL && check_own(calls, call, live, &error) && mgr_call_may_change(call, &error))
        mgr_rollouts_say(calls->parts.rollouts, noted_set(call), live, word, answer, call);
    else
        mgr_call_fail(call, error);
}

static void call_pause(MgrCall *call, gpointer user)
{
    say(user, call, MGR_ROLLOUT_PAUSE);
}

static void call_resume(MgrCall *call, gpointer user)
{
    say(user, call, MGR_ROLLOUT_RESUME);
}

static void call_abort(MgrCall *call, gpointer user)
{
    say(user, call, MGR_ROLLOUT_ABORT);
}

static bool check_others(const MgrRolloutCalls *calls, const MgrCall *call, const MgrLiveRollout *ended, GError **error)
{
    g_autoptr(GArray) failed = mgr_rollout_find_failed(&ended->core);
    g_autoptr(GPtrArray) endpoints = g_ptr_array_new();

    for (guint i = 0; i < failed->len; i++) {
        const char *id = ended->endpoints->pdata[g_array_index(failed, guint, i)];
        MgrEndpoint *endpoint = mgr_fleet_endpoint(calls->parts.fleet, id);

        if (endpoint != NULL)
            g_ptr_array_add(endpoints, endpoint);
    }
    return check_alone(calls, call, &ended->record, endpoints, error);
}

/* What was taken back does not come again. */
static bool check_back(const MgrLiveRollout *live, GError **error)
{
    const MgrRolloutRecord *record = &live->record;

    return *record->back_command == '\0' ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_BACK, record->id, record->back_by, record->back_command, NULL);
}

/* One that is over comes back by a retry: others may have its members by now.  One of settings does not: who lacks them
 * is sent them like everybody. */
static bool check_retry(const MgrRolloutCalls *calls, const MgrCall *call, const MgrLiveRollout *ended, GError **error)
{
    if (mgr_live_rollout_is_of_settings(ended) && ended->core.state == MGR_ROLLOUT_DONE)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_SETTINGS_DONE, ended->record.id, ended->record.group, NULL);
    return check_back(ended, error) && check_others(calls, call, ended, error);
}

static void call_retry(MgrCall *call, gpointer user)
{
    const MgrRolloutCalls *calls = user;
    g_autoptr(MgrLiveRollout) ended = NULL;
    g_autoptr(GError) error = NULL;
    MgrLiveRollout *live = find(calls, call, &ended, &error);

    if (live == NULL || !check_own(calls, call, live, &error) ||
        (ended != NULL && !check_retry(calls, call, ended, &error)) || !mgr_call_may_change(call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    (void)g_steal_pointer(&ended); /* taken, or NULL */
    mgr_rollouts_retry(calls->parts.rollouts, noted_set(call), live, answer, call);
}

/* -------------------------------------------------------------------------------------------------------- roll back */

typedef struct {
    const MgrRolloutCalls *calls;
    MgrCall *call;
    char *rollout;
    GPtrArray *cancelled; /* ids of commands */
    HlTime at;
} Back;

static void back_free(Back *back)
{
    g_ptr_array_unref(back->cancelled);
    g_free(back->rollout);
    g_free(back);
}

static void on_rolled_back(const MgrCommandResult *result, gpointer user)
{
    Back *back = user;
    g_autoptr(GError) error = NULL;

    if (result->outcome == MGR_COMMAND_STORED) {
        mgr_rollout_cancels_fold(back->calls->parts.commands, back->cancelled, back->at);
        mgr_call_done(back->call, json_pack("{s:s, s:i}", "command", result->command->record.id, "endpoints",
                                            (int)result->command->targets->len));
    } else {
        if (g_error_matches(result->error, HL_ERROR, HL_ERROR_CONFLICT)) /* another one came before it */
            mgr_refuse(&error, MGR_REFUSE_ROLLOUT_WRITING, back->rollout, NULL);
        mgr_call_fail(back->call, error != NULL ? error : result->error);
    }
    back_free(back);
}

/* Those that it may have brought something, and that it did.  Free with g_ptr_array_unref. */
static GPtrArray *reach_of(const MgrRolloutCalls *calls, const MgrLiveRollout *live, GError **error)
{
    GPtrArray *reached = mgr_rollout_reach(live, calls->parts.fleet, calls->parts.record, error);

    if (reached != NULL)
        mgr_rollout_back_keep(live, calls->parts.fleet, reached);
    return reached;
}

/* No command was needed. */
static void tell_rolled_back(MgrCall *call, guint n)
{
    mgr_call_done(call, json_pack("{s:s, s:i}", "command", "", "endpoints", (int)n));
}

/* Those that the update was brought to go back one set: also those that say nothing.  Nobody goes back while others are
 * still sent forward. */
static void roll_back(const MgrRolloutCalls *calls, MgrCall *call, HlWriteSet *set, const MgrLiveRollout *live)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) reached = reach_of(calls, live, &error);
    g_autofree char *id = hl_ident_new("c-");
    MgrCommandSpec spec = { .id = id,
                            .kind = HL_KIND_ROLLBACK,
                            .selector = live->record.id,
                            .issuer = mgr_call_admin(call),
                            .scope = "",
                            .lifetime = 4 * HL_DAY };
    Back *back;

    if (reached == NULL || reached->len == 0) { /* those there were have been revoked since the call came */
        hl_write_set_free(set);
        if (reached == NULL)
            mgr_call_fail(call, error);
        else
            tell_rolled_back(call, 0);
        return;
    }
    back = g_new(Back, 1);
    *back = (Back){ .calls = calls, .call = call, .rollout = g_strdup(live->record.id), .at = hl_clock_wall() };
    mgr_write_rollout_back(set, live->record.id, id, spec.issuer, back->at);
    back->cancelled = mgr_rollout_cancels_write(live, calls->parts.fleet, set, back->at);
    mgr_commands_issue(calls->parts.commands, set, &spec, reached, on_rolled_back, back);
}

typedef struct {
    const MgrRolloutCalls *calls;
    MgrCall *call;
    guint reached;
} Abort;

static void on_aborted(const MgrLiveRollout *live, const GError *error, gpointer user)
{
    Abort *abort = user;

    if (error != NULL)
        mgr_call_fail(abort->call, error);
    else if (mgr_live_rollout_is_of_settings(live)) /* the abort was all */
        tell_rolled_back(abort->call, abort->reached);
    else
        roll_back(abort->calls, abort->call, hl_write_set_new(), live);
    g_free(abort);
}

/* Packages are not taken back by a command. */
static bool check_patterns(const MgrLiveRollout *live, GError **error)
{
    return *live->record.program == '\0' ||
           mgr_refuse(error, MGR_REFUSE_ROLLOUT_PROGRAM_STAYS, live->record.id, live->record.program, NULL);
}

/* Settings are the group's once all have them, and go back as such. */
static bool check_settings(const MgrLiveRollout *live, const MgrLiveRollout *ended, GError **error)
{
    const MgrRolloutRecord *record = &live->record;

    if (ended == NULL || !mgr_live_rollout_is_of_settings(live))
        return true;
    if (live->core.state == MGR_ROLLOUT_ABORTED)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_SETTINGS_BACK, record->id, record->group, NULL);
    return mgr_refuse(error, MGR_REFUSE_ROLLOUT_SETTINGS_KEPT, record->id, HL_NUMBER(record->version), record->group,
                      HL_NUMBER(record->base), NULL);
}

/* Before anything is done: what ends it although nobody goes back is an abort. */
static bool check_reached(const MgrRolloutCalls *calls, const MgrLiveRollout *live, guint *n, GError **error)
{
    bool is_command = !mgr_live_rollout_is_of_settings(live);
    g_autoptr(GPtrArray) reached = mgr_rollout_reach(live, calls->parts.fleet, calls->parts.record, error);

    if (reached == NULL)
        return false;
    if (is_command && reached->len == 0)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_NO_COMMANDS, live->record.id, NULL);
    mgr_rollout_back_keep(live, calls->parts.fleet, reached);
    *n = reached->len;
    return !is_command || reached->len > 0 || mgr_refuse(error, MGR_REFUSE_ROLLOUT_NOTHING, live->record.id, NULL);
}

static void call_rollback(MgrCall *call, gpointer user)
{
    const MgrRolloutCalls *calls = user;
    g_autoptr(MgrLiveRollout) ended = NULL;
    g_autoptr(GError) error = NULL;
    MgrLiveRollout *live = find(calls, call, &ended, &error);
    guint reached = 0;
    Abort *abort;

    if (live == NULL || !check_own(calls, call, live, &error) || !check_patterns(live, &error) ||
        !check_settings(live, ended, &error) || !check_back(live, &error) ||
        !check_reached(calls, live, &reached, &error) || !mgr_call_may_change(call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (ended != NULL) {
        roll_back(calls, call, noted_set(call), live);
        return;
    }
    abort = g_new(Abort, 1);
    *abort = (Abort){ calls, call, reached };
    mgr_rollouts_say(calls->parts.rollouts, noted_set(call), live, MGR_ROLLOUT_ABORT, on_aborted, abort);
}

static const MgrCallRow rows[] = {
    { "rollout start", "selector", MGR_ROLLOUT_PLAN " program component", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR,
      MGR_PROOF_NONE, call_start },
    { "rollout list", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_list },
    { "rollout show", "rollout", "", MGR_NEED_READ, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_show },
    { "rollout pause", "rollout", "", MGR_NEED_OPERATE, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_pause },
    { "rollout resume", "rollout", "", MGR_NEED_OPERATE, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_resume },
    { "rollout abort", "rollout", "", MGR_NEED_OPERATE, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_abort },
    { "rollout retry", "rollout", "", MGR_NEED_OPERATE, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_retry },
    { "rollout rollback", "rollout", "", MGR_NEED_OPERATE, MGR_SCOPE_ROLLOUT, MGR_PROOF_NONE, call_rollback },
    { .name = NULL },
};

MgrRolloutCalls *mgr_rollout_calls_new(const MgrRolloutCallsOptions *options, MgrDispatch *dispatch)
{
    MgrRolloutCalls *calls = g_new0(MgrRolloutCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    calls->trial = (MgrGroupTrialOptions){ options->fleet, options->rollouts };
    mgr_group_trial_add(&calls->trial, dispatch);
    return calls;
}

void mgr_rollout_calls_free(MgrRolloutCalls *calls)
{
    g_free(calls);
}

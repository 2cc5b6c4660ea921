/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/command_calls.h"

#include <string.h>

#include "lib/store/stmt.h"
#include "manager/core/herd.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/command_views.h"
#include "manager/daemon/ground/selector.h"
#include "proto/scope.h"

#define LIFETIME     (4 * HL_DAY)
#define MAX_TARGETS  5000
#define MAX_FAILURES 50 /* told in one progress report */
/* A waiting call is answered after this long at the latest; the CLI asks again.  So a CLI that went away costs nothing.
 */
#define MAX_WATCH   (10 * HL_SECOND)
#define WATCH_EVERY 200 /* ms between two progress reports */

struct MgrCommandCalls {
    MgrCommandCallsOptions parts;
    GPtrArray *watches; /* Watch * */
    GPtrArray *asked;   /* Asked * */
    MgrCommandViews views;
};

/* A call that waits for a command. */
typedef struct {
    MgrCall *call;
    char *command;
    HlTime until, next;
    bool changed;
    GHashTable *told; /* ids of the endpoints whose failure was */
} Watch;

/* An open one with a target that is there for the caller, or that has none at all and the caller no limits; NULL. */
static const MgrCommand *find_live(const MgrCommandCalls *calls, const MgrCaller *caller, const char *id)
{
    const MgrCommand *command = mgr_fleet_command(calls->parts.fleet, id);

    return command != NULL && (caller->groups == NULL || mgr_command_view_live(command, caller).total > 0) ? command
                                                                                                           : NULL;
}

/* -------------------------------------------------------------------------------------------------------- issue */

static void on_stored(const MgrCommandResult *result, gpointer user)
{
    MgrCall *call = user;
    g_autoptr(GError) error = NULL;

    switch (result->outcome) {
    case MGR_COMMAND_STORED:
        mgr_call_done(call, mgr_command_view_document(result->command, mgr_call_caller(call)));
        break;
    case MGR_COMMAND_TOO_LATE:
        mgr_refuse(&error, MGR_REFUSE_COMMAND_ENDED, mgr_call_argument(call, "command"), NULL);
        mgr_call_fail(call, error);
        break;
    case MGR_COMMAND_NOT_STORED:
        mgr_call_fail(call, result->error);
        break;
    }
}

/* With the call's row of the audit log. */
static HlWriteSet *noted_set(MgrCall *call)
{
    HlWriteSet *set = hl_write_set_new();

    mgr_call_note(call, set);
    return set;
}

/* A call on its way to its command. */
typedef struct {
    MgrCommandCalls *calls;
    MgrCall *call;
    HlCommandKind kind;
} Asked;

/* Where the call says no window: what downloads has all stand in line at the server. */
static HlTime usual_window(const Asked *asked, guint endpoints)
{
    const MgrConf *conf = asked->calls->parts.conf;
    bool downloads = asked->kind == HL_KIND_UPDATE_NOW || asked->kind == HL_KIND_SYNCHRONIZE;

    return downloads ? mgr_herd_downloads(endpoints, (guint)conf->http_downloads, conf->update_window) : 0;
}

static HlWriteSet *on_ready(guint endpoints, HlTime *window, gpointer user)
{
    const Asked *asked = user;

    if (mgr_call_argument(asked->call, "window") == NULL)
        *window = usual_window(asked, endpoints);
    return noted_set(asked->call);
}

static void on_issued(const MgrCommandResult *result, gpointer user)
{
    const Asked *asked = user;

    on_stored(result, asked->call);
    g_ptr_array_remove_fast(asked->calls->asked, user);
}

static void issue(MgrCommandCalls *calls, MgrCall *call, HlCommandKind kind)
{
    const char *selector = mgr_call_argument(call, "selector");
    const char *scope = mgr_call_argument(call, "scope");
    g_autoptr(GError) error = NULL;
    g_autoptr(MgrSelection) selection = mgr_selection_new(calls->parts.fleet, mgr_call_caller(call), selector, &error);
    MgrCommandSpec spec = {
        .kind = kind, .selector = selector, .issuer = mgr_call_admin(call), .scope = scope != NULL ? scope : ""
    };

    if (selection != NULL && hl_scope_check(kind, spec.scope, &error) &&
        mgr_call_duration(call, "expires", LIFETIME, HL_SECOND, 365 * HL_DAY, &spec.lifetime, &error) &&
        mgr_call_duration(call, "window", 0, 0, HL_DAY, &spec.window, &error) && mgr_call_may_change(call, &error)) {
        Asked *asked = g_new(Asked, 1);

        *asked = (Asked){ calls, call, kind };
        g_ptr_array_add(calls->asked, asked);
        mgr_commands_issue_selected(calls->parts.commands, g_steal_pointer(&selection), &spec, on_ready, on_issued,
                                    asked);
    } else {
        mgr_call_fail(call, error);
    }
}

static void call_update_now(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_UPDATE_NOW);
}

static void call_rollback(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_ROLLBACK);
}

static void call_synchronize(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_SYNCHRONIZE);
}

static void call_scan(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_SCAN);
}

static void call_scan_stop(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_STOP_SCAN);
}

static void call_quarantine_restore(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_RESTORE);
}

static void call_quarantine_delete(MgrCall *call, gpointer user)
{
    issue(user, call, HL_KIND_DELETE);
}

/* --------------------------------------------------------------------------------------------------- list, show */

/* Of one that is for a single endpoint, by its id: what people know that by. */
static void add_host(json_t *command, const MgrFleet *fleet, const MgrCaller *caller)
{
    const char *selector = json_string_value(json_object_get(command, "selector"));
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, selector);

    if (endpoint != NULL && mgr_caller_sees(caller, endpoint->record.group))
        json_object_set_new(command, "host", json_string(endpoint->record.host));
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrCommandCalls *calls = user;
    const MgrCommandViews *views = &calls->views;
    const MgrCaller *caller = mgr_call_caller(call);
    g_autoptr(GError) error = NULL;
    int64_t total = 0;
    json_t *array = caller->groups == NULL ? mgr_command_views_newest(views, &total, &error)
                                           : mgr_command_views_read(views, caller, NULL, &total, &error);

    if (array == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++)
        add_host(json_array_get(array, i), calls->parts.fleet, caller);
    mgr_call_done_list(call, "commands", array, json_pack("{s:I}", "total", (json_int_t)total));
}

static json_t *target_document(const MgrFleet *fleet, const char *endpoint, HlCommandState state, const char *code,
                               const char *detail, HlTime changed)
{
    const MgrEndpoint *known = mgr_fleet_endpoint(fleet, endpoint);
    g_autofree char *at = hl_time_format(changed);

    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "endpoint", endpoint, "host",
                     known != NULL ? known->record.host : "-", "state", hl_command_state_name(state), "final",
                     hl_command_state_is_final(state), "code", code != NULL ? code : "", "detail",
                     detail != NULL ? detail : "", "changed", at);
}

typedef struct {
    const MgrFleet *fleet;
    const MgrCaller *caller;
    const MgrCommand *live; /* NULL: it ended */
    json_t *array;
} Targets;

/* Columns of the targets. */
enum { T_ENDPOINT, T_STATE, T_CODE, T_DETAIL, T_CHANGED };

static bool on_target_row(HlStmt *row, gpointer user)
{
    const Targets *targets = user;
    const char *id = hl_stmt_text(row, T_ENDPOINT);
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(targets->fleet, id);
    const MgrTarget *live =
        targets->live != NULL && endpoint != NULL ? mgr_endpoint_find_target(endpoint, targets->live->record.id) : NULL;
    HlCommandState state = live != NULL ? live->record.state : hl_command_state_from_name(hl_stmt_text(row, T_STATE));

    if (!mgr_selector_sees(targets->fleet, targets->caller, id))
        return true;
    json_array_append_new(targets->array, target_document(targets->fleet, id, state, hl_stmt_text(row, T_CODE),
                                                          hl_stmt_text(row, T_DETAIL), hl_stmt_int(row, T_CHANGED)));
    return json_array_size(targets->array) < MAX_TARGETS;
}

static json_t *read_targets(const MgrCommandCalls *calls, const MgrCaller *caller, const char *id, GError **error)
{
    Targets targets = { calls->parts.fleet, caller, mgr_fleet_command(calls->parts.fleet, id), json_array() };

    if (!hl_db_query(mgr_record_reader(calls->parts.record), on_target_row, &targets, error,
                     "SELECT endpoint, state, code, detail, changed_at FROM target WHERE command = ? ORDER BY endpoint",
                     "t", id))
        g_clear_pointer(&targets.array, json_decref);
    return targets.array;
}

/* The document of one command, from memory while it is open, else from the registry; NULL with an error. */
static json_t *find_document(const MgrCommandCalls *calls, const MgrCaller *caller, const char *id, GError **error)
{
    const MgrCommand *live = find_live(calls, caller, id);
    g_autoptr(json_t) found = NULL;

    if (live != NULL)
        return mgr_command_view_document(live, caller);
    found = mgr_command_views_read(&calls->views, caller, id, NULL, error);
    if (found == NULL)
        return NULL;
    if (json_array_size(found) == 0) {
        mgr_refuse(error, MGR_REFUSE_COMMAND_UNKNOWN, id, NULL);
        return NULL;
    }
    return json_incref(json_array_get(found, 0));
}

static void answer_whole(MgrCall *call, gpointer user)
{
    const MgrCommandCalls *calls = user;
    const char *id = mgr_call_argument(call, "command");
    g_autoptr(GError) error = NULL;
    json_t *document = find_document(calls, mgr_call_caller(call), id, &error);
    json_t *targets = document != NULL ? read_targets(calls, mgr_call_caller(call), id, &error) : NULL;

    if (targets == NULL) {
        json_decref(document);
        mgr_call_fail(call, error);
        return;
    }
    mgr_call_done_list(call, "targets", targets, document);
}

/* An operator takes back what they asked for themselves; and nobody what others are to do too. */
static bool check_cancel(const MgrCommandCalls *calls, const MgrCall *call, const MgrCommand *command, GError **error)
{
    const MgrCaller *caller = mgr_call_caller(call);
    bool is_own = strcmp(command->record.issuer, caller->account) == 0 &&
                  mgr_accounts_did(calls->parts.fleet->accounts, caller->account, command->record.issued_at);

    if (mgr_command_view_live(command, caller).hides)
        return mgr_refuse(error, MGR_REFUSE_COMMAND_OTHER_GROUPS, command->record.id, caller->account, NULL);
    return mgr_role_may(caller->role, MGR_NEED_MANAGE) || is_own ||
           mgr_refuse(error, MGR_REFUSE_COMMAND_NOT_YOURS, command->record.id, command->record.issuer,
                      mgr_role_name(mgr_need_role(MGR_NEED_MANAGE)), caller->account, mgr_role_name(caller->role),
                      NULL);
}

static void call_cancel(MgrCall *call, gpointer user)
{
    const MgrCommandCalls *calls = user;
    const char *id = mgr_call_argument(call, "command");
    const MgrCommand *live = find_live(calls, mgr_call_caller(call), id);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) ended = NULL;

    if (live != NULL) {
        if (check_cancel(calls, call, live, &error) && mgr_call_may_change(call, &error))
            mgr_commands_cancel(calls->parts.commands, noted_set(call), id, on_stored, call);
        else
            mgr_call_fail(call, error);
        return;
    }
    ended = find_document(calls, mgr_call_caller(call), id, &error);
    if (ended != NULL)
        mgr_refuse(&error, MGR_REFUSE_COMMAND_ENDED, id, NULL);
    mgr_call_fail(call, error);
}

/* --------------------------------------------------------------------------------------------------------- watch */

static void watch_free(gpointer item)
{
    Watch *watch = item;

    g_hash_table_unref(watch->told);
    g_free(watch->command);
    g_free(watch);
}

static void call_watch(MgrCall *call, gpointer user)
{
    MgrCommandCalls *calls = user;
    const char *id = mgr_call_argument(call, "command");
    Watch *watch;

    if (find_live(calls, mgr_call_caller(call), id) == NULL) {
        answer_whole(call, calls);
        return;
    }
    watch = g_new(Watch, 1);
    *watch = (Watch){ call, g_strdup(id), hl_clock_mono() + MAX_WATCH,
                      0,    true,         g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    g_ptr_array_add(calls->watches, watch);
}

void mgr_command_calls_changed(MgrCommandCalls *calls, const MgrCommand *command)
{
    if (command->open == 0)
        mgr_command_sums_note(calls->views.sums, command);
    for (guint i = 0; i < calls->watches->len; i++) {
        Watch *watch = calls->watches->pdata[i];

        if (strcmp(watch->command, command->record.id) == 0)
            watch->changed = true;
    }
}

void mgr_command_calls_corrected(MgrCommandCalls *calls, const char *command)
{
    mgr_command_sums_forget(calls->views.sums, command);
}

guint mgr_command_calls_counted(const MgrCommandCalls *calls)
{
    return mgr_command_sums_counted(calls->views.sums);
}

static bool has_failed(const MgrTarget *target)
{
    return hl_command_state_is_final(target->record.state) && target->record.state != HL_STATE_SUCCEEDED;
}

/* How it goes, with the targets that failed and were not told yet; a few of them, and others next time. */
static json_t *progress_document(const MgrFleet *fleet, const MgrCommand *command, Watch *watch)
{
    const MgrCaller *caller = mgr_call_caller(watch->call);
    json_t *document = mgr_command_view_document(command, caller);
    json_t *failures = json_array();

    for (guint i = 0; i < command->targets->len && json_array_size(failures) < MAX_FAILURES; i++) {
        const MgrTarget *target = command->targets->pdata[i];
        const MgrTargetRecord *record = &target->record;

        if (!has_failed(target) || !mgr_target_is_seen(target, caller) ||
            !g_hash_table_add(watch->told, g_strdup(record->endpoint)))
            continue;
        json_array_append_new(failures, target_document(fleet, record->endpoint, record->state, record->code,
                                                        record->detail, record->changed_at));
    }
    watch->changed = json_array_size(failures) == MAX_FAILURES; /* there may be more */
    json_object_set_new(document, "failures", failures);
    return document;
}

/* Whether it goes on waiting. */
static bool tell_watch(MgrCommandCalls *calls, Watch *watch, HlTime now)
{
    const MgrCommand *command = mgr_fleet_command(calls->parts.fleet, watch->command);

    if (command == NULL) {
        answer_whole(watch->call, calls);
        return false;
    }
    if (now >= watch->until) {
        mgr_call_done(watch->call, mgr_command_view_document(command, mgr_call_caller(watch->call)));
        return false;
    }
    if (watch->changed && now >= watch->next) {
        mgr_call_progress(watch->call, progress_document(calls->parts.fleet, command, watch));
        watch->next = now + WATCH_EVERY;
    }
    return true;
}

void mgr_command_calls_flush(MgrCommandCalls *calls)
{
    HlTime now = hl_clock_mono();

    mgr_command_sums_warm(calls->views.sums);
    for (guint i = 0; i < calls->watches->len;) {
        if (tell_watch(calls, calls->watches->pdata[i], now))
            i++;
        else
            g_ptr_array_remove_index(calls->watches, i);
    }
}

static const MgrCallRow rows[] = {
    { "update-now", "selector", "expires window", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_update_now },
    { "rollback", "selector", "expires window", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_rollback },
    { "synchronize", "selector", "expires window", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_synchronize },
    { "scan", "selector", "scope expires window", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_scan },
    { "scan stop", "selector", "expires", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_scan_stop },
    { "quarantine restore", "selector scope", "expires", MGR_NEED_MOVE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_quarantine_restore },
    { "quarantine delete", "selector scope", "expires", MGR_NEED_MOVE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_quarantine_delete },
    { "command list", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_list },
    { "command show", "command", "", MGR_NEED_READ, MGR_SCOPE_COMMAND, MGR_PROOF_NONE, answer_whole },
    { "command watch", "command", "", MGR_NEED_READ, MGR_SCOPE_COMMAND, MGR_PROOF_NONE, call_watch },
    { "command cancel", "command", "", MGR_NEED_OPERATE, MGR_SCOPE_COMMAND, MGR_PROOF_NONE, call_cancel },
    { .name = NULL },
};

MgrCommandCalls *mgr_command_calls_new(const MgrCommandCallsOptions *options, MgrDispatch *dispatch)
{
    MgrCommandCalls *calls = g_new0(MgrCommandCalls, 1);

    calls->parts = *options;
    calls->watches = g_ptr_array_new_with_free_func(watch_free);
    calls->views = (MgrCommandViews){ options->record, mgr_command_sums_new(options->fleet, options->record) };
    calls->asked = g_ptr_array_new_with_free_func(g_free);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_command_calls_free(MgrCommandCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_command_sums_free(calls->views.sums);
    g_ptr_array_unref(calls->watches);
    g_ptr_array_unref(calls->asked);
    g_free(calls);
}

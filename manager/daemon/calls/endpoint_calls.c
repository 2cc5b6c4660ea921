/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/endpoint_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/daemon/calls/clone_calls.h"
#include "manager/daemon/calls/ended.h"
#include "manager/daemon/calls/stream.h"
#include "manager/daemon/ground/rows.h"
#include "manager/daemon/ground/selector.h"
#include "manager/store/audit.h"

#define MAX_HISTORY       200
#define AT_ONCE(is_table) ((is_table) ? 400 : 100) /* its rows cost a quarter of whole documents */

struct MgrEndpointCalls {
    MgrEndpointCallsOptions parts;
    MgrCloneCallsOptions clone;
    MgrStreamKind listing, selection, verified, snapshot;
};

/* ------------------------------------------------------------------------------------------------------- list, show */

/* The whole document, or the columns that the call chose. */
static char *stream_endpoint(const MgrCaller *caller, const char *id, gconstpointer own, gconstpointer user)
{
    const MgrEndpointCalls *calls = user;
    const MgrRowColumns *chosen = own;
    const MgrEndpoint *endpoint = mgr_selector_endpoint(calls->parts.fleet, caller, id);
    g_autoptr(json_t) columns = NULL;

    if (endpoint == NULL)
        return NULL;
    if (chosen == NULL)
        return mgr_status_endpoint_print(calls->parts.status, endpoint);
    columns = mgr_row_document(calls->parts.fleet, chosen, endpoint);
    return hl_json_print(columns);
}

static json_t *stream_summary(const MgrCaller *caller, const GPtrArray *ids G_GNUC_UNUSED, gconstpointer user)
{
    const MgrEndpointCalls *calls = user;

    return json_pack("{s:o}", "summary", mgr_status_summary(calls->parts.status, caller));
}

/* With what happened last: its reader was not there, and hears the next events by itself.  They name endpoints of all
 * groups. */
static json_t *snapshot_rest(const MgrCaller *caller, const GPtrArray *ids, gconstpointer user)
{
    const MgrEndpointCalls *calls = user;
    json_t *rest = stream_summary(caller, ids, user);

    if (caller->groups == NULL)
        json_object_set_new(rest, "events", mgr_status_events(calls->parts.status));
    return rest;
}

/* The counts of a selector are of what it lists. */
static json_t *selection_summary(const MgrCaller *caller, const GPtrArray *ids, gconstpointer user)
{
    const MgrEndpointCalls *calls = user;

    return json_pack("{s:o}", "summary", mgr_status_summary_of(calls->parts.status, caller, ids));
}

static bool read_wish(const MgrCall *call, MgrRowWish *wish, GError **error)
{
    return mgr_row_wish_parse(wish, mgr_call_argument(call, "sort"), mgr_call_argument(call, "limit"),
                              mgr_call_argument(call, "columns"), error);
}

/* Takes ids. */
static void answer(MgrCall *call, const MgrStreamKind *kind, const MgrRowWish *wish, GPtrArray *ids)
{
    bool is_table = wish->chosen.n > 0;

    mgr_stream_start_some(call, kind, ids,
                          &(MgrStreamShape){ .some = wish->limit,
                                             .at_once = AT_ONCE(is_table),
                                             .own = is_table ? g_memdup2(&wish->chosen, sizeof wish->chosen) : NULL });
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    const char *selector = mgr_call_argument(call, "selector");
    g_autoptr(GError) error = NULL;
    const MgrCaller *caller = mgr_call_caller(call);
    g_autoptr(GPtrArray) endpoints = selector != NULL
                                         ? mgr_selector_filter(calls->parts.fleet, caller, selector, &error)
                                         : mgr_selector_all(calls->parts.fleet, caller);
    MgrRowWish wish;

    if (endpoints == NULL || !read_wish(call, &wish, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (selector == NULL) /* a tombstone shows to those who name it */
        mgr_rows_leave_out_removed(endpoints);
    answer(call, selector != NULL ? &calls->selection : &calls->listing, &wish,
           mgr_rows_ids(calls->parts.fleet, &wish, endpoints));
}

/* What is told on the status topics from now on is later than this. */
static json_t *stream_order(gconstpointer user)
{
    const MgrEndpointCalls *calls = user;

    return json_pack("{s:I, s:I}", "epoch", (json_int_t)calls->parts.fleet->epoch, "revision",
                     (json_int_t)mgr_status_revision(calls->parts.status));
}

/* The documents of the status topics, those of tombstones too unless "removed" is "no". */
static void call_snapshot(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    const MgrCaller *caller = mgr_call_caller(call);
    bool leaves_out = g_strcmp0(mgr_call_argument(call, "removed"), "no") == 0;
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GError) error = NULL;
    MgrRowWish wish;

    if (!read_wish(call, &wish, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (leaves_out || mgr_row_wish_has_order(&wish) || wish.limit < G_MAXUINT)
        all = mgr_selector_all(calls->parts.fleet, caller);
    if (leaves_out)
        mgr_rows_leave_out_removed(all);
    answer(call, &calls->snapshot, &wish,
           all != NULL ? mgr_rows_ids(calls->parts.fleet, &wish, all) : mgr_selector_ids(calls->parts.fleet, caller));
}

typedef MgrEndpoint *(*FindFn)(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error);

/* NULL: the call has failed already. */
static MgrEndpoint *found_endpoint(const MgrEndpointCalls *calls, MgrCall *call, FindFn find)
{
    g_autoptr(GError) error = NULL;
    MgrEndpoint *endpoint =
        find(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "endpoint"), &error);

    if (endpoint == NULL)
        mgr_call_fail(call, error);
    return endpoint;
}

static MgrEndpoint *named_endpoint(const MgrEndpointCalls *calls, MgrCall *call)
{
    return found_endpoint(calls, call, mgr_selector_find);
}

static json_t *open_commands(const MgrEndpoint *endpoint)
{
    json_t *open = json_array();

    for (const MgrTarget *target = mgr_endpoint_first_target(endpoint); target != NULL;
         target = mgr_endpoint_next_target(endpoint, target))
        json_array_append_new(open, json_pack("{s:s, s:s, s:s}", "id", target->record.command, "kind",
                                              hl_command_kind_name(target->command->record.kind), "state",
                                              hl_command_state_name(target->record.state)));
    return open;
}

static void add_scan(const MgrScan *scan, gpointer user)
{
    json_t *document = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:s, s:s}", "id", scan->id, "how",
                                 mgr_scan_how_name(scan->how), "end", mgr_scan_end_name(scan->end), "started",
                                 hl_json_time(scan->started_at), "ended", hl_json_time(scan->ended_at), "reported",
                                 hl_json_time(scan->told_at), "files", (json_int_t)scan->files, "bytes",
                                 (json_int_t)scan->bytes, "found", (json_int_t)scan->found, "not_looked_at",
                                 (json_int_t)scan->not_looked_at, "detail", scan->detail, "patterns", scan->patterns);
    json_t *gaps = hl_json_parse("gaps", scan->gaps, strlen(scan->gaps), NULL);

    json_object_set_new(document, "gaps", gaps != NULL ? gaps : json_object());
    json_array_append_new(user, document);
}

/* The last of each kind; what cannot be read is left out, and the rest of the answer is not. */
static json_t *last_scans(const MgrEndpointCalls *calls, const MgrEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    json_t *scans = json_array();

    if (!mgr_registry_load_scans(mgr_record_committed(calls->parts.record), endpoint->record.number, add_scan, scans,
                                 &error))
        hl_log_limited(HL_LOG_ERROR, "registry", "scans", "the scans of %s cannot be read: %s", endpoint->record.id,
                       error->message);
    return scans;
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    const MgrEndpoint *endpoint = named_endpoint(calls, call);
    g_autofree char *enrolled = NULL;
    json_t *document;

    if (endpoint == NULL)
        return;
    document = mgr_status_endpoint(calls->parts.status, endpoint);
    enrolled = hl_time_format(endpoint->record.enrolled_at);
    json_object_set_new(document, "commands", open_commands(endpoint));
    json_object_set_new(document, "scans", last_scans(calls, endpoint));
    json_object_set_new(document, "enrolled", json_string(enrolled));
    json_object_set_new(document, "os", json_string(endpoint->record.os));
    json_object_set_new(document, "fingerprint", json_string(endpoint->record.fingerprint));
    json_object_set_new(document, "certificate_serial", json_string(endpoint->record.serial));
    json_object_set_new(document, "session", json_integer((json_int_t)endpoint->record.presence.session));
    json_object_set_new(document, "echo_ms", json_integer(mgr_endpoint_contact(endpoint)->echo_ms));
    mgr_call_done(call, document);
}

typedef struct {
    const MgrCaller *caller;
    json_t *array;
} History;

/* The id of the group that a row names, which readers know by another name.  Caller frees; NULL: it names none. */
static char *named_group(const char *what, const char *detail)
{
    const char *end = strcmp(what, "settings") == 0 ? strstr(detail, " version ") : NULL;

    if (strcmp(what, "moved") == 0) /* "GROUP" or "GROUP: why" (manager/store/heal) */
        return g_strndup(detail, strcspn(detail, ":"));
    return end != NULL ? g_strndup(detail, (gsize)(end - detail)) : NULL;
}

/* The groups in which it was before are not the caller's for that. */
static bool on_history_row(HlStmt *row, gpointer user)
{
    const History *history = user;
    const char *what = hl_stmt_text(row, 1);
    const char *detail = hl_stmt_text(row, 2);
    g_autofree char *at = hl_time_format(hl_stmt_int(row, 0));
    g_autofree char *group = named_group(what, detail);
    bool is_hidden = strcmp(what, "moved") == 0 && !mgr_caller_sees(history->caller, group);

    json_array_insert_new(history->array, 0,
                          json_pack("{s:s, s:s, s:s, s:s*}", "at", at, "what", what, "detail",
                                    is_hidden ? "another group" : detail, "group", is_hidden ? NULL : group));
    return true;
}

/* The newest rows, and how many there are (counted no further than MGR_MAX_COUNTED). */
static bool read_history(HlDb *db, const char *endpoint, History *history, int64_t *total, GError **error)
{
    if (!hl_db_query(db, on_history_row, history, error,
                     "SELECT at, what, detail FROM history WHERE endpoint = ? ORDER BY number DESC LIMIT ?", "ti",
                     endpoint, (int64_t)MAX_HISTORY))
        return false;
    *total = (int64_t)json_array_size(history->array);
    return *total < MAX_HISTORY ||
           hl_db_query_int(db, 0, total, error,
                           "SELECT count(*) FROM (SELECT 1 FROM history WHERE endpoint = ? LIMIT ?)", "ti", endpoint,
                           (int64_t)MGR_MAX_COUNTED + 1);
}

static void call_history(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrEndpoint *endpoint = named_endpoint(calls, call);
    History history = { mgr_call_caller(call), NULL };
    int64_t total = 0;

    if (endpoint == NULL)
        return;
    history.array = json_array();
    if (read_history(mgr_record_reader(calls->parts.record), endpoint->record.id, &history, &total, &error)) {
        mgr_call_done_list(call, "history", history.array, json_pack("{s:I}", "total", (json_int_t)total));
        return;
    }
    json_decref(history.array);
    mgr_call_fail(call, error);
}

static void call_summary(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    g_autoptr(json_t) about = calls->parts.about(calls->parts.user);
    const MgrCaller *caller = mgr_call_caller(call);
    json_t *document = mgr_status_summary(calls->parts.status, caller);

    if (caller->groups != NULL) { /* counts of all endpoints */
        json_object_del(about, "refusals");
        json_object_del(about, "bad_messages");
    }
    json_object_update(document, about);
    mgr_call_done(call, document);
}

/* ----------------------------------------------------------------------------------------- move, revoke, remove */

/* A change of endpoints on its way through the registry. */
typedef struct {
    MgrEndpointCalls *calls;
    MgrCall *call;
    GPtrArray *ids;
    char *group;      /* move */
    uint64_t counter; /* move */
    const struct End *end;
    HlTime at;
} Change;

static Change *change_new(MgrEndpointCalls *calls, MgrCall *call)
{
    Change *change = g_new0(Change, 1);

    change->calls = calls;
    change->call = call;
    change->ids = g_ptr_array_new_with_free_func(g_free);
    change->at = hl_clock_wall();
    return change;
}

static void change_free(gpointer data)
{
    Change *change = data;

    g_ptr_array_unref(change->ids);
    g_free(change->group);
    g_free(change);
}

static void fail_change(gpointer data, const GError *error)
{
    mgr_call_fail(((const Change *)data)->call, error);
}

static void move_one(const Change *change, MgrEndpoint *endpoint, MgrGroup *group)
{
    const MgrEndpointCallsOptions *parts = &change->calls->parts;

    mgr_endpoint_set_group(endpoint, group, change->counter);
    mgr_delivery_regroup(parts->delivery, endpoint);
    mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    mgr_status_touch(parts->status, endpoint);
    mgr_status_event(parts->status, endpoint, "moved", "", group->record.name, mgr_call_admin(change->call));
}

/* The group cannot be gone: it has members in the registry from this commit on. */
static void fold_move(gpointer data)
{
    const Change *change = data;
    MgrFleet *fleet = change->calls->parts.fleet;
    MgrGroup *group = mgr_fleet_group(fleet, change->group);

    for (guint i = 0; group != NULL && i < change->ids->len; i++) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, change->ids->pdata[i]);

        if (endpoint != NULL)
            move_one(change, endpoint, group);
    }
    mgr_call_done(change->call, json_pack("{s:i, s:s}", "moved", (int)change->ids->len, "group", change->group));
}

static void call_move(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_move, fail_change, change_free };
    MgrEndpointCalls *calls = user;
    MgrFleet *fleet = calls->parts.fleet;
    g_autoptr(GError) error = NULL;
    const MgrCaller *caller = mgr_call_caller(call);
    const MgrGroup *group = mgr_selector_group(fleet, caller, mgr_call_argument(call, "group"), &error);
    g_autoptr(GPtrArray) endpoints =
        group != NULL ? mgr_selector_select(fleet, caller, mgr_call_argument(call, "selector"), &error) : NULL;
    HlWriteSet *set;
    Change *change;

    if (endpoints == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    change = change_new(calls, call);
    change->group = g_strdup(group->record.name);
    change->counter = mgr_fleet_next_counter(fleet);
    set = hl_write_set_new();
    mgr_write_counter(set, "settings", change->counter);
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->group == group)
            continue;
        mgr_write_endpoint_group(set, &endpoint->record, group->record.name, change->counter);
        mgr_write_history(set, change->at, endpoint->record.id, "moved", group->record.name);
        g_ptr_array_add(change->ids, g_strdup(endpoint->record.id));
    }
    mgr_call_commit(change->call, calls->parts.record, set, &kind, change);
}

/* Revoking and removing: the endpoint's commands and certificates end, its history says who did it. */
typedef struct End {
    const char *what; /* "revoked": in history, events, the answer */
    const char *why;  /* what its open commands end with */
    void (*write)(HlWriteSet *set, const MgrEndpoint *endpoint, HlTime at);
    void (*fold)(const Change *change, MgrEndpoint *endpoint);
} End;

static void write_revocation(HlWriteSet *set, const MgrEndpoint *endpoint, HlTime at)
{
    mgr_write_endpoint_revocation(set, endpoint->record.number, at);
    mgr_tracker_write_retired(set, endpoint, MGR_REASON_REVOKED);
}

static void fold_revocation(const Change *change, MgrEndpoint *endpoint)
{
    const MgrEndpointCallsOptions *parts = &change->calls->parts;
    MgrActual before = (MgrActual)endpoint->record.presence.actual;

    endpoint->record.revoked_at = change->at;
    mgr_tracker_retire(parts->tracker, endpoint, MGR_REASON_REVOKED);
    mgr_delivery_withdraw_all(parts->delivery, endpoint); /* of a broker that lets it in it would read them */
    mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_STOPPED); /* the server's own act: no ghost */
    mgr_status_touch(parts->status, endpoint);
    mgr_status_event(parts->status, endpoint, "revoked", mgr_actual_name(before),
                     mgr_actual_name((MgrActual)endpoint->record.presence.actual), mgr_call_admin(change->call));
}

static void write_removal(HlWriteSet *set, const MgrEndpoint *endpoint, HlTime at G_GNUC_UNUSED)
{
    mgr_write_endpoint_removal(set, &endpoint->record);
}

static void fold_removal(const Change *change, MgrEndpoint *endpoint)
{
    const MgrEndpointCallsOptions *parts = &change->calls->parts;

    mgr_status_event(parts->status, endpoint, "removed", "", "", mgr_call_admin(change->call));
    mgr_delivery_clear_retained(parts->delivery, endpoint->record.id);
    mgr_status_forget(parts->status, endpoint);
    mgr_delivery_forget(parts->delivery, endpoint);
    mgr_fleet_remove_endpoint(parts->fleet, endpoint);
}

static const End revocation = { "revoked", "the endpoint was revoked", write_revocation, fold_revocation };
static const End removal = { "removed", "the endpoint was removed", write_removal, fold_removal };

static void fold_end(gpointer data)
{
    const Change *change = data;
    const MgrEndpointCallsOptions *parts = &change->calls->parts;
    const char *id = change->ids->pdata[0];
    MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, id);
    json_t *document = mgr_ended_document(mgr_pki_list(parts->pki));
    MgrEvictionWaiter waiter;

    json_object_set_new(document, change->end->what, json_integer(change->ids->len));
    json_object_set_new(document, "tell_broker", json_boolean(!mgr_pki_tells_broker(parts->pki)));
    waiter = mgr_ended_waiter(change->call, id, document);
    if (endpoint != NULL) {
        mgr_commands_fold_abandon(parts->commands, endpoint, change->end->why, change->at);
        change->end->fold(change, endpoint);
    }
    mgr_pki_fold_revocations(parts->pki, id, NULL, change->at, &waiter);
}

static void end_endpoint(MgrEndpointCalls *calls, MgrCall *call, const End *end)
{
    static const MgrChangeKind kind = { fold_end, fail_change, change_free };
    const MgrEndpoint *endpoint = found_endpoint(calls, call, mgr_selector_find_whole);
    HlWriteSet *set;
    Change *change;

    if (endpoint == NULL)
        return;
    set = hl_write_set_new();
    change = change_new(calls, call);
    change->end = end;
    g_ptr_array_add(change->ids, g_strdup(endpoint->record.id));
    mgr_write_revocations(set, endpoint->record.id, NULL, change->at);
    mgr_write_history(set, change->at, endpoint->record.id, end->what, mgr_call_admin(call));
    mgr_commands_write_abandon(set, endpoint, end->why, change->at);
    end->write(set, endpoint, change->at);
    mgr_call_commit(change->call, calls->parts.record, set, &kind, change);
}

static void call_revoke(MgrCall *call, gpointer user)
{
    end_endpoint(user, call, &revocation);
}

static void call_remove(MgrCall *call, gpointer user)
{
    end_endpoint(user, call, &removal);
}

/* --------------------------------------------------------------------------------------------------------- verify */

typedef struct {
    const MgrEndpointCalls *calls;
    MgrCall *call;
    GPtrArray *ids;
} Verification;

static void verification_free(gpointer user)
{
    Verification *verification = user;

    g_clear_pointer(&verification->ids, g_ptr_array_unref);
    g_free(verification);
}

static void on_verified(gpointer user)
{
    Verification *verification = user;

    mgr_stream_start(verification->call, &verification->calls->verified, g_steal_pointer(&verification->ids));
}

static void call_verify(MgrCall *call, gpointer user)
{
    const MgrEndpointCalls *calls = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) endpoints =
        mgr_selector_select(calls->parts.fleet, mgr_call_caller(call), mgr_call_argument(call, "selector"), &error);
    Verification *verification;

    if (endpoints == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    verification = g_new(Verification, 1);
    *verification = (Verification){ calls, call, g_ptr_array_new_with_free_func(g_free) };
    for (guint i = 0; i < endpoints->len; i++)
        g_ptr_array_add(verification->ids, g_strdup(((const MgrEndpoint *)endpoints->pdata[i])->record.id));
    mgr_console_verify(calls->parts.console, endpoints, on_verified, verification, verification_free);
}

static const MgrCallRow rows[] = {
    { "endpoint list", "", "selector sort limit columns", MGR_NEED_READ, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_list },
    { "endpoint show", "endpoint", "", MGR_NEED_READ, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_show },
    { "endpoint history", "endpoint", "", MGR_NEED_READ, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_history },
    { "endpoint move", "selector group", "", MGR_NEED_MOVE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_move },
    { "endpoint revoke", "endpoint", "", MGR_NEED_MANAGE, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_revoke },
    { "endpoint remove", "endpoint", "", MGR_NEED_MANAGE, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_remove },
    { "verify", "selector", "", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_verify },
    { "summary", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_summary },
    { "snapshot", "", "sort limit columns removed", MGR_NEED_WATCH, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_snapshot },
    { .name = NULL },
};

MgrEndpointCalls *mgr_endpoint_calls_new(const MgrEndpointCallsOptions *options, MgrDispatch *dispatch)
{
    MgrEndpointCalls *calls = g_new0(MgrEndpointCalls, 1);

    calls->parts = *options;
    calls->listing =
        (MgrStreamKind){ .name = "endpoints", .element = stream_endpoint, .rest = stream_summary, .user = calls };
    calls->selection =
        (MgrStreamKind){ .name = "endpoints", .element = stream_endpoint, .rest = selection_summary, .user = calls };
    calls->verified = (MgrStreamKind){ .name = "endpoints", .element = stream_endpoint, .user = calls };
    calls->snapshot = (MgrStreamKind){ .name = "endpoints",
                                       .element = stream_endpoint,
                                       .begin = stream_order,
                                       .rest = snapshot_rest,
                                       .user = calls,
                                       .is_whole = true };
    mgr_dispatch_add(dispatch, rows, calls);
    calls->clone = (MgrCloneCallsOptions){ options->fleet, options->record, options->status, options->tracker };
    mgr_clone_calls_add(dispatch, &calls->clone);
    return calls;
}

void mgr_endpoint_calls_free(MgrEndpointCalls *calls)
{
    g_free(calls);
}

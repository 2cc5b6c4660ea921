/* Calls about endpoints and the whole. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/commands.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/display.h"
#include "manager/daemon/line.h"
#include "manager/daemon/revoke.h"
#include "manager/daemon/status.h"

#define MAX_HISTORY 200

/* What becomes of the commands that an endpoint had still to do. */
static const char was_revoked[] = "the endpoint was revoked";
static const char was_removed[] = "the endpoint was removed";

static json_t *rest_with_summary(const Manager *manager)
{
    return json_pack("{s:o}", "summary", mgr_status_summary(manager));
}

static void call_list(MgrCall *call)
{
    const char *selector = mgr_call_argument(call, "selector");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) endpoints = selector != NULL ? mgr_fleet_filter(&call->manager->fleet, selector, &error)
                                                      : mgr_fleet_sorted_endpoints(&call->manager->fleet);
    GPtrArray *ids;

    if (endpoints == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    ids = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (selector != NULL || !endpoint->record.display.removed) /* a tombstone shows to who names it */
            g_ptr_array_add(ids, g_strdup(endpoint->record.id));
    }
    mgr_call_stream(call, "endpoints", ids, mgr_status_endpoint_by_id, rest_with_summary);
}

static MgrEndpoint *named_endpoint(MgrCall *call, GError **error)
{
    return mgr_fleet_find_endpoint(&call->manager->fleet, mgr_call_argument(call, "endpoint"), error);
}

static void call_show(MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    MgrEndpoint *endpoint = named_endpoint(call, &error);
    g_autofree char *enrolled = NULL;
    json_t *document;
    json_t *open;

    if (endpoint == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    document = mgr_status_endpoint(call->manager, endpoint);
    enrolled = hl_time_format(endpoint->record.enrolled_at);
    open = json_array();
    for (guint i = 0; i < endpoint->open_targets->len; i++) {
        const MgrTarget *target = endpoint->open_targets->pdata[i];

        json_array_append_new(open, json_pack("{s:s, s:s, s:s}", "id", target->record.command, "kind",
                                              hl_command_kind_name(target->command->record.kind), "state",
                                              hl_command_state_name(target->record.state)));
    }
    json_object_set_new(document, "commands", open);
    json_object_set_new(document, "enrolled", json_string(enrolled));
    json_object_set_new(document, "direct_port", json_integer(endpoint->record.direct_port));
    json_object_set_new(document, "os", json_string(endpoint->record.os));
    json_object_set_new(document, "program", json_string(endpoint->record.program));
    json_object_set_new(document, "fingerprint", json_string(endpoint->record.fingerprint));
    json_object_set_new(document, "certificate_serial", json_string(endpoint->record.serial));
    json_object_set_new(document, "session", json_integer((json_int_t)endpoint->record.presence.session));
    json_object_set_new(document, "echo_ms", json_integer(endpoint->echo_ms));
    mgr_call_done(call, document);
}

static bool on_history_row(HlStmt *row, gpointer user)
{
    g_autofree char *at = hl_time_format(hl_stmt_int(row, 0));

    json_array_insert_new(
        user, 0, json_pack("{s:s, s:s, s:s}", "at", at, "what", hl_stmt_text(row, 1), "detail", hl_stmt_text(row, 2)));
    return true;
}

static void call_history(MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    MgrEndpoint *endpoint = named_endpoint(call, &error);
    json_t *array = json_array();

    mgr_line_flush(call->manager); /* what is still held back must show already */
    hl_writer_flush(call->manager->writer);
    if (endpoint == NULL ||
        !hl_db_query(call->manager->reader, on_history_row, array, &error,
                     "SELECT at, what, detail FROM history WHERE endpoint = ? ORDER BY number DESC LIMIT ?", "ti",
                     endpoint->record.id, (int64_t)MAX_HISTORY)) {
        json_decref(array);
        mgr_call_fail(call, error);
        return;
    }
    mgr_call_done_list(call, "history", array, NULL);
}

/* A change of endpoints on its way through the registry. */
typedef struct {
    MgrCall *call;
    GPtrArray *ids;
    char *group;
    uint64_t counter;
} Change;

static Change *new_change(MgrCall *call)
{
    Change *change = g_new0(Change, 1);

    change->call = call;
    change->ids = g_ptr_array_new_with_free_func(g_free);
    return change;
}

static void free_change(Change *change)
{
    g_ptr_array_unref(change->ids);
    g_free(change->group);
    g_free(change);
}

static bool fail_change(Change *change, const GError *error)
{
    if (error == NULL)
        return false;
    mgr_call_fail(change->call, error);
    free_change(change);
    return true;
}

static void submit(Change *change, HlWriteSet *set, HlWriteDone done)
{
    g_autoptr(GError) error = NULL;

    hl_write_set_durable(set);
    if (!hl_writer_submit(change->call->manager->writer, set, done, change, &error))
        done(error, change);
}

static void on_moved(const GError *error, gpointer user)
{
    Change *change = user;
    Manager *manager = change->call->manager;
    MgrGroup *group = g_hash_table_lookup(manager->fleet.groups, change->group);

    if (fail_change(change, error))
        return;
    for (guint i = 0; group != NULL && i < change->ids->len; i++) {
        MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, change->ids->pdata[i]);

        if (endpoint == NULL)
            continue;
        mgr_endpoint_set_group(endpoint, group, change->counter);
        mgr_delivery_regroup(manager, endpoint);
        mgr_display_want(manager, endpoint, MGR_NOTIFY_SETTINGS);
        mgr_status_touch(manager, endpoint);
        mgr_status_event(manager, endpoint, "moved", "", group->record.name, change->call->admin);
    }
    mgr_call_done(change->call, json_pack("{s:i, s:s}", "moved", (int)change->ids->len, "group", change->group));
    free_change(change);
}

static void call_move(MgrCall *call)
{
    Manager *manager = call->manager;
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&manager->fleet, mgr_call_argument(call, "group"), &error);
    g_autoptr(GPtrArray) endpoints =
        group != NULL ? mgr_fleet_select(&manager->fleet, mgr_call_argument(call, "selector"), &error) : NULL;
    HlWriteSet *set;
    Change *change;

    if (endpoints == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    change = new_change(call);
    change->group = g_strdup(group->record.name);
    change->counter = ++manager->fleet.settings_counter;
    set = hl_write_set_new();
    mgr_write_counter(set, "settings", change->counter);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->group == group)
            continue;
        mgr_write_endpoint_group(set, &endpoint->record, group->record.name, change->counter);
        mgr_write_history(set, hl_clock_wall(), endpoint->record.id, "moved", group->record.name);
        g_ptr_array_add(change->ids, g_strdup(endpoint->record.id));
    }
    submit(change, set, on_moved);
}

/* The certificate ends: list, broker, live session. */
static void cut_off(Manager *manager, const char *id, HlTime now)
{
    g_autoptr(GError) error = NULL;

    mgr_revoke_certificates(manager, NULL, id, NULL, now);
    if (!mgr_revoke_publish(manager, &error))
        hl_error("revoke", "%s", error->message);
    mgr_revoke_evict(manager, id);
}

static void on_revoked(const GError *error, gpointer user)
{
    Change *change = user;
    Manager *manager = change->call->manager;
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_RETIRE, .reason = MGR_REASON_REVOKED };
    HlTime now = hl_clock_wall();

    if (fail_change(change, error))
        return;
    for (guint i = 0; i < change->ids->len; i++) {
        MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, change->ids->pdata[i]);
        MgrActual before;

        if (endpoint == NULL)
            continue;
        endpoint->record.revoked_at = now;
        cut_off(manager, endpoint->record.id, now);
        mgr_commands_fold_abandon(manager, endpoint, was_revoked);
        before = (MgrActual)endpoint->record.presence.actual;
        if (mgr_endpoint_is_up(endpoint))
            manager->fleet.online--;
        mgr_presence_step(&endpoint->record.presence, &mgr_presence_policy, &event, mgr_now());
        endpoint->presence_dirty = true;
        mgr_display_feed(manager, endpoint, MGR_DISPLAY_STOPPED); /* the server's own act: no ghost */
        mgr_status_touch(manager, endpoint);
        mgr_status_event(manager, endpoint, "revoked", mgr_actual_name(before),
                         mgr_actual_name((MgrActual)endpoint->record.presence.actual), change->call->admin);
    }
    mgr_call_done(change->call,
                  json_pack("{s:i, s:b}", "revoked", (int)change->ids->len, "tell_broker", manager->broker == NULL));
    free_change(change);
}

/* What revoking and removing have in common: the endpoint is named, its certificates end, its history says who did it.
 * NULL: the call has failed already. */
static Change *begin_end(MgrCall *call, const char *what, MgrEndpoint **endpoint, HlWriteSet **set)
{
    g_autoptr(GError) error = NULL;
    HlTime now = hl_clock_wall();
    Change *change;

    *endpoint = named_endpoint(call, &error);
    if (*endpoint == NULL) {
        mgr_call_fail(call, error);
        return NULL;
    }
    change = new_change(call);
    g_ptr_array_add(change->ids, g_strdup((*endpoint)->record.id));
    *set = hl_write_set_new();
    mgr_revoke_certificates(call->manager, *set, (*endpoint)->record.id, NULL, now);
    mgr_write_history(*set, now, (*endpoint)->record.id, what, call->admin);
    return change;
}

static void call_revoke(MgrCall *call)
{
    MgrEndpoint *endpoint;
    HlWriteSet *set;
    Change *change = begin_end(call, "revoked", &endpoint, &set);

    if (change == NULL)
        return;
    mgr_commands_write_abandon(set, endpoint, was_revoked, hl_clock_wall());
    mgr_write_endpoint_revocation(set, endpoint->record.number, hl_clock_wall());
    submit(change, set, on_revoked);
}

static void on_removed(const GError *error, gpointer user)
{
    Change *change = user;
    Manager *manager = change->call->manager;
    HlTime now = hl_clock_wall();

    if (fail_change(change, error))
        return;
    for (guint i = 0; i < change->ids->len; i++) {
        MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, change->ids->pdata[i]);

        if (endpoint == NULL)
            continue;
        cut_off(manager, endpoint->record.id, now);
        mgr_commands_fold_abandon(manager, endpoint, was_removed);
        mgr_status_event(manager, endpoint, "removed", "", "", change->call->admin);
        mgr_delivery_forget(manager, endpoint->record.id);
        g_queue_remove(&manager->status_queue, endpoint);
        g_queue_remove(&manager->ack_queue, endpoint);
        mgr_fleet_remove_endpoint(&manager->fleet, endpoint);
        manager->summary_dirty = true;
    }
    mgr_call_done(change->call,
                  json_pack("{s:i, s:b}", "removed", (int)change->ids->len, "tell_broker", manager->broker == NULL));
    free_change(change);
}

static void call_remove(MgrCall *call)
{
    MgrEndpoint *endpoint;
    HlWriteSet *set;
    Change *change = begin_end(call, "removed", &endpoint, &set);

    if (change == NULL)
        return;
    mgr_commands_write_abandon(set, endpoint, was_removed, hl_clock_wall());
    mgr_write_endpoint_removal(set, endpoint->record.number);
    submit(change, set, on_removed);
}

static void call_verify(MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) endpoints =
        mgr_fleet_select(&call->manager->fleet, mgr_call_argument(call, "selector"), &error);

    if (endpoints == NULL)
        mgr_call_fail(call, error);
    else
        mgr_display_verify(call, endpoints);
}

/* "clone keep": the machine that holds the line now is the true one, the other is kept away; "clone split": the other
 * got an identity of its own, the quarrel is over. */
static void call_clone(MgrCall *call)
{
    bool keep = strcmp(call->message->name, "endpoint clone keep") == 0;
    g_autoptr(GError) error = NULL;
    MgrEndpoint *endpoint = named_endpoint(call, &error);
    MgrPresenceEvent event = { .kind = keep ? MGR_PRESENCE_CLONE_KEEP : MGR_PRESENCE_CLONE_SPLIT };

    if (endpoint != NULL && endpoint->record.presence.clone == MGR_CLONE_NONE)
        hl_fail(&error, HL_ERROR_CONFLICT, "nothing says that two machines use the identity of %s",
                endpoint->record.id);
    else if (endpoint != NULL && keep && endpoint->record.presence.machine == endpoint->record.presence.other_machine)
        hl_fail(
            &error, HL_ERROR_CONFLICT,
            "both machines that use the identity of %s have the same fingerprint (a copied machine id), so none can be "
            "kept by it: give one another identity.machine_id and enrol it anew, then 'endpoint clone split'",
            endpoint->record.id);
    if (endpoint == NULL || error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    /* the registered machine: one that was only let in to be sent away did not register */
    event.machine = mgr_presence_hash(endpoint->record.fingerprint);
    mgr_line_presence(call->manager, endpoint, &event);
    endpoint->presence_dirty = true;
    mgr_note(call->manager, endpoint->record.id, "clone", "%s by %s: fingerprint %s", keep ? "kept" : "split",
             call->admin, endpoint->record.fingerprint);
    mgr_status_event(call->manager, endpoint, "clone", "", endpoint->record.fingerprint, keep ? "kept" : "split");
    mgr_status_touch(call->manager, endpoint);
    mgr_call_done(call, mgr_status_endpoint(call->manager, endpoint));
}

static void call_summary(MgrCall *call)
{
    json_t *document = mgr_status_summary(call->manager);
    g_autofree char *started = hl_time_format(call->manager->started_wall);

    json_object_set_new(document, "manager_version", json_string(HOLDLINE_VERSION));
    json_object_set_new(document, "manager_started", json_string(started));
    json_object_set_new(document, "refusals", json_integer((json_int_t)call->manager->counters.refusals));
    json_object_set_new(document, "bad_messages", json_integer((json_int_t)call->manager->counters.bad_messages));
    mgr_call_done(call, document);
}

const MgrCallRow mgr_calls_endpoint[] = {
    { "endpoint list", "", "selector", call_list },
    { "endpoint show", "endpoint", "", call_show },
    { "endpoint history", "endpoint", "", call_history },
    { "endpoint move", "selector group", "", call_move },
    { "endpoint revoke", "endpoint", "", call_revoke },
    { "endpoint remove", "endpoint", "", call_remove },
    { "endpoint clone keep", "endpoint", "", call_clone },
    { "endpoint clone split", "endpoint", "", call_clone },
    { "verify", "selector", "", call_verify },
    { "summary", "", "", call_summary },
    { NULL, NULL, NULL, NULL },
};

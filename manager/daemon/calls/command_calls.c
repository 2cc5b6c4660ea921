/* Calls about commands: issue, look at, wait for, cancel. */
#include <string.h>

#include "lib/store/stmt.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/commands.h"
#include "manager/daemon/line.h"

#define STATE(name) ((int)HOLDLINE__V1__COMMAND_STATE__COMMAND_##name)

#define LIFETIME     (4 * HL_DAY)
#define MAX_COMMANDS 200
#define MAX_TARGETS  5000
#define MAX_FAILURES 50 /* told in one progress report */
/* A waiting call is answered after this long at the latest; the CLI asks again.  So a CLI that went away costs nothing.
 */
#define MAX_WATCH   (10 * HL_SECOND)
#define WATCH_EVERY 200 /* ms between two progress reports */

typedef struct {
    MgrCall *call;
    char *command;
    HlTime until, next;
    bool changed;
    HlTime told; /* failures up to then */
} MgrWatch;

static void on_issued(MgrCommand *command, const GError *error, gpointer user)
{
    if (error != NULL)
        mgr_call_fail(user, error);
    else
        mgr_call_done(user, mgr_command_document(&command->record, command->counts, command->open));
}

/* Those that can obey; a revoked one never comes back for a command. */
static GPtrArray *select_obedient(const Manager *manager, const char *selector, GError **error)
{
    g_autoptr(GPtrArray) all = mgr_fleet_select(&manager->fleet, selector, error);
    g_autoptr(GPtrArray) obedient = g_ptr_array_new();

    for (guint i = 0; all != NULL && i < all->len; i++)
        if (((MgrEndpoint *)all->pdata[i])->record.revoked_at == 0)
            g_ptr_array_add(obedient, all->pdata[i]);
    if (all != NULL && obedient->len == 0)
        hl_fail(error, HL_ERROR_DENIED, "'%s': revoked endpoints take no commands", selector);
    return obedient->len > 0 ? g_steal_pointer(&obedient) : NULL;
}

static void issue(MgrCall *call, int kind)
{
    Manager *manager = call->manager;
    const char *selector = mgr_call_argument(call, "selector");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) endpoints = select_obedient(manager, selector, &error);
    MgrCommandSpec spec = { .kind = kind, .selector = selector, .issuer = call->admin };

    if (endpoints == NULL ||
        !mgr_call_duration(call, "expires", LIFETIME, HL_SECOND, 365 * HL_DAY, &spec.lifetime, &error) ||
        !mgr_call_duration(call, "window", manager->conf.update_window, 0, HL_DAY, &spec.window, &error) ||
        !mgr_commands_issue(manager, &spec, endpoints, on_issued, call, &error))
        mgr_call_fail(call, error);
}

static void call_update_now(MgrCall *call)
{
    issue(call, HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW);
}

static void call_rollback(MgrCall *call)
{
    issue(call, HOLDLINE__V1__COMMAND_KIND__KIND_ROLLBACK);
}

static void call_synchronize(MgrCall *call)
{
    issue(call, HOLDLINE__V1__COMMAND_KIND__KIND_SYNCHRONIZE);
}

/* Commands of the registry with their counts, newest first. */
typedef struct {
    json_t *array;
    MgrCommandRecord record;
    guint counts[16];
    guint open;
} Listing;

static void end_listed(Listing *listing)
{
    if (listing->record.id != NULL)
        json_array_append_new(listing->array, mgr_command_document(&listing->record, listing->counts, listing->open));
    mgr_command_record_clear(&listing->record);
    memset(listing->counts, 0, sizeof listing->counts);
    listing->open = 0;
}

static bool on_command_row(HlStmt *row, gpointer user)
{
    Listing *listing = user;
    int state = hl_command_state_from_name(hl_stmt_text(row, 7));
    guint count = (guint)hl_stmt_int(row, 8);

    if (g_strcmp0(listing->record.id, hl_stmt_text(row, 0)) != 0) {
        end_listed(listing);
        listing->record = (MgrCommandRecord){ .id = g_strdup(hl_stmt_text(row, 0)),
                                              .kind = hl_command_kind_from_name(hl_stmt_text(row, 1)),
                                              .selector = g_strdup(hl_stmt_text(row, 2)),
                                              .issuer = g_strdup(hl_stmt_text(row, 3)),
                                              .issued_at = hl_stmt_int(row, 4),
                                              .expires_at = hl_stmt_int(row, 5),
                                              .cancelled_at = hl_stmt_int(row, 6) };
    }
    if (state > 0) {
        listing->counts[state] += count;
        if (!hl_command_state_is_final(state))
            listing->open += count;
    }
    return true;
}

/* id NULL: the newest ones. */
static json_t *read_commands(MgrCall *call, const char *id, GError **error)
{
    Listing listing = { .array = json_array() };
    bool ok;

    mgr_line_flush(call->manager); /* what is still held back must show already */
    hl_writer_flush(call->manager->writer);
    ok = hl_db_query(
        call->manager->reader, on_command_row, &listing, error,
        "SELECT c.id, kind, selector, issuer, issued_at, expires_at, cancelled_at, t.state, count(t.state)"
        " FROM (SELECT * FROM command WHERE ?1 IS NULL OR id = ?1 ORDER BY issued_at DESC, id LIMIT ?2) AS c"
        " LEFT JOIN target AS t ON t.command = c.id"
        " GROUP BY c.id, t.state ORDER BY c.issued_at DESC, c.id",
        "ti", id, (int64_t)MAX_COMMANDS);
    end_listed(&listing);
    if (!ok)
        g_clear_pointer(&listing.array, json_decref);
    return listing.array;
}

static void call_list(MgrCall *call)
{
    g_autoptr(GError) error = NULL;
    json_t *array = read_commands(call, NULL, &error);

    if (array == NULL)
        mgr_call_fail(call, error);
    else
        mgr_call_done_list(call, "commands", array, NULL);
}

static json_t *target_document(const Manager *manager, const char *endpoint, int state, const char *code,
                               const char *detail, HlTime changed)
{
    const MgrEndpoint *known = g_hash_table_lookup(manager->fleet.endpoints, endpoint);
    g_autofree char *at = hl_time_format(changed);

    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "endpoint", endpoint, "host",
                     known != NULL ? known->record.host : "-", "state", hl_command_state_name(state), "final",
                     hl_command_state_is_final(state), "code", code != NULL ? code : "", "detail",
                     detail != NULL ? detail : "", "changed", at);
}

typedef struct {
    const Manager *manager;
    const MgrCommand *live; /* NULL: it ended */
    json_t *array;
} Targets;

static bool on_target_row(HlStmt *row, gpointer user)
{
    const Targets *targets = user;
    const MgrEndpoint *endpoint = g_hash_table_lookup(targets->manager->fleet.endpoints, hl_stmt_text(row, 0));
    const MgrTarget *live =
        targets->live != NULL && endpoint != NULL ? mgr_endpoint_find_target(endpoint, targets->live->record.id) : NULL;
    int state = live != NULL ? live->record.state : hl_command_state_from_name(hl_stmt_text(row, 1));

    json_array_append_new(targets->array,
                          target_document(targets->manager, hl_stmt_text(row, 0), state, hl_stmt_text(row, 2),
                                          hl_stmt_text(row, 3), hl_stmt_int(row, 4)));
    return true;
}

static json_t *read_targets(MgrCall *call, const char *id, GError **error)
{
    Targets targets = { call->manager, g_hash_table_lookup(call->manager->fleet.commands, id), json_array() };

    if (!hl_db_query(
            call->manager->reader, on_target_row, &targets, error,
            "SELECT endpoint, state, code, detail, changed_at FROM target WHERE command = ? ORDER BY endpoint LIMIT ?",
            "ti", id, (int64_t)MAX_TARGETS))
        g_clear_pointer(&targets.array, json_decref);
    return targets.array;
}

/* The document of one command, from memory while it is open, else from the registry; NULL with an error. */
static json_t *find_document(MgrCall *call, const char *id, GError **error)
{
    const MgrCommand *live = g_hash_table_lookup(call->manager->fleet.commands, id);
    g_autoptr(json_t) found = NULL;

    if (live != NULL)
        return mgr_command_document(&live->record, live->counts, live->open);
    found = read_commands(call, id, error);
    if (found == NULL)
        return NULL;
    if (json_array_size(found) == 0) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no command '%s'; 'holdline command list' tells which there are",
                id);
        return NULL;
    }
    return json_incref(json_array_get(found, 0));
}

static void answer_whole(MgrCall *call)
{
    const char *id = mgr_call_argument(call, "command");
    g_autoptr(GError) error = NULL;
    json_t *document = find_document(call, id, &error);
    json_t *targets = document != NULL ? read_targets(call, id, &error) : NULL;

    if (targets == NULL) {
        json_decref(document);
        mgr_call_fail(call, error);
        return;
    }
    mgr_call_done_list(call, "targets", targets, document);
}

static void call_cancel(MgrCall *call)
{
    const char *id = mgr_call_argument(call, "command");
    MgrCommand *command = g_hash_table_lookup(call->manager->fleet.commands, id);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) ended = NULL;

    if (command == NULL) {
        ended = find_document(call, id, &error);
        if (ended != NULL)
            hl_fail(&error, HL_ERROR_CONFLICT, "command '%s' has ended already", id);
    } else if (mgr_commands_cancel(call->manager, command, on_issued, call, &error)) {
        return;
    }
    mgr_call_fail(call, error);
}

static void free_watch(gpointer item)
{
    MgrWatch *watch = item;

    g_free(watch->command);
    g_free(watch);
}

static void call_watch(MgrCall *call)
{
    const char *id = mgr_call_argument(call, "command");
    MgrCommand *command = g_hash_table_lookup(call->manager->fleet.commands, id);
    MgrWatch *watch;

    if (command == NULL) {
        answer_whole(call);
        return;
    }
    if (call->manager->watchers == NULL)
        call->manager->watchers = g_ptr_array_new_with_free_func(free_watch);
    watch = g_new(MgrWatch, 1);
    *watch = (MgrWatch){ call, g_strdup(id), hl_clock_mono() + MAX_WATCH, 0, true, 0 };
    g_ptr_array_add(call->manager->watchers, watch);
}

void mgr_watch_command_changed(Manager *manager, MgrCommand *command)
{
    for (guint i = 0; manager->watchers != NULL && i < manager->watchers->len; i++) {
        MgrWatch *watch = manager->watchers->pdata[i];

        if (strcmp(watch->command, command->record.id) == 0)
            watch->changed = true;
    }
}

/* How it goes, with those that ended otherwise than they should since this call was last told; a few, for whoever waits
 * is told all of them in the end. */
static json_t *progress_document(const Manager *manager, const MgrCommand *command, MgrWatch *watch)
{
    json_t *document = mgr_command_document(&command->record, command->counts, command->open);
    json_t *failures = json_array();
    HlTime since = watch->told;

    for (guint i = 0; i < command->targets->len && json_array_size(failures) < MAX_FAILURES; i++) {
        const MgrTargetRecord *record = &((const MgrTarget *)command->targets->pdata[i])->record;

        if (record->changed_at < since || !hl_command_state_is_final(record->state) ||
            record->state == STATE(SUCCEEDED))
            continue;
        watch->told = MAX(watch->told, record->changed_at);
        json_array_append_new(failures, target_document(manager, record->endpoint, record->state, record->code,
                                                        record->detail, record->changed_at));
    }
    json_object_set_new(document, "failures", failures);
    return document;
}

void mgr_watch_flush(Manager *manager)
{
    HlTime now = hl_clock_mono();

    for (guint i = 0; manager->watchers != NULL && i < manager->watchers->len;) {
        MgrWatch *watch = manager->watchers->pdata[i];
        MgrCommand *command = g_hash_table_lookup(manager->fleet.commands, watch->command);

        if (command == NULL) {
            answer_whole(watch->call);
        } else if (now >= watch->until) {
            mgr_call_done(watch->call, mgr_command_document(&command->record, command->counts, command->open));
        } else {
            if (watch->changed && now >= watch->next) {
                mgr_call_progress(watch->call, progress_document(manager, command, watch));
                watch->changed = false;
                watch->next = now + WATCH_EVERY;
            }
            i++;
            continue;
        }
        g_ptr_array_remove_index(manager->watchers, i);
    }
}

const MgrCallRow mgr_calls_command[] = {
    { "update-now", "selector", "expires window", call_update_now },
    { "rollback", "selector", "expires window", call_rollback },
    { "synchronize", "selector", "expires window", call_synchronize },
    { "command list", "", "", call_list },
    { "command show", "command", "", answer_whole },
    { "command watch", "command", "", call_watch },
    { "command cancel", "command", "", call_cancel },
    { NULL, NULL, NULL, NULL },
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/command_views.h"

#include "lib/store/stmt.h"

#define MAX_COMMANDS 200

static void view_add(MgrCommandView *view, HlCommandState state, guint n)
{
    view->counts[state] += n;
    view->total += n;
    view->open += hl_command_state_is_final(state) ? 0 : n;
}

static MgrCommandView view_counts(const guint *counts)
{
    MgrCommandView view = { 0 };

    for (HlCommandState state = HL_STATE_QUEUED; state < HL_N_STATES; state++)
        view_add(&view, state, counts[state]);
    return view;
}

MgrCommandView mgr_command_view_live(const MgrCommand *command, const MgrCaller *caller)
{
    MgrCommandView view = { 0 };

    if (caller->groups == NULL)
        return view_counts(command->counts);
    for (guint i = 0; i < command->targets->len; i++) {
        const MgrTarget *target = command->targets->pdata[i];

        if (mgr_target_is_seen(target, caller))
            view_add(&view, target->record.state, 1);
        else
            view.hides = true;
    }
    return view;
}

/* {"id", "kind", "selector", "scope", "issuer", "issued", "expires", "window_ms", "states": {...}, "open": n}.
 * Selector, scope and window are about all targets: "" and 0 where there are others. */
static json_t *command_document(const MgrCommandRecord *record, const MgrCommandView *view)
{
    g_autofree char *issued = hl_time_format(record->issued_at);
    g_autofree char *expires = hl_time_format(record->expires_at);
    json_t *states = json_object();

    for (HlCommandState state = HL_STATE_QUEUED; state < HL_N_STATES; state++)
        if (view->counts[state] > 0)
            json_object_set_new(states, hl_command_state_name(state), json_integer(view->counts[state]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:i, s:i, s:o}", "id", record->id, "kind",
                     hl_command_kind_name(record->kind), "selector", view->hides ? "" : record->selector, "scope",
                     view->hides ? "" : record->scope, "issuer", record->issuer, "issued", issued, "expires", expires,
                     "window_ms", view->hides ? (json_int_t)0 : (json_int_t)record->window_ms, "cancelled",
                     record->cancelled_at > 0, "endpoints", (int)view->total, "open", (int)view->open, "states",
                     states);
}

json_t *mgr_command_view_document(const MgrCommand *command, const MgrCaller *caller)
{
    MgrCommandView view = mgr_command_view_live(command, caller);

    return command_document(&command->record, &view);
}

/* Columns of the listing. */
enum {
    C_ID,
    C_KIND,
    C_SELECTOR,
    C_ISSUER,
    C_ISSUED,
    C_EXPIRES,
    C_CANCELLED,
    C_SCOPE,
    C_WINDOW,
    C_STATE,
    C_COUNT,
    C_TOTAL,
    C_SEEN
};

/* Commands of the registry with their counts, newest first. */
typedef struct {
    json_t *array;
    int64_t total; /* how many there are, whatever the limit */
    MgrCommandRecord record;
    MgrCommandView view;
} Listing;

static void end_listed(Listing *listing)
{
    if (listing->record.id != NULL)
        json_array_append_new(listing->array, command_document(&listing->record, &listing->view));
    mgr_command_record_clear(&listing->record);
    listing->view = (MgrCommandView){ 0 };
}

static MgrCommandRecord read_record(HlStmt *row)
{
    return (MgrCommandRecord){ .id = g_strdup(hl_stmt_text(row, C_ID)),
                               .kind = hl_command_kind_from_name(hl_stmt_text(row, C_KIND)),
                               .selector = g_strdup(hl_stmt_text(row, C_SELECTOR)),
                               .issuer = g_strdup(hl_stmt_text(row, C_ISSUER)),
                               .issued_at = hl_stmt_int(row, C_ISSUED),
                               .expires_at = hl_stmt_int(row, C_EXPIRES),
                               .cancelled_at = hl_stmt_int(row, C_CANCELLED),
                               .scope = g_strdup(hl_stmt_text(row, C_SCOPE)),
                               .window_ms = (uint32_t)hl_stmt_int(row, C_WINDOW) };
}

static bool on_command_row(HlStmt *row, gpointer user)
{
    Listing *listing = user;
    const char *text = hl_stmt_text(row, C_STATE);
    HlCommandState state = text != NULL ? hl_command_state_from_name(text) : HL_STATE_UNKNOWN;
    guint count = (guint)hl_stmt_int(row, C_COUNT);

    if (g_strcmp0(listing->record.id, hl_stmt_text(row, C_ID)) != 0) {
        end_listed(listing);
        listing->total = hl_stmt_int(row, C_TOTAL);
        listing->record = read_record(row);
    }
    if (hl_stmt_int(row, C_SEEN) == 0)
        listing->view.hides = true;
    else if (state != HL_STATE_UNKNOWN) /* a command without targets has one row, with no state */
        view_add(&listing->view, state, count);
    return true;
}

/* Of the caller without limits: the targets are not looked at. */
typedef struct {
    MgrCommandSums *sums;
    json_t *array;
    int64_t total;
    GError *error;
} Newest;

enum { N_TOTAL = C_STATE }; /* the columns before are those of the listing */

static bool on_newest_row(HlStmt *row, gpointer user)
{
    Newest *newest = user;
    const MgrCommandSum *sum = mgr_command_sums_get(newest->sums, hl_stmt_text(row, C_ID), &newest->error);
    MgrCommandRecord record;
    MgrCommandView view;

    if (sum == NULL)
        return false;
    newest->total = hl_stmt_int(row, N_TOTAL);
    view = view_counts(sum->counts);
    record = read_record(row);
    json_array_append_new(newest->array, command_document(&record, &view));
    mgr_command_record_clear(&record);
    return true;
}

json_t *mgr_command_views_newest(const MgrCommandViews *views, int64_t *total, GError **error)
{
    Newest newest = { views->sums, json_array(), 0, NULL };
    bool ok = hl_db_query(mgr_record_reader(views->record), on_newest_row, &newest, error,
                          "SELECT id, kind, selector, issuer, issued_at, expires_at, cancelled_at, scope, window_ms,"
                          " count(*) OVER ()"
                          " FROM command ORDER BY issued_at DESC, id LIMIT ?",
                          "i", (int64_t)MAX_COMMANDS);

    *total = newest.total;
    if (newest.error != NULL) {
        g_propagate_error(error, newest.error);
        ok = false;
    }
    if (!ok)
        g_clear_pointer(&newest.array, json_decref);
    return newest.array;
}

#define COMMANDS                                                                                            \
    "SELECT c.id, kind, selector, issuer, issued_at, expires_at, cancelled_at, scope, window_ms, t.state, " \
    "count(t.state), total"

/* How many there are is counted in the pass that finds the newest: each is looked at once, with a limit or without. */
#define WITH_TOTAL "SELECT *, count(*) OVER () AS total FROM command"

static const char all_commands[] =
    COMMANDS ", 1 FROM (" WITH_TOTAL " WHERE ?1 IS NULL OR id = ?1 ORDER BY issued_at DESC, id LIMIT ?2) AS c"
             " LEFT JOIN target AS t ON t.command = c.id"
             " GROUP BY c.id, t.state ORDER BY c.issued_at DESC, c.id";

/* ?3: ",GROUP,GROUP,..." */
#define IN_GROUPS "coalesce(instr(?3, ',' || e.grp || ','), 0) > 0"
static const char some_commands[] =
    COMMANDS ", " IN_GROUPS " AS seen"
             " FROM (" WITH_TOTAL " WHERE (?1 IS NULL OR id = ?1) AND EXISTS"
             " (SELECT 1 FROM target JOIN endpoint AS e ON e.id = target.endpoint WHERE target.command = command.id"
             " AND " IN_GROUPS ") ORDER BY issued_at DESC, id LIMIT ?2) AS c"
             " JOIN target AS t ON t.command = c.id LEFT JOIN endpoint AS e ON e.id = t.endpoint"
             " GROUP BY c.id, t.state, seen ORDER BY c.issued_at DESC, c.id";

json_t *mgr_command_views_read(const MgrCommandViews *views, const MgrCaller *caller, const char *id, int64_t *total,
                               GError **error)
{
    HlDb *db = mgr_record_reader(views->record);
    Listing listing = { .array = json_array() };
    g_autofree char *names = caller->groups != NULL ? g_strjoinv(",", caller->groups) : NULL;
    g_autofree char *groups = names != NULL ? g_strdup_printf(",%s,", names) : NULL;
    bool ok =
        groups == NULL
            ? hl_db_query(db, on_command_row, &listing, error, all_commands, "ti", id, (int64_t)MAX_COMMANDS)
            : hl_db_query(db, on_command_row, &listing, error, some_commands, "tit", id, (int64_t)MAX_COMMANDS, groups);

    end_listed(&listing);
    if (total != NULL)
        *total = listing.total;
    if (!ok)
        g_clear_pointer(&listing.array, json_decref);
    return listing.array;
}

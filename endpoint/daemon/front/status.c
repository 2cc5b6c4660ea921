/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/front/status.h"

#include "endpoint/daemon/ground/journal.h"
#include "lib/base/ident.h"
#include "lib/store/stmt.h"
#include "proto/components.h"

#define HISTORY 50

static void set_text(json_t *object, const char *name, const char *value)
{
    json_object_set_new(object, name, value == NULL ? json_null() : json_string(value));
}

static void set_time(json_t *object, const char *name, HlTime time)
{
    g_autofree char *text = time == 0 ? NULL : hl_time_format(time);

    set_text(object, name, text);
}

static const char *line_state(EpLinkView view)
{
    static const char *const states[] = {
        [HL_BUS_DOWN] = "down", [HL_BUS_CONNECTING] = "connecting", [HL_BUS_UP] = "up"
    };

    return states[view.state];
}

static json_t *line_json(EpLinkView view)
{
    json_t *object = json_object();

    set_text(object, "state", line_state(view));
    set_text(object, "broker", view.broker);
    json_object_set_new(object, "session", json_integer((json_int_t)view.session));
    set_time(object, "since", view.since);
    json_object_set_new(object, "ever_up", json_boolean(view.ever_up));
    json_object_set_new(object, "failed_attempts", json_integer((json_int_t)view.attempts));
    set_text(object, "last_error", view.last_error);
    set_text(object, "cause", view.cause);
    set_time(object, "next_attempt", view.next_attempt);
    return object;
}

static json_t *settings_json(const EpSettingsOrigin *origin)
{
    g_autofree char *digest = NULL;
    json_t *object;

    if (!origin->applied)
        return json_null();
    object = json_object();
    digest = hl_hex(g_bytes_get_data(origin->digest, NULL), g_bytes_get_size(origin->digest));
    set_text(object, "group", origin->group);
    json_object_set_new(object, "version", json_integer((json_int_t)origin->version));
    json_object_set_new(object, "counter", json_integer((json_int_t)origin->counter));
    set_text(object, "digest", digest);
    set_text(object, "path", origin->path);
    set_time(object, "applied", origin->at);
    return object;
}

static json_t *privileges_json(const EpSettings *settings)
{
    EpPrivileges may = ep_settings_privileges(settings);

    return json_pack("{s:b, s:b, s:b, s:b, s:b}", "update-now", may.update_now, "toggle-schedule", may.toggle_schedule,
                     "scan", may.scan, "skip-scan", may.skip_scan, "stop", may.stop);
}

static json_t *patterns_json(const EpUpdates *updates)
{
    json_t *object = json_object();
    size_t n;
    HlMsgComponent **components = hl_components_parse(ep_updates_patterns(updates), &n);

    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, components[i]->name, json_integer((json_int_t)components[i]->version));
    hl_components_free(components, n);
    return object;
}

/* What everybody is told of it. */
static json_t *update_json(const EpStatusView *from, EpUpdateView view)
{
    json_t *object = json_object();

    json_object_set_new(object, "running", json_boolean(view.running));
    json_object_set_new(object, "percent", json_integer(view.percent));
    set_text(object, "what", view.what);
    set_time(object, "last_at", view.last_at);
    json_object_set_new(object, "last_succeeded", json_boolean(view.last_succeeded));
    set_text(object, "last_trigger", view.last_trigger);
    set_text(object, "last_detail", view.last_detail);
    set_text(object, "schedule", ep_settings_values(from->settings)->update_schedule);
    json_object_set_new(object, "schedule_off_by_user", json_boolean(ep_scheduler_is_user_off(from->scheduler)));
    return object;
}

static json_t *update_status_json(const EpStatusView *from)
{
    EpUpdateView view = ep_updates_view(from->updates);
    json_t *object = update_json(from, view);

    set_text(object, "last_source", view.last_source);
    set_time(object, "next_scheduled", ep_scheduler_next_update(from->scheduler));
    return object;
}

static json_t *upgrade_json(const EpProgram *program)
{
    EpProgramView view = ep_program_view(program);
    json_t *object = json_object();

    set_text(object, "state", view.state);
    set_text(object, "from", view.from);
    set_text(object, "to", view.to);
    set_text(object, "detail", view.detail);
    set_time(object, "ended", view.ended);
    return object;
}

static json_t *refused_json(const EpRefusals *refusals)
{
    json_t *list = json_array();

    for (int what = 0; what < EP_REFUSED_N_WHATS; what++) {
        for (int reason = 0; reason < EP_REFUSED_N_REASONS; reason++) {
            const EpRefusal *row = &refusals->rows[what][reason];

            if (row->count > 0)
                json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "what", ep_refused_name((EpRefused)what),
                                                      "code", ep_refused_reason_name((EpRefusedReason)reason), "count",
                                                      (json_int_t)row->count, "last", row->detail));
        }
    }
    return json_pack("{s:I, s:o}", "total", (json_int_t)refusals->total, "kinds", list);
}

static json_t *on_write_json(const EpScans *scans)
{
    EpOnWriteView view = ep_scans_on_write(scans);
    json_t *object = ep_backlog_json(&view.numbers);

    set_text(object, "state", !view.wanted ? "off" : view.watching ? "watching" : "not watching");
    set_text(object, "why", view.wanted ? view.why : NULL);
    set_time(object, "since", view.since);
    json_object_set_new(object, "breaks", json_integer((json_int_t)view.breaks));
    json_object_set_new(object, "found", json_integer((json_int_t)view.found));
    return object;
}

static json_t *comeback_json(EpComebackView view)
{
    json_t *object;

    if (view.state == EP_COMEBACK_NONE)
        return json_null();
    object = json_object();
    set_text(object, "state", ep_comeback_state_name(view.state));
    set_time(object, "at", view.at);
    set_text(object, "detail", view.detail);
    set_time(object, "next_attempt", view.next);
    return object;
}

static json_t *list_json(char *const *texts)
{
    json_t *list = json_array();

    for (gsize i = 0; texts[i] != NULL; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static void add_identity(json_t *root, const EpStatusView *view)
{
    const EpEnrolled *enrolled = view->enrolled;
    const EpIdentity *identity;
    g_auto(GStrv) urls = NULL;
    g_auto(GStrv) brokers = NULL;

    json_object_set_new(root, "enrolled", json_boolean(enrolled != NULL));
    if (enrolled == NULL)
        return;
    identity = ep_enrolled_identity(enrolled);
    set_text(root, "id", identity->id);
    urls = ep_enrolled_urls(enrolled);
    brokers = ep_enrolled_brokers(enrolled, (const char *const *)ep_settings_values(view->settings)->brokers);
    set_text(root, "server", urls[0]);
    json_object_set_new(root, "servers", list_json(urls));
    json_object_set_new(root, "brokers", list_json(brokers));
    json_object_set_new(root, "line", line_json(ep_enrolled_link(enrolled)));
    json_object_set_new(root, "reports_waiting", json_integer((json_int_t)ep_enrolled_reports_waiting(enrolled)));
    set_time(root, "certificate_ends", hl_cert_info(identity->cert)->not_after);
    json_object_set_new(root, "comeback", comeback_json(ep_enrolled_comeback(enrolled)));
}

json_t *ep_status_json(const EpStatusView *view)
{
    EpTroubleView trouble = ep_trouble_view(view->trouble);
    json_t *root = json_object();

    set_text(root, "program_version", HOLDLINE_VERSION);
    add_identity(root, view);
    json_object_set_new(root, "settings", settings_json(ep_settings_origin(view->settings)));
    json_object_set_new(root, "independent", json_boolean(ep_settings_values(view->settings)->independent));
    json_object_set_new(root, "privileges", privileges_json(view->settings));
    json_object_set_new(root, "patterns", patterns_json(view->updates));
    json_object_set_new(root, "update", update_status_json(view));
    json_object_set_new(root, "upgrade", upgrade_json(view->program));
    json_object_set_new(root, "scheduled_scan_running", json_boolean(ep_orders_is_scheduled_running(view->orders)));
    json_object_set_new(root, "on_write", on_write_json(view->scans));
    json_object_set_new(root, "detections", json_integer((json_int_t)ep_finds_count(view->finds)));
    json_object_set_new(root, "refused", refused_json(view->refused));
    set_text(root, "problem", trouble.text);
    set_time(root, "problem_at", trouble.at);
    return root;
}

/* --------------------------------------------------------------------------------------------- for those who watch */

static json_t *may_json(const EpSettings *settings, EpWho who)
{
    static const struct {
        const char *name;
        EpAct act;
    } rows[] = {
        { "update-now", EP_ACT_UPDATE_NOW },
        { "toggle-schedule", EP_ACT_TOGGLE_SCHEDULE },
        { "scan", EP_ACT_SCAN },
        { "skip-scan", EP_ACT_SKIP_SCAN },
        { "stop", EP_ACT_STOP },
    };
    EpPrivileges privileges = ep_settings_privileges(settings);
    json_t *may = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        json_object_set_new(may, rows[i].name, json_boolean(ep_privilege_check(rows[i].act, &privileges, who, NULL)));
    return may;
}

static json_t *watched_update_json(const EpStatusView *from)
{
    EpUpdateView view = ep_updates_view(from->updates);
    json_t *object = update_json(from, view);

    set_text(object, "trigger", view.trigger);
    set_time(object, "succeeded_at", view.succeeded_at);
    return object;
}

static json_t *watched_scan_json(const EpStatusView *from)
{
    static const char *const shown[] = { "ended", "how", "end", "detail", "files", "found", "not_looked_at" };
    g_autoptr(json_t) last = ep_finds_last_scan_json(from->finds);
    json_t *some = json_is_object(last) ? json_object() : json_null();

    for (gsize i = 0; i < G_N_ELEMENTS(shown) && json_is_object(some); i++)
        json_object_set(some, shown[i], json_object_get(last, shown[i]));
    return json_pack("{s:b, s:o}", "running", ep_orders_is_running(from->orders), "last", some);
}

json_t *ep_watch_json(const EpStatusView *view, EpWho who)
{
    json_t *root = json_object();

    json_object_set_new(root, "enrolled", json_boolean(view->enrolled != NULL));
    set_text(root, "line", view->enrolled == NULL ? NULL : line_state(ep_enrolled_link(view->enrolled)));
    json_object_set_new(root, "independent", json_boolean(ep_settings_values(view->settings)->independent));
    json_object_set_new(root, "may", may_json(view->settings, who));
    json_object_set_new(root, "patterns", patterns_json(view->updates));
    set_time(root, "patterns_since", ep_updates_view(view->updates).changed_at);
    json_object_set_new(root, "update", watched_update_json(view));
    json_object_set_new(root, "upgrade", upgrade_json(view->program));
    json_object_set_new(root, "scan", watched_scan_json(view));
    json_object_set_new(root, "finds",
                        json_pack("{s:I, s:I, s:o}", "total", (json_int_t)ep_finds_count(view->finds), "count",
                                  (json_int_t)ep_finds_ever(view->finds), "last", ep_finds_last_json(view->finds)));
    set_text(root, "problem", ep_trouble_view(view->trouble).text);
    return root;
}

/* ----------------------------------------------------------------------------------------------------- the history */

enum { ID, KIND, STATE, RECEIVED, ENDED, CODE, DETAIL };
#define COMMAND_COLUMNS "id, kind, state, received_ms, ended_ms, code, detail"

static bool add_command(HlStmt *row, gpointer user)
{
    json_t *object = json_object();
    HlCommandKind kind = hl_command_kind_from_wire((int)hl_stmt_int(row, KIND));

    set_text(object, "id", hl_stmt_text(row, ID));
    set_text(object, "kind", kind != HL_KIND_UNKNOWN ? hl_command_kind_name(kind) : NULL);
    set_text(object, "state", hl_command_state_name(ep_journal_shown_state(hl_stmt_int(row, STATE))));
    set_time(object, "received", hl_stmt_int(row, RECEIVED));
    set_time(object, "ended", hl_stmt_int(row, ENDED));
    set_text(object, "code", hl_stmt_text(row, CODE));
    set_text(object, "detail", hl_stmt_text(row, DETAIL));
    json_array_append_new(user, object);
    return true;
}

static bool add_event(HlStmt *row, gpointer user)
{
    json_t *object = json_object();

    set_time(object, "at", hl_stmt_int(row, 0));
    set_text(object, "what", hl_stmt_text(row, 1));
    set_text(object, "detail", hl_stmt_text(row, 2));
    json_array_append_new(user, object);
    return true;
}

json_t *ep_history_json(HlDb *db, GError **error)
{
    g_autoptr(json_t) commands = json_array();
    g_autoptr(json_t) events = json_array();

    if (!hl_db_query(db, add_command, commands, error,
                     "SELECT " COMMAND_COLUMNS " FROM command"
                     " ORDER BY received_ms DESC LIMIT ?",
                     "i", (int64_t)HISTORY) ||
        !hl_db_query(db, add_event, events, error, "SELECT at_ms, what, detail FROM event ORDER BY n DESC LIMIT ?", "i",
                     (int64_t)HISTORY))
        return NULL;
    return json_pack("{s:O, s:O}", "commands", commands, "events", events);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/status.h"

#include <string.h>

#include "lib/base/json_out.h"
#include "lib/base/unconst.h"
#include "manager/core/ends.h"
#include "manager/daemon/state/due.h"
#include "manager/daemon/state/endpoint_document.h"
#include "manager/daemon/state/sums.h"
#include "proto/components.h"

#define SUMMARY_EVERY 250 /* ms: one message for many changes */
/* documents per turn, at 37,000 instructions each; with a turn every 20 ms the status of 10,000 takes a second.  Also
 * how many publications may wait for the broker before more are made: one that waits takes memory and says what was,
 * one that is made later says what is. */
#define MAX_FLUSH  200
#define MOST_YIELD HL_SECOND

#define MAX_ENDS   20 /* told of: the summary is one message */
#define MAX_EVENTS 50 /* that are kept for who comes later */

struct MgrStatus {
    MgrFleet *fleet;
    MgrDown *down;
    MgrSums *sums;
    const MgrConf *conf;
    MgrDue due;
    bool blind, summary_dirty;
    uint64_t revision; /* counts what was touched since the start */
    HlTime summary_mono;
    HlTime yields_mono; /* since then; 0: it does not */
    json_t *repository; /* NULL: nothing is known of it yet */
    json_t *audit;
    json_t *ends;
    json_t *halted;               /* roll-outs */
    char *problems[MGR_PROBLEMS]; /* NULL: nothing is wrong with that */
    GQueue events;                /* the last ones as they were told, the newest first */
};

MgrStatus *mgr_status_new(const MgrStatusOptions *options)
{
    MgrStatus *status = g_new0(MgrStatus, 1);

    status->fleet = options->fleet;
    status->conf = options->conf;
    status->down = options->down;
    status->sums = mgr_sums_new(options->fleet);
    status->blind = true; /* until the link says otherwise */
    status->ends = json_array();
    status->halted = json_array();
    mgr_due_init(&status->due);
    return status;
}

void mgr_status_free(MgrStatus *status)
{
    if (status == NULL)
        return;
    mgr_due_clear(&status->due);
    mgr_sums_free(status->sums);
    json_decref(status->repository);
    json_decref(status->audit);
    json_decref(status->halted);
    json_decref(status->ends);
    for (gsize i = 0; i < MGR_PROBLEMS; i++)
        g_free(status->problems[i]);
    g_queue_clear_full(&status->events, g_free);
    g_free(status);
}

char *mgr_status_endpoint_print(const MgrStatus *status, const MgrEndpoint *endpoint)
{
    return mgr_endpoint_document_print(status->fleet, status->conf, endpoint);
}

json_t *mgr_status_endpoint(const MgrStatus *status, const MgrEndpoint *endpoint)
{
    g_autofree char *text = mgr_status_endpoint_print(status, endpoint);

    return text != NULL ? hl_json_parse(endpoint->record.id, text, strlen(text), NULL) : NULL;
}

/* By these a reader knows which of two documents is the later one, by whatever way they came. */
static void add_order(json_t *document, const MgrStatus *status)
{
    json_object_set_new(document, "epoch", json_integer((json_int_t)status->fleet->epoch));
    json_object_set_new(document, "revision", json_integer((json_int_t)status->revision));
}

const char *mgr_problem_name(MgrProblem problem)
{
    static const char *const names[MGR_PROBLEMS] = {
        [MGR_PROBLEM_BROKER_RELOAD] = "broker_reload",
        [MGR_PROBLEM_BROKER_SPLIT] = "broker_split",
        [MGR_PROBLEM_BROKER_REFUSED] = "broker_refused",
        [MGR_PROBLEM_BROKER_AWAY] = "broker_away",
        [MGR_PROBLEM_BROKER_DRAINED] = "broker_drained",
        [MGR_PROBLEM_BROKER_HUNG] = "broker_hung",
        [MGR_PROBLEM_NOTIFICATIONS] = "notifications",
        [MGR_PROBLEM_DISK] = "disk",
        [MGR_PROBLEM_REPOSITORY] = "repository_problem",
        [MGR_PROBLEM_PATTERNS_OLD] = "patterns_old",
        [MGR_PROBLEM_CLOCK] = "clock",
        [MGR_PROBLEM_AUDIT] = "audit_broken",
    };

    return names[problem];
}

static void add_problems(json_t *document, const MgrStatus *status)
{
    for (int i = 0; i < MGR_PROBLEMS; i++)
        json_object_set_new(document, mgr_problem_name((MgrProblem)i),
                            status->problems[i] != NULL ? json_string(status->problems[i]) : json_null());
}

static void add_findings_summary(json_t *document, const MgrTotals *totals)
{
    json_object_set_new(document, "open_detections", json_integer((json_int_t)totals->open_detections));
    json_object_set_new(document, "infected", json_integer(totals->infected));
    json_object_set_new(document, "scans_failed", json_integer(totals->scans_failed));
    json_object_set_new(document, "never_scanned", json_integer(totals->never_scanned));
}

/* How many of each, as the console would show them and as they are judged. */
static void add_views(json_t *document, const guint *by_displayed, const guint *by_verdict)
{
    json_t *displayed = json_object();
    json_t *verdicts = json_object();

    for (int i = 0; i < MGR_DISPLAYED_N; i++)
        json_object_set_new(displayed, mgr_displayed_name((MgrDisplayed)i), json_integer(by_displayed[i]));
    for (int i = 0; i < MGR_VERDICT_N; i++)
        json_object_set_new(verdicts, mgr_verdict_name((MgrVerdict)i), json_integer(by_verdict[i]));
    json_object_set_new(document, "displayed", displayed);
    json_object_set_new(document, "verdicts", verdicts);
}

static json_t *nameless(const json_t *end, MgrEndKind kind)
{
    g_autofree char *remedy = mgr_end_remedy(&(MgrEnd){ .kind = kind, .name = "" }, "", false);
    json_t *copy = json_copy(hl_unconst(end));

    json_object_set_new(copy, "name", json_string(""));
    json_object_set_new(copy, "remedy", json_string(remedy));
    return copy;
}

static json_t *ends_value(const json_t *ends, const MgrCaller *caller)
{
    json_t *array = json_array();

    for (size_t i = 0; i < json_array_size(ends) && json_array_size(array) < MAX_ENDS; i++) {
        json_t *end = json_array_get(ends, i);
        MgrEndKind kind = MGR_END_CA;

        if (!mgr_end_kind_parse(json_string_value(json_object_get(end, "kind")), &kind))
            continue;
        switch (mgr_end_sight(kind, json_string_value(json_object_get(end, "name")), caller)) {
        case MGR_END_HIDDEN:
            break;
        case MGR_END_NAMELESS:
            json_array_append_new(array, nameless(end, kind));
            break;
        case MGR_END_SHOWN:
            json_array_append(array, end);
            break;
        }
    }
    return array;
}

/* One with a member outside of the caller's groups is not there (calls/rollout_calls.c). */
static json_t *halted_value(const json_t *halted, const MgrCaller *caller)
{
    json_t *array = json_array();
    const json_t *rollout, *group;
    size_t i, k;

    json_array_foreach(halted, i, rollout)
    {
        bool is_seen =
            caller == NULL || caller->groups == NULL || json_array_size(json_object_get(rollout, "groups")) > 0;

        json_array_foreach(json_object_get(rollout, "groups"), k, group) is_seen =
            is_seen && mgr_caller_sees(caller, json_string_value(group));
        if (is_seen)
            json_array_append(array, json_object_get(rollout, "id"));
    }
    return array;
}

typedef struct {
    guint ended, commands; /* certificates; open commands */
} Counts;

static json_t *summary_of(const MgrStatus *status, const MgrCaller *caller, const MgrTotals *totals, Counts counts)
{
    json_t *document = json_object();

    json_object_set_new(document, "at", hl_json_time(hl_clock_wall()));
    add_order(document, status);
    json_object_set_new(document, "endpoints", json_integer(totals->all));
    json_object_set_new(document, "removed", json_integer(totals->removed));
    for (int i = 0; i < MGR_ACTUAL_N; i++)
        json_object_set_new(document, mgr_actual_name((MgrActual)i), json_integer(totals->by_actual[i]));
    json_object_set_new(document, "undialled", json_integer(totals->undialled));
    add_views(document, totals->by_displayed, totals->by_verdict);
    json_object_set_new(document, "outdated", json_integer(totals->outdated));
    json_object_set_new(document, "outdated_program", json_integer(totals->program_outdated));
    json_object_set_new(document, "settings_behind", json_integer(totals->settings_behind));
    json_object_set_new(document, "flooding", json_integer(totals->flooding));
    json_object_set_new(document, "certificates_ended", json_integer(counts.ended));
    add_findings_summary(document, totals);
    json_object_set_new(document, "open_commands", json_integer(counts.commands));
    json_object_set_new(document, "server_blind", json_boolean(status->blind));
    add_problems(document, status);
    json_object_set_new(document, "latest_patterns", hl_components_json(status->fleet->latest));
    json_object_set_new(document, "latest_program",
                        *status->fleet->program != '\0' ? json_string(status->fleet->program) : json_null());
    json_object_set(document, "repository", status->repository != NULL ? status->repository : json_null());
    json_object_set(document, "audit", status->audit != NULL ? status->audit : json_null());
    json_object_set_new(document, "rollouts_halted", halted_value(status->halted, caller));
    json_object_set_new(document, "ends", ends_value(status->ends, caller));
    return document;
}

json_t *mgr_status_summary(const MgrStatus *status, const MgrCaller *caller)
{
    MgrTotals totals = mgr_sums_for(status->sums, caller);

    return summary_of(status, caller, &totals,
                      (Counts){ mgr_sums_ended(status->sums, caller), mgr_sums_commands(status->fleet, caller) });
}

json_t *mgr_status_summary_of(const MgrStatus *status, const MgrCaller *caller, const GPtrArray *ids)
{
    g_autoptr(GHashTable) commands = g_hash_table_new(NULL, NULL);
    HlTime now = hl_clock_wall();
    MgrTotals totals = { 0 };
    Counts counts = { 0 };

    for (guint i = 0; i < ids->len; i++) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(status->fleet, ids->pdata[i]);

        if (endpoint == NULL || !mgr_caller_sees(caller, endpoint->record.group)) /* it went meanwhile */
            continue;
        mgr_totals_add(&totals, status->fleet, endpoint);
        counts.ended += !endpoint->record.display.removed && mgr_endpoint_has_ended(endpoint, now);
        for (const MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL;
             at = mgr_endpoint_next_target(endpoint, at))
            g_hash_table_add(commands, at->command);
    }
    counts.commands = g_hash_table_size(commands);
    return summary_of(status, caller, &totals, counts);
}

bool mgr_status_is_blind(const MgrStatus *status)
{
    return status->blind;
}

guint mgr_status_count(const MgrStatus *status, guint *online)
{
    const MgrTotals *totals = mgr_sums_get(status->sums);

    *online = totals->by_actual[MGR_ACTUAL_ONLINE];
    return totals->all;
}

void mgr_status_recount(const MgrStatus *status)
{
    mgr_sums_get(status->sums);
}

MgrGroupSums mgr_status_of_group(const MgrStatus *status, const MgrGroup *group)
{
    return mgr_sums_of_group(status->sums, group);
}

uint64_t mgr_status_looks(const MgrStatus *status)
{
    return mgr_sums_looks(status->sums);
}

uint64_t mgr_status_revision(const MgrStatus *status)
{
    return status->revision;
}

static void note_change(MgrStatus *status, MgrEndpoint *endpoint)
{
    status->summary_dirty = true;
    endpoint->revision = ++status->revision;
}

/* The sums do not count by their commands. */
void mgr_status_touch_commands(MgrStatus *status, MgrEndpoint *endpoint)
{
    note_change(status, endpoint);
    mgr_due_count(&status->due, endpoint, hl_clock_mono());
}

void mgr_status_touch(MgrStatus *status, MgrEndpoint *endpoint)
{
    note_change(status, endpoint);
    mgr_sums_touch(status->sums, endpoint);
    mgr_due_whole(&status->due, endpoint);
}

void mgr_status_touch_all(MgrStatus *status)
{
    GHashTableIter iter;
    gpointer endpoint;

    mgr_due_begin_round(&status->due, g_hash_table_size(status->fleet->endpoints));
    g_hash_table_iter_init(&iter, status->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint)) {
        note_change(status, endpoint);
        mgr_due_add_to_round(&status->due, endpoint);
    }
    mgr_sums_touch_all(status->sums);
    status->summary_dirty = true;
}

void mgr_status_forget(MgrStatus *status, MgrEndpoint *endpoint)
{
    mgr_due_forget(&status->due, endpoint);
    mgr_sums_forget(status->sums, endpoint);
    status->summary_dirty = true;
}

void mgr_status_set_blind(MgrStatus *status, bool blind)
{
    status->summary_dirty = status->summary_dirty || blind != status->blind;
    status->blind = blind;
}

void mgr_status_set_audit(MgrStatus *status, json_t *audit)
{
    status->summary_dirty = status->summary_dirty || !json_equal(audit, status->audit);
    json_decref(status->audit);
    status->audit = audit;
}

void mgr_status_set_repository(MgrStatus *status, json_t *repository)
{
    status->summary_dirty = status->summary_dirty || !json_equal(repository, status->repository);
    json_decref(status->repository);
    status->repository = repository;
}

void mgr_status_set_ends(MgrStatus *status, json_t *ends)
{
    status->summary_dirty = status->summary_dirty || !json_equal(ends, status->ends);
    json_decref(status->ends);
    status->ends = ends;
}

void mgr_status_set_halted(MgrStatus *status, json_t *halted)
{
    status->summary_dirty = status->summary_dirty || !json_equal(halted, status->halted);
    json_decref(status->halted);
    status->halted = halted;
}

void mgr_status_set_problem(MgrStatus *status, MgrProblem problem, const char *text)
{
    if (g_strcmp0(text, status->problems[problem]) == 0)
        return;
    status->summary_dirty = true;
    g_free(status->problems[problem]);
    status->problems[problem] = g_strdup(text);
}

MgrStatusView mgr_status_view(const MgrStatus *status)
{
    MgrStatusView view = { .blind = status->blind, .ends = status->ends };

    for (gsize i = 0; i < MGR_PROBLEMS; i++)
        view.problems[i] = status->problems[i];
    return view;
}

/* An event for what follows from several causes, where it is told: the change that counts is the one between two
 * documents. */
static void tell_changed(MgrStatus *status, const MgrEndpoint *endpoint, const char *what, const char *before,
                         const char *now)
{
    mgr_status_event(status, endpoint, what, before, now,
                     mgr_reason_name(mgr_presence_reason(&endpoint->record.presence)));
}

static void tell_derived(MgrStatus *status, MgrEndpoint *endpoint)
{
    g_autofree char *address = NULL;
    MgrVerdictFacts facts = mgr_endpoint_facts(endpoint, &address);
    MgrVerdict verdict = mgr_verdict_of(&facts);
    guint reach_before = endpoint->reach_told;
    guint verdict_before = endpoint->verdict_told;

    endpoint->reach_told = (uint8_t)(endpoint->record.reach + 1);
    endpoint->verdict_told = (uint8_t)(verdict + 1);
    if (reach_before != 0 && reach_before != endpoint->reach_told)
        tell_changed(status, endpoint, "reachability", mgr_reach_name((MgrReach)(reach_before - 1)),
                     mgr_reach_name(endpoint->record.reach));
    if (verdict_before != 0 && verdict_before != endpoint->verdict_told)
        tell_changed(status, endpoint, "verdict", mgr_verdict_name((MgrVerdict)(verdict_before - 1)),
                     mgr_verdict_name(verdict));
}

/* false: the line is up and full.  (Where it is down nothing is kept: all are written at its return.) */
static bool write_endpoint(MgrStatus *status, MgrEndpoint *endpoint)
{
    char *document = mgr_endpoint_document_print(status->fleet, status->conf, endpoint);

    if (mgr_down_send_text(status->down, HL_TOPIC_STATUS_ENDPOINT, endpoint->record.id, document) == MGR_DOWN_NOT_NOW &&
        mgr_down_is_up(status->down))
        return false;
    mgr_due_told(&status->due, endpoint);
    if (endpoint->contact != NULL) /* one that was not heard since the start is told of when it is */
        endpoint->contact->seen_told = endpoint->record.presence.seen_wall;
    tell_derived(status, endpoint);
    return true;
}

static void write_documents(MgrStatus *status)
{
    MgrEndpoint *endpoint;
    gsize n = mgr_down_waiting(status->down);

    while (n < MAX_FLUSH && (endpoint = mgr_due_next(&status->due, hl_clock_mono())) != NULL &&
           write_endpoint(status, endpoint))
        n++;
}

static void write_summary(MgrStatus *status)
{
    g_autoptr(json_t) summary = NULL;
    Counts counts;

    if (!status->summary_dirty || hl_clock_mono() - status->summary_mono < SUMMARY_EVERY)
        return;
    status->summary_mono = hl_clock_mono();
    counts = (Counts){ mgr_sums_ended_lately(status->sums), mgr_sums_commands(status->fleet, NULL) };
    summary = summary_of(status, NULL, mgr_sums_get(status->sums), counts);
    status->summary_dirty = mgr_down_send_json(status->down, HL_TOPIC_STATUS_SUMMARY, "", summary) == MGR_DOWN_NOT_NOW;
}

void mgr_status_flush(MgrStatus *status)
{
    status->yields_mono = 0;
    write_documents(status);
    write_summary(status);
}

void mgr_status_yield(MgrStatus *status)
{
    if (status->yields_mono == 0)
        status->yields_mono = hl_clock_mono();
    if (hl_clock_mono() - status->yields_mono >= MOST_YIELD)
        write_documents(status);
    write_summary(status);
}

typedef struct {
    const char *id, *host, *what, *from, *to, *reason;
    const json_t *more; /* members of its own; NULL: none */
} Event;

/* Also one that nobody could be told of: the brokers may be away. */
static void keep_event(MgrStatus *status, char *text)
{
    g_queue_push_head(&status->events, text);
    if (status->events.length > MAX_EVENTS)
        g_free(g_queue_pop_tail(&status->events));
}

static void send_event(MgrStatus *status, const Event *event)
{
    g_auto(HlJsonOut) out;
    char *text;

    hl_json_out_init(&out);
    hl_json_out_open(&out, NULL, '{');
    mgr_document_put_time(&out, "at", hl_clock_wall());
    hl_json_out_text(&out, "id", event->id);
    hl_json_out_text(&out, "host", event->host);
    hl_json_out_text(&out, "what", event->what);
    hl_json_out_text(&out, "from", event->from);
    hl_json_out_text(&out, "to", event->to);
    hl_json_out_text(&out, "reason", event->reason);
    if (event->more != NULL)
        hl_json_out_members(&out, event->more);
    hl_json_out_close(&out, '}');
    text = hl_json_out_print(&out);
    if (strcmp(event->what, MGR_EVENT_ACCOUNT) != 0)
        keep_event(status, g_strdup(text));
    mgr_down_send_text(status->down, HL_TOPIC_STATUS_EVENT, "", text);
}

json_t *mgr_status_events(const MgrStatus *status)
{
    json_t *array = json_array();

    for (const GList *at = status->events.head; at != NULL; at = at->next)
        json_array_append_new(array, hl_json_parse("an event", at->data, strlen(at->data), NULL));
    return array;
}

void mgr_status_event(MgrStatus *status, const MgrEndpoint *endpoint, const char *what, const char *from,
                      const char *to, const char *reason)
{
    send_event(status, &(Event){ endpoint->record.id, endpoint->record.host, what, from, to, reason, NULL });
}

void mgr_status_server_event(MgrStatus *status, const char *what, const char *from, const char *to, const char *reason)
{
    send_event(status, &(Event){ "", "", what, from, to, reason, NULL });
}

void mgr_status_tell(MgrStatus *status, const MgrEndpoint *endpoint, const char *what, const char *to,
                     const char *reason, json_t *more)
{
    g_autoptr(json_t) members = more;

    send_event(status, &(Event){ endpoint->record.id, endpoint->record.host, what, "", to, reason, members });
}

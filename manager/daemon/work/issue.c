/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/issue.h"

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/windows.h"

#define SLICE        500 /* endpoints in one turn: a millisecond, and what it looks at twice is in the cache */
#define SCAN_TIMEOUT (12 * HL_HOUR) /* the endpoint ends its scans after that, too */

struct MgrIssues {
    MgrIssuesOptions parts;
    GQueue waiting; /* Issue *: for their next turn */
    guint timer;
    MgrIssuesCounts counts;
};

typedef struct {
    MgrIssues *issues;
    MgrSelection *selection; /* NULL: it is made */
    guint found;             /* by the selection */
    MgrCommand *command;
    bool is_stored;
    HlWriteSet *targets; /* NULL: they are on their way to the registry */
    MgrIssueReady ready;
    MgrCommandDone done;
    gpointer user;
} Issue;

MgrIssues *mgr_issues_new(const MgrIssuesOptions *options)
{
    MgrIssues *issues = g_new0(MgrIssues, 1);

    issues->parts = *options;
    g_queue_init(&issues->waiting);
    return issues;
}

/* The command stays with the fleet once it is stored; before that it is unmade here. */
static void issue_free(Issue *issue)
{
    if (!issue->is_stored)
        mgr_fleet_unmake_command(issue->issues->parts.fleet, issue->command);
    mgr_selection_free(issue->selection);
    hl_write_set_free(issue->targets);
    g_free(issue);
}

void mgr_issues_free(MgrIssues *issues)
{
    Issue *issue;

    if (issues == NULL)
        return;
    g_clear_handle_id(&issues->timer, g_source_remove);
    while ((issue = g_queue_pop_head(&issues->waiting)) != NULL)
        issue_free(issue);
    g_free(issues);
}

MgrIssuesCounts mgr_issues_count(const MgrIssues *issues)
{
    return issues->counts;
}

static void count(MgrIssues *issues, guint looks)
{
    issues->counts.turns++;
    issues->counts.looks += looks;
    issues->counts.most = MAX(issues->counts.most, looks);
}

static void turn(MgrIssues *issues);

static gboolean on_timer(gpointer user)
{
    MgrIssues *issues = user;

    issues->timer = 0;
    turn(issues);
    return G_SOURCE_REMOVE;
}

/* The rest at the loop's usual priority: in turn with what arrives.  Several commands take turns. */
static void wait_for_turn(MgrIssues *issues, Issue *issue)
{
    if (issue != NULL)
        g_queue_push_tail(&issues->waiting, issue);
    if (issues->timer == 0 && issues->waiting.length > 0)
        issues->timer = g_timeout_add(0, on_timer, issues);
}

/* ------------------------------------------------------------------------------------------------------------ given */

static void give(const MgrIssues *issues, MgrTarget *target)
{
    MgrEndpoint *endpoint = target->endpoint;

    if (endpoint == NULL || endpoint->record.revoked_at > 0)
        return; /* it never comes for it */
    if (target->record.state == HL_STATE_SENT)
        mgr_delivery_push_command(issues->parts.delivery, target);
    else
        mgr_delivery_command(issues->parts.delivery, target, MGR_OCCASION_LINE); /* it has come up meanwhile */
    mgr_console_want(issues->parts.console, endpoint, MGR_NOTIFY_UPDATE_NOW);
    mgr_status_touch_commands(issues->parts.status, endpoint);
}

/* To a few of them; whether there are more. */
static bool give_some(const Issue *issue)
{
    MgrIssues *issues = issue->issues;
    MgrTarget *target;
    guint n;

    for (n = 0; n < SLICE && (target = mgr_command_attach(issues->parts.fleet, issue->command)) != NULL; n++)
        give(issues, target);
    count(issues, n);
    return issue->command->attached < issue->command->targets->len;
}

/* The command may be gone after it, if that was the last of it. */
static void end_giving(const MgrIssues *issues, MgrCommand *command, guint from)
{
    issues->parts.attached(command, from, issues->parts.user);
    mgr_delivery_pump(issues->parts.delivery);
}

static void go_on_giving(Issue *issue)
{
    MgrIssues *issues = issue->issues;
    MgrCommand *command = issue->command;
    guint from = command->attached;

    if (give_some(issue))
        wait_for_turn(issues, issue);
    else
        issue_free(issue);
    end_giving(issues, command, from);
}

/* ----------------------------------------------------------------------------------------------------------- stored */

static void fold_issue(gpointer change)
{
    Issue *issue = change;
    MgrIssues *issues = issue->issues;
    MgrCommand *command = issue->command;
    const MgrCommandRecord *record = &command->record;
    bool has_more;

    issue->is_stored = true;
    mgr_fleet_put_command(issues->parts.fleet, command);
    hl_info("command", "%s %s for %s by %s: %u endpoints", record->id, hl_command_kind_name(record->kind),
            record->selector, record->issuer, command->targets->len);
    has_more = give_some(issue);
    /* it is durable: who asked need not wait until it has gone to all of them */
    issue->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_STORED, .command = command }, issue->user);
    if (has_more)
        wait_for_turn(issues, issue);
    else
        issue_free(issue);
    end_giving(issues, command, 0);
}

static void fail_issue(gpointer change, const GError *error)
{
    Issue *issue = change;

    issue->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_NOT_STORED, .error = error }, issue->user);
    issue_free(issue);
}

static void store(Issue *issue, HlWriteSet *set)
{
    static const MgrChangeKind kind = { fold_issue, fail_issue, NULL };

    mgr_write_command(set, &issue->command->record);
    hl_write_set_join(set, g_steal_pointer(&issue->targets));
    mgr_record_commit(issue->issues->parts.record, set, &kind, issue);
}

/* ------------------------------------------------------------------------------------------------------------- made */

static Issue *issue_new(MgrIssues *issues, const MgrCommandSpec *spec, MgrCommandDone done, gpointer user)
{
    HlTime now = hl_clock_wall();
    HlTime timeout = spec->kind == HL_KIND_SCAN ? SCAN_TIMEOUT : issues->parts.conf->command_timeout;
    MgrCommandRecord record = { .id = spec->id != NULL ? g_strdup(spec->id) : hl_ident_new("c-"),
                                .selector = g_strdup(spec->selector),
                                .issuer = g_strdup(spec->issuer),
                                .scope = g_strdup(spec->scope),
                                .kind = spec->kind,
                                .issued_at = now,
                                .expires_at = now + spec->lifetime,
                                .window_ms = (uint32_t)spec->window,
                                .in_window = spec->in_window,
                                .timeout_ms = (uint32_t)timeout };
    Issue *issue = g_new0(Issue, 1);

    *issue = (Issue){ .issues = issues,
                      .command = mgr_fleet_make_command(issues->parts.fleet, &record),
                      .targets = hl_write_set_new(),
                      .done = done,
                      .user = user };
    return issue;
}

/* To a line that is up it goes right after the commit: that it was sent is written before, with the command itself.
 * Should the manager or the line end in between, the endpoint gets it at its next birth, like whatever was sent and not
 * answered. */
static bool goes_at_once(const MgrCommand *command, const MgrEndpoint *endpoint)
{
    bool is_held = command->record.in_window && mgr_window_exists(endpoint->group);

    return !is_held && mgr_delivery_reaches(endpoint, MGR_OCCASION_LINE);
}

static void make(const Issue *issue, const GPtrArray *endpoints)
{
    MgrCommand *command = issue->command;
    g_autoptr(GPtrArray) queued = g_ptr_array_new();
    g_autoptr(GPtrArray) sent = g_ptr_array_new();
    HlTime at = command->record.issued_at;

    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];
        bool goes = goes_at_once(command, endpoint);
        const MgrTarget *target =
            mgr_command_make_target(command, endpoint, goes ? HL_STATE_SENT : HL_STATE_QUEUED, at);

        g_ptr_array_add(goes ? sent : queued, target->record.endpoint);
    }
    if (queued->len > 0)
        mgr_write_new_targets(issue->targets, command->record.id, HL_STATE_QUEUED, at, queued);
    if (sent->len > 0)
        mgr_write_new_targets(issue->targets, command->record.id, HL_STATE_SENT, at, sent);
}

void mgr_issues_begin(MgrIssues *issues, HlWriteSet *set, const MgrCommandSpec *spec, const GPtrArray *endpoints,
                      MgrCommandDone done, gpointer user)
{
    Issue *issue = issue_new(issues, spec, done, user);

    make(issue, endpoints);
    store(issue, set);
}

static void end_making(Issue *issue)
{
    MgrCommandRecord *record = &issue->command->record;
    guint n = issue->command->targets->len;
    HlTime window = record->window_ms;
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;

    g_clear_pointer(&issue->selection, mgr_selection_free);
    if (issue->found == 0)
        mgr_selection_fail_empty(record->selector, &error);
    else if (n == 0)
        mgr_refuse(&error, MGR_REFUSE_COMMAND_REVOKED, record->selector, NULL);
    if (error != NULL) {
        fail_issue(issue, error);
        return;
    }
    set = issue->ready(n, &window, issue->user);
    record->window_ms = (uint32_t)window;
    store(issue, set);
}

static bool may_obey(const MgrEndpoint *endpoint)
{
    return endpoint->record.revoked_at == 0;
}

static void go_on_making(Issue *issue)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GPtrArray) obedient = g_ptr_array_new();
    bool has_more = mgr_selection_step(issue->selection, SLICE, found);

    issue->found += found->len;
    for (guint i = 0; i < found->len; i++)
        if (may_obey(found->pdata[i]))
            g_ptr_array_add(obedient, found->pdata[i]);
    make(issue, obedient);
    count(issue->issues, found->len);
    if (has_more)
        wait_for_turn(issue->issues, issue);
    else
        end_making(issue);
}

void mgr_issues_begin_selected(MgrIssues *issues, MgrSelection *selection, const MgrCommandSpec *spec,
                               MgrIssueReady ready, MgrCommandDone done, gpointer user)
{
    Issue *issue = issue_new(issues, spec, done, user);

    issue->selection = selection;
    issue->ready = ready;
    go_on_making(issue);
}

static void turn(MgrIssues *issues)
{
    Issue *issue = g_queue_pop_head(&issues->waiting);

    if (issue == NULL)
        return;
    if (issue->is_stored)
        go_on_giving(issue);
    else
        go_on_making(issue);
    wait_for_turn(issues, NULL);
}

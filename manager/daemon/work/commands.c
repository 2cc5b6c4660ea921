/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/commands.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/ground/windows.h"

/* After the end of a command its endpoints get this long to report a result that they already have. */
#define REPORT_GRACE (2 * HL_MINUTE)

struct MgrCommands {
    MgrCommandsOptions parts;
    MgrIssues *issues;
};

/* ------------------------------------------------------------------------------------------------------ the targets */

static void tell_changed(MgrCommands *commands, const MgrCommand *command)
{
    commands->parts.changed(command, commands->parts.user);
}

/* Moves and tells.  With its last target the command leaves the fleet, and both are gone. */
static void move_target(MgrCommands *commands, MgrTarget *target, const MgrTargetStep *step)
{
    MgrCommand *command = target->command;
    MgrEndpoint *endpoint = target->endpoint;
    bool ended;

    /* the documents of endpoints count what is open; how far it is they do not tell */
    if (endpoint != NULL && hl_command_state_is_final(step->state))
        mgr_status_touch_commands(commands->parts.status, endpoint);
    if (endpoint != NULL && hl_command_state_is_final(step->state) &&
        mgr_endpoint_first_target(endpoint) == endpoint->last_target)
        mgr_console_settled(commands->parts.console, endpoint, MGR_NOTIFY_UPDATE_NOW);
    ended = mgr_target_move(target, step);
    tell_changed(commands, command);
    if (!ended)
        return;
    hl_info("command", "%s ended: %u succeeded of %u", command->record.id, command->counts[HL_STATE_SUCCEEDED],
            command->targets->len);
    mgr_fleet_drop_command(commands->parts.fleet, command);
}

static void write_step(HlWriteSet *set, const MgrTarget *target, const MgrTargetStep *step)
{
    MgrTargetRecord record = target->record;

    record.state = step->state;
    record.code = hl_unconst(step->code);
    record.detail = hl_unconst(step->detail);
    record.changed_at = step->at;
    if (hl_command_state_is_final(step->state))
        mgr_write_target_history(set, &record, target->command->record.kind);
    mgr_write_target(set, &record);
}

/* What the manager ends by itself is written in the background: a manager that forgets it decides the same again. */
static void end_targets(MgrCommands *commands, const GPtrArray *targets, const MgrTargetStep *step)
{
    for (guint i = 0; i < targets->len; i++) {
        write_step(mgr_record_background(commands->parts.record), targets->pdata[i], step);
        move_target(commands, targets->pdata[i], step);
    }
}

/* ---------------------------------------------------------------------------------------------- maintenance windows */

MgrHeld mgr_commands_hold(const MgrCommand *command)
{
    HlTime now = hl_clock_wall();
    MgrHeld held = { 0 };

    if (!command->record.in_window || command->counts[HL_STATE_QUEUED] + command->counts[HL_STATE_SENT] == 0)
        return held;
    for (guint i = 0; i < command->targets->len; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (target->record.state > HL_STATE_SENT || target->endpoint == NULL)
            continue;
        held.windowed += target->held || target->let_go || mgr_window_exists(target->endpoint->group);
        held.ready += mgr_window_keeps(target, now) && mgr_window_is_open(target->endpoint->group, now);
    }
    return held;
}

void mgr_commands_let_go(MgrCommands *commands, const MgrCommand *command, guint n)
{
    HlTime now = hl_clock_wall();

    for (guint i = 0; i < command->attached && n > 0; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (!mgr_window_keeps(target, now) || !mgr_window_is_open(target->endpoint->group, now))
            continue;
        target->held = false;
        target->let_go = true;
        n--;
        mgr_delivery_command(commands->parts.delivery, target, MGR_OCCASION_LINE);
    }
}

/* -------------------------------------------------------------------------------------------------------- cancelled */

typedef struct {
    MgrCommands *commands;
    char *id;
    HlTime at;
    MgrCommandDone done;
    gpointer user;
} Cancel;

static void cancel_free(gpointer change)
{
    Cancel *cancel = change;

    g_free(cancel->id);
    g_free(cancel);
}

static void fail_cancel(gpointer change, const GError *error)
{
    const Cancel *cancel = change;

    cancel->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_NOT_STORED, .error = error }, cancel->user);
}

/* Whether nobody has it, or can come to have it, but the manager.  (Queued, and reported: the registry is a backup.) */
static bool has_not_left(const MgrTarget *target)
{
    if (target->endpoint != NULL && mgr_endpoint_is_reporting(target->endpoint))
        return false;
    return target->outgoing || (target->record.state == HL_STATE_QUEUED && !target->sending);
}

/* Of those from that one on; what is not with its endpoint yet is looked at when it is. */
static void spare(MgrCommands *commands, const MgrCommand *command, guint from, HlTime at)
{
    MgrTargetStep step = { HL_STATE_CANCELLED, "", "cancelled before it was sent", at };
    g_autoptr(GPtrArray) kept_back = g_ptr_array_new();

    for (guint i = from; i < command->attached; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (has_not_left(target))
            g_ptr_array_add(kept_back, target);
        else if (!hl_command_state_is_final(target->record.state))
            mgr_delivery_command(commands->parts.delivery, target, MGR_OCCASION_LINE); /* sends the cancellation */
    }
    end_targets(commands, kept_back, &step);
}

static void fold_cancel(gpointer change)
{
    const Cancel *cancel = change;
    MgrCommands *commands = cancel->commands;
    MgrCommand *command = mgr_fleet_command(commands->parts.fleet, cancel->id);

    if (command == NULL) { /* its last target ended while the cancellation was being stored */
        cancel->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_TOO_LATE }, cancel->user);
        return;
    }
    command->record.cancelled_at = cancel->at;
    cancel->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_STORED, .command = command }, cancel->user);
    spare(commands, command, 0, cancel->at);
}

void mgr_commands_write_cancel(HlWriteSet *set, const char *id, HlTime at)
{
    mgr_write_command_cancel(set, id, at);
}

void mgr_commands_fold_cancel(MgrCommands *commands, const char *id, HlTime at)
{
    MgrCommand *command = mgr_fleet_command(commands->parts.fleet, id);

    if (command == NULL)
        return;
    command->record.cancelled_at = at;
    spare(commands, command, 0, at);
}

void mgr_commands_cancel(MgrCommands *commands, HlWriteSet *set, const char *id, MgrCommandDone done, gpointer user)
{
    static const MgrChangeKind kind = { fold_cancel, fail_cancel, cancel_free };
    Cancel *cancel = g_new(Cancel, 1);

    *cancel = (Cancel){ commands, g_strdup(id), hl_clock_wall(), done, user };
    mgr_write_command_cancel(set, id, cancel->at);
    mgr_record_commit(commands->parts.record, set, &kind, cancel);
}

/* ---------------------------------------------------------------------------------------------- reported, abandoned */

static MgrTargetStep step_of(const MgrCommandNews *news)
{
    return (MgrTargetStep){ news->state, news->code, news->detail, news->at };
}

/* NULL: nothing new; the command ended, or the report is out of order. */
static MgrTarget *find_moved(const MgrEndpoint *endpoint, const MgrCommandNews *news)
{
    MgrTarget *target = mgr_endpoint_find_target(endpoint, news->command);

    return target != NULL && hl_command_state_may_follow(target->record.state, news->state) ? target : NULL;
}

void mgr_commands_write_news(MgrCommands *commands, HlWriteSet *set, const MgrEndpoint *endpoint,
                             const MgrCommandNews *news)
{
    const MgrTarget *target = find_moved(endpoint, news);
    MgrTargetStep step = step_of(news);
    MgrTargetRecord result = { hl_unconst(news->command), endpoint->record.id,      news->state,
                               hl_unconst(news->code),    hl_unconst(news->detail), news->at };

    if (target == NULL)
        mgr_record_flush(commands->parts.record); /* the end that was presumed may still be in the background set */
    if (hl_command_state_is_final(news->state))
        mgr_write_result(set, &result); /* also if another end is written before this: the fold corrects it then */
    else if (target != NULL)
        write_step(set, target, &step);
}

/* A command that is open elsewhere still counts its ended targets. */
static void correct_end(MgrCommands *commands, const MgrEndpoint *endpoint, const MgrCommandNews *news)
{
    MgrTarget *target = mgr_fleet_target(commands->parts.fleet, news->command, endpoint->record.id);
    g_autofree char *detail = NULL;
    MgrTargetStep step = step_of(news);

    if (target == NULL)
        commands->parts.corrected(news->command, commands->parts.user);
    if (target == NULL || !hl_command_state_may_correct(target->record.state, news->state))
        return;
    detail = mgr_late_detail(news->detail, target->record.state);
    step.detail = detail;
    mgr_target_correct(target, &step);
    tell_changed(commands, target->command);
}

void mgr_commands_fold_news(MgrCommands *commands, MgrEndpoint *endpoint, const MgrCommandNews *news)
{
    MgrTarget *target = find_moved(endpoint, news);
    MgrTargetStep step = step_of(news);

    if (target == NULL) {
        correct_end(commands, endpoint, news);
        return;
    }
    target->percent = (uint8_t)MIN(news->percent, 100);
    move_target(commands, target, &step);
}

void mgr_commands_write_abandon(HlWriteSet *set, const MgrEndpoint *endpoint, const char *why, HlTime at)
{
    for (const MgrTarget *target = mgr_endpoint_first_target(endpoint); target != NULL;
         target = mgr_endpoint_next_target(endpoint, target)) {
        MgrTargetRecord record = target->record;

        record.state = HL_STATE_CANCELLED;
        record.code = hl_unconst("");
        record.detail = hl_unconst(why);
        record.changed_at = at;
        mgr_write_target(set, &record);
    }
}

/* Also those that were given between the write and its commit: they end like the others, in the background set. */
void mgr_commands_fold_abandon(MgrCommands *commands, MgrEndpoint *endpoint, const char *why, HlTime at)
{
    MgrTargetStep step = { HL_STATE_CANCELLED, "", why, at };

    mgr_commands_write_abandon(mgr_record_background(commands->parts.record), endpoint, why, at);
    while (endpoint->last_target != NULL)
        move_target(commands, mgr_endpoint_first_target(endpoint), &step);
}

/* ---------------------------------------------------------------------------------------------------------- expired */

static bool has_begun(const MgrTarget *target)
{
    return target->record.state >= HL_STATE_RECEIVED;
}

/* Past the command's end: nobody is waited for who never had it, or is away; who has it may still report for a while.
 * A report that is being stored may be of its end, which then counts. */
static bool is_due(const MgrTarget *target, HlTime now)
{
    const MgrCommandRecord *command = &target->command->record;
    bool is_away = target->endpoint == NULL || !mgr_endpoint_is_up(target->endpoint);

    if (target->endpoint != NULL && mgr_endpoint_is_reporting(target->endpoint))
        return false;
    switch (target->record.state) {
    case HL_STATE_QUEUED:
        return !target->sending;
    case HL_STATE_SENT:
        return is_away || now > command->expires_at + REPORT_GRACE;
    case HL_STATE_RECEIVED:
    case HL_STATE_STARTED:
        return now > command->expires_at + (HlTime)command->timeout_ms + REPORT_GRACE;
    case HL_STATE_UNKNOWN:
    case HL_STATE_SUCCEEDED:
    case HL_STATE_FAILED:
    case HL_STATE_REJECTED:
    case HL_STATE_TIMED_OUT:
    case HL_STATE_EXPIRED:
    case HL_STATE_CANCELLED:
    case HL_N_STATES:
        break;
    }
    return false;
}

/* A clock that was behind when the command was loaded gives it no more than the life that it was issued for; one that
 * is ahead ends it no sooner than can be believed. */
static HlTime believed_now(const MgrCommands *commands, const MgrCommand *command)
{
    MgrNow then = { MAX(command->known.wall, command->record.issued_at), command->known.mono };

    return MIN(mgr_now_believed(then, mgr_now()), mgr_fleet_believed(commands->parts.fleet));
}

static void expire_command(MgrCommands *commands, const MgrCommand *command, HlTime believed)
{
    HlTime now = hl_clock_wall();
    MgrTargetStep expired = { HL_STATE_EXPIRED, "expired", "the endpoint did not come back in time", now };
    MgrTargetStep unreached = { HL_STATE_EXPIRED, MGR_CODE_UNREACHED, "the endpoint did not come back in time", now };
    MgrTargetStep timed_out = { HL_STATE_TIMED_OUT, "timeout", "no result came in time", now };
    g_autoptr(GPtrArray) never_left = g_ptr_array_new();
    g_autoptr(GPtrArray) never_began = g_ptr_array_new();
    g_autoptr(GPtrArray) began = g_ptr_array_new();

    for (guint i = 0; i < command->attached; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (is_due(target, believed))
            g_ptr_array_add(has_begun(target)                         ? began
                            : target->record.state == HL_STATE_QUEUED ? never_left
                                                                      : never_began,
                            target);
    }
    /* the command is gone with the last of them */
    end_targets(commands, never_left, &unreached);
    end_targets(commands, never_began, &expired);
    end_targets(commands, began, &timed_out);
}

void mgr_commands_tick(MgrCommands *commands)
{
    g_autoptr(GPtrArray) open = mgr_fleet_values(commands->parts.fleet->commands);

    for (guint i = 0; i < open->len; i++) {
        const MgrCommand *command = open->pdata[i];
        HlTime believed = believed_now(commands, command);

        if (believed > command->record.expires_at)
            expire_command(commands, command, believed);
    }
}

/* ----------------------------------------------------------------------------------------------------------- issued */

/* Those that were removed or revoked between the write and their turn never come for it. */
static void abandon_gone(MgrCommands *commands, const MgrCommand *command, guint from)
{
    MgrTargetStep step = { HL_STATE_CANCELLED, "", "the endpoint was removed or revoked", hl_clock_wall() };
    g_autoptr(GPtrArray) gone = g_ptr_array_new();

    for (guint i = from; i < command->attached; i++) {
        const MgrTarget *target = command->targets->pdata[i];

        if (target->endpoint == NULL || target->endpoint->record.revoked_at > 0)
            g_ptr_array_add(gone, command->targets->pdata[i]);
    }
    end_targets(commands, gone, &step);
}

static void on_attached(MgrCommand *command, guint from, gpointer user)
{
    MgrCommands *commands = user;
    g_autofree char *id = g_strdup(command->record.id);
    const MgrCommand *left;

    abandon_gone(commands, command, from);
    left = mgr_fleet_command(commands->parts.fleet, id);
    if (left != NULL && left->record.cancelled_at > 0)
        spare(commands, left, from, left->record.cancelled_at);
}

void mgr_commands_issue(MgrCommands *commands, HlWriteSet *set, const MgrCommandSpec *spec, const GPtrArray *endpoints,
                        MgrCommandDone done, gpointer user)
{
    mgr_issues_begin(commands->issues, set, spec, endpoints, done, user);
}

void mgr_commands_issue_selected(MgrCommands *commands, MgrSelection *selection, const MgrCommandSpec *spec,
                                 MgrIssueReady ready, MgrCommandDone done, gpointer user)
{
    mgr_issues_begin_selected(commands->issues, selection, spec, ready, done, user);
}

MgrIssuesCounts mgr_commands_issued(const MgrCommands *commands)
{
    return mgr_issues_count(commands->issues);
}

MgrCommands *mgr_commands_new(const MgrCommandsOptions *options)
{
    MgrCommands *commands = g_new0(MgrCommands, 1);

    commands->parts = *options;
    commands->issues = mgr_issues_new(&(MgrIssuesOptions){ .conf = options->conf,
                                                           .fleet = options->fleet,
                                                           .record = options->record,
                                                           .status = options->status,
                                                           .delivery = options->delivery,
                                                           .console = options->console,
                                                           .attached = on_attached,
                                                           .user = commands });
    return commands;
}

void mgr_commands_free(MgrCommands *commands)
{
    if (commands == NULL)
        return;
    mgr_issues_free(commands->issues);
    g_free(commands);
}

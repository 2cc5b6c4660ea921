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
#define SCAN_TIMEOUT (12 * HL_HOUR) /* the endpoint ends its scans after that, too */

struct MgrCommands {
    MgrCommandsOptions parts;
};

MgrCommands *mgr_commands_new(const MgrCommandsOptions *options)
{
    MgrCommands *commands = g_new0(MgrCommands, 1);

    commands->parts = *options;
    return commands;
}

void mgr_commands_free(MgrCommands *commands)
{
    g_free(commands);
}

/* -------------------------------------------------------------------------------------------------------- the targets
 */

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
    if (endpoint != NULL && hl_command_state_is_final(step->state) && endpoint->open_targets->len == 1)
        mgr_console_settled(commands->parts.console, endpoint, MGR_NOTIFY_UPDATE_NOW);
    ended = mgr_target_move(target, step, hl_clock_mono());
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

/* ------------------------------------------------------------------------------------------------------------- issued
 */

typedef struct {
    MgrCommands *commands;
    MgrCommandRecord record;
    GPtrArray *targets; /* MgrTargetRecord * */
    MgrCommandDone done;
    gpointer user;
} Issue;

static void free_target_record(gpointer data)
{
    mgr_target_record_clear(data);
    g_free(data);
}

static void issue_free(gpointer change)
{
    Issue *issue = change;

    mgr_command_record_clear(&issue->record);
    g_ptr_array_unref(issue->targets);
    g_free(issue);
}

static void fail_issue(gpointer change, const GError *error)
{
    const Issue *issue = change;

    issue->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_NOT_STORED, .error = error }, issue->user);
}

static MgrCommand *add_command(MgrCommands *commands, Issue *issue)
{
    MgrFleet *fleet = commands->parts.fleet;
    MgrCommand *command = mgr_fleet_add_command(fleet, &issue->record);

    command->changed_mono = hl_clock_mono();
    for (guint i = 0; i < issue->targets->len; i++)
        mgr_fleet_add_target(fleet, issue->targets->pdata[i]);
    return command;
}

/* Those that were removed or revoked between the write and its commit never come for it. */
static void abandon_gone(MgrCommands *commands, const MgrCommand *command)
{
    MgrTargetStep step = { HL_STATE_CANCELLED, "", "the endpoint was removed or revoked", hl_clock_wall() };
    g_autoptr(GPtrArray) gone = g_ptr_array_new();

    for (guint i = 0; i < command->targets->len; i++) {
        const MgrTarget *target = command->targets->pdata[i];

        if (target->endpoint == NULL || target->endpoint->record.revoked_at > 0)
            g_ptr_array_add(gone, command->targets->pdata[i]);
    }
    end_targets(commands, gone, &step);
}

static void fold_issue(gpointer change)
{
    Issue *issue = change;
    MgrCommands *commands = issue->commands;
    MgrCommand *command = add_command(commands, issue);

    hl_info("command", "%s %s for %s by %s: %u endpoints", command->record.id,
            hl_command_kind_name(command->record.kind), command->record.selector, command->record.issuer,
            command->targets->len);
    for (guint i = 0; i < command->targets->len; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (target->record.state == HL_STATE_SENT)
            mgr_delivery_push_command(commands->parts.delivery, target);
        else
            mgr_delivery_command(commands->parts.delivery, target, MGR_OCCASION_LINE); /* it has come up meanwhile */
        if (target->endpoint != NULL) {
            mgr_console_want(commands->parts.console, target->endpoint, MGR_NOTIFY_UPDATE_NOW);
            mgr_status_touch_commands(commands->parts.status, target->endpoint);
        }
    }
    /* it is durable: who asked need not wait until it has gone to all of them */
    issue->done(&(MgrCommandResult){ .outcome = MGR_COMMAND_STORED, .command = command }, issue->user);
    abandon_gone(commands, command);
    mgr_delivery_pump(commands->parts.delivery);
}

/* To a line that is up it goes right after the commit: that it was sent is written before, with the command itself.
 * Should the manager or the line end in between, the endpoint gets it at its next birth, like whatever was sent and not
 * answered. */
static void write_new_target(HlWriteSet *set, Issue *issue, const MgrEndpoint *endpoint)
{
    MgrTargetRecord *target = g_new(MgrTargetRecord, 1);
    bool is_held = issue->record.in_window && mgr_window_exists(endpoint->group);
    bool goes = !is_held && mgr_delivery_reaches(endpoint, MGR_OCCASION_LINE);

    *target = (MgrTargetRecord){ .command = g_strdup(issue->record.id),
                                 .endpoint = g_strdup(endpoint->record.id),
                                 .state = goes ? HL_STATE_SENT : HL_STATE_QUEUED,
                                 .code = g_strdup(""),
                                 .detail = g_strdup(""),
                                 .changed_at = issue->record.issued_at };
    mgr_write_new_target(set, target);
    g_ptr_array_add(issue->targets, target);
}

void mgr_commands_issue(MgrCommands *commands, HlWriteSet *set, const MgrCommandSpec *spec, const GPtrArray *endpoints,
                        MgrCommandDone done, gpointer user)
{
    static const MgrChangeKind kind = { fold_issue, fail_issue, issue_free };
    Issue *issue = g_new0(Issue, 1);
    HlTime now = hl_clock_wall();

    *issue = (Issue){ .commands = commands,
                      .record = { .id = spec->id != NULL ? g_strdup(spec->id) : hl_ident_new("c-"),
                                  .selector = g_strdup(spec->selector),
                                  .issuer = g_strdup(spec->issuer),
                                  .scope = g_strdup(spec->scope),
                                  .kind = spec->kind,
                                  .issued_at = now,
                                  .expires_at = now + spec->lifetime,
                                  .window_ms = (uint32_t)spec->window,
                                  .in_window = spec->in_window,
                                  .timeout_ms =
                                      (uint32_t)(spec->kind == HL_KIND_SCAN ? SCAN_TIMEOUT
                                                                            : commands->parts.conf->command_timeout) },
                      .targets = g_ptr_array_new_with_free_func(free_target_record),
                      .done = done,
                      .user = user };
    mgr_write_command(set, &issue->record);
    for (guint i = 0; i < endpoints->len; i++)
        write_new_target(set, issue, endpoints->pdata[i]);
    mgr_record_commit(commands->parts.record, set, &kind, issue);
}

/* --------------------------------------------------------------------------------------------- maintenance windows
 */

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

    for (guint i = 0; i < command->targets->len && n > 0; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (!mgr_window_keeps(target, now) || !mgr_window_is_open(target->endpoint->group, now))
            continue;
        target->held = false;
        target->let_go = true;
        n--;
        mgr_delivery_command(commands->parts.delivery, target, MGR_OCCASION_LINE);
    }
}

/* ---------------------------------------------------------------------------------------------------------- cancelled
 */

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

static void spare(MgrCommands *commands, MgrCommand *command, HlTime at)
{
    MgrTargetStep step = { HL_STATE_CANCELLED, "", "cancelled before it was sent", at };
    g_autoptr(GPtrArray) kept_back = g_ptr_array_new();

    for (guint i = 0; i < command->targets->len; i++) {
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
    spare(commands, command, cancel->at);
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
    spare(commands, command, at);
}

void mgr_commands_cancel(MgrCommands *commands, HlWriteSet *set, const char *id, MgrCommandDone done, gpointer user)
{
    static const MgrChangeKind kind = { fold_cancel, fail_cancel, cancel_free };
    Cancel *cancel = g_new(Cancel, 1);

    *cancel = (Cancel){ commands, g_strdup(id), hl_clock_wall(), done, user };
    mgr_write_command_cancel(set, id, cancel->at);
    mgr_record_commit(commands->parts.record, set, &kind, cancel);
}

/* ------------------------------------------------------------------------------------------------ reported, abandoned
 */

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
    MgrTargetRecord late = { hl_unconst(news->command), endpoint->record.id,      news->state,
                             hl_unconst(news->code),    hl_unconst(news->detail), news->at };

    if (target != NULL)
        write_step(set, target, &step);
    else
        mgr_record_flush(commands->parts.record); /* the end that was presumed may still be in the background set */
    if (hl_command_state_is_final(news->state))
        mgr_write_late_result(set, &late); /* also if it ends before this is written: the fold corrects it then */
}

/* A command that is open elsewhere still counts its ended targets. */
static void correct_end(MgrCommands *commands, const MgrEndpoint *endpoint, const MgrCommandNews *news)
{
    MgrTarget *target = mgr_fleet_target(commands->parts.fleet, news->command, endpoint->record.id);
    g_autofree char *detail = NULL;
    MgrTargetStep step = step_of(news);

    if (target == NULL || !hl_command_state_may_correct(target->record.state, news->state))
        return;
    detail = mgr_late_detail(news->detail, target->record.state);
    step.detail = detail;
    mgr_target_correct(target, &step, hl_clock_mono());
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
    target->percent = MIN(news->percent, 100);
    move_target(commands, target, &step);
}

void mgr_commands_write_abandon(HlWriteSet *set, const MgrEndpoint *endpoint, const char *why, HlTime at)
{
    for (guint i = 0; i < endpoint->open_targets->len; i++) {
        MgrTargetRecord record = ((const MgrTarget *)endpoint->open_targets->pdata[i])->record;

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
    while (endpoint->open_targets->len > 0)
        move_target(commands, endpoint->open_targets->pdata[0], &step);
}

/* ------------------------------------------------------------------------------------------------------------ expired
 */

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

    for (guint i = 0; i < command->targets->len; i++) {
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/commands.h"

#include <string.h>

#include "endpoint/core/link.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"

#define CLOCK_LOOK     HL_MINUTE        /* the wall clock may jump before the start */
#define STORE_RETRY    (10 * HL_SECOND) /* a result that could not be stored (disk full) */
#define PRUNE_INTERVAL HL_HOUR
#define PRUNE_SLACK    100 /* ended commands beyond those that stay, until the next look */

#define CANCELLED_EARLY "cancelled before it arrived"

struct EpCommands {
    EpCommandsOptions has;
    EpRunsOptions runs;
    GHashTable *jobs; /* id -> EpJob *: what has not ended, or whose end is not stored yet */
    guint prune_timer, resume_timer;
};

typedef struct {
    EpRun run; /* first: its end comes with a pointer to it */
    EpCommands *commands;
    EpEntry *entry;
    guint timer; /* start, or another try to store */
    HlTime due;  /* mono: the start */
} EpJob;

static void begin(EpJob *job);
static void run_cancel(EpJob *job);

/* The issuer's clock, as well as it is known: it has been where it signed its last command. */
static HlTime issuer_now(const EpCommands *commands)
{
    const EpServerTime *time = commands->has.time;
    HlTime now = ep_server_time_now(time, hl_clock_wall(), hl_clock_mono());

    return time->known ? now : MAX(now, ep_journal_last_issued(commands->has.journal));
}

/* The same without this machine's clock. */
static HlTime signed_now(const EpCommands *commands)
{
    return commands->has.time->known ? issuer_now(commands) : ep_journal_last_issued(commands->has.journal);
}

/* Past its end, and no wrong clock can have said so. */
static bool is_surely_over(const EpCommands *commands, HlTime expires)
{
    return expires <= (ep_server_time_is_sure(commands->has.time) ? issuer_now(commands) : signed_now(commands));
}

static void free_job(gpointer data)
{
    EpJob *job = data;

    g_clear_handle_id(&job->timer, g_source_remove);
    ep_run_forget(&job->run);
    ep_entry_free(job->entry);
    g_free(job);
}

static void set_text(char **place, const char *text)
{
    char *copy = g_utf8_make_valid(text, -1);

    g_free(*place);
    *place = copy;
}

/* ------------------------------------------------------------------------------------------- moving on */

static gboolean on_store_again(gpointer user);

/* Journal and report of the state that the entry has now.  On failure it is tried again until it can be stored. */
static bool store(EpJob *job)
{
    const EpCommandsOptions *has = &job->commands->has;
    g_autoptr(GError) error = NULL;

    if (ep_journal_move(has->journal, job->entry, &error)) {
        ep_trouble_store_worked(has->trouble);
        ep_spool_pump(has->spool);
        return true;
    }
    ep_trouble_store_failed(has->trouble, "a command's state", error);
    if (job->timer == 0)
        job->timer = g_timeout_add((guint)STORE_RETRY, on_store_again, job);
    return false;
}

static gboolean on_store_again(gpointer user)
{
    EpJob *job = user;

    job->timer = 0;
    if (!store(job))
        return G_SOURCE_REMOVE;
    if (ep_command_is_final(job->entry->state))
        g_hash_table_remove(job->commands->jobs, job->entry->id);
    else
        begin(job);
    return G_SOURCE_REMOVE;
}

/* The end of a command; the job is freed once that is stored. */
static void end(EpJob *job, EpCommandEvent event, const char *code, const char *detail)
{
    if (!ep_command_step(&job->entry->state, event))
        return;
    job->entry->is_done = false;
    set_text(&job->entry->code, code);
    set_text(&job->entry->detail, detail);
    hl_info("command", "%s %s: %s%s%s", hl_command_kind_name(job->entry->kind), job->entry->id, code,
            *code != '\0' ? ": " : "", detail);
    if (store(job))
        g_hash_table_remove(job->commands->jobs, job->entry->id);
}

/* ----------------------------------------------------------------------------------------- cancelled */

/* A command that never arrived is journalled as cancelled, so that nobody can deliver it afterwards, and the manager
 * hears how it ended. */
static bool bury(EpJob *job, GError **error)
{
    EpEntry tomb = { .id = job->entry->subject,
                     .kind = HL_KIND_UNKNOWN,
                     .state = EP_COMMAND_CANCELLED,
                     .received = hl_clock_wall(),
                     .issued = job->entry->issued,
                     .expires = job->entry->expires,
                     .subject = (char *)"",
                     .scope = (char *)"",
                     .code = (char *)"",
                     .detail = (char *)CANCELLED_EARLY };

    return ep_journal_add(job->commands->has.journal, &tomb, error);
}

static void end_unstored(EpJob *job, const GError *error)
{
    ep_trouble_store_failed(job->commands->has.trouble, "a cancelled command", error);
    end(job, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
}

/* The subject is not open here: it has ended, or it never arrived. */
static void cancel_absent(EpJob *job)
{
    g_autoptr(EpEntry) known = NULL;
    g_autoptr(GError) error = NULL;

    if (!hl_ident_is_valid(job->entry->subject)) {
        end(job, EP_COMMAND_FAIL, "invalid", "it does not say which command to cancel");
        return;
    }
    switch (ep_journal_find(job->commands->has.journal, job->entry->subject, &known, &error)) {
    case EP_JOURNAL_FOUND:
        end(job, EP_COMMAND_FAIL, "conflict", "the command has ended already");
        break;
    case EP_JOURNAL_ABSENT:
        if (bury(job, &error))
            end(job, EP_COMMAND_SUCCEED, "", CANCELLED_EARLY);
        else
            end_unstored(job, error);
        break;
    case EP_JOURNAL_UNREADABLE:
        end_unstored(job, error);
        break;
    }
}

static void run_cancel(EpJob *job)
{
    EpCommands *commands = job->commands;
    EpJob *subject = g_hash_table_lookup(commands->jobs, job->entry->subject);

    if (subject == NULL || subject == job) {
        cancel_absent(job);
        return;
    }
    if (ep_orders_withdraw(commands->has.orders,
                           &subject->run)) { /* journalled as started, but it waits for another scan */
        end(subject, EP_COMMAND_FAIL, "conflict", "cancelled by the administrator before it began");
        end(job, EP_COMMAND_SUCCEED, "", "cancelled");
        return;
    }
    if (subject->entry->state != EP_COMMAND_RECEIVED) {
        end(job, EP_COMMAND_FAIL, "conflict", "the command has started already");
        return;
    }
    g_clear_handle_id(&subject->timer, g_source_remove);
    /* the subject first: a cancellation that is reported as done has had its effect */
    end(subject, EP_COMMAND_CANCEL, "", "cancelled by the administrator");
    end(job, EP_COMMAND_SUCCEED, "", "cancelled");
}

static void on_run_ended(EpRun *run, EpCommandEvent event, const char *code, const char *detail)
{
    end((EpJob *)run, event, code, detail);
}

static bool is_known(HlCommandKind kind)
{
    return kind == HL_KIND_CANCEL || ep_run_find(kind) != NULL;
}

/* ------------------------------------------------------------------------------------------- the start */

static gboolean on_start_due(gpointer user)
{
    EpJob *job = user;

    job->timer = 0;
    begin(job);
    return G_SOURCE_REMOVE;
}

static void end_as_over(EpJob *job)
{
    if (job->entry->state == EP_COMMAND_STARTED) /* as the manager has presumed */
        end(job, EP_COMMAND_TIME_OUT, "timeout", "it was interrupted, and its time is over");
    else
        end(job, EP_COMMAND_EXPIRE, "expired", "it expired before it could start");
}

/* Waits for the start, or begins.  Journal and report say "started" before the work does. */
static void begin(EpJob *job)
{
    const EpCommands *commands = job->commands;
    EpEntry *entry = job->entry;
    bool again = entry->state == EP_COMMAND_STARTED; /* found so after a crash, or "started" is stored at last */
    HlTime left = again ? 0 : job->due - hl_clock_mono();
    HlTime over = entry->expires + (again ? entry->timeout : 0);

    if (entry->is_done) {
        ep_run_finish(&job->run);
        return;
    }
    if (is_surely_over(commands, over)) {
        end_as_over(job);
        return;
    }
    if (left <= 0 && issuer_now(commands) >= over)
        left = CLOCK_LOOK; /* over, says a clock that may be wrong: the server's will tell */
    if (left > 0) {
        job->timer = g_timeout_add((guint)MIN(left, CLOCK_LOOK), on_start_due, job);
        return;
    }
    if (!again) {
        ep_command_step(&entry->state, EP_COMMAND_START);
        set_text(&entry->detail, "");
        if (!store(job))
            return; /* on_store_again goes on */
    }
    if (entry->kind == HL_KIND_CANCEL)
        run_cancel(job);
    else
        ep_run_find(entry->kind)(&job->run);
}

static void add_job(EpCommands *commands, EpEntry *entry)
{
    EpJob *job = g_new0(EpJob, 1);

    job->commands = commands;
    job->entry = entry;
    job->run = (EpRun){ .has = &commands->runs, .entry = entry, .end = on_run_ended };
    /* after a restart by a clock that may be another one: never longer than the wait was when it came */
    job->due = hl_clock_mono() + CLAMP(entry->start - hl_clock_wall(), 0, MAX(entry->start - entry->received, 0));
    /* before it begins: a job may end at once, and is freed by its removal from the table */
    g_hash_table_insert(commands->jobs, entry->id, job);
    begin(job);
}

/* ------------------------------------------------------------------------------------------ the intake */

/* state: what the manager hears of this command at once, HL_STATE_UNKNOWN: nothing, because it is not this endpoint's.
 */
static const struct {
    EpRefusedReason reason;
    HlCommandState state;
    const char *code, *text;
} refusals[] = {
    [EP_COMMAND_REFUSE_WRONG_ENDPOINT] = { EP_REFUSED_WRONG_ENDPOINT, HL_STATE_UNKNOWN, "",
                                           "it is for another endpoint" },
    [EP_COMMAND_REFUSE_EXPIRED] = { EP_REFUSED_EXPIRED, HL_STATE_EXPIRED, "expired", "it had expired when it arrived" },
    [EP_COMMAND_REFUSE_REPLAYED] = { EP_REFUSED_REPLAYED, HL_STATE_REJECTED, "conflict",
                                     "it is older than the journal" },
    [EP_COMMAND_REFUSE_INVALID] = { EP_REFUSED_INVALID, HL_STATE_REJECTED, "invalid",
                                    "its id or its expiry is not valid" },
    [EP_COMMAND_REFUSE_LIMIT] = { EP_REFUSED_LIMIT, HL_STATE_REJECTED, "limit", "too many commands are under way" },
};

/* NULL: refused already. */
static HlMsgCommand *open_envelope(const EpCommands *commands, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, &error);
    HlMsgCommand *command = NULL;

    if (envelope != NULL)
        command =
            ep_keys_open(commands->has.keys, envelope, HL_ENVELOPE_COMMAND, &holdline__v1__command__descriptor, &error);
    if (command == NULL)
        ep_refuse(commands->has.refuser, EP_REFUSED_COMMAND,
                  hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
                  error->message);
    return command;
}

/* What an administrator sees meanwhile, by the server's clock. */
static char *describe_wait(const EpCommands *commands, HlTime wait)
{
    g_autofree char *until = hl_time_format(issuer_now(commands) + wait);

    return wait < HL_SECOND ? g_strdup("") : g_strdup_printf("waits for its turn until %s", until);
}

static EpEntry *new_entry(const EpCommands *commands, const HlMsgCommand *command)
{
    HlTime now = hl_clock_wall();
    EpEntry *entry = g_new0(EpEntry, 1);
    HlTime room = MAX(command->expires_ms - issuer_now(commands) - 1, 0);

    entry->id = g_strdup(command->id);
    entry->kind = hl_command_kind_from_wire((int)command->kind);
    entry->received = now;
    entry->start = now + ep_spread(MIN((HlTime)command->window_ms, room), hl_random_u64());
    entry->issued = command->issued_ms;
    entry->expires = command->expires_ms;
    entry->timeout = command->timeout_ms;
    entry->subject = g_strdup(command->subject);
    entry->scope = g_strdup(command->scope);
    if (command->certificate.len > 0)
        entry->certificate = g_bytes_new(command->certificate.data, command->certificate.len);
    entry->code = g_strdup("");
    entry->detail = describe_wait(commands, entry->start - now);
    return entry;
}

static bool judge(const EpCommands *commands, const HlMsgCommand *command, const EpEntry *known,
                  EpCommandVerdict *verdict, GError **error)
{
    const EpCommandsOptions *has = &commands->has;
    HlCommandKind kind = hl_command_kind_from_wire((int)command->kind);
    bool renews = kind == HL_KIND_CERTIFICATE; /* independent endpoints renew too */
    EpJournalForgotten forgotten = ep_journal_forgotten(has->journal);
    HlTime now = issuer_now(commands);
    EpJournalCounts counts;
    EpCommandOffer offer = { .endpoint = command->endpoint,
                             .id = command->id,
                             .kind_known = is_known(kind),
                             .exempt = renews || kind == HL_KIND_CANCEL,
                             .issued = command->issued_ms,
                             .expires = command->expires_ms };
    EpCommandView view = { .endpoint = has->identity->id,
                           .known = known != NULL,
                           /* nothing was issued later than now: a later mark is a clock's that was wrong */
                           .forgotten_issued = has->time->known ? MIN(forgotten.issued, now) : forgotten.issued,
                           .forgotten_until = forgotten.until,
                           .independent = ep_settings_values(has->settings)->independent && !renews,
                           .now = now };

    if (!ep_journal_count(has->journal, &counts, error) ||
        (counts.ended >= EP_JOURNAL_KEEP + PRUNE_SLACK && !ep_journal_prune(has->journal, signed_now(commands), error)))
        return false;
    view.under_way = (guint)counts.under_way;
    *verdict = ep_command_judge(&offer, &view);
    return true;
}

static bool add_entry(EpCommands *commands, const EpEntry *entry, GError **error)
{
    if (!ep_journal_add(commands->has.journal, entry, error))
        return false;
    ep_spool_pump(commands->has.spool);
    return true;
}

static bool accept_command(EpCommands *commands, const HlMsgCommand *command, GError **error)
{
    g_autoptr(EpEntry) entry = new_entry(commands, command);

    if (!add_entry(commands, entry, error))
        return false;
    add_job(commands, g_steal_pointer(&entry));
    return true;
}

/* Not run, but in the journal, so that the manager hears of it once and a second delivery changes nothing. */
static bool reject(EpCommands *commands, const HlMsgCommand *command, const char *code, const char *why, GError **error)
{
    g_autoptr(EpEntry) entry = new_entry(commands, command);

    entry->state = EP_COMMAND_REJECTED;
    set_text(&entry->code, code);
    set_text(&entry->detail, why);
    return add_entry(commands, entry, error);
}

static bool repeat(EpCommands *commands, const EpEntry *entry, GError **error)
{
    const EpJob *job = g_hash_table_lookup(commands->jobs, entry->id);

    /* a job whose end waits to be stored reports itself when it is */
    if ((job == NULL || job->entry->state == entry->state) && !ep_journal_repeat(commands->has.journal, entry, error))
        return false;
    ep_spool_pump(commands->has.spool);
    return true;
}

static bool report_refused(EpCommands *commands, const HlMsgCommand *command, EpCommandVerdict verdict, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport body = HOLDLINE__V1__COMMAND_REPORT__INIT;

    body.command = command->id;
    body.state = hl_command_state_to_wire(refusals[verdict].state);
    body.code = hl_unconst(refusals[verdict].code);
    body.detail = hl_unconst(refusals[verdict].text);
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &body;
    if (!ep_spool_add(commands->has.spool, &report, EP_SPOOL_LATEST, command->id, error))
        return false;
    ep_spool_pump(commands->has.spool);
    return true;
}

/* Counted, and told: the signature says that the manager waits for this id.  Whatever it is refused for holds for good,
 * so that the end is true; what a clock that may be wrong says is no end yet. */
static bool refuse(EpCommands *commands, const HlMsgCommand *command, EpCommandVerdict verdict, GError **error)
{
    bool is_final = verdict != EP_COMMAND_REFUSE_EXPIRED || is_surely_over(commands, command->expires_ms);

    ep_refuse(commands->has.refuser, EP_REFUSED_COMMAND, refusals[verdict].reason, "command %.64s: %s", command->id,
              refusals[verdict].text);
    if (verdict == EP_COMMAND_REFUSE_LIMIT) /* for good: there may be room when it comes again */
        return reject(commands, command, refusals[verdict].code, refusals[verdict].text, error);
    return refusals[verdict].state == HL_STATE_UNKNOWN || !is_final || !hl_ident_is_valid(command->id) ||
           report_refused(commands, command, verdict, error);
}

static bool decide(EpCommands *commands, const HlMsgCommand *command, GError **error)
{
    g_autoptr(EpEntry) known = NULL;
    EpCommandVerdict verdict;

    if (ep_journal_find(commands->has.journal, command->id, &known, error) == EP_JOURNAL_UNREADABLE ||
        !judge(commands, command, known, &verdict, error))
        return false;
    switch (verdict) {
    case EP_COMMAND_TAKE:
        return accept_command(commands, command, error);
    case EP_COMMAND_REPEAT:
        return repeat(commands, known, error);
    case EP_COMMAND_REJECT_UNKNOWN:
        return reject(commands, command, "invalid", "this version of the endpoint does not know this kind of command",
                      error);
    case EP_COMMAND_REJECT_INDEPENDENT:
        return reject(commands, command, "denied", "the endpoint is in independent mode", error);
    case EP_COMMAND_REFUSE_WRONG_ENDPOINT:
    case EP_COMMAND_REFUSE_EXPIRED:
    case EP_COMMAND_REFUSE_REPLAYED:
    case EP_COMMAND_REFUSE_INVALID:
    case EP_COMMAND_REFUSE_LIMIT:
        return refuse(commands, command, verdict, error);
    }
    return true;
}

void ep_commands_offer(EpCommands *commands, GBytes *envelope)
{
    g_autoptr(HlMsgCommand) command = open_envelope(commands, envelope);
    g_autoptr(GError) error = NULL;

    if (command == NULL)
        return;
    if (decide(commands, command, &error))
        ep_trouble_store_worked(commands->has.trouble);
    else /* not reported, so the manager sends it again */
        ep_trouble_store_failed(commands->has.trouble, "a command", error);
}

/* ------------------------------------------------------------------------------------------------ life */

static gboolean on_prune(gpointer user)
{
    EpCommands *commands = user;
    g_autoptr(GError) error = NULL;

    if (!ep_journal_prune(commands->has.journal, signed_now(commands), &error))
        ep_trouble_store_failed(commands->has.trouble, "the journal", error);
    return G_SOURCE_CONTINUE;
}

static gboolean on_resume(gpointer user)
{
    EpCommands *commands = user;

    commands->resume_timer = 0;
    ep_commands_resume(commands);
    return G_SOURCE_REMOVE;
}

void ep_commands_resume(EpCommands *commands)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) open = NULL;

    on_prune(commands);
    open = ep_journal_open(commands->has.journal, &error);
    if (open == NULL) {
        ep_trouble_store_failed(commands->has.trouble, "the journal", error);
        commands->resume_timer = g_timeout_add((guint)STORE_RETRY, on_resume, commands);
        return;
    }
    g_ptr_array_set_free_func(open, NULL); /* each goes to its job */
    for (guint i = 0; i < open->len; i++) {
        EpEntry *entry = open->pdata[i];

        if (is_known(entry->kind) && !g_hash_table_contains(commands->jobs, entry->id))
            add_job(commands, entry);
        else
            ep_entry_free(entry);
    }
}

EpCommands *ep_commands_new(const EpCommandsOptions *options)
{
    EpCommands *commands = g_new0(EpCommands, 1);

    commands->has = *options;
    commands->runs = (EpRunsOptions){ .journal = options->journal,
                                      .spool = options->spool,
                                      .refuser = options->refuser,
                                      .updates = options->updates,
                                      .orders = options->orders,
                                      .keeper = options->keeper,
                                      .renewal = options->renewal };
    commands->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_job);
    commands->prune_timer = g_timeout_add((guint)PRUNE_INTERVAL, on_prune, commands);
    return commands;
}

void ep_commands_free(EpCommands *commands)
{
    if (commands == NULL)
        return;
    g_clear_handle_id(&commands->prune_timer, g_source_remove);
    g_clear_handle_id(&commands->resume_timer, g_source_remove);
    g_hash_table_unref(commands->jobs);
    g_free(commands);
}

#include "endpoint/daemon/commands.h"

#include <string.h>

#include "endpoint/core/line.h"
#include "endpoint/daemon/journal.h"
#include "endpoint/daemon/renewal.h"
#include "endpoint/daemon/settings.h"
#include "endpoint/daemon/store.h"
#include "endpoint/daemon/update.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "proto/command.h"
#include "proto/envelope.h"

#define CLOCK_LOOK     HL_MINUTE        /* the wall clock may jump while a start is waited for */
#define STORE_RETRY    (10 * HL_SECOND) /* a result that could not be stored (disk full) */
#define PROGRESS_TIME  HL_SECOND        /* at most one report of progress in this time ... */
#define PROGRESS_STEP  10               /* ... and for that many percent */
#define PRUNE_INTERVAL HL_HOUR

struct EpCommands {
    EpDaemon *daemon;
    GHashTable *jobs; /* id -> EpJob *: what has not ended */
    guint prune_timer;
};

typedef struct {
    EpCommands *commands;
    EpEntry *entry;
    guint timer; /* start, or another try to store */
    HlTime progress_at;
    guint percent;
} EpJob;

static void begin(EpJob *job);

static void free_job(gpointer data)
{
    EpJob *job = data;

    if (job->timer != 0)
        g_source_remove(job->timer);
    ep_updates_forget(job->commands->daemon->updates, job);
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
    EpDaemon *daemon = job->commands->daemon;
    g_autoptr(GError) error = NULL;

    if (ep_journal_move(daemon->db, daemon->spool, job->entry, &error)) {
        ep_daemon_store_worked(daemon);
        ep_spool_pump(daemon->spool);
        return true;
    }
    ep_daemon_store_failed(daemon, "a command's state", error);
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
    set_text(&job->entry->code, code);
    set_text(&job->entry->detail, detail);
    hl_info("command", "%s %s: %s%s%s", hl_command_kind_name(hl_command_kind_from_wire(job->entry->kind)),
            job->entry->id, code, *code != '\0' ? ": " : "", detail);
    if (store(job))
        g_hash_table_remove(job->commands->jobs, job->entry->id);
}

/* --------------------------------------------------------------------------------------- kinds of work */

static void on_update_progress(guint percent, const char *what, gpointer user)
{
    EpJob *job = user;
    EpDaemon *daemon = job->commands->daemon;
    HlTime now = hl_clock_mono();
    g_autofree char *clean = g_utf8_make_valid(what, -1);

    if (now - job->progress_at < PROGRESS_TIME || percent < job->percent + PROGRESS_STEP)
        return;
    job->progress_at = now;
    job->percent = percent;
    if (ep_journal_progress(daemon->spool, job->entry->id, percent, clean, NULL)) /* without it nothing is lost */
        ep_spool_pump(daemon->spool);
}

static void on_update_done(const EpUpdateEnd *result, gpointer user)
{
    EpJob *job = user;
    EpCommandEvent event = result->succeeded   ? EP_COMMAND_SUCCEED
                           : result->timed_out ? EP_COMMAND_TIME_OUT
                                               : EP_COMMAND_FAIL;

    end(job, event, result->succeeded ? "" : result->timed_out ? "timeout" : result->code, result->detail);
}

static void request_update(EpJob *job, EpUpdateWork work)
{
    EpUpdateRequest request = { .work = work,
                                .trigger = "command",
                                .timeout = job->entry->timeout,
                                .progress = on_update_progress,
                                .done = on_update_done,
                                .user = job };

    ep_updates_request(job->commands->daemon->updates, &request);
}

static void run_update(EpJob *job)
{
    request_update(job, EP_UPDATE_UPDATE);
}

static void run_rollback(EpJob *job)
{
    request_update(job, EP_UPDATE_ROLLBACK);
}

/* The subject is not at work here: it has ended, or it never came.  In the latter case the journal takes it as
 * cancelled, so that nobody can deliver it afterwards, and the manager hears how it ended. */
static void cancel_absent(EpJob *job)
{
    EpDaemon *daemon = job->commands->daemon;
    EpEntry tomb = { .id = job->entry->subject,
                     .state = EP_COMMAND_CANCELLED,
                     .received = hl_clock_wall(),
                     .expires = job->entry->expires,
                     .subject = (char *)"",
                     .code = (char *)"",
                     .detail = (char *)"cancelled before it arrived" };
    g_autoptr(EpEntry) known = NULL;
    g_autoptr(GError) error = NULL;

    if (!hl_ident_is_valid(tomb.id)) {
        end(job, EP_COMMAND_FAIL, "invalid", "it does not say which command to cancel");
    } else if (!ep_journal_find(daemon->db, tomb.id, &known, &error) ||
               (known == NULL && !ep_journal_add(daemon->db, daemon->spool, &tomb, &error))) {
        ep_daemon_store_failed(daemon, "a cancelled command", error);
        end(job, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
    } else if (known != NULL) {
        end(job, EP_COMMAND_FAIL, "conflict", "the command has ended already");
    } else {
        end(job, EP_COMMAND_SUCCEED, "", tomb.detail);
    }
}

static void run_synchronize(EpJob *job)
{
    request_update(job, EP_UPDATE_SYNCHRONIZE);
}

static void run_cancel(EpJob *job)
{
    EpCommands *commands = job->commands;
    EpJob *subject = g_hash_table_lookup(commands->jobs, job->entry->subject);

    if (subject == NULL || subject == job) {
        cancel_absent(job);
        return;
    }
    if (subject->entry->state != EP_COMMAND_RECEIVED) {
        end(job, EP_COMMAND_FAIL, "conflict", "the command has started already");
        return;
    }
    if (subject->timer != 0)
        g_source_remove(subject->timer);
    subject->timer = 0;
    end(subject, EP_COMMAND_CANCEL, "", "cancelled by the administrator");
    end(job, EP_COMMAND_SUCCEED, "", "cancelled");
}

static void run_certificate(EpJob *job)
{
    EpDaemon *daemon = job->commands->daemon;
    g_autoptr(GError) error = NULL;

    if (ep_renewal_install(daemon, job->entry->certificate, &error)) {
        end(job, EP_COMMAND_SUCCEED, "", "the new certificate is in use");
        return;
    }
    if (hl_error_code(error) == HL_ERROR_EXPIRED)
        ep_daemon_refuse(daemon, EP_REFUSED_CERTIFICATE, EP_REFUSED_EXPIRED, "%s", error->message);
    else if (hl_error_code(error) == HL_ERROR_UNTRUSTED || hl_error_code(error) == HL_ERROR_INVALID)
        ep_daemon_refuse(daemon, EP_REFUSED_CERTIFICATE, EP_REFUSED_UNTRUSTED, "%s", error->message);
    end(job, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
}

static void (*const runs[])(EpJob *job) = {
    [HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW] = run_update,
    [HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL] = run_cancel,
    [HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE] = run_certificate,
    [HOLDLINE__V1__COMMAND_KIND__KIND_ROLLBACK] = run_rollback,
    [HOLDLINE__V1__COMMAND_KIND__KIND_SYNCHRONIZE] = run_synchronize,
};

static bool is_known(int kind)
{
    return kind > 0 && (gsize)kind < G_N_ELEMENTS(runs) && runs[kind] != NULL;
}

/* ------------------------------------------------------------------------------------------- the start */

static gboolean on_start_due(gpointer user)
{
    EpJob *job = user;

    job->timer = 0;
    begin(job);
    return G_SOURCE_REMOVE;
}

/* Waits for the start, or begins.  Journal and report say "started" before the work does. */
static void begin(EpJob *job)
{
    EpEntry *entry = job->entry;
    HlTime now = hl_clock_wall();
    bool again = entry->state == EP_COMMAND_STARTED; /* found so after a crash, or "started" is stored at last */

    if (!again && now >= entry->expires) {
        end(job, EP_COMMAND_EXPIRE, "expired", "its time was over before it could start");
        return;
    }
    if (!again && now < entry->start) {
        job->timer = g_timeout_add((guint)MIN(entry->start - now, CLOCK_LOOK), on_start_due, job);
        return;
    }
    if (!again) {
        ep_command_step(&entry->state, EP_COMMAND_START);
        if (!store(job))
            return; /* on_store_again goes on */
    }
    runs[entry->kind](job);
}

static void take_up(EpCommands *commands, EpEntry *entry)
{
    EpJob *job = g_new0(EpJob, 1);

    job->commands = commands;
    job->entry = entry;
    g_hash_table_insert(commands->jobs, entry->id, job);
    begin(job);
}

/* ------------------------------------------------------------------------------------------ the intake */

static const struct {
    EpRefusedReason reason;
    const char *text;
} refusals[] = {
    [EP_COMMAND_REFUSE_WRONG_ENDPOINT] = { EP_REFUSED_WRONG_ENDPOINT, "it is for another endpoint" },
    [EP_COMMAND_REFUSE_EXPIRED] = { EP_REFUSED_EXPIRED, "it has expired by this machine's clock" },
    [EP_COMMAND_REFUSE_REPLAYED] = { EP_REFUSED_REPLAYED, "it is older than the journal" },
    [EP_COMMAND_REFUSE_INVALID] = { EP_REFUSED_INVALID, "its id or its expiry breaks the rules" },
    [EP_COMMAND_REFUSE_LIMIT] = { EP_REFUSED_LIMIT, "the journal is full" },
};

static HlMsgCommand *open_envelope(EpDaemon *daemon, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, &error);
    HlMsgCommand *command = NULL;

    if (envelope != NULL)
        command = hl_envelope_open(envelope, daemon->identity->signing_key, HL_ENVELOPE_COMMAND,
                                   &holdline__v1__command__descriptor, &error);
    if (command == NULL)
        ep_daemon_refuse(daemon, EP_REFUSED_COMMAND,
                         hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
                         error->message);
    return command;
}

static EpEntry *new_entry(const HlMsgCommand *command, HlTime now)
{
    EpEntry *entry = g_new0(EpEntry, 1);
    HlTime room = MAX(command->expires_ms - now - 1, 0);

    entry->id = g_strdup(command->id);
    entry->kind = (int)command->kind;
    entry->received = now;
    entry->start = now + ep_spread(MIN((HlTime)command->window_ms, room), hl_random_u64());
    entry->expires = command->expires_ms;
    entry->timeout = command->timeout_ms;
    entry->subject = g_strdup(command->subject);
    if (command->certificate.len > 0)
        entry->certificate = g_bytes_new(command->certificate.data, command->certificate.len);
    entry->code = g_strdup("");
    entry->detail = g_strdup("");
    return entry;
}

static bool judge(EpDaemon *daemon, const HlMsgCommand *command, const EpEntry *known, HlTime now,
                  EpCommandVerdict *verdict, GError **error)
{
    bool renews = command->kind == HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE; /* independent endpoints renew too */
    EpCommandOffer offer = { .endpoint = command->endpoint,
                             .id = command->id,
                             .kind_known = is_known((int)command->kind),
                             .expires = command->expires_ms };
    EpCommandView view = { .endpoint = daemon->identity->id,
                           .known = known != NULL,
                           .pruned_until = ep_store_get_int(daemon->db, "pruned-until", 0),
                           .independent = daemon->settings->values.independent && !renews,
                           .now = now };
    int64_t count;

    if (!ep_journal_count(daemon->db, &count, error))
        return false;
    view.in_journal = (guint)count;
    *verdict = ep_command_judge(&offer, &view);
    return true;
}

/* Taken, or rejected with a report: either way the journal knows it from now on. */
static bool enter(EpDaemon *daemon, const HlMsgCommand *command, const char *code, const char *rejected, GError **error)
{
    g_autoptr(EpEntry) entry = new_entry(command, hl_clock_wall());

    if (rejected != NULL) {
        entry->state = EP_COMMAND_REJECTED;
        set_text(&entry->code, code);
        set_text(&entry->detail, rejected);
    }
    if (!ep_journal_add(daemon->db, daemon->spool, entry, error))
        return false;
    ep_spool_pump(daemon->spool);
    if (rejected == NULL)
        take_up(daemon->commands, g_steal_pointer(&entry));
    return true;
}

static bool repeat(EpDaemon *daemon, const EpEntry *entry, GError **error)
{
    const EpJob *job = g_hash_table_lookup(daemon->commands->jobs, entry->id);

    /* a job whose end waits to be stored reports itself when it is */
    if ((job == NULL || job->entry->state == entry->state) &&
        !ep_journal_repeat(daemon->db, daemon->spool, entry, error))
        return false;
    ep_spool_pump(daemon->spool);
    return true;
}

static bool decide(EpDaemon *daemon, const HlMsgCommand *command, GError **error)
{
    g_autoptr(EpEntry) known = NULL;
    EpCommandVerdict verdict;

    if (!ep_journal_find(daemon->db, command->id, &known, error) ||
        !judge(daemon, command, known, hl_clock_wall(), &verdict, error))
        return false;
    switch (verdict) {
    case EP_COMMAND_TAKE:
        return enter(daemon, command, "", NULL, error);
    case EP_COMMAND_REPEAT:
        return repeat(daemon, known, error);
    case EP_COMMAND_REJECT_UNKNOWN:
        return enter(daemon, command, "invalid", "this version of the endpoint does not know this kind of command",
                     error);
    case EP_COMMAND_REJECT_INDEPENDENT:
        return enter(daemon, command, "denied", "the endpoint is in independent mode", error);
    case EP_COMMAND_REFUSE_WRONG_ENDPOINT:
    case EP_COMMAND_REFUSE_EXPIRED:
    case EP_COMMAND_REFUSE_REPLAYED:
    case EP_COMMAND_REFUSE_INVALID:
    case EP_COMMAND_REFUSE_LIMIT:
        ep_daemon_refuse(daemon, EP_REFUSED_COMMAND, refusals[verdict].reason, "command %.64s: %s", command->id,
                         refusals[verdict].text);
        return true;
    }
    return true;
}

void ep_commands_offer(EpDaemon *daemon, GBytes *envelope)
{
    g_autoptr(HlMsgCommand) command = open_envelope(daemon, envelope);
    g_autoptr(GError) error = NULL;

    if (command == NULL)
        return;
    if (decide(daemon, command, &error))
        ep_daemon_store_worked(daemon);
    else
        ep_daemon_store_failed(daemon, "a command", error); /* not reported, so the manager sends it again */
}

/* ------------------------------------------------------------------------------------------------ life */

static gboolean on_prune(gpointer user)
{
    EpCommands *commands = user;
    g_autoptr(GError) error = NULL;

    if (!ep_journal_prune(commands->daemon->db, hl_clock_wall(), &error))
        ep_daemon_store_failed(commands->daemon, "the journal", error);
    return G_SOURCE_CONTINUE;
}

static gboolean on_take_up(gpointer user)
{
    EpCommands *commands = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) open = ep_journal_open(commands->daemon->db, &error);

    commands->prune_timer = g_timeout_add((guint)PRUNE_INTERVAL, on_prune, commands);
    on_prune(commands);
    if (open == NULL) {
        ep_daemon_store_failed(commands->daemon, "the journal", error);
        return G_SOURCE_REMOVE;
    }
    g_ptr_array_set_free_func(open, NULL); /* take_up owns them */
    for (guint i = 0; i < open->len; i++) {
        EpEntry *entry = open->pdata[i];

        if (is_known(entry->kind) && !g_hash_table_contains(commands->jobs, entry->id))
            take_up(commands, entry);
        else
            ep_entry_free(entry);
    }
    return G_SOURCE_REMOVE;
}

/* The open ones are taken up from the loop, when every part of the daemon is there. */
EpCommands *ep_commands_new(EpDaemon *daemon)
{
    EpCommands *commands = g_new0(EpCommands, 1);

    commands->daemon = daemon;
    commands->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_job);
    commands->prune_timer = g_idle_add(on_take_up, commands);
    return commands;
}

void ep_commands_free(EpCommands *commands)
{
    if (commands == NULL)
        return;
    if (commands->prune_timer != 0)
        g_source_remove(commands->prune_timer);
    g_hash_table_unref(commands->jobs);
    g_free(commands);
}

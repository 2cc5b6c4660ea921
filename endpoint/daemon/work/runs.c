/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/runs.h"

#include <string.h>

#include "lib/base/log.h"
#include "proto/scope.h"

#define PROGRESS_TIME HL_SECOND /* at most one report of progress in this time ... */
#define PROGRESS_STEP 10        /* ... and for that many percent: at most ten in a run */

static void on_update_progress(guint percent, const char *what, gpointer user)
{
    EpRun *run = user;
    HlTime now = hl_clock_mono();
    g_autofree char *clean = g_utf8_make_valid(what, -1);

    if (now - run->progress_at < PROGRESS_TIME || percent < run->percent + PROGRESS_STEP)
        return;
    run->progress_at = now;
    run->percent = percent;
    if (ep_journal_progress(run->has->journal, run->entry->id, percent, clean, NULL)) /* without it nothing is lost */
        ep_spool_pump(run->has->spool);
}

static void on_update_done(const EpUpdateEnd *result, gpointer user)
{
    EpRun *run = user;
    EpCommandEvent event = result->succeeded   ? EP_COMMAND_SUCCEED
                           : result->timed_out ? EP_COMMAND_TIME_OUT
                                               : EP_COMMAND_FAIL;

    run->end(run, event, result->succeeded ? "" : result->timed_out ? "timeout" : result->code, result->detail);
}

static void run_update(EpRun *run)
{
    static const EpUpdateWork works[HL_N_KINDS] = { [HL_KIND_UPDATE_NOW] = EP_UPDATE_UPDATE,
                                                    [HL_KIND_ROLLBACK] = EP_UPDATE_ROLLBACK,
                                                    [HL_KIND_SYNCHRONIZE] = EP_UPDATE_SYNCHRONIZE };
    EpUpdateRequest request = { .work = works[run->entry->kind],
                                .trigger = "command",
                                .timeout = run->entry->timeout,
                                .program = strcmp(run->entry->scope, HL_SCOPE_PROGRAM) == 0,
                                .component = hl_scope_component(run->entry->scope),
                                .progress = on_update_progress,
                                .done = on_update_done,
                                .user = run };

    ep_updates_request(run->has->updates, &request);
}

static void on_scan_progress(const char *words, gpointer user)
{
    const EpRun *run = user;

    /* no percentage: nobody knows how many files there are */
    if (ep_journal_progress(run->has->journal, run->entry->id, 0, words, NULL))
        ep_spool_pump(run->has->spool);
}

static void on_settled(gpointer user)
{
    EpRun *run = user;
    g_autofree char *code = g_steal_pointer(&run->code);
    g_autofree char *detail = g_steal_pointer(&run->detail);

    run->end(run, *code == '\0' ? EP_COMMAND_SUCCEED : EP_COMMAND_FAIL, code, detail);
}

/* Who has waited for the command finds on the server what it has changed in the quarantine. */
static void end_by(EpRun *run, const char *code, const char *detail)
{
    g_autoptr(GError) error = NULL;

    run->code = g_strdup(code);
    run->detail = g_strdup(detail);
    /* without it nothing is lost but that it is run again, if the process is gone before the list */
    if (!ep_journal_done(run->has->journal, run->entry->id, code, detail, &error))
        hl_log_limited(HL_LOG_WARN, "command", "done", "%s: %s", run->entry->id, error->message);
    ep_keeper_settle(run->has->keeper, on_settled, run);
}

void ep_run_finish(EpRun *run)
{
    end_by(run, run->entry->code, run->entry->detail);
}

static void on_scan_done(const EpScanEnd *result, gpointer user)
{
    end_by(user, result->code, result->detail);
}

static void run_scan(EpRun *run)
{
    EpOrder order = { run->entry->scope, on_scan_progress, on_scan_done, run };
    g_autoptr(GError) error = NULL;

    if (!ep_orders_scan(run->has->orders, &order, &error))
        run->end(run, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
}

static void run_stop_scan(EpRun *run)
{
    run->end(run, EP_COMMAND_SUCCEED, "",
             ep_orders_stop(run->has->orders, "by the administrator") ? "the scan is stopped" : "no scan was running");
}

static void on_released(const char *code, const char *detail, gpointer user)
{
    end_by(user, code, detail);
}

static void run_release(EpRun *run)
{
    EpReleaseRequest request = { .deletes = run->entry->kind == HL_KIND_DELETE,
                                 .scope = run->entry->scope,
                                 .timeout = run->entry->timeout,
                                 .done = on_released,
                                 .user = run };
    g_autoptr(GError) error = NULL;

    if (!ep_keeper_release(run->has->keeper, &request, &error))
        run->end(run, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
}

static void run_certificate(EpRun *run)
{
    g_autoptr(GError) error = NULL;

    if (ep_renewal_install(run->has->renewal, run->entry->certificate, run->entry->issued, &error)) {
        run->end(run, EP_COMMAND_SUCCEED, "", "the new certificate is in use");
        return;
    }
    if (hl_error_code(error) == HL_ERROR_EXPIRED)
        ep_refuse(run->has->refuser, EP_REFUSED_CERTIFICATE, EP_REFUSED_EXPIRED, "%s", error->message);
    else if (hl_error_code(error) == HL_ERROR_UNTRUSTED || hl_error_code(error) == HL_ERROR_INVALID)
        ep_refuse(run->has->refuser, EP_REFUSED_CERTIFICATE, EP_REFUSED_UNTRUSTED, "%s", error->message);
    run->end(run, EP_COMMAND_FAIL, hl_error_name(hl_error_code(error)), error->message);
}

static const EpRunFunction functions[HL_N_KINDS] = {
    [HL_KIND_UPDATE_NOW] = run_update, [HL_KIND_CERTIFICATE] = run_certificate,
    [HL_KIND_ROLLBACK] = run_update,   [HL_KIND_SYNCHRONIZE] = run_update,
    [HL_KIND_SCAN] = run_scan,         [HL_KIND_STOP_SCAN] = run_stop_scan,
    [HL_KIND_RESTORE] = run_release,   [HL_KIND_DELETE] = run_release,
};

EpRunFunction ep_run_find(HlCommandKind kind)
{
    return functions[kind];
}

void ep_run_forget(EpRun *run)
{
    ep_updates_forget(run->has->updates, run);
    ep_orders_leave(run->has->orders, run);
    ep_keeper_forget(run->has->keeper, run);
    g_clear_pointer(&run->code, g_free);
    g_clear_pointer(&run->detail, g_free);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/scans.h"

#include <string.h>
#include <sys/socket.h>

#include "endpoint/core/ration.h"
#include "endpoint/scan/clamd_conf.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

#define MAX_BY_ONE    2 /* scans by hand of one user at the same time */
#define LOOK          (10 * HL_SECOND)
#define PROGRESS_TIME (10 * HL_SECOND)
#define PATIENCE      (10 * HL_MINUTE) /* for a scanner that says nothing, beside the time for one file */
#define DYING         (30 * HL_SECOND) /* SIGKILL comes after ten */
#define MAX_STUCK     4                /* processes that hang: more of them would hang at the same place */

typedef struct {
    EpScans *scans;
    EpScanner *scanner;
    const char *how; /* static */
    uid_t uid;
    int socket;                                         /* of a scan by hand; -1: none */
    HlTime told;                                        /* mono: how far it is */
    void (*progress)(const char *words, gpointer user); /* NULL: nobody wants it */
    EpScanDone done;                                    /* NULL: nobody waits, or no longer */
    gpointer user;
} Scan;

struct EpScans {
    EpScansOptions has;
    EpEngine *engine;
    EpJudge *judge;
    EpOnWrite *on_write;
    EpRation *ration;
    GPtrArray *running; /* Scan * */
    GPtrArray *stuck;   /* Scan *: told of as failed, but the kernel does not let them die */
    guint timer;
};

static void scan_free(gpointer data)
{
    Scan *scan = data;

    ep_scanner_free(scan->scanner);
    hl_fd_clear(&scan->socket);
    g_free(scan);
}

static bool is_by_hand(const Scan *scan)
{
    return strcmp(scan->how, "manual") == 0;
}

/* What users find by hand must not crowd out what is found in their files. */
static bool on_may_tell(gpointer user)
{
    const Scan *scan = user;

    return !is_by_hand(scan) || scan->uid == 0 ||
           ep_ration_take(scan->scans->ration, EP_RATION_FINDS, scan->uid, hl_clock_mono()) == 0;
}

static void on_progress(const EpTally *tally, gpointer user)
{
    Scan *scan = user;
    g_autofree char *words = NULL;

    if (scan->progress == NULL || hl_clock_mono() - scan->told < PROGRESS_TIME)
        return;
    scan->told = hl_clock_mono();
    words = ep_tally_describe(tally);
    scan->progress(words, scan->user);
}

/* ------------------------------------------------------------------------------------------------------- the end */

static void judge(const Scan *scan, const EpScanRecord *record)
{
    g_autofree char *test = g_build_filename(scan->scans->has.conf->state_dir, "engine", "test", NULL);
    bool failed = strcmp(record->end, "failed") == 0;

    /* by a file of ours: any user can make one that breaks an engine, and change it between two looks */
    if (failed || record->tally.gaps[EP_GAP_ENGINE] > 0)
        ep_judge_failed(scan->scans->judge, test, failed ? record->detail : "it fails on a file");
    else if (strcmp(record->end, "stopped") != 0 && !is_by_hand(scan)) /* else any user could have failures forgotten */
        ep_judge_worked(scan->scans->judge);
}

/* A user who names what is not there, or is too large, learns it directly; that the engine fails is news for everybody.
 */
static bool is_news(const Scan *scan, const EpScanRecord *record)
{
    const EpTally *tally = &record->tally;

    if (!is_by_hand(scan) || tally->files > 0 || tally->gaps[EP_GAP_ENGINE] > 0)
        return true;
    return strcmp(record->end, "failed") == 0 && ep_tally_gaps(tally) == 0;
}

/* It is none of those that run, and then everybody is told: who is may start the next one. */
static void finish(Scan *scan, const EpScanRecord *record)
{
    EpScans *scans = scan->scans;
    bool failed = strcmp(record->end, "failed") == 0;
    bool stopped = strcmp(record->end, "stopped") == 0;
    guint at;
    g_autofree char *numbers = ep_tally_describe(&record->tally);
    g_autofree char *words = stopped ? g_strdup_printf("stopped %s: %s", record->detail, numbers) : NULL;
    EpScanEnd told = { .tally = &record->tally,
                       .why = failed ? record->detail : NULL,
                       .code = stopped  ? "conflict"
                               : failed ? "unavailable"
                                        : "",
                       .detail = stopped  ? words
                                 : failed ? record->detail
                                          : numbers };

    if (is_news(scan, record))
        ep_finds_scan_ended(scans->has.finds, record);
    judge(scan, record);
    ep_engine_drop(scans->engine);
    if (g_ptr_array_find(scans->running, scan, &at))
        g_ptr_array_steal_index_fast(scans->running, at);
    if (scan->done != NULL)
        scan->done(&told, scan->user);
}

static void on_done(gpointer user)
{
    Scan *scan = user;
    EpScanRecord record = ep_scanner_record(scan->scanner);

    if (g_ptr_array_remove_fast(scan->scans->stuck, scan))
        return;
    finish(scan, &record);
    scan_free(scan);
}

static void on_engine_gave_up(const char *how, gpointer user)
{
    EpScans *scans = user;
    g_autofree char *why = g_strdup_printf("the scan engine does not run: %s", how);

    for (guint i = 0; i < scans->running->len; i++)
        ep_scanner_fail(((Scan *)scans->running->pdata[i])->scanner, why);
    ep_on_write_engine_gave_up(scans->on_write, why);
}

/* A process in the middle of a disk's answer is not even killed.  What waits for it is told, and other scans go on. */
static void give_up(Scan *scan)
{
    EpScanRecord record = ep_scanner_record(scan->scanner);

    record.tally.gaps[EP_GAP_TIME]++; /* wherever it hangs */
    hl_warn("scan", "a scanner hangs and cannot be killed; it was last heard of at %s",
            ep_scanner_place(scan->scanner));
    g_ptr_array_add(scan->scans->stuck, scan);
    finish(scan, &record);
}

/* A scanner that hangs (a network file system that is gone) is not waited for. */
static gboolean on_look(gpointer user)
{
    EpScans *scans = user;
    HlTime limit = PATIENCE + 2 * ep_settings_values(scans->has.settings)->scan_max_time;

    for (guint i = scans->running->len; i > 0; i--) {
        Scan *scan = scans->running->pdata[i - 1];

        if (ep_scanner_dying(scan->scanner) > DYING)
            give_up(scan);
        else if (ep_scanner_silence(scan->scanner) >= limit)
            ep_scanner_fail(scan->scanner, "nothing was heard of it any longer: a file or a file system hangs");
    }
    if (scans->running->len > 0)
        return G_SOURCE_CONTINUE;
    scans->timer = 0;
    return G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------------- the start */

/* Takes argv and scan; the scan holds the engine already. */
static bool launch(Scan *scan, GPtrArray *argv, int stdin_fd, GError **error)
{
    EpScans *scans = scan->scans;

    if (!ep_scanner_start(scan->scanner, argv, stdin_fd, EP_SCANNER_DEADLINE, error)) {
        ep_engine_drop(scans->engine);
        scan_free(scan);
        return false;
    }
    g_ptr_array_add(scans->running, scan);
    if (scans->timer == 0)
        scans->timer = g_timeout_add((guint)LOOK, on_look, scans);
    return true;
}

static Scan *scan_new(EpScans *scans, const char *how)
{
    Scan *scan = g_new0(Scan, 1);

    scan->scans = scans;
    scan->how = how;
    scan->socket = -1;
    scan->scanner = ep_scanner_new(&(EpScannerOptions){ .conf = scans->has.conf,
                                                        .settings = scans->has.settings,
                                                        .updates = scans->has.updates,
                                                        .finds = scans->has.finds,
                                                        .engine = scans->engine,
                                                        .how = how,
                                                        .may_tell = on_may_tell,
                                                        .progress = on_progress,
                                                        .done = on_done,
                                                        .user = scan });
    return scan;
}

static bool is_packet_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

static bool check_ration(EpScans *scans, uid_t uid, GError **error)
{
    HlTime wait = uid == 0 ? 0 : ep_ration_take(scans->ration, EP_RATION_SCANS, uid, hl_clock_mono());
    g_autofree char *time = hl_duration_describe(wait);

    if (wait == 0)
        return true;
    hl_log_limited(HL_LOG_WARN, "scan", "ration", "user %u has started too many scans", (unsigned)uid);
    return hl_fail(error, HL_ERROR_LIMIT,
                   "too many scans were started by hand: name all files in one call, or try again in %s", time);
}

static void count_by_hand(const GPtrArray *scans, uid_t uid, guint *all, guint *own)
{
    for (guint i = 0; i < scans->len; i++) {
        const Scan *scan = scans->pdata[i];

        *all += is_by_hand(scan) && scan->uid != 0;
        *own += is_by_hand(scan) && scan->uid == uid;
    }
}

/* Root is let in whatever others do.  One that hangs keeps its place: a user can have a file system (FUSE) on which any
 * number would. */
static bool check_room(const EpScans *scans, uid_t uid, GError **error)
{
    guint all = 0;
    guint own = 0;

    count_by_hand(scans->running, uid, &all, &own);
    count_by_hand(scans->stuck, uid, &all, &own);
    return uid == 0 || (all < EP_CLAMD_BY_HAND && own < MAX_BY_ONE) ||
           hl_fail(error, HL_ERROR_LIMIT, "%u scans are running already: try again later",
                   own < MAX_BY_ONE ? all : own);
}

bool ep_scans_serve(EpScans *scans, int socket_fd, uid_t uid, EpScanDone done, gpointer user, GError **error)
{
    hl_autofd int owned = socket_fd;
    GPtrArray *argv;
    Scan *scan;

    if (!is_packet_socket(owned))
        return hl_fail(error, HL_ERROR_USAGE, "no socket for files came with the call");
    if (!check_room(scans, uid, error) || !check_ration(scans, uid, error) || !ep_engine_hold(scans->engine, error))
        return false;
    scan = scan_new(scans, "manual");
    scan->uid = uid;
    scan->done = done;
    scan->user = user;
    argv = ep_scanner_arguments(scan->scanner, "serve");
    g_ptr_array_add(argv, g_strdup("--user"));
    g_ptr_array_add(argv, g_strdup(scans->has.conf->scan_user));
    scan->socket = hl_fd_steal(&owned);
    return launch(scan, argv, scan->socket, error);
}

/* The engine goes on with the file that it has: the scan keeps its place until then, so that nobody can have more files
 * looked at than there are places.  The scanner ends when it asks for the next. */
static void end_by_hand(Scan *scan)
{
    ep_scanner_set_stopped(scan->scanner, "by the user");
    if (shutdown(scan->socket, SHUT_RDWR) != 0)
        ep_scanner_stop(scan->scanner, "by the user");
}

void ep_scans_forget(EpScans *scans, gconstpointer user)
{
    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (scan->done == NULL || scan->user != user)
            continue;
        scan->done = NULL;
        end_by_hand(scan);
    }
}

/* Not for what users have brought about by hand. */
static bool check_stuck(const EpScans *scans, GError **error)
{
    guint n = 0;

    for (guint i = 0; i < scans->stuck->len; i++)
        n += !is_by_hand(scans->stuck->pdata[i]);
    return n < MAX_STUCK ||
           hl_fail(error, HL_ERROR_UNAVAILABLE,
                   "%u earlier scans hang on a file system that does not answer, and cannot be killed: repair or "
                   "unmount it, or take it out of scan.paths",
                   n);
}

/* An end without a scanner.  how, end: static. */
static void tell_end(EpScans *scans, const char *how, HlTime started, const char *end, const char *why)
{
    g_autofree char *id = hl_ident_new("s-");

    ep_finds_scan_ended(scans->has.finds, &(EpScanRecord){ .id = id,
                                                           .how = how,
                                                           .started = started,
                                                           .ended = hl_clock_wall(),
                                                           .end = end,
                                                           .detail = why,
                                                           .patterns = ep_updates_patterns(scans->has.updates) });
}

void ep_scans_tell_interrupted(EpScans *scans, const char *how, HlTime started)
{
    tell_end(scans, how, started, "stopped", "because the machine or the daemon stopped");
}

static bool start_walk(EpScans *scans, const char *how, char *const *paths, const EpWalkRequest *request,
                       GError **error)
{
    GPtrArray *argv;
    Scan *scan;

    if (!check_stuck(scans, error) || !ep_engine_hold(scans->engine, error))
        return false;
    scan = scan_new(scans, how);
    scan->progress = request->progress;
    scan->done = request->done;
    scan->user = request->user;
    argv = ep_scanner_arguments(scan->scanner, "walk");
    ep_scanner_add_quarantine(scan->scanner, argv);
    g_ptr_array_add(argv, g_strdup("--"));
    for (gsize i = 0; paths[i] != NULL; i++)
        g_ptr_array_add(argv, g_strdup(paths[i]));
    return launch(scan, argv, -1, error);
}

bool ep_scans_walk(EpScans *scans, const char *how, char *const *paths, const EpWalkRequest *request, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (start_walk(scans, how, paths, request, &problem))
        return true;
    tell_end(scans, how, hl_clock_wall(), "failed", problem->message); /* that it did not begin is its end */
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* NULL: none does. */
static Scan *walking(const EpScans *scans)
{
    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (!is_by_hand(scan))
            return scan;
    }
    return NULL;
}

void ep_scans_stop_walk(EpScans *scans, const char *by)
{
    Scan *scan = walking(scans);

    if (scan != NULL)
        ep_scanner_stop(scan->scanner, by);
}

bool ep_scans_is_walk_ending(const EpScans *scans)
{
    const Scan *scan = walking(scans);

    return scan != NULL && ep_scanner_is_ending(scan->scanner);
}

void ep_scans_forget_walk(EpScans *scans)
{
    Scan *scan = walking(scans);

    if (scan == NULL)
        return;
    scan->progress = NULL;
    scan->done = NULL;
}

void ep_scans_set_changed(EpScans *scans)
{
    ep_engine_refresh(scans->engine);
    ep_on_write_set_changed(scans->on_write);
}

void ep_scans_settings_changed(EpScans *scans)
{
    ep_engine_settings_changed(scans->engine);
    ep_on_write_settings_changed(scans->on_write);
}

EpOnWriteView ep_scans_on_write(const EpScans *scans)
{
    return ep_on_write_view(scans->on_write);
}

/* ------------------------------------------------------------------------------------------------------------ life */

EpScans *ep_scans_new(const EpScansOptions *options)
{
    EpScans *scans = g_new0(EpScans, 1);

    scans->has = *options;
    scans->running = g_ptr_array_new_with_free_func(scan_free);
    scans->stuck = g_ptr_array_new_with_free_func(scan_free);
    scans->engine = ep_engine_new(
        &(EpEngineOptions){ options->conf, options->settings, options->updates, on_engine_gave_up, scans });
    scans->ration = ep_ration_new();
    scans->on_write = ep_on_write_new(
        &(EpOnWriteOptions){ options->conf, options->settings, options->updates, options->finds, scans->engine });
    scans->judge = ep_judge_new(&(EpJudgeOptions){ options->conf, options->updates });
    return scans;
}

void ep_scans_free(EpScans *scans)
{
    if (scans == NULL)
        return;
    g_clear_handle_id(&scans->timer, g_source_remove);
    g_ptr_array_unref(scans->running);
    g_ptr_array_unref(scans->stuck);
    ep_on_write_free(scans->on_write);
    ep_judge_free(scans->judge);
    ep_ration_free(scans->ration);
    ep_engine_free(scans->engine);
    g_free(scans);
}

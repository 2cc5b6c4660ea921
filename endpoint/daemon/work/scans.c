/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/scans.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/components.h"

#define MAX_BY_HAND   6 /* at the same time, without root's */
#define MAX_BY_ONE    2 /* of one user */
#define DEADLINE      (12 * HL_HOUR)
#define MIB           ((guint64)1024 * 1024)
#define LOOK          (10 * HL_SECOND)
#define PROGRESS_TIME (10 * HL_SECOND)
#define PATIENCE      (10 * HL_MINUTE) /* for a scanner that says nothing, beside the time for one file */

typedef struct {
    EpScans *scans;
    const char *how; /* static */
    char *id, *patterns;
    uid_t uid;
    HlChild *child;
    HlTime started; /* wall */
    HlTime heard;   /* mono */
    HlTime told;    /* mono: how far it is */
    EpTally tally;
    bool has_end;
    char *why, *stopped;                                /* nothing of it counts; it was ended by somebody: who */
    void (*progress)(const char *words, gpointer user); /* NULL: nobody wants it */
    EpScanDone done;                                    /* NULL: nobody waits, or no longer */
    gpointer user;
} Scan;

struct EpScans {
    EpScansOptions has;
    EpEngine *engine;
    EpJudge *judge;
    GPtrArray *running; /* Scan * */
    guint timer;
};

static void scan_free(gpointer data)
{
    Scan *scan = data;

    g_clear_pointer(&scan->child, hl_child_abandon);
    g_free(scan->id);
    g_free(scan->patterns);
    g_free(scan->why);
    g_free(scan->stopped);
    g_free(scan);
}

static void stop_scan(Scan *scan, const char *by)
{
    if (scan->stopped == NULL)
        scan->stopped = g_strdup(by);
    hl_child_stop(scan->child);
}

/* -------------------------------------------------------------------------------------- what a scanner says */

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL ? text : "";
}

static char *owner_of(const json_t *found)
{
    json_int_t uid = json_integer_value(json_object_get(found, "uid"));
    const struct passwd *user = getpwuid((uid_t)uid);

    return user != NULL ? g_strdup(user->pw_name) : g_strdup_printf("%" JSON_INTEGER_FORMAT, uid);
}

/* 0: not known. */
static uint64_t version_of(const char *patterns, const char *component)
{
    size_t n;
    HlMsgComponent **rows = hl_components_parse(patterns, &n);
    uint64_t version = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i]->name, component) == 0)
            version = rows[i]->version;
    hl_components_free(rows, n);
    return version;
}

static void on_found(Scan *scan, const json_t *found)
{
    g_autofree char *owner = owner_of(found);
    EpDetection find = { .path = text_of(found, "path"),
                         .size = (guint64)MAX(json_integer_value(json_object_get(found, "size")), 0),
                         .sha256 = text_of(found, "sha256"),
                         .owner = owner,
                         .signature = text_of(found, "signature"),
                         .component = text_of(found, "component"),
                         .how = scan->how,
                         .action = text_of(found, "action"),
                         .detail = text_of(found, "detail"),
                         .scan = scan->id,
                         .at = hl_clock_wall() };

    find.version = version_of(scan->patterns, find.component);
    ep_finds_add(scan->scans->has.finds, &find);
}

/* Taken, and perhaps told of already. */
static void on_kept(Scan *scan, const json_t *kept)
{
    if (!ep_finds_has(scan->scans->has.finds, text_of(kept, "path"), text_of(kept, "sha256"),
                      text_of(kept, "signature"), text_of(kept, "action")))
        on_found(scan, kept);
}

static void on_gap(Scan *scan, const json_t *gap)
{
    const char *why = text_of(gap, "why");
    EpGap reason = ep_gap_from_name(text_of(gap, "reason"));

    hl_log(strcmp(scan->how, "manual") == 0 ? HL_LOG_DEBUG : HL_LOG_INFO, "scan", "%s was not looked at: %s%s%s",
           text_of(gap, "path"), reason == EP_N_GAPS ? "unknown" : ep_gap_text(reason), *why != '\0' ? ", " : "", why);
}

static void on_progress(Scan *scan, const json_t *progress)
{
    g_autofree char *words = NULL;

    ep_tally_parse(&scan->tally, progress);
    if (scan->progress == NULL || hl_clock_mono() - scan->told < PROGRESS_TIME)
        return;
    scan->told = hl_clock_mono();
    words = ep_tally_describe(&scan->tally);
    scan->progress(words, scan->user);
}

static void on_hung(Scan *scan, const json_t *unused G_GNUC_UNUSED)
{
    ep_engine_kill(scan->scans->engine);
}

static void on_end_told(Scan *scan, const json_t *end)
{
    const char *failed = json_string_value(json_object_get(end, "failed"));

    ep_tally_parse(&scan->tally, end);
    scan->has_end = true;
    if (failed != NULL && scan->why == NULL)
        scan->why = g_strdup(failed);
}

static const struct {
    const char *name;
    void (*heard)(Scan *scan, const json_t *value);
} lines[] = {
    { "found", on_found },       { "kept", on_kept }, { "gap", on_gap },
    { "progress", on_progress }, { "hung", on_hung }, { "end", on_end_told },
};

static void on_line(const char *line, gpointer user)
{
    Scan *scan = user;
    g_autoptr(json_t) json = hl_json_parse("a line of the scanner", line, strlen(line), NULL);

    scan->heard = hl_clock_mono();
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        const json_t *value = json_object_get(json, lines[i].name);

        if (value != NULL)
            lines[i].heard(scan, value);
    }
}

/* ------------------------------------------------------------------------------------------------------- the end */

static void judge(Scan *scan)
{
    g_autofree char *test = g_build_filename(scan->scans->has.conf->state_dir, "engine", "test", NULL);

    /* by a file of ours: any user can make one that breaks an engine, and change it between two looks */
    if (scan->why != NULL || scan->tally.gaps[EP_GAP_ENGINE] > 0)
        ep_judge_failed(scan->scans->judge, test, scan->why != NULL ? scan->why : "it fails on a file");
    else if (scan->stopped == NULL)
        ep_judge_worked(scan->scans->judge);
}

/* A scanner that ended without a last word was killed, by us or by the kernel. */
static void explain(Scan *scan, const HlChildEnd *end)
{
    g_autofree char *errors = g_utf8_make_valid(end->errors, -1);

    if (scan->why != NULL || scan->stopped != NULL || scan->has_end)
        return;
    if (end->timed_out)
        scan->why = g_strdup("it took too long and was stopped");
    else
        scan->why = g_strdup_printf("the scanner ended with %s %d%s%s", end->exited ? "status" : "signal", end->status,
                                    *errors != '\0' ? ": " : "", g_strstrip(errors));
}

/* A user who names what is not there, or is too large, learns it himself; that the engine fails is news for everybody.
 */
static bool is_news(const Scan *scan)
{
    const EpTally *tally = &scan->tally;

    if (strcmp(scan->how, "manual") != 0 || tally->files > 0 || tally->gaps[EP_GAP_ENGINE] > 0)
        return true;
    return scan->why != NULL && ep_tally_gaps(tally) == 0;
}

static guint running_index(Scan *scan)
{
    guint at = 0;

    g_assert(g_ptr_array_find(scan->scans->running, scan, &at));
    return at;
}

static void on_done(const HlChildEnd *end, gpointer user)
{
    Scan *scan = user;
    EpScans *scans = scan->scans;
    EpScanRecord record = { .id = scan->id, .how = scan->how, .started = scan->started, .ended = hl_clock_wall() };
    EpScanEnd told;
    g_autofree char *numbers = NULL;
    g_autofree char *words = NULL;

    scan->child = NULL;
    explain(scan, end);
    record.patterns = scan->patterns;
    record.tally = scan->tally;
    record.end = scan->stopped != NULL ? "stopped" : scan->why != NULL ? "failed" : "completed";
    record.detail = scan->stopped != NULL ? scan->stopped : scan->why != NULL ? scan->why : "";
    if (is_news(scan))
        ep_finds_scan_ended(scans->has.finds, &record);
    judge(scan);
    numbers = ep_tally_describe(&scan->tally);
    if (scan->stopped != NULL)
        words = g_strdup_printf("stopped %s: %s", scan->stopped, numbers);
    told = (EpScanEnd){ .tally = &scan->tally,
                        .why = scan->why,
                        .code = scan->stopped != NULL ? "conflict"
                                : scan->why != NULL   ? "unavailable"
                                                      : "",
                        .detail = words != NULL       ? words
                                  : scan->why != NULL ? scan->why
                                                      : numbers };
    ep_engine_drop(scans->engine);
    g_ptr_array_steal_index_fast(scans->running, running_index(scan)); /* who is told may start the next one */
    if (scan->done != NULL)
        scan->done(&told, scan->user);
    scan_free(scan);
}

static void on_engine_gave_up(const char *how, gpointer user)
{
    EpScans *scans = user;

    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (scan->why == NULL)
            scan->why = g_strdup_printf("the scan engine does not run: %s", how);
        hl_child_stop(scan->child);
    }
}

/* A scanner that hangs (a network file system that is gone) is not waited for. */
static gboolean on_look(gpointer user)
{
    EpScans *scans = user;
    HlTime limit = PATIENCE + 2 * ep_settings_values(scans->has.settings)->scan_max_time;

    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (hl_clock_mono() - scan->heard < limit || scan->stopped != NULL || scan->why != NULL)
            continue;
        scan->why = g_strdup("nothing was heard of it any longer: a file or a file system hangs");
        hl_child_stop(scan->child);
    }
    if (scans->running->len > 0)
        return G_SOURCE_CONTINUE;
    scans->timer = 0;
    return G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------------- the start */

static void add(GPtrArray *argv, const char *flag, char *value)
{
    g_ptr_array_add(argv, g_strdup(flag));
    g_ptr_array_add(argv, value);
}

/* Paths are passed over by the walk alone: what somebody names by hand he means. */
static void add_excludes(const EpScans *scans, GPtrArray *argv)
{
    char **rows = ep_settings_values(scans->has.settings)->scan_exclude;

    for (gsize i = 0; rows[i] != NULL; i++)
        add(argv, "--exclude", g_strdup(rows[i]));
}

static void add_quarantine(const EpScans *scans, GPtrArray *argv)
{
    const HlSettings *settings = ep_settings_values(scans->has.settings);
    const char *state = scans->has.conf->state_dir;

    add(argv, "--own", g_strdup(state));
    add(argv, "--allowed", g_build_filename(state, EP_ALLOWED_FILE, NULL));
    if (settings->scan_action != HL_SCAN_QUARANTINE)
        return;
    add(argv, "--quarantine", g_build_filename(state, EP_QUARANTINE_DIRECTORY, NULL));
    add(argv, "--quarantine-size", g_strdup_printf("%" PRIu64, (guint64)settings->scan_quarantine_size * MIB));
    add(argv, "--quarantine-age", hl_duration_format(settings->scan_quarantine_age));
}

static GPtrArray *arguments(const EpScans *scans, const char *mode)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(scans->has.conf->scanner));
    g_ptr_array_add(argv, g_strdup(mode));
    ep_engine_add_words(scans->engine, argv);
    add_excludes(scans, argv);
    return argv;
}

/* Takes argv and scan; the scan holds the engine already. */
static bool launch(Scan *scan, GPtrArray *argv, int stdin_fd, GError **error)
{
    EpScans *scans = scan->scans;
    HlChildSpec spec = { .stdin_fd = stdin_fd, .deadline = DEADLINE, .lines_only = true };

    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    scan->patterns = g_strdup(ep_updates_patterns(scans->has.updates));
    scan->started = hl_clock_wall();
    scan->heard = hl_clock_mono();
    scan->child = hl_child_start(&spec, on_line, on_done, scan, error);
    g_ptr_array_unref(argv);
    if (scan->child == NULL) {
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
    scan->id = hl_ident_new("s-");
    return scan;
}

static bool is_packet_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/* Root is let in whatever others do. */
static bool check_room(const EpScans *scans, uid_t uid, GError **error)
{
    guint all = 0;
    guint own = 0;

    for (guint i = 0; i < scans->running->len; i++) {
        const Scan *scan = scans->running->pdata[i];

        all += strcmp(scan->how, "manual") == 0 && scan->uid != 0;
        own += strcmp(scan->how, "manual") == 0 && scan->uid == uid;
    }
    return uid == 0 || (all < MAX_BY_HAND && own < MAX_BY_ONE) ||
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
    if (!check_room(scans, uid, error) || !ep_engine_hold(scans->engine, error))
        return false;
    scan = scan_new(scans, "manual");
    scan->uid = uid;
    scan->done = done;
    scan->user = user;
    argv = arguments(scans, "serve");
    add(argv, "--user", g_strdup(scans->has.conf->scan_user));
    return launch(scan, argv, owned, error);
}

void ep_scans_forget(EpScans *scans, gconstpointer user)
{
    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (scan->done == NULL || scan->user != user)
            continue;
        scan->done = NULL;
        stop_scan(scan, "by the user");
    }
}

/* It did not even begin: that is told like any other end. */
static void tell_not_started(EpScans *scans, const char *how, const char *why)
{
    g_autofree char *id = hl_ident_new("s-");
    HlTime now = hl_clock_wall();

    ep_finds_scan_ended(scans->has.finds, &(EpScanRecord){ .id = id,
                                                           .how = how,
                                                           .started = now,
                                                           .ended = now,
                                                           .end = "failed",
                                                           .detail = why,
                                                           .patterns = ep_updates_patterns(scans->has.updates) });
}

static bool start_walk(EpScans *scans, const char *how, char *const *paths, const EpWalkRequest *request,
                       GError **error)
{
    GPtrArray *argv;
    Scan *scan;

    if (!ep_engine_hold(scans->engine, error))
        return false;
    argv = arguments(scans, "walk");
    scan = scan_new(scans, how);
    scan->progress = request->progress;
    scan->done = request->done;
    scan->user = request->user;
    add(argv, "--scan", g_strdup(scan->id));
    add_quarantine(scans, argv);
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
    tell_not_started(scans, how, problem->message);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* NULL: none does. */
static Scan *walking(const EpScans *scans)
{
    for (guint i = 0; i < scans->running->len; i++) {
        Scan *scan = scans->running->pdata[i];

        if (strcmp(scan->how, "manual") != 0)
            return scan;
    }
    return NULL;
}

void ep_scans_stop_walk(EpScans *scans, const char *by)
{
    Scan *scan = walking(scans);

    if (scan != NULL)
        stop_scan(scan, by);
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
}

/* ------------------------------------------------------------------------------------------------------------ life */

EpScans *ep_scans_new(const EpScansOptions *options)
{
    EpScans *scans = g_new0(EpScans, 1);

    scans->has = *options;
    scans->running = g_ptr_array_new_with_free_func(scan_free);
    scans->engine = ep_engine_new(
        &(EpEngineOptions){ options->conf, options->settings, options->updates, on_engine_gave_up, scans });
    scans->judge = ep_judge_new(&(EpJudgeOptions){ options->conf, options->updates });
    return scans;
}

void ep_scans_free(EpScans *scans)
{
    if (scans == NULL)
        return;
    g_clear_handle_id(&scans->timer, g_source_remove);
    g_ptr_array_unref(scans->running);
    ep_judge_free(scans->judge);
    ep_engine_free(scans->engine);
    g_free(scans);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/scans.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"

#define MAX_WAITING        16
#define SCRATCH_FACT       "scan-scratch" /* path, in the store */
#define FILE_DEADLINE      (10 * HL_MINUTE)
#define SCHEDULED_DEADLINE (12 * HL_HOUR)
#define MAX_FILE_SIZE \
    "2000M" /* the engine's own limit is 2 GiB; with its default of 25 MiB, larger files count as clean */

typedef struct {
    int fd;
    EpScanDone done;
    gpointer user;
    enum { SCAN_FIRST, SCAN_BEFORE, SCAN_AGAIN } run; /* with the active set, the one before, the active one again */
    char *trouble;                                    /* of the first run */
    char *patterns;                                   /* that were active then */
    char *scratch;                                    /* directory for what the engine unpacks */
} EpScan;

struct EpScans {
    EpScansOptions has;
    GQueue waiting; /* EpScan *; the head is the one that runs */
    HlChild *child, *scheduled;
    guint found;
    char *first;
    bool skip_next, skipped;
};

static void start_next(EpScans *scans);
static bool start_file(EpScans *scans, EpScan *scan, GError **error);

static void free_scan(gpointer data)
{
    EpScan *scan = data;

    hl_fd_clear(&scan->fd);
    if (scan->scratch != NULL)
        HL_IGNORE(hl_tree_remove(scan->scratch, NULL)); /* the next start tries again */
    g_free(scan->trouble);
    g_free(scan->patterns);
    g_free(scan->scratch);
    g_free(scan);
}

static char *database(const EpScans *scans, const char *which)
{
    return g_build_filename(ep_updates_directory(scans->has.updates), which, NULL);
}

static bool check_database(const EpScans *scans, GError **error)
{
    g_autofree char *path = database(scans, "active");

    return g_file_test(path, G_FILE_TEST_IS_DIR) ||
           hl_fail(error, HL_ERROR_UNAVAILABLE, "there is no pattern set on this machine yet: update it first");
}

static void finish(EpScans *scans, const EpScanEnd *end)
{
    EpScan *scan = g_queue_pop_head(&scans->waiting);

    if (scan->done != NULL)
        scan->done(end, scan->user);
    free_scan(scan);
}

/* The engine's line is "stdin: NAME FOUND". */
static char *signature_of(const char *output)
{
    const char *begin = strstr(output, ": ");
    const char *end = strstr(output, " FOUND");

    return begin != NULL && end != NULL && end > begin + 2 ? g_strndup(begin + 2, (gsize)(end - begin) - 2)
                                                           : g_strdup("unnamed");
}

/* How an engine failed, in words; NULL: it worked.  refusal: its own words on failure. */
static char *trouble_of(const HlChildEnd *end, const char *refusal)
{
    if (end->timed_out)
        return g_strdup("it took too long and was stopped");
    if (!end->exited)
        return g_strdup_printf("it was killed by signal %d", end->status);
    return refusal == NULL ? NULL : g_strdup_printf("status %d, %s", end->status, refusal);
}

/* What an engine does with a file says something about the patterns: it works, or it does not. */
static void tell_engine(EpScans *scans, const char *trouble)
{
    ep_updates_engine_ended(scans->has.updates, trouble == NULL ? EP_ENGINE_WORKED : EP_ENGINE_FAILED,
                            trouble == NULL ? "" : trouble);
}

/* A file that breaks the engine, or a disk that is full, is not the fault of the patterns, and any user can provoke it.
 * So while failures count, a failure is one only if the set before scans the same file and the active set fails on it
 * once more.  True if another run has begun. */
static bool run_again(EpScans *scans, const char *trouble)
{
    EpScan *scan = g_queue_peek_head(&scans->waiting);
    g_autofree char *before = database(scans, "previous");

    if (scan->run == SCAN_FIRST && trouble != NULL && ep_updates_on_probation(scans->has.updates) &&
        g_file_test(before, G_FILE_TEST_IS_DIR)) {
        scan->trouble = g_strdup(trouble);
        scan->patterns = g_strdup(ep_updates_patterns(scans->has.updates));
        scan->run = SCAN_BEFORE;
        return start_file(scans, scan, NULL);
    }
    if (scan->run != SCAN_BEFORE || trouble != NULL)
        return false;
    scan->run = SCAN_AGAIN;
    return start_file(scans, scan, NULL);
}

/* After the last run.  Patterns that were switched meanwhile are not judged by it. */
static void judge_patterns(EpScans *scans, const char *trouble)
{
    const EpScan *scan = g_queue_peek_head(&scans->waiting);

    if (scan->run == SCAN_FIRST && trouble == NULL)
        tell_engine(scans, NULL);
    else if (scan->run == SCAN_AGAIN && trouble != NULL &&
             strcmp(scan->patterns, ep_updates_patterns(scans->has.updates)) == 0)
        tell_engine(scans, scan->trouble);
    else if (scan->run == SCAN_BEFORE)
        hl_info("scan", "the engine fails on a file, with older patterns too: %s", scan->trouble);
}

static void on_file_done(const HlChildEnd *end, gpointer user)
{
    EpScans *scans = user;
    g_autofree char *signature = signature_of(end->output);
    g_autofree char *clean = g_utf8_make_valid(end->exited && end->status == 1 ? signature : end->errors, -1);
    EpScanEnd told = { .verdict = EP_SCAN_FAILED, .name = g_strstrip(clean) };
    g_autofree char *trouble = NULL;
    g_autofree char *first = NULL;
    const EpScan *scan;

    scans->child = NULL;
    trouble = trouble_of(end, end->exited && end->status > 1 ? told.name : NULL);
    if (run_again(scans, trouble))
        return;
    judge_patterns(scans, trouble);
    scan = g_queue_peek_head(&scans->waiting);
    if (scan->run == SCAN_BEFORE)
        told.name = first =
            g_strdup(scan->trouble); /* the run with the older patterns was to judge the engine, not the file */
    else if (end->exited && end->status == 0)
        told.verdict = EP_SCAN_CLEAN;
    else if (end->exited && end->status == 1)
        told.verdict = EP_SCAN_FOUND;
    else if (end->timed_out)
        told.name = "the engine took too long and was stopped";
    else if (*told.name == '\0')
        told.name = "the engine failed";
    finish(scans, &told);
    start_next(scans);
}

static bool start_file(EpScans *scans, EpScan *scan, GError **error)
{
    g_autofree char *path = database(scans, scan->run == SCAN_BEFORE ? "previous" : "active");
    g_autofree char *scratch = NULL;
    const char *argv[] = { scans->has.conf->engine,
                           "--no-summary",
                           NULL,
                           "--max-filesize=" MAX_FILE_SIZE,
                           "--max-scansize=" MAX_FILE_SIZE,
                           "-d",
                           path,
                           "-",
                           NULL };
    HlChildSpec spec = { .argv = argv, .stdin_fd = scan->fd, .deadline = FILE_DEADLINE };

    if (!check_database(scans, error))
        return false;
    /* of its own, because an engine that fails leaves its temporary files behind */
    if (scan->scratch == NULL)
        scan->scratch = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    /* noted before the engine writes there, so that the next start of the daemon removes what a kill leaves behind */
    if (scan->scratch != NULL && !ep_store_set(scans->has.db, SCRATCH_FACT, scan->scratch, error))
        return false;
    if (scan->scratch == NULL || lseek(scan->fd, 0, SEEK_SET) < 0)
        return hl_fail(error, HL_ERROR_IO, "cannot make a directory for the engine in %s", g_get_tmp_dir());
    argv[2] = scratch = g_strdup_printf("--tempdir=%s", scan->scratch);
    scans->child = hl_child_start(&spec, NULL, on_file_done, scans, error);
    return scans->child != NULL;
}

static void start_next(EpScans *scans)
{
    while (scans->child == NULL && !g_queue_is_empty(&scans->waiting)) {
        EpScan *scan = g_queue_peek_head(&scans->waiting);
        g_autoptr(GError) error = NULL;

        if (!start_file(scans, scan, &error)) {
            EpScanEnd end = { .verdict = EP_SCAN_FAILED, .name = error->message };

            finish(scans, &end);
        }
    }
}

bool ep_scans_request(EpScans *scans, int fd, EpScanDone done, gpointer user, GError **error)
{
    hl_autofd int owned = fd;
    hl_autofd int again = -1;
    char path[32];
    struct stat st;
    EpScan *scan;

    if (owned < 0 || fstat(owned, &st) != 0)
        return hl_fail(error, HL_ERROR_USAGE, "no file came with the call");
    if (!S_ISREG(st.st_mode))
        return hl_fail(error, HL_ERROR_INVALID, "only regular files are scanned");
    if (g_queue_get_length(&scans->waiting) >= MAX_WAITING)
        return hl_fail(error, HL_ERROR_LIMIT, "%d scans are waiting already: try again later", MAX_WAITING);
    if (!check_database(scans, error))
        return false;
    /* a description of our own: the sender of this one could move it while the engine reads */
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", owned);
    again = open(path, O_RDONLY | O_CLOEXEC);
    scan = g_new(EpScan, 1);
    *scan = (EpScan){ .fd = hl_fd_steal(again >= 0 ? &again : &owned), .done = done, .user = user };
    g_queue_push_tail(&scans->waiting, scan);
    start_next(scans);
    return true;
}

void ep_scans_forget(EpScans *scans, gconstpointer user)
{
    for (GList *at = scans->waiting.head, *next; at != NULL; at = next) {
        EpScan *scan = at->data;

        next = at->next;
        if (scan->user != user)
            continue;
        scan->done = NULL;
        if (at == scans->waiting.head && scans->child != NULL)
            continue; /* it is running; its result is dropped */
        g_queue_delete_link(&scans->waiting, at);
        free_scan(scan);
    }
}

/* ------------------------------------------------------------------------------------- scheduled scans */

static void on_found(const char *line, gpointer user)
{
    EpScans *scans = user;

    if (!g_str_has_suffix(line, " FOUND"))
        return;
    scans->found++;
    hl_warn("scan", "%s", line);
    if (scans->first == NULL)
        scans->first = g_utf8_make_valid(line, -1);
}

static void on_scheduled_done(const HlChildEnd *end, gpointer user)
{
    EpScans *scans = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *detail = NULL;
    g_autofree char *trouble = NULL;

    scans->scheduled = NULL;
    trouble = trouble_of(end, NULL);
    if (!scans->skipped && (!end->exited || end->status <= 1)) /* status 2 may just be an unreadable file */
        tell_engine(scans, trouble);
    if (scans->skipped)
        detail = g_strdup("stopped by the user");
    else if (end->exited && end->status <= 1)
        detail = g_strdup_printf("%u found%s%s", scans->found, scans->first != NULL ? ", first " : "",
                                 scans->first != NULL ? scans->first : "");
    else
        detail = g_strdup(end->timed_out ? "took too long and was stopped" : "the engine failed");
    scans->skipped = false;
    hl_info("scan", "scheduled scan: %s", detail);
    if (!ep_store_add_event(scans->has.db, hl_clock_wall(), "scheduled scan", detail, &error))
        ep_trouble_store_failed(scans->has.trouble, "a scan's result", error);
}

void ep_scans_run_scheduled(EpScans *scans)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *path = database(scans, "active");
    char **paths = ep_settings_values(scans->has.settings)->scan_paths;
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    if (scans->scheduled != NULL || paths[0] == NULL)
        return;
    if (scans->skip_next) {
        scans->skip_next = false;
        hl_info("scan", "the scheduled scan is skipped, as the user asked");
        return;
    }
    for (const char *const *word =
             (const char *const[]){ scans->has.conf->engine, "--no-summary", "-i", "-r", "-d", path, "--", NULL };
         *word != NULL; word++)
        g_ptr_array_add(argv, hl_unconst(*word));
    for (gsize i = 0; paths[i] != NULL; i++)
        g_ptr_array_add(argv, paths[i]);
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = SCHEDULED_DEADLINE;
    scans->found = 0;
    g_clear_pointer(&scans->first, g_free);
    if (check_database(scans, &error))
        scans->scheduled = hl_child_start(&spec, on_found, on_scheduled_done, scans, &error);
    if (scans->scheduled == NULL)
        hl_warn("scan", "scheduled scan: %s", error->message);
}

const char *ep_scans_skip(EpScans *scans)
{
    if (scans->scheduled != NULL) {
        scans->skipped = true;
        hl_child_stop(scans->scheduled);
        return "the scheduled scan that runs is stopped";
    }
    scans->skip_next = true;
    return "the next scheduled scan is skipped";
}

bool ep_scans_is_scheduled_running(const EpScans *scans)
{
    return scans->scheduled != NULL;
}

/* Left behind by a run that was killed.  Only if it is ours: in a world-writable directory, one of another owner could
 * be replaced by a link to anywhere while it is removed. */
static void remove_left_scratch(HlDb *db)
{
    g_autofree char *path = ep_store_get(db, SCRATCH_FACT, "");
    struct stat st;

    if (*path != '\0' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid())
        HL_IGNORE(hl_tree_remove(path, NULL)); /* the temporary directory has its own clean-up */
}

EpScans *ep_scans_new(const EpScansOptions *options)
{
    EpScans *scans = g_new0(EpScans, 1);

    remove_left_scratch(options->db);
    scans->has = *options;
    g_queue_init(&scans->waiting);
    return scans;
}

void ep_scans_free(EpScans *scans)
{
    if (scans == NULL)
        return;
    g_clear_pointer(&scans->child, hl_child_abandon);
    g_clear_pointer(&scans->scheduled, hl_child_abandon);
    g_queue_clear_full(&scans->waiting, free_scan);
    g_free(scans->first);
    g_free(scans);
}

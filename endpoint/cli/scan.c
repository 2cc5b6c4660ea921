/* SPDX-License-Identifier: Apache-2.0 */
/* `scan`: opens files as the user, passes them on, and tells what became of each. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/cli/call.h"
#include "endpoint/cli/commands.h"
#include "endpoint/scan/serve.h"
#include "endpoint/scan/walk.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/table.h"
#include "lib/base/text.h"
#include "proto/bounds.h"
#include "proto/phrase.h"

#define MAX_LISTED    1000 /* rows of --json */
#define PROGRESS_TIME (200 /* ms */)
#define MIB           (1024.0 * 1024.0)

typedef struct {
    int socket;
    bool json, progress, whole_tree;
    json_t *found, *gaps; /* --json */
    guint64 files, bytes, n_found, n_gaps;
    HlTime begun, shown;
    GError *error; /* why a path that was named was not looked at, or the scan ended */
    bool ended;
} Scan;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number G_GNUC_UNUSED)
{
    interrupted = 1;
}

/* ----------------------------------------------------------------------------------------------------- what is seen */

static void clear_progress(const Scan *scan)
{
    if (scan->progress && scan->shown != 0)
        fputs("\r\033[K", stderr);
}

static void show_progress(Scan *scan)
{
    HlTime now = hl_clock_mono();
    double seconds = (double)MAX(now - scan->begun, 1) / HL_SECOND;
    double mib = (double)scan->bytes / MIB;

    if (!scan->progress || now - scan->shown < PROGRESS_TIME)
        return;
    scan->shown = now;
    fputs("\r", stderr);
    fprintf(stderr, _("Scanning: %" PRIu64 " files, %.1f MiB, %.1f MiB/s, %" PRIu64 " found"), scan->files, mib,
            mib / seconds, scan->n_found);
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void say(const Scan *scan, const char *path, const char *what)
{
    g_autofree char *shown = hl_text_printable(path); /* the name of a file that a stranger may have made */

    if (scan->json)
        return;
    clear_progress(scan);
    printf("%s: %s\n", shown, what);
}

static void list(json_t *rows, const char *path, const char *name, const char *value, const char *why)
{
    g_autofree char *escaped = hl_escape(path);

    if (json_array_size(rows) < MAX_LISTED)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "path", escaped, name, value, "why", why));
}

static void on_not_looked_at(Scan *scan, const char *path, EpGap gap, const char *why)
{
    g_autofree char *kind = hl_phrase_translate(ep_gap_text(gap));
    g_autofree char *more = hl_phrase_translate(why);
    g_autofree char *words = *why == '\0' ? g_strdup_printf(_("not looked at: %s"), kind)
                                          : g_strdup_printf(_("not looked at: %s, %s"), kind, more);

    scan->n_gaps++;
    list(scan->gaps, path, "reason", ep_gap_name(gap), why);
    say(scan, path, words);
}

static void on_found(Scan *scan, const char *path, const char *signature)
{
    g_autofree char *shown = hl_text_printable(signature);
    g_autofree char *words = g_strdup_printf(_("%s FOUND"), shown);

    scan->n_found++;
    list(scan->found, path, "signature", signature, "");
    say(scan, path, words);
}

/* --------------------------------------------------------------------------------------------------------- the walk */

static void on_answer(Scan *scan, const char *path, const struct stat *st, const json_t *answer)
{
    const char *result = json_string_value(json_object_get(answer, "result"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *why = json_string_value(json_object_get(answer, "why"));
    const char *signature = json_string_value(json_object_get(answer, "signature"));
    EpGap gap = reason == NULL ? EP_N_GAPS : ep_gap_from_name(reason);

    if (g_strcmp0(result, "not-looked-at") == 0 || result == NULL) {
        on_not_looked_at(scan, path, gap == EP_N_GAPS ? EP_GAP_ENGINE : gap, why != NULL ? why : "");
        return;
    }
    scan->files++;
    scan->bytes += (guint64)st->st_size;
    if (strcmp(result, "found") == 0)
        on_found(scan, path, signature != NULL ? signature : "unnamed");
    else if (!scan->whole_tree)
        say(scan, path, _("OK"));
}

static bool on_file(const EpWalkFile *file, gpointer user)
{
    Scan *scan = user;
    g_autoptr(json_t) answer = NULL;

    scan->whole_tree = file->directory >= 0; /* named one by one, each is told of */
    if (interrupted)
        return false;
    if (!ep_serve_ask(scan->socket, file->path, file->fd, &answer, scan->error == NULL ? &scan->error : NULL)) {
        scan->ended = true;
        return false;
    }
    on_answer(scan, file->path, &file->st, answer);
    show_progress(scan);
    return true;
}

/* Within a message, however many levels a path has. */
static char *shown_path(const char *path)
{
    char *escaped = hl_escape(path);

    hl_bound_cut(escaped, 4 * HL_MAX_TEXT);
    return escaped;
}

static bool on_gap(const char *path, EpGap gap, const char *why, gpointer user)
{
    Scan *scan = user;
    g_autofree char *escaped = shown_path(path);
    g_autoptr(json_t) told = json_pack("{s:s, s:s, s:s}", "path", escaped, "reason", ep_gap_name(gap), "why", why);

    on_not_looked_at(scan, path, gap, why);
    scan->ended = !ep_serve_tell(scan->socket, told, NULL);
    return !scan->ended && !interrupted;
}

static void walk_all(Scan *scan, char *const *paths, int n)
{
    static const EpWalkHooks hooks = { .file = on_file, .gap = on_gap };

    for (int i = 0; i < n && !scan->ended && !interrupted; i++) {
        hl_autofd int look = open(paths[i], O_PATH | O_CLOEXEC);

        struct stat st;

        scan->whole_tree = look >= 0 && fstat(look, &st) == 0 && S_ISDIR(st.st_mode); /* also one without a file */
        if (look < 0 && scan->error == NULL)
            hl_fail_errno(&scan->error, errno, "cannot scan %s", paths[i]);
        HL_IGNORE(ep_walk(paths[i], &hooks, scan)); /* why it ended is noted where it did */
    }
}

/* ---------------------------------------------------------------------------------------------------------- the end */

static void print_json(const Scan *scan)
{
    g_autoptr(json_t) all = json_pack("{s:I, s:I, s:I, s:I, s:O, s:O, s:b}", "files", (json_int_t)scan->files, "bytes",
                                      (json_int_t)scan->bytes, "found", (json_int_t)scan->n_found, "not_looked_at",
                                      (json_int_t)scan->n_gaps, "detections", scan->found, "gaps", scan->gaps,
                                      "interrupted", interrupted != 0);
    g_autofree char *text = hl_json_print(all);

    printf("%s\n", text);
}

static void print_summary(const Scan *scan, const json_t *tally)
{
    EpTally numbers;
    g_autofree char *english = NULL;
    g_autofree char *text = NULL;

    if (scan->json) {
        print_json(scan);
        return;
    }
    if (tally == NULL || !scan->whole_tree)
        return;
    ep_tally_parse(&numbers, tally);
    english = ep_tally_describe(&numbers);
    text = hl_phrase_translate(english);
    printf("%s%s\n", interrupted ? _("Interrupted: ") : "", text);
}

static void say_failure(const GError *failure)
{
    g_autofree char *text = hl_phrase_translate(failure->message);

    fprintf(stderr, "holdline-endpoint: %s\n", text);
}

/* What was found counts, whatever came after it; and only a scan that looked at everything is a success. */
static bool conclude(EpTool *tool, Scan *scan, GError *failure, GError **error)
{
    if (scan->n_found > 0) {
        if (failure != NULL)
            say_failure(failure);
        g_clear_error(&failure);
        tool->status = 1;
        return true;
    }
    if (scan->error != NULL && !scan->ended) { /* a path that was named is not there: that says more */
        g_clear_error(&failure);
        g_propagate_error(error, g_steal_pointer(&scan->error));
        return false;
    }
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return false;
    }
    if (scan->ended && !interrupted)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "the scan was ended before it had looked at everything");
    if (interrupted)
        tool->status = 128 + SIGINT;
    else if (scan->n_gaps > 0)
        return hl_fail(error, HL_ERROR_PARTIAL, "%" PRIu64 " of the paths were not looked at", scan->n_gaps);
    return true;
}

static bool run(EpTool *tool, Scan *scan, char *const *paths, int n, GError **error)
{
    CallSpec spec = CALL("scan");
    g_autoptr(json_t) tally = NULL;
    GError *failure = NULL;
    EpCall *call;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return hl_fail_errno(error, errno, "cannot make a socket");
    scan->socket = pair[0];
    spec.fd = pair[1];
    call = ep_call_begin(&tool->conf, &spec, error);
    close(pair[1]);
    if (call != NULL)
        walk_all(scan, paths, n);
    close(pair[0]); /* that was all */
    if (call == NULL)
        return false;
    HL_IGNORE(ep_call_end(call, &spec, &tally, NULL, &failure)); /* judged by its error */
    clear_progress(scan);
    print_summary(scan, tally);
    return conclude(tool, scan, failure, error);
}

bool ep_cmd_scan(HlInvocation *call, GError **error)
{
    EpTool *tool = call->user;
    Scan scan = { .json = hl_cli_has(call, "json"),
                  .progress = hl_cli_has(call, "progress") || isatty(STDERR_FILENO),
                  .found = json_array(),
                  .gaps = json_array(),
                  .begun = hl_clock_mono() };
    struct sigaction action = { .sa_handler = on_interrupt };
    bool ok;

    sigaction(SIGINT, &action, NULL);
    ok = ep_tool_load(call, error) && run(tool, &scan, call->args, call->n_args, error);
    if (!ok && hl_error_exit_status(*error) == 1)
        (*error)->code = HL_ERROR_UNAVAILABLE; /* 1 says that something was found */
    json_decref(scan.found);
    json_decref(scan.gaps);
    g_clear_error(&scan.error);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-scanner: the processes of a scan, started by holdline-endpointd.  Not for people. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/confine.h"
#include "endpoint/scan/release.h"
#include "endpoint/scan/serve.h"
#include "endpoint/scan/walk.h"
#include "endpoint/scan/watch.h"
#include "lib/base/cli.h"
#include "lib/base/escape.h"
#include "lib/base/exec.h"
#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "proto/copied.h"

#define DEFAULT_WAIT "5m"
#define MAX_PLACES   200 /* bytes: a few say which setting it is */

static const HlFlag flags[] = {
    { "user", "NAME", "Become this user first, for good" },
    { "place", "DIR", "Directory of the engine, which is known as " EP_CONFINE_PLACE },
    { "patterns", "DIR", "Directory of the pattern sets, which is known as " EP_CONFINE_PATTERNS },
    { "memory", "BYTES", "Memory of the engine" },
    { "file-size", "BYTES", "Largest file that the engine may write" },
    { "engine", "SOCKET", "Socket of the engine" },
    { "test-file", "FILE", "What the engine must find" },
    { "database", "DIR", "What the engine loads" },
    { "log", "FILE", "Where the engine writes its errors" },
    { "max-size", "BYTES", "Larger files are not looked at" },
    { "max-time", "DURATION", "Time for one file" },
    { "exclude", "ROW", "What to pass over; may be given more than once" },
    { "own", "DIR", "The daemon's own directory, which is not walked" },
    { "allowed", "FILE", "Hashes that were restored from the quarantine" },
    { "quarantine", "DIR", "Where infected files go; without it they stay where they are" },
    { "quarantine-size", "BYTES", "Of all files there" },
    { "quarantine-age", "DURATION", "How long they stay" },
    { "scan", "ID", "Name of this scan" },
    { "wait", "DURATION",
      "How long to wait for the engine to load its set, or for the quarantine (default: " DEFAULT_WAIT ")" },
    { "scope", "TEXT", "What is meant of the quarantine" },
};
static const char *const engine_flags[] = { "user", "place", "patterns", "memory", "file-size", NULL };
static const char *const walk_flags[] = { "place",   "patterns",   "engine",          "test-file",      "database",
                                          "log",     "max-size",   "max-time",        "exclude",        "own",
                                          "allowed", "quarantine", "quarantine-size", "quarantine-age", "scan",
                                          "wait",    NULL };
static const char *const serve_flags[] = { "user",     "place",    "patterns", "engine", "test-file", "database", "log",
                                           "max-size", "max-time", "exclude",  "scan",   "wait",      NULL };
static const char *const watch_flags[] = { "place",    "patterns",   "engine",          "test-file",
                                           "database", "log",        "max-size",        "max-time",
                                           "exclude",  "own",        "allowed",         "scan",
                                           "wait",     "quarantine", "quarantine-size", "quarantine-age",
                                           NULL };

static const char *const list_flags[] = { "quarantine", NULL };
static const char *const release_flags[] = { "quarantine", "allowed", "scope", "wait", NULL };

static bool number(const HlInvocation *call, const char *flag, guint64 *value, GError **error)
{
    const char *text = hl_cli_value(call, flag, "0");

    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL) ||
           hl_fail(error, HL_ERROR_USAGE, "--%s takes a number of bytes, not '%s'", flag, text);
}

static EpConfinement confinement_of(const HlInvocation *call)
{
    return (EpConfinement){ .user = hl_cli_value(call, "user", EP_CONFINE_USER),
                            .place = hl_cli_value(call, "place", NULL),
                            .patterns = hl_cli_value(call, "patterns", NULL) };
}

/* Becomes the engine. */
static bool run_engine(HlInvocation *call, GError **error)
{
    EpConfinement confinement = confinement_of(call);
    g_auto(GStrv) argv = NULL;
    const char *why;
    int code;

    if (!number(call, "memory", &confinement.memory, error) ||
        !number(call, "file-size", &confinement.file_size, error) || !ep_confine_open(&confinement, error) ||
        !ep_confine(&confinement, error))
        return false;
    argv = g_new0(char *, (gsize)call->n_args + 1);
    for (int i = 0; i < call->n_args; i++)
        argv[i] = g_strdup(call->args[i]);
    execvp(argv[0], argv);
    code = errno;
    why = code == EACCES ? hl_exec_denial(argv[0]) : NULL;
    if (why != NULL)
        return hl_fail(error, HL_ERROR_IO, "cannot start the scan engine %s: %s", argv[0], why);
    return hl_fail_errno(error, code, "cannot start the scan engine %s", argv[0]);
}

/* ------------------------------------------------------------------------------------------------ scans */

typedef struct {
    EpExamOptions exam;
    EpSessionOptions session;
    HlExcludes *excludes;
} Options;

static void options_clear(Options *options)
{
    hl_excludes_free(options->excludes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool read_exam(const HlInvocation *call, EpExamOptions *exam, GError **error)
{
    static const char *const needed[] = { "engine", "test-file", "database", "log", "max-size", "max-time" };

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (hl_cli_value(call, needed[i], NULL) == NULL)
            return hl_fail(error, HL_ERROR_USAGE, "--%s is missing", needed[i]);
    exam->socket = hl_unconst(hl_cli_value(call, "engine", NULL));
    exam->test_file = hl_unconst(hl_cli_value(call, "test-file", NULL));
    exam->database = hl_unconst(hl_cli_value(call, "database", NULL));
    exam->log = hl_unconst(hl_cli_value(call, "log", NULL));
    return number(call, "max-size", &exam->max_size, error) &&
           hl_duration_parse(hl_cli_value(call, "max-time", NULL), &exam->max_time, error);
}

static bool read_options(const HlInvocation *call, Options *options, GError **error)
{
    EpSessionOptions *session = &options->session;
    guint64 size = 0;
    gsize n;

    if (!read_exam(call, &options->exam, error) || !number(call, "quarantine-size", &size, error))
        return false;
    options->excludes = hl_excludes_new(hl_cli_values(call, "exclude", &n), error);
    if (options->excludes == NULL)
        return false;
    session->exam = &options->exam;
    session->excludes = options->excludes;
    session->allowed = hl_cli_value(call, "allowed", NULL);
    session->quarantine = hl_cli_value(call, "quarantine", NULL);
    session->scan = hl_cli_value(call, "scan", "");
    session->bounds.max_bytes = (int64_t)MIN(size, G_MAXINT64);
    return hl_duration_parse(hl_cli_value(call, "wait", DEFAULT_WAIT), &session->patience, error) &&
           (session->quarantine == NULL ||
            hl_duration_parse(hl_cli_value(call, "quarantine-age", "30d"), &session->bounds.max_age, error));
}

typedef struct {
    EpSession *session;
    const HlExcludes *excludes;
    struct stat own; /* of the daemon's directory */
    char *own_name;  /* NULL: it has none */
} Walk;

static bool on_file(const EpWalkFile *file, gpointer user)
{
    const Walk *walk = user;
    EpLook look;

    return ep_session_file(walk->session, file, &look);
}

static bool on_gap(const char *path, EpGap gap, const char *why, gpointer user)
{
    const Walk *walk = user;

    ep_session_gap(walk->session, path, gap, why);
    return true;
}

/* The test file is there, and the quarantine.  By the directory, whichever way leads to it; its name saves asking for
 * that of every file. */
static bool is_own(const Walk *walk, const char *path)
{
    const char *name = strrchr(path, '/');
    struct stat st;

    return walk->own_name != NULL && name != NULL && strcmp(name + 1, walk->own_name) == 0 && lstat(path, &st) == 0 &&
           st.st_dev == walk->own.st_dev && st.st_ino == walk->own.st_ino;
}

static bool on_excluded(const char *path, gpointer user)
{
    const Walk *walk = user;

    if (hl_excludes_path(walk->excludes, path) == NULL)
        return is_own(walk, path);
    ep_session_left_out(walk->session);
    return true;
}

static void find_own(const HlInvocation *call, Walk *walk)
{
    const char *directory = hl_cli_value(call, "own", NULL);
    char *real = directory == NULL ? NULL : realpath(directory, NULL);

    if (real != NULL && lstat(real, &walk->own) == 0)
        walk->own_name = g_path_get_basename(real);
    free(real);
}

/* Whatever links lead there, exclusions are meant for where it is. */
static bool walk_path(const char *path, const EpWalkHooks *hooks, Walk *walk)
{
    char *real = realpath(path, NULL);
    bool going = ep_walk(real != NULL ? real : path, hooks, walk);

    free(real);
    return going;
}

static char *name_places(const HlInvocation *call)
{
    g_autofree char *all = g_strjoinv(", ", call->args);
    char *shown = hl_escape(all);

    hl_bound_cut(shown, MAX_PLACES);
    return shown;
}

static bool run_walk(HlInvocation *call, GError **error)
{
    EpConfinement confinement = confinement_of(call);
    static const EpWalkHooks hooks = { .file = on_file, .gap = on_gap, .excluded = on_excluded };
    g_autoptr(EpSession) session = NULL;
    g_auto(Options) options = { 0 };
    g_autofree char *places = NULL;
    Walk walk;

    if (!ep_confine_open(&confinement, error) || !read_options(call, &options, error))
        return false;
    places = name_places(call);
    options.session.places = places;
    session = ep_session_new(&options.session);
    walk = (Walk){ .session = session, .excludes = options.excludes };
    find_own(call, &walk);
    for (int i = 0; i < call->n_args && ep_session_failure(session) == NULL; i++)
        if (!walk_path(call->args[i], &hooks, &walk))
            break;
    ep_session_end(session);
    g_free(walk.own_name);
    return true;
}

static bool run_serve(HlInvocation *call, GError **error)
{
    EpConfinement confinement = confinement_of(call);
    g_autoptr(EpSession) session = NULL;
    g_auto(Options) options = { 0 };
    g_autofree char *scratch = NULL;
    EpWitness *witness;

    if (!ep_confine_open(&confinement, error) || !read_options(call, &options, error))
        return false;
    witness = ep_witness_new(); /* with the rights that the next line gives up */
    if (!ep_confine(&confinement, error)) {
        ep_witness_free(witness);
        return false;
    }
    session = ep_session_new(&options.session);
    scratch = g_path_get_dirname(options.exam.socket);
    ep_serve(&(EpServe){ session, witness, scratch }, STDIN_FILENO);
    ep_session_end(session);
    ep_witness_free(witness);
    return true;
}

/* Before the engine is there: what is written meanwhile waits. */
static bool run_watch(HlInvocation *call, GError **error)
{
    EpConfinement confinement = confinement_of(call);
    EpWatchOptions where = { .own = hl_cli_value(call, "own", NULL) };
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(EpWatch) watch = NULL;
    g_autoptr(EpSession) session = NULL;
    g_autoptr(GError) problem = NULL;
    g_auto(Options) options = { 0 };

    if (!ep_confine_open(&confinement, error) || !read_options(call, &options, error))
        return false;
    options.session.is_endless = true;
    where.excludes = options.excludes;
    for (int i = 0; i < call->n_args; i++)
        g_ptr_array_add(paths, call->args[i]);
    g_ptr_array_add(paths, NULL);
    where.paths = (const char *const *)paths->pdata;
    watch = ep_watch_new(&where, &problem);
    if (watch == NULL) {
        ep_session_tell("end", json_pack("{s:s}", "failed", problem->message));
        return true;
    }
    session = ep_session_new(&options.session);
    ep_watch_run(watch, session);
    ep_session_end(session);
    return true;
}

/* ------------------------------------------------------------------------------------------- of the quarantine */

static bool needed(const HlInvocation *call, const char *flag, const char **value, GError **error)
{
    *value = hl_cli_value(call, flag, NULL);
    return *value != NULL || hl_fail(error, HL_ERROR_USAGE, "--%s is missing", flag);
}

static bool run_list(HlInvocation *call, GError **error)
{
    const char *directory;

    return needed(call, "quarantine", &directory, error) && ep_release_list(directory, error);
}

static bool release(HlInvocation *call, const char *allowed, GError **error)
{
    EpRelease what = { .allowed = allowed };
    g_autoptr(HlPick) pick = NULL;
    const char *scope;

    if (!needed(call, "quarantine", &what.quarantine, error) || !needed(call, "scope", &scope, error) ||
        !hl_duration_parse(hl_cli_value(call, "wait", DEFAULT_WAIT), &what.patience, error))
        return false;
    pick = hl_pick_new(scope, error);
    what.pick = pick;
    return pick != NULL && ep_release(&what, error);
}

static bool run_restore(HlInvocation *call, GError **error)
{
    const char *allowed;

    return needed(call, "allowed", &allowed, error) && release(call, allowed, error);
}

static bool run_delete(HlInvocation *call, GError **error)
{
    return release(call, NULL, error);
}

static const HlCommand commands[] = {
    { "engine", "--user NAME [--place DIR] [--patterns DIR] [--memory BYTES] [--file-size BYTES] -- PROGRAM [ARG...]",
      "Become the scan engine", run_engine, 1, HL_ARGS_ANY, engine_flags },
    { "walk", "--engine SOCKET ... -- PATH...", "Scan files and directories", run_walk, 1, HL_ARGS_ANY, walk_flags },
    { "watch", "--engine SOCKET ... -- PATH...", "Scan files when they were written, on the file systems of the paths",
      run_watch, 1, HL_ARGS_ANY, watch_flags },
    { "serve", "--engine SOCKET ...", "Scan what comes over the socket on standard input", run_serve, 0, 0,
      serve_flags },
    { "list", "--quarantine DIR", "List the quarantine", run_list, 0, 0, list_flags },
    { "restore", "--quarantine DIR --allowed FILE --scope TEXT", "Put files back from the quarantine", run_restore, 0,
      0, release_flags },
    { "delete", "--quarantine DIR --scope TEXT", "Delete files from the quarantine", run_delete, 0, 0, release_flags },
};

int main(int argc, char **argv)
{
    static const HlProgram program = {
        .name = "holdline-scanner",
        .copied = &hl_copied,
        .summary = "Walks, opens and passes files to the scan engine; started by holdline-endpointd",
        .commands = commands,
        .n_commands = G_N_ELEMENTS(commands),
        .flags = flags,
        .n_flags = G_N_ELEMENTS(flags),
    };

    return hl_cli_main(&program, argc, argv, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-scanner: the processes of a scan, started by holdline-endpointd.  Not for people. */
#include <errno.h>
#include <unistd.h>

#include "endpoint/scan/confine.h"
#include "endpoint/scan/serve.h"
#include "endpoint/scan/walk.h"
#include "lib/base/cli.h"
#include "lib/base/unconst.h"

#define DEFAULT_WAIT "5m"

static const HlFlag flags[] = {
    { "user", "NAME", "Become this user first, for good" },
    { "memory", "BYTES", "Memory of the engine" },
    { "file-size", "BYTES", "Largest file that the engine may write" },
    { "engine", "SOCKET", "Socket of the engine" },
    { "test-file", "FILE", "What the engine must find" },
    { "database", "DIR", "What the engine loads" },
    { "log", "FILE", "Where the engine writes its errors" },
    { "max-size", "BYTES", "Larger files are not looked at" },
    { "max-time", "DURATION", "Time for one file" },
    { "wait", "DURATION", "How long to wait for the engine to load its set (default: " DEFAULT_WAIT ")" },
};
static const char *const engine_flags[] = { "user", "memory", "file-size", NULL };
static const char *const walk_flags[] = {
    "engine", "test-file", "database", "log", "max-size", "max-time", "wait", NULL
};
static const char *const serve_flags[] = { "user",     "engine",   "test-file", "database", "log",
                                           "max-size", "max-time", "wait",      NULL };

static bool number(const HlInvocation *call, const char *flag, guint64 *value, GError **error)
{
    const char *text = hl_cli_value(call, flag, "0");

    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL) ||
           hl_fail(error, HL_ERROR_USAGE, "--%s takes a number of bytes, not '%s'", flag, text);
}

/* Becomes the engine. */
static bool run_engine(HlInvocation *call, GError **error)
{
    EpConfinement confinement = { .user = hl_cli_value(call, "user", "nobody") };
    g_auto(GStrv) argv = NULL;

    if (!number(call, "memory", &confinement.memory, error) ||
        !number(call, "file-size", &confinement.file_size, error) || !ep_confine(&confinement, error))
        return false;
    argv = g_new0(char *, (gsize)call->n_args + 1);
    for (int i = 0; i < call->n_args; i++)
        argv[i] = g_strdup(call->args[i]);
    execvp(argv[0], argv);
    return hl_fail_errno(error, errno, "cannot start the scan engine %s", argv[0]);
}

/* ------------------------------------------------------------------------------------------------ scans */

typedef struct {
    EpExamOptions exam;
    HlTime wait;
} Options;

static bool read_options(const HlInvocation *call, Options *options, GError **error)
{
    static const char *const needed[] = { "engine", "test-file", "database", "log", "max-size", "max-time" };

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (hl_cli_value(call, needed[i], NULL) == NULL)
            return hl_fail(error, HL_ERROR_USAGE, "--%s is missing", needed[i]);
    options->exam.socket = hl_unconst(hl_cli_value(call, "engine", NULL));
    options->exam.test_file = hl_unconst(hl_cli_value(call, "test-file", NULL));
    options->exam.database = hl_unconst(hl_cli_value(call, "database", NULL));
    options->exam.log = hl_unconst(hl_cli_value(call, "log", NULL));
    return number(call, "max-size", &options->exam.max_size, error) &&
           hl_duration_parse(hl_cli_value(call, "max-time", NULL), &options->exam.max_time, error) &&
           hl_duration_parse(hl_cli_value(call, "wait", DEFAULT_WAIT), &options->wait, error);
}

static bool on_file(const EpWalkFile *file, gpointer session)
{
    EpLook look;

    return ep_session_file(session, file->path, file->fd, &file->st, &look);
}

static bool on_gap(const char *path, EpGap gap, const char *why, gpointer session)
{
    ep_session_gap(session, path, gap, why);
    return true;
}

static bool run_walk(HlInvocation *call, GError **error)
{
    static const EpWalkHooks hooks = { .file = on_file, .gap = on_gap };
    g_autoptr(EpSession) session = NULL;
    Options options = { 0 };

    if (!read_options(call, &options, error))
        return false;
    session = ep_session_new(&options.exam, options.wait);
    for (int i = 0; i < call->n_args && ep_session_failure(session) == NULL; i++)
        if (!ep_walk(call->args[i], &hooks, session))
            break;
    ep_session_end(session);
    return true;
}

static bool run_serve(HlInvocation *call, GError **error)
{
    EpConfinement confinement = { .user = hl_cli_value(call, "user", "nobody") };
    g_autoptr(EpSession) session = NULL;
    Options options = { 0 };

    if (!read_options(call, &options, error) || !ep_confine(&confinement, error))
        return false;
    session = ep_session_new(&options.exam, options.wait);
    ep_serve(session, STDIN_FILENO);
    ep_session_end(session);
    return true;
}

static const HlCommand commands[] = {
    { "engine", "--user NAME [--memory BYTES] [--file-size BYTES] -- PROGRAM [ARG...]", "Become the scan engine",
      run_engine, 1, HL_ARGS_ANY, engine_flags },
    { "walk", "--engine SOCKET ... -- PATH...", "Scan files and directories", run_walk, 1, HL_ARGS_ANY, walk_flags },
    { "serve", "--engine SOCKET ...", "Scan what comes over the socket on standard input", run_serve, 0, 0,
      serve_flags },
};

int main(int argc, char **argv)
{
    static const HlProgram program = {
        .name = "holdline-scanner",
        .summary = "Walks, opens and passes files to the scan engine; started by holdline-endpointd",
        .commands = commands,
        .n_commands = G_N_ELEMENTS(commands),
        .flags = flags,
        .n_flags = G_N_ELEMENTS(flags),
    };

    return hl_cli_main(&program, argc, argv, NULL);
}

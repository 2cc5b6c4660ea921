/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/engine.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

enum { SOCKET_SECONDS = 10 };

typedef struct {
    bool over, exited, timed_out;
    int status;
    char *output, *errors;
} Run;

static void run_clear(Run *run)
{
    g_free(run->output);
    g_free(run->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static void on_done(const HlChildEnd *end, gpointer user)
{
    Run *run = user;

    run->over = true;
    run->exited = end->exited;
    run->timed_out = end->timed_out;
    run->status = end->status;
    run->output = g_utf8_make_valid(end->output, -1);
    run->errors = g_utf8_make_valid(end->errors, -1);
}

/* What the system said follows. NULL: that says it all (no memory, no free descriptors; a mount without exec). */
static const char *why_not_started(const char *program, int code)
{
    g_autofree char *file = hl_exec_find(program);

    switch (code) {
    case G_SPAWN_ERROR_ACCES:
    case G_SPAWN_ERROR_PERM:
        if (hl_exec_denial(program) != NULL)
            return NULL;
        return file != NULL && g_file_test(file, G_FILE_TEST_IS_DIR)
                   ? "the scan engine is a directory: name the program in it with --engine"
                   : "the scan engine may not be executed: correct its mode (chmod +x), or name another with --engine";
    case G_SPAWN_ERROR_NOENT: /* of the file, or of what runs it */
    case G_SPAWN_ERROR_NOTDIR:
        if (file == NULL)
            return "the scan engine is not here: install ClamAV's clamscan, or name another with --engine";
        G_GNUC_FALLTHROUGH;
    case G_SPAWN_ERROR_NOEXEC:
    case G_SPAWN_ERROR_LIBBAD:
        return "the scan engine is present but does not start: is it built for this machine, and is its interpreter "
               "installed?";
    default:
        return NULL;
    }
}

static bool run_engine(const UpdEngine *engine, const char *const *words, Run *run, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    int code = G_SPAWN_ERROR_FAILED;
    const char *why;

    g_ptr_array_add(argv, hl_unconst(engine->program));
    for (gsize i = 0; engine->extra_args != NULL && engine->extra_args[i] != NULL; i++)
        g_ptr_array_add(argv, hl_unconst(engine->extra_args[i]));
    for (gsize i = 0; words[i] != NULL; i++)
        g_ptr_array_add(argv, hl_unconst(words[i]));
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = engine->deadline;
    spec.spawn_error = &code;
    if (hl_child_start(&spec, NULL, on_done, run, error) == NULL) {
        why = why_not_started(engine->program, code);
        return why != NULL && hl_error_prefix(error, "%s", why);
    }
    while (!run->over)
        g_main_context_iteration(NULL, TRUE);
    return true;
}

static bool check_end(const Run *run, const char *what, GError **error)
{
    g_autofree char *said = hl_text_last_words(run->errors);
    const char *words = *said != '\0' ? said : "it gave no reason";

    if (run->timed_out)
        return hl_fail(error, HL_ERROR_TIMEOUT, "the engine took too long to %s and was stopped", what);
    if (!run->exited)
        return hl_fail(error, HL_ERROR_INVALID, "the engine was killed by signal %d when it was to %s: %s", run->status,
                       what, words);
    return run->status == 0 ||
           hl_fail(error, HL_ERROR_INVALID, "the engine does not %s (status %d): %s", what, run->status, words);
}

/* The text after label up to the end of its line; caller frees, NULL if it is not there. */
static char *labelled(const char *output, const char *label)
{
    const char *at = strstr(output, label);

    return at == NULL ? NULL : g_strndup(at + strlen(label), strcspn(at + strlen(label), "/\r\n"));
}

char *upd_engine_version(const UpdEngine *engine, GError **error)
{
    static const char *const words[] = { "--version", NULL };
    g_auto(Run) run = { 0 };
    char *version;

    if (!run_engine(engine, words, &run, error) || !check_end(&run, "report its version", error))
        return NULL;
    version = labelled(run.output, "ClamAV ");
    if (version == NULL)
        hl_fail(error, HL_ERROR_INVALID, "%s does not report its version: is it ClamAV's clamscan?", engine->program);
    return version;
}

bool upd_engine_is_at_least(const char *version, const char *least)
{
    while (*least != '\0') {
        char *version_end;
        char *least_end;
        guint64 have = g_ascii_strtoull(version, &version_end, 10);
        guint64 want = g_ascii_strtoull(least, &least_end, 10);

        if (have != want)
            return have > want;
        version = *version_end == '.' ? version_end + 1 : "";
        least = *least_end == '.' ? least_end + 1 : "";
    }
    return true;
}

bool upd_engine_load(const UpdEngine *engine, const char *directory, const char *empty_file, int64_t *known,
                     GError **error)
{
    g_autofree char *database = g_strdup_printf("--database=%s", directory);
    const char *const words[] = { database, empty_file, NULL };
    g_auto(Run) run = { 0 };
    g_autofree char *count = NULL;

    if (!run_engine(engine, words, &run, error) || !check_end(&run, "load the new set", error))
        return false;
    count = labelled(run.output, "Known viruses: ");
    if (count == NULL || !g_ascii_string_to_signed(count, 10, 0, G_MAXINT64, known, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "%s does not report how many signatures it loaded: is it clamscan?",
                       engine->program);
    return true;
}

static bool talk(int fd, GError **error)
{
    static const char request[] = "zRELOAD"; /* with its NUL */
    char answer[64];
    ssize_t n;

    if (send(fd, request, sizeof request, MSG_NOSIGNAL) != (ssize_t)sizeof request)
        return hl_fail_errno(error, errno, "it does not accept the request");
    n = recv(fd, answer, sizeof answer - 1, 0);
    if (n < 0)
        return hl_fail_errno(error, errno, "it does not answer");
    answer[n] = '\0';
    return g_str_has_prefix(answer, "RELOADING") ||
           hl_fail(error, HL_ERROR_INVALID, "it answers '%s' instead of RELOADING", answer);
}

bool upd_engine_reload(const char *socket_path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct timeval patience = { .tv_sec = SOCKET_SECONDS };
    hl_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(socket_path) >= sizeof address.sun_path)
        return hl_fail(error, HL_ERROR_INVALID, "clamd's socket %s: the path is too long", socket_path);
    g_strlcpy(address.sun_path, socket_path, sizeof address.sun_path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return hl_fail_errno(error, errno, "clamd at %s", socket_path);
    return talk(fd, error) || hl_error_prefix(error, "clamd at %s", socket_path);
}

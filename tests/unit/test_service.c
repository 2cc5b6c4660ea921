/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/service: what the service manager is told, heard at a socket of its kind. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/service.h"

/* The service manager: what it hears comes in order, one datagram each. */
typedef struct {
    char *directory, *path;
    int socket;
} Ear;

static void ear_open(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    ear->directory = g_dir_make_tmp("service-XXXXXX", NULL);
    ear->path = g_build_filename(ear->directory, "notify", NULL);
    g_strlcpy(address.sun_path, ear->path, sizeof(address.sun_path));
    ear->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(ear->socket, (const struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_setenv("NOTIFY_SOCKET", ear->path, TRUE);
}

static void ear_close(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    hl_service_end();
    g_unsetenv("JOURNAL_STREAM");
    hl_fd_clear(&ear->socket);
    g_unlink(ear->path);
    g_rmdir(ear->directory);
    g_free(ear->path);
    g_free(ear->directory);
}

/* NULL: nothing more was said. */
static char *hear(const Ear *ear)
{
    char text[512];
    ssize_t size = recv(ear->socket, text, sizeof(text), 0);

    return size < 0 ? NULL : g_strndup(text, (gsize)size);
}

static void expect(const Ear *ear, const char *text)
{
    g_autofree char *said = hear(ear);

    g_assert_cmpstr(said, ==, text);
}

static void test_states(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *reloading = NULL;

    hl_service_start();
    g_assert_null(g_getenv("NOTIFY_SOCKET"));
    expect(ear, NULL);
    hl_service_ready();
    expect(ear, "READY=1");
    hl_service_reloading();
    reloading = hear(ear);
    g_assert_true(g_str_has_prefix(reloading, "RELOADING=1\nMONOTONIC_USEC="));
    hl_service_stopping();
    expect(ear, "STOPPING=1");
    hl_service_end();
    hl_service_ready();
    expect(ear, NULL);
}

/* A reason comes from outside: it cannot say anything but a status. */
static void test_status(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *said = NULL;

    hl_service_start();
    hl_service_status("down: %s", "no\nREADY=1");
    said = hear(ear);
    g_assert_true(g_str_has_prefix(said, "STATUS=down: no"));
    g_assert_null(strchr(said, '\n'));
}

static gboolean on_heard(gpointer user)
{
    const Ear *ear = user;
    g_autofree char *said = hear(ear);

    return said == NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Only a loop that turns feeds: nothing comes before it does. */
static void test_watchdog(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    guint source;

    g_setenv("WATCHDOG_USEC", "3000", TRUE);
    hl_service_start();
    g_assert_null(g_getenv("WATCHDOG_USEC"));
    expect(ear, NULL);
    source = g_idle_add(on_heard, ear);
    while (g_main_context_find_source_by_id(NULL, source) != NULL)
        g_main_context_iteration(NULL, TRUE);
    hl_service_end();
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static void test_watchdog_of_another(Ear *ear G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
    g_setenv("WATCHDOG_USEC", "1000", TRUE);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    hl_service_start();
    g_assert_false(g_main_context_pending(NULL));
    g_assert_null(g_main_context_find_source_by_funcs_user_data(NULL, &g_timeout_funcs, NULL));
}

/* A daemon from a shell: nothing is said, nothing fails. */
static void test_alone(Ear *ear, gconstpointer data G_GNUC_UNUSED)
{
    g_unsetenv("NOTIFY_SOCKET");
    hl_service_start();
    hl_service_ready();
    hl_service_status("%s", "serving");
    expect(ear, NULL);
}

/* What a record of the level is on stderr, which is a file here; in the journal or not. */
static char *logged(HlLogLevel level, bool in_journal)
{
    g_autofree char *path = NULL, *stream = NULL;
    int file = g_file_open_tmp("service-XXXXXX", &path, NULL), was = dup(STDERR_FILENO);
    struct stat about;
    char *text = NULL;

    g_assert_cmpint(fstat(file, &about), ==, 0);
    stream = g_strdup_printf("%ju:%ju", (uintmax_t)about.st_dev, (uintmax_t)about.st_ino + (in_journal ? 0 : 1));
    g_setenv("JOURNAL_STREAM", stream, TRUE);
    g_assert_cmpint(dup2(file, STDERR_FILENO), ==, STDERR_FILENO);
    hl_log_follow_journal();
    hl_log(level, "test", "message");
    g_assert_cmpint(dup2(was, STDERR_FILENO), ==, STDERR_FILENO);
    hl_log_follow_journal();
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_unlink(path);
    hl_fd_clear(&file);
    hl_fd_clear(&was);
    return text;
}

static void test_priorities(Ear *ear G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const prefixes[] = { "<7>2", "<6>2", "<4>2", "<3>2" };

    hl_log_set_level(HL_LOG_DEBUG);
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *marked = logged((HlLogLevel)i, true);
        g_autofree char *plain = logged((HlLogLevel)i, false);

        g_assert_true(g_str_has_prefix(marked, prefixes[i]));
        g_assert_true(g_str_has_prefix(plain, "2"));
    }
    g_assert_cmpstr(hl_log_mark(HL_LOG_ERROR), ==, "");
}

#define ADD(name, function) g_test_add(name, Ear, NULL, ear_open, function, ear_close)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/service/states", test_states);
    ADD("/service/status", test_status);
    ADD("/service/watchdog", test_watchdog);
    ADD("/service/watchdog-of-another", test_watchdog_of_another);
    ADD("/service/alone", test_alone);
    ADD("/service/priorities", test_priorities);
    return g_test_run();
}

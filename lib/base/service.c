/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/service.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define FEEDS_IN_TIME 3                       /* of the watchdog in its time: one that comes late does no harm */
#define WATCHDOG_MAX  (24 * G_TIME_SPAN_HOUR) /* a longer one would guard nothing, and must fit a timer */

static struct {
    int socket; /* connected to the service manager; -1: there is none */
    guint feed;
} service = { .socket = -1 };

static void say(const char *text)
{
    if (service.socket >= 0 && send(service.socket, text, strlen(text), MSG_NOSIGNAL) < 0)
        hl_log_limited(HL_LOG_WARN, "service", "send", "cannot tell the service manager: %s", g_strerror(errno));
}

static gboolean on_feed(gpointer user G_GNUC_UNUSED)
{
    say("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* A path, or "@" and a name in the abstract space.  -1: neither, or nobody is there. */
static int open_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct timeval patience = { .tv_sec = 1 }; /* a service manager that hangs may not hang the loop */
    gsize size = strlen(name);
    hl_autofd int fd = -1;

    if ((name[0] != '/' && name[0] != '@') || size >= sizeof(address.sun_path)) {
        hl_warn("service", "NOTIFY_SOCKET is neither a path nor an abstract name: %s", name);
        return -1;
    }
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        connect(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) !=
            0) {
        hl_warn("service", "cannot reach the service manager at %s: %s", name, g_strerror(errno));
        return -1;
    }
    return hl_fd_steal(&fd);
}

/* Microseconds; 0: nobody watches this process. */
static guint64 watchdog_time(void)
{
    const char *time = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");
    guint64 value, whose = (guint64)getpid();

    if (time == NULL || !g_ascii_string_to_unsigned(time, 10, 1, WATCHDOG_MAX, &value, NULL))
        return 0;
    if (pid != NULL &&
        (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &whose, NULL) || whose != (guint64)getpid()))
        return 0;
    return value;
}

void hl_service_start(void)
{
    const char *name = g_getenv("NOTIFY_SOCKET");
    guint64 watchdog = watchdog_time();

    hl_log_follow_journal();
    hl_service_end();
    service.socket = name != NULL ? open_socket(name) : -1;
    if (service.socket >= 0 && watchdog > 0)
        service.feed = g_timeout_add((guint)MAX(watchdog / 1000 / FEEDS_IN_TIME, 1), on_feed, NULL);
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
}

void hl_service_ready(void)
{
    say("READY=1");
}

void hl_service_reloading(void)
{
    /* the service manager tells by the time which of several reloads has ended */
    g_autofree char *text = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());

    say(text);
}

void hl_service_stopping(void)
{
    say("STOPPING=1");
}

void hl_service_status(const char *format, ...)
{
    g_autofree char *words = NULL, *clean = NULL, *text = NULL;
    va_list args;

    if (service.socket < 0)
        return;
    va_start(args, format);
    words = g_strdup_vprintf(format, args);
    va_end(args);
    clean = hl_text_printable(words);
    text = g_strconcat("STATUS=", clean, NULL);
    say(text);
}

void hl_service_end(void)
{
    g_clear_handle_id(&service.feed, g_source_remove);
    hl_fd_clear(&service.socket);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/broker.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/site/site.h"

#define MAX_NOTE 1024
#define PATIENCE (10 * HL_SECOND)
#define KILLED   (5 * HL_SECOND)

#define LAST_WORDS 4096        /* bytes of a log */
#define MAX_GROWTH (64 * 1024) /* what may be written to it meanwhile, and those */

static char *note_path(const MgrBrokerPlace *place)
{
    return mgr_site_broker_path(place->dir, place->number, "process");
}

/* Two directories that exist at a time differ in it. */
static void describe_place(const MgrBrokerPlace *place, char text[sizeof((MgrBrokerNote *)NULL)->place])
{
    g_autofree char *path = mgr_site_broker_path(place->dir, place->number, NULL);
    struct stat st = { 0 };

    (void)stat(path, &st);
    g_snprintf(text, sizeof((MgrBrokerNote *)NULL)->place, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

static bool find_noted(const MgrBrokerPlace *place, MgrLeftBroker *left)
{
    g_autofree char *path = note_path(place);
    g_autofree char *text = hl_file_read_text(path, MAX_NOTE, NULL);
    char here[sizeof left->note.place];

    describe_place(place, here);
    if (text == NULL || !mgr_broker_note_parse(text, &left->note) || strcmp(left->note.place, here) != 0 ||
        !hl_proc_lives(&left->note.id) || hl_proc_owner(left->note.id.pid) != geteuid())
        return false;
    left->is_noted = true;
    left->id = left->note.id;
    return true;
}

/* Without the note: "PROGRAM -c CONFIGURATION", and the configuration lies in this site. */
static bool has_our_arguments(const MgrBrokerPlace *place, pid_t pid)
{
    g_autofree char *absolute = g_canonicalize_filename(place->dir, NULL);
    g_autofree char *conf = mgr_site_broker_path(absolute, place->number, "mosquitto.conf");
    g_auto(GStrv) argv = hl_proc_argv(pid);
    guint n = argv != NULL ? g_strv_length(argv) : 0;

    return n >= 3 && strcmp(argv[n - 2], "-c") == 0 && strcmp(argv[n - 1], conf) == 0;
}

static bool find_listening(const MgrBrokerPlace *place, MgrLeftBroker *left)
{
    g_autoptr(GArray) listeners = place->port != 0 ? hl_proc_listeners(place->port) : NULL;

    for (guint i = 0; listeners != NULL && i < listeners->len; i++) {
        pid_t pid = g_array_index(listeners, HlListener, i).pid;

        if (pid > 0 && hl_proc_owner(pid) == geteuid() && has_our_arguments(place, pid) &&
            hl_proc_identify(pid, &left->id))
            return true;
    }
    return false;
}

bool mgr_site_find_broker(const MgrBrokerPlace *place, MgrLeftBroker *left)
{
    *left = (MgrLeftBroker){ .fd = -1 };
    if (!find_noted(place, left) && !find_listening(place, left))
        return false;
    left->fd = hl_proc_open(&left->id, NULL);
    return left->fd >= 0;
}

bool mgr_site_end_broker(const MgrBrokerPlace *place, pid_t *pid, GError **error)
{
    MgrLeftBroker left;
    bool found = mgr_site_find_broker(place, &left);
    hl_autofd int fd = left.fd;

    *pid = 0;
    if (found) {
        *pid = left.id.pid;
        (void)hl_proc_signal(fd, SIGTERM);
        if (!hl_proc_wait(fd, PATIENCE) && hl_proc_signal(fd, SIGKILL) && !hl_proc_wait(fd, KILLED))
            return hl_fail(error, HL_ERROR_TIMEOUT,
                           _("the broker of %s, process %d, does not end: the disk may hang; end it before you go on"),
                           place->dir, (int)*pid);
    }
    mgr_site_forget_broker(place);
    return true;
}

bool mgr_site_end_brokers(const char *dir, guint from, uint16_t port, GArray *pids, GError **error)
{
    bool ended = true;

    for (guint i = from; i < MGR_MAX_BROKERS; i++) {
        MgrBrokerPlace place = { dir, i, port != 0 && port + i <= UINT16_MAX ? (uint16_t)(port + i) : 0 };
        pid_t pid;

        if (!mgr_site_end_broker(&place, &pid, ended ? error : NULL))
            ended = false; /* those behind it would keep endpoints that no manager hears */
        else if (pid != 0 && pids != NULL)
            g_array_append_val(pids, pid);
    }
    return ended;
}

bool mgr_site_note_broker(const MgrBrokerPlace *place, const MgrBrokerNote *note, GError **error)
{
    MgrBrokerNote placed = *note;
    g_autofree char *path = note_path(place);
    g_autofree char *text = NULL;

    describe_place(place, placed.place);
    text = mgr_broker_note_print(&placed);

    return hl_file_write_text(path, text, 0600, error);
}

void mgr_site_forget_broker(const MgrBrokerPlace *place)
{
    g_autofree char *path = note_path(place);

    (void)unlink(path);
}

char *mgr_site_broker_said(const char *log_path)
{
    g_autoptr(GBytes) end = NULL;
    g_autofree char *text = NULL;
    const char *line, *data;
    struct stat log;
    gsize size;

    if (stat(log_path, &log) == 0)
        end = hl_file_read_from(log_path, (guint64)MAX(log.st_size - LAST_WORDS, 0), MAX_GROWTH, NULL);
    if (end == NULL)
        return g_strdup(_("no log"));
    data = g_bytes_get_data(end, &size);
    text = g_strchomp(g_strndup(data != NULL ? data : "", size));
    line = strrchr(text, '\n');
    return g_strdup(*text == '\0' ? _("empty log") : line != NULL ? line + 1 : text);
}

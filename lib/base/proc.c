/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"

#define MAX_STAT    4096
#define MAX_ARGV    (64 * 1024)
#define STATE_FIELD 1 /* counted from the one after the name, which may contain anything */
#define START_FIELD 20
#define USER_FIELD  12   /* of the processor, in ticks; the system's is the next one */
#define LISTENING   0x0A /* TCP_LISTEN in /proc/net/tcp */

/* What it has, up to max bytes; NULL if there is none.  Caller frees. */
static char *read_proc(const char *path, gsize max)
{
    g_autofree char *text = g_malloc(max + 1);
    hl_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    gsize size = 0;
    ssize_t n = 0;

    while (fd >= 0 && size < max && (n = read(fd, text + size, max - size)) > 0)
        size += (gsize)n;
    text[size] = '\0';
    if (fd < 0)
        return NULL;
    return g_steal_pointer(&text);
}

bool hl_proc_identify(pid_t pid, HlProcId *id)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = pid > 0 ? read_proc(path, MAX_STAT) : NULL;
    g_autofree char *boot = read_proc("/proc/sys/kernel/random/boot_id", sizeof id->boot - 1);
    const char *name_end = text != NULL ? strrchr(text, ')') : NULL;
    g_auto(GStrv) fields = name_end != NULL ? g_strsplit(name_end + 1, " ", START_FIELD + 2) : NULL;

    if (fields == NULL || g_strv_length(fields) <= START_FIELD || strchr("ZX", *fields[STATE_FIELD]) != NULL)
        return false;
    *id = (HlProcId){ .pid = pid };
    if (boot != NULL)
        g_strlcpy(id->boot, g_strchomp(boot), sizeof id->boot);
    return g_ascii_string_to_unsigned(fields[START_FIELD], 10, 0, G_MAXUINT64, &id->started, NULL);
}

bool hl_proc_lives(const HlProcId *id)
{
    HlProcId now;

    return hl_proc_identify(id->pid, &now) && now.started == id->started && strcmp(now.boot, id->boot) == 0;
}

HlTime hl_proc_age(const HlProcId *id)
{
    guint64 ticks = (guint64)sysconf(_SC_CLK_TCK);
    struct timespec now;
    HlTime since;

    clock_gettime(CLOCK_BOOTTIME, &now);
    since = (HlTime)now.tv_sec * HL_SECOND + now.tv_nsec / 1000000;
    return MAX(0, since - (HlTime)(id->started * 1000 / ticks));
}

/* "ran waited slices", in nanoseconds. */
static HlProcTime measured(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/schedstat", (int)pid);
    g_autofree char *text = pid > 0 ? read_proc(path, MAX_STAT) : NULL;
    g_auto(GStrv) fields = text != NULL ? g_strsplit(text, " ", 3) : NULL;
    guint64 ran = 0;
    guint64 waited = 0;

    if (fields == NULL || g_strv_length(fields) < 2 ||
        !g_ascii_string_to_unsigned(fields[0], 10, 0, G_MAXUINT64, &ran, NULL) ||
        !g_ascii_string_to_unsigned(fields[1], 10, 0, G_MAXUINT64, &waited, NULL))
        return (HlProcTime){ 0 };
    return (HlProcTime){ ran / 1000, waited / 1000 };
}

uint64_t hl_proc_occupied(pid_t pid)
{
    HlProcTime taken = measured(pid);

    return taken.ran_us + taken.waited_us;
}

/* A kernel without these statistics knows what it took, and not for how long it waited. */
static uint64_t taken(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = pid > 0 ? read_proc(path, MAX_STAT) : NULL;
    const char *name_end = text != NULL ? strrchr(text, ')') : NULL;
    g_auto(GStrv) fields = name_end != NULL ? g_strsplit(name_end + 1, " ", START_FIELD) : NULL;
    guint64 user = 0;
    guint64 system = 0;

    if (fields == NULL || g_strv_length(fields) <= USER_FIELD + 1 ||
        !g_ascii_string_to_unsigned(fields[USER_FIELD], 10, 0, G_MAXUINT64, &user, NULL) ||
        !g_ascii_string_to_unsigned(fields[USER_FIELD + 1], 10, 0, G_MAXUINT64, &system, NULL))
        return 0;
    return (user + system) * 1000000 / (guint64)sysconf(_SC_CLK_TCK);
}

bool hl_proc_waits_for_machine(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = pid > 0 ? read_proc(path, MAX_STAT) : NULL;
    const char *name_end = text != NULL ? strrchr(text, ')') : NULL;

    return name_end != NULL && name_end[1] == ' ' && (name_end[2] == 'R' || name_end[2] == 'D');
}

HlProcTime hl_proc_time(pid_t pid)
{
    HlProcTime time = measured(pid);

    return time.ran_us > 0 ? time : (HlProcTime){ .ran_us = taken(pid) };
}

uid_t hl_proc_owner(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
    struct stat st;

    return stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

GStrv hl_proc_argv(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *text = g_malloc0(MAX_ARGV + 1);
    hl_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, MAX_ARGV) : -1;

    if (size < 0)
        return NULL;
    for (const char *at = text; at < text + size; at += strlen(at) + 1)
        g_strv_builder_add(words, at);
    return g_strv_builder_end(words);
}

/* The number could have gone to another process before it was opened, but not after it. */
int hl_proc_open(const HlProcId *id, GError **error)
{
    hl_autofd int fd = (int)syscall(SYS_pidfd_open, id->pid, 0U); /* closed at exec by itself */

    if (fd < 0) {
        hl_fail_errno(error, errno, _("cannot watch process %d"), (int)id->pid);
        return -1;
    }
    if (!hl_proc_lives(id)) {
        hl_fail(error, HL_ERROR_NOT_FOUND, _("process %d has ended"), (int)id->pid);
        return -1;
    }
    return hl_fd_steal(&fd);
}

bool hl_proc_signal(int fd, int signal)
{
    return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0U) == 0;
}

bool hl_proc_wait(int fd, HlTime patience)
{
    HlTime until = hl_clock_mono() + patience;
    struct pollfd end = { .fd = fd, .events = POLLIN };
    int n;

    do
        n = poll(&end, 1, (int)MAX(0, until - hl_clock_mono()));
    while (n < 0 && errno == EINTR);
    return n > 0;
}

/* -------------------------------------------------------------------------------------------------------- listeners */

typedef struct {
    uint16_t port;
    GHashTable *sockets; /* inode as text -> uid + 1 */
} Search;

/* Fields of a line of /proc/net/tcp, between which there are blanks. */
enum { NUMBER, LOCAL, REMOTE, STATE, QUEUES, TIMER, RETRANSMISSIONS, UID, TIMEOUT, INODE, N_FIELDS };

static void split_fields(char *line, char *fields[N_FIELDS])
{
    char *rest = NULL;

    for (guint i = 0; i < N_FIELDS; i++)
        fields[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
}

static bool is_number(const char *text, guint base, guint64 number)
{
    guint64 value;

    return text != NULL && g_ascii_string_to_unsigned(text, base, 0, G_MAXUINT64, &value, NULL) && value == number;
}

/* The heading, and then those that listen before those that are connected, of which a server has tens of thousands
 * (the kernel's Documentation/networking/proc_net_tcp.rst). */
static void note_sockets(Search *search, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[512];

    for (bool heading = true; file != NULL && fgets(line, sizeof line, file) != NULL; heading = false) {
        char *fields[N_FIELDS];
        const char *port;
        guint64 uid;

        split_fields(line, fields);
        if (!heading && !is_number(fields[STATE], 16, LISTENING))
            break;
        port = fields[LOCAL] != NULL ? strchr(fields[LOCAL], ':') : NULL;
        if (fields[INODE] != NULL && port != NULL && is_number(port + 1, 16, search->port) &&
            g_ascii_string_to_unsigned(fields[UID], 10, 0, G_MAXUINT32 - 1, &uid, NULL))
            g_hash_table_insert(search->sockets, g_strdup_printf("socket:[%s]", fields[INODE]),
                                GUINT_TO_POINTER((guint)uid + 1));
    }
    if (file != NULL)
        fclose(file);
}

/* The socket among the descriptors of a process that is searched for; NULL: none, or they may not be seen. */
static char *socket_of(const Search *search, const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "fd", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        char target[64];
        ssize_t n = readlink(link, target, sizeof target - 1);

        target[MAX(n, 0)] = '\0';
        if (g_hash_table_contains(search->sockets, target))
            return g_strdup(target);
    }
    return NULL;
}

static void add(GArray *found, pid_t pid, uid_t owner)
{
    HlListener listener = { .pid = pid, .owner = owner };
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = pid != 0 ? read_proc(path, sizeof listener.name - 1) : NULL;

    if (name != NULL)
        g_strlcpy(listener.name, g_strchomp(name), sizeof listener.name);
    g_array_append_val(found, listener);
}

GArray *hl_proc_listeners(uint16_t port)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(HlListener));
    g_autoptr(GHashTable) sockets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) owned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    Search search = { port, sockets };
    GHashTableIter iter;
    gpointer key, value;
    const char *name;

    note_sockets(&search, "/proc/net/tcp");
    note_sockets(&search, "/proc/net/tcp6");
    while (g_hash_table_size(sockets) > 0 && proc != NULL && (name = g_dir_read_name(proc)) != NULL) {
        guint64 pid = 0;
        bool is_process = g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL);
        g_autofree char *mine = is_process ? socket_of(&search, name) : NULL;

        if (mine == NULL)
            continue;
        add(found, (pid_t)pid, (uid_t)(GPOINTER_TO_UINT(g_hash_table_lookup(sockets, mine)) - 1));
        g_hash_table_add(owned, g_steal_pointer(&mine));
    }
    g_hash_table_iter_init(&iter, sockets);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (!g_hash_table_contains(owned, key))
            add(found, 0, (uid_t)(GPOINTER_TO_UINT(value) - 1));
    return found;
}

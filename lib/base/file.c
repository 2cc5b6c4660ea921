/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/i18n.h"

#define LOCK_STEP_MS 100
#define COPY_STEP    (256 * 1024)

void hl_fd_clear(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int hl_fd_steal(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

/* A FIFO is refused, not waited for.  -1 on failure. */
static int open_to_read(const char *path, int flags, struct stat *st, GError **error)
{
    hl_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);

    if (fd < 0 || fstat(fd, st) != 0) {
        hl_fail_errno(error, errno, _("cannot read %s"), path);
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        hl_fail(error, HL_ERROR_INVALID, _("cannot read %s: not a regular file"), path);
        return -1;
    }
    return hl_fd_steal(&fd);
}

GBytes *hl_file_read(const char *path, gsize max_size, GError **error)
{
    return hl_file_read_from(path, 0, max_size, error);
}

int hl_file_open(const char *path, GError **error)
{
    struct stat st;

    return open_to_read(path, 0, &st, error);
}

GBytes *hl_file_read_from(const char *path, guint64 offset, gsize max_size, GError **error)
{
    hl_autofd int fd = hl_file_open(path, error);

    return fd < 0 ? NULL : hl_file_read_open(fd, path, offset, max_size, error);
}

GBytes *hl_file_read_open(int fd, const char *path, guint64 offset, gsize max_size, GError **error)
{
    g_autofree char *data = NULL;
    struct stat st;
    gsize have = 0;
    guint64 size;

    if (fstat(fd, &st) != 0) {
        hl_fail_errno(error, errno, _("cannot read %s"), path);
        return NULL;
    }
    size = (guint64)st.st_size > offset ? (guint64)st.st_size - offset : 0;
    if (size > max_size) {
        hl_fail(error, HL_ERROR_LIMIT, _("cannot read %s: %" PRIu64 " bytes, the limit is %zu"), path, size, max_size);
        return NULL;
    }
    data = g_malloc((gsize)size + 1);
    while (have < (gsize)size) {
        ssize_t n = pread(fd, data + have, (gsize)size - have, (off_t)(offset + have));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            hl_fail_errno(error, errno, _("cannot read %s"), path);
            return NULL;
        }
        if (n == 0)
            break; /* truncated while we read: what is there now is its content */
        have += (gsize)n;
    }
    data[have] = '\0';
    return g_bytes_new_take(g_steal_pointer(&data), have);
}

char *hl_file_read_text(const char *path, gsize max_size, GError **error)
{
    g_autoptr(GBytes) bytes = hl_file_read(path, max_size, error);
    gsize size = 0;
    const char *data = bytes == NULL ? NULL : g_bytes_get_data(bytes, &size);

    if (bytes == NULL)
        return NULL;
    if (size > 0 && memchr(data, '\0', size) != NULL) {
        hl_fail(error, HL_ERROR_INVALID, _("%s is not text: it contains a NUL byte"), path);
        return NULL;
    }
    return g_strndup(size > 0 ? data : "", size);
}

static bool write_all(int fd, const char *data, gsize size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (gsize)n;
    }
    return true;
}

/* Reads to the end; to: -1, or where the same is written. */
static char *digest_all(int from, int to)
{
    g_autofree char *buffer = g_malloc(COPY_STEP);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    ssize_t n;

    while ((n = read(from, buffer, COPY_STEP)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || (to >= 0 && !write_all(to, buffer, (gsize)n)))
            return NULL;
        g_checksum_update(checksum, (const guchar *)buffer, n);
    }
    return g_strdup(g_checksum_get_string(checksum));
}

char *hl_file_digest(const char *path, GError **error)
{
    struct stat st;
    hl_autofd int fd = open_to_read(path, O_NOFOLLOW, &st, error);
    char *digest = fd < 0 ? NULL : digest_all(fd, -1);

    if (fd >= 0 && digest == NULL)
        hl_fail_errno(error, errno, _("cannot read %s"), path);
    return digest;
}

char *hl_file_copy(const char *from, const char *to, mode_t mode, GError **error)
{
    struct stat st;
    hl_autofd int in = open_to_read(from, O_NOFOLLOW, &st, error);
    hl_autofd int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    g_autofree char *digest = out < 0 ? NULL : digest_all(in, out);

    if (in < 0)
        return NULL;
    if (digest != NULL && fchmod(out, mode) == 0 && fsync(out) == 0)
        return g_steal_pointer(&digest);
    hl_fail_errno(error, errno, _("cannot copy %s to %s"), from, to);
    return NULL;
}

bool hl_dir_sync(const char *path, GError **error)
{
    hl_autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return hl_fail_errno(error, errno, _("cannot sync directory %s"), path);
    return true;
}

bool hl_dir_replace(const char *directory, const char *prepared, const char *place, GError **error)
{
    if (renameat2(AT_FDCWD, prepared, AT_FDCWD, place, RENAME_EXCHANGE) != 0 &&
        (errno != ENOENT || rename(prepared, place) != 0))
        return hl_fail_errno(error, errno, _("cannot replace %s"), place);
    return hl_dir_sync(directory, error) && hl_tree_remove(prepared, error);
}

/* What root writes for another user stays that user's.  A root that may not give files away writes its own. */
static bool keep_owner(int fd, const char *path, const char *directory)
{
    struct stat st;

    if (geteuid() != 0)
        return true;
    if ((lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) && stat(directory, &st) != 0)
        return false;
    return st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0 || errno == EPERM;
}

bool hl_file_write(const char *path, const void *data, gsize size, mode_t mode, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    g_autofree char *directory = g_path_get_dirname(path);
    hl_autofd int fd = mkostemp(temporary, O_CLOEXEC);
    int saved;

    if (fd < 0)
        return hl_fail_errno(error, errno, _("cannot write %s"), path);
    if (write_all(fd, data, size) && keep_owner(fd, path, directory) && fchmod(fd, mode) == 0 && fsync(fd) == 0 &&
        rename(temporary, path) == 0)
        return hl_dir_sync(directory, error);
    saved = errno;
    unlink(temporary);
    return hl_fail_errno(error, saved, _("cannot write %s"), path);
}

bool hl_file_write_text(const char *path, const char *text, mode_t mode, GError **error)
{
    return hl_file_write(path, text, strlen(text), mode, error);
}

static bool fail_exists(const char *path, GError **error)
{
    return hl_fail(error, HL_ERROR_EXISTS, _("%s is there already, and is not replaced: name a new file"), path);
}

bool hl_file_check_new(const char *path, GError **error)
{
    struct stat st;

    return lstat(path, &st) != 0 || fail_exists(path, error);
}

bool hl_file_create_text(const char *path, const char *text, mode_t mode, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    hl_autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    int saved;

    if (fd < 0)
        return errno == EEXIST ? fail_exists(path, error) : hl_fail_errno(error, errno, _("cannot create %s"), path);
    if (write_all(fd, text, strlen(text)) && fchmod(fd, mode) == 0 && fsync(fd) == 0)
        return hl_dir_sync(directory, error);
    saved = errno;
    unlink(path);
    return hl_fail_errno(error, saved, _("cannot write %s"), path);
}

bool hl_dir_make(const char *path, mode_t mode, GError **error)
{
    struct stat st;
    int problem;

    if (g_mkdir_with_parents(path, (int)mode) == 0)
        return true;
    problem = errno;
    if (problem == ENOTDIR && lstat(path, &st) == 0)
        return hl_fail(error, HL_ERROR_EXISTS, _("%s is there already, and is no directory: name another one"), path);
    return hl_fail_errno(error, problem, _("cannot create directory %s"), path);
}

static int remove_entry(const char *path, const struct stat *st G_GNUC_UNUSED, int flag G_GNUC_UNUSED,
                        struct FTW *where G_GNUC_UNUSED)
{
    return remove(path);
}

bool hl_tree_remove(const char *path, GError **error)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot remove %s"), path);
    return true;
}

static int open_lock(const char *path, GError **error)
{
    hl_autofd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        hl_fail_errno(error, errno, _("cannot lock %s"), path);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        hl_fail(error, HL_ERROR_INVALID, _("cannot lock %s: not a regular file; remove it"), path);
        return -1;
    }
    return hl_fd_steal(&fd);
}

int hl_file_lock(const char *path, GError **error)
{
    hl_autofd int fd = open_lock(path, error);
    char owner[32] = "";
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    ssize_t n;

    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            hl_fail_errno(error, errno, _("cannot lock %s"), path);
            return -1;
        }
        n = pread(fd, owner, sizeof owner - 1, 0);
        owner[MAX(n, 0)] = '\0';
        if (*g_strstrip(owner) == '\0')
            hl_fail(error, HL_ERROR_CONFLICT,
                    _("%s is held by another process: stop that process first, or wait for it"), path);
        else
            hl_fail(error, HL_ERROR_CONFLICT, _("%s is held by process %s: stop that process first, or wait for it"),
                    path, owner);
        return -1;
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
        hl_fail_errno(error, errno, _("cannot lock %s"), path);
        return -1;
    }
    return hl_fd_steal(&fd);
}

int hl_file_lock_as(const char *path, GError **error, const char *format, ...)
{
    g_autoptr(GError) problem = NULL;
    int fd = hl_file_lock(path, &problem);

    if (fd >= 0)
        return fd;
    if (hl_error_code(problem) == HL_ERROR_CONFLICT) {
        va_list arguments;
        g_autofree char *held = NULL;

        va_start(arguments, format);
        held = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        hl_error_prefix(&problem, "%s", held);
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

int hl_file_lock_wait(const char *path, HlTime patience, GError **error)
{
    HlTime end = hl_clock_mono() + patience;

    for (;;) {
        g_autoptr(GError) problem = NULL;
        int fd = hl_file_lock(path, &problem);

        if (fd >= 0)
            return fd;
        if (hl_error_code(problem) != HL_ERROR_CONFLICT || hl_clock_mono() >= end) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return -1;
        }
        g_usleep(LOCK_STEP_MS * 1000);
    }
}

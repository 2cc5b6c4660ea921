/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/crate.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"

/* A path on the way is only passed through; the last is read, so that it can be synced. */
#define PASS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define READ (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int ep_origin_open(const char *directory, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(directory, "/", -1);
    g_autofree char *shown = hl_escape(directory);
    hl_autofd int at = directory[0] == '/' ? open("/", PASS) : -1;
    int last;

    if (directory[0] != '/') {
        hl_fail(error, HL_ERROR_INVALID, "'%s' is not an absolute path", shown);
        return -1;
    }
    for (gsize i = 0; at >= 0 && parts[i] != NULL; i++) {
        int next;

        if (*parts[i] == '\0' || strcmp(parts[i], ".") == 0)
            continue;
        if (strcmp(parts[i], "..") == 0) {
            hl_fail(error, HL_ERROR_INVALID, "'%s' has a '..' in it: give the path itself", shown);
            return -1;
        }
        next = openat(at, parts[i], PASS);
        hl_fd_clear(&at);
        at = next;
    }
    last = at < 0 ? -1 : openat(at, ".", READ);
    if (last < 0 && (errno == ELOOP || errno == ENOTDIR))
        hl_fail(error, HL_ERROR_CONFLICT, "a part of %s is a link or not a directory", shown);
    else if (last < 0)
        hl_fail_errno(error, errno, "cannot open directory %s", shown);
    return last;
}

static bool has_content(int fd, const EpRecord *record)
{
    g_autofree char *digest = ep_crate_digest(fd, record->size, NULL);

    return digest != NULL && strcmp(digest, record->sha256) == 0;
}

EpOriginSight ep_origin_look(int directory, const char *name, const EpRecord *record, EpOriginLook look)
{
    hl_autofd int fd = -1;
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? EP_ORIGIN_NONE : EP_ORIGIN_OTHER;
    if (!S_ISREG(st.st_mode) || st.st_size != record->size)
        return EP_ORIGIN_OTHER;
    /* Between the two calls it may become a FIFO, a device or a link: none of them is waited for or read. */
    fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return EP_ORIGIN_OTHER;
    if (look == EP_ORIGIN_SAME_FILE && (st.st_dev != record->dev || st.st_ino != record->ino))
        return EP_ORIGIN_OTHER;
    return has_content(fd, record) ? EP_ORIGIN_SAME : EP_ORIGIN_OTHER;
}

/* linkat never replaces either, and exists where renameat2 has no flags (NFS, some FUSE). */
static int move_by_link(int directory, const char *from, const char *to)
{
    int problem;

    if (linkat(directory, from, directory, to, 0) != 0)
        return -1;
    if (unlinkat(directory, from, 0) == 0)
        return 0;
    problem = errno;
    unlinkat(directory, to, 0);
    errno = problem;
    return -1;
}

bool ep_origin_move(int directory, const char *from, const char *to, GError **error)
{
    int result = renameat2(directory, from, directory, to, RENAME_NOREPLACE);
    int problem;

    if (result != 0 && (errno == EINVAL || errno == ENOSYS))
        result = move_by_link(directory, from, to);
    if (result == 0)
        return true;
    problem = errno;
    {
        g_autofree char *shown_from = hl_escape(from);
        g_autofree char *shown_to = hl_escape(to);

        if (problem == EEXIST)
            return hl_fail(error, HL_ERROR_EXISTS, "cannot rename %s: %s exists; move that away first", shown_from,
                           shown_to);
        return hl_fail_errno(error, problem, "cannot rename %s to %s", shown_from, shown_to);
    }
}

bool ep_origin_remove(int directory, const char *name, GError **error)
{
    g_autofree char *shown = NULL;

    if (unlinkat(directory, name, 0) == 0)
        return true;
    shown = hl_escape(name);
    return hl_fail_errno(error, errno, "cannot remove %s", shown);
}

char *ep_origin_taking_name(const EpRecord *record)
{
    return g_strdup_printf(".holdline-taking-%s", record->id);
}

char *ep_origin_restoring_name(const EpRecord *record)
{
    return g_strdup_printf(".holdline-restoring-%s", record->id);
}

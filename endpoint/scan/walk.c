/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "endpoint/scan/mounts.h"
#include "lib/base/file.h"

typedef struct {
    const EpWalkHooks *hooks;
    gpointer user;
    EpMounts *mounts;
    GString *path;
    dev_t device; /* of the root */
    guint depth;
} Walk;

static bool tell_gap(Walk *walk, EpGap gap, const char *why)
{
    return walk->hooks->gap(walk->path->str, gap, why, walk->user);
}

static bool tell_errno(Walk *walk, int number)
{
    if (number == ENOENT || number == ENOTDIR || number == ELOOP) /* or something else is there by now */
        return tell_gap(walk, EP_GAP_VANISHED, "");
    if (number == EWOULDBLOCK)
        return tell_gap(walk, EP_GAP_UNREADABLE, "another program holds a lease on it");
    return tell_gap(walk, EP_GAP_UNREADABLE, hl_errno_text(number));
}

static bool on_file(Walk *walk, int directory, const char *name)
{
    hl_autofd int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    EpWalkFile file = { .directory = directory, .name = name, .path = walk->path->str, .fd = fd };

    if (fd < 0 || fstat(fd, &file.st) != 0)
        return tell_errno(walk, errno);
    if (!S_ISREG(file.st.st_mode)) /* exchanged since it was looked at */
        return tell_gap(walk, EP_GAP_VANISHED, "");
    return walk->hooks->file(&file, walk->user);
}

static bool walk_directory(Walk *walk, int fd);

static bool on_directory(Walk *walk, int directory, const char *name)
{
    hl_autofd int fd = -1;
    bool going;

    if (walk->depth >= EP_WALK_DEPTH)
        return tell_gap(walk, EP_GAP_TOO_DEEP, "");
    fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return tell_errno(walk, errno);
    walk->depth++;
    going = walk_directory(walk, hl_fd_steal(&fd));
    walk->depth--;
    return going;
}

/* What is known without asking the file system's server: one that hangs must not be asked. */
static bool on_entry(Walk *walk, int directory, const char *name)
{
    const char *said = walk->path->str;
    struct statx st;
    dev_t device;

    if (walk->hooks->excluded != NULL && walk->hooks->excluded(said, walk->user))
        return true;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0)
        return tell_errno(walk, errno);
    device = makedev(st.stx_dev_major, st.stx_dev_minor);
    if (S_ISDIR(st.stx_mode) && device != walk->device)
        return ep_mounts_is_special(walk->mounts, device) || tell_gap(walk, EP_GAP_MOUNT, "");
    if (S_ISDIR(st.stx_mode))
        return on_directory(walk, directory, name);
    return !S_ISREG(st.stx_mode) || on_file(walk, directory, name);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes fd. */
static bool walk_directory(Walk *walk, int fd)
{
    DIR *stream = fdopendir(fd);
    gsize length = walk->path->len;
    const struct dirent *entry;
    bool going = true;

    if (stream == NULL) {
        close(fd);
        return tell_errno(walk, errno);
    }
    while (going && (errno = 0, entry = readdir(stream)) != NULL) {
        if (is_dots(entry->d_name))
            continue;
        if (length == 0 || walk->path->str[length - 1] != '/')
            g_string_append_c(walk->path, '/');
        g_string_append(walk->path, entry->d_name);
        going = on_entry(walk, dirfd(stream), entry->d_name);
        g_string_truncate(walk->path, length);
    }
    if (going && errno != 0)
        going = tell_errno(walk, errno);
    closedir(stream);
    return going;
}

static bool walk_root(Walk *walk)
{
    hl_autofd int fd = open(walk->path->str, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    EpWalkFile file = { .directory = -1, .path = walk->path->str, .fd = fd };

    if (fd < 0 || fstat(fd, &file.st) != 0)
        return errno == ENOENT ? tell_gap(walk, EP_GAP_VANISHED, "there is no such file or directory")
                               : tell_errno(walk, errno);
    if (ep_mounts_is_special(walk->mounts, file.st.st_dev))
        return tell_gap(walk, EP_GAP_UNREADABLE, "a file system without files of its own");
    walk->device = file.st.st_dev;
    if (S_ISDIR(file.st.st_mode))
        return walk_directory(walk, hl_fd_steal(&fd));
    if (!S_ISREG(file.st.st_mode))
        return tell_gap(walk, EP_GAP_UNREADABLE, "only regular files and directories are scanned");
    file.name = walk->path->str;
    return walk->hooks->file(&file, walk->user);
}

bool ep_walk(const char *path, const EpWalkHooks *hooks, gpointer user)
{
    Walk walk = { .hooks = hooks, .user = user, .mounts = ep_mounts_read(), .path = g_string_new(path) };
    bool going = (hooks->excluded != NULL && hooks->excluded(path, user)) || walk_root(&walk);

    ep_mounts_free(walk.mounts);
    g_string_free(walk.path, TRUE);
    return going;
}

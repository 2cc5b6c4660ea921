/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/error.h"

static FaultsKind fault = FAULTS_NONE;
static int changes_left = 0;
static bool struck = false;

typedef enum { TAKES_SPACE, FREES_SPACE } Change;

void faults_at(FaultsKind kind, int n)
{
    fault = kind;
    changes_left = n;
    struck = false;
}

bool faults_struck(void)
{
    return struck;
}

static FaultsEnd judge(bool good, const GError *error, int n)
{
    bool full = error != NULL && hl_error_code(error) == HL_ERROR_FULL;

    if (!struck)
        return good ? FAULTS_UNTOUCHED : FAULTS_OTHER;
    if (error != NULL && !full)
        g_printerr("change %d: %s\n", n, error->message);
    return good ? FAULTS_DONE : full ? FAULTS_REFUSED : FAULTS_OTHER;
}

FaultsEnd faults_run(FaultsKind kind, int n, bool (*run)(gpointer user, GError **error), gpointer user)
{
    int status;
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        bool good;

        faults_at(kind, n);
        good = run(user, &error);
        _exit((int)judge(good, error, n));
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return (FaultsEnd)WEXITSTATUS(status);
}

/* Whether this change is the last or, on a full disk, comes after it. */
static bool strikes(void)
{
    if (fault == FAULTS_NONE)
        return false;
    changes_left--;
    struck = struck || changes_left <= 0;
    return struck;
}

/* Whether the change fails. */
static bool fails(Change change)
{
    if (!strikes())
        return false;
    if (fault == FAULTS_DIE)
        _exit(FAULTS_DEAD);
    errno = ENOSPC;
    return change == TAKES_SPACE;
}

/* The linker's --wrap: calls of NAME come to __wrap_NAME, the real one is __real_NAME. */
#define WRAP(type, name, parameters, arguments, change)      \
    type __real_##name parameters;                           \
    type __wrap_##name parameters;                           \
    type __wrap_##name parameters                            \
    {                                                        \
        return fails(change) ? -1 : __real_##name arguments; \
    }

WRAP(int, fsync, (int fd), (fd), TAKES_SPACE)
WRAP(int, rename, (const char *from, const char *to), (from, to), TAKES_SPACE)
WRAP(int, link, (const char *from, const char *to), (from, to), TAKES_SPACE)
WRAP(int, symlink, (const char *target, const char *path), (target, path), TAKES_SPACE)
WRAP(int, mkostemp, (char *name, int flags), (name, flags), TAKES_SPACE)
WRAP(int, g_mkdir_with_parents, (const char *path, int mode), (path, mode), TAKES_SPACE)
WRAP(ssize_t, sendfile, (int out, int in, off_t *offset, size_t size), (out, in, offset, size), TAKES_SPACE)
WRAP(int, unlink, (const char *path), (path), FREES_SPACE)
WRAP(int, remove, (const char *path), (path), FREES_SPACE)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), FREES_SPACE)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), FREES_SPACE)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), FREES_SPACE)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), FREES_SPACE)
WRAP(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), FREES_SPACE)
WRAP(int, linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags),
     (from_dir, from, to_dir, to, flags), TAKES_SPACE)
WRAP(int, renameat2, (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
     (from_dir, from, to_dir, to, flags), TAKES_SPACE)

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (!strikes())
        return __real_write(fd, data, size);
    if (fault == FAULTS_DIE) {
        (void)!__real_write(fd, data, size / 2);
        _exit(FAULTS_DEAD);
    }
    errno = ENOSPC;
    return -1;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (!strikes())
        return __real_pwrite(fd, data, size, offset);
    if (fault == FAULTS_DIE) {
        (void)!__real_pwrite(fd, data, size / 2, offset);
        _exit(FAULTS_DEAD);
    }
    errno = ENOSPC;
    return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & (O_CREAT | O_TRUNC)) != 0 && fails(TAKES_SPACE))
        return -1;
    return __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & (O_CREAT | O_TRUNC)) != 0 && fails(TAKES_SPACE))
        return -1;
    return __real_openat(dir, path, flags, mode);
}

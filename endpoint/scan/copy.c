/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "lib/base/file.h"

#define STEP ((gsize)256 * 1024)

static int make_file(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "copy-XXXXXX", NULL);
    hl_autofd int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 || unlink(path) != 0) {
        hl_fail_errno(error, errno, "cannot make a copy");
        return -1;
    }
    return hl_fd_steal(&fd);
}

static bool write_all(int fd, const char *data, gsize size, GError **error)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot make a copy");
        data += n;
        size -= (gsize)n;
    }
    return true;
}

static bool fill(int from, int to, int64_t most, int64_t *size, GError **error)
{
    g_autofree char *buffer = g_malloc(STEP);

    for (*size = 0;;) {
        ssize_t n = pread(from, buffer, STEP, *size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot read it");
        if (n == 0)
            return true;
        *size += n;
        if (*size > most) /* or it grows without end */
            return hl_fail(error, HL_ERROR_LIMIT, "more than %" G_GINT64_FORMAT " MiB on a file system of a user's",
                           (gint64)(most / (1024 * 1024)));
        if (!write_all(to, buffer, (gsize)n, error))
            return false;
    }
}

int ep_copy_make(int fd, const char *directory, int64_t most, int64_t *size, GError **error)
{
    hl_autofd int copy = make_file(directory, error);

    return copy >= 0 && fill(fd, copy, most, size, error) ? hl_fd_steal(&copy) : -1;
}

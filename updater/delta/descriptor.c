/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/descriptor.h"

#include <errno.h>
#include <unistd.h>

bool upd_read_at(int fd, guint64 offset, void *buffer, gsize size, GError **error)
{
    char *p = buffer;

    while (size > 0) {
        ssize_t n = pread(fd, p, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot read the base");
        if (n == 0)
            return hl_fail(error, HL_ERROR_INVALID, "the base became shorter while it was read");
        p += n;
        offset += (guint64)n;
        size -= (gsize)n;
    }
    return true;
}

gssize upd_read_some(int fd, void *buffer, gsize size)
{
    ssize_t n;

    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n;
}

bool upd_write_all(int fd, const void *data, gsize size, GError **error)
{
    const char *p = data;

    while (size > 0) {
        ssize_t n = write(fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot write the result");
        p += n;
        size -= (gsize)n;
    }
    return true;
}

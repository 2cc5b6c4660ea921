/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/key_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/i18n.h"

#define USUAL_PATIENCE (60 * HL_SECOND)
#define POLL           20 /* ms */

static int lock_key(const CliKeyTurn *whose, GError **error)
{
    HlTime patience = whose->patience > 0 ? whose->patience : USUAL_PATIENCE;
    HlTime deadline = hl_clock_mono() + patience;
    int fd = open(whose->key, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        hl_fail_errno(error, errno, _("cannot read the key %s that %s names"), whose->key, whose->conf);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (hl_clock_mono() > deadline) {
            hl_fail(error, HL_ERROR_UNAVAILABLE,
                    _("another holdline has been using the certificate of '%s' for %d s: wait for it, or create "
                      "another one with 'holdline admin create'"),
                    whose->account, (int)(patience / HL_SECOND));
            close(fd);
            return -1;
        }
        if (whose->gives_up != NULL && whose->gives_up()) {
            hl_fail(error, HL_ERROR_UNAVAILABLE, _("given up while another holdline used the certificate of '%s'"),
                    whose->account);
            close(fd);
            return -1;
        }
        g_usleep(POLL * 1000);
    }
    return fd;
}

int cli_key_turn(const CliKeyTurn *whose, GError **error)
{
    int fd;

    while ((fd = lock_key(whose, error)) >= 0) {
        struct stat locked, now;

        if (fstat(fd, &locked) == 0 && stat(whose->key, &now) == 0 && locked.st_ino == now.st_ino &&
            locked.st_dev == now.st_dev)
            return fd;
        close(fd); /* renewed while this one waited: the lock of another key */
    }
    return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/file.h"

enum { NICENESS = 10 };
enum { PLACE_FD = 3, PATTERNS_FD = 4 }; /* as in the names of the header */

const struct passwd *ep_confine_user(const char *name, GError **error)
{
    const struct passwd *user = getpwnam(name);

    if (user == NULL && strcmp(name, EP_CONFINE_USER) == 0)
        user = getpwnam(EP_CONFINE_NO_USER);
    if (user == NULL)
        hl_fail(error, HL_ERROR_UNAVAILABLE,
                "there is no user '%s' for the scan engine: create it with systemd-sysusers, or name another in "
                "scan.user",
                name);
    return user;
}

static bool open_as(const char *path, int wanted, GError **error)
{
    hl_autofd int fd = path == NULL ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (path == NULL)
        return true;
    if (fd < 0)
        return hl_fail_errno(error, errno, "cannot open %s", path);
    if (fd != wanted && fcntl(wanted, F_GETFD) >= 0)
        return hl_fail(error, HL_ERROR_FAILED, "descriptor %d is in use already", wanted);
    if (fd == wanted) /* dup2 would leave it to be closed at the exec */
        return fcntl(hl_fd_steal(&fd), F_SETFD, 0) == 0 || hl_fail_errno(error, errno, "cannot keep %s open", path);
    return dup2(fd, wanted) == wanted || hl_fail_errno(error, errno, "cannot keep %s open", path);
}

bool ep_confine_open(const EpConfinement *has, GError **error)
{
    return open_as(has->place, PLACE_FD, error) && open_as(has->patterns, PATTERNS_FD, error);
}

static bool become(const char *name, GError **error)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return true;
    user = ep_confine_user(name, error);
    if (user == NULL)
        return false;
    return (setgroups(0, NULL) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0) ||
           hl_fail_errno(error, errno, "cannot become the user '%s'", name);
}

static bool limit(int resource, guint64 value, GError **error)
{
    struct rlimit both = { value, value };
    struct rlimit now;

    if (getrlimit(resource, &now) == 0 && now.rlim_max < value)
        return true; /* it is lower already */
    return setrlimit(resource, &both) == 0 || hl_fail_errno(error, errno, "cannot set a limit of the scan engine");
}

static bool limits(const EpConfinement *has, GError **error)
{
    return limit(RLIMIT_CORE, 0, error) && (has->memory == 0 || limit(RLIMIT_DATA, has->memory, error)) &&
           (has->file_size == 0 || limit(RLIMIT_FSIZE, has->file_size, error));
}

/* Who runs the daemon may have made it nicer already, and only root may go back.  A filter of system calls may not let
 * it; then who runs the daemon has seen to that. */
static bool be_nice(void)
{
    return getpriority(PRIO_PROCESS, 0) >= NICENESS || setpriority(PRIO_PROCESS, 0, NICENESS) == 0 || errno == EPERM;
}

bool ep_confine(const EpConfinement *has, GError **error)
{
    pid_t parent = getppid();
    /* root may have a network of its own; others need a user namespace to be allowed it */
    bool alone = unshare(CLONE_NEWNET) == 0;

    if (!become(has->user, error))
        return false;
    if (!alone && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        fprintf(stderr, "this kernel does not let the scan engine have a network of its own\n");
    if (!limits(has, error))
        return false;
    if (!be_nice() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) /* becoming another user has cleared it */
        return hl_fail_errno(error, errno, "cannot confine the scan engine");
    return getppid() == parent || hl_fail(error, HL_ERROR_UNAVAILABLE, "the daemon is gone");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICENESS = 10 };

static bool become(const char *name, GError **error)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return true;
    user = getpwnam(name);
    if (user == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "there is no user '%s' for the scan engine: create it with systemd-sysusers, or name another in "
                       "scan.user",
                       name);
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
    if (setpriority(PRIO_PROCESS, 0, NICENESS) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) /* becoming another user has cleared it */
        return hl_fail_errno(error, errno, "cannot confine the scan engine");
    return getppid() == parent || hl_fail(error, HL_ERROR_UNAVAILABLE, "the daemon is gone");
}

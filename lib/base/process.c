/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/process.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/i18n.h"

/* The limit is inherited, but a handler of core dumps (core_pattern with a pipe) may not ask for it; the attribute
 * keeps the kernel from making one at all, and ends with exec.  Neither fails for a process that only gives up. */
void hl_process_keep_secrets(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_DUMPABLE, 0);
}

/* Of path, or of the nearest directory above it that exists. */
static bool look_up(const char *path, struct stat *st)
{
    g_autofree char *at = g_canonicalize_filename(path, NULL);

    while (stat(at, st) != 0) {
        char *up = g_path_get_dirname(at);

        if (errno != ENOENT || strcmp(up, at) == 0) {
            g_free(up);
            return false;
        }
        g_free(at);
        at = up;
    }
    return true;
}

/* The user last: afterwards nothing else is allowed. */
static bool become(const struct passwd *user)
{
    return initgroups(user->pw_name, user->pw_gid) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
           setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0;
}

bool hl_process_become_owner(const char *path, GError **error)
{
    const struct passwd *owner;
    struct stat st;

    if (geteuid() != 0 || !look_up(path, &st) || st.st_uid == 0)
        return true; /* what cannot be looked at is refused by what comes next, with its own words */
    owner = getpwuid(st.st_uid);
    if (owner == NULL)
        return hl_fail(error, HL_ERROR_DENIED, _("%s belongs to user %u, who has no name: run this as that user"), path,
                       (unsigned)st.st_uid);
    if (!become(owner))
        return hl_fail_errno(error, errno, _("cannot go on as %s, to whom %s belongs; run this as that user"),
                             owner->pw_name, path);
    hl_process_keep_secrets(); /* the kernel has forgotten it */
    hl_error_name_user(owner->pw_name);
    fprintf(stderr, "note: %s belongs to %s: going on as that user\n", path, owner->pw_name);
    return true;
}

void hl_process_return_memory(void)
{
    malloc_trim(0);
}

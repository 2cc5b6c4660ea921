/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: the program is killed, as by kill -9, at the DIE_AT-th of the calls below, which change names or make
 * data durable. What it was about to do does not happen.  Of a program that makes fewer of them nothing is changed. */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void count(void)
{
    static long left = -1;
    const char *at = getenv("DIE_AT");

    if (left < 0)
        left = at != NULL ? strtol(at, NULL, 10) : 0;
    if (left > 0 && --left == 0)
        kill(getpid(), SIGKILL);
}

#define DIES(name, parameters, arguments)     \
    int name parameters;                      \
    int name parameters                       \
    {                                         \
        union {                               \
            void *found;                      \
            int(*call) parameters;            \
        } real = { dlsym(RTLD_NEXT, #name) }; \
                                              \
        count();                              \
        return real.call arguments;           \
    }

DIES(rename, (const char *from, const char *to), (from, to))
DIES(fsync, (int fd), (fd))
DIES(unlink, (const char *path), (path))
DIES(remove, (const char *path), (path))
DIES(mkdir, (const char *path, mode_t mode), (path, mode))
DIES(rmdir, (const char *path), (path))

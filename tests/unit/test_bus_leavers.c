/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that was left behind ends before its process does. */
#include <glib.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bus/leavers.h"

#define A_WHILE_US 20000 /* longer than the rest of exit() takes, shorter than it waits */

static int said[2]; /* a pipe: a byte of each thread that came to its end */

static void *linger(void *user G_GNUC_UNUSED)
{
    usleep(A_WHILE_US);
    if (write(said[1], "x", 1) != 1)
        abort();
    return NULL;
}

static void leave(guint n)
{
    for (guint i = 0; i < n; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, linger, NULL) != 0)
            abort();
        hl_leavers_add(thread);
    }
}

/* How many threads of a process that left n behind, and ended, came to their end. */
static gsize ends_of(guint n)
{
    gsize ends = 0;
    int status;
    pid_t child;
    char byte;

    g_assert_cmpint(pipe(said), ==, 0);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        leave(n);
        exit(0);
    }
    close(said[1]);
    while (read(said[0], &byte, 1) == 1)
        ends++;
    close(said[0]);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    return ends;
}

static void test_exit_waits(void)
{
    g_assert_cmpuint(ends_of(1), ==, 1);
    g_assert_cmpuint(ends_of(5), ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/leavers/exit-waits", test_exit_waits);
    return g_test_run();
}

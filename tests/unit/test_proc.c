/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/proc: who a process is, what becomes of it, who listens at a port. */
#include "lib/base/proc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/file.h"

/* Does nothing until it is killed. */
static pid_t start_idler(void)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void test_self(void)
{
    HlProcId id, again;
    g_auto(GStrv) argv = hl_proc_argv(getpid());

    g_assert_true(hl_proc_identify(getpid(), &id));
    g_assert_true(hl_proc_identify(getpid(), &again));
    g_assert_cmpint(id.pid, ==, getpid());
    g_assert_cmpuint(id.started, ==, again.started);
    g_assert_true(hl_proc_lives(&id));
    g_assert_cmpint(hl_proc_age(&id), <, HL_DAY);
    g_assert_cmpint((int)hl_proc_owner(getpid()), ==, (int)geteuid());
    g_assert_nonnull(strstr(argv[0], "test-proc"));
}

/* What it takes is counted, some time or other. */
static void test_busy(void)
{
    HlProcTime before = hl_proc_time(getpid());

    while (hl_proc_time(getpid()).ran_us < before.ran_us + 20000)
        continue;
    g_assert_cmpuint(hl_proc_time(getpid()).waited_us, >=, before.waited_us);
    g_assert_cmpuint(hl_proc_time(0).ran_us, ==, 0);
    g_assert_cmpuint(hl_proc_time(0).waited_us, ==, 0);
    g_assert_true(hl_proc_waits_for_machine(getpid())); /* it runs: it asks */
    g_assert_false(hl_proc_waits_for_machine(0));
}

static void test_another(void)
{
    HlProcId id;

    g_assert_true(hl_proc_identify(getpid(), &id));
    id.started++; /* the number went to another process */
    g_assert_false(hl_proc_lives(&id));
    g_assert_cmpint(hl_proc_open(&id, NULL), ==, -1);
    id.started--;
    id.boot[0] = id.boot[0] == 'x' ? 'y' : 'x'; /* ... or the machine was booted again */
    g_assert_false(hl_proc_lives(&id));
    g_assert_false(hl_proc_identify(0, &id));
    g_assert_false(hl_proc_identify(-1, &id));
}

static void test_end(void)
{
    pid_t pid = start_idler();
    HlProcId id;
    hl_autofd int fd = -1;

    g_assert_true(hl_proc_identify(pid, &id));
    fd = hl_proc_open(&id, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_false(hl_proc_wait(fd, 0));
    g_assert_true(hl_proc_signal(fd, SIGKILL));
    g_assert_true(hl_proc_wait(fd, HL_MINUTE));
    g_assert_false(hl_proc_lives(&id)); /* a zombie, as long as nobody waits for it */
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_false(hl_proc_signal(fd, SIGTERM));
    g_assert_null(hl_proc_argv(pid));
    g_assert_cmpint((int)hl_proc_owner(pid), ==, -1);
}

static void check_listener(int family, const struct sockaddr *any, socklen_t size)
{
    hl_autofd int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    g_autoptr(GArray) before = NULL;
    g_autoptr(GArray) found = NULL;
    uint16_t port;

    if (fd < 0 || bind(fd, any, size) != 0) {
        g_test_skip("this machine has no such addresses");
        return;
    }
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&bound, &length), ==, 0);
    port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                   : ((struct sockaddr_in6 *)&bound)->sin6_port);
    before = hl_proc_listeners(port);
    g_assert_cmpuint(before->len, ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    found = hl_proc_listeners(port);
    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpint(g_array_index(found, HlListener, 0).pid, ==, getpid());
    g_assert_cmpint((int)g_array_index(found, HlListener, 0).owner, ==, (int)geteuid());
    g_assert_cmpstr(g_array_index(found, HlListener, 0).name, ==, "test-proc");
}

static void test_listener(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

    check_listener(AF_INET, (struct sockaddr *)&any, sizeof any);
}

static void test_listener6(void)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

    check_listener(AF_INET6, (struct sockaddr *)&any, sizeof any);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proc/self", test_self);
    g_test_add_func("/proc/busy", test_busy);
    g_test_add_func("/proc/another", test_another);
    g_test_add_func("/proc/end", test_end);
    g_test_add_func("/proc/listener", test_listener);
    g_test_add_func("/proc/listener6", test_listener6);
    return g_test_run();
}

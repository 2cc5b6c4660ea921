/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/health: what makes a server unwell, and what only deserves a warning. */
#include <string.h>

#include "manager/core/health.h"

#define MIB (UINT64_C(1) << 20)

static const MgrHealth good = { .broker_up = true,
                                .disk_free = 500 * MIB,
                                .disk_size = 10000 * MIB,
                                .repository = MGR_SIGNATURE_GOOD,
                                .repository_end = 1000 };

static void expect(const MgrHealth *health, bool well, const char *text)
{
    g_autofree char *words = mgr_health_describe(health);

    g_assert_true(mgr_health_is_well(health) == well);
    g_assert_true(g_str_has_prefix(words, well ? "ok\n" : "not healthy\n"));
    g_assert_nonnull(strstr(words, text));
}

static void test_broker(void)
{
    MgrHealth health = good;
    g_autofree char *words = mgr_health_describe(&health);

    g_assert_cmpstr(words, ==, "ok\n");
    health.broker_up = false;
    expect(&health, false, "no broker");
}

static void test_role(void)
{
    MgrHealth health = good;

    health.roles_ended = "the role targets ended; remedy: rotate it\nthe snapshot ended; remedy: resign it";
    expect(&health, false, "a role of the pattern repository has ended");
    expect(&health, false, "\nthe role targets ended; remedy: rotate it\nthe snapshot ended; remedy: resign it\n");
}

static void test_refused(void)
{
    MgrHealth health = good;

    health.broker_refused = "the broker refused the subscription to x (not authorized)";
    expect(&health, false, "the broker refuses the manager a subscription");
    expect(&health, false, "to x (not authorized)");
}

/* A large disk is full with 64 MiB, a small one with a hundredth; one of unknown size is not judged. */
static void test_disk(void)
{
    static const struct {
        uint64_t free, size;
        bool well;
    } cases[] = {
        { 64 * MIB, 1000000 * MIB, true },
        { 64 * MIB - 1, 1000000 * MIB, false },
        { MIB, 100 * MIB, true },
        { MIB - 1, 100 * MIB, false },
        { 0, 4 * MIB, false },
        { 0, 0, true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrHealth health = good;
        g_autofree char *said = NULL;

        health.disk_free = cases[i].free;
        health.disk_size = cases[i].size;
        said = mgr_disk_describe(cases[i].free, cases[i].size, NULL);
        g_assert_true((said != NULL && strstr(said, "is full: nothing can be stored") != NULL) == !cases[i].well);
        expect(&health, cases[i].well, cases[i].well ? "ok" : "disk");
    }
}

/* There is room, and still nothing can be stored: a file system that is read-only. */
static void test_unwritten(void)
{
    MgrHealth health = good;
    g_autofree char *said = mgr_disk_describe(MIB, 100 * MIB, "database x: Read-only file system");

    health.unwritten = "database x: Read-only file system";
    expect(&health, false, "nothing can be stored in the registry");
    expect(&health, false, "Read-only file system");
    g_assert_cmpstr(
        said, ==, "Nothing can be stored: database x: Read-only file system; once that is mended it goes on by itself");
}

static void test_repository(void)
{
    MgrHealth health = good;

    health.repository = MGR_SIGNATURE_AGEING;
    expect(&health, true, "warning: the pattern repository's timestamp was not renewed");
    health.repository = MGR_SIGNATURE_AHEAD;
    expect(&health, true, "warning: the pattern repository's timestamp was signed ahead");
    health.repository = MGR_SIGNATURE_EXPIRED;
    expect(&health, false, "expired");
    health.broker_up = false;
    expect(&health, false, "no broker");
    expect(&health, false, "expired");
    health = good;
    health.repository_problem = "/x/targets is missing; run it";
    expect(&health, false, "files of the pattern repository are missing");
    expect(&health, false, "/x/targets is missing; run it");
    health = good;
    health.repository = MGR_SIGNATURE_NONE;
    expect(&health, true, "ok");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health/broker", test_broker);
    g_test_add_func("/health/disk", test_disk);
    g_test_add_func("/health/unwritten", test_unwritten);
    g_test_add_func("/health/repository", test_repository);
    g_test_add_func("/health/refused", test_refused);
    g_test_add_func("/health/role", test_role);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core: notify (B16) and path (which way, when). */
#include "manager/core/notify.h"
#include "manager/core/path.h"

#define AT(n) ((MgrNow){ .wall = 1700000000000 + (n)*HL_MINUTE, .mono = (n)*HL_MINUTE })
#define S     MGR_NOTIFY_SETTINGS
#define U     MGR_NOTIFY_UPDATE_NOW

static void test_gives_up(void)
{
    MgrNotify n = { 0 };
    MgrNotifyEffects fx = mgr_notify_step(&n, MGR_NOTIFY_WANT, S, AT(0));

    g_assert_cmpuint(fx.dial, ==, S);
    g_assert_false(fx.retry);
    for (int i = 0; i < MGR_NOTIFY_RETRIES; i++) {
        g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(15 * i)).given_up, ==, 0);
        g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(15 * i + 14)).dial, ==, 0);
        fx = mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(15 * (i + 1)));
        g_assert_cmpuint(fx.dial, ==, S);
        g_assert_true(fx.retry);
        g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(15 * (i + 1))).dial, ==, 0); /* under way */
    }
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(75)).given_up, ==, S);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(9999)).dial, ==, 0);
}

static void test_saved_again_meanwhile(void)
{
    MgrNotify n = { 0 };

    mgr_notify_step(&n, MGR_NOTIFY_WANT, S, AT(0));
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_WANT, S, AT(0)).dial, ==, 0);
    /* the dial told the older settings: tell the newer */
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_ANSWERED, 0, AT(0)).dial, ==, S);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_WANT, U, AT(0)).dial, ==, 0);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_ANSWERED, 0, AT(0)).dial, ==, U);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_ANSWERED, 0, AT(0)).dial, ==, 0);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_ANSWERED, 0, AT(0)).dial, ==, 0); /* a copy */
}

static void test_settled_otherwise(void)
{
    MgrNotify n = { 0 };

    mgr_notify_step(&n, MGR_NOTIFY_WANT, S | U, AT(0));
    mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(0));
    mgr_notify_step(&n, MGR_NOTIFY_SETTLED, S, AT(1));
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(15)).dial, ==, U);
    mgr_notify_step(&n, MGR_NOTIFY_SETTLED, U, AT(15));
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(15)).given_up, ==, 0);
    g_assert_cmpuint(mgr_notify_step(&n, MGR_NOTIFY_TICK, 0, AT(30)).dial, ==, 0);
    mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(31)); /* late, of nothing */
    /* a failed endpoint that is wanted again is dialled at once, with all its attempts */
    mgr_notify_step(&n, MGR_NOTIFY_WANT, S, AT(40));
    mgr_notify_step(&n, MGR_NOTIFY_FAILED, 0, AT(40));
    g_assert_false(mgr_notify_step(&n, MGR_NOTIFY_WANT, S, AT(41)).retry);
}

static void expect_path(MgrRecipient to, MgrWork work, MgrOccasion occasion, MgrPath path)
{
    g_assert_cmpstr(mgr_path_name(mgr_path_for(&to, work, occasion)), ==, mgr_path_name(path));
}

static void test_paths(void)
{
    MgrRecipient document = { .by = MGR_BY_DOCUMENT };
    MgrRecipient channel = { .by = MGR_BY_CHANNEL };
    MgrRecipient range = { .by = MGR_BY_DOCUMENT, .in_unreachable_net = true };

    expect_path(channel, MGR_WORK_SETTINGS, MGR_OCCASION_LINE, MGR_PATH_CHANNEL);
    expect_path(channel, MGR_WORK_COMMAND, MGR_OCCASION_LINE, MGR_PATH_CHANNEL);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_LINE, MGR_PATH_NONE);
    expect_path(document, MGR_WORK_COMMAND, MGR_OCCASION_LINE, MGR_PATH_NONE);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_DIAL, MGR_PATH_DIRECT);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_UPDATED, MGR_PATH_UPDATE_NOTIFICATION);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_ANNOUNCED, MGR_PATH_NONE);
    expect_path(document, MGR_WORK_COMMAND, MGR_OCCASION_ANNOUNCED, MGR_PATH_REGISTRATION);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_LOG, MGR_PATH_NONE);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_POLL, MGR_PATH_NONE);
    expect_path(document, MGR_WORK_SETTINGS, MGR_OCCASION_BUNDLE, MGR_PATH_BUNDLE);
    expect_path(range, MGR_WORK_SETTINGS, MGR_OCCASION_DIAL, MGR_PATH_NONE);
    expect_path(range, MGR_WORK_SETTINGS, MGR_OCCASION_HEARTBEAT, MGR_PATH_NONE);
    expect_path(range, MGR_WORK_SETTINGS, MGR_OCCASION_POLL, MGR_PATH_POLL);
    g_assert_true(mgr_path_wants_dial(&document));
    g_assert_false(mgr_path_wants_dial(&range));
    g_assert_false(mgr_path_wants_dial(&channel));
}

/* B14: an independent endpoint gets nothing on any occasion, whatever else holds. */
static void test_independent(void)
{
    for (int i = 0; i < MGR_OCCASION_N * MGR_WORK_N * MGR_BY_N * 2; i++) {
        MgrRecipient to = { .by = (MgrBy)(i % MGR_BY_N),
                            .in_unreachable_net = i / MGR_BY_N % 2 == 1,
                            .independent = true };
        MgrOccasion occasion = (MgrOccasion)(i / (MGR_BY_N * 2) % MGR_OCCASION_N);
        MgrWork work = (MgrWork)(i / (MGR_BY_N * 2 * MGR_OCCASION_N));

        if (occasion != MGR_OCCASION_BUNDLE)
            expect_path(to, work, occasion, MGR_PATH_NONE);
        g_assert_false(mgr_path_wants_dial(&to));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notify/gives-up", test_gives_up);
    g_test_add_func("/notify/saved-again-meanwhile", test_saved_again_meanwhile);
    g_test_add_func("/notify/settled-otherwise", test_settled_otherwise);
    g_test_add_func("/path/occasions", test_paths);
    g_test_add_func("/path/independent", test_independent);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core/ration: one user's, that of all, and what is remembered of whom. */
#include "endpoint/core/ration.h"

static guint take_all(EpRation *ration, EpRationKind kind, uint32_t uid, HlTime now)
{
    guint n = 0;

    while (n < 10000 && ep_ration_take(ration, kind, uid, now) == 0)
        n++;
    return n;
}

static void test_one(void)
{
    const EpRationRow *row = ep_ration_row(EP_RATION_SCANS);
    g_autoptr(EpRation) ration = ep_ration_new();
    HlTime one = row->over / row->one;

    g_assert_cmpuint(take_all(ration, EP_RATION_SCANS, 1000, 0), ==, row->one);
    g_assert_cmpint(ep_ration_take(ration, EP_RATION_SCANS, 1000, 0), ==, one);
    g_assert_cmpint(ep_ration_take(ration, EP_RATION_SCANS, 1000, one - 1), ==, 1);
    g_assert_cmpuint(take_all(ration, EP_RATION_SCANS, 1000, one), ==, 1); /* as much as came back */
    g_assert_cmpuint(take_all(ration, EP_RATION_SCANS, 1001, one), ==, row->one);
    g_assert_cmpuint(take_all(ration, EP_RATION_FINDS, 1000, one), ==, ep_ration_row(EP_RATION_FINDS)->one);
    g_assert_cmpuint(take_all(ration, EP_RATION_SCANS, 1000, 10 * row->over), ==, row->one); /* no more than a burst */
}

/* A person may have thousands of user ids: neither do they get more, nor is more than that remembered of them. */
static void test_all(void)
{
    for (EpRationKind kind = 0; kind < EP_N_RATIONS; kind++) {
        const EpRationRow *row = ep_ration_row(kind);
        g_autoptr(EpRation) ration = ep_ration_new();
        guint n = 0;

        for (uint32_t uid = 100000; uid < 165536; uid++)
            n += ep_ration_take(ration, kind, uid, 0) == 0;
        g_assert_cmpuint(n, ==, row->all);
        g_assert_cmpuint(ep_ration_users(ration), ==, row->all);
        g_assert_cmpint(ep_ration_take(ration, kind, 7, row->over), ==, 0);
        g_assert_cmpuint(ep_ration_users(ration), ==, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ration/one", test_one);
    g_test_add_func("/ration/all", test_all);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/herd. */
#include "manager/core/herd.h"

static void test_window(void)
{
    static const struct {
        guint endpoints;
        HlTime most, expected;
    } rows[] = {
        { 0, HL_MINUTE, 2 * HL_SECOND }, { 100, HL_MINUTE, 2 * HL_SECOND }, { 1000, HL_MINUTE, 6 * HL_SECOND },
        { 10000, HL_MINUTE, HL_MINUTE }, { 20000, HL_MINUTE, HL_MINUTE },   { 20000, HL_HOUR, 2 * HL_MINUTE },
        { G_MAXUINT, HL_HOUR, HL_HOUR }, { 1000, HL_SECOND, HL_SECOND }, /* what is configured counts, also where it is
                                                                            less than the least */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mgr_herd_window(rows[i].endpoints, rows[i].most), ==, rows[i].expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/herd/window", test_window);
    return g_test_run();
}

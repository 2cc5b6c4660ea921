/* SPDX-License-Identifier: Apache-2.0 */
/* A number alone means the version; with a mark it means one save of it. */
#include "manager/core/edition.h"

static void test_fit(void)
{
    static const struct {
        const char *expected;
        MgrEditionFit fit;
    } cases[] = {
        { "7", MGR_EDITION_SAME },
        { "8", MGR_EDITION_OTHER },
        { "0", MGR_EDITION_OTHER },
        { "7-3039", MGR_EDITION_SAME },
        { "7-303a", MGR_EDITION_OTHER },
        { "8-3039", MGR_EDITION_OTHER },
        { "", MGR_EDITION_MALFORMED },
        { "-3039", MGR_EDITION_MALFORMED },
        { "7-", MGR_EDITION_MALFORMED },
        { "7-x", MGR_EDITION_MALFORMED },
        { "7 ", MGR_EDITION_MALFORMED },
        { "7-3039-1", MGR_EDITION_MALFORMED },
        { "99999999999999999999", MGR_EDITION_MALFORMED },
    };
    MgrEdition edition = { 7, 12345 };
    g_autofree char *tag = mgr_edition_tag(edition);

    g_assert_cmpstr(tag, ==, "7-3039");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mgr_edition_fit(cases[i].expected, edition), ==, cases[i].fit);
}

/* A backup of version 7 was restored, and somebody else saved an 8: what an old page has seen as 8 is not that one. */
static void test_after_restore(void)
{
    g_autofree char *seen = mgr_edition_tag((MgrEdition){ 8, 1795750260000 });

    g_assert_cmpint(mgr_edition_fit(seen, (MgrEdition){ 8, 1795750999000 }), ==, MGR_EDITION_OTHER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edition/fit", test_fit);
    g_test_add_func("/edition/restore", test_after_restore);
    return g_test_run();
}

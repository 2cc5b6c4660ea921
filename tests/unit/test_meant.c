/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/meant.h"

#include <string.h>

static char *meant_by(const char *typed, const char *const *names)
{
    MgrMeant meant;

    mgr_meant_begin(&meant, typed);
    for (; *names != NULL; names++)
        mgr_meant_consider(&meant, *names, NULL);
    return mgr_meant_end(&meant);
}

static void test_names(void)
{
    static const char *const names[] = { "sales", "finance", "lab-1", "lab-2", "ab",    "Berlin",
                                         "pc-1",  "pc-2",    "pc-3",  "pc-4",  "sales", NULL };
    static const struct {
        const char *typed, *meant;
    } rows[] = {
        { "slaes", "sales" },
        { "SALSE", "sales" },
        { "finnace-", "finance" },   /* two slips */
        { "berlni", "Berlin" },      /* its own letters */
        { "lab-3", "lab-1, lab-2" }, /* two are as near */
        { "pc-9", NULL },            /* more than three are */
        { "xy", NULL },              /* too short to be near anything */
        { "marketing", NULL },
        { "", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *meant = meant_by(rows[i].typed, names);

        g_test_message("%s", rows[i].typed);
        g_assert_cmpstr(meant, ==, rows[i].meant);
    }
}

/* What is found by another name is told once, as what it is called. */
static void test_shown(void)
{
    g_autofree char *near = NULL;
    MgrMeant meant;

    mgr_meant_begin(&meant, "salex");
    mgr_meant_consider(&meant, "sales", NULL);
    mgr_meant_consider(&meant, "Sales", "sales");
    near = mgr_meant_end(&meant);
    g_assert_cmpstr(near, ==, "sales");
}

static void test_bounded(void)
{
    char name[] = "group-00000";
    g_autofree char *near = NULL;
    MgrMeant meant;

    mgr_meant_begin(&meant, "groop-zzzzz");
    for (guint i = 0; i < 20000; i++) {
        g_snprintf(name, sizeof name, "group-%05u", i);
        mgr_meant_consider(&meant, name, NULL);
    }
    g_assert_cmpuint(meant.left, ==, 0);
    near = mgr_meant_end(&meant);
    g_assert_null(near);
}

static void test_slips(void)
{
    static const struct {
        const char *typed, *name;
        bool is_slip;
    } rows[] = {
        { "desktop", "desktop", true },  { "dekstop", "desktop", true },
        { "desktp", "desktop", true },   { "desktoop", "desktop", true },
        { "DESKTOX", "desktop", true },  { "esktop", "desktop", true },
        { "xdesktop", "desktop", true }, { "dsektpo", "desktop", false },
        { "desk", "desktop", false },    { "desktop12", "desktop", false },
        { "pc", "pa", false },           { "", "", false },
        { "aaa", "aa", true },           { "abc", "cba", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].typed);
        g_assert_cmpint(mgr_meant_is_slip(rows[i].typed, rows[i].name, strlen(rows[i].name)), ==, rows[i].is_slip);
    }
    g_assert_true(mgr_meant_is_slip("dekstop", "desktop.example.org", 7));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/meant/names", test_names);
    g_test_add_func("/meant/shown", test_shown);
    g_test_add_func("/meant/bounded", test_bounded);
    g_test_add_func("/meant/slips", test_slips);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/role: the table of who may do what, written out a second time; what a caller sees. */
#include "manager/core/role.h"

static void expect_roles(MgrNeed need, const char *wanted)
{
    g_autofree char *roles = mgr_need_roles(need);

    g_assert_cmpstr(roles, ==, wanted);
}

static void test_table(void)
{
    /* auditor, operator, administrator, owner */
    static const struct {
        MgrNeed need;
        const char *may;
    } rows[] = {
        { MGR_NEED_WATCH, "yyyy" },   { MGR_NEED_READ, "yyyy" },    { MGR_NEED_OPERATE, "-yyy" },
        { MGR_NEED_MOVE, "--yy" },    { MGR_NEED_MANAGE, "--yy" },  { MGR_NEED_OWN, "---y" },
        { MGR_NEED_AUDIT, "y--y" },   { MGR_NEED_OTHERS, "y--y" },  { MGR_NEED_REVIEW, "--yy" },
        { MGR_NEED_CONSOLE, "----" }, { MGR_NEED_MONITOR, "----" }, { MGR_NEED_SELF, "yyyy" },
    };

    g_assert_cmpuint(G_N_ELEMENTS(rows), ==, MGR_NEED_N - 1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        for (unsigned role = 0; role < MGR_ROLE_N; role++)
            g_assert_cmpint(mgr_role_may((MgrRole)role, rows[i].need), ==, rows[i].may[role] == 'y');
    for (MgrNeed need = MGR_NEED_UNSET + 1; need < MGR_NEED_N; need++)
        g_assert_cmpint(mgr_need_is_of_console(need), ==, need == MGR_NEED_WATCH || need == MGR_NEED_CONSOLE);
    for (MgrNeed need = MGR_NEED_UNSET + 1; need < MGR_NEED_N; need++)
        g_assert_cmpint(mgr_need_is_of_monitor(need), ==, need == MGR_NEED_WATCH || need == MGR_NEED_MONITOR);
    for (MgrNeed need = MGR_NEED_UNSET + 1; need < MGR_NEED_N; need++)
        g_assert_cmpint(mgr_need_is_to_look(need), ==, mgr_need_is_to_look_only(need) || need == MGR_NEED_SELF);
    g_assert_false(mgr_need_is_to_look_only(MGR_NEED_SELF));
    g_assert_cmpint(mgr_need_role(MGR_NEED_MANAGE), ==, MGR_ROLE_ADMINISTRATOR);
    g_assert_cmpint(mgr_need_role(MGR_NEED_OWN), ==, MGR_ROLE_OWNER);
    expect_roles(MGR_NEED_MANAGE, "administrator");
    expect_roles(MGR_NEED_OWN, "owner");
    expect_roles(MGR_NEED_AUDIT, "auditor/owner"); /* an administrator has no lower role than an auditor */
}

static void test_names(void)
{
    MgrRole role = MGR_ROLE_OWNER;

    for (unsigned i = 0; i < MGR_ROLE_N; i++) {
        g_assert_true(mgr_role_parse(mgr_role_name((MgrRole)i), &role));
        g_assert_cmpuint(role, ==, i);
    }
    g_assert_false(mgr_role_parse("Owner", &role));
    g_assert_false(mgr_role_parse("", &role));
}

static void test_sees(void)
{
    g_auto(MgrCaller) all = { 0 };
    g_auto(MgrCaller) two = { 0 };

    mgr_caller_init(&all, "ann", MGR_ROLE_OWNER, "");
    mgr_caller_init(&two, "ben", MGR_ROLE_OPERATOR, "lab,office");
    g_assert_true(mgr_caller_sees(&all, "office"));
    g_assert_true(mgr_caller_sees(NULL, "office"));
    g_assert_true(mgr_caller_sees(&two, "office"));
    g_assert_true(mgr_caller_sees(&two, "lab"));
    g_assert_false(mgr_caller_sees(&two, "lab,office"));
    g_assert_false(mgr_caller_sees(&two, "off"));
    g_assert_false(mgr_caller_sees(&two, ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/role/table", test_table);
    g_test_add_func("/role/names", test_names);
    g_test_add_func("/role/sees", test_sees);
    return g_test_run();
}

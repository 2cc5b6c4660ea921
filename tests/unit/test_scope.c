/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is about: which texts are taken, and what they mean. */
#include <string.h>

#include "proto/bounds.h"
#include "proto/scope.h"

#define HASH "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"

static void test_paths(void)
{
    static const struct {
        const char *scope, *paths; /* joined with '|'; NULL: refused */
    } rows[] = {
        { "", "" },
        { "/home", "/home" },
        { " /home , /srv,", "/home|/srv" },
        { "/a\\x2cb", "/a,b" },
        { "/a\\\\b", "/a\\b" },
        { "/a\\xff", "/a\xff" },
        { "home", NULL },
        { ",", NULL },
        { " ", NULL },
        { "/home,tmp", NULL },
        { "/a\\b", NULL },
        { "/a\\x00", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) paths = hl_scope_paths(rows[i].scope, &error);
        g_autofree char *joined = paths != NULL ? g_strjoinv("|", paths) : NULL;

        g_assert_cmpstr(joined, ==, rows[i].paths);
        g_assert_true((error == NULL) == (rows[i].paths != NULL));
    }
}

static void test_bounds(void)
{
    g_autofree char *many = g_strnfill(2 * (HL_MAX_SCOPES + 1), '/');
    g_autofree char *longer = g_strnfill(HL_MAX_SCOPE + 1, '/');
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) error2 = NULL;

    for (gsize i = 1; i < 2 * (HL_MAX_SCOPES + 1); i += 2)
        many[i] = ',';
    g_assert_null(hl_scope_paths(many, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    many[strlen(many) - 2] = '\0';
    g_assert_true(hl_scope_check(HL_KIND_SCAN, many, NULL));
    g_assert_null(hl_scope_paths(longer, &error2));
    g_assert_error(error2, HL_ERROR, HL_ERROR_INVALID);
}

static void test_pick(void)
{
    static const struct {
        const char *scope;
        bool one, two;
    } rows[] = {
        { "all", true, true },
        { "q-one", true, false },
        { "q-one,q-two", true, true },
        { "sha256:" HASH, true, false },
        { "signature:Worm.*", false, true },
        { "/srv", false, true },
        { "/home/u/q-file", true, false },
        { "q-three", false, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(HlPick) pick = hl_pick_new(rows[i].scope, &error);

        g_assert_no_error(error);
        g_assert_true(hl_pick_takes(pick, "q-one", "/home/u/q-file", HASH, "Eicar") == rows[i].one);
        g_assert_true(hl_pick_takes(pick, "q-two", "/srv/x", "", "Worm.A") == rows[i].two);
    }
}

/* What a list shows means that one file, whatever somebody named it. */
static void test_quote(void)
{
    static const char *const names[] = { "/home/u/x,all", "/home/u/*", "/home/[a-z]?", "/a\\x2c",
                                         "/a\nb",         "/a ",       "/\xff\xfe" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *shown = hl_scope_quote(names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(HlPick) pick = hl_pick_new(shown, &error);

        g_assert_no_error(error);
        g_assert_true(hl_pick_takes(pick, "q-one", names[i], "", "Eicar"));
        g_assert_false(hl_pick_takes(pick, "q-one", "/home/u/other", "", "Eicar"));
    }
    g_assert_null(hl_pick_new("/home/u/x,all", NULL)); /* all is no part of anything */
}

static void test_kinds(void)
{
    g_assert_true(hl_scope_check(HL_KIND_UPDATE_NOW, "", NULL));
    g_assert_true(hl_scope_check(HL_KIND_UPDATE_NOW, HL_SCOPE_PROGRAM, NULL));
    g_assert_true(hl_scope_check(HL_KIND_UPDATE_NOW, HL_SCOPE_COMPONENT "rules", NULL));
    g_assert_false(hl_scope_check(HL_KIND_UPDATE_NOW, HL_SCOPE_COMPONENT "program", NULL));
    g_assert_false(hl_scope_check(HL_KIND_UPDATE_NOW, HL_SCOPE_COMPONENT, NULL));
    g_assert_cmpstr(hl_scope_component(HL_SCOPE_COMPONENT "agent"), ==, "agent");
    g_assert_null(hl_scope_component("agent"));
    g_assert_false(hl_scope_check(HL_KIND_UPDATE_NOW, "/home", NULL));
    g_assert_false(hl_scope_check(HL_KIND_SYNCHRONIZE, HL_SCOPE_PROGRAM, NULL));
    g_assert_true(hl_scope_check(HL_KIND_SCAN, "", NULL));
    g_assert_false(hl_scope_check(HL_KIND_SCAN, "all", NULL));
    g_assert_false(hl_scope_check(HL_KIND_RESTORE, "", NULL)); /* it must be said what is meant */
    g_assert_false(hl_scope_check(HL_KIND_DELETE, " , ", NULL));
    g_assert_false(hl_scope_check(HL_KIND_DELETE, "sha256:12", NULL));
    g_assert_true(hl_scope_check(HL_KIND_RESTORE, "signature:X", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scope/paths", test_paths);
    g_test_add_func("/scope/bounds", test_bounds);
    g_test_add_func("/scope/pick", test_pick);
    g_test_add_func("/scope/quote", test_quote);
    g_test_add_func("/scope/kinds", test_kinds);
    return g_test_run();
}

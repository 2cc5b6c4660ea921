/* SPDX-License-Identifier: Apache-2.0 */
/* Since when sealing key and authority are those that are announced. */
#include "tests/support/succession_world.h"

static void expect_since(Parts *parts, const char *what, HlTime expected)
{
    g_autofree char *name = g_strdup_printf("server %s status", what);
    g_autofree char *time = hl_time_format(expected);
    g_autoptr(json_t) shown = NULL;

    parts_call(parts, name, NULL);
    shown = parts_expect_reply(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(shown, "since")), ==, time);
}

/* Each began when it did, whatever is announced later. */
static void test_since(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    HlTime key, authority;

    key = hl_clock_wall();
    parts_roll(parts, "start", NULL, "");
    clock_fake_advance(HL_HOUR);
    authority = hl_clock_wall();
    parts_call(parts, "server authority start", NULL);
    parts_commit(parts);
    succession_read_lists();
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    clock_fake_advance(HL_HOUR);
    expect_since(parts, "rollover", key);
    expect_since(parts, "authority", authority);
    parts_roll(parts, "cancel", NULL, "");
    expect_since(parts, "authority", authority);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/since/each", test_since);
    return g_test_run();
}

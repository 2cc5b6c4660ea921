/* SPDX-License-Identifier: Apache-2.0 */
/* 'command watch' (manager/daemon/calls/command_calls): a call that waits for a command, and what it is told meanwhile.
 */
#include <string.h>

#include "tests/support/manager_parts.h"

/* A call that waits is told the end, and by the registry when the command has gone. */
static void test_watch(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *id = NULL;
    g_autoptr(HlMsgCallReply) progress = NULL;
    g_autoptr(HlMsgCallReply) end = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    id = parts_issue(parts, "e-one");
    parts_call(parts, "command watch", "command", id, NULL);
    mgr_command_calls_flush(parts->command_calls);
    progress = parts_reply(parts);
    g_assert_true(progress->more);
    mgr_command_calls_flush(parts->command_calls);
    g_assert_null(parts_reply(parts)); /* nothing changed */
    parts_report_command(parts, "e-one", 1, id, HL_STATE_FAILED);
    parts_commit(parts);
    mgr_command_calls_flush(parts->command_calls);
    end = parts_reply(parts);
    g_assert_false(end->more);
    g_assert_nonnull(strstr(end->json, "\"failed\""));
    mgr_command_calls_flush(parts->command_calls);
    g_assert_null(parts_reply(parts));
}

/* More fail at one moment than one report tells: the others come with the next, and none comes twice. */
static void test_many_failures(void)
{
    enum { ALL = 60 };
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *id = NULL;
    gsize n = 0;

    for (guint i = 0; i <= ALL; i++) {
        g_autofree char *endpoint = g_strdup_printf("e-%u", i);

        parts_add_endpoint(parts, endpoint);
        parts_birth(parts, endpoint, 1);
    }
    id = parts_issue(parts, "@office");
    parts_commit(parts);
    for (guint i = 0; i < ALL; i++) { /* the last one keeps it open */
        g_autofree char *endpoint = g_strdup_printf("e-%u", i);

        parts_report_command(parts, endpoint, 1, id, HL_STATE_FAILED);
    }
    parts_commit(parts);
    parts_call(parts, "command watch", "command", id, NULL);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(HlMsgCallReply) progress = NULL;

        mgr_command_calls_flush(parts->command_calls);
        timer_fake_advance(HL_SECOND);
        progress = parts_reply(parts);
        if (progress != NULL) {
            g_autoptr(json_t) document = json_loads(progress->json, 0, NULL);
            const json_t *failure;
            size_t k;

            json_array_foreach(json_object_get(document, "failures"), k, failure)
            {
                g_hash_table_add(told, g_strdup(json_string_value(json_object_get(failure, "endpoint"))));
                n++;
            }
        }
    }
    g_assert_cmpuint(n, ==, ALL);
    g_assert_cmpuint(g_hash_table_size(told), ==, ALL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/watch/end", test_watch);
    g_test_add_func("/manager/watch/many-failures", test_many_failures);
    return g_test_run();
}

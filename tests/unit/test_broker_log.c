/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/broker_log: which lines tell an address. */
#include <glib.h>
#include <string.h>

#include "manager/core/broker_log.h"

typedef struct {
    const char *line, *address, *client; /* NULL: says nothing */
} Case;

static void test_lines(void)
{
    static const Case cases[] = {
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7:35704 as e-1 (p5, c1, k60, u'e-1').", "192.0.2.7",
          "e-1" },
        { "2026-11-22T22:48:58: New client connected from 2001:db8::7:35704 as e-2 (p5).", "2001:db8::7", "e-2" },
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7:35704 as e-1", "192.0.2.7", "e-1" },
        { "2026-11-22T22:48:58: New client connected from somewhere:1 as e-1 (p5)", NULL, NULL },
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7 as e-1 (p5)", NULL, NULL },
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7:1 as a/b (p5)", NULL, NULL },
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7:1 as ", NULL, NULL },
        { "2026-11-22T22:48:58: New connection from 192.0.2.7:35704 on port 8883.", NULL, NULL },
        { "2026-11-22T22:48:58: Client e-1 disconnected.", NULL, NULL },
        { "", NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *address = NULL;
        g_autofree char *client = NULL;

        g_assert_cmpint(mgr_broker_log_client(cases[i].line, &address, &client), ==, cases[i].address != NULL);
        g_assert_cmpstr(address, ==, cases[i].address);
        g_assert_cmpstr(client, ==, cases[i].client);
    }
}

static void test_since(void)
{
    static const struct {
        const char *line;
        bool is_since;
    } cases[] = {
        { "2026-11-22T22:48:58: New client connected from 192.0.2.7:1 as e-1", true },
        { "2026-11-22T22:48:59: x", true },
        { "2026-11-22T22:48:57: x", false },
        { "2025-12-31T23:59:59: x", false },
        { "2027-01-01T00:00:00: x", true },
        { "2026-11-22T22:48:58:", true },
        { "2026-11-22T22:48:58", false },
        { "Warning: Mosquitto should not be run as root/administrator.", false },
        { "9999-99-99 99:99:99: x", false },
        { "", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mgr_broker_log_is_since(cases[i].line, strlen(cases[i].line), "2026-11-22T22:48:58"), ==,
                        cases[i].is_since);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/broker_log/lines", test_lines);
    g_test_add_func("/broker_log/since", test_since);
    return g_test_run();
}

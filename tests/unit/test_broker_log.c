/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/broker_log: which lines tell an address. */
#include <glib.h>

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/broker_log/lines", test_lines);
    return g_test_run();
}

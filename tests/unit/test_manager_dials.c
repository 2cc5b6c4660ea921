/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/console_state: how many dials an endpoint's own announcements cause, and what they tell. */
#include <string.h>

#include "manager/daemon/ground/now.h"
#include "tests/support/manager_parts.h"

static MgrEndpoint *add(Parts *parts)
{
    MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");

    endpoint->record.direct_port = 8844;
    parts_birth(parts, "e-one", 1);
    return endpoint;
}

static uint16_t newest_port(const Parts *parts)
{
    const PartsDial *dial;

    g_assert_cmpuint(parts->dials->len, >, 0);
    dial = parts->dials->pdata[parts->dials->len - 1];
    return (uint16_t)dial->port;
}

/* Whoever announces itself again and again, each time with another port, has the manager dial a few of them; the last
 * word is dialled when its time has come. */
static void test_limited(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *endpoint = add(parts);
    guint n;

    for (int i = 0; i < 300; i++) {
        endpoint->record.direct_port = 1000 + i;
        mgr_console_registered(parts->console, endpoint, MGR_REGISTERED_CHANGED);
    }
    n = parts->dials->len;
    g_assert_cmpuint(n, >=, 2);
    g_assert_cmpuint(n, <=, 12);
    g_assert_cmpuint(newest_port(parts), !=, 1299);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(parts->dials->len, ==, n);
    clock_fake_advance(5 * HL_SECOND);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(parts->dials->len, ==, n + 1);
    g_assert_cmpuint(newest_port(parts), ==, 1299);
    clock_fake_advance(HL_MINUTE);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(parts->dials->len, ==, n + 1);
}

/* Why an address was not reached is told where the status is explained. */
static void test_detail(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = add(parts);
    g_autofree char *address = NULL;
    g_autofree char *text = NULL;
    MgrVerdictFacts facts;

    parts_end_dial(parts, MGR_REACH_WRONG_HOST);
    facts = mgr_endpoint_facts(endpoint, &address);
    text = mgr_verdict_explain(&facts, mgr_now());
    g_assert_nonnull(strstr(text, "(wrong-host): "));
    g_assert_nonnull(strstr(text, endpoint->reach_detail));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/dials/limited", test_limited);
    g_test_add_func("/manager/dials/detail", test_detail);
    return g_test_run();
}

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

/* Anyone who announces itself again and again, each time with another port, has the manager dial a few of them; the
 * last word is dialled when its time has come. */
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
    g_auto(MgrExplanation) explanation = { 0 };
    g_autofree char *text = NULL;
    MgrVerdictFacts facts;

    parts_end_dial(parts, MGR_REACH_WRONG_HOST);
    facts = mgr_endpoint_facts(endpoint, &address);
    mgr_verdict_explain(&facts, mgr_now(), &explanation);
    text = mgr_explanation_word(&explanation);
    g_assert_nonnull(strstr(text, "(wrong-host): "));
    g_assert_nonnull(strstr(text, mgr_endpoint_contact(endpoint)->reach_detail));
}

static void apply(Parts *parts, const char *network)
{
    g_auto(MgrConsolePolicy) policy = { 0 };
    g_autoptr(GError) error = NULL;

    g_strfreev(parts->conf.unreachable);
    parts->conf.unreachable = g_strsplit(network, ",", -1);
    g_assert_true(mgr_console_policy_init(&policy, &parts->conf, &error));
    g_assert_no_error(error);
    mgr_console_apply(parts->console, &policy);
}

/* It has the settings of its group. */
static void settle(MgrEndpoint *endpoint)
{
    MgrApplied *applied = &endpoint->record.applied;

    mgr_applied_clear(applied);
    *applied = (MgrApplied){ .group = g_strdup(endpoint->group->record.name),
                             .version = endpoint->group->record.version,
                             .counter = mgr_endpoint_desired_counter(endpoint),
                             .digest = g_bytes_ref(endpoint->group->digest),
                             .path = g_strdup("update-notification"),
                             .at = hl_clock_wall() };
    g_assert_true(mgr_endpoint_has_desired(endpoint));
}

/* What the dials that wait are to tell, or-ed; they end unanswered. */
static uint8_t told(Parts *parts)
{
    uint8_t tell = 0;

    while (parts->dials->len > 0) {
        tell |= ((const PartsDial *)parts->dials->pdata[0])->tell;
        parts_end_dial(parts, MGR_REACH_TIMEOUT);
    }
    return tell;
}

/* B16: what was saved while the endpoint was in an unreachable network is told when the network is taken away, with the
 * same repetitions as any other notification; and nothing is told where nothing is missing. */
static void test_saved_while_unreachable(void)
{
    static const struct {
        bool saved, commanded;
        uint8_t told;
    } cases[] = {
        { false, false, MGR_DIAL_PING },
        { true, false, MGR_DIAL_SETTINGS },
        { false, true, MGR_DIAL_UPDATE_NOW },
        { true, true, MGR_DIAL_SETTINGS | MGR_DIAL_UPDATE_NOW },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        MgrEndpoint *endpoint;

        parts_set(parts, "office", "delivery.mode=documented");
        endpoint = add(parts);
        settle(endpoint);
        told(parts);
        apply(parts, "192.0.2.0/24");
        g_assert_true(endpoint->record.display.in_unreachable_net);
        if (cases[i].saved)
            parts_set(parts, "office", "privilege.scan=no");
        if (cases[i].commanded)
            g_free(parts_issue(parts, "e-one"));
        g_assert_cmpuint(parts->dials->len, ==, 0);
        apply(parts, "198.51.100.0/24");
        g_assert_cmpuint(told(parts), ==, cases[i].told);
        clock_fake_advance(MGR_NOTIFY_INTERVAL);
        mgr_console_tick(parts->console);
        g_assert_cmpuint(told(parts), ==, cases[i].told);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/dials/limited", test_limited);
    g_test_add_func("/manager/dials/detail", test_detail);
    g_test_add_func("/manager/dials/saved-while-unreachable", test_saved_while_unreachable);
    return g_test_run();
}

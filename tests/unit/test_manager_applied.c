/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/applied: what births and heartbeats tell of applied settings, beside a report that is being
 * stored. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

#define DIGEST "0123456789abcdef0123456789abcdef"

static HlMsgAppliedSettings applied(void)
{
    HlMsgAppliedSettings settings = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    settings.group = hl_unconst("office");
    settings.version = 1;
    settings.counter = 1;
    settings.digest.data = (guint8 *)DIGEST;
    settings.digest.len = strlen(DIGEST);
    settings.path = hl_unconst("channel");
    return settings;
}

static void tell_report(Parts *parts)
{
    HlMsgAppliedSettings settings = applied();
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &settings;
    parts_report(parts, "e-one", 1, &report);
}

static void tell_birth(Parts *parts)
{
    HlMsgAppliedSettings settings = applied();
    HlMsgLink birth = HOLDLINE__V1__LINK__INIT;

    birth.online = true;
    birth.session = 2;
    birth.boot_id = hl_unconst("b-1");
    birth.heartbeat_ms = 60000;
    birth.applied = &settings;
    parts_deliver(parts, HL_TOPIC_LINK, "e-one", &birth.base);
}

static void tell_heartbeat(Parts *parts)
{
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;

    beat.session = 1;
    beat.seq = 1;
    beat.settings_counter = 1;
    beat.settings_digest.data = (guint8 *)DIGEST;
    beat.settings_digest.len = strlen(DIGEST);
    beat.clock_ms = hl_clock_wall();
    parts_deliver(parts, HL_TOPIC_HEARTBEAT, "e-one", &beat.base);
}

/* The birth knows what is applied, a heartbeat its number, the report also when: two of them come within one commit, in
 * either order, and what memory has then a restart finds too. */
static void test_beside_report(void)
{
    static void (*const tellings[])(Parts * parts) = { tell_birth, tell_heartbeat };

    for (gsize i = 0; i < 2 * G_N_ELEMENTS(tellings); i++) {
        g_autoptr(Parts) parts = parts_new();
        MgrApplied *known;

        parts_add_endpoint(parts, "e-one");
        parts_birth(parts, "e-one", 1);
        parts_commit(parts);
        if (i < G_N_ELEMENTS(tellings))
            tell_report(parts);
        tellings[i % G_N_ELEMENTS(tellings)](parts);
        if (i >= G_N_ELEMENTS(tellings))
            tell_report(parts);
        parts_commit(parts);
        known = &mgr_fleet_endpoint(&parts->fleet, "e-one")->record.applied;
        g_assert_cmpuint(known->version, ==, 1);
        g_assert_cmpuint(known->counter, ==, 1);
        g_assert_cmpint(known->at, ==, CLOCK_FAKE_WALL);
        parts_check_registry(parts);
    }
}

/* Its interval is that of the settings which it has: of the birth's only until it takes others. */
static void test_interval(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlMsgAppliedSettings settings = applied();
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    const MgrPresence *presence;
    MgrEndpoint *endpoint;
    MgrGroup *group;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    presence = &endpoint->record.presence;
    group = endpoint->group;
    group->settings.heartbeat = 10 * HL_MINUTE;
    g_assert_cmpuint(presence->heartbeat_ms, ==, HL_MINUTE);
    tell_report(parts); /* it has others than those that it is to have */
    parts_commit(parts);
    g_assert_cmpuint(presence->heartbeat_ms, ==, HL_MINUTE);
    settings.counter = mgr_endpoint_desired_counter(endpoint);
    settings.digest.data = hl_unconst(g_bytes_get_data(group->digest, &settings.digest.len));
    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &settings;
    parts_report(parts, "e-one", 2, &report);
    parts_commit(parts);
    g_assert_cmpuint(presence->heartbeat_ms, ==, 10 * HL_MINUTE);
    mgr_tracker_flush(parts->tracker);
    parts_commit(parts);
    parts_check_registry(parts); /* a restart knows it too */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/applied/beside-report", test_beside_report);
    g_test_add_func("/manager/applied/interval", test_interval);
    return g_test_run();
}

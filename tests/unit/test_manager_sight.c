/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/arrivals and its broker: one that goes, hangs, comes back; and the manager's own coming and
 * going. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

static HlMsgManagerState *take_state(Parts *parts)
{
    return parts_take(parts, HL_TOPIC_MANAGER_STATE, "", &holdline__v1__manager_state__descriptor);
}

static void test_broker_lost(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    uint64_t epoch = parts->fleet.epoch;
    g_autoptr(HlMsgManagerState) state = NULL;
    g_autoptr(HlMsgManagerState) will = NULL;
    g_autoptr(GError) error = NULL;

    parts_add_endpoint(parts, "e-two");
    parts_pass(parts, 70);
    parts_birth(parts, "e-one", 1);
    parts_birth(parts, "e-two", 1);
    will = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, bus_fake_will(parts->bus)->payload, &error);
    g_assert_no_error(error);
    g_assert_false(will->online);
    g_assert_true(bus_fake_will(parts->bus)->retained);

    bus_fake_down(parts->bus, "gone");
    g_assert_true(mgr_arrivals_count(parts->arrivals).blind);
    for (guint i = 0; i < 3600; i++) { /* an hour, and nobody's status changes */
        clock_fake_advance(HL_SECOND);
        mgr_lines_tick(mgr_arrivals_lines(parts->arrivals));
    }
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpint(mgr_presence_reason(&endpoint->record.presence), ==, MGR_REASON_SERVER_BLIND);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/status/#"), >, 0); /* of before */

    bus_fake_forget(parts->bus);
    bus_fake_up(parts->bus);
    state = take_state(parts);
    g_assert_true(state->online);
    g_assert_cmpuint(state->epoch, >=, (uint64_t)CLOCK_FAKE_WALL); /* none that a registry set back gives again */
    g_assert_cmpuint(state->epoch, >, epoch);
    g_assert_cmpuint(state->reconnect_window_ms, ==, 2 * HL_SECOND); /* of two */
    g_assert_cmpuint(state->birth_window_ms, ==, 2 * HL_SECOND);
    mgr_status_flush(parts->status);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/status/endpoint/+"), ==, 2);
    g_assert_false(mgr_arrivals_count(parts->arrivals).blind);
    parts_birth(parts, "e-one", 2); /* one comes back, the other does not */
    parts_pass(parts, 59);
    g_assert_cmpint(parts_actual(parts, "e-two"), ==, MGR_ACTUAL_ONLINE);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        parts_beat(parts, "e-one", 2, seq);
        parts_pass(parts, 60);
    }
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    g_assert_cmpint(parts_actual(parts, "e-two"), ==, MGR_ACTUAL_OFFLINE);
    parts_check_registry(parts);
}

/* The link stands and nothing comes: asked, and then taken for lost, until something comes. */
static void test_broker_hangs(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();

    parts_pass(parts, 70);
    parts_birth(parts, "e-one", 1);
    for (guint i = 0; i < 600; i++) {
        timer_fake_advance(HL_SECOND);
        mgr_lines_tick(mgr_arrivals_lines(parts->arrivals));
    }
    g_assert_true(mgr_arrivals_count(parts->arrivals).blind);
    g_assert_cmpint(parts_actual(parts, "e-one"), ==, MGR_ACTUAL_ONLINE);
    parts_answer_echo(parts);
    g_assert_false(mgr_arrivals_count(parts->arrivals).blind);
}

/* Revoked endpoints that the registry still shows up are put out when an external broker comes back. */
static void test_revoked_at_return(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    MgrCertificateRecord record = { .serial = g_strdup("0e"),
                                    .name = g_strdup("e-one"),
                                    .kind = g_strdup(hl_cert_kind_name(HL_CERT_ENDPOINT)),
                                    .issued_at = hl_clock_wall(),
                                    .expires_at = hl_clock_wall() + HL_DAY,
                                    .revoked_at = hl_clock_wall() };

    parts_birth(parts, "e-one", 1);
    bus_fake_down(parts->bus, "gone");
    mgr_fleet_endpoint(&parts->fleet, "e-one")->record.revoked_at = hl_clock_wall();
    mgr_fleet_add_certificate(&parts->fleet, &record);
    bus_fake_up(parts->bus);
    g_assert_nonnull(bus_fake_find("e-one"));
}

static void test_goodbye(void)
{
    g_autoptr(Parts) parts = parts_new_with_endpoint();
    g_autoptr(HlBusMessage) last = NULL;
    g_autoptr(HlMsgManagerState) state = NULL;
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&parts->arrivals, mgr_arrivals_free);
    last = bus_fake_take_left("manager", "holdline/v1/manager/state");
    state = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, last->payload, &error);
    g_assert_no_error(error);
    g_assert_false(state->online);
    g_assert_true(last->retained);
    g_assert_false(mgr_down_is_up(parts->down)); /* whatever is sent now goes nowhere, and harms nobody */
    mgr_status_flush(parts->status);
}

/* Every topic of the table that is for the manager is subscribed to, and no other. */
static void test_topics(void)
{
    g_autoptr(Parts) parts = parts_new();
    const char *const *filters = bus_fake_options(parts->bus)->subscriptions;
    guint n = 0;

    for (HlTopic topic = 0; topic < HL_N_TOPICS; topic++) {
        g_autofree char *filter = hl_topic_name(topic, "+");

        g_assert_cmpint(g_strv_contains(filters, filter), ==, hl_topic_row(topic)->to_manager);
        n += hl_topic_row(topic)->to_manager;
    }
    g_assert_cmpuint(g_strv_length(hl_unconst(filters)), ==, n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/sight/broker-lost", test_broker_lost);
    g_test_add_func("/manager/sight/broker-hangs", test_broker_hangs);
    g_test_add_func("/manager/sight/revoked-at-return", test_revoked_at_return);
    g_test_add_func("/manager/sight/goodbye", test_goodbye);
    g_test_add_func("/manager/sight/topics", test_topics);
    return g_test_run();
}

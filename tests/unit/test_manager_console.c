/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/console_state: dials and their results in every order, verification, notification, a policy that
 * changes, a clock that is set, and what a restart takes up. */
#include <string.h>

#include "tests/support/manager_parts.h"

#define PORT 8844

static MgrEndpoint *add(Parts *parts, const char *id)
{
    MgrEndpoint *endpoint = parts_add_endpoint(parts, id);

    endpoint->record.direct_port = PORT;
    return endpoint;
}

/* One endpoint of a documented group, registered; its first dial was answered. */
static Parts *start(MgrEndpoint **endpoint)
{
    Parts *parts = parts_new();

    parts_set(parts, "office", "delivery.mode=documented");
    *endpoint = add(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_cmpuint(parts->dials->len, ==, 0);
    bus_fake_forget(parts->bus);
    return parts;
}

static const PartsDial *newest_dial(const Parts *parts)
{
    g_assert_cmpuint(parts->dials->len, >, 0);
    return parts->dials->pdata[parts->dials->len - 1];
}

/* Ends the n-th recorded dial before those that were ordered earlier. */
static void end_dial_early(Parts *parts, guint n, MgrReach reach)
{
    gpointer dial = g_ptr_array_steal_index(parts->dials, n);

    g_ptr_array_insert(parts->dials, 0, dial);
    parts_end_dial(parts, reach);
}

static void expect_shown(const MgrEndpoint *endpoint, MgrDisplayed shown, MgrReach reach)
{
    g_assert_cmpstr(mgr_displayed_name(endpoint->record.display.shown), ==, mgr_displayed_name(shown));
    g_assert_cmpstr(mgr_reach_name(endpoint->record.reach), ==, mgr_reach_name(reach));
}

static void restart(Parts *parts, MgrEndpoint *endpoint)
{
    mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_RESTARTED);
}

/* ------------------------------------------------------------------------------------------------ dials and results */

static void test_registration(void)
{
    static const struct {
        MgrReach reach;
        MgrDisplayed shown;
    } cases[] = {
        { MGR_REACH_REACHABLE, MGR_DISPLAYED_ONLINE },   { MGR_REACH_REFUSED, MGR_DISPLAYED_OFFLINE },
        { MGR_REACH_TIMEOUT, MGR_DISPLAYED_OFFLINE },    { MGR_REACH_NO_ROUTE, MGR_DISPLAYED_OFFLINE },
        { MGR_REACH_WRONG_HOST, MGR_DISPLAYED_OFFLINE }, { MGR_REACH_NOT_PROBED, MGR_DISPLAYED_ONLINE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        MgrEndpoint *endpoint = add(parts, "e-one");
        const PartsDial *dial;

        parts_birth(parts, "e-one", 1);
        expect_shown(endpoint, MGR_DISPLAYED_ONLINE, MGR_REACH_NOT_PROBED);
        dial = newest_dial(parts);
        g_assert_cmpstr(dial->address, ==, "192.0.2.7");
        g_assert_cmpuint(dial->port, ==, PORT);
        g_assert_cmpuint(dial->tell, ==, MGR_DIAL_PING);
        g_assert_cmpint(dial->lane, ==, MGR_LANE_FIRST);
        parts_end_dial(parts, cases[i].reach);
        expect_shown(endpoint, cases[i].shown, cases[i].reach);
        parts_check_registry(parts);
    }
}

/* It does not listen: nothing to dial, and nothing learnt. */
static void test_no_port(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");

    parts_birth(parts, "e-one", 1);
    g_assert_cmpuint(parts->dials->len, ==, 0);
    expect_shown(endpoint, MGR_DISPLAYED_OFFLINE, MGR_REACH_NOT_PROBED);
}

/* Two dials under way: only the newer one counts, whichever ends first. */
static void test_overtaken(void)
{
    for (guint older_first = 0; older_first < 2; older_first++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);

        restart(parts, endpoint);
        restart(parts, endpoint);
        g_assert_cmpuint(parts->dials->len, ==, 2);
        if (older_first == 1) {
            parts_end_dial(parts, MGR_REACH_TIMEOUT);
            expect_shown(endpoint, MGR_DISPLAYED_ONLINE, MGR_REACH_REACHABLE);
            g_assert_true(endpoint->record.display.dialling);
            parts_end_dial(parts, MGR_REACH_REFUSED);
            expect_shown(endpoint, MGR_DISPLAYED_OFFLINE, MGR_REACH_REFUSED);
        } else {
            end_dial_early(parts, 1, MGR_REACH_REFUSED);
            expect_shown(endpoint, MGR_DISPLAYED_OFFLINE, MGR_REACH_REFUSED);
            parts_end_dial(parts, MGR_REACH_REACHABLE);
            expect_shown(endpoint, MGR_DISPLAYED_OFFLINE, MGR_REACH_REFUSED);
        }
        g_assert_false(endpoint->record.display.dialling);
        parts_check_registry(parts);
    }
}

/* The endpoint's own word overtakes a dial too. */
static void test_stopped_meanwhile(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    restart(parts, endpoint);
    mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_STOPPED);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_OFFLINE);
}

static void test_left_address(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    mgr_endpoint_set_addresses(&endpoint->record, "192.0.2.8,192.0.2.7");
    endpoint->record.reach = MGR_REACH_NOT_PROBED;
    parts_end_dial(parts, MGR_REACH_REACHABLE); /* somebody else's address by now */
    g_assert_cmpint(endpoint->record.reach, ==, MGR_REACH_NOT_PROBED);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.wanted, ==, MGR_NOTIFY_SETTINGS); /* told again later */
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.attempts, ==, 1);
}

static void test_removed_meanwhile(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    restart(parts, endpoint);
    mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
    parts_commit(parts);
    while (parts->dials->len > 0)
        parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_null(mgr_fleet_endpoint(&parts->fleet, "e-one"));
}

/* ---------------------------------------------------------------------------------------------------- verification */

typedef struct {
    guint done, destroyed;
} Waiter;

static void on_done(gpointer user)
{
    ((Waiter *)user)->done++;
}

static void on_destroy(gpointer user)
{
    ((Waiter *)user)->destroyed++;
}

static void verify(Parts *parts, Waiter *waiter)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_sorted_endpoints(&parts->fleet);

    mgr_console_verify(parts->console, endpoints, on_done, waiter, on_destroy);
}

static void test_verification(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);
    Waiter one = { 0 };
    Waiter two = { 0 };

    add(parts, "e-two");
    parts_birth(parts, "e-two", 1);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    parts_add_endpoint(parts, "e-three"); /* never registered: not dialled, not waited for */
    verify(parts, &one);
    g_assert_cmpint(newest_dial(parts)->lane, ==, MGR_LANE_SWEEP);
    end_dial_early(parts, 1, MGR_REACH_TIMEOUT);
    g_assert_cmpuint(one.done, ==, 0);
    verify(parts, &two); /* while the first is under way */
    parts_end_dial(parts, MGR_REACH_REFUSED);
    g_assert_cmpuint(one.done, ==, 1);
    g_assert_cmpuint(one.destroyed, ==, 1);
    g_assert_cmpuint(two.done, ==, 0);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_cmpuint(two.done, ==, 1);
    g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_ONLINE);
}

/* A dial that was under way before tells nothing about now. */
static void test_verification_waits_for_its_own(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);
    Waiter waiter = { 0 };

    mgr_console_want(parts->console, endpoint, MGR_NOTIFY_SETTINGS);
    verify(parts, &waiter);
    parts_end_dial(parts, MGR_REACH_TIMEOUT);
    g_assert_cmpuint(waiter.done, ==, 0);
    g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_ONLINE);
    restart(parts, endpoint); /* overtakes it */
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_cmpuint(waiter.done, ==, 1);
}

static void test_verification_ends_anyway(void)
{
    for (guint how = 0; how < 4; how++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);
        Waiter waiter = { 0 };

        if (how == 0)
            parts->dials_refused = true; /* too many wait already */
        if (how == 1)
            endpoint->record.direct_port = 0;
        verify(parts, &waiter);
        if (how == 2) {
            parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
            parts_commit(parts);
            parts_end_dial(parts, MGR_REACH_TIMEOUT);
        }
        if (how == 3) {
            g_clear_pointer(&parts->console, mgr_console_free); /* given up, not told */
            g_assert_cmpuint(waiter.destroyed, ==, 1);
            g_assert_cmpuint(waiter.done, ==, 0);
            continue;
        }
        g_assert_cmpuint(waiter.done, ==, 1);
        g_assert_cmpuint(waiter.destroyed, ==, 1);
    }
}

/* By itself, once in the time that is configured. */
static void test_scheduled_verification(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    mgr_console_tick(parts->console);
    clock_fake_advance(HL_DAY - HL_SECOND);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(parts->dials->len, ==, 0);
    clock_fake_advance(HL_SECOND);
    mgr_console_tick(parts->console);
    mgr_console_tick(parts->console);
    g_assert_cmpuint(parts->dials->len, ==, 1);
    parts_end_dial(parts, MGR_REACH_TIMEOUT);
    g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_OFFLINE);
}

/* ---------------------------------------------------------------------------------------------------- notification */

static void tick_after(Parts *parts, HlTime duration)
{
    clock_fake_advance(duration);
    mgr_console_tick(parts->console);
}

/* B16: five times more, a quarter of an hour apart, and then it waits for its own next occasion. */
static void test_retries(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    parts_set(parts, "office", "privilege.scan=no");
    g_assert_cmpuint(newest_dial(parts)->tell, ==, MGR_DIAL_SETTINGS);
    g_assert_cmpint(newest_dial(parts)->lane, ==, MGR_LANE_FIRST);
    for (guint i = 0; i < MGR_NOTIFY_RETRIES; i++) {
        parts_end_dial(parts, MGR_REACH_TIMEOUT);
        tick_after(parts, MGR_NOTIFY_INTERVAL - HL_SECOND);
        g_assert_cmpuint(parts->dials->len, ==, 0);
        tick_after(parts, HL_SECOND);
        g_assert_cmpint(newest_dial(parts)->lane, ==, MGR_LANE_REPEAT);
    }
    parts_end_dial(parts, MGR_REACH_TIMEOUT);
    tick_after(parts, 2 * MGR_NOTIFY_INTERVAL);
    g_assert_cmpuint(parts->dials->len, ==, 0);
    parts_set(parts, "office", "privilege.scan=yes"); /* somebody saves: from the start */
    g_assert_cmpint(newest_dial(parts)->lane, ==, MGR_LANE_FIRST);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.attempts, ==, 0);
}

/* It answers, but does not take what it is told: that is a failure. */
static void test_answered_not_taken(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);
    const PartsDial *dial;

    parts_set(parts, "office", "privilege.scan=no");
    dial = newest_dial(parts);
    mgr_console_dialled(parts->console, &(MgrDialResult){ .endpoint = "e-one",
                                                          .address = dial->address,
                                                          .generation = dial->generation,
                                                          .reach = MGR_REACH_REACHABLE,
                                                          .asked = dial->tell,
                                                          .told = 0,
                                                          .detail = "" });
    expect_shown(endpoint, MGR_DISPLAYED_ONLINE, MGR_REACH_REACHABLE);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.wanted, ==, MGR_NOTIFY_SETTINGS);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.attempts, ==, 1);
}

/* Taken: then it asks for its settings, and gets them as by the dial. */
static void test_taken(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgSettingsPoll poll = HOLDLINE__V1__SETTINGS_POLL__INIT;

    parts_set(parts, "office", "privilege.scan=no");
    bus_fake_forget(parts->bus);
    parts_end_dial(parts, MGR_REACH_REACHABLE);
    g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.wanted, ==, 0);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/settings"), ==, 0);
    poll.occasion = (char *)"direct";
    report.body_case = HOLDLINE__V1__REPORT__BODY_POLL;
    report.poll = &poll;
    parts_report(parts, "e-one", 1, &report);
    parts_commit(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/settings"), ==, 1);
}

/* What was wanted before is not told to who is not notified any more. */
static void test_no_longer_notified(void)
{
    static const char *const changes[] = { "delivery.mode=channel", "mode.independent=yes" };

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);

        parts_set(parts, "office", "privilege.scan=no");
        parts_end_dial(parts, MGR_REACH_TIMEOUT);
        endpoint->record.display.independent = i == 1;
        parts_set(parts, "office", changes[i]);
        tick_after(parts, MGR_NOTIFY_INTERVAL);
        g_assert_cmpuint(parts->dials->len, ==, 0);
        g_assert_cmpuint(mgr_endpoint_contact(endpoint)->notify.wanted, ==, 0);
    }
}

/* --------------------------------------------------------------------------------------------- policy, clock, start */

static void apply(Parts *parts, const char *networks)
{
    g_auto(MgrConsolePolicy) policy = { 0 };
    g_autoptr(GError) error = NULL;

    g_strfreev(parts->conf.unreachable);
    parts->conf.unreachable = *networks != '\0' ? g_strsplit(networks, ",", -1) : g_new0(char *, 1);
    g_assert_true(mgr_console_policy_init(&policy, &parts->conf, &error));
    g_assert_no_error(error);
    mgr_console_apply(parts->console, &policy);
}

#define NOTHING_TOLD 1

static uint32_t told_poll(Parts *parts)
{
    g_autoptr(HlMsgAck) ack = NULL;

    mgr_delivery_flush_acks(parts->delivery);
    ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    return ack != NULL ? ack->poll_ms : NOTHING_TOLD;
}

static void test_policy(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    g_assert_cmpuint(told_poll(parts), ==, 0); /* at its birth */
    apply(parts, "198.51.100.0/24");
    g_assert_cmpint(endpoint->record.display.in_unreachable_net, ==, false);
    g_assert_cmpuint(told_poll(parts), ==, NOTHING_TOLD); /* of 15,000 that are not there each would be signed */
    apply(parts, "198.51.100.0/24,192.0.2.0/24");
    g_assert_cmpint(endpoint->record.display.in_unreachable_net, ==, true);
    expect_shown(endpoint, MGR_DISPLAYED_UNREACHABLE_ONLINE, MGR_REACH_NOT_PROBED);
    g_assert_cmpuint(told_poll(parts), ==, 30 * HL_MINUTE);
    g_assert_cmpuint(parts->dials->len, ==, 0);
    parts_check_registry(parts);
    apply(parts, "");
    g_assert_cmpuint(told_poll(parts), ==, 0);
    g_assert_cmpuint(parts->dials->len, ==, 1); /* judged by the dial from now on */
    parts_end_dial(parts, MGR_REACH_REFUSED);
    expect_shown(endpoint, MGR_DISPLAYED_OFFLINE, MGR_REACH_REFUSED);
    parts_check_registry(parts);
}

/* In an unreachable network a dial that was under way says nothing any more. */
static void test_entered_meanwhile(void)
{
    MgrEndpoint *endpoint;
    g_autoptr(Parts) parts = start(&endpoint);

    restart(parts, endpoint);
    apply(parts, "192.0.2.0/24");
    parts_end_dial(parts, MGR_REACH_TIMEOUT);
    expect_shown(endpoint, MGR_DISPLAYED_UNREACHABLE_ONLINE, MGR_REACH_NOT_PROBED);
    tick_after(parts, 61 * HL_MINUTE);
    g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_UNREACHABLE_OFFLINE);
}

static void test_bad_policy(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrConf conf = parts->conf;
    char *bad_network[] = { (char *)"300.0.0.0/8", NULL };
    const struct {
        int64_t inactive, removed;
        HlTime heartbeat, poll, offline;
        char **networks;
        bool good;
    } cases[] = {
        { 30, 0, 10 * HL_MINUTE, 30 * HL_MINUTE, HL_HOUR, conf.unreachable, true },
        { 30, 30, 10 * HL_MINUTE, 30 * HL_MINUTE, HL_HOUR, conf.unreachable, true },
        { 30, 29, 10 * HL_MINUTE, 30 * HL_MINUTE, HL_HOUR, conf.unreachable, false },
        { 30, 0, 10 * HL_MINUTE + 1, 30 * HL_MINUTE, HL_HOUR, conf.unreachable, false },
        { 30, 0, 10 * HL_MINUTE, 29 * HL_MINUTE, HL_HOUR, conf.unreachable, false },
        { 30, 0, 10 * HL_MINUTE, 30 * HL_MINUTE, 10 * HL_MINUTE, conf.unreachable, false },
        { 30, 0, 10 * HL_MINUTE, 30 * HL_MINUTE, HL_HOUR, bad_network, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MgrConsolePolicy) policy = { 0 };
        g_autoptr(GError) error = NULL;

        conf.inactive_days = cases[i].inactive;
        conf.remove_days = cases[i].removed;
        conf.unreachable_heartbeat = cases[i].heartbeat;
        conf.unreachable_poll = cases[i].poll;
        conf.unreachable_offline = cases[i].offline;
        conf.unreachable = cases[i].networks;
        g_assert_cmpint(mgr_console_policy_init(&policy, &conf, &error), ==, cases[i].good);
        g_assert_true((error == NULL) == cases[i].good);
    }
}

/* Somebody sets the clock: nobody turns Inactive, nothing is verified early or late, and a restart finds the same
 * silence. */
static void test_clock(void)
{
    static const HlTime steps[] = { 40 * HL_DAY, -40 * HL_DAY, 6 * HL_SECOND, -6 * HL_SECOND };

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);
        HlTime contact = endpoint->record.display.contact_wall;

        tick_after(parts, HL_SECOND);
        clock_fake_jump_wall(steps[i]);
        tick_after(parts, HL_SECOND);
        g_assert_cmpint(endpoint->record.display.contact_wall, ==, contact + steps[i]);
        g_assert_cmpint(endpoint->record.display.shown, ==, MGR_DISPLAYED_ONLINE);
        g_assert_cmpuint(parts->dials->len, ==, 0);
        tick_after(parts, HL_DAY - 3 * HL_SECOND);
        g_assert_cmpuint(parts->dials->len, ==, 0);
        tick_after(parts, 3 * HL_SECOND);
        g_assert_cmpuint(parts->dials->len, ==, 1);
        clock_fake_jump_wall(-steps[i]); /* and back */
        tick_after(parts, HL_SECOND);
        g_assert_cmpint(endpoint->record.display.contact_wall, ==, contact);
        parts_check_registry(parts);
    }
}

typedef struct {
    guint pings, tells;
} Restarted;

static bool count_dial(const MgrDial *dial, gpointer user)
{
    Restarted *restarted = user;

    restarted->pings += dial->tell == MGR_DIAL_PING;
    restarted->tells |= dial->tell;
    return true;
}

/* What was under way when the manager ended is taken up: the dial after a registration, settings and commands that are
 * missing. */
static void test_start(void)
{
    for (guint dialling = 0; dialling < 2; dialling++) {
        for (guint command = 0; command < 2; command++) {
            MgrEndpoint *endpoint;
            g_autoptr(Parts) parts = start(&endpoint);
            MgrFleet fleet = { 0 };
            Restarted restarted = { 0 };
            g_autoptr(MgrConsole) console = NULL;
            g_auto(MgrConsolePolicy) policy = { 0 };

            if (command == 1)
                g_free(parts_issue(parts, "e-one"));
            if (dialling == 1)
                restart(parts, endpoint);
            mgr_write_endpoint_registration(mgr_record_background(parts->record), &endpoint->record);
            parts_load(parts, &fleet);
            console = mgr_console_new(
                &(MgrConsoleOptions){ &fleet, parts->record, parts->status, parts->delivery, count_dial, &restarted });
            g_assert_true(mgr_console_policy_init(&policy, &parts->conf, NULL));
            mgr_console_apply(console, &policy);
            mgr_console_start(console);
            g_assert_cmpuint(restarted.pings, ==, dialling);
            g_assert_cmpuint(restarted.tells & MGR_DIAL_SETTINGS, ==, MGR_DIAL_SETTINGS);
            g_assert_cmpuint(mgr_endpoint_contact(mgr_fleet_endpoint(&fleet, "e-one"))->notify.wanted &
                                 MGR_NOTIFY_UPDATE_NOW,
                             ==, command == 1 ? MGR_NOTIFY_UPDATE_NOW : 0);
            mgr_fleet_clear(&fleet);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/console/registration", test_registration);
    g_test_add_func("/manager/console/no-port", test_no_port);
    g_test_add_func("/manager/console/overtaken", test_overtaken);
    g_test_add_func("/manager/console/stopped-meanwhile", test_stopped_meanwhile);
    g_test_add_func("/manager/console/left-address", test_left_address);
    g_test_add_func("/manager/console/removed-meanwhile", test_removed_meanwhile);
    g_test_add_func("/manager/console/verification", test_verification);
    g_test_add_func("/manager/console/verification-waits-for-its-own", test_verification_waits_for_its_own);
    g_test_add_func("/manager/console/verification-ends-anyway", test_verification_ends_anyway);
    g_test_add_func("/manager/console/scheduled-verification", test_scheduled_verification);
    g_test_add_func("/manager/console/retries", test_retries);
    g_test_add_func("/manager/console/answered-not-taken", test_answered_not_taken);
    g_test_add_func("/manager/console/taken", test_taken);
    g_test_add_func("/manager/console/no-longer-notified", test_no_longer_notified);
    g_test_add_func("/manager/console/policy", test_policy);
    g_test_add_func("/manager/console/entered-meanwhile", test_entered_meanwhile);
    g_test_add_func("/manager/console/bad-policy", test_bad_policy);
    g_test_add_func("/manager/console/clock", test_clock);
    g_test_add_func("/manager/console/start", test_start);
    return g_test_run();
}

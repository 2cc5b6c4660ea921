/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/fence and lookout: brokers of one site that do not know each other. */
#include <string.h>

#include "manager/daemon/state/fence.h"
#include "manager/site/site.h"
#include "proto/wire.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

typedef struct {
    Parts *parts;
    MgrFence *fence;
} World;

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, &error));
    g_assert_no_error(error);
}

static void set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    world->parts = parts_new();
    set_conf(world->parts, "broker.mode", "external");
    set_conf(world->parts, "broker.addresses", "one:1,two:1");
    world->fence =
        mgr_fence_new(&(MgrFenceOptions){ .dir = world->parts->dir, .conf = &world->parts->conf, .lock = -1 });
    mgr_fence_serve(world->fence, 500);
}

static void tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    mgr_fence_free(world->fence);
    parts_free(world->parts);
}

static void tick(const World *world, bool is_up)
{
    mgr_fence_tick(world->fence, is_up, (const char *const *)world->parts->conf.broker_addresses);
}

/* The look at an address; NULL: there is none. */
static HlBus *look(const char *address)
{
    return bus_fake_find_prefix("lookout-", address);
}

static void say_alive(const World *world, HlBus *at)
{
    const MgrFencePeer *self = mgr_fence_self(world->fence);
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;

    state.online = true;
    state.instance = self->instance;
    state.epoch = self->epoch;
    payload = HL_WIRE_ENCODE(&state);
    bus_fake_deliver(at, &(HlBusMessage){ .topic = "holdline/v1/manager/alive", .payload = payload });
}

static gboolean on_marker(gpointer user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

/* A step of the look, whose timer is GLib's own: one that is due later has fired behind it. */
static void step(void)
{
    g_autoptr(GSource) marker = g_timeout_source_new(25);
    bool fired = false;

    g_source_set_callback(marker, on_marker, &fired, NULL);
    g_source_attach(marker, NULL);
    while (!fired)
        g_main_context_iteration(NULL, TRUE);
}

static void begin_look(World *world)
{
    tick(world, true);
    timer_fake_advance(14 * HL_SECOND);
    tick(world, true);
    g_assert_null(look("one:1"));
    timer_fake_advance(HL_SECOND);
    tick(world, true);
    g_assert_nonnull(look("one:1"));
    g_assert_nonnull(look("two:1"));
}

/* Heard at one, not at the other; heard again five minutes later. */
static void test_split(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    begin_look(world);
    bus_fake_up(look("one:1"));
    bus_fake_up(look("two:1"));
    say_alive(world, look("one:1"));
    timer_fake_advance(9 * HL_SECOND);
    step();
    g_assert_null(mgr_fence_split(world->fence));
    timer_fake_advance(HL_SECOND);
    step();
    g_assert_nonnull(strstr(mgr_fence_split(world->fence), "what endpoints say at two:1 is not heard"));
    g_assert_null(look("one:1"));
    timer_fake_advance(5 * HL_MINUTE);
    tick(world, true);
    for (guint i = 0; i < 2; i++) {
        HlBus *at = look(i == 0 ? "one:1" : "two:1");

        bus_fake_up(at);
        say_alive(world, at);
    }
    step();
    g_assert_null(mgr_fence_split(world->fence));
}

/* An address where nobody answers tells nothing, and neither does a look that the link did not outlive. */
static void test_no_alarm(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    begin_look(world);
    bus_fake_up(look("one:1"));
    say_alive(world, look("one:1"));
    bus_fake_fail(look("two:1"), "connection refused", 100);
    step();
    g_assert_null(mgr_fence_split(world->fence));
    g_assert_null(look("one:1"));
    timer_fake_advance(5 * HL_MINUTE);
    tick(world, true);
    bus_fake_up(look("one:1"));
    bus_fake_up(look("two:1"));
    tick(world, false); /* the link is lost */
    g_assert_null(look("one:1"));
    timer_fake_advance(HL_MINUTE);
    tick(world, true); /* it is back, and has to settle */
    g_assert_null(look("one:1"));
    g_assert_null(mgr_fence_split(world->fence));
}

/* With one address there is nothing to compare. */
static void test_not_needed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    set_conf(world->parts, "broker.addresses", "one:1");
    for (guint second = 0; second < 30; second++) {
        timer_fake_advance(HL_SECOND);
        tick(world, true);
        g_assert_null(look("one:1"));
    }
}

/* Where endpoints are told to go counts, not what manager.conf has said since the enrolment; other places are looked at
 * soon. */
static void test_told(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const told[] = { "three:1", "four:1", NULL };

    begin_look(world);
    bus_fake_up(look("one:1"));
    bus_fake_up(look("two:1"));
    for (guint i = 0; i < 2; i++)
        say_alive(world, look(i == 0 ? "one:1" : "two:1"));
    step();
    timer_fake_advance(HL_SECOND);
    mgr_fence_tick(world->fence, true, told);
    g_assert_null(look("one:1"));
    g_assert_nonnull(look("three:1"));
    g_assert_nonnull(look("four:1"));
}

static void on_clear(gpointer user)
{
    *(bool *)user = true;
}

static void put_server_certificate(const Parts *parts, HlTime end)
{
    static const char *const names[] = { "localhost", NULL };
    HlCertSpec spec = {
        .cn = "server", .kind = HL_CERT_SERVER, .names = names, .not_before = hl_clock_wall(), .not_after = end
    };
    g_auto(MgrAuthority) authority = { 0 };
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_authority_open(&authority, parts->dir, &error));
    g_assert_true(
        mgr_authority_issue_files(&authority, parts->dir, "pki/server.pem", "pki/server.key", &spec, &record, &error));
    g_assert_no_error(error);
}

static void fail_for_authority(HlBus *bus, HlTime shown_end)
{
    bus_fake_show(bus, shown_end);
    bus_fake_fail_for(bus, HL_CAUSE_OTHER_AUTHORITY, "not issued by the authority", 100);
}

/* A copy from before the authority was replaced, which no broker lets in: it says so, and gives the broker nothing.  A
 * broker that has not read of the new one shows an earlier certificate, and is given the later one. */
static void test_other_authority(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    HlTime own = 400 * HL_DAY + hl_clock_wall() / HL_DAY * HL_DAY;
    bool is_clear = false;
    g_autoptr(MgrFence) fence = NULL;

    put_server_certificate(world->parts, own);
    fence = mgr_fence_new(&(MgrFenceOptions){ .dir = world->parts->dir, .conf = &world->parts->conf, .lock = -1 });
    mgr_fence_look(fence, on_clear, &is_clear);
    fail_for_authority(look("one:1"), own + HL_DAY);
    fail_for_authority(look("two:1"), own + HL_DAY);
    step();
    g_assert_nonnull(strstr(mgr_fence_outdated(fence), "the server at one:1 shows a certificate of an authority that "
                                                       "this site does not have, and that ends later"));
    g_assert_cmpstr(mgr_fence_split(fence), ==, mgr_fence_outdated(fence));
    g_assert_false(is_clear);
    timer_fake_advance(5 * HL_SECOND);
    fail_for_authority(look("one:1"), own - HL_DAY);
    fail_for_authority(look("two:1"), own - HL_DAY);
    step();
    g_assert_null(mgr_fence_outdated(fence));
    g_assert_nonnull(strstr(mgr_fence_split(fence), "have it read the site's pki/ca.pem and pki/server.pem"));
    timer_fake_advance(5 * HL_SECOND);
    bus_fake_up(look("one:1"));
    fail_for_authority(look("two:1"), own + HL_DAY);
    timer_fake_advance(5 * HL_SECOND);
    step();
    g_assert_true(is_clear);
    g_assert_null(
        mgr_fence_outdated(fence)); /* it is let in: who has the other address keeps nothing from the broker */
    g_assert_nonnull(strstr(mgr_fence_split(fence), "the server at two:1"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/manager/split/noticed", World, NULL, set_up, test_split, tear_down);
    g_test_add("/manager/split/no-alarm", World, NULL, set_up, test_no_alarm, tear_down);
    g_test_add("/manager/split/not-needed", World, NULL, set_up, test_not_needed, tear_down);
    g_test_add("/manager/split/told", World, NULL, set_up, test_told, tear_down);
    g_test_add("/manager/split/other-authority", World, NULL, set_up, test_other_authority, tear_down);
    return g_test_run();
}

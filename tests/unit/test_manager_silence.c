/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/console_state: the silence that a restart finds, by what the registry has of it. */
#include "tests/support/manager_parts.h"

static Parts *start(MgrEndpoint **endpoint)
{
    Parts *parts = parts_new();

    *endpoint = parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    return parts;
}

static void tick_after(Parts *parts, HlTime duration)
{
    clock_fake_advance(duration);
    mgr_console_tick(parts->console);
}

static bool drop_dial(const MgrDial *dial G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    return true;
}

static void beat(Parts *parts, uint64_t seq)
{
    HlMsgHeartbeat message = HOLDLINE__V1__HEARTBEAT__INIT;

    message.session = 1;
    message.seq = seq;
    message.clock_ms = (uint64_t)hl_clock_wall();
    parts_deliver(parts, HL_TOPIC_HEARTBEAT, "e-one", &message.base);
}

/* How long a manager that starts now takes the endpoint to have been silent before. */
static HlTime silence_after_restart(Parts *parts)
{
    MgrFleet fleet = { 0 };
    const MgrDisplay *display;
    HlTime silence;
    g_autoptr(MgrConsole) console = NULL;

    parts_load(parts, &fleet);
    console =
        mgr_console_new(&(MgrConsoleOptions){ &fleet, parts->record, parts->status, parts->delivery, drop_dial, NULL });
    mgr_console_start(console);
    display = &mgr_fleet_endpoint(&fleet, "e-one")->record.display;
    silence = hl_clock_mono() - display->alive_mono;
    mgr_fleet_clear(&fleet);
    return silence;
}

/* No dial reached it for 40 days, and its line alone says that it lives: a restart knows that, if the manager was
 * stopped right after the heartbeat and if somebody had set the clock. */
static void test_kept_by_its_line(void)
{
    static const HlTime steps[] = { 0, 40 * HL_DAY, -40 * HL_DAY };

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);

        clock_fake_advance(40 * HL_DAY);
        mgr_console_tick(parts->console);
        tick_after(parts, 5 * HL_SECOND);
        beat(parts, 1);
        g_assert_cmpint(silence_after_restart(parts), <=, MGR_ALIVE_EVERY);
        clock_fake_jump_wall(steps[i]);
        tick_after(parts, HL_SECOND);
        g_assert_cmpint(endpoint->record.presence.seen_wall, ==, hl_clock_wall() - HL_SECOND);
        g_assert_cmpint(silence_after_restart(parts), <=, MGR_ALIVE_EVERY);
        tick_after(parts, 15 * HL_SECOND);
        g_assert_cmpint(silence_after_restart(parts), ==, 16 * HL_SECOND);
        clock_fake_jump_wall(-steps[i]); /* and back; it is heard before the tick sees that */
        beat(parts, 2);
        tick_after(parts, HL_SECOND);
        g_assert_cmpint(endpoint->record.presence.seen_wall, ==, hl_clock_wall() - HL_SECOND);
        g_assert_cmpint(silence_after_restart(parts), <=, MGR_ALIVE_EVERY);
    }
}

/* A manager that starts now, on what memory has of the registry. */
static MgrConsole *restart(Parts *parts, MgrEndpoint *endpoint)
{
    MgrConsole *console = mgr_console_new(
        &(MgrConsoleOptions){ &parts->fleet, parts->record, parts->status, parts->delivery, drop_dial, NULL });

    (void)mgr_presence_restore(&endpoint->record.presence, mgr_now());
    mgr_console_start(console);
    return console;
}

static void jump(MgrConsole *console, HlTime step)
{
    clock_fake_jump_wall(step);
    clock_fake_advance(HL_SECOND);
    mgr_console_tick(console);
}

/* Somebody sets the clock of a manager to another day, and right again after a while: an endpoint that was silent from
 * before its start is as silent as it is, now and for a restart.  `behind`: how far the clock is off at the start. */
static void test_silent_all_along(void)
{
    static const struct {
        HlTime behind;
        HlTime steps[4];
    } cases[] = {
        { 0, { 60 * HL_DAY, -60 * HL_DAY } },
        { 0, { -60 * HL_DAY, 60 * HL_DAY } },
        { 0, { -60 * HL_DAY, 30 * HL_DAY, 30 * HL_DAY } },
        { 60 * HL_DAY, { 60 * HL_DAY } },
        { 60 * HL_DAY, { 30 * HL_DAY, 30 * HL_DAY } },
        { 60 * HL_DAY, { 60 * HL_DAY, -60 * HL_DAY, 60 * HL_DAY } },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrEndpoint *endpoint;
        g_autoptr(Parts) parts = start(&endpoint);
        g_autoptr(MgrConsole) console = NULL;
        HlTime contact = endpoint->record.display.contact_wall;
        HlTime seen = endpoint->record.presence.seen_wall;
        HlTime heard = hl_clock_mono();

        tick_after(parts, 20 * HL_DAY);
        clock_fake_jump_wall(-cases[i].behind);
        console = restart(parts, endpoint);
        mgr_console_tick(console);
        for (gsize j = 0; j < G_N_ELEMENTS(cases[i].steps) && cases[i].steps[j] != 0; j++)
            jump(console, cases[i].steps[j]);
        g_assert_cmpint(endpoint->record.display.contact_wall, ==, contact);
        g_assert_cmpint(endpoint->record.presence.seen_wall, ==, seen);
        g_assert_cmpint(endpoint->record.presence.seen_mono, ==, heard);
        g_assert_cmpint(hl_clock_mono() - endpoint->record.display.alive_mono, <=, 20 * HL_DAY + HL_MINUTE);
        g_assert_cmpint(hl_clock_mono() - endpoint->record.display.alive_mono, >=, 20 * HL_DAY);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/silence/kept-by-its-line", test_kept_by_its_line);
    g_test_add_func("/manager/silence/silent-all-along", test_silent_all_along);
    return g_test_run();
}

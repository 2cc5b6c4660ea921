/* SPDX-License-Identifier: Apache-2.0 */
/* The documented behaviour, one test a rule: /documented/B01 ... B14, B16.  docs/documented-behaviour.md lists them.
 * (B15 and B17 to B20: test_documented_update.c.) */
#include <string.h>

#include "tests/scenario/world.h"

static void b01_registers_its_own_address(void)
{
    World w;
    Peer *open, *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    open = world_install(&w, PEER_OPEN, "10.0.0.5");
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    g_assert_cmpuint(open->dials, ==, 1);
    g_assert_cmpuint(nated->dials, ==, 1); /* its private address, which leads nowhere */
    peer_shows(open, MGR_DISPLAYED_ONLINE);
    peer_shows(nated, MGR_DISPLAYED_OFFLINE);
    peer_move(&w, open, PEER_OPEN, "10.0.0.6"); /* DHCP: registers again, is dialled again */
    g_assert_cmpuint(open->dials, ==, 2);
    peer_shows(open, MGR_DISPLAYED_ONLINE);
    world_clear(&w);
}

static void b02_failed_dial_shows_offline(void)
{
    World w;
    g_autofree char *why = NULL;
    Peer *nated, *printer;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    printer = world_install(&w, PEER_BESIDE_PRINTER, "192.168.1.10");
    world_run(&w, 12 * HL_SECOND + HL_DAY);
    peer_shows(nated, MGR_DISPLAYED_OFFLINE);
    peer_is(nated, MGR_ACTUAL_ONLINE);
    peer_judged(nated, MGR_VERDICT_HIDDEN_BY_NAT);
    peer_shows(printer, MGR_DISPLAYED_OFFLINE);
    peer_judged(printer, MGR_VERDICT_WRONG_HOST);
    why = peer_explain(&w, nated);
    g_assert_true(g_str_has_prefix(why, "shown Offline because 192.168.1.20:61000 did not answer (timeout); the "
                                        "endpoint's own line is up, last heartbeat "));
    world_clear(&w);
}

static void b03_no_push_through_nat(void)
{
    World w;
    Peer *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    world_save(&w, true);
    world_command(&w, nated);
    world_run(&w, 2 * HL_DAY);
    g_assert_cmpuint(nated->applied, ==, 1);
    g_assert_cmpuint(nated->commands_run, ==, 0);
    world_clear(&w);
}

static void b04_settings_come_with_update_notification(void)
{
    World w;
    Peer *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    world_save(&w, true);
    peer_restart(&w, nated); /* does queued work, takes no settings */
    peer_log(&w, nated);
    world_run(&w, HL_DAY);
    g_assert_false(nated->may_update);
    peer_update(&w, nated);
    g_assert_true(nated->may_update);
    g_assert_cmpstr(mgr_path_name(nated->applied_by), ==, "update-notification");
    world_clear(&w);
}

static void b05_privileges_travel_in_the_bundle(void)
{
    World w;
    Peer *before, *after;

    world_init(&w, MGR_BY_DOCUMENT);
    before = world_install(&w, PEER_NATED, "192.168.1.20");
    world_save(&w, true);
    after = world_install(&w, PEER_NATED, "192.168.1.21");
    world_run(&w, HL_DAY);
    g_assert_true(after->may_update);
    g_assert_cmpstr(mgr_path_name(after->applied_by), ==, "bundle");
    g_assert_false(before->may_update); /* and no push can give it */
    world_clear(&w);
}

static void b06_mixed_network(void)
{
    World w;
    Peer *open, *nated, *later;

    world_init(&w, MGR_BY_DOCUMENT);
    open = world_install(&w, PEER_OPEN, "10.0.0.5");
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    world_save(&w, true);
    g_assert_true(open->may_update); /* at once */
    g_assert_cmpstr(mgr_path_name(open->applied_by), ==, "direct");
    g_assert_false(nated->may_update);
    later = world_install(&w, PEER_OPEN, "10.0.0.6");
    g_assert_true(later->may_update);
    world_command(&w, open);
    world_command(&w, nated);
    g_assert_cmpuint(open->commands_run, ==, 1);
    g_assert_cmpuint(nated->commands_run, ==, 0);
    world_clear(&w);
}

static void b07_flashes_online(void)
{
    World w;
    Peer *open, *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    open = world_install(&w, PEER_OPEN, "10.0.0.5");
    g_assert_cmpstr(nated->trail->str, ==, "Online Offline");
    peer_restart(&w, nated);
    g_assert_cmpstr(nated->trail->str, ==, "Online Offline Online Offline");
    peer_restart(&w, open);
    g_assert_cmpstr(open->trail->str, ==, "Online");
    world_clear(&w);
}

static void b08_update_and_log_show_nothing(void)
{
    World w;
    Peer *nated, *open;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    open = world_install(&w, PEER_OPEN, "10.0.0.5");
    peer_stop(&w, open);
    for (int day = 0; day < 3; day++) {
        peer_update(&w, nated);
        peer_log(&w, nated);
        peer_log(&w, open); /* what a stopping program still uploads */
        world_run(&w, HL_HOUR);
    }
    g_assert_cmpuint(nated->updates, ==, 3);
    g_assert_cmpstr(nated->trail->str, ==, "Online Offline");
    g_assert_cmpstr(open->trail->str, ==, "Online Offline");
    world_clear(&w);
}

static void b09_occasions_of_queued_work(void)
{
    World w;
    Peer *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    world_command(&w, nated);
    peer_log(&w, nated);
    peer_resume(&w, nated);
    world_run(&w, HL_DAY);
    g_assert_cmpuint(nated->commands_run, ==, 0);
    peer_restart(&w, nated);
    g_assert_cmpuint(nated->commands_run, ==, 1);
    world_command(&w, nated);
    peer_update(&w, nated);
    g_assert_cmpuint(nated->commands_run, ==, 2);
    world_command(&w, nated);
    peer_move(&w, nated, PEER_NATED, "192.168.1.77"); /* registers */
    g_assert_cmpuint(nated->commands_run, ==, 3);
    world_clear(&w);
}

static void b10_ghost_online(void)
{
    World w;
    g_autofree char *why = NULL;
    Peer *killed, *stopped, *gone;

    world_init(&w, MGR_BY_DOCUMENT);
    killed = world_install(&w, PEER_OPEN, "10.0.0.5");
    stopped = world_install(&w, PEER_OPEN, "10.0.0.6");
    gone = world_install(&w, PEER_OPEN, "10.0.0.7");
    peer_kill(&w, killed);
    peer_stop(&w, stopped);
    peer_uninstall(&w, gone);
    peer_shows(stopped, MGR_DISPLAYED_OFFLINE);
    peer_judged(stopped, MGR_VERDICT_AGREE_OFFLINE);
    peer_shows(gone, MGR_DISPLAYED_OFFLINE);
    g_assert_true(gone->display.removed);
    world_run(&w, 23 * HL_HOUR);
    peer_shows(killed, MGR_DISPLAYED_ONLINE);
    peer_is(killed, MGR_ACTUAL_OFFLINE);
    peer_judged(killed, MGR_VERDICT_GHOST_ONLINE);
    why = peer_explain(&w, killed);
    g_assert_cmpstr(why, ==,
                    "shown Online because 10.0.0.5:61000 answered with this endpoint's certificate (reachable); the "
                    "endpoint's own line was lost 23 h 0 min ago");
    world_verify(&w);
    peer_shows(killed, MGR_DISPLAYED_OFFLINE);
    peer_judged(killed, MGR_VERDICT_AGREE_OFFLINE);
    g_assert_cmpuint(gone->dials, ==, 1); /* a tombstone is not verified */
    world_clear(&w);
}

/* An endpoint that could be dialled roams behind a NAT without a restart: Online until the verification looks. */
static void b11_verification_causes_false_offline(void)
{
    World w;
    Peer *roams;

    world_init(&w, MGR_BY_DOCUMENT);
    roams = world_install(&w, PEER_OPEN, "10.0.0.5");
    roams->place = PEER_NATED;
    world_run(&w, HL_HOUR);
    peer_judged(roams, MGR_VERDICT_AGREE_ONLINE);
    world_verify(&w);
    peer_shows(roams, MGR_DISPLAYED_OFFLINE);
    peer_is(roams, MGR_ACTUAL_ONLINE);
    peer_judged(roams, MGR_VERDICT_HIDDEN_BY_NAT);
    world_clear(&w);
}

static void b12_resume_sends_no_notice(void)
{
    World w;
    Peer *sleeper;

    world_init(&w, MGR_BY_DOCUMENT);
    sleeper = world_install(&w, PEER_OPEN, "10.0.0.5");
    peer_kill(&w, sleeper); /* hibernates */
    world_verify(&w);
    world_run(&w, HL_HOUR);
    peer_resume(&w, sleeper);
    world_run(&w, HL_HOUR);
    peer_is(sleeper, MGR_ACTUAL_ONLINE);
    peer_shows(sleeper, MGR_DISPLAYED_OFFLINE);
    world_verify(&w); /* can be dialled, so this repairs it */
    peer_shows(sleeper, MGR_DISPLAYED_ONLINE);
    world_clear(&w);
}

static void b13_unreachable_networks(void)
{
    World w;
    Peer *inside, *outside;
    guint dials;

    world_init(&w, MGR_BY_DOCUMENT);
    g_assert_true(hl_network_parse("192.168.0.0/16", &w.range, NULL));
    w.unreachable.n_ranges = 1;
    inside = world_install(&w, PEER_NATED, "192.168.1.20");
    outside = world_install(&w, PEER_NATED, "10.9.9.9");
    dials = inside->dials;
    peer_shows(inside, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    peer_judged(inside, MGR_VERDICT_AGREE_ONLINE);
    peer_shows(outside, MGR_DISPLAYED_OFFLINE);
    world_save(&w, true);
    world_verify(&w);
    inside->polled = w.now.mono;
    world_run(&w, 29 * HL_MINUTE); /* heartbeats carry no work */
    g_assert_false(inside->may_update);
    world_run(&w, 2 * HL_MINUTE);
    g_assert_true(inside->may_update);
    g_assert_cmpstr(mgr_path_name(inside->applied_by), ==, "poll");
    g_assert_cmpuint(inside->dials, ==, dials);
    g_assert_cmpuint(inside->notifications, ==, 0);
    peer_kill(&w, inside);
    world_run(&w, 49 * HL_MINUTE);
    peer_shows(inside, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    world_run(&w, 11 * HL_MINUTE);
    peer_shows(inside, MGR_DISPLAYED_UNREACHABLE_OFFLINE);
    peer_resume(&w, inside);
    world_run(&w, HL_MINUTE); /* the heartbeat, without any notice */
    peer_shows(inside, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    peer_move(&w, inside, PEER_OPEN, "10.0.0.5"); /* its own address decides */
    peer_shows(inside, MGR_DISPLAYED_ONLINE);
    world_clear(&w);
}

static void b14_independent(void)
{
    World w;
    Peer *peer;
    guint dials;

    world_init(&w, MGR_BY_CHANNEL);
    peer = world_install(&w, PEER_OPEN, "10.0.0.5");
    peer_set_independent(&w, peer, true);
    dials = peer->dials;
    peer_shows(peer, MGR_DISPLAYED_INDEPENDENT);
    world_save(&w, true);
    world_command(&w, peer);
    peer_update(&w, peer); /* its own, works */
    world_verify(&w);
    peer_restart(&w, peer);
    world_run(&w, HL_HOUR);
    peer_shows(peer, MGR_DISPLAYED_INDEPENDENT);
    g_assert_cmpuint(peer->updates, ==, 1);
    g_assert_cmpuint(peer->applied, ==, 1);
    g_assert_cmpuint(peer->commands_run, ==, 0);
    g_assert_cmpuint(peer->dials, ==, dials);
    peer_set_independent(&w, peer, false);
    peer_shows(peer, MGR_DISPLAYED_ONLINE);
    world_clear(&w);
}

static void b16_retries_without_queue_jam(void)
{
    World w;
    Peer *dead, *live;

    world_init(&w, MGR_BY_DOCUMENT);
    dead = world_install(&w, PEER_OPEN, "10.0.0.5");
    live = world_install(&w, PEER_OPEN, "10.0.0.6");
    peer_kill(&w, dead);
    world_save(&w, true);
    g_assert_true(live->may_update); /* behind the dead one in the list, and not held up */
    g_assert_cmpuint(live->notifications, ==, 1);
    for (guint attempts = 1; attempts <= 1 + MGR_NOTIFY_RETRIES; attempts++) {
        g_assert_cmpuint(dead->notifications, ==, attempts);
        world_run(&w, 15 * HL_MINUTE);
    }
    world_run(&w, HL_DAY);
    g_assert_cmpuint(dead->notifications, ==, 1 + MGR_NOTIFY_RETRIES);
    world_save(&w, true); /* saved again, tried again; this time it comes back before the third attempt */
    world_run(&w, 16 * HL_MINUTE);
    dead->running = dead->plugged = true;
    world_run(&w, 15 * HL_MINUTE);
    g_assert_true(dead->may_update);
    g_assert_cmpstr(mgr_path_name(dead->applied_by), ==, "direct");
    world_clear(&w);
}

/* The repair, beside all that: what waited arrives when the group is switched to delivery by channel. */
static void switch_delivers_at_once(void)
{
    World w;
    Peer *nated;

    world_init(&w, MGR_BY_DOCUMENT);
    nated = world_install(&w, PEER_NATED, "192.168.1.20");
    world_save(&w, true);
    world_command(&w, nated);
    world_run(&w, HL_HOUR);
    g_assert_false(nated->may_update);
    world_switch(&w, MGR_BY_CHANNEL);
    g_assert_true(nated->may_update);
    g_assert_cmpstr(mgr_path_name(nated->applied_by), ==, "channel");
    g_assert_cmpuint(nated->commands_run, ==, 1);
    world_save(&w, false);
    g_assert_false(nated->may_update);
    peer_shows(nated, MGR_DISPLAYED_OFFLINE); /* the repair does not gloss over the display */
    world_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/documented/B01", b01_registers_its_own_address);
    g_test_add_func("/documented/B02", b02_failed_dial_shows_offline);
    g_test_add_func("/documented/B03", b03_no_push_through_nat);
    g_test_add_func("/documented/B04", b04_settings_come_with_update_notification);
    g_test_add_func("/documented/B05", b05_privileges_travel_in_the_bundle);
    g_test_add_func("/documented/B06", b06_mixed_network);
    g_test_add_func("/documented/B07", b07_flashes_online);
    g_test_add_func("/documented/B08", b08_update_and_log_show_nothing);
    g_test_add_func("/documented/B09", b09_occasions_of_queued_work);
    g_test_add_func("/documented/B10", b10_ghost_online);
    g_test_add_func("/documented/B11", b11_verification_causes_false_offline);
    g_test_add_func("/documented/B12", b12_resume_sends_no_notice);
    g_test_add_func("/documented/B13", b13_unreachable_networks);
    g_test_add_func("/documented/B14", b14_independent);
    g_test_add_func("/documented/B16", b16_retries_without_queue_jam);
    g_test_add_func("/repaired/switch", switch_delivers_at_once);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets under faults: whatever the order of messages, the final status is the truth, and never is a fleet shown
 * Offline that works. */
#include "tests/scenario/fleet.h"

static Fleet *connected_fleet(guint peers, unsigned late_ms, unsigned copy_percent)
{
    /* all are back within the manager's window of 60 s: who is later is truly Offline for that moment */
    FleetSpec spec = {
        .peers = peers, .late_ms = late_ms, .copy_percent = copy_percent, .return_window = 55 * HL_SECOND
    };
    Fleet *fleet = fleet_new(&spec);

    for (guint i = 0; i < peers; i++)
        fleet_connect(fleet, i, g_test_rand_int_range(0, 30000));
    fleet_run(fleet, 3 * HL_MINUTE);
    g_assert_cmpuint(fleet_false_offline(fleet), ==, 0);
    return fleet;
}

/* A broker that stops in good order sends the will of everybody, and the fleet comes back to its successor. */
static void test_all_wills_at_once(void)
{
    Fleet *fleet = connected_fleet(10000, 1000, 0);

    fleet_restart_broker(fleet, FLEET_GRACEFUL, FLEET_KEEPS, 20 * HL_SECOND);
    fleet_run(fleet, 5 * HL_MINUTE);
    g_assert_cmpuint(fleet_most_offline(fleet), <=, 3 * mgr_sight_policy.wills); /* before the doubt sets in */
    g_assert_cmpuint(fleet_false_offline(fleet), ==, 0);
    fleet_assert_truth(fleet);
    fleet_free(fleet);
}

/* The same, but a third of them does not come back: they are Offline in the end, and only they. */
static void test_broker_restart_with_losses(void)
{
    Fleet *fleet = connected_fleet(3000, 1000, 2);

    for (guint i = 0; i < 3000; i += 3)
        fleet_lose(fleet, i, HL_HOUR); /* the broker does not live to notice */
    fleet_restart_broker(fleet, FLEET_KILLED, FLEET_REMEMBERS_OLD, HL_MINUTE);
    fleet_run(fleet, 10 * HL_MINUTE);
    fleet_assert_truth(fleet);
    g_assert_cmpuint(fleet_most_offline(fleet), ==, 1000);
    fleet_free(fleet);
}

/* A power cut, the broker lives: ten thousand wills that are true. */
static void test_true_wills_at_once(void)
{
    Fleet *fleet = connected_fleet(10000, 500, 0);

    for (guint i = 0; i < 10000; i++)
        fleet_lose(fleet, i, 0);
    fleet_run(fleet, 15 * HL_SECOND);
    g_assert_cmpuint(fleet_most_offline(fleet), ==, 10000);
    fleet_assert_truth(fleet);
    fleet_free(fleet);
}

static void test_server_away(void)
{
    Fleet *fleet = connected_fleet(2000, 500, 2);

    fleet_suspend_server(fleet, 8 * HL_HOUR);
    fleet_run(fleet, 8 * HL_HOUR + HL_MINUTE);
    fleet_jump_wall(fleet, -400 * HL_DAY);
    fleet_restart_manager(fleet, 3 * HL_HOUR);
    fleet_run(fleet, 4 * HL_HOUR);
    fleet_jump_wall(fleet, 4000 * HL_DAY);
    fleet_restart_broker(fleet, FLEET_KILLED, FLEET_FORGETS, 2 * HL_MINUTE);
    fleet_restart_manager(fleet, 30 * HL_SECOND);
    fleet_run(fleet, 10 * HL_MINUTE);
    g_assert_cmpuint(fleet_false_offline(fleet), ==, 0);
    g_assert_cmpuint(fleet_most_offline(fleet), ==, 0);
    fleet_assert_truth(fleet);
    fleet_free(fleet);
}

static void disturb(Fleet *fleet, guint peers)
{
    guint i = (guint)g_test_rand_int_range(0, (gint32)peers);

    switch (g_test_rand_int_range(0, 7)) {
    case 0:
        fleet_stop(fleet, i);
        break;
    case 1:
        fleet_lose(fleet, i, g_test_rand_int_range(0, 110000));
        break;
    case 2: /* lost and back before the broker notices: the late will */
        fleet_lose(fleet, i, g_test_rand_int_range(0, 110000));
        fleet_connect(fleet, i, g_test_rand_int_range(0, 20000));
        break;
    case 3:
        fleet_reboot(fleet, i);
        break;
    case 4:
        fleet_restore_disk(fleet, i);
        break;
    default:
        fleet_connect(fleet, i, 0);
        break;
    }
}

static void catastrophe(Fleet *fleet)
{
    static const FleetMemory memories[] = { FLEET_KEEPS, FLEET_FORGETS, FLEET_REMEMBERS_OLD };

    switch (g_test_rand_int_range(0, 5)) {
    case 0:
    case 1:
        fleet_restart_broker(fleet, g_test_rand_bit() ? FLEET_GRACEFUL : FLEET_KILLED,
                             memories[g_test_rand_int_range(0, 3)], g_test_rand_int_range(100, 120000));
        break;
    case 2:
        fleet_restart_manager(fleet, g_test_rand_int_range(100, 600000));
        break;
    case 3:
        fleet_suspend_server(fleet, g_test_rand_int_range(1000, 600000));
        break;
    default:
        fleet_jump_wall(fleet, (HlTime)g_test_rand_int_range(-1000, 1000) * HL_DAY);
        break;
    }
}

/* Everything at once, for hours, with late, doubled and overtaking messages. */
static void test_chaos(gconstpointer lossy)
{
    const guint peers = 400;
    FleetSpec spec = { .peers = peers,
                       .late_ms = 5000,
                       .copy_percent = 10,
                       .loss_percent = lossy != NULL ? 5 : 0,
                       .return_window = 45 * HL_SECOND };

    for (int run = 0; run < 12; run++) {
        Fleet *fleet = fleet_new(&spec);

        for (guint i = 0; i < peers - 5; i++)
            fleet_connect(fleet, i, g_test_rand_int_range(0, 60000));
        for (int minute = 0; minute < 90; minute++) {
            for (int n = g_test_rand_int_range(0, 40); n > 0; n--)
                disturb(fleet, peers - 5);
            if (g_test_rand_int_range(0, 12) == 0)
                catastrophe(fleet);
            fleet_run(fleet, HL_MINUTE);
        }
        /* a lost heartbeat may be the one that would have told: some endpoints wait for the next, never many */
        g_assert_cmpuint(fleet_false_offline(fleet), <=, lossy != NULL ? peers / 100 : 0);
        fleet_assert_truth(fleet);
        fleet_free(fleet);
    }
}

/* Two machines with one identity that do what they are told: the quarrel is found once and dies down. */
static void test_clones_damped(void)
{
    MgrPresence p = { 0 };
    MgrNow now = { .wall = 1700000000000, .mono = HL_DAY };
    HlTime ready[2] = { now.mono, now.mono + HL_SECOND };
    uint64_t session = 0;
    guint evictions = 0, found = 0, vacant = 0;
    int holder = -1;

    for (HlTime end = now.mono + HL_DAY; now.mono < end; now.mono += HL_SECOND, now.wall += HL_SECOND) {
        for (int i = 0; i < 2; i++) {
            MgrPresenceEvent birth = { .kind = MGR_PRESENCE_BIRTH,
                                       .session = session + 1,
                                       .boot = (uint64_t)i + 1,
                                       .machine = (uint64_t)i + 100 };
            MgrPresenceEffects fx;

            if (holder == i || now.mono < ready[i])
                continue;
            if (holder >= 0) {
                evictions++;
                ready[1 - i] = now.mono + 5 * HL_SECOND; /* it comes back after its own back-off */
            }
            holder = i;
            session++;
            fx = mgr_presence_step(&p, &mgr_presence_policy, &birth, now);
            found += fx.clone_found;
            if (fx.quarantine) { /* it leaves, the other gets the line */
                ready[i] = now.mono + fx.hold_off;
                holder = -1;
            }
        }
        vacant += holder < 0;
    }
    g_assert_cmpuint(found, ==, 1);
    g_assert_cmpuint(evictions, <, 100); /* without damping: 17,000 */
    g_assert_cmpuint(vacant, <, 600);    /* s of the day: while one stays away, the other has the line */
    g_assert_cmpuint(p.machine + p.other_machine, ==, 201);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet/all-wills-at-once", test_all_wills_at_once);
    g_test_add_func("/fleet/true-wills-at-once", test_true_wills_at_once);
    g_test_add_func("/fleet/broker-restart-with-losses", test_broker_restart_with_losses);
    g_test_add_func("/fleet/server-away", test_server_away);
    g_test_add_data_func("/fleet/chaos", NULL, test_chaos);
    g_test_add_data_func("/fleet/chaos-with-loss", "lossy", test_chaos);
    g_test_add_func("/fleet/clones-damped", test_clones_damped);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core: presence (the actual status) and sight (whether the server can hear). */
#include "manager/core/presence.h"
#include "manager/core/sight.h"

#define SEC(n) ((MgrNow){ .wall = 1700000000000 + (n)*HL_SECOND, .mono = 1000000 + (n)*HL_SECOND })

static const MgrPresencePolicy *const policy = &mgr_presence_policy;

static MgrPresenceEffects step(MgrPresence *p, MgrPresenceEvent event, MgrNow now)
{
    return mgr_presence_step(p, policy, &event, now);
}

#define BIRTH(s, b, m)   \
    ((MgrPresenceEvent){ \
        .kind = MGR_PRESENCE_BIRTH, .session = (s), .boot = (b), .machine = (m), .heartbeat = 60 * HL_SECOND })
#define RETAINED(s, b, m) \
    ((MgrPresenceEvent){ .kind = MGR_PRESENCE_BIRTH, .session = (s), .boot = (b), .machine = (m), .retained = true })
#define WILL(s)    ((MgrPresenceEvent){ .kind = MGR_PRESENCE_DOWN, .session = (s), .reason = MGR_REASON_LINE_LOST })
#define STOP(s)    ((MgrPresenceEvent){ .kind = MGR_PRESENCE_DOWN, .session = (s), .reason = MGR_REASON_CLEAN_STOP })
#define BEAT(s, n) ((MgrPresenceEvent){ .kind = MGR_PRESENCE_HEARTBEAT, .session = (s), .sequence = (n) })
#define ECHO(s)    ((MgrPresenceEvent){ .kind = MGR_PRESENCE_ECHO, .session = (s) })
#define JUST(k)    ((MgrPresenceEvent){ .kind = (k) })
#define TICK       JUST(MGR_PRESENCE_TICK)
#define BLIND      JUST(MGR_PRESENCE_BLIND)
#define SIGHTED    JUST(MGR_PRESENCE_SIGHTED)

static void expect(const MgrPresence *p, MgrActual actual, MgrReason reason)
{
    g_assert_cmpstr(mgr_actual_name(p->actual), ==, mgr_actual_name(actual));
    g_assert_cmpstr(mgr_reason_name(mgr_presence_reason(p)), ==, mgr_reason_name(reason));
}

static MgrPresence online(uint64_t session)
{
    MgrPresence p = { 0 };

    g_assert_true(step(&p, BIRTH(session, 1, 100), SEC(0)).born);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    return p;
}

static void test_life(void)
{
    MgrPresence p = { 0 };
    MgrPresenceEffects fx;

    expect(&p, MGR_ACTUAL_NEVER_SEEN, MGR_REASON_NONE);
    fx = step(&p, BIRTH(1, 1, 100), SEC(0));
    g_assert_true(fx.changed && fx.born);
    g_assert_false(step(&p, BEAT(1, 1), SEC(60)).changed);
    g_assert_cmpuint(step(&p, BEAT(1, 4), SEC(61)).lost_heartbeats, ==, 2);
    g_assert_true(step(&p, BEAT(1, 3), SEC(62)).stale_message); /* overtaken */
    g_assert_true(step(&p, BEAT(1, 4), SEC(62)).stale_message); /* a copy */
    fx = step(&p, STOP(1), SEC(70));
    g_assert_true(fx.changed);
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_CLEAN_STOP);
    g_assert_true(step(&p, BIRTH(1, 1, 100), SEC(71)).stale_message); /* a copy of an ended session */
    g_assert_true(step(&p, WILL(1), SEC(71)).stale_message);
    g_assert_true(step(&p, BEAT(1, 5), SEC(71)).stale_message); /* overtaken by the stop */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_CLEAN_STOP);
    step(&p, BIRTH(2, 2, 100), SEC(80));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    g_assert_true(step(&p, JUST(MGR_PRESENCE_RETIRE), SEC(81)).changed);
    g_assert_true(step(&p, BIRTH(3, 2, 100), SEC(82)).stale_message);
    mgr_presence_enrolled(&p);
    step(&p, BIRTH(4, 2, 100), SEC(83));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
}

static void test_late_will(void)
{
    MgrPresence p = online(5);
    MgrPresenceEvent twin = WILL(6);

    step(&p, BIRTH(6, 1, 100), SEC(1));
    g_assert_true(step(&p, WILL(5), SEC(2)).stale_message);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    twin.boot = 99; /* the will of a machine that was fenced off, with the same number */
    g_assert_true(step(&p, twin, SEC(2)).stale_message);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    step(&p, WILL(6), SEC(3));
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
}

/* A machine whose disk was restored is back with a smaller number when the will of its last line comes, whose birth
 * nobody saw: it is not shown Offline for a heartbeat, but asked at once, and fenced by its answer. */
static void test_will_of_another_life(void)
{
    MgrPresence p = online(5);
    MgrPresenceEffects fx = step(&p, WILL(7), SEC(1));

    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    g_assert_true(fx.probe);
    fx = step(&p, ECHO(5), SEC(1));
    g_assert_true(fx.fence);
    g_assert_cmpuint(fx.fence_session, ==, 7);
    fx = step(&p, WILL(8), SEC(2)); /* Offline already: nobody to ask */
    g_assert_false(fx.probe);
}

/* Heartbeats go by another topic than births: a new session may show itself by its heartbeat first. */
static void test_overtaken_birth(void)
{
    MgrPresence p = online(5);
    MgrPresenceEffects fx;

    step(&p, BEAT(6, 1), SEC(1));
    g_assert_cmpuint(p.session, ==, 6);
    g_assert_true(step(&p, WILL(5), SEC(1)).stale_message);
    fx = step(&p, BIRTH(6, 2, 100), SEC(2));
    g_assert_true(fx.born && !fx.stale_message);
    g_assert_cmpuint(p.boot, ==, 2);
    g_assert_cmpuint(step(&p, BEAT(6, 2), SEC(3)).lost_heartbeats, ==, 0);
    step(&p, WILL(8), SEC(4)); /* born and lost unseen */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    g_assert_true(step(&p, BEAT(7, 1), SEC(5)).fence);
}

static void test_fence(void)
{
    MgrPresence p = online(9);
    MgrPresenceEffects fx = step(&p, BIRTH(3, 7, 100), SEC(1)); /* its disk was restored from last week */

    g_assert_true(fx.fence && !fx.born);
    g_assert_cmpuint(fx.fence_session, ==, 9);
    fx = step(&p, BIRTH(9, 7, 100), SEC(1)); /* the same number by chance */
    g_assert_true(fx.fence);
    g_assert_true(step(&p, RETAINED(3, 7, 100), SEC(1)).fence); /* no matter who it is, if they are still there */
    fx = step(&p, BIRTH(10, 7, 100), SEC(2));
    g_assert_true(fx.born && !fx.fence);
}

/* Session numbers follow the clock: what is far ahead of it is nobody's honest one, unless the clock is ours that is
 * wrong. */
static void test_belief(void)
{
    MgrPresence p = online(9);
    HlTime wall = 1000 * HL_DAY;

    g_assert_true(mgr_presence_believes(&p, 1, wall));
    g_assert_true(mgr_presence_believes(&p, (uint64_t)(wall + HL_DAY), wall));
    g_assert_false(mgr_presence_believes(&p, (uint64_t)(wall + HL_DAY) + 1, wall));
    g_assert_false(mgr_presence_believes(&p, UINT64_MAX, wall));
    p.session = (uint64_t)(wall + 30 * HL_DAY); /* taken before our clock went back */
    g_assert_true(mgr_presence_believes(&p, p.session + 1, wall));
    g_assert_false(mgr_presence_believes(&p, p.session + 2000, wall));
    p.session = UINT64_MAX - 5; /* no sum may overflow */
    g_assert_false(mgr_presence_believes(&p, UINT64_MAX, wall));
    g_assert_true(mgr_presence_believes(&p, 5, -7));
}

static void test_numbers_start_again(void)
{
    MgrPresence p = online(9);

    step(&p, BEAT(9, 1), SEC(1));
    mgr_presence_enrolled(&p);
    g_assert_cmpuint(p.session, ==, 0);
    g_assert_true(step(&p, BIRTH(2, 2, 100), SEC(2)).born);
    g_assert_cmpuint(p.session, ==, 2);
    g_assert_true(mgr_presence_restore(&p, SEC(3)));
    g_assert_cmpuint(p.session, ==, 2);
    p.session = p.born_session = (uint64_t)1 << 61; /* a version that believed everything stored it */
    g_assert_false(mgr_presence_restore(&p, SEC(3)));
    g_assert_true(step(&p, BIRTH(3, 2, 100), SEC(4)).born);
}

/* Of a session that heartbeats made known, the birth may be another start's: the machine fell back to the number before
 * (a restored disk) while the birth of the start that sent them was lost.  Its heartbeats count from 1. */
static void test_birth_behind_heartbeats(void)
{
    MgrPresence p = online(5);
    MgrPresenceEffects fx;

    g_assert_false(step(&p, BEAT(6, 18), SEC(1)).stale_message);
    fx = step(&p, BIRTH(6, 7, 100), SEC(2));
    g_assert_true(fx.born && !fx.fence);
    fx = step(&p, BEAT(6, 1), SEC(3));
    g_assert_false(fx.stale_message);
    g_assert_cmpuint(fx.lost_heartbeats, ==, 0);
    g_assert_true(step(&p, BEAT(6, 1), SEC(4)).stale_message); /* a copy */
    /* overtaken by its own heartbeats, the birth of the same start changes nothing */
    step(&p, BEAT(7, 3), SEC(5));
    step(&p, BIRTH(7, 7, 100), SEC(6));
    g_assert_true(step(&p, BEAT(7, 3), SEC(7)).stale_message);
}

/* The broker comes back with what it remembers: an old birth of this very start is late, and nobody fell back. */
static void test_old_birth_of_this_start(void)
{
    MgrPresence p = online(8);
    MgrPresenceEffects fx;

    step(&p, BIRTH(9, 1, 100), SEC(1));
    fx = step(&p, RETAINED(8, 1, 100), SEC(2));
    g_assert_true(fx.stale_message && !fx.fence && !fx.probe);
    fx = step(&p, BIRTH(8, 1, 100), SEC(2));
    g_assert_true(fx.stale_message && !fx.fence && !fx.probe);
    g_assert_true(step(&p, RETAINED(8, 2, 100), SEC(3)).fence); /* another start's */
}

static void test_silence(void)
{
    MgrPresence p = online(1);
    MgrPresenceEffects fx;

    g_assert_false(step(&p, TICK, SEC(74)).probe);
    fx = step(&p, TICK, SEC(75));
    g_assert_true(fx.probe && !fx.changed);
    g_assert_false(step(&p, TICK, SEC(76)).probe); /* once a silence */
    g_assert_true(step(&p, TICK, SEC(90)).changed);
    expect(&p, MGR_ACTUAL_STALE, MGR_REASON_LATE);
    step(&p, ECHO(1), SEC(91));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_ECHO);
    step(&p, TICK, SEC(91 + 90));
    expect(&p, MGR_ACTUAL_STALE, MGR_REASON_LATE);
    step(&p, TICK, SEC(91 + 180));
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_KEEPALIVE);
    step(&p, BEAT(1, 9), SEC(300)); /* it had only been slow: the session never ended */
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_HEARTBEAT);
}

/* The server's clock is set back by a year, then forward by ten: nothing moves. */
static void test_wall_jump(void)
{
    MgrPresence p = online(1);
    MgrNow now = SEC(10);

    now.wall -= 365 * HL_DAY;
    g_assert_false(step(&p, TICK, now).changed);
    step(&p, BEAT(1, 1), now);
    now.mono += 50 * HL_SECOND;
    now.wall += 3650 * HL_DAY;
    g_assert_false(step(&p, TICK, now).changed);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    p.seen_wall = SEC(0).wall;
    mgr_presence_restore(&p, SEC(-5000)); /* another boot of the server, its clock behind last-seen */
    g_assert_cmpint(p.seen_mono, ==, SEC(-5000).mono);
    step(&p, SIGHTED, SEC(-4990));
    g_assert_false(step(&p, TICK, SEC(-4950)).changed);
    step(&p, TICK, SEC(-4900));
    expect(&p, MGR_ACTUAL_STALE, MGR_REASON_LATE);
}

static void test_blind(void)
{
    MgrPresence p = online(1);
    MgrPresence q = online(1);
    MgrPresence r = online(1);

    step(&p, WILL(1), SEC(7)); /* the broker stops in good order and sends every will */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    step(&p, BLIND, SEC(8));
    step(&q, BLIND, SEC(8));
    step(&r, BLIND, SEC(8));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    g_assert_cmpint(p.since_wall, ==, SEC(0).wall);
    g_assert_false(step(&q, TICK, SEC(5000)).changed);
    expect(&q, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    step(&q, WILL(1), SEC(5001)); /* the retained will, replayed */
    expect(&q, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    g_assert_true(step(&q, BIRTH(2, 1, 100), SEC(5002)).changed);
    expect(&q, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    step(&q, WILL(2), SEC(5010)); /* heard since: its will counts at once */
    expect(&q, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    g_assert_true(step(&r, SIGHTED, SEC(5060)).probe);
    expect(&r, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND); /* its timers start now, and nobody has heard it yet */
    step(&r, TICK, SEC(5060 + 180));
    expect(&r, MGR_ACTUAL_OFFLINE, MGR_REASON_KEEPALIVE);
    step(&p, SIGHTED, SEC(5060)); /* never came back */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
}

/* The server was away for a month: of whom it has not heard since it is not said that they are on line, until they
 * answer, or their silence says enough. */
static void test_unheard(void)
{
    MgrPresence here = online(3);
    MgrPresence gone = online(3);
    MgrPresence left = online(3);

    mgr_presence_restore(&here, SEC(2592000));
    mgr_presence_restore(&gone, SEC(2592000));
    mgr_presence_restore(&left, SEC(2592000));
    g_assert_true(step(&here, SIGHTED, SEC(2592010)).probe);
    g_assert_true(step(&gone, SIGHTED, SEC(2592010)).probe);
    step(&left, SIGHTED, SEC(2592010));
    expect(&here, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    g_assert_true(step(&here, ECHO(3), SEC(2592011)).changed);
    expect(&here, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    step(&left, STOP(3), SEC(2592011));
    expect(&left, MGR_ACTUAL_OFFLINE, MGR_REASON_CLEAN_STOP);
    g_assert_false(step(&gone, TICK, SEC(2592010 + 89)).changed);
    expect(&gone, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    g_assert_true(step(&gone, TICK, SEC(2592010 + 90)).changed);
    expect(&gone, MGR_ACTUAL_STALE, MGR_REASON_LATE);
}

static void test_clean_stop_while_blind(void)
{
    MgrPresence p = online(1);

    step(&p, BLIND, SEC(8));
    step(&p, STOP(1), SEC(9)); /* the endpoint's own word, not the broker's */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_CLEAN_STOP);
    step(&p, BLIND, SEC(10));
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_CLEAN_STOP);
}

static void test_restart(void)
{
    MgrPresence p = online(3);
    MgrPresence off = online(3);

    step(&off, WILL(3), SEC(100));
    mgr_presence_restore(&p, SEC(1000));
    mgr_presence_restore(&off, SEC(1000));
    g_assert_cmpint(p.seen_mono, ==, SEC(0).mono);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    g_assert_true(step(&p, RETAINED(3, 1, 100), SEC(1001)).probe);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND); /* a replay is no sign of life */
    g_assert_true(step(&p, ECHO(3), SEC(1002)).changed);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    g_assert_true(step(&off, RETAINED(4, 1, 100), SEC(1001)).probe); /* it came back while nobody looked, perhaps */
    expect(&off, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    step(&off, BEAT(4, 17), SEC(1010));
    expect(&off, MGR_ACTUAL_ONLINE, MGR_REASON_HEARTBEAT);
}

/* The manager dies while it doubts a will: the doubt outlives it. */
static void test_restart_in_doubt(void)
{
    MgrPresence p = online(3);
    MgrPresenceEvent will = WILL(3);

    will.doubted = true;
    step(&p, will, SEC(10));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_SERVER_BLIND);
    mgr_presence_restore(&p, SEC(20));
    step(&p, SIGHTED, SEC(80));
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
}

static void test_doubted_will(void)
{
    MgrPresence p = online(3);
    MgrPresence q = online(3);
    MgrPresence r;
    MgrPresenceEvent will = WILL(3);

    will.doubted = true;
    step(&p, will, SEC(10));
    step(&q, will, SEC(10));
    r = p;
    g_assert_true(step(&r, JUST(MGR_PRESENCE_PROVEN), SEC(10)).changed);
    expect(&r, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    r = online(3);
    g_assert_false(step(&r, JUST(MGR_PRESENCE_PROVEN), SEC(10)).changed);
    g_assert_false(step(&p, TICK, SEC(14)).changed);
    step(&p, TICK, SEC(15)); /* the broker lives, so it was true */
    expect(&p, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    step(&q, BIRTH(4, 1, 100), SEC(12));
    g_assert_false(step(&q, TICK, SEC(20)).changed);
    expect(&q, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
}

static void test_clones(void)
{
    MgrPresence p = { 0 };
    MgrPresenceEffects fx = { 0 };
    MgrPresenceEvent keep = { .kind = MGR_PRESENCE_CLONE_KEEP, .machine = 100 };

    for (uint64_t s = 1; s <= 3; s++) {
        fx = step(&p, BIRTH(s, 2 - s % 2, s % 2 ? 100 : 200), SEC((int)s * 20));
        g_assert_false(fx.clone_found || fx.quarantine);
    }
    fx = step(&p, BIRTH(4, 2, 200), SEC(80));
    g_assert_true(fx.clone_found && fx.quarantine);
    g_assert_cmpint(fx.hold_off, ==, HL_MINUTE);
    g_assert_cmpuint(p.machine, ==, 200);
    g_assert_cmpuint(p.other_machine, ==, 100);
    fx = step(&p, BIRTH(5, 1, 100), SEC(81)); /* the first one takes back the line that the other had to leave */
    g_assert_true(fx.born && !fx.quarantine);
    fx = step(&p, BIRTH(6, 2, 200), SEC(140)); /* its minute is over */
    g_assert_true(fx.quarantine && !fx.clone_found);
    g_assert_cmpint(fx.hold_off, ==, 2 * HL_MINUTE);
    g_assert_false(step(&p, BIRTH(7, 1, 100), SEC(141)).quarantine);
    g_assert_true(step(&p, BIRTH(8, 3, 300), SEC(142)).quarantine); /* a third one, and the first one lives on */
    g_assert_false(step(&p, BIRTH(9, 1, 100), SEC(143)).quarantine);
    fx = step(&p, keep, SEC(1001));
    g_assert_cmpuint(p.clone, ==, MGR_CLONE_KEPT);
    g_assert_false(fx.quarantine); /* the kept one holds the line */
    fx = step(&p, BIRTH(10, 2, 200), SEC(1002));
    g_assert_true(fx.quarantine && !fx.born);
    g_assert_true(step(&p, BEAT(10, 1), SEC(1003)).stale_message);
    g_assert_true(
        step(&p,
             (MgrPresenceEvent){ .kind = MGR_PRESENCE_DOWN, .reason = MGR_REASON_CLEAN_STOP, .session = 10, .boot = 2 },
             SEC(1003))
            .stale_message); /* nor does its farewell count */
    g_assert_cmpint(p.actual, ==, MGR_ACTUAL_ONLINE);
    g_assert_true(step(&p, BEAT(9, 1), SEC(1003)).stale_message == false);
    step(&p, JUST(MGR_PRESENCE_CLONE_SPLIT), SEC(1004));
    g_assert_true(step(&p, BIRTH(10, 4, 300), SEC(1005)).born);
}

/* It took settings with another interval: the silence starts again, and is measured by that. */
static void test_interval(void)
{
    MgrPresence p = online(1);

    step(&p, ((MgrPresenceEvent){ .kind = MGR_PRESENCE_INTERVAL, .heartbeat = 10 * HL_MINUTE }), SEC(60));
    g_assert_false(step(&p, TICK, SEC(60 + 749)).probe);
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_BIRTH);
    g_assert_true(step(&p, TICK, SEC(60 + 750)).probe);
    step(&p, TICK, SEC(60 + 900));
    expect(&p, MGR_ACTUAL_STALE, MGR_REASON_LATE);
    step(&p, BEAT(1, 1), SEC(1000));
    step(&p, ((MgrPresenceEvent){ .kind = MGR_PRESENCE_INTERVAL, .heartbeat = 2 * HL_SECOND }), SEC(1500));
    step(&p, TICK, SEC(1502));
    expect(&p, MGR_ACTUAL_ONLINE, MGR_REASON_HEARTBEAT);
    step(&p, TICK, SEC(1503));
    expect(&p, MGR_ACTUAL_STALE, MGR_REASON_LATE);
}

/* A PC in a reboot loop, a disk moved to another case and back: no clones. */
static void test_no_clones(void)
{
    MgrPresence p = online(1);

    for (uint64_t s = 2; s < 20; s++)
        g_assert_false(step(&p, BIRTH(s, s, 100), SEC((int)s * 30)).clone_found);
    g_assert_false(step(&p, BIRTH(20, 20, 200), SEC(700)).clone_found);
    g_assert_false(step(&p, BIRTH(21, 21, 100), SEC(800)).clone_found);
    for (int i = 0; i < 10; i++) /* a laptop docked into another board twice a day */
        g_assert_false(step(&p, BIRTH(22 + (uint64_t)i, 22 + (uint64_t)i, 100 + (uint64_t)i % 2), SEC(4000 * (i + 1)))
                           .clone_found);
}

static void test_sight(void)
{
    const MgrSightPolicy *sp = &mgr_sight_policy;
    MgrSight s = { 0 };

    g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(0)), ==, MGR_SIGHT_SAME);
    g_assert_cmpint(mgr_sight_link(&s, sp, true, SEC(0)), ==, MGR_SIGHT_REGAINED);
    for (int t = 1; t < 60; t++) {
        mgr_sight_heard(&s, sp, SEC(t));
        g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(t)), ==, MGR_SIGHT_SAME);
    }
    mgr_sight_heard(&s, sp, SEC(60));
    g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(60)), ==, MGR_SIGHT_CLEARED);
    for (int t = 62; t < 68; t++)
        g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(t)), ==, MGR_SIGHT_ASK); /* a quiet fleet, or a hung broker */
    g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(68)), ==, MGR_SIGHT_LOST);
    g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(69)), ==, MGR_SIGHT_ASK);
    g_assert_cmpint(mgr_sight_heard(&s, sp, SEC(70)), ==, MGR_SIGHT_REGAINED);
    s.state = MGR_SIGHT_CLEAR;
    g_assert_cmpint(mgr_sight_tick(&s, sp, SEC(5000)), ==, MGR_SIGHT_LOST); /* the server was suspended */
    g_assert_cmpint(s.state, ==, MGR_SIGHT_RECOVERING);
    g_assert_cmpint(mgr_sight_link(&s, sp, false, SEC(5001)), ==, MGR_SIGHT_LOST);
    g_assert_cmpint(mgr_sight_link(&s, sp, false, SEC(5002)), ==, MGR_SIGHT_SAME);
}

static void test_wills_at_once(void)
{
    MgrSight s = { .state = MGR_SIGHT_CLEAR, .link = true };
    guint doubted = 0;

    for (int i = 0; i < 10000; i++)
        doubted += mgr_sight_doubts(&s, &mgr_sight_policy, SEC(0));
    g_assert_cmpuint(doubted, ==, 10000 - mgr_sight_policy.wills);
    for (int i = 1; i < 100; i++)
        g_assert_false(mgr_sight_doubts(&s, &mgr_sight_policy, SEC(i)));
}

static void test_names(void)
{
    for (unsigned i = 0; i < MGR_ACTUAL_N; i++) {
        MgrActual back;

        g_assert_true(mgr_actual_parse(mgr_actual_name((MgrActual)i), &back));
        g_assert_cmpuint(back, ==, i);
    }
    for (unsigned i = 0; i < MGR_REASON_N; i++) {
        MgrReason back;

        g_assert_true(mgr_reason_parse(mgr_reason_name((MgrReason)i), &back));
        g_assert_cmpuint(back, ==, i);
    }
    g_assert_false(mgr_actual_parse("on", &(MgrActual){ 0 }));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/presence/life", test_life);
    g_test_add_func("/presence/late-will", test_late_will);
    g_test_add_func("/presence/will-of-another-life", test_will_of_another_life);
    g_test_add_func("/presence/overtaken-birth", test_overtaken_birth);
    g_test_add_func("/presence/fence", test_fence);
    g_test_add_func("/presence/belief", test_belief);
    g_test_add_func("/presence/numbers-start-again", test_numbers_start_again);
    g_test_add_func("/presence/birth-behind-heartbeats", test_birth_behind_heartbeats);
    g_test_add_func("/presence/old-birth-of-this-start", test_old_birth_of_this_start);
    g_test_add_func("/presence/silence", test_silence);
    g_test_add_func("/presence/wall-jump", test_wall_jump);
    g_test_add_func("/presence/blind", test_blind);
    g_test_add_func("/presence/unheard", test_unheard);
    g_test_add_func("/presence/clean-stop-while-blind", test_clean_stop_while_blind);
    g_test_add_func("/presence/restart", test_restart);
    g_test_add_func("/presence/restart-in-doubt", test_restart_in_doubt);
    g_test_add_func("/presence/doubted-will", test_doubted_will);
    g_test_add_func("/presence/clones", test_clones);
    g_test_add_func("/presence/interval", test_interval);
    g_test_add_func("/presence/no-clones", test_no_clones);
    g_test_add_func("/presence/sight", test_sight);
    g_test_add_func("/presence/wills-at-once", test_wills_at_once);
    g_test_add_func("/presence/names", test_names);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core: displayed (transition table, restore, time) and range (unreachable networks). */
#include <stdio.h>
#include <string.h>

#include "manager/core/displayed.h"

#define SEC(n)  ((MgrNow){ .wall = 1700000000000 + (n)*HL_SECOND, .mono = 1000000 + (n)*HL_SECOND })
#define DAYS(n) SEC((HlTime)(n)*86400)

static MgrUnreachable unreachable = { .heartbeat_minutes = 10, .poll_minutes = 30, .offline_minutes = 60 };
static const MgrDisplayPolicy policy = { .unreachable = &unreachable,
                                         .inactive_after = 30 * HL_DAY,
                                         .remove_after = 90 * HL_DAY };

static MgrDisplayEffects step(MgrDisplay *d, MgrDisplayEventKind kind, MgrNow now)
{
    MgrDisplayEvent event = { .kind = kind, .generation = d->generation };

    return mgr_display_step(d, &policy, &event, now);
}

static void expect(const MgrDisplay *d, MgrDisplayed shown)
{
    g_assert_cmpstr(mgr_displayed_name(d->shown), ==, mgr_displayed_name(shown));
}

static MgrDisplay offline(void)
{
    MgrDisplay d = { 0 };

    step(&d, MGR_DISPLAY_REGISTERED, SEC(0));
    step(&d, MGR_DISPLAY_DIAL_FAILED, SEC(1));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    return d;
}

/* A result that was under way when the endpoint announced something else is the older truth. */
static void test_overtaken_dial(void)
{
    MgrDisplay d = { 0 };
    MgrDisplayEffects fx = step(&d, MGR_DISPLAY_REGISTERED, SEC(0));
    MgrDisplayEvent answered = { .kind = MGR_DISPLAY_DIAL_ANSWERED, .generation = fx.generation };

    g_assert_true(fx.dial && fx.changed && fx.work);
    step(&d, MGR_DISPLAY_STOPPED, SEC(1));
    g_assert_false(mgr_display_step(&d, &policy, &answered, SEC(2)).changed);
    expect(&d, MGR_DISPLAYED_OFFLINE);
    fx = step(&d, MGR_DISPLAY_RESTARTED, SEC(3));
    answered.kind = MGR_DISPLAY_DIAL_FAILED;
    g_assert_false(mgr_display_step(&d, &policy, &answered, SEC(3)).changed);
    expect(&d, MGR_DISPLAYED_ONLINE);
    answered.generation = fx.generation;
    g_assert_true(mgr_display_step(&d, &policy, &answered, SEC(3)).changed);
    expect(&d, MGR_DISPLAYED_OFFLINE);
}

static void test_unregistered(void)
{
    MgrDisplay d = { 0 };

    for (int kind = MGR_DISPLAY_STOPPED; kind < MGR_DISPLAY_N; kind++) {
        MgrDisplayEffects fx = step(&d, (MgrDisplayEventKind)kind, SEC(kind));

        g_assert_false(fx.changed || fx.dial || fx.work || d.registered);
    }
}

static void test_inactive(void)
{
    MgrDisplay d = offline();
    MgrDisplayEvent tick = { .kind = MGR_DISPLAY_TICK, .line_up = true };

    step(&d, MGR_DISPLAY_TICK, DAYS(29));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    step(&d, MGR_DISPLAY_UPDATED, DAYS(29)); /* shows nothing, but is a contact */
    step(&d, MGR_DISPLAY_TICK, DAYS(58));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    g_assert_true(step(&d, MGR_DISPLAY_TICK, DAYS(59)).changed);
    expect(&d, MGR_DISPLAYED_INACTIVE);
    g_assert_false(step(&d, MGR_DISPLAY_TICK, DAYS(60)).changed);
    step(&d, MGR_DISPLAY_DIAL_FAILED, DAYS(61));
    expect(&d, MGR_DISPLAYED_INACTIVE);
    g_assert_cmpint(d.cause, ==, MGR_DISPLAY_INACTIVE); /* not the dial, which is of a verification */
    g_assert_false(mgr_display_step(&d, &policy, &tick, DAYS(119)).removed); /* its line is up: never removed */
    g_assert_true(step(&d, MGR_DISPLAY_TICK, DAYS(119)).removed);
    g_assert_false(step(&d, MGR_DISPLAY_TICK, DAYS(120)).removed);
    g_assert_false(step(&d, MGR_DISPLAY_UPDATED, DAYS(121)).work); /* a tombstone takes no part */
    g_assert_false(step(&d, MGR_DISPLAY_VERIFY, DAYS(121)).dial);
    g_assert_true(step(&d, MGR_DISPLAY_REGISTERED, DAYS(122)).returned);
    expect(&d, MGR_DISPLAYED_ONLINE);
    g_assert_false(step(&d, MGR_DISPLAY_TICK, DAYS(123)).changed); /* its old idle time is forgotten */
}

/* Whatever sign of life there was, on the line as well: who is heard is not Inactive, and leaves the console only when
 * nobody has heard it for long enough; but it is not shown Online for that (B8, B12). */
static void test_signs_of_life(void)
{
    static const MgrDisplayEventKind signs[] = { MGR_DISPLAY_LINE_UP, MGR_DISPLAY_HEARTBEAT, MGR_DISPLAY_POLL,
                                                 MGR_DISPLAY_UPDATED, MGR_DISPLAY_LOG_UPLOADED };
    MgrDisplayEvent tick = { .kind = MGR_DISPLAY_TICK, .line_up = true };

    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        MgrDisplay d = offline();

        mgr_display_step(&d, &policy, &tick, DAYS(200)); /* a line that is up, however long it was not dialled */
        expect(&d, MGR_DISPLAYED_OFFLINE);
        g_assert_cmpint(mgr_display_deadline(&d, &policy, true), ==, G_MAXINT64);
        step(&d, signs[i], DAYS(200));
        g_assert_cmpint(mgr_display_deadline(&d, &policy, false), ==, DAYS(230).mono);
        step(&d, MGR_DISPLAY_TICK, DAYS(229));
        expect(&d, MGR_DISPLAYED_OFFLINE);
        step(&d, MGR_DISPLAY_TICK, DAYS(230));
        expect(&d, MGR_DISPLAYED_INACTIVE);
        g_assert_true(step(&d, signs[i], DAYS(240)).changed);
        expect(&d, MGR_DISPLAYED_OFFLINE);
        g_assert_cmpint(d.cause, ==, MGR_DISPLAY_LINE_UP);
        step(&d, MGR_DISPLAY_TICK, DAYS(269));
        expect(&d, MGR_DISPLAYED_OFFLINE);
        g_assert_true(step(&d, MGR_DISPLAY_TICK, DAYS(330)).removed);
    }
}

/* A restart goes by what the line heard last, unless that is of a clock that was ahead. */
static void test_restore_seen(void)
{
    MgrDisplay d = offline();

    mgr_display_restore(&d, DAYS(20).wall, DAYS(25).wall, DAYS(100));
    g_assert_cmpint(d.alive_mono, ==, DAYS(95).mono);
    mgr_display_restore(&d, DAYS(90).wall, DAYS(25).wall, DAYS(100));
    g_assert_cmpint(d.alive_mono, ==, DAYS(75).mono);
}

/* The manager starts with a clock that is 60 days behind, which is set right two days later: who was silent from before
 * is as silent as it is, and who was heard meanwhile is not. */
static void test_clock_was_behind(void)
{
    MgrDisplay silent = offline();
    MgrDisplay heard = offline();
    const MgrClockSet set = { DAYS(60).wall - DAYS(0).wall, DAYS(102), DAYS(100).wall, DAYS(100).mono };
    const MgrClockSet half = {
        DAYS(30).wall - DAYS(0).wall, { DAYS(72).wall, DAYS(102).mono }, set.alive_wall, set.start_mono
    };
    const MgrNow start = { DAYS(40).wall, DAYS(100).mono };
    HlTime contact = silent.contact_wall;

    mgr_display_restore(&silent, DAYS(80).wall, DAYS(100).wall, start);
    g_assert_cmpint(silent.alive_mono, ==, DAYS(100).mono); /* it may be the other clock that was wrong */
    mgr_display_follow_clock(&silent, DAYS(80).wall, &half);
    g_assert_cmpint(silent.contact_wall, ==, contact);
    g_assert_cmpint(silent.alive_mono, ==, DAYS(100).mono);
    mgr_display_follow_clock(&silent, DAYS(80).wall, &set);
    g_assert_cmpint(silent.contact_wall, ==, contact);
    g_assert_cmpint(silent.alive_mono, ==, DAYS(80).mono);
    mgr_display_restore(&heard, DAYS(80).wall, DAYS(100).wall, start);
    heard.contact_wall = DAYS(41).wall;
    heard.alive_mono = DAYS(101).mono;
    mgr_display_follow_clock(&heard, DAYS(41).wall, &set);
    g_assert_cmpint(heard.contact_wall, ==, DAYS(101).wall);
    g_assert_cmpint(heard.alive_mono, ==, DAYS(101).mono);
}

/* That a manager lives is written less often than what it heard: who was heard in its last seconds was heard. */
static void test_restore_heard_last(void)
{
    static const HlTime later[] = { 1, MGR_ALIVE_EVERY, MGR_ALIVE_SLACK };
    MgrDisplay d = offline();

    for (gsize i = 0; i < G_N_ELEMENTS(later); i++) {
        mgr_display_restore(&d, DAYS(40).wall + later[i], DAYS(40).wall, DAYS(100));
        g_assert_cmpint(d.alive_mono, ==, DAYS(100).mono);
        mgr_display_restore(&d, DAYS(40).wall + later[i], DAYS(40).wall, DAYS(39)); /* set back while it was off */
        g_assert_cmpint(d.alive_mono, ==, DAYS(39).mono);
    }
    mgr_display_restore(&d, DAYS(40).wall + MGR_ALIVE_SLACK + 1, DAYS(40).wall, DAYS(100));
    g_assert_cmpint(d.alive_mono, ==, DAYS(60).mono);
}

/* The server was off for a year, or its clock was wrong: nobody becomes inactive or silent by that. */
static void test_restore(void)
{
    MgrDisplay d = offline();
    MgrDisplay networked = { 0 };

    step(&networked, MGR_DISPLAY_ENTERED_UNREACHABLE_NET, SEC(0));
    step(&networked, MGR_DISPLAY_REGISTERED, SEC(0));
    g_assert_false(mgr_display_restore(&d, 0, DAYS(20).wall, DAYS(385)));
    mgr_display_restore(&networked, 0, SEC(60).wall, DAYS(385));
    step(&d, MGR_DISPLAY_TICK, DAYS(394));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    step(&d, MGR_DISPLAY_TICK, DAYS(395)); /* 20 days before, 10 after */
    expect(&d, MGR_DISPLAYED_INACTIVE);
    step(&networked, MGR_DISPLAY_TICK, (MgrNow){ .mono = DAYS(385).mono + 59 * HL_MINUTE });
    expect(&networked, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    step(&networked, MGR_DISPLAY_TICK, (MgrNow){ .mono = DAYS(385).mono + 60 * HL_MINUTE });
    expect(&networked, MGR_DISPLAYED_UNREACHABLE_OFFLINE);
    mgr_display_restore(&d, 0, SEC(-9999).wall, DAYS(400));
    g_assert_cmpint(d.alive_mono, ==, DAYS(400).mono);
    step(&d, MGR_DISPLAY_RESTARTED, DAYS(400)); /* and the manager dies before the dial is back */
    g_assert_true(mgr_display_restore(&d, 0, DAYS(400).wall, DAYS(401)));
}

/* The manager before this one had a clock that was ahead: its last sign of life is in the future, and says nothing of
 * how long anybody was silent. */
static void test_restore_from_the_future(void)
{
    MgrDisplay d = offline();

    mgr_display_restore(&d, 0, DAYS(3650).wall, DAYS(1));
    step(&d, MGR_DISPLAY_TICK, DAYS(2));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    step(&d, MGR_DISPLAY_TICK, DAYS(31));
    expect(&d, MGR_DISPLAYED_INACTIVE);
}

static void test_modes(void)
{
    MgrDisplay d = offline();

    step(&d, MGR_DISPLAY_ENTERED_UNREACHABLE_NET, SEC(10));
    expect(&d, MGR_DISPLAYED_UNREACHABLE_OFFLINE);
    g_assert_false(mgr_display_is_dialled(&d));
    g_assert_false(step(&d, MGR_DISPLAY_VERIFY, SEC(11)).dial);
    step(&d, MGR_DISPLAY_HEARTBEAT, SEC(12));
    expect(&d, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    step(&d, MGR_DISPLAY_HEARTBEAT, SEC(12 + 599)); /* not yet n minutes: the line's, not the documented one */
    g_assert_cmpint(d.beat_mono, ==, SEC(12).mono);
    step(&d, MGR_DISPLAY_HEARTBEAT, SEC(12 + 600));
    g_assert_cmpint(d.beat_mono, ==, SEC(612).mono);
    step(&d, MGR_DISPLAY_INDEPENDENT_ON, SEC(700));
    expect(&d, MGR_DISPLAYED_INDEPENDENT);
    step(&d, MGR_DISPLAY_TICK, DAYS(2)); /* not judged by heartbeats now */
    expect(&d, MGR_DISPLAYED_INDEPENDENT);
    step(&d, MGR_DISPLAY_STOPPED, DAYS(2));
    expect(&d, MGR_DISPLAYED_OFFLINE);
    step(&d, MGR_DISPLAY_RESTARTED, DAYS(2));
    expect(&d, MGR_DISPLAYED_INDEPENDENT);
    step(&d, MGR_DISPLAY_INDEPENDENT_OFF, DAYS(3));
    expect(&d, MGR_DISPLAYED_UNREACHABLE_ONLINE);
    g_assert_true(step(&d, MGR_DISPLAY_LEFT_UNREACHABLE_NET, DAYS(3)).dial);
    step(&d, MGR_DISPLAY_DIAL_FAILED, DAYS(3));
    expect(&d, MGR_DISPLAYED_OFFLINE);
}

/* Whatever happens in whatever order: the displayed status follows from mode and belief, and only announcements, dials
 * and heartbeats move it. */
static void test_random_walk(void)
{
    MgrDisplay d = { 0 };
    HlTime t = 0;

    for (int i = 0; i < 200000; i++) {
        MgrDisplayEventKind kind = (MgrDisplayEventKind)g_test_rand_int_range(MGR_DISPLAY_NOTHING, MGR_DISPLAY_N);
        MgrDisplayEvent event = { .kind = kind, .generation = d.generation - (guint)g_test_rand_int_range(0, 2) };
        MgrDisplay before = d;
        MgrDisplayEffects fx;

        t += g_test_rand_int_range(0, 3600);
        fx = mgr_display_step(&d, &policy, &event, SEC(t));
        g_assert_cmpuint(fx.changed, ==, d.shown != before.shown || d.removed != before.removed);
        if (kind == MGR_DISPLAY_UPDATED || kind == MGR_DISPLAY_LOG_UPLOADED || kind == MGR_DISPLAY_LINE_UP ||
            kind == MGR_DISPLAY_LINE_LOST || kind == MGR_DISPLAY_VERIFY)
            g_assert_true(d.shown == before.shown || before.inactive); /* which alone a sign of life ends */
        if (fx.dial || fx.work)
            g_assert_false(d.removed);
        if (fx.dial)
            g_assert_false(d.in_unreachable_net || d.independent);
        if (d.removed || !d.registered)
            continue; /* not shown; computed again when it returns */
        if (d.inactive)
            expect(&d, MGR_DISPLAYED_INACTIVE);
        else if (d.independent && d.up)
            expect(&d, MGR_DISPLAYED_INDEPENDENT);
        else if (d.in_unreachable_net && !d.independent)
            expect(&d, d.up ? MGR_DISPLAYED_UNREACHABLE_ONLINE : MGR_DISPLAYED_UNREACHABLE_OFFLINE);
    }
}

static void check_refused(const char *text)
{
    g_autoptr(GError) error = NULL;
    HlNetwork range;

    g_assert_false(hl_network_parse(text, &range, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void test_ranges(void)
{
    static const char *const bad[] = { "",
                                       "192.168.0.0/33",
                                       "192.168.0.0/",
                                       "192.168.0.0/-1",
                                       "192.168.1.0/16",
                                       "fd00::/129",
                                       "300.1.1.1",
                                       "x",
                                       "10.0.0.0/8 ",
                                       "10.0.0.0/8/8",
                                       "fd00::1/64",
                                       "/8" };
    static const char *const texts[] = { "192.168.0.0/16", "10.1.2.3/32", "fd00::/8", "0.0.0.0/0", "172.16.0.0/12" };
    static const char *const inside[] = { "192.168.255.1", "10.1.2.3", "fd12::9", "::ffff:192.168.3.4",
                                          "fdaa::1%eth0" };
    static const char *const outside[] = { "192.169.0.1", "10.1.2.4", "fe80::1", "", "printer", "172.32.0.1" };
    HlNetwork ranges[G_N_ELEMENTS(texts)];
    MgrUnreachable u = { .ranges = ranges, .n_ranges = 3 };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        check_refused(bad[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_true(hl_network_parse(texts[i], &ranges[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(inside); i++)
        g_assert_true(mgr_unreachable_has(&u, inside[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(outside); i++)
        g_assert_false(mgr_unreachable_has(&u, outside[i]));
    g_assert_false(mgr_unreachable_has(&u, NULL));
    u.ranges = &ranges[4];
    u.n_ranges = 1;
    g_assert_true(mgr_unreachable_has(&u, "172.31.255.255"));
    g_assert_false(mgr_unreachable_has(&u, "172.15.255.255"));
    ranges[4] = ranges[3]; /* every IPv4 address, no IPv6 one */
    g_assert_true(mgr_unreachable_has(&u, "8.8.8.8"));
    g_assert_false(mgr_unreachable_has(&u, "fd00::1"));
}

static void test_minutes(void)
{
    static const struct {
        int64_t n, m, k;
        const char *complaint;
    } cases[] = {
        { 10, 30, 11, NULL },
        { 1, 3, 2, NULL },
        { 43200, 129600, 129600, NULL },
        { 0, 30, 60, "heartbeat must be 1 to" },
        { 10, 129601, 60, "poll must be 1 to" },
        { 10, 30, -5, "offline after must be 1 to" },
        { 10, 29, 60, "three times" },
        { 10, 30, 10, "longer than heartbeat" },
        { 43201, 129600, 129600, "three times" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrUnreachable u = { .heartbeat_minutes = cases[i].n,
                             .poll_minutes = cases[i].m,
                             .offline_minutes = cases[i].k };
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(mgr_unreachable_check(&u, &error), ==, cases[i].complaint == NULL);
        if (cases[i].complaint != NULL)
            g_assert_nonnull(strstr(error->message, cases[i].complaint));
    }
}

static void test_table(void)
{
    g_autofree char *table = mgr_display_table();

    for (int rule = 1; rule <= 14; rule++) {
        g_autofree char *name = g_strdup_printf("B%d ", rule);
        bool about_delivery = rule == 3 || rule == 5; /* path.c */

        g_assert_cmpint(strstr(table, name) != NULL, ==, !about_delivery);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--table") == 0) {
        g_autofree char *table = mgr_display_table();

        fputs(table, stdout);
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/displayed/overtaken-dial", test_overtaken_dial);
    g_test_add_func("/displayed/unregistered", test_unregistered);
    g_test_add_func("/displayed/inactive", test_inactive);
    g_test_add_func("/displayed/signs-of-life", test_signs_of_life);
    g_test_add_func("/displayed/restore-seen", test_restore_seen);
    g_test_add_func("/displayed/clock-was-behind", test_clock_was_behind);
    g_test_add_func("/displayed/restore-heard-last", test_restore_heard_last);
    g_test_add_func("/displayed/restore", test_restore);
    g_test_add_func("/displayed/restore-from-the-future", test_restore_from_the_future);
    g_test_add_func("/displayed/modes", test_modes);
    g_test_add_func("/displayed/random-walk", test_random_walk);
    g_test_add_func("/displayed/ranges", test_ranges);
    g_test_add_func("/displayed/minutes", test_minutes);
    g_test_add_func("/displayed/table", test_table);
    return g_test_run();
}

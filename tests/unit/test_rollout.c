/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs: which members have their turn when, and what makes one halt.  Weeks in a second: the time is an argument.
 */
#include "manager/core/rollout.h"

#define MAX_MEMBERS 3000

/* How the members of a simulated fleet behave. */
typedef enum { GOOD, BAD, MUTE, ABSENT, TARDY } Habit;

typedef struct {
    MgrRollout rollout;
    HlTime now;
    Habit habits[MAX_MEMBERS];
    HlTime turn[MAX_MEMBERS]; /* when its turn came; 0: not yet */
} Fleet;

static const MgrRolloutPlan usual = { .rings = { 1, 10, 100 },
                                      .n_rings = 3,
                                      .min_success = 95,
                                      .min_sample = 5,
                                      .soak = 15 * HL_MINUTE,
                                      .silence = HL_HOUR };

static Fleet *fleet_new(const MgrRolloutPlan *plan, guint n)
{
    Fleet *fleet = g_new0(Fleet, 1);

    fleet->now = HL_DAY;
    mgr_rollout_init(&fleet->rollout, plan, n, fleet->now);
    return fleet;
}

static void fleet_free(Fleet *fleet)
{
    mgr_rollout_clear(&fleet->rollout);
    g_free(fleet);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)

static void behave(Fleet *fleet, guint i)
{
    HlTime had = fleet->now - fleet->turn[i];

    if (fleet->habits[i] == ABSENT)
        return;
    mgr_rollout_told(&fleet->rollout, i, MGR_MEMBER_OPEN, fleet->now);
    if (fleet->habits[i] == MUTE || had < 30 * HL_SECOND)
        return;
    if (fleet->habits[i] == BAD || (fleet->habits[i] == TARDY && had > 5 * HL_MINUTE))
        mgr_rollout_told(&fleet->rollout, i, MGR_MEMBER_FAILED, fleet->now);
    else
        mgr_rollout_told(&fleet->rollout, i, MGR_MEMBER_SUCCEEDED, fleet->now);
}

/* Until it stops by itself, but no longer than this; a step is ten seconds. */
static void run(Fleet *fleet, HlTime length)
{
    HlTime end = fleet->now + length;

    while (fleet->now < end && fleet->rollout.state <= MGR_ROLLOUT_SOAKING) {
        guint n = mgr_rollout_tick(&fleet->rollout, fleet->now);

        for (guint i = 0; i < n; i++)
            fleet->turn[fleet->rollout.issued + i] = fleet->now;
        mgr_rollout_issued(&fleet->rollout, n, n > 0 ? fleet->now : fleet->rollout.issued_mono);
        for (guint i = 0; i < fleet->rollout.issued; i++)
            behave(fleet, i);
        fleet->now += 10 * HL_SECOND;
    }
}

static void expect(const Fleet *fleet, MgrRolloutState state, guint issued)
{
    g_assert_cmpstr(mgr_rollout_state_name(fleet->rollout.state), ==, mgr_rollout_state_name(state));
    g_assert_cmpuint(fleet->rollout.issued, ==, issued);
}

static void test_all_good(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_DONE, 1000);
    g_assert_cmpuint(fleet->rollout.counts[MGR_MEMBER_SUCCEEDED], ==, 1000);
    /* each ring after the one before it has passed and soaked */
    g_assert_cmpint(fleet->turn[10] - fleet->turn[9], >=, usual.soak);
    g_assert_cmpint(fleet->turn[100] - fleet->turn[99], >=, usual.soak);
    g_assert_cmpint(fleet->turn[999], ==, fleet->turn[100]);
}

/* An update that breaks everything breaks the first ring. */
static void test_all_bad(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    for (guint i = 0; i < 1000; i++)
        fleet->habits[i] = BAD;
    run(fleet, 7 * HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
    g_assert_cmpstr(mgr_halt_name(fleet->rollout.halt), ==, "failures");
}

/* A canary that has the command and never answers halts the roll-out, and never widens it. */
static void test_silent_canary(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    fleet->habits[3] = MUTE;
    run(fleet, 55 * HL_MINUTE);
    expect(fleet, MGR_ROLLOUT_RUNNING, 10);
    run(fleet, 7 * HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
    g_assert_cmpuint(fleet->rollout.counts[MGR_MEMBER_SILENT], ==, 1);
}

/* Those that are away are not judged; where nearly all are, nothing is concluded from the others. */
static void test_away(void)
{
    g_autoptr(Fleet) some = fleet_new(&usual, 1000);
    g_autoptr(Fleet) most = fleet_new(&usual, 1000);

    for (guint i = 0; i < 1000; i += 3)
        some->habits[i] = ABSENT;
    run(some, HL_DAY);
    expect(some, MGR_ROLLOUT_DONE, 1000);
    g_assert_cmpuint(some->rollout.counts[MGR_MEMBER_AWAY], ==, 334);
    for (guint i = 0; i < 10; i++)
        most->habits[i] = i < 4 ? GOOD : ABSENT;
    run(most, HL_DAY);
    expect(most, MGR_ROLLOUT_HALTED, 10);
    g_assert_cmpstr(mgr_halt_name(most->rollout.halt), ==, "too-few-answers");
    /* somebody says that four are enough */
    g_assert_true(mgr_rollout_resume(&most->rollout, most->now));
    run(most, HL_DAY);
    expect(most, MGR_ROLLOUT_DONE, 1000);
}

/* One that was on line goes its way before those that are away are given up: a minute, not at once. */
static void test_settles(void)
{
    MgrRolloutPlan plan = usual;
    g_auto(MgrRollout) rollout = { 0 };

    plan.soak = 0;
    mgr_rollout_init(&rollout, &plan, 100, 0);
    g_assert_cmpuint(mgr_rollout_tick(&rollout, 0), ==, 5);
    mgr_rollout_issued(&rollout, 5, 0);
    for (guint i = 0; i < 5; i++)
        mgr_rollout_told(&rollout, i, MGR_MEMBER_SUCCEEDED, HL_SECOND);
    g_assert_cmpuint(mgr_rollout_tick(&rollout, 2 * HL_SECOND), ==, 0); /* soaks, for no time */
    g_assert_cmpuint(mgr_rollout_tick(&rollout, 3 * HL_SECOND), ==, 5);
    mgr_rollout_issued(&rollout, 5, 3 * HL_SECOND);
    g_assert_cmpuint(mgr_rollout_tick(&rollout, 50 * HL_SECOND), ==, 0);
    g_assert_cmpstr(mgr_rollout_state_name(rollout.state), ==, "running");
    mgr_rollout_tick(&rollout, 63 * HL_SECOND);
    g_assert_cmpstr(mgr_rollout_state_name(rollout.state), ==, "soaking");
}

/* What is within the threshold passes; one more does not.  The whole of a ring decides, whatever came first. */
static void test_threshold(void)
{
    g_autoptr(Fleet) within = fleet_new(&usual, 1000);
    g_autoptr(Fleet) beyond = fleet_new(&usual, 1000);

    for (guint i = 0; i < 5; i++)
        within->habits[10 + i] = beyond->habits[10 + i] = BAD;
    beyond->habits[99] = BAD;
    run(within, HL_DAY);
    expect(within, MGR_ROLLOUT_DONE, 1000);
    run(beyond, HL_DAY);
    expect(beyond, MGR_ROLLOUT_HALTED, 100);
}

/* Success first and failure later, while the ring soaks: it counts. */
static void test_late_failure(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    fleet->habits[0] = TARDY;
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
}

/* Those that are away make no room for failures: at the end of the soak the answers decide, as when the ring passed. */
static void test_late_failures_with_many_away(void)
{
    MgrRolloutPlan plan = usual;
    g_autoptr(Fleet) fleet = NULL;

    plan.rings[0] = 10;
    plan.rings[1] = 100;
    plan.n_rings = 2;
    fleet = fleet_new(&plan, 1000);
    for (guint i = 40; i < 100; i++)
        fleet->habits[i] = ABSENT;
    while (!mgr_rollout_is_soaked(&fleet->rollout, fleet->now))
        run(fleet, 10 * HL_SECOND);
    for (guint i = 0; i < 5; i++)
        mgr_rollout_told(&fleet->rollout, i, MGR_MEMBER_FAILED, fleet->now);
    g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now), ==, 0);
    expect(fleet, MGR_ROLLOUT_HALTED, 100);
    g_assert_cmpstr(mgr_halt_name(fleet->rollout.halt), ==, "failures");
}

/* What the manager finds out at the end of the soak is told before the tick that ends it. */
static void test_liar(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    while (!mgr_rollout_is_soaked(&fleet->rollout, fleet->now))
        run(fleet, 10 * HL_SECOND);
    mgr_rollout_told(&fleet->rollout, 2, MGR_MEMBER_FAILED, fleet->now);
    g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now), ==, 0);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
}

/* The last ring does not soak: a doubt about somebody's versions is waited for, no longer than a soak or a minute, and
 * then told of as a failure or over. */
static void test_doubt(void)
{
    MgrRolloutPlan plan = usual;

    for (int i = 0; i < 3; i++) {
        HlTime most = i == 0 ? MGR_ROLLOUT_SETTLE : 20 * HL_SECOND, since;
        g_autoptr(Fleet) fleet = NULL;

        plan.soak = i == 0 ? usual.soak : 20 * HL_SECOND;
        fleet = fleet_new(&plan, 4);
        g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now), ==, 4);
        mgr_rollout_issued(&fleet->rollout, 4, fleet->now);
        g_assert_false(mgr_rollout_is_ending(&fleet->rollout, fleet->now));
        since = fleet->now += HL_MINUTE;
        for (guint member = 0; member < 4; member++)
            mgr_rollout_told(&fleet->rollout, member, MGR_MEMBER_SUCCEEDED, fleet->now);
        g_assert_true(mgr_rollout_is_ending(&fleet->rollout, fleet->now));
        for (; !mgr_rollout_is_doubt_over(&fleet->rollout, fleet->now); fleet->now += HL_SECOND) {
            mgr_rollout_doubt(&fleet->rollout, 1);
            g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now), ==, 0);
            expect(fleet, MGR_ROLLOUT_RUNNING, 4);
        }
        g_assert_cmpint(fleet->now - since, ==, most);
        if (i == 1)
            mgr_rollout_told(&fleet->rollout, 3, MGR_MEMBER_FAILED, fleet->now);
        g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now), ==, 0);
        expect(fleet, i == 1 ? MGR_ROLLOUT_HALTED : MGR_ROLLOUT_DONE, 4);
    }
}

/* One that is found silent is the last that was waited for: who is doubted is asked before the next tick. */
static void test_doubt_beside_silence(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 40);

    fleet->rollout.plan.min_success = 50;
    fleet->rollout.plan.soak = HL_MINUTE;
    fleet->habits[39] = MUTE;
    while (fleet->rollout.counts[MGR_MEMBER_SILENT] == 0)
        run(fleet, 10 * HL_SECOND);
    expect(fleet, MGR_ROLLOUT_RUNNING, 40);
    g_assert_true(mgr_rollout_is_ending(&fleet->rollout, fleet->now));
    run(fleet, 10 * HL_SECOND);
    expect(fleet, MGR_ROLLOUT_DONE, 40);
}

static void test_rate(void)
{
    MgrRolloutPlan plan = usual;
    g_autoptr(Fleet) fleet = NULL;

    plan.rate = 50;
    fleet = fleet_new(&plan, 1000);
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_DONE, 1000);
    for (guint i = 100; i + 50 < 1000; i++)
        g_assert_cmpint(fleet->turn[i + 50] - fleet->turn[i], >=, HL_MINUTE);
}

/* Also those of whom nothing is told: they were away in a window before, and still are. */
static void test_rate_of_let_go(void)
{
    MgrRolloutPlan plan = usual;
    g_auto(MgrRollout) rollout = { 0 };

    plan.rate = 10;
    mgr_rollout_init(&rollout, &plan, 1000, 0);
    mgr_rollout_issued(&rollout, mgr_rollout_tick(&rollout, 0), 0);
    g_assert_cmpuint(mgr_rollout_let_go(&rollout, 50, HL_MINUTE), ==, 10);
    g_assert_cmpuint(mgr_rollout_let_go(&rollout, 40, HL_MINUTE + 5 * HL_SECOND), ==, 0);
    g_assert_cmpuint(mgr_rollout_let_go(&rollout, 40, 2 * HL_MINUTE), ==, 10);
}

/* That they are let go in each window puts no end off that the ring would have had without windows. */
static void test_too_few_in_windows(void)
{
    MgrRolloutPlan plan = usual;
    g_auto(MgrRollout) rollout = { 0 };
    HlTime now = 0;

    plan.silence = 2 * HL_DAY;
    mgr_rollout_init(&rollout, &plan, 1000, now);
    mgr_rollout_issued(&rollout, mgr_rollout_tick(&rollout, now), now);
    while (rollout.state == MGR_ROLLOUT_RUNNING && now < 10 * HL_DAY) {
        now += HL_HOUR;
        mgr_rollout_let_go(&rollout, now % HL_DAY == 0 ? 10 : 0, now);
        mgr_rollout_tick(&rollout, now);
    }
    g_assert_cmpstr(mgr_halt_name(rollout.halt), ==, "too-few-answers");
    g_assert_cmpint(now, ==, plan.silence);
}

/* Fewer members than a sample: all of them are the first ring, and the last. */
static void test_few_members(void)
{
    g_autoptr(Fleet) good = fleet_new(&usual, 3);
    g_autoptr(Fleet) bad = fleet_new(&usual, 3);

    run(good, HL_DAY);
    expect(good, MGR_ROLLOUT_DONE, 3);
    bad->habits[1] = BAD;
    run(bad, HL_DAY);
    expect(bad, MGR_ROLLOUT_HALTED, 3);
}

static void test_people(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);
    g_autoptr(GArray) again = NULL;
    g_autoptr(GArray) none = NULL;

    run(fleet, HL_MINUTE);
    g_assert_true(mgr_rollout_pause(&fleet->rollout));
    g_assert_false(mgr_rollout_pause(&fleet->rollout));
    g_assert_cmpuint(mgr_rollout_tick(&fleet->rollout, fleet->now + 30 * HL_DAY), ==, 0);
    g_assert_true(mgr_rollout_resume(&fleet->rollout, fleet->now));
    g_assert_false(mgr_rollout_resume(&fleet->rollout, fleet->now));
    fleet->habits[4] = BAD;
    mgr_rollout_told(&fleet->rollout, 4, MGR_MEMBER_FAILED, fleet->now);
    run(fleet, HL_HOUR);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
    fleet->habits[4] = GOOD;
    again = mgr_rollout_find_failed(&fleet->rollout);
    g_assert_cmpuint(again->len, ==, 1);
    g_assert_cmpuint(g_array_index(again, guint, 0), ==, 4);
    mgr_rollout_begin_again(&fleet->rollout);
    mgr_rollout_issued_again(&fleet->rollout, again, fleet->now);
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_DONE, 1000);
    none = mgr_rollout_find_failed(&fleet->rollout);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_false(mgr_rollout_abort(&fleet->rollout));
}

/* Of settings, which an abort takes back: nobody is waited for.  Counts that were noted before say the same. */
static void test_taken_back_by_abort(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);
    MgrRollout *rollout = &fleet->rollout;
    guint counts[MGR_MEMBER_N];

    fleet->habits[1] = ABSENT;
    fleet->habits[2] = MUTE;
    run(fleet, HL_MINUTE);
    mgr_rollout_told(rollout, 1, MGR_MEMBER_WAITING, fleet->now);
    g_assert_true(mgr_rollout_abort(rollout));
    memcpy(counts, rollout->counts, sizeof counts);
    mgr_rollout_take_back(rollout);
    mgr_rollout_take_back_counts(counts);
    g_assert_cmpmem(counts, sizeof counts, rollout->counts, sizeof rollout->counts);
    g_assert_cmpuint(counts[MGR_MEMBER_SUCCEEDED], ==, 8);
    g_assert_cmpuint(counts[MGR_MEMBER_LEFT], ==, 2);
}

/* A turn that has brought nothing does not undo what the one before has. */
static void test_may_have(void)
{
    static const MgrMember reached[] = { MGR_MEMBER_OPEN, MGR_MEMBER_SUCCEEDED, MGR_MEMBER_SILENT };
    static const MgrMember idle[] = { MGR_MEMBER_PENDING, MGR_MEMBER_WAITING, MGR_MEMBER_AWAY, MGR_MEMBER_LEFT };

    for (gsize i = 0; i < G_N_ELEMENTS(reached); i++)
        for (MgrMember before = MGR_MEMBER_PENDING; before < MGR_MEMBER_N; before++)
            g_assert_true(mgr_member_may_have(reached[i], before, false));
    g_assert_true(mgr_member_may_have(MGR_MEMBER_FAILED, MGR_MEMBER_SILENT, true));
    g_assert_false(mgr_member_may_have(MGR_MEMBER_FAILED, MGR_MEMBER_SILENT, false));
    for (gsize i = 0; i < G_N_ELEMENTS(idle); i++) {
        g_assert_false(mgr_member_may_have(idle[i], MGR_MEMBER_PENDING, true)); /* by its own schedule */
        g_assert_true(mgr_member_may_have(idle[i], MGR_MEMBER_FAILED, true));
        g_assert_false(mgr_member_may_have(idle[i], MGR_MEMBER_FAILED, false));
        g_assert_true(mgr_member_may_have(idle[i], MGR_MEMBER_SILENT, false));
    }
}

/* Resumed after a halt: what was is answered for; one failure beyond what a ring may have halts it again. */
static void test_forgiven(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);
    g_autoptr(GArray) none = NULL;

    fleet->habits[0] = fleet->habits[1] = BAD;
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
    g_assert_true(mgr_rollout_resume(&fleet->rollout, fleet->now));
    for (guint i = 20; i < 26; i++)
        fleet->habits[i] = BAD;
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 100);
    g_assert_true(mgr_rollout_abort(&fleet->rollout));
    none = mgr_rollout_find_failed(&fleet->rollout);
    g_assert_cmpuint(none->len, ==, 0);
}

/* Who was forgiven and succeeds after all leaves no room for another one. */
static void test_forgiven_once(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    fleet->habits[0] = MUTE;
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
    g_assert_true(mgr_rollout_resume(&fleet->rollout, fleet->now));
    g_assert_cmpuint(fleet->rollout.forgiven, ==, 1);
    fleet->habits[0] = GOOD;
    mgr_rollout_told(&fleet->rollout, 0, MGR_MEMBER_SUCCEEDED, fleet->now);
    g_assert_cmpuint(fleet->rollout.forgiven, ==, 0);
    mgr_rollout_told(&fleet->rollout, 1, MGR_MEMBER_FAILED, fleet->now);
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_HALTED, 10);
}

/* A command that is taken back because the line went before it had left: the member is away, and not silent. */
static void test_taken_back(void)
{
    g_autoptr(Fleet) fleet = fleet_new(&usual, 1000);

    run(fleet, HL_MINUTE / 2);
    mgr_rollout_told(&fleet->rollout, 1, MGR_MEMBER_AWAY, fleet->now);
    fleet->habits[1] = ABSENT;
    run(fleet, HL_DAY);
    expect(fleet, MGR_ROLLOUT_DONE, 1000);
    g_assert_cmpuint(fleet->rollout.counts[MGR_MEMBER_SILENT], ==, 0);
}

/* A restart in a soak begins the soak again; nobody has a second turn. */
static void test_restore(void)
{
    g_auto(MgrRollout) rollout = { 0 };

    mgr_rollout_init(&rollout, &usual, 1000, 0);
    mgr_rollout_restore(&rollout, MGR_ROLLOUT_SOAKING, MGR_HALT_NONE, 0, 0, 0);
    mgr_rollout_issued(&rollout, 10, 0);
    for (guint i = 0; i < 10; i++)
        mgr_rollout_told(&rollout, i, MGR_MEMBER_SUCCEEDED, 0);
    g_assert_cmpuint(mgr_rollout_tick(&rollout, usual.soak - HL_SECOND), ==, 0);
    g_assert_cmpuint(mgr_rollout_tick(&rollout, usual.soak), ==, 90);
}

/* What was forgiven is stored when the state changes: who succeeded after that leaves no room either. */
static void test_restore_forgiven(void)
{
    g_auto(MgrRollout) rollout = { 0 };

    mgr_rollout_init(&rollout, &usual, 1000, 0);
    mgr_rollout_restore(&rollout, MGR_ROLLOUT_RUNNING, MGR_HALT_NONE, 0, 2, 0);
    mgr_rollout_issued(&rollout, 10, 0);
    for (guint i = 0; i < 10; i++)
        mgr_rollout_told(&rollout, i, i == 0 ? MGR_MEMBER_FAILED : MGR_MEMBER_SUCCEEDED, 0);
    mgr_rollout_restored(&rollout);
    g_assert_cmpuint(rollout.forgiven, ==, 1);
    mgr_rollout_told(&rollout, 1, MGR_MEMBER_FAILED, HL_SECOND);
    (void)mgr_rollout_tick(&rollout, HL_SECOND);
    g_assert_cmpstr(mgr_rollout_state_name(rollout.state), ==, "halted");
}

/* Fleets of all kinds: whatever they do, a ring is never wider than what passed before it allows. */
static void test_random_fleets(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (guint round = 0; round < 300; round++) {
        guint n = (guint)g_rand_int_range(rand, 1, 400);
        g_autoptr(Fleet) fleet = fleet_new(&usual, n);
        int bad = g_rand_int_range(rand, 0, 30), mute = g_rand_int_range(rand, 0, 10);
        guint failed, answered;

        for (guint i = 0; i < n; i++) {
            int dice = g_rand_int_range(rand, 0, 100);

            fleet->habits[i] = dice < bad ? BAD : dice < bad + mute ? MUTE : dice > 90 ? ABSENT : GOOD;
        }
        run(fleet, 7 * HL_DAY);
        g_assert_cmpint(fleet->rollout.state, !=, MGR_ROLLOUT_RUNNING);
        g_assert_cmpint(fleet->rollout.state, !=, MGR_ROLLOUT_SOAKING);
        failed = fleet->rollout.counts[MGR_MEMBER_FAILED] + fleet->rollout.counts[MGR_MEMBER_SILENT];
        answered = failed + fleet->rollout.counts[MGR_MEMBER_SUCCEEDED];
        if (fleet->rollout.state == MGR_ROLLOUT_DONE && answered >= usual.min_sample)
            g_assert_cmpuint(failed * 100, <=, answered * 5);
        /* a ring beyond the first one was given only after the one before it had passed */
        if (fleet->rollout.ring > 0) {
            guint before = 0, of = 0;

            for (guint i = 0; i < fleet->rollout.ends[fleet->rollout.ring - 1]; i++) {
                of += fleet->habits[i] != ABSENT ? 1 : 0;
                before += fleet->habits[i] == BAD || fleet->habits[i] == MUTE ? 1 : 0;
            }
            g_assert_cmpuint(before * 100, <=, of * 5);
        }
    }
}

static void test_rings(void)
{
    static const struct {
        const char *text, *rings, *error;
    } cases[] = {
        { "1%,10%,100%", "1%,10%,100%", NULL },
        { " 5 , 50 ", "5%,50%,100%", NULL },
        { "100", "100%", NULL },
        { "1,2,3,4,5,6,7,8,9", "1%,2%,3%,4%,5%,6%,7%,8%,9%,100%", NULL },
        { "", NULL, "no ring*" },
        { "0%", NULL, "ring '0%'*" },
        { "101", NULL, "ring '101'*" },
        { "10,x", NULL, "ring 'x'*" },
        { "10,10", NULL, "*larger*" },
        { "1,2,3,4,5,6,7,8,9,10", NULL, "*at most 10*" },
        { "1,2,3,4,5,6,7,8,9,10,100", NULL, "*at most 10*" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrRolloutPlan plan = { 0 };
        g_autoptr(GError) error = NULL;
        bool ok = mgr_rollout_parse_rings(cases[i].text, &plan, &error);

        g_assert_cmpint(ok, ==, cases[i].rings != NULL);
        if (ok) {
            g_autofree char *text = mgr_rollout_format_rings(&plan);

            g_assert_cmpstr(text, ==, cases[i].rings);
        } else if (!g_pattern_match_simple(cases[i].error, error->message)) {
            g_error("%s: %s", cases[i].text, error->message);
        }
    }
}

static void test_words(void)
{
    for (MgrRolloutState state = MGR_ROLLOUT_RUNNING; state < MGR_ROLLOUT_N_STATES; state++)
        g_assert_cmpint(mgr_rollout_state_parse(mgr_rollout_state_name(state)), ==, state);
    for (MgrHalt halt = MGR_HALT_NONE; halt < MGR_HALT_N; halt++)
        g_assert_cmpint(mgr_halt_parse(mgr_halt_name(halt)), ==, halt);
    g_assert_cmpint(mgr_rollout_state_parse("sleeping"), ==, MGR_ROLLOUT_N_STATES);
    g_assert_cmpstr(mgr_member_name(MGR_MEMBER_SILENT), ==, "silent");
}

static void test_counts(void)
{
    guint counts[MGR_MEMBER_N] = { [MGR_MEMBER_SUCCEEDED] = 4, [MGR_MEMBER_LEFT] = 1 }, read[MGR_MEMBER_N];
    g_autofree char *text = mgr_rollout_format_counts(counts);

    g_assert_cmpstr(text, ==, "succeeded=4 left=1");
    mgr_rollout_parse_counts(text, read);
    g_assert_cmpmem(counts, sizeof counts, read, sizeof read);
    mgr_rollout_parse_counts("succeeded=x none=3 failed", read);
    for (guint i = 0; i < MGR_MEMBER_N; i++)
        g_assert_cmpuint(read[i], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollout/rings", test_rings);
    g_test_add_func("/rollout/words", test_words);
    g_test_add_func("/rollout/counts", test_counts);
    g_test_add_func("/rollout/good", test_all_good);
    g_test_add_func("/rollout/bad", test_all_bad);
    g_test_add_func("/rollout/silent", test_silent_canary);
    g_test_add_func("/rollout/away", test_away);
    g_test_add_func("/rollout/settles", test_settles);
    g_test_add_func("/rollout/threshold", test_threshold);
    g_test_add_func("/rollout/late", test_late_failure);
    g_test_add_func("/rollout/late-with-many-away", test_late_failures_with_many_away);
    g_test_add_func("/rollout/liar", test_liar);
    g_test_add_func("/rollout/doubt", test_doubt);
    g_test_add_func("/rollout/doubt-beside-silence", test_doubt_beside_silence);
    g_test_add_func("/rollout/may-have", test_may_have);
    g_test_add_func("/rollout/rate", test_rate);
    g_test_add_func("/rollout/rate-of-let-go", test_rate_of_let_go);
    g_test_add_func("/rollout/too-few-in-windows", test_too_few_in_windows);
    g_test_add_func("/rollout/few", test_few_members);
    g_test_add_func("/rollout/people", test_people);
    g_test_add_func("/rollout/taken-back-by-abort", test_taken_back_by_abort);
    g_test_add_func("/rollout/forgiven", test_forgiven);
    g_test_add_func("/rollout/forgiven-once", test_forgiven_once);
    g_test_add_func("/rollout/taken-back", test_taken_back);
    g_test_add_func("/rollout/restore", test_restore);
    g_test_add_func("/rollout/restore-forgiven", test_restore_forgiven);
    g_test_add_func("/rollout/random", test_random_fleets);
    return g_test_run();
}

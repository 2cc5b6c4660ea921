/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-outs over weeks, to groups with different maintenance windows, across both changes of the clock: nobody has it
 * outside of theirs, no waiting makes anybody silent, and all have it in the end.  The world here does what the manager
 * does with its targets: it holds them, lets go of as many as the core says, and tells what has become of them. */
#include "manager/core/rollout.h"
#include "proto/maintenance.h"

#define MEMBERS 400
#define STEP    (30 * HL_SECOND)

/* A year in which the clock is put forward at the end of the second week, and back four weeks later. */
#define MONDAY  (4 * HL_DAY + 2600 * 7 * HL_DAY)
#define FORWARD (MONDAY + 13 * HL_DAY + HL_HOUR)
#define BACK    (FORWARD + 28 * HL_DAY)

static HlTime berlin(HlTime wall)
{
    return wall >= FORWARD && wall < BACK ? 2 * HL_HOUR : HL_HOUR;
}

static const char *const texts[] = { "", "mon-fri 22:00-05:00", "daily 01:30-02:30", "sat,sun 00:00-24:00",
                                     "sun 02:15-02:45; wed 12:00-12:10" };

#define GROUPS G_N_ELEMENTS(texts)

typedef struct {
    MgrRollout rollout;
    HlMaintenance windows[GROUPS];
    HlTime now;
    bool held[MEMBERS], let_go[MEMBERS], is_sent[MEMBERS];
    HlTime sent_at[MEMBERS];
    guint bad; /* members from this position on fail, late: 0: none */
} Weeks;

static Weeks *weeks_new(const MgrRolloutPlan *plan, HlTime start)
{
    Weeks *weeks = g_new0(Weeks, 1);

    weeks->now = start;
    mgr_rollout_init(&weeks->rollout, plan, MEMBERS, start);
    for (gsize i = 0; i < GROUPS; i++)
        g_assert_true(hl_maintenance_parse(texts[i], &weeks->windows[i], NULL));
    return weeks;
}

static void weeks_free(Weeks *weeks)
{
    mgr_rollout_clear(&weeks->rollout);
    g_free(weeks);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Weeks, weeks_free)

static bool is_open(const Weeks *weeks, guint i)
{
    return hl_maintenance_is_open(&weeks->windows[i % GROUPS], weeks->now, berlin);
}

/* Every seventh is off by day. */
static bool is_up(const Weeks *weeks, guint i)
{
    return i % 7 != 3 || weeks->now / HL_HOUR % 24 < 6;
}

static void send(Weeks *weeks, guint i)
{
    g_assert_true(is_open(weeks, i));
    g_assert_false(weeks->is_sent[i]);
    weeks->is_sent[i] = true;
    weeks->sent_at[i] = weeks->now;
    mgr_rollout_told(&weeks->rollout, i, MGR_MEMBER_OPEN, weeks->now);
}

static void let_go(Weeks *weeks)
{
    guint ready = 0, n;

    for (guint i = 0; i < weeks->rollout.issued; i++) {
        if (weeks->is_sent[i])
            continue;
        weeks->held[i] |= !is_open(weeks, i);
        ready += weeks->held[i] && is_open(weeks, i);
    }
    n = mgr_rollout_let_go(&weeks->rollout, ready, weeks->now);
    for (guint i = 0; i < weeks->rollout.issued && n > 0; i++) {
        if (!weeks->held[i] || !is_open(weeks, i) || weeks->is_sent[i])
            continue;
        weeks->held[i] = false;
        weeks->let_go[i] = true;
        mgr_rollout_told(&weeks->rollout, i, MGR_MEMBER_AWAY, weeks->now);
        n--;
    }
}

static void behave(Weeks *weeks, guint i)
{
    HlTime had = weeks->now - weeks->sent_at[i];

    if (!weeks->is_sent[i]) {
        if (weeks->held[i] && !weeks->let_go[i])
            mgr_rollout_told(&weeks->rollout, i, MGR_MEMBER_WAITING, weeks->now);
        else if (!weeks->held[i] && is_up(weeks, i))
            send(weeks, i);
    } else if (had >= 5 * HL_MINUTE) {
        bool fails = weeks->bad > 0 && i >= weeks->bad && had > 20 * HL_MINUTE;

        mgr_rollout_told(&weeks->rollout, i, fails ? MGR_MEMBER_FAILED : MGR_MEMBER_SUCCEEDED, weeks->now);
    }
}

static void take_turn(Weeks *weeks, guint n)
{
    guint first = weeks->rollout.issued;

    if (n == 0)
        return;
    mgr_rollout_issued(&weeks->rollout, n, weeks->now);
    for (guint i = first; i < first + n; i++)
        weeks->held[i] = !weeks->windows[i % GROUPS].is_always;
}

/* Until it stops by itself, but no longer than this. */
static void run(Weeks *weeks, HlTime length)
{
    HlTime end = weeks->now + length;

    while (weeks->now < end && weeks->rollout.state <= MGR_ROLLOUT_SOAKING) {
        let_go(weeks);
        take_turn(weeks, mgr_rollout_tick(&weeks->rollout, weeks->now));
        for (guint i = 0; i < weeks->rollout.issued; i++)
            behave(weeks, i);
        weeks->now += STEP;
    }
}

static const MgrRolloutPlan usual = { .rings = { 5, 25, 100 },
                                      .n_rings = 3,
                                      .min_success = 95,
                                      .min_sample = 5,
                                      .soak = 15 * HL_MINUTE,
                                      .silence = HL_HOUR };

/* Begun at any hour of a week, each ring in a night of its own. */
static void test_weeks(void)
{
    for (HlTime start = MONDAY; start < MONDAY + 7 * HL_DAY; start += 11 * HL_HOUR) {
        g_autoptr(Weeks) weeks = weeks_new(&usual, start);

        run(weeks, 6 * 7 * HL_DAY);
        g_assert_cmpint(weeks->rollout.state, ==, MGR_ROLLOUT_DONE);
        g_assert_cmpuint(weeks->rollout.counts[MGR_MEMBER_SILENT], ==, 0);
        g_assert_cmpuint(weeks->rollout.counts[MGR_MEMBER_WAITING], ==, 0);
        g_assert_cmpuint(weeks->rollout.counts[MGR_MEMBER_SUCCEEDED] + weeks->rollout.counts[MGR_MEMBER_AWAY], ==,
                         MEMBERS);
        /* the second ring waits until the first has had it: that of the rarest window opens twice a week */
        g_assert_cmpint(weeks->now - start, >, 4 * HL_DAY);
    }
}

/* Those that fail a quarter of an hour after the end of their window's members' soak began halt it in that ring. */
static void test_late_failures(void)
{
    g_autoptr(Weeks) weeks = weeks_new(&usual, MONDAY + 10 * HL_HOUR);

    weeks->bad = 1;
    run(weeks, 6 * 7 * HL_DAY);
    g_assert_cmpint(weeks->rollout.state, ==, MGR_ROLLOUT_HALTED);
    g_assert_cmpuint(weeks->rollout.issued, ==, 20);
}

/* --rate holds for those who are let go at once when a window opens, too. */
static void test_rate(void)
{
    MgrRolloutPlan plan = usual;
    g_autoptr(Weeks) weeks = NULL;
    HlTime last = 0;

    plan.rate = 3;
    weeks = weeks_new(&plan, MONDAY);
    for (guint day = 0; day < 90 && weeks->rollout.state <= MGR_ROLLOUT_SOAKING; day++)
        run(weeks, HL_DAY);
    g_assert_cmpint(weeks->rollout.state, ==, MGR_ROLLOUT_DONE);
    for (guint i = 0; i < MEMBERS; i++) {
        guint same = 0;

        for (guint j = 0; j < MEMBERS; j++)
            same += weeks->is_sent[j] && i % 7 != 3 && j % 7 != 3 && weeks->sent_at[j] == weeks->sent_at[i];
        g_assert_cmpuint(same, <=, plan.rate);
        last = MAX(last, weeks->sent_at[i]);
    }
    g_assert_cmpint(last, <=, weeks->now);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/windows/weeks", test_weeks);
    g_test_add_func("/windows/late-failures", test_late_failures);
    g_test_add_func("/windows/rate", test_rate);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/fence: who yields, and after how long it is known that nobody lives. */
#include "manager/core/fence.h"

#include <glib.h>

#define SEC(n) ((HlTime)(n)*HL_SECOND)
#define T0     SEC(1000)

static const MgrFencePeer self = { .online = true, .instance = 10, .place = 1, .home = 11, .epoch = 500 };

static MgrFencePeer peer(uint64_t instance, uint64_t place, uint64_t home, uint64_t epoch, bool online)
{
    return (MgrFencePeer){
        .online = online, .instance = instance, .place = place, .home = home, .epoch = epoch, .host = "other"
    };
}

static MgrFenceEar ear_up(void)
{
    MgrFenceEar ear = { 0 };

    mgr_fence_up(&ear, T0);
    return ear;
}

static void test_unreached(void)
{
    MgrFenceEar ear = { 0 };

    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + HL_DAY), ==, MGR_FENCE_LISTENING);
}

/* Nothing is kept, or that somebody went: short; that somebody is on line: longer, and not for ever. */
static void test_waits(void)
{
    MgrFencePeer gone = peer(20, 2, 22, 400, false);
    MgrFencePeer there = peer(20, 2, 22, 400, true);
    MgrFenceEar ear = ear_up();

    g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_LISTENING);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(3)), ==, MGR_FENCE_QUIET);
    mgr_fence_state(&ear, &there);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(3)), ==, MGR_FENCE_LISTENING);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(5)), ==, MGR_FENCE_QUIET);
    mgr_fence_state(&ear, &gone); /* its will, in the middle of the look */
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(3)), ==, MGR_FENCE_QUIET);
    mgr_fence_up(&ear, T0 + SEC(100)); /* the look's own connection came back: the time counts from the first */
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(5)), ==, MGR_FENCE_QUIET);
}

/* kill -9 and the same site again: at once, whatever the broker has kept of it. */
static void test_own_past(void)
{
    for (int online = 0; online < 2; online++) {
        MgrFencePeer before = peer(9, 1, 11, 500, online == 1);
        MgrFenceEar ear = ear_up();

        mgr_fence_state(&ear, &before);
        g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_QUIET);
    }
}

/* Thrown out: what the broker has kept is the own will, and who came has said nothing yet. */
static void test_thrown_out(void)
{
    MgrFencePeer will = peer(10, 1, 11, 500, false);
    MgrFencePeer other = peer(20, 2, 22, 501, true);
    MgrFenceEar ear = ear_up();

    ear.is_wary = true;
    mgr_fence_state(&ear, &will);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(1)), ==, MGR_FENCE_LISTENING);
    mgr_fence_alive(&ear, &self, &other);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(1)), ==, MGR_FENCE_OTHER);
    g_assert_cmpuint(ear.other.epoch, ==, 501);
}

/* Restarted with the whole machine: another place, the same home; it is listened for longer. */
static void test_after_boot(void)
{
    MgrFencePeer before = peer(9, 7, 11, 500, true);
    MgrFenceEar ear = ear_up();

    mgr_fence_state(&ear, &before);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_LISTENING);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0 + SEC(5)), ==, MGR_FENCE_QUIET);
    g_assert_cmpint(mgr_fence_decide(&self, false, &before, false), ==, MGR_FENCE_GO_ON);
}

/* A clone of the whole machine has the same place on disk: what it says itself counts more than what was kept. */
static void test_heard(void)
{
    MgrFencePeer before = peer(9, 1, 11, 500, true);
    MgrFencePeer alive = peer(9, 1, 11, 500, true);
    MgrFencePeer nameless = peer(0, 0, 0, 900, true);
    MgrFencePeer me = self;
    MgrFenceEar ear = ear_up();

    mgr_fence_alive(&ear, &self, &nameless); /* of a version that does not tell */
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_LISTENING);
    mgr_fence_alive(&ear, &self, &me);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_QUIET);
    mgr_fence_state(&ear, &before);
    mgr_fence_alive(&ear, &self, &alive);
    g_assert_cmpint(mgr_fence_find(&ear, &self, T0), ==, MGR_FENCE_OTHER);
}

static void test_decisions(void)
{
    static const struct {
        const char *what;
        MgrFencePeer other;
        bool serving, lives, yields;
    } rows[] = {
        { "nobody", { .instance = 0 }, false, false, false },
        { "an older version", { .instance = 0, .epoch = 900, .online = true }, false, false, false },
        { "itself", { .instance = 10, .home = 11, .epoch = 500 }, true, true, false },
        { "who has not served yields to an older one", { .instance = 20, .home = 22, .epoch = 1 }, false, true, true },
        { "and to a newer one", { .instance = 20, .home = 22, .epoch = 900 }, false, true, true },
        { "of two who served, the lower epoch", { .instance = 20, .home = 22, .epoch = 501 }, true, true, true },
        { "not the higher one", { .instance = 20, .home = 22, .epoch = 499 }, true, true, false },
        { "one of two of the same", { .instance = 20, .home = 22, .epoch = 500 }, true, true, true },
        { "and only one", { .instance = 5, .home = 22, .epoch = 500 }, true, true, false },
        { "it went, and did more", { .instance = 20, .home = 22, .epoch = 501 }, false, false, true },
        { "it came and went meanwhile", { .instance = 20, .home = 22, .epoch = 501 }, true, false, true },
        { "it went, and is what this was copied from",
          { .instance = 20, .home = 22, .epoch = 500 },
          false,
          false,
          false },
        { "restored in its own place", { .instance = 9, .home = 11, .epoch = 900 }, false, false, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool yields = mgr_fence_decide(&self, rows[i].serving, &rows[i].other, rows[i].lives) == MGR_FENCE_YIELD;

        if (yields != rows[i].yields)
            g_error("%s", rows[i].what);
    }
    g_assert_cmpint(mgr_fence_decide(&self, false, NULL, false), ==, MGR_FENCE_GO_ON);
}

/* No matter which of the two looks first, exactly one goes on. */
static void test_never_both(void)
{
    for (uint64_t epoch_a = 1; epoch_a < 4; epoch_a++)
        for (uint64_t epoch_b = 1; epoch_b < 4; epoch_b++) {
            MgrFencePeer a = peer(1, 1, 1, epoch_a, true);
            MgrFencePeer b = peer(2, 2, 2, epoch_b, true);
            bool a_yields = mgr_fence_decide(&a, true, &b, true) == MGR_FENCE_YIELD;
            bool b_yields = mgr_fence_decide(&b, true, &a, true) == MGR_FENCE_YIELD;

            g_assert_true(a_yields != b_yields);
        }
}

static void test_belief(void)
{
    HlTime now = INT64_C(1795383900) * HL_SECOND;

    g_assert_true(mgr_fence_believes(0, now));
    g_assert_true(mgr_fence_believes((uint64_t)(now + 365 * HL_DAY), now)); /* its clock was a year ahead once */
    g_assert_false(mgr_fence_believes(UINT64_MAX, now));
    g_assert_false(mgr_fence_believes((uint64_t)G_MAXINT64, now));
    g_assert_true(mgr_fence_believes(5, -1));
}

/* A site whose own certificate cannot be read is not judged. */
static void test_outdated(void)
{
    g_assert_true(mgr_fence_is_outdated(T0 + 1, T0));
    g_assert_false(mgr_fence_is_outdated(T0, T0));
    g_assert_false(mgr_fence_is_outdated(T0 - 1, T0));
    g_assert_false(mgr_fence_is_outdated(0, T0));
    g_assert_false(mgr_fence_is_outdated(T0, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fence/unreached", test_unreached);
    g_test_add_func("/fence/waits", test_waits);
    g_test_add_func("/fence/own-past", test_own_past);
    g_test_add_func("/fence/thrown-out", test_thrown_out);
    g_test_add_func("/fence/after-boot", test_after_boot);
    g_test_add_func("/fence/heard", test_heard);
    g_test_add_func("/fence/decisions", test_decisions);
    g_test_add_func("/fence/never-both", test_never_both);
    g_test_add_func("/fence/belief", test_belief);
    g_test_add_func("/fence/outdated", test_outdated);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/hang: which broker hangs, and which is merely slow. */
#include <glib.h>
#include <string.h>

#include "manager/core/hang.h"

/* One look each second for `seconds`; step is what changes from one to the next.  The first verdict that is one, and
 * when. */
typedef struct {
    MgrHang hang;
    MgrHangLook look;
    HlTime now;
} Case;

static MgrHangVerdict run(Case *c, const MgrHangLook *step, int seconds, int *after)
{
    for (int i = 0; i < seconds; i++) {
        MgrHangVerdict verdict = mgr_hang_look(&c->hang, &c->look, c->now);

        *after = i;
        if (verdict != MGR_HANG_NO)
            return verdict;
        c->now += HL_SECOND;
        c->look.busy += step->busy;
        c->look.log_size += step->log_size;
    }
    return MGR_HANG_NO;
}

static Case begin(void)
{
    return (Case){ .look = { .pid = 7, .busy = 1000, .log_size = 100 }, .now = 5 * HL_DAY };
}

static void test_still(void)
{
    Case c = begin();
    int after;

    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 3600, &after), ==, MGR_HANG_STILL);
    g_assert_cmpint(after, ==, 30);
}

static void test_not_still(void)
{
    static const MgrHangLook steps[] = {
        { .busy = 1 },                        /* idle, or starved of processor time: it gets on */
        { .busy = 1000000, .log_size = 250 }, /* thousands come back at once */
        { .busy = 5000, .log_size = 250 },    /* it refuses the manager's certificate again and again */
        { .busy = 400000 },                   /* a slow machine, and a log that is full */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        Case c = begin();
        int after;

        g_assert_cmpint(run(&c, &steps[i], 3 * 3600, &after), ==, MGR_HANG_NO);
    }
}

static void test_waits_for_machine(void)
{
    Case c = begin();
    int after;

    c.look.waits_for_machine = true;
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 3600, &after), ==, MGR_HANG_NO);
    c.look.waits_for_machine = false;
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 3600, &after), ==, MGR_HANG_STILL);
    g_assert_cmpint(after, ==, 29); /* from the last look at which it waited */
}

static void test_circle(void)
{
    Case c = begin();
    int after;

    g_assert_cmpint(run(&c, &(MgrHangLook){ .busy = 1000000 }, 3600, &after), ==, MGR_HANG_CIRCLE);
    g_assert_cmpint(after, ==, 600);
}

/* Not seen at all; another process; a manager that did not run itself: each begins again. */
static void test_begins_again(void)
{
    Case c = begin();
    int after;

    c.look.busy = 0;
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 3600, &after), ==, MGR_HANG_NO);
    c = begin();
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 29, &after), ==, MGR_HANG_NO);
    c.look.pid = 8;
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 30, &after), ==, MGR_HANG_NO);
    c.now += HL_MINUTE; /* suspended, with the broker */
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 30, &after), ==, MGR_HANG_NO);
    g_assert_cmpint(run(&c, &(MgrHangLook){ 0 }, 2, &after), ==, MGR_HANG_STILL);
}

static void test_describe(void)
{
    g_autofree char *still = mgr_hang_describe(MGR_HANG_STILL);
    g_autofree char *circle = mgr_hang_describe(MGR_HANG_CIRCLE);

    g_assert_cmpstr(still, ==, "it has not run for 30 s, although it was asked");
    g_assert_nonnull(strstr(circle, "10 min"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/hang/still", test_still);
    g_test_add_func("/manager/hang/not-still", test_not_still);
    g_test_add_func("/manager/hang/waits-for-machine", test_waits_for_machine);
    g_test_add_func("/manager/hang/circle", test_circle);
    g_test_add_func("/manager/hang/begins-again", test_begins_again);
    g_test_add_func("/manager/hang/describe", test_describe);
    return g_test_run();
}

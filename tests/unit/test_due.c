/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/due: whose status document is written, and when. */
#include "manager/daemon/state/due.h"

#define N     3
#define AFTER (2 * HL_SECOND)

typedef struct {
    MgrDue due;
    MgrEndpoint endpoints[N];
    MgrTarget targets[N];
    HlTime now;
} Case;

static void set_up(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    mgr_due_init(&c->due);
    c->now = HL_HOUR;
}

static void tear_down(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    mgr_due_clear(&c->due);
}

/* Number of the one whose document is written; -1: none is due. */
static int write_next(Case *c)
{
    MgrEndpoint *endpoint = mgr_due_next(&c->due, c->now);

    if (endpoint == NULL)
        return -1;
    mgr_due_told(&c->due, endpoint);
    return (int)(endpoint - c->endpoints);
}

static void begin_command(Case *c, guint i)
{
    mgr_endpoint_put_target(&c->endpoints[i], &c->targets[i]);
    mgr_due_count(&c->due, &c->endpoints[i], c->now);
}

static void end_command(Case *c, guint i)
{
    mgr_endpoint_drop_target(&c->endpoints[i], &c->targets[i]);
    mgr_due_count(&c->due, &c->endpoints[i], c->now);
}

/* All have had a first document. */
static void tell_all(Case *c)
{
    for (guint i = 0; i < N; i++)
        mgr_due_whole(&c->due, &c->endpoints[i]);
    for (int i = 0; i < N; i++)
        g_assert_cmpint(write_next(c), ==, i);
    g_assert_cmpint(write_next(c), ==, -1);
}

/* Once each, in the order of their changes; it stays until it was written. */
static void test_whole(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    mgr_due_whole(&c->due, &c->endpoints[2]);
    mgr_due_whole(&c->due, &c->endpoints[0]);
    mgr_due_whole(&c->due, &c->endpoints[2]);
    g_assert_true(mgr_due_next(&c->due, c->now) == &c->endpoints[2]);
    g_assert_true(mgr_due_next(&c->due, c->now) == &c->endpoints[2]);
    g_assert_cmpint(write_next(c), ==, 2);
    g_assert_cmpint(write_next(c), ==, 0);
    g_assert_cmpint(write_next(c), ==, -1);
}

/* A command that ends in time is not written of at all; one that does not, once as it begins and once as it ends. */
static void test_count(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    begin_command(c, 0);
    begin_command(c, 1);
    c->now += AFTER - 1;
    end_command(c, 0);
    g_assert_cmpint(write_next(c), ==, -1);
    c->now++;
    g_assert_cmpint(write_next(c), ==, 1);
    g_assert_cmpint(write_next(c), ==, -1);
    end_command(c, 1);
    c->now += AFTER;
    g_assert_cmpint(write_next(c), ==, 1);
    c->now += HL_HOUR;
    g_assert_cmpint(write_next(c), ==, -1);
}

/* A command for a million: no call looks at all of them, none is left out, and who has something else to say goes
 * before the rest of them. */
static void test_many(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    const guint n = 100000;
    g_autofree MgrEndpoint *many = g_new0(MgrEndpoint, n);
    guint calls = 0;

    tell_all(c);
    for (guint i = 0; i < n; i++) {
        many[i].status_open = 1; /* none is open */
        mgr_due_count(&c->due, &many[i], c->now);
    }
    begin_command(c, 1);
    c->now += AFTER;
    mgr_due_whole(&c->due, &c->endpoints[2]);
    g_assert_cmpint(write_next(c), ==, 2);
    for (int written = -1; written < 0 && calls < n; calls++) {
        written = write_next(c);
        g_assert_cmpuint(c->due.looks, <=, n / 50);
        g_assert_true(written == -1 || written == 1);
    }
    g_assert_cmpuint(calls, >=, 50);
    g_assert_cmpuint(calls, <, n);
    g_assert_cmpuint(c->due.counted.length, ==, 0);
}

/* However often it changes, it is not put off again. */
static void test_busy(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    for (HlTime passed = 0; passed < AFTER; passed += 100) {
        begin_command(c, 0);
        g_assert_cmpint(write_next(c), ==, -1);
        c->now += 100;
    }
    g_assert_cmpint(write_next(c), ==, 0);
}

/* Another change is written of at once, with the number as it is then. */
static void test_both(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    begin_command(c, 0);
    mgr_due_whole(&c->due, &c->endpoints[0]);
    g_assert_cmpint(write_next(c), ==, 0);
    c->now += AFTER;
    g_assert_cmpint(write_next(c), ==, -1);
}

/* In either queue, or both. */
static void test_forgotten(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    for (guint i = 0; i < 2; i++)
        begin_command(c, i);
    for (guint i = 1; i < N; i++)
        mgr_due_whole(&c->due, &c->endpoints[i]);
    for (guint i = 0; i < N; i++)
        mgr_due_forget(&c->due, &c->endpoints[i]);
    c->now += AFTER;
    g_assert_cmpint(write_next(c), ==, -1);
}

/* After what changed; once each, also those that were told meanwhile or are gone. */
static void test_round(Case *c, gconstpointer user G_GNUC_UNUSED)
{
    tell_all(c);
    for (int round = 0; round < 2; round++) { /* the second begins before the first is through */
        mgr_due_begin_round(&c->due, N);
        for (guint i = 0; i < N; i++)
            mgr_due_add_to_round(&c->due, &c->endpoints[i]);
    }
    mgr_due_whole(&c->due, &c->endpoints[1]);
    g_assert_cmpint(write_next(c), ==, 1);
    mgr_due_forget(&c->due, &c->endpoints[2]);
    g_assert_cmpint(write_next(c), ==, 0);
    g_assert_cmpint(write_next(c), ==, -1);
    mgr_due_whole(&c->due, &c->endpoints[0]);
    g_assert_cmpint(write_next(c), ==, 0);
    g_assert_cmpint(write_next(c), ==, -1);
}

#define DUE_TEST(name, function) g_test_add("/due/" name, Case, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    DUE_TEST("whole", test_whole);
    DUE_TEST("count", test_count);
    DUE_TEST("many", test_many);
    DUE_TEST("busy", test_busy);
    DUE_TEST("both", test_both);
    DUE_TEST("round", test_round);
    DUE_TEST("forgotten", test_forgotten);
    return g_test_run();
}

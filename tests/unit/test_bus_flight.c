/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus/flight: a broker in simulated time. */
#include "lib/bus/flight.h"

/* It takes so long for each, one after the other, and is so far away. */
typedef struct {
    gint64 each_us, way_us;
} Broker;

#define N 20000

/* So many publications; what was under way at a time in the end. */
static guint fly(HlFlight *flight, const Broker *broker, guint n)
{
    g_autofree gint64 *done = g_new(gint64, n); /* when each is acknowledged */
    gint64 now = 1000000;
    gint64 free_at = 0;
    guint sent = 0;

    for (guint acknowledged = 0; acknowledged < n;) {
        while (sent < n && sent - acknowledged < flight->most) {
            free_at = MAX(free_at, now + broker->way_us / 2) + broker->each_us;
            done[sent++] = free_at + broker->way_us / 2;
            hl_flight_add(flight, now);
        }
        now = done[acknowledged++];
        hl_flight_note(flight, sent - acknowledged, sent < n, now);
    }
    return flight->most;
}

static void test_near_and_far(void)
{
    static const struct {
        Broker broker;
        guint least, most;
    } rows[] = {
        { { 15, 50 }, HL_FLIGHT_LEAST, 2 * HL_FLIGHT_LEAST }, /* on the same machine */
        { { 15, 20000 }, HL_FLIGHT_MOST, HL_FLIGHT_MOST },
        { { 100, 3000 }, 2 * HL_FLIGHT_LEAST, 4 * HL_FLIGHT_LEAST },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        HlFlight flight = HL_FLIGHT_INIT;
        guint most = fly(&flight, &rows[i].broker, N);

        g_assert_cmpuint(most, >=, rows[i].least);
        g_assert_cmpuint(most, <=, rows[i].most);
    }
}

/* A thousand others keep it busy, as far as can be told from here: it is no farther away than it was, and more under
 * way would only wait there. */
static void test_busy(void)
{
    HlFlight flight = HL_FLIGHT_INIT;

    (void)fly(&flight, &(Broker){ 15, 50 }, N);
    g_assert_cmpuint(fly(&flight, &(Broker){ 400, 50 }, N), <=, 2 * HL_FLIGHT_LEAST);
}

/* Few at a time say nothing of how many it would take. */
static void test_idle(void)
{
    HlFlight flight = HL_FLIGHT_INIT;

    for (guint i = 0; i < 100; i++)
        (void)fly(&flight, &(Broker){ 15, 20000 }, 1);
    g_assert_cmpuint(flight.most, ==, HL_FLIGHT_LEAST);
}

/* What it had grown to for a while, it has not for ever. */
static void test_falls_again(void)
{
    HlFlight flight = HL_FLIGHT_INIT;

    g_assert_cmpuint(fly(&flight, &(Broker){ 15, 20000 }, N), ==, HL_FLIGHT_MOST);
    g_assert_cmpuint(fly(&flight, &(Broker){ 400, 50 }, N), <=, 4 * HL_FLIGHT_LEAST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flight/near-and-far", test_near_and_far);
    g_test_add_func("/flight/busy", test_busy);
    g_test_add_func("/flight/idle", test_idle);
    g_test_add_func("/flight/falls-again", test_falls_again);
    return g_test_run();
}

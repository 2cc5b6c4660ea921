/* SPDX-License-Identifier: Apache-2.0 */
/* lib/bus/flight: a broker in simulated time. */
#include "lib/bus/flight.h"

/* A thousand publications to a broker that takes so long for one, so far away; what was under way at a time in the end.
 */
static guint fly(HlFlight *flight, gint64 each_us, gint64 way_us)
{
    gint64 now = 1000000;

    for (guint left = 20000; left > 0;) {
        guint n = MIN(left, flight->most);

        for (guint i = 0; i < n; i++)
            hl_flight_add(flight, i, now);
        now += way_us + n * each_us;
        left -= n;
        if (left > 0)
            hl_flight_end(flight, true, now);
    }
    return flight->most;
}

static void test_near_and_far(void)
{
    static const struct {
        gint64 each_us, way_us;
        guint least, most;
    } rows[] = {
        { 15, 50, HL_FLIGHT_LEAST, HL_FLIGHT_LEAST }, /* on the same machine */
        { 15, 20000, HL_FLIGHT_MOST, HL_FLIGHT_MOST },
        { 100, 3000, 2 * HL_FLIGHT_LEAST, HL_FLIGHT_MOST },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        HlFlight flight = HL_FLIGHT_INIT;
        guint most = fly(&flight, rows[i].each_us, rows[i].way_us);

        g_assert_cmpuint(most, >=, rows[i].least);
        g_assert_cmpuint(most, <=, rows[i].most);
    }
}

/* It was slow for a while. */
static void test_falls_again(void)
{
    HlFlight flight = HL_FLIGHT_INIT;

    (void)fly(&flight, 15, 20000);
    for (guint i = 0; i < 10; i++) {
        hl_flight_add(&flight, 0, 1000);
        hl_flight_end(&flight, true, 1000 + HL_FLIGHT_SHORT_US - 1);
    }
    g_assert_cmpuint(flight.most, ==, HL_FLIGHT_LEAST);
    (void)fly(&flight, 15, 20000);
    hl_flight_end(&flight, false, 2000000); /* nothing is left: the next begins with few */
    g_assert_cmpuint(flight.most, ==, HL_FLIGHT_LEAST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flight/near-and-far", test_near_and_far);
    g_test_add_func("/flight/falls-again", test_falls_again);
    return g_test_run();
}

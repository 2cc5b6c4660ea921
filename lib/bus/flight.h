/* SPDX-License-Identifier: Apache-2.0 */
/* How many QoS 1 publications are given to libmosquitto at a time.  It walks through all that are under way for each
 * that it takes and for each that is acknowledged: few are cheap, and enough while the broker is near.  Where its
 * acknowledgements take long, few would leave it idle; there they become more.  Pure. */
#ifndef LIB_BUS_FLIGHT_H
#define LIB_BUS_FLIGHT_H

#include <glib.h>

#include "lib/bus/bus.h"

#define HL_FLIGHT_LEAST 32
#define HL_FLIGHT_MOST  HL_BUS_WINDOW
/* From the first of a flight to the acknowledgement of its last: this long, and the broker is far or slow; this short,
 * and half as many do. */
#define HL_FLIGHT_LONG_US  4000
#define HL_FLIGHT_SHORT_US 1000

typedef struct {
    guint most;      /* under way at a time */
    gint64 begun_us; /* mono: when the first was sent while none was */
} HlFlight;

#define HL_FLIGHT_INIT     \
    {                      \
        HL_FLIGHT_LEAST, 0 \
    }

/* One is sent, beside so many. */
void hl_flight_add(HlFlight *flight, guint under_way, gint64 now_us);

/* All were acknowledged; whether others wait. */
void hl_flight_end(HlFlight *flight, bool more, gint64 now_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How many QoS 1 publications are given to libmosquitto at a time.
 *
 * The broker takes them in the order in which they were given: what is urgent, and comes later, waits for all of them.
 * So there are only as many as keep the broker at work.  How many merely wait there is told from the time that an
 * acknowledgement takes, beside the shortest that one has taken on this connection.  A broker that is near and busy has
 * few; one that is far away has many under way, and few of them wait.  Pure. */
#ifndef LIB_BUS_FLIGHT_H
#define LIB_BUS_FLIGHT_H

#include <glib.h>
#include <stdbool.h>

#include "lib/bus/bus.h"

#define HL_FLIGHT_LEAST 32
#define HL_FLIGHT_MOST  HL_BUS_WINDOW

typedef struct {
    guint most; /* under way at a time */
    uint64_t sent;
    uint64_t watched;          /* the number of the one whose acknowledgement is waited for; 0: none */
    gint64 begun_us, least_us; /* mono: when that one was sent; the shortest time so far, 0: none is known */
} HlFlight;

#define HL_FLIGHT_INIT              \
    {                               \
        HL_FLIGHT_LEAST, 0, 0, 0, 0 \
    }

/* One is sent. */
void hl_flight_add(HlFlight *flight, gint64 now_us);

/* So many have not been acknowledged yet (the broker does so in their order); whether others wait to be sent. */
void hl_flight_note(HlFlight *flight, guint under_way, bool more, gint64 now_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/flight.h"

void hl_flight_add(HlFlight *flight, gint64 now_us)
{
    flight->sent++;
    if (flight->watched != 0)
        return;
    flight->watched = flight->sent;
    flight->begun_us = now_us;
}

/* Of those under way, how many only wait at the broker. */
static guint waiting(const HlFlight *flight, gint64 took_us)
{
    return (guint)(flight->most * (took_us - flight->least_us) / took_us);
}

void hl_flight_note(HlFlight *flight, guint under_way, bool more, gint64 now_us)
{
    gint64 took = MAX(now_us - flight->begun_us, 1);

    if (flight->watched == 0 || flight->sent - under_way < flight->watched)
        return;
    flight->watched = 0;
    flight->least_us = flight->least_us == 0 ? took : MIN(flight->least_us, took);
    if (waiting(flight, took) > 2 * HL_FLIGHT_LEAST)
        flight->most = MAX(flight->most / 2, HL_FLIGHT_LEAST);
    else if (more && waiting(flight, took) < HL_FLIGHT_LEAST)
        flight->most = MIN(2 * flight->most, HL_FLIGHT_MOST);
}

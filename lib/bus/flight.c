/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/flight.h"

void hl_flight_add(HlFlight *flight, guint under_way, gint64 now_us)
{
    if (under_way == 0)
        flight->begun_us = now_us;
}

void hl_flight_end(HlFlight *flight, bool more, gint64 now_us)
{
    gint64 took = now_us - flight->begun_us;

    if (!more)
        flight->most = HL_FLIGHT_LEAST;
    else if (took >= HL_FLIGHT_LONG_US)
        flight->most = MIN(2 * flight->most, HL_FLIGHT_MOST);
    else if (took < HL_FLIGHT_SHORT_US)
        flight->most = MAX(flight->most / 2, HL_FLIGHT_LEAST);
}

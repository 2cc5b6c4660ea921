/* SPDX-License-Identifier: Apache-2.0 */
/* The server's clock as its signed notices tell it, carried on by the monotonic clock.  This machine's own wall clock
 * may be years off (an empty battery, a virtual machine); whatever the server's word can decide is decided by this
 * clock.
 *
 * Known once the server has answered a session of this run; never stored.  Pure. */
#ifndef ENDPOINT_CORE_SERVER_TIME_H
#define ENDPOINT_CORE_SERVER_TIME_H

#include "lib/base/clock.h"

typedef struct {
    bool promised; /* this manager signs notices: while it is not known, it will be once the line is up */
    bool known;
    HlTime wall, mono; /* the server's wall at that moment of our mono */
} EpServerTime;

void ep_server_time_told(EpServerTime *time, HlTime wall, HlTime mono);

/* The server's wall time now; before it is known, this machine's. */
HlTime ep_server_time_now(const EpServerTime *time, HlTime wall, HlTime mono);

/* Whether that is the best that will ever be known: what must not be decided by a wrong clock waits until it is. */
bool ep_server_time_is_sure(const EpServerTime *time);

#endif

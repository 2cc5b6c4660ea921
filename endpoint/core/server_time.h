/* The server's clock as its signed notices tell it, carried on by the monotonic clock.  This machine's own wall clock
 * may be years off (an empty battery, a virtual machine); what the server's word can decide is decided by this one.
 *
 * Known once the server has answered a session of this run; never stored.  Pure. */
#ifndef ENDPOINT_CORE_SERVER_TIME_H
#define ENDPOINT_CORE_SERVER_TIME_H

#include "lib/base/clock.h"

typedef struct {
    bool known;
    HlTime wall, mono; /* the server's wall at that moment of our mono */
} EpServerTime;

void ep_server_time_told(EpServerTime *time, HlTime wall, HlTime mono);

/* The server's wall time now; before it is known, this machine's. */
HlTime ep_server_time_now(const EpServerTime *time, HlTime wall, HlTime mono);

#endif

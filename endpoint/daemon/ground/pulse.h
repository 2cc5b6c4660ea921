/* SPDX-License-Identifier: Apache-2.0 */
/* That something changed of what this machine's users see; what it is, the follower looks up.
 *
 * A part says so after each change, as often as it likes: the first beat comes with the next turn of the loop, later
 * ones at most every EP_PULSE_REST.  Costs nothing, and has no timer, while nobody follows or nothing changes.  Loop
 * thread. */
#ifndef ENDPOINT_DAEMON_GROUND_PULSE_H
#define ENDPOINT_DAEMON_GROUND_PULSE_H

#include "lib/base/clock.h"

#define EP_PULSE_REST (HL_SECOND / 4)

typedef struct EpPulse EpPulse;

/* Never NULL. */
EpPulse *ep_pulse_new(void);
void ep_pulse_free(EpPulse *pulse);

/* pulse may be NULL: nobody will ever follow. */
void ep_pulse_changed(EpPulse *pulse);

/* There is one follower; beat NULL: none any longer.  A beat that is pending goes with the follower before. */
void ep_pulse_follow(EpPulse *pulse, void (*beat)(gpointer user), gpointer user);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the broker may subscribe to.  Pure, and without GLib: it runs inside mosquitto.
 *
 * mosquitto 2.0 grants every filter, and asks its access list only about messages.  A filter costs it memory for each
 * of its levels, and neither their number nor that memory has a bound: 50 kB of filter become 10 MB. */
#ifndef MANAGER_BROKER_SUBSCRIPTIONS_H
#define MANAGER_BROKER_SUBSCRIPTIONS_H

#include <stdbool.h>

/* An endpoint: the topics that it reads (proto/topics.h), by these names and no wildcard.  The certificates of the
 * server, of administrators and of monitors, who choose their filters themselves: anything. */
bool broker_may_subscribe(const char *user, const char *filter);

#endif

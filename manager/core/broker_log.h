/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager reads in mosquitto's log.  Pure. */
#ifndef MANAGER_CORE_BROKER_LOG_H
#define MANAGER_CORE_BROKER_LOG_H

#include <stdbool.h>

#include "lib/base/clock.h"

/* "2026-11-22T22:48:58: New client connected from 192.0.2.7:35704 as e-1 (p5, ...": the address and the client id, both
 * for the caller to free.  false, with nothing set, for any other line. */
bool mgr_broker_log_client(const char *line, char **address, char **client);

#define MGR_BROKER_LOG_TIME (19 + 1) /* "2026-11-22T22:48:58", local time: broker-config/mosquitto.conf.in */

/* The time as the log writes it; wall, in milliseconds. */
void mgr_broker_log_time(HlTime wall, char text[MGR_BROKER_LOG_TIME]);

/* Whether a line was written at that time or later.  false too for a line without a time, as mosquitto writes to its
 * standard error; it need not end with a NUL. */
bool mgr_broker_log_is_since(const char *line, gsize size, const char since[MGR_BROKER_LOG_TIME]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The only line of mosquitto's log that the manager reads.  Pure. */
#ifndef MANAGER_CORE_BROKER_LOG_H
#define MANAGER_CORE_BROKER_LOG_H

#include <stdbool.h>

/* "2026-11-22T22:48:58: New client connected from 192.0.2.7:35704 as e-1 (p5, ...": the address and the client id, both
 * for the caller to free.  false, with nothing set, for any other line. */
bool mgr_broker_log_client(const char *line, char **address, char **client);

#endif

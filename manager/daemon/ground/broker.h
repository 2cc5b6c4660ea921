/* SPDX-License-Identifier: Apache-2.0 */
/* The managed broker: a mosquitto of the manager's own, started, watched, started again with back-off when it dies. Its
 * log is rotated while it runs: 16 MiB and one old file. */
#ifndef MANAGER_DAEMON_GROUND_BROKER_H
#define MANAGER_DAEMON_GROUND_BROKER_H

#include "manager/core/conf.h"

typedef struct MgrBroker MgrBroker;

/* Writes its configuration and starts it; conf is borrowed.  Fails when the program is missing.  While somebody else
 * has the port it says so and tries on. */
MgrBroker *mgr_broker_start(const char *dir, const MgrConf *conf, GError **error);

/* Has it read access list, certificates and revocation list, and open its log, again. */
void mgr_broker_reload(MgrBroker *broker);

/* How long until a reload that was asked for is under way; 0: it is.  (A young broker is spared.) */
HlTime mgr_broker_until_reload(const MgrBroker *broker);

/* SIGTERM, a few seconds, SIGKILL. */
void mgr_broker_free(MgrBroker *broker);

/* host:port addresses for connections of the manager itself, ends with NULL; free with g_strfreev. */
GStrv mgr_broker_own_addresses(const MgrConf *conf);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The managed brokers of a site together: broker.count of them, each a process with a port of its own, which do not
 * know each other.  Which of them are drained is kept in the site.
 *
 * Not the manager's lines to them (work/line.h). */
#ifndef MANAGER_DAEMON_GROUND_BROKERS_H
#define MANAGER_DAEMON_GROUND_BROKERS_H

#include "manager/daemon/ground/broker.h"

typedef struct MgrBrokers MgrBrokers;

/* Finds or starts each (see mgr_broker_start), and ends those beyond the count, which an earlier manager left. */
MgrBrokers *mgr_brokers_start(const char *dir, const MgrConf *conf, GError **error);
void mgr_brokers_free(MgrBrokers *brokers, MgrBrokerEnd end);

guint mgr_brokers_count(const MgrBrokers *brokers);

/* number: from 0, below the count. */
MgrBrokerView mgr_brokers_view(const MgrBrokers *brokers, guint number);

/* mgr_broker_look, of that one. */
void mgr_brokers_look(MgrBrokers *brokers, guint number, bool is_mute);

/* mgr_broker_trouble, of the first that did; and of that one. */
const char *mgr_brokers_trouble(const MgrBrokers *brokers);
const char *mgr_brokers_trouble_at(const MgrBrokers *brokers, guint number);

/* Keeps in the site that the one of this number is drained, or no longer; one that is does not run, from half a second
 * later on. The last one that runs is not drained (HL_ERROR_CONFLICT). */
bool mgr_brokers_drain(MgrBrokers *brokers, guint number, bool drains, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool mgr_brokers_is_drained(const MgrBrokers *brokers, guint number);

/* mgr_broker_was_found, of any. */
bool mgr_brokers_were_found(const MgrBrokers *brokers);

/* mgr_broker_reload, each. */
void mgr_brokers_reload(MgrBrokers *brokers);

/* mgr_broker_until_reload, the longest. */
HlTime mgr_brokers_until_reload(const MgrBrokers *brokers);

/* Ends what an earlier manager left, for one that has no broker or does not serve: endpoints would stay there.
 * Blocking.  One that does not end is logged. */
void mgr_brokers_end_left(const char *dir, const MgrConf *conf);

#endif

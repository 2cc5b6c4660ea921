/* SPDX-License-Identifier: Apache-2.0 */
/* A managed broker: a mosquitto of the manager's own, started, watched, started again with back-off when it dies.  It
 * outlives a manager that is killed or restarted, with all lines; the next one finds it, looks whether it is what it
 * would start itself (manager/core/broker_life.h), and goes on with it.  Its log is rotated while it runs: 16 MiB and
 * one old file. */
#ifndef MANAGER_DAEMON_GROUND_BROKER_H
#define MANAGER_DAEMON_GROUND_BROKER_H

#include "manager/core/conf.h"

typedef struct MgrBroker MgrBroker;

/* Writes the configuration of the one of this number (from 0) and finds or starts it; conf is borrowed.  Fails when the
 * program is missing.  While somebody else has the port it says so and tries on.  rests: it is not to run, and ends if
 * it was left. */
MgrBroker *mgr_broker_start(const char *dir, const MgrConf *conf, guint number, bool rests, GError **error);

/* Ends it until it is wanted again, or starts it. */
void mgr_broker_rest(MgrBroker *broker, bool rests);

typedef struct {
    uint16_t port;
    pid_t pid;  /* 0: it does not run now */
    HlTime age; /* since its start */
    bool is_resting;
    guint64 restarts, hangs; /* since this manager's start: that it ended and was started again; that it hung before */
} MgrBrokerView;

MgrBrokerView mgr_broker_view(const MgrBroker *broker);

/* Once a second.  is_mute: it is asked all the time, and nothing is heard of it.  One that hangs
 * (manager/core/hang.h) is killed, and then started again like any other that ended. */
void mgr_broker_look(MgrBroker *broker, bool is_mute);

/* That it hung within the last hour, or ended again and again, when and how, as a sentence; NULL: not.  Borrowed until
 * the next look, or the next end. */
const char *mgr_broker_trouble(const MgrBroker *broker);

/* Whether it ran before this manager: sessions in it are older than the lists that it reads now. */
bool mgr_broker_was_found(const MgrBroker *broker);

/* Has it read access list, certificates and revocation list, and open its log, again. */
void mgr_broker_reload(MgrBroker *broker);

/* How long until a reload that was asked for is under way; 0: it is.  (A young broker is spared.) */
HlTime mgr_broker_until_reload(const MgrBroker *broker);

typedef enum {
    MGR_BROKER_LEAVE,       /* for the next manager */
    MGR_BROKER_END_STARTED, /* what this process started, not what it found: for a start that fails */
    MGR_BROKER_END,         /* SIGTERM, a few seconds, SIGKILL */
} MgrBrokerEnd;

void mgr_broker_free(MgrBroker *broker, MgrBrokerEnd end);

/* host:port addresses for connections of the manager itself, ends with NULL: of each managed broker one, or those of an
 * external one.  Free with g_strfreev. */
GStrv mgr_broker_own_addresses(const MgrConf *conf);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated fleet for the actual status: endpoints, a broker and a manager that run the pure cores, joined by a queue
 * of messages that come late, twice, out of order, or long after they mattered.  Virtual time; seeded by g_test. */
#ifndef TESTS_SCENARIO_FLEET_H
#define TESTS_SCENARIO_FLEET_H

#include "manager/core/presence.h"
#include "manager/core/sight.h"

typedef struct {
    /* the truth */
    bool connected;
    bool ever;
    HlTime up_since; /* of a line that stood since then without any trouble of its own or of the broker */
    uint64_t boot, machine, session, sequence;
    uint64_t connection; /* counts; dates events of an earlier line */
    /* what the broker keeps */
    MgrPresenceEvent retained; /* session 0: nothing */
    /* what the manager knows */
    MgrPresence presence;
    HlTime false_since; /* Offline though connected, since */
} FleetPeer;

typedef struct {
    guint peers;
    unsigned late_ms;      /* every message takes up to so long, each its own time: so they overtake each other */
    unsigned copy_percent; /* of messages delivered again, up to five minutes later */
    unsigned loss_percent; /* of heartbeats, probes and echoes */
    HlTime return_window;  /* endpoints come back over so long after a broker's restart */
} FleetSpec;

typedef struct Fleet Fleet;

Fleet *fleet_new(const FleetSpec *spec);
void fleet_free(Fleet *fleet);

FleetPeer *fleet_peer(Fleet *fleet, guint i);
HlTime fleet_time(const Fleet *fleet);

void fleet_connect(Fleet *fleet, guint i, HlTime delay);
void fleet_reboot(Fleet *fleet, guint i);
void fleet_stop(Fleet *fleet, guint i);                    /* clean */
void fleet_lose(Fleet *fleet, guint i, HlTime will_delay); /* the broker notices so much later */
void fleet_restore_disk(Fleet *fleet, guint i);            /* the session counter falls back */

typedef enum { FLEET_GRACEFUL, FLEET_KILLED } FleetEnd;
typedef enum { FLEET_KEEPS, FLEET_FORGETS, FLEET_REMEMBERS_OLD } FleetMemory; /* of what was retained */

void fleet_restart_broker(Fleet *fleet, FleetEnd end, FleetMemory memory, HlTime downtime);
void fleet_restart_manager(Fleet *fleet, HlTime downtime);
void fleet_suspend_server(Fleet *fleet, HlTime duration); /* the manager does not run, its broker neither */
void fleet_jump_wall(Fleet *fleet, HlTime by);

void fleet_run(Fleet *fleet, HlTime duration);

/* Lets everything settle, then asserts that every status is the truth. */
void fleet_assert_truth(Fleet *fleet);

/* The largest number of endpoints that were Offline at one time although their line, the broker and the manager had
 * stood undisturbed for longer than a heartbeat. */
guint fleet_false_offline(const Fleet *fleet);

/* The largest number that was Offline at one time. */
guint fleet_most_offline(const Fleet *fleet);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for the documented rules: PCs behind and outside NATs (the truth), and the server's records of them
 * (the pure cores, wired as the manager wires them).  Time is an argument; a dial takes none. */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include "manager/core/displayed.h"
#include "manager/core/notify.h"
#include "manager/core/path.h"
#include "manager/core/presence.h"
#include "manager/core/reach.h"
#include "manager/core/verdict.h"

#define WORLD_PEERS 8
#define WORLD_PORT  61000

typedef enum { PEER_OPEN, PEER_NATED, PEER_BESIDE_PRINTER } PeerPlace; /* the last: NATed, and its address is taken */

typedef struct {
    /* the truth */
    const char *address;
    PeerPlace place;
    bool running, plugged;
    uint64_t boot, session, sequence;
    unsigned applied; /* settings version */
    MgrPath applied_by;
    bool may_update;       /* the Update Now privilege, as the PC has it */
    unsigned updates;      /* that ran */
    unsigned commands_run; /* of those given by the server */
    HlTime polled;
    /* the server's record */
    MgrPresence presence;
    MgrDisplay display;
    MgrReach reach;
    HlTime dialled;
    MgrNotify notify;
    unsigned queued; /* commands */
    unsigned dials, notifications;
    GString *trail; /* every status that was displayed: "Online Offline" */
} Peer;

typedef struct {
    MgrNow now;
    MgrBy by;
    HlNetwork range;
    MgrUnreachable unreachable;
    MgrDisplayPolicy policy;
    unsigned version;   /* of the settings as saved */
    bool grants_update; /* whether they contain the Update Now privilege */
    Peer peers[WORLD_PEERS];
    guint n;
} World;

void world_init(World *world, MgrBy by);
void world_clear(World *world);

/* Installs an endpoint from a bundle that is made now; it registers. */
Peer *world_install(World *world, PeerPlace place, const char *address);

void world_save(World *world, bool grants_update); /* in the console */
void world_command(World *world, Peer *peer);      /* "update now", from the console */
void world_verify(World *world);
void world_switch(World *world, MgrBy by);

void peer_restart(World *world, Peer *peer); /* restart or reload, announced */
void peer_stop(World *world, Peer *peer);
void peer_uninstall(World *world, Peer *peer);
void peer_kill(World *world, Peer *peer); /* pulled cable, killed process: the broker notices, the console does not */
void peer_resume(World *world, Peer *peer);
void peer_update(World *world, Peer *peer); /* manual or scheduled, by the PC itself */
void peer_log(World *world, Peer *peer);
void peer_set_independent(World *world, Peer *peer, bool on);
void peer_move(World *world, Peer *peer, PeerPlace place, const char *address);

/* Lets time pass in steps of ten seconds: heartbeats, polls, ticks. */
void world_run(World *world, HlTime duration);

MgrVerdict peer_verdict(const Peer *peer);
char *peer_explain(const World *world, const Peer *peer);

#define peer_shows(peer, which) \
    g_assert_cmpstr(mgr_displayed_title((peer)->display.shown), ==, mgr_displayed_title(which))
#define peer_is(peer, which)     g_assert_cmpstr(mgr_actual_name((peer)->presence.actual), ==, mgr_actual_name(which))
#define peer_judged(peer, which) g_assert_cmpstr(mgr_verdict_name(peer_verdict(peer)), ==, mgr_verdict_name(which))

#endif

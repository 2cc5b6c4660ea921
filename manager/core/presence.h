/* SPDX-License-Identifier: Apache-2.0 */
/* The actual status of one endpoint, from its own line alone: births, wills, heartbeats and channel probes.
 *
 * Not the displayed status (displayed.h), and no dial result ever comes in here.  Pure: no clock, no allocation; an
 * MgrPresence is plain data of about 150 bytes to be embedded in the daemon's record, zeroed = never seen.
 *
 * The order of arrival proves nothing: MQTT delivers late wills, copies and retained replays.  So every message is
 * fenced by the endpoint's session number, which grows by one with each connection: a message of an older session
 * changes nothing, and a session that was ended stays ended.  The answer to an old number from a living
 * line (a disk was restored, the counter is behind) is a fence: the daemon tells the endpoint the number that is known.
 * An endpoint whose own number is not past it reconnects with one that is (the will is fixed at CONNECT, so a new
 * birth alone would not do); any other ignores the fence, so that a needless one costs a reconnect at most.
 *
 * Silence is judged on the monotonic clock, and only while the server can hear (sight.h): at MGR_PRESENCE_BLIND every
 * endpoint becomes unconfirmed and keeps its status until it is heard again, or until MGR_PRESENCE_SIGHTED restarts its
 * timers; that it was not heard since is the reason shown until it is, or until they run out.  A line that was lost in
 * the last seconds before blindness was the broker's farewell: it is taken back.
 *
 * Subscribe to link topics *without* retain-as-published: `retained` must mean a replay, which is not a sign of
 * life. */
#ifndef MANAGER_CORE_PRESENCE_H
#define MANAGER_CORE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/now.h"

typedef enum {
    MGR_ACTUAL_NEVER_SEEN,
    MGR_ACTUAL_ONLINE,
    MGR_ACTUAL_STALE,   /* the line is up as far as anybody knows, but the heartbeat is late */
    MGR_ACTUAL_OFFLINE, /* the line was closed or lost */
    MGR_ACTUAL_N,
} MgrActual;

typedef enum {
    MGR_REASON_NONE, /* never seen */
    MGR_REASON_BIRTH,
    MGR_REASON_HEARTBEAT,
    MGR_REASON_ECHO,       /* answered a channel probe */
    MGR_REASON_LATE,       /* the heartbeat is late: Stale */
    MGR_REASON_CLEAN_STOP, /* announced by the endpoint */
    MGR_REASON_LINE_LOST,  /* the will, sent by the broker */
    MGR_REASON_KEEPALIVE,  /* silent too long; a dead broker sends no wills */
    MGR_REASON_REPLACED,   /* another record took its place */
    MGR_REASON_REVOKED,
    MGR_REASON_FLOODING,     /* it sent too much: its session was ended, and it is held off */
    MGR_REASON_SERVER_BLIND, /* status kept: not heard since the server was blind, or the broker's word is doubted */
    MGR_REASON_N,
} MgrReason;

/* "online", "never-seen", "line-lost", ...: as on the wire and in the CLI. */
const char *mgr_actual_name(MgrActual actual);
const char *mgr_reason_name(MgrReason reason);
bool mgr_actual_parse(const char *name, MgrActual *actual);
bool mgr_reason_parse(const char *name, MgrReason *reason);

typedef enum { MGR_CLONE_NONE, MGR_CLONE_SUSPECTED, MGR_CLONE_KEPT } MgrClone;

/* The daemon reads all of it, and stores what is marked *kept*; only this module writes. */
typedef struct {
    uint64_t session;                      /* kept; highest accepted, 0: none */
    uint64_t born_session;                 /* kept; the last one whose birth was seen */
    uint64_t boot, machine;                /* kept; hashes reported by that birth, 0: not known */
    uint64_t previous_boot, other_machine; /* kept; the holder before that, for clone detection and its report */
    uint64_t held_boot;                    /* the one that was sent away last, until held_until; 0: none */
    HlTime held_until;                     /* monotonic */
    uint64_t kept_machine;                 /* kept; MGR_CLONE_KEPT: births of other machines are quarantined */
    uint64_t sequence;                     /* of the last heartbeat of this session, 0: not known */
    HlTime since_wall;                     /* kept; when `actual` took its value */
    HlTime since_before;                   /* the same of actual_before */
    HlTime seen_wall, seen_mono;           /* seen_wall kept; the last sign of life; 0: none */
    HlTime quiet_mono;                     /* where silence is counted from: seen_mono, or a later end of blindness */
    HlTime down_mono;                      /* when the line was reported lost, or found silent */
    HlTime takeover_mono;                  /* the first takeover that is being counted */
    uint32_t heartbeat_ms;                 /* kept; the endpoint's interval */
    uint16_t takeovers;                    /* by an evicted boot that returned, or another machine; in the window */
    uint8_t actual;                        /* MgrActual; kept */
    uint8_t reason;                        /* MgrReason, why actual has its value; kept; show mgr_presence_reason() */
    uint8_t actual_before;                 /* what a farewell will is taken back to */
    uint8_t clone;                         /* MgrClone; kept */
    bool ended;                            /* kept; this session is over: nothing from it counts any longer */
    bool retired;                          /* kept; replaced or revoked: only mgr_presence_enrolled() restarts it */
    bool unconfirmed;                      /* not heard since the server was blind: its timers stand still */
    bool unheard;                          /* not heard since, and they run */
    bool doubted;                          /* the line was reported lost, but the report is not believed yet */
    bool probed;                           /* a probe was asked for in this silence */
} MgrPresence;

typedef struct {
    HlTime heartbeat;       /* for endpoints that reported no interval */
    unsigned probe_percent; /* of the interval: ask down the line; 125 */
    unsigned stale_percent; /* 150 */
    unsigned lost_percent;  /* Offline (keepalive): 300 */
    HlTime doubt;           /* how long a doubted report waits; also how far back a farewell is taken back: 5 s */
    HlTime clone_window;    /* alternations further apart than this are not the same quarrel: 15 min */
    HlTime hold_off;        /* the first quarantine of a suspected clone; doubles up to 1 h: 1 min */
} MgrPresencePolicy;

extern const MgrPresencePolicy mgr_presence_policy; /* the values above, heartbeat 60 s */

typedef enum {
    MGR_PRESENCE_BIRTH,       /* link topic "online": session, boot, machine, heartbeat, retained */
    MGR_PRESENCE_DOWN,        /* link topic "offline", will or clean stop: session, boot, reason, doubted */
    MGR_PRESENCE_HEARTBEAT,   /* session, sequence */
    MGR_PRESENCE_ECHO,        /* session; the daemon matched the nonce of a probe sent a moment ago */
    MGR_PRESENCE_RETIRE,      /* reason: MGR_REASON_REPLACED or MGR_REASON_REVOKED */
    MGR_PRESENCE_PROVEN,      /* the broker kept working after the report that was doubted: it was true */
    MGR_PRESENCE_TICK,        /* time has passed: at mgr_presence_deadline, but not while sight is not clear */
    MGR_PRESENCE_BLIND,       /* sight was lost */
    MGR_PRESENCE_SIGHTED,     /* sight is clear and the reconnect window is over */
    MGR_PRESENCE_INTERVAL,    /* heartbeat: it took settings with another one */
    MGR_PRESENCE_CLONE_KEEP,  /* the administrator's decision: machine is the genuine one */
    MGR_PRESENCE_CLONE_SPLIT, /* the administrator's decision: the other got an identity of its own; forget the quarrel
                               */
} MgrPresenceEventKind;

typedef struct {
    MgrPresenceEventKind kind;
    MgrReason reason; /* DOWN: CLEAN_STOP, LINE_LOST or FLOODING; RETIRE */
    bool retained;    /* a replay by the broker */
    bool doubted;     /* DOWN: mgr_sight_doubts() said so */
    uint64_t session, boot, machine, sequence;
    HlTime heartbeat; /* BIRTH, INTERVAL: the endpoint's interval; bounded to 1 s .. 1 d */
} MgrPresenceEvent;

typedef struct {
    bool changed;             /* the actual status or the reason shown for it changed: publish and store */
    bool born;                /* a new session was accepted: compare applied settings, send what is missing */
    bool stale_message;       /* of an older or ended session, or a copy: ignored, to be counted */
    bool probe;               /* send a channel probe now */
    bool fence;               /* tell the endpoint: session `fence_session` is known */
    bool clone_found;         /* newly suspected: report machine and other_machine */
    bool quarantine;          /* the machine of this birth must stay away for hold_off */
    uint64_t fence_session;   /* with fence */
    uint64_t lost_heartbeats; /* a gap in the numbers, not explained by blindness */
    HlTime hold_off;
} MgrPresenceEffects;

MgrPresenceEffects mgr_presence_step(MgrPresence *presence, const MgrPresencePolicy *policy,
                                     const MgrPresenceEvent *event, MgrNow now);

/* A boot id or machine fingerprint as the number that this module compares; 0 for "" and NULL.  (FNV-1a: only equality
 * matters, and nobody gains from colliding with themselves.) */
uint64_t mgr_presence_hash(const char *text);

/* Whether a session number of this endpoint is believed.  Nobody signs them, and a made-up one must not lock the
 * endpoint out: they follow the wall clock, so one more than a day ahead of ours is believed only as the next few after
 * the last one (this clock may be the wrong one). */
bool mgr_presence_believes(const MgrPresence *presence, uint64_t session, HlTime wall);

/* After the kept members were loaded: re-bases the wall times on this boot's monotonic clock; unconfirmed until heard.
 * false: the session that was kept was beyond belief (an earlier version took it), and its numbers start again. */
bool mgr_presence_restore(MgrPresence *presence, MgrNow now);

/* A new certificate for this identity (enrolled again, maybe after a revocation): births count again, and the numbers
 * of its line start again, whatever they were. */
void mgr_presence_enrolled(MgrPresence *presence);

/* The reason to show: MGR_REASON_SERVER_BLIND if the status is only kept. */
MgrReason mgr_presence_reason(const MgrPresence *presence);

/* When this endpoint's next TICK matters (mono), and not before; G_MAXINT64: only a message can.  Ask again after each
 * step. */
HlTime mgr_presence_deadline(const MgrPresence *presence, const MgrPresencePolicy *policy);

#endif

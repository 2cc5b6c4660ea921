/* SPDX-License-Identifier: Apache-2.0 */
/* The displayed status: what the classic console would show of one endpoint, by the documented rules B1 to B14.
 *
 * Not the actual status: the line's births and wills show nobody Online or Offline here (B10, B12).  Inactive and the
 * removal are of no B rule: they follow the last sign of life, of whatever kind, so that a PC whose line is up is never
 * Inactive, however long it was not dialled.  Heard again, it is shown as Offline as before (B8, B12).  Pure; an
 * MgrDisplay is plain data, zeroed = not registered.  The rules are the table in displayed.c, one row per event, to be
 * read with docs/documented-behaviour.md.
 *
 * Where an effect says `dial`, the prober dials the registered address; the result comes back as DIAL_ANSWERED or
 * DIAL_FAILED with the generation of the effect.  A result of an older generation is ignored: the endpoint has
 * announced something since, and that is more recent. */
#ifndef MANAGER_CORE_DISPLAYED_H
#define MANAGER_CORE_DISPLAYED_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/now.h"
#include "manager/core/unreachable.h"

typedef enum {
    MGR_DISPLAYED_OFFLINE,
    MGR_DISPLAYED_ONLINE,
    MGR_DISPLAYED_UNREACHABLE_OFFLINE,
    MGR_DISPLAYED_UNREACHABLE_ONLINE,
    MGR_DISPLAYED_INDEPENDENT,
    MGR_DISPLAYED_INACTIVE,
    MGR_DISPLAYED_N,
} MgrDisplayed;

/* "unreachable-online" for programs, "Unreachable/Online" for people. */
const char *mgr_displayed_name(MgrDisplayed displayed);
const char *mgr_displayed_title(MgrDisplayed displayed);
bool mgr_displayed_parse(const char *name, MgrDisplayed *displayed);

typedef enum {
    MGR_DISPLAY_NOTHING,                 /* no event yet; never fed */
    MGR_DISPLAY_REGISTERED,              /* first registration, or a changed one (DHCP) */
    MGR_DISPLAY_RESTARTED,               /* restart or reload, announced by the endpoint */
    MGR_DISPLAY_STOPPED,                 /* clean stop, announced */
    MGR_DISPLAY_UNINSTALLED,             /* announced */
    MGR_DISPLAY_MOVED,                   /* to another server; announced */
    MGR_DISPLAY_DIAL_ANSWERED,           /* any dial: after an announcement, a notification, a verification */
    MGR_DISPLAY_DIAL_FAILED,             /* refused, timeout, no-route, wrong-host alike */
    MGR_DISPLAY_VERIFY,                  /* connection verification, scheduled or by hand */
    MGR_DISPLAY_UPDATED,                 /* an update by the endpoint, its update notification included */
    MGR_DISPLAY_LOG_UPLOADED,            /* logs, receipts, results */
    MGR_DISPLAY_LINE_UP,                 /* its line came up without an announcement: resume, roaming, broker restart */
    MGR_DISPLAY_LINE_LOST,               /* pulled cable, killed process, wiped disk */
    MGR_DISPLAY_HEARTBEAT,               /* every heartbeat on the line; counted as B13's once in n minutes */
    MGR_DISPLAY_POLL,                    /* B13's poll */
    MGR_DISPLAY_SILENT,                  /* made by TICK: k minutes without heartbeat or poll */
    MGR_DISPLAY_ENTERED_UNREACHABLE_NET, /* its own address is now in an unreachable network */
    MGR_DISPLAY_LEFT_UNREACHABLE_NET,
    MGR_DISPLAY_INDEPENDENT_ON,
    MGR_DISPLAY_INDEPENDENT_OFF,
    MGR_DISPLAY_INACTIVE, /* made by TICK: no sign of life for N days */
    MGR_DISPLAY_REMOVAL,  /* made by TICK: no sign of life for the removal time; or the admin removed it */
    MGR_DISPLAY_TICK,
    MGR_DISPLAY_N,
} MgrDisplayEventKind;

typedef struct {
    MgrDisplayEventKind kind;
    uint32_t generation; /* DIAL_*: of the effect that asked, or mgr_display's own at the time of another dial */
    bool line_up;        /* TICK: the actual status is not Offline: never Inactive or removed by time */
} MgrDisplayEvent;

/* Members marked *kept* are stored by the daemon. */
typedef struct {
    HlTime since_wall;              /* kept; when `shown` took its value */
    HlTime contact_wall;            /* kept; the last documented contact, whatever it showed */
    HlTime alive_mono;              /* the last sign of life, on the line as well */
    HlTime beat_mono;               /* the last heartbeat or poll that counted for B13; re-based by restore */
    uint32_t generation;            /* of dials; see above */
    uint8_t shown;                  /* MgrDisplayed; kept */
    uint8_t cause;                  /* MgrDisplayEventKind that gave `shown` its value; kept */
    bool registered : 1, up : 1;    /* kept; what the console believes, before range and mode are applied */
    bool in_unreachable_net : 1;    /* kept; B13 */
    bool independent : 1;           /* kept; B14 */
    bool dialling : 1;              /* kept; the dial after an announcement or verification is under way */
    bool inactive : 1, removed : 1; /* kept; removed: a tombstone, gone from the console until it registers again */
} MgrDisplay;

typedef struct {
    const MgrUnreachable *unreachable;
    HlTime inactive_after; /* 0: never */
    HlTime remove_after;   /* 0: never; longer than inactive_after */
} MgrDisplayPolicy;

typedef struct {
    bool changed;  /* `shown` or `removed` changed: publish and store */
    bool dial;     /* dial the registered address, first in line, under `generation` */
    bool work;     /* an occasion to hand out queued work (B9, B13); see mgr_path_for() */
    bool removed;  /* became a tombstone: the record leaves the lists, its identity is kept */
    bool returned; /* a tombstone registered again */
    uint32_t generation;
} MgrDisplayEffects;

MgrDisplayEffects mgr_display_step(MgrDisplay *display, const MgrDisplayPolicy *policy, const MgrDisplayEvent *event,
                                   MgrNow now);

/* How often the registry is told that a manager lives; a sign of life is stored within a second.  A tick may be late.
 */
#define MGR_ALIVE_EVERY (10 * HL_SECOND)
#define MGR_ALIVE_SLACK (2 * MGR_ALIVE_EVERY)

/* Call once the kept members are loaded.  seen_wall: the line's last sign of life, as stored; one that is later than
 * alive_wall by more than the slack is of a wrong clock, and ignored.  alive_wall: when the previous manager last wrote
 * that it lives; time without a server counts neither as silence nor as inactivity.  true: a dial was under way when
 * that manager ended; dial again, as at registration, under the current generation. */
bool mgr_display_restore(MgrDisplay *display, HlTime seen_wall, HlTime alive_wall, MgrNow now);

/* The server's clock was set while a manager runs. */
typedef struct {
    HlTime step;       /* how far */
    MgrNow now;        /* after it */
    HlTime alive_wall; /* as for mgr_display_restore, when this manager began; 0: that counts no longer */
    HlTime start_mono; /* when it began */
} MgrClockSet;

/* Whether the clock that was set was behind that of the manager before this one: what is stored from before the start
 * is not of it, and stays. */
bool mgr_clock_was_behind(const MgrClockSet *set);

/* Moves the last contact along, so that a restart finds the same silence.  If the clock was behind and is no longer,
 * the silence of before, which could not be judged at the start, counts. */
void mgr_display_follow_clock(MgrDisplay *display, HlTime seen_wall, const MgrClockSet *set);

/* When this endpoint's next TICK matters (mono), and not before; G_MAXINT64: only another event can.  Ask again after
 * each step, and when line_up changed. */
HlTime mgr_display_deadline(const MgrDisplay *display, const MgrDisplayPolicy *policy, bool line_up);

/* Whether the server dials and notifies this endpoint at all. */
bool mgr_display_is_dialled(const MgrDisplay *display);

/* The transition table as Markdown; `test-displayed --table` prints it for docs/documented-behaviour.md.  Caller frees.
 */
char *mgr_display_table(void);

#endif

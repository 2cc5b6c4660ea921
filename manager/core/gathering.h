/* SPDX-License-Identifier: Apache-2.0 */
/* When notes of one rule become a message: the first at once, what follows gathered, nothing in quiet hours; and which
 * lasting states the rule has told of, so that each is told once when it begins and once when it is over.
 *
 * Not how a message is stored or sent.  Pure: time is an argument, and so is the minute of the server's day.
 *
 * Storms.  What is gathered is closed when nothing came for a moment (2 s; 30 s for states of endpoints, whose lines
 * break one by one), and after 5 minutes whatever comes: 10,000 endpoints behind one switch are one message.  After a
 * message the next one waits for the digest's interval.
 *
 * Blindness.  While the server cannot hear, endpoints are not judged, and those that went off line in what is still
 * gathered are taken back (mgr_gathering_hush): a broker that dies is one note, not one for each endpoint.  Those that
 * are still away afterwards are found by the next look.  What was gathered before a restart is not taken back: its
 * numbers are not stored, and so it is told.
 *
 * A look: mgr_gathering_begin, then each state that holds, then mgr_gathering_end.  What changed in what is known is in
 * `changes`, for the registry; the caller that stored it clears it. */
#ifndef MANAGER_CORE_GATHERING_H
#define MANAGER_CORE_GATHERING_H

#include "manager/core/note.h"
#include "manager/core/now.h"

#define MGR_GATHERING_NO_QUIET  (-1)
#define MGR_GATHERING_ENDPOINTS (MGR_NOTE_BIT(MGR_NOTE_OFFLINE) | MGR_NOTE_BIT(MGR_NOTE_OUTDATED))

typedef struct {
    HlTime digest;
    int quiet_from, quiet_to; /* minutes of the day, from inclusive; from MGR_GATHERING_NO_QUIET: none */
    bool tells_over;          /* also when a state is over */
} MgrGatheringPolicy;

typedef struct {
    MgrNoteKind kind;
    int64_t endpoint; /* number; 0: of the server */
    char *key;        /* of the server's; "" of endpoints */
    bool is_known;    /* false: forget it */
} MgrKnownChange;

typedef struct {
    json_t *notes;
    HlTime begun_mono, touched_mono; /* of what is gathered */
    HlTime closed_mono;              /* when the last message was made; G_MININT64: none yet */
    HlTime settle;                   /* how long nothing must have come */
    gboolean is_changed;             /* notes differ from what was stored */
    GHashTable *endpoints[2];        /* number -> look, of MGR_NOTE_OFFLINE and MGR_NOTE_OUTDATED */
    GHashTable *server;              /* "kind key" -> look */
    GArray *fresh;                   /* int64_t: numbers that went off line in what is gathered, since the start */
    GArray *changes;                 /* MgrKnownChange */
    guint look;
} MgrGathering;

MgrGathering *mgr_gathering_new(void);
void mgr_gathering_free(MgrGathering *gathering);

/* What the registry had: takes notes (NULL: nothing is gathered).  gathered and closed are wall times, 0: none. */
void mgr_gathering_restore(MgrGathering *gathering, json_t *notes, HlTime gathered, HlTime closed, MgrNow now);
void mgr_gathering_restore_known(MgrGathering *gathering, MgrNoteKind kind, int64_t endpoint, const char *key);

/* A kind that is not told any longer: what was known of it is nothing to be over. */
void mgr_gathering_forget(MgrGathering *gathering, MgrNoteKind kind);

/* What happened. */
void mgr_gathering_add(MgrGathering *gathering, const MgrNote *note, MgrNow now);

void mgr_gathering_begin(MgrGathering *gathering);
/* An endpoint's state, of MGR_NOTE_OFFLINE or MGR_NOTE_OUTDATED; note is what to say if it begins or is over. */
void mgr_gathering_endpoint(MgrGathering *gathering, const MgrGatheringPolicy *policy, int64_t number, bool holds,
                            const MgrNote *note, MgrNow now);
/* Whether the rule has told of it: what began once holds until it is over, however the clock was set meanwhile. */
bool mgr_gathering_knows(const MgrGathering *gathering, MgrNoteKind kind, int64_t number);
/* A state of the server that holds; key tells two of one kind apart. */
void mgr_gathering_server(MgrGathering *gathering, const char *key, const MgrNote *note, MgrNow now);
bool mgr_gathering_knows_state(const MgrGathering *gathering, MgrNoteKind kind, const char *key);
/* judged: the set of kinds (MGR_NOTE_BIT) whose source was read.  States of the server among them that nobody named are
 * over; those of other kinds go on.  With MGR_GATHERING_ENDPOINTS, endpoints that nobody named are gone. */
void mgr_gathering_end(MgrGathering *gathering, const MgrGatheringPolicy *policy, guint judged, MgrNow now);

void mgr_gathering_hush(MgrGathering *gathering);

/* minute: of the server's day. */
bool mgr_gathering_is_quiet(const MgrGatheringPolicy *policy, int minute);
bool mgr_gathering_is_due(const MgrGathering *gathering, const MgrGatheringPolicy *policy, int minute, MgrNow now);

/* The message; nothing is gathered from then on. */
json_t *mgr_gathering_close(MgrGathering *gathering, MgrNow now);

void mgr_gathering_clear_changes(MgrGathering *gathering);

/* "22:00-06:00", or "": none.  false: it is not such a text. */
bool mgr_quiet_parse(const char *text, int *from, int *to);

/* How one destination is tried: the first again after `first`, then twice as long each time, up to an hour. */
typedef struct {
    guint failures;    /* in a row */
    HlTime next_mono;  /* not before */
    HlTime since_mono; /* of the first of them */
} MgrAttempts;

void mgr_attempts_failed(MgrAttempts *attempts, HlTime first, MgrNow now);
void mgr_attempts_succeeded(MgrAttempts *attempts);
bool mgr_attempts_may(const MgrAttempts *attempts, MgrNow now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrGathering, mgr_gathering_free)

#endif

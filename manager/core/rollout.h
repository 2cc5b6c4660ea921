/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out: a command for many endpoints, given to a few first, and to more only while those before have succeeded.
 * Pure: the time is an argument.
 *
 * Its members are fixed at the start and have positions; a ring is all up to a position, so each contains the ones
 * before it.  What is judged is always the whole of the ring: an early member that fails late counts as one that fails
 * now.  Of a member it is known what its command says; one that has the command and reports no result is silent, which
 * is a failure.  One that the command has not reached is away: it is not judged, and does it when it comes back.
 * One that waits for the maintenance window of its group has had its turn, and cannot have its command: the ring waits
 * for it, and no time-out runs.  One that waits again, because it did not take the command while the window was open,
 * is silent after so much time in which it could have.  Nothing is concluded from fewer answers than a sample. */
#ifndef MANAGER_CORE_ROLLOUT_H
#define MANAGER_CORE_ROLLOUT_H

#include "lib/base/clock.h"
#include "lib/base/error.h"

#define MGR_ROLLOUT_MAX_RINGS 10
/* A member that is on line has been sent its command by then; before, a ring with members that were not is not over. */
#define MGR_ROLLOUT_SETTLE HL_MINUTE

typedef struct {
    guint rings[MGR_ROLLOUT_MAX_RINGS]; /* percent of the members, rising; the last is 100 */
    guint n_rings;
    guint rate;        /* members a minute; 0: a whole ring at once */
    guint min_success; /* percent of those that answered */
    guint min_sample;  /* answers; a ring has at least so many members, if there are */
    HlTime soak;       /* between a ring that passed and the next one */
    HlTime silence;    /* from the command's delivery until a member without a result is silent */
} MgrRolloutPlan;

/* "1%,10%,100%"; the signs may be missing, and so may the 100.  The error says what is wrong with it. */
bool mgr_rollout_parse_rings(const char *text, MgrRolloutPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Caller frees. */
char *mgr_rollout_format_rings(const MgrRolloutPlan *plan);

/* Up to which of n members, in the order of their turns, a ring goes. */
guint mgr_rollout_end_of(const MgrRolloutPlan *plan, guint n, guint ring);

typedef enum {
    MGR_ROLLOUT_RUNNING,
    MGR_ROLLOUT_SOAKING,
    MGR_ROLLOUT_PAUSED,  /* by somebody */
    MGR_ROLLOUT_HALTED,  /* by itself */
    MGR_ROLLOUT_ABORTED, /* by somebody, for good */
    MGR_ROLLOUT_DONE,    /* all have their command */
    MGR_ROLLOUT_N_STATES,
} MgrRolloutState;

/* "running", ...; the words in the registry. */
const char *mgr_rollout_state_name(MgrRolloutState state);
/* MGR_ROLLOUT_N_STATES: another word. */
MgrRolloutState mgr_rollout_state_parse(const char *name);

typedef enum {
    MGR_HALT_NONE,
    MGR_HALT_FAILURES, /* too many failed or were silent */
    MGR_HALT_TOO_FEW,  /* fewer than a sample answered */
    MGR_HALT_N,
} MgrHalt;

/* "", "failures", "too-few-answers" */
const char *mgr_halt_name(MgrHalt halt);

/* "", "too many failed", "too few answered": in news, which people read. */
const char *mgr_halt_words(MgrHalt halt);
/* MGR_HALT_N: another word. */
MgrHalt mgr_halt_parse(const char *name);

typedef enum {
    MGR_MEMBER_PENDING,   /* its turn has not come */
    MGR_MEMBER_WAITING,   /* for its group's maintenance window */
    MGR_MEMBER_AWAY,      /* its command has not reached it */
    MGR_MEMBER_OPEN,      /* has its command */
    MGR_MEMBER_SUCCEEDED, /* says so */
    MGR_MEMBER_FAILED,    /* says so, or says that it succeeded and the server knows better */
    MGR_MEMBER_SILENT,
    MGR_MEMBER_LEFT, /* its command was cancelled, or it is no longer registered: not judged */
    MGR_MEMBER_N,
} MgrMember;

/* "pending", ... */
const char *mgr_member_name(MgrMember member);

/* Whether one whose turn has come may have what it brings: now, and what it had become by its turn before this one,
 * which counts while this one has brought nothing (MGR_MEMBER_PENDING: there was none).  Of one that failed its
 * versions say it (is_current). */
bool mgr_member_may_have(MgrMember now, MgrMember before, bool is_current);

/* How many members are what, as text: "succeeded=4 failed=1".  Caller frees. */
char *mgr_rollout_format_counts(const guint counts[MGR_MEMBER_N]);
/* Of that text; what it does not say is 0, and what cannot be read is left out. */
void mgr_rollout_parse_counts(const char *text, guint counts[MGR_MEMBER_N]);

typedef struct {
    MgrRolloutPlan plan;
    guint n;                           /* members */
    guint ends[MGR_ROLLOUT_MAX_RINGS]; /* of the rings: positions */
    uint8_t *members;                  /* MgrMember of each */
    HlTime *open_since; /* mono; of one that is away: since when; of one that waits again: how long it was
                           open before */
    guint counts[MGR_MEMBER_N];
    MgrRolloutState state;
    MgrHalt halt;
    guint ring;     /* from 0 */
    guint issued;   /* members whose turn has come */
    guint ready;    /* waiting ones whose window is open, and that --rate has not let go yet */
    guint forgiven; /* failures that somebody has answered for by resuming */
    guint doubted;  /* of those that say that they succeeded: whose versions do not say so */
    HlTime issued_mono, let_go_mono, soak_mono, looked_mono, succeeded_mono;
} MgrRollout;

/* Running, with nobody's turn come.  Clear it. */
void mgr_rollout_init(MgrRollout *rollout, const MgrRolloutPlan *plan, guint n, HlTime now);
void mgr_rollout_clear(MgrRollout *rollout);

/* As it was when the manager before this one ended: the states of members follow (mgr_rollout_issued, _told).  What it
 * was waiting for it waits for from the beginning: a restart makes no ring come earlier. */
void mgr_rollout_restore(MgrRollout *rollout, MgrRolloutState state, MgrHalt halt, guint ring, guint forgiven,
                         HlTime now);

/* Once the states of members are told: of those that were forgiven, who has succeeded since is not in what was stored.
 */
void mgr_rollout_restored(MgrRollout *rollout);

/* The turn of so many more has come.  They are away until something is told of them. */
void mgr_rollout_issued(MgrRollout *rollout, guint n, HlTime now);

/* So many have a command that waits, and could have it now because their windows are open: how many of them may. What
 * then becomes of those is told.  They come before those whose turn has not come. */
guint mgr_rollout_let_go(MgrRollout *rollout, guint ready, HlTime now);

/* What is known of a member whose turn has come.  That it has the command says nothing new of one that has answered, or
 * is silent. */
void mgr_rollout_told(MgrRollout *rollout, guint position, MgrMember member, HlTime now);

/* Whether the next tick ends a soak: who claims to have succeeded and has not is to be told of before. */
bool mgr_rollout_is_soaked(const MgrRollout *rollout, HlTime now);

/* Whether all of the last ring have answered, and nothing but a doubt keeps the next tick from ending it.  No soak
 * follows, and versions may arrive a little after the success that they belong to: so a doubt is waited for. */
bool mgr_rollout_is_ending(const MgrRollout *rollout, HlTime now);
/* How many say that they succeeded, and have not the versions for it.  Of the last ring, before a tick. */
void mgr_rollout_doubt(MgrRollout *rollout, guint n);
/* Whether it ends now in spite of doubts: who is doubted still is to be told of before. */
bool mgr_rollout_is_doubt_over(const MgrRollout *rollout, HlTime now);

/* Whether one has had its command for so long that a tick may find it silent: whether it has it still is to be told
 * before. */
bool mgr_rollout_has_overdue(const MgrRollout *rollout, HlTime now);

/* The position where the present ring begins: those before it are members of the rings before, too. */
guint mgr_rollout_ring_begin(const MgrRollout *rollout);

/* Once a second: judges, goes from ring to ring, halts.  How many more members are to have their turn now: those of
 * mgr_rollout_find_again, if there are any.  They are told of with mgr_rollout_issued (or _issued_again) once that is
 * stored. */
guint mgr_rollout_tick(MgrRollout *rollout, HlTime now);

/* What a member's versions say of what the roll-out brought it. */
typedef enum {
    MGR_BROUGHT_UNKNOWN,   /* what it had before its turn is not known */
    MGR_BROUGHT_NOTHING,   /* it has what it had, and there is nothing later for it */
    MGR_BROUGHT_NOT_YET,   /* it has what it had, and there is something later */
    MGR_BROUGHT_SOMETHING, /* it has something else than it had */
} MgrBrought;

/* Of one that may have what it brings: whether a roll-back is for it.  Whom nothing was brought would be worse off than
 * before the roll-out; one that has answered a moment ago, or not yet, may be brought it just now. */
bool mgr_rollout_goes_back(const MgrRollout *rollout, guint position, MgrBrought brought, HlTime now);

/* Whether nothing more happens by itself and for good. */
bool mgr_rollout_is_over(const MgrRollout *rollout);

/* By somebody.  False: the state does not allow it, and nothing has changed. */
bool mgr_rollout_pause(MgrRollout *rollout) G_GNUC_WARN_UNUSED_RESULT;
/* Of one that halted: the failures so far are forgiven, and a ring that was too quiet counts as passed. */
bool mgr_rollout_resume(MgrRollout *rollout, HlTime now) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_rollout_abort(MgrRollout *rollout) G_GNUC_WARN_UNUSED_RESULT;
/* Of one that was aborted, and with that took back what it had brought: who has not answered is not waited for, and has
 * left it. */
void mgr_rollout_take_back(MgrRollout *rollout);
/* The same of counts that were noted before. */
void mgr_rollout_take_back_counts(guint counts[MGR_MEMBER_N]);
/* Those that failed, were silent or left: positions (guint), rising; empty once it was aborted.  Free with
 * g_array_unref. */
GArray *mgr_rollout_find_failed(const MgrRollout *rollout);
/* Somebody has those that failed try again: it runs again, with nothing forgiven. */
void mgr_rollout_begin_again(MgrRollout *rollout);
/* One whose turn has come is to have another one, and is pending until then; a tick counts it among those that may have
 * theirs now, before those whose turn has not come. */
void mgr_rollout_put_back(MgrRollout *rollout, guint position);
/* The first n of these: positions (guint), rising.  Free with g_array_unref. */
GArray *mgr_rollout_find_again(const MgrRollout *rollout, guint n);
/* These have another turn, and are away until something is told of them. */
void mgr_rollout_issued_again(MgrRollout *rollout, const GArray *positions, HlTime now);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRollout, mgr_rollout_clear)

#endif

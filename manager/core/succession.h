/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate authority follows another: which step is due, and who is left (docs/adr/0027).  Pure.
 *
 * Announced, both count.  Those that hold the new one are given certificates by it; when everybody has one, the server
 * shows one too, and the old authority ends. */
#ifndef MANAGER_CORE_SUCCESSION_H
#define MANAGER_CORE_SUCCESSION_H

#include "lib/base/clock.h"

typedef enum {
    MGR_SUCCESSION_NONE,   /* there is no successor */
    MGR_SUCCESSION_WAIT,   /* for those who are left */
    MGR_SUCCESSION_SIGN,   /* the server's own certificates are signed by the new one, now */
    MGR_SUCCESSION_BROKER, /* an external broker has to show that one first: who trusts the new one alone would be shut
                              out */
    MGR_SUCCESSION_END,    /* the old one ends, now; the server's own certificates follow in the same step */
} MgrSuccessionStep;

typedef struct {
    bool is_on;              /* there is a successor */
    guint endpoints, people; /* that are left */
    bool is_own_new;         /* the server's certificates are by the new one */
    bool is_managed;         /* the broker is the manager's own, and reads what it is told within a second */
    bool is_told;            /* the broker has read what was published last */
    bool is_forced;          /* the owner's word: nobody is waited for */
    bool is_over;            /* the present one has ended: nobody can connect with it, so nobody is waited for */
} MgrSuccessionView;

MgrSuccessionStep mgr_succession_step(const MgrSuccessionView *view);

/* How old the present authority is.  Its end shuts everybody out who does not follow in time, so a clock that is ahead
 * by mistake must not bring it about: besides the wall clock something has to say so that does not jump with it. */
typedef struct {
    HlTime end;           /* of the present one, wall */
    HlTime last;          /* from then on it counts as over (lib/pki/trust.h) */
    HlTime now, believed; /* the wall clock, and what it was last and has lived since (manager/core/now.h) */
    bool is_confirmed;    /* an endpoint that proved its key has the same time, or somebody on the server said so */
} MgrAuthorityAge;

typedef enum {
    MGR_AUTHORITY_GOOD,
    MGR_AUTHORITY_LAST_MONTH, /* another one is announced by itself, if the owner has not done it */
    MGR_AUTHORITY_DOUBTFUL,   /* it has ended by the wall clock alone */
    MGR_AUTHORITY_OVER,       /* the next one is the only one from now on */
} MgrAuthorityStage;

MgrAuthorityStage mgr_authority_stage(const MgrAuthorityAge *age);

/* How far somebody is. */
typedef enum {
    MGR_HOLDER_UNTOLD, /* does not hold the new authority */
    MGR_HOLDER_OLD,    /* holds it, and came last with a certificate of the old one */
    MGR_HOLDER_THROUGH,
} MgrHolder;

MgrHolder mgr_succession_holder(bool holds, bool has_new);

/* What an account, a monitor or a console was given by the new one.  It has arrived when a call came with it: an answer
 * may be lost.  Who lost it, or has another copy of the old one, asks again. */
typedef struct {
    guint live;        /* certificates that are in force */
    guint used;        /* those of them with which a call came */
    guint lately;      /* that were issued in the last hour */
    guint in_question; /* and in the last two */
    guint left;        /* of the old one: in force, with which calls came, and that no used one replaces */
} MgrGiven;

typedef enum {
    MGR_GIVEN_LIVE = 1 << 0, /* in force */
    MGR_GIVEN_USED = 1 << 1, /* a call came with it */
} MgrGivenFlags;

void mgr_given_add(MgrGiven *given, HlTime issued, unsigned flags, HlTime now);

/* Whether there is room for one more. */
bool mgr_given_has_room(const MgrGiven *given);

/* It came with one, on each machine that came with one of its own before; and it was not refused another one. */
bool mgr_given_is_through(const MgrGiven *given);

/* What became of the authorities that were announced (ids, the one that issues first; may be NULL), by those that count
 * now. */
typedef enum {
    MGR_AUTHORITIES_ANNOUNCE, /* another one follows */
    MGR_AUTHORITIES_ENDED,    /* the one that followed is the only one */
    MGR_AUTHORITIES_CANCELLED,
    MGR_AUTHORITIES_OTHER, /* one counts of which nothing was announced: registry and keys are of different days */
} MgrAuthoritiesChange;

MgrAuthoritiesChange mgr_authorities_change(const char *const *told, const char *const *now);

/* What became of a pair of keys, the present one and the one that follows (NULL: none does), by a later look at it. */
typedef enum {
    MGR_ROLLOVER_SAME,
    MGR_ROLLOVER_BEGAN,
    MGR_ROLLOVER_WITHDRAWN,
    MGR_ROLLOVER_ENDED,   /* the one that followed is the only one */
    MGR_ROLLOVER_SEVERAL, /* more than one step: the present one was not known then */
} MgrRolloverSince;

MgrRolloverSince mgr_rollover_since(const char *const before[2], const char *const after[2]);

/* "untold", "old-certificate", "through". */
const char *mgr_holder_name(MgrHolder holder);

/* "none", "announced", "announced", "broker", "announced": what status shows. */
const char *mgr_succession_name(MgrSuccessionStep step);

#endif

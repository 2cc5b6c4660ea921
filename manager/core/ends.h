/* SPDX-License-Identifier: Apache-2.0 */
/* What ends one day, and locks somebody out if nobody is told: certificates of people and of the site, roles of the
 * pattern repository.  Which end is near, the sentence that says so, and the command that mends it.  Pure; all times
 * are wall clock.
 *
 * Sixty days before its end a thing is near, in the last quarter of these urgent.  What lives shorter than that is near
 * when it should have been renewed: each kind has its own time (ends.c), and it is never more than a quarter of a life
 * that is known, so that what is renewed in its last third is not warned of before. */
#ifndef MANAGER_CORE_ENDS_H
#define MANAGER_CORE_ENDS_H

#include <stdbool.h>

#include "lib/base/clock.h"
#include "manager/core/role.h"

typedef enum {
    MGR_END_ADMIN,
    MGR_END_MONITOR,
    MGR_END_CONSOLE,
    MGR_END_SERVER,  /* certificate of broker and HTTPS front */
    MGR_END_MANAGER, /* certificate with which the manager connects and dials */
    MGR_END_CA,
    MGR_END_ROOT, /* this and the rest: roles of the repository */
    MGR_END_TARGETS,
    MGR_END_SNAPSHOT,
    MGR_END_TIMESTAMP,
    MGR_END_COMPONENT,
    MGR_N_ENDS,
} MgrEndKind;

/* "admin", "monitor", "console", "server", "manager", "ca", "root", "targets", "snapshot", "timestamp", "component". */
const char *mgr_end_kind_name(MgrEndKind kind);

/* false: it is none of them. */
bool mgr_end_kind_parse(const char *name, MgrEndKind *kind);

/* The role of a repository by its name; any other name is a component's. */
MgrEndKind mgr_end_kind_of_role(const char *role);

/* Whether it is signed in the repository: a copy of a public one is renewed by fetching it. */
bool mgr_end_is_role(MgrEndKind kind);

typedef struct {
    MgrEndKind kind;
    const char *name; /* of the person, component, ...; "": not told; borrowed, never NULL */
    HlTime begin;     /* when it was issued or signed; 0: not known */
    HlTime end;
} MgrEnd;

typedef enum {
    MGR_END_QUIET, /* far away; or so long ago that its owner is not coming back */
    MGR_END_NEAR,
    MGR_END_URGENT,
    MGR_END_PAST,
} MgrEndGrade;

/* "quiet", "near", "urgent", "past". */
const char *mgr_end_grade_name(MgrEndGrade grade);

MgrEndGrade mgr_end_grade(const MgrEnd *end, HlTime now);

/* What somebody is told of an end. */
typedef enum {
    MGR_END_HIDDEN,
    MGR_END_NAMELESS, /* that there is one, and not whose: the name is left empty */
    MGR_END_SHOWN,    /* and reminded of beside answers */
} MgrEndSight;

/* The site's own and the repository's concern everybody; a person's certificate the person, and who can renew it.
 * caller NULL: for the status topics, which unlimited accounts and monitors read. */
MgrEndSight mgr_end_sight(MgrEndKind kind, const char *name, const MgrCaller *caller);

/* When the grade will change next; 0: never. */
HlTime mgr_end_next(const MgrEnd *end, HlTime now);

/* "the certificate of account 'ann' ends on 2026-12-24, in 27 days".  Caller frees. */
char *mgr_end_describe(const MgrEnd *end, HlTime now);

/* The command that mends it.  site is the server's directory; is_copy: the repository is a copy of a public source.
 * Caller frees. */
char *mgr_end_remedy(const MgrEnd *end, const char *site, bool is_copy);

/* What a manager says to callers, in English: both of the above, joined by "; remedy: ".  Caller frees. */
char *mgr_end_warn(const MgrEnd *end, const char *site, bool is_copy, HlTime now);

/* The same in the reader's language.  NULL: it is not such a line of this version.  Caller frees. */
char *mgr_end_translate(const char *warning);

/* The same of a remedy.  One that this version does not have stays as it is.  Caller frees. */
char *mgr_end_translate_remedy(MgrEndKind kind, const char *name, const char *remedy);

/* Whether what renews itself is due: in the last third of its life, if the new one, which can last until then at most,
 * would gain a tenth of a life.  (One that ends with the authority gains nothing until that is renewed.) */
bool mgr_end_renews(const MgrEnd *end, HlTime until, HlTime now);

/* For sorting: which ends first; of two that end at once by kind and name. */
int mgr_end_compare(const MgrEnd *a, const MgrEnd *b);

#endif

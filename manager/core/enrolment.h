/* SPDX-License-Identifier: Apache-2.0 */
/* Who enrols: a new endpoint, one that is known already, or somebody who is refused.
 *
 * A machine fingerprint proves nothing: it is the hash of a file that every user of the PC may read.  It only tells
 * which record a machine claims.  That it may have the record takes more: the key of the identity that is given up, or
 * a bundle that an administrator made for this endpoint.  Pure: tokens, signatures and clocks were checked before. */
#ifndef MANAGER_CORE_ENROLMENT_H
#define MANAGER_CORE_ENROLMENT_H

#include <stdbool.h>

typedef enum {
    MGR_ENROL_FRESH, /* a new record */
    MGR_ENROL_AGAIN, /* mgr_enrol_record() is kept, and its old certificates end */
    /* refused: */
    MGR_ENROL_KNOWN,          /* the machine has a record, and nothing proves that it may have it */
    MGR_ENROL_REVOKED,        /* its own record, but an administrator revoked it */
    MGR_ENROL_DISPUTED,       /* its own record, but two machines use it, and nobody said which is the genuine one */
    MGR_ENROL_OTHER_GROUP,    /* its own record, but the bundle is for another group */
    MGR_ENROL_REMOVED,        /* the bundle was made for an endpoint that was removed since */
    MGR_ENROL_MADE_FOR_OTHER, /* the machine has a record, and the bundle was made for another endpoint */
    MGR_ENROL_N,
} MgrEnrolOutcome;

/* What matters of a record. */
typedef struct {
    const char *id, *group;
    bool revoked;
    bool disputed; /* two machines were seen to use it */
} MgrEnrolRecord;

typedef struct {
    const char *group;              /* of the bundle */
    const char *made_for;           /* the endpoint that the bundle was made for; "": for whom it may concern */
    const MgrEnrolRecord *intended; /* that endpoint; NULL: removed since, or made for nobody */
    const MgrEnrolRecord *proven;   /* the one whose key the machine has; NULL: it proved none */
    const MgrEnrolRecord *machine;  /* the one that enrolled with the machine's fingerprint; NULL: there is none */
} MgrEnrolFacts;

MgrEnrolOutcome mgr_enrol_decide(const MgrEnrolFacts *facts);

/* The record that MGR_ENROL_AGAIN keeps, or that the refusal is about; NULL with FRESH and REMOVED. */
const MgrEnrolRecord *mgr_enrol_record(const MgrEnrolFacts *facts);

#endif

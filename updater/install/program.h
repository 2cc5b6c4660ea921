/* SPDX-License-Identifier: Apache-2.0 */
/* What a repository offers of the program itself, and what that means for the version that is installed.  Pure; targets
 * are borrowed and must outlive the offers.
 *
 * The newest release says up to which version is offered: what is listed above it was withdrawn, what is below it is
 * there for those who come from far, and as the way back for those who have it.  Nobody is taken back to a lower
 * version by an offer. */
#ifndef UPDATER_INSTALL_PROGRAM_H
#define UPDATER_INSTALL_PROGRAM_H

#include "proto/program.h"
#include "proto/updater_lines.h"
#include "updater/tuf/metadata.h"

#define UPD_PROGRAM_OFFERS_MAX 64 /* releases that a role may list; ours lists 15 */

/* One release, for one architecture. */
typedef struct {
    HlProgramRelease *release;
    GPtrArray *targets; /* of const TufTarget, one for each of release->files */
} UpdOffer;

/* Of UpdOffer, the newest last; those without HL_PROGRAM_MAIN for this architecture are left out.  NULL on failure:
 * what is signed has not the form that it should have. */
GPtrArray *upd_program_offers(const GPtrArray *targets, const char *arch, GError **error);

typedef struct {
    HlUpdaterProgramOutcome outcome; /* CURRENT, OFFERED, UNSUITED or NO_WAY_BACK */
    const UpdOffer *next;            /* that is offered, or would be; NULL: nothing newer */
    const UpdOffer *before;          /* with the installed version; NULL unless OFFERED */
} UpdProgramDecision;

/* The highest version above the installed one that is for it. */
UpdProgramDecision upd_program_decide(const GPtrArray *offers, const char *installed);

/* The same in words, with the remedy where there is one.  Caller frees. */
char *upd_program_explain(const UpdProgramDecision *decision, const char *installed);

#endif

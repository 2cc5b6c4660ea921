/* SPDX-License-Identifier: Apache-2.0 */
/* What an update has to do: a pure function of the active set, what is held back, and what a source offers. */
#ifndef UPDATER_INSTALL_PLAN_H
#define UPDATER_INSTALL_PLAN_H

#include "updater/install/release.h"
#include "updater/install/set.h"

typedef enum {
    UPD_PLAN_NEWER, /* only higher versions, and nothing that was rolled back from */
    UPD_PLAN_FORCE, /* exactly what the source offers: "synchronize" */
} UpdPlanMode;

/* One file of the coming set; all borrowed. */
typedef struct {
    const UpdSetFile *file;
    const UpdSetFile *same;       /* in the active set, with this content: to be linked; or NULL */
    const UpdSetFile *base;       /* in the active set, the former content of this file; or NULL */
    const UpdReleaseFile *wanted; /* NULL only if same is not */
} UpdPart;

typedef enum {
    UPD_PLAN_INSTALL,
    UPD_PLAN_CURRENT, /* nothing to do */
    UPD_PLAN_STALE,   /* the source is behind the active set */
    UPD_PLAN_EMPTY,   /* the source offers no content of these components */
} UpdPlanVerdict;

typedef struct {
    UpdPlanVerdict verdict;
    UpdSet *set;      /* the coming set; its number is not chosen yet */
    GPtrArray *parts; /* of UpdPart, one per file of set */
    char *remark;     /* for people, NULL: none; which component is behind, held back or missing */
} UpdPlan;

/* active may be NULL; its files were checked (upd_set_check).  held: component -> version. */
typedef struct {
    const UpdSet *active;
    const json_t *held;
    const GPtrArray *releases; /* of UpdRelease, one per component that this machine should have */
    const char *const *kept;   /* components that stay at the version that is active, ends with NULL; NULL: none.  One
                                  that is not there, or is damaged, comes all the same; UPD_PLAN_FORCE looks at none
                                  of it. */
    UpdPlanMode mode;
    HlTime now; /* wall clock; for the remark alone */
} UpdSituation;

/* A machine that is to have virus or agent keeps the one in use when the source has no content of the wanted one.
 * NULL on failure: the files to keep, for that or because a version is held back, are damaged. */
UpdPlan *upd_plan_new(const UpdSituation *situation, GError **error);
void upd_plan_free(UpdPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdPlan, upd_plan_free)

#endif

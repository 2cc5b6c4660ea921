/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out a plan: a directory that holds every file of the coming set, each with the length and the hash that the
 * signed metadata promises.  What the active set has is linked, the rest is downloaded and unpacked or applied. */
#ifndef UPDATER_INSTALL_ASSEMBLE_H
#define UPDATER_INSTALL_ASSEMBLE_H

#include "updater/install/plan.h"
#include "updater/install/source.h"

/* done of total bytes to be downloaded; what is for people. */
typedef void (*UpdAssembleProgress)(uint64_t done, uint64_t total, const char *what, void *user);

typedef struct {
    UpdSource *source;
    const char *staging;   /* directory for downloads; what the plan does not need is removed from it */
    const char *active;    /* directory of the active set; NULL: none */
    const char *directory; /* of the coming set: exists, empty */
    UpdAssembleProgress progress;
    void *user;
    char *remark; /* out: increments that had to be given up for full files; NULL: none.  Caller frees. */
} UpdAssembly;

bool upd_assemble(UpdAssembly *assembly, const UpdPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

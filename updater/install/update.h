/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint runs: brings its patterns up to date from the first source that serves, or goes one set back.
 *
 *   lock -> source: refresh -> plan -> assemble -> check every hash -> the engine loads it -> switch -> clamd reloads
 *
 * Until the switch, which is one rename, nothing changes for the engine; whatever fails before it leaves the active set
 * as it was; a source whose release the engine refuses is left for the next.  Blocking; runs the default main context
 * while the engine works. */
#ifndef UPDATER_INSTALL_UPDATE_H
#define UPDATER_INSTALL_UPDATE_H

#include "proto/updater_lines.h"
#include "updater/install/engine.h"
#include "updater/install/plan.h"
#include "updater/install/program_fetch.h"
#include "updater/install/source.h"

typedef void (*UpdInstallProgress)(guint percent, const char *what, void *user);

typedef struct {
    const char *dir;
    HlTime lock_patience;
    UpdEngine engine;
    const char *clamd_socket; /* NULL: no clamd runs */
    UpdInstallProgress progress;
    void *user;
} UpdInstall;

typedef struct {
    const UpdSourceSpec *sources; /* in the order in which they are tried */
    gsize n_sources;
    UpdSourceAccess access;
    const char *private_source;    /* the only one that access.http is for; NULL: all */
    HlFetchOptions others;         /* how the other ones are reached then */
    HlTime time;                   /* for all of them: each gets its share of what is left; 0: unlimited */
    const char *const *components; /* those that this machine is to have; ends with NULL */
    const char *const *kept;       /* those of them that stay as they are (UpdSituation); NULL: none */
    UpdPlanMode mode;
    const UpdProgramWish *program; /* NULL: the program is none of this run's business; its progress is set here */
} UpdUpdate;

/* Also filled, as far as it is known, when the call fails. */
typedef struct {
    HlUpdaterOutcome kind;
    char *components;         /* of the set that is active now: "virus=2026112203" */
    char *source;             /* that was used; "" */
    uint64_t bytes;           /* that came from all sources that were tried */
    char *message;            /* what happened; NULL if the call failed */
    HlUpdaterProgram program; /* the step after the patterns, whether those succeeded or not */
} UpdOutcome;

void upd_outcome_clear(UpdOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpdOutcome, upd_outcome_clear)

bool upd_update(const UpdInstall *install, const UpdUpdate *update, UpdOutcome *outcome,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One step back.  HL_ERROR_NOT_FOUND when there is no set before the active one. */
bool upd_rollback(const UpdInstall *install, UpdOutcome *outcome, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The third step of an update: another version of the program itself.
 *
 * Installs nothing: the daemon's unit forbids that.  Judges what the updater fetched, asks the helper outside the
 * daemon (endpoint/upgrade), tells it while the line is up, which is what it waits for, and reports how the upgrade
 * ended, often as another version than the one that asked.  Exists whether the machine is enrolled or not.  Loop
 * thread. */
#ifndef ENDPOINT_DAEMON_WORK_PROGRAM_H
#define ENDPOINT_DAEMON_WORK_PROGRAM_H

#include "endpoint/core/conf.h"
#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/upgrade/desk.h"
#include "proto/updater_lines.h"

typedef struct EpProgram EpProgram;

/* All borrowed, and outlive the program. */
typedef struct {
    HlDb *db;
    const EpConf *conf; /* read when it is needed */
    EpTrouble *trouble;
    EpPulse *pulse; /* may be NULL */
} EpProgramOptions;

/* Looks what became of the upgrade before it, if there was one.  Never NULL. */
EpProgram *ep_program_new(const EpProgramOptions *options);
void ep_program_free(EpProgram *program);

/* Reports go there from now on (borrowed); NULL: the machine is no longer enrolled. */
void ep_program_enrol(EpProgram *program, EpSpool *spool);

/* How the line is. */
void ep_program_line(EpProgram *program, EpDeskLine line);

/* The broker knows whether the manager is there (online).  An answer says more, and is not unsaid by it. */
void ep_program_manager(EpProgram *program, bool online);

/* Whether a helper has installed, or is installing, what this process runs: it waits for the line. */
bool ep_program_is_awaiting_line(const EpProgram *program);

/* Where the updater is to keep packages; NULL: this machine's program is not upgraded (upgrade.helper).  Caller frees.
 */
char *ep_program_directory(const EpProgram *program);

typedef struct {
    const HlUpdaterProgram *offer; /* the updater's word */
    bool blocked, left;            /* by the settings; left: to roll-outs, of which this update is none */
    bool line_up;
} EpProgramFacts;

/* After an update: what is to happen, and that in words, "0.1.0, version 0.2.0 is being installed".  Caller frees. */
typedef struct {
    EpUpgradePlan plan;
    char *words;
} EpProgramJudgement;

EpProgramJudgement ep_program_judge(EpProgram *program, const EpProgramFacts *known);

/* Does what was judged last, if that was EP_PLAN_BEGIN: asks the helper, whose work ends this process soon. */
void ep_program_begin(EpProgram *program);

/* A person's word: a release that failed here may be tried again. */
bool ep_program_retry(EpProgram *program, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All borrowed until the next turn of the loop. */
typedef struct {
    const char *state;     /* "none": there never was one; "asked"; or as ep_upgrade_state_name */
    const char *from, *to; /* NULL: none */
    const char *detail;    /* ""; why it failed, or goes back */
    HlTime ended;          /* wall; 0: it has not */
} EpProgramView;

EpProgramView ep_program_view(const EpProgram *program);

#endif

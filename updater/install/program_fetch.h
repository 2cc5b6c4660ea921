/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching the program: the step of an update that is about the program itself.
 *
 *   DIR/next/     the packages that are offered, and release.json (proto/program.h); there only while they are offered
 *   DIR/before/   the same of the version that is installed: the way back, complete before next/ appears
 *   DIR/.*        what is under way
 *
 * Each of the two changes by one rename of a directory whose files are verified and durable.  Nothing is installed
 * here.  Blocking, one thread, under the lock of the pattern store; a reader that wants files to stay copies them. */
#ifndef UPDATER_INSTALL_PROGRAM_FETCH_H
#define UPDATER_INSTALL_PROGRAM_FETCH_H

#include "updater/install/program.h"
#include "updater/install/source.h"

typedef struct {
    const char *dir;
    const char *installed; /* version of the packages */
    const char *arch;      /* of this machine, as dpkg names it */
    bool blocked;          /* not even asked for */
    void (*progress)(const char *what, gpointer user);
    gpointer user;
} UpdProgramWish;

/* The step failed, for this reason; keeps the version that is known. */
void upd_program_fail(HlUpdaterProgram *program, const GError *error);

/* Forgets an offer of before, where upgrades are blocked.  Fills *program. */
void upd_program_block(const UpdProgramWish *wish, HlUpdaterProgram *program);

/* What this source offers; fetches it if it is for this machine.  Replaces *program, whatever happens: the step does
 * not fail, it says so. */
void upd_program_fetch(const UpdProgramWish *wish, UpdSource *source, HlUpdaterProgram *program);

#endif

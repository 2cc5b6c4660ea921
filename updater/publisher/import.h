/* SPDX-License-Identifier: Apache-2.0 */
/* Content from a ClamAV database directory, as freshclam keeps it: which of its files go into which component.
 *
 * Packages (.cvd, .cld) are verified and unpacked by sigtool, so that an increment carries a few lines, not a package;
 * those whose content the engine takes only from inside stay whole.  Only what changed is staged. */
#ifndef UPDATER_PUBLISHER_IMPORT_H
#define UPDATER_PUBLISHER_IMPORT_H

#include "updater/publisher/stage.h"

typedef enum {
    UPD_IMPORT_STAGED,
    UPD_IMPORT_SAME,   /* as the content in force */
    UPD_IMPORT_ABSENT, /* the repository has no such component */
} UpdImportEnd;

/* What became of one component. */
typedef struct {
    const char *component;
    UpdImportEnd end;
    gsize files;
    UpdStaged staged; /* of what was staged */
} UpdImported;

typedef struct {
    const char *databases; /* the directory */
    const char *min_engine;
    bool force; /* as in UpdStageSpec */
    void (*done)(const UpdImported *imported, gpointer user);
    void (*left_out)(const char *file, const char *why, gpointer user); /* of the directory; in no component */
    gpointer user;
} UpdImportSpec;

/* Component by component; a failure leaves those staged that were.  HL_ERROR_UNTRUSTED: a package is not ClamAV's. */
bool upd_import(const UpdRepo *repo, const UpdState *state, const UpdImportSpec *spec,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a file of this database ("main", "daily", the beginning of a plain file's name) is for the component.  Pure.
 */
bool upd_import_wants(const char *component, const char *database);

#endif

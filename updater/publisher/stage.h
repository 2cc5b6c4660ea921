/* SPDX-License-Identifier: Apache-2.0 */
/* Content waiting to be published: private/staged/COMPONENT/ holds the files and stage.json.  A component is a set of
 * files in the engine's own formats; its files change together. */
#ifndef UPDATER_PUBLISHER_STAGE_H
#define UPDATER_PUBLISHER_STAGE_H

#include "lib/base/package_version.h"
#include "updater/publisher/repo.h"

/* main and daily, unpacked, are some 40 files; clients take as many. */
#define UPD_STAGE_FILES_MAX  64
#define UPD_STAGE_MIN_ENGINE "0.103.0"

typedef struct {
    const char *component;
    const char *const *files; /* paths; none: the component is emptied */
    gsize n_files;
    const int
        *fds; /* of the files, opened by who may read them; NULL, and -1 among them: opened by its path.  Borrowed */
    gint64 version; /* YYYYMMDDNN, not after tomorrow; 0: the next one of today */
    const char *min_engine;
    bool
        force; /* stage it even if less than half of the signatures in force are left; the program: one that is older */
    const char *min_version, *max_version; /* of the program alone: which installed ones it is for; NULL: any */
} UpdStageSpec;

typedef struct {
    gint64 version;
    gint64 signatures;                        /* what the engine says that it loads */
    gint64 counted;                           /* what we count in the files; -1 for a format that we do not count */
    bool by_engine;                           /* false: there is no clamscan here, signatures is our count */
    char program[HL_PACKAGE_VERSION_MAX + 1]; /* of the program alone: the packages' version; else "" */
} UpdStaged;

/* Copies the files, has the engine load each and all of them, records the version.  Replaces what was staged before.
 * Refused are a kind that the component may not hold, a file without a signature, a fall that nobody asked for. */
bool upd_stage_add(const UpdRepo *repo, const UpdState *state, const UpdStageSpec *spec, UpdStaged *staged,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a version of the engine is written as "1.0.9": what updates compare number by number. */
bool upd_stage_engine_ok(const char *version);

/* The highest version that the component ever had, published or staged; 0 if none. */
gint64 upd_stage_newest(const UpdRepo *repo, const char *component);

/* Whether it is written as YYYYMMDDNN, of a day that there is.  Pure. */
bool upd_stage_version_ok(gint64 version);

/* After a restore: numbers that may have been given out since the backup are not given out again.  They begin with
 * those of tomorrow, or after this one if that is higher (0: none is known). */
bool upd_stage_go_past(const UpdRepo *repo, HlTime now, gint64 above, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version after newest on this day (UTC).  Like the next one, shown for tests: pure, where staging writes files. */
gint64 upd_stage_next_version(gint64 newest, HlTime now);

/* How many signatures a file holds, by its name's ending: lines, or rules; -1 if that is not known. */
gint64 upd_stage_count(const char *name, const char *text, gsize size);

/* Whether a file of this name can be part of a component; which kinds a component holds is upd_kind_check. */
bool upd_stage_name_ok(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

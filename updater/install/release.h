/* SPDX-License-Identifier: Apache-2.0 */
/* What a repository offers of one component, read from its role's targets.  Pure; targets are borrowed and must outlive
 * the release.
 *
 * Its signatures were verified before; here its form is checked: a file's name cannot leave its directory, lengths are
 * bounded, the component may hold such a file; a kind or format of target that this version does not know is skipped.
 */
#ifndef UPDATER_INSTALL_RELEASE_H
#define UPDATER_INSTALL_RELEASE_H

#include "updater/tuf/metadata.h"

#define UPD_RELEASE_FILES_MAX 64

typedef struct {
    char *name;
    char *sha256;   /* of the content, not of what is downloaded */
    int64_t length; /* likewise */
    const TufTarget *full;
    GPtrArray *deltas; /* of const TufTarget */
} UpdReleaseFile;

typedef struct {
    char *component;
    int64_t version;    /* 0: the component has no content */
    int64_t role;       /* version of the signed metadata that offers it, set by the caller; 0: not known */
    int64_t signatures; /* -1: not recorded */
    char *min_engine;   /* NULL: any */
    GPtrArray *files;   /* of UpdReleaseFile */
} UpdRelease;

/* The newest version among the targets; with none of them a release without files.  NULL on failure. */
UpdRelease *upd_release_new(const char *component, const GPtrArray *targets, GError **error);
void upd_release_free(UpdRelease *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdRelease, upd_release_free)

/* 1 to 32 of [a-z0-9-]. */
bool upd_release_component_ok(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The fewest bytes that lead to the file: an increment from this content (NULL: there is none), or the full file. */
const TufTarget *upd_release_cheapest(const UpdReleaseFile *file, const char *base_sha256);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The component 'program': a release of it is the endpoint's Debian packages, all of one version.
 *
 * A file is staged as PACKAGE_ARCH.deb, so that its name does not change with the version; the version, and which
 * installed versions may be upgraded to it, are in the member "program" of stage.json, of the history and, as custom
 * data, of each target.  The role lists every release that the history has: an endpoint that is upgraded fetches the
 * one that it has as well, as its way back.  Nothing above the newest release's version is offered: so a withdrawal
 * (the packages before, under a higher number) ends an offer, and takes no endpoint back. */
#ifndef UPDATER_PUBLISHER_PROGRAM_H
#define UPDATER_PUBLISHER_PROGRAM_H

#include "proto/program.h"
#include "updater/publisher/stage.h"

/* One package, as its control file has it. */
typedef struct {
    char *path;
    char *package, *version, *arch;
} UpdPackage;

UpdPackage *upd_package_new(const char *path, const char *package, const char *version, const char *arch);
void upd_package_free(UpdPackage *package);

/* Whether a component holds the program. */
bool upd_program_is(const char *component);

/* Asks dpkg-deb what each file is.  Of UpdPackage; NULL on failure. */
GPtrArray *upd_program_read(const char *const *paths, gsize n, GError **error);

/* The .deb files of a directory, sorted by name; NULL if it has none.  Free with g_strfreev. */
GStrv upd_program_list(const char *directory, GError **error);

/* Drops what is no package of an endpoint, and names it in left_out. */
void upd_program_select(GPtrArray *packages, GString *left_out);

/* Whether together they are a release: packages of an endpoint, none twice, one version, the same ones for each
 * architecture, and none missing that the others need.  Pure. */
bool upd_program_check(const GPtrArray *packages, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a release of this version may follow those of the history, the newest last.  files: name -> sha256 of what is
 * to be staged.  Packages never change under one version.  Pure. */
bool upd_program_may_follow(const json_t *history, const char *version, const json_t *files, bool force,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills a staging directory, and the members "files" and "program" of its record. */
bool upd_program_fill(const UpdRepo *repo, const UpdStageSpec *spec, const char *directory, json_t *record,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version of a release of the history, or of stage.json; NULL: it has none. */
const char *upd_program_version(const json_t *release);

/* What a release says in the custom data of each of its targets, and back; "program" is a member of release. */
void upd_program_to_custom(const json_t *release, json_t *custom);
json_t *upd_program_from_custom(const json_t *custom);

/* The version that a signed role offers; NULL: none.  Borrowed. */
const char *upd_program_offered(const json_t *envelope);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The packages of one version of the program, in a directory with their release.json (proto/program.h).
 *
 * The updater has verified them by the repository's signatures and put them into a directory that only root enters.
 * They are verified once more, by release.json's hashes and by their own words, where nobody replaces them any longer:
 * in the helper's own directory. */
#ifndef ENDPOINT_UPGRADE_BUNDLE_H
#define ENDPOINT_UPGRADE_BUNDLE_H

#include "endpoint/upgrade/tools.h"
#include "proto/program.h"

/* release.json of a directory; NULL on failure. */
HlProgramRelease *ep_bundle_read(const char *directory, GError **error);

/* The directory with all that its release.json lists becomes another one, which is made afresh, by links: what the
 * updater does to the first one later does not change the second. */
bool ep_bundle_keep(const char *from, const char *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether each file is what release.json and the release's version say, and for this machine.  *size: what all of them
 * take on the disk when they are installed. */
bool ep_bundle_verify(const char *directory, const HlProgramRelease *release, const EpTools *tools, uint64_t *size,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Paths (char *) of those whose packages are installed here: a server has no tray.  NULL on failure; HL_ERROR_INVALID
 * if a package of the same program is installed that the release does not have. */
GPtrArray *ep_bundle_choose(const char *directory, const HlProgramRelease *release, const EpTools *tools,
                            GError **error);

#endif

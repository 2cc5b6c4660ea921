/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a public repository, byte for byte, on a server of one's own: verified as a client verifies it, and
 * complete, so that it serves every client that the original serves.
 *
 *   DIR/metadata DIR/targets   to be served, by anything that serves files
 *   DIR/mirror/                client/ (what is trusted of the original), source.json, unlisted.json
 * (published_files.h)
 *
 * Readers never see a broken state: targets come first, then the metadata that list them, timestamp.json last, each by
 * a temporary name and a rename; what the last timestamp.json leads to is never removed.  What was fetched stays when a
 * run ends early, and is not fetched again.  (Between a new root and the timestamp that its new key signs no order is
 * right for a reader in between: they go out one right after the other, as at the original.)
 *
 * Not a repository of its own: it has no keys.  Blocking, one process at a time (the client's lock). */
#ifndef UPDATER_MIRROR_MIRROR_H
#define UPDATER_MIRROR_MIRROR_H

#include "updater/install/source.h"

typedef void (*UpdMirrorProgress)(uint64_t done, uint64_t total, const char *what, void *user);

typedef struct {
    const char *dir;
    const UpdSourceSpec *source;
    UpdSourceAccess access;
    HlTime keep; /* how long files stay that nothing lists any more: readers may be in the middle of them */
    UpdMirrorProgress progress;
    void *user;
} UpdMirror;

/* Also filled, as far as it is known, when the call fails. */
typedef struct {
    uint64_t bytes;       /* that came */
    guint added, removed; /* files */
    char *components;     /* "virus=2026112203"; as far as known */
} UpdMirrored;

void upd_mirrored_clear(UpdMirrored *mirrored);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UpdMirrored, upd_mirrored_clear)

/* HL_ERROR_CONFLICT when DIR is a repository with keys, or another mirror run has it; else as the client fails. */
bool upd_mirror_run(const UpdMirror *mirror, UpdMirrored *mirrored, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

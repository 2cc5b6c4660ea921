/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a repository back through the client that endpoints run, from its files instead of a server. */
#ifndef UPDATER_PUBLISHER_READBACK_H
#define UPDATER_PUBLISHER_READBACK_H

#include "updater/publisher/repo.h"

typedef struct {
    guint full, increments; /* targets that were fetched, unpacked or applied, and held */
} UpdReadback;

/* As the client that read the repository before, its metadata only: that what is in force now can be followed, but
 * for what has expired, which is another command's matter.  What it
 * keeps in private/reader is the publisher's second copy of that metadata. */
bool upd_readback_metadata(const UpdRepo *repo, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Twice: as a client that knows nothing but the first root, and as the one that read the release before (its metadata
 * is kept in private/reader).  Every target is fetched; full files are unpacked, increments applied to the content that
 * they start from, and the result's length and hash compared.  Increments of another format are fetched only. */
bool upd_readback(const UpdRepo *repo, UpdReadback *readback, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

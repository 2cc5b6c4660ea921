/* SPDX-License-Identifier: Apache-2.0 */
/* Putting metadata into force: new versions of the roles that changed, then snapshot, then timestamp.json, last. */
#ifndef UPDATER_PUBLISHER_RELEASE_H
#define UPDATER_PUBLISHER_RELEASE_H

#include "updater/publisher/repo.h"

/* Not for root (see ceremony.h).  Gives the role its next version (the clock in milliseconds, or the one after its last
 * where that is higher; refused where the clock is behind what was signed, see numbers.h), signs it with the keys that
 * are here and writes it. With fewer signatures than the threshold, targets becomes a draft in private/pending
 * (*pending is set; the old one stays in force); any other role fails, naming the key that is missing.  Does not touch
 * snapshot and timestamp. */
bool upd_release_role(const UpdRepo *repo, UpdState *state, const char *role, bool *pending,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for metadata that is new or came with its signatures: envelope has version and expiry, and is consumed. */
bool upd_release_install(const UpdRepo *repo, UpdState *state, const char *role, json_t *envelope,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the role in the state has the signatures that this root asks for. */
bool upd_release_holds(const UpdState *state, const char *role, const json_t *root);

/* The next root (consumed) with a new snapshot and timestamp.  Those two, signed for both roots, come first, so that
 * clients verify them at each moment, with either; only where a key of the old root is missing root comes first, and
 * the timestamp, which is written by then, by one rename after it. */
bool upd_release_root(const UpdRepo *repo, UpdState *state, json_t *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new snapshot of all roles in the state, and the timestamp. */
bool upd_release_snapshot(const UpdRepo *repo, UpdState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The timestamp alone. */
bool upd_release_timestamp(const UpdRepo *repo, UpdState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

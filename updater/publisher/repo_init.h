/* SPDX-License-Identifier: Apache-2.0 */
/* Creating a repository: keys, root, targets and an empty role for each component. */
#ifndef UPDATER_PUBLISHER_REPO_INIT_H
#define UPDATER_PUBLISHER_REPO_INIT_H

#include "updater/publisher/repo.h"

/* What the ceremony brought: public keys of the holders of root and targets; both empty for a single host, which then
 * makes those keys too. */
typedef struct {
    const char *const *root_keys, *const *targets_keys; /* paths of public key files */
    gsize n_root_keys, n_targets_keys;
    const char *const *components;
    gsize n_components;
} UpdRepoInit;

/* With private root and targets keys here, everything is published at once; else drafts are left in private/pending. */
bool upd_repo_init(const UpdRepo *repo, const UpdRepoInit *founding, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the repository is the one that upd_repo_init() would make now: of one host, with these components and with
 * its keys in this form (repo->passphrase), and nothing has been added, published or rotated since.  repo is locked,
 * state what is in force. */
bool upd_repo_is_as_founded(const UpdRepo *repo, UpdState *state, const UpdRepoInit *founding);

/* One more component: its key, its delegation, its empty role.  *pending: the targets role waits for its holders. */
bool upd_repo_init_component(const UpdRepo *repo, UpdState *state, const char *component,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

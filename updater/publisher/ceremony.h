/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of root and targets: the two roles whose keys need not be on this machine.  A change is a draft in
 * private/pending until enough holders have signed it; where enough of the keys are here, it comes into force at once.
 */
#ifndef UPDATER_PUBLISHER_CEREMONY_H
#define UPDATER_PUBLISHER_CEREMONY_H

#include "updater/publisher/repo.h"

/* The next root: gives it its version and expiry, signs it for the root in force (if there is one) and for itself.
 * root is consumed.  *ready is the signed root, to be put into force; NULL if it lacks signatures, and is a draft now.
 */
bool upd_ceremony_root(const UpdRepo *repo, UpdState *state, json_t *root, json_t **ready,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file that is metadata, as a draft is; NULL on failure. */
json_t *upd_ceremony_load(const char *path, GError **error);

/* A holder's part, on any machine: adds a signature to the draft file.  *role is what was signed; caller frees.
 * *listed is false if the draft is a root that does not list this key: right only for one that it drops. */
bool upd_ceremony_sign(const char *draft, const char *key_file, const char *passphrase, char **role, bool *listed,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    bool root, targets; /* came into force */
    guint lacking;      /* signatures that the first draft that did not still lacks; 0: none waits */
} UpdAccepted;

/* Takes signatures from copies of the drafts.  What has enough comes into force, with a new snapshot and timestamp. */
bool upd_ceremony_accept(const UpdRepo *repo, UpdState *state, const char *const *files, gsize n_files,
                         UpdAccepted *accepted, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const char *role;
    const char *add_key;  /* file; NULL: made here if a key is dropped and this role's keys are kept here */
    const char *drop_key; /* beginning of a keyid; NULL: none */
} UpdRotation;

/* Whether no draft waits for signatures: a second change would replace it, and the signatures that it has. */
bool upd_ceremony_is_free(const UpdRepo *repo, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another key for a role; or, with neither add nor drop, the same targets, or the same root and targets, with a new
 * expiry. */
bool upd_ceremony_rotate(const UpdRepo *repo, UpdState *state, const UpdRotation *rotation, bool *pending,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A repository directory and what is in it.
 *
 *   metadata/ targets/   to be served, by anything that serves files
 *   private/             0700: keys/ROLE-N.pem, staged/COMPONENT/, history/ (contents of past versions), pending/
 * (metadata that still lacks signatures), lock
 *
 * One process at a time (the lock).  The clock is read once, when the lock has been taken. */
#ifndef UPDATER_PUBLISHER_REPO_H
#define UPDATER_PUBLISHER_REPO_H

#include "updater/publisher/meta.h"

typedef struct {
    char *dir;
    char *passphrase; /* of the keys in private/keys; NULL: they are in the clear */
    HlTime now;
    bool any_clock; /* what was signed last does not speak against the clock (numbers.h) */
    int lock;
} UpdRepo;

/* Opens and locks; passphrase may be NULL. */
UpdRepo *upd_repo_open(const char *dir, const char *passphrase, GError **error);

/* To read what is in force: no lock, no keys; a directory that was mirrored will do. */
UpdRepo *upd_repo_read(const char *dir, GError **error);

/* Makes the directories of a new one, refusing a directory that holds one already. */
UpdRepo *upd_repo_create(const char *dir, const char *passphrase, GError **error);

/* Whether the creation was killed in the middle: not in force, and no draft that anybody could sign. */
bool upd_repo_is_half_initialised(const UpdRepo *repo);

/* Removes what upd_repo_create() made: the creation failed, and the next try must find an empty place. */
bool upd_repo_discard(const UpdRepo *repo, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void upd_repo_free(UpdRepo *repo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdRepo, upd_repo_free)

/* A path inside.  Caller frees. */
char *upd_repo_path(const UpdRepo *repo, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A JSON file inside, by its relative name; NULL on failure. */
json_t *upd_repo_load(const UpdRepo *repo, const char *name, GError **error);
bool upd_repo_exists(const UpdRepo *repo, const char *name);

/* Writes a file inside durably, by temporary name and rename; mode 0644 below metadata/ and targets/, else 0600. */
bool upd_repo_store(const UpdRepo *repo, const char *name, GBytes *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Names in a directory inside, sorted; empty if it is missing.  Free with g_ptr_array_unref. */
GPtrArray *upd_repo_list(const UpdRepo *repo, const char *name);

/* The metadata in force: role name -> envelope (json_t), with "root", "targets", "snapshot", "timestamp" and each
 * component. What is not published yet is missing. */
typedef GHashTable UpdState;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdState, g_hash_table_unref)
UpdState *upd_state_new(void); /* empty */
UpdState *upd_state_load(const UpdRepo *repo, GError **error);
json_t *upd_state_get(const UpdState *state, const char *role);

/* Beside the roles: a root that is about to come into force.  What is signed meanwhile is signed for it, and for the
 * one in force as well where its keys are here. */
#define UPD_STATE_NEXT_ROOT "next root"

/* The definition (keyids, threshold) of a role and the keys object that it refers to; borrowed, NULL if there is none.
 * Not const: a rotation changes them in place.
 */
json_t *upd_state_definition(const UpdState *state, const char *role, json_t **keys);

/* Takes in the roles of components that no snapshot lists yet: their delegation waited for a signature. */
bool upd_state_load_components(const UpdRepo *repo, UpdState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Names of the components, in the order of their delegations.  Free with g_ptr_array_unref; the names are borrowed. */
GPtrArray *upd_state_components(const UpdState *state);

#endif

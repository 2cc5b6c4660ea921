/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of a repository: building, signing, counting signatures.  Pure: times and keys are arguments.
 *
 * Not the client's view (updater/tuf/trusted.h): the publisher trusts its own directory and has to produce, not to
 * judge. An envelope is {"signatures": [...], "signed": {...}}; a role definition is whatever holds "keyids" and
 * "threshold". */
#ifndef UPDATER_PUBLISHER_META_H
#define UPDATER_PUBLISHER_META_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "updater/tuf/verify.h"

/* Bounds of what we write and read back; far above what a repository of pattern files has. */
#define UPD_META_MAX ((gsize)4 << 20)

typedef struct {
    const char *role; /* NULL: any component */
    guint keys, threshold;
    HlTime lifetime;
} UpdRoleSpec;

/* What a role is made of in a new repository. */
const UpdRoleSpec *upd_role_spec(const char *role);

/* Whether a component may have this name: lower-case letters, digits and '-', at most 32, no top-level role's name. */
bool upd_component_name_ok(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

json_t *upd_meta_new(const char *type, json_int_t version, HlTime expires);
json_t *upd_meta_signed(const json_t *envelope); /* borrowed */
json_int_t upd_meta_version(const json_t *envelope);
bool upd_meta_expires(const json_t *envelope, HlTime *expires, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the signed part the next version, at least floor, and a new expiry, and drops all signatures. */
void upd_meta_renew(json_t *envelope, json_int_t floor, HlTime expires);

/* Adds this key's signature, or replaces it. */
bool upd_meta_sign(json_t *envelope, const TufPrivateKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many distinct keys of the definition have validly signed; keys is the "keys" object that it refers to. */
bool upd_meta_count(const json_t *envelope, const json_t *keys, const json_t *definition, guint *count,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The definition made of these key objects; each is put into keys as well. */
json_t *upd_meta_definition(json_t *keys, json_t *const *objects, guint n, guint threshold, GError **error);

/* Whether the definition names this keyid.  definition may be NULL. */
bool upd_meta_lists(const json_t *definition, const char *keyid);

/* Refuses one key in two roles, thresholds above the number of keys or of zero, and a missing role.  delegations (of
 * the targets role) may be NULL. */
bool upd_meta_check_roles(const json_t *root, const json_t *delegations, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The file's bytes. */
GBytes *upd_meta_print(const json_t *envelope);

#endif

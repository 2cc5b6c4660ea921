/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: PKCS #8 PEM, encrypted with a passphrase (AES-256, key derived by scrypt), or in the clear where that was
 * asked for explicitly.  A key's public half is a TUF key object in a JSON file. */
#ifndef UPDATER_PUBLISHER_KEYS_H
#define UPDATER_PUBLISHER_KEYS_H

#include "updater/publisher/repo.h"

/* Whether private/keys holds a key of this role at all; root and targets are usually kept elsewhere. */
bool upd_keys_are_here(const UpdRepo *repo, const char *role);

/* Makes n keys of a role in private/keys; their key objects are appended to the array (json_t, owned by it). */
bool upd_keys_make(const UpdRepo *repo, const char *role, guint n, GPtrArray *objects,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Signs with every ROLE-N.pem of private/keys that belongs to one of the two definitions (other may be NULL). */
bool upd_keys_sign(const UpdRepo *repo, const char *role, json_t *envelope, const json_t *definition,
                   const json_t *other, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A key in a file anywhere: made, with its public half beside it in PATH.pub; read. */
bool upd_key_file_make(const char *path, const char *passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;
TufPrivateKey *upd_key_file_load(const char *path, const char *passphrase, GError **error);

/* A public key file.  NULL on failure. */
json_t *upd_public_file_load(const char *path, GError **error);

/* An array of key objects. */
GPtrArray *upd_key_objects_new(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Key objects of TUF metadata, their ids, and key rings.
 *
 * A keyid is the SHA-256 of the canonical form of the whole key object, members unknown to us included; one that is not
 * is refused.  A ring holds each public key once: the same key under two keyids (in another guise: PEM re-wrapped,
 * keytype "ecdsa" for "ecdsa-sha2-nistp256", an additional member) would let one holder count twice, and is refused.
 * Pure. */
#ifndef UPDATER_TUF_KEY_H
#define UPDATER_TUF_KEY_H

#include "lib/base/json.h"
#include "updater/tuf/verify.h"

#define TUF_KEYS_MAX 1024 /* a ring; the largest public repositories list some dozens */

typedef struct {
    char *keyid;          /* 64 lower-case hexadecimal digits */
    TufPublicKey *public; /* NULL: a key type or scheme that we do not know; it is kept, and never verifies */
} TufKey;

/* keyid -> TufKey. */
typedef GHashTable TufKeyring;

/* The keyid of a key object.  Caller frees; NULL when the object has no canonical form. */
char *tuf_keyid(const json_t *object, GError **error);

/* "keys" of root or of delegations. */
TufKeyring *tuf_keyring_parse(const json_t *keys, GError **error);

/* NULL if the ring does not hold it. */
const TufKey *tuf_keyring_find(const TufKeyring *ring, const char *keyid);

/* The key object of an Ed25519 key, for metadata that we write.  Caller owns the reference. */
json_t *tuf_key_object(const TufPrivateKey *key);

#endif

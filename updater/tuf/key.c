/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/key.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/unconst.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/check.h"

typedef struct {
    const char *keytype, *scheme;
    TufScheme is;
} TypeRow;

/* "ecdsa" is what securesystemslib writes, "ecdsa-sha2-nistp256" what TUF section 4.2 names. */
static const TypeRow types[] = {
    { "ed25519", "ed25519", TUF_SCHEME_ED25519 },
    { "ecdsa", "ecdsa-sha2-nistp256", TUF_SCHEME_ECDSA_P256_SHA256 },
    { "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", TUF_SCHEME_ECDSA_P256_SHA256 },
    { "rsa", "rsassa-pss-sha256", TUF_SCHEME_RSA_PSS_SHA256 },
    { "rsa", "rsa-pkcs1v15-sha256", TUF_SCHEME_RSA_PKCS1_SHA256 },
};

static void key_free(gpointer data)
{
    TufKey *key = data;

    g_free(key->keyid);
    tuf_public_key_free(key->public);
    g_free(key);
}

char *tuf_keyid(const json_t *object, GError **error)
{
    g_autoptr(GBytes) canonical = tuf_canonical(object, error);
    gsize size = 0;
    const void *data = canonical == NULL ? NULL : g_bytes_get_data(canonical, &size);

    return canonical == NULL ? NULL : tuf_hash_hex(TUF_HASH_SHA256, data, size);
}

static const TypeRow *find_type(const char *keytype, const char *scheme)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(types[i].keytype, keytype) == 0 && strcmp(types[i].scheme, scheme) == 0)
            return &types[i];
    return NULL;
}

/* A type that we do not know is no error: the repository may serve newer clients too. */
static bool parse_public(const json_t *object, TufPublicKey **public, GError **error)
{
    const char *keytype = json_string_value(json_object_get(object, "keytype"));
    const char *scheme = json_string_value(json_object_get(object, "scheme"));
    const json_t *keyval = json_object_get(object, "keyval");
    const json_t *text = json_object_get(keyval, "public");
    const TypeRow *type;

    if (keytype == NULL || scheme == NULL || !json_is_object(keyval))
        return hl_fail(error, HL_ERROR_INVALID, "it has no keytype, scheme and keyval");
    type = find_type(keytype, scheme);
    if (type == NULL)
        return true;
    if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text))
        return hl_fail(error, HL_ERROR_INVALID, "its keyval has no text \"public\"");
    *public = tuf_public_key_new(type->is, json_string_value(text), error);
    return *public != NULL;
}

/* identities: the keys of the ring so far, by SPKI hash. */
static bool add_key(TufKeyring *ring, GHashTable *identities, const char *keyid, const json_t *object, GError **error)
{
    g_autofree char *computed = tuf_keyid(object, error);
    g_autoptr(TufPublicKey) public = NULL;
    const char *other;
    TufKey *key;

    if (computed == NULL)
        return false;
    if (TUF_BREAKS(key_id_is_hash, strcmp(computed, keyid) != 0))
        return hl_fail(error, HL_ERROR_INVALID, "the hash of the key object is %s: a keyid must be that hash",
                       computed);
    if (!parse_public(object, &public, error))
        return false;
    if (public != NULL) {
        other = g_hash_table_lookup(identities, tuf_public_key_identity(public));
        if (TUF_BREAKS(key_once, other != NULL))
            return hl_fail(error, HL_ERROR_INVALID, "keyid %s is the same public key: each may be listed only once",
                           other);
    }
    key = g_new0(TufKey, 1);
    key->keyid = g_strdup(keyid);
    key->public = g_steal_pointer(&public);
    if (key->public != NULL)
        g_hash_table_insert(identities, hl_unconst(tuf_public_key_identity(key->public)), key->keyid);
    g_hash_table_insert(ring, key->keyid, key);
    return true;
}

TufKeyring *tuf_keyring_parse(const json_t *keys, GError **error)
{
    g_autoptr(GHashTable) ring = g_hash_table_new_full(hl_text_hash, g_str_equal, NULL, key_free);
    g_autoptr(GHashTable) identities = g_hash_table_new(hl_text_hash, g_str_equal);
    const char *keyid;
    json_t *object;

    if (!json_is_object(keys) || json_object_size(keys) > TUF_KEYS_MAX) {
        hl_fail(error, HL_ERROR_INVALID, "\"keys\" must be an object of at most %d keys", TUF_KEYS_MAX);
        return NULL;
    }
    json_object_foreach(hl_unconst(keys), keyid, object) if (!add_key(ring, identities, keyid, object, error))
    {
        hl_error_prefix(error, "key %.64s", keyid);
        return NULL;
    }
    return g_steal_pointer(&ring);
}

const TufKey *tuf_keyring_find(const TufKeyring *ring, const char *keyid)
{
    return g_hash_table_lookup(hl_unconst(ring), keyid);
}

json_t *tuf_key_object(const TufPrivateKey *key)
{
    g_autofree char *hex = tuf_private_key_public_hex(key);

    return json_pack("{s:s, s:s, s:{s:s}}", "keytype", "ed25519", "scheme", "ed25519", "keyval", "public", hex);
}

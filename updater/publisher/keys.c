/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/keys.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/tuf/key.h"

#define KEY_FILE_MAX 16384

static void wipe(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    g_clear_pointer(text, g_free);
}

static void object_free(gpointer object)
{
    json_decref(object);
}

GPtrArray *upd_key_objects_new(void)
{
    return g_ptr_array_new_with_free_func(object_free);
}

static bool store_key(const char *path, const TufPrivateKey *key, const char *passphrase, GError **error)
{
    char *pem = tuf_private_key_print(key, passphrase);
    bool ok = hl_file_write_text(path, pem, 0600, error);

    wipe(&pem);
    return ok;
}

TufPrivateKey *upd_key_file_load(const char *path, const char *passphrase, GError **error)
{
    char *pem = hl_file_read_text(path, KEY_FILE_MAX, error);
    TufPrivateKey *key;

    if (pem == NULL)
        return NULL;
    if (passphrase == NULL && strstr(pem, "BEGIN ENCRYPTED") != NULL) {
        wipe(&pem);
        hl_fail(error, HL_ERROR_DENIED,
                "%s is encrypted: give its passphrase in HOLDLINE_REPO_PASSPHRASE or with --passphrase-file", path);
        return NULL;
    }
    key = tuf_private_key_parse(pem, passphrase, error);
    wipe(&pem);
    if (key == NULL)
        hl_error_prefix(error, "%s", path);
    return key;
}

bool upd_key_file_make(const char *path, const char *passphrase, GError **error)
{
    g_autoptr(TufPrivateKey) key = tuf_private_key_generate();
    g_autoptr(json_t) object = tuf_key_object(key);
    g_autofree char *public_path = g_strdup_printf("%s.pub", path);
    g_autofree char *text = hl_json_print(object);

    if (access(path, F_OK) == 0)
        return hl_fail(error, HL_ERROR_EXISTS, "%s exists: a key is never overwritten, choose another name", path);
    return store_key(path, key, passphrase, error) && hl_file_write_text(public_path, text, 0644, error);
}

json_t *upd_public_file_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = hl_file_read(path, KEY_FILE_MAX, error);
    g_autoptr(json_t) object =
        bytes == NULL ? NULL : hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    g_autofree char *keyid = object == NULL ? NULL : tuf_keyid(object, error);
    g_autoptr(json_t) ring_object = keyid == NULL ? NULL : json_pack("{s:O}", keyid, object);
    g_autoptr(GHashTable) ring = ring_object == NULL ? NULL : tuf_keyring_parse(ring_object, error);

    if (ring == NULL) {
        hl_error_prefix(error, "%s is not a public key (make one with 'holdline-updater repo key new')", path);
        return NULL;
    }
    return g_steal_pointer(&object);
}

bool upd_keys_make(const UpdRepo *repo, const char *role, guint n, GPtrArray *objects, GError **error)
{
    guint number = 1;

    for (guint i = 0; i < n; i++) {
        g_autoptr(TufPrivateKey) key = tuf_private_key_generate();
        g_autofree char *path = NULL;

        do {
            g_free(path);
            path = upd_repo_path(repo, "private/keys/%s-%u.pem", role, number++);
        } while (access(path, F_OK) == 0);
        if (!store_key(path, key, repo->passphrase, error))
            return false;
        g_ptr_array_add(objects, tuf_key_object(key));
    }
    return true;
}

/* Whether a file is a key of this role: "virus-1.pem" is one of virus. */
static bool is_key_of(const char *name, const char *role)
{
    const char *dash = strrchr(name, '-');

    return dash != NULL && g_str_has_suffix(name, ".pem") && (gsize)(dash - name) == strlen(role) &&
           g_str_has_prefix(name, role);
}

bool upd_keys_are_here(const UpdRepo *repo, const char *role)
{
    g_autoptr(GPtrArray) names = upd_repo_list(repo, "private/keys");

    for (guint i = 0; i < names->len; i++)
        if (is_key_of(names->pdata[i], role))
            return true;
    return false;
}

bool upd_keys_sign(const UpdRepo *repo, const char *role, json_t *envelope, const json_t *definition,
                   const json_t *other, GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(repo, "private/keys");

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = upd_repo_path(repo, "private/keys/%s", (char *)names->pdata[i]);
        g_autoptr(TufPrivateKey) key = NULL;
        g_autoptr(json_t) object = NULL;
        g_autofree char *keyid = NULL;

        if (!is_key_of(names->pdata[i], role))
            continue;
        key = upd_key_file_load(path, repo->passphrase, error);
        if (key == NULL)
            return false;
        object = tuf_key_object(key);
        keyid = tuf_keyid(object, error);
        if (keyid == NULL)
            return false;
        if ((upd_meta_lists(definition, keyid) || upd_meta_lists(other, keyid)) && !upd_meta_sign(envelope, key, error))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/meta.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/key.h"

static const UpdRoleSpec specs[] = {
    { "root", 3, 2, 365 * HL_DAY },      /* signed again by ceremony */
    { "targets", 2, 1, 180 * HL_DAY },   /* with root */
    { "snapshot", 1, 1, 7 * HL_DAY },    /* each publish, daily */
    { "timestamp", 1, 1, 72 * HL_HOUR }, /* every 6 h */
    { NULL, 1, 1, 30 * HL_DAY },         /* each release */
};

const UpdRoleSpec *upd_role_spec(const char *role)
{
    gsize i = 0;

    while (specs[i].role != NULL && strcmp(specs[i].role, role) != 0)
        i++;
    return &specs[i];
}

bool upd_component_name_ok(const char *name, GError **error)
{
    gsize size = strlen(name);

    if (size == 0 || size > 32 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != size || name[0] == '-')
        return hl_fail(error, HL_ERROR_INVALID,
                       "'%s' cannot name a component: use 1 to 32 lower-case letters, digits and '-'", name);
    if (upd_role_spec(name)->role != NULL)
        return hl_fail(error, HL_ERROR_INVALID, "'%s' cannot name a component: it is a role of every repository", name);
    return true;
}

json_t *upd_meta_new(const char *type, json_int_t version, HlTime expires)
{
    g_autofree char *end = hl_time_format(expires);

    return json_pack("{s:[], s:{s:s, s:s, s:I, s:s}}", "signatures", "signed", "_type", type, "spec_version", "1.0.34",
                     "version", version, "expires", end);
}

json_t *upd_meta_signed(const json_t *envelope)
{
    return json_object_get(envelope, "signed");
}

json_int_t upd_meta_version(const json_t *envelope)
{
    return json_integer_value(json_object_get(upd_meta_signed(envelope), "version"));
}

bool upd_meta_expires(const json_t *envelope, HlTime *expires, GError **error)
{
    const char *text = json_string_value(json_object_get(upd_meta_signed(envelope), "expires"));

    if (text == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "the metadata has no expiry");
    return hl_time_parse(text, expires, error);
}

void upd_meta_renew(json_t *envelope, json_int_t floor, HlTime expires)
{
    g_autofree char *end = hl_time_format(expires);
    json_t *content = upd_meta_signed(envelope);

    json_object_set_new(content, "version", json_integer(MAX(upd_meta_version(envelope) + 1, floor)));
    json_object_set_new(content, "expires", json_string(end));
    json_object_set_new(envelope, "signatures", json_array());
}

/* The signature of this key in the envelope; G_MAXSIZE if there is none. */
static gsize find_signature(const json_t *envelope, const char *keyid)
{
    const json_t *signatures = json_object_get(envelope, "signatures");

    for (gsize i = 0; i < json_array_size(signatures); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(signatures, i), "keyid")), keyid) == 0)
            return i;
    return G_MAXSIZE;
}

bool upd_meta_sign(json_t *envelope, const TufPrivateKey *key, GError **error)
{
    g_autoptr(json_t) object = tuf_key_object(key);
    g_autofree char *keyid = tuf_keyid(object, error);
    g_autoptr(GBytes) canonical = keyid == NULL ? NULL : tuf_canonical(upd_meta_signed(envelope), error);
    g_autofree char *signature = NULL;
    json_t *signatures = json_object_get(envelope, "signatures");
    gsize at;

    if (canonical == NULL)
        return false;
    signature = tuf_sign(key, g_bytes_get_data(canonical, NULL), g_bytes_get_size(canonical));
    at = find_signature(envelope, keyid);
    if (at != G_MAXSIZE)
        json_array_remove(signatures, at);
    json_array_append_new(signatures, json_pack("{s:s, s:s}", "keyid", keyid, "sig", signature));
    return true;
}

bool upd_meta_count(const json_t *envelope, const json_t *keys, const json_t *definition, guint *count, GError **error)
{
    g_autoptr(GHashTable) ring = tuf_keyring_parse(keys, error);
    g_autoptr(GBytes) canonical = ring == NULL ? NULL : tuf_canonical(upd_meta_signed(envelope), error);
    const json_t *keyids = json_object_get(definition, "keyids");

    *count = 0;
    if (canonical == NULL)
        return false;
    for (gsize i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        const TufKey *key = keyid == NULL ? NULL : tuf_keyring_find(ring, keyid);
        gsize at = keyid == NULL ? G_MAXSIZE : find_signature(envelope, keyid);
        const json_t *entry = at == G_MAXSIZE ? NULL : json_array_get(json_object_get(envelope, "signatures"), at);
        const char *hex = json_string_value(json_object_get(entry, "sig"));
        g_autoptr(GBytes) signature = hex == NULL ? NULL : hl_unhex(hex);

        if (key != NULL && key->public != NULL && signature != NULL &&
            tuf_verify(key->public, g_bytes_get_data(canonical, NULL), g_bytes_get_size(canonical),
                       g_bytes_get_data(signature, NULL), g_bytes_get_size(signature)))
            (*count)++;
    }
    return true;
}

json_t *upd_meta_definition(json_t *keys, json_t *const *objects, guint n, guint threshold, GError **error)
{
    g_autoptr(json_t) keyids = json_array();

    for (guint i = 0; i < n; i++) {
        g_autofree char *keyid = tuf_keyid(objects[i], error);

        if (keyid == NULL)
            return NULL;
        json_object_set(keys, keyid, objects[i]);
        json_array_append_new(keyids, json_string(keyid));
    }
    return json_pack("{s:O, s:i}", "keyids", keyids, "threshold", (int)threshold);
}

bool upd_meta_lists(const json_t *definition, const char *keyid)
{
    const json_t *keyids = json_object_get(definition, "keyids");

    for (gsize i = 0; i < json_array_size(keyids); i++)
        if (g_strcmp0(json_string_value(json_array_get(keyids, i)), keyid) == 0)
            return true;
    return false;
}

/* seen: keyid -> role that has it. */
static bool check_role(const char *role, const json_t *definition, GHashTable *seen, GError **error)
{
    const json_t *keyids = json_object_get(definition, "keyids");
    json_int_t threshold = json_integer_value(json_object_get(definition, "threshold"));

    if (definition == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "role %s has no definition in the root", role);
    if (threshold < 1 || (gsize)threshold > json_array_size(keyids))
        return hl_fail(error, HL_ERROR_INVALID,
                       "role %s wants %" JSON_INTEGER_FORMAT " signatures and has %zu keys: nobody could ever sign it",
                       role, threshold, json_array_size(keyids));
    for (gsize i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        const char *other = keyid == NULL ? NULL : g_hash_table_lookup(seen, keyid);

        if (keyid == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "role %s lists a key id that is not text", role);
        if (other == role)
            return hl_fail(error, HL_ERROR_INVALID,
                           "key %.12s is listed twice in role %s: its holder would count twice", keyid, role);
        if (other != NULL)
            return hl_fail(
                error, HL_ERROR_INVALID,
                "key %.12s is given to both %s and %s: anyone who takes it has both; give one of them a key of its own",
                keyid, other, role);
        g_hash_table_insert(seen, hl_unconst(keyid), hl_unconst(role));
    }
    return true;
}

bool upd_meta_check_roles(const json_t *root, const json_t *delegations, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) root_ring = tuf_keyring_parse(json_object_get(root, "keys"), error);
    const json_t *delegated = json_object_get(delegations, "roles");

    if (root_ring == NULL)
        return false;
    for (gsize i = 0; specs[i].role != NULL; i++)
        if (!check_role(specs[i].role, json_object_get(json_object_get(root, "roles"), specs[i].role), seen, error))
            return false;
    for (gsize i = 0; i < json_array_size(delegated); i++) {
        const json_t *entry = json_array_get(delegated, i);

        if (!check_role(json_string_value(json_object_get(entry, "name")), entry, seen, error))
            return false;
    }
    return true;
}

GBytes *upd_meta_print(const json_t *envelope)
{
    char *text = hl_json_print(envelope);

    return g_bytes_new_take(text, strlen(text));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/metadata.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/check.h"

enum {
    SIGNATURES_MAX = 1024,   /* as many as keys */
    ROLE_FILE_NAME_MAX = 240 /* ".json", a temporary suffix and the name must fit in 255 bytes */
};

typedef struct {
    const char *name;
    gsize max_size, max_cost;
} RoleRow;

/* A root of 500 RSA keys has 400 kB; a snapshot has 200 bytes a role and our targets 700 bytes a file, of which there
 * are some dozens.  Parsed, JSON can take a hundred times its size, and that before anybody's signature is looked at:
 * so its memory is bounded as well (hl_json_cost), where the most useful file of max_size stands: a key of a root, an
 * entry of a snapshot cost 1300 bytes each, a file of ours 3000. */
static const RoleRow roles[TUF_N_ROLES] = {
    [TUF_ROOT] = { "root", 512 << 10, 3 << 20 },
    [TUF_TIMESTAMP] = { "timestamp", 16 << 10, 256 << 10 },
    [TUF_SNAPSHOT] = { "snapshot", 2 << 20, 14 << 20 },
    [TUF_TARGETS] = { "targets", 5 << 20, 24 << 20 },
};

const char *tuf_role_name(TufRole role)
{
    return roles[role].name;
}

gsize tuf_role_max_size(TufRole role)
{
    return roles[role].max_size;
}

/* Freeing: everything may be NULL. */

static void hashes_clear(TufHashes *hashes)
{
    for (int i = 0; i < TUF_HASH_N; i++)
        g_free(hashes->hex[i]);
}

static void signature_free(gpointer data)
{
    TufSignature *signature = data;

    g_free(signature->keyid);
    g_bytes_unref(signature->value);
    g_free(signature);
}

static void meta_free(gpointer data)
{
    TufMeta *meta = data;

    hashes_clear(&meta->hashes);
    g_free(meta);
}

static void target_free(gpointer data)
{
    TufTarget *target = data;

    g_free(target->path);
    hashes_clear(&target->hashes);
    json_decref(target->custom);
    g_free(target);
}

static void delegation_free(gpointer data)
{
    TufDelegation *delegation = data;

    g_free(delegation->name);
    g_clear_pointer(&delegation->signers.keyids, g_hash_table_unref);
    g_clear_pointer(&delegation->paths, g_ptr_array_unref);
    g_clear_pointer(&delegation->path_hash_prefixes, g_ptr_array_unref);
    g_free(delegation);
}

void tuf_metadata_free(TufMetadata *metadata)
{
    if (metadata == NULL)
        return;
    g_clear_pointer(&metadata->bytes, g_bytes_unref);
    g_clear_pointer(&metadata->signed_bytes, g_bytes_unref);
    g_clear_pointer(&metadata->signatures, g_ptr_array_unref);
    g_clear_pointer(&metadata->keys, g_hash_table_unref);
    for (int i = 0; i < TUF_N_ROLES; i++)
        g_clear_pointer(&metadata->signers[i].keyids, g_hash_table_unref);
    g_clear_pointer(&metadata->meta, g_hash_table_unref);
    g_clear_pointer(&metadata->targets, g_hash_table_unref);
    g_clear_pointer(&metadata->delegations, g_ptr_array_unref);
    g_free(metadata);
}

/* Members. */

static const char *get_text(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    const char *text = json_string_value(member);

    return text != NULL && strlen(text) == json_string_length(member) ? text : NULL;
}

static bool get_number(const json_t *object, const char *name, int64_t min, int64_t *number, GError **error)
{
    const json_t *member = json_object_get(object, name);

    if (!json_is_integer(member) || json_integer_value(member) < min || json_integer_value(member) > TUF_NUMBER_MAX)
        return hl_fail(error, HL_ERROR_INVALID, "\"%s\" must be an integer from %" G_GINT64_FORMAT " to 2^53 - 1", name,
                       min);
    *number = json_integer_value(member);
    return true;
}

static bool parse_hash(TufHash hash, const json_t *value, char **hex, GError **error)
{
    const char *text = json_string_value(value);

    if (text == NULL || json_string_length(value) != tuf_hash_hex_length(hash) ||
        strspn(text, "0123456789abcdef") != tuf_hash_hex_length(hash))
        return hl_fail(error, HL_ERROR_INVALID, "its %s is not %d lower-case hexadecimal digits", tuf_hash_name(hash),
                       (int)tuf_hash_hex_length(hash));
    *hex = g_strdup(text);
    return true;
}

/* Hashes by other names are left alone, but one that we can compute must be there. */
static bool parse_hashes(const json_t *object, TufHashes *hashes, GError **error)
{
    int found = 0;

    for (int i = 0; i < TUF_HASH_N; i++) {
        const json_t *value = json_object_get(object, tuf_hash_name(i));

        if (value == NULL)
            continue;
        if (!parse_hash(i, value, &hashes->hex[i], error))
            return false;
        found++;
    }
    if (TUF_BREAKS(hash_known, found == 0))
        return hl_fail(error, HL_ERROR_INVALID, "\"hashes\" lists neither sha256 nor sha512");
    return true;
}

bool tuf_hashes_match(const TufHashes *hashes, const void *data, gsize size)
{
    for (int i = 0; i < TUF_HASH_N; i++) {
        g_autofree char *computed = hashes->hex[i] == NULL ? NULL : tuf_hash_hex(i, data, size);

        if (computed != NULL && strcmp(computed, hashes->hex[i]) != 0)
            return false;
    }
    return true;
}

/* A keyid that stands here twice would let one signature count twice.  One without a key is only useless. */
static bool parse_signers(const json_t *object, TufSigners *signers, GError **error)
{
    const json_t *keyids = json_object_get(object, "keyids");

    if (!json_is_array(keyids) || json_array_size(keyids) > TUF_KEYS_MAX)
        return hl_fail(error, HL_ERROR_INVALID, "\"keyids\" must be a list of at most %d keyids", TUF_KEYS_MAX);
    signers->keyids = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));

        if (keyid == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "\"keyids\" must be a list of text");
        if (TUF_BREAKS(role_keyid_once, !g_hash_table_add(signers->keyids, g_strdup(keyid))))
            return hl_fail(error, HL_ERROR_INVALID, "keyid %.64s is listed twice in \"keyids\"", keyid);
    }
    return get_number(object, "threshold", 1, &signers->threshold, error);
}

bool tuf_signers_kept(const TufSigners *old, const TufSigners *now)
{
    GHashTableIter iter;
    gpointer keyid;

    g_hash_table_iter_init(&iter, old->keyids);
    while (g_hash_table_iter_next(&iter, &keyid, NULL))
        if (!g_hash_table_contains(now->keyids, keyid))
            return false;
    return true;
}

/* Section 4.3. */
static bool parse_root(TufMetadata *metadata, const json_t *body, GError **error)
{
    const json_t *consistent = json_object_get(body, "consistent_snapshot");
    const json_t *all = json_object_get(body, "roles");

    /* the specification lets it be missing for the sake of old repositories; a guess here decides what is downloaded */
    if (TUF_BREAKS(consistent_snapshot_given, !json_is_boolean(consistent)))
        return hl_fail(error, HL_ERROR_INVALID, "\"consistent_snapshot\" must be true or false");
    metadata->consistent_snapshot = json_is_true(consistent);
    metadata->keys = tuf_keyring_parse(json_object_get(body, "keys"), error);
    if (metadata->keys == NULL)
        return false;
    for (int i = 0; i < TUF_N_ROLES; i++)
        if (!parse_signers(json_object_get(all, roles[i].name), &metadata->signers[i], error))
            return hl_error_prefix(error, "role %s", roles[i].name);
    return true;
}

static TufMeta *parse_meta_entry(const json_t *object, GError **error)
{
    TufMeta *meta = g_new0(TufMeta, 1);
    const json_t *hashes = json_object_get(object, "hashes");
    bool good = get_number(object, "version", 1, &meta->version, error);

    meta->length = -1;
    if (good && json_object_get(object, "length") != NULL)
        good = get_number(object, "length", 1, &meta->length, error);
    if (good && hashes != NULL)
        good = parse_hashes(hashes, &meta->hashes, error);
    if (good)
        return meta;
    meta_free(meta);
    return NULL;
}

/* Sections 4.4 and 4.6: a timestamp lists the snapshot and nothing else, a snapshot the top-level targets at least. */
static bool parse_meta(TufMetadata *metadata, const json_t *body, GError **error)
{
    const char *must = metadata->type == TUF_TIMESTAMP ? "snapshot" : "targets";
    const json_t *object = json_object_get(body, "meta");
    const char *name;
    json_t *entry;

    metadata->meta = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, meta_free);
    json_object_foreach(hl_unconst(object), name, entry)
    {
        TufMeta *meta = parse_meta_entry(entry, error);

        if (meta == NULL)
            return hl_error_prefix(error, "entry '%.80s' of \"meta\"", name);
        g_hash_table_insert(metadata->meta, g_strdup(name), meta);
    }
    if (tuf_metadata_meta(metadata, must) == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "\"meta\" lists no %s.json", must);
    if (metadata->type == TUF_TIMESTAMP && g_hash_table_size(metadata->meta) != 1)
        return hl_fail(error, HL_ERROR_INVALID, "\"meta\" lists more than snapshot.json");
    return true;
}

static TufTarget *parse_target(const char *path, const json_t *object, GError **error)
{
    TufTarget *target = g_new0(TufTarget, 1);
    json_t *custom = json_object_get(object, "custom");

    target->path = g_strdup(path);
    if (get_number(object, "length", 0, &target->length, error) &&
        parse_hashes(json_object_get(object, "hashes"), &target->hashes, error)) {
        if (custom == NULL || json_is_object(custom)) {
            target->custom = json_incref(custom);
            return target;
        }
        hl_fail(error, HL_ERROR_INVALID, "\"custom\" must be an object");
    }
    target_free(target);
    return NULL;
}

/* *list stays NULL when there is none. */
static bool parse_list(const json_t *object, const char *name, GPtrArray **list, GError **error)
{
    const json_t *array = json_object_get(object, name);

    if (array == NULL)
        return true;
    if (!json_is_array(array))
        return hl_fail(error, HL_ERROR_INVALID, "\"%s\" must be a list of text", name);
    *list = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));

        if (text == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "\"%s\" must be a list of text", name);
        g_ptr_array_add(*list, g_strdup(text));
    }
    return true;
}

/* A role by the name of a top-level one would overwrite that one's file and its entry in the snapshot. */
static bool check_role_name(const char *name, GError **error)
{
    g_autofree char *file_name = name == NULL ? NULL : g_uri_escape_string(name, NULL, FALSE);

    if (name == NULL || name[0] == '\0' || strlen(file_name) > ROLE_FILE_NAME_MAX)
        return hl_fail(error, HL_ERROR_INVALID, "its \"name\" must be text of 1 to %d bytes, percent-encoded",
                       ROLE_FILE_NAME_MAX);
    for (int i = 0; i < TUF_N_ROLES; i++)
        if (TUF_BREAKS(delegated_name_free, strcmp(name, roles[i].name) == 0))
            return hl_fail(error, HL_ERROR_INVALID, "\"%s\" is the name of a top-level role", name);
    return true;
}

static bool parse_delegation(TufDelegation *delegation, const json_t *object, GError **error)
{
    const char *name = get_text(object, "name");
    const json_t *terminating = json_object_get(object, "terminating");

    if (!check_role_name(name, error))
        return false;
    delegation->name = g_strdup(name);
    if (terminating != NULL && !json_is_boolean(terminating))
        return hl_fail(error, HL_ERROR_INVALID, "\"terminating\" must be true or false");
    delegation->terminating = json_is_true(terminating);
    if (!parse_signers(object, &delegation->signers, error) ||
        !parse_list(object, "paths", &delegation->paths, error) ||
        !parse_list(object, "path_hash_prefixes", &delegation->path_hash_prefixes, error))
        return false;
    if (TUF_BREAKS(paths_or_prefixes, delegation->paths != NULL && delegation->path_hash_prefixes != NULL))
        return hl_fail(error, HL_ERROR_INVALID, "only one of \"paths\" and \"path_hash_prefixes\" may be given");
    return true;
}

static bool parse_delegations(TufMetadata *metadata, const json_t *object, GError **error)
{
    const json_t *array = json_object_get(object, "roles");
    g_autoptr(GHashTable) names = g_hash_table_new(hl_text_hash, g_str_equal);

    if (!json_is_array(array))
        return hl_fail(error, HL_ERROR_INVALID, "\"delegations\" has no list \"roles\"%s",
                       json_object_get(object, "succinct_roles") == NULL
                           ? ""
                           : "; \"succinct_roles\" (TAP 15) is not part of the specification and not supported");
    metadata->keys = tuf_keyring_parse(json_object_get(object, "keys"), error);
    if (metadata->keys == NULL)
        return false;
    metadata->delegations = g_ptr_array_new_with_free_func(delegation_free);
    for (gsize i = 0; i < json_array_size(array); i++) {
        TufDelegation *delegation = g_new0(TufDelegation, 1);

        g_ptr_array_add(metadata->delegations, delegation);
        if (!parse_delegation(delegation, json_array_get(array, i), error))
            return hl_error_prefix(error, "delegation %d", (int)i + 1);
        if (TUF_BREAKS(delegation_once, !g_hash_table_add(names, delegation->name)))
            return hl_fail(error, HL_ERROR_INVALID, "two delegations to \"%s\"", delegation->name);
    }
    return true;
}

/* Section 4.5. */
static bool parse_targets(TufMetadata *metadata, const json_t *body, GError **error)
{
    const json_t *object = json_object_get(body, "targets");
    const json_t *delegations = json_object_get(body, "delegations");
    const char *path;
    json_t *entry;

    if (!json_is_object(object))
        return hl_fail(error, HL_ERROR_INVALID, "\"targets\" must be an object");
    metadata->targets = g_hash_table_new_full(hl_text_hash, g_str_equal, NULL, target_free);
    json_object_foreach(hl_unconst(object), path, entry)
    {
        TufTarget *target = parse_target(path, entry, error);

        if (target == NULL)
            return hl_error_prefix(error, "target '%.200s'", path);
        g_hash_table_insert(metadata->targets, target->path, target);
    }
    return delegations == NULL || parse_delegations(metadata, delegations, error);
}

/* Section 4.2.1: each keyid once.  A value that is no hexadecimal is a signature that does not hold, not an error: a
 * holder who has not signed yet leaves it empty. */
static bool parse_signatures(TufMetadata *metadata, const json_t *array, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hl_text_hash, g_str_equal);

    if (!json_is_array(array) || json_array_size(array) > SIGNATURES_MAX)
        return hl_fail(error, HL_ERROR_INVALID, "\"signatures\" must be a list of at most %d", SIGNATURES_MAX);
    metadata->signatures = g_ptr_array_new_with_free_func(signature_free);
    for (gsize i = 0; i < json_array_size(array); i++) {
        const json_t *entry = json_array_get(array, i);
        const char *keyid = get_text(entry, "keyid");
        const char *text = get_text(entry, "sig");
        TufSignature *signature;

        if (keyid == NULL || text == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "signature %d has no \"keyid\" and \"sig\"", (int)i + 1);
        signature = g_new0(TufSignature, 1);
        signature->keyid = g_strdup(keyid);
        signature->value = hl_unhex(text);
        if (signature->value == NULL)
            signature->value = g_bytes_new_static("", 0);
        g_ptr_array_add(metadata->signatures, signature);
        if (TUF_BREAKS(signature_once, !g_hash_table_add(seen, signature->keyid)))
            return hl_fail(error, HL_ERROR_INVALID, "two signatures by keyid %.64s", keyid);
    }
    return true;
}

/* Numbers that not every reader keeps exactly would let two readers see two files under one signature. */
static bool check_numbers(const json_t *value, GError **error)
{
    const char *name;
    json_t *member;

    if (TUF_BREAKS(exact_numbers, json_is_integer(value) && (json_integer_value(value) > TUF_NUMBER_MAX ||
                                                             json_integer_value(value) < -TUF_NUMBER_MAX)))
        return hl_fail(error, HL_ERROR_INVALID, "the number %" JSON_INTEGER_FORMAT " is 2^53 or above",
                       json_integer_value(value));
    for (gsize i = 0; i < json_array_size(value); i++)
        if (!check_numbers(json_array_get(value, i), error))
            return false;
    json_object_foreach(hl_unconst(value), name, member) if (!check_numbers(member, error)) return false;
    return true;
}

/* 1.x or 1.x.y. */
static bool is_spec_version_1(const char *text)
{
    gsize digits;
    int parts = 1;

    if (text == NULL || text[0] != '1')
        return false;
    for (text++; *text == '.'; text += digits) {
        text++;
        digits = strspn(text, "0123456789");
        if (digits == 0 || ++parts > 3)
            return false;
    }
    return *text == '\0' && parts > 1;
}

/* The one form of section 4.2.  strptime also takes February 30th and blanks, so it is printed again. */
static bool parse_expires(const char *text, HlTime *expires)
{
    g_autofree char *again = NULL;

    if (text == NULL || !hl_time_parse(text, expires, NULL))
        return false;
    again = hl_time_format(*expires);
    return strcmp(again, text) == 0;
}

/* What every signed file holds: section 4.1. */
static bool parse_common(TufMetadata *metadata, const json_t *body, GError **error)
{
    const char *type = get_text(body, "_type");

    if (TUF_BREAKS(type, g_strcmp0(type, roles[metadata->type].name) != 0))
        return hl_fail(error, HL_ERROR_INVALID, "its \"_type\" is \"%.40s\", not \"%s\"", type != NULL ? type : "",
                       roles[metadata->type].name);
    if (TUF_BREAKS(spec_version, !is_spec_version_1(get_text(body, "spec_version"))))
        return hl_fail(error, HL_ERROR_INVALID, "its \"spec_version\" is not 1.x: this client knows 1.0.34");
    if (!check_numbers(body, error))
        return false;
    if (!parse_expires(get_text(body, "expires"), &metadata->expires))
        return hl_fail(error, HL_ERROR_INVALID, "\"expires\" is not of the form 2026-11-22T21:45:00Z");
    return get_number(body, "version", 1, &metadata->version, error);
}

static bool parse_body(TufMetadata *metadata, const json_t *body, GError **error)
{
    switch (metadata->type) {
    case TUF_ROOT:
        return parse_root(metadata, body, error);
    case TUF_TIMESTAMP:
    case TUF_SNAPSHOT:
        return parse_meta(metadata, body, error);
    case TUF_TARGETS:
        return parse_targets(metadata, body, error);
    case TUF_N_ROLES:
        break;
    }
    g_assert_not_reached();
}

TufMetadata *tuf_metadata_parse(TufRole type, GBytes *bytes, GError **error)
{
    g_autoptr(TufMetadata) metadata = g_new0(TufMetadata, 1);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autoptr(json_t) file = hl_json_parse_bounded(
        "the file", data, size, TUF_BREAKS(json_cost, true) ? roles[type].max_cost : G_MAXSIZE, error);
    const json_t *body = json_object_get(file, "signed");

    if (file == NULL)
        return NULL;
    if (!json_is_object(body)) {
        hl_fail(error, HL_ERROR_INVALID, "it has no object \"signed\"");
        return NULL;
    }
    metadata->type = type;
    metadata->bytes = g_bytes_ref(bytes);
    metadata->signed_bytes = tuf_canonical(body, error);
    if (metadata->signed_bytes == NULL || !parse_signatures(metadata, json_object_get(file, "signatures"), error) ||
        !parse_common(metadata, body, error) || !parse_body(metadata, body, error))
        return NULL;
    return g_steal_pointer(&metadata);
}

const TufMeta *tuf_metadata_meta(const TufMetadata *metadata, const char *role_name)
{
    g_autofree char *name = g_strdup_printf("%s.json", role_name);

    return g_hash_table_lookup(metadata->meta, name);
}

const TufTarget *tuf_metadata_target(const TufMetadata *metadata, const char *path)
{
    return g_hash_table_lookup(metadata->targets, path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/release.h"

#include <string.h>

#include "lib/base/file.h"
#include "updater/publisher/keys.h"

static char *file_of(const char *role, json_int_t version)
{
    return strcmp(role, "timestamp") == 0 ? g_strdup("metadata/timestamp.json")
                                          : g_strdup_printf("metadata/%" JSON_INTEGER_FORMAT ".%s.json", version, role);
}

bool upd_release_install(const UpdRepo *repo, UpdState *state, const char *role, json_t *envelope, GError **error)
{
    g_autofree char *name = file_of(role, upd_meta_version(envelope));
    g_autoptr(GBytes) bytes = upd_meta_print(envelope);
    bool versioned = strcmp(role, "timestamp") != 0; /* the one file that is replaced: all else is found through it */

    g_hash_table_insert(state, g_strdup(role), envelope);
    if (versioned && upd_repo_exists(repo, name))
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "%s/%s exists already: versions only rise, and a published file never changes", repo->dir, name);
    return upd_repo_store(repo, name, bytes, error);
}

/* Signs with the keys that are here; *lacking is how many signatures the threshold still wants. */
static bool sign(const UpdRepo *repo, const UpdState *state, const char *role, json_t *envelope, guint *lacking,
                 GError **error)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(state, role, &keys);
    guint count = 0;

    *lacking = 0;
    if (definition == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "no role %s in this repository: 'repo role add' makes one", role);
    if (!upd_keys_sign(repo, role, envelope, definition, NULL, error) ||
        !upd_meta_count(envelope, keys, definition, &count, error))
        return false;
    if (count < (guint)json_integer_value(json_object_get(definition, "threshold")))
        *lacking = (guint)json_integer_value(json_object_get(definition, "threshold")) - count;
    return true;
}

static bool is_taken(const UpdRepo *repo, const char *role, json_int_t version)
{
    g_autofree char *name = file_of(role, version);

    return strcmp(role, "timestamp") != 0 && upd_repo_exists(repo, name);
}

bool upd_release_role(const UpdRepo *repo, UpdState *state, const char *role, bool *pending, GError **error)
{
    g_autoptr(json_t) envelope = json_deep_copy(upd_state_get(state, role));
    g_autofree char *draft = g_strdup_printf("private/pending/%s.json", role);
    g_autoptr(GBytes) bytes = NULL;
    /* From the clock, so that a repository that was restored from a backup is past all numbers that it gave out since
     * (ADR 16).  A new one has given out none, and begins with 1. */
    json_int_t floor = upd_state_get(state, "timestamp") == NULL ? 0 : repo->now;
    guint lacking = 0;

    /* a publish that was cut short may have left this version behind, never listed: published files never change, so
     * its number is not used again */
    do
        upd_meta_renew(envelope, floor, repo->now + upd_role_spec(role)->lifetime);
    while (is_taken(repo, role, upd_meta_version(envelope)));
    if (!sign(repo, state, role, envelope, &lacking, error))
        return false;
    *pending = lacking > 0;
    if (lacking == 0)
        return upd_release_install(repo, state, role, g_steal_pointer(&envelope), error);
    if (strcmp(role, "targets") != 0)
        return hl_fail(error, HL_ERROR_DENIED,
                       "role %s lacks %u signature(s): its key must be in %s/private/keys as %s-1.pem", role, lacking,
                       repo->dir, role);
    bytes = upd_meta_print(envelope);
    return upd_repo_store(repo, draft, bytes, error);
}

/* {"version", "length", "hashes"} of a metadata file as it is on disk. */
static json_t *describe(const UpdRepo *repo, const char *role, const UpdState *state, GError **error)
{
    json_int_t version = upd_meta_version(upd_state_get(state, role));
    g_autofree char *name = file_of(role, version);
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autoptr(GBytes) bytes = hl_file_read(path, UPD_META_MAX, error);
    g_autofree char *hash = NULL;

    if (bytes == NULL)
        return NULL;
    hash = tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return json_pack("{s:I, s:I, s:{s:s}}", "version", version, "length", (json_int_t)g_bytes_get_size(bytes), "hashes",
                     "sha256", hash);
}

static bool put_meta(const UpdRepo *repo, const UpdState *state, json_t *meta, const char *role, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s.json", role);
    json_t *entry = describe(repo, role, state, error);

    if (entry == NULL)
        return false;
    json_object_set_new(meta, file, entry);
    return true;
}

/* The role's present envelope, or a first one of version 0 that upd_release_role makes 1. */
static void ensure(UpdState *state, const char *role)
{
    json_t *envelope = upd_state_get(state, role);

    if (envelope == NULL) {
        envelope = upd_meta_new(role, 0, 0);
        g_hash_table_insert(state, g_strdup(role), envelope);
    }
}

static bool release_with(const UpdRepo *repo, UpdState *state, const char *role, json_t *meta, GError **error)
{
    bool pending = false;

    ensure(state, role);
    json_object_set(upd_meta_signed(upd_state_get(state, role)), "meta", meta);
    return upd_release_role(repo, state, role, &pending, error);
}

bool upd_release_timestamp(const UpdRepo *repo, UpdState *state, GError **error)
{
    g_autoptr(json_t) meta = json_object();

    return put_meta(repo, state, meta, "snapshot", error) && release_with(repo, state, "timestamp", meta, error);
}

bool upd_release_snapshot(const UpdRepo *repo, UpdState *state, GError **error)
{
    g_autoptr(json_t) meta = json_object();
    g_autoptr(GPtrArray) components = upd_state_components(state);

    if (!put_meta(repo, state, meta, "targets", error))
        return false;
    for (guint i = 0; i < components->len; i++)
        if (upd_state_get(state, components->pdata[i]) != NULL &&
            !put_meta(repo, state, meta, components->pdata[i], error))
            return false;
    return release_with(repo, state, "snapshot", meta, error) && upd_release_timestamp(repo, state, error);
}

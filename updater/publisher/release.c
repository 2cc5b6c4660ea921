/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "updater/publisher/keys.h"
#include "updater/publisher/numbers.h"

static char *file_of(const char *role, json_int_t version)
{
    return strcmp(role, "timestamp") == 0 ? g_strdup("metadata/timestamp.json")
                                          : g_strdup_printf("metadata/%" JSON_INTEGER_FORMAT ".%s.json", version, role);
}

static bool holds_bytes(const UpdRepo *repo, const char *name, GBytes *bytes)
{
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autoptr(GBytes) there = hl_file_read(path, UPD_META_MAX, NULL);

    return there != NULL && g_bytes_equal(there, bytes);
}

bool upd_release_install(const UpdRepo *repo, UpdState *state, const char *role, json_t *envelope, GError **error)
{
    g_autofree char *name = file_of(role, upd_meta_version(envelope));
    g_autoptr(GBytes) bytes = upd_meta_print(envelope);
    bool versioned = strcmp(role, "timestamp") != 0; /* the one file that is replaced: all else is found through it */

    g_hash_table_insert(state, g_strdup(role), envelope);
    if (versioned && holds_bytes(repo, name, bytes)) /* cut short after it was written */
        return true;
    if (versioned && upd_repo_exists(repo, name))
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "%s/%s exists already: versions only rise, and a published file never changes", repo->dir, name);
    return upd_repo_store(repo, name, bytes, error);
}

/* The definition of a top-level role in this root. */
static const json_t *definition_in(const json_t *root, const char *role)
{
    return json_object_get(json_object_get(upd_meta_signed(root), "roles"), role);
}

static guint threshold_of(const json_t *definition)
{
    return (guint)json_integer_value(json_object_get(definition, "threshold"));
}

/* Signs with the keys that are here; *lacking is how many signatures the threshold still wants: that of the root that
 * is coming, if there is one. */
static bool sign(const UpdRepo *repo, const UpdState *state, const char *role, json_t *envelope, guint *lacking,
                 GError **error)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(state, role, &keys);
    const json_t *next = upd_role_spec(role)->role != NULL ? upd_state_get(state, UPD_STATE_NEXT_ROOT) : NULL;
    const json_t *other = definition_in(next, role);
    const json_t *counted = other != NULL ? other : definition;
    guint count = 0;

    *lacking = 0;
    if (definition == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "no role %s in this repository: 'holdline-updater repo role add' makes one", role);
    if (!upd_keys_sign(repo, role, envelope, definition, other, error) ||
        !upd_meta_count(envelope, other != NULL ? json_object_get(upd_meta_signed(next), "keys") : keys, counted,
                        &count, error))
        return false;
    *lacking = count < threshold_of(counted) ? threshold_of(counted) - count : 0;
    return true;
}

bool upd_release_holds(const UpdState *state, const char *role, const json_t *root)
{
    const json_t *definition = definition_in(root, role);
    guint count = 0;

    return definition != NULL &&
           upd_meta_count(upd_state_get(state, role), json_object_get(upd_meta_signed(root), "keys"), definition,
                          &count, NULL) &&
           count >= threshold_of(definition);
}

static bool is_taken(const UpdRepo *repo, const char *role, json_int_t version)
{
    g_autofree char *name = file_of(role, version);

    return strcmp(role, "timestamp") != 0 && upd_repo_exists(repo, name);
}

/* The role as it is in the state with its next version, signed with the keys that are here; NULL on failure. */
static json_t *make(const UpdRepo *repo, const UpdState *state, const char *role, guint *lacking, GError **error)
{
    g_autoptr(json_t) envelope = json_deep_copy(upd_state_get(state, role));
    /* From the clock, so that a repository that was restored from a backup is past all numbers that it gave out since
     * (ADR 16).  A new one has given out none, and begins with 1. */
    json_int_t floor = upd_numbers_floor(repo, state);

    if (!upd_numbers_check_clock(repo, state, error))
        return NULL;
    /* a publish that was cut short may have left this version behind, never listed: published files never change, so
     * its number is not used again */
    do
        upd_meta_renew(envelope, floor, repo->now + upd_role_spec(role)->lifetime);
    while (is_taken(repo, role, upd_meta_version(envelope)));
    return sign(repo, state, role, envelope, lacking, error) ? g_steal_pointer(&envelope) : NULL;
}

static bool fail_lacking(const UpdRepo *repo, const char *role, guint lacking, GError **error)
{
    return hl_fail(error, HL_ERROR_DENIED,
                   "role %s lacks %u signature(s): its key must be in %s/private/keys as %s-1.pem", role, lacking,
                   repo->dir, role);
}

bool upd_release_role(const UpdRepo *repo, UpdState *state, const char *role, bool *pending, GError **error)
{
    guint lacking = 0;
    g_autoptr(json_t) envelope = make(repo, state, role, &lacking, error);
    g_autofree char *draft = g_strdup_printf("private/pending/%s.json", role);
    g_autoptr(GBytes) bytes = NULL;

    *pending = lacking > 0;
    if (envelope == NULL)
        return false;
    if (lacking == 0)
        return upd_release_install(repo, state, role, g_steal_pointer(&envelope), error);
    if (strcmp(role, "targets") != 0)
        return fail_lacking(repo, role, lacking, error);
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

static void set_meta(UpdState *state, const char *role, json_t *meta)
{
    ensure(state, role);
    json_object_set(upd_meta_signed(upd_state_get(state, role)), "meta", meta);
}

/* The next timestamp of the snapshot in the state; NULL on failure. */
static json_t *make_timestamp(const UpdRepo *repo, UpdState *state, GError **error)
{
    g_autoptr(json_t) meta = json_object();
    g_autoptr(json_t) timestamp = NULL;
    guint lacking = 0;

    if (!put_meta(repo, state, meta, "snapshot", error))
        return NULL;
    set_meta(state, "timestamp", meta);
    timestamp = make(repo, state, "timestamp", &lacking, error);
    if (timestamp != NULL && lacking > 0)
        fail_lacking(repo, "timestamp", lacking, error);
    return lacking > 0 ? NULL : g_steal_pointer(&timestamp);
}

bool upd_release_timestamp(const UpdRepo *repo, UpdState *state, GError **error)
{
    json_t *timestamp = make_timestamp(repo, state, error);

    return timestamp != NULL && upd_release_install(repo, state, "timestamp", timestamp, error);
}

static bool release_snapshot_alone(const UpdRepo *repo, UpdState *state, GError **error)
{
    g_autoptr(json_t) meta = json_object();
    g_autoptr(GPtrArray) components = upd_state_components(state);
    bool pending = false;

    if (!put_meta(repo, state, meta, "targets", error))
        return false;
    for (guint i = 0; i < components->len; i++)
        if (upd_state_get(state, components->pdata[i]) != NULL &&
            !put_meta(repo, state, meta, components->pdata[i], error))
            return false;
    set_meta(state, "snapshot", meta);
    return upd_release_role(repo, state, "snapshot", &pending, error);
}

bool upd_release_snapshot(const UpdRepo *repo, UpdState *state, GError **error)
{
    return release_snapshot_alone(repo, state, error) && upd_release_timestamp(repo, state, error);
}

#define COMING "metadata/.timestamp.json"

/* The timestamp lies beside the one in force: by a rename, which takes no space. */
static bool switch_timestamp(const UpdRepo *repo, GError **error)
{
    g_autofree char *coming = upd_repo_path(repo, COMING);
    g_autofree char *path = upd_repo_path(repo, "metadata/timestamp.json");
    g_autofree char *directory = upd_repo_path(repo, "metadata");

    if (rename(coming, path) != 0)
        return hl_fail_errno(error, errno, "cannot write %s: run 'holdline-updater repo resign %s'", path, repo->dir);
    return hl_dir_sync(directory, error);
}

bool upd_release_root(const UpdRepo *repo, UpdState *state, json_t *root, GError **error)
{
    g_autoptr(json_t) next = root;
    const json_t *old = upd_state_get(state, "root");
    g_autoptr(GBytes) bytes = NULL;
    json_t *timestamp = NULL;

    g_hash_table_insert(state, g_strdup(UPD_STATE_NEXT_ROOT), json_incref(next));
    if (release_snapshot_alone(repo, state, error))
        timestamp = make_timestamp(repo, state, error);
    g_hash_table_remove(state, UPD_STATE_NEXT_ROOT);
    if (timestamp == NULL)
        return false;
    g_hash_table_insert(state, g_strdup("timestamp"), timestamp);
    bytes = upd_meta_print(timestamp);
    if (upd_release_holds(state, "targets", old) && upd_release_holds(state, "snapshot", old) &&
        upd_release_holds(state, "timestamp", old))
        return upd_repo_store(repo, "metadata/timestamp.json", bytes, error) &&
               upd_release_install(repo, state, "root", g_steal_pointer(&next), error);
    return upd_repo_store(repo, COMING, bytes, error) &&
           upd_release_install(repo, state, "root", g_steal_pointer(&next), error) && switch_timestamp(repo, error);
}

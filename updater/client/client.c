/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/client/client.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "updater/client/workflow.h"
#include "updater/tuf/check.h"
#include "updater/tuf/delegation.h"

enum {
    MIN_SPEED = 1024, /* bytes a second: a GSM line makes it, an attacker who drips does not */
    MIN_SPEED_SECONDS = 20,
};

bool upd_client_init(const char *metadata_dir, GBytes *root, GError **error)
{
    g_auto(TufTrusted) trusted = { 0 };
    UpdCache cache = UPD_CACHE_INIT;
    bool good = tuf_trusted_init(&trusted, root, 0, error) && upd_cache_open(&cache, metadata_dir, error) &&
                upd_cache_pin(&cache, root, error);

    upd_cache_close(&cache);
    return good;
}

static bool get_by_http(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    return hl_fetch_run(user, request, result, error);
}

static char *with_slash(const char *url)
{
    return url == NULL ? NULL : g_strconcat(url, g_str_has_suffix(url, "/") ? "" : "/", NULL);
}

/* What libcurl would try to make sense of: a word as a host, a query that swallows the file's name. */
static bool check_url(const char *url, GError **error)
{
    g_autofree char *shown = hl_text_url(url != NULL ? url : "");

    if (url == NULL || ((g_ascii_strncasecmp(url, "http://", 7) == 0 || g_ascii_strncasecmp(url, "https://", 8) == 0) &&
                        strpbrk(url, "?#") == NULL))
        return true;
    return hl_fail(error, HL_ERROR_INVALID,
                   "'%s' is not the address of a repository: it begins with http:// or https:// and has no '?' or '#'",
                   shown);
}

UpdClient *upd_client_open(const UpdClientOptions *options, GError **error)
{
    g_autoptr(UpdClient) client = g_new0(UpdClient, 1);
    HlFetchOptions http = options->http;

    if (options->get == NULL && (!check_url(options->metadata_url, error) || !check_url(options->target_url, error)))
        return NULL;
    client->roles = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)tuf_metadata_free);
    if (!upd_cache_open(&client->cache, options->metadata_dir, error))
        return NULL;
    client->metadata_url = with_slash(options->metadata_url);
    client->target_url = with_slash(options->target_url);
    client->fixed_now = options->now;
    if (http.min_speed == 0)
        http.min_speed = MIN_SPEED;
    if (http.min_speed_time == 0)
        http.min_speed_time = MIN_SPEED_SECONDS * HL_SECOND;
    client->min_speed = http.min_speed;
    http.min_speed = TUF_BREAKS(minimum_speed, true) ? http.min_speed : 0;
    client->get = options->get;
    client->get_user = options->get_user;
    if (client->get == NULL) {
        client->fetch = hl_fetch_new(&http);
        client->get = get_by_http;
        client->get_user = client->fetch;
    }
    return g_steal_pointer(&client);
}

void upd_client_close(UpdClient *client)
{
    if (client == NULL)
        return;
    g_clear_pointer(&client->roles, g_hash_table_unref);
    tuf_trusted_clear(&client->trusted);
    hl_fetch_free(client->fetch);
    upd_cache_close(&client->cache);
    g_free(client->metadata_url);
    g_free(client->target_url);
    g_free(client);
}

bool upd_client_refresh(UpdClient *client, GError **error)
{
    return upd_workflow_refresh(client, error);
}

const TufMetadata *upd_client_metadata(const UpdClient *client, TufRole role)
{
    const TufMetadata *const in_use[TUF_N_ROLES] = {
        [TUF_ROOT] = client->trusted.root,
        [TUF_TIMESTAMP] = client->trusted.timestamp,
        [TUF_SNAPSHOT] = client->trusted.snapshot,
        [TUF_TARGETS] = client->trusted.targets,
    };

    g_assert(client->ready);
    return in_use[role];
}

int64_t upd_client_version(const UpdClient *client, TufRole role)
{
    return upd_client_metadata(client, role)->version;
}

int64_t upd_client_listed_version(const UpdClient *client, const char *role)
{
    const TufMeta *meta = tuf_metadata_meta(upd_client_metadata(client, TUF_SNAPSHOT), role);

    return meta == NULL ? 0 : meta->version;
}

GBytes *upd_client_root(UpdClient *client, int64_t version)
{
    gsize max_size = tuf_role_max_size(TUF_ROOT);
    g_autoptr(GBytes) pinned = upd_cache_read_pinned(&client->cache, max_size);
    g_autoptr(TufMetadata) first = pinned == NULL ? NULL : tuf_metadata_parse(TUF_ROOT, pinned, NULL);

    g_assert(client->ready);
    if (version == client->trusted.root->version)
        return g_bytes_ref(client->trusted.root->bytes);
    if (first != NULL && version == first->version)
        return g_bytes_ref(pinned);
    return first != NULL && version > first->version && version < client->trusted.root->version
               ? upd_cache_read_root(&client->cache, version, max_size)
               : NULL;
}

typedef struct {
    UpdRoleVisit visit;
    gpointer user;
    GHashTable *seen; /* names */
} Tour;

static bool visit_delegates(UpdClient *client, const TufMetadata *delegator, const Tour *tour, int depth,
                            GError **error)
{
    if (depth > TUF_WALK_DEPTH_MAX || g_hash_table_size(tour->seen) > TUF_ROLES_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "the delegations lead to more than %d roles or deeper than %d",
                       TUF_ROLES_MAX, TUF_WALK_DEPTH_MAX);
    for (guint i = 0; delegator->delegations != NULL && i < delegator->delegations->len; i++) {
        const TufDelegation *delegation = delegator->delegations->pdata[i];
        const TufMetadata *role;

        if (tuf_metadata_meta(client->trusted.snapshot, delegation->name) == NULL)
            continue;
        role = upd_workflow_role(client, delegator, delegation, error);
        if (role == NULL)
            return false;
        if (g_hash_table_add(tour->seen, delegation->name) &&
            (!tour->visit(delegation->name, role, tour->user, error) ||
             !visit_delegates(client, role, tour, depth + 1, error)))
            return false;
    }
    return true;
}

bool upd_client_visit(UpdClient *client, UpdRoleVisit visit, gpointer user, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hl_text_hash, g_str_equal);
    const Tour tour = { visit, user, seen };

    g_assert(client->ready);
    return visit_delegates(client, client->trusted.targets, &tour, 0, error);
}

const TufTarget *upd_client_find(UpdClient *client, const char *path, GError **error)
{
    g_auto(TufWalk) walk = { 0 };
    const TufMetadata *role = client->trusted.targets;
    TufWalkEvent event;

    g_assert(client->ready);
    tuf_walk_init(&walk, path);
    while (role != NULL) {
        switch (tuf_walk_enter(&walk, role, &event)) {
        case TUF_WALK_FOUND:
            return event.target;
        case TUF_WALK_WANTS:
            role = upd_workflow_role(client, event.delegator, event.delegation, error);
            break;
        case TUF_WALK_NOT_FOUND:
            hl_fail(error, HL_ERROR_NOT_FOUND, "the repository has no target '%s'", path);
            return NULL;
        case TUF_WALK_TOO_FAR:
            hl_fail(error, HL_ERROR_LIMIT,
                    "target '%s' was not found within %d roles and a depth of %d: the delegations lead too far", path,
                    TUF_WALK_ROLES_MAX, TUF_WALK_DEPTH_MAX);
            return NULL;
        }
    }
    hl_error_prefix(error, "target '%s' cannot be looked up", path);
    return NULL;
}

static const TufDelegation *find_delegation(const TufMetadata *targets, const char *role)
{
    for (guint i = 0; targets->delegations != NULL && i < targets->delegations->len; i++) {
        const TufDelegation *delegation = targets->delegations->pdata[i];

        if (strcmp(delegation->name, role) == 0)
            return delegation;
    }
    return NULL;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp((*(TufTarget *const *)a)->path, (*(TufTarget *const *)b)->path);
}

GPtrArray *upd_client_list(UpdClient *client, const char *role, GError **error)
{
    const TufDelegation *delegation;
    const TufMetadata *metadata;
    GPtrArray *list;
    GHashTableIter iter;
    gpointer path;
    gpointer target;

    g_assert(client->ready);
    delegation = find_delegation(client->trusted.targets, role);
    if (delegation == NULL) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "the repository delegates nothing to a role '%s'", role);
        return NULL;
    }
    metadata = upd_workflow_role(client, client->trusted.targets, delegation, error);
    if (metadata == NULL)
        return NULL;
    list = g_ptr_array_new();
    g_hash_table_iter_init(&iter, metadata->targets);
    while (g_hash_table_iter_next(&iter, &path, &target))
        if (upd_client_find(client, path, NULL) == target) /* else another role is in charge of it */
            g_ptr_array_add(list, target);
    g_ptr_array_sort(list, compare_paths); /* the table has another order in each process */
    return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/client/workflow.h"

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "updater/tuf/check.h"

enum {
    ROOTS_MAX = 1024,     /* Y of section 5.3.3: a rotation a day for three years */
    METADATA_MINUTES = 5, /* for one file, however large and slow: somebody waits for it */
};

HlTime upd_workflow_deadline(const UpdClient *client, uint64_t max_size)
{
    return HL_MINUTE + (HlTime)(max_size / client->min_speed) * HL_SECOND;
}

bool upd_workflow_refused(const char *url, const HlFetchResult *result, GError **error)
{
    if (result->status == 404 || TUF_BREAKS(forbidden_is_missing, result->status == 403))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s: the server does not have it (status %ld)", url, result->status);
    if (result->retry_after > 0)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: status %ld; the server asks to come back in %d s", url,
                       result->status, (int)(result->retry_after / HL_SECOND));
    return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: status %ld", url, result->status);
}

static bool is_web_page(GBytes *body)
{
    gsize size;
    const char *text = g_bytes_get_data(body, &size);
    gsize at = 0;

    while (at < size && g_ascii_isspace(text[at]))
        at++;
    return at < size && text[at] == '<';
}

/* A metadata file of at most max_size bytes.  NULL with *error; HL_ERROR_NOT_FOUND when the server does not have it. */
static GBytes *download(UpdClient *client, const char *name, gsize max_size, GError **error)
{
    g_autofree char *url = g_strconcat(client->metadata_url, name, NULL);
    g_auto(HlFetchResult) result = { 0 };
    HlFetchRequest request = {
        .url = url,
        .max_size = TUF_BREAKS(metadata_bound, true) ? max_size : UINT64_MAX,
        .deadline = MIN(upd_workflow_deadline(client, max_size), METADATA_MINUTES * HL_MINUTE),
    };

    if (!client->get(client->get_user, &request, &result, error))
        return NULL;
    client->server_date = result.date;
    if (result.status != 200) {
        upd_workflow_refused(url, &result, error);
        return NULL;
    }
    if (is_web_page(result.body)) {
        hl_fail(
            error, HL_ERROR_UNAVAILABLE,
            "%s: a web page came instead: a captive portal or a proxy answers for the server, or the address is wrong",
            url);
        return NULL;
    }
    return g_steal_pointer(&result.body);
}

/* The file name of a role: with its version in front where snapshots are consistent. */
static char *file_name(const UpdClient *client, const char *role, int64_t version)
{
    g_autofree char *name = g_uri_escape_string(role, NULL, FALSE);

    return client->trusted.root->consistent_snapshot ? g_strdup_printf("%" G_GINT64_FORMAT ".%s.json", version, name)
                                                     : g_strdup_printf("%s.json", name);
}

/* A file that timestamp or snapshot lists; the listed length is the bound if there is one. */
static GBytes *download_listed(UpdClient *client, TufRole type, const char *role, const TufMeta *meta, GError **error)
{
    g_autofree char *name = file_name(client, role, meta->version);
    gsize max_size = tuf_role_max_size(type);

    if (meta->length > (int64_t)max_size) {
        hl_fail(error, HL_ERROR_LIMIT,
                "%s: %" G_GINT64_FORMAT " bytes are listed, at most %" G_GSIZE_FORMAT " are taken", name, meta->length,
                max_size);
        return NULL;
    }
    return download(client, name, meta->length >= 0 ? (gsize)meta->length : max_size, error);
}

/* What the last run left may be broken, or signed by keys that are no longer trusted: then it counts as missing. */
static void ignore(const char *role, GError **problem)
{
    if (*problem != NULL)
        hl_debug("update", "the local %s is not used: %s", role, (*problem)->message);
    g_clear_error(problem);
}

/* A root has just been trusted.  root.json is written last: as long as it is the older one, the next run comes through
 * here again, whatever happened in between. */
static bool keep_root(UpdClient *client, bool is_new, bool rotated, GError **error)
{
    const TufMetadata *root = client->trusted.root;

    if (is_new &&
        TUF_FAILS(root_history_kept, upd_cache_write_root(&client->cache, root->version, root->bytes, error), error))
        return false;
    if (root->version <= client->cached_root)
        return true;
    /* 5.3.11 */
    if (rotated && (!upd_cache_forget(&client->cache, tuf_role_name(TUF_TIMESTAMP), error) ||
                    !upd_cache_forget(&client->cache, tuf_role_name(TUF_SNAPSHOT), error)))
        return false;
    /* 5.3.8 Persist root metadata */
    if (TUF_FAILS(root_kept, upd_cache_write(&client->cache, tuf_role_name(TUF_ROOT), root->bytes, error), error))
        return false;
    client->cached_root = root->version;
    return true;
}

/* The pinned root or, where that is lost or broken, the one that was trusted last. */
static bool init_root(UpdClient *client, GBytes *pinned, GBytes *flat, HlTime now, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (pinned != NULL && tuf_trusted_init(&client->trusted, pinned, now, &problem))
        return true;
    if (flat != NULL && tuf_trusted_init(&client->trusted, flat, now, pinned == NULL ? &problem : NULL)) {
        g_clear_error(&problem);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* 5.2 Load the trusted root metadata file: from the pinned one through the history of those that followed. */
static bool load_root(UpdClient *client, HlTime now, GError **error)
{
    gsize max_size = tuf_role_max_size(TUF_ROOT);
    g_autoptr(GBytes) flat = upd_cache_read(&client->cache, tuf_role_name(TUF_ROOT), max_size);
    g_autoptr(GBytes) pinned = upd_cache_read_pinned(&client->cache, max_size);
    g_autoptr(GError) problem = NULL;
    g_auto(TufTrusted) last = { 0 };
    GBytes *bytes;

    if (pinned == NULL && flat == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "%s holds no trusted root: initialise it with one from a trustworthy source", client->cache.dir);
    client->cached_root = flat != NULL && tuf_trusted_init(&last, flat, now, NULL) ? last.root->version : 0;
    if (!init_root(client, pinned, flat, now, error))
        return false;
    while ((bytes = upd_cache_read_root(&client->cache, client->trusted.root->version + 1, max_size)) != NULL) {
        bool rotated;
        bool good = tuf_trusted_update_root(&client->trusted, bytes, &rotated, &problem);

        g_bytes_unref(bytes);
        if (!good) {
            ignore("root history", &problem); /* it will be downloaded again */
            break;
        }
        if (!keep_root(client, false, rotated, error))
            return false;
    }
    return keep_root(client, false, false, error);
}

/* 5.3 Update the root role. */
static bool update_root(UpdClient *client, GError **error)
{
    for (int i = 0; i < ROOTS_MAX; i++) {
        g_autoptr(GError) problem = NULL;
        /* 5.3.2, 5.3.3: try version N+1; a server that does not have it, or does not say so, ends the loop */
        g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ".root.json", client->trusted.root->version + 1);
        g_autoptr(GBytes) bytes = download(client, name, tuf_role_max_size(TUF_ROOT), &problem);
        bool rotated;

        if (bytes == NULL && hl_error_code(problem) == HL_ERROR_NOT_FOUND)
            break;
        if (bytes == NULL) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        /* 5.3.4 to 5.3.7 */
        if (!tuf_trusted_update_root(&client->trusted, bytes, &rotated, error))
            return hl_error_prefix(error, "%s", name);
        /* 5.3.8 */
        if (!keep_root(client, true, rotated, error))
            return false;
    }
    if (TUF_BREAKS(root_rollback, client->trusted.root->version < client->cached_root))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "the repository ends at root version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT
                       " was trusted before (rollback); it looks the same when root-history/ here and the server "
                       "have both lost a root",
                       client->trusted.root->version, client->cached_root);
    /* 5.3.10; 5.3.11 is done with each root, 5.3.12 is read off the trusted root where it counts */
    return tuf_trusted_check_root(&client->trusted, error);
}

/* 5.4 Update the timestamp role. */
static bool update_timestamp(UpdClient *client, GError **error)
{
    const char *role = tuf_role_name(TUF_TIMESTAMP);
    gsize max_size = tuf_role_max_size(TUF_TIMESTAMP);
    g_autoptr(GBytes) local = upd_cache_read(&client->cache, role, max_size);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = NULL;
    TufOutcome outcome;

    if (local != NULL && !tuf_trusted_load_timestamp(&client->trusted, local, &problem))
        ignore(role, &problem);
    /* 5.4.1 */
    bytes = download(client, "timestamp.json", max_size, error);
    if (bytes == NULL)
        return false;
    /* 5.4.2 to 5.4.4 */
    if (!tuf_trusted_update_timestamp(&client->trusted, bytes, &outcome, error))
        return hl_error_prefix(error, "timestamp.json");
    /* 5.4.5 Persist timestamp metadata */
    return outcome == TUF_SAME || upd_cache_write(&client->cache, role, bytes, error);
}

/* 5.5 Update the snapshot role. */
static bool update_snapshot(UpdClient *client, GError **error)
{
    const char *role = tuf_role_name(TUF_SNAPSHOT);
    g_autoptr(GBytes) local = upd_cache_read(&client->cache, role, tuf_role_max_size(TUF_SNAPSHOT));
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (local != NULL && !tuf_trusted_load_snapshot(&client->trusted, local, &problem))
        ignore(role, &problem);
    if (tuf_trusted_snapshot_is_current(&client->trusted))
        return true;
    /* 5.5.1 */
    bytes = download_listed(client, TUF_SNAPSHOT, role, tuf_metadata_meta(client->trusted.timestamp, role), error);
    if (bytes == NULL)
        return false;
    /* 5.5.2 to 5.5.6 */
    if (!tuf_trusted_update_snapshot(&client->trusted, bytes, error))
        return hl_error_prefix(error, "snapshot.json");
    /* 5.5.7 Persist snapshot metadata */
    return upd_cache_write(&client->cache, role, bytes, error);
}

/* 5.6.1 to 5.6.6 for the top-level targets. */
static bool update_targets(UpdClient *client, GError **error)
{
    const char *role = tuf_role_name(TUF_TARGETS);
    const TufMeta *meta = tuf_trusted_meta(&client->trusted, role, error);
    g_autoptr(GBytes) local = upd_cache_read(&client->cache, role, tuf_role_max_size(TUF_TARGETS));
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (local != NULL && tuf_trusted_update_targets(&client->trusted, local, &problem))
        return true;
    ignore(role, &problem);
    /* 5.6.1 */
    bytes = meta == NULL ? NULL : download_listed(client, TUF_TARGETS, role, meta, error);
    if (bytes == NULL)
        return false;
    /* 5.6.2 to 5.6.5 */
    if (!tuf_trusted_update_targets(&client->trusted, bytes, error))
        return hl_error_prefix(error, "targets.json");
    /* 5.6.6 Persist targets metadata */
    return upd_cache_write(&client->cache, role, bytes, error);
}

/* What to say of this machine's clock when it is an hour or more away from the server's; NULL when it is not, or
 * nothing is known.  The server's clock proves nothing: it chooses the wording, it decides nothing.  Caller frees. */
static char *clock_doubt(const UpdClient *client)
{
    HlTime ahead = client->trusted.now - client->server_date;
    g_autofree char *text = hl_duration_describe(ABS(ahead));

    if (client->server_date == 0 || ABS(ahead) < HL_HOUR)
        return NULL;
    return g_strdup_printf(ahead > 0 ? "clock? this machine's is %s ahead of the server's"
                                     : "clock? this machine's is %s behind the server's",
                           text);
}

/* If something has expired: either the repository is frozen, or this machine's clock is ahead. */
static void explain_expiry(const UpdClient *client, GError **error)
{
    g_autofree char *doubt = clock_doubt(client);

    if (error == NULL || hl_error_code(*error) != HL_ERROR_EXPIRED)
        return;
    hl_error_prefix(error, "%s",
                    doubt != NULL ? doubt
                                  : "frozen repository? nobody renews it, or somebody keeps newer files "
                                    "from this machine");
}

/* 5.6.1 to 5.6.6 for a role that the search of 5.6.7 (upd_client_find) comes across. */
const TufMetadata *upd_workflow_role(UpdClient *client, const TufMetadata *delegator, const TufDelegation *delegation,
                                     GError **error)
{
    /* by delegation, not by name: every delegator has keys of its own for it */
    gpointer key =
        hl_unconst(TUF_BREAKS(each_delegator, true) ? (gconstpointer)delegation : g_intern_string(delegation->name));
    TufMetadata *metadata = g_hash_table_lookup(client->roles, key);
    const TufMeta *meta = tuf_trusted_meta(&client->trusted, delegation->name, error);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (metadata != NULL || meta == NULL)
        return metadata;
    bytes = upd_cache_read(&client->cache, delegation->name, tuf_role_max_size(TUF_TARGETS));
    if (bytes != NULL)
        metadata = tuf_trusted_check_delegated(&client->trusted, delegator, delegation, bytes, &problem);
    if (metadata == NULL) {
        ignore(delegation->name, &problem);
        g_clear_pointer(&bytes, g_bytes_unref);
        bytes = download_listed(client, TUF_TARGETS, delegation->name, meta, error);
        if (bytes == NULL)
            return NULL;
        metadata = tuf_trusted_check_delegated(&client->trusted, delegator, delegation, bytes, error);
        if (metadata == NULL) {
            hl_error_prefix(error, "role '%s'", delegation->name);
            explain_expiry(client, error);
            return NULL;
        }
        if (!upd_cache_write(&client->cache, delegation->name, bytes, error)) {
            tuf_metadata_free(metadata);
            return NULL;
        }
    }
    g_hash_table_insert(client->roles, key, metadata);
    return metadata;
}

/* A clock that is behind makes what has expired look fresh, so it is worth a word when all is well too. */
static void tell_clock_doubt(const UpdClient *client)
{
    g_autofree char *doubt = clock_doubt(client);

    if (doubt != NULL)
        hl_log_limited(HL_LOG_WARN, "update", client->metadata_url,
                       "%s; an expired repository may pass for a fresh one", doubt);
}

bool upd_workflow_refresh(UpdClient *client, GError **error)
{
    g_autoptr(GError) problem = NULL;
    /* 5.1 Record fixed update start time */
    HlTime now = client->fixed_now != 0 ? client->fixed_now : hl_clock_wall();

    client->ready = false;
    g_hash_table_remove_all(client->roles);
    tuf_trusted_clear(&client->trusted);
    client->ready = load_root(client, now, &problem) && update_root(client, &problem) &&
                    update_timestamp(client, &problem) && update_snapshot(client, &problem) &&
                    update_targets(client, &problem);
    if (client->ready) {
        tell_clock_doubt(client);
        return true;
    }
    explain_expiry(client, &problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

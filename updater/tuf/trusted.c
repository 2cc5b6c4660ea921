/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/trusted.h"

#include "lib/base/hash.h"
#include "lib/base/unconst.h"
#include "updater/tuf/check.h"

void tuf_trusted_clear(TufTrusted *trusted)
{
    g_clear_pointer(&trusted->root, tuf_metadata_free);
    g_clear_pointer(&trusted->timestamp, tuf_metadata_free);
    g_clear_pointer(&trusted->snapshot, tuf_metadata_free);
    g_clear_pointer(&trusted->targets, tuf_metadata_free);
}

static void replace(TufMetadata **place, TufMetadata *metadata)
{
    tuf_metadata_free(*place);
    *place = metadata;
}

/* "Check for an arbitrary software attack": a threshold of distinct public keys out of the role's own have signed. */
static bool check_signed(const TufMetadata *metadata, const TufSigners *signers, const TufKeyring *keys,
                         const char *by_whom, GError **error)
{
    g_autoptr(GHashTable) counted = g_hash_table_new(hl_text_hash, g_str_equal);
    gsize size;
    const void *data = g_bytes_get_data(metadata->signed_bytes, &size);
    guint valid = 0;

    for (guint i = 0; i < metadata->signatures->len; i++) {
        const TufSignature *signature = metadata->signatures->pdata[i];
        const TufKey *key = tuf_keyring_find(keys, signature->keyid);
        gsize length;
        const void *value = g_bytes_get_data(signature->value, &length);

        if (TUF_BREAKS(own_keys_only, !g_hash_table_contains(signers->keyids, signature->keyid)))
            continue;
        if (key == NULL || key->public == NULL ||
            TUF_BREAKS(signature_holds, !tuf_verify(key->public, data, size, value, length)))
            continue;
        if (TUF_BREAKS(count_keys, !g_hash_table_add(counted, hl_unconst(tuf_public_key_identity(key->public)))))
            continue;
        valid++;
    }
    if (TUF_BREAKS(threshold, valid < signers->threshold))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it is signed by %u of the %" G_GINT64_FORMAT " keys that %s asks for", valid,
                       signers->threshold, by_whom);
    return true;
}

/* "Check for a freeze attack." */
static bool check_fresh(const TufMetadata *metadata, HlTime now, GError **error)
{
    g_autofree char *expires = NULL;
    g_autofree char *started = NULL;

    if (metadata->expires > now)
        return true;
    expires = hl_time_format(metadata->expires);
    started = hl_time_format(now);
    return hl_fail(error, HL_ERROR_EXPIRED, "%s version %" G_GINT64_FORMAT " expired at %s, and it is %s",
                   tuf_role_name(metadata->type), metadata->version, expires, started);
}

/* Against the entry of timestamp or snapshot: first what needs no parsing. */
static bool check_listed_bytes(const TufMeta *meta, GBytes *bytes, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    if (TUF_BREAKS(listed_length, meta->length >= 0 && (int64_t)size != meta->length))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it has %" G_GSIZE_FORMAT " bytes, but %" G_GINT64_FORMAT " are listed (mix-and-match)", size,
                       meta->length);
    if (TUF_BREAKS(listed_hashes, !tuf_hashes_match(&meta->hashes, data, size)))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "its hash is not the listed one (mix-and-match)");
    return true;
}

static bool check_listed_version(const TufMeta *meta, const TufMetadata *metadata, GError **error)
{
    if (TUF_BREAKS(listed_version, metadata->version != meta->version))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it is version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT " is listed (mix-and-match)",
                       metadata->version, meta->version);
    return true;
}

/* Parses and checks the signatures by the trusted root. */
static TufMetadata *read_top_level(const TufTrusted *trusted, TufRole role, GBytes *bytes, GError **error)
{
    g_autoptr(TufMetadata) metadata = tuf_metadata_parse(role, bytes, error);

    if (metadata == NULL ||
        !check_signed(metadata, &trusted->root->signers[role], trusted->root->keys, "the trusted root", error))
        return NULL;
    return g_steal_pointer(&metadata);
}

/* 5.2 Load the trusted root metadata file.  That it may have expired does not matter yet. */
bool tuf_trusted_init(TufTrusted *trusted, GBytes *root, HlTime now, GError **error)
{
    g_autoptr(TufMetadata) metadata = tuf_metadata_parse(TUF_ROOT, root, error);

    *trusted = (TufTrusted){ .now = now };
    if (metadata == NULL ||
        TUF_FAILS(pinned_root_signed,
                  check_signed(metadata, &metadata->signers[TUF_ROOT], metadata->keys, "this root", error), error))
        return hl_error_prefix(error, "the trusted root");
    trusted->root = g_steal_pointer(&metadata);
    return true;
}

bool tuf_trusted_update_root(TufTrusted *trusted, GBytes *bytes, bool *rotated, GError **error)
{
    const TufMetadata *old = trusted->root;
    g_autoptr(TufMetadata) metadata = tuf_metadata_parse(TUF_ROOT, bytes, error);

    *rotated = false;
    /* 5.3.4 arbitrary software attack: signed by a threshold of version N's keys and of version N+1's */
    if (metadata == NULL)
        return false;
    if (TUF_FAILS(root_by_old, check_signed(metadata, &old->signers[TUF_ROOT], old->keys, "the trusted root", error),
                  error))
        return false;
    if (TUF_FAILS(root_by_new, check_signed(metadata, &metadata->signers[TUF_ROOT], metadata->keys, "itself", error),
                  error))
        return false;
    /* 5.3.5 rollback attack: exactly N+1 */
    if (TUF_BREAKS(root_next, metadata->version != old->version + 1))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it is version %" G_GINT64_FORMAT ", but only %" G_GINT64_FORMAT " may follow (rollback)",
                       metadata->version, old->version + 1);
    /* 5.3.6 that it may have expired does not matter yet */
    /* 5.3.11 recover from fast-forward attacks when the keys of timestamp or snapshot have been rotated: those who are
     * no longer trusted may have made the versions too high.  A key that is only added, or another threshold, accuses
     * nobody. */
    *rotated = TUF_BREAKS(rotation_forgets,
                          !tuf_signers_kept(&old->signers[TUF_TIMESTAMP], &metadata->signers[TUF_TIMESTAMP]) ||
                              !tuf_signers_kept(&old->signers[TUF_SNAPSHOT], &metadata->signers[TUF_SNAPSHOT]));
    if (*rotated) {
        replace(&trusted->timestamp, NULL);
        replace(&trusted->snapshot, NULL);
    }
    /* 5.3.7 set the trusted root metadata file */
    replace(&trusted->root, g_steal_pointer(&metadata));
    return true;
}

/* 5.3.10 freeze attack */
bool tuf_trusted_check_root(const TufTrusted *trusted, GError **error)
{
    return !TUF_FAILS(root_fresh, check_fresh(trusted->root, trusted->now, error), error);
}

bool tuf_trusted_load_timestamp(TufTrusted *trusted, GBytes *bytes, GError **error)
{
    g_autoptr(TufMetadata) metadata = read_top_level(trusted, TUF_TIMESTAMP, bytes, error);

    if (metadata == NULL)
        return false;
    replace(&trusted->timestamp, g_steal_pointer(&metadata));
    return true;
}

/* A number that is ahead of the clock was given by one that was wrong: a publisher that was restored since does not get
 * past it by itself.  Caller frees. */
static char *describe_remedy(const TufTrusted *trusted, int64_t was)
{
    if (was <= trusted->now + HL_HOUR)
        return g_strdup("");
    return g_strdup_printf("; that is ahead of the clock: if the publisher was restored from a backup, there: "
                           "holdline-updater repo repair DIR --restored --above %" G_GINT64_FORMAT,
                           was);
}

/* 5.4.3 rollback attack, against what was trusted before. */
static bool check_timestamp_rollback(const TufTrusted *trusted, const TufMetadata *metadata, GError **error)
{
    const TufMetadata *old = trusted->timestamp;
    int64_t was = tuf_metadata_meta(old, "snapshot")->version;
    int64_t is = tuf_metadata_meta(metadata, "snapshot")->version;
    g_autofree char *remedy = describe_remedy(trusted, MAX(was, old->version));

    if (TUF_BREAKS(timestamp_rollback, metadata->version < old->version))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it is version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT " was trusted before (rollback)%s",
                       metadata->version, old->version, remedy);
    if (TUF_BREAKS(timestamp_snapshot_rollback, is < was))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it lists snapshot version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT
                       " was listed before (rollback)%s",
                       is, was, remedy);
    return true;
}

bool tuf_trusted_update_timestamp(TufTrusted *trusted, GBytes *bytes, TufOutcome *outcome, GError **error)
{
    const TufMetadata *old = trusted->timestamp;
    /* 5.4.2 arbitrary software attack */
    g_autoptr(TufMetadata) metadata = read_top_level(trusted, TUF_TIMESTAMP, bytes, error);

    if (metadata == NULL)
        return false;
    /* 5.4.3.1 an equal version is discarded without an error; the trusted one must then still be fresh */
    *outcome = old != NULL && TUF_BREAKS(timestamp_same, metadata->version == old->version) ? TUF_SAME : TUF_UPDATED;
    if (*outcome == TUF_UPDATED && old != NULL && !check_timestamp_rollback(trusted, metadata, error))
        return false;
    /* 5.4.4 freeze attack */
    if (TUF_FAILS(timestamp_fresh, check_fresh(*outcome == TUF_SAME ? old : metadata, trusted->now, error), error))
        return false;
    if (*outcome == TUF_UPDATED)
        replace(&trusted->timestamp, g_steal_pointer(&metadata));
    return true;
}

bool tuf_trusted_load_snapshot(TufTrusted *trusted, GBytes *bytes, GError **error)
{
    g_autoptr(TufMetadata) metadata = read_top_level(trusted, TUF_SNAPSHOT, bytes, error);

    if (metadata == NULL)
        return false;
    replace(&trusted->snapshot, g_steal_pointer(&metadata));
    return true;
}

bool tuf_trusted_snapshot_is_current(const TufTrusted *trusted)
{
    const TufMeta *meta = tuf_metadata_meta(trusted->timestamp, "snapshot");

    return trusted->snapshot != NULL && check_listed_bytes(meta, trusted->snapshot->bytes, NULL) &&
           check_listed_version(meta, trusted->snapshot, NULL) &&
           !TUF_FAILS(local_snapshot_fresh, check_fresh(trusted->snapshot, trusted->now, NULL), NULL);
}

/* No targets role goes back, and none that was listed vanishes. */
static bool check_role_rollback(const TufTrusted *trusted, const char *name, const TufMeta *was, const TufMeta *is,
                                GError **error)
{
    g_autofree char *remedy = describe_remedy(trusted, was->version);

    if (is == NULL && TUF_BREAKS(role_vanished, true))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "it no longer lists '%.80s' (rollback)", name);
    if (is != NULL && TUF_BREAKS(targets_rollback, is->version < was->version))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it lists '%.80s' with version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT
                       " was listed before (rollback)%s",
                       name, is->version, was->version, remedy);
    return true;
}

/* 5.5.5 rollback attack */
static bool check_snapshot_rollback(const TufTrusted *trusted, const TufMetadata *metadata, GError **error)
{
    const TufMetadata *old = trusted->snapshot;
    g_autofree char *remedy = describe_remedy(trusted, old->version);
    GHashTableIter iter;
    gpointer name;
    gpointer entry;

    if (TUF_BREAKS(snapshot_rollback, metadata->version < old->version))
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "it is version %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT " was trusted before (rollback)%s",
                       metadata->version, old->version, remedy);
    g_hash_table_iter_init(&iter, old->meta);
    while (g_hash_table_iter_next(&iter, &name, &entry))
        if (!check_role_rollback(trusted, name, entry, g_hash_table_lookup(metadata->meta, name), error))
            return false;
    return true;
}

bool tuf_trusted_update_snapshot(TufTrusted *trusted, GBytes *bytes, GError **error)
{
    const TufMeta *meta = tuf_metadata_meta(trusted->timestamp, "snapshot");
    g_autoptr(TufMetadata) metadata = NULL;

    /* 5.5.2 against the timestamp's hashes */
    if (!check_listed_bytes(meta, bytes, error))
        return false;
    /* 5.5.3 arbitrary software attack */
    metadata = read_top_level(trusted, TUF_SNAPSHOT, bytes, error);
    if (metadata == NULL)
        return false;
    /* 5.5.4 against the timestamp's version */
    if (!check_listed_version(meta, metadata, error))
        return false;
    /* 5.5.5 rollback attack */
    if (trusted->snapshot != NULL && !check_snapshot_rollback(trusted, metadata, error))
        return false;
    /* 5.5.6 freeze attack */
    if (TUF_FAILS(snapshot_fresh, check_fresh(metadata, trusted->now, error), error))
        return false;
    replace(&trusted->snapshot, g_steal_pointer(&metadata));
    return true;
}

const TufMeta *tuf_trusted_meta(const TufTrusted *trusted, const char *role_name, GError **error)
{
    const TufMeta *meta = tuf_metadata_meta(trusted->snapshot, role_name);

    if (meta == NULL)
        hl_fail(error, HL_ERROR_UNTRUSTED, "snapshot version %" G_GINT64_FORMAT " does not list the role '%.80s'",
                trusted->snapshot->version, role_name);
    return meta;
}

/* 5.6.2 to 5.6.5 for any targets role. */
static TufMetadata *check_targets(const TufTrusted *trusted, const char *name, const TufSigners *signers,
                                  const TufKeyring *keys, GBytes *bytes, GError **error)
{
    const TufMeta *meta = tuf_trusted_meta(trusted, name, error);
    g_autoptr(TufMetadata) metadata = NULL;

    /* 5.6.2 against the snapshot's hashes */
    if (meta == NULL || !check_listed_bytes(meta, bytes, error))
        return NULL;
    /* 5.6.3 arbitrary software attack */
    metadata = tuf_metadata_parse(TUF_TARGETS, bytes, error);
    if (metadata == NULL || !check_signed(metadata, signers, keys, "its delegator", error))
        return NULL;
    /* 5.6.4 against the snapshot's version */
    if (!check_listed_version(meta, metadata, error))
        return NULL;
    /* 5.6.5 freeze attack */
    if (TUF_FAILS(targets_fresh, check_fresh(metadata, trusted->now, error), error))
        return NULL;
    return g_steal_pointer(&metadata);
}

bool tuf_trusted_update_targets(TufTrusted *trusted, GBytes *bytes, GError **error)
{
    TufMetadata *metadata = check_targets(trusted, tuf_role_name(TUF_TARGETS), &trusted->root->signers[TUF_TARGETS],
                                          trusted->root->keys, bytes, error);

    if (metadata == NULL)
        return false;
    replace(&trusted->targets, metadata);
    return true;
}

TufMetadata *tuf_trusted_check_delegated(const TufTrusted *trusted, const TufMetadata *delegator,
                                         const TufDelegation *delegation, GBytes *bytes, GError **error)
{
    return check_targets(trusted, delegation->name, &delegation->signers, delegator->keys, bytes, error);
}

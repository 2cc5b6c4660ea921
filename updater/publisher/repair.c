/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/repair.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/publisher/content.h"
#include "updater/publisher/keys.h"
#include "updater/publisher/mend.h"
#include "updater/publisher/release.h"
#include "updater/publisher/stage.h"
#include "updater/publisher/withdraw.h"

/* A run under way. */
typedef struct {
    UpdRescue *rescue;
    const UpdRepo *repo;
    UpdState *state;      /* the metadata as it will be in force */
    const json_t *listed; /* "meta" of the newest snapshot that is left; NULL: none is */
    bool certain;         /* that is the one in force */
    GHashTable *again;    /* names of roles to be signed again */
    GPtrArray *published; /* components whose content is published again; borrowed from the state's delegations */
    bool snapshot;        /* snapshot and timestamp must be made again */
    bool restored;        /* and all else that can be, because clients may have seen higher numbers of it */
} Run;

static void put_state(const Run *run, const char *role, json_t *envelope)
{
    g_hash_table_insert(run->state, g_strdup(role), envelope);
}

static const json_t *listed_entry(const Run *run, const char *role)
{
    g_autofree char *file = g_strdup_printf("%s.json", role);

    return json_object_get(run->listed, file);
}

static char *file_of(const char *role, json_int_t version)
{
    return g_strdup_printf("metadata/%" JSON_INTEGER_FORMAT ".%s.json", version, role);
}

/* ------------------------------------------------------------------------------------------ snapshot and timestamp */

/* The newest one that is left, for its number; one without a number if none is: the clock gives it a higher one. */
static const UpdFound *take_newest(const Run *run, const char *role, const GPtrArray *found)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(run->state, role, &keys);
    const UpdFound *newest = upd_rescue_newest(found, keys, definition);

    put_state(run, role, newest != NULL ? json_deep_copy(newest->envelope) : upd_meta_new(role, 0, 0));
    return newest;
}

/* Both are always signed on this host, so a copy is of no more use than a new one; what the snapshot lists is. */
static void look_at_snapshot(Run *run)
{
    g_autoptr(GPtrArray) timestamps = upd_rescue_find(run->rescue, "timestamp");
    g_autoptr(GPtrArray) snapshots = upd_rescue_find(run->rescue, "snapshot");
    const UpdFound *timestamp = take_newest(run, "timestamp", timestamps);
    const UpdFound *snapshot = take_newest(run, "snapshot", snapshots);
    json_t *names = timestamp == NULL ? NULL : json_object_get(upd_meta_signed(timestamp->envelope), "meta");
    const UpdFound *exact = upd_rescue_exact(snapshots, json_object_get(names, "snapshot.json"));

    run->listed = json_object_get(upd_meta_signed(upd_state_get(run->state, "snapshot")), "meta");
    run->certain = exact != NULL && exact == snapshot;
    if (timestamp == NULL || !timestamp->in_place) {
        upd_rescue_repaired(run->rescue, "metadata/timestamp.json: signed again");
        run->snapshot = true;
    }
    if (!run->certain || !exact->in_place) {
        upd_rescue_repaired(run->rescue, "the snapshot: signed again under a higher version");
        run->snapshot = true;
    }
}

/* ----------------------------------------------------------------------------------------------------------- roles */

/* Whether the keys that are here are enough to sign the role. */
static bool can_sign(const Run *run, const char *role)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(run->state, role, &keys);
    g_autoptr(json_t) probe = upd_meta_new(role, 0, 0);
    guint count = 0;

    return definition != NULL && upd_keys_sign(run->repo, role, probe, definition, NULL, NULL) &&
           upd_meta_count(probe, keys, definition, &count, NULL) &&
           count >= (guint)json_integer_value(json_object_get(definition, "threshold"));
}

static bool check_can_sign(const Run *run, const char *role, GError **error)
{
    const json_t *entry = listed_entry(run, role);
    g_autofree char *name = file_of(role, json_integer_value(json_object_get(entry, "version")));

    if (can_sign(run, role))
        return true;
    return hl_fail(error, HL_ERROR_DENIED,
                   "%s is lost, no other copy of it is here, and neither is the key that could sign it again (or its "
                   "passphrase): take the file from a mirror, a backup, or an endpoint (sources/NAME of its patterns) "
                   "with 'holdline-updater repo repair %s --copy DIR'%s",
                   entry != NULL ? name : role, run->repo->dir,
                   strcmp(role, "targets") == 0 ? "" : ", or put the key back into private/keys");
}

/* Whether this is what clients have been shown of the role; where no snapshot tells for certain, the newest is. */
static bool is_as_listed(const Run *run, const char *role, const UpdFound *one, const UpdFound *exact)
{
    return one != NULL &&
           (one == exact ||
            (!run->certain && upd_meta_version(one->envelope) >=
                                  json_integer_value(json_object_get(listed_entry(run, role), "version"))));
}

/* The role as listed, from wherever; else the newest that is left, to be signed again. */
static bool take_role(Run *run, const char *role, const GPtrArray *found, GError **error)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(run->state, role, &keys);
    const UpdFound *exact = run->certain ? upd_rescue_exact(found, listed_entry(run, role)) : NULL;
    const UpdFound *one = exact != NULL && upd_rescue_is_signed(exact, keys, definition)
                              ? exact
                              : upd_rescue_newest(found, keys, definition);
    json_int_t version = one == NULL ? 0 : upd_meta_version(one->envelope);
    g_autofree char *name = file_of(role, version);

    if (one == NULL && strcmp(role, "targets") == 0)
        return check_can_sign(run, role, error) &&
               hl_fail(error, HL_ERROR_NOT_FOUND,
                       "no metadata of targets is left, which says whose the components are: name a directory that has "
                       "it, of a mirror, a backup or an endpoint, with --copy DIR");
    put_state(run, role, one != NULL ? json_deep_copy(one->envelope) : upd_meta_new("targets", 0, 0));
    if (one != NULL && !one->in_place) {
        if (!upd_repo_store(run->repo, name, one->bytes, error))
            return false;
        upd_rescue_repaired(run->rescue, "%s: put back from %s", name, one->origin);
    }
    if (is_as_listed(run, role, one, exact))
        return true;
    if (one == NULL)
        json_object_set_new(upd_meta_signed(upd_state_get(run->state, role)), "targets", json_object());
    if (listed_entry(run, role) == NULL && one == NULL)
        return true; /* a component that waits for its delegation to be signed */
    upd_rescue_repaired(run->rescue, "%s: what is listed of it is lost; signed again under a higher version", role);
    g_hash_table_add(run->again, g_strdup(role));
    return check_can_sign(run, role, error);
}

/* ------------------------------------------------------------------------------------------------------ components */

static void no_progress(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                        const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static bool publish_release(Run *run, const char *component, const json_t *release, GError **error)
{
    g_autoptr(GError) problem = NULL;
    UpdPublished published;
    UpdStaged staged;

    if (!upd_withdraw_stage(run->repo, run->state, component, release, &staged, &problem)) {
        upd_rescue_lost(run->rescue, "%s", problem->message);
        return true;
    }
    if (!upd_content_prepare(run->repo, run->state, component, no_progress, NULL, &published, error))
        return false;
    upd_rescue_repaired(run->rescue,
                        "%s: the content of %" JSON_INTEGER_FORMAT " is published again as %" G_GINT64_FORMAT,
                        component, json_integer_value(json_object_get(release, "version")), staged.version);
    g_hash_table_add(run->again, g_strdup(component));
    g_ptr_array_add(run->published, g_strdup(component));
    return true;
}

/* The newest content that is kept, under a higher version. */
static bool publish_kept(Run *run, const char *component, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/history/%s.json", component);
    g_autoptr(json_t) history = upd_repo_load(run->repo, name, NULL);
    const json_t *releases = json_object_get(history, "releases");
    gsize n = json_array_size(releases);

    if (upd_content_is_staged(run->repo, component)) {
        upd_rescue_lost(run->rescue,
                        "%s: a file of its newest content is lost, but content is staged that replaces it: "
                        "run 'holdline-updater repo publish %s'",
                        component, run->repo->dir);
        return true;
    }
    if (n > 0)
        return publish_release(run, component, json_array_get(releases, n - 1), error);
    upd_rescue_lost(run->rescue,
                    "%s: a file of its content is lost, and no content is kept that could take its place: publish it "
                    "again with 'holdline-updater repo add %s %s FILE...' and 'holdline-updater repo publish %s'",
                    component, run->repo->dir, component, run->repo->dir);
    return true;
}

static bool mend_component(Run *run, const char *component, GError **error)
{
    g_autoptr(GPtrArray) found = upd_rescue_find(run->rescue, component);
    json_t *role;
    UpdMendEnd end;

    if (!take_role(run, component, found, error))
        return false;
    role = upd_state_get(run->state, component);
    if (!upd_mend_history(run->rescue, component, role, found, error) ||
        !upd_mend_targets(run->rescue, component, role, &end, error) || !upd_mend_forget(run->rescue, component, error))
        return false;
    /* a role of before the newest release: what the history has is later */
    if ((g_hash_table_contains(run->again, component) || !run->certain) &&
        upd_content_newest(run->repo, component) > upd_content_version(role))
        end = UPD_MEND_LOST;
    if (end == UPD_MEND_LOST)
        return publish_kept(run, component, error);
    if (end == UPD_MEND_CHANGED)
        g_hash_table_add(run->again, g_strdup(component));
    return true;
}

static bool mend_components(Run *run, GError **error)
{
    g_autoptr(GPtrArray) components = upd_state_components(run->state);

    for (guint i = 0; i < components->len; i++)
        if (!mend_component(run, components->pdata[i], error))
            return false;
    return true;
}

/* --------------------------------------------------------------------------------------------------------- release */

/* No role may be listed with a lower number than clients have seen: one that nobody publishes again in the next months
 * would keep them away.  What cannot be signed here is told at the end. */
static void sign_all_again(const Run *run)
{
    g_autoptr(GPtrArray) roles = upd_state_components(run->state);

    g_ptr_array_add(roles, (gpointer) "targets");
    for (guint i = 0; i < roles->len; i++)
        if (upd_meta_version(upd_state_get(run->state, roles->pdata[i])) > 0 && can_sign(run, roles->pdata[i]))
            g_hash_table_add(run->again, g_strdup(roles->pdata[i]));
}

static bool release(Run *run, GError **error)
{
    GHashTableIter iter;
    gpointer role;
    bool pending = false;

    if (run->restored)
        sign_all_again(run);
    g_hash_table_iter_init(&iter, run->again);
    while (g_hash_table_iter_next(&iter, &role, NULL))
        if (!check_can_sign(run, role, error) || !upd_release_role(run->repo, run->state, role, &pending, error))
            return false;
    if ((run->snapshot || g_hash_table_size(run->again) > 0) && !upd_release_snapshot(run->repo, run->state, error))
        return false;
    for (guint i = 0; i < run->published->len; i++)
        if (!upd_content_commit(run->repo, run->published->pdata[i], error))
            return false;
    return true;
}

/* Roots are kept for good, up to the one in force; a later name would be taken for that one. */
static bool is_kept_root(const Run *run, const char *name)
{
    return g_str_has_suffix(name, ".root.json") &&
           g_ascii_strtoll(name, NULL, 10) <= upd_meta_version(upd_state_get(run->state, "root"));
}

/* Metadata that nobody can read and that is not in force. */
static bool sweep_metadata(const Run *run, GError **error)
{
    g_autoptr(GPtrArray) names = upd_repo_list(run->repo, "metadata");

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name = g_strdup_printf("metadata/%s", (char *)names->pdata[i]);
        g_autoptr(json_t) envelope = upd_repo_load(run->repo, name, NULL);
        g_autofree char *path = upd_repo_path(run->repo, "%s", name);

        if (!g_str_has_suffix(name, ".json") || json_is_object(upd_meta_signed(envelope)) ||
            is_kept_root(run, names->pdata[i]))
            continue;
        if (!hl_tree_remove(path, error))
            return false;
        upd_rescue_repaired(run->rescue, "%s: removed, it was damaged and nobody asks for it", name);
    }
    return true;
}

/* Nothing of this is lost while clients are served, but the next publish or renewal would fail. */
static void look_at_keys(const Run *run)
{
    g_autoptr(GPtrArray) roles = upd_state_components(run->state);

    g_ptr_array_add(roles, (gpointer) "snapshot");
    g_ptr_array_add(roles, (gpointer) "timestamp");
    for (guint i = 0; i < roles->len; i++) {
        const char *role = roles->pdata[i];

        if (!can_sign(run, role))
            upd_rescue_lost(
                run->rescue,
                "no key in private/keys can sign %s (or its passphrase is not given): put the file back from "
                "a backup, or give the role another key: 'holdline-updater repo key new FILE', copy FILE to "
                "private/keys/%s-2.pem, 'holdline-updater repo root rotate %s %s --drop-key KEYID --add-key FILE.pub'",
                role, role, run->repo->dir, role);
    }
}

/* What the publisher's own client trusts may have suffered as well; all of it is in metadata/. */
static bool read_back(const Run *run, UpdReadback *readback, GError **error)
{
    g_autofree char *reader = upd_repo_path(run->repo, "private/reader");
    g_autoptr(GError) problem = NULL;

    if (upd_readback(run->repo, readback, &problem))
        return true;
    if (run->rescue->lost > 0) { /* told already, and the repository works for what is whole */
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!hl_tree_remove(reader, error) || !upd_readback(run->repo, readback, error))
        return false;
    upd_rescue_repaired(run->rescue, "private/reader: made again");
    return true;
}

/* A creation that was cut short has nothing that could be repaired. */
static bool check_founded(const UpdRescue *rescue, GError **error)
{
    g_autoptr(GPtrArray) roots = upd_rescue_find(rescue, "root");
    g_autoptr(GPtrArray) found = upd_rescue_find(rescue, "targets");

    if (upd_repo_exists(rescue->repo, "private/pending/root.json") && roots->len == 0)
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "%s is not in force yet: finish the ceremony with 'holdline-updater repo root accept'",
                       rescue->repo->dir);
    return found->len > 0 || hl_fail(error, HL_ERROR_NOT_FOUND,
                                     "no metadata of targets is left in %s: if it was never in force, remove it and "
                                     "run 'holdline-updater repo init'; else "
                                     "name another copy, of a mirror, a backup or an endpoint, with --copy DIR",
                                     rescue->repo->dir);
}

static bool run_all(Run *run, UpdReadback *readback, GError **error)
{
    g_autoptr(GPtrArray) targets = upd_rescue_find(run->rescue, "targets");
    json_t *root = upd_rescue_roots(run->rescue, error);

    if (root == NULL)
        return false;
    put_state(run, "root", root);
    look_at_snapshot(run);
    if (!take_role(run, "targets", targets, error) || !mend_components(run, error) || !release(run, error) ||
        !sweep_metadata(run, error) || !upd_mend_sweep(run->rescue, error))
        return false;
    look_at_keys(run);
    return read_back(run, readback, error);
}

static bool go_past(const UpdRepo *repo, const UpdNumbersAbove *above, GError **error)
{
    return upd_stage_go_past(repo, repo->now, above->component, error) &&
           (above->metadata == 0 || upd_numbers_go_past(repo, above->metadata, error));
}

bool upd_repair(const UpdRepair *repair, UpdReadback *readback, GError **error)
{
    g_autoptr(GHashTable) again = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) published = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(UpdState) state = upd_state_new();
    Run run = { .rescue = repair->rescue,
                .repo = repair->rescue->repo,
                .state = state,
                .again = again,
                .published = published,
                .snapshot = repair->restored,
                .restored = repair->restored };

    if (!check_founded(repair->rescue, error) || (repair->restored && !go_past(run.repo, &repair->above, error)))
        return false;
    return run_all(&run, readback, error);
}

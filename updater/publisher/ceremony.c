/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/ceremony.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/publisher/keys.h"
#include "updater/publisher/release.h"
#include "updater/tuf/canonical.h"

static json_t *definition_in(const json_t *root, const char *role)
{
    return json_object_get(json_object_get(upd_meta_signed(root), "roles"), role);
}

/* How many signatures a definition still lacks. */
static bool count_lacking(const json_t *envelope, const json_t *keys, const json_t *definition, guint *lacking,
                          GError **error)
{
    guint threshold = (guint)json_integer_value(json_object_get(definition, "threshold"));
    guint count;

    if (!upd_meta_count(envelope, keys, definition, &count, error))
        return false;
    *lacking = count < threshold ? threshold - count : 0;
    return true;
}

/* A root must be signed by the one in force, and by itself. */
static bool root_lacking(const json_t *old, const json_t *root, guint *lacking, GError **error)
{
    guint by_old = 0;

    if (old != NULL &&
        !count_lacking(root, json_object_get(upd_meta_signed(old), "keys"), definition_in(old, "root"), &by_old, error))
        return false;
    if (!count_lacking(root, json_object_get(upd_meta_signed(root), "keys"), definition_in(root, "root"), lacking,
                       error))
        return false;
    *lacking = MAX(*lacking, by_old);
    return true;
}

static bool store_draft(const UpdRepo *repo, const char *role, const json_t *envelope, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/pending/%s.json", role);
    g_autoptr(GBytes) bytes = upd_meta_print(envelope);

    return upd_repo_store(repo, name, bytes, error);
}

bool upd_ceremony_root(const UpdRepo *repo, UpdState *state, json_t *root, json_t **ready, GError **error)
{
    g_autoptr(json_t) draft = root;
    const json_t *old = upd_state_get(state, "root");
    const json_t *delegations = json_object_get(upd_meta_signed(upd_state_get(state, "targets")), "delegations");
    guint lacking;

    *ready = NULL;
    if (!upd_meta_check_roles(upd_meta_signed(draft), delegations, error))
        return false;
    upd_meta_renew(draft, 0, repo->now + upd_role_spec("root")->lifetime); /* clients ask for exactly the next one */
    if (!upd_keys_sign(repo, "root", draft, definition_in(draft, "root"),
                       old == NULL ? NULL : definition_in(old, "root"), error) ||
        !root_lacking(old, draft, &lacking, error))
        return false;
    if (lacking > 0)
        return store_draft(repo, "root", draft, error);
    *ready = g_steal_pointer(&draft);
    return true;
}

bool upd_ceremony_is_free(const UpdRepo *repo, GError **error)
{
    static const char *const roles[] = { "root", "targets" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autofree char *name = g_strdup_printf("private/pending/%s.json", roles[i]);

        if (upd_repo_exists(repo, name))
            return hl_fail(error, HL_ERROR_CONFLICT,
                           "a draft of %s waits for signatures: finish it with 'holdline-updater repo root accept', or "
                           "remove %s/%s to give it up",
                           roles[i], repo->dir, name);
    }
    return true;
}

json_t *upd_ceremony_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = hl_file_read(path, UPD_META_MAX, error);
    g_autoptr(json_t) envelope =
        bytes == NULL ? NULL : hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);

    if (envelope == NULL)
        return NULL;
    if (!json_is_object(upd_meta_signed(envelope)) || !json_is_array(json_object_get(envelope, "signatures")) ||
        json_string_value(json_object_get(upd_meta_signed(envelope), "_type")) == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "%s is not TUF metadata", path);
        return NULL;
    }
    return g_steal_pointer(&envelope);
}

static const char *type_of(const json_t *envelope)
{
    return json_string_value(json_object_get(upd_meta_signed(envelope), "_type"));
}

static const char *last_signer(const json_t *envelope)
{
    const json_t *signatures = json_object_get(envelope, "signatures");

    return json_string_value(json_object_get(json_array_get(signatures, json_array_size(signatures) - 1), "keyid"));
}

bool upd_ceremony_sign(const char *draft, const char *key_file, const char *passphrase, char **role, bool *listed,
                       GError **error)
{
    g_autoptr(json_t) envelope = upd_ceremony_load(draft, error);
    g_autoptr(TufPrivateKey) key = envelope == NULL ? NULL : upd_key_file_load(key_file, passphrase, error);
    g_autoptr(GBytes) bytes = NULL;

    if (key == NULL || !upd_meta_sign(envelope, key, error))
        return false;
    *role = g_strdup(type_of(envelope));
    *listed = strcmp(*role, "root") != 0 || upd_meta_lists(definition_in(envelope, "root"), last_signer(envelope));
    bytes = upd_meta_print(envelope);
    return hl_file_write(draft, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0644, error);
}

static bool same_content(const json_t *a, const json_t *b)
{
    g_autoptr(GBytes) x = tuf_canonical(upd_meta_signed(a), NULL);
    g_autoptr(GBytes) y = tuf_canonical(upd_meta_signed(b), NULL);

    return x != NULL && y != NULL && g_bytes_equal(x, y);
}

/* Whether a signature by this key can count at all: by the root in force, by a root that waits or, for a root, by the
 * draft itself.  The first targets waits beside the first root, which nobody has agreed to yet. */
static bool may_sign(const UpdRepo *repo, const UpdState *state, const char *role, const json_t *draft,
                     const char *keyid)
{
    g_autoptr(json_t) root = upd_repo_load(repo, "private/pending/root.json", NULL);
    json_t *keys = NULL;

    if (upd_meta_lists(upd_state_definition(state, role, &keys), keyid) ||
        upd_meta_lists(definition_in(root, role), keyid))
        return true;
    return strcmp(role, "root") == 0 ? upd_meta_lists(definition_in(draft, "root"), keyid)
                                     : upd_state_get(state, "root") == NULL;
}

/* Takes the signatures of one file into the draft that waits. */
static bool collect(const UpdRepo *repo, const UpdState *state, const char *path, GError **error)
{
    g_autoptr(json_t) given = upd_ceremony_load(path, error);
    const char *role = given == NULL ? NULL : type_of(given);
    g_autofree char *name = g_strdup_printf("private/pending/%s.json", role);
    g_autoptr(json_t) draft = NULL;
    json_t *signatures;
    json_t *more;

    if (given == NULL)
        return false;
    if (!upd_repo_exists(repo, name) && upd_state_get(state, role) != NULL &&
        same_content(given, upd_state_get(state, role)))
        return true; /* in force already: goes on with an acceptance that was cut short */
    if ((strcmp(role, "root") != 0 && strcmp(role, "targets") != 0) || !upd_repo_exists(repo, name))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "no draft of %s waits for signatures in %s/private/pending", role,
                       repo->dir);
    draft = upd_repo_load(repo, name, error);
    if (draft == NULL)
        return false;
    if (!same_content(draft, given))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "%s is not a copy of the draft that is waiting: sign %s/%s", path,
                       repo->dir, name);
    signatures = json_object_get(draft, "signatures");
    more = json_object_get(given, "signatures");
    for (gsize i = 0; i < json_array_size(more); i++) {
        json_t *entry = json_array_get(more, i);
        const char *keyid = json_string_value(json_object_get(entry, "keyid"));
        bool known = keyid == NULL;

        for (gsize k = 0; k < json_array_size(signatures); k++)
            known = known ||
                    g_strcmp0(json_string_value(json_object_get(json_array_get(signatures, k), "keyid")), keyid) == 0;
        if (known)
            continue;
        if (!may_sign(repo, state, role, draft, keyid))
            return hl_fail(error, HL_ERROR_UNTRUSTED,
                           "%s is signed with key %.12s, which is not a key of role %s: 'holdline-updater repo key "
                           "list' shows whose it is",
                           path, keyid, role);
        json_array_append(signatures, entry);
    }
    return store_draft(repo, role, draft, error);
}

/* Whether the keys that are here will do for a role of this host: without them it would lock every client out. */
static bool check_signers(const UpdRepo *repo, const char *role, const json_t *keys, const json_t *definition,
                          GError **error)
{
    g_autoptr(json_t) probe = upd_meta_new(role, 0, 0);
    guint lacking = 0;

    if (!upd_keys_sign(repo, role, probe, definition, NULL, error) ||
        !count_lacking(probe, keys, definition, &lacking, error))
        return false;
    return lacking == 0 || hl_fail(error, HL_ERROR_DENIED,
                                   "role %s would lack %u signature(s) with these keys; nothing was changed: put the "
                                   "private key into %s/private/keys as %s-2.pem first",
                                   role, lacking, repo->dir, role);
}

/* What follows a root or targets in force is signed here at once: that it can be is known before. */
static bool check_followers(const UpdRepo *repo, const json_t *root, GError **error)
{
    static const char *const followers[] = { "snapshot", "timestamp" };

    for (gsize i = 0; i < G_N_ELEMENTS(followers); i++)
        if (!check_signers(repo, followers[i], json_object_get(upd_meta_signed(root), "keys"),
                           definition_in(root, followers[i]), error))
            return false;
    return true;
}

/* Signs a component again if its signers changed so that the present signatures are no longer enough. */
static bool follow_component(const UpdRepo *repo, UpdState *state, const char *component, GError **error)
{
    json_t *keys = NULL;
    const json_t *definition = upd_state_definition(state, component, &keys);
    guint lacking = 0;
    bool pending = false;

    return upd_state_get(state, component) == NULL ||
           (count_lacking(upd_state_get(state, component), keys, definition, &lacking, error) &&
            (lacking == 0 || upd_release_role(repo, state, component, &pending, error)));
}

/* The targets of the state, if need be signed again, for a root that is to come into force.  *pending: its holders have
 * to sign it before; it is a draft now. */
static bool follow_targets(const UpdRepo *repo, UpdState *state, json_t *root, bool *pending, GError **error)
{
    bool ok;

    *pending = false;
    if (upd_release_holds(state, "targets", root))
        return true;
    if (upd_repo_exists(repo, "private/pending/targets.json")) { /* with the signatures that it has */
        *pending = true;
        return true;
    }
    g_hash_table_insert(state, g_strdup(UPD_STATE_NEXT_ROOT), json_incref(root));
    ok = upd_release_role(repo, state, "targets", pending, error);
    g_hash_table_remove(state, UPD_STATE_NEXT_ROOT);
    return ok;
}

/* Puts into force what a change of root or targets brings with it: components under new keys, then snapshot, timestamp
 * and, if it changes, the root (consumed; NULL: it stays). */
static bool follow_up(const UpdRepo *repo, UpdState *state, json_t *root, GError **error)
{
    g_autoptr(json_t) next = root;
    g_autoptr(GPtrArray) components = NULL;

    if (!upd_state_load_components(repo, state, error))
        return false;
    components = upd_state_components(state);
    for (guint i = 0; i < components->len; i++)
        if (!follow_component(repo, state, components->pdata[i], error))
            return false;
    return next == NULL ? upd_release_snapshot(repo, state, error)
                        : upd_release_root(repo, state, g_steal_pointer(&next), error);
}

/* The first root and the first targets: nobody is served yet. */
static bool found(const UpdRepo *repo, UpdState *state, json_t *root, GError **error)
{
    if (root != NULL && !upd_release_install(repo, state, "root", root, error))
        return false;
    return upd_state_get(state, "root") == NULL || upd_state_get(state, "targets") == NULL ||
           follow_up(repo, state, NULL, error);
}

/* A draft that waits; NULL if none does, or with *error.  One that is in force already, because an acceptance was cut
 * short, is done with. */
static json_t *load_draft(const UpdRepo *repo, const UpdState *state, const char *role, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/pending/%s.json", role);
    g_autofree char *path = upd_repo_path(repo, "%s", name);
    g_autoptr(json_t) draft = upd_repo_exists(repo, name) ? upd_repo_load(repo, name, error) : NULL;

    if (draft == NULL || upd_state_get(state, role) == NULL || !same_content(draft, upd_state_get(state, role)))
        return g_steal_pointer(&draft);
    if (unlink(path) != 0)
        hl_fail(error, HL_ERROR_IO, "cannot remove %s: remove it by hand", path);
    return NULL;
}

static bool drop_draft(const UpdRepo *repo, const char *role, GError **error)
{
    g_autofree char *path = upd_repo_path(repo, "private/pending/%s.json", role);

    return unlink(path) == 0 || hl_fail(error, HL_ERROR_IO, "cannot remove %s: remove it by hand", path);
}

/* The drafts that have the signatures that they need; NULL: none waits, or it lacks some. */
typedef struct {
    json_t *root, *targets;
} Ready;

static void ready_clear(Ready *ready)
{
    json_decref(ready->root);
    json_decref(ready->targets);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ready, ready_clear)

static bool find_ready_root(const UpdRepo *repo, const UpdState *state, Ready *ready, guint *lacking, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) draft = load_draft(repo, state, "root", &problem);

    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (draft == NULL)
        return true;
    if (!root_lacking(upd_state_get(state, "root"), draft, lacking, error))
        return false;
    if (*lacking == 0)
        ready->root = g_steal_pointer(&draft);
    return true;
}

static bool find_ready_targets(const UpdRepo *repo, const UpdState *state, Ready *ready, guint *lacking, GError **error)
{
    const json_t *root = ready->root != NULL ? ready->root : upd_state_get(state, "root");
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) draft = load_draft(repo, state, "targets", &problem);
    guint missing = 1; /* without a root: it says who signs targets */

    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (draft == NULL)
        return true;
    if (root != NULL && !count_lacking(draft, json_object_get(upd_meta_signed(root), "keys"),
                                       definition_in(root, "targets"), &missing, error))
        return false;
    if (missing == 0)
        ready->targets = g_steal_pointer(&draft);
    else if (*lacking == 0)
        *lacking = missing;
    return true;
}

/* What is ready comes into force together; a root waits as long as the targets that it asks for is not signed. */
static bool promote(const UpdRepo *repo, UpdState *state, Ready *ready, UpdAccepted *accepted, GError **error)
{
    bool first = upd_state_get(state, "timestamp") == NULL;
    bool pending = false;

    if ((ready->root != NULL || ready->targets != NULL) &&
        !check_followers(repo, ready->root != NULL ? ready->root : upd_state_get(state, "root"), error))
        return false;
    accepted->targets = ready->targets != NULL;
    if (ready->targets != NULL && !upd_release_install(repo, state, "targets", g_steal_pointer(&ready->targets), error))
        return false;
    if (!first && ready->root != NULL) {
        if (!follow_targets(repo, state, ready->root, &pending, error))
            return false;
        if (pending && accepted->lacking == 0)
            accepted->lacking = 1;
        if (pending)
            g_clear_pointer(&ready->root, json_decref);
    }
    accepted->root = ready->root != NULL;
    if (!(first ? found(repo, state, g_steal_pointer(&ready->root), error)
                : (!accepted->root && !accepted->targets) ||
                      follow_up(repo, state, g_steal_pointer(&ready->root), error)))
        return false;
    return (!accepted->root || drop_draft(repo, "root", error)) &&
           (!accepted->targets || drop_draft(repo, "targets", error));
}

bool upd_ceremony_accept(const UpdRepo *repo, UpdState *state, const char *const *files, gsize n_files,
                         UpdAccepted *accepted, GError **error)
{
    g_auto(Ready) ready = { 0 };

    *accepted = (UpdAccepted){ 0 };
    for (gsize i = 0; i < n_files; i++)
        if (!collect(repo, state, files[i], error))
            return false;
    return find_ready_root(repo, state, &ready, &accepted->lacking, error) &&
           find_ready_targets(repo, state, &ready, &accepted->lacking, error) &&
           promote(repo, state, &ready, accepted, error);
}

/* Drops and adds in a definition; keys may hold keys of other roles too. */
static bool change_keys(const UpdRepo *repo, json_t *keys, json_t *definition, const UpdRotation *rotation,
                        GError **error)
{
    g_autoptr(GPtrArray) objects = upd_key_objects_new();
    json_t *keyids = json_object_get(definition, "keyids");
    g_autoptr(json_t) added = NULL;
    gsize found = G_MAXSIZE;
    guint matches = 0;

    for (gsize i = 0; rotation->drop_key != NULL && i < json_array_size(keyids); i++)
        if (g_str_has_prefix(json_string_value(json_array_get(keyids, i)), rotation->drop_key)) {
            found = i;
            matches++;
        }
    if (rotation->drop_key != NULL && (matches > 1 || *rotation->drop_key == '\0'))
        return hl_fail(error, HL_ERROR_INVALID,
                       "--drop-key '%s' does not name one key of role %s: 'holdline-updater repo key list' shows them",
                       rotation->drop_key, rotation->role);
    if (rotation->drop_key != NULL && found == G_MAXSIZE)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "role %s has no key %s: 'holdline-updater repo key list' shows its keys", rotation->role,
                       rotation->drop_key);
    /* a role whose keys are kept elsewhere never gets one on this machine: dropped is dropped */
    if (rotation->add_key == NULL && upd_keys_are_here(repo, rotation->role) &&
        !upd_keys_make(repo, rotation->role, 1, objects, error))
        return false;
    if (rotation->add_key != NULL) {
        json_t *object = upd_public_file_load(rotation->add_key, error);

        if (object == NULL)
            return false;
        g_ptr_array_add(objects, object);
    }
    added = upd_meta_definition(keys, (json_t *const *)objects->pdata, objects->len, 1, error);
    if (added == NULL)
        return false;
    json_array_extend(keyids, json_object_get(added, "keyids"));
    if (found != G_MAXSIZE) {
        json_object_del(keys, json_string_value(json_array_get(keyids, found)));
        json_array_remove(keyids, found);
    }
    return strcmp(rotation->role, "root") == 0 || strcmp(rotation->role, "targets") == 0 ||
           check_signers(repo, rotation->role, keys, definition, error);
}

static bool rotate_delegated(const UpdRepo *repo, UpdState *state, const UpdRotation *rotation, bool *pending,
                             GError **error)
{
    json_t *keys = NULL;
    json_t *definition = upd_state_definition(state, rotation->role, &keys);
    json_t *targets = upd_meta_signed(upd_state_get(state, "targets"));

    if (definition == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "no role %s in this repository: 'holdline-updater repo key list' shows its roles",
                       rotation->role);
    return change_keys(repo, keys, definition, rotation, error) &&
           upd_meta_check_roles(upd_meta_signed(upd_state_get(state, "root")), json_object_get(targets, "delegations"),
                                error) &&
           upd_release_role(repo, state, "targets", pending, error);
}

/* A root that is signed comes into force, unless the targets that it asks for has to be signed elsewhere: then it waits
 * with that.  A root that is a draft (ready is NULL) may ask for such a targets too. */
static bool apply_root(const UpdRepo *repo, UpdState *state, json_t *ready, bool *pending, GError **error)
{
    g_autoptr(json_t) root = ready;
    g_autoptr(json_t) draft =
        root != NULL ? json_incref(root) : upd_repo_load(repo, "private/pending/root.json", error);
    bool targets_pending = false;

    *pending = root == NULL;
    if (draft == NULL)
        return false;
    /* of a draft that may never be signed nothing comes into force, but a targets that its holders must sign waits */
    if (root == NULL && (upd_release_holds(state, "targets", draft) || upd_keys_are_here(repo, "targets")))
        return true;
    if (!follow_targets(repo, state, draft, &targets_pending, error))
        return false;
    *pending = root == NULL || targets_pending;
    if (targets_pending && root != NULL)
        return store_draft(repo, "root", root, error);
    return *pending || follow_up(repo, state, g_steal_pointer(&root), error);
}

/* Root or targets as they are, with a new expiry.  Targets goes with root: its holders are together then anyway. */
static bool renew(const UpdRepo *repo, UpdState *state, const char *role, bool *pending, GError **error)
{
    bool with_root = strcmp(role, "root") == 0;
    bool targets_pending = false;
    json_t *root = NULL;

    if (!with_root && strcmp(role, "targets") != 0)
        return hl_fail(error, HL_ERROR_USAGE, "say what changes for %s: --drop-key KEYID, --add-key FILE.pub, or both",
                       role);
    if (with_root && !upd_ceremony_root(repo, state, json_deep_copy(upd_state_get(state, "root")), &root, error))
        return false;
    if (!upd_release_role(repo, state, "targets", &targets_pending, error)) {
        json_decref(root);
        return false;
    }
    *pending = targets_pending || (with_root && root == NULL);
    return (targets_pending && root == NULL) || follow_up(repo, state, root, error);
}

bool upd_ceremony_rotate(const UpdRepo *repo, UpdState *state, const UpdRotation *rotation, bool *pending,
                         GError **error)
{
    g_autoptr(json_t) root = NULL;
    json_t *ready = NULL;
    json_t *keys;

    if (upd_state_get(state, "root") == NULL || upd_state_get(state, "targets") == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "%s is not in force yet: finish the ceremony with 'holdline-updater repo root accept' first",
                       repo->dir);
    if (!upd_ceremony_is_free(repo, error))
        return false;
    if (rotation->add_key == NULL && rotation->drop_key == NULL)
        return renew(repo, state, rotation->role, pending, error);
    if (upd_role_spec(rotation->role)->role == NULL)
        return rotate_delegated(repo, state, rotation, pending, error) &&
               (*pending || follow_up(repo, state, NULL, error));
    root = json_deep_copy(upd_state_get(state, "root"));
    keys = json_object_get(upd_meta_signed(root), "keys");
    return change_keys(repo, keys, definition_in(root, rotation->role), rotation, error) &&
           upd_ceremony_root(repo, state, g_steal_pointer(&root), &ready, error) &&
           apply_root(repo, state, ready, pending, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/repo_init.h"

#include <assert.h>
#include <string.h>

#include "proto/updater_lines.h"
#include "updater/publisher/ceremony.h"
#include "updater/publisher/content.h"
#include "updater/publisher/keys.h"
#include "updater/publisher/release.h"
#include "updater/tuf/delegation.h"

static_assert((int)TUF_ROLES_MAX == (int)HL_UPDATER_MAX_COMPONENTS, "clients take what publishers make");

/* The key objects of a role: of the files named, or made here. */
static GPtrArray *role_keys(const UpdRepo *repo, const char *role, const char *const *files, gsize n_files,
                            GError **error)
{
    g_autoptr(GPtrArray) objects = upd_key_objects_new();

    if (n_files == 0)
        return upd_keys_make(repo, role, upd_role_spec(role)->keys, objects, error) ? g_steal_pointer(&objects) : NULL;
    for (gsize i = 0; i < n_files; i++) {
        json_t *object = upd_public_file_load(files[i], error);

        if (object == NULL)
            return NULL;
        g_ptr_array_add(objects, object);
    }
    return g_steal_pointer(&objects);
}

static bool define(const UpdRepo *repo, json_t *keys, json_t *roles, const char *role, const char *const *files,
                   gsize n_files, GError **error)
{
    g_autoptr(GPtrArray) objects = role_keys(repo, role, files, n_files, error);
    json_t *definition;

    if (objects == NULL)
        return false;
    definition =
        upd_meta_definition(keys, (json_t *const *)objects->pdata, objects->len, upd_role_spec(role)->threshold, error);
    if (definition == NULL)
        return false;
    json_object_set_new(roles, role, definition);
    return true;
}

static json_t *make_root(const UpdRepo *repo, const UpdRepoInit *founding, GError **error)
{
    g_autoptr(json_t) root = upd_meta_new("root", 0, 0);
    json_t *content = upd_meta_signed(root);
    json_t *keys = json_object();
    json_t *roles = json_object();

    json_object_set_new(content, "consistent_snapshot", json_true());
    json_object_set_new(content, "keys", keys);
    json_object_set_new(content, "roles", roles);
    if (!define(repo, keys, roles, "root", founding->root_keys, founding->n_root_keys, error) ||
        !define(repo, keys, roles, "targets", founding->targets_keys, founding->n_targets_keys, error) ||
        !define(repo, keys, roles, "snapshot", NULL, 0, error) ||
        !define(repo, keys, roles, "timestamp", NULL, 0, error) || !upd_meta_check_roles(content, NULL, error))
        return NULL;
    return g_steal_pointer(&root);
}

/* Adds the delegation to the targets role in memory. */
static bool delegate(const UpdRepo *repo, json_t *targets, const char *component, GError **error)
{
    json_t *delegations = json_object_get(upd_meta_signed(targets), "delegations");
    g_autoptr(GPtrArray) objects = upd_key_objects_new();
    g_autofree char *pattern = g_strdup_printf("%s/*", component);
    g_autoptr(json_t) definition = NULL;

    if (json_array_size(json_object_get(delegations, "roles")) >= HL_UPDATER_MAX_COMPONENTS)
        return hl_fail(error, HL_ERROR_LIMIT, "%s would be one component too many: a repository has at most %d",
                       component, HL_UPDATER_MAX_COMPONENTS);
    if (!upd_keys_make(repo, component, upd_role_spec(component)->keys, objects, error))
        return false;
    definition = upd_meta_definition(json_object_get(delegations, "keys"), (json_t *const *)objects->pdata,
                                     objects->len, upd_role_spec(component)->threshold, error);
    if (definition == NULL)
        return false;
    json_object_set_new(definition, "name", json_string(component));
    json_object_set_new(definition, "terminating", json_true());
    json_object_set_new(definition, "paths", json_pack("[s]", pattern));
    json_array_append(json_object_get(delegations, "roles"), definition);
    return true;
}

/* Version 1 of a component's role: it lists nothing yet. */
static bool release_empty(const UpdRepo *repo, UpdState *state, const char *component, GError **error)
{
    json_t *envelope = upd_meta_new("targets", 0, 0);
    bool pending = false;

    json_object_set_new(upd_meta_signed(envelope), "targets", json_object());
    g_hash_table_insert(state, g_strdup(component), envelope);
    return upd_release_role(repo, state, component, &pending, error);
}

static json_t *make_targets(const UpdRepo *repo, const UpdRepoInit *founding, GError **error)
{
    g_autoptr(json_t) targets = upd_meta_new("targets", 0, 0);
    json_t *content = upd_meta_signed(targets);

    json_object_set_new(content, "targets", json_object());
    json_object_set_new(content, "delegations", json_pack("{s:{}, s:[]}", "keys", "roles"));
    for (gsize i = 0; i < founding->n_components; i++) {
        for (gsize k = 0; k < i; k++)
            if (strcmp(founding->components[k], founding->components[i]) == 0) {
                hl_fail(error, HL_ERROR_INVALID, "component %s is given twice", founding->components[i]);
                return NULL;
            }
        if (!upd_component_name_ok(founding->components[i], error) ||
            !delegate(repo, targets, founding->components[i], error))
            return NULL;
    }
    return g_steal_pointer(&targets);
}

bool upd_repo_init(const UpdRepo *repo, const UpdRepoInit *founding, GError **error)
{
    g_autoptr(UpdState) state = upd_state_load(repo, error);
    g_autoptr(json_t) root = state == NULL ? NULL : make_root(repo, founding, error);
    json_t *targets = root == NULL ? NULL : make_targets(repo, founding, error);
    json_t *ready = NULL;
    bool targets_pending = false;

    if (targets == NULL)
        return false;
    g_hash_table_insert(state, g_strdup("targets"), targets);
    if (!upd_ceremony_root(repo, state, json_incref(root), &ready, error))
        return false;
    if (ready != NULL && !upd_release_install(repo, state, "root", ready, error))
        return false;
    if (ready == NULL) /* not in force yet, but it says already who may sign targets */
        g_hash_table_insert(state, g_strdup("root"), json_incref(root));
    if (!upd_release_role(repo, state, "targets", &targets_pending, error))
        return false;
    for (gsize i = 0; i < founding->n_components; i++)
        if (!release_empty(repo, state, founding->components[i], error))
            return false;
    return ready == NULL || targets_pending || upd_release_snapshot(repo, state, error);
}

/* A key in the clear is read with any passphrase, or with none. */
static bool has_keys_of_form(const UpdRepo *repo, const char *role)
{
    g_autofree char *path = upd_repo_path(repo, "private/keys/%s-1.pem", role);
    g_autoptr(TufPrivateKey) clear = upd_key_file_load(path, NULL, NULL);
    g_autoptr(TufPrivateKey) key = clear == NULL ? upd_key_file_load(path, repo->passphrase, NULL) : NULL;

    return repo->passphrase == NULL ? clear != NULL : key != NULL;
}

static bool is_version_one(UpdState *state, const char *role)
{
    return upd_meta_version(upd_state_get(state, role)) == 1;
}

static bool is_empty(const UpdRepo *repo, UpdState *state, const char *component)
{
    return is_version_one(state, component) && upd_content_version(upd_state_get(state, component)) == 0 &&
           !upd_content_is_staged(repo, component) && upd_content_newest(repo, component) == 0;
}

bool upd_repo_is_as_founded(const UpdRepo *repo, UpdState *state, const UpdRepoInit *founding)
{
    g_autoptr(GPtrArray) components = upd_state_components(state);

    if (founding->n_root_keys > 0 || founding->n_components != components->len || !is_version_one(state, "root") ||
        !is_version_one(state, "targets") || !has_keys_of_form(repo, "root") || !has_keys_of_form(repo, "targets"))
        return false;
    for (guint i = 0; i < components->len; i++)
        if (strcmp(components->pdata[i], founding->components[i]) != 0 ||
            !is_empty(repo, state, components->pdata[i]) || !has_keys_of_form(repo, components->pdata[i]))
            return false;
    return true;
}

bool upd_repo_init_component(const UpdRepo *repo, UpdState *state, const char *component, GError **error)
{
    json_t *targets = upd_state_get(state, "targets");
    json_t *keys;
    bool pending = false;

    if (!upd_component_name_ok(component, error))
        return false;
    if (targets == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "%s is not in force yet: finish the ceremony with 'holdline-updater repo root accept' first",
                       repo->dir);
    if (upd_state_definition(state, component, &keys) != NULL)
        return hl_fail(error, HL_ERROR_EXISTS, "component %s already has its role", component);
    if (!upd_ceremony_is_free(repo, error))
        return false;
    if (!delegate(repo, targets, component, error) ||
        !upd_meta_check_roles(upd_meta_signed(upd_state_get(state, "root")),
                              json_object_get(upd_meta_signed(targets), "delegations"), error) ||
        !upd_release_role(repo, state, "targets", &pending, error) || !release_empty(repo, state, component, error))
        return false;
    return pending || upd_release_snapshot(repo, state, error);
}

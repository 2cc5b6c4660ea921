/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/draft.h"

#include <string.h>

static const char *const top_level[] = { "root", "targets", "snapshot", "timestamp" };

static const char *text_of(const json_t *envelope, const char *member)
{
    const char *text = json_string_value(json_object_get(upd_meta_signed(envelope), member));

    return text == NULL ? "?" : text;
}

static json_int_t threshold_of(const json_t *definition)
{
    return json_integer_value(json_object_get(definition, "threshold"));
}

static void add_keys(GString *text, const char *mark, const json_t *these, const json_t *others, bool marked_only)
{
    const json_t *keyids = json_object_get(these, "keyids");

    for (gsize i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        bool marked = keyid != NULL && !upd_meta_lists(others, keyid);

        if (keyid != NULL && (marked || !marked_only))
            g_string_append_printf(text, "  %s key %.64s\n", marked ? mark : "   ", keyid);
    }
}

/* One role: is NULL if it is gone, was if it is new.  compared: there is something to compare with. */
static void add_role(GString *text, const char *role, const json_t *is, const json_t *was, bool compared)
{
    const json_t *shown = is != NULL ? is : was;
    const char *news = !compared || (is != NULL && was != NULL) ? "" : is != NULL ? "  NEW" : "  REMOVED";

    g_string_append_printf(text, "%s: %" JSON_INTEGER_FORMAT " of %zu sign%s", role, threshold_of(shown),
                           json_array_size(json_object_get(shown, "keyids")), news);
    if (is != NULL && was != NULL && threshold_of(is) != threshold_of(was))
        g_string_append_printf(text, "  WAS %" JSON_INTEGER_FORMAT, threshold_of(was));
    g_string_append_c(text, '\n');
    add_keys(text, compared ? "NEW" : "   ", is, compared ? was : is, false);
    if (compared)
        add_keys(text, "OUT", was, is, true);
}

static json_t *delegations_of(const json_t *envelope)
{
    return json_object_get(json_object_get(upd_meta_signed(envelope), "delegations"), "roles");
}

static const json_t *find_delegation(const json_t *envelope, const char *name)
{
    const json_t *roles = delegations_of(envelope);

    for (gsize i = 0; i < json_array_size(roles); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(roles, i), "name")), name) == 0)
            return json_array_get(roles, i);
    return NULL;
}

/* Whether the delegation is about other files, or lets others decide about them, than before. */
static bool covers_others(const json_t *is, const json_t *was)
{
    static const char *const members[] = { "paths", "path_hash_prefixes", "terminating" };

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (was != NULL && !json_equal(json_object_get(is, members[i]), json_object_get(was, members[i])))
            return true;
    return false;
}

static void add_delegations(GString *text, const json_t *draft, const json_t *before)
{
    const json_t *now = delegations_of(draft);
    const json_t *then = delegations_of(before);

    for (gsize i = 0; i < json_array_size(now); i++) {
        const json_t *is = json_array_get(now, i);
        const char *name = json_string_value(json_object_get(is, "name"));
        const json_t *was = name == NULL ? NULL : find_delegation(before, name);

        add_role(text, name == NULL ? "?" : name, is, was, before != NULL);
        if (covers_others(is, was))
            g_string_append(text, "  NEW: other files than before are its own\n");
    }
    for (gsize i = 0; i < json_array_size(then); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(then, i), "name"));

        if (name != NULL && find_delegation(draft, name) == NULL)
            add_role(text, name, NULL, json_array_get(then, i), true);
    }
}

static void add_root_roles(GString *text, const json_t *draft, const json_t *before)
{
    const json_t *now = json_object_get(upd_meta_signed(draft), "roles");
    const json_t *then = json_object_get(upd_meta_signed(before), "roles");

    for (gsize i = 0; i < G_N_ELEMENTS(top_level); i++) {
        const json_t *is = json_object_get(now, top_level[i]);
        const json_t *was = json_object_get(then, top_level[i]);

        if (is != NULL || was != NULL)
            add_role(text, top_level[i], is, was, before != NULL);
    }
}

char *upd_draft_describe(const json_t *draft, const json_t *before)
{
    GString *text = g_string_new(NULL);
    const char *type = text_of(draft, "_type");

    g_string_append_printf(text, "%s %" JSON_INTEGER_FORMAT ", good until %s", type, upd_meta_version(draft),
                           text_of(draft, "expires"));
    if (before != NULL)
        g_string_append_printf(text, "; in force: %" JSON_INTEGER_FORMAT ", good until %s", upd_meta_version(before),
                               text_of(before, "expires"));
    g_string_append_c(text, '\n');
    if (strcmp(type, "root") == 0)
        add_root_roles(text, draft, before);
    else
        add_delegations(text, draft, before);
    return g_string_free(text, FALSE);
}

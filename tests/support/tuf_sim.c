/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tuf_sim.h"

#include <string.h>

#include "updater/tuf/canonical.h"

static void remove_keys(gpointer keys)
{
    g_ptr_array_unref(keys);
}

static json_t *new_body(const char *type, HlTime expires)
{
    g_autofree char *text = hl_time_format(expires);

    return json_pack("{s:s, s:s, s:i, s:s}", "_type", type, "spec_version", "1.0.34", "version", 0, "expires", text);
}

static void add_body(TufSim *sim, const char *role, const char *type)
{
    g_hash_table_insert(sim->bodies, g_strdup(role), new_body(type, sim->now + 30 * HL_DAY));
    g_hash_table_insert(sim->signers, g_strdup(role),
                        g_ptr_array_new_with_free_func((GDestroyNotify)tuf_private_key_free));
}

TufSim *tuf_sim_new(HlTime now)
{
    static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };
    TufSim *sim = g_new0(TufSim, 1);
    json_t *root;

    sim->bodies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_decref);
    sim->signers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, remove_keys);
    sim->served = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    sim->statuses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sim->requests = g_ptr_array_new_with_free_func(g_free);
    sim->now = now;
    sim->break_after = -1;
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
        add_body(sim, roles[i], roles[i]);
    root = tuf_sim_body(sim, "root");
    json_object_update_new(root, json_pack("{s:b, s:{}, s:{}}", "consistent_snapshot", 1, "keys", "roles"));
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        json_object_set_new(json_object_get(root, "roles"), roles[i],
                            json_pack("{s:[], s:i}", "keyids", "threshold", 1));
        tuf_sim_add_key(sim, "root", roles[i]);
    }
    json_object_set_new(tuf_sim_body(sim, "targets"), "targets", json_object());
    json_object_set_new(tuf_sim_body(sim, "snapshot"), "meta", json_object());
    json_object_set_new(tuf_sim_body(sim, "timestamp"), "meta", json_object());
    tuf_sim_publish(sim, "root");
    tuf_sim_publish_chain(sim);
    return sim;
}

void tuf_sim_free(TufSim *sim)
{
    if (sim == NULL)
        return;
    g_hash_table_unref(sim->bodies);
    g_hash_table_unref(sim->signers);
    g_hash_table_unref(sim->served);
    g_hash_table_unref(sim->statuses);
    g_ptr_array_unref(sim->requests);
    g_free(sim);
}

json_t *tuf_sim_body(TufSim *sim, const char *role)
{
    return g_hash_table_lookup(sim->bodies, role);
}

GPtrArray *tuf_sim_signers(TufSim *sim, const char *role)
{
    return g_hash_table_lookup(sim->signers, role);
}

GBytes *tuf_sim_sign(const json_t *body, GPtrArray *keys)
{
    g_autoptr(GBytes) canonical = tuf_canonical(body, NULL);
    g_autoptr(json_t) file = json_pack("{s:O, s:[]}", "signed", body, "signatures");
    gsize size;
    const void *data = g_bytes_get_data(canonical, &size);
    char *text;

    for (guint i = 0; i < keys->len; i++) {
        g_autoptr(json_t) object = tuf_key_object(keys->pdata[i]);
        g_autofree char *keyid = tuf_keyid(object, NULL);
        g_autofree char *signature = tuf_sign(keys->pdata[i], data, size);

        json_array_append_new(json_object_get(file, "signatures"),
                              json_pack("{s:s, s:s}", "keyid", keyid, "sig", signature));
    }
    text = hl_json_print(file);
    return g_bytes_new_take(text, strlen(text));
}

void tuf_sim_serve(TufSim *sim, const char *path, GBytes *bytes)
{
    g_hash_table_insert(sim->served, g_strdup(path), bytes);
}

GBytes *tuf_sim_served(TufSim *sim, const char *path)
{
    return g_hash_table_lookup(sim->served, path);
}

/* The entry of role in the meta of lister. */
static void list_role(TufSim *sim, const char *lister, const char *role, gint64 version, GBytes *bytes)
{
    g_autofree char *name = g_strdup_printf("%s.json", role);
    json_t *entry = json_pack("{s:I}", "version", (json_int_t)version);
    g_autofree char *hash = tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    if (sim->list_hashes)
        json_object_update_new(entry, json_pack("{s:I, s:{s:s}}", "length", (json_int_t)g_bytes_get_size(bytes),
                                                "hashes", "sha256", hash));
    json_object_set_new(json_object_get(tuf_sim_body(sim, lister), "meta"), name, entry);
}

void tuf_sim_republish(TufSim *sim, const char *role)
{
    json_t *body = tuf_sim_body(sim, role);
    gint64 version = json_integer_value(json_object_get(body, "version"));
    GBytes *bytes = tuf_sim_sign(body, tuf_sim_signers(sim, role));
    bool consistent = json_is_true(json_object_get(tuf_sim_body(sim, "root"), "consistent_snapshot"));
    g_autofree char *name = g_uri_escape_string(role, NULL, FALSE);
    g_autofree char *versioned = g_strdup_printf("metadata/%" G_GINT64_FORMAT ".%s.json", version, name);
    g_autofree char *plain = g_strdup_printf("metadata/%s.json", name);

    if (strcmp(role, "timestamp") != 0 && strcmp(role, "root") != 0)
        list_role(sim, strcmp(role, "snapshot") == 0 ? "timestamp" : "snapshot", role, version, bytes);
    if (strcmp(role, "root") == 0 || (consistent && strcmp(role, "timestamp") != 0))
        tuf_sim_serve(sim, versioned, bytes);
    else
        tuf_sim_serve(sim, plain, bytes);
}

void tuf_sim_publish(TufSim *sim, const char *role)
{
    json_t *version = json_object_get(tuf_sim_body(sim, role), "version");

    json_integer_set(version, json_integer_value(version) + 1);
    tuf_sim_republish(sim, role);
}

void tuf_sim_publish_chain(TufSim *sim)
{
    tuf_sim_publish(sim, "targets");
    tuf_sim_publish(sim, "snapshot");
    tuf_sim_publish(sim, "timestamp");
}

void tuf_sim_set_expires(TufSim *sim, const char *role, HlTime when)
{
    g_autofree char *text = hl_time_format(when);

    json_object_set_new(tuf_sim_body(sim, role), "expires", json_string(text));
}

void tuf_sim_set_version(TufSim *sim, const char *role, gint64 version)
{
    json_object_set_new(tuf_sim_body(sim, role), "version", json_integer(version));
}

json_t *tuf_sim_role_entry(TufSim *sim, const char *delegator, const char *role)
{
    json_t *body = tuf_sim_body(sim, delegator);
    json_t *roles = json_object_get(json_object_get(body, "delegations"), "roles");

    if (strcmp(delegator, "root") == 0)
        return json_object_get(json_object_get(body, "roles"), role);
    for (gsize i = 0; i < json_array_size(roles); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(roles, i), "name")), role) == 0)
            return json_array_get(roles, i);
    return NULL;
}

void tuf_sim_add_key_object(TufSim *sim, const char *delegator, const char *role, const char *keyid, json_t *object)
{
    json_t *body = tuf_sim_body(sim, delegator);
    json_t *holder = strcmp(delegator, "root") == 0 ? body : json_object_get(body, "delegations");

    json_object_set(json_object_get(holder, "keys"), keyid, object);
    json_array_append_new(json_object_get(tuf_sim_role_entry(sim, delegator, role), "keyids"), json_string(keyid));
}

TufPrivateKey *tuf_sim_add_key(TufSim *sim, const char *delegator, const char *role)
{
    TufPrivateKey *key = tuf_private_key_generate();
    g_autoptr(json_t) object = tuf_key_object(key);
    g_autofree char *keyid = tuf_keyid(object, NULL);

    tuf_sim_add_key_object(sim, delegator, role, keyid, object);
    g_ptr_array_add(tuf_sim_signers(sim, role), key);
    return key;
}

void tuf_sim_set_threshold(TufSim *sim, const char *delegator, const char *role, gint64 threshold)
{
    json_object_set_new(tuf_sim_role_entry(sim, delegator, role), "threshold", json_integer(threshold));
}

void tuf_sim_rotate(TufSim *sim, const char *role)
{
    json_array_clear(json_object_get(tuf_sim_role_entry(sim, "root", role), "keyids"));
    g_ptr_array_set_size(tuf_sim_signers(sim, role), 0);
    tuf_sim_add_key(sim, "root", role);
}

void tuf_sim_delegate(TufSim *sim, const char *delegator, const char *role, const char *pattern, bool terminating)
{
    json_t *body = tuf_sim_body(sim, delegator);
    json_t *entry =
        json_pack("{s:s, s:[], s:i, s:b}", "name", role, "keyids", "threshold", 1, "terminating", terminating);

    if (pattern != NULL)
        json_object_set_new(entry, "paths", json_pack("[s]", pattern));
    if (json_object_get(body, "delegations") == NULL)
        json_object_set_new(body, "delegations", json_pack("{s:{}, s:[]}", "keys", "roles"));
    json_array_append_new(json_object_get(json_object_get(body, "delegations"), "roles"), entry);
    if (tuf_sim_body(sim, role) == NULL) {
        add_body(sim, role, "targets");
        json_object_set_new(tuf_sim_body(sim, role), "targets", json_object());
    }
    tuf_sim_add_key(sim, delegator, role);
}

char *tuf_sim_target_path(TufSim *sim, const char *role, const char *path)
{
    json_t *entry = json_object_get(json_object_get(tuf_sim_body(sim, role), "targets"), path);
    const char *hash = json_string_value(json_object_get(json_object_get(entry, "hashes"), "sha256"));
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    if (!json_is_true(json_object_get(tuf_sim_body(sim, "root"), "consistent_snapshot")))
        return g_strdup_printf("targets/%s", path);
    return g_strdup_printf("targets/%.*s%s.%s", (int)(name - path), path, hash, name);
}

void tuf_sim_add_target(TufSim *sim, const char *role, const char *path, const char *content)
{
    g_autofree char *hash = tuf_hash_hex(TUF_HASH_SHA256, content, strlen(content));
    g_autofree char *where = NULL;

    json_object_set_new(json_object_get(tuf_sim_body(sim, role), "targets"), path,
                        json_pack("{s:I, s:{s:s}, s:{s:s}}", "length", (json_int_t)strlen(content), "hashes", "sha256",
                                  hash, "custom", "component", "virus"));
    where = tuf_sim_target_path(sim, role, path);
    tuf_sim_serve(sim, where, g_bytes_new(content, strlen(content)));
}

/* The body, from resume_from on where the server can do that, cut where the connection breaks. */
static bool send(TufSim *sim, const HlFetchRequest *request, const char *path, GBytes *bytes, HlFetchResult *result,
                 GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    gsize from = sim->no_ranges ? 0 : (gsize)request->resume_from;
    gsize end = size;
    bool breaks = sim->break_after >= 0 && g_str_has_prefix(path, "targets/") && (gsize)sim->break_after < size;

    if (from > 0 && from >= size) {
        result->status = 416;
        return true;
    }
    if (breaks)
        end = MAX((gsize)sim->break_after, from);
    if (end > request->max_size)
        return hl_fail(error, HL_ERROR_LIMIT, "%s: longer than the limit", request->url);
    result->status = from > 0 ? 206 : 200;
    if (request->sink == NULL) {
        g_clear_pointer(&result->body, g_bytes_unref);
        result->body = g_bytes_new(data + from, end - from);
    } else if (end > from && !request->sink(from, data + from, end - from, request->user, error)) {
        return false;
    }
    return !breaks || hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: the connection broke", request->url);
}

bool tuf_sim_get(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    TufSim *sim = user;
    const char *path = request->url + strlen("http://sim/");
    GBytes *bytes = tuf_sim_served(sim, path);
    long status = GPOINTER_TO_INT(g_hash_table_lookup(sim->statuses, path));

    g_assert_true(g_str_has_prefix(request->url, "http://sim/"));
    g_assert_cmpint(request->deadline, >, 0); /* nothing is asked for without an end */
    g_ptr_array_add(sim->requests, g_strdup(path));
    result->body = g_bytes_new_static("", 0);
    result->date = sim->server_date;
    result->status = bytes == NULL ? 404 : 200;
    if (status != 0)
        result->status = status;
    if (result->status != 200)
        return true;
    return send(sim, request, path, bytes, result, error);
}

char *tuf_sim_take_requests(TufSim *sim)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < sim->requests->len; i++) {
        const char *path = sim->requests->pdata[i];

        if (g_str_has_prefix(path, "metadata/"))
            path += strlen("metadata/");
        g_string_append_printf(text, "%s%.*s", i > 0 ? " " : "",
                               (int)(strlen(path) - (g_str_has_suffix(path, ".json") ? 5 : 0)), path);
    }
    g_ptr_array_set_size(sim->requests, 0);
    return g_string_free(text, FALSE);
}

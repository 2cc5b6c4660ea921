/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tuf_fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/json.h"

Fixture *fixture_new(void)
{
    Fixture *fixture = g_new0(Fixture, 1);
    g_autoptr(GError) error = NULL;

    fixture->sim = tuf_sim_new(FIXTURE_NOW);
    fixture->top = g_dir_make_tmp("tuf-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->dir = g_build_filename(fixture->top, "metadata", NULL);
    fixture->out = g_build_filename(fixture->top, "target", NULL);
    if (!upd_client_init(fixture->dir, tuf_sim_served(fixture->sim, "metadata/1.root.json"), &error))
        g_error("%s", error->message);
    return fixture;
}

void fixture_free(Fixture *fixture)
{
    if (fixture == NULL)
        return;
    g_assert_true(hl_tree_remove(fixture->top, NULL));
    tuf_sim_free(fixture->sim);
    g_free(fixture->top);
    g_free(fixture->dir);
    g_free(fixture->out);
    g_free(fixture);
}

UpdClient *fixture_open(Fixture *fixture, GError **error)
{
    UpdClientOptions options = {
        .metadata_dir = fixture->dir,
        .metadata_url = SIM_METADATA_URL,
        .target_url = "http://sim/targets", /* the slash is optional */
        .get = tuf_sim_get,
        .get_user = fixture->sim,
        .now = fixture->sim->now,
    };
    g_autoptr(UpdClient) client = upd_client_open(&options, error);

    if (client == NULL || !upd_client_refresh(client, error))
        return NULL;
    return g_steal_pointer(&client);
}

void fixture_accept(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdClient) client = fixture_open(fixture, &error);

    g_assert_no_error(error);
    g_assert_nonnull(client);
}

static void expect(const GError *error, HlErrorCode code, const char *words)
{
    g_assert_nonnull(error);
    if (strstr(error->message, words) == NULL)
        g_error("'%s' does not say '%s'", error->message, words);
    g_assert_error(error, HL_ERROR, (int)code);
}

void fixture_refuse(Fixture *fixture, HlErrorCode code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdClient) client = fixture_open(fixture, &error);

    g_assert_null(client);
    expect(error, code, words);
}

static bool get(Fixture *fixture, const char *path, GError **error)
{
    g_autoptr(UpdClient) client = fixture_open(fixture, error);
    const TufTarget *target = client == NULL ? NULL : upd_client_find(client, path, error);

    return target != NULL && upd_client_download(client, target, fixture->out, NULL, NULL, error);
}

void fixture_get(Fixture *fixture, const char *path, const char *content)
{
    g_autoptr(GError) error = NULL;
    bool good = get(fixture, path, &error);
    g_autofree char *text = good ? hl_file_read_text(fixture->out, 1 << 20, &error) : NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, content);
}

void fixture_get_refused(Fixture *fixture, const char *path, HlErrorCode code, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(get(fixture, path, &error));
    expect(error, code, words);
}

char *fixture_path(Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

gint64 fixture_version(Fixture *fixture, const char *role)
{
    g_autofree char *name = g_strdup_printf("%s.json", role);
    g_autofree char *path = fixture_path(fixture, name);
    g_autoptr(GBytes) bytes = hl_file_read(path, 1 << 20, NULL);
    g_autoptr(json_t) file = NULL;

    if (bytes == NULL)
        return -1;
    file = hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    return json_integer_value(json_object_get(json_object_get(file, "signed"), "version"));
}

void fixture_expect_requests(Fixture *fixture, const char *requests)
{
    g_autofree char *made = tuf_sim_take_requests(fixture->sim);

    g_assert_cmpstr(made, ==, requests);
}

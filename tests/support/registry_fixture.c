/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/registry_fixture.h"

#include "lib/base/file.h"
#include "manager/store/registry.h"
#include "tests/support/writer_fake.h"

void fixture_set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    fixture->directory = g_dir_make_tmp("hl-registry-XXXXXX", NULL);
    path = g_build_filename(fixture->directory, "registry.db", NULL);
    fixture->db = mgr_registry_open(path, &error);
    g_assert_no_error(error);
    fixture->writer = hl_writer_new(&(HlWriterOptions){ .path = path }, &error);
    g_assert_no_error(error);
    fixture->set = hl_write_set_new();
    fixture->loaded = g_string_new(NULL);
}

void fixture_tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_write_set_free(fixture->set);
    hl_writer_free(fixture->writer);
    hl_db_close(fixture->db);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_string_free(fixture->loaded, TRUE);
    g_free(fixture->directory);
}

static void commit(Fixture *fixture, void (*done)(const GError *error, gpointer user))
{
    g_assert_true(hl_writer_submit(fixture->writer, g_steal_pointer(&fixture->set), done, NULL, NULL));
    g_assert_cmpuint(writer_fake_commit(fixture->writer, 0), ==, 1);
    fixture->set = hl_write_set_new();
}

static void on_committed(const GError *error, gpointer user G_GNUC_UNUSED)
{
    g_assert_no_error(error);
}

void fixture_commit(Fixture *fixture)
{
    commit(fixture, on_committed);
}

static void on_conflict(const GError *error, gpointer user G_GNUC_UNUSED)
{
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
}

void fixture_commit_fails(Fixture *fixture)
{
    commit(fixture, on_conflict);
}

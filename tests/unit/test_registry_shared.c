/* SPDX-License-Identifier: Apache-2.0 */
/* What a million endpoints have in common is kept once when they are loaded, and healed without harm to the others. */
#include <string.h>

#include "lib/base/common.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"
#include "proto/bounds.h"
#include "tests/support/registry_fixture.h"

static const gsize shared[] = {
    offsetof(MgrEndpointRecord, group),         offsetof(MgrEndpointRecord, os),
    offsetof(MgrEndpointRecord, program),       offsetof(MgrEndpointRecord, observed_by),
    offsetof(MgrEndpointRecord, patterns),      offsetof(MgrEndpointRecord, update_result),
    offsetof(MgrEndpointRecord, update_source), offsetof(MgrEndpointRecord, applied.group),
    offsetof(MgrEndpointRecord, applied.path),
};

/* The texts outlive the records. */
static void on_endpoint(MgrEndpointRecord *record, gpointer texts)
{
    for (gsize i = 0; i < G_N_ELEMENTS(shared); i++)
        g_ptr_array_add(texts, *(char **)((char *)record + shared[i]));
    g_assert_null(record->seldom); /* nothing happened with it */
}

static void add(const Fixture *fixture, const char *id, const char *program)
{
    g_assert_true(hl_db_run(fixture->db, NULL, NULL,
                            "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial,"
                            " cert_expires, os, program, patterns, update_result, applied_group, applied_path)"
                            " VALUES (?, 'lab', 'h', '', 1, 1, '01', 1, 'Debian', ?, 'virus=2026112203', 'updated',"
                            " 'lab', 'line')",
                            "tt", id, program));
}

static void add_group(const Fixture *fixture)
{
    g_assert_true(hl_db_exec(fixture->db,
                             "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by)"
                             " VALUES ('lab', 1, 1, '', 0, '')",
                             NULL));
}

static void test_once(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    gsize used;

    add_group(fixture);
    add(fixture, "e-1", "1.4.2");
    add(fixture, "e-2", "1.4.2");
    g_assert_true(mgr_registry_load_endpoints(fixture->db, on_endpoint, texts, NULL));
    used = hl_common_used();
    g_assert_cmpuint(texts->len, ==, 2 * G_N_ELEMENTS(shared));
    for (guint i = 0; i < G_N_ELEMENTS(shared); i++)
        g_assert_true(texts->pdata[i] == texts->pdata[i + G_N_ELEMENTS(shared)]);
    add(fixture, "e-3", "1.4.2");
    g_assert_true(mgr_registry_load_endpoints(fixture->db, on_endpoint, texts, NULL));
    g_assert_cmpuint(hl_common_used(), ==, used);
}

static void on_long(MgrEndpointRecord *record, gpointer user G_GNUC_UNUSED)
{
    g_assert_cmpuint(strlen(record->program), ==, HL_MAX_NAME);
}

/* A text that an older version stored is too long for its column, and fits in another one. */
static void test_healed(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *text = g_strnfill(HL_MAX_NAME + 1, 'x');

    add_group(fixture);
    add(fixture, "e-1", text);
    add(fixture, "e-2", text);
    g_assert_true(mgr_registry_load_endpoints(fixture->db, on_long, NULL, NULL));
    g_assert_cmpstr(hl_common_find(text), ==, text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/registry-shared/once", Fixture, NULL, fixture_set_up, test_once, fixture_tear_down);
    g_test_add("/registry-shared/healed", Fixture, NULL, fixture_set_up, test_healed, fixture_tear_down);
    return g_test_run();
}

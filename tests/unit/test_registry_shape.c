/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/schema: a registry that has another shape than its version is told from one that has not. */
#include "manager/store/schema.h"

#include <string.h>

#include "manager/store/registry.h"

static void check_shape(HlDb *db, HlErrorCode code, const char *said)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(mgr_schema_check(db, &error));
    g_assert_cmpint(hl_error_code(error), ==, code);
    if (strstr(error->message, said) == NULL)
        g_error("'%s' is not in: %s", said, error->message);
}

/* Each is one change, to be undone by a new registry. */
static void test_other_shape(void)
{
    static const struct {
        const char *change;
        HlErrorCode code;
        const char *said;
    } cases[] = {
        { "PRAGMA user_version = 99", HL_ERROR_CONFLICT, "has version 99, this program knows up to" },
        { "PRAGMA user_version = 0", HL_ERROR_INVALID, "has no version" },
        { "DROP TABLE target", HL_ERROR_INVALID, "it lacks table target" },
        { "DROP INDEX endpoint_fingerprint", HL_ERROR_INVALID, "it lacks table endpoint: index on fingerprint" },
        { "ALTER TABLE endpoint DROP COLUMN os", HL_ERROR_INVALID, "it lacks table endpoint: column os TEXT not null" },
        { "DROP TABLE presence; CREATE TABLE presence (endpoint INTEGER PRIMARY KEY) STRICT", HL_ERROR_INVALID,
          "it lacks table presence: column actual TEXT not null, " },
        { "ALTER TABLE token ADD COLUMN more INTEGER REFERENCES grp", HL_ERROR_INVALID,
          "no manager made: table token: column more INTEGER, table token: reference of more to grp" },
        { "CREATE TRIGGER spy AFTER INSERT ON endpoint BEGIN DELETE FROM certificate; END", HL_ERROR_INVALID,
          "it has what no manager made: trigger spy" },
        { "CREATE VIEW x AS SELECT 1", HL_ERROR_INVALID, "view x" },
        { "CREATE TABLE more (a)", HL_ERROR_INVALID, "it has what no manager made: table more" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HlDb) db = mgr_registry_make_model(mgr_registry_version(), NULL);

        g_assert_true(mgr_schema_check(db, NULL));
        g_assert_true(hl_db_exec(db, cases[i].change, NULL));
        check_shape(db, cases[i].code, cases[i].said);
    }
}

/* A registry of an earlier version has the shape of that version. */
static void test_earlier_shapes(void)
{
    for (int version = 1; version <= mgr_registry_version(); version++) {
        g_autoptr(HlDb) db = mgr_registry_make_model(version, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_true(mgr_schema_check(db, &error));
        g_assert_no_error(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry-shape/other", test_other_shape);
    g_test_add_func("/registry-shape/earlier", test_earlier_shapes);
    return g_test_run();
}

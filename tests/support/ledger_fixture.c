/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ledger_fixture.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "tests/support/writer_fake.h"

static bool append(const GPtrArray *notes, gpointer user, GError **error)
{
    const World *world = user;

    if (world->full)
        return hl_fail(error, HL_ERROR_FULL, "no space for the journal");
    for (guint i = 0; i < notes->len; i++)
        g_ptr_array_add(world->lines, g_strdup(notes->pdata[i]));
    return true;
}

static void take_back(gpointer user G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

void ledger_set_up(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    world->directory = g_dir_make_tmp("hl-ledger-XXXXXX", NULL);
    world->path = g_build_filename(world->directory, "registry.db", NULL);
    world->db = mgr_registry_open(world->path, &error);
    g_assert_no_error(error);
    world->lines = g_ptr_array_new_with_free_func(g_free);
    world->writer =
        hl_writer_new(&(HlWriterOptions){ .path = world->path, .journal = { append, take_back, world } }, &error);
    g_assert_no_error(error);
    world->set = hl_write_set_new();
    g_assert_true(hl_db_exec(world->db,
                             "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES "
                             "('default', 1, 1, '', 0, ''), ('lab', 1, 7, '', 0, '')",
                             NULL));
}

void ledger_tear_down(World *world, gconstpointer user G_GNUC_UNUSED)
{
    hl_write_set_free(world->set);
    hl_writer_free(world->writer);
    hl_db_close(world->db);
    g_ptr_array_unref(world->lines);
    g_assert_true(hl_tree_remove(world->directory, NULL));
    g_free(world->path);
    g_free(world->directory);
}

static void on_committed(const GError *error, gpointer user)
{
    *(HlErrorCode *)user = error != NULL ? hl_error_code(error) : HL_ERROR_N_CODES;
}

/* HL_ERROR_N_CODES: done. */
HlErrorCode commit(World *world)
{
    HlErrorCode code = HL_ERROR_N_CODES;

    g_assert_true(hl_writer_submit(world->writer, g_steal_pointer(&world->set), on_committed, &code, NULL));
    writer_fake_commit(world->writer, 0);
    world->set = hl_write_set_new();
    return code;
}

/* ------------------------------------------------------------------------------------------------------- happenings */

static char *next_serial(World *world)
{
    return g_strdup_printf("%06x", ++world->serials);
}

/* Its end. */
static HlTime write_certificate(World *world, const char *name, const char *role, const char *serial)
{
    MgrCertificateRecord record = { .serial = hl_unconst(serial),
                                    .name = hl_unconst(name),
                                    .kind = hl_unconst(role),
                                    .issued_at = NOW,
                                    .expires_at = EXPIRES };

    if (world->is_doubtful) {
        record.issued_at += g_test_rand_int_range(-3, 3);
        record.expires_at = g_test_rand_int_range(0, 3) == 0 ? NOW - 1 : EXPIRES;
    }
    mgr_write_certificate(world->set, &record);
    return record.expires_at;
}

void create_bundle(World *world, const char *id)
{
    MgrTokenRecord token = { .id = hl_unconst(id),
                             .digest = hl_unconst(id),
                             .group = hl_unconst("default"),
                             .created_by = hl_unconst("admin"),
                             .uses_left = 3,
                             .expires_at = EXPIRES };

    mgr_write_token(world->set, &token);
    commit(world);
}

void enrol(World *world, const char *id, const char *bundle)
{
    g_autofree char *serial = next_serial(world);
    MgrEndpointRecord record = { .number = world->serials,
                                 .id = hl_unconst(id),
                                 .group = hl_unconst("lab"),
                                 .host = hl_unconst("host"),
                                 .fingerprint = hl_unconst("f"),
                                 .addresses = hl_unconst(""),
                                 .os = hl_unconst(""),
                                 .program = hl_unconst(""),
                                 .observed = hl_unconst(""),
                                 .serial = serial,
                                 .enrolled_at = NOW };

    mgr_write_token_use(world->set, bundle);
    record.cert_expires = write_certificate(world, id, "endpoint", serial);
    mgr_write_endpoint(world->set, &record);
    commit(world);
}

int64_t number_of(const World *world, const char *id)
{
    int64_t number = 0;

    g_assert_true(hl_db_query_int(world->db, -1, &number, NULL, "SELECT number FROM endpoint WHERE id = ?", "t", id));
    return number;
}

void enrol_again(World *world, const char *id, const char *bundle)
{
    g_autofree char *serial = next_serial(world);
    MgrEnrolmentStep step = { .serial = serial, .fingerprint = id, .ends_revocation = true };

    mgr_write_token_use(world->set, bundle);
    step.expires = write_certificate(world, id, "endpoint", serial);
    mgr_write_endpoint_enrolment(world->set, number_of(world, id), &step);
    mgr_write_revocations(world->set, id, serial, NOW);
    commit(world);
}

void renew(World *world, const char *id, const char *bundle G_GNUC_UNUSED)
{
    g_autofree char *serial = next_serial(world);
    HlTime expires = write_certificate(world, id, "endpoint", serial);

    mgr_write_endpoint_renewal(world->set, number_of(world, id), serial, expires);
    commit(world);
}

void revoke_one(World *world, const char *id, const char *bundle G_GNUC_UNUSED)
{
    mgr_write_revocations(world->set, id, NULL, NOW);
    mgr_write_endpoint_revocation(world->set, number_of(world, id), NOW);
    commit(world);
}

void forget(World *world, const char *id, const char *bundle G_GNUC_UNUSED)
{
    MgrEndpointRecord record = { .number = number_of(world, id), .id = hl_unconst(id) };

    mgr_write_revocations(world->set, id, NULL, NOW);
    mgr_write_endpoint_removal(world->set, &record);
    commit(world);
}

void withdraw(World *world, const char *id G_GNUC_UNUSED, const char *bundle)
{
    mgr_write_token_withdrawal(world->set, bundle, NOW);
    commit(world);
}

/* An administrator's name is revoked and given again. */
static void replace_admin(World *world, const char *id G_GNUC_UNUSED, const char *bundle G_GNUC_UNUSED)
{
    g_autofree char *serial = next_serial(world);
    MgrCertificateRecord record = { .serial = serial,
                                    .name = hl_unconst("ops"),
                                    .kind = hl_unconst("admin"),
                                    .issued_at = NOW,
                                    .expires_at = EXPIRES };

    mgr_write_revocations(world->set, "ops", NULL, NOW);
    commit(world);
    mgr_write_named_certificate(world->set, &record);
    commit(world);
}

const Happening happenings[N_HAPPENINGS] = {
    enrol_again, renew, renew, revoke_one, forget, withdraw, replace_admin,
};

/* --------------------------------------------------------------------------------------------------------- checking */

/* What the journal vouches for. */
char *describe(HlDb *db, const char *bundles_of)
{
    static const char *const queries[] = {
        "SELECT 'certificate ' || serial || ' ' || name || ' ' || kind || ' ' || (revoked_at > 0)"
        " FROM certificate ORDER BY serial",
        "SELECT 'endpoint ' || id || ' ' || serial || ' ' || (revoked_at > 0) FROM endpoint ORDER BY id",
        "SELECT 'bundle ' || id || ' ' || uses_left || ' ' || (withdrawn_at > 0) FROM token"
        " WHERE instr(?, id || ' ') > 0 ORDER BY id",
    };
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(queries); i++) {
        g_autoptr(HlStmt) stmt =
            i < 2 ? hl_db_select(db, NULL, queries[i], "") : hl_db_select(db, NULL, queries[i], "t", bundles_of);

        while (hl_stmt_step(stmt, NULL) == HL_STEP_ROW)
            g_string_append_printf(out, "%s\n", hl_stmt_text(stmt, 0));
    }
    return g_string_free(out, FALSE);
}

MgrLedger *ledger_of(const World *world)
{
    MgrLedger *ledger = mgr_ledger_new();

    for (guint i = 0; i < world->lines->len; i++)
        mgr_ledger_line(world->lines->pdata[i], ledger);
    g_assert_cmpuint(mgr_ledger_malformed(ledger), ==, 0);
    return ledger;
}

/* NULL: nothing was missing. */
char *catch_up(const World *world, HlDb *db)
{
    g_autoptr(MgrLedger) ledger = ledger_of(world);
    g_auto(MgrGaps) gaps = { 0 };
    g_auto(MgrGaps) after = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *rest = NULL;

    g_assert_true(mgr_ledger_compare(ledger, db, NOW, &gaps, &error));
    g_assert_true(mgr_ledger_apply(ledger, db, &gaps, &error));
    g_assert_no_error(error);
    g_assert_true(mgr_ledger_compare(ledger, db, NOW, &after, &error));
    rest = mgr_gaps_describe(&after);
    g_assert_null(rest);
    return mgr_gaps_describe(&gaps);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/journal and ledger: a registry that was restored from a backup of any moment, and the journal, know
 * together what was issued, revoked, enrolled, removed and used since. */
#include "manager/store/ledger.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "tests/support/ledger_fixture.h"

/* A hundred happenings, a backup after each; every one of them, restored, is told the same truth. */
static void test_any_backup(World *world, gconstpointer user G_GNUC_UNUSED)
{
    enum { STEPS = 60, ENDPOINTS = 5 };
    g_autoptr(GString) bundles = g_string_new(NULL);
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free); /* bundles, by step */
    bool exists[ENDPOINTS] = { false };
    guint names[ENDPOINTS] = { 0 };

    for (guint step = 0; step < STEPS; step++) {
        guint who = (guint)g_test_rand_int_range(0, ENDPOINTS);
        g_autofree char *id = g_strdup_printf("e-%u-%u", who, names[who]);
        g_autofree char *bundle = g_strdup_printf("b-%03u", step - (step > 0 ? (guint)g_test_rand_int_range(0, 2) : 0));
        g_autofree char *new_bundle = g_strdup_printf("b-%03u", step);
        g_autofree char *copy = g_strdup_printf("%s/backup-%u", world->directory, step);
        guint what = (guint)g_test_rand_int_range(0, N_HAPPENINGS);

        create_bundle(world, new_bundle);
        g_string_append_printf(bundles, "%s ", new_bundle);
        if (!exists[who]) {
            enrol(world, id, new_bundle);
            exists[who] = number_of(world, id) >= 0;
        } else {
            happenings[what](world, id, bundle);
            if (happenings[what] == forget) {
                exists[who] = false;
                names[who]++; /* ids are never given twice */
            }
        }
        g_ptr_array_add(known, g_strdup(bundles->str));
        g_assert_true(hl_db_copy(world->db, copy, NULL));
    }
    for (guint step = 0; step < STEPS; step++) {
        g_autofree char *copy = g_strdup_printf("%s/backup-%u", world->directory, step);
        g_autoptr(HlDb) db = hl_db_open(copy, HL_DB_DEFAULT, NULL);
        g_autofree char *truth = describe(world->db, known->pdata[step]);
        g_autofree char *missing = catch_up(world, db);
        g_autofree char *told = describe(db, known->pdata[step]);

        g_assert_cmpstr(told, ==, truth);
        if (step == STEPS - 1)
            g_assert_null(missing);
    }
}

/* A registry that knows more than the journal keeps it: the journal began later, or an older one was put back. */
static void test_older_journal(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autofree char *missing = NULL;
    guint kept;

    create_bundle(world, "b-1");
    enrol(world, "e-1", "b-1");
    kept = world->lines->len;
    renew(world, "e-1", NULL);
    enrol(world, "e-2", "b-1");
    g_ptr_array_set_size(world->lines, (gint)kept);
    before = describe(world->db, "b-1 ");
    missing = catch_up(world, world->db);
    after = describe(world->db, "b-1 ");
    g_assert_null(missing);
    g_assert_cmpstr(after, ==, before);
}

/* A journal that begins with a snapshot says what one from the first day would. */
static void test_snapshot(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *copy = g_strdup_printf("%s/backup", world->directory);
    g_autoptr(GPtrArray) lines = NULL;
    g_autoptr(HlDb) db = NULL;
    g_autofree char *truth = NULL;
    g_autofree char *told = NULL;
    g_autofree char *missing = NULL;

    create_bundle(world, "b-1");
    create_bundle(world, "b-2");
    enrol(world, "e-1", "b-1");
    enrol(world, "e-2", "b-1");
    enrol(world, "e-3", "b-2");
    g_assert_true(hl_db_copy(world->db, copy, NULL));
    revoke_one(world, "e-1", NULL);
    renew(world, "e-3", NULL);
    enrol_again(world, "e-3", "b-2");
    withdraw(world, NULL, "b-1");
    forget(world, "e-2", NULL);
    lines = mgr_ledger_snapshot(world->db, NOW, NULL);
    g_ptr_array_set_size(world->lines, 0);
    g_ptr_array_extend_and_steal(world->lines, g_steal_pointer(&lines));
    renew(world, "e-3", NULL);
    db = hl_db_open(copy, HL_DB_DEFAULT, NULL);
    missing = catch_up(world, db);
    g_assert_cmpstr(missing, ==, "3 certificates, 1 renewal, 4 revocations, 1 used bundle, 1 withdrawn bundle");
    g_assert_true(hl_db_exec(world->db, "DELETE FROM endpoint WHERE id = 'e-2'", NULL));
    g_assert_true(hl_db_exec(db, "DELETE FROM endpoint WHERE id = 'e-2'", NULL)); /* no line says that it went */
    truth = describe(world->db, "b-1 b-2 ");
    told = describe(db, "b-1 b-2 ");
    g_assert_cmpstr(told, ==, truth);
}

/* A certificate that an endpoint shows after a restore is known by its own times, which begin earlier than when it was
 * issued: the journal does not take the one before for a renewal. */
static void test_snapshot_introduced(World *world, gconstpointer user G_GNUC_UNUSED)
{
    MgrCertificateRecord shown = { .serial = hl_unconst("shown"),
                                   .name = hl_unconst("e-1"),
                                   .kind = hl_unconst("endpoint"),
                                   .issued_at = NOW - 5 * HL_MINUTE,
                                   .expires_at = EXPIRES };
    g_autoptr(GPtrArray) lines = NULL;
    g_autofree char *missing = NULL;

    create_bundle(world, "b-1");
    enrol(world, "e-1", "b-1");
    mgr_write_certificate(world->set, &shown);
    mgr_write_endpoint_renewal(world->set, number_of(world, "e-1"), "shown", EXPIRES);
    commit(world);
    lines = mgr_ledger_snapshot(world->db, NOW, NULL);
    g_ptr_array_extend_and_steal(world->lines, g_steal_pointer(&lines));
    missing = catch_up(world, world->db);
    g_assert_null(missing);
}

/* A snapshot of an earlier version is in the order of issue, by clocks that were set: one that is revoked stands behind
 * the one that the endpoint has, and a backup from before the endpoint still gets it back. */
static void test_snapshot_of_before(World *world, gconstpointer user G_GNUC_UNUSED)
{
    MgrCertificateRecord revoked = { .serial = hl_unconst("old"),
                                     .name = hl_unconst("e-1"),
                                     .kind = hl_unconst("endpoint"),
                                     .issued_at = NOW + HL_MINUTE,
                                     .expires_at = EXPIRES,
                                     .revoked_at = NOW };
    g_autofree char *copy = g_strdup_printf("%s/backup", world->directory);
    g_autofree char *missing = NULL;
    g_autofree char *rest = NULL;
    g_autoptr(HlDb) db = NULL;
    int64_t back = 0;

    create_bundle(world, "b-1");
    g_assert_true(hl_db_copy(world->db, copy, NULL));
    enrol(world, "e-1", "b-1");
    g_ptr_array_add(world->lines, mgr_journal_certificate(&revoked));
    db = hl_db_open(copy, HL_DB_DEFAULT, NULL);
    missing = catch_up(world, db);
    g_assert_nonnull(missing);
    g_assert_true(hl_db_query_int(db, 0, &back, NULL, "SELECT count(*) FROM endpoint WHERE serial <> ?", "t", "old"));
    g_assert_cmpint(back, ==, 1);
    rest = catch_up(world, world->db);
}

/* What is done to a registry by hand, or was done to it by a version with faults. */
static const char *const odd[] = {
    "SELECT ?1, ?2",
    "SELECT ?1, ?2",
    "DELETE FROM certificate WHERE expires_at < ?1 AND ?2 > 0",
    "UPDATE certificate SET revoked_at = ?1 WHERE (rowid + ?2) % 4 = 0",
    "UPDATE certificate SET revoked_at = 0 WHERE ?1 > 0 AND (rowid + ?2) % 4 = 0",
    "UPDATE endpoint SET revoked_at = ?1 WHERE revoked_at = 0 AND (number + ?2) % 4 = 0",
    "UPDATE endpoint SET serial = coalesce((SELECT max(serial) FROM certificate WHERE name = id), '') WHERE ?1 > ?2",
    "UPDATE endpoint SET serial = 'unknown' WHERE ?1 > 0 AND (number + ?2) % 2 = 0",
};

/* A journal that is begun says of each registry what that says, alone and behind the lines of before: the next start
 * does not look at it again. */
static void test_any_snapshot(World *world, gconstpointer user G_GNUC_UNUSED)
{
    enum { STEPS = 400, EVERY = 4, ENDPOINTS = 3 };

    world->is_doubtful = true;
    create_bundle(world, "b");
    g_assert_true(hl_db_exec(world->db, "UPDATE token SET uses_left = 1000000", NULL));
    for (guint step = 0; step < STEPS; step++) {
        g_autofree char *id = g_strdup_printf("e-%d", g_test_rand_int_range(0, ENDPOINTS));

        if (number_of(world, id) < 0)
            enrol(world, id, "b");
        else
            happenings[g_test_rand_int_range(0, N_HAPPENINGS)](world, id, "b");
        if (step % EVERY == EVERY - 1) {
            const char *sql = odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))];
            g_autoptr(GPtrArray) lines = NULL;
            g_autofree char *missing = NULL;

            g_assert_true(hl_db_run(world->db, NULL, NULL, sql, "ii", NOW, (int64_t)g_test_rand_int_range(1, 100)));
            g_free(catch_up(world, world->db));
            lines = mgr_ledger_snapshot(world->db, NOW, NULL);
            if (g_test_rand_int_range(0, 2) == 0)
                g_ptr_array_set_size(world->lines, 0);
            g_ptr_array_extend_and_steal(world->lines, g_steal_pointer(&lines));
            missing = catch_up(world, world->db);
            g_assert_cmpstr(missing, ==, NULL);
        }
    }
}

/* What cannot be written to the journal does not happen; what did not happen is not in it. */
static void test_journal_first(World *world, gconstpointer user G_GNUC_UNUSED)
{
    guint before;

    create_bundle(world, "b-1");
    enrol(world, "e-1", "b-1");
    before = world->lines->len;
    world->full = true;
    mgr_write_revocations(world->set, "e-1", NULL, NOW);
    g_assert_cmpint(commit(world), ==, HL_ERROR_FULL);
    world->full = false;
    mgr_write_token_use(world->set, "b-none"); /* fails alone */
    mgr_write_certificate(world->set, &(MgrCertificateRecord){ .serial = hl_unconst("ff"),
                                                               .name = hl_unconst("e-9"),
                                                               .kind = hl_unconst("endpoint"),
                                                               .expires_at = EXPIRES });
    g_assert_cmpint(commit(world), ==, HL_ERROR_CONFLICT);
    g_assert_cmpuint(world->lines->len, ==, before);
    {
        g_autofree char *told = describe(world->db, "");

        g_assert_cmpstr(told, ==, "certificate 000001 e-1 endpoint 0\nendpoint e-1 000001 0\n");
    }
}

static void test_marks(World *world G_GNUC_UNUSED, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();
    static const struct {
        int64_t mark;
        MgrMarkState state;
        int64_t known, also_known, unknown;
    } rows[] = {
        { 11, MGR_MARK_COMING, 0, 11, 12 }, /* killed before it was written: the registry has none yet */
        { 11, MGR_MARK_WRITTEN, 11, 11, 0 },
        { 12, MGR_MARK_COMING, 11, 12, 0 },
        { 12, MGR_MARK_WRITTEN, 12, 12, 11 },
    };

    g_assert_true(mgr_ledger_knows_mark(ledger, 0)); /* it has none: an upgrade */
    g_assert_true(mgr_ledger_knows_mark(ledger, 5));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = mgr_journal_mark(rows[i].mark, rows[i].state);

        mgr_ledger_line(line, ledger);
        g_assert_true(mgr_ledger_knows_mark(ledger, rows[i].known));
        g_assert_true(mgr_ledger_knows_mark(ledger, rows[i].also_known));
        g_assert_false(mgr_ledger_knows_mark(ledger, rows[i].unknown));
    }
}

static void test_malformed(World *world G_GNUC_UNUSED, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *line;
        guint malformed;
    } rows[] = {
        { "{\"what\": \"of a later version\", \"name\": \"x\"}", 0 },
        { "{\"what\": \"used\", \"name\": \"b-1\", \"more\": [1]}", 0 },
        { "", 1 },
        { "[]", 1 },
        { "{\"what\": 1}", 1 },
        { "{\"what\": \"used\"}", 1 },
        { "{\"what\": \"certificate\", \"name\": \"x\"}", 1 },
        { "{\"what\": \"endpoint\", \"name\": \"x\"}", 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgrLedger) ledger = mgr_ledger_new();

        mgr_ledger_line(rows[i].line, ledger);
        g_assert_cmpuint(mgr_ledger_malformed(ledger), ==, rows[i].malformed);
    }
}

/* What is told apart without parsing is what the printers print. */
static void test_peek(World *world G_GNUC_UNUSED, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *use = mgr_journal_use("b-1");
    g_autofree char *bundle = mgr_journal_peek_use(use);
    g_autofree char *removal = mgr_journal_removal("e-1");

    g_assert_cmpstr(bundle, ==, "b-1");
    g_assert_null(mgr_journal_peek_use(removal));
    g_assert_null(mgr_journal_peek_use("{\"what\":\"used\",\"name\":\"b\\u0041\"}"));
    g_assert_null(mgr_journal_peek_use("{\"what\":\"used\",\"name\":\"b-1\""));
    g_assert_null(mgr_journal_peek_use("{\"what\":\"used\",\"name\":\"b-1\",\"more\":1}"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/ledger/any-backup", World, NULL, ledger_set_up, test_any_backup, ledger_tear_down);
    g_test_add("/ledger/older-journal", World, NULL, ledger_set_up, test_older_journal, ledger_tear_down);
    g_test_add("/ledger/snapshot", World, NULL, ledger_set_up, test_snapshot, ledger_tear_down);
    g_test_add("/ledger/snapshot-introduced", World, NULL, ledger_set_up, test_snapshot_introduced, ledger_tear_down);
    g_test_add("/ledger/snapshot-of-before", World, NULL, ledger_set_up, test_snapshot_of_before, ledger_tear_down);
    g_test_add("/ledger/any-snapshot", World, NULL, ledger_set_up, test_any_snapshot, ledger_tear_down);
    g_test_add("/ledger/journal-first", World, NULL, ledger_set_up, test_journal_first, ledger_tear_down);
    g_test_add("/ledger/marks", World, NULL, ledger_set_up, test_marks, ledger_tear_down);
    g_test_add("/ledger/malformed", World, NULL, ledger_set_up, test_malformed, ledger_tear_down);
    g_test_add("/ledger/peek", World, NULL, ledger_set_up, test_peek, ledger_tear_down);
    return g_test_run();
}

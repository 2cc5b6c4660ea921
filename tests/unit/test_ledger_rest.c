/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/ledger: the end of a journal behind the mark of a start with which the registry agreed tells a registry
 * all that the whole tells it, or says that it does not. */
#include "manager/store/ledger.h"

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "tests/support/ledger_fixture.h"

/* What each start adds, where registry and journal agree.  Where the rest begins. */
static guint begin_rest(World *world, int64_t mark)
{
    g_autoptr(MgrLedger) ledger = ledger_of(world);
    guint begin = world->lines->len;

    g_assert_true(mgr_ledger_begin_rest(ledger, world->db, NOW, world->lines, NULL));
    g_ptr_array_add(world->lines, mgr_journal_mark(mark, MGR_MARK_COMING));
    g_ptr_array_add(world->lines, mgr_journal_mark(mark, MGR_MARK_WRITTEN));
    return begin;
}

/* The end of the journal as a start reads it that finds this mark in the registry. */
static MgrLedger *rest_of(const World *world, guint begin, int64_t mark)
{
    MgrLedger *ledger = mgr_ledger_new_rest(mark);

    for (guint i = begin; i < world->lines->len; i++)
        mgr_ledger_line(world->lines->pdata[i], ledger);
    return ledger;
}

/* What a registry is then, and what it lacked. */
static char *tell_registry(const MgrLedger *ledger, const char *path)
{
    g_autofree char *copy = g_strconcat(path, "-told", NULL);
    g_autoptr(HlDb) from = hl_db_open(path, HL_DB_DEFAULT, NULL);
    g_autoptr(HlDb) db = NULL;
    g_auto(MgrGaps) gaps = { 0 };
    g_autofree char *lacked = NULL;
    g_autofree char *told = NULL;

    g_assert_true(hl_db_copy(from, copy, NULL));
    db = hl_db_open(copy, HL_DB_DEFAULT, NULL);
    g_assert_true(mgr_ledger_compare(ledger, db, NOW, &gaps, NULL));
    g_assert_true(mgr_ledger_apply(ledger, db, &gaps, NULL));
    lacked = mgr_gaps_describe(&gaps);
    told = describe(db, "b-0 b-1 b-2 b-3 ");
    g_assert_true(hl_tree_remove(copy, NULL));
    return g_strdup_printf("%s\n%s", lacked != NULL ? lacked : "nothing", told);
}

static void step_at_random(World *world, guint *names)
{
    guint who = (guint)g_test_rand_int_range(0, 4);
    g_autofree char *id = g_strdup_printf("e-%u-%u", who, names[who]);
    g_autofree char *bundle = g_strdup_printf("b-%d", g_test_rand_int_range(0, 4));
    guint what = (guint)g_test_rand_int_range(0, N_HAPPENINGS);

    if (number_of(world, id) < 0)
        enrol(world, id, bundle);
    else if (happenings[what] != withdraw || g_test_rand_int_range(0, 4) == 0)
        happenings[what](world, id, bundle);
    names[who] += happenings[what] == forget; /* ids are never given twice */
}

/* A registry of any moment since the start that wrote its mark is told the same by the rest as by the whole: the one
 * that a killed manager left behind its journal, and one that was put there by hand. */
static void test_rest(World *world, gconstpointer user)
{
    enum { STEPS = 120, EVERY = 10 };
    guint names[4] = { 0 }, begins[STEPS] = { 0 }, sufficient = 0;
    int64_t marks[STEPS] = { 0 };

    world->is_doubtful = user != NULL;
    for (guint i = 0; i < 4; i++) {
        g_autofree char *bundle = g_strdup_printf("b-%u", i);

        create_bundle(world, bundle);
        g_ptr_array_add(world->lines, mgr_journal_bundle(bundle, 1000));
    }
    g_assert_true(hl_db_exec(world->db, "UPDATE token SET uses_left = 1000", NULL));
    for (guint step = 0; step < STEPS; step++) {
        g_autofree char *copy = g_strdup_printf("%s/rest-%u", world->directory, step);

        begins[step] = step % EVERY == 0 ? begin_rest(world, step + 1) : begins[step - 1];
        marks[step] = step % EVERY == 0 ? step + 1 : marks[step - 1];
        step_at_random(world, names);
        g_assert_true(hl_db_copy(world->db, copy, NULL));
    }
    for (guint step = 0; step < STEPS; step++) {
        g_autofree char *copy = g_strdup_printf("%s/rest-%u", world->directory, step);
        g_autoptr(MgrLedger) whole = ledger_of(world);
        g_autoptr(MgrLedger) rest = rest_of(world, begins[step], marks[step]);
        g_autofree char *by_whole = tell_registry(whole, copy);
        g_autofree char *by_rest = mgr_ledger_suffices(rest) ? tell_registry(rest, copy) : NULL;

        sufficient += by_rest != NULL;
        if (by_rest != NULL)
            g_assert_cmpstr(by_rest, ==, by_whole);
    }
    g_assert_cmpuint(sufficient, >, STEPS / 2);
}

/* What the time before the mark must be known for has the whole read. */
static void test_rest_unfit(World *world, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *lines[4];
        bool suffices;
    } rows[] = {
        { { "COMING" }, true },
        { { "COMING", "WRITTEN" }, true },
        { { "BUNDLE", "COMING", "WRITTEN", "USE" }, true },
        { { "RESTORE", "COMING", "WRITTEN" }, true },
        { { "COMING", "WRITTEN", "OTHER" }, true },
        { { NULL }, false },
        { { "BUNDLE" }, false },
        { { "WRITTEN" }, false },
        { { "OTHER", "WRITTEN" }, false },
        { { "CERTIFICATE", "COMING" }, false },
        { { "COMING", "WRITTEN", "USE" }, false },
        { { "COMING", "WRITTEN", "RESTORE" }, false },
        { { "COMING", "WRITTEN", "REVOKED" }, false },
        { { "COMING", "PLACE" }, false },
        { { "COMING", "{}" }, false },
    };
    g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    MgrCertificateRecord certificate = { .serial = hl_unconst("1"),
                                         .name = hl_unconst("e"),
                                         .kind = hl_unconst("endpoint") };

    g_hash_table_insert(lines, (gpointer) "COMING", mgr_journal_mark(7, MGR_MARK_COMING));
    g_hash_table_insert(lines, (gpointer) "WRITTEN", mgr_journal_mark(7, MGR_MARK_WRITTEN));
    g_hash_table_insert(lines, (gpointer) "OTHER", mgr_journal_mark(8, MGR_MARK_COMING));
    g_hash_table_insert(lines, (gpointer) "BUNDLE", mgr_journal_bundle("b", 2));
    g_hash_table_insert(lines, (gpointer) "USE", mgr_journal_use("b"));
    g_hash_table_insert(lines, (gpointer) "RESTORE", mgr_journal_restore(1, 2, MGR_JOURNAL_NEWER, ""));
    g_hash_table_insert(lines, (gpointer) "CERTIFICATE", mgr_journal_certificate(&certificate));
    certificate.revoked_at = NOW;
    g_hash_table_insert(lines, (gpointer) "REVOKED", mgr_journal_certificate(&certificate));
    g_hash_table_insert(lines, (gpointer) "PLACE",
                        mgr_journal_place(&(MgrPlaceRecord){
                            .counter = 2, .authorities = (char *[]){ (char[]){ "new" }, (char[]){ "old" }, NULL } }));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgrLedger) ledger = NULL;

        g_ptr_array_set_size(world->lines, 0);
        for (gsize n = 0; n < G_N_ELEMENTS(rows[i].lines) && rows[i].lines[n] != NULL; n++) {
            const char *line = g_hash_table_lookup(lines, rows[i].lines[n]);

            g_ptr_array_add(world->lines, g_strdup(line != NULL ? line : rows[i].lines[n]));
        }
        ledger = rest_of(world, 0, 7);
        g_assert_cmpint(mgr_ledger_suffices(ledger), ==, rows[i].suffices);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/ledger-rest/any-registry", World, NULL, ledger_set_up, test_rest, ledger_tear_down);
    g_test_add("/ledger-rest/any-clock", World, "doubtful", ledger_set_up, test_rest, ledger_tear_down);
    g_test_add("/ledger-rest/unfit", World, NULL, ledger_set_up, test_rest_unfit, ledger_tear_down);
    return g_test_run();
}

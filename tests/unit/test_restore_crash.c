/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 between any two changes of the disk, and the disk full from any change on, during a restore that takes newer
 * keys from the site that it replaces: the site is the one of before, or the one of later, or it does not start and the
 * same order gets there. */
#include <glib/gstdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/pki/signing.h"
#include "manager/site/exchange.h"
#include "manager/site/handover.h"
#include "manager/site/registry.h"
#include "manager/site/restore.h"
#include "manager/site/site.h"
#include "manager/store/audit.h"
#include "tests/support/faults.h"
#include "tests/support/repository_world.h"
#include "tests/support/site_keys.h"
#include "tests/support/stride.h"

/* A backup, and the site as it went on: another sealing key was announced, and its audit log has rows. */
typedef struct {
    char *top, *later, *backup, *work;
    char *key, *ca; /* digests of later */
    char *head;     /* of its audit log */
    char *before;   /* the digest of all of it */
} World;

bool __wrap_mgr_site_check_keys(const char *dir, GError **error);

/* The site has an authority and no certificate: none is asked for here. */
bool __wrap_mgr_site_check_keys(const char *dir G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return true;
}

static char *digest_of(const char *dir, const char *name)
{
    g_autofree char *path = mgr_site_path(dir, name);

    return hl_file_digest(path, NULL);
}

static char *head_of(HlDb *db)
{
    g_auto(MgrAuditHead) head = { 0 };

    g_assert_true(mgr_registry_read_audit_head(db, &head, NULL));
    return mgr_audit_head_print(&head);
}

static void add_names(const char *dir, const char *below, GPtrArray *names)
{
    g_autofree char *path = mgr_site_path(dir, below);
    g_autoptr(GDir) open = g_dir_open(path, 0, NULL);
    const char *name;

    while (open != NULL && (name = g_dir_read_name(open)) != NULL) {
        g_autofree char *relative = *below == '\0' ? g_strdup(name) : g_build_filename(below, name, NULL);

        if (*below == '\0' && (strcmp(name, "lock") == 0 || g_str_has_prefix(name, MGR_SITE_ASIDE) ||
                               strcmp(name, MGR_SITE_COMING) == 0 || strcmp(name, MGR_SITE_EXCHANGING) == 0))
            continue;
        g_ptr_array_add(names, g_strdup(relative));
        add_names(dir, relative, names);
    }
}

/* Names and contents of all that a restore exchanges. */
static char *digest_tree(const char *dir)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) all = g_string_new(NULL);

    add_names(dir, "", names);
    g_ptr_array_sort(names, hl_text_compare);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *digest = digest_of(dir, names->pdata[i]);

        g_string_append_printf(all, "%s %s\n", (const char *)names->pdata[i], digest != NULL ? digest : "-");
    }
    return g_strdup(all->str);
}

static void open_once(const char *dir)
{
    g_autoptr(GError) error = NULL;
    HlJournal *journal = NULL;
    HlDb *db = mgr_site_open_registry(dir, &journal, &error);

    g_assert_no_error(error);
    hl_journal_free(journal);
    hl_db_close(db);
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    g_autofree char *from = mgr_site_path(from_dir, name);
    g_autofree char *to = mgr_site_path(to_dir, name);
    g_autofree char *digest = NULL;

    g_assert_cmpint(g_remove(to), ==, 0);
    digest = hl_file_copy(from, to, 0600, NULL);
    g_assert_nonnull(digest);
}

/* Another authority and sealing key took the place of the backup's, and were announced. */
static void go_on(World *world)
{
    static const char *const names[] = { "pki/ca.pem", "pki/ca.key", "pki/sealing.key" };
    g_autofree char *other = g_build_filename(world->top, "other", NULL);
    g_autofree char *registry = mgr_site_path(world->later, MGR_SITE_REGISTRY);
    g_auto(MgrSiteKeys) keys = { 0 };
    g_autoptr(HlDb) db = NULL;
    MgrPlaceRecord place = { .counter = 5, .changed_at = 1, .changed_by = (char *)"admin" };
    char *nobody[] = { NULL };

    hl_signing_key_free(site_keys_make(other));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        copy_file(other, world->later, names[i]);
    g_assert_true(mgr_site_keys_read(&keys, world->later, NULL));
    place.brokers = place.servers = nobody;
    place.keys = keys.keys;
    place.authorities = keys.authorities;
    db = hl_db_open(registry, HL_DB_DEFAULT, NULL);
    g_assert_true(mgr_registry_put_place(db, &place, NULL) && mgr_registry_add_audit_gap(db, 1, 2, "", NULL));
    world->head = head_of(db);
    world->key = digest_of(world->later, names[2]);
    world->ca = digest_of(world->later, names[0]);
}

static void set_up(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *pki = NULL;
    g_autofree char *registry = NULL;
    MgrBackupInfo info;

    world->top = g_dir_make_tmp("hl-restore-XXXXXX", NULL);
    world->later = g_build_filename(world->top, "later", NULL);
    world->backup = g_build_filename(world->top, "backup", NULL);
    world->work = g_build_filename(world->top, "work", NULL);
    pki = mgr_site_path(world->later, "pki");
    registry = mgr_site_path(world->later, MGR_SITE_REGISTRY);
    g_assert_true(hl_dir_make(pki, 0700, NULL));
    hl_signing_key_free(site_keys_make(world->later));
    hl_db_close(mgr_registry_open(registry, NULL));
    open_once(world->later);
    g_assert_true(mgr_backup_make(world->later, world->backup, &info, NULL));
    go_on(world);
    world->before = digest_tree(world->later);
}

static void tear_down(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->later);
    g_free(world->backup);
    g_free(world->work);
    g_free(world->key);
    g_free(world->ca);
    g_free(world->head);
    g_free(world->before);
}

static bool restore(gpointer user, GError **error)
{
    const World *world = user;
    g_auto(MgrRestoreReport) report = { 0 };
    MgrRestoreOrder order = { .dir = world->backup, .site = world->work, .how = MGR_RESTORE_REPLACE };

    return mgr_site_restore(&order, &report, error);
}

/* ------------------------------------------------------------------------------------------------------- judgement */

static char *find_aside(const char *site)
{
    g_autoptr(GDir) dir = g_dir_open(site, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, MGR_SITE_ASIDE))
            return mgr_site_path(site, name);
    return NULL;
}

static bool has(const char *site, const char *name)
{
    g_autofree char *path = mgr_site_path(site, name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Whole, with the keys of later and the word of where the audit log ended; all of before is beside it, once. */
static void check_restored(const World *world)
{
    g_autofree char *key = digest_of(world->work, "pki/sealing.key");
    g_autofree char *ca = digest_of(world->work, "pki/ca.pem");
    g_autofree char *journal = mgr_site_path(world->work, MGR_SITE_JOURNAL);
    g_autofree char *aside = find_aside(world->work);
    g_autofree char *kept = aside != NULL ? digest_tree(aside) : NULL;
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = mgr_ledger_read(journal, &state, NULL);

    g_assert_cmpstr(key, ==, world->key);
    g_assert_cmpstr(ca, ==, world->ca);
    g_assert_cmpstr(kept, ==, world->before);
    g_assert_cmpstr(mgr_ledger_restored(ledger).head, ==, world->head);
    g_assert_true(has(world->work, MGR_SITE_REGISTRY) && !has(world->work, MGR_SITE_COMING));
}

typedef enum { BEFORE, AFTER, HALF } Now;

static Now judge(const World *world)
{
    g_autofree char *now = NULL;
    g_autoptr(GError) error = NULL;

    if (!mgr_exchange_check(world->work, &error)) { /* the manager asks that first of all */
        g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_CONFLICT);
        return HALF;
    }
    if (has(world->work, "restored.txt")) {
        check_restored(world);
        return AFTER;
    }
    now = digest_tree(world->work);
    g_assert_cmpstr(now, ==, world->before);
    return BEFORE;
}

/* The same order again gets there. */
static void lead_on(World *world)
{
    g_autoptr(GError) error = NULL;

    restore(world, &error);
    g_assert_no_error(error);
    g_assert_cmpint(judge(world), ==, AFTER);
}

/* A site is put back also where the backup cannot be used any more. */
static void put_back(const World *world)
{
    g_autofree char *gone = g_build_filename(world->top, "gone", NULL);
    g_auto(MgrRestoreReport) report = { 0 };
    MgrRestoreOrder order = { .dir = gone, .site = world->work, .how = MGR_RESTORE_REPLACE };

    g_assert_false(mgr_site_restore(&order, &report, NULL));
    g_assert_cmpint(judge(world), !=, HALF);
}

/* From one change of the disk at which it ends to the next. */
static int step(void)
{
    return 1 + stride() / 10;
}

static void test_killed(World *world, gconstpointer user G_GNUC_UNUSED)
{
    guint seen[HALF + 1] = { 0 };

    for (int n = 1;; n += step()) {
        FaultsEnd end;
        Now now;

        repository_copy(world->later, world->work);
        end = faults_run(FAULTS_DIE, n, restore, world);
        now = judge(world);
        seen[now]++;
        if (end == FAULTS_UNTOUCHED)
            break;
        g_assert_cmpint(end, ==, FAULTS_KILLED);
        if (now == HALF && seen[HALF] % 2 == 0)
            put_back(world);
        if (judge(world) != AFTER && stride_is_turn())
            lead_on(world);
    }
    open_once(world->work);
    g_assert_cmpuint(seen[BEFORE] * step(), >, 20);
    g_assert_cmpuint(seen[HALF] * step(), >, 5);
}

/* The one that leads on is killed too, while it puts back what was there. */
static void test_killed_twice(World *world, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *half = g_build_filename(world->top, "half", NULL);
    guint halves = 0;

    for (int n = 1;; n += step()) {
        bool is_over;

        repository_copy(world->later, half);
        g_free(world->work);
        world->work = g_strdup(half);
        is_over = faults_run(FAULTS_DIE, n, restore, world) == FAULTS_UNTOUCHED;
        if (is_over)
            break;
        if (judge(world) != HALF)
            continue;
        halves++;
        if (!stride_is_turn())
            continue;
        g_free(world->work);
        world->work = g_build_filename(world->top, "work", NULL);
        for (int again = 1 + n % 3; again < 40; again += 3) {
            repository_copy(half, world->work);
            g_assert_cmpint(faults_run(FAULTS_DIE, again, restore, world), ==, FAULTS_KILLED);
            if (judge(world) == BEFORE && !has(world->work, MGR_SITE_EXCHANGING))
                break; /* from here on it is like the first time */
            lead_on(world);
        }
    }
    g_assert_cmpuint(halves * step(), >, 5);
}

/* Where there is no room, nothing is left behind, either; this disk does not even rename. */
static void test_full(World *world, gconstpointer user G_GNUC_UNUSED)
{
    for (int n = 1;; n += step()) {
        FaultsEnd end;
        Now now;

        repository_copy(world->later, world->work);
        end = faults_run(FAULTS_FULL, n, restore, world);
        now = judge(world);
        if (end == FAULTS_UNTOUCHED)
            break;
        if (now == BEFORE)
            g_assert_false(has(world->work, MGR_SITE_COMING) || has(world->work, MGR_SITE_EXCHANGING));
        g_assert_true(now != AFTER || end == FAULTS_DONE || end == FAULTS_REFUSED);
        if (now != AFTER && stride_is_turn())
            lead_on(world);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/restore/crash/killed", World, NULL, set_up, test_killed, tear_down);
    g_test_add("/restore/crash/killed-twice", World, NULL, set_up, test_killed_twice, tear_down);
    g_test_add("/restore/crash/full", World, NULL, set_up, test_full, tear_down);
    return g_test_run();
}

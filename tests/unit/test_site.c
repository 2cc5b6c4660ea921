/* SPDX-License-Identifier: Apache-2.0 */
/* manager/site: which log belongs to which registry, what the journal brings back, and backups that were tampered with.
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/site/audit.h"
#include "manager/site/backup.h"
#include "manager/site/broker.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"
#include "manager/store/audit.h"

typedef struct {
    char *dir, *registry, *log, *journal;
} Site;

static void set_up(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *pki = NULL;
    g_autoptr(HlDb) db = NULL;

    site->dir = g_dir_make_tmp("hl-site-XXXXXX", NULL);
    pki = mgr_site_path(site->dir, "pki");
    site->registry = mgr_site_path(site->dir, MGR_SITE_REGISTRY);
    site->log = g_strconcat(site->registry, "-wal", NULL);
    site->journal = mgr_site_path(site->dir, MGR_SITE_JOURNAL);
    g_assert_true(hl_dir_make(pki, 0700, NULL));
    db = mgr_registry_open(site->registry, NULL);
    g_assert_true(hl_db_exec(db,
                             "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES "
                             "('default', 1, 1, '', 0, '')",
                             NULL));
}

static void tear_down(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(site->dir, NULL));
    g_free(site->dir);
    g_free(site->registry);
    g_free(site->log);
    g_free(site->journal);
}

static HlDb *open_site(const Site *site)
{
    g_autoptr(GError) error = NULL;
    HlJournal *journal = NULL;
    HlDb *db = mgr_site_open_registry(site->dir, &journal, &error);

    g_assert_no_error(error);
    hl_journal_free(journal);
    return db;
}

static int64_t count(HlDb *db, const char *table)
{
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    int64_t n = -1;

    g_assert_true(hl_db_query_int(db, -1, &n, NULL, sql, ""));
    return n;
}

static void copy(const char *from, const char *to)
{
    g_autoptr(GBytes) bytes = hl_file_read(from, 100 * 1024 * 1024, NULL);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    g_assert_true(hl_file_write(to, data, size, 0600, NULL));
}

/* Started, written to, and killed: what was written is in the log alone. */
static void run_and_kill(const Site *site, const char *group)
{
    g_autofree char *file = g_strconcat(site->registry, ".killed", NULL);
    g_autofree char *log = g_strconcat(file, "-log", NULL);
    HlDb *db = open_site(site);

    g_assert_true(hl_db_run(
        db, NULL, NULL,
        "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES (?, 1, 1, '', 0, '')", "t",
        group));
    copy(site->registry, file);
    copy(site->log, log);
    hl_db_close(db);
    copy(file, site->registry);
    copy(log, site->log);
    g_assert_cmpint(unlink(file), ==, 0);
    g_assert_cmpint(unlink(log), ==, 0);
}

static bool was_set_aside(const Site *site)
{
    g_autoptr(GDir) dir = g_dir_open(site->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, MGR_SITE_REGISTRY "-wal.aside-"))
            return true;
    return false;
}

/* Its own log is played back, however often it is killed. */
static void test_own_log(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const groups[] = { "one", "two", "three" };

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autoptr(HlDb) db = NULL;

        run_and_kill(site, groups[i]);
        db = open_site(site);
        g_assert_false(was_set_aside(site));
        g_assert_cmpint(count(db, "grp"), ==, (int64_t)i + 2);
    }
}

/* A copy of an earlier run, or one that was put there later, is not voided by it. */
static void test_foreign_log(Site *site, gconstpointer user)
{
    bool same_run = user != NULL;
    g_autofree char *backup = mgr_site_path(site->dir, "copy.db");
    g_autoptr(HlDb) db = open_site(site);
    struct stat st;

    if (!same_run)
        copy(site->registry, backup);
    hl_db_close(g_steal_pointer(&db));
    run_and_kill(site, "lost");
    if (same_run) {
        g_assert_cmpint(stat(site->log, &st), ==, 0);
        g_assert_cmpint(utime(site->registry, &(struct utimbuf){ st.st_mtime + 60, st.st_mtime + 60 }), ==, 0);
    } else {
        copy(backup, site->registry);
    }
    db = open_site(site);
    g_assert_true(was_set_aside(site));
    g_assert_cmpint(count(db, "grp"), ==, 1);
}

static void keep_gap(MgrAuditRecord *record, gpointer user)
{
    if (mgr_audit_is_gap(record))
        g_ptr_array_add(user, g_steal_pointer(&record->arguments));
}

static void follow(MgrAuditRecord *record, gpointer head)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_audit_follow(head, record, &error));
    g_assert_no_error(error);
}

/* Of a chain that is whole.  Texts; free with g_ptr_array_unref. */
static GPtrArray *gaps(const Site *site)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(HlDb) db = open_site(site);
    g_auto(MgrAuditHead) head = { 0 };

    g_assert_true(mgr_registry_list_audit(db, &(MgrAuditFilter){ 0 }, keep_gap, found, NULL));
    g_assert_true(mgr_registry_list_audit(db, &(MgrAuditFilter){ 0 }, follow, &head, NULL));
    return found;
}

static void add_line(const Site *site, char *line)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    HlJournalState state;
    g_autoptr(HlJournal) journal = hl_journal_open(site->journal, NULL, NULL, &state, NULL);

    g_ptr_array_add(lines, line);
    g_assert_true(hl_journal_append(journal, lines, NULL));
}

/* Rows of the audit log that a restore takes away are told of once: of the command's restore, and of a file that was
 * put there by hand. */
static void test_audit_gap(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *backup = mgr_site_path(site->dir, "copy.db");
    g_autoptr(GPtrArray) none = gaps(site);
    g_autoptr(GPtrArray) restored = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GPtrArray) by_hand = NULL;
    g_autoptr(GBytes) hash = g_bytes_new("\n\v", 2);
    const MgrAuditHead head = { .number = 57, .hash = hash };

    g_assert_cmpuint(none->len, ==, 0);
    copy(site->registry, backup);
    add_line(site, mgr_journal_restore(HL_DAY, 2 * HL_DAY, MGR_JOURNAL_NEWER, "57:0a"));
    restored = gaps(site);
    g_assert_cmpuint(restored->len, ==, 1);
    g_assert_cmpstr(restored->pdata[0], ==, "from=1970-01-02T00:00:00Z to=1970-01-03T00:00:00Z head=57:0a");
    again = gaps(site);
    g_assert_cmpuint(again->len, ==, 1);
    copy(backup, site->registry);
    g_assert_true(mgr_site_write_audit_head(site->dir, &head, NULL)); /* as a manager does that is stopped */
    by_hand = gaps(site);
    g_assert_cmpuint(by_hand->len, ==, 1);
    g_assert_true(g_str_has_prefix(by_hand->pdata[0], "from=? to=2"));
    g_assert_true(g_str_has_suffix(by_hand->pdata[0], " head=57:0a0b"));
    g_ptr_array_unref(by_hand);
    by_hand = gaps(site);
    g_assert_cmpuint(by_hand->len, ==, 1);
}

/* A journal that is gone begins again with what the registry knows, and brings it back to an older one. */
static void test_journal_begins(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *backup = mgr_site_path(site->dir, "copy.db");
    g_autoptr(HlDb) db = open_site(site);

    hl_db_close(g_steal_pointer(&db));
    copy(site->registry, backup);
    db = mgr_registry_open(site->registry, NULL);
    g_assert_true(hl_db_exec(db,
                             "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, revoked_at) VALUES "
                             "('0a', 'e-1', 'endpoint', 1, 9000000000000, 0);"
                             "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial,"
                             " cert_expires) VALUES ('e-1', 'default', 'h', 'f', 1, 1, '0a', 9000000000000)",
                             NULL));
    hl_db_close(g_steal_pointer(&db));
    g_assert_cmpint(unlink(site->journal), ==, 0);
    db = open_site(site);
    hl_db_close(g_steal_pointer(&db));
    copy(backup, site->registry);
    db = open_site(site);
    g_assert_cmpint(count(db, "endpoint"), ==, 1);
    g_assert_cmpint(count(db, "certificate"), ==, 1);
}

static void run(const Site *site, const char *sql)
{
    g_autoptr(HlDb) db = mgr_registry_open(site->registry, NULL);

    g_assert_true(hl_db_exec(db, sql, NULL));
}

static int64_t endpoints_of_start(const Site *site)
{
    g_autoptr(HlDb) db = open_site(site);

    return count(db, "endpoint");
}

/* A start that finds the registry of the last one reads what the journal was told since, and no more: what somebody
 * took out of the registry by hand stays out until a restore has the whole compared. */
static void test_rest(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    MgrCertificateRecord certificate = { .serial = hl_unconst("0b"),
                                         .name = hl_unconst("e-2"),
                                         .kind = hl_unconst("endpoint"),
                                         .expires_at = G_MAXINT64 / 2 };
    MgrEndpointRecord endpoint = {
        .id = hl_unconst("e-2"), .group = hl_unconst("default"), .host = hl_unconst("h"), .fingerprint = hl_unconst("g")
    };

    run(site, "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, revoked_at) VALUES"
              " ('0a', 'e-1', 'endpoint', 1, 9000000000000, 0);"
              "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial, cert_expires)"
              " VALUES ('e-1', 'default', 'h', 'f', 1, 1, '0a', 9000000000000)");
    g_assert_cmpint(endpoints_of_start(site), ==, 1);
    add_line(site, mgr_journal_certificate(&certificate));
    add_line(site, mgr_journal_endpoint(&endpoint)); /* killed before it was committed */
    run(site, "DELETE FROM endpoint WHERE id = 'e-1'");
    g_assert_cmpint(endpoints_of_start(site), ==, 1);
    g_assert_cmpint(endpoints_of_start(site), ==, 1);
    add_line(site, mgr_journal_restore(HL_DAY, 2 * HL_DAY, MGR_JOURNAL_NEWER, ""));
    g_assert_cmpint(endpoints_of_start(site), ==, 2);
    run(site, "DELETE FROM endpoint WHERE id = 'e-1'");
    g_assert_cmpint(endpoints_of_start(site), ==, 2); /* what was taken from there is looked at once more */
    run(site, "DELETE FROM endpoint WHERE id = 'e-1'");
    g_assert_cmpint(endpoints_of_start(site), ==, 2);
    g_assert_cmpint(endpoints_of_start(site), ==, 2); /* nothing was missing */
    run(site, "DELETE FROM endpoint WHERE id = 'e-1'");
    g_assert_cmpint(endpoints_of_start(site), ==, 1);
}

/* By a clock that is ahead what the site has not lived through has not ended: left out once, it would be for good. */
static void test_clock_ahead(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    HlTime now = hl_clock_wall();
    MgrCertificateRecord certificate = {
        .serial = hl_unconst("0b"), .name = hl_unconst("alice"), .kind = hl_unconst("admin"), .expires_at = now - HL_DAY
    };
    g_autofree char *lived =
        g_strdup_printf("INSERT INTO counter (name, value) VALUES ('lived', %" G_GINT64_FORMAT ")", now - 10 * HL_DAY);
    g_autoptr(HlDb) db = NULL;

    run(site, lived);
    add_line(site, mgr_journal_certificate(&certificate));
    db = open_site(site);
    g_assert_cmpint(count(db, "certificate"), ==, 1);
}

static void change_byte(const Site *site, off_t at)
{
    g_autoptr(GBytes) bytes = hl_file_read(site->journal, 1024 * 1024, NULL);
    gsize size;
    g_autofree char *data = g_memdup2(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));

    size = g_bytes_get_size(bytes);
    data[at >= 0 ? (gsize)at : size + (gsize)at] ^= 1;
    g_assert_true(hl_file_write(site->journal, data, size, 0600, NULL));
}

/* One whose end is damaged is read from its beginning, by each start. */
static void test_rest_damaged(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    run(site, "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, revoked_at) VALUES"
              " ('0a', 'e-1', 'endpoint', 1, 9000000000000, 0);"
              "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial, cert_expires)"
              " VALUES ('e-1', 'default', 'h', 'f', 1, 1, '0a', 9000000000000)");
    g_assert_cmpint(endpoints_of_start(site), ==, 1);
    add_line(site, mgr_journal_removal("nobody"));
    add_line(site, mgr_journal_removal("nobody"));
    change_byte(site, -100);
    for (guint i = 0; i < 3; i++) {
        run(site, "DELETE FROM endpoint WHERE id = 'e-1'");
        g_assert_cmpint(endpoints_of_start(site), ==, 1);
    }
}

/* ---------------------------------------------------------------------------------------------------------- backups */

static void expect_refused(const char *dir, const char *manifest, HlErrorCode code)
{
    g_autofree char *path = mgr_site_path(dir, "manifest.json");
    g_autoptr(GError) error = NULL;
    MgrBackupInfo info;

    g_assert_true(hl_file_write_text(path, manifest, 0600, NULL));
    g_assert_false(mgr_backup_verify(dir, &info, &error));
    g_assert_error(error, HL_ERROR, (int)code);
}

static void test_backup(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *dir = g_strconcat(site->dir, ".backup", NULL);
    g_autofree char *below = mgr_site_path(site->dir, "pki/backup/of today");
    g_autofree char *outside = mgr_site_path(site->dir, "secret");
    g_autofree char *own = mgr_site_path(site->dir, "broker-ca.pem");
    g_autofree char *inside = mgr_site_path(dir, "secret");
    g_autofree char *there = mgr_site_path(dir, MGR_SITE_JOURNAL);
    g_autofree char *link = mgr_site_path(site->dir, "pki/link");
    g_autoptr(HlDb) db = open_site(site);
    g_autoptr(GError) error = NULL;
    MgrBackupInfo info;

    hl_db_close(g_steal_pointer(&db));
    g_assert_true(hl_file_write_text(outside, "x", 0644, NULL));
    g_assert_true(hl_file_write_text(own, "x", 0644, NULL));
    g_assert_false(mgr_backup_make(site->dir, below, &info, &error)); /* it would take itself in */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_true(mgr_backup_make(site->dir, dir, &info, &error));
    g_assert_cmpuint(info.files, ==, 4); /* registry, journal, secret, and what is only named like something else */
    g_assert_true(g_file_test(inside, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(there, G_FILE_TEST_EXISTS));
    g_assert_cmpint(chmod(inside, 0600), ==, 0);
    g_assert_true(hl_file_write_text(inside, "y", 0600, NULL));
    g_assert_false(mgr_backup_verify(dir, &info, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_clear_error(&error);
    g_assert_true(hl_tree_remove(dir, NULL));
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
    g_assert_false(mgr_backup_make(site->dir, dir, &info, &error)); /* nothing is left out without a word */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS)); /* half of it, with its keys, would only take room */
}

/* What may move while the site is copied is copied before the rest, once: as a finish moves it, the copy has it twice.
 * And the audit log's head before the registry, which then has its row. */
static void test_moving_key(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const order[] = { MGR_SITE_AUDIT_HEAD, MGR_SITE_REGISTRY, MGR_SITE_NEXT_SEALING_KEY };
    g_autofree char *dir = g_strconcat(site->dir, ".backup", NULL);
    g_autofree char *next = mgr_site_path(site->dir, MGR_SITE_NEXT_SEALING_KEY);
    g_autofree char *head = mgr_site_path(site->dir, MGR_SITE_AUDIT_HEAD);
    g_autofree char *manifest = mgr_site_path(dir, "manifest.json");
    g_autoptr(HlDb) db = open_site(site);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(json_t) document = NULL;
    json_t *files;
    MgrBackupInfo info;

    hl_db_close(g_steal_pointer(&db));
    g_assert_true(hl_file_write_text(next, "key", 0600, NULL) && hl_file_write_text(head, "x", 0600, NULL));
    g_assert_true(mgr_backup_make(site->dir, dir, &info, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(info.files, ==, G_N_ELEMENTS(order) + 1); /* and the journal */
    text = hl_file_read_text(manifest, 65536, &error);
    document = hl_json_parse(manifest, text, strlen(text), &error);
    g_assert_no_error(error);
    files = json_object_get(document, "files");
    g_assert_cmpuint(json_array_size(files), ==, info.files);
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        g_assert_cmpstr(json_string_value(json_object_get(json_array_get(files, i), "path")), ==, order[i]);
    g_assert_true(hl_tree_remove(dir, NULL));
}

static void test_manifests(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const paths[] = { "../secret", "/etc/passwd", "pki/../../secret", "", "pki//x", "." };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *manifest = g_strdup_printf(
            "{\"version\": 1, \"made_ms\": 1, \"directories\": [], \"files\": [{\"path\": \"%s\", \"mode\": \"0600\", "
            "\"size\": 1, \"sha256\": \"00\"}]}",
            paths[i]);

        expect_refused(site->dir, manifest, HL_ERROR_INVALID);
    }
    expect_refused(site->dir, "", HL_ERROR_INVALID);
    expect_refused(site->dir, "{}", HL_ERROR_INVALID);
    expect_refused(site->dir, "{\"version\": 2, \"made_ms\": 1, \"directories\": [], \"files\": []}",
                   HL_ERROR_CONFLICT);
}

/* Somebody deleted a group past the manager: the manager starts, and its endpoints have another. */
static void test_lost_group(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlDb) db = open_site(site);
    int64_t n = 0;

    g_assert_true(
        hl_db_exec(db,
                   "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES ('a', 1, 7, '', "
                   "0, ''), ('gone', 1, 9, '', 0, '');"
                   "UPDATE counter SET value = 9 WHERE name = 'settings';"
                   "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial,"
                   " cert_expires) VALUES ('e-1', 'gone', '', '', 0, 8, '', 0), ('e-2', 'a', '', '', 0, 3, '', 0);"
                   "PRAGMA foreign_keys = OFF; DELETE FROM grp WHERE name = 'gone'",
                   NULL));
    g_clear_pointer(&db, hl_db_close);
    db = open_site(site);
    g_assert_true(hl_db_check(db, NULL));
    g_assert_true(hl_db_query_int(db, 0, &n, NULL,
                                  "SELECT count(*) FROM endpoint JOIN counter ON name = 'settings'"
                                  " WHERE id = 'e-1' AND grp = 'default' AND moved_counter = value AND value > 9",
                                  ""));
    g_assert_cmpint(n, ==, 1);
    g_assert_true(hl_db_query_int(
        db, 0, &n, NULL, "SELECT count(*) FROM endpoint WHERE id = 'e-2' AND grp = 'a' AND moved_counter = 3", ""));
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(count(db, "history"), ==, 1);
    g_clear_pointer(&db, hl_db_close);
    db = open_site(site); /* once */
    g_assert_cmpint(count(db, "history"), ==, 1);
}

/* Without any group there is nothing to move them to. */
static void test_no_group(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlDb) db = open_site(site);
    g_autoptr(GError) error = NULL;
    HlJournal *journal = NULL;

    g_assert_true(hl_db_exec(db,
                             "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial,"
                             " cert_expires) VALUES ('e-1', 'default', '', '', 0, 8, '', 0);"
                             "PRAGMA foreign_keys = OFF; DELETE FROM grp",
                             NULL));
    g_clear_pointer(&db, hl_db_close);
    db = mgr_site_open_registry(site->dir, &journal, &error);
    g_assert_null(db);
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "has endpoints and no group: restore a backup"));
}

static guint stuck_waits; /* so many of the next waits for the end of a process are in vain */

bool __wrap_hl_proc_wait(int fd, HlTime patience);
bool __real_hl_proc_wait(int fd, HlTime patience);

bool __wrap_hl_proc_wait(int fd, HlTime patience)
{
    if (stuck_waits == 0)
        return __real_hl_proc_wait(fd, patience);
    stuck_waits--;
    return false;
}

static pid_t start_broker(const Site *site, guint number)
{
    const char *argv[] = { "sleep", "60", NULL };
    MgrBrokerPlace place = { site->dir, number, 0 };
    g_autofree char *dir = mgr_site_broker_path(site->dir, number, NULL);
    MgrBrokerNote note = { .fixed = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
    g_autoptr(GError) error = NULL;
    GPid pid;

    g_assert_true(hl_dir_make(dir, 0700, NULL));
    g_assert_true(g_spawn_async(NULL, (char **)hl_unconst(argv), NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                                NULL, NULL, &pid, &error));
    g_assert_true(hl_proc_identify(pid, &note.id));
    g_assert_true(mgr_site_note_broker(&place, &note, &error));
    g_assert_no_error(error);
    return pid;
}

/* One that does not end, as with a disk that hangs, keeps none of those behind it. */
static void test_end_brokers(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    pid_t pids[] = { start_broker(site, 1), start_broker(site, 2) };
    g_autoptr(GError) error = NULL;

    stuck_waits = 2; /* after SIGTERM, and after SIGKILL */
    g_assert_false(mgr_site_end_brokers(site->dir, 1, 0, NULL, &error));
    g_assert_cmpuint(stuck_waits, ==, 0);
    g_assert_error(error, HL_ERROR, HL_ERROR_TIMEOUT);
    for (gsize i = 0; i < G_N_ELEMENTS(pids); i++) {
        int status;

        g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
        g_assert_true(WIFSIGNALED(status));
    }
}

/* Where there is no file nothing is known; one that says nothing is damaged. */
static void test_audit_head(Site *site, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const damaged[] = { "", "\n", "garbage", "57" };
    g_autofree char *path = mgr_site_path(site->dir, MGR_SITE_AUDIT_HEAD);
    g_auto(MgrAuditHead) head = { 0 };

    g_assert_true(mgr_site_read_audit_head(site->dir, &head, NULL));
    g_assert_cmpint(head.number, ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(hl_file_write_text(path, damaged[i], 0600, NULL));
        g_assert_false(mgr_site_read_audit_head(site->dir, &head, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
    g_assert_true(hl_file_write_text(path, "57:0a0b\n", 0600, NULL));
    g_assert_true(mgr_site_read_audit_head(site->dir, &head, NULL));
    g_assert_cmpint(head.number, ==, 57);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/site/own-log", Site, NULL, set_up, test_own_log, tear_down);
    g_test_add("/site/foreign-log", Site, NULL, set_up, test_foreign_log, tear_down);
    g_test_add("/site/later-file", Site, "same run", set_up, test_foreign_log, tear_down);
    g_test_add("/site/audit-gap", Site, NULL, set_up, test_audit_gap, tear_down);
    g_test_add("/site/audit-head", Site, NULL, set_up, test_audit_head, tear_down);
    g_test_add("/site/journal-begins", Site, NULL, set_up, test_journal_begins, tear_down);
    g_test_add("/site/clock-ahead", Site, NULL, set_up, test_clock_ahead, tear_down);
    g_test_add("/site/rest", Site, NULL, set_up, test_rest, tear_down);
    g_test_add("/site/rest-damaged", Site, NULL, set_up, test_rest_damaged, tear_down);
    g_test_add("/site/backup", Site, NULL, set_up, test_backup, tear_down);
    g_test_add("/site/moving-key", Site, NULL, set_up, test_moving_key, tear_down);
    g_test_add("/site/manifests", Site, NULL, set_up, test_manifests, tear_down);
    g_test_add("/site/lost-group", Site, NULL, set_up, test_lost_group, tear_down);
    g_test_add("/site/end-brokers", Site, NULL, set_up, test_end_brokers, tear_down);
    g_test_add("/site/no-group", Site, NULL, set_up, test_no_group, tear_down);
    return g_test_run();
}

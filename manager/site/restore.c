/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/site/broker.h"
#include "manager/site/check.h"
#include "manager/site/exchange.h"
#include "manager/site/handover.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"
#include "manager/store/audit.h"
#include "manager/store/ledger_passes.h"

#define NOTE "restored.txt"

/* One restore: its order, and where its files are until all are there. */
typedef struct {
    const MgrRestoreOrder *order;
    const char *stage;
    const char *before; /* the site as it was last whole, or else as it is; NULL: it has nothing */
    const char *whole;  /* the same; NULL: it is not whole */
    HlTime now;
    MgrRestoreReport *report;
} Restore;

void mgr_restore_report_clear(MgrRestoreReport *report)
{
    g_clear_pointer(&report->aside, g_free);
    g_clear_pointer(&report->note, g_free);
    g_clear_pointer(&report->keys, g_free);
    g_clear_pointer(&report->unknown, g_free);
    g_clear_pointer(&report->passes, g_free);
}

/* Where what the site has will be; NULL if it has nothing.  Caller frees. */
static char *choose_aside(const char *site, const GPtrArray *names, HlTime now)
{
    HlTime second = now / HL_SECOND;

    while (names->len > 0) {
        g_autofree char *name = g_strdup_printf(MGR_SITE_ASIDE "%" G_GINT64_FORMAT, second++);
        g_autofree char *path = mgr_site_path(site, name);

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------ the journal */

static void keep_line(const char *line, gpointer lines)
{
    g_ptr_array_add(lines, g_strdup(line));
}

static GPtrArray *read_lines(const char *path, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    HlJournalState state;

    return hl_journal_read(path, keep_line, lines, &state, error) ? g_steal_pointer(&lines) : NULL;
}

static bool has_authority(const HlTrust *trust, const HlCert *authority)
{
    for (guint i = 0; i < hl_trust_count(trust); i++)
        if (strcmp(hl_cert_info(hl_trust_at(trust, i))->fingerprint, hl_cert_info(authority)->fingerprint) == 0)
            return true;
    return false;
}

/* One that they have in common: between the two one may have begun to follow another, or have ended. */
static bool is_same_authority(const char *a, const char *b)
{
    g_autofree char *path_a = mgr_site_path(a, "pki/ca.pem");
    g_autofree char *path_b = mgr_site_path(b, "pki/ca.pem");
    g_autoptr(HlTrust) trust_a = hl_trust_load(path_a, NULL);
    g_autoptr(HlTrust) trust_b = hl_trust_load(path_b, NULL);

    for (guint i = 0; trust_a != NULL && i < hl_trust_count(trust_a); i++)
        if (trust_b != NULL && has_authority(trust_b, hl_trust_at(trust_a, i)))
            return true;
    return false;
}

/* A certificate or a mark, of which no two sites have the same one. */
static bool is_own(const char *line)
{
    g_auto(MgrEntry) entry = { 0 };

    return mgr_entry_parse(&entry, line) && (entry.kind == MGR_ENTRY_CERTIFICATE || entry.kind == MGR_ENTRY_MARK);
}

/* Where an authority has taken the other's place since, the journals still begin with the same lines. */
static bool is_same_journal(const char *a, const char *b)
{
    g_autofree char *path_a = mgr_site_path(a, MGR_SITE_JOURNAL);
    g_autofree char *path_b = mgr_site_path(b, MGR_SITE_JOURNAL);
    g_autoptr(GPtrArray) lines_a = read_lines(path_a, NULL);
    g_autoptr(GPtrArray) lines_b = read_lines(path_b, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; lines_a != NULL && i < lines_a->len; i++)
        g_hash_table_add(known, lines_a->pdata[i]);
    for (guint i = 0; lines_b != NULL && i < lines_b->len; i++)
        if (g_hash_table_contains(known, lines_b->pdata[i]) && is_own(lines_b->pdata[i]))
            return true;
    return false;
}

/* What is there is a whole site, and the same one. */
static bool is_whole(const char *dir, const char *backup)
{
    g_autofree char *registry = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autofree char *journal = mgr_site_path(dir, MGR_SITE_JOURNAL);

    return (is_same_authority(dir, backup) || is_same_journal(dir, backup)) &&
           g_file_test(registry, G_FILE_TEST_EXISTS) && g_file_test(journal, G_FILE_TEST_EXISTS);
}

/* The directory of the site as it was last whole: the site, or where its registry is lost, what an earlier restore has
 * set aside.  NULL: there is none. */
static char *find_whole(const MgrRestoreOrder *order)
{
    g_autofree char *newest = NULL;
    g_autoptr(GDir) dir = g_dir_open(order->site, 0, NULL);
    const char *name;

    if (order->previous != NULL)
        return g_strdup(order->previous);
    if (is_whole(order->site, order->dir))
        return g_strdup(order->site);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *aside = mgr_site_path(order->site, name);

        if (!g_str_has_prefix(name, MGR_SITE_ASIDE) || (newest != NULL && strcmp(name, newest) <= 0) ||
            !is_whole(aside, order->dir))
            continue;
        g_free(newest);
        newest = g_strdup(name);
    }
    return newest != NULL ? mgr_site_path(order->site, newest) : NULL;
}

/* The journal that may know what happened since the backup.  NULL: there is none. */
static char *find_newer(const MgrRestoreOrder *order, const char *whole)
{
    if (order->journal != NULL)
        return g_strdup(order->journal);
    return whole != NULL ? mgr_site_path(whole, MGR_SITE_JOURNAL) : NULL;
}

/* What the newer one has and the backup's has not, in its order; marks are of registries that are not here.  A line
 * that the backup's has so many times is left out that often: each use of a bundle is the same line, and an account
 * that is disabled once more is what it was before. */
static GPtrArray *select_news(const GPtrArray *old, const GPtrArray *newer)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal); /* -> how often */
    GPtrArray *news = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < old->len; i++)
        g_hash_table_insert(known, old->pdata[i],
                            GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(known, old->pdata[i])) + 1));
    for (guint i = 0; i < newer->len; i++) {
        guint left = GPOINTER_TO_UINT(g_hash_table_lookup(known, newer->pdata[i]));
        g_auto(MgrEntry) entry = { 0 };

        if (left > 0)
            g_hash_table_insert(known, newer->pdata[i], GUINT_TO_POINTER(left - 1));
        else if (mgr_entry_parse(&entry, newer->pdata[i]) && entry.kind != MGR_ENTRY_MARK)
            g_ptr_array_add(news, g_strdup(newer->pdata[i]));
    }
    return news;
}

/* Of the audit log that is replaced; "" if there is none, or it cannot be read: rows are lost then without a trace of
 * how many.  Caller frees. */
static char *head_of(const char *before)
{
    g_autoptr(HlDb) db = before != NULL ? mgr_site_peek_registry(before) : NULL;
    g_auto(MgrAuditHead) head = { 0 };

    return db != NULL && mgr_registry_read_audit_head(db, &head, NULL) ? mgr_audit_head_print(&head) : g_strdup("");
}

/* Which brokers are not to run belongs to the machine, not to the registry: it is in no backup. */
static bool keep_drained(const Restore *restore, GError **error)
{
    for (guint i = 0; restore->before != NULL && i < MGR_MAX_BROKERS; i++) {
        g_autofree char *from = mgr_site_broker_path(restore->before, i, MGR_SITE_DRAINED);
        g_autofree char *to = mgr_site_broker_path(restore->stage, i, MGR_SITE_DRAINED);
        g_autofree char *dir = g_path_get_dirname(to);

        if (!g_file_test(from, G_FILE_TEST_EXISTS))
            continue;
        if (!hl_dir_make(dir, 0700, error) || !hl_file_write_text(to, "", 0600, error))
            return false;
        restore->report->drained |= 1U << i;
    }
    return true;
}

/* The registry of before is not asked for anything but what was announced: it may be why a backup is put back. */
static bool take_keys(const Restore *restore, GError **error)
{
    const MgrRestoreOrder *order = restore->order;
    MgrRestoreReport *report = restore->report;

    if (restore->whole != NULL && order->keys == MGR_RESTORE_KEYS_LATEST &&
        !mgr_handover_take(restore->stage, order->dir, restore->whole, &report->keys, error))
        return hl_error_prefix(
            error,
            _("the keys of %s, which endpoints may know since the backup, cannot be put in place; "
              "mend that and run this again, or add --keys-of-backup, after which endpoints that know "
              "other keys have to enrol again"),
            restore->whole);
    if (report->keys == NULL)
        report->unknown =
            mgr_handover_warn(restore->stage, order->dir,
                              report->age == MGR_JOURNAL_NEWER ? MGR_HANDOVER_WITH_JOURNAL : MGR_HANDOVER_BLIND);
    return true;
}

static bool join_journals(const Restore *restore, GError **error)
{
    MgrRestoreReport *report = restore->report;
    g_autofree char *path = mgr_site_path(restore->stage, MGR_SITE_JOURNAL);
    g_autofree char *newer_path = find_newer(restore->order, restore->whole);
    g_autofree char *head = head_of(restore->before);
    g_autoptr(GPtrArray) newer = NULL;
    g_autoptr(GPtrArray) news = NULL;
    g_autoptr(GPtrArray) old = read_lines(path, error);
    HlJournalState state;
    g_autoptr(HlJournal) journal = old != NULL ? hl_journal_open(path, NULL, NULL, &state, error) : NULL;

    if (journal == NULL)
        return false;
    newer = newer_path != NULL ? read_lines(newer_path, error) : g_ptr_array_new();
    if (newer == NULL)
        return false;
    news = select_news(old, newer);
    report->age = newer_path != NULL ? MGR_JOURNAL_NEWER : MGR_JOURNAL_OF_BACKUP;
    report->lines = news->len;
    g_ptr_array_add(news, mgr_journal_restore(report->backup.made, restore->now, report->age, head));
    return hl_journal_append(journal, news, error);
}

static bool write_note(const Restore *restore, GError **error)
{
    MgrRestoreReport *report = restore->report;
    g_autofree char *journal = mgr_site_path(restore->stage, MGR_SITE_JOURNAL);
    g_autofree char *path = mgr_site_path(restore->stage, NOTE);
    g_autoptr(GString) text = g_string_new(NULL);
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = mgr_ledger_read(journal, &state, error);
    g_autoptr(HlDb) db = mgr_site_peek_registry(restore->order->dir);

    if (ledger == NULL)
        return false;
    report->note = mgr_site_describe_restore(ledger);
    report->passes = db != NULL ? mgr_ledger_describe_passes(ledger, db) : NULL;
    g_string_append_printf(text, _("This site was %s.\n"), report->note);
    if (report->keys != NULL)
        g_string_append_printf(text, _("Keys of before the restore were put in place of the backup's: %s.\n"),
                               report->keys);
    else if (report->unknown != NULL)
        g_string_append_printf(text, "%s.\n", report->unknown);
    if (report->passes != NULL)
        g_string_append_printf(text, "%s.\n", report->passes);
    if (report->aside != NULL)
        g_string_append_printf(text, _("Its files of before are in %s.\n"), report->aside);
    return hl_file_write_text(path, text->str, 0600, error);
}

/* All that the site will be, beside what it is. */
static bool write_stage(const Restore *restore, GError **error)
{
    const char *dir = restore->order->dir;
    g_autofree char *broker = mgr_site_path(restore->stage, "broker");

    return hl_dir_make(broker, 0700, error) && mgr_backup_put(dir, restore->stage, error) &&
           keep_drained(restore, error) && join_journals(restore, error) && take_keys(restore, error) &&
           write_note(restore, error) && mgr_backup_put_registry(dir, restore->stage, error);
}

static bool fail_unchanged(const MgrRestoreReport *report, GError **error)
{
    g_autofree char *size = g_format_size(report->backup.bytes);

    if (error != NULL && hl_error_code(*error) == HL_ERROR_FULL)
        return hl_error_prefix(error,
                               _("nothing was changed; the backup needs %s in addition to what the site has: make "
                                 "room, and run this again"),
                               size);
    return hl_error_prefix(error, _("nothing was changed"));
}

static bool restore_into(const MgrRestoreOrder *order, const GPtrArray *names, MgrRestoreReport *report, GError **error)
{
    g_autofree char *whole = find_whole(order);
    g_autofree char *stage = mgr_exchange_begin(order->site, error);
    Restore restore = { .order = order,
                        .stage = stage,
                        .before = whole != NULL    ? whole
                                  : names->len > 0 ? order->site
                                                   : NULL,
                        .whole = whole,
                        .now = hl_clock_wall(),
                        .report = report };

    report->aside = choose_aside(order->site, names, restore.now);
    if (stage != NULL && write_stage(&restore, error))
        return mgr_exchange_commit(order->site, report->aside, error);
    mgr_exchange_drop(order->site);
    return fail_unchanged(report, error);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat is_a, is_b;

    return stat(a, &is_a) == 0 && stat(b, &is_b) == 0 && is_a.st_dev == is_b.st_dev && is_a.st_ino == is_b.st_ino;
}

/* By the time at which it is read, the backup's files are there: nothing newer would be found in it. */
static bool check_is_other(const char *path, const char *own, const char *option, GError **error)
{
    return !is_same_file(path, own) ||
           hl_fail(error, HL_ERROR_INVALID,
                   _("%s is of the site that is replaced, whose files are looked at by themselves: leave %s out"), path,
                   option);
}

static bool check_previous(const MgrRestoreOrder *order, GError **error)
{
    if (order->previous == NULL)
        return true;
    if (!check_is_other(order->previous, order->site, "--previous", error))
        return false;
    return (is_whole(order->previous, order->dir) && !is_same_file(order->previous, order->dir)) ||
           hl_fail(
               error, HL_ERROR_INVALID,
               _("%s is not the directory of this backup's site: it has no registry.db, no pki/journal, or those of "
                 "another site, or it is the backup"),
               order->previous);
}

static bool check_journal(const MgrRestoreOrder *order, GError **error)
{
    g_autofree char *own = mgr_site_path(order->site, MGR_SITE_JOURNAL);

    return order->journal == NULL || check_is_other(order->journal, own, "--journal", error);
}

static int lock_site(const char *site, GError **error)
{
    g_autofree char *path = mgr_site_path(site, "lock");

    return hl_file_lock_as(path, error, _("a manager is running on %s"), site);
}

/* What an interruption left is put back first of all: for that no backup is needed. */
static bool put_back(const char *site, GError **error)
{
    hl_autofd int lock = -1;

    if (mgr_exchange_check(site, NULL))
        return true;
    if (!mgr_backup_check_owner(site, error))
        return false;
    lock = lock_site(site, error);
    return lock >= 0 && mgr_exchange_undo(site, error);
}

bool mgr_site_restore(const MgrRestoreOrder *order, MgrRestoreReport *report, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    hl_autofd int lock = -1;

    if (!put_back(order->site, error))
        return false;
    if (!check_previous(order, error) || !check_journal(order, error))
        return hl_error_prefix(error, _("nothing was changed"));
    if (!mgr_backup_check_place(order->site, order->dir, error) ||
        !mgr_backup_verify(order->dir, &report->backup, error) || !mgr_site_check_keys(order->dir, error))
        return hl_error_prefix(error, _("nothing was changed"));
    if (!hl_dir_make(order->site, 0700, error) || !mgr_backup_check_owner(order->site, error))
        return false;
    lock = lock_site(order->site, error);
    if (lock < 0)
        return hl_error_prefix(error, _("nothing was changed"));
    if (!mgr_exchange_undo(order->site, error) ||
        !mgr_site_end_brokers(order->site, 0, 0, NULL, error)) /* left by a manager that was killed */
        return false;
    names = mgr_exchange_list(order->site, error);
    if (names == NULL)
        return false;
    if (names->len > 0 && order->how != MGR_RESTORE_REPLACE)
        return hl_fail(
            error, HL_ERROR_EXISTS,
            _("%s is not empty: restore with --replace, which moves what is there into a directory beside it"),
            order->site);
    return restore_into(order, names, report, error);
}

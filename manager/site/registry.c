/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/registry.h"

#include <errno.h>
#include <stdio.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/site/audit.h"
#include "manager/site/handover.h"
#include "manager/site/site.h"
#include "manager/store/audit.h"
#include "manager/store/detections.h"
#include "manager/store/heal.h"
#include "manager/store/ledger_passes.h"

#define MAX_CHECKPOINT 5 /* s; 64 MiB of log, on a disk that is slow */

/* In the registry: the place in the journal up to which the two agreed when the mark was written.  0: not all of it. */
#define AGREED_AT   "agreed-at"
#define AGREED_LINE "agreed-line"

#define READ_COUNTER "SELECT value FROM counter WHERE name = ?"

bool mgr_site_read_mark(const char *dir, int64_t *mark, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_FROZEN, error);

    return db != NULL && hl_db_query_int(db, 0, mark, error, READ_COUNTER, "t", "mark");
}

/* In the registry's file alone, as the mark.  That it cannot be read is said by who opens it. */
static HlJournalPlace read_agreed(const char *dir, int64_t *mark)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_FROZEN, NULL);
    int64_t at = 0, line = 0;

    if (db == NULL || !hl_db_query_int(db, 0, mark, NULL, READ_COUNTER, "t", "mark") ||
        !hl_db_query_int(db, 0, &at, NULL, READ_COUNTER, "t", AGREED_AT) ||
        !hl_db_query_int(db, 0, &line, NULL, READ_COUNTER, "t", AGREED_LINE) || *mark == 0 || at <= 0 || line <= 0)
        return (HlJournalPlace){ 0 };
    return (HlJournalPlace){ (uint64_t)at, (uint64_t)line };
}

/* SQLite writes the file only to take in what it has just written to the log: one that is newer by more than that takes
 * was put there by somebody else. */
static bool was_replaced(const char *path, const struct stat *log)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_mtim.tv_sec - log->st_mtim.tv_sec > MAX_CHECKPOINT;
}

static bool set_aside(const char *path, HlTime now, GError **error)
{
    g_autofree char *aside = g_strdup_printf("%s.aside-%" G_GINT64_FORMAT, path, now / HL_SECOND);

    return rename(path, aside) == 0 || errno == ENOENT || hl_fail_errno(error, errno, _("cannot set %s aside"), path);
}

/* A log that is not this registry's is set aside before SQLite sees it. */
static bool guard_log(const char *dir, const MgrLedger *ledger, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autofree char *log = mgr_site_path(dir, MGR_SITE_REGISTRY "-wal");
    g_autofree char *index = mgr_site_path(dir, MGR_SITE_REGISTRY "-shm");
    g_autoptr(GError) unreadable = NULL;
    HlTime now = hl_clock_wall();
    int64_t mark = 0;
    struct stat st;

    if (stat(log, &st) != 0 || st.st_size == 0)
        return true;
    /* a file that cannot be read alone is no copy: the log makes it whole */
    if (!mgr_site_read_mark(dir, &mark, &unreadable) ||
        (mgr_ledger_knows_mark(ledger, mark) && !was_replaced(path, &st)))
        return true;
    hl_warn(
        "registry",
        "%s was left by a manager that was killed and does not belong to the registry beside it, which was put there "
        "later (restored from a backup): moved aside",
        log);
    return set_aside(log, now, error) && set_aside(index, now, error);
}

/* ------------------------------------------------------------------------------------------------------ the journal */

static guint count_damage(const HlJournalState *state, const MgrLedger *ledger)
{
    return state->damaged + state->gaps + mgr_ledger_malformed(ledger);
}

static void tell_journal(const char *path, const HlJournalState *state, const MgrLedger *ledger)
{
    if (state->torn > 0)
        hl_warn("registry", "%s: its last line was not finished (%" G_GSIZE_FORMAT " bytes) and is cut off", path,
                state->torn);
    if (count_damage(state, ledger) > 0)
        hl_error("registry",
                 "%s is damaged: %u lines are unreadable, and lines are missing in %u places; revocations may be "
                 "missing: 'holdline check' says more",
                 path, state->damaged + mgr_ledger_malformed(ledger), state->gaps);
}

/* Keys that are announced and not on disk would shut everybody out. */
static bool settle_place(const char *dir, HlDb *db, MgrPlaceRecord *place, GError **error)
{
    g_auto(MgrPlaceRecord) own = { 0 };
    g_auto(MgrSiteKeys) on_disk = { 0 };

    if (place->counter == 0)
        return true;
    if (!mgr_registry_load_place(db, &own, error) || !mgr_site_keys_read(&on_disk, dir, error))
        return false;
    mgr_handover_settle(place, &own, &on_disk);
    return true;
}

/* By when a certificate that only the journal knows has ended: not by a clock that is ahead of what the registry has
 * lived through, or it would be left out now, and no later start would look for it. */
static bool read_believed(HlDb *db, HlTime *believed, GError **error)
{
    HlTime lived;

    if (!mgr_registry_load_lived(db, &lived, error))
        return false;
    *believed = lived > 0 ? MIN(lived, hl_clock_wall()) : hl_clock_wall();
    return true;
}

/* *agrees: the registry knows all now, for whichever start reads it.  What was taken from a whole journal is looked at
 * once more by the next: by then the keys of an announcement may be on disk. */
static bool catch_up(const char *dir, const MgrLedger *ledger, HlDb *db, bool *agrees, GError **error)
{
    g_auto(MgrGaps) gaps = { 0 };
    g_autofree char *what = NULL;
    HlTime believed;
    bool has_place;

    if (!read_believed(db, &believed, error) || !mgr_ledger_compare(ledger, db, believed, &gaps, error))
        return false;
    has_place = gaps.place.counter != 0;
    if (!settle_place(dir, db, &gaps.place, error))
        return false;
    what = mgr_gaps_describe(&gaps);
    *agrees = !has_place && (what == NULL || mgr_ledger_is_rest(ledger));
    if (what == NULL)
        return true;
    hl_warn("registry",
            "the registry is older than the journal beside the keys (restored from a backup): taken from there: %s",
            what);
    return mgr_ledger_apply(ledger, db, &gaps, error);
}

/* The journal first: if the registry's is not written, it still has the one before; and then, that it is.  agreed:
 * where the rest begins. */
static bool write_mark(HlDb *db, HlJournal *journal, GPtrArray *lines, HlJournalPlace agreed, GError **error)
{
    int64_t mark = (int64_t)(hl_random_u64() >> 1) | 1;

    g_autoptr(GPtrArray) written = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(lines, mgr_journal_mark(mark, MGR_MARK_COMING));
    g_ptr_array_add(written, mgr_journal_mark(mark, MGR_MARK_WRITTEN));
    return hl_journal_append(journal, lines, error) &&
           hl_db_run(db, NULL, error,
                     "INSERT INTO counter VALUES ('mark', ?), ('" AGREED_AT "', ?), ('" AGREED_LINE "', ?)"
                     " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                     "iii", mark, (int64_t)agreed.at, (int64_t)agreed.number) &&
           hl_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", error) && hl_journal_append(journal, written, error);
}

/* A journal that begins, or that is not this registry's (an older one was put back), is told all that is known. */
static bool complete(const MgrLedger *ledger, HlDb *db, HlJournal *journal, GError **error)
{
    g_autoptr(GPtrArray) lines = NULL;
    int64_t mark = 0;

    if (!hl_db_query_int(db, 0, &mark, error, READ_COUNTER, "t", "mark"))
        return false;
    if (mgr_ledger_has_mark(ledger) && mgr_ledger_knows_mark(ledger, mark)) {
        lines = g_ptr_array_new_with_free_func(g_free);
        if (!mgr_ledger_complete(ledger, db, lines, error))
            return false;
    } else {
        lines = mgr_ledger_snapshot(db, hl_clock_wall(), error);
    }
    return lines != NULL && (lines->len == 0 || hl_journal_append(journal, lines, error));
}

/* Where they agree, the next start begins to read behind what is in the journal now. */
static bool follow_on(const MgrLedger *ledger, HlDb *db, HlJournal *journal, bool agrees, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    HlJournalPlace agreed = { 0 };

    if (!complete(ledger, db, journal, error))
        return false;
    if (agrees) {
        agreed = hl_journal_end(journal);
        if (!mgr_ledger_begin_rest(ledger, db, hl_clock_wall(), lines, error))
            return false;
    }
    return write_mark(db, journal, lines, agreed, error);
}

/* Where the log ended when the manager last noted it; "": not known, or this one has that row.  Caller frees. */
static char *lost_head(const char *dir, HlDb *db)
{
    g_auto(MgrAuditHead) head = { 0 };
    bool has = true;

    if (mgr_site_read_audit_head(dir, &head, NULL)) /* else who compares it says that it is damaged */
        HL_IGNORE(mgr_registry_has_audit_head(db, &head, &has, NULL));
    return has ? g_strdup("") : mgr_audit_head_print(&head);
}

/* The audit log of a registry that was put here goes on where its own ended.  Said in it, once for each, so that a
 * reader and 'holdline audit verify' see that rows are missing, and whose head is another one. */
static bool note_audit_gap(const char *dir, const MgrLedger *ledger, HlDb *db, GError **error)
{
    MgrRestored restored = mgr_ledger_restored(ledger);
    g_auto(MgrAuditHead) head = { 0 };
    g_autofree char *lost = lost_head(dir, db);
    int64_t mark = 0, last = 0;
    bool has = false;

    if (!mgr_registry_read_audit_head(db, &head, error)) /* a registry without its log is not gone on with */
        return false;
    if (restored.is_new)
        return mgr_registry_has_audit_gap(db, restored.at, &has, error) &&
               (has || mgr_registry_add_audit_gap(db, restored.made, restored.at, restored.head, error));
    if (!hl_db_query_int(db, 0, &mark, error, READ_COUNTER, "t", "mark") ||
        !hl_db_query_int(db, 0, &last, error, "SELECT at FROM audit ORDER BY number DESC LIMIT 1", ""))
        return false;
    return !mgr_ledger_has_mark(ledger) || mgr_ledger_knows_mark(ledger, mark) || /* else it was put there by hand */
           mgr_registry_add_audit_gap(db, last, MAX(last, hl_clock_wall()), lost, error);
}

/* A registry that was put back, by 'restore' or by hand, has passes and passwords that were ended since. */
static bool end_passes(const MgrLedger *ledger, HlDb *db, HlJournal *journal, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *what = NULL;
    int64_t mark = 0;

    if (!hl_db_query_int(db, 0, &mark, error, READ_COUNTER, "t", "mark"))
        return false;
    if (!mgr_ledger_restored(ledger).is_new && mgr_ledger_knows_mark(ledger, mark))
        return true;
    what = mgr_ledger_describe_passes(ledger, db);
    if (what != NULL)
        hl_warn("registry", "%s", what);
    return mgr_ledger_note_ends(ledger, db, lines, error) &&
           (lines->len == 0 || hl_journal_append(journal, lines, error)) && mgr_ledger_end_passes(ledger, db, error);
}

char *mgr_site_describe_restore(const MgrLedger *ledger)
{
    MgrRestored restored = mgr_ledger_restored(ledger);
    g_autofree char *made = hl_time_format(restored.made);
    g_autofree char *at = hl_time_format(restored.at);

    if (restored.at == 0)
        return NULL;
    if (restored.age == MGR_JOURNAL_NEWER)
        return g_strdup_printf(_("restored at %s from a backup of %s: what was saved between (settings, groups, moves, "
                                 "commands, history) is lost; certificates, revocations, removals and used bundles of "
                                 "that time are known from the journal.  Sessions of the console have ended"),
                               at, made);
    return g_strdup_printf(
        _("restored at %s from a backup of %s, without a newer journal: nothing is known of the time between, and "
          "sessions of the console have ended.  Revoke and remove again what was revoked or removed in it, withdraw "
          "the bundles that were used in it, and enrol again the endpoints that 'holdline check' lists"),
        at, made);
}

/* From the place on that the registry knows, where what follows it is enough; else the whole.  *ledger is set in any
 * case. */
static HlJournal *read_journal(const char *dir, const char *path, MgrLedger **ledger, HlJournalState *state,
                               GError **error)
{
    int64_t mark = 0;
    HlJournalPlace agreed = read_agreed(dir, &mark);
    g_autoptr(HlJournal) journal = NULL;
    gsize torn = 0; /* what the first look has cut off already */

    if (agreed.number > 0) {
        *ledger = mgr_ledger_new_rest(mark);
        journal = hl_journal_open_from(path, agreed, mgr_ledger_line, *ledger, state, error);
        if (journal == NULL || (state->left > 0 && mgr_ledger_suffices(*ledger) && count_damage(state, *ledger) == 0))
            return g_steal_pointer(&journal);
        torn = state->torn;
        g_clear_pointer(ledger, mgr_ledger_free);
        g_clear_pointer(&journal, hl_journal_free);
    }
    *ledger = mgr_ledger_new();
    journal = hl_journal_open(path, mgr_ledger_line, *ledger, state, error);
    if (journal != NULL)
        state->torn += torn;
    return g_steal_pointer(&journal);
}

HlDb *mgr_site_open_registry(const char *dir, HlJournal **journal, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autofree char *journal_path = mgr_site_path(dir, MGR_SITE_JOURNAL);
    g_autofree char *restored = NULL;
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = NULL;
    g_autoptr(HlJournal) opened = read_journal(dir, journal_path, &ledger, &state, error);
    g_autoptr(HlDb) db = NULL;
    bool agrees = false;

    if (opened == NULL || !guard_log(dir, ledger, error))
        return NULL;
    db = mgr_registry_open(path, error);
    if (db == NULL)
        return NULL;
    tell_journal(journal_path, &state, ledger);
    restored = mgr_site_describe_restore(ledger);
    if (restored != NULL)
        hl_info("registry", "%s", restored);
    if (!catch_up(dir, ledger, db, &agrees, error) || !mgr_heal_groups(db, hl_clock_wall(), error) ||
        !mgr_heal_trials(db, hl_clock_wall(), error) || !mgr_registry_mend_findings(db, error) ||
        !end_passes(ledger, db, opened, error) || !note_audit_gap(dir, ledger, db, error) ||
        !follow_on(ledger, db, opened, agrees && count_damage(&state, ledger) == 0, error))
        return NULL;
    *journal = g_steal_pointer(&opened);
    return g_steal_pointer(&db);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/audit.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/store/chain.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"

void mgr_audit_record_clear(MgrAuditRecord *record)
{
    g_clear_pointer(&record->account, g_free);
    g_clear_pointer(&record->certificate, g_free);
    g_clear_pointer(&record->call, g_free);
    g_clear_pointer(&record->arguments, g_free);
    g_clear_pointer(&record->code, g_free);
    g_clear_pointer(&record->text, g_free);
    g_clear_pointer(&record->hash, g_bytes_unref);
}

void mgr_audit_head_clear(MgrAuditHead *head)
{
    head->number = 0;
    g_clear_pointer(&head->hash, g_bytes_unref);
}

#define ADD                                                                                               \
    "WITH last (number) AS (SELECT coalesce(max(number), 0) FROM audit)"                                  \
    " INSERT INTO audit (number, at, account, certificate, call, arguments, code, text, hash)"            \
    " SELECT last.number + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7,"                                                \
    " hl_chain((SELECT hash FROM audit WHERE number = last.number), last.number + 1, ?1, ?2, ?3, ?4, ?5," \
    " ?6, ?7) FROM last"
#define GAP  "restore" /* in the place of a call */
#define LOSS "loss"

/* Number and hash are made where the row is added: the writer adds one after the other. */
void mgr_write_audit(HlWriteSet *set, const MgrAuditRecord *r)
{
    hl_write_set_add(set, ADD, "itttttt", (int64_t)r->at, r->account, r->certificate, r->call, r->arguments, r->code,
                     r->text);
}

typedef struct {
    MgrAuditFn fn;
    gpointer user;
} Receiver;

static MgrAuditRecord read_row(HlStmt *row)
{
    enum { NUMBER, AT, ACCOUNT, CERTIFICATE, CALL, ARGUMENTS, CODE, TEXT, HASH };

    return (MgrAuditRecord){ .number = hl_stmt_int(row, NUMBER),
                             .at = hl_stmt_int(row, AT),
                             .account = g_strdup(hl_stmt_text(row, ACCOUNT)),
                             .certificate = g_strdup(hl_stmt_text(row, CERTIFICATE)),
                             .call = g_strdup(hl_stmt_text(row, CALL)),
                             .arguments = g_strdup(hl_stmt_text(row, ARGUMENTS)),
                             .code = g_strdup(hl_stmt_text(row, CODE)),
                             .text = g_strdup(hl_stmt_text(row, TEXT)),
                             .hash = hl_stmt_blob(row, HASH) };
}

static bool on_row(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_auto(MgrAuditRecord) record = read_row(row);

    to->fn(&record, to->user);
    return true;
}

/* Who signs in comes by the account of a console, and names their own first: what a later word holds may be anything.
 */
#define SIGNS_IN                                                                                      \
    "(call = 'session create' AND substr(' ' || arguments || ' ', instr(' ' || arguments, ' name=')," \
    " length(?2) + 7) = ' name=' || ?2 || ' ')"
#define CHOSEN                                                                       \
    " FROM audit WHERE number > ?1 AND (?2 IS NULL OR account = ?2 OR " SIGNS_IN ")" \
    " AND (?3 IS NULL OR call = ?3) AND at >= ?4"
#define ROWS "SELECT number, at, account, certificate, call, arguments, code, text, hash" CHOSEN " ORDER BY number "

/* What a query that failed says; of a log that is gone not how it was asked for. */
static bool fail_read(HlDb *db, GError *why, GError **error)
{
    int64_t tables = 1;

    if (hl_db_query_int(db, 0, &tables, NULL, "SELECT count(*) FROM sqlite_master WHERE name = 'audit'", "") &&
        tables == 0) {
        g_error_free(why);
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       _("there is no audit log in %s: its table is missing; restore a backup"), hl_db_path(db));
    }
    g_propagate_error(error, why);
    return false;
}

static bool list_rows(HlDb *db, const MgrAuditFilter *f, Receiver to, GError **error)
{
    int64_t limit = f->limit > 0 ? f->limit : -1;

    if (f->after < 0)
        return hl_db_query(db, on_row, &to, error, ROWS "DESC LIMIT ?5", "ittii", (int64_t)0, f->account, f->call,
                           (int64_t)f->since, limit);
    return hl_db_query(db, on_row, &to, error, ROWS "LIMIT ?5", "ittii", f->after, f->account, f->call,
                       (int64_t)f->since, limit);
}

bool mgr_registry_list_audit(HlDb *db, const MgrAuditFilter *filter, MgrAuditFn fn, gpointer user, GError **error)
{
    g_autoptr(GError) why = NULL;

    return list_rows(db, filter, (Receiver){ fn, user }, &why) || fail_read(db, g_steal_pointer(&why), error);
}

bool mgr_registry_count_audit(HlDb *db, const MgrAuditFilter *f, int64_t *count, GError **error)
{
    /* Rows are numbered without a gap. */
    if (f->account == NULL && f->call == NULL && f->since <= 0 && f->after <= 0)
        return hl_db_query_int(db, 0, count, error, "SELECT max(number) FROM audit", "");
    return hl_db_query_int(db, 0, count, error, "SELECT count(*) FROM (SELECT 1" CHOSEN " LIMIT ?5)", "ittii",
                           MAX(f->after, 0), f->account, f->call, (int64_t)f->since, (int64_t)MGR_MAX_COUNTED + 1);
}

static GBytes *hash_of(GBytes *before, const MgrAuditRecord *r)
{
    g_autofree char *number = g_strdup_printf("%" PRId64, r->number);
    g_autofree char *at = g_strdup_printf("%" PRId64, (int64_t)r->at);
    const char *const fields[] = { number, at, r->account, r->certificate, r->call, r->arguments, r->code, r->text };

    return hl_chain_hash(before, fields, G_N_ELEMENTS(fields));
}

bool mgr_audit_follow(MgrAuditHead *head, const MgrAuditRecord *record, GError **error)
{
    g_autoptr(GBytes) hash = NULL;

    if (record->number != head->number + 1)
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       _("row %" PRId64 " is missing: after row %" PRId64 " comes row %" PRId64), head->number + 1,
                       head->number, record->number);
    hash = hash_of(head->hash, record);
    if (record->hash == NULL || !g_bytes_equal(hash, record->hash))
        return hl_fail(
            error, HL_ERROR_UNTRUSTED,
            _("row %" PRId64 " is not what was written: its hash does not fit its fields and the row before it"),
            record->number);
    mgr_audit_head_clear(head);
    head->number = record->number;
    head->hash = g_steal_pointer(&hash);
    return true;
}

typedef struct {
    MgrAuditHead *head;
    GError *broken;
} Following;

static bool on_next(HlStmt *row, gpointer user)
{
    Following *following = user;
    g_auto(MgrAuditRecord) record = read_row(row);

    return mgr_audit_follow(following->head, &record, &following->broken);
}

bool mgr_registry_follow_audit(HlDb *db, MgrAuditHead *head, int64_t limit, GError **error)
{
    Following following = { head, NULL };
    g_autoptr(GError) why = NULL;

    if (!hl_db_query(db, on_next, &following, &why, ROWS "LIMIT ?5", "ittii", head->number, NULL, NULL, G_MININT64,
                     limit > 0 ? limit : (int64_t)-1))
        return fail_read(db, g_steal_pointer(&why), error);
    if (following.broken != NULL)
        g_propagate_error(error, following.broken);
    return following.broken == NULL;
}

static bool on_hash(HlStmt *row, gpointer hash)
{
    *(GBytes **)hash = hl_stmt_blob(row, 0);
    return false;
}

bool mgr_registry_has_audit_head(HlDb *db, const MgrAuditHead *head, bool *has, GError **error)
{
    g_autoptr(GBytes) hash = NULL;
    g_autoptr(GError) why = NULL;

    *has = head->number == 0;
    if (*has)
        return true;
    if (!hl_db_query(db, on_hash, &hash, &why, "SELECT hash FROM audit WHERE number = ?", "i", head->number))
        return fail_read(db, g_steal_pointer(&why), error);
    *has = hash != NULL && g_bytes_equal(hash, head->hash);
    return true;
}

bool mgr_registry_find_audit_added(HlDb *db, const MgrAuditHead *head, int64_t *last, GError **error)
{
    return hl_db_query_int(db, 0, last, error,
                           "SELECT CASE WHEN EXISTS (SELECT 1 FROM audit WHERE number > ?1 AND account = ?2"
                           " AND call = ?3) THEN 0 ELSE"
                           " (SELECT ifnull(max(number), 0) FROM audit WHERE number > ?1) END",
                           "itt", head->number, MGR_AUDIT_SITE, GAP);
}

#define NOTED "audit-noted"

bool mgr_registry_read_audit_noted(HlDb *db, int64_t *number, GError **error)
{
    return hl_db_query_int(db, 0, number, error, "SELECT value FROM counter WHERE name = ?", "t", NOTED);
}

void mgr_write_audit_noted(HlWriteSet *set, int64_t number)
{
    mgr_write_counter(set, NOTED, (uint64_t)number);
}

static void on_head(MgrAuditRecord *record, gpointer user)
{
    MgrAuditHead *head = user;

    head->number = record->number;
    head->hash = g_steal_pointer(&record->hash);
}

bool mgr_registry_read_audit_head(HlDb *db, MgrAuditHead *head, GError **error)
{
    return mgr_registry_list_audit(db, &(MgrAuditFilter){ .after = -1, .limit = 1 }, on_head, head, error);
}

/* ------------------------------------------------------------------------------------------------------------- gaps */

bool mgr_registry_add_audit_gap(HlDb *db, HlTime from, HlTime to, const char *head, GError **error)
{
    g_autofree char *began = hl_time_format(from);
    g_autofree char *ended = hl_time_format(to);
    g_autofree char *arguments =
        g_strdup_printf("from=%s to=%s%s%s", from != 0 ? began : "?", ended, *head != '\0' ? " head=" : "", head);

    return hl_db_run(db, NULL, error, ADD, "itttttt", (int64_t)to, MGR_AUDIT_SITE, "", GAP, arguments,
                     hl_error_name(HL_ERROR_PARTIAL),
                     "a backup was put back: the rows of that time are not in this log");
}

bool mgr_audit_is_gap(const MgrAuditRecord *record)
{
    return strcmp(record->account, MGR_AUDIT_SITE) == 0 && strcmp(record->call, GAP) == 0;
}

void mgr_write_audit_loss(HlWriteSet *set, HlTime at, const char *head)
{
    g_autofree char *arguments = g_strdup_printf("head=%s", head);

    mgr_write_audit(set, &(MgrAuditRecord){ .at = at,
                                            .account = hl_unconst(MGR_AUDIT_SITE),
                                            .certificate = hl_unconst(""),
                                            .call = hl_unconst(LOSS),
                                            .arguments = arguments,
                                            .code = hl_unconst(hl_error_name(HL_ERROR_UNTRUSTED)),
                                            .text = hl_unconst("rows up to that head were removed or changed by "
                                                               "somebody else than the manager") });
}

bool mgr_audit_is_loss(const MgrAuditRecord *record)
{
    return strcmp(record->account, MGR_AUDIT_SITE) == 0 && strcmp(record->call, LOSS) == 0;
}

bool mgr_registry_has_audit_gap(HlDb *db, HlTime to, bool *has, GError **error)
{
    int64_t n = 0;
    bool ok = hl_db_query_int(db, 0, &n, error, "SELECT count(*) FROM audit WHERE account = ? AND call = ? AND at >= ?",
                              "tti", MGR_AUDIT_SITE, GAP, (int64_t)to);

    *has = n > 0;
    return ok;
}

static bool knows_head(HlDb *db, const char *call, const char *head, bool *knows, GError **error)
{
    g_autofree char *arguments = g_strdup_printf("head=%s", head);
    int64_t n = 0;
    bool ok = hl_db_query_int(db, 0, &n, error,
                              "SELECT count(*) FROM audit WHERE account = ?1 AND call = ?2"
                              " AND substr(arguments, -length(?3)) = ?3",
                              "ttt", MGR_AUDIT_SITE, call, arguments);

    *knows = n > 0;
    return ok;
}

bool mgr_registry_knows_audit_loss(HlDb *db, const char *head, bool *knows, GError **error)
{
    return knows_head(db, LOSS, head, knows, error);
}

bool mgr_registry_knows_audit_gap(HlDb *db, const char *head, bool *knows, GError **error)
{
    return knows_head(db, GAP, head, knows, error);
}

char *mgr_audit_head_print(const MgrAuditHead *head)
{
    g_autofree char *hash =
        head->hash != NULL ? hl_hex(g_bytes_get_data(head->hash, NULL), g_bytes_get_size(head->hash)) : NULL;

    return hash != NULL ? g_strdup_printf("%" PRId64 ":%s", head->number, hash) : g_strdup("");
}

bool mgr_audit_head_parse(const char *text, MgrAuditHead *head)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    guint64 number = 0;

    if (*text == '\0')
        return true;
    if (parts[1] == NULL || !g_ascii_string_to_unsigned(parts[0], 10, 1, G_MAXINT64, &number, NULL))
        return false;
    head->hash = hl_unhex(parts[1]);
    head->number = head->hash != NULL ? (int64_t)number : 0;
    return head->hash != NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/audit.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/store/chain.h"
#include "lib/store/stmt.h"

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
#define GAP "restore" /* in the place of a call */

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

static bool on_row(HlStmt *row, gpointer user)
{
    enum { NUMBER, AT, ACCOUNT, CERTIFICATE, CALL, ARGUMENTS, CODE, TEXT, HASH };
    const Receiver *to = user;
    g_auto(MgrAuditRecord) record = { .number = hl_stmt_int(row, NUMBER),
                                      .at = hl_stmt_int(row, AT),
                                      .account = g_strdup(hl_stmt_text(row, ACCOUNT)),
                                      .certificate = g_strdup(hl_stmt_text(row, CERTIFICATE)),
                                      .call = g_strdup(hl_stmt_text(row, CALL)),
                                      .arguments = g_strdup(hl_stmt_text(row, ARGUMENTS)),
                                      .code = g_strdup(hl_stmt_text(row, CODE)),
                                      .text = g_strdup(hl_stmt_text(row, TEXT)),
                                      .hash = hl_stmt_blob(row, HASH) };

    to->fn(&record, to->user);
    return true;
}

#define CHOSEN \
    " FROM audit WHERE number > ?1 AND (?2 IS NULL OR account = ?2) AND (?3 IS NULL OR call = ?3) AND at >= ?4"
#define ROWS "SELECT number, at, account, certificate, call, arguments, code, text, hash" CHOSEN " ORDER BY number "

bool mgr_registry_list_audit(HlDb *db, const MgrAuditFilter *f, MgrAuditFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };
    int64_t limit = f->limit > 0 ? f->limit : -1;

    if (f->after < 0)
        return hl_db_query(db, on_row, &to, error, ROWS "DESC LIMIT ?5", "ittii", (int64_t)0, f->account, f->call,
                           (int64_t)f->since, limit);
    return hl_db_query(db, on_row, &to, error, ROWS "LIMIT ?5", "ittii", f->after, f->account, f->call,
                       (int64_t)f->since, limit);
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

bool mgr_registry_has_audit_gap(HlDb *db, HlTime to, bool *has, GError **error)
{
    int64_t n = 0;
    bool ok = hl_db_query_int(db, 0, &n, error, "SELECT count(*) FROM audit WHERE account = ? AND call = ? AND at >= ?",
                              "tti", MGR_AUDIT_SITE, GAP, (int64_t)to);

    *has = n > 0;
    return ok;
}

char *mgr_audit_head_print(const MgrAuditHead *head)
{
    g_autofree char *hash =
        head->hash != NULL ? hl_hex(g_bytes_get_data(head->hash, NULL), g_bytes_get_size(head->hash)) : NULL;

    return hash != NULL ? g_strdup_printf("%" PRId64 ":%s", head->number, hash) : g_strdup("");
}

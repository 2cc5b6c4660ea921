/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: a chain of rows in the registry (lib/store/chain.h), to which is only added.
 *
 * A row that is added with a change is in the write set of that change: both are there, or neither.  Nothing prunes it.
 */
#ifndef MANAGER_STORE_AUDIT_H
#define MANAGER_STORE_AUDIT_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

/* As the account, which none can be called: the site itself; a machine that came over HTTPS for a certificate. */
#define MGR_AUDIT_SITE     "@site"
#define MGR_AUDIT_ENDPOINT "@endpoint"

typedef struct {
    int64_t number; /* not for writing */
    HlTime at;
    char *account, *certificate, *call, *arguments, *code, *text;
    GBytes *hash; /* not for writing */
} MgrAuditRecord;

#define MGR_AUDIT_SINCE 9     /* version of the registry */
#define MGR_MAX_COUNTED 50000 /* rows that a list which is cut counts, here and in detections.h */

void mgr_audit_record_clear(MgrAuditRecord *record);

/* The next row; copied. */
void mgr_write_audit(HlWriteSet *set, const MgrAuditRecord *record);

/* Which rows; NULL or 0: whatever. */
typedef struct {
    const char *account, *call;
    HlTime since;
    int64_t after; /* rows with higher numbers, in order; negative: the newest ones, the newest first */
    int64_t limit;
} MgrAuditFilter;

/* Of the functions that read: HL_ERROR_UNTRUSTED if the log's table is gone.
 *
 * The receiver takes what it wants out of the record; the rest is freed. */
typedef void (*MgrAuditFn)(MgrAuditRecord *record, gpointer user);

bool mgr_registry_list_audit(HlDb *db, const MgrAuditFilter *filter, MgrAuditFn fn, gpointer user,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many there are, whatever the limit; where account, call or since choose, at most MGR_MAX_COUNTED + 1: nothing is
 * ever deleted here, and a count goes through what is there. */
bool mgr_registry_count_audit(HlDb *db, const MgrAuditFilter *filter, int64_t *count,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Going through a chain from its beginning; zeroed is before the first row. */
typedef struct {
    int64_t number; /* of the last row */
    GBytes *hash;   /* NULL: there was none */
} MgrAuditHead;

void mgr_audit_head_clear(MgrAuditHead *head);

/* The next row: false, and an HL_ERROR_UNTRUSTED that names the row, if it is not the one that was written there. */
bool mgr_audit_follow(MgrAuditHead *head, const MgrAuditRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same with the rows behind the head as they are in the registry, up to limit of them (0: all): the first that is
 * not what was written is an HL_ERROR_UNTRUSTED, any other error is the registry's. */
bool mgr_registry_follow_audit(HlDb *db, MgrAuditHead *head, int64_t limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the head's row is there, and the one that it was; of a zeroed head: always. */
bool mgr_registry_has_audit_head(HlDb *db, const MgrAuditHead *head, bool *has,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last row behind that head, of a log that nobody should have added to; 0: there is none, or a restore is among
 * them, which says by itself that the log is another one. */
bool mgr_registry_find_audit_added(HlDb *db, const MgrAuditHead *head, int64_t *last,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The row up to which the manager has noted the end in its file; 0: it has not yet. */
bool mgr_registry_read_audit_noted(HlDb *db, int64_t *number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_write_audit_noted(HlWriteSet *set, int64_t number);

/* A row that says that others are missing: the registry is of a backup.  from (0: not known), to: when they were
 * written; head: of the log that was replaced, "ROW:HASH", or "".  In the chain it is a row like any other. */
bool mgr_registry_add_audit_gap(HlDb *db, HlTime from, HlTime to, const char *head,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_audit_is_gap(const MgrAuditRecord *record);

/* A row that says that the manager found the log to be another one than it was: head, as above, is where it had ended.
 */
void mgr_write_audit_loss(HlWriteSet *set, HlTime at, const char *head);
bool mgr_audit_is_loss(const MgrAuditRecord *record);

/* Whether a row of this kind says it of this head. */
bool mgr_registry_knows_audit_loss(HlDb *db, const char *head, bool *knows, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_knows_audit_gap(HlDb *db, const char *head, bool *knows, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether there is a gap of that time or later. */
bool mgr_registry_has_audit_gap(HlDb *db, HlTime to, bool *has, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define MGR_AUDIT_HEAD_TEXT (20 + 1 + 64 + 1)

/* "ROW:HASH", as 'holdline audit verify' takes it; "" of a log without a row.  Caller frees. */
char *mgr_audit_head_print(const MgrAuditHead *head);

/* What was printed, into a zeroed head; "" leaves it.  false: it is nothing of the kind. */
bool mgr_audit_head_parse(const char *text, MgrAuditHead *head) G_GNUC_WARN_UNUSED_RESULT;

/* The last row that there is; number 0: none. */
bool mgr_registry_read_audit_head(HlDb *db, MgrAuditHead *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrAuditRecord, mgr_audit_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrAuditHead, mgr_audit_head_clear)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/audit.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/refusal.h"

#define HEAD_EVERY 2000             /* ms; what is gathered in the background is committed by then */
#define FOLD_EVERY (10 * 60 * 1000) /* ms: rows that there was no room for */
#define LOST_EVERY (10 * 1000)      /* ms: whether there is room again on a disk that was full */

struct MgrAudit {
    const MgrFleet *fleet;
    MgrRecord *record;
    MgrWitness *witness;
    GHashTable *rooms; /* account -> Room *: those who had rows of their own lately */
    guint head_timer, fold_timer, lost_timer;
    bool gathered; /* there may be rows in the background set */
    guint lost;    /* rows of that set that could not be written, and are not told of yet */
    bool is_full;  /* the disk was, each time */
    bool is_telling;
    HlTime from, till; /* between these */
};

typedef enum { BY_PEOPLE, BY_TOKENS, ENDINGS, N_KINDS } ChangeKind;

typedef struct {
    MgrBucket bucket, changes[N_KINDS];
    guint folded;
} Room;

static gboolean on_lost_due(gpointer user);

/* One number is kept, however long the disk is full. */
static void on_lost(guint rows, const GError *error, gpointer user)
{
    MgrAudit *audit = user;
    bool is_full = hl_error_code(error) == HL_ERROR_FULL;

    audit->till = mgr_fleet_latest(audit->fleet);
    audit->from = audit->lost > 0 ? audit->from : audit->till;
    audit->is_full = is_full && (audit->lost == 0 || audit->is_full);
    audit->lost += rows;
    hl_log_limited(HL_LOG_ERROR, "audit", "lost", "%u %s could not be kept: %s", rows,
                   rows == 1 ? "refusal" : "refusals", error->message);
    if (audit->lost_timer == 0)
        audit->lost_timer = g_timeout_add(LOST_EVERY, on_lost_due, audit);
}

MgrAudit *mgr_audit_new(const MgrFleet *fleet, MgrRecord *record, MgrWitness *witness)
{
    MgrAudit *audit = g_new0(MgrAudit, 1);

    audit->fleet = fleet;
    audit->record = record;
    audit->witness = witness;
    audit->rooms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mgr_record_watch(record, on_lost, audit);
    return audit;
}

void mgr_audit_free(MgrAudit *audit)
{
    if (audit == NULL)
        return;
    g_clear_handle_id(&audit->head_timer, g_source_remove);
    g_clear_handle_id(&audit->fold_timer, g_source_remove);
    g_clear_handle_id(&audit->lost_timer, g_source_remove);
    mgr_record_watch(audit->record, NULL, NULL);
    g_hash_table_unref(audit->rooms);
    g_free(audit);
}

static gboolean on_head_due(gpointer user)
{
    MgrAudit *audit = user;

    audit->head_timer = 0;
    mgr_witness_look(audit->witness);
    return G_SOURCE_REMOVE;
}

static void add(MgrAudit *audit, HlWriteSet *set, const MgrAuditRecord *record)
{
    MgrAuditRecord row = *record;

    row.at = mgr_fleet_latest(audit->fleet);
    audit->gathered = audit->gathered || set == mgr_record_background(audit->record);
    mgr_write_audit(set, &row);
    if (audit->head_timer == 0)
        audit->head_timer = g_timeout_add(HEAD_EVERY, on_head_due, audit);
}

/* A row that stands for so many refusals. */
static void gather(MgrAudit *audit, const MgrAuditRecord *record, guint refusals)
{
    add(audit, mgr_record_background(audit->record), record);
    mgr_record_mind(audit->record, refusals);
}

/* In the order in which it happened: what was gathered before goes first. */
void mgr_audit_add(MgrAudit *audit, HlWriteSet *set, const MgrAuditRecord *record)
{
    if (audit->gathered && set != mgr_record_background(audit->record)) {
        mgr_record_flush(audit->record);
        audit->gathered = false;
    }
    add(audit, set, record);
}

static void write_folded(MgrAudit *audit, const char *account, guint folded)
{
    g_autofree char *text =
        g_strdup_printf("%u more of this account %s not kept one by one", folded, folded == 1 ? "was" : "were");
    MgrAuditRecord record = { .account = hl_unconst(account),
                              .certificate = hl_unconst(""),
                              .call = hl_unconst(""),
                              .arguments = hl_unconst(""),
                              .code = hl_unconst(hl_error_name(HL_ERROR_LIMIT)),
                              .text = text };

    gather(audit, &record, folded);
}

/* ------------------------------------------------------------------------------------------- what was not written */

typedef struct {
    MgrAudit *audit;
    guint lost;
} Telling;

static void fold_telling(gpointer change)
{
    const Telling *telling = change;
    MgrAudit *audit = telling->audit;

    audit->is_telling = false;
    audit->lost -= telling->lost;
    audit->from = audit->till; /* of those that came meanwhile */
}

/* It is tried again. */
static void fail_telling(gpointer change, const GError *error G_GNUC_UNUSED)
{
    ((const Telling *)change)->audit->is_telling = false;
}

static void tell_lost(MgrAudit *audit)
{
    static const MgrChangeKind kind = { fold_telling, fail_telling, g_free };
    g_autofree char *from = hl_time_format(audit->from);
    g_autofree char *till = hl_time_format(audit->till);
    g_autofree char *text = g_strdup_printf(
        "%u %s between %s and %s %s not kept: %s", audit->lost, audit->lost == 1 ? "refusal" : "refusals", from, till,
        audit->lost == 1 ? "was" : "were", audit->is_full ? "the disk was full" : "they could not be written");
    Telling *telling = g_new(Telling, 1);
    HlWriteSet *set = hl_write_set_new();

    audit->is_telling = true;
    *telling = (Telling){ audit, audit->lost };
    mgr_audit_add(audit, set,
                  &(MgrAuditRecord){ .account = hl_unconst(MGR_AUDIT_SITE),
                                     .certificate = hl_unconst(""),
                                     .call = hl_unconst(""),
                                     .arguments = hl_unconst(""),
                                     .code = hl_unconst(hl_error_name(HL_ERROR_LIMIT)),
                                     .text = text });
    mgr_record_commit(audit->record, set, &kind, telling);
}

static gboolean on_lost_due(gpointer user)
{
    MgrAudit *audit = user;

    if (audit->lost > 0) {
        if (!audit->is_telling)
            tell_lost(audit);
        return G_SOURCE_CONTINUE;
    }
    audit->lost_timer = 0;
    return G_SOURCE_REMOVE;
}

void mgr_audit_settle(MgrAudit *audit)
{
    GHashTableIter iter;
    gpointer account, value;

    g_hash_table_iter_init(&iter, audit->rooms);
    while (g_hash_table_iter_next(&iter, &account, &value)) {
        Room *room = value;

        if (room->folded > 0)
            write_folded(audit, account, room->folded);
        room->folded = 0;
    }
    if (audit->lost > 0 && !audit->is_telling)
        tell_lost(audit);
}

static bool is_unused(const Room *room, HlTime now)
{
    bool unused = mgr_bucket_is_full(&room->bucket, now);

    for (int kind = 0; kind < N_KINDS; kind++)
        unused = unused && mgr_bucket_is_full(&room->changes[kind], now);
    return unused;
}

/* Nothing is kept of those who have used nothing. */
static gboolean on_fold_due(gpointer user)
{
    MgrAudit *audit = user;
    HlTime now = hl_clock_mono();
    GHashTableIter iter;
    gpointer value;

    mgr_audit_settle(audit);
    g_hash_table_iter_init(&iter, audit->rooms);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_unused(value, now))
            g_hash_table_iter_remove(&iter);
    if (g_hash_table_size(audit->rooms) > 0)
        return G_SOURCE_CONTINUE;
    audit->fold_timer = 0;
    return G_SOURCE_REMOVE;
}

static Room *room_of(MgrAudit *audit, const char *account)
{
    Room *room = g_hash_table_lookup(audit->rooms, account);

    if (room == NULL) {
        room = g_new0(Room, 1);
        g_hash_table_insert(audit->rooms, g_strdup(account), room);
    }
    if (audit->fold_timer == 0)
        audit->fold_timer = g_timeout_add(FOLD_EVERY, on_fold_due, audit);
    return room;
}

bool mgr_audit_is_ending(const char *call)
{
    static const char *const endings[] = {
        "account certificate", "account delete",  "account disable",
        "account password",    "account set",     "admin revoke",
        "bundle withdraw",     "code delete",     "command cancel",
        "console revoke",      "endpoint remove", "endpoint revoke",
        "monitor revoke",      "rollout abort",   "rollout pause",
        "session end",         "token delete",    NULL,
    };

    return g_strv_contains(endings, call);
}

bool mgr_audit_may_change(MgrAudit *audit, const MgrAuditChange *change, GError **error)
{
    ChangeKind kind = change->by_token ? BY_TOKENS : mgr_audit_is_ending(change->call) ? ENDINGS : BY_PEOPLE;
    MgrBucket *bucket = &room_of(audit, change->account)->changes[kind];
    HlTime now = hl_clock_mono();
    HlTime wait = mgr_bucket_wait(bucket, MGR_QUOTA_CHANGE, change->size, now);

    return mgr_bucket_take(bucket, MGR_QUOTA_CHANGE, change->size, now) == MGR_QUOTA_ALLOWED ||
           mgr_refuse(error, MGR_REFUSE_AUDIT_TOO_MANY, change->account, HL_NUMBER((wait + HL_SECOND - 1) / HL_SECOND),
                      NULL);
}

void mgr_audit_tell(MgrAudit *audit, const MgrAuditRecord *record, MgrQuotaKind kind)
{
    Room *room = room_of(audit, record->account);
    gsize size = strlen(record->call) + strlen(record->arguments) + strlen(record->text);

    if (mgr_bucket_take(&room->bucket, kind, size, hl_clock_mono()) == MGR_QUOTA_ALLOWED)
        gather(audit, record, 1);
    else
        room->folded++;
}

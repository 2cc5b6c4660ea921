/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/spool.h"

#include <string.h>

#include "endpoint/core/window.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "proto/wire.h"

struct EpSpool {
    HlDb *db;
    EpSpoolSend send;
    gpointer user;
    char *identity;
    uint64_t session;
    uint64_t acked_mark; /* of the report window.acked; 0: not known */
    EpWindow window;
};

#define MAX_BODY      (HL_WIRE_MAX_SIZE - 1024) /* beside what the envelope adds */
#define IDENTITY_FACT "spool"                   /* in the store */
#define ACKED_FACT    "spool-acked"
#define MARK_FACT     "spool-acked-mark"

/* The database decides: a number that was given inside a transaction that was rolled back is free again. */
static bool read_last(EpSpool *spool, GError **error)
{
    int64_t last;

    if (!hl_db_query_int(spool->db, 0, &last, error, "SELECT coalesce(max(seq), 0) FROM spool", ""))
        return false;
    spool->window.last = MAX((uint64_t)last, spool->window.acked);
    spool->window.sent = MIN(spool->window.sent, spool->window.last);
    return true;
}

/* Under a new identity the numbers start at 1; the manager has no memory of it.  By way of negative numbers, because
 * SQLite checks a key at each row, and old and new numbers overlap. */
static bool renumber(EpSpool *spool, GError **error)
{
    g_autofree char *identity = hl_ident_new("s-");

    return hl_db_exec(spool->db,
                      "UPDATE spool SET seq = -r.n FROM"
                      " (SELECT seq AS old, row_number() OVER (ORDER BY seq) AS n FROM spool) AS r"
                      " WHERE spool.seq = r.old;"
                      "UPDATE spool SET seq = -seq",
                      error) &&
           ep_store_set(spool->db, IDENTITY_FACT, identity, error) &&
           ep_store_set_int(spool->db, ACKED_FACT, 0, error) && ep_store_set_int(spool->db, MARK_FACT, 0, error);
}

/* Brings memory in line with the database.  After a renumbering the window starts over. */
static bool refresh(EpSpool *spool, GError **error)
{
    g_autofree char *identity = ep_store_get(spool->db, IDENTITY_FACT, NULL);

    if (identity != NULL && g_strcmp0(identity, spool->identity) != 0) {
        bool up = spool->window.up;

        g_free(spool->identity);
        spool->identity = g_steal_pointer(&identity);
        spool->window = (EpWindow){ .acked = (uint64_t)ep_store_get_int(spool->db, ACKED_FACT, 0) };
        spool->acked_mark = (uint64_t)ep_store_get_int(spool->db, MARK_FACT, 0);
        spool->window.sent = spool->window.acked;
        if (up)
            ep_window_open(&spool->window, hl_clock_mono());
    }
    return read_last(spool, error);
}

EpSpool *ep_spool_new(HlDb *db, EpSpoolSend send, gpointer user, GError **error)
{
    g_autofree char *identity = ep_store_get(db, IDENTITY_FACT, NULL);
    EpSpool *spool = g_new0(EpSpool, 1);

    spool->db = db;
    spool->send = send;
    spool->user = user;
    if ((identity != NULL || renumber(spool, error)) && refresh(spool, error))
        return spool;
    ep_spool_free(spool);
    return NULL;
}

void ep_spool_free(EpSpool *spool)
{
    if (spool == NULL)
        return;
    g_free(spool->identity);
    g_free(spool);
}

/* Shortens a spool that is too long.  What remains gets new numbers under a new identity: numbers must have no gaps.
 * That is work for each row that remains, so it is done only where it takes as many away as it leaves: a long spool of
 * reports that are all kept stays as it is. */
static bool shorten(EpSpool *spool, GError **error)
{
    int64_t mergeable;

    if (!hl_db_query_int(spool->db, 0, &mergeable, error, "SELECT sum(merge) FROM spool HAVING count(*) >= ?", "i",
                         (int64_t)EP_SPOOL_MAX_ROWS))
        return false;
    if (mergeable < (int64_t)2 * EP_SPOOL_KEEP)
        return true;
    hl_warn("spool",
            "%d or more reports wait for the server: the oldest %" G_GINT64_FORMAT
            " of those that later ones replace are dropped",
            EP_SPOOL_MAX_ROWS, mergeable - EP_SPOOL_KEEP);
    return hl_db_run(spool->db, NULL, error,
                     "DELETE FROM spool WHERE merge = 1 AND seq NOT IN"
                     " (SELECT seq FROM spool WHERE merge = 1 ORDER BY seq DESC LIMIT ?)",
                     "i", (int64_t)EP_SPOOL_KEEP) &&
           renumber(spool, error);
}

/* The number of the last report when it is not sent and has this subject; 0 otherwise.  One that was sent stays as it
 * is: the manager may have it, and would take another one under its number for a database that was reset. */
static bool find_unsent(EpSpool *spool, const char *subject, int64_t *seq, GError **error)
{
    return hl_db_query_int(spool->db, 0, seq, error,
                           "SELECT seq FROM spool WHERE seq = (SELECT max(seq) FROM spool)"
                           " AND seq > ? AND subject = ? AND merge = 1",
                           "it", (int64_t)spool->window.sent, subject);
}

/* As the server will take it.  One that it would refuse holds up all that come after it, so it goes without its body,
 * which the server skips like one of a later version. */
static GBytes *fit_body(const HlMsgReport *report, const char *subject)
{
    HlMsgReport none = HOLDLINE__V1__REPORT__INIT;
    g_autoptr(HlMsgReport) copy = hl_wire_copy(&report->base);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = NULL;

    if (hl_wire_fit(&copy->base, &error)) {
        body = HL_WIRE_ENCODE(copy);
        if (g_bytes_get_size(body) <= MAX_BODY)
            return g_steal_pointer(&body);
        hl_fail(&error, HL_ERROR_LIMIT, "it has %" G_GSIZE_FORMAT " bytes, of %d", g_bytes_get_size(body), MAX_BODY);
    }
    hl_error("spool", "a report (%s) cannot be sent, and is left out: %s", subject, error->message);
    return HL_WIRE_ENCODE(&none);
}

bool ep_spool_add(EpSpool *spool, const HlMsgReport *report, EpSpoolFate fate, const char *subject, GError **error)
{
    g_autoptr(GBytes) body = fit_body(report, subject);
    g_auto(HlTxn) txn = HL_TXN_INIT;
    HlTime now = hl_clock_wall();
    int64_t seq = 0;
    int64_t merge = fate != EP_SPOOL_KEEP_ALWAYS;
    int64_t mark = (int64_t)(hl_random_u64() >> 1 | 1); /* fits a column, and is never 0: not known */

    if (!hl_txn_begin(&txn, spool->db, error) || !shorten(spool, error) ||
        (fate == EP_SPOOL_LATEST && !find_unsent(spool, subject, &seq, error)))
        return false;
    if (seq != 0) {
        if (!hl_db_run(spool->db, NULL, error, "UPDATE spool SET at_ms = ?, body = ?, mark = ? WHERE seq = ?", "ibii",
                       now, body, mark, seq))
            return false;
    } else if (!hl_db_run(spool->db, NULL, error,
                          "INSERT INTO spool (seq, at_ms, subject, merge, body, mark) VALUES (1 + max("
                          " (SELECT coalesce(max(seq), 0) FROM spool),"
                          " (SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM fact WHERE name = 'spool-acked')),"
                          " ?, ?, ?, ?, ?)",
                          "itibi", now, subject, merge, body, mark)) {
        return false;
    }
    return hl_txn_commit(&txn, error);
}

/* The mark of a report, also of the last one that was acknowledged; 0: not known. */
static bool read_mark(EpSpool *spool, uint64_t seq, uint64_t *mark, GError **error)
{
    int64_t stored = (int64_t)spool->acked_mark;

    *mark = 0;
    if (seq < spool->window.acked || seq > spool->window.last)
        return true;
    if (seq > spool->window.acked &&
        !hl_db_query_int(spool->db, 0, &stored, error, "SELECT mark FROM spool WHERE seq = ?", "i", (int64_t)seq))
        return false;
    *mark = (uint64_t)stored;
    return true;
}

/* The stored body with the envelope appended: encoded messages concatenate (protobuf: the last value of a field
 * counts), so the body is not decoded again. */
static GBytes *envelop(const EpSpool *spool, HlMsgReport envelope, GBytes *body)
{
    g_autoptr(GBytes) head = NULL;
    g_autoptr(GByteArray) both = g_byte_array_new();

    envelope.spool = spool->identity;
    envelope.session = spool->session;
    envelope.first = spool->window.acked + 1;
    head = HL_WIRE_ENCODE(&envelope);
    if (g_bytes_get_size(body) <= MAX_BODY) /* of an earlier version, which did not look */
        g_byte_array_append(both, g_bytes_get_data(body, NULL), (guint)g_bytes_get_size(body));
    else
        hl_warn("spool", "report %" G_GUINT64_FORMAT " is too large, and goes without its content", envelope.seq);
    g_byte_array_append(both, g_bytes_get_data(head, NULL), (guint)g_bytes_get_size(head));
    return g_byte_array_free_to_bytes(g_steal_pointer(&both));
}

static bool send_one(EpSpool *spool, uint64_t seq, GError **error)
{
    g_autoptr(HlStmt) stmt =
        hl_db_select(spool->db, error, "SELECT at_ms, body, mark FROM spool WHERE seq = ?", "i", (int64_t)seq);
    g_autoptr(GBytes) body = NULL;
    g_autoptr(GBytes) report = NULL;
    HlMsgReport envelope = HOLDLINE__V1__REPORT__INIT;

    if (!read_mark(spool, seq - 1, &envelope.previous, error))
        return false;
    switch (stmt == NULL ? HL_STEP_FAILED : hl_stmt_step(stmt, error)) {
    case HL_STEP_ROW:
        break;
    case HL_STEP_DONE:
        return hl_fail(error, HL_ERROR_IO, "report %" G_GUINT64_FORMAT " is missing", seq);
    case HL_STEP_FAILED:
        return false;
    }
    body = hl_stmt_blob(stmt, 1);
    envelope.seq = seq;
    envelope.at_ms = hl_stmt_int(stmt, 0);
    envelope.mark = (uint64_t)hl_stmt_int(stmt, 2);
    report = envelop(spool, envelope, body);
    if (!spool->send(report, spool->user))
        return false;
    ep_window_sent(&spool->window, seq, hl_clock_mono());
    return true;
}

void ep_spool_pump(EpSpool *spool)
{
    g_autoptr(GError) error = NULL;
    uint64_t seq;

    if (refresh(spool, &error))
        while (ep_window_next(&spool->window, &seq) && send_one(spool, seq, &error))
            continue;
    if (error != NULL)
        hl_log_limited(HL_LOG_ERROR, "spool", "send", "cannot send reports: %s", error->message);
}

void ep_spool_open(EpSpool *spool, uint64_t session)
{
    spool->session = session;
    ep_window_open(&spool->window, hl_clock_mono());
    ep_spool_pump(spool);
}

void ep_spool_close(EpSpool *spool)
{
    ep_window_close(&spool->window);
}

/* In one transaction: with the rows gone but the number not noted, an empty spool would give the same numbers again. */
static bool forget(EpSpool *spool, uint64_t seq, uint64_t mark, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, spool->db, error) &&
           hl_db_run(spool->db, NULL, error, "DELETE FROM spool WHERE seq <= ?", "i", (int64_t)seq) &&
           ep_store_set_int(spool->db, ACKED_FACT, (int64_t)seq, error) &&
           ep_store_set_int(spool->db, MARK_FACT, (int64_t)mark, error) && hl_txn_commit(&txn, error);
}

/* The manager knows reports that this database does not, or others under the same numbers: it is an old copy.  Go on
 * under a new identity, with everything that is left; the manager knows the marks of what it has. */
static bool start_over(EpSpool *spool, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    hl_warn("spool", "the server has reports that differ from this database's: it was restored; numbers start over");
    return hl_txn_begin(&txn, spool->db, error) && renumber(spool, error) && hl_txn_commit(&txn, error);
}

static EpAck judge_ack(EpSpool *spool, uint64_t seq, uint64_t told, uint64_t own)
{
    if (told != 0 && own != 0 && told != own)
        return EP_ACK_STRANGE;
    return ep_window_ack(&spool->window, seq, hl_clock_mono());
}

bool ep_spool_ack(EpSpool *spool, const char *identity, uint64_t seq, uint64_t mark, GError **error)
{
    uint64_t own;

    if (strcmp(identity, spool->identity) != 0)
        return true; /* an earlier identity of this spool */
    if (!read_last(spool, error) || !read_mark(spool, seq, &own, error))
        return false;
    switch (judge_ack(spool, seq, mark, own)) {
    case EP_ACK_IGNORED:
        return true;
    case EP_ACK_FORGET:
        spool->acked_mark = own;
        if (!forget(spool, seq, own, error))
            return false;
        break;
    case EP_ACK_REWOUND:
        break;
    case EP_ACK_STRANGE:
        if (!start_over(spool, error))
            return false;
        break;
    }
    ep_spool_pump(spool);
    return true;
}

void ep_spool_tick(EpSpool *spool)
{
    if (ep_window_stalled(&spool->window, hl_clock_mono()))
        hl_info("spool", "no acknowledgement for a while: sending %" G_GUINT64_FORMAT " reports again",
                ep_spool_waiting(spool));
    ep_spool_pump(spool);
}

EpSpoolPosition ep_spool_position(EpSpool *spool)
{
    g_autoptr(GError) error = NULL;

    if (!refresh(spool, &error))
        hl_log_limited(HL_LOG_ERROR, "spool", "position", "cannot read the spool: %s", error->message);
    return (EpSpoolPosition){ spool->identity, spool->window.acked + 1, spool->window.last };
}

uint64_t ep_spool_waiting(const EpSpool *spool)
{
    return spool->window.last - spool->window.acked;
}

bool ep_spool_has(EpSpool *spool, const char *subject)
{
    g_autoptr(GError) error = NULL;
    int64_t count;

    return !hl_db_query_int(spool->db, 0, &count, &error, "SELECT count(*) FROM spool WHERE subject = ?", "t",
                            subject) ||
           count > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/quota.h"

#define FIRST_HOLD_OFF   HL_MINUTE
#define LONGEST_HOLD_OFF HL_HOUR
#define FORGIVEN         HL_DAY /* after the end of the last one */

#define CERTIFICATES    10 /* in the life of one */
#define LOST_IN_TENTH   10 /* of lost ones too, in a tenth of it */
#define AT_ONCE_IN_HOUR 2
#define MAX_DOUBLINGS   16 /* of an hour: longer than any certificate */

/* Ordinary use, and room above it; what a whole burst costs the manager is the limit from the other side.
 *
 * links       a birth and a will for each connect: 30 connects a minute for a whole minute, when a line flaps.  A birth
 *             takes 1 to 2 kB, and 0.3 ms (more with open commands, which it fetches): 120 of them 40 ms
 * heartbeats  the shortest interval is a second: 60 a minute, and those of a minute in which the network held them back
 * reports     a spool is emptied at the pace of the acknowledgements, which follow this row (mgr_notices_flush):
 *             33 a second.  One takes 200 bytes, with a long text 1.3 kB, and 0.1 ms and a row: 2,000 of them 0.2 s
 * echoes      the manager asks once in a silence
 * requests    a script of an administrator's that calls without a pause makes some 30 a second
 * excess      the endpoint's window is 64 reports, sent again after 30 s without acknowledgement: 128 a minute
 * rows        of 250 bytes: an update each five seconds for an hour makes 720 of half that
 * strangers   nobody knows who they are, and rows stay for ever: a site that rolls out mistypes less; 10 MiB a year
 * changes     a script that moves 5,000 PCs one by one; then 1.4 a second.  Rows of the log take 96 MiB a day at most
 * deliveries  settings and all open commands, signed again at each birth or poll: 0.1 ms a command.  Those beyond it
 * wait
 * calls       a tenth less than requests: what the network held back arrives at once */
static const MgrQuotaRow rows[MGR_N_QUOTAS] = {
    [MGR_QUOTA_LINK] = { "links", 120, 512 * 1024, HL_MINUTE, true },
    [MGR_QUOTA_HEARTBEAT] = { "heartbeats", 120, 512 * 1024, HL_MINUTE, true },
    [MGR_QUOTA_REPORT] = { "reports", 2000, 4 * 1024 * 1024, HL_MINUTE, true },
    [MGR_QUOTA_ECHO] = { "echoes", 60, 16 * 1024, HL_MINUTE, true },
    [MGR_QUOTA_REQUEST] = { "requests", 1000, 32 * 1024 * 1024, 10 * HL_SECOND, false },
    [MGR_QUOTA_EXCESS] = { "excess", 256, 4 * 1024 * 1024, HL_MINUTE, false },
    [MGR_QUOTA_ROW] = { "rows", 1000, 256 * 1024, HL_HOUR, false },
    [MGR_QUOTA_STRANGER] = { "strangers", 60, 32 * 1024, HL_HOUR, false },
    [MGR_QUOTA_CHANGE] = { "changes", 5000, 4 * 1024 * 1024, HL_HOUR, false },
    [MGR_QUOTA_DELIVERY] = { "deliveries", 60, 4000, HL_MINUTE, false },
    [MGR_QUOTA_CALL] = { "calls", 900, 28 * 1024 * 1024, 10 * HL_SECOND, false },
};

const MgrQuotaRow *mgr_quota_row(MgrQuotaKind kind)
{
    g_assert((unsigned)kind < MGR_N_QUOTAS);
    return &rows[kind];
}

/* The time in which that part of a burst comes back.  Rounded up, so that nothing is free. */
static int64_t cost_us(const MgrQuotaRow *row, uint64_t used, uint32_t burst)
{
    int64_t over = row->over * 1000;

    return used >= burst ? over : (int64_t)(((uint64_t)over * used + burst - 1) / burst);
}

static int64_t missing(int64_t full_us, int64_t now_us)
{
    return MAX(0, full_us - now_us);
}

MgrQuotaOutcome mgr_bucket_take(MgrBucket *bucket, MgrQuotaKind kind, gsize bytes, HlTime mono)
{
    const MgrQuotaRow *row = mgr_quota_row(kind);
    int64_t now = mono * 1000;
    int64_t messages = missing(bucket->messages_us, now) + cost_us(row, 1, row->messages);
    int64_t sizes = missing(bucket->bytes_us, now) + cost_us(row, bytes, row->bytes);

    if (MAX(messages, sizes) > row->over * 1000)
        return MGR_QUOTA_REFUSED;
    bucket->messages_us = now + messages;
    bucket->bytes_us = now + sizes;
    return MGR_QUOTA_ALLOWED;
}

HlTime mgr_bucket_wait(const MgrBucket *bucket, MgrQuotaKind kind, gsize bytes, HlTime mono)
{
    const MgrQuotaRow *row = mgr_quota_row(kind);
    int64_t messages = missing(bucket->messages_us, mono * 1000) + cost_us(row, 1, row->messages);
    int64_t sizes = missing(bucket->bytes_us, mono * 1000) + cost_us(row, bytes, row->bytes);

    return (missing(MAX(messages, sizes), row->over * 1000) + 999) / 1000;
}

unsigned mgr_bucket_used(const MgrBucket *bucket, MgrQuotaKind kind, HlTime mono)
{
    int64_t used = MAX(missing(bucket->messages_us, mono * 1000), missing(bucket->bytes_us, mono * 1000));

    return (unsigned)(used / (mgr_quota_row(kind)->over * 10)); /* of over * 1000 us, in percent */
}

bool mgr_bucket_is_full(const MgrBucket *bucket, HlTime mono)
{
    return bucket->messages_us <= mono * 1000 && bucket->bytes_us <= mono * 1000;
}

MgrQuotaOutcome mgr_quota_allow(MgrQuota *quota, MgrQuotaKind kind, gsize bytes, HlTime mono)
{
    g_assert(kind < MGR_QUOTA_EXCESS);
    if (mgr_bucket_take(&quota->buckets[kind], kind, bytes, mono) == MGR_QUOTA_ALLOWED)
        return MGR_QUOTA_ALLOWED;
    if (mgr_quota_row(kind)->counts_excess &&
        mgr_bucket_take(&quota->buckets[MGR_QUOTA_EXCESS], MGR_QUOTA_EXCESS, bytes, mono) != MGR_QUOTA_ALLOWED)
        return MGR_QUOTA_FLOODING;
    return MGR_QUOTA_REFUSED;
}

bool mgr_quota_is_unused(const MgrQuota *quota, HlTime mono)
{
    for (gsize i = 0; i < G_N_ELEMENTS(quota->buckets); i++)
        if (!mgr_bucket_is_full(&quota->buckets[i], mono))
            return false;
    return true;
}

HlTime mgr_quota_next_certificate(HlTime issued, HlTime expires)
{
    return issued + (expires - issued) / CERTIFICATES;
}

bool mgr_quota_is_certificate_due(HlTime issued, HlTime expires, HlTime wall)
{
    return wall < issued || wall >= mgr_quota_next_certificate(issued, expires);
}

void mgr_quota_note_issued(MgrQuotaIssued *counts, HlTime issued, HlTime expires, HlTime wall)
{
    HlTime age = wall - issued;

    if (age < 0) /* the clock was ahead then */
        return;
    counts->in_hour += age < HL_HOUR ? 1 : 0;
    counts->in_tenth += age < (expires - issued) / CERTIFICATES ? 1 : 0;
}

/* The bound of a tenth: honest ones, whose answers are all lost, have 8 in the 9 days of the usual life. */
bool mgr_quota_is_lost_certificate_due(const MgrQuotaIssued *counts, HlTime issued, HlTime wall)
{
    if (counts->unused == 0 || counts->in_tenth >= LOST_IN_TENTH)
        return false;
    if (counts->unused == 1)
        return counts->in_hour < AT_ONCE_IN_HOUR;
    return wall - issued >= HL_HOUR << MIN(counts->unused - 2, MAX_DOUBLINGS);
}

HlTime mgr_hold_offs_begin(MgrHoldOffs *hold_offs, HlTime mono)
{
    HlTime time = FIRST_HOLD_OFF;

    if (mgr_hold_offs_is_over(hold_offs, mono))
        hold_offs->times = 0;
    for (unsigned i = 0; i < hold_offs->times && time < LONGEST_HOLD_OFF; i++)
        time *= 2;
    time = MIN(time, LONGEST_HOLD_OFF);
    hold_offs->times++;
    hold_offs->until = mono + time;
    return time;
}

bool mgr_hold_offs_is_over(const MgrHoldOffs *hold_offs, HlTime mono)
{
    return mono >= hold_offs->until + FORGIVEN;
}

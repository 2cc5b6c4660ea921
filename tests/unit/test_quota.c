/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/quota: what a sender may use, in virtual time. */
#include "manager/core/quota.h"

#define START (1000 * HL_SECOND)

static guint allowed_at(MgrQuota *quota, MgrQuotaKind kind, gsize bytes, HlTime mono, guint tries)
{
    guint allowed = 0;

    for (guint i = 0; i < tries; i++)
        allowed += mgr_quota_allow(quota, kind, bytes, mono) == MGR_QUOTA_ALLOWED;
    return allowed;
}

/* Every kind: a whole burst at once, not one more, and after a tenth of the time a tenth of it. */
static void test_burst(void)
{
    for (MgrQuotaKind kind = 0; kind < MGR_QUOTA_EXCESS; kind++) {
        const MgrQuotaRow *row = mgr_quota_row(kind);
        MgrQuota quota = { 0 };

        g_assert_cmpuint(allowed_at(&quota, kind, 1, START, row->messages + 100), ==, row->messages);
        g_assert_cmpuint(allowed_at(&quota, kind, 1, START + row->over / 10, row->messages), ==, row->messages / 10);
        g_assert_cmpuint(allowed_at(&quota, kind, 1, START + 3 * row->over, row->messages + 100), ==, row->messages);
    }
}

/* Bytes are bounded by themselves, however few messages they come in. */
static void test_bytes(void)
{
    for (MgrQuotaKind kind = 0; kind < MGR_QUOTA_EXCESS; kind++) {
        const MgrQuotaRow *row = mgr_quota_row(kind);
        MgrQuota quota = { 0 };
        guint tries = row->messages / 2;
        gsize size = row->bytes / (tries / 2);

        g_assert_cmpuint(allowed_at(&quota, kind, size, START, tries), <=, tries / 2);
        g_assert_cmpuint(allowed_at(&quota, kind, size, START, tries), ==, 0);
    }
}

/* A message that no burst holds takes all of one at most; the next one waits for the whole time. */
static void test_too_large(void)
{
    MgrQuota quota = { 0 };
    HlTime over = mgr_quota_row(MGR_QUOTA_HEARTBEAT)->over;

    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_HEARTBEAT, G_MAXSIZE, START), ==, MGR_QUOTA_ALLOWED);
    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_HEARTBEAT, 1, START), ==, MGR_QUOTA_REFUSED);
    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_HEARTBEAT, 300, START + over), ==, MGR_QUOTA_ALLOWED);
}

/* The time that is told is the one after which it is allowed, and not earlier. */
static void test_wait(void)
{
    static const struct {
        gsize bytes;
        guint used;
    } rows[] = { { 1, 5000 }, { 1, 6000 }, { 4 * 1024 * 1024, 1 }, { 1024 * 1024, 4 }, { 100, 1 } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgrBucket bucket = { 0 };
        HlTime wait;

        for (guint n = 0; n < rows[i].used; n++)
            (void)mgr_bucket_take(&bucket, MGR_QUOTA_CHANGE, rows[i].bytes, START);
        wait = mgr_bucket_wait(&bucket, MGR_QUOTA_CHANGE, rows[i].bytes, START);
        if (wait > 0)
            g_assert_cmpint(mgr_bucket_take(&bucket, MGR_QUOTA_CHANGE, rows[i].bytes, START + wait - 1), ==,
                            MGR_QUOTA_REFUSED);
        g_assert_cmpint(wait > 0, ==, i < 4);
        g_assert_cmpint(mgr_bucket_take(&bucket, MGR_QUOTA_CHANGE, rows[i].bytes, START + wait), ==, MGR_QUOTA_ALLOWED);
    }
}

/* One kind leaves the others alone. */
static void test_kinds(void)
{
    MgrQuota quota = { 0 };

    allowed_at(&quota, MGR_QUOTA_ECHO, 1, START, 100);
    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_ECHO, 1, START), ==, MGR_QUOTA_REFUSED);
    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_LINK, 1000, START), ==, MGR_QUOTA_ALLOWED);
    g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_REPORT, 1000, START), ==, MGR_QUOTA_ALLOWED);
}

static bool floods(MgrQuotaKind kind, gsize bytes, guint tries, HlTime every)
{
    MgrQuota quota = { 0 };

    for (guint i = 0; i < tries; i++)
        if (mgr_quota_allow(&quota, kind, bytes, START + (HlTime)i * every) == MGR_QUOTA_FLOODING)
            return true;
    return false;
}

/* Who goes on although everything is refused is flooding; who only was too fast for a while is not. */
static void test_flooding(void)
{
    const MgrQuotaRow *excess = mgr_quota_row(MGR_QUOTA_EXCESS);

    for (MgrQuotaKind kind = 0; kind < MGR_QUOTA_EXCESS; kind++) {
        const MgrQuotaRow *row = mgr_quota_row(kind);

        g_assert_false(floods(kind, 1, row->messages + excess->messages, 0));
        g_assert_cmpint(floods(kind, 1, row->messages + excess->messages + 1, 0), ==, row->counts_excess);
    }
    g_assert_true(floods(MGR_QUOTA_HEARTBEAT, 226000, 30, 0)); /* bytes alone: a flood of large ones shows after 22 */
}

/* What honest endpoints do at their busiest, for a day. */
static void test_honest(void)
{
    MgrQuota quota = { 0 };

    for (HlTime at = START; at < START + HL_DAY; at += HL_SECOND) {
        g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_HEARTBEAT, 400, at), ==, MGR_QUOTA_ALLOWED);
        g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_REPORT, 1300, at), ==, MGR_QUOTA_ALLOWED);
        if (at % (2 * HL_SECOND) == 0) {
            g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_LINK, 2000, at), ==, MGR_QUOTA_ALLOWED);
            g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_LINK, 60, at), ==, MGR_QUOTA_ALLOWED);
        }
        if (at % (2 * HL_MINUTE) == 0)
            g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_ECHO, 20, at), ==, MGR_QUOTA_ALLOWED);
    }
    /* a window of reports that nobody acknowledges, again each 30 s, with nothing left in the bucket */
    allowed_at(&quota, MGR_QUOTA_REPORT, 2000, START + HL_DAY, 3000);
    quota.buckets[MGR_QUOTA_EXCESS] = (MgrBucket){ 0 };
    for (HlTime at = START + HL_DAY; at < START + HL_DAY + HL_HOUR; at += 30 * HL_SECOND)
        for (int i = 0; i < 64; i++)
            g_assert_cmpint(mgr_quota_allow(&quota, MGR_QUOTA_REPORT, 1300, at), !=, MGR_QUOTA_FLOODING);
}

static void test_used(void)
{
    MgrBucket bucket = { 0 };
    const MgrQuotaRow *row = mgr_quota_row(MGR_QUOTA_REPORT);

    g_assert_cmpuint(mgr_bucket_used(&bucket, MGR_QUOTA_REPORT, START), ==, 0);
    for (guint i = 0; i < row->messages / 2; i++)
        mgr_bucket_take(&bucket, MGR_QUOTA_REPORT, 1, START);
    g_assert_cmpuint(mgr_bucket_used(&bucket, MGR_QUOTA_REPORT, START), ==, 50);
    g_assert_false(mgr_bucket_is_full(&bucket, START));
    g_assert_cmpuint(mgr_bucket_used(&bucket, MGR_QUOTA_REPORT, START + row->over / 4), ==, 25);
    g_assert_cmpuint(mgr_bucket_used(&bucket, MGR_QUOTA_REPORT, START + row->over), ==, 0);
    g_assert_true(mgr_bucket_is_full(&bucket, START + row->over));
}

/* An endpoint with a heartbeat a minute is like one that was never heard a second later: no table grows with the
 * fleet. */
static void test_unused(void)
{
    MgrQuota quota = { 0 };

    g_assert_true(mgr_quota_is_unused(&quota, START));
    mgr_quota_allow(&quota, MGR_QUOTA_HEARTBEAT, 400, START);
    g_assert_false(mgr_quota_is_unused(&quota, START));
    g_assert_true(mgr_quota_is_unused(&quota, START + HL_SECOND));
}

static void test_certificates(void)
{
    HlTime issued = 1000 * HL_DAY;
    HlTime expires = issued + 90 * HL_DAY;

    g_assert_false(mgr_quota_is_certificate_due(issued, expires, issued));
    g_assert_false(mgr_quota_is_certificate_due(issued, expires, issued + 9 * HL_DAY - 1));
    g_assert_true(mgr_quota_is_certificate_due(issued, expires, issued + 9 * HL_DAY));
    g_assert_true(mgr_quota_is_certificate_due(issued, expires, issued + 60 * HL_DAY));
    g_assert_true(mgr_quota_is_certificate_due(issued, expires, expires + HL_DAY));
    g_assert_true(mgr_quota_is_certificate_due(issued, expires, issued - HL_DAY)); /* the clock was ahead then */
}

static bool is_lost_due(unsigned unused, HlTime issued, HlTime wall)
{
    MgrQuotaIssued counts = { .unused = unused, .in_hour = 1, .in_tenth = unused };

    return mgr_quota_is_lost_certificate_due(&counts, issued, wall);
}

/* At once, after one hour, two, four; and one that uses what it has is lost nothing. */
static void test_lost_certificates(void)
{
    static const int hours[] = { -1, 0, 1, 2, 4, 8 }; /* by how many are unused */
    HlTime issued = 1000 * HL_DAY;

    g_assert_false(is_lost_due(0, issued, issued + 1000 * HL_DAY));
    for (unsigned n = 1; n < G_N_ELEMENTS(hours); n++) {
        g_assert_true(is_lost_due(n, issued, issued + hours[n] * HL_HOUR));
        g_assert_true(n == 1 || !is_lost_due(n, issued, issued + hours[n] * HL_HOUR - 1));
    }
    g_assert_false(is_lost_due(1000, issued, issued + 1000 * HL_DAY));
}

/* It asks each minute for so long, and says that it uses the one so many before its last.  How many it is issued. */
static unsigned ask_each_minute(unsigned before_last, HlTime life, HlTime time)
{
    HlTime issued[400] = { 1000 * HL_DAY, 1000 * HL_DAY };
    unsigned n = 2;

    for (HlTime now = issued[0]; now < issued[0] + time; now += HL_MINUTE) {
        MgrQuotaIssued counts = { .unused = MIN(before_last, n - 1) };

        for (unsigned i = 0; i < n; i++)
            mgr_quota_note_issued(&counts, issued[i], issued[i] + life, now);
        if (!mgr_quota_is_lost_certificate_due(&counts, issued[n - 1], now) &&
            !mgr_quota_is_certificate_due(issued[n - 1], issued[n - 1] + life, now))
            continue;
        g_assert_cmpuint(n, <, G_N_ELEMENTS(issued));
        issued[n++] = now;
    }
    return n;
}

/* Whatever it says of itself. */
static void test_claimed_certificates(void)
{
    HlTime life = 90 * HL_DAY;

    for (unsigned before_last = 0; before_last < 4; before_last++) {
        g_assert_cmpuint(ask_each_minute(before_last, life, HL_HOUR), <=, 3);
        g_assert_cmpuint(ask_each_minute(before_last, life, 9 * HL_DAY), <=, 10);
        g_assert_cmpuint(ask_each_minute(before_last, life, life), <=, 100);
    }
    g_assert_cmpuint(ask_each_minute(1, life, 9 * HL_DAY), ==, 10);
}

static void test_hold_offs(void)
{
    static const HlTime minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    MgrHoldOffs hold_offs = { 0 };
    HlTime at = START;

    for (gsize i = 0; i < G_N_ELEMENTS(minutes); i++) {
        HlTime time = mgr_hold_offs_begin(&hold_offs, at);

        g_assert_cmpint(time, ==, minutes[i] * HL_MINUTE);
        g_assert_cmpint(hold_offs.until, ==, at + time);
        at += time + HL_HOUR;
        g_assert_false(mgr_hold_offs_is_over(&hold_offs, at));
    }
    at += HL_DAY;
    g_assert_true(mgr_hold_offs_is_over(&hold_offs, at));
    g_assert_cmpint(mgr_hold_offs_begin(&hold_offs, at), ==, HL_MINUTE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quota/burst", test_burst);
    g_test_add_func("/quota/bytes", test_bytes);
    g_test_add_func("/quota/too-large", test_too_large);
    g_test_add_func("/quota/wait", test_wait);
    g_test_add_func("/quota/kinds", test_kinds);
    g_test_add_func("/quota/flooding", test_flooding);
    g_test_add_func("/quota/honest", test_honest);
    g_test_add_func("/quota/used", test_used);
    g_test_add_func("/quota/unused", test_unused);
    g_test_add_func("/quota/certificates", test_certificates);
    g_test_add_func("/quota/lost-certificates", test_lost_certificates);
    g_test_add_func("/quota/claimed-certificates", test_claimed_certificates);
    g_test_add_func("/quota/hold-offs", test_hold_offs);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is acknowledged (manager/daemon/work/reports), and whom that answers (manager/daemon/state/notices): the session
 * that reported, even if another one is heard before it goes out. */
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/manager_parts.h"

static void report_of(Parts *parts, const char *spool, uint64_t session, uint64_t seq)
{
    HlMsgReport message = HOLDLINE__V1__REPORT__INIT;

    message.session = session;
    message.spool = hl_unconst(spool);
    message.seq = seq;
    message.first = 1;
    parts_deliver(parts, HL_TOPIC_REPORT, "e-one", &message.base);
}

static void report(Parts *parts, uint64_t session, uint64_t seq)
{
    report_of(parts, "s-1", session, seq);
}

/* The session of the next one, and what it says is committed; 0: there is none. */
static uint64_t answered(Parts *parts, uint64_t *seq)
{
    g_autoptr(HlMsgAck) ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    g_autoptr(HlMsgLineNotice) notice = NULL;

    if (ack == NULL)
        return 0;
    notice = hl_envelope_open(ack->notice, hl_signing_key_public(parts->key), HL_ENVELOPE_LINE,
                              &holdline__v1__line_notice__descriptor, NULL);
    g_assert_nonnull(notice);
    *seq = notice->seq;
    return notice->session;
}

/* A report of the line before arrives late, by the broker that died: the line that stands is answered all the same, and
 * does not wait until it says everything again. */
static void test_late_word(void)
{
    g_autoptr(Parts) parts = parts_new();
    uint64_t seq = 0;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    report(parts, 1, 1);
    parts_commit(parts);
    parts_birth(parts, "e-one", 2);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    bus_fake_forget(parts->bus);
    report(parts, 2, 2);
    parts_commit(parts);
    report(parts, 1, 1);
    g_assert_cmpuint(answered(parts, &seq), ==, 1); /* at once, to who says it */
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(answered(parts, &seq), ==, 2);
    g_assert_cmpuint(seq, ==, 2);
    g_assert_cmpuint(answered(parts, &seq), ==, 0);
}

/* The first of a new spool did not come through.  Had a later one been taken, its acknowledgement would make the
 * endpoint forget the first. */
static void test_new_spool(void)
{
    g_autoptr(Parts) parts = parts_new();
    uint64_t seq = 0;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    report(parts, 1, 1);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    bus_fake_forget(parts->bus);
    report_of(parts, "s-2", 1, 2);
    report_of(parts, "s-2", 1, 3);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(answered(parts, &seq), ==, 0);
    report_of(parts, "s-2", 1, 1); /* all of them again */
    report_of(parts, "s-2", 1, 2);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(answered(parts, &seq), ==, 1);
    g_assert_cmpuint(seq, ==, 2);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/acks/late-word", test_late_word);
    g_test_add_func("/manager/acks/new-spool", test_new_spool);
    return g_test_run();
}

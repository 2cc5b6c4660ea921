/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/arrivals and state/delivery: what the manager says of the line, signed for one session; and which
 * session numbers it believes. */
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "proto/envelope.h"
#include "tests/support/manager_parts.h"

/* The next notice to this endpoint out of its envelope; NULL: none.  The old fields say the same. */
static HlMsgLineNotice *take_notice(Parts *parts, const char *id)
{
    g_autoptr(HlMsgAck) ack = parts_take(parts, HL_TOPIC_ACK, id, &holdline__v1__ack__descriptor);
    g_autoptr(GError) error = NULL;
    HlMsgLineNotice *notice;

    if (ack == NULL)
        return NULL;
    g_assert_nonnull(ack->notice);
    notice = hl_envelope_open(ack->notice, hl_signing_key_public(parts->key), HL_ENVELOPE_LINE,
                              &holdline__v1__line_notice__descriptor, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(notice->endpoint, ==, id);
    g_assert_cmpint(notice->issued_ms, ==, hl_clock_wall());
    g_assert_cmpstr(ack->spool, ==, notice->spool);
    g_assert_cmpuint(ack->seq, ==, notice->seq);
    g_assert_cmpuint(ack->fence_session, ==, notice->fence_session);
    g_assert_cmpuint(ack->hold_off_ms, ==, notice->hold_off_ms);
    return notice;
}

static void expect_fence(Parts *parts, const char *id, uint64_t answered, uint64_t fence)
{
    g_autoptr(HlMsgLineNotice) notice = take_notice(parts, id);

    g_assert_nonnull(notice);
    g_assert_cmpuint(notice->session, ==, answered);
    g_assert_cmpuint(notice->fence_session, ==, fence);
}

static uint64_t known(const Parts *parts, const char *id)
{
    return mgr_fleet_endpoint(&parts->fleet, id)->record.presence.session;
}

static uint32_t window_after_birth(Parts *parts, const char *id, uint64_t session)
{
    g_autoptr(HlMsgLineNotice) notice = NULL;

    parts_birth(parts, id, session);
    notice = take_notice(parts, id);
    g_assert_nonnull(notice);
    return notice->connect_window_ms;
}

/* Who is one of many is told within what time to come back, by what a connect costs the broker. */
static void test_window(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    g_assert_cmpuint(window_after_birth(parts, "e-one", 1), ==, 0);
    for (guint i = 1; i < MGR_HERD_FEW; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        parts_add_endpoint(parts, id);
    }
    g_assert_cmpuint(window_after_birth(parts, "e-one", 2), ==, 500);
    g_assert_cmpuint(parts->fleet.connects, ==, 2);
    parts->fleet.herd.cost_us = 1600;
    g_assert_cmpuint(window_after_birth(parts, "e-one", 2), ==, 320);
    g_assert_cmpuint(parts->fleet.connects, ==, 2); /* it repeated its birth: no connect */
}

/* Each acknowledgement would be a packet before those that it sends (docs/adr/0045). */
static void test_acknowledges_nothing(void)
{
    g_autoptr(Parts) parts = parts_new();

    g_assert_cmpint(bus_fake_options(parts->bus)->subscription_qos, ==, 0);
}

/* Every birth is answered: with our time, what is committed, and nothing else. */
static void test_birth_is_answered(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgLineNotice) first = NULL;
    g_autoptr(HlMsgLineNotice) second = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 5);
    first = take_notice(parts, "e-one");
    g_assert_cmpuint(first->session, ==, 5);
    g_assert_cmpuint(first->fence_session, ==, 0);
    parts_report_command(parts, "e-one", 1, "c-x", HL_STATE_STARTED);
    parts_commit(parts);
    parts_birth(parts, "e-one", 6);
    second = take_notice(parts, "e-one");
    g_assert_cmpuint(second->session, ==, 6);
    g_assert_cmpstr(second->spool, ==, "s-1");
    g_assert_cmpuint(second->seq, ==, 1);
    g_assert_null(take_notice(parts, "e-one"));
}

static void test_fence(void)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 9);
    bus_fake_forget(parts->bus);
    parts_birth(parts, "e-one", 3); /* late: the numbers of one start only rise */
    g_assert_null(take_notice(parts, "e-one"));
    link.online = true;
    link.session = 3;
    link.boot_id = hl_unconst("b-2");
    parts_deliver(parts, HL_TOPIC_LINK, "e-one", &link.base);
    expect_fence(parts, "e-one", 3, 9);
    parts_beat(parts, "e-one", 4, 1);
    expect_fence(parts, "e-one", 4, 9);
}

/* No matter who forges a number, it is not kept; an endpoint that really has it is told the way back. */
static void test_absurd_session(void)
{
    g_autoptr(Parts) parts = parts_new();
    uint64_t now = (uint64_t)hl_clock_wall();
    const uint64_t absurd[] = { now + (uint64_t)HL_DAY + 1, ((uint64_t)1 << 62) - 1, UINT64_MAX };

    parts_add_endpoint(parts, "e-one");
    for (gsize i = 0; i < G_N_ELEMENTS(absurd); i++) {
        parts_birth(parts, "e-one", absurd[i]);
        expect_fence(parts, "e-one", absurd[i], 1); /* nothing is known yet */
        g_assert_cmpuint(known(parts, "e-one"), ==, 0);
    }
    parts_birth(parts, "e-one", now);
    bus_fake_forget(parts->bus);
    for (gsize i = 0; i < G_N_ELEMENTS(absurd); i++) {
        parts_beat(parts, "e-one", absurd[i], 1);
        expect_fence(parts, "e-one", absurd[i], now);
        parts_will(parts, "e-one", absurd[i]);
        g_assert_null(take_notice(parts, "e-one")); /* nobody is there to answer */
        g_assert_cmpuint(known(parts, "e-one"), ==, now);
    }
    g_assert_cmpstr(mgr_actual_name(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.presence.actual), ==, "online");
    parts_birth(parts, "e-one", now + 1);
    g_assert_cmpuint(known(parts, "e-one"), ==, now + 1);
}

/* The manager's own clock goes back by a month: who was there goes on, who comes is told a number, nobody is lost. */
static void test_own_clock_goes_back(void)
{
    g_autoptr(Parts) parts = parts_new();
    uint64_t now = (uint64_t)hl_clock_wall();

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", now);
    clock_fake_jump_wall(-30 * HL_DAY);
    bus_fake_forget(parts->bus);
    parts_beat(parts, "e-one", now, 1);
    g_assert_null(take_notice(parts, "e-one"));
    parts_birth(parts, "e-one", now + (uint64_t)HL_HOUR);
    expect_fence(parts, "e-one", now + (uint64_t)HL_HOUR, now);
    parts_birth(parts, "e-one", now + 1);
    g_assert_cmpuint(known(parts, "e-one"), ==, now + 1);
}

/* A registry that an earlier version let somebody poison. */
static void test_poisoned_registry(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrFleet restarted = { 0 };

    parts_add_endpoint(parts, "e-one")->record.presence.session = ((uint64_t)1 << 62) - 1;
    mgr_fleet_note_unwritten(&parts->fleet, mgr_fleet_endpoint(&parts->fleet, "e-one"), MGR_UNWRITTEN_PRESENCE);
    parts_load(parts, &restarted);
    g_assert_cmpuint(mgr_fleet_endpoint(&restarted, "e-one")->record.presence.session, ==, 0);
    mgr_fleet_clear(&restarted);
}

/* --------------------------------------------------------------------------------- a machine set back to a snapshot */

/* Report number seq of spool, about a refusal (which leaves a row in the history). */
static void report(Parts *parts, const char *spool, uint64_t seq, uint64_t mark, uint64_t previous)
{
    HlMsgReport message = HOLDLINE__V1__REPORT__INIT;
    HlMsgRefusal body = HOLDLINE__V1__REFUSAL__INIT;
    g_autofree char *detail = g_strdup_printf("mark %" G_GUINT64_FORMAT, mark);

    body.what = (char *)"command";
    body.code = (char *)"expired";
    body.detail = detail;
    message.spool = hl_unconst(spool);
    message.seq = seq;
    message.first = 1;
    message.mark = mark;
    message.previous = previous;
    message.session = known(parts, "e-one");
    message.body_case = HOLDLINE__V1__REPORT__BODY_REFUSAL;
    message.refusal = &body;
    parts_deliver(parts, HL_TOPIC_REPORT, "e-one", &message.base);
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
}

static void expect_committed(Parts *parts, const char *spool, uint64_t seq, uint64_t mark)
{
    g_autoptr(HlMsgLineNotice) notice = take_notice(parts, "e-one");

    g_assert_nonnull(notice);
    g_assert_cmpstr(notice->spool, ==, spool);
    g_assert_cmpuint(notice->seq, ==, seq);
    g_assert_cmpuint(notice->mark, ==, mark);
    g_assert_null(take_notice(parts, "e-one"));
}

static guint history_rows(Parts *parts, const char *text)
{
    g_autoptr(json_t) document = NULL;
    guint n = 0;
    size_t i;
    const json_t *row;

    mgr_record_flush(parts->record);
    parts_commit(parts);
    parts_call(parts, "endpoint history", "endpoint", "e-one", NULL);
    document = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(document, "history"), i, row) n +=
        strstr(json_string_value(json_object_get(row, "detail")), text) != NULL;
    return n;
}

static Parts *parts_with_reports(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 5);
    report(parts, "s-1", 1, 101, 0);
    report(parts, "s-1", 2, 102, 101);
    bus_fake_forget(parts->bus);
    return parts;
}

/* It gives number 3 a second time, after another number 2: not taken, and told what is here. */
static void test_other_past(void)
{
    g_autoptr(Parts) parts = parts_with_reports();

    report(parts, "s-1", 2, 902, 101);
    expect_committed(parts, "s-1", 2, 102);
    report(parts, "s-1", 3, 903, 902);
    expect_committed(parts, "s-1", 2, 102);
    g_assert_cmpuint(history_rows(parts, "mark 90"), ==, 0);
    report(parts, "s-1", 3, 103, 102);
    expect_committed(parts, "s-1", 3, 103);
    report(parts, "s-1", 4, 0, 0); /* an endpoint of 0.1.0 */
    expect_committed(parts, "s-1", 4, 0);
    report(parts, "s-1", 5, 105, 999);
    expect_committed(parts, "s-1", 5, 105);
    parts_check_registry(parts);
}

/* Its new spool holds what is new and what was here already: each leaves one row. */
static void test_every_report_once(void)
{
    g_autoptr(Parts) parts = parts_with_reports();

    report(parts, "s-2", 1, 102, 0);
    expect_committed(parts, "s-2", 1, 102);
    report(parts, "s-2", 2, 903, 102);
    expect_committed(parts, "s-2", 2, 903);
    g_assert_cmpuint(history_rows(parts, "mark 102"), ==, 1);
    g_assert_cmpuint(history_rows(parts, "mark 903"), ==, 1);
}

static void birth_with_spool(Parts *parts, uint64_t session, const char *spool, uint64_t last)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;

    link.online = true;
    link.session = session;
    link.boot_id = (char *)"b-1";
    link.heartbeat_ms = 60000;
    link.spool = hl_unconst(spool);
    link.spool_first = last + 1;
    link.spool_last = last;
    parts_deliver(parts, HL_TOPIC_LINK, "e-one", &link.base);
}

static void test_set_back_is_told(void)
{
    g_autoptr(Parts) parts = parts_with_reports();

    birth_with_spool(parts, 6, "s-1", 2);
    birth_with_spool(parts, 7, "s-9", 1);
    birth_with_spool(parts, 8, "", 0); /* of an endpoint of 0.1.0 */
    bus_fake_forget(parts->bus);
    g_assert_cmpuint(history_rows(parts, "was set back"), ==, 0);
    birth_with_spool(parts, 9, "s-1", 1);
    expect_committed(parts, "s-1", 2, 102);
    g_assert_cmpuint(history_rows(parts, "was set back: its reports end at 1, those to 2 are here"), ==, 1);
}

/* Killed before presence is next written: the registry has the revocation, and that the endpoint had been there. */
static void test_revoked_and_killed(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *path = g_build_filename(parts->dir, "registry.db", NULL);
    g_autoptr(HlDb) db = NULL;
    int64_t n = 0;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 7);
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    db = hl_db_open(path, HL_DB_READ_ONLY, NULL);
    g_assert_true(hl_db_query_int(db, 0, &n, NULL,
                                  "SELECT count(*) FROM presence JOIN endpoint ON number = presence.endpoint"
                                  " WHERE id = 'e-one' AND revoked_at > 0 AND session = 7 AND actual = 'offline'"
                                  " AND reason = 'revoked' AND retired",
                                  ""));
    g_assert_cmpint(n, ==, 1);
}

/* What the broker refuses the manager is told for as long as that connection lasts. */
static void test_refused(void)
{
    g_autoptr(Parts) parts = parts_new();

    g_assert_null(mgr_down_refused(parts->down));
    bus_fake_down(parts->bus, "gone");
    bus_fake_up_refused(parts->bus, "the broker refused the subscription to x: Not authorized");
    g_assert_nonnull(strstr(mgr_down_refused(parts->down), "x: Not authorized"));
    g_assert_nonnull(strstr(mgr_down_refused(parts->down), "broker/acl"));
    bus_fake_down(parts->bus, "gone");
    g_assert_null(mgr_down_refused(parts->down));
    bus_fake_up(parts->bus);
    g_assert_null(mgr_down_refused(parts->down));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/line/window", test_window);
    g_test_add_func("/manager/notices/acknowledges-nothing", test_acknowledges_nothing);
    g_test_add_func("/line/birth-is-answered", test_birth_is_answered);
    g_test_add_func("/line/fence", test_fence);
    g_test_add_func("/line/absurd-session", test_absurd_session);
    g_test_add_func("/line/own-clock-goes-back", test_own_clock_goes_back);
    g_test_add_func("/line/poisoned-registry", test_poisoned_registry);
    g_test_add_func("/line/other-past", test_other_past);
    g_test_add_func("/line/revoked-and-killed", test_revoked_and_killed);
    g_test_add_func("/line/every-report-once", test_every_report_once);
    g_test_add_func("/line/set-back-is-told", test_set_back_is_told);
    g_test_add_func("/manager/notices/refused", test_refused);
    return g_test_run();
}

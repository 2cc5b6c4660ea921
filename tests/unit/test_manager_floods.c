/* SPDX-License-Identifier: Apache-2.0 */
/* The gate and what follows: one sender floods, and nobody else notices. */
#include <pthread.h>
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/daemon/calls/call.h"
#include "manager/site/site.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static MgrEndpoint *endpoint(const Parts *parts, const char *id)
{
    return mgr_fleet_endpoint(&parts->fleet, id);
}

/* What the gate has told of reaches the loop. */
static void settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static void flood(Parts *parts, const char *id, guint count)
{
    for (guint i = 0; i < count; i++)
        parts_beat(parts, id, 1, i + 2);
    settle();
}

static Parts *parts_with_two(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_pass(parts, 70);
    parts_birth(parts, "e-one", 1);
    parts_birth(parts, "e-two", 1);
    bus_fake_forget(parts->bus);
    return parts;
}

static char *read_acl(const Parts *parts)
{
    g_autofree char *path = g_build_filename(parts->dir, "broker", "acl", NULL);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static guint history(Parts *parts, const char *id, const char *what)
{
    int64_t n = 0;
    g_autoptr(GError) error = NULL;

    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), 0, &n, &error,
                                  "SELECT count(*) FROM history WHERE endpoint = ? AND what = ?", "tt", id, what));
    return (guint)n;
}

static json_t *document(const Parts *parts, const char *id)
{
    return mgr_status_endpoint(parts->status, endpoint(parts, id));
}

/* Too many, but not without an end: those beyond the quota are dropped, and that is all. */
static void test_dropped(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    guint burst = mgr_quota_row(MGR_QUOTA_HEARTBEAT)->messages;
    uint64_t before = mgr_arrivals_count(parts->arrivals).heartbeats;

    flood(parts, "e-one", burst + 100);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).heartbeats - before, ==, burst);
    g_assert_cmpuint(mgr_gate_count(parts->gate).refused, ==, 100);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 0);
    g_assert_cmpint(endpoint(parts, "e-one")->record.presence.actual, ==, MGR_ACTUAL_ONLINE);
    parts_beat(parts, "e-two", 1, 2); /* the others have their own */
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).heartbeats - before, ==, burst + 1);
    clock_fake_advance(HL_MINUTE);
    parts_beat(parts, "e-one", 1, 1000);
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).heartbeats - before, ==, burst + 2);
}

static void test_held_off(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    g_autoptr(HlBusMessage) event = NULL;
    g_autoptr(json_t) shown = NULL;
    g_autoptr(json_t) summary = NULL;
    uint64_t before;

    flood(parts, "e-one", 2000);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 1);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 1);
    g_assert_cmpint(endpoint(parts, "e-one")->record.presence.actual, ==, MGR_ACTUAL_OFFLINE);
    g_assert_cmpint(endpoint(parts, "e-one")->record.presence.reason, ==, MGR_REASON_FLOODING);
    g_assert_cmpint(endpoint(parts, "e-two")->record.presence.actual, ==, MGR_ACTUAL_ONLINE);
    shown = document(parts, "e-one");
    g_assert_true(json_is_true(json_object_get(shown, "flooding")));
    g_assert_true(json_is_string(json_object_get(shown, "held_off_until")));
    summary = mgr_status_summary(parts->status, NULL);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "flooding")), ==, 1);
    event = bus_fake_take(parts->bus, "holdline/v1/status/event");
    g_assert_nonnull(event);
    g_assert_cmpuint(history(parts, "e-one", "flooding"), ==, 1);
    g_assert_nonnull(bus_fake_find("e-one")); /* the take-over that ends its session */

    before = mgr_arrivals_count(parts->arrivals).births;
    parts_birth(parts, "e-one", 2); /* held off: nothing of it is heard */
    g_assert_cmpuint(mgr_arrivals_count(parts->arrivals).births, ==, before);
    flood(parts, "e-one", 5000);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 1);
    g_assert_cmpuint(history(parts, "e-one", "flooding"), ==, 1);
}

/* The end comes by itself, the endpoint starts over, and the next time takes twice as long. */
static void test_end(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    g_autoptr(json_t) shown = NULL;

    flood(parts, "e-one", 2000);
    clock_fake_advance(HL_MINUTE - 1);
    mgr_floods_tick(parts->floods);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 1);
    clock_fake_advance(1);
    mgr_floods_tick(parts->floods);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 0);
    shown = document(parts, "e-one");
    g_assert_true(json_is_false(json_object_get(shown, "flooding")));
    g_assert_true(json_is_null(json_object_get(shown, "held_off_until")));
    parts_birth(parts, "e-one", 2);
    g_assert_cmpint(endpoint(parts, "e-one")->record.presence.actual, ==, MGR_ACTUAL_ONLINE);

    flood(parts, "e-one", 2000);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 2);
    clock_fake_advance(2 * HL_MINUTE - 1);
    mgr_floods_tick(parts->floods);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 1);
    clock_fake_advance(1);
    mgr_floods_tick(parts->floods);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 0);
}

/* A broker that is not ours lets it in again: its session is ended again, as long as anything comes of it. */
static void test_external(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    MgrCertificateRecord in_force = { .serial = g_strdup("serial-of-e-one"),
                                      .name = g_strdup("e-one"),
                                      .kind = g_strdup("endpoint"),
                                      .issued_at = hl_clock_wall(),
                                      .expires_at = hl_clock_wall() + HL_DAY };

    mgr_fleet_add_certificate(&parts->fleet, &in_force);
    g_assert_false(mgr_pki_manages_broker(parts->pki));
    flood(parts, "e-one", 2000);
    for (int i = 0; i < 3; i++) {
        bus_fake_up(bus_fake_find("e-one")); /* the manager has the name, and gives it back */
        timer_fake_advance(0);
        g_assert_null(bus_fake_find("e-one"));
        clock_fake_advance(HL_SECOND);
        flood(parts, "e-one", 10);
        g_assert_nonnull(bus_fake_find("e-one"));
    }
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 1);
}

/* Removed or unknown: no endpoint to show it of, and held off all the same. */
static void test_unknown(void)
{
    g_autoptr(Parts) parts = parts_with_two();

    flood(parts, "e-nobody", 2000);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 1);
    clock_fake_advance(HL_MINUTE);
    mgr_floods_tick(parts->floods);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 0);
}

/* An administrator's calls beyond the quota are dropped; they are never held off. */
static void test_administrator(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    guint burst = mgr_quota_row(MGR_QUOTA_REQUEST)->messages;

    for (guint i = 0; i < burst + 500; i++)
        parts_call(parts, "no such call", NULL);
    settle();
    g_assert_cmpuint(mgr_gate_count(parts->gate).refused, ==, 500);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 0);
    bus_fake_forget(parts->bus);
}

/* The table of senders forgets who is quiet: it does not grow with the fleet. */
static void test_forgets(void)
{
    g_autoptr(Parts) parts = parts_with_two();

    clock_fake_advance(HL_MINUTE);
    mgr_gate_tick(parts->gate);
    g_assert_cmpuint(mgr_gate_count(parts->gate).senders, ==, 0);
    parts_beat(parts, "e-one", 1, 5);
    parts_beat(parts, "e-two", 1, 5);
    g_assert_cmpuint(mgr_gate_count(parts->gate).senders, ==, 2);
    clock_fake_advance(HL_SECOND);
    mgr_gate_tick(parts->gate);
    g_assert_cmpuint(mgr_gate_count(parts->gate).senders, ==, 0);
}

static HlMsgReport update_report(HlMsgUpdateNotification *body, const char *detail)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    holdline__v1__update_notification__init(body);
    body->trigger = hl_unconst("manual");
    body->detail = hl_unconst(detail);
    report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    report.update = body;
    return report;
}

/* Reports at a pace below every quota, for hours: the history takes so many rows an hour and no more, and says so. */
static void test_rows(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    HlMsgUpdateNotification body;
    HlMsgReport report = update_report(&body, "x");
    guint burst = mgr_quota_row(MGR_QUOTA_ROW)->messages;
    uint64_t seq = 0;

    for (guint i = 0; i < 2 * burst; i++) {
        parts_report(parts, "e-one", ++seq, &report);
        clock_fake_advance(50);
        if (i % 100 == 0)
            parts_commit(parts);
    }
    parts_commit(parts);
    g_assert_cmpuint(mgr_floods_count(parts->floods).total, ==, 0);
    g_assert_cmpuint(endpoint(parts, "e-one")->record.report_seq, ==, seq); /* all are taken: only the rows are not */
    g_assert_cmpuint(history(parts, "e-one", "update"), >=, burst);
    g_assert_cmpuint(history(parts, "e-one", "update"), <, burst + burst / 20); /* 100 s of the hour passed */
    g_assert_cmpuint(mgr_record_folded(parts->record), >, burst - burst / 20);
    mgr_record_note(parts->record, "e-one", "told", "by the endpoint");
    mgr_record_decision(parts->record, "e-one", "decided", "by somebody else");
    g_assert_cmpuint(history(parts, "e-one", "told"), ==, 0);
    g_assert_cmpuint(history(parts, "e-one", "decided"), ==, 1);
    g_assert_cmpuint(history(parts, "e-one", "folded"), ==, 0);
    clock_fake_advance(HL_HOUR);
    g_assert_cmpuint(history(parts, "e-one", "folded"), ==, 1);
    clock_fake_advance(2 * HL_HOUR);
    g_assert_cmpuint(history(parts, "e-one", "folded"), ==, 1);
    report = update_report(&body, "again");
    parts_report(parts, "e-one", ++seq, &report);
    parts_commit(parts);
    g_assert_cmpuint(mgr_record_folded(parts->record), <, burst);
}

static guint take_acks(Parts *parts)
{
    guint n = 0;

    for (HlMsgAck *ack; (ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor)) != NULL; n++)
        hl_wire_free(ack);
    return n;
}

/* An endpoint that comes back with ten thousand reports: it sends what its window allows beyond the last
 * acknowledgement, and so all of them come in, none is refused, and it is not taken for a flood. */
static void test_pace(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    HlMsgUpdateNotification body;
    HlMsgReport report = update_report(&body, "x");
    uint64_t sent = 0;
    HlTime begin = hl_clock_mono();

    take_acks(parts);
    while (sent < 10000) {
        guint waits = 0;

        for (int i = 0; i < 64; i++)
            parts_report(parts, "e-one", ++sent, &report);
        parts_commit(parts);
        for (; take_acks(parts) == 0; waits++) {
            g_assert_cmpuint(waits, <, 30 * 50); /* it would send all of them again */
            clock_fake_advance(20);
            mgr_delivery_flush_acks(parts->delivery);
        }
    }
    g_assert_cmpuint(endpoint(parts, "e-one")->record.report_seq, ==, sent);
    g_assert_cmpuint(mgr_gate_count(parts->gate).refused, ==, 0);
    g_assert_cmpint(hl_clock_mono() - begin, <, 10 * HL_MINUTE);
}

/* Births over and over, with many open commands: each would send all of them again.  The last one is not forgotten. */
static void test_deliveries(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    guint limit = mgr_quota_row(MGR_QUOTA_DELIVERY)->bytes;
    guint commands = 200;
    guint sent;

    for (guint i = 0; i < commands; i++)
        g_free(parts_issue(parts, "e-one"));
    parts_commit(parts);
    bus_fake_forget(parts->bus);
    for (guint i = 0; i < 100; i++)
        parts_birth(parts, "e-one", 1);
    sent = bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command");
    g_assert_cmpuint(sent, >, limit / 2);
    g_assert_cmpuint(sent, <=, limit);
    clock_fake_advance(HL_MINUTE);
    mgr_delivery_flush_acks(parts->delivery);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==, sent + commands);
    clock_fake_advance(HL_MINUTE);
    mgr_delivery_flush_acks(parts->delivery); /* once */
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==, sent + commands);
    bus_fake_forget(parts->bus);
}

static void *ask_many(void *gate)
{
    gsize allowed = 0;

    for (guint i = 0; i < 20000; i++) {
        g_autofree char *topic = g_strdup_printf("holdline/v1/endpoint/e-%u/echo", i % 7);

        allowed += mgr_gate_admit(topic, 10, gate);
    }
    return GSIZE_TO_POINTER(allowed);
}

/* Somebody waits for the answer to a call; and nobody else gets before others, nor a caller who floods. */
static void test_calls_first(void)
{
    g_autoptr(MgrGate) gate = mgr_gate_new();
    HlBusAdmission last = HL_BUS_ADMITTED_FIRST;

    g_assert_cmpint(mgr_gate_admit("holdline/v1/admin/request/admin", 100, gate), ==, HL_BUS_ADMITTED_FIRST);
    g_assert_cmpint(mgr_gate_admit("holdline/v1/monitor/request/eye", 100, gate), ==, HL_BUS_ADMITTED_FIRST);
    g_assert_cmpint(mgr_gate_admit("holdline/v1/endpoint/e-one/report", 100, gate), ==, HL_BUS_ADMITTED);
    /* tells that all before it was heard */
    g_assert_cmpint(mgr_gate_admit("holdline/v1/manager/echo", 1, gate), ==, HL_BUS_ADMITTED);
    for (guint i = 0; i < 20000 && last != HL_BUS_DROPPED; i++)
        last = mgr_gate_admit("holdline/v1/admin/request/admin", 100, gate);
    g_assert_cmpint(last, ==, HL_BUS_DROPPED);
    settle();
}

/* The loop hears of the flood before it has seen one message: not "never seen" for what sends too much. */
static void test_at_first_sight(void)
{
    g_autoptr(Parts) parts = parts_with_two();

    parts_add_endpoint(parts, "e-new");
    for (guint i = 0; i < 2000; i++)
        (void)!mgr_gate_admit("holdline/v1/endpoint/e-new/heartbeat", 100, parts->gate);
    settle();
    g_assert_cmpint(endpoint(parts, "e-new")->record.presence.actual, ==, MGR_ACTUAL_OFFLINE);
    g_assert_cmpint(endpoint(parts, "e-new")->record.presence.reason, ==, MGR_REASON_FLOODING);
    clock_fake_advance(HL_MINUTE);
    mgr_floods_tick(parts->floods);
    parts_birth(parts, "e-new", 2);
    g_assert_cmpint(endpoint(parts, "e-new")->record.presence.actual, ==, MGR_ACTUAL_ONLINE);
}

/* The bus asks in its own threads, while the loop hears of floods and lets senders back. */
static void test_threads(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    pthread_t threads[2];
    gsize allowed = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, ask_many, parts->gate);
    for (guint i = 0; i < 100; i++) {
        mgr_gate_tick(parts->gate);
        settle();
    }
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        void *result;

        pthread_join(threads[i], &result);
        allowed += GPOINTER_TO_SIZE(result);
    }
    settle();
    g_assert_cmpuint(allowed, ==, 7 * mgr_quota_row(MGR_QUOTA_ECHO)->messages);
    g_assert_cmpuint(mgr_gate_count(parts->gate).refused, ==, 40000 - allowed);
    g_assert_cmpuint(mgr_floods_count(parts->floods).now, ==, 7);
}

static guint certificates(const Parts *parts)
{
    return g_hash_table_size(parts->fleet.certificates);
}

static void ask_for_certificate(Parts *parts, GBytes *csr, uint64_t seq)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateRequest body = HOLDLINE__V1__CERTIFICATE_REQUEST__INIT;

    body.csr.data = hl_unconst(g_bytes_get_data(csr, &body.csr.len));
    report.body_case = HOLDLINE__V1__REPORT__BODY_CERTIFICATE;
    report.certificate = &body;
    parts_report(parts, "e-one", seq, &report);
}

/* A hundred requests: one certificate; and another one when it is due. */
static void test_certificates(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    g_autoptr(GBytes) csr = parts_make_csr();
    guint before = certificates(parts);
    uint64_t seq = 0;

    for (int i = 0; i < 100; i++)
        ask_for_certificate(parts, csr, ++seq);
    parts_commit(parts);
    g_assert_cmpuint(certificates(parts), ==, before + 1);
    g_assert_cmpuint(mgr_renewals_refused(parts->renewals), ==, 99);
    clock_fake_advance(parts->conf.certificate_lifetime / 20);
    ask_for_certificate(parts, csr, ++seq);
    parts_commit(parts);
    g_assert_cmpuint(certificates(parts), ==, before + 1);
    clock_fake_advance(parts->conf.certificate_lifetime / 20 + HL_SECOND);
    ask_for_certificate(parts, csr, ++seq);
    ask_for_certificate(parts, csr, ++seq);
    parts_commit(parts);
    g_assert_cmpuint(certificates(parts), ==, before + 2);
}

/* The broker's list: a denial of everything, as long as it lasts, and nobody else's. */
static void test_access_list(void)
{
    g_autoptr(Parts) parts = parts_with_two();
    g_autoptr(GHashTable) held_off = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_hash_table_add(held_off, hl_unconst("e-two"));
    g_hash_table_add(held_off, hl_unconst("e-one"));
    g_assert_true(mgr_site_write_acl(parts->dir, parts->fleet.certificates, parts->fleet.accounts, held_off, &error));
    text = read_acl(parts);
    g_assert_true(
        g_str_has_suffix(text, "\nuser e-one\ntopic deny holdline/v1/#\n\nuser e-two\ntopic deny holdline/v1/#\n"));
    g_clear_pointer(&text, g_free);
    g_assert_true(mgr_site_write_acl(parts->dir, parts->fleet.certificates, parts->fleet.accounts, NULL, &error));
    text = read_acl(parts);
    g_assert_null(strstr(text, "e-one"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/floods/dropped", test_dropped);
    g_test_add_func("/floods/held-off", test_held_off);
    g_test_add_func("/floods/end", test_end);
    g_test_add_func("/floods/external", test_external);
    g_test_add_func("/floods/unknown", test_unknown);
    g_test_add_func("/floods/administrator", test_administrator);
    g_test_add_func("/floods/forgets", test_forgets);
    g_test_add_func("/floods/rows", test_rows);
    g_test_add_func("/floods/pace", test_pace);
    g_test_add_func("/floods/deliveries", test_deliveries);
    g_test_add_func("/floods/threads", test_threads);
    g_test_add_func("/manager/floods/calls-first", test_calls_first);
    g_test_add_func("/manager/floods/at-first-sight", test_at_first_sight);
    g_test_add_func("/floods/certificates", test_certificates);
    g_test_add_func("/floods/access-list", test_access_list);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/reports and renewals: reports come in order, are committed, folded, acknowledged; in this order,
 * whatever fails or goes away in between.  Registry and memory tell one story, with one time. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

#define DIGEST "0123456789abcdef0123456789abcdef"

/* ------------------------------------------------------------------------------------------------------- the bodies */

/* A report with room for each of its bodies. */
typedef struct {
    HlMsgReport report;
    HlMsgCommandReport command;
    HlMsgUpdateNotification update;
    HlMsgComponent component;
    HlMsgComponent *components[1];
    HlMsgAppliedSettings settings;
    HlMsgRefusal refusal;
    HlMsgCertificateRequest certificate;
    HlMsgSettingsPoll poll;
    HlMsgDetection detection;
    HlMsgScanResult scan;
    GBytes *csr;
} Body;

static void body_clear(Body *body)
{
    g_clear_pointer(&body->csr, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Body, body_clear)

static void make_none(Body *body)
{
    holdline__v1__report__init(&body->report);
}

static void make_command(Body *body)
{
    make_none(body);
    holdline__v1__command_report__init(&body->command);
    body->command.command = hl_unconst("c-none");
    body->command.state = HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED;
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    body->report.command = &body->command;
}

static void make_failed_update(Body *body)
{
    make_none(body);
    holdline__v1__update_notification__init(&body->update);
    body->update.trigger = hl_unconst("schedule");
    body->update.detail = hl_unconst("no route");
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    body->report.update = &body->update;
}

static void make_update(Body *body)
{
    make_failed_update(body);
    body->update.succeeded = true;
    body->update.detail = hl_unconst("");
    body->update.source = hl_unconst("https://server.example");
    holdline__v1__component__init(&body->component);
    body->component.name = hl_unconst("virus");
    body->component.version = 2026112201;
    body->components[0] = &body->component;
    body->update.patterns = body->components;
    body->update.n_patterns = 1;
}

static void make_settings(Body *body)
{
    make_none(body);
    holdline__v1__applied_settings__init(&body->settings);
    body->settings.group = hl_unconst("office");
    body->settings.version = 1;
    body->settings.counter = 1;
    body->settings.digest.data = (guint8 *)DIGEST;
    body->settings.digest.len = strlen(DIGEST);
    body->settings.path = hl_unconst("channel");
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    body->report.settings = &body->settings;
}

static void make_refusal(Body *body)
{
    make_none(body);
    holdline__v1__refusal__init(&body->refusal);
    body->refusal.what = hl_unconst("command");
    body->refusal.code = hl_unconst("untrusted");
    body->refusal.detail = hl_unconst("bad signature");
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_REFUSAL;
    body->report.refusal = &body->refusal;
}

static void make_certificate(Body *body)
{
    make_none(body);
    body->csr = parts_make_csr();
    holdline__v1__certificate_request__init(&body->certificate);
    body->certificate.csr.data = hl_unconst(g_bytes_get_data(body->csr, &body->certificate.csr.len));
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_CERTIFICATE;
    body->report.certificate = &body->certificate;
}

static void make_bad_certificate(Body *body)
{
    make_certificate(body);
    body->certificate.csr.len = 5;
}

static void make_poll(Body *body)
{
    make_none(body);
    holdline__v1__settings_poll__init(&body->poll);
    body->poll.occasion = hl_unconst("poll");
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_POLL;
    body->report.poll = &body->poll;
}

static void make_direct(Body *body)
{
    make_poll(body);
    body->poll.occasion = hl_unconst("direct");
}

static void make_detection(Body *body)
{
    make_none(body);
    holdline__v1__detection__init(&body->detection);
    body->detection.path = hl_unconst("/tmp/eicar.com");
    body->detection.signature = hl_unconst("Eicar-Test-Signature");
    body->detection.found_ms = hl_clock_wall();
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_DETECTION;
    body->report.detection = &body->detection;
}

static void make_scan(Body *body)
{
    make_none(body);
    holdline__v1__scan_result__init(&body->scan);
    body->scan.id = hl_unconst("s-1");
    body->scan.how = hl_unconst("schedule");
    body->scan.end = hl_unconst("failed");
    body->scan.ended_ms = hl_clock_wall();
    body->report.body_case = HOLDLINE__V1__REPORT__BODY_SCAN;
    body->report.scan = &body->scan;
}

typedef void (*MakeBody)(Body *body);

static const MakeBody bodies[] = {
    make_none,        make_command,         make_update, make_failed_update, make_settings,  make_refusal,
    make_certificate, make_bad_certificate, make_poll,   make_direct,        make_detection, make_scan,
};

static void report_as(Parts *parts, const char *spool, uint64_t seq, uint64_t first, MakeBody make)
{
    g_auto(Body) body = { .csr = NULL };

    make(&body);
    body.report.spool = hl_unconst(spool);
    body.report.seq = seq;
    body.report.first = first;
    parts_deliver(parts, HL_TOPIC_REPORT, "e-one", &body.report.base);
}

static void report(Parts *parts, uint64_t seq, MakeBody make)
{
    report_as(parts, "s-1", seq, 1, make);
}

/* The next acknowledgement says so; 0: there is none. */
static void expect_ack(Parts *parts, uint64_t seq)
{
    g_autoptr(HlMsgAck) ack = NULL;

    mgr_delivery_flush_acks(parts->delivery);
    ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    g_assert_cmpuint(ack != NULL ? ack->seq : 0, ==, seq);
    g_assert_null(parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor));
}

/* ------------------------------------------------------------------------------------------------------------ order */

static void test_acknowledged_after_commit(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    report(parts, 1, make_update);
    expect_ack(parts, 0);
    g_assert_cmpint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.updated_at, ==, 0);
    clock_fake_advance(HL_MINUTE); /* the disk is slow: what is told is when it came */
    parts_commit(parts);
    expect_ack(parts, 1);
    g_assert_cmpint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.updated_at, ==, CLOCK_FAKE_WALL);
    parts_check_registry(parts);
}

static void test_gathered(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    for (uint64_t seq = 1; seq <= 64; seq++)
        report(parts, seq, make_none);
    parts_commit(parts);
    expect_ack(parts, 64);
}

static void test_repeated(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    report(parts, 1, make_refusal);
    report(parts, 1, make_refusal); /* not committed yet: nothing to acknowledge */
    expect_ack(parts, 0);
    parts_commit(parts);
    expect_ack(parts, 1);
    report(parts, 1, make_refusal); /* committed: acknowledged once more, at once */
    expect_ack(parts, 1);
    g_assert_cmpuint(parts_commit(parts), ==, 0);
    g_assert_cmpuint(mgr_reports_count(parts->reports).repeated, ==, 2);
    g_assert_cmpuint(mgr_reports_count(parts->reports).refusals, ==, 1);
    parts_check_registry(parts);
}

static void test_gap(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    report(parts, 1, make_none);
    parts_commit(parts);
    expect_ack(parts, 1);
    report_as(parts, "s-1", 4, 2, make_none); /* it still has 2 and 3: send them first */
    expect_ack(parts, 1);
    g_assert_cmpuint(parts_commit(parts), ==, 0);
    report_as(parts, "s-1", 4, 4, make_none); /* they are gone for good */
    parts_commit(parts);
    expect_ack(parts, 4);
    g_assert_cmpuint(mgr_reports_count(parts->reports).gaps, ==, 1);
    parts_check_registry(parts);
}

static void test_other_spool(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();
    g_autoptr(HlMsgAck) ack = NULL;

    report(parts, 1, make_none);
    report(parts, 2, make_none);
    parts_commit(parts);
    expect_ack(parts, 2);
    report_as(parts, "s-2", 1, 1, make_none); /* its disk was replaced */
    parts_commit(parts);
    mgr_delivery_flush_acks(parts->delivery);
    ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    g_assert_cmpstr(ack->spool, ==, "s-2");
    g_assert_cmpuint(ack->seq, ==, 1);
    parts_check_registry(parts);
}

/* Numbers as large as they get do not confuse the order. */
static void test_largest_numbers(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    report_as(parts, "s-1", UINT64_MAX, UINT64_MAX, make_none);
    parts_commit(parts);
    expect_ack(parts, UINT64_MAX);
    report(parts, 0, make_none);
    parts_commit(parts);
    parts_check_registry(parts);
    report_as(parts, "s-2", 1, 1, make_none);
    parts_commit(parts);
    expect_ack(parts, 1);
    parts_check_registry(parts);
}

/* ------------------------------------------------------------------------------------------------------ each body */

static void test_each_body(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(Parts) parts = parts_new_on_line();

        g_test_message("case %u", (unsigned)i);
        report(parts, 1, bodies[i]);
        parts_commit(parts);
        expect_ack(parts, 1);
        parts_check_registry(parts);
        g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==,
                         bodies[i] == make_certificate ? 1 : 0);
    }
}

/* A body that only a later version knows is committed, acknowledged, and otherwise skipped. */
static void test_later_body(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();
    static const guint8 later[] = { 0x0a, 3, 's', '-', '1', 0x10, 1, 0x28, 1, 0xa2, 0x06, 2, 0x0a, 0x00 };
    g_autoptr(GBytes) payload = g_bytes_new_static(later, sizeof later);
    g_autofree char *topic = hl_topic_name(HL_TOPIC_REPORT, "e-one");

    bus_fake_deliver(parts->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1 });
    parts_commit(parts);
    expect_ack(parts, 1);
    parts_check_registry(parts);
}

/* What two reports say that wait for one commit: registry and memory agree on each pair. */
static void test_pairs(void)
{
    for (gsize a = 0; a < G_N_ELEMENTS(bodies); a++) {
        for (gsize k = 0; k < 2 * G_N_ELEMENTS(bodies); k++) {
            g_autoptr(Parts) parts = parts_new_on_line();
            gsize b = k / 2;

            parts->gathers = k % 2 == 1;
            g_test_message("case %u, then %u, in %s", (unsigned)a, (unsigned)b, parts->gathers ? "a turn" : "two");
            report(parts, 1, bodies[a]);
            clock_fake_advance(HL_SECOND);
            report(parts, 2, bodies[b]);
            clock_fake_advance(HL_SECOND);
            if ((a + b) % 2 == 0)
                parts_birth(parts, "e-one", 1); /* a repeated birth beside them, answered at once */
            bus_fake_forget(parts->bus);
            parts_commit(parts);
            expect_ack(parts, 2);
            parts_check_registry(parts);
        }
    }
}

/* -------------------------------------------------------------------------------------------- what cannot be stored */

/* Five reports wait; each in turn cannot be stored.  It and those after it are taken back, nothing of them is
 * acknowledged, and the same ones work afterwards. */
static void test_not_stored(void)
{
    static const MakeBody makes[] = { make_update,        make_settings, make_refusal, make_detection,
                                      make_failed_update, make_poll,     make_scan };

    for (guint failing = 1; failing <= G_N_ELEMENTS(makes); failing++) {
        g_autoptr(Parts) parts = parts_new_on_line();

        g_test_message("set %u fails", failing);
        writer_fake_fail_at(parts->writer, failing, HL_ERROR_FULL);
        for (guint i = 0; i < G_N_ELEMENTS(makes); i++)
            report(parts, i + 1, makes[i]);
        parts_commit(parts);
        g_assert_true(writer_fake_failed(parts->writer));
        expect_ack(parts, failing - 1);
        parts_check_registry(parts);
        timer_fake_advance(10 * HL_SECOND); /* sends it back to what is committed */
        expect_ack(parts, failing - 1);
        for (guint i = failing - 1; i < G_N_ELEMENTS(makes); i++)
            report(parts, i + 1, makes[i]);
        parts_commit(parts);
        expect_ack(parts, G_N_ELEMENTS(makes));
        g_assert_cmpuint(mgr_reports_count(parts->reports).gaps, ==, 0);
        parts_check_registry(parts);
    }
}

/* The same where it comes again between the failure of the first and the failure of those that waited behind it. */
static void test_again_between_failures(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    report(parts, 1, make_update);
    report(parts, 2, make_failed_update);
    writer_fake_commit(parts->writer, 1);
    report(parts, 1, make_update);
    writer_fake_commit(parts->writer, 1);
    writer_fake_commit(parts->writer, 1);
    for (guint attempt = 0; attempt < 3; attempt++) {
        timer_fake_advance(10 * HL_SECOND);
        report_as(parts, "s-1", 2, 2, make_failed_update);
        parts_commit(parts);
    }
    g_assert_cmpuint(mgr_fleet_endpoint(&parts->fleet, "e-one")->record.report_seq, ==, 2);
    g_assert_cmpuint(mgr_reports_count(parts->reports).gaps, ==, 0);
    parts_check_registry(parts);
}

static void test_refused_by_writer(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    writer_fake_refuse(parts->writer, true);
    report(parts, 1, make_update);
    report(parts, 1, make_update);
    writer_fake_refuse(parts->writer, false);
    expect_ack(parts, 0);
    parts_check_registry(parts);
    report(parts, 1, make_update);
    parts_commit(parts);
    expect_ack(parts, 1);
    parts_check_registry(parts);
}

/* ------------------------------------------------------------------------------------------ it goes away meanwhile */

static void test_gone(void)
{
    static const char *const ends[] = { "endpoint remove", "endpoint revoke" };

    for (gsize e = 0; e < G_N_ELEMENTS(ends); e++) {
        for (gsize b = 0; b < G_N_ELEMENTS(bodies); b++) {
            for (guint order = 0; order < 3; order++) {
                g_autoptr(Parts) parts = parts_new_on_line();
                g_autofree char *code = NULL;

                g_test_message("case %s, body %u, order %u", ends[e], (unsigned)b, order);
                if (order == 0)
                    report(parts, 1, bodies[b]);
                parts_call(parts, ends[e], "endpoint", "e-one", NULL);
                if (order > 0)
                    report(parts, 1, bodies[b]);
                if (order == 2)
                    writer_fake_fail_at(parts->writer, 2, HL_ERROR_IO);
                parts_commit(parts);
                timer_fake_advance(10 * HL_SECOND);
                mgr_delivery_flush_acks(parts->delivery);
                mgr_status_flush(parts->status);
                code = parts_end_of(parts, NULL);
                g_assert_cmpstr(code, ==, "");
                parts_check_registry(parts);
            }
        }
    }
}

/* -------------------------------------------------------------------------------------------------------- renewals */

static void end_by(Parts *parts, const char *call)
{
    parts_call(parts, call, "endpoint", "e-one", NULL);
}

/* The request is stored, and folded; then the certificate is to be stored, and the endpoint ends before that, between,
 * or after. */
static void test_renewal(void)
{
    static const struct {
        const char *end;
        guint when;    /* 0: before the report; 1: before its fold; 2: before the certificate's commit */
        guint n_certs; /* that are sent */
    } cases[] = {
        { NULL, 0, 1 },
        { "endpoint revoke", 0, 0 },
        { "endpoint revoke", 1, 0 },
        { "endpoint revoke", 2, 1 }, /* it was first; its certificate is revoked with the others */
        { "endpoint remove", 0, 0 },
        { "endpoint remove", 1, 0 },
        { "endpoint remove", 2, 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new_on_line();
        const MgrEndpoint *endpoint;

        g_test_message("case %u", (unsigned)i);
        if (cases[i].end != NULL && cases[i].when == 0)
            end_by(parts, cases[i].end);
        report(parts, 1, make_certificate);
        if (cases[i].end != NULL && cases[i].when == 1)
            end_by(parts, cases[i].end);
        writer_fake_commit(parts->writer, 0);
        if (cases[i].end != NULL && cases[i].when == 2)
            end_by(parts, cases[i].end);
        parts_commit(parts);
        g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==, cases[i].n_certs);
        endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
        g_assert_true((endpoint == NULL) == (g_strcmp0(cases[i].end, "endpoint remove") == 0));
        g_assert_true(cases[i].end == NULL || !mgr_fleet_has_live_name(&parts->fleet, "e-one", NULL));
        g_assert_true(endpoint == NULL || (endpoint->record.revoked_at > 0) == (cases[i].end != NULL));
        parts_check_registry(parts);
    }
}

static void test_renewal_not_stored(void)
{
    g_autoptr(Parts) parts = parts_new_on_line();

    writer_fake_fail_at(parts->writer, 2, HL_ERROR_FULL);
    report(parts, 1, make_certificate);
    parts_commit(parts);
    g_assert_true(writer_fake_failed(parts->writer));
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==, 0);
    parts_check_registry(parts);
    report(parts, 2, make_certificate);
    parts_commit(parts);
    g_assert_cmpuint(bus_fake_published(parts->bus, "holdline/v1/endpoint/e-one/command"), ==, 1);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/reports/acknowledged-after-commit", test_acknowledged_after_commit);
    g_test_add_func("/manager/reports/gathered", test_gathered);
    g_test_add_func("/manager/reports/repeated", test_repeated);
    g_test_add_func("/manager/reports/gap", test_gap);
    g_test_add_func("/manager/reports/other-spool", test_other_spool);
    g_test_add_func("/manager/reports/largest-numbers", test_largest_numbers);
    g_test_add_func("/manager/reports/each-body", test_each_body);
    g_test_add_func("/manager/reports/later-body", test_later_body);
    g_test_add_func("/manager/reports/pairs", test_pairs);
    g_test_add_func("/manager/reports/not-stored", test_not_stored);
    g_test_add_func("/manager/reports/again-between-failures", test_again_between_failures);
    g_test_add_func("/manager/reports/refused-by-writer", test_refused_by_writer);
    g_test_add_func("/manager/reports/gone", test_gone);
    g_test_add_func("/manager/reports/renewal", test_renewal);
    g_test_add_func("/manager/reports/renewal-not-stored", test_renewal_not_stored);
    return g_test_run();
}

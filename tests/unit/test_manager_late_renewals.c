/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/late_renewals: an endpoint whose certificate has ended comes back by proof of its old key, and
 * nobody else does.  Each request is answered exactly once. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/daemon/ground/selector.h"
#include "proto/enrolment.h"
#include "tests/support/enrol_world.h"

static MgrEndpoint *endpoint_of(World *world, const char *id)
{
    return mgr_fleet_endpoint(&world->parts->fleet, id);
}

static void call(World *world, const char *name, const char *id)
{
    parts_call(world->parts, name, "endpoint", id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}

static void ask_late(World *world, const char *fingerprint)
{
    g_auto(Late) late = { 0 };

    late_init(world, &late, fingerprint);
    late_post(world, &late);
}

/* The machine's id, and its certificate ended so long ago. */
static char *enrol_and_leave(World *world, const char *fingerprint, HlTime ago)
{
    char *id = enrol(world, fingerprint, false);

    clock_fake_advance(world->parts->conf.certificate_lifetime + ago);
    return id;
}

static HlCert *cert_of(const HlMsgEnrolReply *reply)
{
    return hl_cert_parse("reply", reply->certificate, strlen(reply->certificate), NULL);
}

/* ------------------------------------------------------------------------------------------------------------ life */

static void test_life(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 30 * HL_DAY);
    g_autofree char *before = g_strdup(endpoint_of(world, id)->record.serial);
    g_autoptr(HlMsgEnrolReply) reply = NULL;
    g_autoptr(HlCert) cert = NULL;
    const HlCertInfo *info;

    ask_late(world, FINGERPRINT);
    expect_none(); /* not before it is stored */
    parts_commit(world->parts);
    reply = expect(200, "");
    cert = cert_of(reply);
    info = hl_cert_info(cert);
    g_assert_cmpstr(reply->endpoint, ==, id);
    g_assert_null(reply->settings);
    g_assert_cmpstr(info->cn, ==, id);
    g_assert_true(hl_cert_verify(cert, mgr_pki_authority(world->parts->pki), hl_clock_wall(), "", NULL));
    g_assert_cmpstr(endpoint_of(world, id)->record.serial, ==, info->serial);
    g_assert_cmpstr(before, !=, info->serial);
    g_assert_cmpint(endpoint_of(world, id)->record.cert_expires, ==, info->not_after);
    g_assert_cmpuint(mgr_late_renewals_count(world->late_renewals), ==, 1);
    parts_birth(world->parts, id, 1);
    parts_check_registry(world->parts);
}

/* The manager and the endpoint are killed in between: it asks again with what it has, and gets another one. */
static void test_answer_lost(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(HttpFakeAnswer) answer = NULL;

    g_free(enrol_and_leave(world, FINGERPRINT, HL_DAY));
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    ask_late(world, FINGERPRINT);
    answer = http_fake_take();
    g_assert_cmpuint(answer->status, ==, 503);
    g_assert_cmpint(g_ascii_strtoll(answer->retry_after, NULL, 10), >=, HL_HOUR / HL_SECOND);
    clock_fake_advance(HL_HOUR);
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    parts_check_registry(world->parts);
}

/* The answer alone is lost: what asks again is the same request, and gets the same certificate, until it has come. */
static void test_asked_again(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, HL_DAY);
    g_auto(Late) late = { 0 };
    guint before;

    late_init(world, &late, FINGERPRINT);
    late_post(world, &late);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    before = g_hash_table_size(world->parts->fleet.certificates);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(HlMsgEnrolReply) reply = NULL;
        g_autoptr(HlCert) cert = NULL;

        clock_fake_advance(HL_SECOND);
        late_post(world, &late);
        reply = expect(200, "");
        cert = cert_of(reply);
        g_assert_cmpstr(reply->endpoint, ==, id);
        g_assert_cmpstr(hl_cert_info(cert)->serial, ==, endpoint_of(world, id)->record.serial);
    }
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.certificates), ==, before);
    endpoint_of(world, id)->record.revoked_at = hl_clock_wall();
    late_post(world, &late);
    expect_refusal(403, "denied", "is revoked");
}

static void test_impatient(void)
{
    g_autoptr(World) world = world_new();

    g_free(enrol_and_leave(world, FINGERPRINT, HL_DAY));
    ask_late(world, FINGERPRINT);
    ask_late(world, FINGERPRINT);
    expect_refusal(503, "unavailable", "is being stored");
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
}

/* Two clocks, of which nobody knows which is wrong: what is issued is valid by both. */
static void test_clocks(void)
{
    static const HlTime offsets[] = { -60 * HL_DAY, -HL_DAY, HL_DAY, 60 * HL_DAY };

    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(HlMsgEnrolReply) reply = NULL;
        g_autoptr(HlCert) cert = NULL;
        g_auto(Late) late = { 0 };

        g_free(enrol_and_leave(world, FINGERPRINT, 20 * HL_DAY));
        late_init(world, &late, FINGERPRINT);
        late.request.clock_ms += offsets[i];
        late_post(world, &late);
        parts_commit(world->parts);
        reply = expect(200, "");
        cert = cert_of(reply);
        g_assert_true(hl_cert_verify(cert, mgr_pki_authority(world->parts->pki), hl_clock_wall(), "", NULL));
        g_assert_true(hl_cert_verify(cert, mgr_pki_authority(world->parts->pki), late.request.clock_ms, "", NULL));
    }
}

/* -------------------------------------------------------------------------------------------------- what is refused */

static void revoke_it(World *world, Late *late G_GNUC_UNUSED, const char *id)
{
    call(world, "endpoint revoke", id);
}

static void remove_it(World *world, Late *late G_GNUC_UNUSED, const char *id)
{
    call(world, "endpoint remove", id);
}

static void enrol_again(World *world, Late *late G_GNUC_UNUSED, const char *id)
{
    g_autofree char *again = NULL;

    world_take_bundle(world, NULL, id, "1");
    again = enrol(world, FINGERPRINT, false);
    g_assert_cmpstr(again, ==, id);
}

/* So long ago that the certificates of then are forgotten. */
static void enrol_again_and_forget(World *world, Late *late, const char *id)
{
    g_autofree char *serial = g_strdup(endpoint_of(world, id)->record.serial);

    enrol_again(world, late, id);
    parts_forget_certificate(world->parts, serial);
}

static void sign_nothing(World *world G_GNUC_UNUSED, Late *late, const char *id G_GNUC_UNUSED)
{
    late->request.proof.len = 0;
}

/* A copy of the certificate, which travels in the clear, with a key of its own. */
static void sign_with_other_key(World *world, Late *late, const char *id G_GNUC_UNUSED)
{
    g_bytes_unref(late->proof);
    late->proof = hl_key_sign(world_machine(world, OTHER)->key, HL_RENEW_PROOF, late->csr);
    late->request.proof.data = hl_unconst(g_bytes_get_data(late->proof, &late->request.proof.len));
}

/* What was signed for an enrolment does not count here. */
static void sign_for_enrolment(World *world, Late *late, const char *id G_GNUC_UNUSED)
{
    g_bytes_unref(late->proof);
    late->proof = hl_key_sign(world_machine(world, FINGERPRINT)->key, HL_ENROL_PROOF, late->csr);
    late->request.proof.data = hl_unconst(g_bytes_get_data(late->proof, &late->request.proof.len));
}

static void ask_for_other(World *world, Late *late, const char *id G_GNUC_UNUSED)
{
    GBytes *csr = world_machine(world, OTHER)->csr;

    late->request.csr.data = hl_unconst(g_bytes_get_data(csr, &late->request.csr.len));
}

static void show_monitor(World *world, Late *late, const char *id)
{
    MgrCertificateRecord record = { 0 };
    g_autoptr(HlCert) monitor = mgr_pki_issue(world->parts->pki, world_machine(world, FINGERPRINT)->csr,
                                              HL_CERT_MONITOR, id, HL_DAY, &record, NULL);

    g_free(late->certificate);
    late->request.certificate = late->certificate = hl_cert_print(monitor);
    mgr_certificate_record_clear(&record);
}

static void show_foreign(World *world, Late *late, const char *id)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = id, .kind = HL_CERT_ENDPOINT, .not_before = now - HL_DAY, .not_after = now - 1 };
    g_autoptr(HlKey) ca_key = hl_key_generate(NULL);
    g_autoptr(HlCert) ca = hl_cert_make_ca(ca_key, "Holdline CA", now - 2 * HL_DAY, now + HL_DAY, NULL);
    g_autoptr(HlCert) foreign = hl_cert_issue(ca, ca_key, world_machine(world, FINGERPRINT)->csr, &spec, NULL);

    g_free(late->certificate);
    late->request.certificate = late->certificate = hl_cert_print(foreign);
}

static void show_nonsense(World *world G_GNUC_UNUSED, Late *late, const char *id G_GNUC_UNUSED)
{
    late->request.certificate = hl_unconst("nonsense");
}

static void stay_away(World *world G_GNUC_UNUSED, Late *late, const char *id G_GNUC_UNUSED)
{
    clock_fake_advance(90 * HL_DAY);
    late->request.clock_ms = hl_clock_wall();
}

static void have_no_clock(World *world G_GNUC_UNUSED, Late *late, const char *id G_GNUC_UNUSED)
{
    late->request.clock_ms = 0;
}

static void cut_csr(World *world, Late *late, const char *id G_GNUC_UNUSED)
{
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(late->csr, 0, g_bytes_get_size(late->csr) - 1);

    g_bytes_unref(late->csr);
    late->csr = g_steal_pointer(&cut);
    late->request.csr.data = hl_unconst(g_bytes_get_data(late->csr, &late->request.csr.len));
    g_bytes_unref(late->proof);
    late->proof = hl_key_sign(world_machine(world, FINGERPRINT)->key, HL_RENEW_PROOF, late->csr);
    late->request.proof.data = hl_unconst(g_bytes_get_data(late->proof, &late->request.proof.len));
}

static const struct {
    void (*spoil)(World *world, Late *late, const char *id);
    guint status;
    const char *code, *says;
} refusals[] = {
    { revoke_it, 403, "denied", "is revoked: ask the administrator for a bundle that is made for it" },
    { remove_it, 403, "denied", "was removed from this server" },
    { enrol_again, 403, "denied", "has enrolled again" },
    { enrol_again_and_forget, 403, "denied", "has enrolled again" },
    { sign_nothing, 400, "untrusted", "is not signed with the key" },
    { sign_with_other_key, 400, "untrusted", "is not signed with the key" },
    { sign_for_enrolment, 400, "untrusted", "is not signed with the key" },
    { ask_for_other, 400, "untrusted", "is not signed with the key" },
    { show_monitor, 400, "untrusted", "not one that this server gave to an endpoint" },
    { show_foreign, 400, "untrusted", "not one that this server gave to an endpoint" },
    { show_nonsense, 400, "invalid", "the certificate in the request" },
    { stay_away, 410, "expired", "(enrolment.grace): ask the administrator for a bundle" },
    { have_no_clock, 400, "invalid", "slow: set it" },
    { cut_csr, 400, "invalid", "signing request" },
};

static void test_refused(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(World) world = world_new();
        g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 10 * HL_DAY);
        g_auto(Late) late = { 0 };
        guint certificates;

        g_test_message("case %u", (unsigned)i);
        late_init(world, &late, FINGERPRINT);
        refusals[i].spoil(world, &late, id);
        certificates = g_hash_table_size(world->parts->fleet.certificates);
        late_post(world, &late);
        expect_refusal(refusals[i].status, refusals[i].code, refusals[i].says);
        g_assert_cmpuint(writer_fake_pending(world->parts->writer), ==, 0);
        g_assert_cmpuint(g_hash_table_size(world->parts->fleet.certificates), ==, certificates);
    }
}

/* Of the registry from before the certificate was issued: that is the newest there is. */
static void test_restored(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 10 * HL_DAY);
    MgrEndpoint *endpoint = endpoint_of(world, id);

    parts_forget_certificate(world->parts, endpoint->record.serial);
    g_free(endpoint->record.serial);
    endpoint->record.serial = g_strdup("0123");
    endpoint->record.cert_expires -= 30 * HL_DAY;
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
}

/* An administrator decides while it is being stored. */
static void test_revoked_meanwhile(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 10 * HL_DAY);

    parts_call(world->parts, "endpoint revoke", "endpoint", id, NULL);
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    expect_refusal(403, "denied", "a moment ago");
    json_decref(parts_expect_reply(world->parts, ""));
    g_assert_false(mgr_fleet_has_live_name(&world->parts->fleet, id, NULL));
    parts_check_registry(world->parts);
}

static void test_not_stored(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 10 * HL_DAY);
    g_autofree char *serial = g_strdup(endpoint_of(world, id)->record.serial);

    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    expect_refusal(503, "unavailable", "cannot store the certificate now");
    g_assert_cmpstr(endpoint_of(world, id)->record.serial, ==, serial);
    ask_late(world, FINGERPRINT); /* and it may ask again at once */
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
}

static void ask_for_letter(World *world, void (*spoil)(World *, Late *, const char *), const char *id)
{
    g_auto(Late) late = { 0 };

    late_init(world, &late, FINGERPRINT);
    late.request.letter = true;
    if (spoil != NULL)
        spoil(world, &late, id);
    late_post(world, &late);
    g_assert_cmpuint(writer_fake_pending(world->parts->writer), ==,
                     0); /* nothing is stored, and no certificate issued */
}

/* Who has the key is told where the server is, also one that is revoked or comes after the grace time: it could not
 * hear the reason otherwise.  Who has not learns nothing. */
static void test_letter(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 200 * HL_DAY);
    g_auto(MgrPlaceRecord) place = { 0 };
    g_autoptr(HlMsgEnrolReply) reply = NULL;

    ask_for_letter(world, NULL, id);
    expect_refusal(503, "unavailable", "no other authority follows yet");
    place = mgr_location_next(world->parts->location, "admin");
    mgr_location_announce(world->parts->location, &place);
    ask_for_letter(world, sign_with_other_key, id);
    expect_refusal(400, "untrusted", "is not signed with the key");
    ask_for_letter(world, show_foreign, id);
    expect_refusal(400, "untrusted", "not one that this server gave");
    revoke_it(world, NULL, id);
    ask_for_letter(world, NULL, id);
    reply = expect(200, "");
    g_assert_nonnull(reply->server);
    g_assert_cmpstr(reply->certificate, ==, "");
    g_assert_cmpuint(mgr_late_renewals_count(world->late_renewals), ==, 0);
}

/* One address, one rate: whatever it asks for. */
static void test_rate(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    g_free(enrol_and_leave(world, FINGERPRINT, 10 * HL_DAY));
    world->parts->conf.enrol_per_minute = 2;
    mgr_applicants_reconfigured(world->applicants);
    mgr_late_renewals_handle(world->late_renewals, http_fake_request(PEER, empty));
    hl_wire_free(expect(400, "invalid"));
    mgr_enrol_handle(world->enrol, http_fake_request(PEER, empty));
    hl_wire_free(expect(403, "denied"));
    ask_late(world, FINGERPRINT);
    hl_wire_free(expect(429, "limit"));
}

/* How it came back is kept of the endpoint: each outcome once in the history, however often it asks. */
static void test_listed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 100 * HL_DAY);
    MgrEndpoint *endpoint = endpoint_of(world, id);
    g_autoptr(GPtrArray) back = NULL;
    g_autoptr(json_t) document = NULL;

    for (int i = 0; i < 3; i++) {
        ask_late(world, FINGERPRINT);
        expect_refusal(410, "expired", "could be renewed until");
    }
    document = mgr_status_endpoint(world->parts->status, endpoint);
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(document, "late_renewal"), "outcome")), ==,
                    "too-late");
    g_assert_nonnull(strstr(json_string_value(json_object_get(document, "explanation")), "after the grace time"));
    world->parts->conf.grace = 200 * HL_DAY;
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late, ==, MGR_LATE_GRANTED);
    back = mgr_selector_filter(&world->parts->fleet, NULL, "came-back", NULL);
    g_assert_cmpuint(back->len, ==, 1);
    parts_check_registry(world->parts);
}

static void renew_over_the_line(World *world, MgrEndpoint *endpoint)
{
    g_autoptr(GBytes) csr = parts_make_csr();

    clock_fake_advance(80 * HL_DAY); /* when it is due */
    mgr_renewals_request(world->parts->renewals, endpoint, csr);
    parts_commit(world->parts);
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late_at, ==, 0);
}

/* The manager starts again: what was written comes back. */
static void forget_and_load(World *world, MgrEndpoint *endpoint)
{
    Parts *p = world->parts;

    parts_commit(p);
    mgr_endpoint_make_contact(endpoint)->late_at = 0;
    mgr_late_renewals_free(world->late_renewals);
    world->late_renewals = mgr_late_renewals_new(
        &(MgrLateRenewalsOptions){ &p->conf, world->applicants, &p->fleet, p->record, p->status, p->pki, p->location });
}

/* A restart forgets neither that it was refused nor that it came back; what came before another certificate is over. */
static void test_remembered(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, 100 * HL_DAY);
    MgrEndpoint *endpoint = endpoint_of(world, id);

    ask_late(world, FINGERPRINT);
    expect_refusal(410, "expired", "could be renewed until");
    forget_and_load(world, endpoint);
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late_at, ==, hl_clock_wall());
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late, ==, MGR_LATE_TOO_LATE);
    world->parts->conf.grace = 200 * HL_DAY;
    ask_late(world, FINGERPRINT);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
    forget_and_load(world, endpoint);
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late_at, ==, hl_clock_wall());
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late, ==, MGR_LATE_GRANTED);
    renew_over_the_line(world, endpoint);
    forget_and_load(world, endpoint);
    g_assert_cmpint(mgr_endpoint_contact(endpoint)->late_at, ==, 0);
}

/* A request that is not signed with the key leaves no trace at the endpoint. */
static void test_unproven_is_not_listed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol_and_leave(world, FINGERPRINT, HL_DAY);
    g_auto(Late) late = { 0 };

    late_init(world, &late, FINGERPRINT);
    late.request.proof.len = 0;
    late_post(world, &late);
    expect_refusal(400, "untrusted", "is not signed with the key");
    g_assert_cmpint(mgr_endpoint_contact(endpoint_of(world, id))->late_at, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/late-renewals/life", test_life);
    g_test_add_func("/manager/late-renewals/remembered", test_remembered);
    g_test_add_func("/manager/late-renewals/answer-lost", test_answer_lost);
    g_test_add_func("/manager/late-renewals/asked-again", test_asked_again);
    g_test_add_func("/manager/late-renewals/impatient", test_impatient);
    g_test_add_func("/manager/late-renewals/clocks", test_clocks);
    g_test_add_func("/manager/late-renewals/refused", test_refused);
    g_test_add_func("/manager/late-renewals/restored", test_restored);
    g_test_add_func("/manager/late-renewals/revoked-meanwhile", test_revoked_meanwhile);
    g_test_add_func("/manager/late-renewals/not-stored", test_not_stored);
    g_test_add_func("/manager/late-renewals/letter", test_letter);
    g_test_add_func("/manager/late-renewals/rate", test_rate);
    g_test_add_func("/manager/late-renewals/listed", test_listed);
    g_test_add_func("/manager/late-renewals/unproven-is-not-listed", test_unproven_is_not_listed);
    return g_test_run();
}

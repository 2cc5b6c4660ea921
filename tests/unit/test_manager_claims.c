/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/claim, state/registration, and the bundle for one endpoint: nobody gets another's record, by what
 * they know of its machine, by what they say in their births, or by being asked to give up their own. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/enrolment.h"
#include "tests/support/enrol_world.h"

static MgrEndpoint *endpoint_of(World *world, const char *id)
{
    return mgr_fleet_endpoint(&world->parts->fleet, id);
}

static void birth_as(World *world, const char *id, uint64_t session, const char *boot, const char *fingerprint)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;

    registration.host = hl_unconst("one");
    registration.fingerprint = hl_unconst(fingerprint);
    link.session = session;
    link.boot_id = hl_unconst(boot);
    link.online = true;
    link.heartbeat_ms = 60000;
    link.registration = &registration;
    parts_deliver(world->parts, HL_TOPIC_LINK, id, &link.base);
    parts_commit(world->parts);
}

static guint history_rows(World *world, const char *id, const char *what)
{
    g_autoptr(json_t) reply = NULL;
    json_t *row;
    size_t i;
    guint count = 0;

    parts_pass(world->parts, 2); /* the background set is written */
    parts_commit(world->parts);
    parts_call(world->parts, "endpoint history", "endpoint", id, NULL);
    reply = parts_expect_reply(world->parts, "");
    json_array_foreach(json_object_get(reply, "history"), i, row) count +=
        strcmp(json_string_value(json_object_get(row, "what")), what) == 0;
    return count;
}

static void call(World *world, const char *name, const char *id)
{
    parts_call(world->parts, name, "endpoint", id, NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}

/* --------------------------------------------------------------------------------------------------------- proofs */

/* Any bundle and the machine id, which every user of that PC may read. */
static void test_takeover(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *thief G_GNUC_UNUSED = enrol(world, OTHER, false);
    g_autofree char *serial = g_strdup(endpoint_of(world, id)->record.serial);
    const Machine *own = world_machine(world, OTHER);
    g_autofree char *remedy = g_strdup_printf("bundle create --for %s", id);
    Request request;

    world_take_bundle(world, "office", NULL, "9");
    ask(world, FINGERPRINT, false);
    expect_refusal(409, "exists", "--replace");
    request_init(world, &request, FINGERPRINT, false);
    request.request.replace = true; /* as an endpoint of 0.1.0 asks */
    request_post(world, &request);
    expect_refusal(409, "exists", remedy);
    request_init(world, &request, FINGERPRINT, false);
    request.request.replace = true; /* with an identity of its own */
    request.request.csr.data = hl_unconst(g_bytes_get_data(own->csr, &request.request.csr.len));
    request.request.certificate = own->certificate;
    request.request.proof.data = hl_unconst(g_bytes_get_data(own->proof, &request.request.proof.len));
    request_post(world, &request);
    expect_refusal(409, "exists", "machine-id");
    g_assert_cmpint(mgr_fleet_token(&world->parts->fleet, world->bundle)->uses_left, ==, 9);
    g_assert_cmpstr(endpoint_of(world, id)->record.serial, ==, serial);
    g_assert_true(mgr_fleet_has_live_name(&world->parts->fleet, id, NULL));
    parts_check_registry(world->parts);
}

/* The certificate travels in the clear: what counts is that its key signed this very request. */
static void test_wrong_proofs(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    const Machine *thief = world_machine(world, OTHER);
    const Machine *victim = world_machine(world, FINGERPRINT);
    GBytes *const proofs[] = { thief->proof, victim->proof, NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(proofs); i++) {
        Request request;

        g_test_message("proof %u", (unsigned)i);
        request_init(world, &request, FINGERPRINT, true);
        request.request.csr.data = hl_unconst(g_bytes_get_data(thief->csr, &request.request.csr.len));
        request.request.proof.data = NULL;
        request.request.proof.len = 0;
        if (proofs[i] != NULL)
            request.request.proof.data = hl_unconst(g_bytes_get_data(proofs[i], &request.request.proof.len));
        request_post(world, &request);
        expect_refusal(400, "untrusted", id);
    }
    ask(world, FINGERPRINT, true);
    parts_commit(world->parts);
    hl_wire_free(expect(200, ""));
}

/* Certificates of another installation, of another kind, and no certificate at all. */
static void test_foreign_certificates(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    Machine *machine = world_machine(world, FINGERPRINT);
    HlCertSpec spec = { .cn = id,
                        .kind = HL_CERT_ENDPOINT,
                        .not_before = CLOCK_FAKE_WALL - HL_DAY,
                        .not_after = CLOCK_FAKE_WALL + HL_DAY };
    g_autoptr(HlKey) ca_key = hl_key_generate(NULL);
    g_autoptr(HlCert) ca = hl_cert_make_ca(ca_key, "Holdline CA", spec.not_before, spec.not_after, NULL);
    g_autoptr(HlCert) foreign = hl_cert_issue(ca, ca_key, machine->csr, &spec, NULL);
    MgrCertificateRecord record = { 0 };
    g_autoptr(HlCert) monitor =
        mgr_pki_issue(world->parts->pki, machine->csr, HL_CERT_MONITOR, id, HL_DAY, &record, NULL);

    g_free(machine->certificate);
    machine->certificate = hl_cert_print(foreign);
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", id);
    g_free(machine->certificate);
    machine->certificate = hl_cert_print(monitor);
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", id);
    g_free(machine->certificate);
    machine->certificate = g_strdup("nonsense");
    ask(world, FINGERPRINT, true);
    hl_wire_free(expect(400, "invalid"));
    mgr_certificate_record_clear(&record);
}

/* Who was away until the certificate ended, and the registry forgot it, has the record; a certificate that was replaced
 * proves nothing, forgotten or not. */
static void test_old_certificates(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;
    Machine *machine = world_machine(world, FINGERPRINT);
    g_autofree char *replaced = g_strdup(machine->certificate);

    clock_fake_advance(400 * HL_DAY);
    world_take_bundle(world, "office", NULL, "9");
    parts_forget_certificate(world->parts, endpoint_of(world, id)->record.serial);
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    g_free(machine->certificate);
    machine->certificate = g_steal_pointer(&replaced);
    ask(world, FINGERPRINT, true); /* not in memory any more */
    expect_refusal(409, "exists", id);
}

static void test_replaced_certificate(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;
    Machine *machine = world_machine(world, FINGERPRINT);
    g_autofree char *replaced = g_strdup(machine->certificate);

    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    world_take_bundle(world, "office", NULL, "9");
    g_free(machine->certificate);
    machine->certificate = g_steal_pointer(&replaced);
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", id);
}

/* -------------------------------------------------------------------------------------------------------- bundles */

/* A bundle's group is the record's group. */
static void test_other_group(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;

    parts_add_group(world->parts, "field", NULL);
    world_take_bundle(world, "field", NULL, "1");
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", "belongs to group office, and the bundle is for group field");
    parts_call(world->parts, "endpoint move", "selector", id, "group", "field", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpstr(endpoint_of(world, id)->record.group, ==, "field");
}

/* Only a bundle that an administrator made for it ends a revocation. */
static void test_revoked(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;

    call(world, "endpoint revoke", id);
    ask(world, FINGERPRINT, false);
    expect_refusal(409, "exists", id);
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", "is revoked");
    world_take_bundle(world, NULL, id, "1");
    again = enrol(world, FINGERPRINT, false);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpint(endpoint_of(world, id)->record.revoked_at, ==, 0);
    parts_birth(world->parts, id, 1);
    g_assert_cmpint(endpoint_of(world, id)->record.presence.actual, ==, MGR_ACTUAL_ONLINE);
    parts_check_registry(world->parts);
}

/* On other hardware, without a key; the machine that it was before is a stranger from then on. */
static void test_made_for(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *other = enrol(world, OTHER, false);
    g_autofree char *again = NULL;
    g_autofree char *stranger = NULL;

    world_take_bundle(world, NULL, id, "1");
    ask(world, OTHER, false);
    expect_refusal(409, "exists", other);
    ask(world, OTHER, true);
    expect_refusal(409, "exists", other);
    again = enrol(world, THIRD, false);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpstr(endpoint_of(world, id)->record.fingerprint, ==, THIRD);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.endpoints), ==, 2);
    ask(world, FOURTH, false);
    hl_wire_free(expect(410, "limit")); /* one use */
    parts_check_registry(world->parts);
    world_take_bundle(world, "office", NULL, "1");
    stranger = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(stranger, !=, id);
    parts_check_registry(world->parts);
}

static void test_made_for_removed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);

    world_take_bundle(world, NULL, id, "1");
    call(world, "endpoint remove", id);
    ask(world, FINGERPRINT, false);
    expect_refusal(403, "denied", "was removed");
}

static void test_made_for_moved(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;

    parts_add_group(world->parts, "field", NULL);
    world_take_bundle(world, NULL, id, "1");
    parts_call(world->parts, "endpoint move", "selector", id, "group", "field", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    again = enrol(world, FINGERPRINT, false);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpstr(endpoint_of(world, id)->record.group, ==, "field");
}

/* --------------------------------------------------------------------------------------------------------- births */

/* A hostile endpoint says in its births that it is another's machine: nothing of that machine comes its way. */
static void test_lying_birth(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *victim = enrol(world, FINGERPRINT, false);
    g_autofree char *hostile = enrol(world, OTHER, false);
    g_autofree char *again = NULL;
    guint rows = history_rows(world, hostile, "registration");

    for (uint64_t session = 1; session <= 20; session++)
        birth_as(world, hostile, session, "b-1", FINGERPRINT);
    g_assert_cmpstr(endpoint_of(world, hostile)->record.fingerprint, ==, OTHER);
    g_assert_cmpuint(history_rows(world, hostile, "registration"), <=, rows + 2); /* the host, and the lie */
    world_take_bundle(world, "office", NULL, "9");
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, victim);
    parts_check_registry(world->parts);
}

/* The same about a machine that is not enrolled yet: it becomes an endpoint of its own, and the liar has its own
 * fingerprint again. */
static void test_squatting_birth(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *hostile = enrol(world, OTHER, false);
    g_autofree char *fresh = NULL;
    g_autofree char *again = NULL;

    birth_as(world, hostile, 1, "b-1", FINGERPRINT);
    g_assert_cmpstr(endpoint_of(world, hostile)->record.fingerprint, ==, FINGERPRINT);
    fresh = enrol(world, FINGERPRINT, false);
    g_assert_cmpstr(fresh, !=, hostile);
    g_assert_cmpstr(endpoint_of(world, hostile)->record.fingerprint, ==, OTHER);
    parts_pass(world->parts, 2);
    parts_check_registry(world->parts);
    world_take_bundle(world, "office", NULL, "9");
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, fresh);
    birth_as(world, hostile, 2, "b-1", "");
    g_assert_cmpstr(endpoint_of(world, hostile)->record.fingerprint, ==, OTHER);
}

/* --------------------------------------------------------------------------------------------------------- clones */

/* A copied PC that was given a machine id of its own, whose daemon ran before: a record of its own, no matter which of
 * the two holds the line; the original stays. */
static void test_clone_splits(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;
    Request request;
    g_autoptr(HlMsgEnrolReply) reply = NULL;

    world_take_bundle(world, "office", NULL, "9");
    birth_as(world, id, 1, "b-original", FINGERPRINT);
    birth_as(world, id, 2, "b-copy", OTHER);
    g_assert_cmpstr(endpoint_of(world, id)->record.fingerprint, ==, OTHER);
    request_init(world, &request, FINGERPRINT, true); /* the copy has the key too */
    request.registration.fingerprint = hl_unconst(OTHER);
    request_post(world, &request);
    parts_commit(world->parts);
    reply = expect(200, "");
    g_assert_cmpstr(reply->endpoint, !=, id);
    g_assert_cmpstr(endpoint_of(world, id)->record.fingerprint, ==, FINGERPRINT);
    g_assert_true(mgr_fleet_has_live_name(&world->parts->fleet, id, NULL));
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    parts_pass(world->parts, 2);
    parts_check_registry(world->parts);
}

/* With the same machine id nobody knows which of the two asks. */
static void test_disputed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *again = NULL;

    for (uint64_t session = 1; session <= 12; session++)
        birth_as(world, id, session, session % 2 == 0 ? "b-even" : "b-odd", FINGERPRINT);
    g_assert_cmpint(endpoint_of(world, id)->record.presence.clone, ==, MGR_CLONE_SUSPECTED);
    ask(world, FINGERPRINT, true);
    expect_refusal(409, "exists", "put the other one out");
    world_take_bundle(world, NULL, id, "1");
    again = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(again, ==, id);
    g_assert_cmpint(endpoint_of(world, id)->record.presence.clone, ==, MGR_CLONE_NONE); /* the other's key is void */
}

/* The administrator said which machine it is: the other one does not get the record back with the key. */
static void test_kept(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *id = enrol(world, FINGERPRINT, false);
    g_autofree char *sent_away = NULL;
    MgrEndpoint *endpoint = endpoint_of(world, id);

    for (uint64_t session = 1; session <= 12; session++)
        birth_as(world, id, session, session % 2 == 0 ? "b-even" : "b-odd", session % 2 == 0 ? FINGERPRINT : OTHER);
    g_assert_cmpint(endpoint->record.presence.clone, ==, MGR_CLONE_SUSPECTED);
    g_assert_cmpstr(endpoint->record.fingerprint, ==, OTHER); /* that one holds the line */
    call(world, "endpoint clone keep", id);
    parts_pass(world->parts, 2);
    parts_check_registry(world->parts);
    sent_away = enrol(world, FINGERPRINT, true);
    g_assert_cmpstr(sent_away, !=, id);
    g_assert_true(mgr_fleet_has_live_name(&world->parts->fleet, id, NULL));
}

/* ------------------------------------------------------------------------------------------------- clock, at once */

/* A certificate that would not be valid on that machine is not issued: the one use is still there. */
static void test_clocks(void)
{
    static const HlTime off[] = { 23 * HL_HOUR, 7 * HL_HOUR, HL_ENROL_MAX_SKEW, 365 * HL_DAY };
    static const HlTime within[] = { 0, HL_HOUR, 5 * HL_HOUR };

    for (gsize i = 0; i < 2 * G_N_ELEMENTS(off); i++) {
        g_autoptr(World) world = world_new();
        HlTime skew = i % 2 == 0 ? off[i / 2] : -off[i / 2];
        Request request;

        world_take_bundle(world, "office", NULL, "1");
        request_init(world, &request, FINGERPRINT, false);
        request.request.clock_ms += skew;
        request_post(world, &request);
        expect_refusal(400, "invalid", skew < 0 ? "slow" : "fast");
        g_assert_cmpint(mgr_fleet_token(&world->parts->fleet, world->bundle)->uses_left, ==, 1);
        g_free(enrol(world, FINGERPRINT, false));
    }
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(within); i++) {
        g_autoptr(World) world = world_new();
        HlTime clock = hl_clock_wall() + (i % 2 == 0 ? within[i / 2] : -within[i / 2]);
        Request request;
        g_autoptr(HlMsgEnrolReply) reply = NULL;
        g_autoptr(HlCert) cert = NULL;

        request_init(world, &request, FINGERPRINT, false);
        request.request.clock_ms = clock;
        request_post(world, &request);
        parts_commit(world->parts);
        g_test_message("%" G_GINT64_FORMAT " ms", clock - hl_clock_wall());
        reply = expect(200, "");
        cert = hl_cert_parse("issued", reply->certificate, strlen(reply->certificate), NULL);
        g_assert_true(hl_cert_verify(cert, mgr_pki_authority(world->parts->pki), clock, "", NULL));
    }
}

/* A short life is backdated by less, and clocks are then held to it. */
static void test_short_life(void)
{
    g_autoptr(World) world = world_new();
    Request request;

    world->parts->conf.certificate_lifetime = HL_MINUTE;
    request_init(world, &request, FINGERPRINT, false);
    request.request.clock_ms += HL_MINUTE;
    request_post(world, &request);
    expect_refusal(400, "invalid", "fast");
    request.request.clock_ms = hl_clock_wall() - 10 * HL_MINUTE;
    request_post(world, &request);
    expect_refusal(400, "invalid", "slow");
    g_free(enrol(world, FINGERPRINT, false));
}

/* One machine is one record, from one connection or six. */
static void test_six_at_once(void)
{
    g_autoptr(World) world = world_new();
    guint enrolled = 0;

    world_take_bundle(world, "office", NULL, "9");
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < 6; i++)
            ask(world, FINGERPRINT, false);
        parts_commit(world->parts);
        for (guint i = 0; i < 6; i++) {
            g_autoptr(HttpFakeAnswer) answer = http_fake_take();

            g_assert_nonnull(answer);
            enrolled += answer->status == 200;
            g_assert_true(answer->status == 200 || answer->status == (round == 0 ? 503 : 409));
        }
    }
    g_assert_cmpuint(enrolled, ==, 1);
    g_assert_cmpuint(g_hash_table_size(world->parts->fleet.endpoints), ==, 1);
    g_assert_cmpint(mgr_fleet_token(&world->parts->fleet, world->bundle)->uses_left, ==, 8);
    parts_check_registry(world->parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/claims/takeover", test_takeover);
    g_test_add_func("/manager/claims/wrong-proofs", test_wrong_proofs);
    g_test_add_func("/manager/claims/foreign-certificates", test_foreign_certificates);
    g_test_add_func("/manager/claims/old-certificates", test_old_certificates);
    g_test_add_func("/manager/claims/replaced-certificate", test_replaced_certificate);
    g_test_add_func("/manager/claims/other-group", test_other_group);
    g_test_add_func("/manager/claims/revoked", test_revoked);
    g_test_add_func("/manager/claims/made-for", test_made_for);
    g_test_add_func("/manager/claims/made-for-removed", test_made_for_removed);
    g_test_add_func("/manager/claims/made-for-moved", test_made_for_moved);
    g_test_add_func("/manager/claims/lying-birth", test_lying_birth);
    g_test_add_func("/manager/claims/squatting-birth", test_squatting_birth);
    g_test_add_func("/manager/claims/clone-splits", test_clone_splits);
    g_test_add_func("/manager/claims/disputed", test_disputed);
    g_test_add_func("/manager/claims/kept", test_kept);
    g_test_add_func("/manager/claims/clocks", test_clocks);
    g_test_add_func("/manager/claims/short-life", test_short_life);
    g_test_add_func("/manager/claims/six-at-once", test_six_at_once);
    return g_test_run();
}

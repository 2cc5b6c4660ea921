/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/strangers: a certificate that the registry does not know is known once somebody calls with it,
 * and revoked if it is not of the one who has the name now. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/revoked.h"
#include "manager/site/issued.h"
#include "manager/site/site.h"
#include "proto/call.h"
#include "tests/support/manager_parts.h"

typedef struct {
    Parts *parts;
    char *serial, *pem;
} Fixture;

static void set_up_young(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    fixture->parts = parts_new();
}

static void set_up(Fixture *fixture, gconstpointer user)
{
    set_up_young(fixture, user);
    clock_fake_advance(3 * HL_DAY); /* certificates begin before they are issued, and not before their authority */
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    parts_free(fixture->parts);
    g_free(fixture->serial);
    g_free(fixture->pem);
}

/* By this authority, in a registry that was lost. */
static void issue(Fixture *fixture, const char *name, HlCertKind kind)
{
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GBytes) csr = parts_make_csr();
    HlCertSpec spec = { .cn = name, .kind = kind };
    g_autoptr(HlCert) cert =
        mgr_pki_issue_named(fixture->parts->pki, MGR_ISSUER_PRESENT, csr, &spec, 730 * HL_DAY, &record, NULL);

    g_free(fixture->serial);
    g_free(fixture->pem);
    fixture->serial = g_strdup(record.serial);
    fixture->pem = hl_cert_print(cert);
}

static void put_account(Fixture *fixture, const char *name, HlTime created_at)
{
    g_auto(MgrAccountRecord) record = { .name = g_strdup(name),
                                        .created_by = g_strdup("admin"),
                                        .note = g_strdup(""),
                                        .role = MGR_ROLE_OWNER,
                                        .groups = g_strdup(""),
                                        .created_at = created_at };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_account(set, &record);
    mgr_record_write(fixture->parts->record, set);
    parts_commit(fixture->parts);
    mgr_accounts_put(fixture->parts->fleet.accounts, &record);
}

static void ask(Fixture *fixture, const char *name, const char *shown)
{
    parts_request(
        fixture->parts,
        &(PartsRequest){ .admin = name, .name = "account list", .certificate = fixture->serial, .shown = shown });
    parts_commit(fixture->parts);
}

/* The next answer's text, "": done; NULL: there is none. */
static char *answer(Fixture *fixture, const char *name)
{
    g_autoptr(HlMsgCallReply) reply =
        parts_take(fixture->parts, HL_TOPIC_ADMIN_REPLY, name, &holdline__v1__call_reply__descriptor);

    return reply != NULL ? g_strdup(reply->message) : NULL;
}

static const MgrCertificateRecord *find(Fixture *fixture)
{
    return mgr_fleet_certificate(&fixture->parts->fleet, fixture->serial);
}

static void expect_done(Fixture *fixture, const char *name)
{
    g_autofree char *text = answer(fixture, name);
    g_autofree char *id = hl_trust_id(mgr_pki_authority(fixture->parts->pki));

    g_assert_cmpstr(text, ==, "");
    g_assert_cmpint(find(fixture)->revoked_at, ==, 0);
    g_assert_cmpstr(mgr_certificate_authority(find(fixture)), ==, id);
    g_assert_cmpstr(mgr_certificate_key(find(fixture)), !=, "");
    parts_check_registry(fixture->parts);
}

/* Refused, and on the list of those that the broker keeps out. */
static void expect_shut_out(Fixture *fixture, const char *name)
{
    g_autofree char *text = answer(fixture, name);

    g_assert_true(strstr(text, "is revoked") != NULL);
    g_assert_cmpint(find(fixture)->revoked_at, >, 0);
    parts_check_registry(fixture->parts);
}

static void test_known(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    issue(fixture, "admin", HL_CERT_ADMIN);
    ask(fixture, "admin", fixture->pem);
    expect_done(fixture, "admin");
    ask(fixture, "admin", NULL); /* from now on it need not be shown */
    expect_done(fixture, "admin");
    mgr_pki_fold_revocations(fixture->parts->pki, "admin", "01", hl_clock_wall(),
                             NULL); /* with the others of the name */
    g_assert_cmpint(find(fixture)->revoked_at, >, 0);
}

/* Its account has no other one: it becomes a sender by it. */
static void test_first(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    put_account(fixture, "zoe", hl_clock_wall());
    clock_fake_advance(HL_MINUTE);
    issue(fixture, "zoe", HL_CERT_ADMIN);
    ask(fixture, "zoe", fixture->pem);
    expect_done(fixture, "zoe");
}

/* An account of the backup that has no certificate there may connect and ask, to show one; no other may. */
static void test_no_other(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = mgr_site_path(fixture->parts->dir, "broker/acl");
    g_autofree char *acl = NULL;

    g_assert_false(mgr_fleet_may_come(&fixture->parts->fleet, "zoe"));
    put_account(fixture, "zoe", hl_clock_wall());
    g_assert_true(mgr_fleet_may_come(&fixture->parts->fleet, "zoe"));
    g_assert_true(mgr_pki_publish(fixture->parts->pki, NULL));
    acl = hl_file_read_text(path, 100000, NULL);
    g_assert_nonnull(strstr(acl, "\nuser zoe\ntopic deny holdline/v1/endpoint/#\n"
                                 "topic write holdline/v1/admin/request/zoe\n"));
    issue(fixture, "zoe", HL_CERT_ADMIN);
    ask(fixture, "zoe", NULL); /* an earlier holdline's does not show it: it is told so */
    {
        g_autofree char *text = answer(fixture, "zoe");

        g_assert_true(strstr(text, "does not know the certificate") != NULL);
    }
    ask(fixture, "zoe", fixture->pem);
    expect_done(fixture, "zoe");
    mgr_pki_fold_revocations(fixture->parts->pki, "zoe", NULL, hl_clock_wall(), NULL);
    g_assert_false(mgr_fleet_may_come(&fixture->parts->fleet, "zoe"));
}

/* An account that was made while the clock was ahead: which of its certificates are of before it cannot be told. */
static void test_clock_ahead(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    put_account(fixture, "zoe", hl_clock_wall() + 2 * HL_DAY);
    clock_fake_advance(HL_MINUTE);
    issue(fixture, "zoe", HL_CERT_ADMIN);
    ask(fixture, "zoe", fixture->pem);
    expect_done(fixture, "zoe");
}

/* Nor of one that begins with its authority, which is hours before it was issued. */
static void test_young_authority(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    put_account(fixture, "zoe", hl_clock_wall());
    clock_fake_advance(HL_MINUTE);
    issue(fixture, "zoe", HL_CERT_ADMIN);
    ask(fixture, "zoe", fixture->pem);
    expect_done(fixture, "zoe");
}

/* The name is somebody else's by now. */
static void test_name_again(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    issue(fixture, "zoe", HL_CERT_ADMIN);
    clock_fake_advance(HL_MINUTE);
    put_account(fixture, "zoe", hl_clock_wall());
    g_assert_null(find(fixture));
    ask(fixture, "zoe", fixture->pem);
    expect_shut_out(fixture, "zoe");
    g_assert_true(mgr_revoked_is(&fixture->parts->fleet, "zoe"));
}

/* A lost machine's: the certificates of the name were replaced since. */
static void test_replaced(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *lost = NULL;
    g_autofree char *pem = NULL;

    issue(fixture, "admin", HL_CERT_ADMIN);
    lost = g_strdup(fixture->serial);
    pem = g_strdup(fixture->pem);
    clock_fake_advance(HL_MINUTE);
    issue(fixture, "admin", HL_CERT_ADMIN);
    ask(fixture, "admin", fixture->pem);
    expect_done(fixture, "admin");
    {
        HlWriteSet *set = hl_write_set_new();

        mgr_write_revocations(set, "admin", fixture->serial, hl_clock_wall());
        mgr_record_write(fixture->parts->record, set);
        parts_commit(fixture->parts);
        mgr_pki_fold_revocations(fixture->parts->pki, "admin", fixture->serial, hl_clock_wall(), NULL);
    }
    g_free(fixture->serial);
    fixture->serial = g_steal_pointer(&lost);
    ask(fixture, "admin", pem);
    expect_shut_out(fixture, "admin");
    ask(fixture, "admin", NULL); /* and stays so */
    expect_shut_out(fixture, "admin");
}

/* What is not shown, or is another's, is refused, and not known. */
static void test_unshown(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    issue(fixture, "zoe", HL_CERT_ADMIN);
    for (guint i = 0; i < 3; i++) {
        static const char *const shown[] = { NULL, "nonsense" };
        g_autofree char *text = NULL;

        ask(fixture, "admin", i < 2 ? shown[i] : fixture->pem);
        text = answer(fixture, "admin");
        g_assert_true(strstr(text, "does not know the certificate") != NULL);
        g_assert_null(find(fixture));
    }
}

/* The server's own command line issued it, and the manager has not taken it in yet: with all that comes with that. */
static void test_beside(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *folder = mgr_site_path(fixture->parts->dir, MGR_SITE_ISSUED);
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;

    issue(fixture, "admin", HL_CERT_ADMIN);
    path = g_strdup_printf("%s/%s.pem", folder, fixture->serial);
    g_assert_true(hl_dir_make(folder, 0700, NULL) && hl_file_write_text(path, fixture->pem, 0600, NULL));
    ask(fixture, "admin", fixture->pem);
    text = answer(fixture, "admin");
    g_assert_cmpstr(text, ==, "");
    g_assert_null(find(fixture));
}

/* Another one of the name was replaced, and the broker is one that may let it in. */
static void lose_one(Fixture *fixture)
{
    for (guint i = 0; i < 2; i++) {
        issue(fixture, "admin", HL_CERT_ADMIN);
        ask(fixture, "admin", fixture->pem);
        expect_done(fixture, "admin");
    }
    mgr_pki_fold_revocations(fixture->parts->pki, "admin", fixture->serial, hl_clock_wall(), NULL);
    fixture->parts->conf.broker_mode = MGR_BROKER_EXTERNAL;
}

static HlKey *key_new(void)
{
    HlKey *key = hl_key_generate(NULL);

    g_assert_nonnull(key);
    return key;
}

/* With the certificate of one key, and a key that may be another one. */
static GBytes *prove(Fixture *fixture, const HlKey *of, const HlKey *with)
{
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GBytes) csr = hl_csr_make(of, "admin", NULL);
    HlCertSpec spec = { .cn = "admin", .kind = HL_CERT_ADMIN };
    g_autoptr(HlCert) cert =
        mgr_pki_issue_named(fixture->parts->pki, MGR_ISSUER_PRESENT, csr, &spec, 730 * HL_DAY, &record, NULL);
    g_autofree char *pem = hl_cert_print(cert);
    g_autoptr(GBytes) bare = NULL;
    g_autoptr(GBytes) proof = NULL;

    call.name = (char *)"account list";
    call.certificate = record.serial;
    call.shown = (ProtobufCBinaryData){ strlen(pem), (uint8_t *)pem };
    call.sent_ms = hl_clock_wall();
    bare = HL_WIRE_ENCODE(&call);
    proof = hl_key_sign(with, HL_CALL_PROOF, bare);
    call.proof.data = hl_unconst(g_bytes_get_data(proof, &call.proof.len));
    return HL_WIRE_ENCODE(&call);
}

static void deliver(Fixture *fixture, GBytes *payload)
{
    bus_fake_deliver(fixture->parts->bus, &(HlBusMessage){ .topic = "holdline/v1/admin/request/admin",
                                                           .payload = payload,
                                                           .qos = 1,
                                                           .response_topic = "holdline/v1/admin/reply/admin" });
    parts_commit(fixture->parts);
}

static void expect_unproven(Fixture *fixture)
{
    g_autofree char *text = answer(fixture, "admin");

    g_assert_true(strstr(text, "has to prove which certificate it comes with") != NULL);
}

/* Of what a broker says, the name alone is true: who has a replaced certificate knows, or guesses, the serial of the
 * one in force. */
static void test_unproven(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlKey) mine = key_new();
    g_autoptr(HlKey) theirs = key_new();
    g_autoptr(GBytes) good = NULL;
    g_autoptr(GBytes) stolen = NULL;
    g_autofree char *text = NULL;

    lose_one(fixture);
    ask(fixture, "admin", fixture->pem);
    expect_unproven(fixture);
    g_clear_pointer(&fixture->serial, g_free);
    ask(fixture, "admin", NULL); /* as one of 0.1.0 */
    expect_unproven(fixture);

    clock_fake_advance(HL_MINUTE); /* what is issued from now on is of after the revocation */
    stolen = prove(fixture, theirs, mine);
    deliver(fixture, stolen);
    expect_unproven(fixture);
    good = prove(fixture, mine, mine);
    deliver(fixture, good);
    text = answer(fixture, "admin");
    g_assert_cmpstr(text, ==, "");
    clock_fake_advance(HL_CALL_PROOF_LIFE); /* overheard, and used again */
    deliver(fixture, good);
    expect_unproven(fixture);
}

/* What the broker itself keeps out needs no proof, nor does a name of which nothing was revoked. */
static void test_no_doubt(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;

    issue(fixture, "admin", HL_CERT_ADMIN);
    fixture->parts->conf.broker_mode = MGR_BROKER_EXTERNAL;
    ask(fixture, "admin", fixture->pem);
    expect_done(fixture, "admin");
    fixture->parts->conf.broker_mode = MGR_BROKER_MANAGED;
    mgr_pki_fold_revocations(fixture->parts->pki, "admin", fixture->serial, hl_clock_wall(), NULL);
    clock_fake_advance(HL_MINUTE);
    issue(fixture, "admin", HL_CERT_ADMIN);
    ask(fixture, "admin", fixture->pem);
    text = answer(fixture, "admin");
    g_assert_cmpstr(text, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/manager/strangers/known", Fixture, NULL, set_up, test_known, tear_down);
    g_test_add("/manager/strangers/first", Fixture, NULL, set_up, test_first, tear_down);
    g_test_add("/manager/strangers/no-other", Fixture, NULL, set_up, test_no_other, tear_down);
    g_test_add("/manager/strangers/clock-ahead", Fixture, NULL, set_up, test_clock_ahead, tear_down);
    g_test_add("/manager/strangers/young-authority", Fixture, NULL, set_up_young, test_young_authority, tear_down);
    g_test_add("/manager/strangers/name-again", Fixture, NULL, set_up, test_name_again, tear_down);
    g_test_add("/manager/strangers/replaced", Fixture, NULL, set_up, test_replaced, tear_down);
    g_test_add("/manager/strangers/unshown", Fixture, NULL, set_up, test_unshown, tear_down);
    g_test_add("/manager/strangers/beside", Fixture, NULL, set_up, test_beside, tear_down);
    g_test_add("/manager/strangers/unproven", Fixture, NULL, set_up, test_unproven, tear_down);
    g_test_add("/manager/strangers/no-doubt", Fixture, NULL, set_up, test_no_doubt, tear_down);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/introductions: a certificate of after the backup is asked for, believed only by the authority's
 * signature, and can be revoked. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "tests/support/manager_parts.h"

/* A certificate that the registry does not know: issued by this authority (NULL: that of the site) for this name. */
static HlCert *issue(const Parts *parts, const char *name, HlCertKind kind, const HlCert *ca, const HlKey *ca_key)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, name, NULL);
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(GError) error = NULL;
    HlCertSpec spec = {
        .cn = name, .kind = kind, .not_before = hl_clock_wall(), .not_after = hl_clock_wall() + HL_DAY
    };
    HlCert *cert = ca == NULL ? mgr_pki_issue(parts->pki, csr, kind, name, HL_DAY, &record, &error)
                              : hl_cert_issue(ca, ca_key, csr, &spec, &error);

    g_assert_no_error(error);
    return cert;
}

/* Born with that certificate; whether the notice asks for it. */
static bool asks_at_birth(Parts *parts, uint64_t session, const char *serial)
{
    HlMsgLink birth = HOLDLINE__V1__LINK__INIT;
    g_autoptr(HlMsgAck) ack = NULL;
    g_autoptr(HlMsgLineNotice) notice = NULL;

    birth.session = session;
    birth.online = true;
    birth.boot_id = hl_unconst("b-1");
    birth.heartbeat_ms = 60000;
    birth.serial = hl_unconst(serial);
    parts_deliver(parts, HL_TOPIC_LINK, "e-one", &birth.base);
    ack = parts_take(parts, HL_TOPIC_ACK, "e-one", &holdline__v1__ack__descriptor);
    g_assert_nonnull(ack);
    notice = hl_envelope_open(ack->notice, hl_signing_key_public(parts->key), HL_ENVELOPE_LINE,
                              &holdline__v1__line_notice__descriptor, NULL);
    return notice->show_certificate;
}

static void show(Parts *parts, uint64_t seq, const char *pem)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateShown body = HOLDLINE__V1__CERTIFICATE_SHOWN__INIT;

    body.certificate.data = (guint8 *)hl_unconst(pem);
    body.certificate.len = strlen(pem);
    report.body_case = HOLDLINE__V1__REPORT__BODY_SHOWN;
    report.shown = &body;
    parts_report(parts, "e-one", seq, &report);
    parts_commit(parts);
}

static const MgrCertificateRecord *certificate(const Parts *parts, const HlCert *cert)
{
    return mgr_fleet_certificate(&parts->fleet, hl_cert_info(cert)->serial);
}

static void test_known_from_then_on(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");
    g_autoptr(HlCert) cert = issue(parts, "e-one", HL_CERT_ENDPOINT, NULL, NULL);
    g_autofree char *pem = hl_cert_print(cert);

    g_assert_false(asks_at_birth(parts, 1, "")); /* of 0.1.0: it cannot say */
    g_assert_true(asks_at_birth(parts, 2, hl_cert_info(cert)->serial));
    show(parts, 1, pem);
    g_assert_nonnull(certificate(parts, cert));
    g_assert_cmpstr(endpoint->record.serial, ==, hl_cert_info(cert)->serial);
    g_assert_false(asks_at_birth(parts, 3, hl_cert_info(cert)->serial));
    parts_check_registry(parts);
    show(parts, 2, pem); /* again: nothing new */
    parts_check_registry(parts);
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    g_assert_cmpint(certificate(parts, cert)->revoked_at, >, 0);
    parts_check_registry(parts);
}

/* What it shows must be its own, by the site's authority: else its revocation would end another one's. */
static void test_not_believed(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlKey) other_key = hl_key_generate(NULL);
    g_autoptr(HlCert) other_ca =
        hl_cert_make_ca(other_key, "Holdline CA", hl_clock_wall() - HL_DAY, hl_clock_wall() + 10 * HL_DAY, NULL);
    g_autoptr(HlCert) anothers = issue(parts, "e-two", HL_CERT_ENDPOINT, NULL, NULL);
    g_autoptr(HlCert) admins = issue(parts, "e-one", HL_CERT_ADMIN, NULL, NULL);
    g_autoptr(HlCert) forged = issue(parts, "e-one", HL_CERT_ENDPOINT, other_ca, other_key);
    const HlCert *const certs[] = { anothers, admins, forged };
    guint before;

    parts_add_endpoint(parts, "e-one");
    before = g_hash_table_size(parts->fleet.certificates);
    g_assert_true(asks_at_birth(parts, 1, "ff"));
    for (gsize i = 0; i < G_N_ELEMENTS(certs); i++) {
        g_autofree char *pem = hl_cert_print(certs[i]);

        show(parts, 2 * i + 1, pem);
        show(parts, 2 * i + 2, "no certificate at all");
    }
    g_assert_cmpuint(g_hash_table_size(parts->fleet.certificates), ==, before);
    g_assert_true(asks_at_birth(parts, 2, "ff"));
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/introductions/known-from-then-on", test_known_from_then_on);
    g_test_add_func("/manager/introductions/not-believed", test_not_believed);
    return g_test_run();
}

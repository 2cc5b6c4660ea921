/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/renewals: of the requests of one endpoint that wait for the broker to know a new authority the
 * newest counts.  The keys of the others may be gone by then.  And of those that come when the present one is over. */
#include "tests/support/succession_world.h"
#include "tests/support/timer_fake.h"

#define ID SUCCESSION_ID

static void request(Parts *parts, const HlKey *key)
{
    g_autoptr(GBytes) csr = hl_csr_make(key, ID, NULL);

    g_assert_nonnull(csr);
    mgr_renewals_request(parts->renewals, mgr_fleet_endpoint(&parts->fleet, ID), csr);
    parts_commit(parts);
}

/* The next certificate that is sent; NULL: none is. */
static HlCert *take_certificate(Parts *parts)
{
    g_autoptr(HlMsgCommand) command = parts_take_command(parts, ID);

    return command != NULL ? hl_cert_parse("answer", command->certificate.data, command->certificate.len, NULL) : NULL;
}

static void expect_for(Parts *parts, const HlKey *key)
{
    g_autoptr(HlCert) cert = take_certificate(parts);

    g_assert_nonnull(cert);
    g_assert_true(hl_cert_has_key(cert, key));
}

static void expect_none(Parts *parts)
{
    g_autoptr(HlCert) cert = take_certificate(parts);

    g_assert_null(cert);
}

/* The broker knows the new authority from now on, and those who waited for it are served. */
static void let_go_on(Parts *parts)
{
    succession_read_lists();
    timer_fake_advance(2 * HL_SECOND);
    parts_commit(parts);
}

/* An endpoint that has a certificate since a part of its life, and holds both authorities; the broker does not. */
static Parts *begin(int parts_of_life)
{
    Parts *parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, ID);

    request(parts, key);
    succession_born(parts, 1, NULL, "");
    expect_for(parts, key);
    clock_fake_advance(parts->conf.certificate_lifetime / parts_of_life);
    parts_call(parts, "server authority start", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    both = succession_take_document(parts);
    g_assert_nonnull(both);
    succession_born(parts, 2, both, endpoint->record.serial);
    g_assert_false(mgr_pki_is_next_ready(parts->pki));
    return parts;
}

static void test_newer_waits(void)
{
    g_autoptr(Parts) parts = begin(4);
    g_autoptr(HlKey) first = hl_key_generate(NULL);
    g_autoptr(HlKey) second = hl_key_generate(NULL);

    request(parts, first);
    request(parts, second);
    expect_none(parts);
    let_go_on(parts);
    expect_for(parts, second);
    let_go_on(parts);
    expect_none(parts);
    g_assert_cmpuint(mgr_renewals_refused(parts->renewals), ==, 0);
    parts_check_registry(parts);
}

/* In the last third of its life a request does not wait, and the one that does is not signed behind it. */
static void test_newer_is_granted(void)
{
    g_autoptr(Parts) parts = begin(2);
    g_autoptr(HlKey) first = hl_key_generate(NULL);
    g_autoptr(HlKey) second = hl_key_generate(NULL);

    request(parts, first);
    expect_none(parts);
    clock_fake_advance(parts->conf.certificate_lifetime / 4);
    request(parts, second);
    expect_for(parts, second);
    let_go_on(parts);
    expect_none(parts);
    parts_check_registry(parts);
}

/* Between its end and the moment from which the next one is the only one: somebody who comes back then is not refused.
 */
static void test_over(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, ID, NULL);
    g_auto(MgrCertificateRecord) record = { 0 };
    HlTime life = parts->conf.certificate_lifetime;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = NULL;

    clock_fake_advance(3000 * HL_DAY); /* or both would end together */
    parts_call(parts, "server authority start", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    clock_fake_jump_wall(hl_cert_info(mgr_pki_authority(parts->pki))->not_after + 10 * HL_DAY - hl_clock_wall());
    g_assert_null(mgr_pki_renew(parts->pki, MGR_ISSUER_PRESENT, csr, ID, life, hl_clock_wall(), &record, &error));
    g_clear_error(&error);
    mgr_pki_confirm_end(parts->pki); /* until then its clock may be wrong */
    cert = mgr_pki_renew(parts->pki, MGR_ISSUER_PRESENT, csr, ID, life, hl_clock_wall(), &record, &error);
    g_assert_no_error(error);
    g_assert_true(hl_cert_is_issued_by(cert, mgr_pki_next(parts->pki)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/waiting/newer-waits", test_newer_waits);
    g_test_add_func("/manager/waiting/newer-is-granted", test_newer_is_granted);
    g_test_add_func("/manager/waiting/over", test_over);
    return g_test_run();
}

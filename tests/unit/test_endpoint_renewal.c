/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/renewal while another authority follows: what was asked for and not answered is asked for again
 * once a manager hears of this endpoint, with the same key, and not more often. */
#include <string.h>

#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define WINDOW HL_MINUTE

/* The authority that follows is trusted first. */
static void announce(EndpointParts *parts, const HlCert *next)
{
    g_autofree char *own = hl_cert_print(hl_trust_at(parts->identity->trust, 0));
    g_autofree char *first = hl_cert_print(next);
    g_autofree char *both = g_strconcat(first, own, NULL);
    g_autoptr(GError) error = NULL;
    HlTrust *trust = hl_trust_parse("both", both, strlen(both), &error);

    g_assert_no_error(error);
    g_assert_true(ep_identity_replace_trust(parts->identity, trust, &error));
}

static guint asked(const EndpointParts *parts)
{
    guint n = 0;

    for (guint i = 0; i < parts->reports->len; i++)
        n += ((const HlMsgReport *)parts->reports->pdata[i])->body_case == HOLDLINE__V1__REPORT__BODY_CERTIFICATE;
    return n;
}

/* An endpoint that asked, and whose request is committed, and nothing else came of it. */
static EndpointParts *parts_unanswered(void)
{
    EndpointParts *parts = parts_new();
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(HlCert) next =
        hl_cert_make_ca(key, "Next CA", hl_clock_wall() - HL_DAY, hl_clock_wall() + 90 * HL_DAY, NULL);

    ep_server_time_told(&parts->time, hl_clock_wall(), hl_clock_mono());
    parts_line_up(parts);
    timer_fake_advance(2 * HL_SECOND);
    g_assert_cmpuint(asked(parts), ==, 0);
    announce(parts, next);
    ep_renewal_hurry(parts->renewal, WINDOW);
    timer_fake_advance(WINDOW);
    g_assert_cmpuint(asked(parts), ==, 1);
    parts_ack(parts);
    return parts;
}

static void test_asks_again(void)
{
    g_autoptr(EndpointParts) parts = parts_unanswered();

    timer_fake_advance(10 * HL_MINUTE);
    g_assert_cmpuint(asked(parts), ==, 1);
    ep_renewal_hurry(parts->renewal, WINDOW);
    timer_fake_advance(WINDOW);
    g_assert_cmpuint(asked(parts), ==, 2);
}

/* Each birth says so; a look that is planned is not put off by the next one. */
static void test_births_without_end(void)
{
    g_autoptr(EndpointParts) parts = parts_unanswered();

    for (guint i = 0; i < 4 * WINDOW / HL_SECOND; i++) {
        ep_renewal_hurry(parts->renewal, WINDOW);
        timer_fake_advance(HL_SECOND);
    }
    g_assert_cmpuint(asked(parts), ==, 2); /* once: that request is not committed yet */
}

static GBytes *csr_of(const HlMsgReport *report)
{
    return g_bytes_new(report->certificate->csr.data, report->certificate->csr.len);
}

/* What was issued to the first request answers the second one too. */
static void test_same_key(void)
{
    g_autoptr(EndpointParts) parts = parts_unanswered();
    g_autoptr(GBytes) first = csr_of(parts_last(parts, HOLDLINE__V1__REPORT__BODY_CERTIFICATE));
    g_autoptr(GBytes) second = NULL;
    g_autoptr(GError) error = NULL;
    HlCertSpec spec = { .cn = PARTS_ID,
                        .kind = HL_CERT_ENDPOINT,
                        .not_before = hl_clock_wall() - HL_HOUR,
                        .not_after = hl_clock_wall() + HL_DAY };
    g_autoptr(HlCert) cert = hl_cert_issue(parts->ca, parts->ca_key, first, &spec, &error);
    g_autoptr(HlKey) other = hl_key_generate(NULL);
    g_autoptr(GBytes) foreign = hl_csr_make(other, PARTS_ID, NULL);
    g_autoptr(GBytes) broken = g_bytes_new_from_bytes(first, 0, g_bytes_get_size(first) - 1);

    g_assert_no_error(error);
    ep_renewal_hurry(parts->renewal, WINDOW);
    timer_fake_advance(WINDOW);
    second = csr_of(parts_last(parts, HOLDLINE__V1__REPORT__BODY_CERTIFICATE));
    g_assert_true(hl_cert_answers(cert, first));
    g_assert_true(hl_cert_answers(cert, second));
    g_assert_false(hl_cert_answers(cert, foreign));
    g_assert_false(hl_cert_answers(cert, broken));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/renewal/asks-again", test_asks_again);
    g_test_add_func("/endpoint/renewal/births-without-end", test_births_without_end);
    g_test_add_func("/endpoint/renewal/same-key", test_same_key);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: what the manager takes from a machine that it does not know yet, and the endpoint from the answer.
 *   'A'   an EnrolReply, as the endpoint reads it
 *   'X'   a certificate
 *   else  an EnrolRequest, as the manager reads it: decoded, and a certificate issued for its signing request */
#include <string.h>

#include "lib/pki/cert.h"
#include "lib/pki/digest.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"

#define NOW ((HlTime)1795385700 * HL_SECOND) /* 2026-11-22 */

static HlKey *ca_key;
static HlCert *ca;
static GBytes *signing_key;

static void make_ca(void)
{
    g_autoptr(GError) error = NULL;
    HlSigningKey *key;

    if (ca != NULL)
        return;
    ca_key = hl_key_generate(&error);
    g_assert_no_error(error);
    ca = hl_cert_make_ca(ca_key, "fuzz", NOW - HL_DAY, NOW + 1000 * HL_DAY, &error);
    g_assert_no_error(error);
    key = hl_signing_key_generate(&error);
    g_assert_no_error(error);
    signing_key = g_bytes_ref(hl_signing_key_public(key));
    hl_signing_key_free(key);
}

/* A certificate that anybody may have made. */
static void try_certificate(const char *name, const void *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = hl_cert_parse(name, data, size, &error);
    g_autoptr(HlCert) again = NULL;
    g_autofree char *pem = NULL;

    g_assert_true((cert == NULL) == (error != NULL));
    if (cert == NULL)
        return;
    g_assert_true(g_utf8_validate(hl_cert_info(cert)->cn, -1, NULL));
    g_assert_false(hl_cert_verify(cert, ca, NOW, "", &error)); /* the fuzzer does not have its key */
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_clear_error(&error);
    pem = hl_cert_print(cert);
    again = hl_cert_parse("printed", pem, strlen(pem), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(hl_cert_info(again)->fingerprint, ==, hl_cert_info(cert)->fingerprint);
    g_assert_cmpstr(hl_cert_info(again)->cn, ==, hl_cert_info(cert)->cn);
}

/* The identity that is given up: who has no key of ours proves nothing. */
static void try_proof(const HlMsgEnrolRequest *request, GBytes *csr)
{
    g_autoptr(GBytes) proof = g_bytes_new(request->proof.data, request->proof.len);
    g_autoptr(HlCert) cert = hl_cert_parse("given up", request->certificate, strlen(request->certificate), NULL);

    try_certificate("given up", request->certificate, strlen(request->certificate));
    if (cert == NULL)
        return;
    g_assert_false(hl_cert_is_issued_by(cert, ca));
    hl_cert_verify_signature(cert, HL_ENROL_PROOF, csr, proof); /* its own key may sign what it likes */
}

static void try_request(const uint8_t *data, size_t size)
{
    g_autoptr(HlMsgEnrolRequest) request = hl_wire_decode(&holdline__v1__enrol_request__descriptor, data, size, NULL);
    const HlCertSpec spec = { .cn = "e-fuzz", .kind = HL_CERT_ENDPOINT, .not_before = NOW, .not_after = NOW + HL_DAY };
    g_autoptr(GBytes) csr = NULL;
    g_autoptr(HlCert) cert = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *digest = NULL;

    if (request == NULL)
        return;
    digest = hl_token_digest(request->token);
    g_assert_cmpuint(strlen(digest), ==, 64);
    csr = g_bytes_new(request->csr.data, request->csr.len);
    try_proof(request, csr);
    cert = hl_cert_issue(ca, ca_key, csr, &spec, &error);
    g_assert_true((cert == NULL) == (error != NULL));
    if (cert == NULL) {
        g_assert_true(hl_error_code(error) == HL_ERROR_INVALID || hl_error_code(error) == HL_ERROR_UNTRUSTED);
        return;
    }
    g_assert_cmpstr(hl_cert_info(cert)->cn, ==, "e-fuzz"); /* whatever the request calls itself */
    g_assert_cmpint(hl_cert_info(cert)->kind, ==, HL_CERT_ENDPOINT);
    g_assert_true(hl_cert_verify(cert, ca, NOW, "", NULL));
}

static void try_reply(const uint8_t *data, size_t size)
{
    g_autoptr(HlMsgEnrolReply) reply = hl_wire_decode(&holdline__v1__enrol_reply__descriptor, data, size, NULL);

    if (reply == NULL)
        return;
    try_certificate("the issued certificate", reply->certificate, strlen(reply->certificate));
    if (reply->settings != NULL)
        g_assert_null(hl_envelope_open(reply->settings, signing_key, HL_ENVELOPE_SETTINGS,
                                       &holdline__v1__settings_document__descriptor, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_ca();
    if (size > 0 && data[0] == 'A')
        try_reply(data + 1, size - 1);
    else if (size > 0 && data[0] == 'X')
        try_certificate("fuzz", data + 1, size - 1);
    else
        try_request(data, size);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* lib/pki: digests against known answers, keys, signatures, certificates and what must be refused; openssl(1) as a
 * second opinion. */
#include <string.h>
#include <sys/stat.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/pki/cert.h"
#include "lib/pki/digest.h"
#include "lib/pki/signing.h"

#define NOW   ((HlTime)1790000000000)
#define YEAR  (365 * HL_DAY)
#define BEGIN (NOW - HL_HOUR)

typedef struct {
    char *directory;
    HlKey *ca_key, *key;
    HlCert *ca;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    fixture->directory = g_dir_make_tmp("hl-pki-XXXXXX", NULL);
    fixture->ca_key = hl_key_generate(&error);
    fixture->key = hl_key_generate(&error);
    fixture->ca = hl_cert_make_ca(fixture->ca_key, "Holdline CA", BEGIN, NOW + 10 * YEAR, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_cert_free(fixture->ca);
    hl_key_free(fixture->key);
    hl_key_free(fixture->ca_key);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_free(fixture->directory);
}

static char *file(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->directory, name, NULL);
}

static HlCert *issue(const Fixture *fixture, const HlCertSpec *spec, GError **error)
{
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "whatever the sender wants", NULL);

    return hl_cert_issue(fixture->ca, fixture->ca_key, csr, spec, error);
}

static HlCert *issue_endpoint(const Fixture *fixture)
{
    const HlCertSpec spec = { "e-1", HL_CERT_ENDPOINT, NULL, BEGIN, NOW + YEAR };
    HlCert *cert = issue(fixture, &spec, NULL);

    g_assert_nonnull(cert);
    return cert;
}

/* FIPS 180-4 and RFC 4231, test case 2. */
static void test_digest(void)
{
    g_autofree char *abc = hl_sha256_hex("abc", 3);
    g_autofree char *empty = hl_sha256_hex(NULL, 0);
    g_autofree char *token = hl_token_new();
    g_autofree char *other = hl_token_new();
    g_autofree char *digest = hl_token_digest("abc");

    g_assert_cmpstr(abc, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_cmpstr(empty, ==, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    g_assert_cmpuint(strlen(token), ==, 32);
    g_assert_cmpstr(token, !=, other);
    g_assert_cmpstr(digest, ==, abc);
}

static void test_keys(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = file(fixture, "key.pem");
    g_autofree char *rsa = file(fixture, "rsa.pem");
    g_autofree char *locked = file(fixture, "locked.pem");
    g_autofree char *pem = hl_key_print(fixture->key);
    const char *make_rsa[] = { "openssl", "genrsa", "-out", rsa, "2048", NULL };
    const char *lock[] = { "openssl", "pkcs8", "-topk8", "-in", path, "-out", locked, "-passout", "pass:secret", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) again = NULL;
    g_autofree char *again_pem = NULL;
    struct stat st;

    g_assert_true(hl_key_save(fixture->key, path, &error));
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    again = hl_key_load(path, &error);
    g_assert_no_error(error);
    again_pem = hl_key_print(again);
    g_assert_cmpstr(again_pem, ==, pem);
    g_assert_true(hl_exec(make_rsa, NULL, &error));
    g_assert_null(hl_key_load(rsa, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "not a P-256 key"));
    g_clear_error(&error);
    g_assert_true(hl_exec(lock, NULL, &error));
    g_assert_null(hl_key_load(locked, &error)); /* and does not ask for the password */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_true(hl_file_write_text(rsa, "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0600, NULL));
    g_assert_null(hl_key_load(rsa, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void test_signing(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *path = file(fixture, "signing.pem");
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(HlSigningKey) other = hl_signing_key_generate(NULL);
    g_autoptr(GBytes) payload = g_bytes_new_static("allow update", 12);
    g_autoptr(GBytes) changed = g_bytes_new_static("allow upd4te", 12);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, "settings", payload);
    g_autoptr(GBytes) empty_envelope = hl_signing_key_sign(key, "settings", empty);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(signature, 0, 63);
    g_autofree char *id = hl_signing_key_id(hl_signing_key_public(key));
    g_autoptr(HlSigningKey) again = NULL;
    GBytes *public_key = hl_signing_key_public(key);

    g_assert_cmpuint(g_bytes_get_size(signature), ==, HL_SIGNATURE_SIZE);
    g_assert_cmpuint(g_bytes_get_size(public_key), ==, HL_SIGNING_PUBLIC_SIZE);
    g_assert_cmpuint(strlen(id), ==, 16);
    g_assert_true(hl_signature_verify(public_key, "settings", payload, signature));
    g_assert_true(hl_signature_verify(public_key, "settings", empty, empty_envelope));
    g_assert_false(hl_signature_verify(public_key, "command", payload, signature));
    g_assert_false(hl_signature_verify(public_key, "settings", changed, signature));
    g_assert_false(hl_signature_verify(public_key, "settings", empty, signature));
    g_assert_false(hl_signature_verify(hl_signing_key_public(other), "settings", payload, signature));
    g_assert_false(hl_signature_verify(public_key, "settings", payload, cut));
    g_assert_false(hl_signature_verify(cut, "settings", payload, signature));
    g_assert_false(hl_signature_verify(empty, "settings", payload, signature));
    g_assert_false(hl_signature_verify(public_key, "settings", payload, NULL));

    g_assert_true(hl_signing_key_save(key, path, NULL));
    again = hl_signing_key_load(path, NULL);
    g_assert_nonnull(again);
    g_assert_true(g_bytes_equal(hl_signing_key_public(again), public_key));
    g_assert_true(hl_key_save(fixture->key, path, NULL));
    g_assert_null(hl_signing_key_load(path, NULL)); /* P-256 does not sign */
}

/* The proof that somebody holds the key of a certificate. */
static void test_key_signature(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlCertSpec spec = { .cn = "e-1", .kind = HL_CERT_ENDPOINT, .not_before = BEGIN, .not_after = NOW };
    g_autoptr(HlKey) other = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "new", NULL);
    g_autoptr(GBytes) other_csr = hl_csr_make(other, "new", NULL);
    g_autoptr(HlCert) cert = hl_cert_issue(fixture->ca, fixture->ca_key, csr, &spec, NULL);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GBytes) signature = hl_key_sign(fixture->key, "enrol", other_csr);
    g_autoptr(GBytes) of_nothing = hl_key_sign(fixture->key, "enrol", empty);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(signature, 0, g_bytes_get_size(signature) - 1);
    g_autoptr(GBytes) foreign = hl_key_sign(other, "enrol", other_csr);

    g_assert_cmpuint(g_bytes_get_size(signature), <=, HL_KEY_MAX_SIGNATURE);
    g_assert_true(hl_cert_verify_signature(cert, "enrol", other_csr, signature));
    g_assert_true(hl_cert_verify_signature(cert, "enrol", empty, of_nothing));
    g_assert_false(hl_cert_verify_signature(cert, "enroll", other_csr, signature));
    g_assert_false(hl_cert_verify_signature(cert, "enrol", csr, signature));
    g_assert_false(hl_cert_verify_signature(cert, "enrol", empty, signature));
    g_assert_false(hl_cert_verify_signature(cert, "enrol", other_csr, cut));
    g_assert_false(hl_cert_verify_signature(cert, "enrol", other_csr, empty));
    g_assert_false(hl_cert_verify_signature(cert, "enrol", other_csr, foreign));
    g_assert_false(hl_cert_verify_signature(fixture->ca, "enrol", other_csr, signature));
}

/* The context is delimited: moving a letter between it and the payload breaks the signature. */
static void test_signing_boundary(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(GBytes) payload = g_bytes_new_static("bc", 2);
    g_autoptr(GBytes) shifted = g_bytes_new_static("c", 1);
    g_autoptr(GBytes) signature = hl_signing_key_sign(key, "a", payload);

    g_assert_true(hl_signature_verify(hl_signing_key_public(key), "a", payload, signature));
    g_assert_false(hl_signature_verify(hl_signing_key_public(key), "ab", shifted, signature));
}

/* What stands in the PEM form. */
static GBytes *der_of(const HlCert *cert)
{
    g_autofree char *pem = hl_cert_print(cert);
    const char *begin = strchr(pem, '\n');
    g_autofree char *base64 = g_strndup(begin, (gsize)(strstr(begin, "-----END") - begin));
    gsize size;
    guchar *der = g_base64_decode(base64, &size);

    return g_bytes_new_take(der, size);
}

static void test_issue(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = issue_endpoint(fixture);
    g_autoptr(HlCert) second = issue_endpoint(fixture);
    g_autofree char *pem = hl_cert_print(cert);
    g_autoptr(GBytes) der = der_of(cert);
    g_autoptr(HlCert) from_pem = hl_cert_parse("pem", pem, strlen(pem), NULL);
    g_autoptr(HlCert) from_der = hl_cert_parse("der", g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    const HlCertInfo *info = hl_cert_info(cert);
    g_autofree char *fingerprint = hl_sha256_hex(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
    g_autofree char *key = hl_cert_key_id(cert);
    g_autofree char *same = hl_cert_key_id(second);
    g_autofree char *other = hl_cert_key_id(fixture->ca);
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "m\u00fcller", NULL);
    g_autofree char *name = hl_csr_name(csr, NULL);

    g_assert_cmpstr(info->cn, ==, "e-1"); /* not what the request said */
    g_assert_cmpint(info->kind, ==, HL_CERT_ENDPOINT);
    g_assert_cmpint(info->not_before, ==, BEGIN);
    g_assert_cmpint(info->not_after, ==, NOW + YEAR);
    g_assert_cmpuint(strlen(info->serial), ==, 32);
    g_assert_cmpstr(info->serial, !=, hl_cert_info(second)->serial);
    g_assert_cmpstr(info->fingerprint, ==, fingerprint);
    g_assert_cmpstr(hl_cert_info(from_pem)->fingerprint, ==, fingerprint);
    g_assert_cmpstr(hl_cert_info(from_der)->serial, ==, info->serial);
    g_assert_true(hl_cert_has_key(cert, fixture->key));
    g_assert_false(hl_cert_has_key(cert, fixture->ca_key));
    g_assert_cmpint(hl_cert_info(fixture->ca)->kind, ==, HL_CERT_CA);
    g_assert_cmpstr(key, ==, same);
    g_assert_cmpstr(key, !=, other);
    g_assert_cmpuint(strlen(key), ==, 64);
    g_assert_cmpstr(name, ==, "m\u00fcller");
    g_assert_null(hl_csr_name(der, NULL)); /* no request */
}

static void check_issue_refused(const Fixture *fixture, const HlCertSpec *spec, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(issue(fixture, spec, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_issue_refused(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const injected[] = { "host,IP:10.0.0.1", NULL };
    g_autofree char *long_name = g_strnfill(65, 'a');
    HlCertSpec spec = { "server", HL_CERT_SERVER, NULL, BEGIN, NOW + YEAR };
    g_autoptr(HlCert) leaf = issue_endpoint(fixture);
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "x", NULL);
    g_autoptr(GError) error = NULL;

    check_issue_refused(fixture, &spec, "needs a host name");
    spec.names = injected;
    check_issue_refused(fixture, &spec, "not a valid host name");
    spec = (HlCertSpec){ long_name, HL_CERT_ADMIN, NULL, BEGIN, NOW + YEAR };
    check_issue_refused(fixture, &spec, "1 to 64 bytes");
    spec = (HlCertSpec){ "", HL_CERT_ADMIN, NULL, BEGIN, NOW + YEAR };
    check_issue_refused(fixture, &spec, "1 to 64 bytes");
    spec = (HlCertSpec){ "a", HL_CERT_ADMIN, NULL, BEGIN, NOW + 11 * YEAR };
    check_issue_refused(fixture, &spec, "outlive the CA");
    spec = (HlCertSpec){ "a", HL_CERT_ADMIN, NULL, NOW, BEGIN };
    check_issue_refused(fixture, &spec, "cannot create");
    spec = (HlCertSpec){ "a", HL_CERT_ADMIN, NULL, BEGIN, NOW + YEAR };
    g_assert_null(hl_cert_issue(leaf, fixture->key, csr, &spec, &error)); /* an endpoint is no CA */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* Each bit of a request flipped in turn: none yields a certificate for a key that its sender did not prove. */
static void test_csr_tampered(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    const HlCertSpec spec = { "e-1", HL_CERT_ENDPOINT, NULL, BEGIN, NOW + YEAR };
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "x", NULL);
    gsize size = g_bytes_get_size(csr);
    guint untrusted = 0;

    for (gsize i = 0; i < size; i++) {
        guint8 *bytes = g_memdup2(g_bytes_get_data(csr, NULL), size);
        g_autoptr(GBytes) tampered = NULL;
        g_autoptr(GError) error = NULL;

        bytes[i] ^= (guint8)(1 << (i % 8));
        tampered = g_bytes_new_take(bytes, size);
        g_assert_null(hl_cert_issue(fixture->ca, fixture->ca_key, tampered, &spec, &error));
        g_assert_true(hl_error_code(error) == HL_ERROR_INVALID || hl_error_code(error) == HL_ERROR_UNTRUSTED);
        untrusted += hl_error_code(error) == HL_ERROR_UNTRUSTED;
    }
    g_assert_cmpuint(untrusted, >, 50);
}

static void test_csr_refused(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    const HlCertSpec spec = { "e-1", HL_CERT_ENDPOINT, NULL, BEGIN, NOW + YEAR };
    g_autofree char *path = file(fixture, "rsa.csr");
    g_autofree char *key = file(fixture, "rsa.key");
    const char *make[] = { "openssl", "req", "-new",     "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                           "-out",    path,  "-outform", "DER",     "-subj",    "/CN=x",  NULL };
    g_autoptr(GBytes) good = hl_csr_make(fixture->key, "x", NULL);
    g_autoptr(GBytes) long_csr = g_bytes_new_take(g_malloc0(100000), 100000);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GByteArray) trailing = g_byte_array_new();
    g_autoptr(GBytes) with_trailing = NULL;
    g_autoptr(GBytes) rsa = NULL;

    g_assert_true(hl_exec(make, NULL, NULL));
    rsa = hl_file_read(path, 10000, NULL);
    g_byte_array_append(trailing, g_bytes_get_data(good, NULL), (guint)g_bytes_get_size(good));
    g_byte_array_append(trailing, (const guint8 *)"x", 1);
    with_trailing = g_bytes_new(trailing->data, trailing->len);
    for (int i = 0; i < 4; i++) {
        GBytes *bad[] = { rsa, long_csr, empty, with_trailing };
        g_autoptr(GError) error = NULL;

        g_assert_null(hl_cert_issue(fixture->ca, fixture->ca_key, bad[i], &spec, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
}

static void check_valid(const HlCert *cert, const HlCert *ca, HlTime now)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_cert_verify(cert, ca, now, "write home", &error));
    g_assert_no_error(error);
}

static void check_not_valid(const HlCert *cert, const HlCert *ca, HlTime now, HlErrorCode code, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(hl_cert_verify(cert, ca, now, "write home", &error));
    g_assert_error(error, HL_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_verify(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = issue_endpoint(fixture);
    g_autoptr(HlKey) other_key = hl_key_generate(NULL);
    /* the same name, another key: another installation, or a forger */
    g_autoptr(HlCert) other_ca = hl_cert_make_ca(other_key, "Holdline CA", BEGIN, NOW + 10 * YEAR, NULL);

    check_valid(cert, fixture->ca, NOW);
    check_valid(cert, fixture->ca, BEGIN);
    check_valid(cert, fixture->ca, NOW + YEAR);
    check_not_valid(cert, fixture->ca, NOW + YEAR + HL_SECOND, HL_ERROR_EXPIRED, "write home");
    check_not_valid(cert, fixture->ca, BEGIN - 1, HL_ERROR_EXPIRED, "set the clock");
    check_not_valid(cert, other_ca, NOW, HL_ERROR_UNTRUSTED, "another installation");
    check_not_valid(cert, other_ca, NOW + 2 * YEAR, HL_ERROR_UNTRUSTED, "another installation");
    check_not_valid(cert, cert, NOW, HL_ERROR_UNTRUSTED, "another installation");
}

static void test_parse_refused(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = issue_endpoint(fixture);
    g_autoptr(GBytes) der = der_of(cert);
    gsize size = g_bytes_get_size(der);
    g_autofree char *large = g_strnfill(HL_CERT_MAX_SIZE + 1, 'x');
    g_autoptr(GError) error = NULL;

    for (gsize cut = 0; cut < size; cut++) {
        g_assert_null(hl_cert_parse("cut", g_bytes_get_data(der, NULL), cut, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_clear_error(&error);
    }
    g_assert_null(hl_cert_parse("large", large, HL_CERT_MAX_SIZE + 1, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
}

/* What openssl(1) makes of our certificates and lists. */
static void test_openssl_agrees(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const names[] = { "manager.example.net", "192.0.2.7", "2001:db8::7", NULL };
    const HlTime now = hl_clock_wall();
    const HlCertSpec spec = { "server", HL_CERT_SERVER, names, now - HL_HOUR, now + YEAR };
    g_autofree char *ca_path = file(fixture, "ca.pem");
    g_autofree char *path = file(fixture, "server.pem");
    g_autofree char *crl_path = file(fixture, "crl.pem");
    const char *verify[] = {
        "openssl",   "verify",           "-x509_strict",        "-purpose", "sslserver", "-verify_ip",
        "192.0.2.7", "-verify_hostname", "manager.example.net", "-CAfile",  ca_path,     path,
        NULL
    };
    const char *as_client[] = { "openssl", "verify", "-purpose", "sslclient", "-CAfile", ca_path, path, NULL };
    const char *revocation[] = {
        "openssl", "verify", "-crl_check", "-CRLfile", crl_path, "-CAfile", ca_path, path, NULL
    };
    g_autoptr(HlCert) ca = hl_cert_make_ca(fixture->ca_key, "Holdline CA", now - HL_DAY, now + 10 * YEAR, NULL);
    g_autoptr(GBytes) csr = hl_csr_make(fixture->key, "x", NULL);
    g_autoptr(HlCert) cert = hl_cert_issue(ca, fixture->ca_key, csr, &spec, NULL);
    g_autoptr(GError) error = NULL;
    HlRevoked revoked[] = { { "0123456789abcdef", now }, { hl_cert_info(cert)->serial, now } };
    HlRevoked rubbish = { "xyz", now };

    g_auto(GStrv) read = hl_cert_names(cert);

    g_assert_true(g_strv_equal((const char *const *)read, names));
    g_assert_true(hl_cert_save(ca, ca_path, NULL));
    g_assert_true(hl_cert_save(cert, path, NULL));
    g_assert_true(hl_exec(verify, NULL, &error));
    g_assert_false(hl_exec(as_client, NULL, NULL));
    for (gsize count = 1; count <= 2; count++) { /* the second list revokes it */
        g_autofree char *pem =
            hl_crl_make(ca, fixture->ca_key, revoked, count, (int64_t)count, now, now + HL_DAY, &error);

        g_assert_no_error(error);
        g_assert_true(hl_file_write_text(crl_path, pem, 0644, NULL));
        g_assert_true(hl_exec(revocation, NULL, NULL) == (count == 1));
    }
    g_assert_null(hl_crl_make(ca, fixture->ca_key, &rubbish, 1, 3, now, now + HL_DAY, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(hl_crl_make(ca, fixture->key, NULL, 0, 3, now, now + HL_DAY, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* What openssl reads of a certificate's alternative names. */
static char *alternative_names(const Fixture *fixture, const HlCertSpec *spec)
{
    g_autofree char *path = file(fixture, "one.pem");
    g_autoptr(HlCert) cert = issue(fixture, spec, NULL);
    const char *show[] = { "openssl", "x509", "-in", path, "-noout", "-ext", "subjectAltName", NULL };
    char *text = NULL;

    g_assert_nonnull(cert);
    g_assert_true(hl_cert_save(cert, path, NULL));
    g_assert_true(hl_exec(show, &text, NULL));
    return text;
}

/* The id as a URI, for brokers that go by names; never as a host, and no name brings another entry with it. */
static void test_uri(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const names[] = { "localhost", "192.0.2.7", NULL };
    const struct {
        HlCertSpec spec;
        const char *shows;
    } cases[] = {
        { { "e-7k3m9x2qv4tb", HL_CERT_ENDPOINT, NULL, BEGIN, NOW + YEAR }, "URI:urn:holdline:endpoint:e-7k3m9x2qv4tb" },
        { { "eye", HL_CERT_MONITOR, NULL, BEGIN, NOW + YEAR }, "URI:urn:holdline:monitor:eye" },
        { { "web", HL_CERT_CONSOLE, names, BEGIN, NOW + YEAR }, "URI:urn:holdline:console:web, DNS:localhost, IP" },
        { { "a,DNS:evil.example", HL_CERT_ADMIN, NULL, BEGIN, NOW + YEAR },
          "URI:urn:holdline:admin:a%2CDNS%3Aevil.example" },
        { { "manager", HL_CERT_SERVER, names, BEGIN, NOW + YEAR }, " DNS:localhost, IP" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = alternative_names(fixture, &cases[i].spec);
        bool has_names = cases[i].spec.names != NULL;

        g_assert_nonnull(strstr(text, cases[i].shows));
        g_assert_true((strstr(text, " DNS:") != NULL) == has_names);
        g_assert_true((strstr(text, "URI:") != NULL) == (cases[i].spec.kind != HL_CERT_SERVER));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FIXTURE_TEST(name, function) g_test_add("/pki/" name, Fixture, NULL, set_up, function, tear_down)
    g_test_add_func("/pki/digest", test_digest);
    FIXTURE_TEST("keys", test_keys);
    FIXTURE_TEST("signing", test_signing);
    FIXTURE_TEST("key-signature", test_key_signature);
    g_test_add_func("/pki/signing-boundary", test_signing_boundary);
    FIXTURE_TEST("issue", test_issue);
    FIXTURE_TEST("uri", test_uri);
    FIXTURE_TEST("issue-refused", test_issue_refused);
    FIXTURE_TEST("csr-tampered", test_csr_tampered);
    FIXTURE_TEST("csr-refused", test_csr_refused);
    FIXTURE_TEST("verify", test_verify);
    FIXTURE_TEST("parse-refused", test_parse_refused);
    FIXTURE_TEST("openssl-agrees", test_openssl_agrees);
    return g_test_run();
}

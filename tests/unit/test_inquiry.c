/* SPDX-License-Identifier: Apache-2.0 */
/* lib/pki/inquiry over a socket pair: against a TLS server on the other end, and against what is none. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/pki/inquiry.h"
#include "lib/pki/tls.h"
#include "lib/pki/trust.h"

/* An authority, with what it issued in a directory of its own. */
typedef struct {
    char *directory;
    HlKey *ca_key, *key; /* one key will do for all */
    HlCert *ca;
} Authority;

static const char *const usual_names[] = { "localhost", "192.0.2.7", "2001:db8::7", NULL };

static char *path_of(const Authority *authority, const char *name)
{
    return g_strdup_printf("%s/%s.pem", authority->directory, name);
}

static void init_authority(Authority *authority)
{
    g_autofree char *ca_path = NULL;
    g_autofree char *key_path = NULL;
    HlTime now = hl_clock_wall();

    authority->directory = g_dir_make_tmp("hl-inquiry-XXXXXX", NULL);
    authority->ca_key = hl_key_generate(NULL);
    authority->key = hl_key_generate(NULL);
    authority->ca = hl_cert_make_ca(authority->ca_key, "Test CA", now - 30 * HL_DAY, now + 30 * HL_DAY, NULL);
    ca_path = path_of(authority, "ca");
    key_path = path_of(authority, "key");
    g_assert_true(hl_cert_save(authority->ca, ca_path, NULL));
    g_assert_true(hl_key_save(authority->key, key_path, NULL));
}

static void clear_authority(Authority *authority)
{
    hl_cert_free(authority->ca);
    hl_key_free(authority->ca_key);
    hl_key_free(authority->key);
    g_assert_true(hl_tree_remove(authority->directory, NULL));
    g_free(authority->directory);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Authority, clear_authority)

/* Issued, and saved as NAME.pem. */
static HlCert *issue(const Authority *authority, const char *name, HlCertKind kind, const char *const *names,
                     HlTime begin, HlTime end)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { name, kind, names, now + begin, now + end };
    g_autofree char *path = path_of(authority, name);
    g_autoptr(GBytes) csr = hl_csr_make(authority->key, name, NULL);
    HlCert *cert = hl_cert_issue(authority->ca, authority->ca_key, csr, &spec, NULL);

    g_assert_nonnull(cert);
    g_assert_true(hl_cert_save(cert, path, NULL));
    return cert;
}

/* Who asks whom, by which name, and what comes of it. */
typedef struct {
    const Authority *client, *server; /* whose certificates they have */
    const Authority *client_trusts, *server_trusts;
    const char *host;
    const HlCert *certificate; /* the server's */
    HlInquiryOutcome outcome;
    char *detail;
    HlTime date;
    HlTime shown_end; /* of the certificate that the server showed; 0: none */
} Meeting;

static HlInquiry *client_of(const Meeting *meeting)
{
    g_autofree char *ca = path_of(meeting->client_trusts, "ca");
    g_autofree char *cert = path_of(meeting->client, "client");
    g_autofree char *key = path_of(meeting->client, "key");
    HlInquirySpec spec = { ca, cert, key, meeting->host };

    return hl_inquiry_new(&spec);
}

static bool goes_on(HlInquiryOutcome outcome)
{
    return outcome == HL_INQUIRY_WANT_READ || outcome == HL_INQUIRY_WANT_WRITE || outcome == HL_INQUIRY_SETTLING;
}

static void make_pair(int ends[2])
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ==, 0);
}

static void note(Meeting *meeting, const HlInquiry *inquiry, HlInquiryOutcome outcome)
{
    meeting->outcome = outcome;
    g_free(meeting->detail);
    meeting->detail = g_strdup(hl_inquiry_detail(inquiry));
    meeting->date = hl_inquiry_date(inquiry);
    meeting->shown_end = hl_inquiry_shown(inquiry) != NULL ? hl_cert_info(hl_inquiry_shown(inquiry))->not_after : 0;
}

static void meet(Meeting *meeting)
{
    g_autoptr(HlTlsContext) context =
        hl_tls_context_new(HL_TLS_SERVER, meeting->server_trusts->ca, meeting->certificate, meeting->server->key, NULL);
    g_autoptr(HlInquiry) inquiry = client_of(meeting);
    g_autoptr(HlTls) tls = NULL;
    HlInquiryOutcome outcome = hl_inquiry_check_own(inquiry, hl_clock_wall());
    int ends[2];

    g_assert_cmpint(outcome, ==, HL_INQUIRY_ACCEPTED);
    make_pair(ends);
    tls = hl_tls_new(context, ends[1]);
    for (int turn = 0; turn < 6; turn++) { /* a handshake takes three */
        outcome = hl_inquiry_step(inquiry, ends[0]);
        if (!goes_on(outcome))
            break;
        hl_tls_handshake(tls);
    }
    note(meeting, inquiry, outcome);
    close(ends[0]);
    close(ends[1]);
}

static Meeting usual_meeting(const Authority *authority, const char *host)
{
    return (Meeting){
        .client = authority, .server = authority, .client_trusts = authority, .server_trusts = authority, .host = host
    };
}

static void test_names(void)
{
    static const struct {
        const char *host;
        bool is_in;
    } rows[] = {
        { "localhost", true },    { "192.0.2.7", true },  { "2001:db8::7", true },  { "2001:db8:0::7", true },
        { "example.org", false }, { "192.0.2.8", false }, { "2001:db8::8", false }, { "host.localhost", false },
    };
    g_auto(Authority) authority = { 0 };
    g_autoptr(HlCert) server = NULL;
    g_autoptr(HlCert) client = NULL;

    init_authority(&authority);
    server = issue(&authority, "server", HL_CERT_SERVER, usual_names, -HL_HOUR, HL_DAY);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Meeting meeting = usual_meeting(&authority, rows[i].host);

        meeting.certificate = server;
        meet(&meeting);
        if (rows[i].is_in) {
            g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_SETTLING); /* this server sends no tickets */
        } else {
            g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_OTHER_NAMES);
            g_assert_cmpstr(meeting.detail, ==, "localhost, 192.0.2.7, 2001:db8::7");
        }
        g_free(meeting.detail);
    }
}

static void test_many_names(void)
{
    static const char *const names[] = { "a", "b", "a", "c", "d", "e", "f", "g", NULL };
    g_auto(Authority) authority = { 0 };
    g_autoptr(HlCert) server = NULL;
    g_autoptr(HlCert) client = NULL;
    Meeting meeting = usual_meeting(&authority, "x");

    init_authority(&authority);
    server = issue(&authority, "server", HL_CERT_SERVER, names, -HL_HOUR, HL_DAY);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    meeting.certificate = server;
    meet(&meeting);
    g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_OTHER_NAMES);
    g_assert_cmpstr(meeting.detail, ==, "a, b, c, d, e, ...");
    g_free(meeting.detail);
}

/* Which one it was, of two of the same name. */
static void check_issuer(const char *detail, const Authority *issuer)
{
    g_autofree char *id = hl_trust_id(issuer->ca);
    g_autofree char *expected =
        g_strdup_printf("its issuer is OU=ca,CN=%s, with the fingerprint %s...", hl_cert_info(issuer->ca)->cn, id);

    g_assert_cmpstr(detail, ==, expected);
}

/* Two authorities of the same name: it is the key that counts.  Its certificate has other names too, which mean nothing
 * then. */
static void test_authorities(void)
{
    g_auto(Authority) authority = { 0 };
    g_auto(Authority) stranger = { 0 };
    g_autoptr(HlCert) server = NULL;
    g_autoptr(HlCert) client = NULL;
    g_autoptr(HlCert) strange_client = NULL;
    Meeting meeting;

    init_authority(&authority);
    init_authority(&stranger);
    server = issue(&authority, "server", HL_CERT_SERVER, usual_names, -HL_HOUR, HL_DAY);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    strange_client = issue(&stranger, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);

    meeting = usual_meeting(&authority, "example.org");
    meeting.certificate = server;
    meeting.client_trusts = &stranger;
    meet(&meeting);
    g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_OTHER_AUTHORITY);
    check_issuer(meeting.detail, &authority);
    g_assert_cmpint(meeting.shown_end, ==, hl_cert_info(server)->not_after);

    meeting.client_trusts = &authority;
    meeting.client = &stranger;
    meeting.host = "localhost";
    meet(&meeting);
    g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_UNKNOWN_AUTHORITY);
    g_assert_cmpstr(meeting.detail, ==, "");
    g_free(meeting.detail);
}

static void test_server_dates(void)
{
    static const struct {
        HlTime begin, end;
        HlInquiryOutcome outcome;
    } rows[] = {
        { -2 * HL_DAY, -HL_DAY, HL_INQUIRY_SERVER_ENDED },
        { HL_DAY, 2 * HL_DAY, HL_INQUIRY_SERVER_NOT_YET },
    };
    g_auto(Authority) authority = { 0 };
    g_autoptr(HlCert) client = NULL;

    init_authority(&authority);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(HlCert) server = issue(&authority, "server", HL_CERT_SERVER, usual_names, rows[i].begin, rows[i].end);
        const HlCertInfo *info = hl_cert_info(server);
        Meeting meeting = usual_meeting(&authority, "localhost");

        meeting.certificate = server;
        meet(&meeting);
        g_assert_cmpint(meeting.outcome, ==, rows[i].outcome);
        g_assert_cmpint(meeting.date, ==, i == 0 ? info->not_after : info->not_before);
        g_assert_cmpstr(meeting.detail, ==, "the server's certificate");
        g_free(meeting.detail);
    }
}

/* No server is needed for it. */
static void test_own_dates(void)
{
    g_auto(Authority) authority = { 0 };
    g_autoptr(HlCert) client = NULL;
    const HlCertInfo *info;
    Meeting meeting = usual_meeting(&authority, "localhost");
    static const struct {
        HlTime after_begin, after_end; /* one of them counts */
        HlInquiryOutcome outcome;
    } rows[] = {
        { -1, 0, HL_INQUIRY_OWN_NOT_YET },
        { 1, 0, HL_INQUIRY_ACCEPTED },
        { 0, 999, HL_INQUIRY_ACCEPTED },
        { 0, HL_SECOND, HL_INQUIRY_OWN_ENDED },
    };

    init_authority(&authority);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    info = hl_cert_info(client);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(HlInquiry) inquiry = client_of(&meeting);
        HlTime now =
            rows[i].after_begin != 0 ? info->not_before + rows[i].after_begin : info->not_after + rows[i].after_end;

        note(&meeting, inquiry, hl_inquiry_check_own(inquiry, now));
        g_assert_cmpint(meeting.outcome, ==, rows[i].outcome);
        if (rows[i].outcome != HL_INQUIRY_ACCEPTED)
            g_assert_cmpint(meeting.date, ==, i == 0 ? info->not_before : info->not_after);
    }
    g_free(meeting.detail);
}

static void test_own_files(void)
{
    g_auto(Authority) authority = { 0 };
    g_auto(Authority) stranger = { 0 };
    g_autoptr(HlCert) client = NULL;
    static const char *const names[] = { "client", "ca", "key" };

    init_authority(&authority);
    init_authority(&stranger);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(&authority, names[i]);
        Meeting meeting = usual_meeting(&authority, "localhost");
        g_autoptr(HlInquiry) inquiry = client_of(&meeting);

        g_assert_true(hl_file_write_text(path, "-----BEGIN NOTHING-----\n", 0600, NULL));
        note(&meeting, inquiry, hl_inquiry_check_own(inquiry, hl_clock_wall()));
        g_assert_cmpint(meeting.outcome, ==, HL_INQUIRY_UNUSABLE);
        g_assert_nonnull(strstr(meeting.detail, path));
        {
            g_autoptr(HlInquiry) another = client_of(&meeting);

            g_assert_cmpint(unlink(path), ==, 0);
            note(&meeting, another, hl_inquiry_check_own(another, hl_clock_wall()));
            g_assert_nonnull(strstr(meeting.detail, "No such file")); /* as "Permission denied": the system's cause */
            g_free(meeting.detail);
        }
        if (i == 0) /* the others are judged with it in place */
            g_assert_true(hl_cert_save(client, path, NULL));
        if (i == 1)
            g_assert_true(hl_cert_save(authority.ca, path, NULL));
    }
}

/* Others than a TLS server: text NULL says nothing and goes. */
static void test_no_tls(void)
{
    static const struct {
        const char *text;
        HlInquiryOutcome outcome;
    } rows[] = {
        { "HTTP/1.0 400 Bad Request\r\n\r\n", HL_INQUIRY_NOT_TLS },
        { "SSH-2.0-OpenSSH_9.2p1\r\n", HL_INQUIRY_NOT_TLS },
        { "\x15\x03\x03\x00\x02\x02\x28", HL_INQUIRY_NO_AGREEMENT }, /* an alert: handshake failure */
        { "\x15\x03\x03\x00\x02\x02\x2c", HL_INQUIRY_TURNED_AWAY },  /* certificate revoked */
        { NULL, HL_INQUIRY_CLOSED },
    };
    g_auto(Authority) authority = { 0 };
    g_autoptr(HlCert) client = NULL;

    init_authority(&authority);
    client = issue(&authority, "client", HL_CERT_ENDPOINT, NULL, -HL_HOUR, HL_DAY);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Meeting meeting = usual_meeting(&authority, "localhost");
        g_autoptr(HlInquiry) inquiry = client_of(&meeting);
        gsize size = rows[i].text == NULL ? 0 : MAX(strlen(rows[i].text), 7);
        int ends[2];

        g_assert_cmpint(hl_inquiry_check_own(inquiry, hl_clock_wall()), ==, HL_INQUIRY_ACCEPTED);
        make_pair(ends);
        g_assert_cmpint(hl_inquiry_step(inquiry, ends[0]), ==, HL_INQUIRY_WANT_READ);
        g_assert_cmpint(hl_inquiry_step(inquiry, ends[0]), ==, HL_INQUIRY_WANT_READ); /* and blocks nowhere */
        if (rows[i].text != NULL)
            g_assert_cmpint(write(ends[1], rows[i].text, size), ==, (ssize_t)size);
        else
            close(ends[1]);
        note(&meeting, inquiry, hl_inquiry_step(inquiry, ends[0]));
        g_assert_cmpint(meeting.outcome, ==, rows[i].outcome);
        g_free(meeting.detail);
        close(ends[0]);
        if (rows[i].text != NULL)
            close(ends[1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inquiry/names", test_names);
    g_test_add_func("/inquiry/many-names", test_many_names);
    g_test_add_func("/inquiry/authorities", test_authorities);
    g_test_add_func("/inquiry/server-dates", test_server_dates);
    g_test_add_func("/inquiry/own-dates", test_own_dates);
    g_test_add_func("/inquiry/own-files", test_own_files);
    g_test_add_func("/inquiry/no-tls", test_no_tls);
    return g_test_run();
}

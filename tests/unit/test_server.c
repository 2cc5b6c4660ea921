/* SPDX-License-Identifier: Apache-2.0 */
/* proto/server: the digest says the same on every machine, and nothing that cannot be followed passes the check. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/pki/cert.h"
#include "proto/server.h"

static guint8 key[32];
static char *ca_pem, *leaf_pem;

/* A document that passes; its parts live as long as the test. */
typedef struct {
    char *brokers[2], *servers[2], *authorities[1];
    ProtobufCBinaryData keys[1];
    HlMsgServerDocument wire;
} Sample;

static void sample(Sample *s)
{
    *s = (Sample){ .brokers = { hl_unconst("mq.example:8883"), hl_unconst("[fd00::1]:8883") },
                   .servers = { hl_unconst("https://av.example:8843"), hl_unconst("https://[fd00::1]:8843") },
                   .authorities = { ca_pem },
                   .keys = { { sizeof key, key } },
                   .wire = HOLDLINE__V1__SERVER_DOCUMENT__INIT };
    s->wire.brokers = s->brokers;
    s->wire.n_brokers = 2;
    s->wire.servers = s->servers;
    s->wire.n_servers = 2;
    s->wire.authorities = s->authorities;
    s->wire.n_authorities = 1;
    s->wire.signing_keys = s->keys;
    s->wire.n_signing_keys = 1;
}

static void make_certificates(void)
{
    g_autoptr(HlKey) own = hl_key_generate(NULL);
    g_autoptr(HlCert) ca = hl_cert_make_ca(own, "Holdline CA", 1000, 1795385700000, NULL);
    g_autoptr(GBytes) csr = hl_csr_make(own, "e-one", NULL);
    HlCertSpec spec = { "e-one", HL_CERT_ENDPOINT, NULL, 1000, 1795385700000 };
    g_autoptr(HlCert) leaf = hl_cert_issue(ca, own, csr, &spec, NULL);

    ca_pem = hl_cert_print(ca);
    leaf_pem = hl_cert_print(leaf);
}

/* Written down: another way to compute it would be another protocol. */
static void test_digest_is_fixed(void)
{
    Sample s;
    g_autoptr(GBytes) digest = NULL;
    g_autofree char *hex = NULL;

    sample(&s);
    s.authorities[0] = hl_unconst("PEM");
    digest = hl_server_digest(&s.wire);
    hex = hl_hex(g_bytes_get_data(digest, NULL), g_bytes_get_size(digest));
    g_assert_cmpstr(hex, ==, "fb014c88f51014c54615dc146b50c325c9c34fee0c5aca0c9ae4423cc6882c48");
}

/* Nothing can be moved from one list, or entry, to another under the same digest; who and when do not matter. */
static void test_digest_tells_apart(void)
{
    Sample s;
    g_autoptr(GBytes) plain = NULL;
    g_autoptr(GBytes) same = NULL;
    g_autoptr(GBytes) fewer = NULL;
    g_autoptr(GBytes) glued = NULL;

    sample(&s);
    plain = hl_server_digest(&s.wire);
    s.wire.endpoint = hl_unconst("e-one");
    s.wire.counter = 7;
    s.wire.issued_ms = 8;
    s.wire.session = 9;
    same = hl_server_digest(&s.wire);
    g_assert_true(g_bytes_equal(plain, same));
    s.wire.n_servers = 1;
    fewer = hl_server_digest(&s.wire);
    g_assert_false(g_bytes_equal(plain, fewer));
    s.wire.n_servers = 2;
    s.servers[0] = hl_unconst("https://av.example:8843https://[fd00::1]:8843");
    s.servers[1] = hl_unconst("");
    glued = hl_server_digest(&s.wire);
    g_assert_false(g_bytes_equal(plain, glued));
}

static void refused(const Sample *s, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(hl_server_check(&s->wire, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    if (strstr(error->message, part) == NULL)
        g_error("'%s' does not say '%s'", error->message, part);
}

static void test_check(void)
{
    Sample s;
    size_t *const counts[] = { &s.wire.n_brokers, &s.wire.n_servers, &s.wire.n_authorities, &s.wire.n_signing_keys };

    sample(&s);
    g_assert_true(hl_server_check(&s.wire, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        sample(&s);
        *counts[i] = 0;
        refused(&s, "it names no");
    }
    sample(&s);
    s.brokers[1] = hl_unconst("mq.example");
    refused(&s, "'mq.example'");
    sample(&s);
    s.servers[1] = hl_unconst("http://av.example:80");
    refused(&s, "'http://av.example:80'");
    sample(&s);
    s.authorities[0] = leaf_pem;
    refused(&s, "'e-one'");
    s.authorities[0] = hl_unconst("rubbish");
    refused(&s, "an authority");
    sample(&s);
    s.keys[0].len = 0; /* protobuf knows no length that is required */
    refused(&s, "0 bytes");
}

static void test_url(void)
{
    static const char *const bad[] = { "",
                                       "av.example:8843",
                                       "http://av.example",
                                       "https://",
                                       "https://u@av.example",
                                       "https://av.example/?q",
                                       "https://av.example/#f",
                                       "https://fd00::1:8843",
                                       "https://av.example:8843/ x",
                                       "https://av.example:99999" };

    g_assert_true(hl_server_is_url("https://av.example"));
    g_assert_true(hl_server_is_url("https://av.example:8843/"));
    g_assert_true(hl_server_is_url("https://av.example:8843/holdline"));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        if (hl_server_is_url(bad[i]))
            g_error("taken: %s", bad[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < sizeof key; i++)
        key[i] = (guint8)i;
    make_certificates();
    g_test_add_func("/server/digest/fixed", test_digest_is_fixed);
    g_test_add_func("/server/digest/tells-apart", test_digest_tells_apart);
    g_test_add_func("/server/check", test_check);
    g_test_add_func("/server/url", test_url);
    return g_test_run();
}

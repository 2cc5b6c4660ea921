/* SPDX-License-Identifier: Apache-2.0 */
/* The server's identity: a certificate for other names, which has to cover what endpoints are told. */
#include <glib/gstdio.h>

#include "manager/site/names.h"
#include "manager/site/site.h"
#include "tests/support/manager_parts.h"

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    bool ok = hl_options_set(mgr_conf_table(), &parts->conf, name, value, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static json_t *ask(Parts *parts, const char *code, const char *hosts, const char *force)
{
    parts_call(parts, "server certificate", "hosts", hosts, force != NULL ? "force" : NULL, force, NULL);
    parts_commit(parts);
    return parts_expect_reply(parts, code);
}

static void expect_names(const Parts *parts, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = mgr_own_server(parts->own, &error);
    g_auto(GStrv) names = NULL;
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    names = hl_cert_names(cert);
    text = g_strjoinv(" ", names);
    g_assert_cmpstr(text, ==, expected);
}

/* Names, addresses of both families, each once; the same key; the registry has it, and who has it loaded takes it. */
static void test_certificate(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *key_path = mgr_site_path(parts->dir, "pki/server.key");
    g_autoptr(HlKey) key = hl_key_load(key_path, NULL);
    g_autoptr(json_t) first = ask(parts, "", "localhost,av.example.org,2001:db8::5,LOCALHOST", NULL);
    g_autoptr(HlCert) cert = mgr_own_server(parts->own, NULL);

    expect_names(parts, "localhost av.example.org 2001:db8::5 127.0.0.1 ::1");
    g_assert_cmpuint(parts->renewed, ==, 1);
    g_assert_true(hl_cert_has_key(cert, key));
    g_assert_cmpuint(json_array_size(json_object_get(first, "uncovered")), ==, 0);
    g_assert_nonnull(g_hash_table_lookup(parts->fleet.certificates, hl_cert_info(cert)->serial));
    parts_check_registry(parts);
}

static void test_uncovered(void)
{
    static const struct {
        const char *brokers, *url, *hosts;
        const char *uncovered; /* NULL: it is all right */
    } cases[] = {
        { "av.example.org:8883", "https://av.example.org:8843", "av.example.org", NULL },
        { "AV.Example.ORG:8883", "https://av.example.org:8843", "av.example.org", NULL },
        { "av.example.org:8883", "https://av.example.org:8843", "*.example.org", NULL },
        { "a.b.example.org:1", "https://av.example.org:8843", "*.example.org", "a.b.example.org:1" },
        { "av.example.org:8883,192.0.2.1:1", "https://av.example.org", "av.example.org", "192.0.2.1:1" },
        { "[2001:db8::5]:1", "https://[2001:db8:0::5]:8843", "2001:db8::5", NULL },
        { "[2001:db8::5]:1", "https://[2001:db8::6]:8843", "2001:db8::5", "https://[2001:db8::6]:8843" },
        { "127.0.0.1:1,old.example.org:1", "https://new.example.org:2", "x.example.org",
          "old.example.org:1, https://new.example.org:2" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        HlMsgCallReply *reply;

        set_conf(parts, "broker.addresses", cases[i].brokers);
        set_conf(parts, "http.url", cases[i].url);
        parts_call(parts, "server certificate", "hosts", cases[i].hosts, NULL);
        parts_commit(parts);
        reply = parts_reply(parts);
        g_assert_nonnull(reply);
        g_test_message("%s: %s", cases[i].hosts, reply->message);
        g_assert_cmpstr(reply->code, ==, cases[i].uncovered != NULL ? "conflict" : "");
        if (cases[i].uncovered != NULL)
            g_assert_nonnull(strstr(reply->message, cases[i].uncovered));
        hl_wire_free(reply);
        g_assert_cmpuint(parts->renewed, ==, cases[i].uncovered == NULL);
        if (cases[i].uncovered != NULL) {
            g_autoptr(json_t) forced = ask(parts, "", cases[i].hosts, "yes");

            g_assert_cmpuint(json_array_size(json_object_get(forced, "uncovered")), >, 0);
        }
    }
}

static void test_refused(void)
{
    static const char *const bad[] = { "", "localhost,", "a b", "localhost,DNS:evil", "[::1]", "fe80::1%eth0", "é" };
    g_autoptr(Parts) parts = parts_new();

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        json_decref(ask(parts, "invalid", bad[i], NULL));
    g_assert_cmpuint(parts->renewed, ==, 0);
}

/* The file cannot be written: the one before stays, and the caller is told. */
static void test_unwritable(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *path = mgr_site_path(parts->dir, "pki/server.pem");

    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    json_decref(ask(parts, "io", "localhost", NULL));
    g_assert_cmpuint(parts->renewed, ==, 0);
    g_assert_cmpint(g_rmdir(path), ==, 0);
    json_decref(ask(parts, "", "localhost", NULL));
    expect_names(parts, "localhost 127.0.0.1 ::1");
}

static void test_show(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) damaged = NULL;
    g_autoptr(json_t) whole = NULL;

    parts_call(parts, "server show", NULL);
    damaged = parts_expect_reply(parts, "");
    g_assert_nonnull(json_object_get(damaged, "certificate_error"));
    g_assert_null(json_object_get(damaged, "certificate"));
    json_decref(ask(parts, "", "localhost", NULL));
    set_conf(parts, "broker.addresses", "localhost:1,new.example.org:1");
    parts_call(parts, "server show", NULL);
    whole = parts_expect_reply(parts, "");
    g_assert_null(json_object_get(whole, "certificate_error"));
    g_assert_cmpstr(json_string_value(json_array_get(json_object_get(whole, "uncovered"), 0)), ==, "new.example.org:1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/server/certificate", test_certificate);
    g_test_add_func("/manager/server/uncovered", test_uncovered);
    g_test_add_func("/manager/server/refused", test_refused);
    g_test_add_func("/manager/server/unwritable", test_unwritable);
    g_test_add_func("/manager/server/show", test_show);
    return g_test_run();
}

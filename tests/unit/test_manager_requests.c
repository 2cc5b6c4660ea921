/* SPDX-License-Identifier: Apache-2.0 */
/* Whose signing request gets which certificate: by the name in it, and never for a key that was given up.  And what a
 * request may not have twice. */
#include <string.h>

#include "tests/support/manager_parts.h"

static void ask(Parts *parts, const char *admin, const char *call, const char *name, const char *csr,
                const char *replace, const char *code)
{
    const char *const arguments[] = { "name", name, "csr", csr, replace != NULL ? "replace" : NULL, replace, NULL };
    g_autofree char *end = NULL;

    parts_request(parts,
                  &(PartsRequest){ .admin = admin, .name = call, .arguments = arguments, .correlation = "request" });
    parts_let_finish(parts);
    end = parts_end_of(parts, "request");
    if (g_strcmp0(end, code) != 0)
        g_error("'%s' for %s: '%s', not '%s'", call, name, end != NULL ? end : "no answer", code);
}

static void create(Parts *parts, const char *name)
{
    parts_call(parts, "account create", "name", name, "role", "auditor", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* With her own key ann would be an owner. */
static void test_other_name(void)
{
    static const char *const calls[] = { "account certificate", "admin create", "monitor create", "console create" };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *ann = parts_make_csr_text_of("ann");
    guint before;

    create(parts, "ann");
    before = g_hash_table_size(parts->fleet.certificates);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        ask(parts, NULL, calls[i], i == 0 ? "admin" : "bob", ann, NULL, "invalid");
    clock_fake_advance(80 * HL_DAY);
    ask(parts, NULL, "account renew", "admin", ann, NULL, "invalid");
    g_assert_cmpuint(g_hash_table_size(parts->fleet.certificates), ==, before);
    ask(parts, NULL, "account certificate", "ann", ann, NULL, "");
    g_assert_cmpuint(g_hash_table_size(parts->fleet.certificates), ==, before + 1);
}

static void expect_said(Parts *parts, const char *call, const char *name, const char *csr, const char *said)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    parts_call(parts, call, "name", name, "csr", csr, NULL);
    parts_let_finish(parts);
    reply = parts_reply(parts);
    g_assert_nonnull(strstr(reply->message, said));
}

/* A request with the names ann and bob (openssl req -subj /CN=ann/CN=bob). */
static const char two_names[] =
    "MIHWMH4CAQAwHDEMMAoGA1UEAwwDYW5uMQwwCgYDVQQDDANib2IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASXlCRok3M6rlVj"
    "bGJtOul0UXInTtu3o2zeaPgGh8kfEPZHsS6Zxvdf3DrGQBk7XunFMPHgsU1E1ROHHtWwYiIIoAAwCgYIKoZIzj0EAwIDSAAwRQIg"
    "ZVm3c3ZdkpVzMexjhsYfriQvgeDNKVjzqd1GWZ1X7z4CIQCVYkklKNsyKvuz68FyM29U+k7bdHwDX2/huSt1rVCchw==";

/* Each refusal names what helps. */
static void test_remedies(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *ann = parts_make_csr_text_of("ann");

    create(parts, "ann");
    expect_said(parts, "admin create", "ann", ann, "'holdline account certificate ann' makes a certificate for it");
    expect_said(parts, "account certificate", "ann", two_names, "the request has no name, or several");
    parts_call(parts, "account disable", "name", "ann", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    expect_said(parts, "account certificate", "ann", ann, "'holdline account enable ann' first");
}

/* Those who renew by themselves: the name is the caller's, and the request's has to be the same. */
static void test_renewal(void)
{
    static const struct {
        const char *name, *create, *renew;
    } rows[] = { { "eye", "monitor create", "monitor renew" }, { "web", "console create", "console renew" } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *other = parts_make_csr_text_of("admin");
        g_autofree char *end = NULL;

        ask(parts, NULL, rows[i].create, rows[i].name, PARTS_CSR, NULL, "");
        clock_fake_advance(80 * HL_DAY);
        parts_ask(parts, rows[i].renew, (const char *const[]){ "csr", other, NULL }, "renew");
        parts_let_finish(parts);
        end = parts_end_of(parts, "renew");
        g_assert_cmpstr(end, ==, "invalid");
        g_clear_pointer(&end, g_free);
        parts_ask(parts, rows[i].renew, (const char *const[]){ "csr", PARTS_CSR, NULL }, "renew");
        parts_let_finish(parts);
        end = parts_end_of(parts, "renew");
        g_assert_cmpstr(end, ==, "");
    }
}

/* The key of the lost machine: neither by the call that ends its certificate nor later, nor for a name to come. */
static void test_given_up(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *lost = parts_make_csr_text_of("ann");
    g_autofree char *next = parts_make_csr_text_of("ann");

    create(parts, "ann");
    ask(parts, NULL, "account certificate", "ann", lost, NULL, "");
    ask(parts, NULL, "account certificate", "ann", lost, NULL, ""); /* the answer was lost, say */
    ask(parts, NULL, "account certificate", "ann", lost, "yes", "invalid");
    g_assert_true(mgr_fleet_has_live_name(&parts->fleet, "ann", "admin"));
    ask(parts, NULL, "account certificate", "ann", next, "yes", "");
    ask(parts, NULL, "account certificate", "ann", lost, NULL, "invalid");
    ask(parts, NULL, "account certificate", "ann", lost, "yes", "invalid");
    parts_call(parts, "account delete", "name", "ann", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    ask(parts, NULL, "admin create", "ann", next, NULL, "invalid");
    ask(parts, NULL, "admin create", "ann", PARTS_CSR, NULL, "");
    parts_check_registry(parts);
}

/* Of an argument that came twice each reader might take another one. */
static void test_twice(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_call(parts, "account create", "name", "ann", "role", "auditor", "name", "bob", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, "invalid"));
    g_assert_null(mgr_accounts_get(parts->fleet.accounts, "ann"));
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=70s", "setting", "privilege.scan=yes",
               NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/requests/other-name", test_other_name);
    g_test_add_func("/manager/requests/remedies", test_remedies);
    g_test_add_func("/manager/requests/renewal", test_renewal);
    g_test_add_func("/manager/requests/twice", test_twice);
    g_test_add_func("/manager/requests/given-up", test_given_up);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The renewal of a monitor's certificate: by the monitor alone, who may, how often, what it leaves. */
#include "tests/support/manager_parts.h"

/* How a call that comes under this name ends; NULL: it is not answered.  Caller frees. */
static char *ask(Parts *parts, const char *who, const char *name, const char *const *arguments)
{
    parts_request(parts, &(PartsRequest){ .admin = who, .name = name, .arguments = arguments, .correlation = who });
    parts_let_finish(parts);
    return parts_end_of(parts, who);
}

static void expect(Parts *parts, const char *who, const char *name, const char *const *arguments, const char *expected)
{
    g_autofree char *code = ask(parts, who, name, arguments);

    g_assert_cmpstr(code, ==, expected);
}

static guint count(const MgrCertificateRecord *list)
{
    guint n = 0;

    for (; list != NULL; list = list->next)
        n++;
    return n;
}

static void expect_certificates(const Parts *parts, guint expected)
{
    g_assert_cmpuint(count(mgr_fleet_certificates_of(&parts->fleet, "eye")), ==, expected);
}

static void test_renewal(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    const char *const created[] = { "name", "eye", "csr", csr, NULL };
    const char *const own[] = { "csr", csr, NULL };
    const char *const named[] = { "name", "admin", "csr", csr, NULL };
    const char *const eye[] = { "name", "eye", NULL };

    expect(parts, "admin", "monitor create", created, "");
    expect(parts, "eye", "monitor renew", own, "exists"); /* that one is a moment old */
    expect(parts, "admin", "monitor renew", own, "denied");
    clock_fake_advance(80 * HL_DAY);
    expect(parts, "admin", "monitor renew", own, "denied");
    expect(parts, "eye", "monitor renew", named, "invalid"); /* for oneself, and nobody else */
    expect(parts, "eye", "account renew", named, "denied");
    expect_certificates(parts, 1);
    expect(parts, "eye", "monitor renew", own, "");
    expect_certificates(parts, 2); /* the earlier one is good until its end */
    expect(parts, "eye", "monitor renew", own, "exists");
    parts_check_registry(parts);
    expect(parts, "admin", "monitor revoke", eye, "");
    clock_fake_advance(80 * HL_DAY);
    expect(parts, "eye", "monitor renew", own, NULL);
    parts_check_registry(parts);
}

/* Revoked at this moment, it gets no other by virtue of the old one. */
static void test_too_late(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    const char *const created[] = { "name", "eye", "csr", csr, NULL };
    const char *const own[] = { "csr", csr, NULL };
    const char *const eye[] = { "name", "eye", NULL };

    expect(parts, "admin", "monitor create", created, "");
    clock_fake_advance(80 * HL_DAY);
    parts_request(parts, &(PartsRequest){ .name = "monitor revoke", .arguments = eye, .correlation = "first" });
    parts_request(
        parts, &(PartsRequest){ .admin = "eye", .name = "monitor renew", .arguments = own, .correlation = "second" });
    parts_let_finish(parts);
    first = parts_end_of(parts, "first");
    second = parts_end_of(parts, "second");
    g_assert_cmpstr(first, ==, "");
    g_assert_cmpstr(second, ==, "denied");
    expect_certificates(parts, 1);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/monitor/renewal", test_renewal);
    g_test_add_func("/manager/monitor/too-late", test_too_late);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/followers: whom a rollover of the authority waits for in a registry that was restored from its
 * middle, after accounts had followed. */
#include <string.h>

#include "tests/support/child_fake.h"
#include "tests/support/succession_world.h"
#include "tests/support/timer_fake.h"

/* A call of the administrator with this certificate, which is shown (NULL: need not be). */
static void come_with(Parts *parts, const char *serial, const char *shown)
{
    parts_request(parts, &(PartsRequest){ .name = "server authority status", .certificate = serial, .shown = shown });
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    json_decref(parts_expect_reply(parts, ""));
}

/* Another machine of the administrator's, which calls with a certificate of the present authority. */
static void add_machine(Parts *parts)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "admin", NULL);
    g_autofree char *text = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    g_autoptr(json_t) answer = NULL;

    parts_call(parts, "account certificate", "name", "admin", "csr", text, NULL);
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    answer = parts_expect_reply(parts, "");
    come_with(parts, json_string_value(json_object_get(answer, "serial")), NULL);
}

/* A call with one that the next authority issued, of which the registry has nothing. */
static void come_with_lost(Parts *parts)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "admin", NULL);
    g_auto(MgrCertificateRecord) record = { 0 };
    HlCertSpec spec = { .cn = "admin", .kind = HL_CERT_ADMIN };
    g_autoptr(HlCert) cert = mgr_pki_issue_named(parts->pki, MGR_ISSUER_NEXT, csr, &spec, 730 * HL_DAY, &record, NULL);
    g_autofree char *pem = hl_cert_print(cert);

    come_with(parts, record.serial, pem);
}

/* How many machines of the administrator's are waited for; -1: the administrator is not. */
static int count_left(Parts *parts)
{
    g_autoptr(json_t) shown = NULL;
    const json_t *one;

    parts_call(parts, "server authority status", NULL);
    shown = parts_expect_reply(parts, "");
    one = json_array_get(json_object_get(shown, "people"), 0);
    return one != NULL ? (int)json_array_size(json_object_get(one, "certificates")) : -1;
}

static Parts *make_parts(guint machines)
{
    Parts *parts = succession_make_parts();

    for (guint i = 0; i < machines; i++)
        add_machine(parts);
    parts_call(parts, "server authority start", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    succession_read_lists();
    g_assert_cmpint(count_left(parts), ==, (int)machines);
    return parts;
}

/* Its old pair is overwritten, and nothing would come with it. */
static void test_followed(void)
{
    g_autoptr(Parts) parts = make_parts(1);

    come_with_lost(parts);
    g_assert_cmpint(count_left(parts), ==, -1);
    parts_check_registry(parts);
}

/* Which of the two is through cannot be told. */
static void test_one_of_two(void)
{
    g_autoptr(Parts) parts = make_parts(2);

    come_with_lost(parts);
    g_assert_cmpint(count_left(parts), ==, 2);
    come_with_lost(parts);
    g_assert_cmpint(count_left(parts), ==, -1);
}

/* A machine that was added after the restore has not followed. */
static void test_later(void)
{
    g_autoptr(Parts) parts = make_parts(1);

    come_with_lost(parts);
    clock_fake_advance(HL_DAY);
    add_machine(parts);
    g_assert_cmpint(count_left(parts), ==, 1);
}

/* Nor has one that goes on calling, beside another one whose certificate was lost. */
static void test_both_in_use(void)
{
    g_autoptr(Parts) parts = make_parts(1);
    g_autofree char *first = NULL;

    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(&parts->fleet, "admin"); record != NULL;
         record = record->next)
        if (record->used_at > 0)
            first = g_strdup(record->serial);
    g_assert_nonnull(first);
    come_with_lost(parts);
    g_assert_cmpint(count_left(parts), ==, -1);
    clock_fake_advance(2 * HL_DAY);
    come_with(parts, first, NULL);
    g_assert_cmpint(count_left(parts), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/followers/followed", test_followed);
    g_test_add_func("/manager/followers/one-of-two", test_one_of_two);
    g_test_add_func("/manager/followers/later", test_later);
    g_test_add_func("/manager/followers/both-in-use", test_both_in_use);
    return g_test_run();
}

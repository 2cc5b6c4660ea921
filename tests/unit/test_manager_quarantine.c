/* SPDX-License-Identifier: Apache-2.0 */
/* What endpoints tell of their quarantines: the last word counts, is listed, and goes with the endpoint. */
#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "tests/support/manager_parts.h"

static Parts *parts_with_two(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    clock_fake_advance(HL_DAY);
    parts_birth(parts, "e-one", 1);
    parts_birth(parts, "e-two", 1);
    parts_commit(parts);
    return parts;
}

/* The n newest of `total` files. */
static void tell(Parts *parts, const char *endpoint, uint64_t seq, guint n, uint64_t total)
{
    static guint8 digest[HL_DIGEST_SIZE] = { 0xab };
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgQuarantine body = HOLDLINE__V1__QUARANTINE__INIT;
    HlMsgQuarantinedFile files[2];
    HlMsgQuarantinedFile *rows[] = { &files[0], &files[1] };

    for (guint i = 0; i < n; i++) {
        files[i] = (HlMsgQuarantinedFile)HOLDLINE__V1__QUARANTINED_FILE__INIT;
        files[i].id = hl_unconst(i == 0 ? "q-a" : "q-b");
        files[i].path = hl_unconst("/home/u/x");
        files[i].size = 68;
        files[i].sha256 = (ProtobufCBinaryData){ sizeof digest, digest };
        files[i].signature = hl_unconst("Eicar");
        files[i].taken_ms = hl_clock_wall() - i * HL_HOUR;
    }
    body.files = rows;
    body.n_files = n;
    body.total = total;
    report.body_case = HOLDLINE__V1__REPORT__BODY_QUARANTINE;
    report.quarantine = &body;
    parts_report(parts, endpoint, seq, &report);
    parts_commit(parts);
}

static json_t *list(Parts *parts, const char *selector)
{
    if (selector != NULL)
        parts_call(parts, "quarantine list", "selector", selector, NULL);
    else
        parts_call(parts, "quarantine list", NULL);
    return parts_expect_reply(parts, "");
}

static void check_list(Parts *parts, const char *selector, gsize files, json_int_t total)
{
    g_autoptr(json_t) reply = list(parts, selector);

    g_assert_cmpuint(json_array_size(json_object_get(reply, "files")), ==, files);
    g_assert_cmpint(json_integer_value(json_object_get(reply, "total")), ==, total);
}

static void test_told(void)
{
    Parts *parts = parts_with_two();
    const json_t *first;
    g_autoptr(json_t) reply = NULL;

    check_list(parts, "all", 0, 0);
    tell(parts, "e-one", 1, 2, 2);
    tell(parts, "e-two", 1, 1, 5);
    check_list(parts, "all", 3, 7);
    check_list(parts, NULL, 3, 7);
    reply = list(parts, "e-one");
    first = json_array_get(json_object_get(reply, "files"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(first, "id")), ==, "q-a"); /* the latest */
    g_assert_cmpstr(json_string_value(json_object_get(first, "endpoint")), ==, "e-one");
    g_assert_true(g_str_has_prefix(json_string_value(json_object_get(first, "sha256")), "ab00"));
    tell(parts, "e-one", 2, 1, 1); /* in place of what it told before */
    check_list(parts, "e-one", 1, 1);
    tell(parts, "e-one", 3, 0, 0);
    check_list(parts, "e-one", 0, 0);
    check_list(parts, "all", 1, 5);
    parts_check_registry(parts);
    parts_free(parts);
}

static void test_not_stored(void)
{
    Parts *parts = parts_with_two();

    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    tell(parts, "e-one", 1, 2, 2);
    check_list(parts, "all", 0, 0);
    tell(parts, "e-one", 1, 2, 2); /* it is sent again */
    check_list(parts, "all", 2, 2);
    parts_free(parts);
}

static void test_removed(void)
{
    Parts *parts = parts_with_two();

    tell(parts, "e-one", 1, 2, 2);
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    check_list(parts, "all", 0, 0);
    parts_check_registry(parts);
    parts_free(parts);
}

/* A command whose scope means nothing is refused where it is given, not on a thousand PCs. */
static void test_scope(void)
{
    static const struct {
        const char *call, *scope, *code;
    } rows[] = {
        { "quarantine restore", "sha256:12", "invalid" },
        { "quarantine delete", "", "invalid" },
        { "quarantine restore", "all", "" },
        { "scan", "home", "invalid" },
        { "scan", "/home,/srv", "" },
    };
    Parts *parts = parts_with_two();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        parts_call(parts, rows[i].call, "selector", "e-one", "scope", rows[i].scope, NULL);
        parts_commit(parts);
        json_decref(parts_expect_reply(parts, rows[i].code));
    }
    parts_free(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/quarantine/told", test_told);
    g_test_add_func("/manager/quarantine/not-stored", test_not_stored);
    g_test_add_func("/manager/quarantine/removed", test_removed);
    g_test_add_func("/manager/quarantine/scope", test_scope);
    return g_test_run();
}

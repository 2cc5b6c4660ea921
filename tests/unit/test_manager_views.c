/* SPDX-License-Identifier: Apache-2.0 */
/* Saved views: everybody's own, checked and bounded, and gone with the account. */
#include <string.h>

#include "manager/daemon/calls/view_calls.h"
#include "tests/support/manager_parts.h"

#define CALLER "zoe"

static void add_account(Parts *parts)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, "admin create", "name", CALLER, "csr", csr, "role", "auditor", NULL);
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    timer_fake_advance(6 * HL_SECOND);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

static json_t *ask(Parts *parts, const char *who, const char *name, const char *const *words, const char *expected)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    parts_request(parts, &(PartsRequest){ .admin = who, .name = name, .arguments = words });
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, who, &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, expected);
    return json_loads(reply->json, 0, NULL);
}

#define ASK(parts, who, expected, name, ...) \
    json_decref(ask(parts, who, name, (const char *const[]){ __VA_ARGS__, NULL }, expected))

/* "name=filter;...". */
static char *views_of(Parts *parts, const char *who)
{
    g_autoptr(json_t) answer = ask(parts, who, "view list", NULL, "");
    GString *text = g_string_new(NULL);
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "views"), i, row)
        g_string_append_printf(text, "%s=%s;", json_string_value(json_object_get(row, "name")),
                               json_string_value(json_object_get(row, "filter")));
    return g_string_free(text, FALSE);
}

static void expect_views(Parts *parts, const char *who, const char *expected)
{
    g_autofree char *views = views_of(parts, who);

    g_assert_cmpstr(views, ==, expected);
}

static void test_own(void)
{
    g_autoptr(Parts) parts = parts_new();

    add_account(parts);
    ASK(parts, "admin", "", "view set", "name", "東京 off", "filter", "offline", "sort", "-last_seen", "fields",
        "host,settings");
    ASK(parts, CALLER, "", "view set", "name", "mine");
    expect_views(parts, "admin", "東京 off=offline;");
    expect_views(parts, CALLER, "mine=;");
    ASK(parts, "admin", "", "view set", "name", "東京 off", "filter", "outdated"); /* in its place */
    expect_views(parts, "admin", "東京 off=outdated;");
    ASK(parts, CALLER, "not-found", "view delete", "name", "東京 off"); /* somebody else's */
    ASK(parts, "admin", "", "view delete", "name", "東京 off");
    expect_views(parts, "admin", "");
    expect_views(parts, CALLER, "mine=;");
}

static void test_refused(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *long_one = g_strnfill(1001, 'x');

    ASK(parts, "admin", "invalid", "view set", "name", "");
    ASK(parts, "admin", "invalid", "view set", "name", "x\u202ey");
    ASK(parts, "admin", "invalid", "view set", "name", ".");
    ASK(parts, "admin", "invalid", "view set", "name", "..");
    ASK(parts, "admin", "not-found", "view delete", "name", ".."); /* one from before can go */
    ASK(parts, "admin", "invalid", "view set", "name", "x", "filter", "(");
    ASK(parts, "admin", "invalid", "view set", "name", "x", "filter", long_one);
    ASK(parts, "admin", "invalid", "view set", "name", "x", "sort", "colour");
    ASK(parts, "admin", "invalid", "view set", "name", "x", "fields", "host,colour");
    expect_views(parts, "admin", "");
}

/* So many of an account; one that is there can still be changed, and others have room. */
static void test_bounds(void)
{
    g_autoptr(Parts) parts = parts_new();

    add_account(parts);
    for (guint i = 0; i < MGR_MAX_VIEWS; i++) {
        g_autofree char *name = g_strdup_printf("v-%u", i);

        ASK(parts, "admin", "", "view set", "name", name);
    }
    ASK(parts, "admin", "quota", "view set", "name", "more");
    ASK(parts, "admin", "", "view set", "name", "v-0", "filter", "offline");
    ASK(parts, CALLER, "", "view set", "name", "more");
    ASK(parts, "admin", "", "view delete", "name", "v-1");
    ASK(parts, "admin", "", "view set", "name", "more");
}

/* Who has the name later does not find them. */
static void test_gone(void)
{
    g_autoptr(Parts) parts = parts_new();

    add_account(parts);
    ASK(parts, CALLER, "", "view set", "name", "mine");
    parts_call(parts, "account delete", "name", CALLER, NULL);
    for (guint i = 0; i < 3; i++) {
        parts_commit(parts);
        timer_fake_advance(6 * HL_SECOND);
    }
    json_decref(parts_expect_reply(parts, ""));
    add_account(parts);
    expect_views(parts, CALLER, "");
    parts_check_registry(parts);
}

/* It is not told that it has too many. */
static void test_deleted_meanwhile(void)
{
    static const char *const words[] = { "name", "mine", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgCallReply) reply = NULL;

    add_account(parts);
    parts_call(parts, "account delete", "name", CALLER, NULL);
    parts_request(parts, &(PartsRequest){ .admin = CALLER, .name = "view set", .arguments = words });
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, "not-found");
    g_assert_cmpstr(reply->message, ==, "the account '" CALLER "' was deleted a moment ago");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/views/own", test_own);
    g_test_add_func("/manager/views/refused", test_refused);
    g_test_add_func("/manager/views/bounds", test_bounds);
    g_test_add_func("/manager/views/gone", test_gone);
    g_test_add_func("/manager/views/deleted-meanwhile", test_deleted_meanwhile);
    return g_test_run();
}

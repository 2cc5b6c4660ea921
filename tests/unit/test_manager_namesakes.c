/* SPDX-License-Identifier: Apache-2.0 */
/* What is one's own: of this person, and not of an earlier one of the same name. */
#include <string.h>

#include "tests/support/manager_parts.h"

#define CALLER "zoe"

static void add_caller(Parts *parts)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, "admin create", "name", CALLER, "csr", csr, "role", "operator", NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

static void expect(Parts *parts, const char *who, const char *name, const char *argument, const char *value,
                   const char *expected)
{
    g_autofree char *code = NULL;

    parts_request(parts, &(PartsRequest){ .admin = who,
                                          .name = name,
                                          .arguments = (const char *const[]){ argument, value, NULL },
                                          .correlation = who });
    parts_let_finish(parts);
    code = parts_end_of(parts, who);
    g_assert_cmpstr(code, ==, expected);
}

static char *issue_as_caller(Parts *parts)
{
    g_autoptr(json_t) document = NULL;
    g_autoptr(HlMsgCallReply) reply = NULL;

    bus_fake_forget(parts->bus);
    parts_request(parts, &(PartsRequest){ .admin = CALLER,
                                          .name = "update-now",
                                          .arguments = (const char *const[]){ "selector", "e-one", NULL } });
    parts_commit(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    document = hl_json_parse("reply", reply->json, strlen(reply->json), NULL);
    return g_strdup(json_string_value(json_object_get(document, "id")));
}

/* An operator takes back what they asked for, and nobody else's; an administrator any. */
static void test_cancel(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *of_admin = NULL;
    g_autofree char *own = NULL;

    parts_add_endpoint(parts, "e-one");
    add_caller(parts);
    of_admin = parts_issue(parts, "e-one");
    own = issue_as_caller(parts);
    expect(parts, CALLER, "command cancel", "command", of_admin, "denied");
    clock_fake_advance(HL_MINUTE);
    expect(parts, "admin", "account delete", "name", CALLER, "");
    add_caller(parts); /* somebody else */
    expect(parts, CALLER, "command cancel", "command", own, "denied");
    g_free(own);
    own = issue_as_caller(parts);
    expect(parts, CALLER, "command cancel", "command", own, "");
    expect(parts, "admin", "command cancel", "command", of_admin, "");
}

/* A clock that was ahead when the account was made does not take from them what they begin once it is right. */
static void test_clock_was_ahead(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *own = NULL;

    parts_add_endpoint(parts, "e-one");
    clock_fake_jump_wall(365 * HL_DAY);
    add_caller(parts);
    clock_fake_jump_wall(-365 * HL_DAY);
    own = issue_as_caller(parts);
    expect(parts, CALLER, "command cancel", "command", own, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/namesakes/cancel", test_cancel);
    g_test_add_func("/manager/namesakes/clock-was-ahead", test_clock_was_ahead);
    return g_test_run();
}

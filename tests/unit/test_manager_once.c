/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked once is done once: keys of calls (manager/daemon/calls/once), also across a restart and a kill between
 * any two commits; bounded, and without secrets in the registry. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/daemon/calls/once.h"
#include "tests/support/call_samples.h"
#include "tests/support/manager_parts.h"
#include "tests/support/sender_fake.h"

#define KEY "8e03978e-40d5-43dd-bc93-6894a57f9324"

static void let_finish(Parts *parts)
{
    for (guint i = 0; i < 4; i++) {
        parts_commit(parts);
        while (parts->dials->len > 0)
            parts_end_dial(parts, MGR_REACH_REFUSED);
        timer_fake_advance(6 * HL_SECOND);
        mgr_record_flush(parts->record);
    }
    parts_commit(parts);
}

static void ask_as(Parts *parts, const char *admin, const char *once, const char *name, const char *const *words)
{
    parts_request(parts, &(PartsRequest){ .admin = admin, .name = name, .arguments = words, .once = once });
}

static HlMsgCallReply *reply_to(Parts *parts, const char *admin)
{
    return parts_take(parts, HL_TOPIC_ADMIN_REPLY, admin, &holdline__v1__call_reply__descriptor);
}

/* Asks, commits and takes the answer: its document as text, or the error's code.  Caller frees. */
static char *answer_to(Parts *parts, const char *once, const char *name, const char *const *words)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    ask_as(parts, NULL, once, name, words);
    let_finish(parts);
    reply = reply_to(parts, "admin");
    g_assert_nonnull(reply);
    return g_strdup(*reply->code != '\0' ? reply->code : reply->json);
}

static void expect(Parts *parts, const char *once, const char *name, const char *const *words, const char *expected)
{
    g_autofree char *answer = answer_to(parts, once, name, words);

    g_assert_cmpstr(answer, ==, expected);
}

/* Of what is committed. */
static int64_t count(const Parts *parts, const char *sql)
{
    int64_t n = -1;
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_db_query_int(mgr_record_committed(parts->record), 0, &n, &error, sql, ""));
    return n;
}

/* What a manager that starts now knows of the key: "first", "again JSON", or the error's code.  Caller frees. */
static char *after_restart(Parts *parts, const char *name, const char *const *words)
{
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    HlMsgArgument arguments[MAX_WORDS];
    HlMsgArgument *pointers[MAX_WORDS];
    g_auto(MgrCaller) caller = { 0 };
    g_auto(MgrOnceAnswer) answer = { 0 };
    g_autoptr(GError) error = NULL;
    MgrClaim *claim = NULL;

    for (; words[2 * message.n_arguments] != NULL; message.n_arguments++) {
        HlMsgArgument *argument = pointers[message.n_arguments] = &arguments[message.n_arguments];

        *argument = (HlMsgArgument)HOLDLINE__V1__ARGUMENT__INIT;
        argument->name = hl_unconst(words[2 * message.n_arguments]);
        argument->value = hl_unconst(words[2 * message.n_arguments + 1]);
    }
    message.name = hl_unconst(name);
    message.arguments = pointers;
    message.once = hl_unconst(KEY);
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    switch (mgr_once_claim(once, &caller, NULL, &message, hl_clock_wall(), &claim, &answer, &error)) {
    case MGR_ONCE_FIRST:
        mgr_claim_end(claim, MGR_CLAIM_UNDONE);
        return g_strdup("first");
    case MGR_ONCE_AGAIN:
        return g_strdup_printf("again %s%s", answer.code, answer.json);
    case MGR_ONCE_REFUSED:
        return g_strdup(hl_error_name(hl_error_code(error)));
    }
    g_assert_not_reached();
}

static const char *const sales[] = { "name", "sales", "setting", "line.heartbeat=5m", NULL };
static const char *const spare[] = { "name", "spare", NULL };

/* The same answer, byte for byte, and nothing in registry or audit log; also from the next manager. */
static void test_again(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *first = answer_to(parts, KEY, "group create", sales);
    g_autofree char *later = NULL;
    g_autofree char *other = NULL;
    int64_t rows = count(parts, "SELECT count(*) FROM audit");

    g_assert_true(g_str_has_prefix(first, "{"));
    expect(parts, NULL, "group delete", (const char *const[]){ "name", "sales", NULL }, "{}");
    expect(parts, KEY, "group create", sales, first);
    g_assert_null(mgr_fleet_group(&parts->fleet, "sales"));
    g_assert_cmpint(count(parts, "SELECT count(*) FROM audit"), ==, rows + 1);
    later = after_restart(parts, "group create", sales);
    g_assert_true(g_str_has_prefix(later, "again {") && strcmp(later + strlen("again "), first) == 0);
    other = after_restart(parts, "group create", spare);
    g_assert_cmpstr(other, ==, "exists");
    parts_check_registry(parts);
}

/* A list of the whole fleet is made again, and nothing of it kept; asked twice at once, the first ends in words. */
static void test_stream(void)
{
    static const char *const none[] = { NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *first = NULL;
    g_autofree char *again = NULL;

    ask_as(parts, NULL, KEY, "snapshot", none);
    ask_as(parts, NULL, "another", "snapshot", none);
    let_finish(parts);
    first = answer_to(parts, KEY, "snapshot", none);
    again = answer_to(parts, KEY, "endpoint list", none);
    g_assert_nonnull(strstr(first, "\"endpoints\""));
    g_assert_nonnull(strstr(again, "\"endpoints\""));
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 0);
}

/* One key is for one request of one account. */
static void test_other(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autofree char *first = answer_to(parts, KEY, "group create", sales);
    g_autoptr(HlMsgCallReply) reply = NULL;

    g_assert_cmpstr(first, !=, "exists");
    expect(parts, KEY, "group create", spare, "exists");
    expect(parts, KEY, "group delete", (const char *const[]){ "name", "sales", NULL }, "exists");
    g_assert_null(mgr_fleet_group(&parts->fleet, "spare"));
    parts_call(parts, "admin create", "name", "zoe", "csr", csr, "role", "administrator", NULL);
    let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    ask_as(parts, "zoe", KEY, "group create", spare);
    let_finish(parts);
    reply = reply_to(parts, "zoe");
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_nonnull(mgr_fleet_group(&parts->fleet, "spare"));
}

static void make_account(Parts *parts, const char *name)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    clock_fake_advance(HL_MINUTE);
    parts_call(parts, "admin create", "name", name, "csr", csr, "role", "administrator", NULL);
    let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* The code of what zoe is answered.  Caller frees. */
static char *zoe_asks(Parts *parts, const char *const *words)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    ask_as(parts, "zoe", KEY, "group create", words);
    let_finish(parts);
    reply = reply_to(parts, "zoe");
    return g_strdup(reply->code);
}

/* An account that is deleted leaves no keys, neither in the registry nor for who has its name later. */
static void test_deleted(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    make_account(parts, "zoe");
    before = zoe_asks(parts, sales);
    g_assert_cmpstr(before, ==, "");
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 1);
    g_free(answer_to(parts, NULL, "account delete", (const char *const[]){ "name", "zoe", NULL }));
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 0);
    make_account(parts, "zoe");
    after = zoe_asks(parts, spare);
    g_assert_cmpstr(after, ==, "");
    g_assert_nonnull(mgr_fleet_group(&parts->fleet, "spare"));
}

/* The same of one that is deleted while it asks. */
static void test_deleted_under_way(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *after = NULL;

    make_account(parts, "zoe");
    ask_as(parts, NULL, NULL, "account delete", (const char *const[]){ "name", "zoe", NULL });
    ask_as(parts, "zoe", KEY, "group create", sales);
    let_finish(parts);
    hl_wire_free(reply_to(parts, "zoe"));
    hl_wire_free(reply_to(parts, "admin"));
    make_account(parts, "zoe");
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 0);
    after = zoe_asks(parts, spare);
    g_assert_cmpstr(after, ==, "");
}

static void test_bad_keys(void)
{
    g_autofree char *long_one = g_strnfill(200, 'x');
    g_autoptr(Parts) parts = parts_new();

    expect(parts, "two words", "group create", sales, "invalid");
    expect(parts, "schl\xc3\xbcssel", "group create", sales, "invalid");
    expect(parts, "line\n", "group create", sales, "invalid");
    g_assert_null(mgr_fleet_group(&parts->fleet, "sales"));
    g_free(answer_to(parts, long_one, "group create", sales));
    g_assert_nonnull(mgr_fleet_group(&parts->fleet, "sales"));
}

/* While the first is under way a second one is refused, and not done beside it. */
static void test_under_way(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgCallReply) early = NULL;
    g_autoptr(HlMsgCallReply) first = NULL;

    ask_as(parts, NULL, KEY, "group create", sales);
    ask_as(parts, NULL, KEY, "group create", sales);
    early = reply_to(parts, "admin");
    g_assert_cmpstr(early->code, ==, "exists");
    g_assert_nonnull(strstr(early->message, "still under way"));
    g_assert_true(early->again);
    let_finish(parts);
    first = reply_to(parts, "admin");
    g_assert_cmpstr(first->code, ==, "");
    g_assert_false(first->again);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM audit WHERE code = 'exists'"), ==,
                    0); /* asked again, not refused */
    expect(parts, KEY, "group create", sales, first->json);
}

/* What did nothing may be asked again with its key. */
static void test_failed(void)
{
    g_autoptr(Parts) parts = parts_new();

    g_free(answer_to(parts, NULL, "group create", sales));
    expect(parts, KEY, "group create", sales, "exists");
    expect(parts, NULL, "group delete", (const char *const[]){ "name", "sales", NULL }, "{}");
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    expect(parts, KEY, "group create", sales, "full");
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 0);
    g_free(answer_to(parts, KEY, "group create", sales));
    g_assert_nonnull(mgr_fleet_group(&parts->fleet, "sales"));
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 1);
}

/* Killed after the change and before its answer: it is not done again, and who asks is told so. */
static void test_killed_between(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *before = NULL;
    g_autofree char *between = NULL;

    before = after_restart(parts, "group create", sales);
    g_assert_cmpstr(before, ==, "first");
    ask_as(parts, NULL, KEY, "group create", sales);
    writer_fake_commit(parts->writer, 1);
    g_assert_nonnull(mgr_fleet_group(&parts->fleet, "sales"));
    g_assert_null(reply_to(parts, "admin")); /* not before the answer is kept */
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once WHERE answer IS NULL"), ==, 1);
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_IO); /* the answer is lost with the manager */
    between = after_restart(parts, "group create", sales);
    g_assert_cmpstr(between, ==, "exists");
}

/* The same where it failed before its row of the audit log was written, with the note of the key. */
static void test_failed_early(void)
{
    static const char *const it[] = { "name", "it", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autofree char *later = NULL;

    g_free(answer_to(parts, NULL, "notification set",
                     (const char *const[]){ "name", "it", "setting", "to=syslog:", NULL }));
    ask_as(parts, NULL, KEY, "notification test", it);
    sender_fake_end(NULL, "it is away");
    reply = reply_to(parts, "admin");
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, !=, "");
    let_finish(parts);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM audit WHERE call = 'notification test'"), >, 0);
    later = after_restart(parts, "notification test", it);
    g_assert_cmpstr(later, ==, "first");
    ask_as(parts, NULL, KEY, "notification test", it); /* at the same moment, of which the clock knows no other */
    sender_fake_end(NULL, "it is away");
    ask_as(parts, NULL, KEY, "notification test", it);
    parts_commit(parts);
    sender_fake_end("ok", NULL);
    let_finish(parts);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once WHERE answer IS NOT NULL"), ==, 1);
}

/* A decision about a clone is in the registry with its key, and a manager that starts then knows both. */
static void test_clone(void)
{
    static const char *const one[] = { "endpoint", "e-one", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *between = NULL;
    MgrEndpoint *endpoint = parts_add_endpoint(parts, "e-one");

    endpoint->record.presence.clone = MGR_CLONE_SUSPECTED;
    endpoint->record.presence.other_machine = 7;
    ask_as(parts, NULL, KEY, "endpoint clone keep", one);
    g_assert_cmpint(endpoint->record.presence.clone, ==, MGR_CLONE_SUSPECTED);
    writer_fake_commit(parts->writer, 1);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 1);
    g_assert_cmpint(count(parts, "SELECT clone FROM presence"), ==, MGR_CLONE_KEPT);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM history WHERE what = 'clone'"), ==, 1);
    writer_fake_fail_at(parts->writer, 1, HL_ERROR_IO); /* the answer is lost with the manager */
    between = after_restart(parts, "endpoint clone keep", one);
    g_assert_cmpstr(between, ==, "exists");
    g_assert_cmpint(endpoint->record.presence.clone, ==, MGR_CLONE_KEPT);
}

/* Where the answer cannot be kept the caller gets it all the same; asked again it is not known, and not done. */
static void test_unkept(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *first = NULL;

    writer_fake_fail_at(parts->writer, 2, HL_ERROR_FULL);
    first = answer_to(parts, KEY, "group create", sales);
    g_assert_true(g_str_has_prefix(first, "{"));
    expect(parts, KEY, "group create", sales, "exists");
}

/* A token's text is told again while this manager runs, and is not in the registry; nor is a password's hash but the
 * slow one. */
static void test_secrets(void)
{
    static const char *const token[] = { "name", "report", NULL };
    static const char *const one[] = { "name", "admin", "password", "correct horse battery", NULL };
    static const char *const two[] = { "name", "admin", "password", "correct horse shoe", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *first = answer_to(parts, KEY, "token create", token);
    g_autofree char *later = NULL;

    g_assert_nonnull(strstr(first, MGR_TOKEN_PREFIX));
    expect(parts, KEY, "token create", token, first);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once WHERE answer IS NULL"), ==, 1);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM pass"), ==, 1);
    later = after_restart(parts, "token create", token);
    g_assert_cmpstr(later, ==, "exists");
    expect(parts, "another", "account password", one, "{\"sessions\":0,\"tokens\":1}");
    expect(parts, "another", "account password", two, "exists");
    expect(parts, "another", "account password", one, "{\"sessions\":0,\"tokens\":1}");
    expect(parts, "yet-another", "account password", two, "{\"sessions\":0,\"tokens\":1}");
    g_assert_cmpint(count(parts, "SELECT count(DISTINCT digest) FROM once"), ==, 2); /* both passwords have one */
}

/* Whether the password is the one of before is not known after a restart, so neither is told that it was set. */
static void test_secret_restarted(void)
{
    static const char *const one[] = { "name", "admin", "password", "correct horse battery", NULL };
    static const char *const two[] = { "name", "admin", "password", "correct horse shoe", NULL };
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *same = NULL;
    g_autofree char *other = NULL;

    expect(parts, KEY, "account password", one, "{\"sessions\":0,\"tokens\":0}");
    same = after_restart(parts, "account password", one);
    other = after_restart(parts, "account password", two);
    g_assert_cmpstr(same, ==, "exists");
    g_assert_cmpstr(other, ==, "exists");
}

/* A certificate is told again to who asked for it, and not to who has another key pair. */
static void test_request_restarted(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = parts_make_csr_text_of("zoe");
    g_autofree char *another = parts_make_csr_text_of("zoe");
    const char *const one[] = { "name", "zoe", "csr", csr, "role", "operator", NULL };
    const char *const two[] = { "name", "zoe", "csr", another, "role", "operator", NULL };
    g_autofree char *first = answer_to(parts, KEY, "admin create", one);
    g_autofree char *same = after_restart(parts, "admin create", one);
    g_autofree char *other = after_restart(parts, "admin create", two);

    g_assert_true(g_str_has_prefix(same, "again {") && strcmp(same + strlen("again "), first) == 0);
    g_assert_cmpstr(other, ==, "exists");
}

/* What one token is told is not told to another one of the account. */
static void test_pass(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_auto(MgrCaller) caller = { 0 };
    g_auto(MgrOnceAnswer) answer = { 0 };
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    g_autoptr(GError) error = NULL;
    MgrClaim *claim = NULL;

    message.name = hl_unconst("token create");
    message.once = hl_unconst(KEY);
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    g_assert_cmpint(mgr_once_claim(once, &caller, "t-1", &message, hl_clock_wall(), &claim, &answer, &error), ==,
                    MGR_ONCE_FIRST);
    mgr_claim_keep(claim, set, NULL, NULL);
    mgr_claim_end(claim, MGR_CLAIM_DONE);
    g_assert_cmpint(mgr_once_claim(once, &caller, "t-2", &message, hl_clock_wall(), &claim, &answer, &error), ==,
                    MGR_ONCE_REFUSED);
    g_assert_cmpint(mgr_once_claim(once, &caller, "t-1", &message, hl_clock_wall(), &claim, &answer, NULL), ==,
                    MGR_ONCE_AGAIN);
}

/* A person who had to sign in again is told the answer, and it is not done twice; a token of the account, or one of its
 * certificates, is told nothing. */
static void test_signed_in_again(void)
{
    static const struct {
        const char *pass;
        MgrOnceResult result;
    } cases[] = {
        { "s-1", MGR_ONCE_AGAIN }, { "s-2", MGR_ONCE_AGAIN }, { "t-1", MGR_ONCE_REFUSED }, { NULL, MGR_ONCE_REFUSED }
    };
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_auto(MgrCaller) caller = { 0 };
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    g_auto(MgrOnceAnswer) first = { 0 };
    MgrClaim *claim = NULL;

    message.name = hl_unconst("token create");
    message.once = hl_unconst(KEY);
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    g_assert_cmpint(mgr_once_claim(once, &caller, "s-1", &message, hl_clock_wall(), &claim, &first, NULL), ==,
                    MGR_ONCE_FIRST);
    mgr_claim_keep(claim, set, NULL, NULL);
    mgr_claim_end(claim, MGR_CLAIM_DONE);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MgrOnceAnswer) answer = { 0 };

        g_assert_cmpint(mgr_once_claim(once, &caller, cases[i].pass, &message, hl_clock_wall(), &claim, &answer, NULL),
                        ==, cases[i].result);
    }
}

/* A key for one-time codes takes the place of the one before, so each request is answered with its own. */
static void test_code(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    g_free(answer_to(parts, NULL, "account password",
                     (const char *const[]){ "name", "admin", "password", "correct horse battery", NULL }));
    first = answer_to(parts, KEY, "code create", (const char *const[]){ NULL });
    second = answer_to(parts, KEY, "code create", (const char *const[]){ NULL });
    g_assert_nonnull(strstr(first, "otpauth:"));
    g_assert_nonnull(strstr(second, "otpauth:"));
    g_assert_cmpstr(first, !=, second);
}

/* A list that goes out in parts; how much of it is held and kept. */
static void test_long(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    g_autofree char *text = g_strnfill(MGR_ONCE_MAX_ANSWER / 4, 'x');
    g_autoptr(json_t) part = json_pack("{s:[s]}", "rows", text);
    json_t *row = json_array_get(json_object_get(part, "rows"), 0);
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_auto(MgrCaller) caller = { 0 };
    g_auto(MgrOnceAnswer) answer = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    MgrClaim *claim = NULL;

    message.name = hl_unconst("token create"); /* even of one that is in memory alone */
    message.once = hl_unconst(KEY);
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    g_assert_cmpint(mgr_once_claim(once, &caller, NULL, &message, hl_clock_wall(), &claim, &answer, &error), ==,
                    MGR_ONCE_FIRST);
    for (guint i = 0; i < 3; i++)
        mgr_claim_gather(claim, part, strlen(text));
    g_assert_cmpuint(row->refcount, ==, 4);
    for (guint i = 0; i < 3; i++)
        mgr_claim_gather(claim, part, strlen(text));
    g_assert_cmpuint(row->refcount, ==, 1); /* nothing is held */
    mgr_claim_keep(claim, set, NULL, NULL);
    mgr_claim_end(claim, MGR_CLAIM_DONE);
    g_assert_cmpint(mgr_once_claim(once, &caller, NULL, &message, hl_clock_wall(), &claim, &answer, &error), ==,
                    MGR_ONCE_REFUSED);
    g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_EXISTS);
}

/* Every call that a console may make, twice with one key: the second time there is the same answer, and nothing to
 * write. */
static void test_every_call(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *first = NULL;
        g_autofree char *second = NULL;
        int64_t rows;

        if (strcmp(calls[i].name, "session create") == 0 || strcmp(calls[i].name, "console renew") == 0 ||
            strcmp(calls[i].name, "command watch") == 0)
            continue;
        g_test_message("%s", calls[i].name);
        parts_add_group(parts, "spare", NULL);
        parts_add_endpoint(parts, "e-one");
        first = answer_to(parts, KEY, calls[i].name, calls[i].arguments);
        if (*first != '{')
            continue; /* it failed, and gave its key back */
        while (bus_fake_take(parts->bus, "holdline/v1/admin/reply/admin") != NULL)
            continue;
        rows = count(parts, "SELECT count(*) FROM audit");
        second = answer_to(parts, KEY, calls[i].name, calls[i].arguments);
        g_assert_cmpint(*second, ==, '{');
        g_assert_cmpint(count(parts, "SELECT count(*) FROM audit"), ==, rows);
        parts_check_registry(parts);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/once/again", test_again);
    g_test_add_func("/manager/once/stream", test_stream);
    g_test_add_func("/manager/once/other", test_other);
    g_test_add_func("/manager/once/deleted", test_deleted);
    g_test_add_func("/manager/once/deleted-under-way", test_deleted_under_way);
    g_test_add_func("/manager/once/bad-keys", test_bad_keys);
    g_test_add_func("/manager/once/under-way", test_under_way);
    g_test_add_func("/manager/once/failed", test_failed);
    g_test_add_func("/manager/once/killed-between", test_killed_between);
    g_test_add_func("/manager/once/failed-early", test_failed_early);
    g_test_add_func("/manager/once/clone", test_clone);
    g_test_add_func("/manager/once/unkept", test_unkept);
    g_test_add_func("/manager/once/secrets", test_secrets);
    g_test_add_func("/manager/once/secret-restarted", test_secret_restarted);
    g_test_add_func("/manager/once/request-restarted", test_request_restarted);
    g_test_add_func("/manager/once/pass", test_pass);
    g_test_add_func("/manager/once/signed-in-again", test_signed_in_again);
    g_test_add_func("/manager/once/code", test_code);
    g_test_add_func("/manager/once/long", test_long);
    g_test_add_func("/manager/once/every-call", test_every_call);
    return g_test_run();
}

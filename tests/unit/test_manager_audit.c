/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the audit log: each change with its change, each refusal, nothing of those who look; bounded, without
 * secrets, and always a whole chain. */
#include <string.h>

#include "lib/store/stmt.h"
#include "manager/core/quota.h"
#include "manager/store/audit.h"
#include "tests/support/call_samples.h"
#include "tests/support/manager_parts.h"

static void let_finish(Parts *parts)
{
    for (guint i = 0; i < 3; i++) {
        parts_commit(parts);
        while (parts->dials->len > 0)
            parts_end_dial(parts, MGR_REACH_REFUSED);
        timer_fake_advance(6 * HL_SECOND);
        mgr_record_flush(parts->record);
    }
    parts_commit(parts);
}

typedef struct {
    MgrAuditHead head;
    GString *out;
} Walk;

static void on_row(MgrAuditRecord *record, gpointer user)
{
    Walk *walk = user;

    g_assert_true(mgr_audit_follow(&walk->head, record, NULL));
    g_string_append_printf(walk->out, "%s: %s %s|%s\n", record->account, record->call, record->arguments, record->code);
}

/* All rows since the last call of this; the whole chain is checked each time. */
static char *rows_since(Parts *parts, gsize *from)
{
    Walk walk = { .out = g_string_new(NULL) };
    char *fresh;

    g_assert_true(
        mgr_registry_list_audit(mgr_record_reader(parts->record), &(MgrAuditFilter){ 0 }, on_row, &walk, NULL));
    fresh = g_strdup(walk.out->str + *from);
    *from = walk.out->len;
    g_string_free(walk.out, TRUE);
    mgr_audit_head_clear(&walk.head);
    return fresh;
}

static void expect_rows(Parts *parts, gsize *from, const char *expected)
{
    g_autofree char *rows = rows_since(parts, from);

    g_assert_cmpstr(rows, ==, expected);
}

static void test_rows(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    gsize from = 0;

    parts_add_endpoint(parts, "e-one");
    expect_rows(parts, &from, "");
    parts_call(parts, "group create", "name", "lab", "setting", "line.heartbeat=5m", NULL);
    let_finish(parts);
    expect_rows(parts, &from, "admin: group create name=lab setting=line.heartbeat=5m|\n");
    parts_call(parts, "group create", "name", "lab", NULL); /* refused */
    let_finish(parts);
    expect_rows(parts, &from, "admin: group create name=lab|exists\n");
    parts_call(parts, "group list", NULL); /* looks */
    parts_call(parts, "endpoint show", "endpoint", "e-none", NULL);
    let_finish(parts);
    expect_rows(parts, &from, "");
    parts_call(parts, "admin create", "name", "zoe", "csr", csr, "role", "operator", NULL);
    let_finish(parts);
    expect_rows(parts, &from, "admin: admin create name=zoe csr=... role=operator|\n");
    parts_request(parts, &(PartsRequest){ .admin = "zoe", .name = "account list" });
    let_finish(parts);
    expect_rows(parts, &from, "zoe: account list |denied\n");
    parts_request(parts, &(PartsRequest){ .admin = "zoe",
                                          .name = "update-now",
                                          .arguments = (const char *const[]){ "selector", "all", NULL } });
    parts_request(parts, &(PartsRequest){ .admin = "zoe",
                                          .name = "verify", /* writes nothing by itself */
                                          .arguments = (const char *const[]){ "selector", "e-one", NULL } });
    let_finish(parts);
    expect_rows(parts, &from, "zoe: update-now selector=all|\nzoe: verify selector=e-one|\n");
    parts_call(parts, "account renew", "name", "zoe", "csr", csr, NULL); /* anybody may, for oneself */
    parts_call(parts, "account renew", "name", "admin", "csr", csr, NULL);
    let_finish(parts);
    expect_rows(parts, &from,
                "admin: account renew name=zoe csr=...|invalid\n"
                "admin: account renew name=admin csr=...|\n");
    parts_call(parts, "make\ncoffee", NULL);
    let_finish(parts);
    expect_rows(parts, &from, "admin: make\ncoffee |invalid\n");
    parts_call(parts, "endpoint remove", "endpoint", "e-one", NULL); /* takes nothing of it away */
    let_finish(parts);
    expect_rows(parts, &from, "admin: endpoint remove endpoint=e-one|\n");
}

/* By the last word of its name: no call that only looks may be told from others by what its handler does. */
static bool is_read(const char *name)
{
    static const char *const words[] = { "list",   "show",    "status", "history",  "version",
                                         "outbox", "summary", "watch",  "snapshot", NULL };
    const char *last = strrchr(name, ' ');

    return g_strv_contains(words, last != NULL ? last + 1 : name);
}

/* Of the most powerful account, which is refused nothing. */
static void test_reads(void)
{
    g_autoptr(Parts) parts = parts_new();
    gsize from = 0;
    guint n = 0;

    parts_add_endpoint(parts, "e-one");
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *rows = NULL;

        if (!is_read(calls[i].name))
            continue;
        n++;
        parts_ask(parts, calls[i].name, calls[i].arguments, "c");
        let_finish(parts);
        rows = rows_since(parts, &from);
        if (*rows != '\0')
            g_error("'%s' only looks, and left: %s", calls[i].name, rows);
    }
    g_assert_cmpuint(n, >, 30);
}

/* Neither a long argument nor a sly one hides another. */
static void test_arguments(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *note = g_strnfill(1000, 'x');
    g_autofree char *selector = g_strnfill(9000, 'y');
    g_autofree char *kept = g_strndup(selector, 1000 - strlen("selector="));
    g_autofree char *expected = NULL;
    gsize from = 0;

    parts_call(parts, "account create", "name", "eve", "note", note, "role", "owner", NULL);
    let_finish(parts);
    expected = g_strdup_printf("admin: account create name=eve note=%.*s... role=owner|\n", 1000 - 5, note);
    expect_rows(parts, &from, expected);
    parts_call(parts, "scan", "selector", selector, "scope", "a role=\\ \"owner\"", NULL);
    let_finish(parts);
    g_free(expected);
    expected = g_strdup_printf("admin: scan selector=%s... scope=\"a role=\\\\ \\\"owner\\\"\"|not-found\n", kept);
    expect_rows(parts, &from, expected);
    parts_call(parts, "notification set", "name", "hook", "setting", "to=https://hooks.example.com/T01?key=SECRET",
               "setting", "kinds=disk", NULL);
    let_finish(parts);
    expect_rows(parts, &from,
                "admin: notification set name=hook setting=to=https://hooks.example.com/... setting=kinds=disk|\n");
}

/* A refusal stands before the change that came after it, though it is gathered for a second. */
static void test_order(void)
{
    g_autoptr(Parts) parts = parts_new();
    gsize from = 0;

    parts_call(parts, "group delete", "name", "none", NULL);
    parts_call(parts, "group create", "name", "lab", NULL);
    parts_call(parts, "group delete", "name", "none", NULL);
    parts_commit(parts);
    let_finish(parts);
    expect_rows(parts, &from,
                "admin: group delete name=none|not-found\n"
                "admin: group create name=lab|\n"
                "admin: group delete name=none|not-found\n");
}

/* So does a change that is written in the background. */
static void test_background_order(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_auto(MgrAuditRecord) row = { .account = g_strdup("admin"),
                                   .certificate = g_strdup(""),
                                   .call = g_strdup("first"),
                                   .arguments = g_strdup(""),
                                   .code = g_strdup(""),
                                   .text = g_strdup("") };
    gsize from = 0;

    mgr_calls_note(mgr_record_background(parts->record), &row, parts->calls);
    parts_call(parts, "group create", "name", "lab", NULL);
    let_finish(parts);
    expect_rows(parts, &from,
                "admin: first |\n"
                "admin: group create name=lab|\n");
}

/* What was not stored is not there as done, but as refused. */
static void test_not_stored(void)
{
    g_autoptr(Parts) parts = parts_new();
    gsize from = 0;

    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    parts_call(parts, "group create", "name", "lab", NULL);
    let_finish(parts);
    expect_rows(parts, &from, "admin: group create name=lab|full\n");
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=5m", NULL);
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=6m", NULL);
    let_finish(parts);
    expect_rows(parts, &from,
                "admin: group set name=office setting=line.heartbeat=5m|\n"
                "admin: group set name=office setting=line.heartbeat=6m|conflict\n");
}

static bool take_text(HlStmt *row, gpointer text)
{
    *(char **)text = g_strdup(hl_stmt_text(row, 0));
    return true;
}

/* Caller frees. */
static char *last_text(Parts *parts)
{
    char *text = NULL;

    g_assert_true(hl_db_query(mgr_record_reader(parts->record), take_text, &text, NULL,
                              "SELECT text FROM audit ORDER BY number DESC LIMIT 1", ""));
    return text;
}

/* Refusals that a full disk does not take are counted, and told of once there is room. */
static void test_refusals_not_stored(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *text = NULL;
    gsize from = 0;

    for (guint i = 0; i < 3; i++) {
        parts_call(parts, "group set", "name", "none", NULL);
        parts_call(parts, "group set", "name", "none", NULL);
        writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
        mgr_record_flush(parts->record);
        parts_commit(parts);
        g_assert_true(writer_fake_failed(parts->writer));
        clock_fake_advance(HL_MINUTE);
    }
    writer_fake_fail_at(parts->writer, 2, HL_ERROR_FULL); /* still; what was gathered goes first */
    timer_fake_advance(11 * HL_SECOND);
    parts_commit(parts);
    g_assert_true(writer_fake_failed(parts->writer));
    expect_rows(parts, &from, "");
    timer_fake_advance(11 * HL_SECOND);
    parts_commit(parts);
    expect_rows(parts, &from, "@site:  |limit\n");
    text = last_text(parts);
    g_assert_true(g_str_has_prefix(text, "6 refusals between 20"));
    g_assert_true(g_str_has_suffix(text, " were not kept: the disk was full"));
    timer_fake_advance(11 * HL_SECOND);
    parts_commit(parts);
    expect_rows(parts, &from, "");
}

/* An account that is refused all the time does not fill the disk; one row says how often it was. */
static void test_bounded(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *long_name = g_strnfill(4000, 'x');
    g_autofree char *rows = NULL;
    g_autofree char *after = NULL;
    guint burst = mgr_quota_row(MGR_QUOTA_ROW)->messages;
    g_auto(GStrv) lines = NULL;
    gsize from = 0;

    parts_call(parts, "group set", "name", long_name, NULL);
    let_finish(parts);
    rows = rows_since(parts, &from);
    g_assert_cmpuint(strlen(rows), <, 1100);
    for (guint i = 0; i < burst + 200; i++) {
        if (i == burst / 2)
            timer_fake_advance(11 * HL_SECOND); /* the gate has a quota of its own */
        parts_call(parts, "group set", "name", "none", NULL);
    }
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_free(rows);
    rows = rows_since(parts, &from);
    lines = g_strsplit(rows, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), <, burst + 50);
    timer_fake_advance(11 * HL_MINUTE);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    after = rows_since(parts, &from);
    g_assert_cmpstr(after, ==, "admin:  |limit\n");
    for (guint i = 0; i < burst; i++)
        parts_call(parts, "group set", "name", "none", NULL);
    mgr_calls_settle(parts->calls); /* a stop does not forget those that were only counted */
    mgr_calls_settle(parts->calls);
    g_free(rows);
    rows = rows_since(parts, &from);
    g_assert_true(g_str_has_suffix(rows, "|not-found\nadmin:  |limit\n"));
}

static char *ask(Parts *parts, const char *account, const char *setting)
{
    g_autoptr(HlMsgCallReply) reply = NULL;
    const char *name = strcmp(setting, "") == 0 ? "update-now" : "group set";
    const char *set[] = { "name", "office", "setting", setting, NULL };
    const char *update[] = { "selector", "e-one", NULL };

    parts_request(parts,
                  &(PartsRequest){ .admin = account, .name = name, .arguments = *setting == '\0' ? update : set });
    parts_commit(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, account, &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    return g_strdup_printf("%s %s", reply->code, reply->message);
}

/* Nor does one that changes things all the time: beyond its quota it changes nothing, is told how long to wait, and the
 * refusals are joined as ever.  Others go on. */
static void test_changes_bounded(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    guint burst = mgr_quota_row(MGR_QUOTA_CHANGE)->messages;
    g_autofree char *rows = NULL;
    g_autofree char *first = NULL;
    g_autofree char *told = NULL;
    g_autofree char *command = NULL;
    g_autofree char *other = NULL;
    guint done = 0;
    gsize from = 0;

    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "admin create", "name", "zoe", "csr", csr, "role", "administrator", NULL);
    let_finish(parts);
    for (guint i = 0; i < burst + burst / 10; i++) {
        g_autofree char *setting = g_strdup_printf("line.heartbeat=%us", 60 + i % 3000); /* always another one */
        g_autofree char *reply = ask(parts, "zoe", setting);

        bus_fake_forget(parts->bus);
        if (i % 500 == 250)
            timer_fake_advance(11 * HL_SECOND); /* the gate has a quota of its own */
        done += strcmp(reply, " ") == 0;
    }
    g_assert_cmpuint(done, <, burst + burst / 20); /* and what came back meanwhile */
    g_assert_cmpuint(done, >=, burst);
    rows = rows_since(parts, &from);
    first = ask(parts, "zoe", "line.heartbeat=90s");
    g_assert_true(g_str_has_prefix(first, "limit too many changes by 'zoe'"));
    command = ask(parts, "zoe", "");
    g_assert_true(g_str_has_prefix(command, "limit too many changes by 'zoe'"));
    g_assert_cmpstr(mgr_fleet_group(&parts->fleet, "office")->record.changed_by, ==, "zoe");
    other = ask(parts, "admin", "line.heartbeat=91s");
    g_assert_cmpstr(other, ==, " ");
    g_assert_cmpstr(mgr_fleet_group(&parts->fleet, "office")->record.changed_by, ==, "admin");
    timer_fake_advance(HL_MINUTE);
    told = ask(parts, "zoe", "line.heartbeat=92s");
    g_assert_cmpstr(told, ==, " ");
    parts_check_registry(parts);
}

/* The head is in the summary, some seconds after the last row. */
static void test_head(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) summary = NULL;
    g_auto(MgrAuditHead) head = { 0 };
    const json_t *told;

    parts_add_group(parts, "lab", NULL);
    let_finish(parts);
    g_assert_true(mgr_registry_read_audit_head(mgr_record_reader(parts->record), &head, NULL));
    summary = mgr_status_summary(parts->status, NULL);
    told = json_object_get(summary, "audit");
    g_assert_cmpint(json_integer_value(json_object_get(told, "rows")), ==, head.number);
    g_assert_cmpuint(strlen(json_string_value(json_object_get(told, "hash"))), ==, 64);
}

/* A list that was cut says how many rows there are; a page of many does not count them each time. */
static void test_total(void)
{
    static const struct {
        const char *name, *value;
        const char *limit, *after;
        json_int_t rows, total;
    } cases[] = {
        { NULL, NULL, NULL, NULL, 6, 6 },
        { NULL, NULL, "2", NULL, 2, 6 },
        { "call", "group create", "2", NULL, 2, 5 },
        { "account", "nobody", "2", NULL, 0, 0 },
        { NULL, NULL, "2", "1", 2, 2 },
    };
    g_autoptr(Parts) parts = parts_new();

    for (guint i = 0; i < 5; i++)
        parts_call(parts, "group create", "name", "lab", NULL); /* four of them are refused */
    parts_call(parts, "group delete", "name", "none", NULL);
    let_finish(parts);
    bus_fake_forget(parts->bus);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[9] = { 0 };
        const char *given[] = { cases[i].name, cases[i].value, "limit", cases[i].limit, "after", cases[i].after };
        g_autoptr(json_t) document = NULL;
        gsize n = 0;

        for (gsize k = 0; k < G_N_ELEMENTS(given); k += 2)
            if (given[k + 1] != NULL) {
                words[n++] = given[k];
                words[n++] = given[k + 1];
            }
        parts_request(parts, &(PartsRequest){ .admin = "admin", .name = "audit list", .arguments = words });
        document = parts_expect_reply(parts, "");
        g_assert_cmpint(json_array_size(json_object_get(document, "rows")), ==, cases[i].rows);
        g_assert_cmpint(json_integer_value(json_object_get(document, "total")), ==, cases[i].total);
    }
}

/* The rows of the call, and in each the endpoints that it names, as a document of a list has them. */
static char *named_in(Parts *parts, const char *after)
{
    const char *const words[] = { "call", "update-now", "after", after, NULL };
    g_autoptr(json_t) document = NULL;
    GString *out = g_string_new(NULL);
    json_t *row;
    size_t i;

    parts_request(
        parts, &(PartsRequest){ .admin = "admin",
                                .name = "audit list",
                                .arguments = after != NULL ? words : (const char *[]){ "call", "update-now", NULL } });
    document = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(document, "rows"), i, row)
    {
        const json_t *endpoints = json_object_get(row, "endpoints");
        g_autofree char *text = endpoints != NULL ? hl_json_print(endpoints) : g_strdup("-");

        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", text);
    }
    return g_string_free(out, FALSE);
}

static void expect_named(Parts *parts, const char *after, const char *expected)
{
    g_autofree char *named = named_in(parts, after);

    g_assert_cmpstr(named, ==, expected);
}

/* A reader knows computers by their names; what the hash covers is as it was, and so is an export. */
static void test_names(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_call(parts, "update-now", "selector", "e-one,e-twofold,(e-two)", NULL); /* refused: one is not there */
    let_finish(parts);
    bus_fake_forget(parts->bus);
    expect_named(parts, NULL, "[{\"id\":\"e-one\",\"host\":\"one\"},{\"id\":\"e-two\",\"host\":\"two\"}]");
    expect_named(parts, "0", "-");
    parts_call(parts, "endpoint remove", "endpoint", "e-two", NULL);
    let_finish(parts);
    bus_fake_forget(parts->bus);
    expect_named(parts, NULL, "[{\"id\":\"e-one\",\"host\":\"one\"}]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/audit/rows", test_rows);
    g_test_add_func("/manager/audit/reads", test_reads);
    g_test_add_func("/manager/audit/arguments", test_arguments);
    g_test_add_func("/manager/audit/order", test_order);
    g_test_add_func("/manager/audit/background-order", test_background_order);
    g_test_add_func("/manager/audit/not-stored", test_not_stored);
    g_test_add_func("/manager/audit/refusals-not-stored", test_refusals_not_stored);
    g_test_add_func("/manager/audit/bounded", test_bounded);
    g_test_add_func("/manager/audit/changes-bounded", test_changes_bounded);
    g_test_add_func("/manager/audit/head", test_head);
    g_test_add_func("/manager/audit/total", test_total);
    g_test_add_func("/manager/audit/names", test_names);
    return g_test_run();
}

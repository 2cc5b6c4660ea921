/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what: every call with every role against the table of the design, written out here; accounts that are
 * disabled or gone; the last owners against each other. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "tests/support/call_samples.h"
#include "tests/support/manager_parts.h"

#define CALLER "zoe"

/* a: auditor, p: operator, m: administrator, o: owner */
static const struct {
    const char *call, *may;
} design[] = {
    /* read: summary, endpoints, groups, commands, patterns, detections, reports */
    { "summary", "apmo" },
    { "trend", "apmo" },
    { "snapshot", "apmo" },
    { "endpoint list", "apmo" },
    { "endpoint show", "apmo" },
    { "endpoint history", "apmo" },
    { "group list", "apmo" },
    { "group show", "apmo" },
    { "group history", "apmo" },
    { "group version", "apmo" },
    { "command list", "apmo" },
    { "command show", "apmo" },
    { "command watch", "apmo" },
    { "rollout list", "apmo" },
    { "rollout show", "apmo" },
    { "pattern list", "apmo" },
    { "detection list", "apmo" },
    { "detection show", "apmo" },
    { "quarantine list", "apmo" },
    { "bundle list", "apmo" },
    /* of one's own */
    { "account renew", "apmo" },
    { "account password", "apmo" },
    { "session prove", "apmo" },
    { "session show", "apmo" },
    { "session list", "apmo" },
    { "session end", "apmo" },
    { "view list", "apmo" },
    { "view set", "apmo" },
    { "view delete", "apmo" },
    { "code create", "apmo" },
    { "code confirm", "apmo" },
    { "code delete", "apmo" },
    { "token create", "apmo" },
    { "token list", "apmo" },
    { "token delete", "apmo" },
    /* verify, update-now, synchronize, rollback, scan, cancel of one's own, acknowledge a detection */
    { "verify", "pmo" },
    { "update-now", "pmo" },
    { "synchronize", "pmo" },
    { "rollback", "pmo" },
    { "scan", "pmo" },
    { "scan stop", "pmo" },
    { "command cancel", "pmo" },
    { "rollout start", "pmo" },
    { "rollout pause", "pmo" },
    { "rollout resume", "pmo" },
    { "rollout abort", "pmo" },
    { "rollout retry", "pmo" },
    { "rollout rollback", "pmo" },
    { "detection acknowledge", "pmo" },
    /* move, clone, quarantine restore (and delete) */
    { "endpoint move", "mo" },
    { "endpoint clone keep", "mo" },
    { "endpoint clone split", "mo" },
    { "quarantine restore", "mo" },
    { "quarantine delete", "mo" },
    /* group set, bundles, revoke, remove, pattern sync */
    { "group create", "mo" },
    { "group set", "mo" },
    { "group rollout", "mo" },
    { "group unset", "mo" },
    { "group rename", "mo" },
    { "group restore", "mo" },
    { "group delete", "mo" },
    { "bundle create", "mo" },
    { "bundle withdraw", "mo" },
    { "endpoint revoke", "mo" },
    { "endpoint remove", "mo" },
    { "pattern sync", "mo" },
    /* notifications */
    { "notification list", "mo" },
    { "notification show", "mo" },
    { "notification set", "mo" },
    { "notification delete", "mo" },
    { "notification test", "mo" },
    { "notification outbox", "mo" },
    /* accounts, certificates */
    { "account create", "o" },
    { "account set", "o" },
    { "account disable", "o" },
    { "account enable", "o" },
    { "account delete", "o" },
    { "account certificate", "o" },
    { "admin create", "o" },
    { "admin revoke", "o" },
    { "monitor create", "o" },
    { "monitor revoke", "o" },
    { "console create", "o" },
    { "console revoke", "o" },
    /* of a console alone */
    { "console renew", "" },
    { "monitor renew", "" },
    { "session create", "" },
    /* the server's own identity */
    { "broker list", "ao" },
    { "broker drain", "o" },
    { "broker undrain", "o" },
    { "server show", "ao" },
    { "server certificate", "o" },
    { "server set", "o" },
    { "server rollover start", "o" },
    { "server rollover status", "ao" },
    { "server rollover finish", "o" },
    { "server rollover cancel", "o" },
    { "server authority start", "o" },
    { "server authority status", "ao" },
    { "server authority finish", "o" },
    { "server authority cancel", "o" },
    /* audit: who may do what */
    { "audit list", "ao" },
    { "account list", "ao" },
    { "account show", "ao" },
    { "admin list", "ao" },
    { "monitor list", "ao" },
    { "console list", "ao" },
};

static const struct {
    char letter;
    const char *name;
} roles[] = { { 'a', "auditor" }, { 'p', "operator" }, { 'm', "administrator" }, { 'o', "owner" } };

static void add_account(Parts *parts, const char *name, const char *role)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, "admin create", "name", name, "csr", csr, "role", role, NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* How a call of this account ends; NULL: it is not answered.  Caller frees. */
static char *ask(Parts *parts, const char *who, const char *name, const char *const *arguments)
{
    char *code;

    parts_request(parts, &(PartsRequest){ .admin = who, .name = name, .arguments = arguments, .correlation = who });
    parts_let_finish(parts);
    code = parts_end_of(parts, who);
    return code;
}

static void expect(Parts *parts, const char *who, const Call *call, const char *expected)
{
    g_autofree char *code = ask(parts, who, call->name, call->arguments);

    g_assert_cmpstr(code, ==, expected);
}

static void expect_end(Parts *parts, const char *correlation, const char *expected)
{
    g_autofree char *code = parts_end_of(parts, correlation);

    g_assert_cmpstr(code, ==, expected);
}

static const Call *sample_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return NULL;
}

static const char *design_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(design); i++)
        if (strcmp(design[i].call, name) == 0)
            return design[i].may;
    g_error("'%s' needs a row in design of " __FILE__, name);
}

/* One call by one role, in a world where everything is there that it is about. */
static void walk_one(const char *name, gsize r)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *code = NULL;
    guint pending;
    bool may = strchr(design_of(name), roles[r].letter) != NULL;

    parts_add_group(parts, "spare", NULL);
    parts_add_endpoint(parts, "e-one");
    add_account(parts, CALLER, roles[r].name);
    mgr_tracker_flush(parts->tracker);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_test_message("%s: %s", roles[r].name, name);
    parts_request(
        parts,
        &(PartsRequest){ .admin = CALLER, .name = name, .arguments = sample_of(name)->arguments, .correlation = "c" });
    pending = writer_fake_pending(parts->writer);
    parts_let_finish(parts);
    code = parts_end_of(parts, "c");
    g_assert_nonnull(code);
    g_assert_cmpint(strcmp(code, "denied") != 0, ==, may);
    g_assert_true(may || pending == 0); /* nothing was begun */
    parts_check_registry(parts);
}

static void test_every_row(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrCallRow *row;
    guint n;

    for (n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++)
        continue;
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(design));
    for (n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++)
        g_assert_true(row->need > MGR_NEED_UNSET && row->need < MGR_NEED_N && row->scope > MGR_SCOPE_UNSET &&
                      row->scope < MGR_SCOPE_N && row->proof > MGR_PROOF_UNSET && design_of(row->name) != NULL);
}

static void test_every_role(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(design); i++)
        for (gsize r = 0; r < G_N_ELEMENTS(roles); r++)
            walk_one(design[i].call, r);
}

/* What they are told names the call, the role, and whom to ask. */
static void test_told(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgCallReply) reply = NULL;

    add_account(parts, CALLER, "operator");
    parts_call(parts, "account create", "name", "absent", "role", "owner", NULL); /* could not be reached by anything */
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    parts_request(parts, &(PartsRequest){ .admin = CALLER, .name = "group set" });
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(reply->message, ==,
                    "'group set' needs the role administrator; 'zoe' is operator: ask an owner (admin)");
    g_clear_pointer(&reply, hl_wire_free);
    parts_request(parts, &(PartsRequest){ .admin = CALLER, .name = "server authority start" });
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(reply->message, ==, /* as it is typed */
                    "'server rollover start ca' needs the role owner; 'zoe' is operator: ask an owner (admin)");
}

/* What is known of oneself anybody may see, and of others who reviews. */
static void test_of_oneself(void)
{
    for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
        g_autoptr(Parts) parts = parts_new();

        add_account(parts, CALLER, roles[r].name);
        expect(parts, CALLER, &(Call){ "account show", { "name", CALLER } }, "");
        expect(parts, CALLER, &(Call){ "account show", { "name", "admin" } },
               strchr("ao", roles[r].letter) != NULL ? "" : "denied");
    }
}

/* A monitor's certificate is for what the status topics say as well, and for nothing else. */
static void test_monitor(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, "monitor create", "name", "eye", "csr", csr, NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        expect(parts, "eye", &calls[i],
               strcmp(calls[i].name, "snapshot") == 0        ? ""
               : strcmp(calls[i].name, "monitor renew") == 0 ? "exists" /* not due yet */
                                                             : "denied");
}

/* A console by itself has the rights of nobody; and an account cannot pass for a console. */
static void test_console(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    const char *const words[] = { "csr", csr, NULL };

    expect(parts, "admin", &(Call){ "console create", { "name", "web", "csr", csr } }, "");
    for (gsize i = 0; i < G_N_ELEMENTS(design); i++) {
        bool is_own = strcmp(design[i].call, "console renew") == 0;
        const Call *sample = sample_of(design[i].call);

        parts_request(parts, &(PartsRequest){ .admin = "web",
                                              .name = sample->name,
                                              .arguments = is_own ? words : sample->arguments,
                                              .correlation = "own" });
        parts_let_finish(parts);
        expect_end(parts, "own",
                   is_own                                        ? "exists"
                   : strcmp(sample->name, "session create") == 0 ? "denied"
                   : strcmp(sample->name, "snapshot") == 0       ? ""
                                                                 : "expired");
    }
    g_assert_cmpuint(writer_fake_pending(parts->writer), ==, 0);
    parts_request(
        parts, &(PartsRequest){ .admin = "web", .name = "summary", .session = "made-up", .correlation = "of nobody" });
    expect_end(parts, "of nobody", "expired");
    parts_request(parts, &(PartsRequest){ .name = "summary", .session = "made-up", .correlation = "of admin" });
    expect_end(parts, "of admin", "invalid");
    parts_request(parts, &(PartsRequest){ .name = "summary", .address = "192.0.2.1", .correlation = "from there" });
    expect_end(parts, "from there", "invalid");
    clock_fake_advance(600 * HL_DAY);
    parts_request(parts,
                  &(PartsRequest){ .admin = "web", .name = "console renew", .arguments = words, .correlation = "due" });
    parts_let_finish(parts);
    expect_end(parts, "due", "");
    parts_check_registry(parts);
    expect(parts, "admin", &(Call){ "console revoke", { "name", "web" } }, "");
    parts_request(parts, &(PartsRequest){ .admin = "web", .name = "summary", .correlation = "revoked" });
    expect_end(parts, "revoked", NULL);
}

static char *read_acl(const Parts *parts)
{
    g_autofree char *path = g_build_filename(parts->dir, "broker", "acl", NULL);
    g_autoptr(GError) error = NULL;
    char *text = hl_file_read_text(path, 1024 * 1024, &error);

    g_assert_no_error(error);
    return text;
}

static bool sees_status(const Parts *parts, const char *name)
{
    g_autofree char *acl = read_acl(parts);
    g_autofree char *block =
        g_strdup_printf("\nuser %s\ntopic deny holdline/v1/endpoint/#\ntopic read holdline/v1/status/#\n", name);

    return strstr(acl, block) != NULL;
}

/* From the commit on until it is enabled: no call, no status; and the session that there was has ended. */
static void test_disabled(void)
{
    static const Call disable = { "account disable", { "name", CALLER } };
    static const Call enable = { "account enable", { "name", CALLER } };
    static const Call summary = { "summary", { NULL } };
    g_autoptr(Parts) parts = parts_new();

    add_account(parts, CALLER, "owner");
    expect(parts, CALLER, &summary, "");
    g_assert_true(sees_status(parts, CALLER));
    parts_call(parts, "account disable", "name", CALLER, NULL);
    while (writer_fake_commit(parts->writer, 0) > 0)
        continue;
    g_assert_nonnull(bus_fake_find(CALLER)); /* the manager comes in under the name */
    g_assert_null(parts_reply(parts));       /* and answers when the other is out */
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    g_assert_false(sees_status(parts, CALLER));
    expect(parts, CALLER, &summary, "denied");
    expect(parts, CALLER, &enable, "denied");
    expect(parts, "admin", &disable, ""); /* it stays so */
    parts_check_registry(parts);
    expect(parts, "admin", &enable, "");
    g_assert_true(sees_status(parts, CALLER));
    expect(parts, CALLER, &summary, "");
    parts_check_registry(parts);
}

static void test_deleted(void)
{
    static const Call deletion = { "account delete", { "name", CALLER } };
    static const Call summary = { "summary", { NULL } };
    g_autoptr(Parts) parts = parts_new();

    add_account(parts, CALLER, "owner");
    expect(parts, "admin", &deletion, "");
    expect(parts, CALLER, &summary, NULL); /* no certificate of that name is in force */
    add_account(parts, CALLER, "auditor"); /* the name is free */
    expect(parts, CALLER, &summary, "");
    parts_check_registry(parts);
}

/* Each owner goes for the other at once: one is left, whatever they do and in whatever batches. */
static void test_last_owners(void)
{
    static const Call by_admin[] = { { "account disable", { "name", CALLER } },
                                     { "account delete", { "name", CALLER } },
                                     { "admin revoke", { "name", CALLER } },
                                     { "account set", { "name", CALLER, "role", "auditor" } } };
    static const Call by_caller[] = { { "account disable", { "name", "admin" } },
                                      { "account delete", { "name", "admin" } },
                                      { "admin revoke", { "name", "admin" } },
                                      { "account set", { "name", "admin", "role", "operator" } } };

    for (gsize a = 0; a < G_N_ELEMENTS(by_admin); a++) {
        for (gsize b = 0; b < G_N_ELEMENTS(by_caller); b++) {
            g_autoptr(Parts) parts = parts_new();
            g_autofree char *first = NULL;
            g_autofree char *second = NULL;

            add_account(parts, CALLER, "owner");
            parts_request(parts, &(PartsRequest){ .name = by_admin[a].name,
                                                  .arguments = by_admin[a].arguments,
                                                  .correlation = "first" });
            parts_request(parts, &(PartsRequest){ .admin = CALLER,
                                                  .name = by_caller[b].name,
                                                  .arguments = by_caller[b].arguments,
                                                  .correlation = "second" });
            while ((a + b) % 2 == 1 && writer_fake_commit(parts->writer, 1) > 0)
                continue;
            parts_let_finish(parts);
            first = parts_end_of(parts, "first");
            second = parts_end_of(parts, "second");
            g_assert_cmpstr(first, ==, "");
            g_assert_cmpstr(second, ==, "conflict");
            parts_check_registry(parts);
        }
    }
}

/* An account is never limited to a group that is deleted meanwhile: the first of the two wins. */
static void test_groups_at_once(void)
{
    static const Call deletion = { "group delete", { "name", "lab" } };
    static const Call others[] = { { "account set", { "name", CALLER, "groups", "lab" } },
                                   { "account set", { "name", CALLER, "groups", "lab,office", "note", "x" } },
                                   { "account create", { "name", "ann", "role", "operator", "groups", "lab" } } };

    for (guint i = 0; i < 4 * G_N_ELEMENTS(others); i++) {
        const Call *other = &others[i / 4];
        const Call *both[] = { i % 2 == 0 ? &deletion : other, i % 2 == 0 ? other : &deletion };
        g_autoptr(Parts) parts = parts_new();
        g_autofree char *first = NULL;
        g_autofree char *second = NULL;
        const MgrAccountRecord *account;

        parts_add_group(parts, "lab", NULL);
        add_account(parts, CALLER, "operator");
        for (guint n = 0; n < 2; n++)
            parts_request(parts, &(PartsRequest){ .name = both[n]->name,
                                                  .arguments = both[n]->arguments,
                                                  .correlation = n == 0 ? "first" : "second" });
        while (i % 4 >= 2 && writer_fake_commit(parts->writer, 1) > 0)
            continue;
        parts_let_finish(parts);
        first = parts_end_of(parts, "first");
        second = parts_end_of(parts, "second");
        g_assert_cmpstr(first, ==, "");
        g_assert_cmpstr(second, ==, i % 2 == 0 ? "not-found" : "conflict");
        account = mgr_accounts_get(parts->fleet.accounts, i / 4 == 2 ? "ann" : CALLER);
        if (i % 2 == 0)
            g_assert_true(account == NULL || *account->groups == '\0');
        else
            g_assert_nonnull(mgr_fleet_group(&parts->fleet, "lab"));
        parts_check_registry(parts);
    }
}

/* A list of nothing is no word for all groups. */
static void test_no_groups(void)
{
    static const char *const empty[] = { " ", ",", ", ,", "  ,  " };
    g_autoptr(Parts) parts = parts_new();

    add_account(parts, CALLER, "operator");
    expect(parts, "admin", &(Call){ "account set", { "name", CALLER, "groups", "office" } }, "");
    for (gsize i = 0; i < G_N_ELEMENTS(empty); i++) {
        expect(parts, "admin", &(Call){ "account set", { "name", CALLER, "groups", empty[i] } }, "invalid");
        g_assert_cmpstr(mgr_accounts_get(parts->fleet.accounts, CALLER)->groups, ==, "office");
    }
    expect(parts, "admin", &(Call){ "account set", { "name", CALLER, "groups", "" } }, "");
    g_assert_cmpstr(mgr_accounts_get(parts->fleet.accounts, CALLER)->groups, ==, "");
}

/* Several certificates of one account; the earlier ones end when the new one replaces them. */
static void test_certificates(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autoptr(json_t) one = NULL;
    g_autoptr(json_t) three = NULL;
    g_autoptr(HlMsgCallReply) reply = NULL;
    const json_t *row;
    size_t i;

    add_account(parts, CALLER, "auditor");
    expect(parts, "admin", &(Call){ "account certificate", { "name", CALLER, "csr", csr } }, "");
    expect(parts, "admin", &(Call){ "account certificate", { "name", CALLER, "csr", csr } }, "");
    parts_call(parts, "account show", "name", CALLER, NULL);
    three = parts_expect_reply(parts, "");
    g_assert_cmpuint(json_array_size(json_object_get(three, "certificates")), ==, 3);
    expect(parts, "admin", &(Call){ "account certificate", { "name", CALLER, "csr", csr, "replace", "yes" } }, "");
    parts_call(parts, "account show", "name", CALLER, NULL);
    one = parts_expect_reply(parts, "");
    g_assert_cmpuint(json_array_size(json_object_get(one, "certificates")), ==, 4); /* and what became of each */
    /* who reviews is not told who has no one-time codes, but of oneself */
    g_assert_true(json_is_false(json_object_get(one, "codes")));
    json_decref(one);
    parts_request(parts, &(PartsRequest){ .admin = CALLER, .name = "account list" });
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    one = json_loads(reply->json, 0, NULL);
    json_array_foreach(json_object_get(one, "accounts"), i, row)
    {
        bool is_own = strcmp(json_string_value(json_object_get(row, "name")), CALLER) == 0;

        g_assert_true(json_object_get(row, "codes") == (is_own ? json_false() : json_null()));
    }
    parts_check_registry(parts);
}

/* A certificate for oneself, by any role: not for others, and not as often as one likes. */
static void test_renewal(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    const Call own = { "account renew", { "name", CALLER, "csr", csr } };

    add_account(parts, CALLER, "auditor");
    expect(parts, CALLER, &own, "exists"); /* that one is a moment old */
    clock_fake_advance(80 * HL_DAY);
    expect(parts, CALLER, &(Call){ "account renew", { "name", "admin", "csr", csr } }, "invalid");
    expect(parts, CALLER, &own, "");
    expect(parts, CALLER, &own, "exists");
    clock_fake_advance(72 * HL_DAY);
    expect(parts, CALLER, &own, "exists");
    clock_fake_advance(2 * HL_DAY);
    expect(parts, CALLER, &own, "");
    expect(parts, "admin", &(Call){ "account disable", { "name", CALLER } }, "");
    clock_fake_advance(80 * HL_DAY);
    expect(parts, CALLER, &own, "denied");
    parts_check_registry(parts);
}

/* Whose certificates are replaced at this moment gets no other by virtue of the old one. */
static void test_renewal_too_late(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    const Call replacement = { "account certificate", { "name", CALLER, "csr", csr, "replace", "yes" } };
    const Call renewal = { "account renew", { "name", CALLER, "csr", csr } };

    add_account(parts, CALLER, "owner");
    clock_fake_advance(80 * HL_DAY);
    parts_request(
        parts, &(PartsRequest){ .name = replacement.name, .arguments = replacement.arguments, .correlation = "first" });
    parts_request(parts,
                  &(PartsRequest){
                      .admin = CALLER, .name = renewal.name, .arguments = renewal.arguments, .correlation = "second" });
    parts_let_finish(parts);
    first = parts_end_of(parts, "first");
    second = parts_end_of(parts, "second");
    g_assert_cmpstr(first, ==, "");
    g_assert_cmpstr(second, ==, "denied");
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/accounts/every-row", test_every_row);
    g_test_add_func("/manager/accounts/every-role", test_every_role);
    g_test_add_func("/manager/accounts/told", test_told);
    g_test_add_func("/manager/accounts/of-oneself", test_of_oneself);
    g_test_add_func("/manager/accounts/monitor", test_monitor);
    g_test_add_func("/manager/accounts/console", test_console);
    g_test_add_func("/manager/accounts/disabled", test_disabled);
    g_test_add_func("/manager/accounts/deleted", test_deleted);
    g_test_add_func("/manager/accounts/groups-at-once", test_groups_at_once);
    g_test_add_func("/manager/accounts/no-groups", test_no_groups);
    g_test_add_func("/manager/accounts/last-owners", test_last_owners);
    g_test_add_func("/manager/accounts/certificates", test_certificates);
    g_test_add_func("/manager/accounts/renewal", test_renewal);
    g_test_add_func("/manager/accounts/renewal-too-late", test_renewal_too_late);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is outside of an account's groups is not there: every call with a limited account, in a fleet of two groups.
 *
 * The account is limited to "lab", where e-near is; "office" has e-far.  A call that names what is far is answered word
 * for word as if it named what does not exist; one that names nothing, or all, tells nothing of it. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/call_samples.h"
#include "tests/support/succession_world.h"

#define CALLER "zoe"

typedef struct {
    Parts *parts;
    char *csr;
    char *far_bundle, *far_command, *near_command, *both_command;
} World;

static void done(Parts *parts)
{
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    bus_fake_forget(parts->bus);
}

static char *made(Parts *parts)
{
    g_autoptr(json_t) document = NULL;

    parts_let_finish(parts);
    document = parts_expect_reply(parts, "");
    return g_strdup(json_string_value(json_object_get(document, "id")));
}

static World *world_new(const char *role)
{
    World *world = g_new0(World, 1);
    Parts *parts = world->parts = parts_new();

    world->csr = g_strdup(PARTS_CSR);
    parts_add_group(parts, "lab", NULL);
    parts_add_group(parts, "vault", NULL); /* empty, and outside too */
    parts_add_endpoint(parts, "e-near");
    parts_add_endpoint(parts, "e-far");
    parts_call(parts, "endpoint move", "selector", "e-near", "group", "lab", NULL);
    done(parts);
    parts_birth(parts, "e-near", 1);
    parts_birth(parts, "e-far", 1);
    parts_report_find(parts, "e-far", 1, "/far/eicar.com");  /* d-1 */
    parts_report_find(parts, "e-near", 1, "/own/eicar.com"); /* d-2 */
    parts_let_finish(parts);
    parts_call(parts, "bundle create", "group", "office", NULL);
    world->far_bundle = made(parts);
    world->far_command = parts_issue(parts, "e-far");
    world->near_command = parts_issue(parts, "e-near");
    parts_call(parts, "update-now", "selector", "e-near,far", NULL);
    world->both_command = made(parts);
    parts_call(parts, "account create", "name", "olaf", "role", "operator", "groups", "office", NULL);
    done(parts);
    parts_call(parts, "admin create", "name", CALLER, "csr", world->csr, "role", role, "groups", "lab", NULL);
    done(parts);
    return world;
}

static void world_free(World *world)
{
    parts_free(world->parts);
    g_free(world->csr);
    g_free(world->far_bundle);
    g_free(world->far_command);
    g_free(world->near_command);
    g_free(world->both_command);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Everything that the caller is told: codes, messages, documents. */
static char *ask(World *world, const char *name, const char *const *arguments)
{
    GString *out = g_string_new(NULL);
    gpointer reply;

    parts_request(world->parts, &(PartsRequest){ .admin = CALLER, .name = name, .arguments = arguments });
    parts_let_finish(world->parts);
    while ((reply = parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor)) !=
           NULL) {
        const HlMsgCallReply *told = reply;

        g_string_append_printf(out, "%s|%s|%s\n", told->code, told->message, told->json);
        hl_wire_free(reply);
    }
    return g_string_free(out, FALSE);
}

/* What must not be said. */
static void check_told(const World *world, const char *name, const char *told)
{
    const char *const words[] = { "office", "e-far",           "\"far\"",          "/far/",         "vault",
                                  "olaf",   world->far_bundle, world->far_command, "print-of-e-far" };

    g_assert_cmpstr(told, !=, "");
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(told, words[i]) != NULL)
            g_error("'%s' tells of %s: %s", name, words[i], told);
}

static char *replace(const char *text, const char *word, const char *by)
{
    g_autoptr(GString) out = g_string_new(text);

    g_string_replace(out, word, by, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The sample, about what is near, or all; the command is the one that is for both. */
static void tells_nothing(const Call *call, const char *role)
{
    static const char *const all_of[] = { "endpoint list",     "verify",          "update-now",
                                          "rollback",          "synchronize",     "scan",
                                          "scan stop",         "quarantine list", "quarantine restore",
                                          "quarantine delete", "detection list",  NULL };
    g_autoptr(World) world = world_new(role);
    const struct {
        const char *word, *value;
    } places[] = { { "e-one", g_strv_contains(all_of, call->name) ? "all,outdated" : "e-near" },
                   { "COMMAND", world->both_command },
                   { "CSR", world->csr },
                   { "spare", "lab" },
                   { "office", "lab" },
                   { "d-1", "d-2" } };
    const char *words[MAX_WORDS + 1] = { NULL };
    g_autofree char *told = NULL;

    for (guint k = 0; k < MAX_WORDS && call->arguments[k] != NULL; k++) {
        words[k] = call->arguments[k];
        for (gsize p = 0; p < G_N_ELEMENTS(places); p++)
            if (strcmp(words[k], places[p].word) == 0)
                words[k] = places[p].value;
    }
    g_test_message("case %s by %s", call->name, role);
    told = ask(world, call->name, words);
    check_told(world, call->name, told);
    parts_check_registry(world->parts);
}

/* Every call: what names nothing, or what is near, tells nothing of what is far. */
static void test_tells_nothing(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        tells_nothing(&calls[i], "administrator");
        tells_nothing(&calls[i], "auditor");
    }
}

/* A call with a word for what is far, and the same with a word for what is not there. */
typedef struct {
    const char *name, *arguments[MAX_WORDS + 1];
    const char *far, *nowhere; /* the word in the arguments, and the other */
} Pair;

static void test_as_if_not_there(void)
{
    static const char *const by_endpoint[] = { "endpoint show",
                                               "endpoint history",
                                               "endpoint revoke",
                                               "endpoint remove",
                                               "endpoint clone keep",
                                               "endpoint clone split",
                                               NULL };
    static const char *const by_selector[] = {
        "verify",          "update-now",     "rollback",      "synchronize",           "scan", "scan stop",
        "quarantine list", "detection list", "endpoint list", "detection acknowledge", NULL
    };
    static const char *const by_group[] = { "group set", "group show", "group delete", NULL };
    static const char *const by_command[] = { "command show", "command watch", "command cancel", NULL };
    g_autoptr(World) world = world_new("administrator");
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    const Pair singles[] = {
        { "bundle create", { "group", "office" }, "office", "nobody" },
        { "bundle create", { "endpoint", "e-far" }, "e-far", "e-nil" },
        { "bundle withdraw", { "bundle", world->far_bundle }, world->far_bundle, "b-none" },
        { "endpoint move", { "selector", "e-far", "group", "lab" }, "e-far", "e-nil" },
        { "endpoint move", { "selector", "@office", "group", "lab" }, "office", "nobody" },
        { "endpoint move", { "selector", "e-near", "group", "office" }, "office", "nobody" },
        { "quarantine restore", { "selector", "e-far", "scope", "all" }, "e-far", "e-nil" },
        { "quarantine delete", { "selector", "@office", "scope", "all" }, "office", "nobody" },
        { "detection show", { "detection", "d-1" }, "d-1", "d-9" },
        { "detection acknowledge", { "ids", "d-1" }, "d-1", "d-9" },
        { "detection acknowledge", { "ids", "d-2,d-1" }, "d-1", "d-9" },
    };

    g_array_append_vals(pairs, singles, G_N_ELEMENTS(singles));
    for (gsize i = 0; by_endpoint[i] != NULL; i++) {
        Pair id = { by_endpoint[i], { "endpoint", "e-far" }, "e-far", "e-nil" };
        Pair host = { by_endpoint[i], { "endpoint", "far" }, "'far'", "'nil'" };

        host.arguments[1] = "far";
        g_array_append_val(pairs, id);
        g_array_append_val(pairs, host);
    }
    for (gsize i = 0; by_selector[i] != NULL; i++) {
        Pair id = { by_selector[i], { "selector", "e-near,e-far" }, "e-far", "e-nil" };
        Pair group = { by_selector[i], { "selector", "@office" }, "office", "nobody" };

        g_array_append_val(pairs, id);
        g_array_append_val(pairs, group);
    }
    for (gsize i = 0; by_group[i] != NULL; i++) {
        Pair full = { by_group[i], { "name", "office" }, "office", "nobody" };
        Pair empty = { by_group[i], { "name", "vault" }, "vault", "nobody" };

        g_array_append_val(pairs, full);
        g_array_append_val(pairs, empty);
    }
    for (gsize i = 0; by_command[i] != NULL; i++) {
        Pair command = { by_command[i], { "command", world->far_command }, world->far_command, "c-none" };

        g_array_append_val(pairs, command);
    }
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        const char *words[MAX_WORDS + 1] = { NULL };
        g_autofree char *far = NULL;
        g_autofree char *nowhere = NULL;
        g_autofree char *named = NULL;
        g_autofree char *expected = NULL;
        g_autofree char *other = NULL;

        g_test_message("case %s %s", pair->name, pair->arguments[1]);
        far = ask(world, pair->name, pair->arguments);
        for (guint k = 0; pair->arguments[k] != NULL; k++) {
            if (strstr(pair->far, pair->arguments[k]) != NULL && pair->far[0] == '\'')
                words[k] = "nil";
            else if (strstr(pair->arguments[k], pair->far) != NULL)
                words[k] = other = replace(pair->arguments[k], pair->far, pair->nowhere);
            else
                words[k] = pair->arguments[k];
        }
        nowhere = ask(world, pair->name, words);
        named = replace(nowhere, pair->nowhere, pair->far);
        expected = replace(named, "\"nil\"", "\"far\""); /* an argument of the sentence has no quotes of its own */
        g_assert_cmpstr(far, ==, expected);
        g_assert_true(g_str_has_prefix(far, "not-found|"));
    }
    parts_check_registry(world->parts);
}

static json_t *answer(World *world, const char *name, const char *const *arguments)
{
    HlMsgCallReply *reply;
    json_t *document;

    parts_request(world->parts, &(PartsRequest){ .admin = CALLER, .name = name, .arguments = arguments });
    parts_let_finish(world->parts);
    reply = parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(reply->code, ==, "");
    document = hl_json_parse("reply", reply->json, strlen(reply->json), NULL);
    hl_wire_free(reply);
    return document;
}

static json_int_t number(const json_t *document, const char *member)
{
    return json_integer_value(json_object_get(document, member));
}

/* Counts are of what is there: a summary, a command for both groups. */
static void test_counts(void)
{
    g_autoptr(World) world = world_new("operator");
    g_autoptr(json_t) summary = answer(world, "summary", NULL);
    g_autoptr(json_t) list = answer(world, "command list", NULL);
    g_autoptr(json_t) groups = answer(world, "group list", NULL);
    g_autoptr(json_t) both =
        answer(world, "command show", (const char *const[]){ "command", world->both_command, NULL });
    g_autofree char *cancel =
        ask(world, "command cancel", (const char *const[]){ "command", world->both_command, NULL });

    g_assert_cmpint(number(summary, "endpoints"), ==, 1);
    g_assert_cmpint(number(summary, "open_commands"), ==, 2);
    g_assert_cmpint(number(summary, "open_detections"), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(list, "commands")), ==, 2);
    g_assert_cmpuint(json_array_size(json_object_get(groups, "groups")), ==, 1);
    g_assert_cmpint(number(both, "endpoints"), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(both, "targets")), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(both, "selector")), ==, "");
    g_assert_true(g_str_has_prefix(cancel, "denied|")); /* others are to do it too */
}

/* Followed and left of an announcement, and at a broker, is who is there; the state is that of all. */
static void test_server(void)
{
    static const struct {
        const char *call, *at, *count;
        json_int_t left, of;
    } rows[] = { { "server show", "announced", "following", 1, 1 },
                 { "server rollover status", NULL, "holding", 1, 1 },
                 { "server authority status", NULL, "through", 1, 1 } };
    g_autoptr(World) world = world_new("auditor");
    g_autoptr(json_t) brokers = answer(world, "broker list", NULL);

    parts_call(world->parts, "admin create", "name", "olaf-too", "csr", world->csr, "role", "operator", "groups",
               "office", NULL);
    done(world->parts);
    parts_call(world->parts, "server rollover start", NULL);
    done(world->parts);
    succession_set_conf(world->parts, "broker.mode", "external");
    succession_set_conf(world->parts, "broker.reload-command", "tell-broker");
    parts_call(world->parts, "server authority start", NULL);
    done(world->parts);
    g_assert_cmpint(number(json_array_get(json_object_get(brokers, "brokers"), 0), "endpoints"), ==, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) document = answer(world, rows[i].call, NULL);
        const json_t *at = rows[i].at != NULL ? json_object_get(document, rows[i].at) : document;
        g_autofree char *told = ask(world, rows[i].call, NULL);

        g_test_message("case %s: %s", rows[i].call, told);
        g_assert_cmpint(number(at, rows[i].count), ==, 0);
        g_assert_cmpint(number(at, "of"), ==, rows[i].of);
        g_assert_cmpint(number(at, "more"), ==, 0);
        g_assert_cmpuint(json_array_size(json_object_get(at, "left")), ==, rows[i].left);
        g_assert_nonnull(strstr(told, "e-near"));
        check_told(world, rows[i].call, told);
    }
}

/* Nobody gets out of their groups by what they may do. */
static void test_stays_inside(void)
{
    g_autoptr(World) world = world_new("administrator");
    g_autofree char *create = ask(world, "group create", (const char *const[]){ "name", "office", NULL });
    g_autofree char *fresh = ask(world, "group create", (const char *const[]){ "name", "fresh", NULL });
    g_autofree char *expected = replace(fresh, "fresh", "office");

    g_assert_true(g_str_has_prefix(create, "denied|"));
    g_assert_cmpstr(create, ==, expected); /* not even that the name is taken */
    parts_call(world->parts, "endpoint move", "selector", "@lab", "group", "office", NULL);
    done(world->parts);
    parts_call(world->parts, "group delete", "name", "lab", NULL); /* another of that name would be theirs */
    parts_let_finish(world->parts);
    json_decref(parts_expect_reply(world->parts, "conflict"));
}

static bool sees_status(const Parts *parts)
{
    g_autofree char *path = g_build_filename(parts->dir, "broker", "acl", NULL);
    g_autofree char *acl = NULL;

    g_assert_true(g_file_get_contents(path, &acl, NULL, NULL));
    return strstr(acl, "\nuser " CALLER "\ntopic deny holdline/v1/endpoint/#\ntopic read holdline/v1/status/#\n") !=
           NULL;
}

/* Where it was before is not told either, also where the registry was mended. */
static void test_history(void)
{
    static const char *const history[] = { "endpoint", "e-near", NULL };
    g_autoptr(World) world = world_new("operator");
    Parts *parts = world->parts;
    HlWriteSet *set = hl_write_set_new();
    g_autofree char *told = NULL;

    parts_call(parts, "endpoint move", "selector", "e-near", "group", "vault", NULL);
    done(parts);
    mgr_write_history(set, hl_clock_wall(), "e-near", "moved", "office: its group was missing");
    mgr_record_write(parts->record, set);
    parts_call(parts, "endpoint move", "selector", "e-near", "group", "lab", NULL);
    done(parts);
    told = ask(world, "endpoint history", history);
    check_told(world, "endpoint history", told);
    g_assert_nonnull(strstr(told, "\"detail\":\"another group\""));
    g_assert_nonnull(strstr(told, "\"detail\":\"lab\",\"group\":\"lab\""));
    g_assert_null(strstr(told, "vault")); /* nor beside the detail */
}

/* How many rows come, in all parts of the answer; *total: as its last part says. */
static json_int_t rows_of(const World *world, const char *name, const char *const *arguments, const char *member,
                          json_int_t *total)
{
    json_int_t n = 0;

    parts_request(world->parts, &(PartsRequest){ .admin = CALLER, .name = name, .arguments = arguments });
    parts_let_finish(world->parts);
    for (bool more = true; more;) {
        HlMsgCallReply *reply =
            parts_take(world->parts, HL_TOPIC_ADMIN_REPLY, CALLER, &holdline__v1__call_reply__descriptor);
        g_autoptr(json_t) document = hl_json_parse("reply", reply->json, strlen(reply->json), NULL);

        g_assert_cmpstr(reply->code, ==, "");
        n += (json_int_t)json_array_size(json_object_get(document, member));
        more = reply->more;
        *total = number(document, "total");
        hl_wire_free(reply);
    }
    return n;
}

/* Of long lists the newest 200 are told, and how many there are: for the caller, of what is theirs. */
static void test_totals(void)
{
    enum { N_ROWS = 250, N_OTHERS = 7 };
    static const char *const history[] = { "endpoint", "e-near", NULL };
    g_autoptr(World) world = world_new("operator");
    Parts *parts = world->parts;
    HlWriteSet *set = hl_write_set_new();
    json_int_t before = 0;
    json_int_t total = 0;
    json_int_t all = 0;

    for (int i = 0; i < N_ROWS + N_OTHERS; i++) {
        g_autofree char *id = g_strdup_printf("c-old-%d", i);

        hl_write_set_add(
            set,
            "INSERT INTO command (id, kind, selector, issuer, issued_at, expires_at, window_ms, timeout_ms)"
            " VALUES (?, 'scan', 'x', 'y', ?, 2, 0, 0)",
            "ti", id, (int64_t)i);
        hl_write_set_add(set, "INSERT INTO target VALUES (?, ?, 'succeeded', '', '', 1)", "tt", id,
                         i < N_ROWS ? "e-near" : "e-far");
        if (i < N_ROWS)
            mgr_write_history(set, hl_clock_wall(), "e-near", "lost", "line");
    }
    g_assert_cmpint(rows_of(world, "command list", NULL, "commands", &before), ==, 2);
    g_assert_cmpint(before, ==, 2);
    mgr_record_write(parts->record, set);
    parts_let_finish(parts);
    g_assert_cmpint(rows_of(world, "command list", NULL, "commands", &total), ==, 200);
    g_assert_cmpint(total, ==, before + N_ROWS);
    g_assert_cmpint(rows_of(world, "endpoint history", history, "history", &total), ==, 200);
    g_assert_cmpint(total, >=, N_ROWS);
    parts_call(parts, "account set", "name", CALLER, "groups", "", NULL);
    done(parts);
    rows_of(world, "command list", NULL, "commands", &all);
    g_assert_cmpint(all, >=, before + N_ROWS + N_OTHERS);
}

/* Status topics are about all groups: they begin and end with the limits, and so does the session that reads them. */
static void test_limits_change(void)
{
    g_autoptr(World) world = world_new("operator");
    Parts *parts = world->parts;

    g_assert_false(sees_status(parts));
    parts_call(parts, "account set", "name", CALLER, "groups", "", NULL);
    done(parts);
    g_assert_true(sees_status(parts));
    parts_call(parts, "account set", "name", CALLER, "groups", "vault, lab,vault", NULL);
    while (writer_fake_commit(parts->writer, 0) > 0)
        continue;
    g_assert_nonnull(bus_fake_find(CALLER));
    done(parts);
    g_assert_false(sees_status(parts));
    g_assert_cmpstr(mgr_accounts_get(parts->fleet.accounts, CALLER)->groups, ==, "lab,vault");
    parts_call(parts, "account set", "name", CALLER, "groups", "none", NULL);
    json_decref(parts_expect_reply(parts, "not-found"));
    parts_call(parts, "account set", "name", CALLER, "role", "owner", NULL);
    json_decref(parts_expect_reply(parts, "invalid"));
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/scope/tells-nothing", test_tells_nothing);
    g_test_add_func("/manager/scope/as-if-not-there", test_as_if_not_there);
    g_test_add_func("/manager/scope/counts", test_counts);
    g_test_add_func("/manager/scope/server", test_server);
    g_test_add_func("/manager/scope/stays-inside", test_stays_inside);
    g_test_add_func("/manager/scope/history", test_history);
    g_test_add_func("/manager/scope/totals", test_totals);
    g_test_add_func("/manager/scope/limits-change", test_limits_change);
    return g_test_run();
}

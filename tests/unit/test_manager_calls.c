/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/calls: what is asked wrongly is refused before any handler sees it; and every call that writes is
 * walked with what it is about going away between its write and its commit, and with a registry that cannot store it.
 * Whatever happens, each call is answered exactly once, and a restart finds what memory has. */
#include <string.h>

#include "tests/support/call_samples.h"
#include "tests/support/manager_parts.h"
#include "tests/support/stride.h"

/* Two endpoints, one of them up; an empty group; a bundle for it; an administrator, a monitor and a console beside
 * "admin"; a command and a roll-out for the endpoint that is up. */
typedef struct {
    Parts *parts;
    char *bundle, *command, *rollout;
} World;

static World *world_new(void)
{
    World *world = g_new0(World, 1);
    Parts *parts = world->parts = parts_new_of(&(PartsSite){ .peopled = true });
    g_autoptr(json_t) bundle = NULL;

    parts_add_group(parts, "spare", NULL);
    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_birth(parts, "e-one", 1);
    parts_call(parts, "bundle create", "group", "spare", NULL);
    parts_commit(parts);
    bundle = parts_expect_reply(parts, "");
    world->bundle = g_strdup(json_string_value(json_object_get(bundle, "id")));
    world->command = parts_issue(parts, "e-one");
    world->rollout = parts_start_rollout(parts, "e-one");
    parts_report_find(parts, "e-two", 1, "/tmp/eicar.com"); /* "d-1" */
    parts_commit(parts);
    bus_fake_forget(parts->bus);
    return world;
}

static void world_free(World *world)
{
    parts_free(world->parts);
    g_free(world->bundle);
    g_free(world->command);
    g_free(world->rollout);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The call's arguments with what stands for something put in its place; ends with NULL. */
static void fill(const World *world, const Call *call, const char *words[MAX_WORDS + 1])
{
    const struct {
        const char *word, *value;
    } places[] = {
        { "CSR", PARTS_CSR }, { "BUNDLE", world->bundle }, { "COMMAND", world->command }, { "ROLLOUT", world->rollout }
    };

    memset(words, 0, (MAX_WORDS + 1) * sizeof *words);
    for (guint i = 0; i < MAX_WORDS && call->arguments[i] != NULL; i++) {
        words[i] = call->arguments[i];
        for (gsize p = 0; p < G_N_ELEMENTS(places); p++)
            if (strcmp(words[i], places[p].word) == 0)
                words[i] = places[p].value;
    }
}

static void ask(World *world, const Call *call, const char *correlation)
{
    const char *words[MAX_WORDS + 1];

    fill(world, call, words);
    parts_ask(world->parts, call->name, words, correlation);
}

/* ------------------------------------------------------------------------------------------------------------ form */

static void expect_code(World *world, const char *correlation, const char *expected)
{
    g_autofree char *code = parts_end_of(world->parts, correlation);

    g_assert_cmpstr(code, ==, expected);
}

/* A call that is added to the manager is walked here with the others. */
static void test_complete(void)
{
    g_autoptr(World) world = world_new();
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(world->parts->dispatch, n)) != NULL; n++) {
        gsize i = 0;

        while (i < G_N_ELEMENTS(calls) && strcmp(calls[i].name, row->name) != 0)
            i++;
        if (i == G_N_ELEMENTS(calls))
            g_error("'%s' needs a row in calls of " __FILE__, row->name);
    }
}

static void test_arguments(void)
{
    g_autoptr(World) world = world_new();

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        const char *words[MAX_WORDS + 1];
        guint n;

        fill(world, &calls[i], words);
        for (n = 0; words[n] != NULL; n++)
            continue;
        /* an argument that it does not take */
        words[n] = "colour";
        words[n + 1] = "green";
        parts_ask(world->parts, calls[i].name, words, "unknown");
        expect_code(world, "unknown", "invalid");
        /* each that it wants, left out; "setting" alone need not be there */
        for (guint out = 0; out < n; out += 2) {
            const char *rest[MAX_WORDS + 1] = { NULL };

            fill(world, &calls[i], words);
            if (strcmp(words[out], "setting") == 0)
                continue;
            memcpy(rest, words, out * sizeof *rest);
            memcpy(rest + out, words + out + 2, (n - out - 2) * sizeof *rest);
            parts_ask(world->parts, calls[i].name, rest, "missing");
            expect_code(world, "missing", "invalid");
        }
    }
    g_assert_cmpuint(writer_fake_pending(world->parts->writer), ==, 0);
    g_assert_cmpuint(mgr_calls_refused(world->parts->calls), >, 2 * G_N_ELEMENTS(calls) - 22);
}

/* What is no call of an administrator gets no answer at all, and nothing happens. */
static void test_not_a_call(void)
{
    static const struct {
        const char *admin, *response_topic;
        bool retained;
    } cases[] = {
        { "mallory", NULL, false },                               /* nobody knows them */
        { "web", "holdline/v1/admin/reply/admin", false },        /* a console, to somebody else */
        { "e-one", NULL, false },                                 /* an endpoint */
        { "admin", "holdline/v1/admin/reply/bob", false },        /* to somebody else */
        { "admin", "holdline/v1/endpoint/e-one/command", false }, /* no reply topic */
        { "admin", "", false },                                   /* to nobody */
        { "admin", NULL, true },                                  /* the broker's copy of an old one */
    };

    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(World) world = world_new();

        for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
            const char *words[MAX_WORDS + 1];
            uint64_t before = mgr_dispatch_count(world->parts->dispatch).bad_messages;

            fill(world, &calls[i], words);
            parts_request(world->parts, &(PartsRequest){ .admin = cases[c].admin,
                                                         .name = calls[i].name,
                                                         .arguments = words,
                                                         .response_topic = cases[c].response_topic,
                                                         .retained = cases[c].retained });
            g_assert_cmpuint(mgr_dispatch_count(world->parts->dispatch).bad_messages, ==, before + 1);
        }
        g_assert_cmpuint(writer_fake_pending(world->parts->writer), ==, 0);
        g_assert_cmpuint(bus_fake_published(world->parts->bus, NULL), ==, 0);
    }
}

/* A revoked administrator is nobody from the commit on. */
static void test_revoked_admin(void)
{
    g_autoptr(World) world = world_new();

    parts_request(world->parts, &(PartsRequest){ .admin = "bob", .name = "summary", .correlation = "before" });
    expect_code(world, "before", "");
    ask(world, &(Call){ "admin revoke", { "name", "bob" } }, "revoke");
    parts_let_finish(world->parts);
    expect_code(world, "revoke", "");
    parts_request(world->parts, &(PartsRequest){ .admin = "bob", .name = "summary", .correlation = "after" });
    expect_code(world, "after", NULL);
    ask(world, &(Call){ "admin revoke", { "name", "admin" } }, "himself");
    expect_code(world, "himself", "invalid");
}

/* The answer to nonsense is text that the other side takes, cut or not. */
static void test_unknown_call(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GString) name = g_string_new(NULL);

    for (guint i = 0; i < 40; i++)
        g_string_append(name, i < 2 ? "x" : "\xe3\x81\x82"); /* the 64th byte is inside a character */
    ask(world, &(Call){ "make coffee", { NULL } }, "unknown");
    expect_code(world, "unknown", "invalid");
    ask(world, &(Call){ name->str, { NULL } }, "long");
    expect_code(world, "long", "invalid");
}

/* -------------------------------------------------------------------------------- each call does what it says */

static void test_each(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autoptr(World) world = world_new();
        const char *expected = call_sample_end(calls[i].name);

        g_test_message("case %s", calls[i].name);
        ask(world, &calls[i], "c");
        parts_let_finish(world->parts);
        expect_code(world, "c", expected);
        parts_check_registry(world->parts);
    }
}

static void test_groups(void)
{
    static const struct {
        Call call;
        const char *code;
    } cases[] = {
        { { "group create", { "name", "Bad Name" } }, "invalid" },
        { { "group create", { "name", "office" } }, "exists" },
        { { "group create", { "name", "x", "setting", "no-such-key=1" } }, "invalid" },
        { { "group create", { "name", "x", "setting", "heartbeat" } }, "invalid" },
        { { "group create", { "name", "x", "setting", "line.heartbeat=1m\nindependent=yes" } }, "invalid" },
        { { "group set", { "name", "none", "setting", "line.heartbeat=1m" } }, "not-found" },
        { { "group set", { "name", "spare", "version", "7", "setting", "line.heartbeat=1m" } }, "conflict" },
        { { "group set", { "name", "spare", "version", "x", "setting", "line.heartbeat=1m" } }, "invalid" },
        { { "group set", { "name", "spare", "version", "1", "setting", "line.heartbeat=1m" } }, "" },
        { { "group rename", { "name", "none", "display_name", "x" } }, "not-found" },
        { { "group delete", { "name", "none" } }, "not-found" },
        { { "group delete", { "name", "office" } }, "conflict" },
        { { "endpoint move", { "selector", "e-none", "group", "spare" } }, "not-found" },
        { { "endpoint move", { "selector", "e-one", "group", "none" } }, "not-found" },
        { { "endpoint move", { "selector", "@office", "group", "office" } }, "" },
        { { "bundle create", { "group", "none" } }, "not-found" },
        { { "bundle create", { "group", "spare", "uses", "0" } }, "invalid" },
        { { "bundle create", { "group", "spare", "uses", "1000001" } }, "invalid" },
        { { "bundle create", { "group", "spare", "expires", "2y" } }, "invalid" },
        { { "bundle withdraw", { "bundle", "b-none" } }, "not-found" },
        { { "admin create", { "name", "e-evil", "csr", "CSR" } }, "invalid" },
        { { "admin create", { "name", "manager", "csr", "CSR" } }, "invalid" },
        { { "admin create", { "name", "bob", "csr", "CSR" } }, "exists" },
        { { "monitor create", { "name", "bob", "csr", "CSR" } }, "exists" },
        { { "admin create", { "name", "dave", "csr", "bm8gY3Ny" } }, "invalid" },
        { { "admin create", { "name", "dave", "csr", "" } }, "invalid" },
        { { "admin create", { "name", "dave", "csr", "CSR", "role", "king" } }, "invalid" },
        { { "account create", { "name", "dave", "role", "king" } }, "invalid" },
        { { "account create", { "name", "e-evil", "role", "owner" } }, "invalid" },
        { { "account create", { "name", "bob", "role", "owner" } }, "exists" },
        { { "account create", { "name", "eye", "role", "owner" } }, "exists" },
        { { "account create", { "name", "dave", "role", "owner", "note", "two\nlines" } }, "invalid" },
        { { "account set", { "name", "none", "role", "owner" } }, "not-found" },
        { { "account set", { "name", "admin", "role", "auditor" } }, "invalid" },
        { { "account disable", { "name", "admin" } }, "invalid" },
        { { "account delete", { "name", "admin" } }, "invalid" },
        { { "account show", { "name", "none" } }, "not-found" },
        { { "account certificate", { "name", "none", "csr", "CSR" } }, "not-found" },
        { { "account certificate", { "name", "bob", "csr", "bm8gY3Ny" } }, "invalid" },
        { { "account certificate", { "name", "admin", "csr", "CSR", "replace", "yes" } }, "invalid" },
        { { "admin revoke", { "name", "eye" } }, "not-found" },
        { { "monitor revoke", { "name", "bob" } }, "not-found" },
        { { "update-now", { "selector", "e-one", "expires", "0s" } }, "invalid" },
        { { "update-now", { "selector", "e-one", "window", "2d" } }, "invalid" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();

        g_test_message("case %s %s", cases[i].call.name, cases[i].call.arguments[1]);
        ask(world, &cases[i].call, "c");
        parts_let_finish(world->parts);
        expect_code(world, "c", cases[i].code);
        parts_check_registry(world->parts);
    }
}

/* -------------------------------------------------------------------------------- the object goes away meanwhile */

/* What else may happen between a write and its commit, beside the other calls. */
static void report_success(World *world)
{
    parts_report_command(world->parts, "e-one", 1, world->command, HL_STATE_SUCCEEDED);
}

static void expire(World *world)
{
    clock_fake_advance(5 * HL_DAY);
    mgr_commands_tick(world->parts->commands);
}

static void be_born(World *world)
{
    parts_birth(world->parts, "e-one", 2);
}

static void be_lost(World *world)
{
    parts_will(world->parts, "e-one", 1);
}

static void claim_counter(World *world)
{
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;

    beat.session = 1;
    beat.seq = 1;
    beat.settings_counter = 1000;
    parts_deliver(world->parts, HL_TOPIC_HEARTBEAT, "e-one", &beat.base);
}

static void lose_broker(World *world)
{
    bus_fake_down(world->parts->bus, "gone");
    bus_fake_up(world->parts->bus);
}

static void tick(World *world)
{
    mgr_console_tick(world->parts->console);
    mgr_tracker_flush(world->parts->tracker);
    mgr_record_flush(world->parts->record);
}

static void (*const happenings[])(World *) = { report_success, expire,      be_born, be_lost,
                                               claim_counter,  lose_broker, tick };

typedef enum { ALL_AT_ONCE, ONE_BY_ONE } Commits;

static void commit_one_by_one(World *world)
{
    while (writer_fake_commit(world->parts->writer, 1) > 0)
        timer_fake_advance(0);
}

static void end_and_check(World *world, Commits commits)
{
    if (commits == ONE_BY_ONE)
        commit_one_by_one(world);
    parts_let_finish(world->parts);
}

/* Of those that only look, the ones that wait for something; and of those that share their code one. */
static bool is_walked(const Call *call)
{
    static const char *const idle[] = { "group list",
                                        "group show",
                                        "endpoint list",
                                        "endpoint show",
                                        "summary",
                                        "snapshot",
                                        "command list",
                                        "command show",
                                        "bundle list",
                                        "account list",
                                        "audit list",
                                        "account show",
                                        "admin list",
                                        "monitor list",
                                        "pattern list",
                                        "pattern sync",
                                        "rollback",
                                        "synchronize",
                                        "endpoint history",
                                        "endpoint clone keep",
                                        "endpoint clone split",
                                        NULL };

    return !g_strv_contains(idle, call->name) && !g_str_has_prefix(call->name, "console ") &&
           !g_str_has_prefix(call->name, "session ") && !g_str_has_prefix(call->name, "view ");
}

static void two_calls(const Call *a, const Call *b, Commits commits)
{
    g_autoptr(World) world = world_new();
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    g_test_message("case %s, then %s", a->name, b->name);
    ask(world, a, "first");
    ask(world, b, "second");
    end_and_check(world, commits);
    first = parts_end_of(world->parts, "first");
    second = parts_end_of(world->parts, "second");
    g_assert_nonnull(first);
    g_assert_nonnull(second);
    parts_check_registry(world->parts);
}

/* Every pair of calls, each the first; committed together, or one after the other. */
static void test_two_calls(void)
{
    for (gsize a = 0; a < G_N_ELEMENTS(calls); a++)
        for (gsize b = 0; b < G_N_ELEMENTS(calls); b++)
            if (is_walked(&calls[a]) && is_walked(&calls[b]) && stride_is_turn())
                two_calls(&calls[a], &calls[b], (a + b) % 2 == 0 ? ALL_AT_ONCE : ONE_BY_ONE);
}

static void call_and_happening(const Call *call, guint happening, guint order)
{
    g_autoptr(World) world = world_new();
    g_autofree char *code = NULL;

    g_test_message("case %s, happening %u, order %u", call->name, happening, order);
    if (order == 0)
        happenings[happening](world);
    ask(world, call, "c");
    if (order == 1)
        happenings[happening](world);
    end_and_check(world, happening % 2 == 0 ? ALL_AT_ONCE : ONE_BY_ONE);
    code = parts_end_of(world->parts, "c");
    g_assert_nonnull(code);
    parts_check_registry(world->parts);
}

static void test_happenings(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        for (guint n = 0; n < 2 * G_N_ELEMENTS(happenings) && is_walked(&calls[i]); n++)
            if (stride_is_turn())
                call_and_happening(&calls[i], n / 2, n % 2);
}

/* The same pairs where it is known what the second finds. */
static void test_gone_meanwhile(void)
{
    static const struct {
        Call first, second;
        const char *code; /* of the second */
    } cases[] = {
        { { "group delete", { "name", "spare" } },
          { "group set", { "name", "spare", "setting", "line.heartbeat=5m" } },
          "conflict" },
        { { "group delete", { "name", "spare" } }, { "group delete", { "name", "spare" } }, "conflict" },
        { { "group delete", { "name", "spare" } }, { "bundle create", { "group", "spare" } }, "invalid" },
        { { "group delete", { "name", "spare" } }, { "bundle withdraw", { "bundle", "BUNDLE" } }, "conflict" },
        { { "group delete", { "name", "spare" } },
          { "endpoint move", { "selector", "e-one", "group", "spare" } },
          "invalid" },
        { { "endpoint move", { "selector", "e-one", "group", "spare" } },
          { "group delete", { "name", "spare" } },
          "conflict" },
        { { "endpoint move", { "selector", "e-one", "group", "spare" } },
          { "endpoint move", { "selector", "e-one", "group", "spare" } },
          "conflict" },
        { { "bundle create", { "group", "spare" } }, { "group delete", { "name", "spare" } }, "" },
        { { "group create", { "name", "new" } }, { "group create", { "name", "new" } }, "exists" },
        { { "group set", { "name", "spare", "setting", "line.heartbeat=5m" } },
          { "group set", { "name", "spare", "setting", "line.heartbeat=6m" } },
          "conflict" },
        { { "endpoint remove", { "endpoint", "e-one" } },
          { "endpoint move", { "selector", "@office", "group", "spare" } },
          "conflict" },
        { { "endpoint remove", { "endpoint", "e-one" } }, { "endpoint remove", { "endpoint", "e-one" } }, "conflict" },
        { { "endpoint remove", { "endpoint", "e-one" } }, { "endpoint revoke", { "endpoint", "e-one" } }, "conflict" },
        { { "endpoint revoke", { "endpoint", "e-one" } }, { "endpoint revoke", { "endpoint", "e-one" } }, "" },
        { { "endpoint revoke", { "endpoint", "e-one" } }, { "endpoint remove", { "endpoint", "e-one" } }, "" },
        { { "admin create", { "name", "carol", "csr", "CSR" } },
          { "monitor create", { "name", "carol", "csr", "CSR" } },
          "exists" },
        { { "admin create", { "name", "carol", "csr", "CSR" } },
          { "admin create", { "name", "carol", "csr", "CSR" } },
          "exists" },
        { { "account create", { "name", "dora", "role", "auditor" } },
          { "account create", { "name", "dora", "role", "owner" } },
          "exists" },
        { { "account create", { "name", "carol", "role", "auditor" } },
          { "monitor create", { "name", "carol", "csr", "CSR" } },
          "exists" },
        { { "monitor create", { "name", "carol", "csr", "CSR" } },
          { "account create", { "name", "carol", "role", "auditor" } },
          "exists" },
        { { "account set", { "name", "bob", "role", "auditor" } },
          { "account set", { "name", "bob", "note", "away" } },
          "conflict" },
        { { "account set", { "name", "bob", "role", "auditor" } },
          { "account disable", { "name", "bob" } },
          "conflict" },
        { { "account delete", { "name", "bob" } }, { "account enable", { "name", "bob" } }, "not-found" },
        { { "account delete", { "name", "bob" } },
          { "account certificate", { "name", "bob", "csr", "CSR" } },
          "not-found" },
        { { "admin revoke", { "name", "bob" } }, { "admin revoke", { "name", "bob" } }, "" },
        { { "admin revoke", { "name", "bob" } }, { "admin create", { "name", "bob", "csr", "CSR" } }, "exists" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (Commits commits = ALL_AT_ONCE; commits <= ONE_BY_ONE; commits++) {
            g_autoptr(World) world = world_new();

            g_test_message("case %s, then %s", cases[i].first.name, cases[i].second.name);
            ask(world, &cases[i].first, "first");
            ask(world, &cases[i].second, "second");
            end_and_check(world, commits);
            expect_code(world, "first", "");
            expect_code(world, "second", cases[i].code);
            parts_check_registry(world->parts);
        }
    }
}

/* ----------------------------------------------------------------------------------------- what cannot be stored */

static bool writes(const Call *call)
{
    g_autoptr(World) world = world_new();

    ask(world, call, "c");
    return writer_fake_pending(world->parts->writer) > 0;
}

/* Every call that writes: its set fails, or is not even taken; nothing has changed, and the same call works after. */
static void test_not_stored(void)
{
    guint n_writing = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autoptr(World) world = NULL;

        if (!writes(&calls[i]))
            continue;
        g_test_message("case %s", calls[i].name);
        n_writing++;
        world = world_new();
        tick(world);
        parts_commit(world->parts);
        writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
        ask(world, &calls[i], "failed");
        parts_let_finish(world->parts);
        g_assert_true(writer_fake_failed(world->parts->writer));
        expect_code(world, "failed", "full");
        parts_check_registry(world->parts);
        writer_fake_refuse(world->parts->writer, true);
        ask(world, &calls[i], "refused");
        writer_fake_refuse(world->parts->writer, false);
        parts_let_finish(world->parts);
        expect_code(world, "refused", "limit");
        parts_check_registry(world->parts);
        ask(world, &calls[i], "again");
        parts_let_finish(world->parts);
        expect_code(world, "again", call_sample_end(calls[i].name));
        parts_check_registry(world->parts);
    }
    g_assert_cmpuint(n_writing, ==, 43);
}

/* The manager stops while they wait: each is answered or dropped, none twice. */
static void test_stopped(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autoptr(World) world = world_new();

        ask(world, &calls[i], "c");
        mgr_record_stop(world->parts->record);
        ask(world, &calls[i], "late");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/calls/complete", test_complete);
    g_test_add_func("/manager/calls/arguments", test_arguments);
    g_test_add_func("/manager/calls/not-a-call", test_not_a_call);
    g_test_add_func("/manager/calls/revoked-admin", test_revoked_admin);
    g_test_add_func("/manager/calls/unknown", test_unknown_call);
    g_test_add_func("/manager/calls/each", test_each);
    g_test_add_func("/manager/calls/refused", test_groups);
    g_test_add_func("/manager/pairs/two", test_two_calls);
    g_test_add_func("/manager/pairs/happenings", test_happenings);
    g_test_add_func("/manager/calls/gone-meanwhile", test_gone_meanwhile);
    g_test_add_func("/manager/calls/not-stored", test_not_stored);
    g_test_add_func("/manager/calls/stopped", test_stopped);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which role is in charge of a target: patterns, order, terminating, bounds, and every delegator's own word. */
#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/tuf_fixture.h"
#include "updater/tuf/delegation.h"

static void test_patterns(void)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        /* the examples of TUF section 4.5 */
        { "targets/*.tgz", "targets/foo.tgz", true },
        { "targets/*.tgz", "targets/bar.tgz", true },
        { "targets/*.tgz", "targets/foo.txt", false },
        { "foo-version-?.tgz", "foo-version-2.tgz", true },
        { "foo-version-?.tgz", "foo-version-a.tgz", true },
        { "foo-version-?.tgz", "foo-version-alpha.tgz", false },
        { "*.tgz", "foo.tgz", true },
        { "*.tgz", "targets/foo.tgz", false },
        { "foo.tgz", "foo.tgz", true },
        { "foo.tgz", "foo.tgz2", false },
        { "foo.tgz", "foo.tg", false },
        /* a wildcard never takes a slash */
        { "*", "a/b", false },
        { "*/*", "a/b", true },
        { "*/*", "a/b/c", false },
        { "a?b", "a/b", false },
        { "a[./]b", "a/b", false },
        { "*", "", true },
        { "", "", true },
        { "", "a", false },
        { "a*", "a", true },
        { "*a*b*", "xxaxxbxx", true },
        { "*a*b*", "xxbxxaxx", false },
        { "*ab", "aab", true },
        { "*ab/c*d", "aab/cxd", true },
        { "*ab/c*d", "aab/cx/d", false },
        { "**", "anything", true },
        /* sets */
        { "[abc]", "b", true },
        { "[a-c]x", "bx", true },
        { "[!a-c]", "d", true },
        { "[!a-c]", "b", false },
        { "[]]", "]", true },
        { "[a-]", "-", true },
        { "[", "[", true },
        { "[ab", "[ab", true },
        { "[/a]", "a", false },
        { "[/a]", "[/a]", true },
        { "[a-/]", "a", false },
        { "a[b", "ab", false },
        /* characters, not bytes */
        { "?.txt", "あ.txt", true },
        { "[あ-ん]", "い", true },
        { "*い", "あい", true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (tuf_path_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
            g_error("'%s' against '%s'", cases[i].pattern, cases[i].path);
}

/* No pattern takes exponential time. */
static void test_pattern_cost(void)
{
    g_autofree char *path = g_strnfill(4000, 'a');
    g_autoptr(GString) pattern = g_string_new(NULL);

    for (int i = 0; i < 1000; i++)
        g_string_append(pattern, "*a");
    g_string_append(pattern, "*b");
    g_assert_false(tuf_path_matches(pattern->str, path));
}

static void publish_all(TufSim *sim, const char *roles)
{
    g_auto(GStrv) names = g_strsplit(roles, " ", -1);

    for (char **name = names; *name != NULL; name++)
        tuf_sim_publish(sim, *name);
    tuf_sim_publish_chain(sim);
}

typedef struct {
    const char *delegator, *role, *pattern;
    bool terminating;
} Edge;

/* A search for a target that does not exist visits these roles in this order. */
static void expect_visits(const Edge *edges, gsize n, const char *visits)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *expected =
        g_strdup_printf("2.root timestamp 2.snapshot 2.targets%s%s", *visits ? " " : "", visits);
    g_autoptr(GHashTable) roles = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; i < n; i++) {
        tuf_sim_delegate(sim, edges[i].delegator, edges[i].role, edges[i].pattern, edges[i].terminating);
        g_hash_table_add(roles, hl_unconst(edges[i].role));
    }
    for (gsize i = 0; i < n; i++)
        if (g_hash_table_remove(roles, edges[i].role))
            tuf_sim_publish(sim, edges[i].role);
    tuf_sim_publish_chain(sim);
    fixture_get_refused(fixture, "missing", HL_ERROR_NOT_FOUND, "no target 'missing'");
    fixture_expect_requests(fixture, expected);
}

#define EXPECT_VISITS(visits, ...)                           \
    do {                                                     \
        static const Edge edges_[] = { __VA_ARGS__ };        \
        expect_visits(edges_, G_N_ELEMENTS(edges_), visits); \
    } while (0)

static void test_order(void)
{
    EXPECT_VISITS("1.A", { "targets", "A", "*", false });
    EXPECT_VISITS("1.A 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", false });
    EXPECT_VISITS("1.A 1.C 1.D 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "A", "C", "*", false }, { "A", "D", "*", false });
    EXPECT_VISITS("1.A 1.C 1.D 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "A", "C", "*", false }, { "C", "D", "*", false });
    EXPECT_VISITS("1.B", { "targets", "A", "*.py", false }, { "targets", "B", "*", false }, { "A", "C", "*", false });
    EXPECT_VISITS("1.A 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "A", "C", "*.py", false }, { "C", "D", "*", false });
    EXPECT_VISITS("", { "targets", "A", NULL, false });
}

static void test_terminating(void)
{
    EXPECT_VISITS("1.A 1.C", { "targets", "A", "*", false }, { "targets", "B", "*", false }, { "A", "C", "*", true },
                  { "A", "D", "*", false });
    EXPECT_VISITS("1.A 1.C 1.D", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "A", "C", "*", true }, { "C", "D", "*", false });
    EXPECT_VISITS("1.A 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", true },
                  { "targets", "C", "*", false });
    /* it ends nothing where it is not about the path */
    EXPECT_VISITS("1.B", { "targets", "A", "*.py", true }, { "targets", "B", "*", false });
}

static void test_visited_once(void)
{
    EXPECT_VISITS("1.A 1.B 1.C 1.D", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "B", "C", "*", false }, { "C", "D", "*", false }, { "D", "B", "*", false });
    EXPECT_VISITS("1.A 1.C 1.B", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "B", "C", "*", false }, { "A", "C", "*", false });
    EXPECT_VISITS("1.A 1.B 1.C", { "targets", "A", "*", false }, { "targets", "B", "*", false },
                  { "B", "C", "*", false }, { "A", "C", "*.py", false });
}

/* A target counts only if every delegation on the way is about it. */
static void test_chain_of_paths(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "A", "*.md", false);
    tuf_sim_delegate(sim, "targets", "B", "releases/*/*", false);
    tuf_sim_delegate(sim, "B", "C", "releases/x/*", false);
    tuf_sim_delegate(sim, "B", "D", "releases/y/*.zip", false);
    tuf_sim_add_target(sim, "targets", "file", "by targets");
    tuf_sim_add_target(sim, "A", "README.md", "by A");
    tuf_sim_add_target(sim, "C", "releases/x/1", "by C");
    tuf_sim_add_target(sim, "D", "releases/y/1.zip", "by D");
    tuf_sim_add_target(sim, "D", "releases/z/1.zip", "not D's");
    tuf_sim_add_target(sim, "C", "README.md", "not C's");
    publish_all(sim, "A B C D");
    fixture_get(fixture, "file", "by targets");
    fixture_get(fixture, "README.md", "by A");
    fixture_get(fixture, "releases/x/1", "by C");
    fixture_get(fixture, "releases/y/1.zip", "by D");
    fixture_get_refused(fixture, "releases/z/1.zip", HL_ERROR_NOT_FOUND, "no target");
}

/* The first role in the order that lists it decides. */
static void test_first_wins(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "A", "virus/*", false);
    tuf_sim_delegate(sim, "targets", "B", "*/*", true);
    tuf_sim_add_target(sim, "A", "virus/x", "by A");
    tuf_sim_add_target(sim, "B", "virus/x", "by B");
    tuf_sim_add_target(sim, "B", "virus/y", "by B, y");
    publish_all(sim, "A B");
    fixture_get(fixture, "virus/x", "by A");
    fixture_get(fixture, "virus/y", "by B, y");
}

/* Bins: sha256("file") is 3b9c..., so says sha256sum. */
static void test_path_hash_prefixes(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "bin-3a", NULL, true);
    tuf_sim_delegate(sim, "targets", "bin-3b", NULL, true);
    json_object_set_new(tuf_sim_role_entry(sim, "targets", "bin-3a"), "path_hash_prefixes", json_pack("[s]", "3a"));
    json_object_set_new(tuf_sim_role_entry(sim, "targets", "bin-3b"), "path_hash_prefixes",
                        json_pack("[s,s]", "3c", "3b"));
    tuf_sim_add_target(sim, "bin-3a", "file", "the wrong bin");
    tuf_sim_add_target(sim, "bin-3b", "file", "the right bin");
    publish_all(sim, "bin-3a bin-3b");
    fixture_get(fixture, "file", "the right bin");
}

/* C is signed as A wants it.  B delegates to it as well, but to other keys: through B it is worth nothing, whatever was
 * verified before, in this run or an earlier one. */
static void test_verified_for_each_delegator(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autoptr(GError) error = NULL;
    UpdClient *client;

    tuf_sim_delegate(sim, "targets", "A", "a/*", true);
    tuf_sim_delegate(sim, "targets", "B", "b/*", true);
    tuf_sim_delegate(sim, "A", "C", "*/*", false);
    tuf_sim_delegate(sim, "B", "C", "*/*", false);
    g_ptr_array_remove_index(tuf_sim_signers(sim, "C"), 1); /* the key that B names signs nothing */
    tuf_sim_add_target(sim, "C", "a/x", "through A");
    tuf_sim_add_target(sim, "C", "b/x", "through B");
    publish_all(sim, "A B C");
    client = fixture_open(fixture, &error);
    g_assert_no_error(error);
    g_assert_nonnull(upd_client_find(client, "a/x", NULL));
    g_assert_null(upd_client_find(client, "b/x", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_assert_nonnull(strstr(error->message, "signed by 0 of the 1 keys that its delegator"));
    upd_client_close(client);
    fixture_get(fixture, "a/x", "through A");
    fixture_get_refused(fixture, "b/x", HL_ERROR_UNTRUSTED, "signed by 0 of the 1 keys that its delegator");
}

static void test_expired(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_add_target(sim, "virus", "virus/x", "first");
    tuf_sim_add_target(sim, "virus", "virus/y", "second");
    tuf_sim_set_expires(sim, "virus", sim->now + HL_DAY);
    publish_all(sim, "virus");
    fixture_get(fixture, "virus/x", "first");
    sim->now += HL_DAY; /* the local one has expired, and the repository has no newer */
    fixture_get_refused(fixture, "virus/y", HL_ERROR_EXPIRED, "expired at");
    fixture_get_refused(fixture, "virus/y", HL_ERROR_EXPIRED, "frozen repository?");
    sim->server_date = sim->now - HL_DAY;
    fixture_get_refused(fixture, "virus/y", HL_ERROR_EXPIRED, "clock? this machine's is 1 d ahead");
    tuf_sim_set_expires(sim, "virus", sim->now + HL_DAY);
    publish_all(sim, "virus");
    fixture_get(fixture, "virus/y", "second");
}

static void test_not_in_snapshot(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "A", "*", false);
    tuf_sim_delegate(sim, "targets", "B", "*", false);
    tuf_sim_add_target(sim, "B", "x", "by B");
    publish_all(sim, "B");
    fixture_get_refused(fixture, "x", HL_ERROR_UNTRUSTED, "does not list the role 'A'");
}

/* What the snapshot says of a delegated role holds for it as for the top-level targets. */
static void test_delegated_mix_and_match(void)
{
    for (int hashes = 0; hashes < 2; hashes++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;

        sim->list_hashes = hashes;
        tuf_sim_delegate(sim, "targets", "A", "*", false);
        tuf_sim_add_target(sim, "A", "x", "by A");
        tuf_sim_publish(sim, "A");
        publish_all(sim, "A");
        tuf_sim_serve(sim, "metadata/2.A.json", g_bytes_ref(tuf_sim_served(sim, "metadata/1.A.json")));
        fixture_get_refused(fixture, "x", HL_ERROR_UNTRUSTED, "(mix-and-match)");
        tuf_sim_republish(sim, "A");
        fixture_get(fixture, "x", "by A");
    }
}

/* A chain of n roles; the last lists the target. */
static void make_chain(TufSim *sim, int n)
{
    g_autofree char *above = g_strdup("targets");

    for (int i = 1; i <= n; i++) {
        g_autofree char *name = g_strdup_printf("r%d", i);

        tuf_sim_delegate(sim, above, name, "*", false);
        if (i == n)
            tuf_sim_add_target(sim, name, "x", "deep");
        g_free(above);
        above = g_steal_pointer(&name);
    }
    for (int i = 1; i <= n; i++) {
        g_autofree char *name = g_strdup_printf("r%d", i);

        tuf_sim_publish(sim, name);
    }
    tuf_sim_publish_chain(sim);
}

static void test_depth(void)
{
    g_autoptr(Fixture) good = fixture_new();
    g_autoptr(Fixture) bad = fixture_new();

    make_chain(good->sim, TUF_WALK_DEPTH_MAX);
    fixture_get(good, "x", "deep");
    make_chain(bad->sim, TUF_WALK_DEPTH_MAX + 1);
    fixture_get_refused(bad, "x", HL_ERROR_LIMIT, "lead too far");
}

static void test_count(void)
{
    for (int over = 0; over < 2; over++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        int n = TUF_WALK_ROLES_MAX + over;

        for (int i = 1; i <= n; i++) {
            g_autofree char *name = g_strdup_printf("r%d", i);

            tuf_sim_delegate(sim, "targets", name, "*", false);
            if (i == n)
                tuf_sim_add_target(sim, name, "x", "wide");
            tuf_sim_publish(sim, name);
        }
        tuf_sim_publish_chain(sim);
        if (over)
            fixture_get_refused(fixture, "x", HL_ERROR_LIMIT, "lead too far");
        else
            fixture_get(fixture, "x", "wide");
    }
}

/* Names that could leave the directory or end a URL. */
static void test_role_names(void)
{
    static const char *const names[][2] = {
        { "?", "1.%3F" },
        { "#", "1.%23" },
        { "/delegated", "1.%2Fdelegated" },
        { "../delegated", "1...%2Fdelegated" },
        { "あ", "1.%E3%81%82" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        g_autofree char *requests = g_strdup_printf("2.root timestamp 2.snapshot 2.targets %s", names[i][1]);
        g_autofree char *file = g_strdup_printf("%s.json", names[i][1] + 2);
        g_autofree char *path = fixture_path(fixture, file);

        tuf_sim_delegate(sim, "targets", names[i][0], "*", false);
        publish_all(sim, names[i][0]);
        fixture_get_refused(fixture, "missing", HL_ERROR_NOT_FOUND, "no target");
        fixture_expect_requests(fixture, requests);
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    }
}

/* upd_client_list: what a role lists, but only where it is in charge. */
static void test_list(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autoptr(UpdClient) client = NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GError) error = NULL;

    tuf_sim_delegate(sim, "targets", "agent", "agent/*", true);
    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_add_target(sim, "virus", "virus/1", "1");
    tuf_sim_add_target(sim, "virus", "virus/2", "2");
    tuf_sim_add_target(sim, "virus", "agent/1", "not its own");
    publish_all(sim, "agent virus");
    client = fixture_open(fixture, &error);
    g_assert_no_error(error);
    list = upd_client_list(client, "virus", &error);
    g_assert_no_error(error);
    g_assert_cmpint(list->len, ==, 2);
    for (guint i = 0; i < list->len; i++) {
        const TufTarget *target = list->pdata[i];

        g_assert_true(g_str_has_prefix(target->path, "virus/"));
        g_assert_cmpstr(json_string_value(json_object_get(target->custom, "component")), ==, "virus");
    }
    g_assert_null(upd_client_list(client, "rules", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/delegation/patterns", test_patterns);
    g_test_add_func("/tuf/delegation/pattern-cost", test_pattern_cost);
    g_test_add_func("/tuf/delegation/order", test_order);
    g_test_add_func("/tuf/delegation/terminating", test_terminating);
    g_test_add_func("/tuf/delegation/visited-once", test_visited_once);
    g_test_add_func("/tuf/delegation/chain-of-paths", test_chain_of_paths);
    g_test_add_func("/tuf/delegation/first-wins", test_first_wins);
    g_test_add_func("/tuf/delegation/path-hash-prefixes", test_path_hash_prefixes);
    g_test_add_func("/tuf/delegation/verified-for-each-delegator", test_verified_for_each_delegator);
    g_test_add_func("/tuf/delegation/expired", test_expired);
    g_test_add_func("/tuf/delegation/not-in-snapshot", test_not_in_snapshot);
    g_test_add_func("/tuf/delegation/mix-and-match", test_delegated_mix_and_match);
    g_test_add_func("/tuf/delegation/depth", test_depth);
    g_test_add_func("/tuf/delegation/count", test_count);
    g_test_add_func("/tuf/delegation/role-names", test_role_names);
    g_test_add_func("/tuf/delegation/list", test_list);
    return g_test_run();
}

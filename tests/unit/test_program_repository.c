/* SPDX-License-Identifier: Apache-2.0 */
/* The component 'program', from the publisher to an endpoint's disk: what a role lists, what it means for the version
 * that is installed, and what lies in next/ and before/ then. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "tests/support/repository_world.h"
#include "updater/install/program_fetch.h"
#include "updater/publisher/content.h"
#include "updater/publisher/gc.h"
#include "updater/publisher/import.h"
#include "updater/publisher/program.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repair.h"
#include "updater/publisher/repo_init.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* ----------------------------------------------------------------------------------------------------- the decision */

static void free_target(gpointer data)
{
    TufTarget *target = data;

    json_decref(target->custom);
    g_free(target);
}

static TufTarget *add_target(GPtrArray *targets, int release, const char *file, const char *version, const char *min,
                             const char *max)
{
    TufTarget *target = g_new0(TufTarget, 1);

    target->path = (char *)"program/x";
    target->length = 5;
    target->custom = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:s, s:s*, s:s*}", "kind", "full", "format", "zstd",
                               "component", "program", "version", release, "file", file, "out_sha256", SHA_A,
                               "out_length", 5, "program_version", version, "min_version", min, "max_version", max);
    g_ptr_array_add(targets, target);
    return target;
}

typedef struct {
    const char *installed;
    HlUpdaterProgramOutcome outcome;
    const char *next, *before;
} Expected;

static void expect(const GPtrArray *targets, const Expected *expected, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) offers = upd_program_offers(targets, "amd64", &error);

    g_assert_no_error(error);
    for (gsize i = 0; i < n; i++) {
        UpdProgramDecision decision = upd_program_decide(offers, expected[i].installed);
        const char *next = decision.next == NULL ? NULL : decision.next->release->version;
        const char *before = decision.before == NULL ? NULL : decision.before->release->version;
        g_autofree char *words = upd_program_explain(&decision, expected[i].installed);

        if (decision.outcome != expected[i].outcome || g_strcmp0(next, expected[i].next) != 0 ||
            g_strcmp0(before, expected[i].before) != 0)
            g_error("installed %s: %d, %s, %s: %s", expected[i].installed, decision.outcome, next, before, words);
        g_assert_nonnull(strstr(words, expected[i].installed));
    }
}

#define ENDPOINT "holdline-endpoint_amd64.deb"

static void test_decisions(void)
{
    static const Expected expected[] = {
        { "0.0.9-1", HL_UPDATER_PROGRAM_NO_WAY_BACK, "0.2-1", NULL },
        { "0.1-1", HL_UPDATER_PROGRAM_OFFERED, "0.2-1", "0.1-1" }, /* 0.3 is not for it, 0.2 leads there */
        { "0.2-1", HL_UPDATER_PROGRAM_OFFERED, "0.3-1", "0.2-1" },
        { "0.2.5-1", HL_UPDATER_PROGRAM_UNSUITED, "0.3-1", NULL },
        { "0.3-1", HL_UPDATER_PROGRAM_CURRENT, NULL, NULL },
        { "0.4-1", HL_UPDATER_PROGRAM_CURRENT, NULL, NULL }, /* was withdrawn: kept, and not gone back from */
        { "1:0-1", HL_UPDATER_PROGRAM_CURRENT, NULL, NULL },
    };
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);

    add_target(targets, 5, ENDPOINT, "0.3-1", "0.2-1", "0.2.4");
    add_target(targets, 1, ENDPOINT, "0.1-1", NULL, NULL);
    add_target(targets, 4, ENDPOINT, "0.4-1", NULL, NULL);
    add_target(targets, 2, ENDPOINT, "0.2-1", NULL, NULL);
    expect(targets, expected, G_N_ELEMENTS(expected));
}

/* A release that another architecture has is none for this one. */
static void test_other_arch(void)
{
    static const Expected expected[] = { { "0.1-1", HL_UPDATER_PROGRAM_CURRENT, NULL, NULL } };
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);

    expect(targets, expected, 1);
    add_target(targets, 1, ENDPOINT, "0.1-1", NULL, NULL);
    add_target(targets, 2, "holdline-endpoint_arm64.deb", "0.2-1", NULL, NULL);
    add_target(targets, 2, "holdline-common_all.deb", "0.2-1", NULL, NULL);
    expect(targets, expected, 1);
}

static void test_bad_offers(void)
{
    static const struct {
        const char *member, *text;
    } cases[] = {
        { "component", "virus" }, { "version", "7" },     { "file", "../x_amd64.deb" }, { "file", "x.deb" },
        { "file", "_amd64.deb" }, { "file", "x_.deb" },   { "program_version", "" },    { "min_version", "x" },
        { "max_version", "1 2" }, { "out_sha256", "aa" }, { "out_length", "5" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);
        g_autoptr(GError) error = NULL;

        json_object_set_new(add_target(targets, 1, ENDPOINT, "0.1-1", NULL, NULL)->custom, cases[i].member,
                            json_string(cases[i].text));
        g_assert_null(upd_program_offers(targets, "amd64", &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, cases[i].member));
    }
    for (int i = 0; i < 2; i++) { /* twice the same package; files of one release that are of two versions */
        g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);

        add_target(targets, 1, ENDPOINT, "0.1-1", NULL, NULL);
        add_target(targets, 1, i == 0 ? ENDPOINT : "holdline-common_all.deb", i == 0 ? "0.1-1" : "0.2-1", NULL, NULL);
        g_assert_null(upd_program_offers(targets, "amd64", NULL));
    }
}

static void test_too_many_offers(void)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);
    g_autoptr(GError) error = NULL;

    for (int i = 0; i <= UPD_PROGRAM_OFFERS_MAX; i++)
        add_target(targets, i + 1, ENDPOINT, "0.1-1", NULL, NULL);
    g_assert_null(upd_program_offers(targets, "amd64", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
}

/* --------------------------------------------------------------------------------------------------- the whole way */

typedef struct {
    char *dir, *repository, *cache, *metadata;
    UpdRepo *repo;
    UpdState *state;
    gint64 last;
    HlUpdaterProgram program;
    uint64_t bytes;
} World;

static void world_open(World *world)
{
    world->repo = upd_repo_open(world->repository, NULL, NULL);
    world->state = upd_state_load(world->repo, NULL);
    g_assert_nonnull(world->state);
}

static void world_close(World *world)
{
    g_hash_table_unref(world->state);
    upd_repo_free(world->repo);
}

static void world_init(World *world)
{
    static const char *const components[] = { "virus", "program" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    g_autoptr(GError) error = NULL;

    *world = (World){ .dir = g_dir_make_tmp("holdline-program-XXXXXX", NULL), .last = REPOSITORY_FIRST - 1 };
    world->repository = g_build_filename(world->dir, "repo", NULL);
    world->cache = g_build_filename(world->dir, "program", NULL);
    world->metadata = g_build_filename(world->dir, "metadata", NULL);
    world->repo = upd_repo_create(world->repository, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(upd_repo_init(world->repo, &founding, &error));
    upd_repo_free(world->repo);
    world_open(world);
}

static void world_clear(World *world)
{
    world_close(world);
    g_assert_true(hl_tree_remove(world->dir, NULL));
    g_free(world->dir);
    g_free(world->repository);
    g_free(world->cache);
    g_free(world->metadata);
    g_free(world->program.version);
    g_free(world->program.message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static void no_progress(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                        const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static void put_staged(const World *world, const char *name, const char *text)
{
    g_autofree char *path = g_strdup_printf("private/staged/program/%s", name);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    g_assert_true(upd_repo_store(world->repo, path, bytes, NULL));
}

static void publish_staged(World *world)
{
    g_autoptr(GError) error = NULL;
    UpdPublished published;
    bool pending = false;

    if (!upd_content_prepare(world->repo, world->state, "program", no_progress, NULL, &published, &error) ||
        !upd_release_role(world->repo, world->state, "program", &pending, &error) ||
        !upd_release_snapshot(world->repo, world->state, &error) || !upd_content_commit(world->repo, "program", &error))
        g_error("%s", error->message);
}

/* A release whose packages are texts: what they are is not this test's business. */
static void publish(World *world, const char *version, const char *min)
{
    g_autofree char *bound = min == NULL ? g_strdup("") : g_strdup_printf(",\"min_version\":\"%s\"", min);
    g_autofree char *record =
        g_strdup_printf("{\"version\":%" G_GINT64_FORMAT ",\"signatures\":0,\"min_engine\":\"0.103.0\","
                        "\"files\":[\"" ENDPOINT "\",\"holdline-common_all.deb\",\"holdline-endpoint_arm64.deb\"],"
                        "\"program\":{\"version\":\"%s\"%s}}",
                        ++world->last, version, bound);
    g_autofree char *endpoint = g_strdup_printf("the endpoint %s", version);
    g_autofree char *common = g_strdup_printf("the translations %s", version);

    put_staged(world, ENDPOINT, endpoint);
    put_staged(world, "holdline-common_all.deb", common);
    put_staged(world, "holdline-endpoint_arm64.deb", "another machine's");
    put_staged(world, "stage.json", record);
    publish_staged(world);
}

static void nothing(const char *what G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* What becomes of a machine with this version. */
static HlUpdaterProgramOutcome look(World *world, const char *installed)
{
    g_autofree char *root_path = g_build_filename(world->repository, "metadata/1.root.json", NULL);
    g_autoptr(GBytes) root = hl_file_read(root_path, 100000, NULL);
    UpdSourceSpec spec = { .name = (char *)"server", .url = (char *)REPOSITORY_URL };
    UpdSourceAccess access = { .get = repository_get, .get_user = world->repository, .root = root };
    UpdProgramWish wish = { .dir = world->cache, .installed = installed, .arch = "amd64", .progress = nothing };
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdSource) source = NULL;

    world->bytes = 0;
    source = upd_source_open(&spec, &access, world->metadata, &world->bytes, &error);
    if (source == NULL)
        upd_program_fail(&world->program, error);
    else
        upd_program_fetch(&wish, source, &world->program);
    return world->program.outcome;
}

/* The version in a directory of the cache, whose files are whole; "": there is no such directory. */
static char *version_in(const World *world, const char *name)
{
    g_autofree char *path = g_build_filename(world->cache, name, HL_PROGRAM_RECORD, NULL);
    g_autofree char *text = hl_file_read_text(path, HL_PROGRAM_MAX_RECORD, NULL);
    g_autoptr(HlProgramRelease) release = text == NULL ? NULL : hl_program_release_parse(text, NULL);
    struct stat st;

    if (release == NULL)
        return g_strdup("");
    g_assert_cmpuint(release->files->len, ==, 2);
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];
        g_autofree char *place = g_build_filename(world->cache, name, file->name, NULL);
        g_autofree char *digest = hl_file_digest(place, NULL);
        g_autofree char *content = hl_file_read_text(place, 1000, NULL);

        g_assert_cmpstr(digest, ==, file->sha256);
        g_assert_true(g_str_has_suffix(content, release->version));
        g_assert_true(stat(place, &st) == 0 && (st.st_mode & 0777) == 0600);
    }
    return g_strdup(release->version);
}

static void expect_cache(const World *world, const char *next, const char *before)
{
    g_autofree char *is_next = version_in(world, "next");
    g_autofree char *is_before = version_in(world, "before");

    g_assert_cmpstr(is_next, ==, next);
    g_assert_cmpstr(is_before, ==, before);
}

static void test_way(void)
{
    g_auto(World) world = { 0 };

    world_init(&world);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    publish(&world, "0.1-1", NULL);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    expect_cache(&world, "", "");
    publish(&world, "0.2-1", NULL);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    g_assert_cmpstr(world.program.version, ==, "0.2-1");
    expect_cache(&world, "0.2-1", "0.1-1");
    g_assert_cmpint(look(&world, "0.0-1"), ==, HL_UPDATER_PROGRAM_NO_WAY_BACK);
    expect_cache(&world, "", "0.1-1");
    publish(&world, "0.3-1", "0.2-1");
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED); /* 0.2 first */
    expect_cache(&world, "0.2-1", "0.1-1");
    g_assert_cmpint(look(&world, "0.2-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    expect_cache(&world, "0.3-1", "0.2-1");
    g_assert_cmpint(look(&world, "0.3-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    expect_cache(&world, "", "0.2-1");
}

/* Nothing is fetched twice, and what was changed on the disk is. */
static void test_kept(void)
{
    g_auto(World) world = { 0 };
    g_autofree char *path = NULL;
    uint64_t first;

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    publish(&world, "0.2-1", NULL);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    first = world.bytes;
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    g_assert_cmpuint(world.bytes, <, first / 2);
    path = g_build_filename(world.cache, "next", ENDPOINT, NULL);
    g_assert_true(hl_file_write_text(path, "the endpoint 6.6-6", 0600, NULL));
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    expect_cache(&world, "0.2-1", "0.1-1");
}

/* -- cut off, and a full disk: every change of the disk once -- */

static bool run_look(gpointer user, GError **error)
{
    World *world = user;

    if (look(world, "0.1-1") == HL_UPDATER_PROGRAM_OFFERED)
        return true;
    return hl_fail(error, strstr(world->program.message, "No space left") != NULL ? HL_ERROR_FULL : HL_ERROR_FAILED,
                   "%s", world->program.message);
}

static bool is_there(const World *world, const char *name)
{
    g_autofree char *path = g_build_filename(world->cache, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void expect_no_halves(const World *world)
{
    g_assert_false(is_there(world, ".before"));
    g_assert_false(is_there(world, ".next"));
    g_assert_false(is_there(world, ".download"));
}

/* The metadata is there and the packages are not: the first attempt struck at its n-th change, the second not. */
static void strike_each(FaultsKind kind)
{
    g_auto(World) world = { 0 };
    FaultsEnd end = FAULTS_DONE;
    uint64_t all = 0;
    uint64_t least = G_MAXUINT64;

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    publish(&world, "0.2-1", NULL);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    for (int n = 0; end != FAULTS_UNTOUCHED; n++) {
        g_assert_true(hl_tree_remove(world.cache, NULL));
        if (n > 0)
            end = faults_run(kind, n, run_look, &world);
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        if (kind == FAULTS_FULL)
            expect_no_halves(&world);
        g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
        expect_cache(&world, "0.2-1", "0.1-1");
        expect_no_halves(&world);
        if (n == 0)
            all = world.bytes;
        else if (end == FAULTS_KILLED)
            least = MIN(least, world.bytes);
    }
    if (kind == FAULTS_DIE)
        g_assert_cmpuint(least, <, all); /* what was finished is not fetched again */
}

static void test_killed(void)
{
    strike_each(FAULTS_DIE);
}

static void test_full(void)
{
    strike_each(FAULTS_FULL);
}

/* A package that is lost on its way ends the offer of before, and leaves the way back. */
static void test_lost(void)
{
    g_auto(World) world = { 0 };
    g_autofree char *targets = NULL;

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    publish(&world, "0.2-1", NULL);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    publish(&world, "0.3-1", NULL);
    targets = g_build_filename(world.repository, "targets/program", NULL);
    g_assert_true(hl_tree_remove(targets, NULL));
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_FAILED);
    g_assert_cmpstr(world.program.version, ==, "0.3-1");
    g_assert_nonnull(strstr(world.program.message, "could not be fetched"));
    expect_cache(&world, "", "0.1-1");
}

static void test_blocked(void)
{
    g_auto(World) world = { 0 };
    UpdProgramWish wish = { .installed = "0.1-1", .arch = "amd64", .blocked = true };

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    publish(&world, "0.2-1", NULL);
    wish.dir = world.cache;
    upd_program_block(&wish, &world.program); /* there is nothing yet */
    g_assert_cmpint(world.program.outcome, ==, HL_UPDATER_PROGRAM_BLOCKED);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    upd_program_block(&wish, &world.program);
    expect_cache(&world, "", "0.1-1");
}

static void make_halves(const World *world)
{
    static const char *const halves[] = { ".before", ".next", ".download" };

    for (gsize i = 0; i < G_N_ELEMENTS(halves); i++) {
        g_autofree char *directory = g_build_filename(world->cache, halves[i], NULL);
        g_autofree char *path = g_build_filename(directory, ENDPOINT, NULL);

        g_assert_true(hl_dir_make(world->cache, 0700, NULL));
        g_assert_true(hl_dir_make(directory, 0700, NULL));
        g_assert_true(hl_file_write_text(path, "half", 0600, NULL));
    }
}

/* An offer that is withdrawn, or that the settings forbid, while it is downloaded leaves nothing on the disk. */
static void test_halves(void)
{
    g_auto(World) world = { 0 };
    UpdProgramWish wish = { .installed = "0.1-1", .arch = "amd64", .blocked = true };

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    make_halves(&world);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    expect_no_halves(&world);
    make_halves(&world);
    wish.dir = world.cache;
    upd_program_block(&wish, &world.program);
    expect_no_halves(&world);
}

/* The packages before, under a higher number: an offer ends, and nobody goes back. */
static void withdraw(World *world)
{
    g_autofree char *record = NULL;

    put_staged(world, ENDPOINT, "the endpoint 0.2-1");
    put_staged(world, "holdline-common_all.deb", "the translations 0.2-1");
    record = g_strdup_printf("{\"version\":%" G_GINT64_FORMAT ",\"signatures\":0,\"min_engine\":\"0.103.0\","
                             "\"files\":[\"" ENDPOINT "\",\"holdline-common_all.deb\"],"
                             "\"program\":{\"version\":\"0.2-1\"}}",
                             ++world->last);
    put_staged(world, "stage.json", record);
    publish_staged(world);
}

static void test_withdrawn(void)
{
    g_auto(World) world = { 0 };

    world_init(&world);
    publish(&world, "0.1-1", NULL);
    publish(&world, "0.2-1", NULL);
    publish(&world, "0.3-1", NULL);
    withdraw(&world);
    g_assert_cmpstr(upd_program_offered(upd_state_get(world.state, "program")), ==, "0.2-1");
    g_assert_cmpint(look(&world, "0.3-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    g_assert_cmpint(look(&world, "0.2-1"), ==, HL_UPDATER_PROGRAM_CURRENT);
    g_assert_cmpint(look(&world, "0.1-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    expect_cache(&world, "0.2-1", "0.1-1");
    publish(&world, "0.4-1", NULL); /* those who had it have a way back all the same */
    g_assert_cmpint(look(&world, "0.3-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    expect_cache(&world, "0.4-1", "0.3-1");
}

static void ignore(const char *text G_GNUC_UNUSED, bool repaired G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* gc keeps what is listed; repair finds lost files in the history, and a lost history in the role. */
static void test_upkeep(void)
{
    g_auto(World) world = { 0 };
    UpdGarbage garbage;
    UpdReadback readback;
    g_autofree char *targets = NULL;
    g_autofree char *history = NULL;

    world_init(&world);
    for (int i = 1; i <= UPD_INCREMENTS + 3; i++) {
        g_autofree char *version = g_strdup_printf("0.%d-1", i);

        publish(&world, version, NULL);
    }
    world.repo->now += 40 * HL_DAY;
    g_assert_true(upd_gc(world.repo, world.state, UPD_GC_REMOVE, &garbage, NULL));
    world_close(&world);
    world_open(&world);
    g_assert_cmpint(look(&world, "0.2-1"), ==, HL_UPDATER_PROGRAM_NO_WAY_BACK);
    g_assert_cmpint(look(&world, "0.3-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    targets = g_build_filename(world.repository, "targets/program", NULL);
    history = g_build_filename(world.repository, "private/history/program.json", NULL);
    for (int i = 0; i < 2; i++) {
        UpdRescue rescue = { .repo = world.repo, .note = ignore };
        UpdRepair repair = { .rescue = &rescue };
        g_autoptr(GError) error = NULL;

        g_assert_true(i == 0 ? hl_tree_remove(targets, NULL) : unlink(history) == 0);
        g_assert_true(upd_repair(&repair, &readback, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(rescue.lost, ==, 0);
        world_close(&world);
        world_open(&world);
        g_assert_cmpint(look(&world, "0.3-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    }
    world.last += 10;
    publish(&world, "0.90-1", NULL); /* with what the history was made of again */
    g_assert_cmpint(look(&world, "0.4-1"), ==, HL_UPDATER_PROGRAM_OFFERED);
    expect_cache(&world, "0.90-1", "0.4-1");
}

/* The one of packages, or of ClamAV's databases: the error ends with what to do. */
static void test_no_directory(void)
{
    g_autofree char *dir = g_dir_make_tmp("holdline-program-XXXXXX", NULL);
    g_autofree char *absent = g_build_filename(dir, "absent", NULL);
    g_autofree char *file = g_build_filename(dir, "file", NULL);
    const char *const paths[] = { absent, file };
    UpdRepo *repo = upd_repo_create(dir, NULL, NULL);

    g_assert_true(hl_file_write_text(file, "", 0600, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) other = NULL;

        g_assert_null(upd_program_list(paths[i], &error));
        g_assert_null(strstr(error->message, "Error opening"));
        g_assert_false(upd_import(repo, NULL, &(UpdImportSpec){ .databases = paths[i] }, &other));
        g_assert_null(strstr(other->message, "Error opening"));
    }
    upd_repo_free(repo);
    g_assert_true(hl_tree_remove(dir, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/program/offers/decisions", test_decisions);
    g_test_add_func("/program/offers/other-arch", test_other_arch);
    g_test_add_func("/program/offers/bad", test_bad_offers);
    g_test_add_func("/program/offers/too-many", test_too_many_offers);
    g_test_add_func("/program/way", test_way);
    g_test_add_func("/program/kept", test_kept);
    g_test_add_func("/program/lost", test_lost);
    g_test_add_func("/program/killed", test_killed);
    g_test_add_func("/program/full", test_full);
    g_test_add_func("/program/blocked", test_blocked);
    g_test_add_func("/program/halves", test_halves);
    g_test_add_func("/program/withdrawn", test_withdrawn);
    g_test_add_func("/program/upkeep", test_upkeep);
    g_test_add_func("/program/no-directory", test_no_directory);
    return g_test_run();
}

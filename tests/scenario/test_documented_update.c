/* SPDX-License-Identifier: Apache-2.0 */
/* The documented behaviour of updates, one test a rule: /documented/B15, B17 ... B20.  Pure cores where they decide;
 * the real publisher, the real installer and the real engine, without a network, where files are what a rule is about.
 */
#include <string.h>
#include <unistd.h>

#include "endpoint/core/round.h"
#include "endpoint/core/schedule.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "manager/core/path.h"
#include "proto/settings.h"
#include "updater/install/pattern_store.h"
#include "updater/install/update.h"
#include "updater/publisher/content.h"
#include "updater/publisher/release.h"
#include "updater/publisher/repo_init.h"
#include "updater/publisher/stage.h"

#define SERVER "http://server/repo/"
#define PUBLIC "http://activeupdate/repo/"

typedef enum { WELL, AWAY, TAMPERS, BUSY, DRIPS } Health;

/* One repository, which both sources serve: the company's server as its health allows, and what it still has. */
typedef struct {
    char *top, *repository, *machine;
    UpdRepo *repo;
    GBytes *root;
    Health server;
    const char *const *servers; /* its URLs; NULL: one, which is up */
    GHashTable *frozen;         /* the server's copy of metadata: path -> GBytes; NULL: it serves what there is */
    GPtrArray *requests;        /* URLs in their order */
} World;

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static GBytes *content_at(const World *world, const char *url)
{
    bool server = g_str_has_prefix(url, SERVER);
    const char *name = url + strlen(server ? SERVER : PUBLIC);
    g_autofree char *path = in(world->repository, name);
    GBytes *frozen = server && world->frozen != NULL ? g_hash_table_lookup(world->frozen, name) : NULL;
    g_autoptr(GBytes) bytes = frozen != NULL ? g_bytes_ref(frozen) : hl_file_read(path, 1 << 24, NULL);
    gsize size = bytes != NULL ? g_bytes_get_size(bytes) : 0;
    guint8 *copy;

    if (size == 0 || !server || world->server != TAMPERS || strstr(name, "targets/") == NULL)
        return g_steal_pointer(&bytes);
    copy = g_memdup2(g_bytes_get_data(bytes, NULL), size);
    copy[size / 2] ^= 1;
    return g_bytes_new_take(copy, size);
}

static bool get(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    World *world = user;
    g_autoptr(GBytes) bytes = NULL;

    g_ptr_array_add(world->requests, g_strdup(request->url));
    if (g_str_has_prefix(request->url, "http://closed/"))
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "nobody listens there");
    if (g_str_has_prefix(request->url, SERVER) && world->server == AWAY)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "no route to the server");
    if (g_str_has_prefix(request->url, SERVER) && world->server == DRIPS)
        return hl_fail(error, HL_ERROR_TIMEOUT, "the server sends less than it must");
    result->status = 200;
    if (g_str_has_prefix(request->url, SERVER) && world->server == BUSY) {
        result->status = 503;
        result->retry_after = HL_HOUR; /* longer than anybody waits */
        result->body = g_bytes_new_static("", 0);
        return true;
    }
    bytes = content_at(world, request->url);
    if (bytes == NULL) {
        result->status = 404;
        bytes = g_bytes_new_static("", 0);
    }
    if (request->sink != NULL && result->status == 200)
        return request->sink(0, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), request->user, error);
    result->body = g_steal_pointer(&bytes);
    return true;
}

static void no_progress(guint percent G_GNUC_UNUSED, const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static void no_publishing(const char *component G_GNUC_UNUSED, guint done G_GNUC_UNUSED, guint total G_GNUC_UNUSED,
                          const char *what G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
}

static void publish(World *world, const char *component, guint lines, gint64 version)
{
    g_autofree char *name = g_strdup_printf("%s.hdb", component);
    g_autofree char *path = in(world->top, name);
    const char *const files[] = { path };
    UpdStageSpec spec = {
        .component = component, .files = files, .n_files = 1, .version = version, .min_engine = "0.103.0"
    };
    g_autoptr(UpdState) state = upd_state_load(world->repo, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    UpdStaged staged;
    UpdPublished published;
    bool pending = false;

    for (guint i = 0; i < lines; i++)
        g_string_append_printf(text, "%08x%08x%08x%08x:%u:Test.%s-%u\n", i * 2654435761u, i * 40503u, i * 69069u,
                               (guint)component[0], i + 1, component, i);
    g_assert_true(hl_file_write_text(path, text->str, 0644, NULL));
    if (!upd_stage_add(world->repo, state, &spec, &staged, &error))
        g_error("%s", error->message);
    g_assert_true(upd_content_prepare(world->repo, state, component, no_publishing, NULL, &published, NULL) &&
                  upd_release_role(world->repo, state, component, &pending, NULL) &&
                  upd_release_snapshot(world->repo, state, NULL) && upd_content_commit(world->repo, component, NULL));
}

static World *world_new(void)
{
    static const char *const components[] = { "virus", "agent", "rules" };
    const UpdRepoInit founding = { .components = components, .n_components = G_N_ELEMENTS(components) };
    World *world = g_new0(World, 1);
    g_autofree char *root = NULL;

    world->top = g_dir_make_tmp("holdline-documented-XXXXXX", NULL);
    world->repository = in(world->top, "repository");
    world->machine = in(world->top, "machine");
    world->requests = g_ptr_array_new_with_free_func(g_free);
    world->repo = upd_repo_create(world->repository, NULL, NULL);
    g_assert_true(upd_repo_init(world->repo, &founding, NULL));
    root = in(world->repository, "metadata/1.root.json");
    world->root = hl_file_read(root, 100000, NULL);
    return world;
}

static void world_free(World *world)
{
    g_clear_pointer(&world->frozen, g_hash_table_unref);
    g_ptr_array_unref(world->requests);
    upd_repo_free(world->repo);
    g_bytes_unref(world->root);
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->repository);
    g_free(world->machine);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The server goes on serving the metadata of this moment. */
static void freeze(World *world)
{
    g_autofree char *directory = in(world->repository, "metadata");
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    world->frozen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = in(directory, name);

        g_hash_table_insert(world->frozen, g_strconcat("metadata/", name, NULL), hl_file_read(path, 1 << 20, NULL));
    }
}

static UpdInstall install_of(const World *world)
{
    return (UpdInstall){ .dir = world->machine,
                         .engine = { .program = "clamscan", .deadline = HL_MINUTE },
                         .progress = no_progress };
}

/* An update with the sources and the component set that these settings mean. */
static bool update(World *world, const char *const *settings, bool smart, UpdPlanMode mode, UpdOutcome *outcome,
                   GError **error)
{
    static const char *const one[] = { "http://server", NULL };
    EpSourcesWanted wanted = { .sources = settings,
                               .addresses = (const char *const[]){ "10.1.2.3", NULL },
                               .activeupdate = PUBLIC,
                               .servers = world->servers != NULL ? world->servers : one };
    g_autoptr(GPtrArray) sources = ep_round_sources(&wanted);
    g_auto(GStrv) components = g_strsplit(hl_scan_components[smart ? HL_SCAN_SMART : HL_SCAN_CONVENTIONAL], ",", -1);
    UpdSourceSpec specs[4] = { 0 };
    UpdInstall install = install_of(world);
    UpdUpdate work = { .sources = specs,
                       .n_sources = sources->len,
                       .access = { .get = get, .get_user = world, .root = world->root, .patience = HL_SECOND },
                       .components = (const char *const *)components,
                       .mode = mode };

    g_assert_cmpuint(sources->len, <=, G_N_ELEMENTS(specs));
    for (guint i = 0; i < sources->len; i++) {
        const EpSource *source = sources->pdata[i];

        specs[i] = (UpdSourceSpec){ source->name, source->url };
    }
    g_ptr_array_set_size(world->requests, 0);
    return upd_update(&install, &work, outcome, error);
}

static gint64 version_of(const UpdOutcome *outcome, const char *component)
{
    g_auto(GStrv) words = g_strsplit(outcome->components, " ", -1);
    gsize size = strlen(component);

    for (gsize i = 0; words[i] != NULL; i++)
        if (strncmp(words[i], component, size) == 0 && words[i][size] == '=')
            return g_ascii_strtoll(words[i] + size + 1, NULL, 10);
    return 0;
}

static guint count_components(const UpdOutcome *outcome)
{
    g_auto(GStrv) words = g_strsplit(outcome->components, " ", -1);

    return g_strv_length(words);
}

static const char *const both[] = { "server", "activeupdate", NULL };
static const char *const server_only[] = { "server", NULL };

/* ------------------------------------------------------------------------------------------------------------- B15 */

static void expect_source(World *world, const char *source, gint64 version, const char *words)
{
    g_auto(UpdOutcome) outcome = { 0 };
    g_autoptr(GError) error = NULL;

    update(world, both, false, UPD_PLAN_NEWER, &outcome, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(outcome.source, ==, source);
    g_assert_cmpint(version_of(&outcome, "virus"), ==, version);
    if (strstr(outcome.message, words) == NULL)
        g_error("'%s' does not say '%s'", outcome.message, words);
}

static void b15_two_sources(void)
{
    g_autoptr(World) world = world_new();
    gint64 version = 2026010101;

    publish(world, "virus", 50, version);
    expect_source(world, "server", version, "updated from server");
    for (guint i = 0; i < world->requests->len; i++) /* the second source is not even asked */
        g_assert_true(g_str_has_prefix(world->requests->pdata[i], SERVER));
    world->server = AWAY;
    publish(world, "virus", 51, ++version);
    expect_source(world, "activeupdate", version, "server: no route");
    world->server = TAMPERS;
    publish(world, "virus", 52, ++version);
    expect_source(world, "activeupdate", version, "hash");
    world->server = DRIPS;
    publish(world, "virus", 53, ++version);
    expect_source(world, "activeupdate", version, "less than it must");
    world->server = BUSY;
    publish(world, "virus", 54, ++version);
    expect_source(world, "activeupdate", version, "come back");
    world->server = WELL;
    freeze(world);
    publish(world, "virus", 55, ++version);
    expect_source(world, "server", version - 1, "nothing newer from server"); /* nobody can know that there is more */
}

/* A copy that fell behind what this machine has is left for the next. */
static void b15_stale_source(void)
{
    g_autoptr(World) world = world_new();
    static const char *const public_first[] = { "activeupdate", NULL };
    g_auto(UpdOutcome) outcome = { 0 };
    gint64 version = 2026010101;

    publish(world, "virus", 50, version);
    freeze(world);
    publish(world, "virus", 51, ++version);
    g_assert_true(update(world, public_first, false, UPD_PLAN_NEWER, &outcome, NULL));
    g_assert_cmpint(version_of(&outcome, "virus"), ==, version);
    expect_source(world, "activeupdate", version, "server: it offers virus");
}

/* One repository at several places: asked in their order, with what is known of it. */
static void b15_several_addresses(void)
{
    g_autoptr(World) world = world_new();
    g_auto(UpdOutcome) outcome = { 0 };
    g_autoptr(GError) error = NULL;

    world->servers = (const char *const[]){ "http://closed", "http://server", "http://closed/", NULL };
    publish(world, "virus", 60, 2026010101);
    g_assert_true(update(world, both, false, UPD_PLAN_NEWER, &outcome, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(outcome.source, ==, "server");
    g_assert_true(g_str_has_prefix(world->requests->pdata[0], "http://closed/repo/"));
}

/* The public source gives components, never settings: those come from the server alone. */
static void b15_components_only(void)
{
    EpSourcesWanted wanted = { .sources = (const char *const[]){ "activeupdate", "http://near/repo", "server", NULL },
                               .addresses = (const char *const[]){ NULL },
                               .activeupdate = "",
                               .servers = (const char *const[]){ "https://server:8843", NULL } };
    g_autoptr(GPtrArray) sources = ep_round_sources(&wanted);
    EpRoundFacts facts = { .patterns = "updated from activeupdate",
                           .group = "office",
                           .version = 3,
                           .line_up = false,
                           .program = "1.0, no upgrade is offered" };
    g_autofree char *told = ep_round_tell(&facts);

    g_assert_cmpuint(sources->len, ==, 2); /* what has no URL is left out, the order stays */
    g_assert_cmpstr(((EpSource *)sources->pdata[0])->name, ==, "source-2");
    g_assert_cmpstr(((EpSource *)sources->pdata[0])->url, ==, "http://near/repo");
    g_assert_cmpstr(((EpSource *)sources->pdata[1])->url, ==, "https://server:8843/repo/");
    g_assert_cmpstr(told, ==,
                    "settings: version 3 of office, the server was not reached; patterns: updated from activeupdate; "
                    "program: 1.0, no upgrade is offered");
}

/* A branch office has a source of its own in front of the others, decided by the machine's own addresses. */
static void b15_by_network(void)
{
    static const struct {
        const char *address, *sources;
    } cases[] = {
        { "10.20.3.4", "source-1 http://branch/repo?x=1, server https://server/repo/, activeupdate " PUBLIC ", " },
        { "fd00:7::9", "activeupdate " PUBLIC ", server https://server/repo/, " },
        { "192.168.1.9", "server https://server/repo/, activeupdate " PUBLIC ", " },
        { "no address", "server https://server/repo/, activeupdate " PUBLIC ", " },
    };
    static const char *const list[] = { "10.20.0.0/16=http://branch/repo?x=1", "fd00:7::/32=activeupdate", "server",
                                        "activeupdate", NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        EpSourcesWanted wanted = { .sources = list,
                                   .addresses = (const char *const[]){ "127.0.0.1", cases[i].address, NULL },
                                   .activeupdate = PUBLIC,
                                   .servers = (const char *const[]){ "https://server", NULL } };
        g_autoptr(GPtrArray) sources = ep_round_sources(&wanted);
        g_autoptr(GString) told = g_string_new(NULL);

        for (guint k = 0; k < sources->len; k++) {
            const EpSource *source = sources->pdata[k];

            g_string_append_printf(told, "%s %s, ", source->name, source->url);
        }
        g_assert_cmpstr(told->str, ==, cases[i].sources);
    }
}

/* ------------------------------------------------------------------------------------------------------------- B17 */

static void b17_order_and_independence(void)
{
    EpRound round;
    EpRoundFacts facts = { .patterns = "no source could be used",
                           .group = "office",
                           .version = 4,
                           .line_up = true,
                           .program = "1.0, no upgrade is offered" };
    g_autofree char *failed = NULL;
    g_autofree char *blocked = NULL;

    /* settings first: nobody waits, the line comes up, what it brings is in force before patterns are asked for */
    ep_round_begin(&round, false, HL_SECOND);
    g_assert_false(ep_round_settings_done(&round, false, 2 * HL_SECOND));
    g_assert_false(ep_round_settings_done(&round, true, 3 * HL_SECOND));
    g_assert_false(ep_round_settings_done(&round, true, 3 * HL_SECOND + EP_ROUND_GRACE / 2));
    g_assert_true(ep_round_settings_done(&round, true, 3 * HL_SECOND + EP_ROUND_GRACE));
    /* a line that breaks in between starts over, and no server at all costs some seconds, not the patterns */
    ep_round_begin(&round, false, 0);
    g_assert_false(ep_round_settings_done(&round, true, HL_SECOND));
    g_assert_false(ep_round_settings_done(&round, false, 2 * HL_SECOND));
    g_assert_false(ep_round_settings_done(&round, true, 3 * HL_SECOND));
    g_assert_true(ep_round_settings_done(&round, false, EP_ROUND_PATIENCE));
    ep_round_begin(&round, true, 0); /* somebody waits */
    g_assert_true(ep_round_settings_done(&round, false, 0));
    /* patterns that fail, or a program that is blocked, leave the others' results as they are */
    failed = ep_round_tell(&facts);
    g_assert_cmpstr(
        failed, ==,
        "settings: version 4 of office; patterns: no source could be used; program: 1.0, no upgrade is offered");
    facts.patterns = "updated from server";
    facts.program = "1.0, upgrades are blocked by the settings";
    blocked = ep_round_tell(&facts);
    g_assert_cmpstr(
        blocked, ==,
        "settings: version 4 of office; patterns: updated from server; program: 1.0, upgrades are blocked by "
        "the settings");
}

/* ------------------------------------------------------------------------------------------------------------- B18 */

static HlTime at(const char *text)
{
    HlTime time;

    g_assert_true(hl_time_parse(text, &time, NULL));
    return time;
}

/* Starts of 200 endpoints under one schedule in this span, each counted; first and last are the extremes. */
static guint starts(const char *text, HlTime period, HlTime from, HlTime to, HlTime *first, HlTime *last)
{
    HlSchedule schedule;
    guint n = 0;

    g_assert_true(hl_schedule_parse(text, &schedule, NULL));
    *first = to;
    *last = 0;
    for (guint endpoint = 0; endpoint < 200; endpoint++) {
        EpPlan plan = { 0 };

        for (HlTime now = from; now < to; now += HL_MINUTE) {
            if (!ep_plan_step(&plan, &schedule, period, now, 0, (uint64_t)g_test_rand_int() * 1009))
                continue;
            n++;
            *first = MIN(*first, now);
            *last = MAX(*last, now);
        }
    }
    return n;
}

static void b18_schedule(void)
{
    HlTime sunday = at("2026-11-22T00:00:00Z");
    HlTime first;
    HlTime last;

    /* minutes, hours, day, week; start and period */
    g_assert_cmpuint(starts("every 30m", 0, sunday, sunday + 3 * HL_HOUR, &first, &last), ==, 200 * 5);
    g_assert_cmpuint(starts("every 4h", 0, sunday, sunday + HL_DAY, &first, &last), ==, 200 * 5);
    g_assert_cmpuint(starts("daily 12:30", 2 * HL_HOUR, sunday, sunday + HL_DAY, &first, &last), ==, 200);
    g_assert_cmpint(first, >=, at("2026-11-22T12:30:00Z"));
    g_assert_cmpint(first, <, at("2026-11-22T12:50:00Z")); /* spread over the period, not at its start */
    g_assert_cmpint(last, >, at("2026-11-22T14:10:00Z"));
    g_assert_cmpint(last, <=, at("2026-11-22T14:31:00Z"));
    g_assert_cmpuint(starts("weekly wed 09:00", HL_HOUR, sunday, sunday + 14 * HL_DAY, &first, &last), ==, 400);
    g_assert_cmpint(first, >=, at("2026-11-25T09:00:00Z"));
}

/* With a schedule by minutes or hours: settings once a day only. */
static void b18_settings_once_a_day(void)
{
    MgrRecipient recipient = { .by = MGR_BY_DOCUMENT };

    g_assert_cmpint(mgr_path_for(&recipient, MGR_WORK_SETTINGS, MGR_OCCASION_UPDATED), ==,
                    MGR_PATH_UPDATE_NOTIFICATION);
    recipient.had_today = true;
    g_assert_cmpint(mgr_path_for(&recipient, MGR_WORK_SETTINGS, MGR_OCCASION_UPDATED), ==, MGR_PATH_NONE);
    g_assert_cmpint(mgr_path_for(&recipient, MGR_WORK_COMMAND, MGR_OCCASION_UPDATED), ==, MGR_PATH_UPDATE_NOTIFICATION);
    g_assert_cmpint(mgr_path_for(&recipient, MGR_WORK_SETTINGS, MGR_OCCASION_DIAL), ==, MGR_PATH_DIRECT);
}

/* ------------------------------------------------------------------------------------------------------------- B19 */

static void b19_scan_method_decides_components(void)
{
    g_autoptr(World) world = world_new();
    g_auto(UpdOutcome) conventional = { 0 };
    g_auto(UpdOutcome) smart = { 0 };
    g_autofree char *full = in(world->machine, "active/virus.virus.hdb");
    g_autofree char *small = in(world->machine, "active/agent.agent.hdb");

    publish(world, "virus", 300, 2026010101);
    publish(world, "agent", 20, 2026010101);
    publish(world, "rules", 10, 2026010101);
    g_assert_true(update(world, server_only, false, UPD_PLAN_NEWER, &conventional, NULL));
    g_assert_cmpuint(count_components(&conventional), ==, 2);
    g_assert_cmpint(version_of(&conventional, "virus"), ==, 2026010101);
    g_assert_true(access(full, F_OK) == 0 && access(small, F_OK) != 0);
    g_assert_true(update(world, server_only, true, UPD_PLAN_NEWER, &smart, NULL));
    g_assert_cmpuint(count_components(&smart), ==, 2);
    g_assert_cmpint(version_of(&smart, "agent"), ==, 2026010101);
    g_assert_true(access(full, F_OK) != 0 && access(small, F_OK) == 0); /* instead of it, not beside it */
}

/* ------------------------------------------------------------------------------------------------------------- B20 */

static bool asked_for(const World *world, const char *words)
{
    for (guint i = 0; i < world->requests->len; i++)
        if (strstr(world->requests->pdata[i], words) != NULL)
            return true;
    return false;
}

static void b20_fourteen_increments(void)
{
    g_autoptr(World) world = world_new();
    g_auto(UpdOutcome) first = { 0 };
    g_auto(UpdOutcome) near = { 0 };
    g_auto(UpdOutcome) far = { 0 };
    g_autofree char *behind = in(world->top, "behind");
    gint64 version = 2026010101;

    publish(world, "virus", 400, version);
    g_assert_true(update(world, server_only, false, UPD_PLAN_NEWER, &first, NULL));
    for (int i = 0; i < 14; i++) {
        version++;
        publish(world, "virus", 401 + (guint)i, version);
    }
    g_assert_true(hl_exec((const char *const[]){ "cp", "-a", world->machine, behind, NULL }, NULL, NULL));
    g_assert_true(update(world, server_only, false, UPD_PLAN_NEWER, &near, NULL)); /* 14 behind: one increment */
    g_assert_cmpint(version_of(&near, "virus"), ==, version);
    g_assert_true(asked_for(world, "delta-2026010101-") && !asked_for(world, "full-"));
    version++;
    publish(world, "virus", 420, version);
    g_free(world->machine);
    world->machine = g_strdup(behind);
    g_assert_true(update(world, server_only, false, UPD_PLAN_NEWER, &far, NULL)); /* 15 behind: the full file */
    g_assert_cmpint(version_of(&far, "virus"), ==, version);
    g_assert_true(asked_for(world, "full-") && !asked_for(world, "delta-"));
}

/* The version of virus after an update like that. */
static gint64 updated(World *world, UpdPlanMode mode)
{
    g_auto(UpdOutcome) outcome = { 0 };
    g_autoptr(GError) error = NULL;

    update(world, server_only, false, mode, &outcome, &error);
    g_assert_no_error(error);
    return version_of(&outcome, "virus");
}

static void b20_one_back_and_synchronize(void)
{
    g_autoptr(World) world = world_new();
    g_auto(UpdOutcome) once = { 0 };
    g_auto(UpdOutcome) twice = { 0 };
    UpdInstall install = install_of(world);
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 3; i++) {
        publish(world, "virus", 60 + (guint)i, 2026010101 + i);
        g_assert_cmpint(updated(world, UPD_PLAN_NEWER), ==, 2026010101 + i);
    }
    g_assert_true(upd_rollback(&install, &once, NULL));
    g_assert_cmpint(version_of(&once, "virus"), ==, 2026010102);
    g_assert_false(upd_rollback(&install, &twice, &error)); /* one version, not two */
    g_assert_error(error, HL_ERROR, (int)HL_ERROR_NOT_FOUND);
    g_assert_cmpint(updated(world, UPD_PLAN_NEWER), ==, 2026010102); /* what was given up does not come back ... */
    g_assert_cmpint(updated(world, UPD_PLAN_FORCE), ==, 2026010103); /* ... until it is synchronized */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/documented/B15", b15_two_sources);
    g_test_add_func("/documented/B15/stale", b15_stale_source);
    g_test_add_func("/documented/B15/network", b15_by_network);
    g_test_add_func("/documented/B15/addresses", b15_several_addresses);
    g_test_add_func("/documented/B15/components-only", b15_components_only);
    g_test_add_func("/documented/B17", b17_order_and_independence);
    g_test_add_func("/documented/B18", b18_schedule);
    g_test_add_func("/documented/B18/settings-once-a-day", b18_settings_once_a_day);
    g_test_add_func("/documented/B19", b19_scan_method_decides_components);
    g_test_add_func("/documented/B20", b20_fourteen_increments);
    g_test_add_func("/documented/B20/one-back-and-synchronize", b20_one_back_and_synchronize);
    return g_test_run();
}

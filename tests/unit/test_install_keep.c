/* SPDX-License-Identifier: Apache-2.0 */
/* Components that an update leaves as they are, by the plan of what it has to do. */
#include "updater/install/plan.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* A machine with virus 4 and rules 4, and a source with 5 of both. */
typedef struct {
    UpdSet *active;
    UpdSetFile *virus;
    GPtrArray *releases;
    UpdPlanMode mode;
} Scene;

static void free_file(gpointer data)
{
    UpdReleaseFile *file = data;

    g_free(file->name);
    g_free(file->sha256);
    g_ptr_array_unref(file->deltas);
    g_free(file);
}

static UpdRelease *release_new(const char *component, int64_t version, const char *sha256)
{
    UpdRelease *release = g_new0(UpdRelease, 1);
    UpdReleaseFile *file = g_new0(UpdReleaseFile, 1);

    *file = (UpdReleaseFile){ .name = g_strconcat(component, ".hdb", NULL),
                              .sha256 = g_strdup(sha256),
                              .length = 10,
                              .deltas = g_ptr_array_new() };
    release->component = g_strdup(component);
    release->version = version;
    release->files = g_ptr_array_new_with_free_func(free_file);
    g_ptr_array_add(release->files, file);
    return release;
}

static void scene_init(Scene *scene)
{
    *scene = (Scene){ .active = upd_set_new(),
                      .releases = g_ptr_array_new_with_free_func((GDestroyNotify)upd_release_free) };
    upd_set_add_component(scene->active, "virus", 4, 7);
    upd_set_add_component(scene->active, "rules", 4, 7);
    scene->virus = upd_set_add_file(scene->active, "virus", "virus.hdb", SHA_A, 10);
    scene->virus->intact = true;
    upd_set_add_file(scene->active, "rules", "rules.hdb", SHA_B, 10)->intact = true;
    g_ptr_array_add(scene->releases, release_new("virus", 5, SHA_C));
    g_ptr_array_add(scene->releases, release_new("rules", 5, SHA_C));
}

static void scene_clear(Scene *scene)
{
    upd_set_free(scene->active);
    g_ptr_array_unref(scene->releases);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static UpdPlan *plan(const Scene *scene, const char *const *kept, GError **error)
{
    UpdSituation situation = {
        .active = scene->active, .releases = scene->releases, .kept = kept, .mode = scene->mode
    };

    return upd_plan_new(&situation, error);
}

static void expect(const Scene *scene, const char *const *kept, UpdPlanVerdict verdict, const char *versions)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(UpdPlan) made = plan(scene, kept, &error);
    g_autofree char *coming = NULL;

    g_assert_no_error(error);
    coming = upd_set_versions(made->set);
    g_assert_cmpint(made->verdict, ==, verdict);
    g_assert_cmpstr(coming, ==, versions);
}

static const char *const virus[] = { "virus", NULL }, *const both[] = { "virus", "rules", NULL };

static void test_one(void)
{
    g_auto(Scene) scene = { 0 };

    scene_init(&scene);
    expect(&scene, NULL, UPD_PLAN_INSTALL, "virus=5 rules=5");
    expect(&scene, virus, UPD_PLAN_INSTALL, "virus=4 rules=5");
    expect(&scene, both, UPD_PLAN_CURRENT, "virus=4 rules=4");
    scene.mode = UPD_PLAN_FORCE; /* what the server has was asked for */
    expect(&scene, both, UPD_PLAN_INSTALL, "virus=5 rules=5");
}

/* It would be without protection. */
static void test_not_there(void)
{
    g_auto(Scene) scene = { 0 };

    scene_init(&scene);
    upd_set_free(scene.active);
    scene.active = upd_set_new();
    expect(&scene, both, UPD_PLAN_INSTALL, "virus=5 rules=5");
}

static void test_older_is_no_matter(void)
{
    g_auto(Scene) scene = { 0 };

    scene_init(&scene);
    ((UpdRelease *)scene.releases->pdata[0])->version = 3;
    expect(&scene, virus, UPD_PLAN_INSTALL, "virus=4 rules=5");
}

/* It is replaced by what the source has, and the others are updated: a damaged file does not end all updates. */
static void test_damaged(void)
{
    g_auto(Scene) scene = { 0 };
    g_autoptr(UpdPlan) made = NULL;
    g_autoptr(GError) error = NULL;

    scene_init(&scene);
    scene.virus->intact = false;
    expect(&scene, virus, UPD_PLAN_INSTALL, "virus=5 rules=5");
    expect(&scene, both, UPD_PLAN_INSTALL, "virus=5 rules=4");
    made = plan(&scene, virus, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(made->remark, ==, "virus 4 is not kept, as its file virus.hdb is damaged");
    /* the same version mends it */
    ((UpdRelease *)scene.releases->pdata[0])->version = 4;
    expect(&scene, virus, UPD_PLAN_INSTALL, "virus=4 rules=5");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/install/keep/one", test_one);
    g_test_add_func("/install/keep/not-there", test_not_there);
    g_test_add_func("/install/keep/older", test_older_is_no_matter);
    g_test_add_func("/install/keep/damaged", test_damaged);
    return g_test_run();
}

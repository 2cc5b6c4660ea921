/* SPDX-License-Identifier: Apache-2.0 */
/* manager/site/repository: what of a repository's files is missing, told by the directory or file that is. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "manager/site/repository.h"

#define HASH "904faa13153579b7c488409fc064117b537e5c899443cc6e98a67aa7b3ce54b0"

typedef struct {
    char *repo;
} Repo;

static void put(const Repo *repo, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(repo->repo, name, NULL);
    g_autofree char *directory = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(hl_file_write_text(path, text, 0644, NULL));
}

#define TARGET(name) "\"" name "\": {\"hashes\": {\"sha256\": \"" HASH "\"}}"

/* Two components, one of them the program's, and a release of virus that is under way. */
static Repo *repo_new(void)
{
    Repo *repo = g_new0(Repo, 1);

    repo->repo = g_dir_make_tmp("repository-XXXXXX", NULL);
    put(repo, "private/history/x", "");
    put(repo, "metadata/timestamp.json", "{\"signed\": {\"meta\": {\"snapshot.json\": {\"version\": 5}}}}");
    put(repo, "metadata/5.snapshot.json",
        "{\"signed\": {\"meta\": {\"virus.json\": {\"version\": 4}, \"program.json\": {\"version\": 5}}}}");
    put(repo, "metadata/4.virus.json",
        "{\"signed\": {\"targets\": {" TARGET("virus/full-1.zst") ", " TARGET("virus/delta-1-2.zst") "}}}");
    put(repo, "metadata/9.virus.json", "{\"signed\": {\"targets\": {" TARGET("virus/full-9.zst") "}}}");
    put(repo, "metadata/5.program.json", "{\"signed\": {\"targets\": {" TARGET("program/full-1.a.deb") "}}}");
    put(repo, "targets/virus/" HASH ".full-1.zst", "x");
    put(repo, "targets/virus/" HASH ".delta-1-2.zst", "x");
    put(repo, "targets/program/" HASH ".full-1.a.deb", "x");
    return repo;
}

static void repo_free(Repo *repo)
{
    g_assert_true(hl_tree_remove(repo->repo, NULL));
    g_free(repo->repo);
    g_free(repo);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Repo, repo_free)

static void lose(const Repo *repo, const char *name)
{
    g_autofree char *path = g_build_filename(repo->repo, name, NULL);

    g_assert_true(hl_tree_remove(path, NULL));
}

/* text: after the repository's directory; NULL: nothing is missing */
static void expect_known(const Repo *repo, const char *had_published, const char *text)
{
    g_auto(MgrRepositoryFiles) files = { 0 };
    g_autofree char *said = NULL;

    mgr_repository_look(&files, repo->repo, had_published);
    said = mgr_repository_describe(&files);
    g_assert_cmpstr(said != NULL ? said + strlen(repo->repo) : NULL, ==, text);
}

static void expect(const Repo *repo, const char *text)
{
    expect_known(repo, NULL, text);
}

static void test_whole(void)
{
    g_autoptr(Repo) repo = repo_new();
    g_auto(MgrRepositoryFiles) files = { 0 };

    mgr_repository_look(&files, repo->repo, "");
    g_assert_null(files.first);
    g_assert_cmpuint(files.listed, ==, 3);
    g_assert_cmpuint(files.patterns, ==, 2);
}

static void test_lost(void)
{
    static const struct {
        const char *lost;
        const char *text;
    } cases[] = {
        { "targets", "/targets is missing, with 3 of the 3 files that the repository lists" },
        { "targets/virus", "/targets/virus is missing, with 2 of the 3 files that the repository lists" },
        { "targets/virus/" HASH ".full-1.zst",
          "/targets/virus/" HASH ".full-1.zst is missing, with 1 of the 3 files that the repository lists" },
        { "metadata/4.virus.json",
          "/metadata/4.virus.json is missing, with 1 of the 2 files that the repository lists" },
        { "metadata/5.snapshot.json", "/metadata/5.snapshot.json is missing" },
        { "metadata/timestamp.json", "/metadata/timestamp.json is missing" },
        { "metadata", "/metadata is missing" },
        { "metadata/9.virus.json", NULL },
        { "private", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Repo) repo = repo_new();

        lose(repo, cases[i].lost);
        expect(repo, cases[i].text);
    }
}

/* What there was is told of where nothing is left that could tell. */
static void test_noted(void)
{
    g_autoptr(Repo) repo = repo_new();
    g_autofree char *none = mgr_repository_noted(repo->repo);
    g_autofree char *noted = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(none, ==, "");
    g_assert_true(mgr_repository_note(repo->repo, "virus 7, program 0.2.0", &error));
    g_assert_true(mgr_repository_note(repo->repo, "virus 8, program 0.2.0", &error));
    g_assert_no_error(error);
    noted = mgr_repository_noted(repo->repo);
    g_assert_cmpstr(noted, ==, "virus 8, program 0.2.0");
    expect_known(repo, noted, NULL);
    lose(repo, "metadata");
    lose(repo, "targets");
    lose(repo, "private");
    expect_known(repo, NULL, NULL);
    expect_known(repo, noted, "/metadata is missing, and with it what was published: virus 8, program 0.2.0");
}

/* What cannot be read is for others to judge, and nothing that it says leads out of the repository. */
static void test_garbage(void)
{
    static const struct {
        const char *file, *text;
    } cases[] = {
        { "metadata/timestamp.json", "garbage" },
        { "metadata/timestamp.json", "[]" },
        { "metadata/timestamp.json", "{\"signed\": {\"meta\": {\"snapshot.json\": {\"version\": -1}}}}" },
        { "metadata/5.snapshot.json", "{\"signed\": {\"meta\": {\"../../virus.json\": {\"version\": 4}, \"x\": 5}}}" },
        { "metadata/5.snapshot.json", "{\"signed\": {\"meta\": []}}" },
        { "metadata/4.virus.json", "{\"signed\": {\"targets\": {" TARGET("../virus/full-1.zst") "}}}" },
        { "metadata/4.virus.json", "{\"signed\": {\"targets\": {\"virus/x\": {\"hashes\": {\"sha256\": 7}}}}}" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Repo) repo = repo_new();

        put(repo, cases[i].file, cases[i].text);
        expect(repo, NULL);
    }
}

/* Nothing published, and none at all. */
static void test_none(void)
{
    g_autoptr(Repo) repo = repo_new();

    lose(repo, "metadata");
    lose(repo, "private");
    expect(repo, NULL);
    put(repo, "metadata/1.root.json", "{}");
    expect(repo, NULL);
}

/* Of one that was read before, not even a trace has to be left. */
static void test_all_lost(void)
{
    g_autoptr(Repo) repo = repo_new();

    lose(repo, "private");
    expect_known(repo, "", NULL);
    lose(repo, "metadata/timestamp.json");
    lose(repo, "metadata/5.snapshot.json");
    expect(repo, NULL);
    expect_known(repo, "", "/metadata/timestamp.json is missing");
    lose(repo, "metadata");
    expect_known(repo, "", "/metadata is missing");
    g_assert_true(hl_tree_remove(repo->repo, NULL));
    expect(repo, NULL);
    expect_known(repo, "", " is missing");
    put(repo, "x", "");
}

static void test_remedy(void)
{
    g_autoptr(Repo) repo = repo_new();
    g_autofree char *own = mgr_repository_remedy(repo->repo, false);
    g_autofree char *gone = mgr_repository_remedy("/none/repo", false);
    g_autofree char *copy = mgr_repository_remedy("/site/repo", true);

    g_assert_nonnull(strstr(own, "holdline-updater repo repair"));
    g_assert_nonnull(strstr(gone, "from a backup: endpoints trust no new one"));
    g_assert_nonnull(strstr(copy, "holdline pattern sync"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/repository-files/whole", test_whole);
    g_test_add_func("/repository-files/lost", test_lost);
    g_test_add_func("/repository-files/noted", test_noted);
    g_test_add_func("/repository-files/garbage", test_garbage);
    g_test_add_func("/repository-files/none", test_none);
    g_test_add_func("/repository-files/all-lost", test_all_lost);
    g_test_add_func("/repository-files/remedy", test_remedy);
    return g_test_run();
}

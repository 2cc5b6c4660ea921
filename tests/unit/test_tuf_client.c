/* SPDX-License-Identifier: Apache-2.0 */
/* The client's workflow beside the attacks: roots and their history, local files, requests, downloads, the lock. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/support/tuf_fixture.h"

static void write_file(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = fixture_path(fixture, name);
    g_autoptr(GError) error = NULL;

    if (!hl_file_write_text(path, text, 0644, &error))
        g_error("%s", error->message);
}

static void test_requests(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    fixture_expect_requests(fixture, ""); /* init makes none */
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root timestamp 1.snapshot 1.targets");
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root timestamp");
    tuf_sim_publish(sim, "timestamp");
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root timestamp");
    tuf_sim_publish(sim, "snapshot");
    tuf_sim_publish(sim, "timestamp");
    tuf_sim_publish(sim, "root");
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root 3.root timestamp 2.snapshot");
}

static void test_inconsistent_snapshots(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    json_object_set_new(tuf_sim_body(sim, "root"), "consistent_snapshot", json_false());
    tuf_sim_publish(sim, "root");
    tuf_sim_add_target(sim, "targets", "a/b", "content");
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "a/b", "content");
    fixture_expect_requests(fixture, "2.root 3.root timestamp snapshot targets targets/a/b");
}

/* What is kept is what came, to the byte, and nothing else is called *.json. */
static void test_bytes_as_received(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    GBytes *served = tuf_sim_served(sim, "metadata/timestamp.json");
    g_autofree char *text =
        g_strdup_printf("%.*s \n", (int)g_bytes_get_size(served), (const char *)g_bytes_get_data(served, NULL));
    g_autofree char *path = fixture_path(fixture, "timestamp.json");
    g_autofree char *kept = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;
    int files = 0;

    tuf_sim_serve(sim, "metadata/timestamp.json", g_bytes_new(text, strlen(text)));
    fixture_accept(fixture);
    kept = hl_file_read_text(path, 1 << 20, NULL);
    g_assert_cmpstr(kept, ==, text);
    dir = g_dir_open(fixture->dir, 0, NULL);
    while ((name = g_dir_read_name(dir)) != NULL)
        files += g_str_has_suffix(name, ".json");
    g_assert_cmpint(files, ==, 4);
}

/* An equal version is no update, whatever it says. */
static void test_same_timestamp(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *meta = json_object_get(tuf_sim_body(sim, "timestamp"), "meta");

    fixture_accept(fixture);
    json_object_set_new(json_object_get(meta, "snapshot.json"), "version", json_integer(100));
    tuf_sim_republish(sim, "timestamp");
    g_free(tuf_sim_take_requests(sim));
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root timestamp");
}

static void test_root_chain(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *keyids = json_object_get(tuf_sim_role_entry(sim, "root", "root"), "keyids");

    /* intermediate roots may have expired, and are by other keys each time: the new key and the one before */
    for (int i = 0; i < 5; i++) {
        json_array_clear(keyids);
        tuf_sim_add_key(sim, "root", "root");
        tuf_sim_set_expires(sim, "root", i < 4 ? sim->now - HL_DAY : sim->now + HL_DAY);
        tuf_sim_publish(sim, "root");
        g_ptr_array_remove_index(tuf_sim_signers(sim, "root"), 0);
    }
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root 3.root 4.root 5.root 6.root 7.root timestamp 1.snapshot 1.targets");
    g_assert_cmpint(fixture_version(fixture, "root"), ==, 6);
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "7.root timestamp");
}

/* keys of version 2, signatures on version 2: by new keys only, by old keys only. */
static void test_root_by_both(void)
{
    for (int by_old = 0; by_old < 2; by_old++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        g_autoptr(GPtrArray) old = g_ptr_array_ref(tuf_sim_signers(sim, "root"));

        g_hash_table_insert(sim->signers, g_strdup("root"),
                            g_ptr_array_new_with_free_func((GDestroyNotify)tuf_private_key_free));
        tuf_sim_rotate(sim, "root");
        tuf_sim_publish(sim, "root");
        if (by_old)
            tuf_sim_serve(sim, "metadata/2.root.json", tuf_sim_sign(tuf_sim_body(sim, "root"), old));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED,
                       by_old ? "keys that itself asks for" : "keys that the trusted root");
        g_assert_cmpint(fixture_version(fixture, "root"), ==, 1);
    }
}

/* What stands at N+1.root.json must be version N+1: neither a later one nor the same again. */
static void test_root_version(void)
{
    static const gint64 versions[] = { 1, 3 };

    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;

        tuf_sim_set_version(sim, "root", versions[i]);
        tuf_sim_serve(sim, "metadata/2.root.json",
                      tuf_sim_sign(tuf_sim_body(sim, "root"), tuf_sim_signers(sim, "root")));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "but only 2 may follow");
        g_assert_cmpint(fixture_version(fixture, "root"), ==, 1);
    }
}

/* A server that answers 403 for what it does not have is as good as one that answers 404; a broken one is not. */
static void test_root_statuses(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    g_hash_table_insert(sim->statuses, g_strdup("metadata/2.root.json"), GINT_TO_POINTER(403));
    fixture_accept(fixture);
    g_hash_table_insert(sim->statuses, g_strdup("metadata/2.root.json"), GINT_TO_POINTER(500));
    fixture_refuse(fixture, HL_ERROR_UNAVAILABLE, "status 500");
    g_hash_table_remove_all(sim->statuses);
    g_hash_table_insert(sim->statuses, g_strdup("metadata/timestamp.json"), GINT_TO_POINTER(404));
    fixture_refuse(fixture, HL_ERROR_NOT_FOUND, "the server does not have it (status 404)");
}

/* A root that cannot be kept must not be used: the next run would not know it. */
static void test_root_write_fails(void)
{
    static const char *const places[] = { "root-history/2.root.json", "root.json" };

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        g_autofree char *place = fixture_path(fixture, places[i]);
        g_autofree char *inside = g_build_filename(place, "x", NULL);

        g_unlink(place);
        g_assert_cmpint(g_mkdir_with_parents(inside, 0755), ==, 0); /* nothing can be renamed over it */
        tuf_sim_publish(fixture->sim, "root");
        fixture_refuse(fixture, HL_ERROR_IO, "cannot write");
        g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, -1);
    }
}

/* From the pinned root through the history; what is broken of it comes from the repository again, but never older. */
static void test_root_history(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *second = fixture_path(fixture, "root-history/2.root.json");
    GBytes *served;

    for (int i = 0; i < 3; i++)
        tuf_sim_publish(sim, "root");
    fixture_accept(fixture);
    g_free(tuf_sim_take_requests(sim));
    write_file(fixture, "root.json", "broken");
    fixture_accept(fixture);
    g_assert_cmpint(fixture_version(fixture, "root"), ==, 4);
    fixture_expect_requests(fixture, "5.root timestamp");
    write_file(fixture, "root-history/2.root.json", "broken");
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "2.root 3.root 4.root 5.root timestamp");
    g_assert_cmpint(g_unlink(second), ==, 0);
    served = g_bytes_ref(tuf_sim_served(sim, "metadata/2.root.json"));
    g_hash_table_remove(sim->served, "metadata/2.root.json");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "ends at root version 1, but 4 was trusted before (rollback)");
    tuf_sim_serve(sim, "metadata/2.root.json", served);
    fixture_accept(fixture);
}

/* A hole in the history is filled from the server; so goes a pinned root that is lost or broken, from the last one. */
static void test_root_history_hole(void)
{
    static const char *const names[] = { "root-history/2.root.json", "root-history/3.root.json",
                                         "root-history/pinned.json" };
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    for (int i = 0; i < 3; i++)
        tuf_sim_publish(sim, "root");
    fixture_accept(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = fixture_path(fixture, names[i]);

        write_file(fixture, names[i], "broken");
        fixture_accept(fixture);
        g_assert_cmpint(g_unlink(path), ==, 0);
        fixture_accept(fixture);
        g_assert_cmpint(fixture_version(fixture, "root"), ==, 4);
    }
}

/* Whatever else lies in the directory is in nobody's way. */
static void test_stray_names(void)
{
    static const char *const directories[] = { "stray",
                                               "x.json.abcdef/full",
                                               "timestamp.json.abcdef/full",
                                               "root-history/2.root.json.abcdef/full",
                                               "root-history/9",
                                               "partial/stray/full",
                                               "virus.json/full",
                                               "snapshot.json/full" };
    static const char *const pipes[] = {
        "x.json", "targets.json", "y.json.abcdef", "root-history/2.root.json", "root-history/x.json", "partial/pipe"
    };
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = fixture_path(fixture, directories[i]);

        g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(pipes); i++) {
        g_autofree char *path = fixture_path(fixture, pipes[i]);

        g_assert_cmpint(mkfifo(path, 0644), ==, 0);
    }
    write_file(fixture, "\xff\n%2E.json", "odd");
    tuf_sim_publish(sim, "root");
    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_add_target(sim, "virus", "virus/x", "content");
    tuf_sim_publish(sim, "virus");
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "virus/x", "content");
    fixture_get(fixture, "virus/x", "content");
}

/* The part of a download that is no file. */
static void test_stray_part(void)
{
    for (int i = 0; i < 3; i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        g_autofree char *hash = tuf_hash_hex(TUF_HASH_SHA256, "content", strlen("content"));
        g_autofree char *name = g_strdup_printf("partial/%s", hash);
        g_autofree char *path = fixture_path(fixture, name);
        g_autofree char *partial = fixture_path(fixture, "partial");

        g_assert_cmpint(g_mkdir_with_parents(i == 0 ? path : partial, 0755), ==, 0);
        if (i > 0)
            g_assert_cmpint(i == 1 ? mkfifo(path, 0644) : symlink("/dev/null", path), ==, 0);
        tuf_sim_add_target(fixture->sim, "targets", "file", "content");
        tuf_sim_publish_chain(fixture->sim);
        fixture_get(fixture, "file", "content");
    }
}

/* A root in the history that is not the pinned one's successor is not believed. */
static void test_root_history_forged(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(TufSim) other = tuf_sim_new(FIXTURE_NOW);
    GBytes *forged;
    g_autofree char *text = NULL;

    tuf_sim_publish(other, "root");
    forged = tuf_sim_served(other, "metadata/2.root.json");
    text = g_strndup(g_bytes_get_data(forged, NULL), g_bytes_get_size(forged));
    write_file(fixture, "root-history/2.root.json", text);
    fixture_accept(fixture);
    g_assert_cmpint(fixture_version(fixture, "root"), ==, 1);
}

static void test_init(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GBytes) is_unsigned = tuf_sim_sign(tuf_sim_body(sim, "root"), nobody);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(fixture, "root-history/pinned.json");
    g_autofree char *flat = fixture_path(fixture, "root.json");

    g_assert_false(upd_client_init(fixture->dir, is_unsigned, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    /* again, with a later root: the history starts over */
    tuf_sim_publish(sim, "root");
    tuf_sim_publish(sim, "root");
    fixture_accept(fixture);
    g_assert_true(upd_client_init(fixture->dir, tuf_sim_served(sim, "metadata/2.root.json"), NULL));
    g_assert_cmpint(fixture_version(fixture, "root"), ==, 2);
    g_free(tuf_sim_take_requests(sim));
    fixture_accept(fixture);
    fixture_expect_requests(fixture, "3.root 4.root timestamp");
    /* a directory that another client made has root.json alone */
    g_assert_cmpint(g_unlink(path), ==, 0);
    fixture_accept(fixture);
    g_assert_cmpint(g_unlink(flat), ==, 0);
    fixture_refuse(fixture, HL_ERROR_NOT_FOUND, "holds no trusted root");
    fixture_expect_requests(fixture, "4.root timestamp");
}

static void test_broken_local_files(void)
{
    static const char *const roles[] = { "timestamp", "snapshot", "targets" };
    static const char *const contents[] = { "", "{", "{\"signed\":{},\"signatures\":[]}", "[1.5]" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(contents); k++) {
            g_autoptr(Fixture) fixture = fixture_new();
            g_autofree char *name = g_strdup_printf("%s.json", roles[i]);

            fixture_accept(fixture);
            write_file(fixture, name, contents[k]);
            fixture_accept(fixture);
            g_assert_cmpint(fixture_version(fixture, roles[i]), ==, 1);
        }
}

static void test_lock(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(UpdClient) first = fixture_open(fixture, NULL);

    g_assert_nonnull(first);
    fixture_refuse(fixture, HL_ERROR_CONFLICT, "another updater is working in");
}

static void test_download(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *requests = NULL;

    tuf_sim_add_target(sim, "targets", "dir/file", "content");
    tuf_sim_add_target(sim, "targets", "empty", "");
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "dir/file", "content");
    g_free(tuf_sim_take_requests(sim));
    fixture_get(fixture, "dir/file", "content"); /* is there already */
    fixture_expect_requests(fixture, "2.root timestamp");
    tuf_sim_add_target(sim, "targets", "dir/file", "CONTENT");
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "dir/file", "CONTENT");
    fixture_get(fixture, "empty", "");
    fixture_get_refused(fixture, "dir/other", HL_ERROR_NOT_FOUND, "no target 'dir/other'");
    /* names that could end or split a URL */
    tuf_sim_add_target(sim, "targets", "a%b", "percent");
    tuf_sim_publish_chain(sim);
    g_free(tuf_sim_take_requests(sim));
    fixture_get_refused(fixture, "a%b", HL_ERROR_NOT_FOUND, "status 404");
    requests = tuf_sim_take_requests(sim);
    g_assert_nonnull(strstr(requests, ".a%25b"));
}

/* The connection breaks: the next call goes on where it broke, and does not believe what it has. */
static void test_resume(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *partial = fixture_path(fixture, "partial");

    tuf_sim_add_target(sim, "targets", "file", "0123456789");
    tuf_sim_publish_chain(sim);
    for (int no_ranges = 0; no_ranges < 2; no_ranges++) {
        sim->no_ranges = no_ranges;
        sim->break_after = 4;
        g_unlink(fixture->out);
        fixture_get_refused(fixture, "file", HL_ERROR_UNAVAILABLE, "broke");
        g_assert_false(g_file_test(fixture->out, G_FILE_TEST_EXISTS));
        sim->break_after = -1;
        fixture_get(fixture, "file", "0123456789");
    }
    /* what was kept is not the beginning of the target */
    sim->no_ranges = false;
    sim->break_after = 4;
    g_unlink(fixture->out);
    fixture_get_refused(fixture, "file", HL_ERROR_UNAVAILABLE, "broke");
    {
        g_autoptr(GDir) dir = g_dir_open(partial, 0, NULL);
        g_autofree char *part = g_build_filename(partial, g_dir_read_name(dir), NULL);

        g_assert_true(hl_file_write_text(part, "wxyz", 0644, NULL));
        sim->break_after = -1;
        fixture_get(fixture, "file", "0123456789");
        g_assert_true(hl_file_write_text(part, "longer than the target", 0644, NULL));
        g_unlink(fixture->out);
        fixture_get(fixture, "file", "0123456789");
        g_assert_null(g_dir_read_name(dir));
    }
}

/* A target directory on another file system than the metadata. */
static void test_other_file_system(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autofree char *elsewhere = g_strdup("/dev/shm/tuf-XXXXXX");
    struct stat here;
    struct stat there;

    if (mkdtemp(elsewhere) == NULL || stat(fixture->dir, &here) != 0 || stat(elsewhere, &there) != 0 ||
        here.st_dev == there.st_dev) {
        g_test_skip("there is no second file system");
        g_rmdir(elsewhere);
        return;
    }
    g_free(fixture->out);
    fixture->out = g_build_filename(elsewhere, "target", NULL);
    tuf_sim_add_target(fixture->sim, "targets", "file", "content");
    tuf_sim_publish_chain(fixture->sim);
    fixture_get(fixture, "file", "content");
    g_unlink(fixture->out);
    g_assert_cmpint(g_rmdir(elsewhere), ==, 0); /* and nothing beside it */
}

/* What a killed run left of a write goes, what belongs there stays. */
static void test_leftovers(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autofree char *left = fixture_path(fixture, "timestamp.json.aB3xYz");
    g_autofree char *other = fixture_path(fixture, "a.json.aB3xYz.json");

    write_file(fixture, "timestamp.json.aB3xYz", "{");
    write_file(fixture, "a.json.aB3xYz.json", "{");
    fixture_accept(fixture);
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
}

/* sha512 alone, both, and one beside a hash that we cannot compute. */
static void test_hashes(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *sha512 = tuf_hash_hex(TUF_HASH_SHA512, "content", 7);
    g_autofree char *wrong = tuf_hash_hex(TUF_HASH_SHA512, "CONTENT", 7);
    g_autofree char *path = g_strdup_printf("targets/%s.file", sha512);
    json_t *hashes;

    tuf_sim_add_target(sim, "targets", "file", "content");
    hashes =
        json_object_get(json_object_get(json_object_get(tuf_sim_body(sim, "targets"), "targets"), "file"), "hashes");
    json_object_set_new(hashes, "sha512", json_string(sha512));
    json_object_set_new(hashes, "sha3-256", json_string("whatever"));
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "file", "content");
    g_unlink(fixture->out);
    json_object_set_new(hashes, "sha512", json_string(wrong)); /* every one that is listed must hold */
    tuf_sim_publish_chain(sim);
    fixture_get_refused(fixture, "file", HL_ERROR_UNTRUSTED, "hash");
    json_object_del(hashes, "sha256");
    json_object_set_new(hashes, "sha512", json_string(sha512));
    tuf_sim_publish_chain(sim);
    tuf_sim_serve(sim, path, g_bytes_new_static("content", 7));
    fixture_get(fixture, "file", "content");
    g_unlink(fixture->out);
    json_object_del(hashes, "sha512");
    tuf_sim_publish_chain(sim);
    fixture_get_refused(fixture, "file", HL_ERROR_INVALID, "neither sha256 nor sha512");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/client/requests", test_requests);
    g_test_add_func("/tuf/client/inconsistent-snapshots", test_inconsistent_snapshots);
    g_test_add_func("/tuf/client/bytes-as-received", test_bytes_as_received);
    g_test_add_func("/tuf/client/same-timestamp", test_same_timestamp);
    g_test_add_func("/tuf/client/root-chain", test_root_chain);
    g_test_add_func("/tuf/client/root-by-both", test_root_by_both);
    g_test_add_func("/tuf/client/root-version", test_root_version);
    g_test_add_func("/tuf/client/root-statuses", test_root_statuses);
    g_test_add_func("/tuf/client/root-write-fails", test_root_write_fails);
    g_test_add_func("/tuf/client/root-history", test_root_history);
    g_test_add_func("/tuf/client/root-history-hole", test_root_history_hole);
    g_test_add_func("/tuf/client/stray-names", test_stray_names);
    g_test_add_func("/tuf/client/stray-part", test_stray_part);
    g_test_add_func("/tuf/client/root-history-forged", test_root_history_forged);
    g_test_add_func("/tuf/client/init", test_init);
    g_test_add_func("/tuf/client/broken-local-files", test_broken_local_files);
    g_test_add_func("/tuf/client/lock", test_lock);
    g_test_add_func("/tuf/client/download", test_download);
    g_test_add_func("/tuf/client/resume", test_resume);
    g_test_add_func("/tuf/client/other-file-system", test_other_file_system);
    g_test_add_func("/tuf/client/leftovers", test_leftovers);
    g_test_add_func("/tuf/client/hashes", test_hashes);
    return g_test_run();
}

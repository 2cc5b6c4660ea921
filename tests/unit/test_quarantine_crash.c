/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 between any two changes of the disk, and the disk full from any change on, while a file is taken, restored or
 * deleted: after the next start its content is in exactly one place, where it can be used, and nothing lies about. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/support/faults.h"
#include "tests/support/quarantine_world.h"

#define VIRUS "an infected file\nwith two lines\n"
#define OTHER "of another size"

typedef bool (*Deed)(World *world, GError **error);

static const char *only_id(const World *world)
{
    const GPtrArray *records = ep_quarantine_list(world->quarantine);
    const EpRecord *record;

    g_assert_cmpuint(records->len, ==, 1);
    record = g_ptr_array_index(records, 0);
    g_assert_cmpint(record->state, ==, EP_RECORD_HELD);
    return record->id;
}

static bool take(World *world, GError **error)
{
    g_autofree char *id = NULL;

    return world_take(world, "x", WORLD_NOW, &id, error);
}

static bool restore(World *world, GError **error)
{
    g_autofree char *sha256 = NULL;

    return ep_quarantine_restore(world->quarantine, only_id(world), &sha256, error);
}

/* Its directory is another one at the same path by then. */
static bool restore_anew(World *world, GError **error)
{
    g_autofree char *other = g_build_filename(world->top, "again", NULL);

    g_assert_true(mkdir(other, 0755) == 0 && rename(other, world->origin) == 0);
    return restore(world, error);
}

static bool erase(World *world, GError **error)
{
    return ep_quarantine_delete(world->quarantine, only_id(world), error);
}

typedef struct {
    Deed deed;
    World *world;
    FaultsKind kind;
    int n;
} Try;

static bool run_try(gpointer user, GError **error)
{
    const Try *one = user;

    world_open(one->world);
    faults_at(one->kind, one->n); /* not in the opening */
    return one->deed(one->world, error);
}

/* The lock is the child's alone: the parent opens the quarantine after it. */
static FaultsEnd run_with_fault(Deed deed, World *world, FaultsKind kind, int n)
{
    world_close(world);
    return faults_run(FAULTS_NONE, n, run_try, &(Try){ deed, world, kind, n });
}

/* Whether the file is at its place, else it is held.  Never both, nothing else is there, and it can be used. */
static bool is_at_its_place(World *world)
{
    g_autofree char *path = world_path(world, "x");
    struct stat st;

    world_open(world);
    if (stat(path, &st) == 0) {
        world_assert_content(world, "x", VIRUS);
        g_assert_cmpint(st.st_mode & 07777, ==, 0640);
        g_assert_cmpuint(world_count_entries(world->origin), ==, 1);
        g_assert_cmpuint(world_count_entries(world->store), ==, 0);
        g_assert_cmpuint(ep_quarantine_list(world->quarantine)->len, ==, 0);
        return true;
    }
    only_id(world);
    g_assert_cmpuint(world_count_entries(world->origin), ==, 0);
    g_assert_cmpuint(world_count_entries(world->store), ==, 2);
    return false;
}

static void put(World *world)
{
    g_autofree char *path = world_path(world, "x");

    world_put(world, "x", VIRUS);
    g_assert_cmpint(chmod(path, 0640), ==, 0);
}

/* The deed moves the file from one place to the other. */
static void walk(Deed deed, FaultsKind kind)
{
    FaultsEnd end = FAULTS_DONE;
    guint there[2] = { 0, 0 };

    for (int n = 1; end != FAULTS_UNTOUCHED; n++) {
        World world;
        bool back;

        world_init(&world);
        put(&world);
        g_assert_true(deed == take || take(&world, NULL));
        end = run_with_fault(deed, &world, kind, n);
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        g_assert_true(kind != FAULTS_DIE || end == FAULTS_KILLED || end == FAULTS_UNTOUCHED);
        back = is_at_its_place(&world);
        there[back]++;
        if (end == FAULTS_DONE || end == FAULTS_UNTOUCHED)
            g_assert_true(back == (deed != take));
        if (end == FAULTS_REFUSED)
            g_assert_true(back == (deed == take));
        if (!back) {
            g_autoptr(GError) error = NULL;

            g_assert_true(restore(&world, &error));
            world_assert_content(&world, "x", VIRUS);
        }
        world_clear(&world);
    }
    g_test_message("at its place after %u, held after %u", there[true], there[false]);
    g_assert_true(there[false] > 2 && there[true] > 2);
}

static void test_take_killed(void)
{
    walk(take, FAULTS_DIE);
}

static void test_take_full(void)
{
    walk(take, FAULTS_FULL);
}

static void test_restore_killed(void)
{
    walk(restore, FAULTS_DIE);
}

static void test_restore_full(void)
{
    walk(restore, FAULTS_FULL);
}

static void test_restore_again_killed(void)
{
    walk(restore_anew, FAULTS_DIE);
}

static void test_delete_killed(void)
{
    FaultsEnd end = FAULTS_DONE;

    for (int n = 1; end != FAULTS_UNTOUCHED; n++) {
        World world;

        world_init(&world);
        put(&world);
        g_assert_true(take(&world, NULL));
        end = run_with_fault(erase, &world, FAULTS_DIE, n);
        g_assert_cmpint(end, !=, FAULTS_OTHER);
        world_open(&world);
        g_assert_cmpuint(world_count_entries(world.store), ==, 2 * ep_quarantine_list(world.quarantine)->len);
        if (ep_quarantine_list(world.quarantine)->len > 0)
            g_assert_true(erase(&world, NULL));
        g_assert_cmpuint(world_count_entries(world.store), ==, 0);
        g_assert_cmpuint(world_count_entries(world.origin), ==, 0);
        world_clear(&world);
    }
}

static char *private_name(const World *world)
{
    g_autoptr(GDir) dir = g_dir_open(world->origin, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, ".holdline-taking-"))
            return world_path(world, name);
    return NULL;
}

/* Killed while the file had its private name, and somebody did this to it before the next start. */
static void meddle(void (*deed)(const World *world, const char *private), const char *expected, guint held)
{
    for (int n = 1;; n++) {
        World world;
        g_autofree char *private = NULL;
        FaultsEnd end;

        world_init(&world);
        put(&world);
        end = run_with_fault(take, &world, FAULTS_DIE, n);
        g_assert_cmpint(end, ==, FAULTS_KILLED);
        private = private_name(&world);
        if (private != NULL) {
            deed(&world, private);
            world_open(&world);
            world_assert_content(&world, "x", expected);
            g_assert_cmpuint(ep_quarantine_list(world.quarantine)->len, ==, held);
        }
        world_close(&world);
        world_clear(&world);
        if (private != NULL)
            return;
    }
}

static void swap_private(const World *world, const char *private)
{
    g_autofree char *other = world_path(world, "other");

    world_put(world, "other", OTHER);
    g_assert_cmpint(rename(other, private), ==, 0);
}

static void write_private(const World *world G_GNUC_UNUSED, const char *private)
{
    g_assert_cmpint(truncate(private, 2), ==, 0);
}

static void new_at_its_place(const World *world, const char *private G_GNUC_UNUSED)
{
    world_put(world, "x", OTHER);
}

static void link_at_its_place(const World *world, const char *private)
{
    g_autofree char *path = world_path(world, "x");

    g_assert_cmpint(link(private, path), ==, 0);
}

static void test_meddled_with(void)
{
    meddle(swap_private, OTHER, 1);     /* the other file is put back, ours is held */
    meddle(write_private, "an", 1);     /* what was written is not lost, nor what was found */
    meddle(new_at_its_place, OTHER, 1); /* the new file is left alone */
    meddle(link_at_its_place, VIRUS, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quarantine/crash/take-killed", test_take_killed);
    g_test_add_func("/quarantine/crash/take-full", test_take_full);
    g_test_add_func("/quarantine/crash/restore-killed", test_restore_killed);
    g_test_add_func("/quarantine/crash/restore-full", test_restore_full);
    g_test_add_func("/quarantine/crash/restore-again-killed", test_restore_again_killed);
    g_test_add_func("/quarantine/crash/delete-killed", test_delete_killed);
    g_test_add_func("/quarantine/crash/meddled-with", test_meddled_with);
    return g_test_run();
}

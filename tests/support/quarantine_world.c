/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/quarantine_world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

void world_init(World *world)
{
    g_autofree char *made = g_dir_make_tmp("holdline-quarantine-XXXXXX", NULL);
    char *real = realpath(made, NULL); /* the finds' paths are without links */

    *world = (World){ .top = g_strdup(real), .bounds = { .max_bytes = 1000000, .max_age = 30 * HL_DAY } };
    free(real);
    world->origin = g_build_filename(world->top, "origin", NULL);
    world->store = g_build_filename(world->top, "quarantine", NULL);
    g_assert_true(hl_dir_make(world->origin, 0755, NULL));
    world_open(world);
}

void world_clear(World *world)
{
    world_close(world);
    g_assert_true(hl_tree_remove(world->top, NULL));
    g_free(world->top);
    g_free(world->origin);
    g_free(world->store);
}

void world_open(World *world)
{
    g_autoptr(GError) error = NULL;

    world->quarantine = ep_quarantine_open(world->store, world->bounds, &error);
    g_assert_no_error(error);
}

void world_close(World *world)
{
    g_clear_pointer(&world->quarantine, ep_quarantine_close);
}

char *world_path(const World *world, const char *name)
{
    return g_build_filename(world->origin, name, NULL);
}

void world_put(const World *world, const char *name, const char *content)
{
    g_autofree char *path = world_path(world, name);

    g_assert_true(hl_file_write_text(path, content, 0644, NULL));
}

void world_assert_content(const World *world, const char *name, const char *content)
{
    g_autofree char *path = world_path(world, name);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = hl_file_read_text(path, 1000000, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, content);
}

guint world_count_entries(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    guint n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

void world_look(const World *world, const char *name, WorldFind *found)
{
    g_autofree char *path = world_path(world, name);
    struct stat st;

    found->directory = open(world->origin, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    found->file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_true(found->directory >= 0 && found->file >= 0 && fstat(found->file, &st) == 0);
    found->sha256 = S_ISREG(st.st_mode) ? hl_file_digest(path, NULL) : g_strdup("");
    found->find = (EpFind){ .dev = st.st_dev,
                            .ino = st.st_ino,
                            .size = st.st_size,
                            .modified = st.st_mtim,
                            .changed = st.st_ctim,
                            .sha256 = found->sha256,
                            .directory = world->origin,
                            .signature = "Test.Virus-1",
                            .scan = "s-1" };
}

bool world_hand_over(World *world, const char *name, WorldFind *found, HlTime now, char **id, GError **error)
{
    bool good =
        ep_quarantine_take(world->quarantine, found->directory, name, found->file, &found->find, now, id, error);

    hl_fd_clear(&found->directory);
    hl_fd_clear(&found->file);
    g_clear_pointer(&found->sha256, g_free);
    return good;
}

bool world_take(World *world, const char *name, HlTime now, char **id, GError **error)
{
    WorldFind found;

    world_look(world, name, &found);
    return world_hand_over(world, name, &found, now, id, error);
}

void world_must_take(World *world, const char *name, HlTime now)
{
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;
    bool good = world_take(world, name, now, &id, &error);

    g_assert_no_error(error);
    g_assert_true(good && id != NULL);
}

guint world_count(const World *world)
{
    return ep_quarantine_list(world->quarantine)->len;
}

const EpRecord *world_record(const World *world, guint i)
{
    const GPtrArray *records = ep_quarantine_list(world->quarantine);

    g_assert_cmpuint(i, <, records->len);
    return g_ptr_array_index(records, i);
}

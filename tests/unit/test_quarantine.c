/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine: what it takes, refuses, keeps and gives back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/crate.h"
#include "lib/base/file.h"
#include "tests/support/quarantine_world.h"

#define VIRUS "an infected file\nwith two lines\n"

/* Whatever the name, mode and times: as it was.  Through a restart. */
static void test_round_trip(void)
{
    static const char *const names[] = {
        "plain", "a b\n\t\x1b[31m", "caf\xe9", "\xc3\xa9t\xc3\xa9 \\x41", "-rf", ".x"
    };
    static const mode_t modes[] = { 0644, 0400, 04755, 02711, 01666, 0000 };
    const struct timespec times[] = { { 1500000000, 123456789 }, { -77, 999999999 } };
    World world;

    world_init(&world);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = world_path(&world, names[i]);
        g_autofree char *sha256 = NULL;
        g_autoptr(GError) error = NULL;
        WorldFind found;
        struct stat before;
        struct stat after;

        world_put(&world, names[i], VIRUS);
        g_assert_cmpint(geteuid() != 0 ? 0 : chown(path, 1234, 5678), ==, 0);
        world_look(&world, names[i], &found); /* before the mode closes it to a test that is not root */
        if (geteuid() == 0)
            g_assert_cmpint(chmod(path, modes[i]), ==, 0);
        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
        g_assert_cmpint(fstat(found.file, &before), ==, 0);
        found.find.changed = before.st_ctim;
        found.find.modified = before.st_mtim;
        {
            g_autofree char *id = NULL;

            g_assert_true(world_hand_over(&world, names[i], &found, WORLD_NOW, &id, &error));
            g_assert_cmpuint(world_count_entries(world.origin), ==, 0);
            world_close(&world);
            world_open(&world);
            g_assert_cmpstr(world_record(&world, 0)->id, ==, id);
            g_assert_cmpstr(world_record(&world, 0)->name, ==, names[i]);
            g_assert_cmpstr(world_record(&world, 0)->directory, ==, world.origin);
            g_assert_cmpint(world_record(&world, 0)->state, ==, EP_RECORD_HELD);
            g_assert_true(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
        }
        g_assert_cmpint(stat(path, &after), ==, 0);
        g_assert_cmpint(after.st_mode, ==, before.st_mode);
        g_assert_true(after.st_uid == before.st_uid && after.st_gid == before.st_gid);
        g_assert_cmpint(memcmp(&after.st_mtim, &before.st_mtim, sizeof after.st_mtim), ==, 0);
        g_assert_cmpint(memcmp(&after.st_atim, &before.st_atim, sizeof after.st_atim), ==, 0);
        g_assert_cmpint(chmod(path, 0600), ==, 0);
        world_assert_content(&world, names[i], VIRUS);
        g_assert_cmpuint(world_count(&world), ==, 0);
        g_assert_cmpuint(world_count_entries(world.store), ==, 0);
        g_assert_cmpint(unlink(path), ==, 0);
    }
    world_clear(&world);
}

/* Nobody else reads it, and what is stored has nothing of the content in it. */
static void test_harmless(void)
{
    World world;
    struct stat st;
    g_autofree char *crate = NULL;
    g_autoptr(GBytes) bytes = NULL;

    world_init(&world);
    world_put(&world, "x", VIRUS);
    world_must_take(&world, "x", WORLD_NOW);
    g_assert_cmpint(stat(world.store, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0700);
    crate = g_strdup_printf("%s/%s.crate", world.store, world_record(&world, 0)->id);
    g_assert_cmpint(stat(crate, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(st.st_size, ==, EP_CRATE_HEADER_SIZE + (int)strlen(VIRUS));
    bytes = hl_file_read(crate, 1000, NULL);
    g_assert_null(memmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "infected", 8));
    world_close(&world);
    g_assert_cmpint(chmod(world.store, 0755), ==, 0);
    world_open(&world);
    g_assert_cmpint(stat(world.store, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0700);
    world_clear(&world);
}

/* Larger than what is read at once. */
static void test_large(void)
{
    World world;
    g_autofree char *content = g_malloc(700001);
    g_autofree char *sha256 = NULL;

    world_init(&world);
    for (guint i = 0; i < 700000; i++)
        content[i] = (char)('a' + i % 23 + i / 70000 % 3);
    content[700000] = '\0';
    world_put(&world, "large", content);
    world_put(&world, "empty", "");
    world_must_take(&world, "large", WORLD_NOW);
    world_must_take(&world, "empty", WORLD_NOW + 1);
    while (world_count(&world) > 0) {
        g_autofree char *id = g_strdup(world_record(&world, 0)->id);

        g_clear_pointer(&sha256, g_free);
        g_assert_true(ep_quarantine_restore(world.quarantine, id, &sha256, NULL));
    }
    world_assert_content(&world, "large", content);
    world_assert_content(&world, "empty", "");
    world_clear(&world);
}

static void hard_link(const World *world, const char *path)
{
    g_autofree char *other = world_path(world, "other");

    g_assert_cmpint(link(path, other), ==, 0);
}

static void append(const World *world G_GNUC_UNUSED, const char *path)
{
    FILE *file = fopen(path, "a");

    g_assert_true(file != NULL && fputs("more", file) >= 0 && fclose(file) == 0);
}

/* Same size, and times as they were: only the content tells, or the time of change that nobody can set. */
static void rewrite(const World *world G_GNUC_UNUSED, const char *path)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_cmpint(pwrite(fd, "AN", 2, 0), ==, 2);
    g_assert_cmpint(futimens(fd, (const struct timespec[]){ st.st_atim, st.st_mtim }), ==, 0);
    close(fd);
}

static void replace(const World *world, const char *path G_GNUC_UNUSED)
{
    world_put(world, "x", VIRUS);
}

static void replace_by_link(const World *world, const char *path)
{
    g_autofree char *other = world_path(world, "other");

    g_assert_cmpint(rename(path, other), ==, 0);
    g_assert_cmpint(symlink("other", path), ==, 0);
}

static void replace_by_fifo(const World *world, const char *path)
{
    g_autofree char *other = world_path(world, "other");

    g_assert_cmpint(rename(path, other), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
}

static void move_away(const World *world, const char *path)
{
    g_autofree char *other = world_path(world, "other");

    g_assert_cmpint(rename(path, other), ==, 0);
}

static void remove_it(const World *world G_GNUC_UNUSED, const char *path)
{
    g_assert_cmpint(unlink(path), ==, 0);
}

static void swap_directory(const World *world, const char *path G_GNUC_UNUSED)
{
    g_autofree char *other = g_build_filename(world->top, "elsewhere", NULL);

    g_assert_cmpint(rename(world->origin, other), ==, 0);
    g_assert_cmpint(symlink("elsewhere", world->origin), ==, 0);
}

static void replace_directory(const World *world, const char *path G_GNUC_UNUSED)
{
    g_autofree char *other = g_build_filename(world->top, "elsewhere", NULL);

    g_assert_cmpint(rename(world->origin, other), ==, 0);
    g_assert_cmpint(mkdir(world->origin, 0755), ==, 0);
    world_put(world, "x", VIRUS);
}

static void put_another(const World *world, const char *path G_GNUC_UNUSED)
{
    world_put(world, ".x", "another");
}

static void leave_alone(const World *world G_GNUC_UNUSED, const char *path G_GNUC_UNUSED)
{
}

/* What happens between the scanner's look and the taking, how it is refused, and that nothing else changes.  forged:
 * the find is told as if the file had looked like this from the start, so that the later checks have to see it. */
static void test_refused(void)
{
    static const struct {
        const char *what;
        void (*happens)(const World *world, const char *path);
        bool forged;
        HlErrorCode code;
        guint entries;
    } rows[] = {
        { "hard link", hard_link, true, HL_ERROR_INVALID, 2 },
        { "grown", append, false, HL_ERROR_CONFLICT, 1 },
        { "grown, forged", append, true, HL_ERROR_CONFLICT, 1 },
        { "rewritten", rewrite, false, HL_ERROR_CONFLICT, 1 },
        { "rewritten, forged", rewrite, true, HL_ERROR_CONFLICT, 1 },
        { "replaced", replace, false, HL_ERROR_CONFLICT, 1 },
        { "replaced, forged", replace, true, HL_ERROR_CONFLICT, 1 },
        { "link", replace_by_link, true, HL_ERROR_CONFLICT, 2 },
        { "FIFO", replace_by_fifo, true, HL_ERROR_CONFLICT, 2 },
        { "moved", move_away, true, HL_ERROR_CONFLICT, 1 },
        { "removed", remove_it, true, HL_ERROR_CONFLICT, 0 },
        { "link to directory", swap_directory, true, HL_ERROR_CONFLICT, 1 },
        { "other directory", replace_directory, true, HL_ERROR_CONFLICT, 1 },
        { "too large", leave_alone, false, HL_ERROR_LIMIT, 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        World world;
        WorldFind found;
        struct stat st;
        g_autofree char *path = NULL;
        g_autofree char *id = NULL;
        g_autoptr(GError) error = NULL;

        world_init(&world);
        if (rows[i].code == HL_ERROR_LIMIT) {
            world_close(&world);
            world.bounds.max_bytes = 10;
            world_open(&world);
        }
        path = world_path(&world, "x");
        world_put(&world, "x", VIRUS);
        world_look(&world, "x", &found);
        rows[i].happens(&world, path);
        g_assert_cmpint(fstat(found.file, &st), ==, 0);
        if (rows[i].forged) {
            found.find.size = st.st_size;
            found.find.modified = st.st_mtim;
            found.find.changed = st.st_ctim;
        }
        g_test_message("%s", rows[i].what);
        g_assert_false(world_hand_over(&world, "x", &found, WORLD_NOW, &id, &error));
        g_assert_error(error, HL_ERROR, (int)rows[i].code);
        g_assert_null(id);
        g_assert_cmpuint(world_count(&world), ==, 0);
        g_assert_cmpuint(world_count_entries(world.store), ==, 0);
        g_assert_cmpuint(world_count_entries(world.origin), ==, rows[i].entries);
        world_clear(&world);
    }
}

/* Not a regular file; names that are none. */
static void test_not_a_file(void)
{
    static const char *const names[] = { "", ".", "..", "../x", "/etc/passwd" };
    World world;
    g_autofree char *path = NULL;
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    path = world_path(&world, "fifo");
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_false(world_take(&world, "fifo", WORLD_NOW, &id, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    world_put(&world, "x", VIRUS);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        WorldFind found;

        g_clear_error(&error);
        world_look(&world, "x", &found);
        g_assert_false(world_hand_over(&world, names[i], &found, WORLD_NOW, &id, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
    world_assert_content(&world, "x", VIRUS);
    world_clear(&world);
}

static void test_restore_refused(void)
{
    World world;
    g_autofree char *id = NULL;
    g_autofree char *sha256 = NULL;
    g_autofree char *elsewhere = NULL;
    g_autofree char *crate = NULL;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    world_put(&world, "x", VIRUS);
    g_assert_true(world_take(&world, "x", WORLD_NOW, &id, NULL));

    g_assert_false(ep_quarantine_restore(world.quarantine, "../x", &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_clear_error(&error);

    world_put(&world, "x", "another");
    g_assert_false(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_EXISTS);
    world_assert_content(&world, "x", "another");
    g_clear_error(&error);

    elsewhere = g_build_filename(world.top, "elsewhere", NULL);
    g_assert_cmpint(rename(world.origin, elsewhere), ==, 0);
    g_assert_false(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_cmpint(symlink("elsewhere", world.origin), ==, 0);
    g_assert_false(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_cmpint(unlink(world.origin), ==, 0);
    g_assert_cmpint(mkdir(world.origin, 0755), ==, 0);

    crate = g_strdup_printf("%s/%s.crate", world.store, id);
    g_assert_cmpint(truncate(crate, EP_CRATE_HEADER_SIZE + 5), ==, 0);
    g_assert_false(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_assert_cmpuint(world_count_entries(world.origin), ==, 0);
    g_assert_cmpint(world_record(&world, 0)->state, ==, EP_RECORD_HELD);
    g_assert_null(sha256);
    world_clear(&world);
}

/* Damaged and foreign files in the directory do not keep the rest from being used, nor are they removed. */
static void test_open(void)
{
    static const char *const rubbish[] = { "q-1.crate", "q-2.json.x7Zq0p" };
    static const char *const kept[] = { "q-3.json", "q-3.crate", "README" };
    World world;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    world_put(&world, "x", VIRUS);
    world_must_take(&world, "x", WORLD_NOW);
    g_assert_null(ep_quarantine_open(world.store, world.bounds, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    world_close(&world);
    for (gsize i = 0; i < G_N_ELEMENTS(rubbish) + G_N_ELEMENTS(kept); i++) {
        g_autofree char *path = g_build_filename(world.store, i < 2 ? rubbish[i] : kept[i - 2], NULL);

        g_assert_true(hl_file_write_text(path, "{\"state\":\"held\"}", 0600, NULL));
    }
    world_open(&world);
    g_assert_cmpuint(world_count(&world), ==, 1);
    g_assert_cmpuint(world_count_entries(world.store), ==, 2 + G_N_ELEMENTS(kept));
    world_clear(&world);
}

/* What the calls that change the origin do: the linker's --wrap brings them here. */
static struct {
    int rename_errno, link_errno, unlink_errno; /* 0: the call is made */
    void (*before_rename)(const World *world, const char *path);
    const World *world;
} meddling;

int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);

static int fail_with(int problem)
{
    errno = problem;
    return -1;
}

int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    void (*before)(const World *, const char *) = meddling.before_rename;

    meddling.before_rename = NULL; /* once */
    if (before != NULL) {
        g_autofree char *path = world_path(meddling.world, from);

        before(meddling.world, path);
    }
    return meddling.rename_errno != 0 ? fail_with(meddling.rename_errno)
                                      : __real_renameat2(from_dir, from, to_dir, to, flags);
}

int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    return meddling.link_errno != 0 ? fail_with(meddling.link_errno) : __real_linkat(from_dir, from, to_dir, to, flags);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    return meddling.unlink_errno != 0 ? fail_with(meddling.unlink_errno) : __real_unlinkat(dir, path, flags);
}

/* Immutable files and directories, read-only file systems, and such as know neither renameat2's flags nor links: the
 * file keeps its name and content, and the quarantine has nothing. */
static void test_unwilling(void)
{
    static const struct {
        int rename_errno, link_errno, unlink_errno;
        HlErrorCode code;
    } rows[] = {
        { EPERM, 0, 0, HL_ERROR_DENIED },       { EROFS, 0, 0, HL_ERROR_IO }, { ENOSPC, 0, 0, HL_ERROR_FULL },
        { 0, 0, EPERM, HL_ERROR_DENIED },       { 0, 0, EROFS, HL_ERROR_IO }, { EINVAL, EPERM, 0, HL_ERROR_DENIED },
        { EINVAL, EOPNOTSUPP, 0, HL_ERROR_IO },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        World world;
        g_autofree char *id = NULL;
        g_autoptr(GError) error = NULL;
        bool good;

        world_init(&world);
        world_put(&world, "x", VIRUS);
        meddling.rename_errno = rows[i].rename_errno;
        meddling.link_errno = rows[i].link_errno;
        meddling.unlink_errno = rows[i].unlink_errno;
        good = world_take(&world, "x", WORLD_NOW, &id, &error);
        memset(&meddling, 0, sizeof meddling);
        g_assert_false(good);
        g_assert_error(error, HL_ERROR, (int)rows[i].code);
        world_assert_content(&world, "x", VIRUS);
        g_assert_cmpuint(world_count_entries(world.origin), ==, 1);
        g_assert_cmpuint(world_count(&world), ==, 0);
        g_assert_cmpuint(world_count_entries(world.store), ==, 0);
        world_clear(&world);
    }
}

/* Where renameat2 has no flags, links do the same, both ways. */
static void test_by_link(void)
{
    World world;
    g_autofree char *id = NULL;
    g_autofree char *sha256 = NULL;

    world_init(&world);
    world_put(&world, "x", VIRUS);
    meddling.rename_errno = EINVAL;
    g_assert_true(world_take(&world, "x", WORLD_NOW, &id, NULL));
    g_assert_cmpuint(world_count_entries(world.origin), ==, 0);
    g_assert_true(ep_quarantine_restore(world.quarantine, id, &sha256, NULL));
    memset(&meddling, 0, sizeof meddling);
    world_assert_content(&world, "x", VIRUS);
    g_assert_cmpuint(world_count_entries(world.origin), ==, 1);
    world_clear(&world);
}

/* Between the last look and the move: what is moved instead is put back, whatever it is. */
static void test_race(void)
{
    static void (*const races[])(const World *, const char *) = { replace, replace_by_link, replace_by_fifo, rewrite,
                                                                  append };

    for (gsize i = 0; i < G_N_ELEMENTS(races); i++) {
        World world;
        g_autofree char *path = NULL;
        g_autofree char *id = NULL;
        g_autoptr(GError) error = NULL;
        struct stat st;

        world_init(&world);
        world_put(&world, "x", VIRUS);
        path = world_path(&world, "x");
        meddling.world = &world;
        meddling.before_rename = races[i];
        g_assert_false(world_take(&world, "x", WORLD_NOW, &id, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
        g_assert_cmpint(lstat(path, &st), ==, 0);
        g_assert_cmpuint(world_count_entries(world.origin), ==, S_ISREG(st.st_mode) ? 1 : 2);
        g_assert_cmpuint(world_count_entries(world.store), ==, 0);
        world_clear(&world);
    }
}

/* A file that comes to be at the place while another is restored there stays. */
static void test_restore_race(void)
{
    World world;
    g_autofree char *id = NULL;
    g_autofree char *sha256 = NULL;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    world_put(&world, ".x", VIRUS);
    g_assert_true(world_take(&world, ".x", WORLD_NOW, &id, NULL));
    meddling.world = &world;
    meddling.before_rename = put_another;
    g_assert_false(ep_quarantine_restore(world.quarantine, id, &sha256, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_EXISTS);
    world_assert_content(&world, ".x", "another");
    g_assert_cmpuint(world_count_entries(world.origin), ==, 1);
    g_assert_cmpint(world_record(&world, 0)->state, ==, EP_RECORD_HELD);
    world_clear(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quarantine/round-trip", test_round_trip);
    g_test_add_func("/quarantine/harmless", test_harmless);
    g_test_add_func("/quarantine/large", test_large);
    g_test_add_func("/quarantine/refused", test_refused);
    g_test_add_func("/quarantine/not-a-file", test_not_a_file);
    g_test_add_func("/quarantine/restore-refused", test_restore_refused);
    g_test_add_func("/quarantine/open", test_open);
    g_test_add_func("/quarantine/unwilling", test_unwilling);
    g_test_add_func("/quarantine/by-link", test_by_link);
    g_test_add_func("/quarantine/race", test_race);
    g_test_add_func("/quarantine/restore-race", test_restore_race);
    return g_test_run();
}

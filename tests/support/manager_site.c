/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/manager_site.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"
#include "proto/settings.h"
#include "tests/support/site_keys.h"

#define MAX_FILE (1024 * 1024)

/* What is copied; the rest is made by whom it belongs to. */
static const char *const key_files[] = { "pki/ca.key", "pki/ca.pem", "pki/server.key", "pki/sealing.key" };
static const char *const directories[] = { "pki", "broker" };
#define REGISTRY "registry.db"

/* Names in a registry that is peopled; "admin" is in each. */
static const struct {
    const char *serial, *name, *kind;
} people[] = { { "02", "bob", "admin" }, { "03", "eye", "monitor" }, { "04", "web", "console" } };

static void ok(bool done, GError *error)
{
    g_assert_no_error(error);
    g_assert_true(done);
}

/* SQLite calls it through the program's symbols. */
int fsync(int fd G_GNUC_UNUSED)
{
    return 0;
}

int fdatasync(int fd G_GNUC_UNUSED)
{
    return 0;
}

static void add_certificate(HlDb *db, const char *serial, const char *name, const char *kind, HlTime issued,
                            HlTime ends)
{
    g_autoptr(GError) error = NULL;

    ok(hl_db_run(db, NULL, &error,
                 "INSERT INTO certificate (serial, name, kind, issued_at, expires_at) VALUES (?, ?, ?, ?, ?)", "tttii",
                 serial, name, kind, issued, ends),
       error);
}

static void add_owner(HlDb *db, const char *name)
{
    g_autoptr(GError) error = NULL;

    ok(hl_db_run(db, NULL, &error,
                 "INSERT INTO account (name, role, created_at, created_by) VALUES (?, 'owner', 1, 'init')", "t", name),
       error);
}

static void make_registry(const char *path, bool peopled)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = mgr_registry_open(path, &error);
    g_auto(HlSettings) settings = { 0 };
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    hl_settings_init(&settings);
    text = hl_settings_print(&settings);
    ok(hl_db_run(db, NULL, &error,
                 "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by)"
                 " VALUES ('office', 1, 1, ?, 1, 'admin')",
                 "t", text),
       error);
    add_certificate(db, "01", "admin", "admin", 1, hl_clock_wall() + HL_DAY);
    add_owner(db, "admin");
    if (!peopled)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(people); i++)
        add_certificate(db, people[i].serial, people[i].name, people[i].kind, hl_clock_wall(),
                        hl_clock_wall() + 365 * HL_DAY);
    add_owner(db, people[0].name);
}

static GBytes *read_file(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    GBytes *bytes = hl_file_read(path, MAX_FILE, &error);

    g_assert_no_error(error);
    return bytes;
}

static void write_file(const char *dir, const char *name, GBytes *bytes)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    ok(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, &error), error);
}

static void copy_registry(const char *dir, bool peopled)
{
    static GBytes *made[2];
    GBytes **bytes = &made[peopled ? 1 : 0];
    g_autofree char *path = g_build_filename(dir, REGISTRY, NULL);

    if (*bytes != NULL) {
        write_file(dir, REGISTRY, *bytes);
        return;
    }
    make_registry(path, peopled);
    *bytes = read_file(dir, REGISTRY);
}

static const HlSigningKey *copy_keys(const char *dir)
{
    static const HlSigningKey *key = NULL;
    static GBytes *made[G_N_ELEMENTS(key_files)];

    if (key == NULL) {
        key = site_keys_make(dir);
        for (gsize i = 0; i < G_N_ELEMENTS(key_files); i++)
            made[i] = read_file(dir, key_files[i]);
        return key;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = g_build_filename(dir, directories[i], NULL);
        g_autoptr(GError) error = NULL;

        ok(hl_dir_make(path, 0700, &error), error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(key_files); i++)
        write_file(dir, key_files[i], made[i]);
    return key;
}

const HlSigningKey *parts_make_site(const char *dir, bool peopled)
{
    copy_registry(dir, peopled);
    return copy_keys(dir);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/backup.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/store/stmt.h"
#include "manager/site/exchange.h"
#include "manager/site/site.h"
#include "manager/store/schema.h"

#define MANIFEST     "manifest.json"
#define REGISTRY     "registry.db"
#define VERSION      1
#define MAX_MANIFEST (256 * 1024 * 1024) /* a million files at 200 bytes each, and some */

/* What is not copied from the top of a site: the registry is copied by SQLite, the rest is made again or of no use
 * elsewhere.  Another file whose name only begins like one of them is somebody's, and is copied. */
static const char *const left_out[] = {
    REGISTRY, "lock",          "broker",           MGR_SITE_COMING,       MGR_SITE_EXCHANGING,
    MANIFEST, MGR_SITE_FENCED, MGR_SITE_TAKE_OVER, MGR_SITE_AUDIT_CLOSED,
};

/* Beginnings of names: logs and earlier copies of the registry, sites that were replaced. */
static const char *const left_out_all[] = { REGISTRY "-", REGISTRY ".before-v", MGR_SITE_ASIDE };

/* Keys that take the place of another one when a rollover ends.  They are copied before the rest: should one move
 * meanwhile, the copy has it twice, and never not at all. */
static const char *const moving[] = { MGR_SITE_NEXT_SEALING_KEY, MGR_SITE_NEXT_AUTHORITY_KEY };

/* One walk through a site. */
typedef struct {
    const char *site, *dir;
    json_t *files, *directories;
    MgrBackupInfo *info;
    bool has_moving[G_N_ELEMENTS(moving)]; /* copied already */
    bool has_head;                         /* likewise */
} Copy;

bool mgr_backup_is_one(const char *dir)
{
    g_autofree char *path = mgr_site_path(dir, MANIFEST);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

bool mgr_backup_check_owner(const char *site, GError **error)
{
    const struct passwd *owner;
    struct stat st;

    if (stat(site, &st) != 0)
        return hl_fail_errno(error, errno, _("site %s"), site);
    if (st.st_uid == geteuid())
        return true;
    owner = getpwuid(st.st_uid);
    return hl_fail(error, HL_ERROR_DENIED,
                   _("site %s belongs to the user %s: run this as that user ('runuser -u %s -- holdline ...')"), site,
                   owner != NULL ? owner->pw_name : _("of another id"), owner != NULL ? owner->pw_name : "USER");
}

/* By where they really are; a path that does not exist yet by its parent. */
static char *resolve(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    char *real = realpath(path, NULL);
    g_autofree char *above = real == NULL && strcmp(parent, path) != 0 ? resolve(parent) : NULL;
    char *copy = real != NULL ? g_strdup(real) : g_build_filename(above != NULL ? above : parent, name, NULL);

    free(real);
    return copy;
}

static bool is_below(const char *path, const char *dir)
{
    gsize length = strlen(dir);

    return strncmp(path, dir, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

bool mgr_backup_check_place(const char *site, const char *dir, GError **error)
{
    g_autofree char *real_site = resolve(site);
    g_autofree char *real_dir = resolve(dir);

    if (is_below(real_dir, real_site) || is_below(real_site, real_dir))
        return hl_fail(error, HL_ERROR_INVALID, _("%s and the site %s lie in one another: keep backups elsewhere"), dir,
                       site);
    return true;
}

bool mgr_backup_leaves_out(const char *relative)
{
    /* of an eviction or a look under way: gone in a moment */
    if (g_str_has_prefix(relative, "pki/evict-") || g_str_has_prefix(relative, "pki/" MGR_SITE_LOOKOUT))
        return true;
    if (strchr(relative, '/') != NULL)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(left_out); i++)
        if (strcmp(relative, left_out[i]) == 0)
            return true;
    for (gsize i = 0; i < G_N_ELEMENTS(left_out_all); i++)
        if (g_str_has_prefix(relative, left_out_all[i]))
            return true;
    return false;
}

static void note_file(const Copy *copy, const char *relative, const struct stat *st, const char *digest)
{
    g_autofree char *mode = g_strdup_printf("%04o", (unsigned)(st->st_mode & 0777));

    json_array_append_new(copy->files, json_pack("{s:s, s:s, s:I, s:s}", "path", relative, "mode", mode, "size",
                                                 (json_int_t)st->st_size, "sha256", digest));
    copy->info->files++;
    copy->info->bytes += (guint64)st->st_size;
}

static bool copy_file(const Copy *copy, const char *relative, GError **error)
{
    g_autofree char *from = mgr_site_path(copy->site, relative);
    g_autofree char *to = mgr_site_path(copy->dir, relative);
    g_autofree char *digest = hl_file_copy(from, to, 0600, error);
    struct stat st, copied;

    if (digest == NULL)
        return false;
    if (stat(from, &st) != 0 || stat(to, &copied) != 0)
        return hl_fail_errno(error, errno, _("cannot copy %s"), from);
    copied.st_mode = st.st_mode;
    note_file(copy, relative, &copied, digest);
    return true;
}

/* Of one that may go at this moment. */
static bool copy_if_there(const Copy *copy, const char *relative, bool *has, GError **error)
{
    g_autofree char *from = mgr_site_path(copy->site, relative);
    g_autofree char *to = mgr_site_path(copy->dir, relative);
    g_autofree char *directory = g_path_get_dirname(to);
    g_autoptr(GError) problem = NULL;

    *has = g_file_test(from, G_FILE_TEST_EXISTS) && hl_dir_make(directory, 0700, &problem) &&
           copy_file(copy, relative, &problem);
    if (problem == NULL || !g_file_test(from, G_FILE_TEST_EXISTS))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool copy_moving(Copy *copy, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(moving); i++)
        if (!copy_if_there(copy, moving[i], &copy->has_moving[i], error))
            return false;
    return true;
}

static bool was_copied(const Copy *copy, const char *relative)
{
    for (gsize i = 0; i < G_N_ELEMENTS(moving); i++)
        if (copy->has_moving[i] && strcmp(relative, moving[i]) == 0)
            return true;
    return copy->has_head && strcmp(relative, MGR_SITE_AUDIT_HEAD) == 0;
}

static bool copy_tree(const Copy *copy, const char *relative, GError **error);

/* A file that went while it was being looked at was none that mattered: what matters is renamed into place. */
static bool copy_entry(const Copy *copy, const char *relative, GError **error)
{
    g_autofree char *from = mgr_site_path(copy->site, relative);
    g_autofree char *to = mgr_site_path(copy->dir, relative);
    g_autofree char *mode = NULL;
    struct stat st;

    if (lstat(from, &st) != 0)
        return errno == ENOENT || hl_fail_errno(error, errno, _("cannot read %s"), from);
    if (S_ISREG(st.st_mode))
        return copy_file(copy, relative, error);
    if (!S_ISDIR(st.st_mode))
        return hl_fail(error, HL_ERROR_INVALID,
                       _("%s is neither a file nor a directory: a backup follows no links; move it out of the site"),
                       from);
    mode = g_strdup_printf("%04o", (unsigned)(st.st_mode & 0777));
    json_array_append_new(copy->directories, json_pack("{s:s, s:s}", "path", relative, "mode", mode));
    return hl_dir_make(to, 0700, error) && copy_tree(copy, relative, error) && hl_dir_sync(to, error);
}

/* Sorted: of a repository "metadata" before "targets", so that all that the copied metadata name is copied. */
static bool copy_tree(const Copy *copy, const char *relative, GError **error)
{
    g_autofree char *path = mgr_site_path(copy->site, relative);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (dir == NULL)
        return hl_fail_errno(error, errno, _("cannot read %s"), path);
    while ((name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, *relative == '\0' ? g_strdup(name) : g_build_filename(relative, name, NULL));
    g_ptr_array_sort(names, hl_text_compare);
    for (guint i = 0; i < names->len; i++)
        if (!mgr_backup_leaves_out(names->pdata[i]) && !was_copied(copy, names->pdata[i]) &&
            !copy_entry(copy, names->pdata[i], error))
            return false;
    return true;
}

/* While the manager runs its log is read too; a registry that nobody writes is read as it lies there, and one whose
 * manager was killed is first made whole: no file of the site is left behind changed or new. */
static HlDb *open_registry(const char *site, const char *path, int *lock, GError **error)
{
    g_autofree char *lock_path = mgr_site_path(site, "lock");
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    g_autoptr(GError) held = NULL;

    *lock = hl_file_lock(lock_path, &held);
    if (*lock < 0 && hl_error_code(held) != HL_ERROR_CONFLICT) {
        g_propagate_error(error, g_steal_pointer(&held));
        return NULL;
    }
    if (*lock < 0)
        return hl_db_open(path, HL_DB_READ_ONLY, error);
    return hl_db_open(path, g_file_test(log, G_FILE_TEST_EXISTS) ? HL_DB_DEFAULT : HL_DB_FROZEN, error);
}

/* A mark of its own, so that a log of the registry that it was copied from is not taken for its own (registry.h), even
 * if it is put back by hand. */
static bool stamp(const char *path, GError **error)
{
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DURABLE, error);

    return db != NULL && hl_db_run(db, NULL, error, "UPDATE counter SET value = ? WHERE name = 'mark'", "i",
                                   (int64_t)(hl_random_u64() >> 1) | 1);
}

static bool copy_registry(const Copy *copy, GError **error)
{
    g_autofree char *from = mgr_site_path(copy->site, REGISTRY);
    g_autofree char *to = mgr_site_path(copy->dir, REGISTRY);
    hl_autofd int lock = -1;
    g_autoptr(HlDb) db = open_registry(copy->site, from, &lock, error);
    g_autofree char *digest = NULL;
    struct stat st;

    if (db == NULL || !hl_db_copy(db, to, error) || !stamp(to, error))
        return false;
    digest = hl_file_digest(to, error);
    if (digest == NULL)
        return false;
    if (stat(to, &st) != 0)
        return hl_fail_errno(error, errno, _("cannot read %s"), to);
    note_file(copy, REGISTRY, &st, digest);
    return true;
}

static bool write_manifest(const Copy *copy, GError **error)
{
    g_autofree char *path = mgr_site_path(copy->dir, MANIFEST);
    g_autofree char *text = NULL;
    g_autofree char *lines = NULL;
    g_autoptr(json_t) document =
        json_pack("{s:i, s:I, s:s, s:O, s:O}", "version", VERSION, "made_ms", (json_int_t)copy->info->made, "program",
                  HOLDLINE_VERSION, "directories", copy->directories, "files", copy->files);

    text = hl_json_print(document);
    lines = g_strconcat(text, "\n", NULL);
    return hl_file_write_text(path, lines, 0600, error);
}

static bool make_empty(const char *dir, GError **error)
{
    g_autoptr(GDir) there = g_dir_open(dir, 0, NULL);

    if (there != NULL && g_dir_read_name(there) != NULL)
        return hl_fail(error, HL_ERROR_EXISTS, _("%s is not empty: name a new directory for each backup"), dir);
    return hl_dir_make(dir, 0700, error);
}

bool mgr_backup_make(const char *site, const char *dir, MgrBackupInfo *info, GError **error)
{
    g_autoptr(json_t) files = json_array();
    g_autoptr(json_t) directories = json_array();
    Copy copy = { .site = site, .dir = dir, .files = files, .directories = directories, .info = info };
    bool is_new = !g_file_test(dir, G_FILE_TEST_EXISTS);

    *info = (MgrBackupInfo){ .made = hl_clock_wall() };
    /* the registry before the rest: the journal beside the keys then knows all that the copied registry knows; and the
     * audit log's head before the registry, which then has the row that it names */
    if (!mgr_backup_check_owner(site, error) || !mgr_backup_check_place(site, dir, error) ||
        !mgr_exchange_check(site, error))
        return hl_error_prefix(error, _("nothing was written"));
    if (!make_empty(dir, error))
        return hl_error_prefix(error, _("backup of %s"), site);
    if (!copy_if_there(&copy, MGR_SITE_AUDIT_HEAD, &copy.has_head, error) || !copy_registry(&copy, error) ||
        !copy_moving(&copy, error) || !copy_tree(&copy, "", error) || !write_manifest(&copy, error)) {
        bool is_gone =
            is_new && hl_tree_remove(dir, NULL); /* half a copy has keys in it, and takes the room of a whole */

        return hl_error_prefix(
            error, is_gone ? _("backup of %s (nothing is left in %s)") : _("backup of %s (%s is no backup)"), site,
            dir);
    }
    return mgr_backup_verify(dir, info, error);
}

/* ------------------------------------------------------------------------------------------------- verify, put back */

/* A manifest that was damaged must not name a file elsewhere. */
static bool is_inside(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (gsize i = 0; parts[i] != NULL; i++)
        if (*parts[i] == '\0' || strcmp(parts[i], ".") == 0 || strcmp(parts[i], "..") == 0)
            return false;
    return parts[0] != NULL;
}

typedef struct {
    const char *path, *digest;
    json_int_t size;
    mode_t mode;
} Entry;

/* Of a file, or a directory, which has neither size nor digest. */
static bool read_entry(const char *dir, json_t *row, Entry *entry, GError **error)
{
    const char *mode = NULL;

    *entry = (Entry){ .digest = "" };
    if (json_unpack(row, "{s:s, s:s, s?:I, s?:s}", "path", &entry->path, "mode", &mode, "size", &entry->size, "sha256",
                    &entry->digest) != 0 ||
        !is_inside(entry->path))
        return hl_fail(error, HL_ERROR_INVALID, _("%s/%s is damaged: an entry is malformed"), dir, MANIFEST);
    entry->mode = (mode_t)g_ascii_strtoull(mode, NULL, 8) & 0777;
    return true;
}

static json_t *read_manifest(const char *dir, MgrBackupInfo *info, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MANIFEST);
    g_autofree char *text = hl_file_read_text(path, MAX_MANIFEST, error);
    g_autoptr(json_t) document = text != NULL ? hl_json_parse(path, text, strlen(text), error) : NULL;
    json_t *files = NULL, *directories = NULL;
    json_int_t made = 0;
    int version = 0;

    if (document == NULL) {
        hl_error_prefix(error, _("%s is not a complete backup"), dir);
        return NULL;
    }
    if (json_unpack(document, "{s:i, s:I, s:o, s:o}", "version", &version, "made_ms", &made, "directories",
                    &directories, "files", &files) != 0 ||
        !json_is_array(files) || !json_is_array(directories)) {
        hl_fail(error, HL_ERROR_INVALID, _("%s is damaged"), path);
        return NULL;
    }
    if (version != VERSION) {
        hl_fail(error, HL_ERROR_CONFLICT, _("%s has version %d, this program knows %d: use the newer one"), path,
                version, VERSION);
        return NULL;
    }
    *info = (MgrBackupInfo){ .made = made };
    return g_steal_pointer(&document);
}

static bool verify_file(const char *dir, const Entry *entry, MgrBackupInfo *info, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, entry->path);
    g_autofree char *digest = hl_file_digest(path, error);

    if (digest == NULL)
        return false;
    if (strcmp(digest, entry->digest) != 0)
        return hl_fail(error, HL_ERROR_UNTRUSTED, _("%s is not what was backed up: its SHA-256 is %s, not %s"), path,
                       digest, entry->digest);
    info->files++;
    info->bytes += (guint64)entry->size;
    return true;
}

bool mgr_backup_verify(const char *dir, MgrBackupInfo *info, GError **error)
{
    g_autofree char *registry = mgr_site_path(dir, REGISTRY);
    g_autoptr(json_t) manifest = read_manifest(dir, info, error);
    g_autoptr(HlDb) db = NULL;
    json_t *row;
    gsize i;
    Entry entry;

    if (manifest == NULL)
        return false;
    json_array_foreach(json_object_get(manifest, "files"), i, row)
    {
        if (!read_entry(dir, row, &entry, error) || !verify_file(dir, &entry, info, error))
            return false;
    }
    db = hl_db_open(registry, HL_DB_FROZEN, error);
    return db != NULL && hl_db_check(db, error) && mgr_schema_check(db, error);
}

static bool put_file(const char *dir, const char *site, const Entry *entry, GError **error)
{
    g_autofree char *from = mgr_site_path(dir, entry->path);
    g_autofree char *to = mgr_site_path(site, entry->path);
    g_autofree char *part = g_strconcat(to, ".restoring", NULL);
    g_autofree char *digest = NULL;

    if (unlink(part) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot write %s"), part);
    digest = hl_file_copy(from, part, entry->mode, error);
    if (digest == NULL)
        return false;
    if (strcmp(digest, entry->digest) != 0)
        return hl_fail(error, HL_ERROR_IO, _("%s changed while it was read"), from);
    return rename(part, to) == 0 || hl_fail_errno(error, errno, _("cannot write %s"), to);
}

/* false at the first one for which visit is. */
static bool visit_directories(const char *site, json_t *rows,
                              bool (*visit)(const char *path, const Entry *entry, GError **error), GError **error)
{
    json_t *row;
    gsize i;
    Entry entry;

    json_array_foreach(rows, i, row)
    {
        g_autofree char *path = NULL;

        if (!read_entry(site, row, &entry, error))
            return false;
        path = mgr_site_path(site, entry.path);
        if (!visit(path, &entry, error))
            return false;
    }
    return true;
}

static bool sync_directory(const char *path, const Entry *entry G_GNUC_UNUSED, GError **error)
{
    return hl_dir_sync(path, error);
}

static bool put_directory(const char *path, const Entry *entry, GError **error)
{
    if (!hl_dir_make(path, 0700, error))
        return false;
    return chmod(path, entry->mode | 0700) == 0 || hl_fail_errno(error, errno, _("cannot set the mode of %s"), path);
}

typedef enum { PUT_REGISTRY, PUT_OTHERS } PutWhich;

static bool put_files(const char *dir, const char *site, json_t *rows, PutWhich which, GError **error)
{
    json_t *row;
    gsize i;
    Entry entry;

    json_array_foreach(rows, i, row)
    {
        if (!read_entry(dir, row, &entry, error) ||
            ((strcmp(entry.path, REGISTRY) == 0) == (which == PUT_REGISTRY) && !put_file(dir, site, &entry, error)))
            return false;
    }
    return true;
}

bool mgr_backup_put(const char *dir, const char *site, GError **error)
{
    MgrBackupInfo info;
    g_autoptr(json_t) manifest = read_manifest(dir, &info, error);
    json_t *files = json_object_get(manifest, "files");
    json_t *directories = json_object_get(manifest, "directories");

    /* what was put there is there after a power cut, too */
    return manifest != NULL && visit_directories(site, directories, put_directory, error) &&
           put_files(dir, site, files, PUT_OTHERS, error) &&
           visit_directories(site, directories, sync_directory, error) && hl_dir_sync(site, error);
}

bool mgr_backup_put_registry(const char *dir, const char *site, GError **error)
{
    MgrBackupInfo info;
    g_autoptr(json_t) manifest = read_manifest(dir, &info, error);

    return manifest != NULL && put_files(dir, site, json_object_get(manifest, "files"), PUT_REGISTRY, error) &&
           hl_dir_sync(site, error);
}

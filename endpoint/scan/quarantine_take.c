/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/crate.h"
#include "endpoint/scan/origin.h"
#include "endpoint/scan/quarantine_internal.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

#define MAX_SIGNATURE 255

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool changed(GError **error)
{
    return hl_fail(error, HL_ERROR_CONFLICT, "it changed after it was examined: scan it again");
}

/* The texts come from a scanner that has seen hostile files. */
static bool check_find(const char *name, const EpFind *find, GError **error)
{
    if (*name == '\0' || strlen(name) > NAME_MAX || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return hl_fail(error, HL_ERROR_INVALID, "that is not the name of a file");
    if (strlen(find->directory) >= PATH_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "its path is longer than %d bytes", PATH_MAX - 1);
    if (strlen(find->signature) > MAX_SIGNATURE || strlen(find->scan) > MAX_SIGNATURE)
        return hl_fail(error, HL_ERROR_LIMIT, "the name of its signature is longer than %d bytes", MAX_SIGNATURE);
    return true;
}

static bool check_file(const EpQuarantine *quarantine, const struct stat *st, const EpFind *find, GError **error)
{
    if (!S_ISREG(st->st_mode))
        return hl_fail(error, HL_ERROR_INVALID, "it is not a regular file");
    if (st->st_dev != find->dev || st->st_ino != find->ino || st->st_size != find->size ||
        !same_time(st->st_mtim, find->modified) || !same_time(st->st_ctim, find->changed))
        return changed(error);
    if (st->st_nlink != 1)
        return hl_fail(error, st->st_nlink == 0 ? HL_ERROR_CONFLICT : HL_ERROR_INVALID,
                       st->st_nlink == 0 ? "it was removed"
                                         : "it has several names (hard links), of which the others would stay: remove "
                                           "them all by hand");
    if (st->st_size > quarantine->bounds.max_bytes)
        return hl_fail(error, HL_ERROR_LIMIT,
                       "its %" G_GINT64_FORMAT " bytes are more than the quarantine may hold (%" G_GINT64_FORMAT ")",
                       (gint64)st->st_size, (gint64)quarantine->bounds.max_bytes);
    return true;
}

/* The directory by its path, which must lead to the one that the scanner had open. */
static int open_same_directory(int directory, const char *path, struct stat *st, GError **error)
{
    hl_autofd int fd = ep_origin_open(path, error);
    struct stat given;

    if (fd < 0)
        return -1;
    if (fstat(fd, st) != 0 || fstat(directory, &given) != 0) {
        hl_fail_errno(error, errno, "cannot look at its directory");
        return -1;
    }
    if (st->st_dev != given.st_dev || st->st_ino != given.st_ino) {
        hl_fail(error, HL_ERROR_CONFLICT, "its directory was moved or replaced while it was examined: scan it again");
        return -1;
    }
    return hl_fd_steal(&fd);
}

static EpRecord *describe(const struct stat *directory, const struct stat *st, const char *name, const EpFind *find,
                          HlTime now)
{
    EpRecord *record = g_new(EpRecord, 1);

    *record = (EpRecord){ .state = EP_RECORD_TAKING,
                          .id = hl_ident_new("q-"),
                          .directory = g_strdup(find->directory),
                          .name = g_strdup(name),
                          .directory_dev = directory->st_dev,
                          .directory_ino = directory->st_ino,
                          .dev = st->st_dev,
                          .ino = st->st_ino,
                          .uid = st->st_uid,
                          .gid = st->st_gid,
                          .mode = st->st_mode & 07777,
                          .size = st->st_size,
                          .accessed = st->st_atim,
                          .modified = st->st_mtim,
                          .sha256 = g_strdup(find->sha256),
                          .signature = g_strdup(find->signature),
                          .scan = g_strdup(find->scan),
                          .taken = now };
    return record;
}

static bool fill_crate(const EpQuarantine *quarantine, const EpRecord *record, int file, GError **error)
{
    g_autofree char *path = ep_quarantine_path(quarantine, record->id, EP_CRATE_SUFFIX);
    hl_autofd int crate = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    g_autofree char *digest = NULL;

    if (crate < 0)
        return hl_fail_errno(error, errno, "cannot create %s", path);
    digest = ep_crate_pack(file, record->size, crate, error);
    if (digest == NULL)
        return false;
    return strcmp(digest, record->sha256) == 0 || changed(error);
}

/* Under its private name nobody puts another file in its place by chance, and what a user puts there on purpose is
 * their own.  It is read again: what was written to it since the crate was filled would be lost, whatever its times
 * say. */
static bool remove_original(int directory, const EpRecord *record, GError **error)
{
    g_autofree char *private = ep_origin_taking_name(record);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) stuck = NULL;

    if (ep_origin_look(directory, record->name, record, EP_ORIGIN_SAME_FILE) != EP_ORIGIN_SAME)
        return changed(error);
    if (!ep_origin_move(directory, record->name, private, error))
        return false;
    if (ep_origin_look(directory, private, record, EP_ORIGIN_SAME_FILE) != EP_ORIGIN_SAME)
        changed(&problem);
    else if (ep_origin_remove(directory, private, &problem))
        return true;
    if (!ep_origin_move(directory, private, record->name, &stuck))
        hl_error_prefix(&problem, "%s; it is now %s", stuck->message, private);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* Whether it may be forgotten: nothing is left under the private name. */
static bool is_back(int directory, const EpRecord *record)
{
    g_autofree char *private = ep_origin_taking_name(record);

    return faccessat(directory, private, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* From the record on; the original goes only after it is durable. */
static bool exchange(EpQuarantine *quarantine, int directory, EpRecord *record, GError **error)
{
    g_autoptr(GError) late = NULL;

    if (!ep_quarantine_note(quarantine, record, EP_RECORD_TAKING, error) || !remove_original(directory, record, error))
        return false;
    HL_IGNORE(fsync(directory) == 0); /* undone by a power cut, the next scan finds it again */
    if (!ep_quarantine_note(quarantine, record, EP_RECORD_HELD, &late))
        hl_warn("quarantine", "%s is taken, but not finished before the next start: %s", record->id, late->message);
    return true;
}

static bool take(EpQuarantine *quarantine, int given, const char *name, int file, const EpFind *find, HlTime now,
                 char **id, GError **error)
{
    struct stat directory_st;
    struct stat st;
    hl_autofd int directory = -1;
    g_autoptr(EpRecord) record = NULL;

    if (!check_find(name, find, error))
        return false;
    if (fstat(file, &st) != 0)
        return hl_fail_errno(error, errno, "cannot look at it");
    directory = check_file(quarantine, &st, find, error) &&
                        ep_quarantine_check_room(quarantine, st.st_uid, st.st_size, now, error)
                    ? open_same_directory(given, find->directory, &directory_st, error)
                    : -1;
    if (directory < 0)
        return false;
    record = describe(&directory_st, &st, name, find, now);
    if (fill_crate(quarantine, record, file, error) && exchange(quarantine, directory, record, error)) {
        *id = g_strdup(record->id);
        ep_quarantine_add(quarantine, g_steal_pointer(&record));
        return true;
    }
    if (!is_back(directory, record))
        ep_quarantine_add(quarantine, g_steal_pointer(&record)); /* settled at the next start */
    else
        HL_IGNORE(ep_quarantine_erase(quarantine, record->id, NULL)); /* likewise */
    return false;
}

bool ep_quarantine_take(EpQuarantine *quarantine, int directory, const char *name, int file, const EpFind *find,
                        HlTime now, char **id, GError **error)
{
    g_autofree char *shown_directory = hl_escape(find->directory);
    g_autofree char *shown_name = hl_escape(name);

    *id = NULL;
    return take(quarantine, directory, name, file, find, now, id, error) ||
           hl_error_prefix(error, "cannot move %s/%s into the quarantine", shown_directory, shown_name);
}

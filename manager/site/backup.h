/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a site on disk, made while its manager runs, verified, and put back.
 *
 *     manifest.json     when it was made, and each file with its size, mode and SHA-256; written last: without it there
 *                       is no backup
 *     registry.db       a consistent copy, by SQLite; no log beside it
 *     everything else   as it lies in the site, but for what is made again (broker/) and what is only of this moment
 *
 * Directories 0700, files 0600: it holds every key of the site.  Needs neither manager nor broker; blocks.  The digests
 * show damage, not forgery: who can write a backup could write the site. */
#ifndef MANAGER_SITE_BACKUP_H
#define MANAGER_SITE_BACKUP_H

#include "lib/base/clock.h"

typedef struct {
    HlTime made; /* wall */
    guint files;
    guint64 bytes;
} MgrBackupInfo;

/* Into a directory that does not exist or is empty.  What was written is read again and compared. */
bool mgr_backup_make(const char *site, const char *dir, MgrBackupInfo *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Every digest; the registry's pages, references and shape (manager/store/schema.h). */
bool mgr_backup_verify(const char *dir, MgrBackupInfo *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts the files of a verified backup into a site that has none of them (restore.h sets aside what was there): all but
 * the registry; and that, last of all: a site that has one is whole. */
bool mgr_backup_put(const char *dir, const char *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_backup_put_registry(const char *dir, const char *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether there is a manifest. */
bool mgr_backup_is_one(const char *dir);

/* Whether this path below a site is not copied: it is made again, or of this moment. */
bool mgr_backup_leaves_out(const char *relative);

/* Neither lies in the other. */
bool mgr_backup_check_place(const char *site, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The site is this user's, so that no file of another owner comes to lie in it. */
bool mgr_backup_check_owner(const char *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that endpoints know a server by, where a backup is put back that was made before a rollover went on.
 *
 * An endpoint that was told of another authority or sealing key does not go back to the one before, so those of the
 * site that was set aside take the place of the backup's, with the server's own certificates of that authority; and so
 * does the server's certificate where endpoints were told of places that the backup's does not cover.  The
 * counter of the announcements (store/places.h), which follows the clock, tells which of two is the later one.
 *
 * Blocks; no manager runs on any of the directories.  A backup is read like a site. */
#ifndef MANAGER_SITE_HANDOVER_H
#define MANAGER_SITE_HANDOVER_H

#include "manager/site/site.h"
#include "manager/store/places.h"

/* Of each kind the present one, and the one that follows; ends with NULL. */
typedef struct {
    char **authorities; /* ids (lib/pki/trust.h) */
    char **keys;        /* public halves of sealing keys, in hexadecimal */
    HlTime ends;        /* of the newest authority; wall */
} MgrSiteKeys;

/* The registry of a site, or of what was one, to look something up while no manager runs on it: as it is, with the
 * write-ahead log that a killed manager left; SQLite may make its index (-shm) beside that.  NULL: there is none that
 * can be read. */
HlDb *mgr_site_peek_registry(const char *dir);

/* Those on disk.  Clear them also after a failure. */
bool mgr_site_keys_read(MgrSiteKeys *keys, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_site_keys_clear(MgrSiteKeys *keys);

/* An announcement of the journal is to become the registry's: where keys that it names are not on disk, it names those
 * of the registry's own instead, and where those are not there either, the one that is. */
void mgr_handover_settle(MgrPlaceRecord *place, const MgrPlaceRecord *own, const MgrSiteKeys *on_disk);

/* Puts into the site, which has the files of the backup, the keys of before, a whole site, if other ones were announced
 * there since.  *taken says which; NULL: none; caller frees.  May be repeated. */
bool mgr_handover_take(const char *site, const char *backup, const char *before, char **taken,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where the files of before are not here: what endpoints may hold that the site does not, and what to do.  By the
 * site's journal, if that is newer than the backup; else nobody can know it.  NULL: nothing; caller frees. */
typedef enum { MGR_HANDOVER_WITH_JOURNAL, MGR_HANDOVER_BLIND } MgrHandoverSight;
char *mgr_handover_warn(const char *site, const char *backup, MgrHandoverSight sight);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrSiteKeys, mgr_site_keys_clear)

#endif

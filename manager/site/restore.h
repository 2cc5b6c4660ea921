/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a backup back into a site (docs/backup.md, "Backup and restore").  No manager runs on it; blocks. */
#ifndef MANAGER_SITE_RESTORE_H
#define MANAGER_SITE_RESTORE_H

#include "manager/site/backup.h"
#include "manager/store/journal.h"

typedef struct {
    const char *dir;     /* the backup */
    const char *site;    /* made if need be */
    const char *journal; /* a newer journal; NULL: that of the site, if it is the same one */
    enum { MGR_RESTORE_INTO_EMPTY, MGR_RESTORE_REPLACE } how;
    const char *previous; /* the site as it was last, on another disk; NULL: what the site has */
    enum { MGR_RESTORE_KEYS_LATEST, MGR_RESTORE_KEYS_OF_BACKUP } keys;
} MgrRestoreOrder;

typedef struct {
    MgrBackupInfo backup;
    char *aside; /* where the files of the site are now; NULL: it had none */
    MgrJournalAge age;
    guint lines;   /* of the newer journal */
    char *note;    /* what is lost, and what to do */
    char *keys;    /* which keys were put in place of the backup's; NULL: none */
    char *passes;  /* whose passwords and tokens are those of the backup, or end, and what to do; NULL: nobody's */
    char *unknown; /* which keys endpoints may hold that the site does not have, and what to do; NULL: none */
    guint drained; /* a bit for each managed broker that the site had drained, and still has */
} MgrRestoreReport;

/* All or nothing.  The backup is verified first; then the new site is written beside what is there, with the keys
 * that endpoints know; and only then the two change places (exchange.h).  Until that moment the site is as it was, also
 * after a failure or a kill.  What it had is moved into a directory beside, never removed.  May be repeated. */
bool mgr_site_restore(const MgrRestoreOrder *order, MgrRestoreReport *report, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_restore_report_clear(MgrRestoreReport *report);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRestoreReport, mgr_restore_report_clear)

#endif

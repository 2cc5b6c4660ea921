/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a site's audit log is the one that was written: its chain from the first row to the last, and where it ended
 * when the manager last noted it, which is in a file beside the registry. */
#ifndef MANAGER_SITE_AUDIT_H
#define MANAGER_SITE_AUDIT_H

#include "lib/store/db.h"
#include "manager/store/audit.h"

/* db is the registry of dir.  HL_ERROR_UNTRUSTED: it is another one; any other error: it cannot be read. */
bool mgr_site_check_audit(const char *dir, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of a backup. */
bool mgr_site_check_audit_of_backup(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Into a zeroed head, which stays so where there is no such file.  false: it is damaged. */
bool mgr_site_read_audit_head(const char *dir, MgrAuditHead *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same where the registry is at hand: by that it is known, too, that the file is gone. */
bool mgr_site_recall_audit_head(const char *dir, HlDb *db, MgrAuditHead *head,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether nothing was added behind the head since a manager was stopped; after a kill that is not known, and true.
 * It is not known either of another head than the one with which the log was closed: a manager ran after that which
 * left the word of the earlier stop where it was. */
bool mgr_site_check_audit_end(const char *dir, HlDb *db, const MgrAuditHead *head,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_site_write_audit_head(const char *dir, const MgrAuditHead *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* By a manager that stops and adds nothing any more, after the head was written. */
bool mgr_site_close_audit(const char *dir, const MgrAuditHead *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

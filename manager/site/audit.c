/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/audit.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"

bool mgr_site_read_audit_head(const char *dir, MgrAuditHead *head, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_AUDIT_HEAD);
    g_autofree char *text = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    text = hl_file_read_text(path, MGR_AUDIT_HEAD_TEXT, error);
    return text != NULL &&
           ((*g_strstrip(text) != '\0' && mgr_audit_head_parse(text, head)) ||
            hl_fail(
                error, HL_ERROR_INVALID,
                _("%s is damaged, which says where the log ended when the manager last noted it; the manager writes "
                  "it again"),
                path));
}

bool mgr_site_recall_audit_head(const char *dir, HlDb *db, MgrAuditHead *head, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_AUDIT_HEAD);
    int64_t noted = 0;

    if (!g_file_test(path, G_FILE_TEST_EXISTS) && !mgr_registry_read_audit_noted(db, &noted, error))
        return false;
    return noted > 0 ? hl_fail(error, HL_ERROR_INVALID,
                               _("%s is missing, which says where the log ended when the manager last noted it; the "
                                 "manager writes it again"),
                               path)
                     : mgr_site_read_audit_head(dir, head, error);
}

bool mgr_site_check_audit_end(const char *dir, HlDb *db, const MgrAuditHead *head, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_AUDIT_CLOSED);
    g_autofree char *closed = hl_file_read_text(path, MGR_AUDIT_HEAD_TEXT, NULL); /* none: as after a kill */
    g_autofree char *text = mgr_audit_head_print(head);
    int64_t added = 0;

    if (head->number == 0 || closed == NULL || strcmp(g_strstrip(closed), text) != 0)
        return true;
    return mgr_registry_find_audit_added(db, head, &added, error) &&
           (added == 0 ||
            hl_fail(error, HL_ERROR_UNTRUSTED,
                    _("it ended with row %" PRId64 " when the manager was stopped, and ends with row %" PRId64
                      " now: somebody else has added to it"),
                    head->number, added));
}

static bool write_line(const char *dir, const char *name, const MgrAuditHead *head, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, name);
    g_autofree char *text = mgr_audit_head_print(head);
    g_autofree char *line = g_strdup_printf("%s\n", text);

    return hl_file_write_text(path, line, 0600, error);
}

bool mgr_site_write_audit_head(const char *dir, const MgrAuditHead *head, GError **error)
{
    return write_line(dir, MGR_SITE_AUDIT_HEAD, head, error);
}

bool mgr_site_close_audit(const char *dir, const MgrAuditHead *head, GError **error)
{
    return write_line(dir, MGR_SITE_AUDIT_CLOSED, head, error);
}

static bool check_end(const char *dir, HlDb *db, const MgrAuditHead *end, GError **error)
{
    g_auto(MgrAuditHead) noted = { 0 };
    g_autofree char *text = NULL;
    bool has;

    if (!mgr_site_recall_audit_head(dir, db, &noted, error) || !mgr_registry_has_audit_head(db, &noted, &has, error))
        return false;
    text = mgr_audit_head_print(&noted);
    if (has)
        return mgr_site_check_audit_end(dir, db, &noted, error);
    return hl_fail(error, HL_ERROR_UNTRUSTED,
                   _("the log ends with row %" PRId64 " and lacks the one with which it ended when the manager "
                     "last noted it (head %s)"),
                   end->number, text);
}

bool mgr_site_check_audit(const char *dir, HlDb *db, GError **error)
{
    g_auto(MgrAuditHead) end = { 0 };
    int version = hl_db_version(db, error);

    return version >= 0 && (version < MGR_AUDIT_SINCE ||
                            (mgr_registry_follow_audit(db, &end, 0, error) && check_end(dir, db, &end, error)));
}

bool mgr_site_check_audit_of_backup(const char *dir, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_FROZEN, error);

    return db != NULL && mgr_site_check_audit(dir, db, error);
}

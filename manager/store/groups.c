/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/groups.h"

#include "lib/store/stmt.h"

void mgr_group_record_clear(MgrGroupRecord *record)
{
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->settings, g_free);
    g_clear_pointer(&record->changed_by, g_free);
    g_clear_pointer(&record->display_name, g_free);
}

#define INT(value) ((int64_t)(value))
#define VERSIONS   "SELECT version, settings, changed_at, changed_by, restored FROM grp_version WHERE grp = ?"

typedef struct {
    MgrGroupVersionFn fn;
    gpointer user;
} Receiver;

/* What is not UTF-8 got there past the wire, and must not reach a document. */
static bool on_version(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_autofree char *settings = g_utf8_make_valid(hl_stmt_text(row, 1), -1);
    g_autofree char *changed_by = g_utf8_make_valid(hl_stmt_text(row, 3), -1);

    to->fn(&(MgrGroupVersion){ .version = (uint64_t)hl_stmt_int(row, 0),
                               .settings = settings,
                               .changed_at = hl_stmt_int(row, 2),
                               .changed_by = changed_by,
                               .restored = (uint64_t)hl_stmt_int(row, 4) },
           to->user);
    return true;
}

bool mgr_registry_each_group_version(HlDb *db, const char *group, MgrGroupVersionFn fn, gpointer user, GError **error)
{
    return hl_db_query(db, on_version, &(Receiver){ fn, user }, error, VERSIONS " ORDER BY version", "t", group);
}

bool mgr_registry_find_group_version(HlDb *db, const char *group, uint64_t version, MgrGroupVersionFn fn, gpointer user,
                                     GError **error)
{
    return hl_db_query(db, on_version, &(Receiver){ fn, user }, error, VERSIONS " AND version = ?", "ti", group,
                       INT(version));
}

void mgr_write_group_version(HlWriteSet *set, const MgrGroupRecord *group, uint64_t restored)
{
    hl_write_set_add(set,
                     "INSERT INTO grp_version (grp, version, settings, changed_at, changed_by, restored)"
                     " VALUES (?, ?, ?, ?, ?, ?)",
                     "tititi", group->name, INT(group->version), group->settings, INT(group->changed_at),
                     group->changed_by, INT(restored));
    hl_write_set_add(set, "DELETE FROM grp_version WHERE grp = ? AND version <= ?", "ti", group->name,
                     INT(group->version) - MGR_GROUP_VERSIONS);
}

void mgr_write_group_display(HlWriteSet *set, const char *group, const char *display_name)
{
    hl_write_set_add(set, "UPDATE grp SET display_name = ? WHERE name = ?", "tt", display_name, group);
}

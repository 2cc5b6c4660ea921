/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/views.h"

#include "lib/store/stmt.h"

#define INT(value) ((int64_t)(value))

typedef struct {
    MgrViewFn fn;
    gpointer user;
} Receiver;

void mgr_view_record_clear(MgrViewRecord *record)
{
    g_clear_pointer(&record->account, g_free);
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->filter, g_free);
    g_clear_pointer(&record->sort, g_free);
    g_clear_pointer(&record->fields, g_free);
}

static bool on_row(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrViewRecord record = { .account = g_strdup(hl_stmt_text(row, 0)),
                             .name = g_utf8_make_valid(hl_stmt_text(row, 1), -1),
                             .filter = g_utf8_make_valid(hl_stmt_text(row, 2), -1),
                             .sort = g_utf8_make_valid(hl_stmt_text(row, 3), -1),
                             .fields = g_utf8_make_valid(hl_stmt_text(row, 4), -1),
                             .changed_at = hl_stmt_int(row, 5) };

    to->fn(&record, to->user);
    mgr_view_record_clear(&record);
    return true;
}

bool mgr_registry_list_views(HlDb *db, const char *account, MgrViewFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_row, &to, error,
                       "SELECT account, name, filter, sort, fields, changed_at FROM view WHERE account = ?"
                       " ORDER BY name",
                       "t", account);
}

void mgr_write_view(HlWriteSet *set, const MgrViewRecord *v, guint max)
{
    hl_write_set_add(set,
                     "INSERT INTO view (account, name, filter, sort, fields, changed_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6"
                     " WHERE EXISTS (SELECT 1 FROM account WHERE name = ?1)"
                     " AND (SELECT count(*) FROM view WHERE account = ?1 AND name <> ?2) < ?7"
                     " ON CONFLICT (account, name) DO UPDATE SET filter = ?3, sort = ?4, fields = ?5, changed_at = ?6",
                     "tttttii", v->account, v->name, v->filter, v->sort, v->fields, INT(v->changed_at), INT(max));
    hl_write_set_require(set);
}

void mgr_write_view_removal(HlWriteSet *set, const char *account, const char *name)
{
    hl_write_set_add(set, "DELETE FROM view WHERE account = ? AND name = ?", "tt", account, name);
    hl_write_set_require(set);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/late_renewals.h"

#include "lib/store/stmt.h"

void mgr_write_late_renewal(HlWriteSet *set, const MgrLateRecord *record)
{
    hl_write_set_add(set,
                     "INSERT OR REPLACE INTO late_renewal (endpoint, outcome, at, serial)"
                     " SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM endpoint WHERE number = ?1)",
                     "itit", record->endpoint, record->outcome, (int64_t)record->at, record->serial);
}

typedef struct {
    MgrLateFn fn;
    gpointer user;
} Receiver;

static bool on_late(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrLateRecord record = { .outcome = hl_stmt_text(row, 1), .serial = "", .at = hl_stmt_int(row, 2) };

    to->fn(hl_stmt_text(row, 0), &record, to->user);
    return true;
}

bool mgr_registry_load_late_renewals(HlDb *db, MgrLateFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_late, &to, error,
                       "SELECT e.id, l.outcome, l.at FROM late_renewal AS l JOIN endpoint AS e"
                       " ON e.number = l.endpoint AND e.serial = l.serial",
                       "");
}

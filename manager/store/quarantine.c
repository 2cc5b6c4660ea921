/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/quarantine.h"

#include "lib/store/stmt.h"

#define INT(value) ((int64_t)MIN((uint64_t)(value), (uint64_t)G_MAXINT64))

void mgr_write_quarantine(HlWriteSet *set, int64_t endpoint, uint64_t files, uint64_t bytes, HlTime at)
{
    hl_write_set_add(set, "DELETE FROM quarantined WHERE endpoint = ?", "i", endpoint);
    hl_write_set_add(set,
                     "INSERT INTO quarantine (endpoint, files, bytes, told_at) VALUES (?, ?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET files = excluded.files, bytes = excluded.bytes,"
                     " told_at = excluded.told_at",
                     "iiii", endpoint, INT(files), INT(bytes), at);
}

void mgr_write_quarantined(HlWriteSet *set, int64_t endpoint, const MgrQuarantined *file)
{
    hl_write_set_add(set,
                     "INSERT OR REPLACE INTO quarantined (endpoint, id, path, size, sha256, signature, taken_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "ittitti", endpoint, file->id, file->path, INT(file->size), file->sha256, file->signature,
                     file->taken_at);
}

typedef struct {
    MgrQuarantinedFn fn;
    gpointer user;
} Receiver;

static bool on_file(HlStmt *row, gpointer user)
{
    enum { ENDPOINT, HOST, ID, PATH, SIZE, SHA256, SIGNATURE, TAKEN_AT };
    const Receiver *to = user;
    MgrQuarantined file = { .endpoint = hl_stmt_text(row, ENDPOINT),
                            .host = hl_stmt_text(row, HOST),
                            .id = hl_stmt_text(row, ID),
                            .path = hl_stmt_text(row, PATH),
                            .sha256 = hl_stmt_text(row, SHA256),
                            .signature = hl_stmt_text(row, SIGNATURE),
                            .size = (uint64_t)hl_stmt_int(row, SIZE),
                            .taken_at = hl_stmt_int(row, TAKEN_AT) };

    to->fn(&file, to->user);
    return true;
}

#define FILES                                                                                  \
    "SELECT e.id, e.host, q.id, path, size, sha256, signature, taken_at FROM quarantined AS q" \
    " JOIN endpoint AS e ON e.number = q.endpoint"
#define LATEST " ORDER BY taken_at DESC, q.id LIMIT ?"

bool mgr_registry_list_quarantined(HlDb *db, int64_t endpoint, int64_t limit, MgrQuarantinedFn fn, gpointer user,
                                   GError **error)
{
    Receiver to = { fn, user };

    if (endpoint == 0)
        return hl_db_query(db, on_file, &to, error, FILES LATEST, "i", limit);
    return hl_db_query(db, on_file, &to, error, FILES " WHERE q.endpoint = ?" LATEST, "ii", endpoint, limit);
}

bool mgr_registry_count_quarantined(HlDb *db, int64_t endpoint, uint64_t *files, GError **error)
{
    int64_t n = 0;
    bool ok = endpoint == 0
                  ? hl_db_query_int(db, 0, &n, error, "SELECT coalesce(sum(files), 0) FROM quarantine", "")
                  : hl_db_query_int(db, 0, &n, error, "SELECT files FROM quarantine WHERE endpoint = ?", "i", endpoint);

    *files += (uint64_t)n;
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/once.h"

#include "lib/store/stmt.h"

#define INT(value) ((int64_t)(value))

enum { ACCOUNT, KEY, DIGEST, AT, CODE, MESSAGE, ANSWER, SIZE };

typedef struct {
    MgrOnceFn fn;
    gpointer user;
} Receiver;

static bool on_row(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrOnceRecord record = { .account = hl_stmt_text(row, ACCOUNT),
                             .key = hl_stmt_text(row, KEY),
                             .digest = hl_stmt_text(row, DIGEST),
                             .at = hl_stmt_int(row, AT),
                             .code = hl_stmt_text(row, CODE),
                             .message = hl_stmt_text(row, MESSAGE),
                             .answer = hl_stmt_is_null(row, ANSWER) ? NULL : hl_stmt_text(row, ANSWER) };

    to->fn(&record, (gsize)hl_stmt_int(row, SIZE), to->user);
    return true;
}

bool mgr_registry_load_once(HlDb *db, MgrOnceFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_row, &to, error,
                       "SELECT account, key, digest, at, code, '', NULL, length(message) + ifnull(length(answer), 0)"
                       " FROM once",
                       "");
}

bool mgr_registry_read_once(HlDb *db, const char *account, const char *key, MgrOnceFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_row, &to, error,
                       "SELECT account, key, digest, at, code, message, answer, 0 FROM once WHERE account = ? AND"
                       " key = ?",
                       "tt", account, key);
}

/* In place of one that is over.  That of the same claim stays: its answer may come first, where the change waits in the
 * background. */
void mgr_write_once(HlWriteSet *set, const MgrOnceRecord *r)
{
    hl_write_set_add(set,
                     "INSERT INTO once (account, key, digest, at) VALUES (?, ?, ?, ?)"
                     " ON CONFLICT (account, key) DO UPDATE SET digest = excluded.digest, at = excluded.at, code = '',"
                     " message = '', answer = NULL WHERE at <> excluded.at",
                     "ttti", r->account, r->key, r->digest, INT(r->at));
}

void mgr_write_once_answer(HlWriteSet *set, const MgrOnceRecord *r)
{
    hl_write_set_add(set,
                     "INSERT INTO once (account, key, digest, at, code, message, answer) VALUES (?, ?, ?, ?, ?, ?, ?)"
                     " ON CONFLICT (account, key) DO UPDATE SET digest = excluded.digest, at = excluded.at,"
                     " code = excluded.code, message = excluded.message, answer = excluded.answer",
                     "tttittt", r->account, r->key, r->digest, INT(r->at), r->code, r->message, r->answer);
}

void mgr_write_once_removal(HlWriteSet *set, const MgrOnceRecord *r)
{
    hl_write_set_add(set, "DELETE FROM once WHERE account = ? AND key = ? AND at = ?", "tti", r->account, r->key,
                     INT(r->at));
}

void mgr_write_once_sweep(HlWriteSet *set, HlTime before, const char *own, HlTime own_before)
{
    hl_write_set_add(set, "DELETE FROM once WHERE at < ? OR (at < ? AND substr(digest, 1, length(?)) = ?)", "iitt",
                     INT(before), INT(own_before), own, own);
}

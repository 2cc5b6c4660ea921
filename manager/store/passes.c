/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/passes.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/store/accounts.h"
#include "manager/store/journal.h"

#define INT(value) ((int64_t)(value))

#define FINGERPRINT 32 /* characters of a digest in hexadecimal */

static const char *const kinds[MGR_PASS_N] = { [MGR_PASS_SESSION] = "session", [MGR_PASS_TOKEN] = "token" };

const char *mgr_pass_kind_name(MgrPassKind kind)
{
    g_assert((unsigned)kind < MGR_PASS_N);
    return kinds[kind];
}

void mgr_pass_record_clear(MgrPassRecord *record)
{
    g_clear_pointer(&record->hash, g_free);
    g_clear_pointer(&record->id, g_free);
    g_clear_pointer(&record->account, g_free);
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->groups, g_free);
    g_clear_pointer(&record->address, g_free);
}

void mgr_pass_record_copy(MgrPassRecord *to, const MgrPassRecord *from)
{
    *to = *from;
    to->hash = g_strdup(from->hash);
    to->id = g_strdup(from->id);
    to->account = g_strdup(from->account);
    to->name = g_strdup(from->name);
    to->groups = g_strdup(from->groups);
    to->address = g_strdup(from->address);
}

void mgr_secret_record_clear(MgrSecretRecord *record)
{
    g_clear_pointer(&record->account, g_free);
    g_clear_pointer(&record->password, g_free);
    g_clear_pointer(&record->code, g_free);
}

char *mgr_secret_fingerprint(const char *text)
{
    char *digest = *text != '\0' ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1) : g_strdup("");

    digest[MIN(strlen(digest), FINGERPRINT)] = '\0';
    return digest;
}

/* ------------------------------------------------------------------------------------------------------------- load */

#define PASS_COLUMNS "hash, kind, id, account, name, role, groups, created_at, used_at, ends_at, address"

enum { HASH, KIND, ID, ACCOUNT, NAME, ROLE, GROUPS, CREATED_AT, USED_AT, ENDS_AT, ADDRESS };

typedef struct {
    MgrPassFn pass;
    MgrSecretFn secret;
    gpointer user;
} Receiver;

/* What this version does not know lets nobody in. */
static bool on_pass(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    const char *kind = hl_stmt_text(row, KIND);
    MgrPassRecord record = { .kind = strcmp(kind, kinds[MGR_PASS_TOKEN]) == 0 ? MGR_PASS_TOKEN : MGR_PASS_SESSION };

    if (strcmp(kind, kinds[record.kind]) != 0 || !mgr_role_parse(hl_stmt_text(row, ROLE), &record.role)) {
        hl_warn("registry", "pass %s of %s is of a kind or role that this version does not know: it is not used",
                hl_stmt_text(row, ID), hl_stmt_text(row, ACCOUNT));
        return true;
    }
    record.hash = g_strdup(hl_stmt_text(row, HASH));
    record.id = g_strdup(hl_stmt_text(row, ID));
    record.account = g_strdup(hl_stmt_text(row, ACCOUNT));
    record.name = g_utf8_make_valid(hl_stmt_text(row, NAME), -1);
    record.groups = g_strdup(hl_stmt_text(row, GROUPS));
    record.created_at = hl_stmt_int(row, CREATED_AT);
    record.used_at = hl_stmt_int(row, USED_AT);
    record.ends_at = hl_stmt_int(row, ENDS_AT);
    record.address = g_utf8_make_valid(hl_stmt_text(row, ADDRESS), -1);
    to->pass(&record, to->user);
    mgr_pass_record_clear(&record);
    return true;
}

bool mgr_registry_load_passes(HlDb *db, MgrPassFn fn, gpointer user, GError **error)
{
    Receiver to = { .pass = fn, .user = user };

    return hl_db_query(db, on_pass, &to, error, "SELECT " PASS_COLUMNS " FROM pass", "");
}

static bool on_secret(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrSecretRecord record = { .account = g_strdup(hl_stmt_text(row, 0)),
                               .password = g_strdup(hl_stmt_text(row, 1)),
                               .changed_at = hl_stmt_int(row, 2),
                               .code = g_strdup(hl_stmt_text(row, 3)),
                               .code_step = hl_stmt_int(row, 4) };

    to->secret(&record, to->user);
    mgr_secret_record_clear(&record);
    return true;
}

bool mgr_registry_load_secrets(HlDb *db, MgrSecretFn fn, gpointer user, GError **error)
{
    Receiver to = { .secret = fn, .user = user };

    return hl_db_query(db, on_secret, &to, error, "SELECT account, password, changed_at, code, code_step FROM secret",
                       "");
}

/* ------------------------------------------------------------------------------------------------------------ write */

void mgr_write_pass(HlWriteSet *set, const MgrPassRecord *p)
{
    hl_write_set_add(set,
                     "INSERT INTO pass (" PASS_COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
                     " WHERE EXISTS (SELECT 1 FROM account WHERE name = ?4 AND disabled_at = 0)",
                     "tttttttiiit", p->hash, mgr_pass_kind_name(p->kind), p->id, p->account, p->name,
                     mgr_role_name(p->role), p->groups, INT(p->created_at), INT(p->used_at), INT(p->ends_at),
                     p->address);
    hl_write_set_require(set);
    mgr_write_require_groups(set, p->groups);
}

void mgr_write_pass_use(HlWriteSet *set, const char *hash, HlTime at)
{
    hl_write_set_add(set, "UPDATE pass SET used_at = ? WHERE hash = ?", "it", INT(at), hash);
}

void mgr_write_pass_end(HlWriteSet *set, const char *hash)
{
    hl_write_set_add(set, "DELETE FROM pass WHERE hash = ?", "t", hash);
}

/* Takes the line. */
static void note(HlWriteSet *set, char *line)
{
    hl_write_set_note(set, line);
    g_free(line);
}

void mgr_write_token_end(HlWriteSet *set, const char *hash)
{
    mgr_write_pass_end(set, hash);
    note(set, mgr_journal_token_end(hash));
}

void mgr_write_secret(HlWriteSet *set, const MgrSecretRecord *s)
{
    g_autofree char *fingerprint = mgr_secret_fingerprint(s->password);

    hl_write_set_add(set,
                     "INSERT INTO secret (account, password, changed_at) SELECT ?1, ?2, ?3"
                     " WHERE EXISTS (SELECT 1 FROM account WHERE name = ?1)"
                     " ON CONFLICT (account) DO UPDATE SET password = ?2, changed_at = ?3",
                     "tti", s->account, s->password, INT(s->changed_at));
    hl_write_set_require(set);
    hl_write_set_add(set, "DELETE FROM pass WHERE account = ? AND kind = 'session'", "t", s->account);
    note(set, mgr_journal_password(s->account, fingerprint));
}

void mgr_write_password_proof(HlWriteSet *set, const char *account, const char *password)
{
    hl_write_set_add(set, "UPDATE secret SET password = password WHERE account = ? AND password = ?", "tt", account,
                     password);
    hl_write_set_require(set);
}

void mgr_write_code(HlWriteSet *set, const char *account, const char *code, int64_t step)
{
    g_autofree char *fingerprint = mgr_secret_fingerprint(code);

    hl_write_set_add(set, "UPDATE secret SET code = ?, code_step = ? WHERE account = ?", "tit", code, step, account);
    hl_write_set_require(set);
    note(set, mgr_journal_code(account, fingerprint));
}

void mgr_write_code_step(HlWriteSet *set, const char *account, int64_t step)
{
    hl_write_set_add(set, "UPDATE secret SET code_step = max(code_step, ?) WHERE account = ?", "it", step, account);
}

void mgr_write_passes_removal(HlWriteSet *set, const char *account)
{
    hl_write_set_add(set, "DELETE FROM secret WHERE account = ?", "t", account);
    hl_write_set_add(set, "DELETE FROM pass WHERE account = ?", "t", account);
    hl_write_set_add(set, "DELETE FROM view WHERE account = ?", "t", account);
    hl_write_set_add(set, "DELETE FROM once WHERE account = ?", "t", account);
}

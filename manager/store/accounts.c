/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/accounts.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/store/journal.h"
#include "manager/store/passes.h"
#include "manager/store/places.h"

#define INT(value) ((int64_t)(value))

void mgr_account_record_clear(MgrAccountRecord *record)
{
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->created_by, g_free);
    g_clear_pointer(&record->note, g_free);
    g_clear_pointer(&record->groups, g_free);
}

void mgr_account_record_copy(MgrAccountRecord *to, const MgrAccountRecord *from)
{
    *to = *from;
    to->name = g_strdup(from->name);
    to->created_by = g_strdup(from->created_by);
    to->note = g_strdup(from->note);
    to->groups = g_strdup(from->groups);
}

bool mgr_account_record_equal(const MgrAccountRecord *a, const MgrAccountRecord *b)
{
    return strcmp(a->name, b->name) == 0 && a->role == b->role && strcmp(a->groups, b->groups) == 0 &&
           a->disabled_at == b->disabled_at && strcmp(a->note, b->note) == 0 && a->created_at == b->created_at;
}

bool mgr_account_sees_status(const MgrAccountRecord *record)
{
    return record->disabled_at == 0 && *record->groups == '\0';
}

/* ------------------------------------------------------------------------------------------------------------- load */

#define COLUMNS "name, role, groups, disabled_at, created_at, created_by, note"

enum { NAME, ROLE, GROUPS, DISABLED_AT, CREATED_AT, CREATED_BY, NOTE };

typedef struct {
    MgrAccountFn fn;
    gpointer user;
} Receiver;

static bool on_account(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrAccountRecord record = { .role = MGR_ROLE_AUDITOR };

    if (!mgr_role_parse(hl_stmt_text(row, ROLE), &record.role))
        hl_warn("registry", "account %s has the role '%s', which this version does not know: it is taken for %s",
                hl_stmt_text(row, NAME), hl_stmt_text(row, ROLE), mgr_role_name(record.role));
    record.name = g_strdup(hl_stmt_text(row, NAME));
    record.groups = g_strdup(hl_stmt_text(row, GROUPS));
    record.disabled_at = hl_stmt_int(row, DISABLED_AT);
    record.created_at = hl_stmt_int(row, CREATED_AT);
    record.created_by = g_strdup(hl_stmt_text(row, CREATED_BY));
    record.note = g_utf8_make_valid(hl_stmt_text(row, NOTE), -1);
    to->fn(&record, to->user);
    mgr_account_record_clear(&record);
    return true;
}

bool mgr_registry_load_accounts(HlDb *db, MgrAccountFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_account, &to, error, "SELECT " COLUMNS " FROM account ORDER BY name", "");
}

/* ------------------------------------------------------------------------------------------------------------ write */

static void note(HlWriteSet *set, char *line)
{
    hl_write_set_note(set, line);
    g_free(line);
}

void mgr_write_require_groups(HlWriteSet *set, const char *groups)
{
    g_auto(GStrv) names = g_strsplit(groups, ",", -1);

    for (gsize i = 0; names[i] != NULL; i++) {
        hl_write_set_add(set,
                         "UPDATE counter SET value = value WHERE name = 'settings'"
                         " AND EXISTS (SELECT 1 FROM grp WHERE name = ?)",
                         "t", names[i]);
        hl_write_set_require(set);
    }
}

void mgr_write_account(HlWriteSet *set, const MgrAccountRecord *a)
{
    hl_write_set_add(set,
                     "INSERT INTO account (" COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
                     " WHERE NOT EXISTS (SELECT 1 FROM account WHERE name = ?1)"
                     " AND NOT EXISTS (SELECT 1 FROM certificate WHERE name = ?1 AND revoked_at = 0)",
                     "tttiitt", a->name, mgr_role_name(a->role), a->groups, INT(a->disabled_at), INT(a->created_at),
                     a->created_by, a->note);
    hl_write_set_require(set);
    mgr_write_passes_removal(set, a->name); /* of one before it, which a restore may have left */
    mgr_write_require_groups(set, a->groups);
    note(set, mgr_journal_account(a));
}

void mgr_write_account_change(HlWriteSet *set, const MgrAccountRecord *from, const MgrAccountRecord *to)
{
    hl_write_set_add(set,
                     "UPDATE account SET role = ?, groups = ?, disabled_at = ?, note = ?"
                     " WHERE name = ? AND role = ? AND groups = ? AND disabled_at = ? AND note = ?",
                     "ttitt"
                     "ttit",
                     mgr_role_name(to->role), to->groups, INT(to->disabled_at), to->note, from->name,
                     mgr_role_name(from->role), from->groups, INT(from->disabled_at), from->note);
    hl_write_set_require(set);
    if (strcmp(from->groups, to->groups) != 0)
        mgr_write_require_groups(set, to->groups);
    note(set, mgr_journal_account(to));
}

void mgr_write_account_removal(HlWriteSet *set, const char *name)
{
    hl_write_set_add(set, "DELETE FROM account WHERE name = ?", "t", name);
    mgr_write_passes_removal(set, name);
    note(set, mgr_journal_account_removal(name));
}

/* Enabled owners by certificates in force; one of an authority that has ended opens nothing (places.h), and of one that
 * is not known ('') nobody can say so. */
#define OWNERS                                                                                                 \
    " FROM account AS a JOIN certificate AS c ON c.name = a.name"                                              \
    " WHERE a.role = 'owner' AND a.disabled_at = 0 AND c.kind = 'admin' AND c.revoked_at = 0"                  \
    " AND c.expires_at > ? AND (c.authority = ''"                                                              \
    " OR NOT EXISTS (SELECT 1 FROM place WHERE authorities <> '' AND instr(',' || authorities || ',', ',' || " \
    "c.authority || ',') = 0))"

void mgr_write_owner_left(HlWriteSet *set, HlTime now)
{
    hl_write_set_add(set, "UPDATE counter SET value = value WHERE name = 'settings' AND EXISTS (SELECT 1" OWNERS ")",
                     "i", INT(now));
    hl_write_set_require(set);
}

bool mgr_registry_has_owner(HlDb *db, HlTime now, bool *has, GError **error)
{
    int version = hl_db_version(db, error);
    int64_t owners = 1;

    if (version < 0 || (version >= MGR_PLACES_SINCE &&
                        !hl_db_query_int(db, 0, &owners, error, "SELECT count(*)" OWNERS, "i", INT(now))))
        return false;
    *has = owners > 0;
    return true;
}

void mgr_write_owner_again(HlWriteSet *set, const MgrAccountRecord *owner, HlTime at)
{
    hl_write_set_add(set,
                     "UPDATE counter SET value = value WHERE name = 'settings'"
                     " AND NOT EXISTS (SELECT 1 FROM account WHERE role = 'owner' AND disabled_at = 0)",
                     "");
    hl_write_set_require(set);
    mgr_write_account_removal(set, owner->name);
    mgr_write_revocations(set, owner->name, NULL, at);
    mgr_write_account(set, owner);
}

void mgr_write_account_certificate(HlWriteSet *set, const MgrCertificateRecord *c)
{
    hl_write_set_add(set,
                     "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, authority, replaces, key)"
                     " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"
                     " WHERE EXISTS (SELECT 1 FROM account WHERE name = ?2)"
                     " AND NOT EXISTS (SELECT 1 FROM certificate WHERE name = ?2 AND kind <> ?3 AND revoked_at = 0)",
                     "tttiittt", c->serial, c->name, c->kind, INT(c->issued_at), INT(c->expires_at),
                     mgr_certificate_authority(c), mgr_certificate_replaces(c), mgr_certificate_key(c));
    hl_write_set_require(set);
    note(set, mgr_journal_certificate(c));
}

void mgr_write_account_renewal(HlWriteSet *set, const MgrCertificateRecord *c, const char *before)
{
    hl_write_set_add(set,
                     "UPDATE certificate SET revoked_at = 0 WHERE serial = ?1 AND name = ?2 AND revoked_at = 0"
                     " AND EXISTS (SELECT 1 FROM account WHERE name = ?2 AND disabled_at = 0)",
                     "tt", before, c->name);
    hl_write_set_require(set);
    mgr_write_account_certificate(set, c);
}

/* ---------------------------------------------------------------------------------------------------------- restore */

bool mgr_registry_adopt_accounts(HlDb *db, GError **error)
{
    return hl_db_exec(db,
                      "INSERT OR IGNORE INTO account (name, role, created_at, created_by)"
                      " SELECT name, 'owner', min(issued_at), 'upgrade' FROM certificate"
                      " WHERE kind = 'admin' AND revoked_at = 0 GROUP BY name",
                      error);
}

/* Of an account of the name that is not this one, whether its row is still there or not. */
#define OTHERS " WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM account WHERE name = ?1 AND created_at = ?2)"

/* What another account of the name had: password, sessions, tokens, views, answers. */
static bool drop_earlier(HlDb *db, const MgrAccountRecord *a, GError **error)
{
    static const char *const deletions[] = {
        "DELETE FROM secret" OTHERS,
        "DELETE FROM pass" OTHERS,
        "DELETE FROM view" OTHERS,
        "DELETE FROM once" OTHERS,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(deletions); i++)
        if (!hl_db_run(db, NULL, error, deletions[i], "ti", a->name, INT(a->created_at)))
            return false;
    return true;
}

bool mgr_registry_put_account(HlDb *db, const MgrAccountRecord *a, GError **error)
{
    return drop_earlier(db, a, error) &&
           hl_db_run(db, NULL, error, "INSERT OR REPLACE INTO account (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "tttiitt", a->name, mgr_role_name(a->role), a->groups, INT(a->disabled_at), INT(a->created_at),
                     a->created_by, a->note);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/notifications.h"

#include <string.h>

#include "lib/store/stmt.h"
#include "manager/store/registry.h"

#define INT(value) ((int64_t)(value))

static const char *const states[] = { "gathering", "waiting", "sent", "given-up" };

const char *mgr_message_state_name(MgrMessageState state)
{
    return states[state];
}

/* Not from any list: somebody wrote past the manager, and it is not sent again. */
static MgrMessageState parse_state(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        if (strcmp(states[i], name) == 0)
            return (MgrMessageState)i;
    return MGR_MESSAGE_GIVEN_UP;
}

void mgr_rule_record_clear(MgrRuleRecord *record)
{
    g_free(record->name);
    g_free(record->options);
    g_free(record->secret);
    g_free(record->changed_by);
    memset(record, 0, sizeof *record);
}

void mgr_message_record_clear(MgrMessageRecord *record)
{
    g_free(record->id);
    g_free(record->rule);
    g_free(record->notes);
    g_free(record->said);
    g_free(record->replies);
    memset(record, 0, sizeof *record);
}

static char *text(HlStmt *row, int column)
{
    return g_utf8_make_valid(hl_stmt_text(row, column), -1);
}

typedef void (*AnyFn)(void);

typedef struct {
    AnyFn fn;
    gpointer user;
    int64_t rows, last;
} Receiver;

/* ------------------------------------------------------------------------------------------------------- loading */

static bool on_rule(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_auto(MgrRuleRecord) record = { .name = text(row, 0),
                                     .version = (uint64_t)hl_stmt_int(row, 1),
                                     .options = text(row, 2),
                                     .secret = text(row, 3),
                                     .changed_at = hl_stmt_int(row, 4),
                                     .changed_by = text(row, 5) };

    ((MgrRuleFn)to->fn)(&record, to->user);
    return true;
}

bool mgr_registry_load_rules(HlDb *db, MgrRuleFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user, 0, 0 };

    return hl_db_query(db, on_rule, &to, error,
                       "SELECT name, version, options, secret, changed_at, changed_by FROM notification_rule"
                       " ORDER BY name",
                       "");
}

static bool on_message(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_auto(MgrMessageRecord) record = { .id = text(row, 0),
                                        .rule = text(row, 1),
                                        .state = parse_state(hl_stmt_text(row, 2)),
                                        .notes = text(row, 3),
                                        .begun_at = hl_stmt_int(row, 4),
                                        .closed_at = hl_stmt_int(row, 5),
                                        .attempts = hl_stmt_int(row, 6),
                                        .said = text(row, 7),
                                        .ended_at = hl_stmt_int(row, 8),
                                        .replies = text(row, 9) };

    ((MgrMessageFn)to->fn)(&record, to->user);
    return true;
}

#define MESSAGE \
    "SELECT id, rule, state, notes, begun_at, closed_at, attempts, said, ended_at, replies FROM notification_message "

bool mgr_registry_load_messages(HlDb *db, MgrMessageFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user, 0, 0 };

    return hl_db_query(db, on_message, &to, error, MESSAGE "WHERE ended_at = 0 ORDER BY number", "");
}

bool mgr_registry_list_messages(HlDb *db, const char *rule, int64_t limit, MgrMessageFn fn, gpointer user,
                                GError **error)
{
    Receiver to = { (AnyFn)fn, user, 0, 0 };

    return hl_db_query(db, on_message, &to, error,
                       MESSAGE "WHERE ?1 IS NULL OR rule = ?1 ORDER BY number DESC LIMIT ?2", "ti", rule, limit);
}

static bool on_known(HlStmt *row, gpointer user)
{
    const Receiver *to = user;

    ((MgrKnownFn)to->fn)(hl_stmt_text(row, 0), hl_stmt_text(row, 1), hl_stmt_int(row, 2), hl_stmt_text(row, 3),
                         to->user);
    return true;
}

bool mgr_registry_load_known(HlDb *db, MgrKnownFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user, 0, 0 };

    return hl_db_query(db, on_known, &to, error, "SELECT rule, kind, endpoint, key FROM notification_known", "");
}

bool mgr_registry_last_closed(HlDb *db, const char *rule, HlTime *closed, GError **error)
{
    return hl_db_query_int(db, 0, closed, error,
                           "SELECT coalesce(max(closed_at), 0) FROM notification_message WHERE rule = ?", "t", rule);
}

static bool on_replies(HlStmt *row, gpointer user)
{
    *(char **)user = text(row, 0);
    return false;
}

bool mgr_registry_last_replies(HlDb *db, const char *rule, char **replies, GError **error)
{
    *replies = NULL;
    return hl_db_query(db, on_replies, replies, error,
                       "SELECT replies FROM notification_message WHERE rule = ?1 AND replies <> '{}'"
                       " OR rule = ?1 AND state = 'sent' ORDER BY number DESC LIMIT 1",
                       "t", rule);
}

static bool on_seen(HlStmt *row, gpointer user)
{
    *(MgrSeen *)user = (MgrSeen){ hl_stmt_int(row, 0), hl_stmt_int(row, 1), hl_stmt_int(row, 2) };
    return false;
}

bool mgr_registry_read_seen(HlDb *db, MgrSeen *seen, bool *is_there, GError **error)
{
    *seen = (MgrSeen){ -1, -1, -1 };
    if (!hl_db_query(db, on_seen, seen, error, "SELECT history, detection, audit FROM notification_seen", ""))
        return false;
    *is_there = seen->history >= 0;
    return true;
}

bool mgr_registry_read_last(HlDb *db, MgrSeen *last, GError **error)
{
    return hl_db_query_int(db, 0, &last->history, error, "SELECT coalesce(max(number), 0) FROM history", "") &&
           hl_db_query_int(db, 0, &last->detection, error, "SELECT coalesce(max(number), 0) FROM detection", "") &&
           hl_db_query_int(db, 0, &last->audit, error, "SELECT coalesce(max(number), 0) FROM audit", "");
}

/* -------------------------------------------------------------------------------------------------- what happened */

static bool on_happening(HlStmt *row, gpointer user)
{
    Receiver *to = user;
    MgrHappening happening = { .number = hl_stmt_int(row, 0),
                               .at = hl_stmt_int(row, 1),
                               .endpoint = hl_stmt_text(row, 2),
                               .name = hl_stmt_text(row, 3),
                               .what = hl_stmt_text(row, 4),
                               .detail = hl_stmt_text(row, 5),
                               .code = hl_stmt_text(row, 6) };

    ((MgrHappeningFn)to->fn)(&happening, to->user);
    to->rows++;
    to->last = happening.number;
    return true;
}

static bool happened(HlDb *db, const char *sql, const MgrSeen *range, Receiver *to, int64_t *last, GError **error)
{
    int64_t after = range->history, until = range->detection, limit = range->audit;

    if (!hl_db_query(db, on_happening, to, error, sql, "iii", after, until, limit))
        return false;
    *last = to->rows == limit ? to->last : until;
    return true;
}

#define HAPPENED(sql_)                           \
    Receiver to = { (AnyFn)fn, user, 0, after }; \
    return happened(db, (sql_), &(MgrSeen){ after, until, limit }, &to, last, error)

bool mgr_registry_happened_history(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                   gpointer user, int64_t *last, GError **error)
{
    HAPPENED("SELECT number, at, endpoint, '', what, detail, '' FROM history WHERE number > ?1 AND number <= ?2"
             " AND what IN ('enrolled', 'clone', 'revoked', 'removed', 'upgrade-failed', 'rollout-halted',"
             " 'rollout-done') ORDER BY number LIMIT ?3");
}

bool mgr_registry_happened_detection(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                     gpointer user, int64_t *last, GError **error)
{
    HAPPENED(
        "SELECT number, told_at, endpoint, host, 'detection', signature || ' in ' || path || ' (' || action || ')',"
        " '' FROM detection WHERE number > ?1 AND number <= ?2 ORDER BY number LIMIT ?3");
}

bool mgr_registry_happened_audit(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                 gpointer user, int64_t *last, GError **error)
{
    HAPPENED("SELECT number, at, '', account, call, CASE WHEN code = '' THEN arguments ELSE text END, code FROM audit"
             " WHERE number > ?1 AND number <= ?2 ORDER BY number LIMIT ?3");
}

/* ------------------------------------------------------------------------------------------------------- writing */

void mgr_write_rule(HlWriteSet *set, const MgrRuleRecord *r, uint64_t base)
{
    hl_write_set_add(
        set,
        "INSERT INTO notification_rule (name, version, options, secret, changed_at, changed_by)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 = 0 OR EXISTS (SELECT 1 FROM notification_rule WHERE name = ?1)"
        " ON CONFLICT (name) DO UPDATE SET version = ?2, options = ?3, secret = ?4, changed_at = ?5,"
        " changed_by = ?6 WHERE version = ?7",
        "tittiti", r->name, INT(r->version), r->options, r->secret, INT(r->changed_at), r->changed_by, INT(base));
    hl_write_set_require(set);
}

void mgr_write_rule_removal(HlWriteSet *set, const char *name)
{
    hl_write_set_add(set,
                     "INSERT INTO counter (name, value) SELECT '" MGR_ENDED_RULE "', version FROM notification_rule"
                     " WHERE name = ? ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
                     "t", name);
    hl_write_set_add(set, "DELETE FROM notification_rule WHERE name = ?", "t", name);
    hl_write_set_require(set);
}

void mgr_write_message(HlWriteSet *set, const MgrMessageRecord *r)
{
    hl_write_set_add(set,
                     "INSERT INTO notification_message (id, rule, state, notes, begun_at, closed_at, attempts, said,"
                     " ended_at, replies) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10"
                     " WHERE EXISTS (SELECT 1 FROM notification_rule WHERE name = ?2)"
                     " ON CONFLICT (id) DO UPDATE SET state = ?3, notes = ?4, begun_at = ?5, closed_at = ?6,"
                     " attempts = ?7, said = ?8, ended_at = ?9, replies = ?10",
                     "ttttiiitit", r->id, r->rule, states[r->state], r->notes, INT(r->begun_at), INT(r->closed_at),
                     INT(r->attempts), r->said, INT(r->ended_at), r->replies != NULL ? r->replies : "{}");
}

void mgr_write_message_removal(HlWriteSet *set, const char *id)
{
    hl_write_set_add(set, "DELETE FROM notification_message WHERE id = ?", "t", id);
}

void mgr_write_known(HlWriteSet *set, const char *rule, const char *kind, int64_t endpoint, const char *key,
                     bool is_known)
{
    if (is_known)
        hl_write_set_add(set,
                         "INSERT OR IGNORE INTO notification_known (rule, kind, endpoint, key) SELECT ?1, ?2, ?3, ?4"
                         " WHERE EXISTS (SELECT 1 FROM notification_rule WHERE name = ?1)"
                         " AND (?3 = 0 OR EXISTS (SELECT 1 FROM endpoint WHERE number = ?3))",
                         "ttit", rule, kind, endpoint, key);
    else
        hl_write_set_add(set, "DELETE FROM notification_known WHERE rule = ? AND kind = ? AND endpoint = ? AND key = ?",
                         "ttit", rule, kind, endpoint, key);
}

void mgr_write_unknown(HlWriteSet *set, const char *rule, const char *kind)
{
    hl_write_set_add(set, "DELETE FROM notification_known WHERE rule = ? AND kind = ?", "tt", rule, kind);
}

void mgr_write_seen(HlWriteSet *set, const MgrSeen *seen)
{
    hl_write_set_add(set,
                     "INSERT OR REPLACE INTO notification_seen (one, history, detection, audit) VALUES (1, ?, ?, ?)",
                     "iii", seen->history, seen->detection, seen->audit);
}

void mgr_write_prune_messages(HlWriteSet *set, HlTime before)
{
    hl_write_set_add(set, "DELETE FROM notification_message WHERE ended_at > 0 AND ended_at < ?", "i", INT(before));
    hl_write_set_add(set,
                     "DELETE FROM notification_message WHERE ended_at > 0 AND number IN (SELECT number FROM (SELECT"
                     " number, row_number() OVER (PARTITION BY rule ORDER BY number DESC) AS place"
                     " FROM notification_message WHERE ended_at > 0) WHERE place > 100)",
                     "");
}

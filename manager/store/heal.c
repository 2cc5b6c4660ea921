/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/heal.h"

#include <string.h>

#include "lib/base/common.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "lib/store/txn.h"
#include "manager/core/counter.h"
#include "proto/bounds.h"
#include "proto/components.h"

typedef struct {
    const char *name;
    gsize offset;
    gsize max;
} Text;

static const Text texts[] = {
    { "host", offsetof(MgrEndpointRecord, host), HL_MAX_HOST },
    { "fingerprint", offsetof(MgrEndpointRecord, fingerprint), 2 * HL_DIGEST_SIZE },
    { "addresses", offsetof(MgrEndpointRecord, addresses), HL_MAX_ADDRESSES *(HL_MAX_ADDRESS + 1) },
    { "os", offsetof(MgrEndpointRecord, os), HL_MAX_HOST },
    { "program", offsetof(MgrEndpointRecord, program), HL_MAX_NAME },
    { "observed address", offsetof(MgrEndpointRecord, observed), HL_MAX_ADDRESS },
    { "applied group", offsetof(MgrEndpointRecord, applied.group), HL_MAX_ID },
    { "path", offsetof(MgrEndpointRecord, applied.path), HL_MAX_NAME },
    { "spool", offsetof(MgrEndpointRecord, spool), HL_MAX_ID },
    { "last update", offsetof(MgrEndpointRecord, update_result), 3 * HL_MAX_TEXT }, /* of several fields of the wire */
    { "last source", offsetof(MgrEndpointRecord, update_source), HL_MAX_HOST },
};

static const Text seldom_texts[] = {
    { "fingerprint at enrolment", offsetof(MgrSeldom, enrolled_as), 2 * HL_DIGEST_SIZE },
    { "last error", offsetof(MgrSeldom, update_error), 2 * HL_MAX_TEXT },
    { "last upgrade", offsetof(MgrSeldom, upgrade_end), HL_MAX_NAME },
    { "version of the last upgrade", offsetof(MgrSeldom, upgrade_to), HL_MAX_NAME },
    { "why the last upgrade failed", offsetof(MgrSeldom, upgrade_detail), 2 * HL_MAX_TEXT },
};

/* Nothing of it can be too long, nor can it have too many components: as with nearly all. */
static bool is_short(const char *patterns)
{
    gsize blanks = 0;

    for (const char *at = patterns; *at != '\0'; at++)
        blanks += g_ascii_isspace(*at);
    return strlen(patterns) <= HL_MAX_NAME && blanks < HL_MAX_PATTERNS;
}

static bool heal_patterns(char **patterns)
{
    size_t n;
    HlMsgComponent **components;
    bool healed;

    if (*patterns == NULL || is_short(*patterns))
        return false;
    components = hl_components_parse(*patterns, &n);
    healed = n > HL_MAX_PATTERNS;
    for (size_t i = 0; i < n; i++)
        healed |= hl_bound_cut(components[i]->name, HL_MAX_NAME);
    if (healed) {
        hl_common_free(*patterns);
        *patterns = hl_components_print(components, MIN(n, HL_MAX_PATTERNS));
    }
    hl_components_free(components, n);
    return healed;
}

static bool heal_digest(MgrApplied *applied)
{
    if (applied->digest == NULL || g_bytes_get_size(applied->digest) == HL_DIGEST_SIZE ||
        g_bytes_get_size(applied->digest) == 0)
        return false;
    g_clear_pointer(&applied->digest, g_bytes_unref);
    return true;
}

/* In a copy: others may have the same text. */
static bool heal_text(char **text, gsize max)
{
    char *copy;

    if (*text == NULL || strlen(*text) <= max)
        return false;
    copy = g_strdup(*text);
    hl_bound_cut(copy, max);
    hl_common_free(*text);
    *text = copy;
    return true;
}

static void heal_texts(gpointer record, const Text *some, gsize n, GString *healed)
{
    for (gsize i = 0; i < n; i++)
        if (heal_text((char **)((char *)record + some[i].offset), some[i].max))
            g_string_append_printf(healed, "%s%s", healed->len > 0 ? ", " : "", some[i].name);
}

char *mgr_heal_endpoint(MgrEndpointRecord *record)
{
    g_autoptr(GString) healed = g_string_new(NULL);

    heal_texts(record, texts, G_N_ELEMENTS(texts), healed);
    if (record->seldom != NULL)
        heal_texts(record->seldom, seldom_texts, G_N_ELEMENTS(seldom_texts), healed);
    if (heal_patterns(&record->patterns))
        g_string_append_printf(healed, "%spatterns", healed->len > 0 ? ", " : "");
    if (heal_digest(&record->applied))
        g_string_append_printf(healed, "%sdigest", healed->len > 0 ? ", " : "");
    return healed->len > 0 ? g_string_free(g_steal_pointer(&healed), FALSE) : NULL;
}

#define LOST "grp NOT IN (SELECT name FROM grp)"

static bool on_first_group(HlStmt *row, gpointer user)
{
    *(char **)user = g_strdup(hl_stmt_text(row, 0));
    return false;
}

static bool on_lost(HlStmt *row, gpointer user)
{
    hl_error(
        "registry",
        "endpoint %s is of the group '%s', which the registry does not have (it was changed past the manager): it is "
        "now of the group %s and gets the settings of that; 'holdline endpoint move' gives it another",
        hl_stmt_text(row, 0), hl_stmt_text(row, 1), (const char *)user);
    return true;
}

/* The next number of settings, in a transaction. */
static bool take_number(HlDb *db, HlTime now, int64_t *number, GError **error)
{
    int64_t last = 0;

    if (!hl_db_query_int(db, 0, &last, error, "SELECT value FROM counter WHERE name = 'settings'", ""))
        return false;
    *number = (int64_t)mgr_counter_next((uint64_t)last, now);
    return hl_db_run(db, NULL, error, "UPDATE counter SET value = ? WHERE name = 'settings'", "i", *number);
}

/* As a move by an administrator: under a number of its own, and with a row of history. */
static bool move_lost(HlDb *db, const char *group, HlTime now, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    int64_t number;

    return hl_txn_begin(&txn, db, error) && take_number(db, now, &number, error) &&
           hl_db_run(db, NULL, error,
                     "INSERT INTO history (at, endpoint, what, detail)"
                     " SELECT ?1, id, 'moved', ?2 || ': its group was missing' FROM endpoint WHERE " LOST,
                     "it", (int64_t)now, group) &&
           hl_db_run(db, NULL, error,
                     "UPDATE endpoint SET grp = ?, moved_counter = max(?, moved_counter + 1) WHERE " LOST, "ti", group,
                     number) &&
           hl_txn_commit(&txn, error);
}

bool mgr_heal_groups(HlDb *db, HlTime now, GError **error)
{
    g_autofree char *group = NULL;
    int64_t lost = 0;

    if (!hl_db_query_int(db, 0, &lost, error, "SELECT count(*) FROM endpoint WHERE " LOST, ""))
        return false;
    if (lost == 0)
        return true;
    if (!hl_db_query(db, on_first_group, &group, error,
                     "SELECT name FROM grp ORDER BY name = 'default' DESC, name LIMIT 1", ""))
        return false;
    if (group == NULL)
        return hl_fail(error, HL_ERROR_INVALID, _("database %s has endpoints and no group: restore a backup"),
                       hl_db_path(db));
    return hl_db_query(db, on_lost, group, error, "SELECT id, grp FROM endpoint WHERE " LOST " ORDER BY id LIMIT 100",
                       "") &&
           move_lost(db, group, now, error);
}

#define LOST_TRIAL                                                   \
    "rollout.grp <> '' AND rollout.state NOT IN ('done', 'aborted')" \
    " AND NOT EXISTS (SELECT 1 FROM grp WHERE grp.name = rollout.grp AND grp.version = rollout.base)"

static bool on_lost_trial(HlStmt *row, gpointer user G_GNUC_UNUSED)
{
    hl_error("registry",
             "roll-out %s is of settings of the group '%s', which the registry does not have as it was when that began "
             "(it was changed past the manager): it is aborted; start another one",
             hl_stmt_text(row, 0), hl_stmt_text(row, 1));
    return true;
}

/* As an abort by an administrator. */
static bool abort_lost(HlDb *db, HlTime now, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    int64_t number;

    return hl_txn_begin(&txn, db, error) && take_number(db, now, &number, error) &&
           hl_db_run(db, NULL, error,
                     "UPDATE endpoint SET moved_counter = max(?, moved_counter + 1) WHERE (id, grp) IN"
                     " (SELECT m.endpoint, rollout.grp FROM rollout_member AS m JOIN rollout ON rollout.id = m.rollout"
                     " WHERE m.command IS NOT NULL AND " LOST_TRIAL ")",
                     "i", number) &&
           hl_db_run(db, NULL, error, "UPDATE rollout SET state = 'aborted', changed_at = ? WHERE " LOST_TRIAL, "i",
                     (int64_t)now) &&
           hl_txn_commit(&txn, error);
}

bool mgr_heal_trials(HlDb *db, HlTime now, GError **error)
{
    int64_t lost = 0;

    return hl_db_query_int(db, 0, &lost, error, "SELECT count(*) FROM rollout WHERE " LOST_TRIAL, "") &&
           (lost == 0 || (hl_db_query(db, on_lost_trial, NULL, error,
                                      "SELECT id, grp FROM rollout WHERE " LOST_TRIAL " ORDER BY id LIMIT 100", "") &&
                          abort_lost(db, now, error)));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/rollouts.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/store/stmt.h"

#define INT(value) ((int64_t)(value))

void mgr_rollout_record_clear(MgrRolloutRecord *record)
{
    g_free(record->id);
    g_free(record->selector);
    g_free(record->issuer);
    g_free(record->versions);
    g_free(record->program);
    g_free(record->component);
    g_free(record->group);
    g_free(record->settings);
    g_free(record->back_command);
    g_free(record->back_by);
    memset(record, 0, sizeof *record);
}

static void clear_record(gpointer record)
{
    mgr_rollout_record_clear(record);
}

GArray *mgr_rollout_records_new(void)
{
    GArray *records = g_array_new(FALSE, FALSE, sizeof(MgrRolloutRecord));

    g_array_set_clear_func(records, clear_record);
    return records;
}

void mgr_rollout_records_add(MgrRolloutRecord *record, gpointer records)
{
    MgrRolloutRecord kept = *record;

    *record = (MgrRolloutRecord){ 0 };
    g_array_append_val((GArray *)records, kept);
}

/* ------------------------------------------------------------------------------------------------------------- read */

typedef struct {
    MgrRolloutFn fn;
    gpointer user;
    GError *error; /* of a row that cannot be */
} Receiver;

enum {
    R_ID,
    R_SELECTOR,
    R_ISSUER,
    R_RINGS,
    R_RATE,
    R_MIN_SUCCESS,
    R_MIN_SAMPLE,
    R_SOAK,
    R_SILENCE,
    R_MEMBERS,
    R_STATE,
    R_HALT,
    R_RING,
    R_FORGIVEN,
    R_VERSIONS,
    R_PROGRAM,
    R_COMPONENT,
    R_COUNTS,
    R_GROUP,
    R_BASE,
    R_VERSION,
    R_COUNTER,
    R_SETTINGS,
    R_BACK_COMMAND,
    R_BACK_BY,
    R_STARTED,
    R_CHANGED,
    R_BACK_AT
};

#define COLUMNS                                                                                                     \
    "SELECT id, selector, issuer, rings, rate, min_success, min_sample, soak_ms, silence_ms, members, state, halt," \
    " ring, forgiven, versions, program, component, counts, rollout.grp, base, version, counter, settings,"         \
    " back_command, back_by, started_at, changed_at, back_at FROM rollout"
/* ?1: ",GROUP,GROUP,..."; NULL: all.  One of settings is its group's, wherever its members are by now.  Of others,
 * members that are no longer registered belong to nobody. */
#define IS_OF(group) "instr(?1, ',' || " group " || ',') > 0"
#define MEMBERS                                                                                               \
    "(SELECT 1 FROM rollout_member AS m JOIN endpoint AS e ON e.id = m.endpoint WHERE m.rollout = rollout.id" \
    " AND (" IS_OF("e.grp") ")"
#define SEEN                                                                                                    \
    " (?1 IS NULL OR (rollout.grp <> '' AND " IS_OF("rollout.grp") ") OR (rollout.grp = '' AND EXISTS " MEMBERS \
                                                                   " = 1) AND NOT EXISTS " MEMBERS " = 0)))"

static guint bounded(int64_t value, guint most)
{
    return (guint)CLAMP(value, 0, (int64_t)most);
}

static bool read_record(HlStmt *row, MgrRolloutRecord *record, GError **error)
{
    *record = (MgrRolloutRecord){
        .id = g_strdup(hl_stmt_text(row, R_ID)),
        .selector = g_utf8_make_valid(hl_stmt_text(row, R_SELECTOR), -1),
        .issuer = g_utf8_make_valid(hl_stmt_text(row, R_ISSUER), -1),
        .plan = { .rate = bounded(hl_stmt_int(row, R_RATE), G_MAXINT32),
                  .min_success = bounded(hl_stmt_int(row, R_MIN_SUCCESS), 100),
                  .min_sample = bounded(hl_stmt_int(row, R_MIN_SAMPLE), G_MAXINT32),
                  .soak = hl_stmt_int(row, R_SOAK),
                  .silence = hl_stmt_int(row, R_SILENCE) },
        .members = bounded(hl_stmt_int(row, R_MEMBERS), G_MAXINT32),
        .state = mgr_rollout_state_parse(hl_stmt_text(row, R_STATE)),
        .halt = mgr_halt_parse(hl_stmt_text(row, R_HALT)),
        .ring = bounded(hl_stmt_int(row, R_RING), MGR_ROLLOUT_MAX_RINGS - 1),
        .forgiven = bounded(hl_stmt_int(row, R_FORGIVEN), G_MAXINT32),
        .versions = g_strdup(hl_stmt_text(row, R_VERSIONS)),
        .program = g_strdup(hl_stmt_text(row, R_PROGRAM)),
        .component = g_strdup(hl_stmt_text(row, R_COMPONENT)),
        .group = g_strdup(hl_stmt_text(row, R_GROUP)),
        .base = (uint64_t)hl_stmt_int(row, R_BASE),
        .version = (uint64_t)hl_stmt_int(row, R_VERSION),
        .counter = (uint64_t)hl_stmt_int(row, R_COUNTER),
        .settings = g_utf8_make_valid(hl_stmt_text(row, R_SETTINGS), -1),
        .back_command = g_strdup(hl_stmt_text(row, R_BACK_COMMAND)),
        .back_by = g_utf8_make_valid(hl_stmt_text(row, R_BACK_BY), -1),
        .back_at = hl_stmt_int(row, R_BACK_AT),
        .started_at = hl_stmt_int(row, R_STARTED),
        .changed_at = hl_stmt_int(row, R_CHANGED),
    };
    mgr_rollout_parse_counts(hl_stmt_text(row, R_COUNTS), record->counts);
    if (!mgr_rollout_parse_rings(hl_stmt_text(row, R_RINGS), &record->plan, error))
        return hl_error_prefix(error, "registry: roll-out %s", record->id);
    return (record->state != MGR_ROLLOUT_N_STATES && record->halt != MGR_HALT_N) ||
           hl_fail(error, HL_ERROR_INVALID, _("registry: roll-out %s is in no state that there is ('%s', '%s')"),
                   record->id, hl_stmt_text(row, R_STATE), hl_stmt_text(row, R_HALT));
}

static bool on_rollout(HlStmt *row, gpointer user)
{
    Receiver *to = user;
    g_auto(MgrRolloutRecord) record = { 0 };

    if (!read_record(row, &record, &to->error))
        return false;
    to->fn(&record, to->user);
    return true;
}

static bool end_load(Receiver *to, bool ok, GError **error)
{
    if (to->error == NULL)
        return ok;
    g_propagate_error(error, g_steal_pointer(&to->error));
    return false;
}

bool mgr_registry_load_rollouts(HlDb *db, MgrRolloutsWhich which, const char *groups, MgrRolloutFn fn, gpointer user,
                                GError **error)
{
    static const char open[] = COLUMNS " WHERE state NOT IN ('done', 'aborted') AND" SEEN " ORDER BY started_at, id";
    static const char latest[] = COLUMNS " WHERE" SEEN " ORDER BY started_at DESC, id LIMIT ?2";
    Receiver to = { fn, user, NULL };
    bool ok = which == MGR_ROLLOUTS_OPEN
                  ? hl_db_query(db, on_rollout, &to, error, open, "t", groups)
                  : hl_db_query(db, on_rollout, &to, error, latest, "ti", groups, INT(MGR_ROLLOUTS_MAX_LISTED));

    return end_load(&to, ok, error);
}

bool mgr_registry_load_rollout(HlDb *db, const char *id, const char *groups, MgrRolloutFn fn, gpointer user,
                               GError **error)
{
    Receiver to = { fn, user, NULL };

    return end_load(
        &to, hl_db_query(db, on_rollout, &to, error, COLUMNS " WHERE" SEEN " AND id = ?2", "tt", groups, id), error);
}

typedef struct {
    MgrRolloutMemberFn fn;
    gpointer user;
    guint position;
} MemberReceiver;

static MgrMember outcome_of(const char *text)
{
    static const MgrMember judged[] = { MGR_MEMBER_SILENT, MGR_MEMBER_FAILED, MGR_MEMBER_SUCCEEDED, MGR_MEMBER_OPEN,
                                        MGR_MEMBER_LEFT };

    for (gsize i = 0; i < G_N_ELEMENTS(judged); i++)
        if (g_strcmp0(text, mgr_member_name(judged[i])) == 0)
            return judged[i];
    return MGR_MEMBER_N;
}

static bool on_member(HlStmt *row, gpointer user)
{
    enum { ENDPOINT, COMMAND, STATE, CODE, OUTCOME, ISSUED_AT, PATTERNS };
    MemberReceiver *to = user;
    const char *state = hl_stmt_text(row, STATE);
    MgrRolloutMember member = { .endpoint = hl_stmt_text(row, ENDPOINT),
                                .command = hl_stmt_text(row, COMMAND),
                                .has_target = state != NULL,
                                .state = state != NULL ? hl_command_state_from_name(state) : HL_STATE_UNKNOWN,
                                .code = hl_stmt_text(row, CODE),
                                .patterns = hl_stmt_text(row, PATTERNS),
                                .issued_at = hl_stmt_int(row, ISSUED_AT),
                                .outcome = outcome_of(hl_stmt_text(row, OUTCOME)) };

    to->fn(to->position++, &member, to->user);
    return true;
}

bool mgr_registry_load_rollout_members(HlDb *db, const char *id, MgrRolloutMemberFn fn, gpointer user, GError **error)
{
    MemberReceiver to = { fn, user, 0 };

    return hl_db_query(db, on_member, &to, error,
                       "SELECT m.endpoint, m.command, t.state, t.code, m.outcome, c.issued_at, m.patterns"
                       " FROM rollout_member AS m"
                       " LEFT JOIN command AS c ON c.id = m.command"
                       " LEFT JOIN target AS t ON t.command = m.command AND t.endpoint = m.endpoint"
                       " WHERE m.rollout = ? ORDER BY m.position",
                       "t", id);
}

typedef struct {
    MgrRolloutTargetFn fn;
    gpointer user;
} TargetReceiver;

static bool on_target(HlStmt *row, gpointer user)
{
    enum { COMMAND, ENDPOINT, STATE, CODE };
    const TargetReceiver *to = user;

    to->fn(hl_stmt_text(row, COMMAND), hl_stmt_text(row, ENDPOINT),
           hl_command_state_from_name(hl_stmt_text(row, STATE)), hl_stmt_text(row, CODE), to->user);
    return true;
}

bool mgr_registry_load_rollout_targets(HlDb *db, const char *id, MgrRolloutTargetFn fn, gpointer user, GError **error)
{
    TargetReceiver to = { fn, user };

    return hl_db_query(db, on_target, &to, error,
                       "SELECT c.id, t.endpoint, t.state, t.code FROM command AS c"
                       " CROSS JOIN target AS t ON t.command = c.id WHERE c.selector = ? AND c.kind = ?"
                       " ORDER BY c.issued_at",
                       "tt", id, hl_command_kind_name(HL_KIND_UPDATE_NOW));
}

/* ------------------------------------------------------------------------------------------------------------ write */

void mgr_write_rollout(HlWriteSet *set, const MgrRolloutRecord *r, const GPtrArray *endpoints)
{
    g_autofree char *rings = mgr_rollout_format_rings(&r->plan);
    g_autofree char *list = NULL;
    g_autoptr(json_t) ids = json_array();

    for (guint i = 0; i < endpoints->len; i++)
        json_array_append_new(ids, json_string(endpoints->pdata[i]));
    list = hl_json_print(ids);
    hl_write_set_add(
        set,
        "INSERT INTO rollout (id, selector, issuer, rings, rate, min_success, min_sample, soak_ms,"
        " silence_ms, members, state, program, component, grp, base, version, counter, settings, started_at,"
        " changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ttttiiiiiittttiiitii", r->id, r->selector, r->issuer, rings, INT(r->plan.rate), INT(r->plan.min_success),
        INT(r->plan.min_sample), INT(r->plan.soak), INT(r->plan.silence), INT(endpoints->len),
        mgr_rollout_state_name(r->state), r->program, r->component, r->group, INT(r->base), INT(r->version),
        INT(r->counter), r->settings, INT(r->started_at), INT(r->changed_at));
    hl_write_set_add(set,
                     "INSERT INTO rollout_member (rollout, position, endpoint) SELECT ?, key, value FROM json_each(?)",
                     "tt", r->id, list);
}

void mgr_write_rollout_state(HlWriteSet *set, const MgrRolloutRecord *r)
{
    g_autofree char *counts = mgr_rollout_format_counts(r->counts);

    hl_write_set_add(set,
                     "UPDATE rollout SET state = ?, halt = ?, ring = ?, forgiven = ?, counts = ?, changed_at = ?"
                     " WHERE id = ?",
                     "ttiitit", mgr_rollout_state_name(r->state), mgr_halt_name(r->halt), INT(r->ring),
                     INT(r->forgiven), counts, INT(r->changed_at), r->id);
}

void mgr_write_rollout_turn(HlWriteSet *set, const char *id, guint position, guint n, const char *command)
{
    hl_write_set_add(set, "UPDATE rollout_member SET command = ? WHERE rollout = ? AND position >= ? AND position < ?",
                     "ttii", command, id, INT(position), INT(position) + INT(n));
}

/* As JSON, for json_each.  Caller frees. */
static char *list_of(const GArray *positions)
{
    g_autoptr(json_t) array = json_array();

    for (guint i = 0; i < positions->len; i++)
        json_array_append_new(array, json_integer(g_array_index(positions, guint, i)));
    return hl_json_print(array);
}

void mgr_write_rollout_retry(HlWriteSet *set, const char *id, const GArray *positions, const char *command)
{
    g_autofree char *list = list_of(positions);

    hl_write_set_add(set,
                     "UPDATE rollout_member SET command = ?, outcome = NULL WHERE rollout = ? AND position IN"
                     " (SELECT value FROM json_each(?))",
                     "ttt", command, id, list);
}

void mgr_write_rollout_versions(HlWriteSet *set, const char *id, const char *versions)
{
    hl_write_set_add(set, "UPDATE rollout SET versions = ? WHERE id = ?", "tt", versions, id);
}

void mgr_write_rollout_outcome(HlWriteSet *set, const char *id, const GArray *positions, MgrMember outcome)
{
    g_autofree char *list = list_of(positions);

    hl_write_set_add(set,
                     "UPDATE rollout_member SET outcome = ? WHERE rollout = ? AND position IN"
                     " (SELECT value FROM json_each(?))",
                     "ttt", mgr_member_name(outcome), id, list);
}

void mgr_write_rollout_patterns(HlWriteSet *set, const char *id, const GArray *positions, const char *patterns)
{
    g_autofree char *list = list_of(positions);

    hl_write_set_add(set,
                     "UPDATE rollout_member SET patterns = coalesce(patterns, ?) WHERE rollout = ? AND position IN"
                     " (SELECT value FROM json_each(?))",
                     "ttt", patterns, id, list);
}

void mgr_write_rollout_back(HlWriteSet *set, const char *id, const char *command, const char *by, HlTime at)
{
    hl_write_set_add(set,
                     "UPDATE rollout SET back_command = ?, back_by = ?, back_at = ? WHERE id = ? AND back_command = ''",
                     "ttit", command, by, INT(at), id);
    hl_write_set_require(set);
}

void mgr_write_rollout_counts(HlWriteSet *set, const char *id, const guint counts[MGR_MEMBER_N])
{
    g_autofree char *text = mgr_rollout_format_counts(counts);

    hl_write_set_add(set, "UPDATE rollout SET counts = ? WHERE id = ?", "tt", text, id);
}

void mgr_write_trial(HlWriteSet *set, const MgrRolloutRecord *r)
{
    hl_write_set_add(set, "UPDATE grp SET tried = ?1 WHERE name = ?2 AND version = ?3 AND tried < ?1", "iti",
                     INT(r->version), r->group, INT(r->base));
    hl_write_set_require(set);
}

void mgr_write_trial_numbers(HlWriteSet *set, const MgrRolloutRecord *r, const char *turn, uint64_t counter)
{
    hl_write_set_add(set,
                     "UPDATE endpoint SET moved_counter = max(?1, moved_counter + 1) WHERE grp = ?2 AND id IN"
                     " (SELECT endpoint FROM rollout_member WHERE rollout = ?3 AND command IS NOT NULL"
                     " AND (?4 IS NULL OR command = ?4))",
                     "ittt", INT(counter), r->group, r->id, turn);
}

void mgr_write_trial_outrun(HlWriteSet *set, const MgrRolloutRecord *r)
{
    hl_write_set_add(set,
                     "UPDATE endpoint SET moved_counter = moved_counter + 1 WHERE grp = ?1 AND moved_counter >= ?2 AND"
                     " id NOT IN (SELECT endpoint FROM rollout_member WHERE rollout = ?3 AND command IS NOT NULL)",
                     "tit", r->group, INT(r->counter), r->id);
}

void mgr_write_trial_refused(HlWriteSet *set, const char *rollout, guint position)
{
    hl_write_set_add(set,
                     "UPDATE rollout_member SET outcome = ? WHERE rollout = ? AND position = ? AND command IS NOT NULL"
                     " AND outcome IS NOT ?",
                     "ttit", mgr_member_name(MGR_MEMBER_FAILED), rollout, INT(position),
                     mgr_member_name(MGR_MEMBER_SUCCEEDED));
}

void mgr_write_prune_rollouts(HlWriteSet *set, HlTime before)
{
    hl_write_set_add(set, "DELETE FROM rollout WHERE changed_at < ? AND state IN ('done', 'aborted')", "i",
                     INT(before));
}

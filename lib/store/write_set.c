/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/store/internal.h"
#include "lib/store/txn.h"

/* Its texts are in the same block as the values. */
static void clear_write(gpointer user)
{
    HlWrite *write = user;

    for (gsize i = 0; write->types[i] != '\0'; i++)
        if (write->types[i] == 'b')
            g_clear_pointer(&write->values[i].blob, g_bytes_unref);
    g_free(write->values);
}

HlWriteSet *hl_write_set_new(void)
{
    HlWriteSet *set = g_new0(HlWriteSet, 1);

    set->writes = g_array_sized_new(FALSE, FALSE, sizeof(HlWrite), 4);
    g_array_set_clear_func(set->writes, clear_write);
    set->notes = g_ptr_array_new_with_free_func(g_free);
    return set;
}

void hl_write_set_free(HlWriteSet *set)
{
    if (set == NULL)
        return;
    g_array_unref(set->writes);
    g_ptr_array_unref(set->notes);
    g_clear_error(&set->error);
    g_free(set);
}

bool hl_write_set_is_empty(const HlWriteSet *set)
{
    return set->writes->len == 0;
}

/* One block for all: a set has a few writes, and one is made for each endpoint that says something. */
static HlValue *keep(const HlValue *values, const char *types)
{
    gsize sizes[MAX_PARAMETERS];
    gsize n = strlen(types), all = n * sizeof(HlValue);
    HlValue *kept;
    char *text;

    for (gsize i = 0; i < n; i++) {
        sizes[i] = types[i] == 't' && values[i].text != NULL ? strlen(values[i].text) + 1 : 0;
        all += sizes[i];
    }
    kept = g_malloc(MAX(all, 1));
    text = (char *)(kept + n);
    for (gsize i = 0; i < n; i++) {
        kept[i] = values[i];
        if (types[i] == 'b' && values[i].blob != NULL)
            g_bytes_ref(values[i].blob);
        if (sizes[i] > 0)
            kept[i].text = memcpy(text, values[i].text, sizes[i]);
        text += sizes[i];
    }
    return kept;
}

void hl_write_set_add(HlWriteSet *set, const char *sql, const char *types, ...)
{
    HlValue values[MAX_PARAMETERS] = { 0 };
    HlWrite write = { .sql = sql, .types = types };
    va_list args;

    va_start(args, types);
    hl_values_take(values, types, &args);
    va_end(args);
    write.values = keep(values, types);
    g_array_append_val(set->writes, write);
}

void hl_write_set_join(HlWriteSet *set, HlWriteSet *more)
{
    g_array_append_vals(set->writes, more->writes->data, more->writes->len);
    g_array_set_clear_func(more->writes, NULL); /* they are the set's */
    g_ptr_array_extend_and_steal(set->notes, g_ptr_array_ref(more->notes));
    hl_write_set_free(more);
}

void hl_write_set_require(HlWriteSet *set)
{
    g_assert(set->writes->len > 0);
    g_array_index(set->writes, HlWrite, set->writes->len - 1).require = true;
}

void hl_write_set_note(HlWriteSet *set, const char *line)
{
    g_ptr_array_add(set->notes, g_strdup(line));
}

void hl_write_set_durable(HlWriteSet *set)
{
    set->durable = true;
}

/* The statements of one transaction, kept until it ends: what thousands of endpoints report is the same few writes, and
 * to look for each by its text was a seventh of what 5,000 of them cost.  Their texts are static (writer.h),
 * so two at one address are one. */
#define MAX_AT_HAND 16

typedef struct {
    HlDb *db;
    guint n, next; /* next: whose place is taken where there is no room */
    struct {
        const char *sql;
        HlStmt *stmt;
    } places[MAX_AT_HAND];
} AtHand;

static void at_hand_clear(AtHand *at_hand)
{
    for (guint i = 0; i < at_hand->n; i++)
        hl_stmt_free(at_hand->places[i].stmt);
    at_hand->n = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AtHand, at_hand_clear)

static HlStmt *take_up(AtHand *at_hand, const char *sql, GError **error)
{
    HlStmt *stmt;
    guint place;

    for (guint i = 0; i < at_hand->n; i++)
        if (at_hand->places[i].sql == sql)
            return at_hand->places[i].stmt;
    stmt = hl_db_prepare(at_hand->db, sql, error);
    if (stmt == NULL)
        return NULL;
    place = at_hand->n < MAX_AT_HAND ? at_hand->n++ : at_hand->next++ % MAX_AT_HAND;
    hl_stmt_free(at_hand->places[place].stmt);
    at_hand->places[place].sql = sql;
    at_hand->places[place].stmt = stmt;
    return stmt;
}

static bool run_write(AtHand *at_hand, const HlWrite *write, GError **error)
{
    HlStmt *stmt = take_up(at_hand, write->sql, error);
    sqlite3_int64 before = sqlite3_total_changes64(at_hand->db->handle);
    HlStep step = HL_STEP_FAILED;

    if (stmt != NULL && hl_stmt_bind(stmt, write->types, write->values, HL_BIND_BORROW, error))
        while ((step = hl_stmt_step(stmt, error)) == HL_STEP_ROW)
            continue;
    if (stmt != NULL)
        sqlite3_reset(stmt->handle);
    if (step == HL_STEP_FAILED)
        return false;
    /* total_changes, because changes() keeps the count of an earlier statement if this one is not an INSERT, UPDATE or
     * DELETE */
    if (write->require && sqlite3_total_changes64(at_hand->db->handle) == before)
        return hl_fail(error, HL_ERROR_CONFLICT, _("the row no longer exists, or somebody else changed it first"));
    return true;
}

static bool run_writes(const HlWriteSet *set, AtHand *at_hand, GError **error)
{
    for (guint i = 0; i < set->writes->len; i++)
        if (!run_write(at_hand, &g_array_index(set->writes, HlWrite, i), error))
            return false;
    return true;
}

/* All or nothing of it; false sets set->error. */
static bool apply_alone(HlWriteSet *set, AtHand *at_hand)
{
    g_auto(HlTxn) savepoint = HL_TXN_INIT;

    /* One statement is atomic by itself. */
    if (set->writes->len > 1 && !hl_txn_begin(&savepoint, at_hand->db, &set->error))
        return false;
    return run_writes(set, at_hand, &set->error) && (savepoint.db == NULL || hl_txn_commit(&savepoint, &set->error));
}

/* false: the transaction is over. */
static bool apply_one_by_one(GPtrArray *sets, HlDb *db, GError **error)
{
    g_auto(AtHand) at_hand = { .db = db };

    for (guint i = 0; i < sets->len; i++) {
        HlWriteSet *set = g_ptr_array_index(sets, i);

        /* On a full disk or an I/O error SQLite may end the whole transaction by itself; then the sets before are gone
         * too */
        if (!apply_alone(set, &at_hand) && sqlite3_get_autocommit(db->handle) != 0) {
            g_propagate_error(error, g_error_copy(set->error));
            return false;
        }
    }
    return true;
}

static bool apply_together(GPtrArray *sets, HlDb *db)
{
    g_auto(AtHand) at_hand = { .db = db };

    for (guint i = 0; i < sets->len; i++)
        if (!run_writes(g_ptr_array_index(sets, i), &at_hand, NULL))
            return false;
    return true;
}

static void roll_back(HlDb *db)
{
    if (sqlite3_get_autocommit(db->handle) == 0)
        HL_IGNORE(hl_db_exec(db, "ROLLBACK", NULL)); /* if this fails, so does the next BEGIN, and reports it */
}

/* A savepoint for each set costs as much as a statement, and nearly always nothing fails: which one did is found out
 * when one has. */
static bool apply(GPtrArray *sets, HlDb *db, GError **error)
{
    if (!hl_db_exec(db, "BEGIN IMMEDIATE", error))
        return false;
    if (apply_together(sets, db))
        return true;
    roll_back(db);
    return hl_db_exec(db, "BEGIN IMMEDIATE", error) && apply_one_by_one(sets, db, error);
}

/* How many lines; -1: they could not be written. */
static int append_notes(const GPtrArray *sets, const HlWriterJournal *journal, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new();

    if (journal->append == NULL)
        return 0;
    for (guint i = 0; i < sets->len; i++) {
        const HlWriteSet *set = sets->pdata[i];

        for (guint k = 0; set->error == NULL && k < set->notes->len; k++)
            g_ptr_array_add(notes, set->notes->pdata[k]);
    }
    return notes->len == 0 || journal->append(notes, journal->user, error) ? (int)notes->len : -1;
}

bool hl_write_sets_commit(GPtrArray *sets, HlDb *db, const HlWriterJournal *journal, GError **error)
{
    int notes;

    if (!apply(sets, db, error))
        return false;
    notes = append_notes(sets, journal, error);
    if (notes >= 0 && hl_db_exec(db, "COMMIT", error))
        return true;
    if (notes > 0)
        journal->take_back(journal->user);
    roll_back(db);
    return false;
}

void hl_write_sets_fail(GPtrArray *sets, const GError *error)
{
    for (guint i = 0; i < sets->len; i++) {
        HlWriteSet *set = g_ptr_array_index(sets, i);

        if (set->error == NULL)
            set->error = g_error_copy(error);
    }
}

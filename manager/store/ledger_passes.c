/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/ledger_passes.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/text.h"
#include "lib/store/stmt.h"
#include "lib/store/txn.h"
#include "manager/store/journal.h"
#include "manager/store/passes.h"

#define MAX_NAMED   20 /* accounts, in a sentence */
#define LINES_SINCE 29 /* the version of the registry whose manager writes them */

/* Fingerprints of an account's passwords, or keys of one-time codes, in their order. */
typedef struct {
    char *latest;
    GHashTable *earlier;
} Line;

struct MgrLedgerPasses {
    GHashTable *tokens;    /* hashes: deleted */
    GHashTable *passwords; /* account -> Line * */
    GHashTable *codes;     /* likewise */
};

static void line_free(gpointer item)
{
    Line *line = item;

    g_free(line->latest);
    g_hash_table_unref(line->earlier);
    g_free(line);
}

static GHashTable *new_lines(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, line_free);
}

MgrLedgerPasses *mgr_ledger_passes_new(void)
{
    MgrLedgerPasses *passes = g_new(MgrLedgerPasses, 1);

    passes->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    passes->passwords = new_lines();
    passes->codes = new_lines();
    return passes;
}

void mgr_ledger_passes_free(MgrLedgerPasses *passes)
{
    g_hash_table_unref(passes->tokens);
    g_hash_table_unref(passes->passwords);
    g_hash_table_unref(passes->codes);
    g_free(passes);
}

static void take(GHashTable *lines, const MgrEntry *entry)
{
    Line *line = g_hash_table_lookup(lines, entry->name);

    if (line == NULL) {
        line = g_new0(Line, 1);
        line->earlier = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(lines, g_strdup(entry->name), line);
    } else {
        g_hash_table_add(line->earlier, line->latest);
    }
    line->latest = g_strdup(entry->fingerprint);
}

void mgr_ledger_passes_take(MgrLedgerPasses *passes, const MgrEntry *entry)
{
    if (entry->kind == MGR_ENTRY_TOKEN_END)
        g_hash_table_add(passes->tokens, g_strdup(entry->name));
    else if (entry->kind == MGR_ENTRY_PASSWORD)
        take(passes->passwords, entry);
    else if (entry->kind == MGR_ENTRY_CODE)
        take(passes->codes, entry);
    else if (entry->kind == MGR_ENTRY_ACCOUNT_REMOVAL) { /* the next one of that name begins without */
        g_hash_table_remove(passes->passwords, entry->name);
        g_hash_table_remove(passes->codes, entry->name);
    }
}

/* ---------------------------------------------------------------------------------------------------------- compare */

typedef struct {
    const MgrLedgerPasses *passes;
    bool is_later;       /* the journal goes on where the registry ends */
    GPtrArray *replaced; /* names of accounts */
    GHashTable *kept;    /* likewise */
    GHashTable *present; /* those that have a password */
} Comparison;

/* What the journal has never heard of was there before its lines were; or after them, where an older one was put beside
 * a registry. */
static bool is_replaced(const Comparison *comparison, GHashTable *lines, const char *account, const char *text)
{
    const Line *line = g_hash_table_lookup(lines, account);
    g_autofree char *own = mgr_secret_fingerprint(text);

    return line != NULL && strcmp(line->latest, own) != 0 &&
           (comparison->is_later || g_hash_table_contains(line->earlier, own));
}

static void on_secret(MgrSecretRecord *record, gpointer user)
{
    Comparison *comparison = user;

    g_hash_table_add(comparison->present, g_strdup(record->account));
    if (is_replaced(comparison, comparison->passes->passwords, record->account, record->password) ||
        is_replaced(comparison, comparison->passes->codes, record->account, record->code))
        g_ptr_array_add(comparison->replaced, g_strdup(record->account));
    else
        g_hash_table_add(comparison->kept, g_strdup(record->account));
}

static void on_pass(MgrPassRecord *record, gpointer user)
{
    Comparison *comparison = user;

    if (record->kind == MGR_PASS_TOKEN && !g_hash_table_contains(comparison->passes->tokens, record->hash))
        g_hash_table_add(comparison->kept, g_strdup(record->account));
}

static void comparison_clear(Comparison *comparison)
{
    g_clear_pointer(&comparison->replaced, g_ptr_array_unref);
    g_clear_pointer(&comparison->kept, g_hash_table_unref);
    g_clear_pointer(&comparison->present, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Comparison, comparison_clear)

/* A registry of before there were passwords is asked for none. */
static bool compare(Comparison *comparison, const MgrLedger *ledger, HlDb *db, GError **error)
{
    MgrRestored restored = mgr_ledger_restored(ledger);
    int version = hl_db_version(db, error);

    *comparison =
        (Comparison){ .passes = mgr_ledger_passes(ledger),
                      .is_later = mgr_ledger_is_rest(ledger) || (restored.is_new && restored.age == MGR_JOURNAL_NEWER),
                      .replaced = g_ptr_array_new_with_free_func(g_free),
                      .kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                      .present = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    if (version < MGR_SECRETS_SINCE)
        return version >= 0;
    return mgr_registry_load_secrets(db, on_secret, comparison, error) &&
           mgr_registry_load_passes(db, on_pass, comparison, error);
}

/* ------------------------------------------------------------------------------------------------------------ apply */

static bool run_each(HlDb *db, GHashTable *names, const char *sql, GError **error)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!hl_db_run(db, NULL, error, sql, "t", name))
            return false;
    return true;
}

/* The codes of accounts that were made after the backup are lost: a password that is set now is without. */
static void note_lost(const Comparison *comparison, GPtrArray *lines)
{
    GHashTableIter iter;
    gpointer account, line;

    g_hash_table_iter_init(&iter, comparison->passes->codes);
    while (g_hash_table_iter_next(&iter, &account, &line))
        if (*((const Line *)line)->latest != '\0' && !g_hash_table_contains(comparison->present, account))
            g_ptr_array_add(lines, mgr_journal_code(account, ""));
}

bool mgr_ledger_note_ends(const MgrLedger *ledger, HlDb *db, GPtrArray *lines, GError **error)
{
    g_auto(Comparison) comparison = { 0 };

    if (!compare(&comparison, ledger, db, error))
        return false;
    for (guint i = 0; i < comparison.replaced->len; i++) {
        g_ptr_array_add(lines, mgr_journal_password(comparison.replaced->pdata[i], ""));
        g_ptr_array_add(lines, mgr_journal_code(comparison.replaced->pdata[i], ""));
    }
    note_lost(&comparison, lines);
    return true;
}

bool mgr_ledger_end_passes(const MgrLedger *ledger, HlDb *db, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    g_auto(Comparison) comparison = { 0 };

    if (!hl_txn_begin(&txn, db, error) || !compare(&comparison, ledger, db, error) ||
        !hl_db_run(db, NULL, error, "DELETE FROM pass WHERE kind = ?", "t", mgr_pass_kind_name(MGR_PASS_SESSION)) ||
        !run_each(db, comparison.passes->tokens, "DELETE FROM pass WHERE hash = ?", error))
        return false;
    for (guint i = 0; i < comparison.replaced->len; i++)
        if (!hl_db_run(db, NULL, error, "DELETE FROM secret WHERE account = ?", "t", comparison.replaced->pdata[i]))
            return false;
    return hl_txn_commit(&txn, error);
}

/* --------------------------------------------------------------------------------------------------------- describe */

/* "ann, bob, ..."; caller frees. */
static char *list(GPtrArray *names)
{
    GString *out = g_string_new(NULL);

    g_ptr_array_sort(names, hl_text_compare);
    for (guint i = 0; i < MIN(names->len, MAX_NAMED + 1); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", i < MAX_NAMED ? (const char *)names->pdata[i] : "...");
    return g_string_free(out, FALSE);
}

static char *describe_replaced(GPtrArray *names)
{
    g_autofree char *listed = list(names);

    return g_strdup_printf(
        _("Passwords or one-time codes of %s were replaced after the backup, and those of the backup "
          "are ended: set passwords again, with 'holdline account password NAME'"),
        listed);
}

static char *describe_kept(GHashTable *kept)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *listed = NULL;
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, kept);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, name);
    listed = list(names);
    return g_strdup_printf(
        _("Passwords, one-time codes and tokens of %s are those of the backup: look at 'holdline token "
          "list' for what was deleted after it, and set passwords again that were replaced, with "
          "'holdline account password NAME'"),
        listed);
}

/* From the backup on, if it is of a version that wrote these lines. */
static bool knows_better(const MgrLedger *ledger, HlDb *db)
{
    return mgr_ledger_restored(ledger).age == MGR_JOURNAL_NEWER && hl_db_version(db, NULL) >= LINES_SINCE;
}

char *mgr_ledger_describe_passes(const MgrLedger *ledger, HlDb *db)
{
    g_auto(Comparison) comparison = { 0 };
    g_autofree char *replaced = NULL;
    g_autofree char *kept = NULL;

    if (!compare(&comparison, ledger, db, NULL))
        return NULL;
    if (comparison.replaced->len > 0)
        replaced = describe_replaced(comparison.replaced);
    if (g_hash_table_size(comparison.kept) > 0 && !knows_better(ledger, db))
        kept = describe_kept(comparison.kept);
    return replaced != NULL && kept != NULL ? g_strdup_printf("%s.  %s", replaced, kept)
           : replaced != NULL               ? g_steal_pointer(&replaced)
                                            : g_steal_pointer(&kept);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/ledger.h"

#include <string.h>

#include "lib/store/stmt.h"
#include "lib/store/txn.h"
#include "manager/store/ledger_passes.h"
#include "manager/store/ledger_put.h"

/* What the lines say of one name of certificates. */
typedef struct {
    bool revoked_before; /* there was a revocation: what is not among the survivors is ended */
    bool is_out;         /* and none was issued in its place: an endpoint is out until it enrols again */
    HlTime at;
    GHashTable *survivors;              /* serials, borrowed: issued since then, or left out of it */
    const MgrCertificateRecord *latest; /* that was issued */
    bool is_doubtful; /* behind it stands one that is revoked, which the endpoint may have: a snapshot's order is not
                       * always that in which they came */
} Name;

/* A bundle: uses left when its count began, and uses since. */
typedef struct {
    int64_t left, used;
    bool counted;
    HlTime withdrawn;
} Bundle;

struct MgrLedger {
    GHashTable *certificates; /* serial -> MgrCertificateRecord * */
    GHashTable *names;        /* -> Name * */
    GHashTable *endpoints;    /* id -> MgrEndpointRecord *: enrolled and not removed */
    GHashTable *removed;      /* ids */
    GHashTable *bundles;      /* id -> Bundle * */
    GHashTable *accounts;     /* name -> MgrAccountRecord *; NULL: it was removed */
    MgrLedgerPasses *passes;
    int64_t rest_of; /* the mark with which it begins; 0: it is read from its beginning */
    bool is_unfit;   /* as a rest */
    int64_t mark, mark_before;
    bool has_mark;
    guint malformed;
    MgrRestored restored;
    MgrPlaceRecord place; /* the latest one; counter 0: none */
    char *unnamed;        /* the authority of what was issued before authorities were told apart; NULL: not known */
};

static void certificate_free(gpointer record)
{
    mgr_certificate_record_clear(record);
    g_free(record);
}

static void endpoint_free(gpointer record)
{
    mgr_endpoint_record_clear(record);
    g_free(record);
}

static void account_free(gpointer record)
{
    if (record == NULL)
        return;
    mgr_account_record_clear(record);
    g_free(record);
}

static void name_free(gpointer name)
{
    g_hash_table_unref(((Name *)name)->survivors);
    g_free(name);
}

MgrLedger *mgr_ledger_new(void)
{
    MgrLedger *ledger = g_new0(MgrLedger, 1);

    ledger->certificates = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, certificate_free);
    ledger->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, name_free);
    ledger->endpoints = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, endpoint_free);
    ledger->removed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ledger->bundles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ledger->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, account_free);
    ledger->passes = mgr_ledger_passes_new();
    return ledger;
}

MgrLedger *mgr_ledger_new_rest(int64_t mark)
{
    MgrLedger *ledger = mgr_ledger_new();

    ledger->rest_of = mark;
    return ledger;
}

bool mgr_ledger_is_rest(const MgrLedger *ledger)
{
    return ledger->rest_of != 0;
}

bool mgr_ledger_suffices(const MgrLedger *ledger)
{
    return ledger->has_mark && !ledger->is_unfit && ledger->malformed == 0;
}

void mgr_ledger_free(MgrLedger *ledger)
{
    if (ledger == NULL)
        return;
    g_hash_table_unref(ledger->names);
    g_hash_table_unref(ledger->certificates);
    g_hash_table_unref(ledger->endpoints);
    g_hash_table_unref(ledger->removed);
    g_hash_table_unref(ledger->bundles);
    g_hash_table_unref(ledger->accounts);
    mgr_ledger_passes_free(ledger->passes);
    mgr_place_record_clear(&ledger->place);
    g_free(ledger->unnamed);
    g_free(ledger);
}

/* ----------------------------------------------------------------------------------------------------- line by line */

static Name *name_of(MgrLedger *ledger, const char *text)
{
    Name *name = g_hash_table_lookup(ledger->names, text);

    if (name == NULL) {
        name = g_new0(Name, 1);
        name->survivors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(ledger->names, g_strdup(text), name);
    }
    return name;
}

static Bundle *bundle_of(MgrLedger *ledger, const char *id)
{
    Bundle *bundle = g_hash_table_lookup(ledger->bundles, id);

    if (bundle == NULL) {
        bundle = g_new0(Bundle, 1);
        g_hash_table_insert(ledger->bundles, g_strdup(id), bundle);
    }
    return bundle;
}

/* It is said again, perhaps of another name: the old record goes. */
static void forget_certificate(const MgrLedger *ledger, const char *serial)
{
    const MgrCertificateRecord *old = g_hash_table_lookup(ledger->certificates, serial);
    Name *name = old != NULL ? g_hash_table_lookup(ledger->names, old->name) : NULL;

    if (name != NULL && name->latest == old)
        name->latest = NULL;
}

static void take_certificate(MgrLedger *ledger, const MgrEntry *entry)
{
    MgrCertificateRecord *record = g_new0(MgrCertificateRecord, 1);
    Name *name = name_of(ledger, entry->name);

    *record = (MgrCertificateRecord){ .serial = g_strdup(entry->serial),
                                      .name = g_strdup(entry->name),
                                      .kind = g_strdup(entry->role),
                                      .authority = g_strdup(entry->by),
                                      .replaces = g_strdup(entry->replaces),
                                      .key = g_strdup(entry->keys),
                                      .issued_at = entry->issued,
                                      .expires_at = entry->expires,
                                      .revoked_at = entry->at };
    forget_certificate(ledger, record->serial);
    g_hash_table_replace(ledger->certificates, record->serial, record);
    name->is_doubtful = record->revoked_at > 0;
    if (name->is_doubtful) { /* of a snapshot */
        g_hash_table_remove(name->survivors, entry->serial);
        return;
    }
    g_hash_table_add(name->survivors, g_strdup(entry->serial));
    name->latest = record;
}

static void take_endpoint(MgrLedger *ledger, const MgrEntry *entry)
{
    MgrEndpointRecord *record = g_new0(MgrEndpointRecord, 1);

    *record = (MgrEndpointRecord){ .id = g_strdup(entry->name),
                                   .group = g_strdup(entry->group),
                                   .host = g_strdup(entry->host),
                                   .fingerprint = g_strdup(entry->fingerprint),
                                   .enrolled_at = entry->at };
    g_hash_table_replace(ledger->endpoints, record->id, record);
    g_hash_table_remove(ledger->removed, entry->name);
}

static void take_revocation(MgrLedger *ledger, const MgrEntry *entry)
{
    Name *name = name_of(ledger, entry->name);

    name->revoked_before = true;
    name->is_out = entry->serial == NULL;
    name->at = entry->at;
    g_hash_table_remove_all(name->survivors);
    if (entry->serial != NULL)
        g_hash_table_add(name->survivors, g_strdup(entry->serial));
}

static void take_account(MgrLedger *ledger, const MgrEntry *entry)
{
    MgrAccountRecord *record = g_new0(MgrAccountRecord, 1);

    *record = (MgrAccountRecord){ .name = g_strdup(entry->name),
                                  .created_by = g_strdup(entry->by),
                                  .note = g_strdup(entry->note),
                                  .groups = g_strdup(entry->group),
                                  .created_at = entry->issued,
                                  .disabled_at = entry->at };
    mgr_role_parse(entry->role, &record->role); /* checked with the line */
    g_hash_table_replace(ledger->accounts, g_strdup(entry->name), record);
}

/* What needs the time before to be understood; a registry that was restored may lack some of that, too. */
static bool needs_whole(const MgrLedger *ledger, const MgrEntry *entry)
{
    MgrEntryKind kind = entry->kind;
    const Bundle *bundle = kind == MGR_ENTRY_USE ? g_hash_table_lookup(ledger->bundles, entry->name) : NULL;

    if (!ledger->has_mark)
        return kind == MGR_ENTRY_MARK ? entry->number != ledger->rest_of || entry->at != MGR_MARK_COMING
                                      : kind != MGR_ENTRY_BUNDLE && kind != MGR_ENTRY_RESTORE;
    return kind == MGR_ENTRY_RESTORE || (kind == MGR_ENTRY_USE && (bundle == NULL || !bundle->counted)) ||
           (kind == MGR_ENTRY_PLACE && strchr(entry->authorities, ',') != NULL) || /* which one was the first */
           (kind == MGR_ENTRY_CERTIFICATE && entry->at > 0);                       /* of a snapshot */
}

static void take_mark(MgrLedger *ledger, int64_t mark, MgrMarkState state)
{
    ledger->mark_before = state == MGR_MARK_WRITTEN ? mark : ledger->mark;
    ledger->mark = mark;
    ledger->has_mark = true;
    ledger->restored.is_new = false;
}

static void take_entry(MgrLedger *ledger, const MgrEntry *entry)
{
    switch (entry->kind) {
    case MGR_ENTRY_OTHER:
    case MGR_ENTRY_TOKEN_END:
    case MGR_ENTRY_PASSWORD:
    case MGR_ENTRY_CODE:
        break;
    case MGR_ENTRY_CERTIFICATE:
        take_certificate(ledger, entry);
        break;
    case MGR_ENTRY_ENDPOINT:
        take_endpoint(ledger, entry);
        break;
    case MGR_ENTRY_REVOCATION:
        take_revocation(ledger, entry);
        break;
    case MGR_ENTRY_REMOVAL:
        g_hash_table_remove(ledger->endpoints, entry->name);
        g_hash_table_add(ledger->removed, g_strdup(entry->name));
        break;
    case MGR_ENTRY_BUNDLE:
        *bundle_of(ledger, entry->name) = (Bundle){ .left = entry->number, .counted = true };
        break;
    case MGR_ENTRY_USE:
        bundle_of(ledger, entry->name)->used++;
        break;
    case MGR_ENTRY_WITHDRAWAL:
        bundle_of(ledger, entry->name)->withdrawn = entry->at;
        break;
    case MGR_ENTRY_ACCOUNT:
        take_account(ledger, entry);
        break;
    case MGR_ENTRY_ACCOUNT_REMOVAL:
        g_hash_table_replace(ledger->accounts, g_strdup(entry->name), NULL);
        break;
    case MGR_ENTRY_PLACE:
        mgr_ledger_take_place(&ledger->place, &ledger->unnamed, entry);
        break;
    case MGR_ENTRY_MARK:
        take_mark(ledger, entry->number, entry->at != 0 ? MGR_MARK_WRITTEN : MGR_MARK_COMING);
        break;
    case MGR_ENTRY_RESTORE:
        ledger->restored = (MgrRestored){
            .made = entry->issued, .at = entry->at, .age = (MgrJournalAge)entry->number, .is_new = true
        };
        g_strlcpy(ledger->restored.head, entry->name, sizeof ledger->restored.head);
        break;
    }
}

static void parse_line(MgrLedger *ledger, const char *line)
{
    g_auto(MgrEntry) entry = { 0 };

    if (!mgr_entry_parse(&entry, line)) {
        ledger->malformed++;
        return;
    }
    ledger->is_unfit = ledger->is_unfit || (ledger->rest_of != 0 && needs_whole(ledger, &entry));
    take_entry(ledger, &entry);
    mgr_ledger_passes_take(ledger->passes, &entry);
}

void mgr_ledger_line(const char *line, gpointer user)
{
    MgrLedger *ledger = user;
    g_autofree char *bundle = ledger->rest_of == 0 ? mgr_journal_peek_use(line) : NULL;

    if (bundle != NULL)
        bundle_of(ledger, bundle)->used++;
    else
        parse_line(ledger, line);
}

MgrLedger *mgr_ledger_read(const char *path, HlJournalState *state, GError **error)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();

    return hl_journal_read(path, mgr_ledger_line, ledger, state, error) ? g_steal_pointer(&ledger) : NULL;
}

guint mgr_ledger_malformed(const MgrLedger *ledger)
{
    return ledger->malformed;
}

bool mgr_ledger_has_mark(const MgrLedger *ledger)
{
    return ledger->has_mark;
}

bool mgr_ledger_knows_mark(const MgrLedger *ledger, int64_t mark)
{
    return !ledger->has_mark || mark == ledger->mark || mark == ledger->mark_before;
}

bool mgr_ledger_has_accounts(const MgrLedger *ledger)
{
    return mgr_ledger_is_rest(ledger) || g_hash_table_size(ledger->accounts) > 0;
}

const MgrLedgerPasses *mgr_ledger_passes(const MgrLedger *ledger)
{
    return ledger->passes;
}

const MgrPlaceRecord *mgr_ledger_place(const MgrLedger *ledger)
{
    return &ledger->place;
}

const char *mgr_ledger_unnamed(const MgrLedger *ledger)
{
    return ledger->unnamed;
}

MgrRestored mgr_ledger_restored(const MgrLedger *ledger)
{
    return ledger->restored;
}

/* ---------------------------------------------------------------------------------------------------------- compare */

/* One comparison; the sets say what the registry has. */
typedef struct {
    const MgrLedger *ledger;
    MgrGaps *gaps;
    GHashTable *serials, *ids, *accounts;
} Comparison;

static void gap_free(gpointer gap)
{
    g_free(((MgrGap *)gap)->name);
    g_free(gap);
}

static void add_gap(GPtrArray *gaps, const char *name, int64_t value)
{
    MgrGap *gap = g_new(MgrGap, 1);

    *gap = (MgrGap){ g_strdup(name), value };
    g_ptr_array_add(gaps, gap);
}

/* Of a registry of a million only what the journal speaks of is remembered. */
static void on_certificate(MgrCertificateRecord *record, gpointer user)
{
    const Comparison *comparison = user;
    const Name *name = g_hash_table_lookup(comparison->ledger->names, record->name);
    const MgrCertificateRecord *known = g_hash_table_lookup(comparison->ledger->certificates, record->serial);

    if (known != NULL)
        g_hash_table_add(comparison->serials, known->serial);
    if (record->revoked_at > 0)
        return;
    if (known != NULL && known->revoked_at > 0)
        add_gap(comparison->gaps->revocations, record->serial, known->revoked_at);
    else if (name != NULL && name->revoked_before && !g_hash_table_contains(name->survivors, record->serial))
        add_gap(comparison->gaps->revocations, record->serial, name->at);
}

/* Whether the journal's latest certificate is newer than the registry's: it does not have it, or the journal has both,
 * and knows which of them came later.  One that a rest does not have came before it. */
static bool is_newer(const Comparison *comparison, const Name *name, const char *serial)
{
    const MgrCertificateRecord *latest = name->latest;
    const MgrCertificateRecord *known = g_hash_table_lookup(comparison->ledger->certificates, serial);

    return strcmp(latest->serial, serial) != 0 &&
           (!g_hash_table_contains(comparison->serials, latest->serial) ||
            (!name->is_doubtful &&
             (known != NULL ? strcmp(known->name, latest->name) == 0 : mgr_ledger_is_rest(comparison->ledger))));
}

static void on_endpoint(MgrEndpointRecord *record, gpointer user)
{
    const Comparison *comparison = user;
    const Name *name = g_hash_table_lookup(comparison->ledger->names, record->id);
    gpointer known;

    if (g_hash_table_lookup_extended(comparison->ledger->endpoints, record->id, &known, NULL))
        g_hash_table_add(comparison->ids, known);
    if (g_hash_table_contains(comparison->ledger->removed, record->id)) {
        add_gap(comparison->gaps->removals, record->id, 0);
        return;
    }
    if (name == NULL)
        return;
    if (name->revoked_before && name->is_out != (record->revoked_at > 0))
        add_gap(comparison->gaps->revoked, record->id, name->is_out ? name->at : 0);
    if (name->latest != NULL && is_newer(comparison, name, record->serial))
        add_gap(comparison->gaps->renewals, record->id, 0);
}

static void on_token(MgrTokenRecord *record, gpointer user)
{
    const Comparison *comparison = user;
    const Bundle *bundle = g_hash_table_lookup(comparison->ledger->bundles, record->id);

    if (bundle == NULL)
        return;
    if (bundle->counted && MAX(bundle->left - bundle->used, 0) < record->uses_left)
        add_gap(comparison->gaps->uses, record->id, MAX(bundle->left - bundle->used, 0));
    if (bundle->withdrawn > 0 && record->withdrawn_at == 0)
        add_gap(comparison->gaps->withdrawals, record->id, bundle->withdrawn);
}

static void on_account(MgrAccountRecord *record, gpointer user)
{
    const Comparison *comparison = user;
    gpointer known;

    g_hash_table_add(comparison->accounts, g_strdup(record->name));
    if (!g_hash_table_lookup_extended(comparison->ledger->accounts, record->name, NULL, &known))
        return;
    if (known == NULL)
        add_gap(comparison->gaps->dismissals, record->name, 0);
    else if (!mgr_account_record_equal(known, record))
        g_ptr_array_add(comparison->gaps->accounts, known);
}

/* A registry of before there were accounts gets them when it is opened. */
static bool compare_accounts(Comparison *comparison, HlDb *db, GError **error)
{
    int version = hl_db_version(db, error);
    GHashTableIter iter;
    gpointer name, record;

    if (version < 0)
        return false;
    if (version < MGR_ACCOUNTS_SINCE)
        return true;
    if (!mgr_registry_load_accounts(db, on_account, comparison, error))
        return false;
    g_hash_table_iter_init(&iter, comparison->ledger->accounts);
    while (g_hash_table_iter_next(&iter, &name, &record))
        if (record != NULL && !g_hash_table_contains(comparison->accounts, name))
            g_ptr_array_add(comparison->gaps->accounts, record);
    return true;
}

/* What the journal has and the registry has not. */
static void compare_rest(const Comparison *comparison, HlTime now)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, comparison->ledger->certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;
        const Name *name = g_hash_table_lookup(comparison->ledger->names, record->name);

        if (record->expires_at <= now || g_hash_table_contains(comparison->serials, record->serial))
            continue;
        g_ptr_array_add(comparison->gaps->certificates, value);
        if (record->revoked_at == 0 && name->revoked_before && !g_hash_table_contains(name->survivors, record->serial))
            add_gap(comparison->gaps->revocations, record->serial, name->at);
    }
    g_hash_table_iter_init(&iter, comparison->ledger->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpointRecord *record = value;
        const Name *name = g_hash_table_lookup(comparison->ledger->names, record->id);

        if (g_hash_table_contains(comparison->ids, record->id) || name == NULL || name->latest == NULL)
            continue;
        add_gap(comparison->gaps->endpoints, record->id, 0);
        if (name->is_out)
            add_gap(comparison->gaps->revoked, record->id, name->at);
    }
}

static void gaps_init(MgrGaps *gaps)
{
    GPtrArray **const lists[] = { &gaps->revocations, &gaps->endpoints, &gaps->removals,    &gaps->revoked,
                                  &gaps->renewals,    &gaps->uses,      &gaps->withdrawals, &gaps->dismissals };

    gaps->certificates = g_ptr_array_new();
    gaps->accounts = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        *lists[i] = g_ptr_array_new_with_free_func(gap_free);
}

static bool speaks_of_identities(const MgrLedger *ledger)
{
    return g_hash_table_size(ledger->names) + g_hash_table_size(ledger->certificates) +
               g_hash_table_size(ledger->endpoints) + g_hash_table_size(ledger->removed) >
           0;
}

bool mgr_ledger_compare(const MgrLedger *ledger, HlDb *db, HlTime now, MgrGaps *gaps, GError **error)
{
    g_autoptr(GHashTable) serials = g_hash_table_new(g_str_hash, g_str_equal); /* the keys are the ledger's */
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Comparison comparison = { ledger, gaps, serials, ids, accounts };

    gaps_init(gaps);
    if (speaks_of_identities(ledger) && (!mgr_registry_load_certificates(db, on_certificate, &comparison, error) ||
                                         !mgr_registry_load_identities(db, on_endpoint, &comparison, error)))
        return false;
    if (!mgr_registry_load_tokens(db, on_token, &comparison, error) || !compare_accounts(&comparison, db, error) ||
        !mgr_gaps_compare_place(ledger, db, gaps, error))
        return false;
    compare_rest(&comparison, now);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ apply */

/* Into the group that it enrolled for, or, where the registry does not know that, the one that every site begins with,
 * or the first. */
static bool add_endpoints(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error)
{
    for (guint i = 0; i < gaps->endpoints->len; i++) {
        const char *id = ((const MgrGap *)gaps->endpoints->pdata[i])->name;
        const MgrEndpointRecord *e = g_hash_table_lookup(ledger->endpoints, id);
        const MgrCertificateRecord *latest = ((const Name *)g_hash_table_lookup(ledger->names, id))->latest;

        if (!hl_db_run(db, NULL, error,
                       "INSERT INTO endpoint (id, grp, host, fingerprint, enrolled_at, moved_counter, serial,"
                       " cert_expires) SELECT ?, name, ?, ?, ?, counter, ?, ? FROM grp"
                       " ORDER BY name = ? DESC, name = 'default' DESC, name LIMIT 1",
                       "tttitit", id, e->host, e->fingerprint, (int64_t)e->enrolled_at, latest->serial,
                       (int64_t)latest->expires_at, e->group))
            return false;
    }
    return true;
}

static bool renew_endpoints(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error)
{
    for (guint i = 0; i < gaps->renewals->len; i++) {
        const char *id = ((const MgrGap *)gaps->renewals->pdata[i])->name;
        const MgrCertificateRecord *latest = ((const Name *)g_hash_table_lookup(ledger->names, id))->latest;

        if (!hl_db_run(db, NULL, error, "UPDATE endpoint SET serial = ?, cert_expires = ? WHERE id = ?", "tit",
                       latest->serial, (int64_t)latest->expires_at, id))
            return false;
    }
    return true;
}

bool mgr_ledger_apply(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, db, error) && mgr_gaps_add_certificates(db, gaps, error) &&
           add_endpoints(ledger, db, gaps, error) && renew_endpoints(ledger, db, gaps, error) &&
           mgr_gaps_run_each(db, gaps->revocations, "UPDATE certificate SET revoked_at = ? WHERE serial = ?", error) &&
           mgr_gaps_run_each(db, gaps->revoked, "UPDATE endpoint SET revoked_at = ? WHERE id = ?", error) &&
           mgr_gaps_run_each(db, gaps->removals, "DELETE FROM endpoint WHERE ? = 0 AND id = ?", error) &&
           mgr_gaps_run_each(db, gaps->uses, "UPDATE token SET uses_left = ? WHERE id = ?", error) &&
           mgr_gaps_run_each(db, gaps->withdrawals, "UPDATE token SET withdrawn_at = ? WHERE id = ?", error) &&
           mgr_gaps_run_each(db, gaps->dismissals, "DELETE FROM account WHERE ? = 0 AND name = ?", error) &&
           mgr_gaps_put_place(ledger, db, gaps, error) && mgr_gaps_put_accounts(ledger, db, gaps, error) &&
           hl_txn_commit(&txn, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The first lines of a journal, made from a registry. */
#include "manager/store/ledger.h"

#include <string.h>

#include "manager/store/passes.h"

/* A snapshot under way.  What it says must be what the registry says: the order of the lines decides (ledger.h), and no
 * later start looks at them again.  So first the endpoints that are revoked, then the certificates that are in force,
 * and of an endpoint's the one that it has last: when two were issued, or by which clock, does not matter. */
typedef struct {
    GPtrArray *lines, *last;
    GHashTable
        *present; /* serial -> MgrCertificateRecord *, as the endpoint that has it tells: no row of it was seen */
    HlTime now;
} Snapshot;

static void certificate_free(gpointer record)
{
    mgr_certificate_record_clear(record);
    g_free(record);
}

static void snap_endpoint(MgrEndpointRecord *record, gpointer user)
{
    const Snapshot *snapshot = user;
    MgrCertificateRecord *present = g_new(MgrCertificateRecord, 1);

    g_ptr_array_add(snapshot->lines, mgr_journal_endpoint(record));
    if (record->revoked_at > 0)
        g_ptr_array_add(snapshot->lines, mgr_journal_revocation(record->id, NULL, record->revoked_at));
    *present = (MgrCertificateRecord){ .serial = g_steal_pointer(&record->serial),
                                       .name = g_steal_pointer(&record->id),
                                       .kind = g_strdup("endpoint"),
                                       .issued_at = record->enrolled_at,
                                       .expires_at = record->cert_expires,
                                       .revoked_at = record->revoked_at };
    g_hash_table_replace(snapshot->present, present->serial, present);
}

/* One that has ended and was revoked need not be known, unless an endpoint has it. */
static void snap_certificate(MgrCertificateRecord *record, gpointer user)
{
    const Snapshot *snapshot = user;
    const MgrCertificateRecord *present = g_hash_table_lookup(snapshot->present, record->serial);
    bool is_last = present != NULL && strcmp(present->name, record->name) == 0;

    if (is_last || record->revoked_at == 0 || record->expires_at > snapshot->now)
        g_ptr_array_add(is_last ? snapshot->last : snapshot->lines, mgr_journal_certificate(record));
    if (is_last)
        g_hash_table_remove(snapshot->present, record->serial);
}

/* It ended so long ago that its row was removed: still no other one is the endpoint's. */
static void snap_gone(const Snapshot *snapshot)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, snapshot->present);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *present = value;

        if (*present->serial != '\0' && present->expires_at <= snapshot->now)
            g_ptr_array_add(snapshot->last, mgr_journal_certificate(present));
    }
}

static void snap_token(MgrTokenRecord *record, gpointer user)
{
    const Snapshot *snapshot = user;

    g_ptr_array_add(snapshot->lines, mgr_journal_bundle(record->id, record->uses_left));
    if (record->withdrawn_at > 0)
        g_ptr_array_add(snapshot->lines, mgr_journal_withdrawal(record->id, record->withdrawn_at));
}

static void snap_account(MgrAccountRecord *record, gpointer user)
{
    g_ptr_array_add(user, mgr_journal_account(record));
}

/* So that an older journal, beside which they were found, does not end them at the next restore. */
static void snap_secret(MgrSecretRecord *record, gpointer user)
{
    g_autofree char *password = mgr_secret_fingerprint(record->password);
    g_autofree char *code = mgr_secret_fingerprint(record->code);

    g_ptr_array_add(user, mgr_journal_password(record->account, password));
    g_ptr_array_add(user, mgr_journal_code(record->account, code));
}

/* If it is later than that of this counter. */
static bool snap_place(HlDb *db, uint64_t counter, GPtrArray *lines, GError **error)
{
    g_auto(MgrPlaceRecord) place = { 0 };

    if (!mgr_registry_load_place(db, &place, error))
        return false;
    if (place.counter > counter)
        g_ptr_array_add(lines, mgr_journal_place(&place));
    return true;
}

bool mgr_ledger_complete(const MgrLedger *ledger, HlDb *db, GPtrArray *lines, GError **error)
{
    if (mgr_ledger_is_rest(ledger))
        return true;
    return (mgr_ledger_has_accounts(ledger) || mgr_registry_load_accounts(db, snap_account, lines, error)) &&
           snap_place(db, mgr_ledger_place(ledger)->counter, lines, error);
}

GPtrArray *mgr_ledger_snapshot(HlDb *db, HlTime now, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) last = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) present = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, certificate_free);
    Snapshot snapshot = { lines, last, present, now };

    if (!mgr_registry_load_identities(db, snap_endpoint, &snapshot, error) ||
        !mgr_registry_load_certificates(db, snap_certificate, &snapshot, error))
        return NULL;
    snap_gone(&snapshot);
    g_ptr_array_extend_and_steal(lines, g_steal_pointer(&last));
    if (!mgr_registry_load_tokens(db, snap_token, &snapshot, error) ||
        !mgr_registry_load_accounts(db, snap_account, lines, error) ||
        !mgr_registry_load_secrets(db, snap_secret, lines, error) || !snap_place(db, 0, lines, error))
        return NULL;
    return g_steal_pointer(&lines);
}

/* ----------------------------------------------------------------------------------------------------------- a rest */

/* More are not said again at each start: a use of another one has the whole journal read (mgr_ledger_suffices). */
#define MOST_BUNDLES 1000

typedef struct {
    GPtrArray *lines;
    HlTime now;
    guint n;
} Beginning;

static void begin_token(MgrTokenRecord *record, gpointer user)
{
    Beginning *beginning = user;

    if (record->uses_left == 0 || record->withdrawn_at > 0 || record->expires_at <= beginning->now ||
        beginning->n == MOST_BUNDLES)
        return;
    g_ptr_array_add(beginning->lines, mgr_journal_bundle(record->id, record->uses_left));
    beginning->n++;
}

bool mgr_ledger_begin_rest(const MgrLedger *ledger, HlDb *db, HlTime now, GPtrArray *lines, GError **error)
{
    MgrRestored restored = mgr_ledger_restored(ledger);
    Beginning beginning = { lines, now, 0 };

    if (restored.at != 0)
        g_ptr_array_add(lines, mgr_journal_restore(restored.made, restored.at, restored.age, restored.head));
    return mgr_registry_load_tokens(db, begin_token, &beginning, error);
}

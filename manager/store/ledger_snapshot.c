/* SPDX-License-Identifier: Apache-2.0 */
/* The first lines of a journal, made from a registry. */
#include "manager/store/ledger.h"

/* A snapshot under way; the revocations of endpoints stand behind all certificates. */
typedef struct {
    GPtrArray *lines, *behind;
    HlTime now;
} Snapshot;

static void snap_certificate(MgrCertificateRecord *record, gpointer user)
{
    const Snapshot *snapshot = user;

    if (record->expires_at > snapshot->now)
        g_ptr_array_add(snapshot->lines, mgr_journal_certificate(record));
}

static void snap_endpoint(MgrEndpointRecord *record, gpointer user)
{
    const Snapshot *snapshot = user;

    g_ptr_array_add(snapshot->lines, mgr_journal_endpoint(record));
    if (record->revoked_at > 0)
        g_ptr_array_add(snapshot->behind, mgr_journal_revocation(record->id, NULL, record->revoked_at));
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

bool mgr_ledger_snapshot_accounts(HlDb *db, GPtrArray *lines, GError **error)
{
    return mgr_registry_load_accounts(db, snap_account, lines, error);
}

bool mgr_ledger_snapshot_place(const MgrLedger *ledger, HlDb *db, GPtrArray *lines, GError **error)
{
    g_auto(MgrPlaceRecord) place = { 0 };

    if (!mgr_registry_load_place(db, &place, error))
        return false;
    if (place.counter > (ledger != NULL ? mgr_ledger_place(ledger)->counter : 0))
        g_ptr_array_add(lines, mgr_journal_place(&place));
    return true;
}

GPtrArray *mgr_ledger_snapshot(HlDb *db, HlTime now, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) behind = g_ptr_array_new();
    Snapshot snapshot = { lines, behind, now };
    bool ok = mgr_registry_load_certificates(db, snap_certificate, &snapshot, error) &&
              mgr_registry_load_identities(db, snap_endpoint, &snapshot, error) &&
              mgr_registry_load_tokens(db, snap_token, &snapshot, error) &&
              mgr_ledger_snapshot_accounts(db, lines, error) && mgr_ledger_snapshot_place(NULL, db, lines, error);

    g_ptr_array_extend_and_steal(lines, g_steal_pointer(&behind));
    return ok ? g_steal_pointer(&lines) : NULL;
}

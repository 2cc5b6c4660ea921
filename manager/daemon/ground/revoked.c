/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/revoked.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/pki/cert.h"
#include "manager/daemon/ground/accounts.h"

void mgr_revoked_mark(MgrFleet *fleet, const char *name, const char *but_serial, HlTime at)
{
    for (MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL; record = record->next) {
        if (record->revoked_at != 0 || g_strcmp0(record->serial, but_serial) == 0)
            continue;
        record->revoked_at = at;
        fleet->revocations++;
        fleet->named_changes += strcmp(record->kind, hl_cert_kind_name(HL_CERT_ENDPOINT)) != 0;
    }
}

/* Those of a manager are not: the one in force has the same name. */
static bool is_shut_out(const MgrCertificateRecord *record, HlTime now)
{
    return record->revoked_at > 0 && record->expires_at > now &&
           strcmp(record->kind, hl_cert_kind_name(HL_CERT_MANAGER)) != 0;
}

bool mgr_revoked_is(const MgrFleet *fleet, const char *name)
{
    HlTime now = hl_clock_wall();
    bool is_some = false;

    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(fleet, name); at != NULL; at = at->next)
        is_some |= is_shut_out(at, now);
    return is_some && !mgr_fleet_has_live_name(fleet, name, NULL);
}

void mgr_revoked_each(const MgrFleet *fleet, MgrRevokedEach each, gpointer user)
{
    HlTime now = hl_clock_wall();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        if (is_shut_out(record, now) && !mgr_fleet_has_live_name(fleet, record->name, NULL))
            each(record->name, strcmp(record->kind, hl_cert_kind_name(HL_CERT_ENDPOINT)) == 0, user);
    }
}

bool mgr_disabled_is(const MgrFleet *fleet, const char *name)
{
    const MgrAccountRecord *account = mgr_accounts_get(fleet->accounts, name);

    return account != NULL && account->disabled_at != 0 && mgr_fleet_has_live_name(fleet, name, NULL);
}

void mgr_disabled_each(const MgrFleet *fleet, MgrRevokedEach each, gpointer user)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, fleet->accounts);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (mgr_disabled_is(fleet, name))
            each(name, false, user);
}

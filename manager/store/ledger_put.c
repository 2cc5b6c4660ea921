/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/ledger_put.h"

#include "lib/store/stmt.h"

/* Lines of two sites that went separate ways may stand behind one another: the counter, which follows the clock, says
 * which is later. */
void mgr_ledger_take_place(MgrPlaceRecord *latest, char **unnamed, const MgrEntry *entry)
{
    g_auto(GStrv) authorities = g_strsplit(entry->authorities, ",", -1);

    if (*unnamed == NULL && g_strv_length(authorities) > 1) /* the first rollover: the present one stands last */
        *unnamed = g_strdup(authorities[g_strv_length(authorities) - 1]);
    if ((uint64_t)entry->number < latest->counter)
        return;
    mgr_place_record_clear(latest);
    *latest = (MgrPlaceRecord){ .counter = (uint64_t)entry->number,
                                .brokers = g_strsplit(entry->brokers, ",", -1),
                                .servers = g_strsplit(entry->servers, ",", -1),
                                .keys = g_strsplit(entry->keys, ",", -1),
                                .authorities = g_steal_pointer(&authorities),
                                .authority_ends = entry->expires,
                                .changed_at = entry->at,
                                .changed_by = g_strdup(entry->by) };
}

bool mgr_gaps_compare_place(const MgrLedger *ledger, HlDb *db, MgrGaps *gaps, GError **error)
{
    g_auto(MgrPlaceRecord) known = { 0 };
    int version = hl_db_version(db, error);

    if (version < MGR_PLACES_SINCE)
        return version >= 0;
    if (!mgr_registry_load_place(db, &known, error))
        return false;
    if (mgr_ledger_place(ledger)->counter > known.counter)
        gaps->place = mgr_place_record_copy(mgr_ledger_place(ledger));
    return true;
}

/* One statement for each gap, with its value and its name. */
bool mgr_gaps_run_each(HlDb *db, const GPtrArray *gaps, const char *sql, GError **error)
{
    for (guint i = 0; i < gaps->len; i++) {
        const MgrGap *gap = gaps->pdata[i];

        if (!hl_db_run(db, NULL, error, sql, "it", gap->value, gap->name))
            return false;
    }
    return true;
}

/* A journal of before there were accounts names administrators by their certificates alone. */
bool mgr_gaps_put_accounts(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error)
{
    for (guint i = 0; i < gaps->accounts->len; i++)
        if (!mgr_registry_put_account(db, gaps->accounts->pdata[i], error))
            return false;
    return mgr_ledger_has_accounts(ledger) || mgr_registry_adopt_accounts(db, error);
}

/* Before the first rollover certificates do not name their authority. */
bool mgr_gaps_put_place(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps, GError **error)
{
    const char *unnamed = mgr_ledger_unnamed(ledger);

    return gaps->place.counter == 0 ||
           (mgr_registry_put_place(db, &gaps->place, error) &&
            (unnamed == NULL ||
             hl_db_run(db, NULL, error, "UPDATE certificate SET authority = ? WHERE authority = ''", "t", unnamed)));
}

bool mgr_gaps_add_certificates(HlDb *db, const MgrGaps *gaps, GError **error)
{
    for (guint i = 0; i < gaps->certificates->len; i++) {
        const MgrCertificateRecord *c = gaps->certificates->pdata[i];

        if (!hl_db_run(db, NULL, error,
                       "INSERT OR IGNORE INTO certificate (serial, name, kind, issued_at, expires_at, revoked_at,"
                       " authority, replaces, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       "tttiiittt", c->serial, c->name, c->kind, (int64_t)c->issued_at, (int64_t)c->expires_at,
                       (int64_t)c->revoked_at, mgr_certificate_authority(c), mgr_certificate_replaces(c),
                       mgr_certificate_key(c)))
            return false;
    }
    return true;
}

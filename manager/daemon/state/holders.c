/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/holders.h"

#include <string.h>

#include "manager/core/succession.h"
#include "manager/daemon/ground/accounts.h"
#include "manager/daemon/state/followers.h"

#define MAX_LISTED 5 /* of people, and of endpoints, in a sentence */

bool mgr_holders_is_of(const MgrCertificateRecord *record, const char *authority)
{
    return record != NULL && strcmp(mgr_certificate_authority(record), authority) == 0;
}

static MgrHolder holder_of(const MgrHolders *holders, const MgrEndpoint *endpoint, const char *next)
{
    const char *serial = mgr_location_serial(holders->location, endpoint);

    return mgr_succession_holder(mgr_location_holds(holders->location, endpoint),
                                 mgr_holders_is_of(mgr_fleet_certificate(holders->fleet, serial), next));
}

bool mgr_holders_is_live(const MgrCertificateRecord *record)
{
    return record->revoked_at == 0 && record->expires_at > hl_clock_wall();
}

static bool is_kind(const MgrCertificateRecord *record, HlCertKind kind)
{
    return strcmp(record->kind, hl_cert_kind_name(kind)) == 0;
}

/* Of accounts, monitors and consoles.  Who is disabled cannot call anyway. */
static bool is_of_people(const MgrHolders *holders, const MgrCaller *caller, const MgrCertificateRecord *record)
{
    const MgrAccountRecord *account;

    if ((!is_kind(record, HL_CERT_ADMIN) && !is_kind(record, HL_CERT_MONITOR) && !is_kind(record, HL_CERT_CONSOLE)) ||
        !mgr_holders_is_live(record))
        return false;
    account = mgr_accounts_get(holders->fleet->accounts, record->name);
    return account == NULL || (account->disabled_at == 0 && mgr_accounts_meets(account, caller));
}

/* A monitor's files are used by other programs: nothing says whether they use the new ones. */
static bool is_through(const MgrHolders *holders, const MgrCertificateRecord *record, const char *next)
{
    const MgrGiven given = mgr_followers_given(holders->fleet, next, record->name);

    return is_kind(record, HL_CERT_MONITOR) ? given.live > 0 : mgr_given_is_through(&given);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrCertificateRecord *const *)a)->name, (*(const MgrCertificateRecord *const *)b)->name);
}

GPtrArray *mgr_holders_people_left(const MgrHolders *holders, const MgrCaller *caller, const char *next, guint max)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *left = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, holders->fleet->named);
    while (left->len < max && g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;

        if (is_of_people(holders, caller, record) && g_hash_table_add(seen, record->name) &&
            !is_through(holders, record, next))
            g_ptr_array_add(left, record);
    }
    return left;
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrEndpoint *const *)a)->record.id, (*(const MgrEndpoint *const *)b)->record.id);
}

GPtrArray *mgr_holders_endpoints_left(const MgrHolders *holders, const MgrCaller *caller, const char *next, guint max,
                                      guint *of)
{
    GPtrArray *left = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    *of = 0;
    g_hash_table_iter_init(&iter, holders->fleet->endpoints);
    while (left->len < max && g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->record.revoked_at > 0 || !mgr_caller_sees(caller, endpoint->record.group))
            continue;
        (*of)++;
        if (holder_of(holders, endpoint, next) != MGR_HOLDER_THROUGH)
            g_ptr_array_add(left, value);
    }
    return left;
}

/* -------------------------------------------------------------------------------------------------------- documents */

json_t *mgr_holders_endpoints_document(const MgrHolders *holders, GPtrArray *left, const char *next)
{
    json_t *array = json_array();

    g_ptr_array_sort(left, compare_ids);
    for (guint i = 0; i < MIN(left->len, MGR_HOLDERS_MAX_NAMED); i++) {
        const MgrEndpoint *endpoint = left->pdata[i];

        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s}", "id", endpoint->record.id, "host", endpoint->record.host,
                                        "state", mgr_holder_name(holder_of(holders, endpoint, next))));
    }
    return array;
}

/* Those of the old one with which calls came, and that no used one replaces: the machines that are left. */
static json_t *old_in_use(const MgrHolders *holders, const char *name, const char *next)
{
    json_t *array = json_array();

    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(holders->fleet, name); record != NULL;
         record = record->next) {
        g_autofree char *used = hl_time_format(record->used_at);

        if (mgr_followers_is_left(holders->fleet, next, record))
            json_array_append_new(array, json_pack("{s:s, s:s}", "serial", record->serial, "used", used));
    }
    return array;
}

json_t *mgr_holders_people_document(const MgrHolders *holders, GPtrArray *left, const char *next)
{
    json_t *array = json_array();

    g_ptr_array_sort(left, compare_names);
    for (guint i = 0; i < MIN(left->len, MGR_HOLDERS_MAX_NAMED); i++) {
        const MgrCertificateRecord *record = left->pdata[i];

        json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", record->name, "kind", record->kind,
                                               "certificates", old_in_use(holders, record->name, next)));
    }
    return array;
}

/* One more of at most MAX_LISTED of a kind. */
static void list_name(GString *out, guint i, const char *name)
{
    if (i <= MAX_LISTED)
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", i < MAX_LISTED ? name : "...");
}

char *mgr_holders_names(GPtrArray *people, GPtrArray *endpoints)
{
    GString *out = g_string_new(NULL);

    g_ptr_array_sort(people, compare_names);
    for (guint i = 0; i < people->len; i++)
        list_name(out, i, ((const MgrCertificateRecord *)people->pdata[i])->name);
    g_ptr_array_sort(endpoints, compare_ids);
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpointRecord *record = &((const MgrEndpoint *)endpoints->pdata[i])->record;

        list_name(out, i, *record->host != '\0' ? record->host : record->id);
    }
    return g_string_free(out, FALSE);
}

void mgr_holders_mark_left_behind(const MgrHolders *holders)
{
    const MgrFleet *fleet = holders->fleet;
    GHashTableIter iter;
    gpointer value;

    if (!mgr_places_tell_authorities(&fleet->places))
        return;
    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrEndpoint *endpoint = value;
        const MgrCertificateRecord *has = mgr_fleet_certificate(fleet, endpoint->record.serial);

        endpoint->is_left_behind = has != NULL && mgr_places_has_ended(&fleet->places, mgr_certificate_authority(has));
    }
}

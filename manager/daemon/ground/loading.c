/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/loading.h"

#include <stdlib.h>

#include "lib/base/log.h"
#include "manager/daemon/ground/targets.h"

/* Endpoints by the number that other tables of the registry have of them: in its order, as they are loaded. */
typedef struct {
    MgrFleet *fleet;
    GPtrArray *endpoints; /* MgrEndpoint * */
} Numbered;

static void on_group(MgrGroupRecord *record, gpointer user)
{
    mgr_fleet_put_group(user, record);
}

static void on_endpoint(MgrEndpointRecord *record, gpointer user)
{
    const Numbered *numbered = user;
    MgrEndpoint *endpoint = mgr_fleet_load_endpoint(numbered->fleet, record);

    g_ptr_array_add(numbered->endpoints, endpoint);
    if (!mgr_presence_restore(&endpoint->record.presence, mgr_now()))
        hl_warn("registry", "the session of %s was more than a day ahead of this clock: its numbers start again",
                endpoint->record.id);
    numbered->fleet->online += mgr_endpoint_is_up(endpoint);
}

static int compare_number(gconstpointer number, gconstpointer item)
{
    int64_t wanted = *(const int64_t *)number;
    int64_t found = (*(MgrEndpoint *const *)item)->record.number;

    return (wanted > found) - (wanted < found);
}

static void on_findings(int64_t number, const MgrFindings *findings, gpointer user)
{
    const Numbered *numbered = user;
    const GPtrArray *endpoints = numbered->endpoints;
    MgrEndpoint *const *endpoint = NULL;

    if (endpoints->len > 0)
        endpoint = bsearch(&number, endpoints->pdata, endpoints->len, sizeof(gpointer), compare_number);
    if (endpoint != NULL)
        mgr_fleet_set_findings(numbered->fleet, *endpoint, findings);
}

static bool load_endpoints(MgrFleet *fleet, HlDb *db, GError **error)
{
    g_autoptr(GPtrArray) endpoints = g_ptr_array_new();
    Numbered numbered = { fleet, endpoints };

    if (!mgr_registry_load_endpoints(db, on_endpoint, &numbered, error))
        return false;
    hl_in_order_fill(&fleet->in_order, endpoints);
    return mgr_registry_load_findings(db, on_findings, &numbered, error);
}

static void on_command(MgrCommandRecord *record, gpointer user)
{
    mgr_fleet_add_command(user, record);
}

static void on_target(MgrTargetRecord *record, gpointer user)
{
    mgr_fleet_add_target(user, record);
}

static void on_token(MgrTokenRecord *record, gpointer user)
{
    mgr_fleet_add_token(user, record);
}

static void on_certificate(MgrCertificateRecord *record, gpointer user)
{
    mgr_fleet_add_certificate(user, record);
}

bool mgr_fleet_load(MgrFleet *fleet, HlDb *db, GError **error)
{
    mgr_fleet_init(fleet);
    return mgr_registry_load_counter(db, "settings", &fleet->settings_counter, error) &&
           mgr_registry_load_counter(db, "epoch", &fleet->epoch, error) &&
           mgr_registry_load_counter(db, MGR_HERD_COUNTER, &fleet->herd.cost_us, error) &&
           mgr_registry_load_counter(db, "crl", &fleet->crl, error) &&
           mgr_registry_load_counter(db, "alive", &fleet->alive, error) &&
           mgr_registry_load_times(db, &fleet->lived.wall, &fleet->mark.wall, error) &&
           mgr_registry_load_counter(db, "verified", &fleet->verified, error) &&
           mgr_registry_load_groups(db, on_group, fleet, error) && mgr_group_load_trials(fleet->groups, db, error) &&
           mgr_registry_load_certificates(db, on_certificate, fleet, error) && load_endpoints(fleet, db, error) &&
           mgr_registry_load_open_commands(db, on_command, fleet, error) &&
           mgr_registry_load_open_targets(db, on_target, fleet, error) &&
           mgr_registry_load_tokens(db, on_token, fleet, error) && mgr_accounts_load(fleet->accounts, db, error) &&
           mgr_places_load(&fleet->places, db, error);
}

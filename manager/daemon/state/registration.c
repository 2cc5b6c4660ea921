/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/registration.h"

#include <string.h>

#include "lib/base/log.h"

#define CLAIM_INTERVAL HL_HOUR

char *mgr_registration_addresses(const HlMsgRegistration *registration)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < registration->n_addresses; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", registration->addresses[i]);
    return g_string_free(out, FALSE);
}

/* Another one that enrolled as this machine, or says in its births that it is. */
static MgrEndpoint *other_holder(const MgrFleet *fleet, const MgrEndpoint *endpoint, const char *fingerprint)
{
    MgrEndpoint *other;

    for (guint n = 0; (other = mgr_machines_get(&fleet->machines, fingerprint, n)) != NULL; n++)
        if (other != endpoint && (strcmp(mgr_endpoint_enrolled_as(&other->record), fingerprint) == 0 ||
                                  strcmp(other->record.fingerprint, fingerprint) == 0))
            return other;
    return NULL;
}

bool mgr_registration_set_machine(MgrFleet *fleet, MgrEndpoint *endpoint, const char *fingerprint)
{
    MgrEndpointRecord *record = &endpoint->record;
    bool changed;

    mgr_machines_drop(&fleet->machines, record->fingerprint, mgr_endpoint_seldom(record)->enrolled_as, endpoint);
    changed = mgr_endpoint_set_fingerprint(record, fingerprint);
    mgr_machines_add(&fleet->machines, record->fingerprint, mgr_endpoint_seldom(record)->enrolled_as, endpoint);
    return changed;
}

bool mgr_registration_enrol_as_told(MgrFleet *fleet, MgrEndpoint *endpoint)
{
    MgrEndpointRecord *record = &endpoint->record;
    bool changed;

    mgr_machines_drop(&fleet->machines, record->fingerprint, mgr_endpoint_seldom(record)->enrolled_as, endpoint);
    changed = mgr_endpoint_enrol_as_told(record);
    mgr_machines_add(&fleet->machines, record->fingerprint, mgr_endpoint_seldom(record)->enrolled_as, endpoint);
    return changed;
}

static bool take_fingerprint(MgrFleet *fleet, MgrRecord *record, MgrEndpoint *endpoint, const char *fingerprint)
{
    const MgrEndpoint *holder;

    if (*fingerprint == '\0' || strcmp(endpoint->record.fingerprint, fingerprint) == 0)
        return false;
    holder = other_holder(fleet, endpoint, fingerprint);
    if (holder == NULL)
        return mgr_registration_set_machine(fleet, endpoint, fingerprint);
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id,
                   "%s says that it is the machine of %s: not believed, its fingerprint stays %.16s...",
                   endpoint->record.id, holder->record.id, endpoint->record.fingerprint);
    if (hl_clock_mono() >= mgr_endpoint_contact(endpoint)->claim_due_mono) {
        mgr_endpoint_make_contact(endpoint)->claim_due_mono = hl_clock_mono() + CLAIM_INTERVAL;
        mgr_record_note(record, endpoint->record.id, "registration", "it told the fingerprint of %s: not taken",
                        holder->record.id);
    }
    return false;
}

static bool give_up(MgrFleet *fleet, MgrEndpoint *endpoint)
{
    g_autofree char *own = g_strdup(mgr_endpoint_enrolled_as(&endpoint->record));

    return mgr_registration_set_machine(fleet, endpoint, own);
}

void mgr_registration_enrolled(MgrFleet *fleet, MgrRecord *record, const MgrEndpoint *endpoint)
{
    /* before: giving up a fingerprint changes who has it */
    g_autoptr(GPtrArray) alike = mgr_machines_list(&fleet->machines, endpoint->record.fingerprint);

    for (guint i = 0; i < alike->len; i++) {
        MgrEndpoint *other = alike->pdata[i];

        if (other != endpoint && strcmp(other->record.fingerprint, endpoint->record.fingerprint) == 0 &&
            give_up(fleet, other))
            mgr_write_endpoint_registration(mgr_record_background(record), &other->record);
    }
    /* behind what its births told before, which may not have been written yet */
    mgr_write_endpoint_registration(mgr_record_background(record), &endpoint->record);
}

/* What the last dial met was somewhere else. */
static void forget_dial(MgrEndpointRecord *known)
{
    known->reach = MGR_REACH_NOT_PROBED;
    known->dialled_at = 0;
}

static bool take_addresses(MgrEndpoint *endpoint, const HlMsgRegistration *registration)
{
    g_autofree char *dialled = mgr_endpoint_address(endpoint);
    g_autofree char *addresses = mgr_registration_addresses(registration);
    g_autofree char *address = NULL;

    if (!mgr_endpoint_set_addresses(&endpoint->record, addresses))
        return false;
    address = mgr_endpoint_address(endpoint);
    if (strcmp(dialled, address) != 0)
        forget_dial(&endpoint->record);
    return true;
}

static bool take_port(MgrEndpointRecord *known, uint32_t told)
{
    int port = (int)MIN(told, 65535);

    if (known->direct_port == port)
        return false;
    known->direct_port = port;
    forget_dial(known);
    return true;
}

static bool take_description(MgrEndpointRecord *known, const HlMsgRegistration *registration)
{
    bool other_os = mgr_set_common(&known->os, registration->os);
    bool other_program = mgr_set_common(&known->program, registration->program_version);

    return other_os || other_program;
}

bool mgr_registration_handle(MgrFleet *fleet, MgrRecord *record, MgrEndpoint *endpoint,
                             const HlMsgRegistration *registration)
{
    MgrEndpointRecord *known = &endpoint->record;
    bool other_host = mgr_set_text(&known->host, registration->host);
    bool other_machine = take_fingerprint(fleet, record, endpoint, registration->fingerprint);
    bool other_addresses = take_addresses(endpoint, registration);
    bool other_port = take_port(known, registration->direct_port);
    bool other_description = take_description(known, registration);
    bool other_identity = other_host || other_machine || other_addresses;

    if (other_identity || other_port || other_description) {
        mgr_write_endpoint_registration(mgr_record_background(record), known);
        mgr_record_note(record, known->id, "registration", "host %s, addresses %s, direct port %d", known->host,
                        known->addresses, known->direct_port);
    }
    return other_identity || (other_port && known->direct_port != 0);
}

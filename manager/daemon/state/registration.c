/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/registration.h"

#include <string.h>

char *mgr_registration_addresses(const HlMsgRegistration *registration)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < registration->n_addresses; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", registration->addresses[i]);
    return g_string_free(out, FALSE);
}

bool mgr_registration_handle(MgrRecord *record, MgrEndpoint *endpoint, const HlMsgRegistration *registration)
{
    MgrEndpointRecord *known = &endpoint->record;
    g_autofree char *dialled = mgr_endpoint_address(endpoint);
    g_autofree char *addresses = mgr_registration_addresses(registration);
    g_autofree char *address = NULL;
    bool other_port = known->direct_port != (int)registration->direct_port;
    bool identity = false;
    bool changed = other_port;

    identity |= mgr_set_text(&known->host, registration->host);
    identity |= mgr_set_text(&known->fingerprint, registration->fingerprint);
    identity |= mgr_set_text(&known->addresses, addresses);
    changed |= identity;
    changed |= mgr_set_text(&known->os, registration->os);
    changed |= mgr_set_text(&known->program, registration->program_version);
    known->direct_port = (int)MIN(registration->direct_port, 65535);
    address = mgr_endpoint_address(endpoint);
    if (other_port || strcmp(dialled, address) != 0) {
        known->reach = MGR_REACH_NOT_PROBED; /* the last dial was of somewhere else */
        known->dialled_at = 0;
    }
    if (changed) {
        mgr_write_endpoint_registration(mgr_record_background(record), known);
        mgr_record_note(record, known->id, "registration", "host %s, addresses %s, direct port %d", known->host,
                        known->addresses, known->direct_port);
    }
    return identity || (other_port && registration->direct_port != 0);
}

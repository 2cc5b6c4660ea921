#include "manager/daemon/registration.h"

#include <string.h>

void mgr_registration_text(char **place, const char *text, bool *changed)
{
    if (g_strcmp0(*place, text) == 0)
        return;
    g_free(*place);
    *place = g_strdup(text);
    *changed = true;
}

bool mgr_registration_handle(Manager *manager, MgrEndpoint *endpoint, const HlMsgRegistration *registration)
{
    MgrEndpointRecord *record = &endpoint->record;
    g_autofree char *dialled = g_strndup(record->addresses, strcspn(record->addresses, ","));
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) list = NULL;
    g_autofree char *addresses = NULL;
    bool changed = record->direct_port != (int)registration->direct_port;
    bool anew = changed && registration->direct_port != 0;
    bool identity = false;

    for (size_t i = 0; i < MIN(registration->n_addresses, 16); i++)
        g_strv_builder_add(builder, registration->addresses[i]);
    list = g_strv_builder_end(builder);
    addresses = g_strjoinv(",", list);
    mgr_registration_text(&record->host, registration->host, &identity);
    mgr_registration_text(&record->fingerprint, registration->fingerprint, &identity);
    mgr_registration_text(&record->addresses, addresses, &identity);
    changed = changed || identity;
    mgr_registration_text(&record->os, registration->os, &changed);
    mgr_registration_text(&record->program, registration->program_version, &changed);
    if (record->direct_port != (int)registration->direct_port ||
        g_strcmp0(dialled, registration->n_addresses > 0 ? registration->addresses[0] : "") != 0) {
        record->reach = MGR_REACH_NOT_PROBED; /* the last dial was of somewhere else */
        record->dialled_at = 0;
    }
    record->direct_port = (int)MIN(registration->direct_port, 65535);
    if (changed) {
        mgr_write_endpoint_registration(manager->lazy, record);
        mgr_note(manager, record->id, "registration", "host %s, addresses %s, direct port %d", record->host,
                 record->addresses, record->direct_port);
    }
    return anew || identity;
}

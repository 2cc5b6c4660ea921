/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/payloads.h"

#include "lib/base/unconst.h"
#include "proto/command.h"
#include "proto/wire.h"

GBytes *mgr_payload_join(GBytes *one, GBytes *other)
{
    GByteArray *whole = g_byte_array_new();

    g_byte_array_append(whole, g_bytes_get_data(one, NULL), (guint)g_bytes_get_size(one));
    g_byte_array_append(whole, g_bytes_get_data(other, NULL), (guint)g_bytes_get_size(other));
    return g_byte_array_free_to_bytes(whole);
}

/* Encoded once for a group. */
static GBytes *shared_of(MgrGroup *group)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;

    if (group->shared != NULL)
        return group->shared;
    document.group = group->record.name;
    document.version = group->record.version;
    document.digest.data = hl_unconst(g_bytes_get_data(group->digest, &document.digest.len));
    document.settings = hl_settings_entries(group->record.settings, &document.n_settings);
    group->shared = HL_WIRE_ENCODE(&document);
    hl_settings_entries_free(document.settings, document.n_settings);
    return group->shared;
}

GBytes *mgr_payload_settings(MgrGroup *group, const MgrAddressee *to)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    g_autoptr(GBytes) own = NULL;

    document.endpoint = hl_unconst(to->endpoint);
    document.session = to->session;
    document.counter = to->counter;
    document.issued_ms = hl_clock_wall();
    document.path = hl_unconst(mgr_path_name(to->path));
    own = HL_WIRE_ENCODE(&document);
    return mgr_payload_join(shared_of(group), own);
}

GBytes *mgr_payload_cancel(const MgrTarget *target)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    g_autofree char *id = g_strdup_printf("%s.cancel", target->record.command);

    command.endpoint = target->endpoint->record.id;
    command.id = id;
    command.kind = hl_command_kind_to_wire(HL_KIND_CANCEL);
    command.subject = target->record.command;
    command.issued_ms = hl_clock_wall();
    command.expires_ms = target->command->record.expires_at;
    return HL_WIRE_ENCODE(&command);
}

GBytes *mgr_payload_command(const MgrTarget *target)
{
    const MgrCommandRecord *record = &target->command->record;
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;

    command.endpoint = target->endpoint->record.id;
    command.id = record->id;
    command.kind = hl_command_kind_to_wire(record->kind);
    command.issued_ms = record->issued_at;
    command.expires_ms = record->expires_at;
    command.window_ms = record->window_ms;
    command.timeout_ms = record->timeout_ms;
    command.scope = record->scope;
    return HL_WIRE_ENCODE(&command);
}

GBytes *mgr_payload_front(const HlMsgLineNotice *notice)
{
    HlMsgAck ack = HOLDLINE__V1__ACK__INIT;

    ack.spool = notice->spool;
    ack.seq = notice->seq;
    ack.fence_session = notice->fence_session;
    ack.poll_ms = notice->poll_ms;
    ack.hold_off_ms = notice->hold_off_ms;
    ack.hold_off_boot = notice->hold_off_boot;
    return HL_WIRE_ENCODE(&ack);
}

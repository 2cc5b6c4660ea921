#include "manager/daemon/delivery.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/status.h"
#include "proto/envelope.h"
#include "proto/schedule.h"

#define CERTIFICATE_EXPIRY HL_DAY

static bool publish(Manager *manager, HlTopic topic, const char *id, GBytes *payload, HlTime expiry)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, id);
    HlBusMessage message = {
        .topic = name, .payload = payload, .qos = row->qos, .retained = row->retained, .expiry = expiry
    };

    return hl_bus_publish(manager->bus, &message, NULL, NULL);
}

/* B18: the option is for schedules by minutes or hours; what a user or the administrator started brings settings. */
static bool had_today(const MgrEndpoint *endpoint)
{
    const HlSettings *settings = &endpoint->group->settings;
    const MgrApplied *applied = &endpoint->record.applied;
    HlTime since = hl_clock_wall() - applied->at;
    HlSchedule schedule;

    return settings->settings_once_a_day && endpoint->updated_by_schedule && applied->path != NULL &&
           hl_schedule_parse(settings->update_schedule, &schedule, NULL) && schedule.kind == HL_SCHEDULE_EVERY &&
           strcmp(applied->path, mgr_path_name(MGR_PATH_UPDATE_NOTIFICATION)) == 0 && since >= 0 && since < HL_DAY;
}

MgrRecipient mgr_delivery_recipient(const MgrEndpoint *endpoint)
{
    const HlSettings *settings = &endpoint->group->settings;

    return (MgrRecipient){ .by = settings->delivery == HL_DELIVERY_DOCUMENTED ? MGR_BY_DOCUMENT : MGR_BY_CHANNEL,
                           .in_unreachable_net = endpoint->record.display.in_unreachable_net,
                           .had_today = had_today(endpoint),
                           /* the settings that end the independent mode are the only ones that it takes */
                           .independent = endpoint->record.display.independent && settings->independent };
}

HlMsgEnvelope *mgr_delivery_settings(const Manager *manager, const MgrGroup *group, const char *endpoint,
                                     uint64_t counter, MgrPath path)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    HlMsgEnvelope *envelope;

    document.endpoint = (char *)endpoint;
    document.group = group->record.name;
    document.version = group->record.version;
    document.counter = counter;
    document.issued_ms = hl_clock_wall();
    document.path = (char *)mgr_path_name(path);
    document.digest.data = (guint8 *)g_bytes_get_data(group->digest, &document.digest.len);
    document.settings = hl_settings_entries(group->record.settings, &document.n_settings);
    envelope = hl_envelope_sign(manager->signing_key, HL_ENVELOPE_SETTINGS, &document.base);
    hl_settings_entries_free(document.settings, document.n_settings);
    return envelope;
}

void mgr_delivery_push_settings(Manager *manager, MgrEndpoint *endpoint, MgrOccasion occasion)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);
    MgrPath path = mgr_path_for(&recipient, MGR_WORK_SETTINGS, occasion);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) payload = NULL;

    if (!mgr_endpoint_is_up(endpoint) || endpoint->record.revoked_at > 0 || mgr_endpoint_has_desired(endpoint))
        return;
    if (path == MGR_PATH_NONE)
        return;
    envelope = mgr_delivery_settings(manager, endpoint->group, endpoint->record.id,
                                     mgr_endpoint_desired_counter(endpoint), path);
    payload = HL_WIRE_ENCODE(envelope);
    if (publish(manager, HL_TOPIC_SETTINGS, endpoint->record.id, payload, 0))
        manager->counters.settings_sent++;
}

static GBytes *sign_command(const Manager *manager, const HlMsgCommand *command)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(manager->signing_key, HL_ENVELOPE_COMMAND, &command->base);

    return HL_WIRE_ENCODE(envelope);
}

static void push_cancel(Manager *manager, const MgrTarget *target)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    g_autofree char *id = g_strdup_printf("%s.cancel", target->record.command);
    g_autoptr(GBytes) payload = NULL;

    command.endpoint = target->endpoint->record.id;
    command.id = id;
    command.kind = HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL;
    command.subject = target->record.command;
    command.issued_ms = hl_clock_wall();
    command.expires_ms = target->command->record.expires_at;
    payload = sign_command(manager, &command);
    publish(manager, HL_TOPIC_COMMAND, target->endpoint->record.id, payload, command.expires_ms - command.issued_ms);
}

void mgr_delivery_push_command(Manager *manager, MgrTarget *target, MgrOccasion occasion)
{
    const MgrCommandRecord *record = &target->command->record;
    MgrEndpoint *endpoint = target->endpoint;
    HlTime left = record->expires_at - hl_clock_wall();
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    MgrRecipient recipient;
    g_autoptr(GBytes) payload = NULL;

    if (endpoint == NULL || !mgr_endpoint_is_up(endpoint) || endpoint->record.revoked_at > 0 || left <= 0)
        return;
    recipient = mgr_delivery_recipient(endpoint);
    if (mgr_path_for(&recipient, MGR_WORK_COMMAND, occasion) == MGR_PATH_NONE)
        return;
    if (record->cancelled_at > 0) {
        push_cancel(manager, target);
        return;
    }
    command.endpoint = endpoint->record.id;
    command.id = record->id;
    command.kind = (Holdline__V1__CommandKind)record->kind;
    command.issued_ms = record->issued_at;
    command.expires_ms = record->expires_at;
    command.window_ms = record->window_ms;
    command.timeout_ms = record->timeout_ms;
    payload = sign_command(manager, &command);
    if (!publish(manager, HL_TOPIC_COMMAND, endpoint->record.id, payload, left))
        return;
    manager->counters.commands_sent++;
    if (target->record.state == HL_STATE_QUEUED) {
        mgr_target_move(target, HL_STATE_SENT, hl_clock_mono());
        target->record.changed_at = hl_clock_wall();
        mgr_write_target_sent(manager->lazy, &target->record);
        mgr_status_touch(manager, endpoint);
    }
}

void mgr_delivery_push_all(Manager *manager, MgrEndpoint *endpoint, MgrOccasion occasion)
{
    mgr_delivery_push_settings(manager, endpoint, occasion);
    for (guint i = 0; i < endpoint->open_targets->len; i++)
        mgr_delivery_push_command(manager, endpoint->open_targets->pdata[i], occasion);
}

void mgr_delivery_regroup(Manager *manager, MgrEndpoint *endpoint)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    if (recipient.by == MGR_BY_DOCUMENT)
        /* else its next connect would fetch, as by channel, what was sent down a line that was dead already */
        publish(manager, HL_TOPIC_SETTINGS, endpoint->record.id, empty, 0);
    else
        mgr_delivery_push_all(manager, endpoint, MGR_OCCASION_LINE);
}

void mgr_delivery_push_certificate(Manager *manager, MgrEndpoint *endpoint, const HlCert *cert)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    g_autofree char *pem = hl_cert_print(cert);
    g_autofree char *id = hl_ident_new("k-");
    g_autoptr(GBytes) payload = NULL;

    command.endpoint = endpoint->record.id;
    command.id = id;
    command.kind = HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE;
    command.issued_ms = hl_clock_wall();
    command.expires_ms = command.issued_ms + CERTIFICATE_EXPIRY;
    command.certificate.data = (guint8 *)pem;
    command.certificate.len = strlen(pem);
    payload = sign_command(manager, &command);
    publish(manager, HL_TOPIC_COMMAND, endpoint->record.id, payload, CERTIFICATE_EXPIRY);
}

void mgr_delivery_forget(Manager *manager, const char *endpoint)
{
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_LINK, HL_TOPIC_STATUS_ENDPOINT };
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++)
        publish(manager, topics[i], endpoint, empty, 0);
}

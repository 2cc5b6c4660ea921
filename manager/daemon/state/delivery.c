/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/delivery.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/targets.h"
#include "manager/daemon/ground/windows.h"
#include "manager/daemon/state/letters.h"
#include "proto/envelope.h"
#include "proto/schedule.h"

#define CERTIFICATE_EXPIRY HL_DAY
#define PROBE_EXPIRY       (30 * HL_SECOND)
#define SLICE              100 /* endpoints in one turn of what concerns many: one signature, or 2.5 ms of them */
#define ROOM               500 /* publications that may wait for the broker: what is made later says what is */
#define BLOCKED_MS         5   /* until the broker is asked again whether it takes more */

#define N_QUEUES (MGR_BROKER_UNKNOWN + 1)

struct MgrDelivery {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrDown *down;
    MgrRecord *record;
    MgrStatus *status;
    const MgrSealer *sealer;
    MgrLetters *letters;
    MgrNotices *notices;
    GQueue late;               /* MgrEndpoint * that asked for more than their quota */
    GQueue outgoing[N_QUEUES]; /* MgrEndpoint *: what concerns many; by broker, so that none waits for another's */
    guint pump_timer;
    MgrDeliveryCounts counts;
};

MgrDelivery *mgr_delivery_new(const MgrDeliveryOptions *options)
{
    MgrDelivery *delivery = g_new0(MgrDelivery, 1);

    delivery->conf = options->conf;
    delivery->fleet = options->fleet;
    delivery->down = options->down;
    delivery->record = options->record;
    delivery->status = options->status;
    delivery->sealer = options->sealer;
    delivery->letters = mgr_letters_new(options->down, options->sealer);
    delivery->notices =
        mgr_notices_new(&(MgrNoticesOptions){ options->conf, options->fleet, options->down, delivery->letters });
    g_queue_init(&delivery->late);
    for (guint i = 0; i < N_QUEUES; i++)
        g_queue_init(&delivery->outgoing[i]);
    return delivery;
}

void mgr_delivery_free(MgrDelivery *delivery)
{
    if (delivery == NULL)
        return;
    g_queue_clear(&delivery->late);
    for (guint i = 0; i < N_QUEUES; i++)
        g_queue_clear(&delivery->outgoing[i]);
    g_clear_handle_id(&delivery->pump_timer, g_source_remove);
    mgr_notices_free(delivery->notices);
    mgr_letters_free(delivery->letters);
    g_free(delivery);
}

MgrNotices *mgr_delivery_notices(const MgrDelivery *delivery)
{
    return delivery->notices;
}

MgrDeliveryCounts mgr_delivery_count(const MgrDelivery *delivery)
{
    MgrDeliveryCounts counts = delivery->counts;

    counts.signatures = mgr_letters_signatures(delivery->letters);
    return counts;
}

/* B18: the option is for schedules by minutes or hours; what a user or the administrator started brings settings. */
static bool had_today(const MgrEndpoint *endpoint)
{
    const HlSettings *settings = &mgr_endpoint_terms(endpoint)->settings;
    const MgrApplied *applied = &endpoint->record.applied;
    HlTime since = hl_clock_wall() - applied->at;
    HlSchedule schedule;

    return settings->settings_once_a_day && endpoint->updated_by_schedule && applied->path != NULL &&
           hl_schedule_parse(settings->update_schedule, &schedule, NULL) && schedule.kind == HL_SCHEDULE_EVERY &&
           strcmp(applied->path, mgr_path_name(MGR_PATH_UPDATE_NOTIFICATION)) == 0 && since >= 0 && since < HL_DAY;
}

MgrRecipient mgr_delivery_newcomer(const MgrGroup *group)
{
    return (MgrRecipient){ .by =
                               group->settings.delivery == HL_DELIVERY_DOCUMENTED ? MGR_BY_DOCUMENT : MGR_BY_CHANNEL };
}

MgrRecipient mgr_delivery_recipient(const MgrEndpoint *endpoint)
{
    const MgrGroup *terms = mgr_endpoint_terms(endpoint);
    MgrRecipient recipient = mgr_delivery_newcomer(terms);

    recipient.in_unreachable_net = endpoint->record.display.in_unreachable_net;
    recipient.had_today = had_today(endpoint);
    /* the settings that end the independent mode are the only ones that it takes */
    recipient.independent = endpoint->record.display.independent && terms->settings.independent;
    return recipient;
}

HlMsgEnvelope *mgr_delivery_envelope(const MgrDelivery *delivery, MgrGroup *group, const MgrAddressee *to)
{
    g_autoptr(GBytes) payload = mgr_payload_settings(group, to);

    return hl_envelope_sign_encoded(mgr_sealer_key(delivery->sealer), HL_ENVELOPE_SETTINGS, payload);
}

static void count_settings(bool sent, gpointer user, gpointer item G_GNUC_UNUSED)
{
    ((MgrDelivery *)user)->counts.settings += sent;
}

void mgr_delivery_settings(MgrDelivery *delivery, MgrEndpoint *endpoint, MgrOccasion occasion)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);
    MgrPath path = mgr_path_for(&recipient, MGR_WORK_SETTINGS, occasion);
    g_autoptr(GBytes) payload = NULL;

    if (!mgr_endpoint_is_up(endpoint) || endpoint->record.revoked_at > 0 || mgr_endpoint_has_desired(endpoint))
        return;
    if (path == MGR_PATH_NONE || endpoint->reissuing)
        return;
    mgr_notices_greet_first(delivery->notices, endpoint);
    payload = mgr_payload_settings(mgr_endpoint_terms(endpoint),
                                   &(MgrAddressee){ .endpoint = endpoint->record.id,
                                                    .counter = mgr_endpoint_desired_counter(endpoint),
                                                    .session = endpoint->record.presence.session,
                                                    .path = path });
    mgr_letters_send(delivery->letters,
                     &(MgrLetter){ endpoint, HL_TOPIC_SETTINGS, HL_ENVELOPE_SETTINGS, payload, .done = count_settings,
                                   .user = delivery },
                     NULL);
}

bool mgr_delivery_reaches(const MgrEndpoint *endpoint, MgrOccasion occasion)
{
    MgrRecipient recipient;

    if (!mgr_endpoint_is_up(endpoint) || endpoint->record.revoked_at > 0)
        return false; /* of a million that are away nothing else is looked at */
    recipient = mgr_delivery_recipient(endpoint);
    return mgr_path_for(&recipient, MGR_WORK_COMMAND, occasion) != MGR_PATH_NONE;
}

/* The broker keeps it for one that is away no longer than its window is open. */
static HlTime time_left(const MgrTarget *target)
{
    const MgrCommandRecord *record = &target->command->record;
    HlTime now = hl_clock_wall(), end = record->expires_at;
    HlTime closes = record->in_window && record->cancelled_at == 0 ? mgr_window_next(target->endpoint->group, now) : 0;

    return (closes > 0 ? MIN(end, closes) : end) - now;
}

/* Its cancellation, if it was cancelled.  Nothing leaves of one that has expired. */
static void send_command(MgrDelivery *delivery, MgrTarget *target, MgrLetterDone done)
{
    const MgrCommandRecord *record = &target->command->record;
    HlTime left = time_left(target);
    g_autoptr(GBytes) payload = NULL;

    if (left <= 0) {
        done(false, delivery, target);
        return;
    }
    mgr_notices_greet_first(delivery->notices, target->endpoint);
    payload = record->cancelled_at > 0 ? mgr_payload_cancel(target) : mgr_payload_command(target);
    mgr_letters_send(
        delivery->letters,
        &(MgrLetter){ target->endpoint, HL_TOPIC_COMMAND, HL_ENVELOPE_COMMAND, payload, left, done, delivery, target },
        NULL);
}

static void count_command(MgrDelivery *delivery, const MgrTarget *target)
{
    delivery->counts.commands += target->command->record.cancelled_at == 0;
}

/* A queued command on its way out: written as sent, then sent. */
typedef struct {
    MgrDelivery *delivery;
    char *command, *endpoint; /* ids */
    HlTime at;
} Sending;

static void sending_free(gpointer change)
{
    Sending *sending = change;

    g_free(sending->command);
    g_free(sending->endpoint);
    g_free(sending);
}

/* NULL: it ended, or its endpoint was removed, meanwhile. */
static MgrTarget *find_sending(const Sending *sending)
{
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(sending->delivery->fleet, sending->endpoint);
    MgrTarget *target = endpoint != NULL ? mgr_endpoint_find_target(endpoint, sending->command) : NULL;

    if (target != NULL)
        target->sending = false;
    return target;
}

/* Not in the background set: the next sending could be written before that one. */
static void take_back(MgrDelivery *delivery, MgrTarget *target)
{
    MgrTargetStep back = { HL_STATE_QUEUED, "", "", hl_clock_wall() };
    HlWriteSet *set = hl_write_set_new();

    mgr_target_move(target, &back);
    mgr_write_target_unsent(set, &target->record);
    mgr_record_write(delivery->record, set);
}

static void end_written(bool sent, gpointer delivery, gpointer target)
{
    if (sent)
        count_command(delivery, target);
    else
        take_back(delivery, target);
}

static void send_written(MgrDelivery *delivery, MgrTarget *target)
{
    const MgrEndpoint *endpoint = target->endpoint;

    target->outgoing = false;
    if (endpoint == NULL || !mgr_endpoint_is_up(endpoint) || endpoint->record.revoked_at > 0)
        take_back(delivery, target);
    else
        send_command(delivery, target, end_written);
}

static void fold_sending(gpointer change)
{
    const Sending *sending = change;
    MgrTarget *target = find_sending(sending);

    if (target == NULL || target->record.state != HL_STATE_QUEUED)
        return;
    mgr_target_move(target, &(MgrTargetStep){ HL_STATE_SENT, "", "", sending->at });
    send_written(sending->delivery, target);
    if (target->endpoint != NULL)
        mgr_status_touch_commands(sending->delivery->status, target->endpoint);
}

static void fail_sending(gpointer change, const GError *error)
{
    find_sending(change);
    hl_log_limited(HL_LOG_ERROR, "registry", "sent",
                   "commands stay queued until their endpoints connect again or call: %s", error->message);
}

static void write_and_send(MgrDelivery *delivery, MgrTarget *target)
{
    static const MgrChangeKind kind = { fold_sending, fail_sending, sending_free };
    HlWriteSet *set = hl_write_set_new();
    Sending *sending = g_new(Sending, 1);

    *sending =
        (Sending){ delivery, g_strdup(target->record.command), g_strdup(target->record.endpoint), hl_clock_wall() };
    target->sending = true;
    mgr_write_target_sent(set, &target->record, sending->at);
    mgr_record_commit(delivery->record, set, &kind, sending);
}

static void end_again(bool sent, gpointer delivery, gpointer target)
{
    if (sent)
        count_command(delivery, target);
}

void mgr_delivery_command(MgrDelivery *delivery, MgrTarget *target, MgrOccasion occasion)
{
    bool turn = target->outgoing;

    if (target->endpoint == NULL || target->sending || !mgr_delivery_reaches(target->endpoint, occasion) ||
        mgr_window_keeps(target, hl_clock_wall()))
        return;
    if (target->record.state == HL_STATE_QUEUED && target->command->record.expires_at > hl_clock_wall())
        write_and_send(delivery, target);
    else {
        target->outgoing = false; /* an occasion came before its turn */
        send_command(delivery, target, turn ? end_written : end_again);
    }
}

static void deliver(MgrDelivery *delivery, MgrEndpoint *endpoint, MgrOccasion occasion)
{
    mgr_delivery_settings(delivery, endpoint, occasion);
    for (MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL; at = mgr_endpoint_next_target(endpoint, at))
        mgr_delivery_command(delivery, at, occasion);
}

static bool has_quota(MgrEndpoint *endpoint)
{
    return mgr_bucket_take(&mgr_endpoint_make_contact(endpoint)->deliveries, MGR_QUOTA_DELIVERY,
                           mgr_endpoint_count_targets(endpoint), hl_clock_mono()) == MGR_QUOTA_ALLOWED;
}

void mgr_delivery_all(MgrDelivery *delivery, MgrEndpoint *endpoint, MgrOccasion occasion)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    if (contact->late_occasions == 0 && has_quota(endpoint)) {
        deliver(delivery, endpoint, occasion);
        return;
    }
    if (contact->late_occasions == 0)
        g_queue_push_tail(&delivery->late, endpoint);
    contact->late_occasions |= 1U << occasion;
}

/* However often it asked meanwhile, it gets it once on each occasion. */
static void deliver_late(MgrDelivery *delivery)
{
    for (guint n = g_queue_get_length(&delivery->late); n > 0; n--) {
        MgrEndpoint *endpoint = g_queue_pop_head(&delivery->late);
        guint occasions = mgr_endpoint_contact(endpoint)->late_occasions;

        if (!has_quota(endpoint)) {
            g_queue_push_tail(&delivery->late, endpoint);
            continue;
        }
        mgr_endpoint_make_contact(endpoint)->late_occasions = 0;
        for (MgrOccasion occasion = 0; occasion < MGR_OCCASION_N; occasion++)
            if (occasions & 1U << occasion)
                deliver(delivery, endpoint, occasion);
    }
}

void mgr_delivery_withdraw(MgrDelivery *delivery, const MgrEndpoint *endpoint)
{
    mgr_down_withdraw_settings(delivery->down, endpoint->record.id);
}

void mgr_delivery_regroup(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);

    if (recipient.by == MGR_BY_DOCUMENT)
        /* else its next connect would fetch, as by channel, what was sent down a line that was dead already */
        mgr_delivery_withdraw(delivery, endpoint);
    else
        mgr_delivery_all(delivery, endpoint, MGR_OCCASION_LINE);
}

/* ------------------------------------------------------------------------------------------------------- in slices */

static void unpush(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    MgrContact *contact = endpoint->contact;

    if (contact == NULL || contact->outgoing == NULL)
        return;
    g_queue_delete_link(&delivery->outgoing[contact->outgoing_at], contact->outgoing);
    contact->outgoing = NULL;
}

/* One that has moved does not wait for the broker where it was, which may hang. */
static void push(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    GQueue *queue = &delivery->outgoing[endpoint->broker];
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    if (contact->outgoing != NULL && contact->outgoing_at == endpoint->broker)
        return;
    unpush(delivery, endpoint);
    g_queue_push_tail(queue, endpoint);
    contact->outgoing = queue->tail;
    contact->outgoing_at = endpoint->broker;
}

void mgr_delivery_push_command(MgrDelivery *delivery, MgrTarget *target)
{
    if (target->endpoint == NULL) { /* removed meanwhile */
        take_back(delivery, target);
        return;
    }
    target->outgoing = true;
    push(delivery, target->endpoint);
}

void mgr_delivery_push_settings(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    if (!mgr_endpoint_is_up(endpoint) && mgr_delivery_recipient(endpoint).by == MGR_BY_CHANNEL)
        return; /* it gets them at its birth */
    endpoint->regroup_due = true;
    push(delivery, endpoint);
}

static void send_pushed(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    unpush(delivery, endpoint);
    if (endpoint->missing_due) {
        endpoint->missing_due = false;
        if (mgr_endpoint_is_up(endpoint))
            mgr_endpoint_make_contact(endpoint)->missing_session = endpoint->record.presence.session;
        mgr_delivery_all(delivery, endpoint, MGR_OCCASION_LINE);
    }
    if (endpoint->regroup_due) {
        endpoint->regroup_due = false;
        mgr_delivery_regroup(delivery, endpoint);
    }
    for (MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL; at = mgr_endpoint_next_target(endpoint, at))
        if (at->outgoing)
            send_written(delivery, at);
}

/* The room is that of the broker where it was put in; one that has moved since, and for which
 * nothing was put in there, is sent to its new one all the same. */
static bool has_room(const MgrDelivery *delivery, guint queue)
{
    return ROOM > (queue != MGR_BROKER_UNKNOWN ? mgr_down_count_at(delivery->down, queue).queued
                                               : mgr_down_waiting(delivery->down));
}

bool mgr_delivery_is_busy(const MgrDelivery *delivery)
{
    for (guint i = 0; i < N_QUEUES; i++)
        if (delivery->outgoing[i].length > 0)
            return true;
    return false;
}

static gboolean on_pump(gpointer user)
{
    MgrDelivery *delivery = user;

    delivery->pump_timer = 0;
    mgr_delivery_pump(delivery);
    return G_SOURCE_REMOVE;
}

static bool may_go(const MgrDelivery *delivery, guint queue)
{
    return delivery->outgoing[queue].length > 0 && has_room(delivery, queue);
}

static void pump_later(MgrDelivery *delivery, guint ms)
{
    if (delivery->pump_timer == 0 && mgr_delivery_is_busy(delivery))
        delivery->pump_timer = g_timeout_add(ms, on_pump, delivery);
}

void mgr_delivery_push_missing(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    if (mgr_endpoint_has_desired(endpoint) && mgr_endpoint_first_target(endpoint) == NULL)
        return;
    endpoint->missing_due = true;
    push(delivery, endpoint);
    pump_later(delivery, 0);
}

void mgr_delivery_born(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    endpoint->missing_due = false; /* all of it goes now */
    if (mgr_endpoint_contact(endpoint)->missing_session != endpoint->record.presence.session) {
        mgr_delivery_all(delivery, endpoint, MGR_OCCASION_LINE);
        return;
    }
    mgr_delivery_settings(delivery, endpoint, MGR_OCCASION_LINE);
    for (MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL; at = mgr_endpoint_next_target(endpoint, at))
        if (at->record.state == HL_STATE_QUEUED) /* it could not be written as sent */
            mgr_delivery_command(delivery, at, MGR_OCCASION_LINE);
}

/* The rest at the loop's usual priority: in turn with what arrives, neither before nor after all of it. */
void mgr_delivery_pump(MgrDelivery *delivery)
{
    guint sent = 0;
    guint passed = 0; /* queues of which none may go, in a row */

    mgr_letters_gather(delivery->letters);
    for (guint i = 0; sent < SLICE && passed < N_QUEUES; i = (i + 1) % N_QUEUES) {
        if (!may_go(delivery, i)) {
            passed++;
            continue;
        }
        send_pushed(delivery, g_queue_peek_head(&delivery->outgoing[i]));
        sent++;
        passed = 0;
    }
    mgr_letters_flush(delivery->letters);
    pump_later(delivery, passed < N_QUEUES ? 0 : BLOCKED_MS);
}

void mgr_delivery_certificate(MgrDelivery *delivery, MgrEndpoint *endpoint, const HlCert *cert)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;
    g_autofree char *pem = hl_cert_print(cert);
    g_autofree char *id = hl_ident_new("k-");
    g_autoptr(GBytes) payload = NULL;

    command.endpoint = endpoint->record.id;
    command.id = id;
    command.kind = hl_command_kind_to_wire(HL_KIND_CERTIFICATE);
    command.issued_ms = hl_clock_wall();
    command.expires_ms = command.issued_ms + CERTIFICATE_EXPIRY;
    command.certificate.data = (guint8 *)pem;
    command.certificate.len = strlen(pem);
    payload = HL_WIRE_ENCODE(&command);
    mgr_notices_greet_first(delivery->notices, endpoint);
    mgr_letters_send(
        delivery->letters,
        &(MgrLetter){ endpoint, HL_TOPIC_COMMAND, HL_ENVELOPE_COMMAND, payload, .expiry = CERTIFICATE_EXPIRY }, NULL);
}

void mgr_delivery_resign(MgrDelivery *delivery)
{
    GHashTableIter iter;
    gpointer endpoint;

    g_hash_table_iter_init(&iter, delivery->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint)) {
        mgr_delivery_withdraw(delivery, endpoint);
        mgr_delivery_all(delivery, endpoint, MGR_OCCASION_LINE);
    }
}

void mgr_delivery_clear_retained(MgrDelivery *delivery, const char *id)
{
    mgr_down_clear(delivery->down, id);
}

void mgr_delivery_withdraw_all(MgrDelivery *delivery, const MgrEndpoint *endpoint)
{
    mgr_down_withdraw_all(delivery->down, endpoint->record.id);
}

void mgr_delivery_flush_acks(MgrDelivery *delivery)
{
    deliver_late(delivery);
    mgr_letters_gather(delivery->letters);
    mgr_notices_flush(delivery->notices);
    mgr_letters_flush(delivery->letters);
}

void mgr_delivery_probe(MgrDelivery *delivery, const MgrEndpoint *endpoint, uint64_t nonce)
{
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;
    g_autoptr(GBytes) payload = NULL;

    probe.nonce = nonce;
    payload = HL_WIRE_ENCODE(&probe);
    mgr_down_send(delivery->down, HL_TOPIC_PROBE, endpoint->record.id, payload, PROBE_EXPIRY);
}

void mgr_delivery_forget(MgrDelivery *delivery, MgrEndpoint *endpoint)
{
    mgr_notices_forget(delivery->notices, endpoint);
    if (endpoint->contact != NULL && endpoint->contact->late_occasions != 0) {
        g_queue_remove(&delivery->late, endpoint);
        endpoint->contact->late_occasions = 0;
    }
    unpush(delivery, endpoint);
    endpoint->regroup_due = endpoint->missing_due = false;
}

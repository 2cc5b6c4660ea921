/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/arrivals.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/applied.h"
#include "manager/daemon/state/registration.h"
#include "proto/components.h"
#include "proto/wire.h"

/* A heartbeat alone rewrites the status topic this often: after five of them, which are news to nobody. */
#define SEEN_RESOLUTION(presence) CLAMP(5 * (HlTime)(presence)->heartbeat_ms, 10 * HL_SECOND, 5 * HL_MINUTE)
#define MAX_STRANGERS             10000 /* that are noted in one run */

struct MgrArrivals {
    MgrArrivalsOptions parts;
    MgrLines *lines;
    GHashTable *strangers; /* ids that are noted */
    MgrArrivalsCounts counts;
};

MgrArrivalsCounts mgr_arrivals_count(const MgrArrivals *arrivals)
{
    MgrArrivalsCounts counts = arrivals->counts;

    counts.blind = mgr_lines_are_blind(arrivals->lines);
    counts.split = arrivals->parts.fence != NULL && mgr_fence_split(arrivals->parts.fence) != NULL;
    return counts;
}

/* ----------------------------------------------------------------------------------------------------------- births */

/* Two machines with one identity evict each other in a loop: said with both fingerprints, and the one that came last is
 * asked to stay away, longer each time, until an administrator settles it. */
static void tell_clone(MgrArrivals *arrivals, MgrEndpoint *endpoint, const HlMsgLink *message,
                       const MgrPresenceEffects *effects)
{
    const char *other = message->registration != NULL ? message->registration->fingerprint : "unknown";

    if (effects->clone_found) {
        hl_log_limited(
            HL_LOG_WARN, "clone", endpoint->record.id,
            "two machines use the identity of %s: %.16s... and %.16s...; give the copy a machine id of its own, and "
            "enrol it again there ('holdline endpoint explain %s')",
            endpoint->record.id, endpoint->record.fingerprint, other, endpoint->record.id);
        mgr_record_note(arrivals->parts.record, endpoint->record.id, "clone",
                        "two machines use this identity: fingerprints %s (host %s, %s) and %s (host %s, %s)",
                        endpoint->record.fingerprint, endpoint->record.host, endpoint->record.addresses, other,
                        message->registration != NULL ? message->registration->host : "unknown",
                        message->registration != NULL && message->registration->n_addresses > 0
                            ? message->registration->addresses[0]
                            : "no address");
        mgr_status_event(arrivals->parts.status, endpoint, "clone", endpoint->record.fingerprint, other, "suspected");
        mgr_status_touch(arrivals->parts.status, endpoint);
    }
    if (effects->quarantine)
        mgr_notices_hold_off(mgr_delivery_notices(arrivals->parts.delivery), endpoint,
                             &(MgrHoldOff){ message->session, message->boot_id, effects->hold_off });
}

static void handle_patterns(MgrArrivals *arrivals, MgrEndpoint *endpoint, HlMsgComponent *const *patterns, size_t n)
{
    g_autofree char *text = hl_components_print(patterns, n);
    HlWriteSet *set;

    if (n == 0 || !mgr_set_common(&endpoint->record.patterns, text))
        return;
    set = hl_write_set_new();
    mgr_write_patterns(set, endpoint->record.number, text);
    mgr_record_write(arrivals->parts.record, set);
    mgr_status_touch(arrivals->parts.status, endpoint);
}

/* The birth says all of what is applied, a heartbeat the counter and the digest. */
static void handle_applied(MgrArrivals *arrivals, MgrEndpoint *endpoint, const HlMsgAppliedSettings *told,
                           MgrAppliedTold how)
{
    MgrAppliedParts parts = { arrivals->parts.fleet, arrivals->parts.record, arrivals->parts.status,
                              arrivals->parts.delivery, arrivals->parts.tracker };

    mgr_applied_handle(&parts, endpoint, told, how);
}

/* Set back to a snapshot: what it made since then is received, and what it makes from now on comes under a new spool.
 */
static void note_set_back(const MgrArrivals *arrivals, const MgrEndpoint *endpoint, const HlMsgLink *message)
{
    const MgrEndpointRecord *record = &endpoint->record;

    if (*message->spool == '\0' || strcmp(message->spool, record->spool) != 0 ||
        message->spool_last >= record->report_seq)
        return;
    hl_log_limited(HL_LOG_WARN, "line", record->id, "%s was set back to an earlier state", record->id);
    mgr_record_note(arrivals->parts.record, record->id, "reports",
                    "this machine was set back: its reports end at %" G_GUINT64_FORMAT ", those to %" G_GUINT64_FORMAT
                    " are here; it starts a new spool",
                    message->spool_last, record->report_seq);
}

/* What the broker keeps for an earlier version of the program may be signed in a way that it does not know, if a later
 * one was here before.  Once in the life of a manager, so that no kill between the birth and the withdrawal loses it;
 * from then on it is kept until the broker has it, and nothing is sent that it would not know. */
static void withdraw_for_earlier(const MgrArrivals *arrivals, MgrEndpoint *endpoint)
{
    if (!endpoint->takes_batches && !endpoint->is_withdrawn)
        mgr_delivery_withdraw(arrivals->parts.delivery, endpoint);
    endpoint->is_withdrawn = !endpoint->takes_batches;
}

static void hear_clock(MgrEndpoint *endpoint, HlTime told)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    contact->skew = mgr_skew(told);
    contact->has_told_clock = true;
}

static void on_birth(MgrArrivals *arrivals, MgrEndpoint *endpoint, const HlMsgLink *message)
{
    bool announced = message->announces || endpoint->restarted_unheard;
    bool changed =
        message->registration != NULL &&
        mgr_registration_handle(arrivals->parts.fleet, arrivals->parts.record, endpoint, message->registration);

    arrivals->counts.births++;
    endpoint->restarted_unheard = false;
    hear_clock(endpoint, message->clock_ms);
    mgr_console_registered(arrivals->parts.console, endpoint,
                           changed     ? MGR_REGISTERED_CHANGED
                           : announced ? MGR_REGISTERED_ANNOUNCED
                                       : MGR_REGISTERED_AGAIN);
    note_set_back(arrivals, endpoint, message);
    endpoint->is_stranger =
        *message->serial != '\0' && mgr_fleet_certificate(arrivals->parts.fleet, message->serial) == NULL;
    /* before anything else goes down: it tells our time, what is committed, and how often to poll */
    mgr_notices_greet(mgr_delivery_notices(arrivals->parts.delivery), endpoint);
    withdraw_for_earlier(arrivals, endpoint);
    handle_patterns(arrivals, endpoint, message->patterns, message->n_patterns);
    if (message->applied != NULL)
        handle_applied(arrivals, endpoint, message->applied, MGR_APPLIED_ALL);
    mgr_delivery_born(arrivals->parts.delivery, endpoint);
    mgr_location_born(arrivals->parts.location, endpoint, message->server, message->serial);
}

/* What an endpoint announces when it goes (B10); every other word is the will's. */
static const struct {
    const char *reason;
    MgrDisplayEventKind shows;
} farewells[] = {
    { "clean-stop", MGR_DISPLAY_STOPPED },
    { "uninstalled", MGR_DISPLAY_UNINSTALLED },
    { "moved", MGR_DISPLAY_MOVED },
};

static MgrDisplayEventKind farewell_of(const char *reason)
{
    for (gsize i = 0; i < G_N_ELEMENTS(farewells); i++)
        if (strcmp(reason, farewells[i].reason) == 0)
            return farewells[i].shows;
    return MGR_DISPLAY_LINE_LOST;
}

/* What presence did not accept says nothing to anybody else either; but a living line repeats its birth (after a change
 * of the direct port, after a restart of the manager), and that is no news to presence alone. */
static void follow_birth(MgrArrivals *arrivals, MgrEndpoint *endpoint, const HlMsgLink *message, uint64_t boot_before,
                         const MgrPresenceEvent *event, const MgrPresenceEffects *effects)
{
    const MgrPresence *presence = &endpoint->record.presence;
    bool repeated = effects->stale_message && !presence->ended && event->session == presence->session &&
                    event->boot == presence->boot;

    /* started while the manager did not listen: the announcement went to the broker alone (a resume keeps its boot) */
    if (effects->born && boot_before != 0 && event->boot != boot_before)
        endpoint->restarted_unheard = true;
    if ((!effects->born && !repeated) || effects->quarantine)
        return;
    endpoint->takes_batches = message->batches; /* so says the broker, too, to a manager that was started again */
    if (!event->retained)
        on_birth(arrivals, endpoint, message);
    /* of an earlier version, what the broker keeps is withdrawn first, at its birth */
    else if (endpoint->takes_batches)
        mgr_delivery_push_missing(arrivals->parts.delivery, endpoint);
}

/* A number beyond belief changes nothing; an endpoint that really is there is told the one to go on from. */
static bool is_absurd(MgrArrivals *arrivals, const MgrEndpoint *endpoint, uint64_t session, MgrPresenceEventKind kind)
{
    const MgrPresence *presence = &endpoint->record.presence;

    if (mgr_presence_believes(presence, session, hl_clock_wall()))
        return false;
    arrivals->counts.bad_messages++;
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id,
                   "%s claims session %" G_GUINT64_FORMAT
                   ", more than a day ahead of this clock: ignored; if it stays away, set its clock, and install the "
                   "current version if it runs 0.1.0",
                   endpoint->record.id, session);
    if (kind != MGR_PRESENCE_DOWN && !presence->retired)
        mgr_notices_fence(mgr_delivery_notices(arrivals->parts.delivery), endpoint, session, presence->session);
    return true;
}

/* A will is doubted where so many come at once that the broker itself may be going. */
static bool is_doubted(MgrArrivals *arrivals, MgrReason reason, bool retained)
{
    return reason == MGR_REASON_LINE_LOST && !retained &&
           mgr_lines_doubt(arrivals->lines, mgr_down_heard(arrivals->parts.down));
}

static void handle_link(MgrArrivals *arrivals, MgrEndpoint *endpoint, gpointer data, bool retained)
{
    g_autoptr(HlMsgLink) message = data;
    const HlMsgRegistration *registration = message->registration;
    MgrDisplayEventKind farewell = farewell_of(message->reason);
    MgrPresenceEvent event = { .kind = message->online ? MGR_PRESENCE_BIRTH : MGR_PRESENCE_DOWN,
                               .retained = retained,
                               .session = message->session,
                               .boot = mgr_presence_hash(message->boot_id),
                               .machine = registration != NULL ? mgr_presence_hash(registration->fingerprint) : 0,
                               .heartbeat = message->heartbeat_ms };
    uint64_t boot_before = endpoint->record.presence.boot;
    bool is_another = message->session != endpoint->record.presence.session;
    MgrPresenceEffects effects;

    if (is_absurd(arrivals, endpoint, message->session, event.kind))
        return;
    if (message->online)
        mgr_endpoint_make_contact(endpoint)->heard_session = message->session;
    if (!message->online) {
        event.reason = farewell != MGR_DISPLAY_LINE_LOST ? MGR_REASON_CLEAN_STOP : MGR_REASON_LINE_LOST;
        event.doubted = is_doubted(arrivals, event.reason, retained);
    }
    effects = mgr_tracker_feed(arrivals->parts.tracker, endpoint, &event);
    arrivals->parts.fleet->connects += effects.born && is_another && !retained;
    tell_clone(arrivals, endpoint, message, &effects);
    if (message->online)
        follow_birth(arrivals, endpoint, message, boot_before, &event, &effects);
    else if (!effects.stale_message) /* a replay too: it went while the manager did not listen */
        mgr_console_feed(arrivals->parts.console, endpoint, farewell);
}

/* ------------------------------------------------------------------------------------------ what else endpoints say */

static void handle_heartbeat(MgrArrivals *arrivals, MgrEndpoint *endpoint, gpointer data, bool retained)
{
    g_autoptr(HlMsgHeartbeat) beat = data;
    HlMsgAppliedSettings told = HOLDLINE__V1__APPLIED_SETTINGS__INIT;
    MgrPresenceEvent event = {
        .kind = MGR_PRESENCE_HEARTBEAT, .session = beat->session, .sequence = beat->seq, .retained = retained
    };

    arrivals->counts.heartbeats++;
    if (is_absurd(arrivals, endpoint, beat->session, event.kind) ||
        mgr_tracker_feed(arrivals->parts.tracker, endpoint, &event).stale_message)
        return;
    hear_clock(endpoint, beat->clock_ms);
    mgr_fleet_note_unwritten(arrivals->parts.fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
    mgr_console_feed(arrivals->parts.console, endpoint, MGR_DISPLAY_HEARTBEAT);
    handle_patterns(arrivals, endpoint, beat->patterns, beat->n_patterns);
    told.counter = beat->settings_counter;
    told.digest = beat->settings_digest;
    handle_applied(arrivals, endpoint, &told, MGR_APPLIED_COUNTER);
    if (ABS(endpoint->record.presence.seen_wall - mgr_endpoint_contact(endpoint)->seen_told) >=
        SEEN_RESOLUTION(&endpoint->record.presence))
        mgr_status_touch(arrivals->parts.status, endpoint);
}

static void handle_report(MgrArrivals *arrivals, MgrEndpoint *endpoint, gpointer data, bool retained G_GNUC_UNUSED)
{
    mgr_endpoint_make_contact(endpoint)->heard_session = ((const HlMsgReport *)data)->session;
    mgr_reports_handle(arrivals->parts.reports, endpoint, data);
}

static void handle_echo(MgrArrivals *arrivals, MgrEndpoint *endpoint, gpointer data, bool retained G_GNUC_UNUSED)
{
    g_autoptr(HlMsgEcho) echo = data;

    if (!is_absurd(arrivals, endpoint, echo->session, MGR_PRESENCE_ECHO))
        mgr_tracker_echo(arrivals->parts.tracker, endpoint, echo->nonce, echo->session);
}

/* One row a topic that endpoints write. */
typedef struct {
    const ProtobufCMessageDescriptor *type;
    void (*handle)(MgrArrivals *arrivals, MgrEndpoint *endpoint, gpointer data, bool retained); /* takes data */
    gsize session; /* where its number is */
} EndpointRow;

static const EndpointRow endpoint_rows[HL_N_TOPICS] = {
    [HL_TOPIC_LINK] = { &holdline__v1__link__descriptor, handle_link, offsetof(HlMsgLink, session) },
    [HL_TOPIC_HEARTBEAT] = { &holdline__v1__heartbeat__descriptor, handle_heartbeat,
                             offsetof(HlMsgHeartbeat, session) },
    [HL_TOPIC_REPORT] = { &holdline__v1__report__descriptor, handle_report, offsetof(HlMsgReport, session) },
    [HL_TOPIC_ECHO] = { &holdline__v1__echo__descriptor, handle_echo, offsetof(HlMsgEcho, session) },
};

/* What is answered goes back where it came from, though it be a stray: a copy, or a line that has moved on.  What comes
 * later goes to where the session that counts was heard.  Takes data. */
static void handle_there(MgrArrivals *arrivals, const EndpointRow *row, MgrEndpoint *endpoint, gpointer data,
                         bool retained)
{
    uint64_t session = *(const uint64_t *)(gconstpointer)((const char *)data + row->session);
    uint8_t before = endpoint->broker;
    guint told = mgr_endpoint_broker(arrivals->parts.fleet, endpoint);

    endpoint->broker = (uint8_t)mgr_down_heard(arrivals->parts.down);
    row->handle(arrivals, endpoint, data, retained);
    if (session != endpoint->record.presence.session)
        endpoint->broker = before;
    if (mgr_endpoint_broker(arrivals->parts.fleet, endpoint) != told)
        mgr_status_touch(arrivals->parts.status, endpoint);
}

/* It has a certificate of this site, of which nothing is known: it enrolled after the backup that was restored.  Who
 * was removed is known by its certificates. */
static void note_stranger(MgrArrivals *arrivals, const char *id)
{
    if (g_hash_table_size(arrivals->strangers) >= MAX_STRANGERS || g_hash_table_contains(arrivals->strangers, id) ||
        mgr_fleet_knows_name(arrivals->parts.fleet, id))
        return;
    g_hash_table_add(arrivals->strangers, g_strdup(id));
    mgr_record_note(arrivals->parts.record, id, "unknown",
                    "has a certificate of this site, and is not in the registry: it must enrol again");
}

/* A broker that has not read the revocation list lets in who has no business here: out again, each time. */
static void end_uninvited(MgrArrivals *arrivals, const char *id, GBytes *payload)
{
    g_autoptr(HlMsgLink) message = hl_wire_decode_bytes(&holdline__v1__link__descriptor, payload, NULL);

    if (message == NULL || !message->online)
        return;
    if (mgr_fleet_endpoint(arrivals->parts.fleet, id) == NULL)
        note_stranger(arrivals, id);
    mgr_pki_evict(arrivals->parts.pki, id);
}

static void handle_unknown(MgrArrivals *arrivals, HlTopic topic, const char *id, const HlBusMessage *message,
                           bool is_revoked)
{
    arrivals->counts.unknown_senders++;
    hl_log_limited(HL_LOG_WARN, "line", id, "%s from %s, which is %s: ignored", message->topic, id,
                   is_revoked ? "revoked" : "not in the registry");
    if (topic != HL_TOPIC_LINK)
        return;
    if (!is_revoked)
        mgr_delivery_clear_retained(arrivals->parts.delivery,
                                    id); /* a removed one's will comes after they were emptied */
    if (!message->retained)
        end_uninvited(arrivals, id, message->payload);
}

static void handle_from_endpoint(MgrArrivals *arrivals, HlTopic topic, const char *id, const HlBusMessage *message)
{
    const EndpointRow *row = &endpoint_rows[topic];
    MgrEndpoint *endpoint = mgr_fleet_endpoint(arrivals->parts.fleet, id);
    g_autoptr(GError) error = NULL;
    gpointer decoded = NULL;

    if (g_bytes_get_size(message->payload) == 0)
        return; /* a retained topic was emptied */
    if (endpoint == NULL || endpoint->record.revoked_at > 0) {
        handle_unknown(arrivals, topic, id, message, endpoint != NULL);
        return;
    }
    if (mgr_endpoint_contact(endpoint)->held_off_until > 0)
        return; /* it passed the gate a moment before it was shut */
    if (!message->retained || hl_topic_row(topic)->retained)
        decoded = hl_wire_decode_bytes(row->type, message->payload, &error);
    else /* somebody had the broker keep it: said once, it would come back at each start */
        hl_fail(&error, HL_ERROR_INVALID, "retained, and it must not be");
    if (decoded == NULL) {
        arrivals->counts.bad_messages++;
        hl_log_limited(HL_LOG_WARN, "line", id, "%s: %s: ignored", message->topic, error->message);
        return;
    }
    handle_there(arrivals, row, endpoint, decoded, message->retained);
}

static void handle_request(MgrArrivals *arrivals, HlTopic topic, const char *id, const HlBusMessage *message)
{
    arrivals->parts.request(topic, id, message, arrivals->parts.user);
}

static void handle_own_echo(MgrArrivals *arrivals, HlTopic topic G_GNUC_UNUSED, const char *id G_GNUC_UNUSED,
                            const HlBusMessage *message G_GNUC_UNUSED)
{
    mgr_tracker_prove(arrivals->parts.tracker, mgr_down_heard(arrivals->parts.down));
}

/* One row a topic that the manager hears (HlTopicRow.to_manager). */
static void (*const handlers[HL_N_TOPICS])(MgrArrivals *arrivals, HlTopic topic, const char *id,
                                           const HlBusMessage *message) = {
    [HL_TOPIC_LINK] = handle_from_endpoint,    [HL_TOPIC_HEARTBEAT] = handle_from_endpoint,
    [HL_TOPIC_REPORT] = handle_from_endpoint,  [HL_TOPIC_ECHO] = handle_from_endpoint,
    [HL_TOPIC_ADMIN_REQUEST] = handle_request, [HL_TOPIC_MONITOR_REQUEST] = handle_request,
    [HL_TOPIC_MANAGER_ECHO] = handle_own_echo,
};

/* ------------------------------------------------------------------------------------------------------------ lines */

static void on_message(HlTopic topic, const char *id, const HlBusMessage *message, gpointer user)
{
    if (handlers[topic] != NULL)
        handlers[topic](user, topic, id, message);
}

/* A topic that is subscribed to but not handled is a recipe half followed. */
static GStrv subscriptions(void)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (HlTopic topic = 0; topic < HL_N_TOPICS; topic++) {
        g_autofree char *filter = hl_topic_name(topic, "+");

        g_assert(hl_topic_row(topic)->to_manager == (handlers[topic] != NULL));
        g_assert((handlers[topic] == handle_from_endpoint) == (endpoint_rows[topic].handle != NULL));
        if (hl_topic_row(topic)->to_manager)
            g_strv_builder_add(builder, filter);
    }
    return g_strv_builder_end(builder);
}

static bool connect_lines(MgrArrivals *arrivals, GError **error)
{
    const MgrArrivalsOptions *parts = &arrivals->parts;
    g_auto(GStrv) topics = subscriptions();
    MgrLineOptions options = { .dir = parts->dir,
                               .conf = parts->conf,
                               .fleet = parts->fleet,
                               .record = parts->record,
                               .down = parts->down,
                               .status = parts->status,
                               .tracker = parts->tracker,
                               .pki = parts->pki,
                               .gate = parts->gate,
                               .fence = parts->fence,
                               .topics = (const char *const *)topics,
                               .message = on_message,
                               .user = arrivals };

    arrivals->lines = mgr_lines_new(&options, parts->brokers, error);
    return arrivals->lines != NULL;
}

MgrArrivals *mgr_arrivals_new(const MgrArrivalsOptions *options, GError **error)
{
    g_autoptr(MgrArrivals) arrivals = g_new0(MgrArrivals, 1);

    arrivals->parts = *options;
    arrivals->strangers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return connect_lines(arrivals, error) ? g_steal_pointer(&arrivals) : NULL;
}

void mgr_arrivals_free(MgrArrivals *arrivals)
{
    if (arrivals == NULL)
        return;
    mgr_lines_free(arrivals->lines);
    g_hash_table_unref(arrivals->strangers);
    g_free(arrivals);
}

MgrLines *mgr_arrivals_lines(const MgrArrivals *arrivals)
{
    return arrivals->lines;
}

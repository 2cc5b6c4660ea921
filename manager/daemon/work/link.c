#include "manager/daemon/line.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/broker.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/commands.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/display.h"
#include "manager/daemon/registration.h"
#include "manager/daemon/report.h"
#include "manager/daemon/revoke.h"
#include "manager/daemon/status.h"
#include "proto/components.h"

#define SEEN_RESOLUTION  (10 * HL_SECOND) /* a heartbeat alone rewrites the status topic at most this often */
#define ASK_INTERVAL     100              /* ms; a burst of wills is one question */
#define MAX_COUNTER_LEAD 1000000          /* a registry that lost more saves than this is not believed to exist */

static void tell_change(Manager *manager, MgrEndpoint *endpoint, MgrActual before)
{
    const MgrPresence *presence = &endpoint->record.presence;
    const char *reason = mgr_reason_name(mgr_presence_reason(presence));
    MgrActual now = (MgrActual)presence->actual;

    if (now == before)
        return;
    mgr_note(manager, endpoint->record.id, "status", "%s -> %s (%s)", mgr_actual_name(before), mgr_actual_name(now),
             reason);
    mgr_status_event(manager, endpoint, "status", mgr_actual_name(before), mgr_actual_name(now), reason);
}

static void send_probe(Manager *manager, MgrEndpoint *endpoint)
{
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;
    g_autofree char *topic = hl_topic_name(HL_TOPIC_PROBE, endpoint->record.id);
    g_autoptr(GBytes) payload = NULL;

    endpoint->probe_nonce = hl_random_u64() | 1;
    endpoint->probe_mono = hl_clock_mono();
    probe.nonce = endpoint->probe_nonce;
    payload = HL_WIRE_ENCODE(&probe);
    hl_bus_publish(manager->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .expiry = 30 * HL_SECOND }, NULL,
                   NULL);
}

MgrPresenceEffects mgr_line_presence(Manager *manager, MgrEndpoint *endpoint, const MgrPresenceEvent *event)
{
    MgrPresence *presence = &endpoint->record.presence;
    MgrActual before = (MgrActual)presence->actual;
    bool was_up = mgr_endpoint_is_up(endpoint);
    MgrPresenceEffects effects = mgr_presence_step(presence, &mgr_presence_policy, event, mgr_now());
    bool is_up = mgr_endpoint_is_up(endpoint);

    manager->fleet.online += (guint)is_up - (guint)was_up;
    manager->counters.stale_messages += effects.stale_message;
    if (effects.lost_heartbeats > 0) {
        endpoint->lost_heartbeats += effects.lost_heartbeats;
        manager->counters.lost_heartbeats += effects.lost_heartbeats;
    }
    if (effects.changed || effects.born) {
        endpoint->presence_dirty = true;
        mgr_status_touch(manager, endpoint);
        tell_change(manager, endpoint, before);
    }
    if (effects.fence)
        mgr_report_ack(manager, endpoint, effects.fence_session);
    if (effects.probe)
        send_probe(manager, endpoint);
    return effects;
}

/* Two machines with one identity evict each other in a loop: said with both fingerprints, and the one that came last is
 * asked to stay away, longer each time, until an administrator settles it. */
static void tell_clone(Manager *manager, MgrEndpoint *endpoint, const HlMsgLink *link,
                       const MgrPresenceEffects *effects)
{
    const char *other = link->registration != NULL ? link->registration->fingerprint : "unknown";

    if (effects->clone_found) {
        hl_warn("clone", "two machines use the identity of %s: %.16s... and %.16s...", endpoint->record.id,
                endpoint->record.fingerprint, other);
        mgr_note(manager, endpoint->record.id, "clone",
                 "two machines use this identity: fingerprints %s (host %s, %s) and %s (host %s, %s)",
                 endpoint->record.fingerprint, endpoint->record.host, endpoint->record.addresses, other,
                 link->registration != NULL ? link->registration->host : "unknown",
                 link->registration != NULL && link->registration->n_addresses > 0 ? link->registration->addresses[0]
                                                                                   : "no address");
        mgr_status_event(manager, endpoint, "clone", endpoint->record.fingerprint, other, "suspected");
        mgr_status_touch(manager, endpoint);
    }
    if (effects->quarantine)
        mgr_report_hold_off(manager, endpoint, link->boot_id, effects->hold_off);
}

/* What reports write too goes the same way at once, and so in the order in which the endpoint said it: from the set
 * that is flushed once a second it would overwrite what a report has said meanwhile. */
static void write_in_order(Manager *manager, HlWriteSet *set)
{
    g_autoptr(GError) error = NULL;

    if (!hl_writer_submit(manager->writer, set, NULL, NULL, &error))
        hl_log_limited(HL_LOG_ERROR, "registry", "line", "%s", error->message);
}

static void handle_patterns(Manager *manager, MgrEndpoint *endpoint, HlMsgComponent *const *patterns, size_t n)
{
    g_autofree char *text = hl_components_print(patterns, n);
    HlWriteSet *set;

    if (n == 0 || strcmp(text, endpoint->record.patterns) == 0)
        return;
    g_free(endpoint->record.patterns);
    endpoint->record.patterns = g_steal_pointer(&text);
    set = hl_write_set_new();
    mgr_write_patterns(set, endpoint->record.number, endpoint->record.patterns);
    write_in_order(manager, set);
    mgr_status_touch(manager, endpoint);
}

/* The endpoint has seen saves that this registry has not: it was restored from a backup.  Step past them and issue
 * anew. */
static void outrun_counter(Manager *manager, MgrEndpoint *endpoint, uint64_t seen)
{
    g_autoptr(HlWriteSet) set = NULL;

    if (seen > manager->fleet.settings_counter + MAX_COUNTER_LEAD) {
        hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id,
                       "endpoint %s claims settings counter %" G_GUINT64_FORMAT ", far beyond %" G_GUINT64_FORMAT
                       ": not believed",
                       endpoint->record.id, seen, manager->fleet.settings_counter);
        return;
    }
    manager->fleet.settings_counter = MAX(manager->fleet.settings_counter, seen) + 1;
    set = hl_write_set_new();
    mgr_write_counter(set, "settings", manager->fleet.settings_counter);
    mgr_write_endpoint_group(set, &endpoint->record, endpoint->record.group, manager->fleet.settings_counter);
    endpoint->record.moved_counter = manager->fleet.settings_counter;
    hl_writer_submit(manager->writer, g_steal_pointer(&set), NULL, NULL, NULL);
    mgr_note(manager, endpoint->record.id, "settings", "it knew a later counter than the registry: issued anew");
}

/* What the endpoint says it has, against what the registry knows and wants. */
static void compare_settings(Manager *manager, MgrEndpoint *endpoint, uint64_t counter, const void *digest,
                             size_t digest_size)
{
    MgrApplied *applied = &endpoint->record.applied;
    g_autoptr(GBytes) told = g_bytes_new(digest, digest_size);

    if (counter > mgr_endpoint_desired_counter(endpoint))
        outrun_counter(manager, endpoint, counter);
    if (applied->counter != counter || applied->digest == NULL || !g_bytes_equal(applied->digest, told)) {
        applied->counter = counter;
        g_clear_pointer(&applied->digest, g_bytes_unref);
        applied->digest = g_bytes_ref(told);
        mgr_status_touch(manager, endpoint);
    }
    mgr_delivery_push_settings(manager, endpoint, MGR_OCCASION_LINE);
}

static GBytes *manager_state(const Manager *manager, bool online)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;

    state.online = online;
    state.epoch = manager->fleet.epoch;
    state.reconnect_window_ms = (uint32_t)manager->conf.reconnect_window;
    return HL_WIRE_ENCODE(&state);
}

static void publish_state(Manager *manager, bool online)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_MANAGER_STATE, "");
    g_autoptr(GBytes) payload = manager_state(manager, online);

    hl_bus_publish(manager->bus, &(HlBusMessage){ .topic = topic, .payload = payload, .qos = 1, .retained = true },
                   NULL, NULL);
}

static void ask_broker(Manager *manager);

static gboolean on_ask_due(gpointer user)
{
    Manager *manager = user;

    manager->ask_timer = 0;
    ask_broker(manager);
    return G_SOURCE_REMOVE;
}

/* Something that comes back to the manager itself, and to nobody else, if the broker lives. */
static void ask_broker(Manager *manager)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_MANAGER_ECHO, "");
    g_autoptr(GBytes) payload = g_bytes_new_static("?", 1);
    HlTime wait = manager->asked_mono + ASK_INTERVAL - hl_clock_mono();

    if (wait > 0) { /* what is doubted after the last answer needs another one */
        if (manager->ask_timer == 0)
            manager->ask_timer = g_timeout_add((guint)wait, on_ask_due, manager);
        return;
    }
    manager->asked_mono = hl_clock_mono();
    hl_bus_publish(manager->bus, &(HlBusMessage){ .topic = topic, .payload = payload }, NULL, NULL);
}

static void on_birth(Manager *manager, MgrEndpoint *endpoint, const HlMsgLink *link)
{
    bool announced = link->announces || endpoint->started_anew;

    manager->counters.births++;
    endpoint->started_anew = false;
    endpoint->skew = link->clock_ms - hl_clock_wall();
    mgr_display_registered(manager, endpoint,
                           link->registration != NULL && mgr_registration_handle(manager, endpoint, link->registration),
                           announced);
    if (endpoint->record.display.in_unreachable_net)
        mgr_report_ack(manager, endpoint, 0); /* tells it how often to poll */
    handle_patterns(manager, endpoint, link->patterns, link->n_patterns);
    if (link->applied != NULL) {
        MgrApplied *applied = &endpoint->record.applied;
        HlWriteSet *set = hl_write_set_new();
        bool changed = false;

        mgr_registration_text(&applied->group, link->applied->group, &changed);
        mgr_registration_text(&applied->path, link->applied->path, &changed);
        applied->version = link->applied->version;
        compare_settings(manager, endpoint, link->applied->counter, link->applied->digest.data,
                         link->applied->digest.len);
        mgr_write_applied(set, endpoint->record.number, applied);
        write_in_order(manager, set);
    }
    mgr_delivery_push_all(manager, endpoint, MGR_OCCASION_LINE);
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
static void follow_birth(Manager *manager, MgrEndpoint *endpoint, const HlMsgLink *link, uint64_t boot_before,
                         const MgrPresenceEvent *event, const MgrPresenceEffects *effects)
{
    const MgrPresence *presence = &endpoint->record.presence;
    bool repeated = effects->stale_message && !presence->ended && event->session == presence->session &&
                    event->boot == presence->boot;

    /* started while the manager did not listen: the announcement went to the broker alone (a resume keeps its boot) */
    if (effects->born && boot_before != 0 && event->boot != boot_before)
        endpoint->started_anew = true;
    if ((effects->born || repeated) && !event->retained && !effects->quarantine)
        on_birth(manager, endpoint, link);
}

/* A number that leaves none above it would lock the endpoint out for good. */
static bool is_absurd(Manager *manager, const MgrEndpoint *endpoint, uint64_t session)
{
    if (session <= HL_SESSION_MAX)
        return false;
    manager->counters.bad_messages++;
    hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id, "%s claims session %" G_GUINT64_FORMAT ": ignored",
                   endpoint->record.id, session);
    return true;
}

static void on_link(Manager *manager, MgrEndpoint *endpoint, gconstpointer message, bool retained)
{
    const HlMsgLink *link = message;
    MgrPresenceEvent event = { .kind = link->online ? MGR_PRESENCE_BIRTH : MGR_PRESENCE_DOWN,
                               .retained = retained,
                               .session = link->session,
                               .boot = mgr_presence_hash(link->boot_id),
                               .machine =
                                   link->registration != NULL ? mgr_presence_hash(link->registration->fingerprint) : 0,
                               .heartbeat = link->heartbeat_ms };
    uint64_t boot_before = endpoint->record.presence.boot;
    MgrPresenceEffects effects;

    if (is_absurd(manager, endpoint, link->session))
        return;
    if (!link->online) {
        event.reason =
            farewell_of(link->reason) != MGR_DISPLAY_LINE_LOST ? MGR_REASON_CLEAN_STOP : MGR_REASON_LINE_LOST;
        event.doubted = event.reason == MGR_REASON_LINE_LOST && !retained &&
                        mgr_sight_doubts(&manager->sight, &manager->sight_policy, mgr_now());
        if (event.doubted)
            ask_broker(manager);
    }
    effects = mgr_line_presence(manager, endpoint, &event);
    tell_clone(manager, endpoint, link, &effects);
    if (link->online)
        follow_birth(manager, endpoint, link, boot_before, &event, &effects);
    else if (!effects.stale_message) /* a replay too: it went while the manager did not listen */
        mgr_display_feed(manager, endpoint, farewell_of(link->reason));
}

static void on_heartbeat(Manager *manager, MgrEndpoint *endpoint, gconstpointer message, bool retained)
{
    const HlMsgHeartbeat *beat = message;
    MgrPresenceEvent event = {
        .kind = MGR_PRESENCE_HEARTBEAT, .session = beat->session, .sequence = beat->seq, .retained = retained
    };

    manager->counters.heartbeats++;
    if (is_absurd(manager, endpoint, beat->session))
        return;
    if (mgr_line_presence(manager, endpoint, &event).stale_message)
        return;
    endpoint->skew = beat->clock_ms - hl_clock_wall();
    endpoint->presence_dirty = true;
    mgr_display_feed(manager, endpoint, MGR_DISPLAY_HEARTBEAT);
    handle_patterns(manager, endpoint, beat->patterns, beat->n_patterns);
    compare_settings(manager, endpoint, beat->settings_counter, beat->settings_digest.data, beat->settings_digest.len);
    if (endpoint->record.presence.seen_wall - endpoint->seen_told >= SEEN_RESOLUTION)
        mgr_status_touch(manager, endpoint);
}

static void on_report(Manager *manager, MgrEndpoint *endpoint, gconstpointer message, bool retained G_GNUC_UNUSED)
{
    mgr_report_handle(manager, endpoint, message);
}

static void on_echo(Manager *manager, MgrEndpoint *endpoint, gconstpointer message, bool retained G_GNUC_UNUSED)
{
    const HlMsgEcho *echo = message;
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_ECHO, .session = echo->session };

    if (endpoint->probe_nonce == 0 || echo->nonce != endpoint->probe_nonce ||
        is_absurd(manager, endpoint, echo->session))
        return;
    endpoint->probe_nonce = 0;
    endpoint->echo_ms = hl_clock_mono() - endpoint->probe_mono;
    mgr_line_presence(manager, endpoint, &event);
}

/* One row a topic that endpoints write. */
typedef struct {
    const ProtobufCMessageDescriptor *type;
    void (*handle)(Manager *manager, MgrEndpoint *endpoint, gconstpointer message, bool retained);
} LineRow;

static const LineRow rows[HL_N_TOPICS] = {
    [HL_TOPIC_LINK] = { &holdline__v1__link__descriptor, on_link },
    [HL_TOPIC_HEARTBEAT] = { &holdline__v1__heartbeat__descriptor, on_heartbeat },
    [HL_TOPIC_REPORT] = { &holdline__v1__report__descriptor, on_report },
    [HL_TOPIC_ECHO] = { &holdline__v1__echo__descriptor, on_echo },
};

/* A broker that has not read the revocation list lets in who has no business here: out again, each time. */
static void end_uninvited(Manager *manager, const char *id, GBytes *payload)
{
    g_autoptr(HlMsgLink) link = hl_wire_decode_bytes(&holdline__v1__link__descriptor, payload, NULL);

    if (link != NULL && link->online)
        mgr_revoke_evict(manager, id);
}

static void handle_from_endpoint(Manager *manager, HlTopic topic, const char *id, const HlBusMessage *message)
{
    MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, id);
    g_autoptr(GError) error = NULL;
    gpointer decoded;

    if (g_bytes_get_size(message->payload) == 0)
        return; /* a retained topic was emptied */
    if (endpoint == NULL || endpoint->record.revoked_at > 0) {
        manager->counters.unknown_senders++;
        hl_log_limited(HL_LOG_WARN, "line", id, "%s from %s, which is %s: ignored", message->topic, id,
                       endpoint == NULL ? "not in the registry" : "revoked");
        if (endpoint == NULL && topic == HL_TOPIC_LINK)
            mgr_delivery_forget(manager, id); /* the will of a removed one comes after its topics were emptied */
        if (topic == HL_TOPIC_LINK && !message->retained)
            end_uninvited(manager, id, message->payload);
        return;
    }
    decoded = hl_wire_decode_bytes(rows[topic].type, message->payload, &error);
    if (decoded == NULL) {
        manager->counters.bad_messages++;
        hl_log_limited(HL_LOG_WARN, "line", id, "%s: %s: ignored", message->topic, error->message);
        return;
    }
    rows[topic].handle(manager, endpoint, decoded, message->retained);
    hl_wire_free(decoded);
}

static void feed_all(Manager *manager, MgrPresenceEventKind kind)
{
    MgrPresenceEvent event = { .kind = kind };
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        mgr_line_presence(manager, value, &event);
}

static void follow_sight(Manager *manager, MgrSightChange change)
{
    switch (change) {
    case MGR_SIGHT_SAME:
        break;
    case MGR_SIGHT_LOST:
        hl_warn("line", "the manager cannot hear its endpoints: every status is kept as it was");
        feed_all(manager, MGR_PRESENCE_BLIND);
        break;
    case MGR_SIGHT_REGAINED:
        hl_info("line", "connected to the broker at %s; endpoints have %" G_GINT64_FORMAT " s to come back",
                hl_bus_broker(manager->bus), manager->sight_policy.window / HL_SECOND);
        publish_state(manager, true);
        break;
    case MGR_SIGHT_CLEARED:
        feed_all(manager, MGR_PRESENCE_SIGHTED);
        break;
    case MGR_SIGHT_ASK:
        ask_broker(manager);
        break;
    }
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Manager *manager = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    follow_sight(manager, mgr_sight_heard(&manager->sight, &manager->sight_policy, mgr_now()));
    if (!hl_topic_parse(message->topic, &topic, &id))
        return;
    if (topic == HL_TOPIC_MANAGER_ECHO)
        feed_all(manager, MGR_PRESENCE_PROVEN);
    else if (topic == HL_TOPIC_ADMIN_REQUEST)
        mgr_calls_handle(manager, id, message);
    else if (rows[topic].handle != NULL)
        handle_from_endpoint(manager, topic, id, message);
}

static void on_up(gpointer user)
{
    Manager *manager = user;

    manager->fleet.epoch++; /* endpoints answer a rise with their birth, whoever of the two was away */
    mgr_write_counter(manager->lazy, "epoch", manager->fleet.epoch);
    follow_sight(manager, mgr_sight_link(&manager->sight, &manager->sight_policy, true, mgr_now()));
    mgr_status_publish_all(manager);
    mgr_revoke_evict_all(manager);
}

static void on_down(const char *reason, gpointer user)
{
    Manager *manager = user;

    hl_warn("line", "lost the broker at %s: %s", hl_bus_broker(manager->bus), reason);
    follow_sight(manager, mgr_sight_link(&manager->sight, &manager->sight_policy, false, mgr_now()));
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user G_GNUC_UNUSED)
{
    hl_log_limited(HL_LOG_WARN, "line", "connect",
                   "cannot connect to the broker at %s: %s; trying again in %" G_GINT64_FORMAT " ms", broker, reason,
                   delay);
}

static const HlBusMessage *make_will(gpointer user)
{
    static HlBusMessage will;
    static const char topic[] = HL_TOPIC_ROOT "manager/state";

    g_clear_pointer(&will.payload, g_bytes_unref);
    will = (HlBusMessage){ .topic = topic, .payload = manager_state(user, false), .qos = 1, .retained = true };
    return &will;
}

bool mgr_line_start(Manager *manager, GError **error)
{
    static const char *const filters[] = { HL_TOPIC_ROOT "endpoint/+/link",
                                           HL_TOPIC_ROOT "endpoint/+/heartbeat",
                                           HL_TOPIC_ROOT "endpoint/+/report",
                                           HL_TOPIC_ROOT "endpoint/+/echo",
                                           HL_TOPIC_ROOT "admin/request/+",
                                           HL_TOPIC_ROOT "manager/echo",
                                           NULL };
    g_autofree char *ca = mgr_site_path(manager->dir, "pki/ca.pem");
    g_autofree char *cert = mgr_site_path(manager->dir, "pki/manager.pem");
    g_autofree char *key = mgr_site_path(manager->dir, "pki/manager.key");
    g_autofree char *own = mgr_broker_local_address(&manager->conf);
    const char *managed[] = { own, NULL };
    HlBusOptions options = {
        .client_id = "manager",
        .brokers = manager->conf.broker_mode == MGR_BROKER_MANAGED
                       ? managed
                       : (const char *const *)manager->conf.broker_addresses,
        .ca_path = ca,
        .cert_path = cert,
        .key_path = key,
        .subscriptions = filters,
        .subscription_qos = 1,
        .keepalive = 10 * HL_SECOND,
        .backoff_base = 200,
        .backoff_cap = 5 * HL_SECOND,
        .handlers = { .will = make_will, .up = on_up, .down = on_down, .failed = on_failed, .message = on_message },
        .user = manager
    };

    manager->sight_policy = mgr_sight_policy;
    manager->sight_policy.window = manager->conf.reconnect_window;
    manager->bus = hl_bus_new(&options, error);
    return manager->bus != NULL;
}

void mgr_line_flush(Manager *manager)
{
    g_autoptr(HlWriteSet) set = g_steal_pointer(&manager->lazy);
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrEndpoint *endpoint = value;

        if (endpoint->presence_dirty)
            mgr_write_presence(set, endpoint->record.number, &endpoint->record.presence);
        if (endpoint->display_dirty)
            mgr_write_display(set, &endpoint->record);
        endpoint->presence_dirty = endpoint->display_dirty = false;
    }
    manager->lazy = hl_write_set_new();
    if (!hl_writer_submit(manager->writer, g_steal_pointer(&set), NULL, NULL, &error))
        hl_log_limited(HL_LOG_ERROR, "registry", "presence", "%s", error->message);
}

void mgr_line_tick(Manager *manager)
{
    follow_sight(manager, mgr_sight_tick(&manager->sight, &manager->sight_policy, mgr_now()));
    /* while the broker owes an answer, the silence may be its own */
    if (manager->sight.state != MGR_SIGHT_BLIND && !manager->sight.asked)
        feed_all(manager, MGR_PRESENCE_TICK);
    mgr_line_flush(manager);
}

void mgr_line_stop(Manager *manager)
{
    if (manager->ask_timer != 0)
        g_source_remove(manager->ask_timer);
    if (manager->bus == NULL)
        return;
    publish_state(manager, false); /* the will goes with a clean DISCONNECT */
    g_clear_pointer(&manager->bus, hl_bus_free);
}

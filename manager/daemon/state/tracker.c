/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/tracker.h"

#include "lib/base/ident.h"
#include "manager/daemon/ground/now.h"

#define MAX_LOST 86400 /* heartbeats in one gap: a day's, at one a second; what is more is a number that jumped */

struct MgrTracker {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    GHashTable *doubted; /* ids: a line that was reported lost, while the broker itself was in doubt */
    MgrTrackerCounts counts;
};

MgrTracker *mgr_tracker_new(const MgrTrackerOptions *options)
{
    MgrTracker *tracker = g_new0(MgrTracker, 1);

    tracker->fleet = options->fleet;
    tracker->record = options->record;
    tracker->status = options->status;
    tracker->delivery = options->delivery;
    tracker->doubted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return tracker;
}

void mgr_tracker_free(MgrTracker *tracker)
{
    if (tracker == NULL)
        return;
    g_hash_table_unref(tracker->doubted);
    g_free(tracker);
}

MgrTrackerCounts mgr_tracker_count(const MgrTracker *tracker)
{
    return tracker->counts;
}

static void tell_change(MgrTracker *tracker, MgrEndpoint *endpoint, MgrActual before)
{
    const MgrPresence *presence = &endpoint->record.presence;
    const char *reason = mgr_reason_name(mgr_presence_reason(presence));
    MgrActual now = (MgrActual)presence->actual;

    if (now == before)
        return;
    mgr_record_note(tracker->record, endpoint->record.id, "status", "%s -> %s (%s)", mgr_actual_name(before),
                    mgr_actual_name(now), reason);
    mgr_status_event(tracker->status, endpoint, "status", mgr_actual_name(before), mgr_actual_name(now), reason);
}

static void send_probe(MgrTracker *tracker, MgrEndpoint *endpoint)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    contact->probe_nonce = hl_random_u64() | 1; /* 0 means that none is under way */
    contact->probe_mono = hl_clock_mono();
    mgr_delivery_probe(tracker->delivery, endpoint, contact->probe_nonce);
}

/* Steps, and keeps the number of those that are up and what time will bring; for what is told of it see the callers. */
static MgrPresenceEffects step(MgrTracker *tracker, MgrEndpoint *endpoint, const MgrPresenceEvent *event)
{
    bool was_up = mgr_endpoint_is_up(endpoint);
    MgrPresence *presence = &endpoint->record.presence;
    MgrNow now = mgr_now();
    MgrPresenceEffects effects = mgr_presence_step(presence, &mgr_presence_policy, event, now);
    bool is_up = mgr_endpoint_is_up(endpoint);

    tracker->counts.steps++;
    tracker->fleet->online += (guint)is_up - (guint)was_up;
    mgr_agenda_put(&tracker->fleet->presence_agenda, endpoint, mgr_presence_deadline(presence, &mgr_presence_policy));
    if (is_up != was_up) /* one that is up is not removed, however long ago its last contact was */
        mgr_agenda_put(&tracker->fleet->display_agenda, endpoint, now.mono);
    if (presence->doubted)
        g_hash_table_add(tracker->doubted, g_strdup(endpoint->record.id));
    return effects;
}

MgrPresenceEffects mgr_tracker_feed(MgrTracker *tracker, MgrEndpoint *endpoint, const MgrPresenceEvent *event)
{
    MgrActual before = (MgrActual)endpoint->record.presence.actual;
    MgrPresenceEffects effects = step(tracker, endpoint, event);

    tracker->counts.stale_messages += effects.stale_message;
    tracker->counts.lost_heartbeats += MIN(effects.lost_heartbeats, MAX_LOST);
    if (effects.lost_heartbeats > 0)
        mgr_endpoint_make_contact(endpoint)->lost_heartbeats += MIN(effects.lost_heartbeats, MAX_LOST);
    if (effects.changed || effects.born) {
        mgr_fleet_note_unwritten(tracker->fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
        mgr_status_touch(tracker->status, endpoint);
        tell_change(tracker, endpoint, before);
    }
    if (effects.fence)
        mgr_notices_fence(mgr_delivery_notices(tracker->delivery), endpoint, event->session, effects.fence_session);
    if (effects.probe)
        send_probe(tracker, endpoint);
    return effects;
}

void mgr_tracker_interval(MgrTracker *tracker, MgrEndpoint *endpoint, HlTime heartbeat)
{
    if ((HlTime)endpoint->record.presence.heartbeat_ms == heartbeat)
        return;
    mgr_tracker_feed(tracker, endpoint, &(MgrPresenceEvent){ .kind = MGR_PRESENCE_INTERVAL, .heartbeat = heartbeat });
    mgr_fleet_note_unwritten(tracker->fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
}

void mgr_tracker_blind(MgrTracker *tracker, guint broker)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_BLIND };
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, tracker->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const MgrEndpoint *)value)->broker == broker)
            mgr_tracker_feed(tracker, value, &event);
}

void mgr_tracker_sight(MgrTracker *tracker, guint broker)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_SIGHTED };
    HlTime now = hl_clock_mono();
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, tracker->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrEndpoint *endpoint = value;

        if (endpoint->broker != broker || !endpoint->record.presence.unconfirmed)
            continue;
        mgr_agenda_drop(&tracker->fleet->presence_agenda,
                        endpoint); /* the turn of when it was heard would come first */
        if (n < MGR_TRACKER_SLICE)
            mgr_tracker_feed(tracker, endpoint, &event);
        else
            mgr_agenda_put(&tracker->fleet->presence_agenda, endpoint, now + n / MGR_TRACKER_SLICE * HL_SECOND);
        n++;
    }
}

/* One that is unconfirmed waits for mgr_tracker_sight, which puts it down again if the broker went meanwhile. */
static void take_turn(MgrTracker *tracker, MgrEndpoint *endpoint, bool is_heard, bool is_clear)
{
    bool is_unconfirmed = endpoint->record.presence.unconfirmed;

    if (is_unconfirmed ? is_clear : is_heard)
        mgr_tracker_feed(tracker, endpoint,
                         &(MgrPresenceEvent){ .kind = is_unconfirmed ? MGR_PRESENCE_SIGHTED : MGR_PRESENCE_TICK });
    else if (!is_unconfirmed)
        mgr_agenda_put(&tracker->fleet->presence_agenda, endpoint, hl_clock_mono() + HL_SECOND);
}

void mgr_tracker_tick(MgrTracker *tracker, guint heard, guint clear)
{
    HlTime now = hl_clock_mono();
    MgrEndpoint *endpoint;

    while ((heard | clear) != 0 && (endpoint = mgr_agenda_take(&tracker->fleet->presence_agenda, now)) != NULL)
        take_turn(tracker, endpoint, heard & (1U << endpoint->broker), clear & (1U << endpoint->broker));
}

/* One that is not to be found was removed, or heard of, meanwhile; one that is unconfirmed is settled when the server
 * can hear again. */
void mgr_tracker_prove(MgrTracker *tracker, guint broker)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_PROVEN };
    g_autoptr(GHashTable) doubted = g_steal_pointer(&tracker->doubted);
    GHashTableIter iter;
    gpointer id;

    tracker->doubted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_iter_init(&iter, doubted);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(tracker->fleet, id);

        if (endpoint != NULL && endpoint->broker == broker)
            mgr_tracker_feed(tracker, endpoint, &event);
        else if (endpoint != NULL)
            g_hash_table_add(tracker->doubted, g_strdup(id));
    }
}

/* The caller tells of it, in its own words. */
void mgr_tracker_retire(MgrTracker *tracker, MgrEndpoint *endpoint, MgrReason reason)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_RETIRE, .reason = reason };

    step(tracker, endpoint, &event);
    mgr_fleet_note_unwritten(tracker->fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
}

void mgr_tracker_write_step(HlWriteSet *set, const MgrEndpointRecord *record, const MgrPresenceEvent *event)
{
    MgrPresence presence = record->presence;

    mgr_presence_step(&presence, &mgr_presence_policy, event, mgr_now());
    mgr_write_presence(set, record->number, &presence);
}

void mgr_tracker_write_retired(HlWriteSet *set, const MgrEndpoint *endpoint, MgrReason reason)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_RETIRE, .reason = reason };

    mgr_tracker_write_step(set, &endpoint->record, &event);
}

bool mgr_tracker_echo(MgrTracker *tracker, MgrEndpoint *endpoint, uint64_t nonce, uint64_t session)
{
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_ECHO, .session = session };
    MgrContact *contact = endpoint->contact;

    if (contact == NULL || contact->probe_nonce == 0 || nonce != contact->probe_nonce)
        return false;
    contact->probe_nonce = 0;
    contact->echo_ms = hl_clock_mono() - contact->probe_mono;
    mgr_tracker_feed(tracker, endpoint, &event);
    return true;
}

void mgr_tracker_flush(MgrTracker *tracker)
{
    HlWriteSet *set = mgr_record_background(tracker->record);
    GPtrArray *unwritten = tracker->fleet->unwritten;

    for (guint i = 0; i < unwritten->len; i++) {
        MgrEndpoint *endpoint = unwritten->pdata[i];

        if (endpoint->unwritten & MGR_UNWRITTEN_PRESENCE)
            mgr_write_presence(set, endpoint->record.number, &endpoint->record.presence);
        if (endpoint->unwritten & MGR_UNWRITTEN_DISPLAY)
            mgr_write_display(set, &endpoint->record);
        endpoint->unwritten = 0;
    }
    g_ptr_array_set_size(unwritten, 0);
}

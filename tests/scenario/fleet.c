/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/fleet.h"

#include <string.h>

#define TICK      (2 * HL_SECOND)
#define HEARTBEAT (60 * HL_SECOND)
/* A line younger than this may be unknown to the manager for good reasons: its birth is still on the way. */
#define GRACE (20 * HL_SECOND)

typedef enum { AT_MANAGER, CONNECT, BEAT, WILL, PROBE_AT_PEER, FENCE_AT_PEER, BROKER_UP, MANAGER_UP, RESUME } Kind;

typedef struct {
    HlTime at;
    uint64_t order; /* keeps the heap stable, so that a seed gives one run */
    Kind kind;
    guint peer;
    uint64_t connection; /* the line it belongs to; for AT_MANAGER: the manager's run */
    MgrPresenceEvent event;
} Item;

struct Fleet {
    FleetSpec spec;
    FleetPeer *peers;
    GArray *heap; /* of Item */
    uint64_t order;
    MgrNow now;
    MgrSight sight;
    bool broker_up, broker_closing, manager_up, suspended;
    uint64_t manager_run;
    HlTime hearing_since; /* broker and manager run undisturbed */
    guint worst_false, most_offline;
};

static bool before(const Item *a, const Item *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static Item *item_at(Fleet *fleet, guint i)
{
    return &g_array_index(fleet->heap, Item, i);
}

static void swap(Fleet *fleet, guint a, guint b)
{
    Item item = *item_at(fleet, a);

    *item_at(fleet, a) = *item_at(fleet, b);
    *item_at(fleet, b) = item;
}

static void push(Fleet *fleet, HlTime delay, Item item)
{
    guint i = fleet->heap->len;

    item.at = fleet->now.mono + delay;
    item.order = fleet->order++;
    g_array_append_val(fleet->heap, item);
    for (; i > 0 && before(item_at(fleet, i), item_at(fleet, (i - 1) / 2)); i = (i - 1) / 2)
        swap(fleet, i, (i - 1) / 2);
}

static Item pop(Fleet *fleet)
{
    Item top = *item_at(fleet, 0);
    guint n = fleet->heap->len - 1;

    swap(fleet, 0, n);
    g_array_set_size(fleet->heap, n);
    for (guint i = 0;;) {
        guint least = i;

        for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (before(item_at(fleet, child), item_at(fleet, least)))
                least = child;
        if (least == i)
            return top;
        swap(fleet, i, least);
        i = least;
    }
}

static guint random_below(guint n)
{
    return n == 0 ? 0 : (guint)g_test_rand_int_range(0, (gint32)n);
}

static bool chance(unsigned percent)
{
    return random_below(100) < percent;
}

/* A message from the broker to the manager: late, and now and then once more, much later. */
static void to_manager(Fleet *fleet, guint peer, MgrPresenceEvent event)
{
    Item item = { .kind = AT_MANAGER, .peer = peer, .event = event, .connection = fleet->manager_run };

    if (!fleet->manager_up || !fleet->broker_up)
        return;
    push(fleet, random_below(fleet->spec.late_ms), item);
    if (chance(fleet->spec.copy_percent))
        push(fleet, random_below(5 * HL_MINUTE), item);
}

static void publish_link(Fleet *fleet, guint i, MgrPresenceEvent event)
{
    fleet->peers[i].retained = event;
    to_manager(fleet, i, event);
}

static void judge(Fleet *fleet, guint i, MgrPresenceEvent event)
{
    FleetPeer *peer = &fleet->peers[i];
    MgrPresenceEffects fx = mgr_presence_step(&peer->presence, &mgr_presence_policy, &event, fleet->now);
    Item item = { .peer = i, .connection = peer->connection };

    g_assert_false(fx.clone_found);
    if (!fleet->broker_up)
        return;
    item.kind = PROBE_AT_PEER;
    if (fx.probe && !chance(fleet->spec.loss_percent))
        push(fleet, random_below(200), item);
    item.kind = FENCE_AT_PEER;
    item.event.session = fx.fence_session;
    if (fx.fence)
        push(fleet, random_below(200), item);
}

static void judge_all(Fleet *fleet, MgrPresenceEventKind kind)
{
    for (guint i = 0; i < fleet->spec.peers; i++)
        judge(fleet, i, (MgrPresenceEvent){ .kind = kind });
}

static void react(Fleet *fleet, MgrSightChange change)
{
    switch (change) {
    case MGR_SIGHT_LOST:
        judge_all(fleet, MGR_PRESENCE_BLIND);
        break;
    case MGR_SIGHT_CLEARED:
        judge_all(fleet, MGR_PRESENCE_SIGHTED);
        break;
    case MGR_SIGHT_ASK: /* the broker answers at once if it is there */
        if (fleet->broker_up)
            react(fleet, mgr_sight_heard(&fleet->sight, &mgr_sight_policy, fleet->now));
        break;
    case MGR_SIGHT_SAME:
    case MGR_SIGHT_REGAINED:
        break;
    }
}

static void link_changed(Fleet *fleet)
{
    bool up = fleet->manager_up && fleet->broker_up;

    fleet->hearing_since = fleet->now.mono;
    react(fleet, mgr_sight_link(&fleet->sight, &mgr_sight_policy, up, fleet->now));
    for (guint i = 0; up && i < fleet->spec.peers; i++) {
        MgrPresenceEvent event = fleet->peers[i].retained;

        event.retained = true;
        if (event.session != 0)
            to_manager(fleet, i, event);
    }
}

static void do_connect(Fleet *fleet, guint i)
{
    FleetPeer *peer = &fleet->peers[i];
    Item beat = { .kind = BEAT, .peer = i };

    if (!fleet->broker_up || fleet->broker_closing) {
        push(fleet, HL_SECOND + random_below((guint)fleet->spec.return_window),
             (Item){ .kind = CONNECT, .peer = i, .connection = peer->connection });
        return;
    }
    peer->connected = peer->ever = true;
    peer->up_since = fleet->now.mono;
    peer->session++;
    peer->sequence = 0;
    beat.connection = ++peer->connection;
    publish_link(fleet, i,
                 (MgrPresenceEvent){ .kind = MGR_PRESENCE_BIRTH,
                                     .session = peer->session,
                                     .boot = peer->boot,
                                     .machine = peer->machine,
                                     .heartbeat = HEARTBEAT });
    push(fleet, random_below(HEARTBEAT), beat);
}

static void do_beat(Fleet *fleet, guint i)
{
    FleetPeer *peer = &fleet->peers[i];

    peer->sequence++;
    if (!chance(fleet->spec.loss_percent))
        to_manager(
            fleet, i,
            (MgrPresenceEvent){ .kind = MGR_PRESENCE_HEARTBEAT, .session = peer->session, .sequence = peer->sequence });
    push(fleet, HEARTBEAT, (Item){ .kind = BEAT, .peer = i, .connection = peer->connection });
}

/* The endpoint's side of a fence: ep_session_fence. */
static void do_fence(Fleet *fleet, guint i, uint64_t session)
{
    FleetPeer *peer = &fleet->peers[i];

    if (!peer->connected || session < peer->session)
        return;
    fleet_lose(fleet, i, 0);
    peer->session = session;
    fleet_connect(fleet, i, HL_SECOND);
}

static void arrive(Fleet *fleet, const Item *item)
{
    MgrPresenceEvent event = item->event;

    if (!fleet->manager_up || item->connection != fleet->manager_run)
        return;
    react(fleet, mgr_sight_heard(&fleet->sight, &mgr_sight_policy, fleet->now));
    if (event.kind == MGR_PRESENCE_DOWN && event.reason == MGR_REASON_LINE_LOST && !event.retained)
        event.doubted = mgr_sight_doubts(&fleet->sight, &mgr_sight_policy, fleet->now);
    judge(fleet, item->peer, event);
}

static MgrPresence kept(const MgrPresence *p)
{
    return (MgrPresence){ .session = p->session,
                          .born_session = p->born_session,
                          .boot = p->boot,
                          .machine = p->machine,
                          .previous_boot = p->previous_boot,
                          .other_machine = p->other_machine,
                          .kept_machine = p->kept_machine,
                          .since_wall = p->since_wall,
                          .seen_wall = p->seen_wall,
                          .heartbeat_ms = p->heartbeat_ms,
                          .actual = p->actual,
                          .reason = p->reason,
                          .clone = p->clone,
                          .ended = p->ended,
                          .retired = p->retired };
}

static void handle(Fleet *fleet, const Item *item)
{
    FleetPeer *peer = &fleet->peers[item->peer];
    bool current = item->connection == peer->connection;

    switch (item->kind) {
    case AT_MANAGER:
        arrive(fleet, item);
        break;
    case CONNECT:
        if (current && !peer->connected)
            do_connect(fleet, item->peer);
        break;
    case BEAT:
        if (current && peer->connected)
            do_beat(fleet, item->peer);
        break;
    case WILL:
        if (fleet->broker_up)
            publish_link(fleet, item->peer, item->event);
        break;
    case PROBE_AT_PEER:
        if (peer->connected && !chance(fleet->spec.loss_percent))
            to_manager(fleet, item->peer, (MgrPresenceEvent){ .kind = MGR_PRESENCE_ECHO, .session = peer->session });
        break;
    case FENCE_AT_PEER:
        do_fence(fleet, item->peer, item->event.session);
        break;
    case BROKER_UP:
        fleet->broker_up = true;
        link_changed(fleet);
        break;
    case MANAGER_UP:
        fleet->manager_up = true;
        fleet->manager_run++;
        fleet->sight = (MgrSight){ 0 };
        for (guint i = 0; i < fleet->spec.peers; i++) {
            fleet->peers[i].presence = kept(&fleet->peers[i].presence);
            mgr_presence_restore(&fleet->peers[i].presence, fleet->now);
        }
        link_changed(fleet);
        break;
    case RESUME:
        fleet->suspended = false;
        fleet->hearing_since = fleet->now.mono;
        break;
    }
}

static void measure(Fleet *fleet)
{
    guint wrong = 0, offline = 0;

    for (guint i = 0; i < fleet->spec.peers; i++) {
        FleetPeer *peer = &fleet->peers[i];

        if (peer->presence.actual != MGR_ACTUAL_OFFLINE)
            continue;
        offline++;
        wrong += peer->connected && fleet->now.mono - MAX(peer->up_since, fleet->hearing_since) > GRACE + HEARTBEAT;
    }
    fleet->worst_false = MAX(fleet->worst_false, wrong);
    fleet->most_offline = MAX(fleet->most_offline, offline);
}

static void tick(Fleet *fleet)
{
    if (!fleet->manager_up || fleet->suspended)
        return;
    react(fleet, mgr_sight_tick(&fleet->sight, &mgr_sight_policy, fleet->now));
    if (fleet->sight.state != MGR_SIGHT_BLIND)
        judge_all(fleet, MGR_PRESENCE_TICK);
    measure(fleet);
}

static void advance(Fleet *fleet, HlTime to)
{
    fleet->now.wall += to - fleet->now.mono;
    fleet->now.mono = to;
}

void fleet_run(Fleet *fleet, HlTime duration)
{
    for (HlTime end = fleet->now.mono + duration; fleet->now.mono < end;) {
        HlTime next = (fleet->now.mono / TICK + 1) * TICK;

        while (fleet->heap->len > 0 && item_at(fleet, 0)->at <= next) {
            Item item = pop(fleet);

            advance(fleet, item.at);
            handle(fleet, &item);
        }
        advance(fleet, next);
        tick(fleet);
    }
}

Fleet *fleet_new(const FleetSpec *spec)
{
    Fleet *fleet = g_new0(Fleet, 1);

    fleet->spec = *spec;
    fleet->peers = g_new0(FleetPeer, spec->peers);
    fleet->heap = g_array_new(FALSE, FALSE, sizeof(Item));
    fleet->now = (MgrNow){ .wall = 1700000000000, .mono = HL_DAY };
    fleet->broker_up = fleet->manager_up = true;
    for (guint i = 0; i < spec->peers; i++) {
        fleet->peers[i].machine = 1 + i;
        fleet->peers[i].boot = 1000000 + i;
    }
    link_changed(fleet);
    return fleet;
}

void fleet_free(Fleet *fleet)
{
    g_array_unref(fleet->heap);
    g_free(fleet->peers);
    g_free(fleet);
}

FleetPeer *fleet_peer(Fleet *fleet, guint i)
{
    return &fleet->peers[i];
}

HlTime fleet_time(const Fleet *fleet)
{
    return fleet->now.mono;
}

void fleet_connect(Fleet *fleet, guint i, HlTime delay)
{
    push(fleet, delay, (Item){ .kind = CONNECT, .peer = i, .connection = fleet->peers[i].connection });
}

static MgrPresenceEvent down(const FleetPeer *peer, MgrReason reason)
{
    return (
        MgrPresenceEvent){ .kind = MGR_PRESENCE_DOWN, .session = peer->session, .boot = peer->boot, .reason = reason };
}

void fleet_stop(Fleet *fleet, guint i)
{
    FleetPeer *peer = &fleet->peers[i];

    if (!peer->connected)
        return;
    peer->connected = false;
    peer->connection++;
    publish_link(fleet, i, down(peer, MGR_REASON_CLEAN_STOP));
}

void fleet_lose(Fleet *fleet, guint i, HlTime will_delay)
{
    FleetPeer *peer = &fleet->peers[i];

    if (!peer->connected)
        return;
    peer->connected = false;
    peer->connection++;
    push(fleet, will_delay, (Item){ .kind = WILL, .peer = i, .event = down(peer, MGR_REASON_LINE_LOST) });
}

void fleet_reboot(Fleet *fleet, guint i)
{
    fleet_stop(fleet, i);
    fleet->peers[i].boot += 1000000;
    fleet_connect(fleet, i, random_below(60000));
}

void fleet_restore_disk(Fleet *fleet, guint i)
{
    FleetPeer *peer = &fleet->peers[i];
    uint64_t back = 1 + random_below(5);

    fleet_lose(fleet, i, random_below(90000));
    peer->session -= MIN(peer->session, back);
    peer->boot += 1000000;
    fleet_connect(fleet, i, random_below(60000));
}

void fleet_restart_broker(Fleet *fleet, FleetEnd end, FleetMemory memory, HlTime downtime)
{
    if (!fleet->broker_up || fleet->broker_closing)
        return;
    fleet->broker_closing = true;
    for (guint i = 0; i < fleet->spec.peers; i++) {
        FleetPeer *peer = &fleet->peers[i];
        MgrPresenceEvent old = peer->retained;

        if (peer->connected) {
            peer->connected = false;
            peer->connection++;
            if (end == FLEET_GRACEFUL) /* every will, before the manager's own line is closed */
                publish_link(fleet, i, down(peer, MGR_REASON_LINE_LOST));
            fleet_connect(fleet, i, HL_SECOND + random_below((guint)fleet->spec.return_window));
        }
        if (memory == FLEET_FORGETS)
            peer->retained = (MgrPresenceEvent){ 0 };
        else if (memory == FLEET_REMEMBERS_OLD)
            peer->retained = old;
    }
    fleet_run(fleet, TICK); /* some of the wills come through, the rest dies with the broker */
    fleet->broker_up = fleet->broker_closing = false;
    fleet->manager_run++; /* what was under way is lost */
    link_changed(fleet);
    push(fleet, downtime, (Item){ .kind = BROKER_UP });
}

void fleet_restart_manager(Fleet *fleet, HlTime downtime)
{
    if (!fleet->manager_up)
        return;
    fleet->manager_up = false;
    push(fleet, downtime, (Item){ .kind = MANAGER_UP });
}

void fleet_suspend_server(Fleet *fleet, HlTime duration)
{
    fleet->suspended = true;
    push(fleet, duration, (Item){ .kind = RESUME });
}

void fleet_jump_wall(Fleet *fleet, HlTime by)
{
    fleet->now.wall += by;
}

void fleet_assert_truth(Fleet *fleet)
{
    fleet->spec.loss_percent = 0;
    fleet_run(fleet, 15 * HL_MINUTE); /* late copies, reconnect window, three intervals */
    for (guint i = 0; i < fleet->spec.peers; i++) {
        const FleetPeer *peer = &fleet->peers[i];
        bool unheard = peer->presence.session == 0; /* birth and will were lost with the broker: nobody can know */
        MgrActual truth = peer->connected          ? MGR_ACTUAL_ONLINE
                          : peer->ever && !unheard ? MGR_ACTUAL_OFFLINE
                                                   : MGR_ACTUAL_NEVER_SEEN;

        if ((MgrActual)peer->presence.actual != truth)
            g_error("peer %u session %" G_GUINT64_FORMAT " (known %" G_GUINT64_FORMAT "): %s (%s), in truth %s", i,
                    peer->session, peer->presence.session, mgr_actual_name(peer->presence.actual),
                    mgr_reason_name(mgr_presence_reason(&peer->presence)), mgr_actual_name(truth));
        g_assert_cmpint(mgr_presence_reason(&peer->presence), !=, MGR_REASON_SERVER_BLIND);
    }
}

guint fleet_false_offline(const Fleet *fleet)
{
    return fleet->worst_false;
}

guint fleet_most_offline(const Fleet *fleet)
{
    return fleet->most_offline;
}

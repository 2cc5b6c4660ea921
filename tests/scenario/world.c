/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/world.h"

#define STEP (10 * HL_SECOND)

static void display(World *world, Peer *peer, MgrDisplayEventKind kind);

static MgrRecipient recipient_of(const World *world, const Peer *peer)
{
    return (MgrRecipient){ .by = world->by,
                           .in_unreachable_net = peer->display.in_unreachable_net,
                           .independent = peer->display.independent };
}

static void presence(World *world, Peer *peer, MgrPresenceEvent event)
{
    mgr_presence_step(&peer->presence, &mgr_presence_policy, &event, world->now);
}

/* What the server may hand out on this occasion, the endpoint takes. */
static void deliver(World *world, Peer *peer, MgrOccasion occasion)
{
    MgrRecipient to = recipient_of(world, peer);
    MgrPath settings = mgr_path_for(&to, MGR_WORK_SETTINGS, occasion);

    if (!peer->running || !peer->plugged)
        return;
    if (settings != MGR_PATH_NONE && peer->applied < world->version) {
        peer->applied = world->version;
        peer->applied_by = settings;
        peer->may_update = world->grants_update;
        mgr_notify_step(&peer->notify, MGR_NOTIFY_SETTLED, MGR_NOTIFY_SETTINGS, world->now);
    }
    if (mgr_path_for(&to, MGR_WORK_COMMAND, occasion) != MGR_PATH_NONE && peer->queued > 0) {
        peer->commands_run += peer->queued;
        peer->queued = 0;
        mgr_notify_step(&peer->notify, MGR_NOTIFY_SETTLED, MGR_NOTIFY_UPDATE_NOW, world->now);
    }
}

static void dial(World *world, Peer *peer)
{
    bool answers = peer->running && peer->plugged && !peer->display.independent;

    peer->dials++;
    peer->dialled = world->now.mono;
    if (peer->place == PEER_BESIDE_PRINTER)
        peer->reach = MGR_REACH_WRONG_HOST;
    else if (peer->place == PEER_OPEN && answers)
        peer->reach = MGR_REACH_REACHABLE;
    else
        peer->reach = MGR_REACH_TIMEOUT;
    display(world, peer, peer->reach == MGR_REACH_REACHABLE ? MGR_DISPLAY_DIAL_ANSWERED : MGR_DISPLAY_DIAL_FAILED);
}

static void feed(World *world, Peer *peer, MgrDisplayEvent event)
{
    MgrDisplayEffects fx = mgr_display_step(&peer->display, &world->policy, &event, world->now);

    if (fx.changed && !peer->display.removed)
        g_string_append_printf(peer->trail, "%s%s", peer->trail->len > 0 ? " " : "",
                               mgr_displayed_title(peer->display.shown));
    if (fx.dial)
        dial(world, peer);
    if (fx.work)
        deliver(world, peer,
                event.kind == MGR_DISPLAY_POLL      ? MGR_OCCASION_POLL
                : event.kind == MGR_DISPLAY_UPDATED ? MGR_OCCASION_UPDATED
                                                    : MGR_OCCASION_ANNOUNCED);
}

static void display(World *world, Peer *peer, MgrDisplayEventKind kind)
{
    feed(world, peer,
         (MgrDisplayEvent){ .kind = kind,
                            .generation = peer->display.generation,
                            .line_up = peer->presence.actual != MGR_ACTUAL_OFFLINE });
}

static void notify(World *world, Peer *peer, MgrNotifyEventKind kind, uint8_t what)
{
    MgrNotifyEffects fx = mgr_notify_step(&peer->notify, kind, what, world->now);

    if (fx.dial == 0)
        return;
    peer->notifications++;
    dial(world, peer);
    if (peer->reach == MGR_REACH_REACHABLE)
        deliver(world, peer, MGR_OCCASION_DIAL);
    notify(world, peer, peer->reach == MGR_REACH_REACHABLE ? MGR_NOTIFY_ANSWERED : MGR_NOTIFY_FAILED, 0);
}

static void connect(World *world, Peer *peer)
{
    peer->session++;
    peer->sequence = 0;
    presence(world, peer,
             (MgrPresenceEvent){ .kind = MGR_PRESENCE_BIRTH,
                                 .session = peer->session,
                                 .boot = peer->boot,
                                 .machine = 7,
                                 .heartbeat = 60 * HL_SECOND });
    deliver(world, peer, MGR_OCCASION_LINE);
}

static void announce(World *world, Peer *peer, MgrDisplayEventKind kind)
{
    bool in_unreachable_net = mgr_unreachable_has(&world->unreachable, peer->address);

    peer->running = peer->plugged = true;
    connect(world, peer);
    display(world, peer, in_unreachable_net ? MGR_DISPLAY_ENTERED_UNREACHABLE_NET : MGR_DISPLAY_LEFT_UNREACHABLE_NET);
    display(world, peer, kind);
}

void world_init(World *world, MgrBy by)
{
    *world = (World){ .now = { .wall = 1700000000000, .mono = 5000 * HL_SECOND }, .by = by, .version = 1 };
    world->unreachable =
        (MgrUnreachable){ .ranges = &world->range, .heartbeat_minutes = 10, .poll_minutes = 30, .offline_minutes = 60 };
    world->policy.unreachable = &world->unreachable;
}

void world_clear(World *world)
{
    for (guint i = 0; i < world->n; i++)
        g_string_free(world->peers[i].trail, TRUE);
}

Peer *world_install(World *world, PeerPlace place, const char *address)
{
    Peer *peer = &world->peers[world->n++];

    g_assert_cmpuint(world->n, <=, WORLD_PEERS);
    *peer = (Peer){ .place = place, .address = address, .boot = 1000 + world->n, .trail = g_string_new(NULL) };
    peer->running = peer->plugged = true;
    deliver(world, peer, MGR_OCCASION_BUNDLE);
    announce(world, peer, MGR_DISPLAY_REGISTERED);
    return peer;
}

static void offer(World *world, Peer *peer, uint8_t what)
{
    MgrRecipient to = recipient_of(world, peer);

    if (peer->presence.actual == MGR_ACTUAL_ONLINE)
        deliver(world, peer, MGR_OCCASION_LINE);
    if (mgr_path_wants_dial(&to))
        notify(world, peer, MGR_NOTIFY_WANT, what);
}

void world_save(World *world, bool grants_update)
{
    world->version++;
    world->grants_update = grants_update;
    for (guint i = 0; i < world->n; i++)
        offer(world, &world->peers[i], MGR_NOTIFY_SETTINGS);
}

void world_command(World *world, Peer *peer)
{
    peer->queued++;
    offer(world, peer, MGR_NOTIFY_UPDATE_NOW);
}

void world_verify(World *world)
{
    for (guint i = 0; i < world->n; i++)
        display(world, &world->peers[i], MGR_DISPLAY_VERIFY);
}

void world_switch(World *world, MgrBy by)
{
    world->by = by;
    for (guint i = 0; i < world->n; i++)
        if (world->peers[i].presence.actual == MGR_ACTUAL_ONLINE)
            deliver(world, &world->peers[i], MGR_OCCASION_LINE);
}

void peer_restart(World *world, Peer *peer)
{
    peer->boot += 1000;
    announce(world, peer, MGR_DISPLAY_RESTARTED);
}

static void down(World *world, Peer *peer, MgrReason reason)
{
    presence(world, peer, (MgrPresenceEvent){ .kind = MGR_PRESENCE_DOWN, .session = peer->session, .reason = reason });
}

void peer_stop(World *world, Peer *peer)
{
    peer->running = false;
    down(world, peer, MGR_REASON_CLEAN_STOP);
    display(world, peer, MGR_DISPLAY_STOPPED);
}

void peer_uninstall(World *world, Peer *peer)
{
    peer->running = false;
    down(world, peer, MGR_REASON_CLEAN_STOP);
    display(world, peer, MGR_DISPLAY_UNINSTALLED);
}

void peer_kill(World *world, Peer *peer)
{
    peer->plugged = false;
    down(world, peer, MGR_REASON_LINE_LOST);
    display(world, peer, MGR_DISPLAY_LINE_LOST);
}

void peer_resume(World *world, Peer *peer)
{
    peer->running = peer->plugged = true;
    connect(world, peer);
    display(world, peer, MGR_DISPLAY_LINE_UP);
}

void peer_update(World *world, Peer *peer)
{
    peer->updates++;
    display(world, peer, MGR_DISPLAY_UPDATED);
}

void peer_log(World *world, Peer *peer)
{
    display(world, peer, MGR_DISPLAY_LOG_UPLOADED);
    deliver(world, peer, MGR_OCCASION_LOG);
}

void peer_set_independent(World *world, Peer *peer, bool on)
{
    display(world, peer, on ? MGR_DISPLAY_INDEPENDENT_ON : MGR_DISPLAY_INDEPENDENT_OFF);
}

void peer_move(World *world, Peer *peer, PeerPlace place, const char *address)
{
    peer->place = place;
    peer->address = address;
    announce(world, peer, MGR_DISPLAY_REGISTERED);
}

static void live(World *world, Peer *peer)
{
    if (!peer->running || !peer->plugged)
        return;
    if ((world->now.mono / STEP) % 6 == 0) {
        presence(world, peer,
                 (MgrPresenceEvent){
                     .kind = MGR_PRESENCE_HEARTBEAT, .session = peer->session, .sequence = ++peer->sequence });
        display(world, peer, MGR_DISPLAY_HEARTBEAT);
        deliver(world, peer, MGR_OCCASION_HEARTBEAT);
    }
    if (peer->display.in_unreachable_net &&
        world->now.mono - peer->polled >= world->unreachable.poll_minutes * HL_MINUTE) {
        peer->polled = world->now.mono;
        display(world, peer, MGR_DISPLAY_POLL);
    }
}

void world_run(World *world, HlTime duration)
{
    for (HlTime end = world->now.mono + duration; world->now.mono < end;) {
        world->now.mono += STEP;
        world->now.wall += STEP;
        for (guint i = 0; i < world->n; i++) {
            Peer *peer = &world->peers[i];

            live(world, peer);
            presence(world, peer, (MgrPresenceEvent){ .kind = MGR_PRESENCE_TICK });
            display(world, peer, MGR_DISPLAY_TICK);
            notify(world, peer, MGR_NOTIFY_TICK, 0);
        }
    }
}

static MgrVerdictFacts facts_of(const Peer *peer)
{
    return (MgrVerdictFacts){ .presence = &peer->presence,
                              .display = &peer->display,
                              .reach = peer->reach,
                              .dialled_mono = peer->dialled,
                              .address = peer->address,
                              .port = WORLD_PORT };
}

MgrVerdict peer_verdict(const Peer *peer)
{
    MgrVerdictFacts facts = facts_of(peer);

    return mgr_verdict_of(&facts);
}

char *peer_explain(const World *world, const Peer *peer)
{
    MgrVerdictFacts facts = facts_of(peer);
    g_auto(MgrExplanation) explanation = { 0 };

    mgr_verdict_explain(&facts, world->now, &explanation);
    return mgr_explanation_word(&explanation);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/presence.h"

#include <string.h>

#include "lib/base/ident.h"

/* Takeovers within the window that amount to clones quarrelling: one is a disk moved into another machine, two is the
 * move back (or a virtual machine reset to a snapshot); nothing honest does three. */
#define QUARREL_TAKEOVERS 3

#define LONGEST_HOLD_OFF HL_HOUR

#define SESSION_LEAD  HL_DAY /* ahead of our clock */
#define SESSION_STEPS 1000   /* ahead of the last one: connects that we did not hear of.  2^62 is 10^15 of these away */

const MgrPresencePolicy mgr_presence_policy = {
    .heartbeat = 60 * HL_SECOND,
    .probe_percent = 125,
    .stale_percent = 150,
    .lost_percent = 300,
    .doubt = 5 * HL_SECOND,
    .clone_window = 15 * HL_MINUTE,
    .hold_off = HL_MINUTE,
};

static const char *const actual_names[MGR_ACTUAL_N] = {
    [MGR_ACTUAL_NEVER_SEEN] = "never-seen",
    [MGR_ACTUAL_ONLINE] = "online",
    [MGR_ACTUAL_STALE] = "stale",
    [MGR_ACTUAL_OFFLINE] = "offline",
};

static const char *const reason_names[MGR_REASON_N] = {
    [MGR_REASON_NONE] = "none",           [MGR_REASON_BIRTH] = "birth",
    [MGR_REASON_HEARTBEAT] = "heartbeat", [MGR_REASON_ECHO] = "echo",
    [MGR_REASON_LATE] = "heartbeat-late", [MGR_REASON_CLEAN_STOP] = "clean-stop",
    [MGR_REASON_LINE_LOST] = "line-lost", [MGR_REASON_KEEPALIVE] = "keepalive",
    [MGR_REASON_REPLACED] = "replaced",   [MGR_REASON_REVOKED] = "revoked",
    [MGR_REASON_FLOODING] = "flooding",   [MGR_REASON_SERVER_BLIND] = "server-blind",
};

const char *mgr_actual_name(MgrActual actual)
{
    g_assert((unsigned)actual < MGR_ACTUAL_N);
    return actual_names[actual];
}

const char *mgr_reason_name(MgrReason reason)
{
    g_assert((unsigned)reason < MGR_REASON_N);
    return reason_names[reason];
}

bool mgr_actual_parse(const char *name, MgrActual *actual)
{
    for (unsigned i = 0; i < MGR_ACTUAL_N; i++) {
        if (strcmp(name, actual_names[i]) == 0) {
            *actual = (MgrActual)i;
            return true;
        }
    }
    return false;
}

bool mgr_reason_parse(const char *name, MgrReason *reason)
{
    for (unsigned i = 0; i < MGR_REASON_N; i++) {
        if (strcmp(name, reason_names[i]) == 0) {
            *reason = (MgrReason)i;
            return true;
        }
    }
    return false;
}

typedef struct {
    MgrPresence *p;
    const MgrPresencePolicy *policy;
    const MgrPresenceEvent *event;
    MgrNow now;
    MgrPresenceEffects fx;
} Step;

static bool is_up(const MgrPresence *p)
{
    return p->actual == MGR_ACTUAL_ONLINE || p->actual == MGR_ACTUAL_STALE;
}

static void become(Step *step, MgrActual actual, MgrReason reason)
{
    MgrPresence *p = step->p;

    if (p->actual == actual)
        return;
    p->actual_before = p->actual;
    p->since_before = p->since_wall;
    p->unheard = false; /* it is known now */
    p->actual = (uint8_t)actual;
    p->reason = (uint8_t)reason;
    p->since_wall = step->now.wall;
}

static void ignore(Step *step)
{
    step->fx.stale_message = true;
}

static void fence(Step *step)
{
    ignore(step);
    step->fx.fence = true;
    step->fx.fence_session = step->p->session;
}

/* A sign of life of the current session. */
static void hear(Step *step, MgrReason reason)
{
    MgrPresence *p = step->p;

    p->seen_wall = step->now.wall;
    p->seen_mono = p->quiet_mono = step->now.mono;
    p->unconfirmed = p->unheard = p->doubted = p->probed = false;
    become(step, MGR_ACTUAL_ONLINE, reason);
    if (p->reason == MGR_REASON_SERVER_BLIND)
        p->reason = (uint8_t)reason;
}

static void adopt(MgrPresence *p, uint64_t session)
{
    p->session = session;
    p->sequence = 0;
    p->ended = p->doubted = false;
}

static void end(Step *step, MgrActual actual, MgrReason reason)
{
    step->p->ended = true;
    step->p->doubted = false;
    step->p->down_mono = step->now.mono;
    become(step, actual, reason);
}

static void quarantine(Step *step, unsigned doublings)
{
    HlTime hold_off = step->policy->hold_off;

    while (doublings-- > 0 && hold_off < LONGEST_HOLD_OFF)
        hold_off *= 2;
    step->fx.quarantine = true;
    step->fx.hold_off = MIN(hold_off, LONGEST_HOLD_OFF);
    step->p->held_boot = step->event->boot;
    step->p->held_until = step->now.mono + step->fx.hold_off;
}

/* Two machines with one identity evict each other in turn: an evicted boot id returns, which no reboot ever does, or
 * the machine under the same identity changes. */
static void watch_takeover(Step *step)
{
    MgrPresence *p = step->p;
    const MgrPresenceEvent *event = step->event;
    bool other_machine = event->machine != 0 && p->machine != 0 && event->machine != p->machine;
    /* one that takes the line back from another that was just sent away is not a newcomer */
    bool vacated = p->held_boot != 0 && p->boot == p->held_boot && step->now.mono < p->held_until;

    if (p->born_session == 0 || event->boot == p->boot)
        return;
    if ((event->boot == p->previous_boot || other_machine) && !vacated) {
        if (p->clone != MGR_CLONE_SUSPECTED &&
            (p->takeovers == 0 || step->now.mono - p->takeover_mono > step->policy->clone_window)) {
            p->takeovers = 0;
            p->takeover_mono = step->now.mono;
        }
        if (p->takeovers < UINT16_MAX)
            p->takeovers++;
        if (p->clone == MGR_CLONE_NONE && p->takeovers >= QUARREL_TAKEOVERS) {
            p->clone = MGR_CLONE_SUSPECTED;
            step->fx.clone_found = true;
        }
        /* the newcomer is sent away, so that the machine that came first keeps its line for a while */
        if (p->clone == MGR_CLONE_SUSPECTED)
            quarantine(step, p->takeovers - QUARREL_TAKEOVERS);
    }
    p->previous_boot = p->boot;
    p->other_machine = p->machine;
}

static uint32_t bounded(HlTime heartbeat)
{
    return (uint32_t)CLAMP(heartbeat, HL_SECOND, HL_DAY);
}

static void accept_birth(Step *step)
{
    MgrPresence *p = step->p;
    const MgrPresenceEvent *event = step->event;

    watch_takeover(step);
    if (event->session > p->session)
        adopt(p, event->session);
    else if (event->boot != p->boot)
        p->sequence = 0; /* the heartbeats that came before it may be another start's: a restored disk */
    p->born_session = event->session;
    p->boot = event->boot;
    p->machine = event->machine;
    if (event->heartbeat > 0)
        p->heartbeat_ms = bounded(event->heartbeat);
    step->fx.born = true;
    if (event->retained) /* it was true once; the probe will tell whether it still is */
        step->fx.probe = true;
    else
        hear(step, MGR_REASON_BIRTH);
}

static void on_birth(Step *step)
{
    MgrPresence *p = step->p;
    const MgrPresenceEvent *event = step->event;
    bool same = event->session == p->session;

    if (p->clone == MGR_CLONE_KEPT && event->machine != p->kept_machine) {
        ignore(step);
        if (!event->retained)
            quarantine(step, UINT16_MAX);
    } else if (event->session > p->session || (same && p->born_session != p->session && !p->ended)) {
        accept_birth(step);
    } else if (event->boot == p->boot) { /* a copy, or late: the numbers of one start only rise */
        ignore(step);
        step->fx.probe = same && !p->ended && (p->unconfirmed || !is_up(p));
    } else {
        fence(step); /* also for a replay: the one that is there may have fallen back meanwhile */
    }
}

/* Whether a heartbeat or an echo belongs to the session that counts; takes up a session whose birth is still on its way
 * (it goes by another topic and another quality of service). */
static bool belongs(Step *step)
{
    MgrPresence *p = step->p;
    uint64_t session = step->event->session;

    if (session > p->session && p->clone != MGR_CLONE_KEPT)
        adopt(p, session);
    if (session == p->session && !p->ended)
        return true;
    if (session > p->session)
        ignore(step);
    else
        fence(step);
    return false;
}

static void on_heartbeat(Step *step)
{
    MgrPresence *p = step->p;
    uint64_t sequence = step->event->sequence;

    if (step->event->retained) {
        ignore(step);
        return;
    }
    if (!belongs(step))
        return;
    if (sequence <= p->sequence) { /* a copy, or superseded by a later one */
        ignore(step);
        return;
    }
    if (p->sequence != 0 && !p->unconfirmed)
        step->fx.lost_heartbeats = sequence - p->sequence - 1;
    p->sequence = sequence;
    hear(step, MGR_REASON_HEARTBEAT);
}

static void on_echo(Step *step)
{
    if (belongs(step))
        hear(step, MGR_REASON_ECHO);
}

static void on_down(Step *step)
{
    MgrPresence *p = step->p;
    const MgrPresenceEvent *event = step->event;
    bool same = event->session == p->session;
    bool twin = same && p->born_session == p->session && event->boot != 0 && event->boot != p->boot;

    if (event->session < p->session || (same && p->ended && !p->doubted) || twin) {
        ignore(step); /* the late will: its endpoint has long been back */
        return;
    }
    if (p->clone == MGR_CLONE_KEPT && !same) {
        ignore(step); /* the farewell of the machine that was sent away */
        return;
    }
    /* The will of a session that nobody saw begin, while another one is up: the one that is there may have fallen back
     * (its disk was restored).  Its echo tells, and it is fenced, instead of at its next heartbeat. */
    step->fx.probe = !same && is_up(p);
    if (!same)
        adopt(p, event->session);
    if (event->reason == MGR_REASON_LINE_LOST && is_up(p) && (p->unconfirmed || event->doubted)) {
        if (!p->doubted)
            p->down_mono = step->now.mono;
        p->ended = p->doubted = true;
        return;
    }
    end(step, MGR_ACTUAL_OFFLINE, event->reason);
}

static void on_retire(Step *step)
{
    end(step, MGR_ACTUAL_OFFLINE, step->event->reason);
    step->p->reason = (uint8_t)step->event->reason; /* also for one that was Offline before */
    step->p->retired = true;
    step->p->unconfirmed = step->p->unheard = false;
}

static HlTime interval_of(const MgrPresence *p, const MgrPresencePolicy *policy)
{
    return p->heartbeat_ms > 0 ? (HlTime)p->heartbeat_ms : policy->heartbeat;
}

/* When silence amounts to so much of the interval. */
static HlTime silent_at(const MgrPresence *p, const MgrPresencePolicy *policy, unsigned percent)
{
    return p->quiet_mono + (interval_of(p, policy) * percent + 99) / 100;
}

HlTime mgr_presence_deadline(const MgrPresence *presence, const MgrPresencePolicy *policy)
{
    HlTime due;

    if (presence->unconfirmed || !is_up(presence))
        return G_MAXINT64;
    if (presence->doubted)
        return presence->down_mono + policy->doubt;
    due = silent_at(presence, policy, policy->lost_percent);
    if (!presence->probed)
        due = MIN(due, silent_at(presence, policy, policy->probe_percent));
    if (presence->actual == MGR_ACTUAL_ONLINE)
        due = MIN(due, silent_at(presence, policy, policy->stale_percent));
    return due;
}

static void on_tick(Step *step)
{
    MgrPresence *p = step->p;
    HlTime interval = interval_of(p, step->policy);
    HlTime silence = (step->now.mono - p->quiet_mono) * 100;

    if (p->unconfirmed || !is_up(p))
        return;
    if (p->doubted) {
        if (step->now.mono - p->down_mono >= step->policy->doubt)
            end(step, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
        return;
    }
    if (silence >= interval * step->policy->lost_percent) {
        p->down_mono = step->now.mono;
        become(step, MGR_ACTUAL_OFFLINE, MGR_REASON_KEEPALIVE);
        return;
    }
    if (silence >= interval * step->policy->probe_percent && !p->probed)
        p->probed = step->fx.probe = true;
    if (silence >= interval * step->policy->stale_percent)
        become(step, MGR_ACTUAL_STALE, MGR_REASON_LATE);
}

static void on_proven(Step *step)
{
    if (step->p->doubted && !step->p->unconfirmed)
        end(step, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
}

static void on_blind(Step *step)
{
    MgrPresence *p = step->p;

    if (p->retired)
        return;
    p->unconfirmed = true;
    if (p->actual == MGR_ACTUAL_OFFLINE && p->reason == MGR_REASON_LINE_LOST && p->down_mono != 0 &&
        step->now.mono - p->down_mono <= step->policy->doubt && p->actual_before != MGR_ACTUAL_NEVER_SEEN) {
        p->actual = p->actual_before;
        p->since_wall = p->since_before;
        p->reason = MGR_REASON_SERVER_BLIND;
        p->doubted = true;
    }
}

static void on_sighted(Step *step)
{
    MgrPresence *p = step->p;

    if (!p->unconfirmed)
        return;
    p->unconfirmed = false;
    p->unheard = true;
    p->quiet_mono = step->now.mono;
    if (p->doubted)
        end(step, MGR_ACTUAL_OFFLINE, MGR_REASON_LINE_LOST);
    else if (!p->ended && p->session != 0)
        step->fx.probe = true;
    p->probed = step->fx.probe;
}

/* The silence so far was by the old one: the endpoint counts from now too. */
static void on_interval(Step *step)
{
    MgrPresence *p = step->p;

    p->heartbeat_ms = bounded(step->event->heartbeat);
    p->quiet_mono = step->now.mono;
    p->probed = false;
}

static void on_clone_keep(Step *step)
{
    MgrPresence *p = step->p;

    p->clone = MGR_CLONE_KEPT;
    p->kept_machine = step->event->machine;
    p->takeovers = 0;
    if (p->machine != p->kept_machine && !p->ended) {
        quarantine(step, UINT16_MAX);
        end(step, MGR_ACTUAL_OFFLINE, MGR_REASON_REPLACED);
    }
}

static void on_clone_split(Step *step)
{
    step->p->clone = MGR_CLONE_NONE;
    step->p->kept_machine = step->p->other_machine = step->p->previous_boot = 0;
    step->p->takeovers = 0;
}

typedef struct {
    void (*handle)(Step *step);
    bool from_endpoint; /* needs a session number, and no longer counts once retired */
} Handler;

static const Handler handlers[] = {
    [MGR_PRESENCE_BIRTH] = { on_birth, true },
    [MGR_PRESENCE_DOWN] = { on_down, true },
    [MGR_PRESENCE_HEARTBEAT] = { on_heartbeat, true },
    [MGR_PRESENCE_ECHO] = { on_echo, true },
    [MGR_PRESENCE_RETIRE] = { on_retire, false },
    [MGR_PRESENCE_PROVEN] = { on_proven, false },
    [MGR_PRESENCE_TICK] = { on_tick, false },
    [MGR_PRESENCE_BLIND] = { on_blind, false },
    [MGR_PRESENCE_SIGHTED] = { on_sighted, false },
    [MGR_PRESENCE_INTERVAL] = { on_interval, false },
    [MGR_PRESENCE_CLONE_KEEP] = { on_clone_keep, false },
    [MGR_PRESENCE_CLONE_SPLIT] = { on_clone_split, false },
};

MgrPresenceEffects mgr_presence_step(MgrPresence *presence, const MgrPresencePolicy *policy,
                                     const MgrPresenceEvent *event, MgrNow now)
{
    Step step = { .p = presence, .policy = policy, .event = event, .now = now };
    MgrActual actual = presence->actual;
    MgrReason reason = mgr_presence_reason(presence);

    g_assert((unsigned)event->kind < G_N_ELEMENTS(handlers));
    if (handlers[event->kind].from_endpoint && (event->session == 0 || presence->retired))
        ignore(&step);
    else
        handlers[event->kind].handle(&step);
    step.fx.changed = presence->actual != actual || mgr_presence_reason(presence) != reason;
    return step.fx;
}

uint64_t mgr_presence_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;

    if (text == NULL || *text == '\0')
        return 0;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    return hash == 0 ? 1 : hash;
}

bool mgr_presence_believes(const MgrPresence *presence, uint64_t session, HlTime wall)
{
    return session <= (uint64_t)(MAX(wall, 0) + SESSION_LEAD) ||
           (presence->session <= HL_SESSION_MAX - SESSION_STEPS && session <= presence->session + SESSION_STEPS);
}

static void restart_numbers(MgrPresence *presence)
{
    presence->session = presence->born_session = presence->sequence = 0;
}

bool mgr_presence_restore(MgrPresence *presence, MgrNow now)
{
    HlTime age = MAX(now.wall - presence->seen_wall, 0);
    bool believed = presence->session <= (uint64_t)(MAX(now.wall, 0) + SESSION_LEAD);

    if (!believed)
        restart_numbers(presence);
    presence->sequence = 0;
    presence->seen_mono = presence->seen_wall == 0 ? 0 : now.mono - age;
    presence->quiet_mono = now.mono;
    presence->down_mono = presence->takeover_mono = 0;
    presence->takeovers = presence->clone == MGR_CLONE_SUSPECTED ? QUARREL_TAKEOVERS : 0;
    presence->actual_before = presence->actual;
    presence->probed = false;
    presence->unconfirmed = !presence->retired;
    presence->doubted = presence->ended && is_up(presence); /* the last manager died while in doubt */
    return believed;
}

void mgr_presence_enrolled(MgrPresence *presence)
{
    presence->retired = false;
    presence->clone = MGR_CLONE_NONE; /* the other's certificate ended with the enrolment */
    presence->kept_machine = presence->other_machine = presence->previous_boot = 0;
    presence->takeovers = 0;
    restart_numbers(presence);
}

MgrReason mgr_presence_reason(const MgrPresence *presence)
{
    if ((presence->unconfirmed || presence->unheard || presence->doubted) && is_up(presence))
        return MGR_REASON_SERVER_BLIND;
    return presence->reason;
}

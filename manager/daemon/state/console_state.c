/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/console_state.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/rate.h"
#include "manager/daemon/ground/now.h"

#define CLOCK_STEP           (5 * HL_SECOND) /* between two ticks: more is no slewing, it was set */
#define MAX_DIALS_PER_MINUTE 12   /* that one endpoint's announcements can cause: it chooses address and port */
#define MAX_LOOKS            2000 /* in one turn, two milliseconds: after a start each endpoint is looked at once */

struct MgrConsole {
    MgrConsoleOptions parts;
    MgrConsolePolicy policy;
    MgrDisplayPolicy display_policy; /* of policy */
    HlTime clock_ahead;              /* wall minus monotonic clock at the last tick: a change is a clock that was set */
    HlTime alive_wall, start_mono;   /* MgrClockSet */
    GPtrArray *verifications;        /* Verification * */
    MgrRates *dials;                 /* by endpoint */
    uint64_t looks;
    bool has_more; /* are due, but for the most that one turn looks at */
};

/* Somebody who waits for dials. */
typedef struct {
    GHashTable *waiting; /* id -> generation of the dial that is waited for */
    MgrVerified done;
    gpointer user;
    GDestroyNotify destroy;
} Verification;

static void verification_free(gpointer item)
{
    Verification *verification = item;

    g_hash_table_unref(verification->waiting);
    verification->destroy(verification->user);
    g_free(verification);
}

MgrConsole *mgr_console_new(const MgrConsoleOptions *options)
{
    MgrConsole *console = g_new0(MgrConsole, 1);

    console->parts = *options;
    console->dials = mgr_rates_new(MAX_DIALS_PER_MINUTE);
    console->verifications = g_ptr_array_new_with_free_func(verification_free);
    return console;
}

void mgr_console_free(MgrConsole *console)
{
    if (console == NULL)
        return;
    g_ptr_array_unref(console->verifications);
    mgr_console_policy_clear(&console->policy);
    mgr_rates_free(console->dials);
    g_free(console);
}

/* --------------------------------------------------------------------------------------------------------- dialling */

static void finish_dial(MgrConsole *console, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked, bool answered,
                        bool took);
static void abandon_dial(MgrConsole *console, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked);
static bool want_missing(MgrConsole *console, MgrEndpoint *endpoint);

/* What time brings next.  Somebody who waits to be told is looked at with each tick: the reason may be gone. */
static HlTime deadline_of(const MgrConsole *console, const MgrEndpoint *endpoint)
{
    const MgrContact *contact = mgr_endpoint_contact(endpoint);
    HlTime due =
        mgr_display_deadline(&endpoint->record.display, &console->display_policy, mgr_endpoint_is_up(endpoint));

    if (contact->dial_due_mono != 0)
        due = MIN(due, contact->dial_due_mono);
    return contact->notify.wanted != 0 ? 0 : due;
}

static void schedule(MgrConsole *console, MgrEndpoint *endpoint)
{
    mgr_agenda_put(&console->parts.fleet->display_agenda, endpoint, deadline_of(console, endpoint));
}

/* Whether its announcements may cause one more dial now; if not, there is one when they may. */
static bool may_dial(MgrConsole *console, MgrEndpoint *endpoint)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);
    HlTime now = hl_clock_mono();
    HlTime wait;

    contact->dial_due_mono = 0;
    if (mgr_rates_admit(console->dials, endpoint->record.id, now, &wait))
        return true;
    contact->dial_due_mono = now + wait;
    schedule(console, endpoint);
    hl_log_limited(HL_LOG_WARN, "prober", endpoint->record.id,
                   "%s announces itself more than %d times a minute: it is not dialled for each", endpoint->record.id,
                   MAX_DIALS_PER_MINUTE);
    return false;
}

static void dial(MgrConsole *console, MgrEndpoint *endpoint, uint8_t tell, MgrLane lane)
{
    g_autofree char *address = mgr_endpoint_address(endpoint);
    MgrDial order = { .endpoint = endpoint->record.id,
                      .address = address,
                      .port = (uint16_t)endpoint->record.direct_port,
                      .tell = tell,
                      .lane = lane,
                      .generation = endpoint->record.display.generation };

    if (order.port == 0) { /* it does not listen: nothing to learn, and the classic console would get no answer */
        endpoint->record.reach = MGR_REACH_NOT_PROBED;
        finish_dial(console, endpoint, order.generation, tell, false, false);
        return;
    }
    if (tell == MGR_DIAL_PING && lane == MGR_LANE_FIRST && !may_dial(console, endpoint))
        return;
    if (!console->parts.dial(&order, console->parts.user)) {
        hl_log_limited(HL_LOG_WARN, "prober", "full", "too many dials are waiting; %s is dialled at the next occasion",
                       endpoint->record.id);
        abandon_dial(console, endpoint, order.generation, tell);
    }
}

/* The occasion for work that a display event is. */
static MgrOccasion occasion_of(MgrDisplayEventKind kind)
{
    return kind == MGR_DISPLAY_UPDATED ? MGR_OCCASION_UPDATED
           : kind == MGR_DISPLAY_POLL  ? MGR_OCCASION_POLL
                                       : MGR_OCCASION_ANNOUNCED;
}

static void feed(MgrConsole *console, MgrEndpoint *endpoint, const MgrDisplayEvent *event, MgrLane lane)
{
    MgrDisplay *display = &endpoint->record.display;
    MgrDisplayed before = (MgrDisplayed)display->shown;
    MgrDisplayEffects effects = mgr_display_step(display, &console->display_policy, event, mgr_now());
    bool notified = false;

    schedule(console, endpoint);

    if (!mgr_display_is_dialled(display) && endpoint->record.reach != MGR_REACH_NOT_PROBED) {
        endpoint->record.reach = MGR_REACH_NOT_PROBED; /* what the last dial found no longer counts */
        mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_DISPLAY);
        mgr_status_touch(console->parts.status, endpoint);
    }
    if (effects.changed) {
        const char *from = mgr_displayed_name(before);
        const char *to = mgr_displayed_name((MgrDisplayed)display->shown);

        mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_DISPLAY);
        mgr_status_touch(console->parts.status, endpoint);
        if (strcmp(from, to) != 0) {
            mgr_record_note(console->parts.record, endpoint->record.id, "displayed", "%s -> %s", from, to);
            mgr_status_event(console->parts.status, endpoint, "displayed", from, to,
                             mgr_reach_name(endpoint->record.reach));
        }
    }
    if (effects.removed) {
        mgr_record_note(console->parts.record, endpoint->record.id, "displayed",
                        "removed from the console; it comes back when it registers");
        mgr_status_event(console->parts.status, endpoint, "tombstone", "", "", "");
    }
    if (effects.returned)
        mgr_status_event(console->parts.status, endpoint, "returned", "", "", "");
    /* from now on it is notified again (B16), also of what was saved while it was not; that dial is judged too */
    if (event->kind == MGR_DISPLAY_LEFT_UNREACHABLE_NET || event->kind == MGR_DISPLAY_INDEPENDENT_OFF ||
        effects.returned)
        notified = want_missing(console, endpoint);
    if (effects.dial && !notified)
        dial(console, endpoint, MGR_DIAL_PING, lane);
    if (effects.work)
        mgr_delivery_all(console->parts.delivery, endpoint, occasion_of(event->kind));
}

void mgr_console_feed(MgrConsole *console, MgrEndpoint *endpoint, MgrDisplayEventKind kind)
{
    MgrDisplayEvent event = { .kind = kind, .line_up = mgr_endpoint_is_up(endpoint) };

    /* ticks and the heartbeats of endpoints that are judged by the dial change nothing that is stored */
    if (kind != MGR_DISPLAY_TICK && (kind != MGR_DISPLAY_HEARTBEAT || endpoint->record.display.in_unreachable_net))
        mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_DISPLAY);
    feed(console, endpoint, &event, kind == MGR_DISPLAY_VERIFY ? MGR_LANE_SWEEP : MGR_LANE_FIRST);
}

static void notify(MgrConsole *console, MgrEndpoint *endpoint, MgrNotifyEventKind kind, uint8_t what)
{
    MgrNotifyEffects effects = mgr_notify_step(&mgr_endpoint_make_contact(endpoint)->notify, kind, what, mgr_now());

    schedule(console, endpoint);

    if (effects.dial != 0)
        dial(console, endpoint, effects.dial, effects.retry ? MGR_LANE_REPEAT : MGR_LANE_FIRST);
    if (effects.given_up != 0)
        mgr_record_note(console->parts.record, endpoint->record.id, "notify",
                        "not reached %d times: %s waits for its own next occasion", MGR_NOTIFY_RETRIES + 1,
                        (effects.given_up & MGR_NOTIFY_SETTINGS) != 0 ? "settings" : "update now");
}

/* Not in unreachable networks, independent mode, another delivery; not who is revoked or out of the console. */
static bool is_notified(const MgrEndpoint *endpoint)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);

    return mgr_path_wants_dial(&recipient) && !endpoint->record.display.removed && endpoint->record.revoked_at == 0;
}

void mgr_console_want(MgrConsole *console, MgrEndpoint *endpoint, uint8_t what)
{
    if (is_notified(endpoint))
        notify(console, endpoint, MGR_NOTIFY_WANT, what);
}

/* Notifications are not stored: they follow from what is missing.  Whether a dial began that tells it. */
static bool want_missing(MgrConsole *console, MgrEndpoint *endpoint)
{
    uint8_t missing = (uint8_t)((mgr_endpoint_has_desired(endpoint) ? 0 : MGR_NOTIFY_SETTINGS) |
                                (endpoint->last_target == NULL ? 0 : MGR_NOTIFY_UPDATE_NOW));
    bool before = mgr_endpoint_contact(endpoint)->notify.dialling;

    if (missing != 0)
        mgr_console_want(console, endpoint, missing);
    return !before && mgr_endpoint_contact(endpoint)->notify.dialling;
}

void mgr_console_settled(MgrConsole *console, MgrEndpoint *endpoint, uint8_t what)
{
    notify(console, endpoint, MGR_NOTIFY_SETTLED, what);
}

/* Whether a dial of this generation tells what is waited for: it is that one, or a later one. */
static bool is_awaited(const Verification *verification, const char *id, uint32_t generation)
{
    gpointer awaited;

    return g_hash_table_lookup_extended(verification->waiting, id, NULL, &awaited) &&
           (int32_t)(generation - GPOINTER_TO_UINT(awaited)) >= 0;
}

/* Tells who waits for nothing any more.  done may begin another verification. */
static void finish_verifications(MgrConsole *console)
{
    for (guint i = 0; i < console->verifications->len;) {
        Verification *verification = console->verifications->pdata[i];

        if (g_hash_table_size(verification->waiting) > 0) {
            i++;
            continue;
        }
        g_ptr_array_steal_index(console->verifications, i);
        verification->done(verification->user);
        verification_free(verification);
    }
}

/* Somebody who waits is told when their last dial ended. */
static void settle_verifications(MgrConsole *console, const char *id, uint32_t generation)
{
    for (guint i = 0; i < console->verifications->len; i++) {
        const Verification *verification = console->verifications->pdata[i];

        if (is_awaited(verification, id, generation))
            g_hash_table_remove(verification->waiting, id);
    }
    finish_verifications(console);
}

/* The endpoint is gone: whatever dials of it are under way, nobody waits for them. */
static void forget_verifications(MgrConsole *console, const char *id)
{
    for (guint i = 0; i < console->verifications->len; i++)
        g_hash_table_remove(((const Verification *)console->verifications->pdata[i])->waiting, id);
    finish_verifications(console);
}

/* What a dial means to the console, to the notification that it carried (which an endpoint that answers may still not
 * have taken), and to those who wait for it. */
static void finish_dial(MgrConsole *console, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked, bool answered,
                        bool took)
{
    MgrDisplayEvent event = { .kind = answered ? MGR_DISPLAY_DIAL_ANSWERED : MGR_DISPLAY_DIAL_FAILED,
                              .generation = generation };

    mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_DISPLAY);
    feed(console, endpoint, &event, MGR_LANE_FIRST);
    mgr_status_touch(console->parts.status, endpoint);
    if (asked != 0)
        notify(console, endpoint, took ? MGR_NOTIFY_ANSWERED : MGR_NOTIFY_FAILED, asked);
    settle_verifications(console, endpoint->record.id, generation);
}

/* Nothing was learned, for the server itself lacked something: a notification is repeated as after a failure. */
static void abandon_dial(MgrConsole *console, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked)
{
    if (asked != 0)
        notify(console, endpoint, MGR_NOTIFY_FAILED, asked);
    settle_verifications(console, endpoint->record.id, generation);
}

/* Not of a dial that was overtaken (by another one, or by the endpoint's own word): it may end after the newer one. */
static void record_reach(MgrConsole *console, MgrEndpoint *endpoint, const MgrDialResult *result)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    if (endpoint->record.reach != result->reach)
        mgr_record_note(console->parts.record, endpoint->record.id, "dial", "%s:%d: %s (%s)", result->address,
                        endpoint->record.direct_port, mgr_reach_name(result->reach), result->detail);
    endpoint->record.reach = result->reach;
    mgr_set_text(&contact->reach_detail, result->detail);
    contact->dialled_mono = hl_clock_mono();
    endpoint->record.dialled_at = hl_clock_wall();
}

void mgr_console_dialled(MgrConsole *console, const MgrDialResult *result)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(console->parts.fleet, result->endpoint);
    g_autofree char *address = endpoint != NULL ? mgr_endpoint_address(endpoint) : NULL;

    if (endpoint == NULL) { /* removed */
        forget_verifications(console, result->endpoint);
        return;
    }
    /* a dial of an address that it has left meanwhile tells nothing either */
    if (result->reach == MGR_REACH_NOT_PROBED || strcmp(result->address, address) != 0) {
        abandon_dial(console, endpoint, result->generation, result->asked);
        return;
    }
    if (result->generation == endpoint->record.display.generation)
        record_reach(console, endpoint, result);
    finish_dial(console, endpoint, result->generation, result->asked, result->reach == MGR_REACH_REACHABLE,
                result->reach == MGR_REACH_REACHABLE && result->told == result->asked);
}

/* --------------------------------------------------------------------------------------------- policy, registration */

static void judge_unreachable(MgrConsole *console, MgrEndpoint *endpoint)
{
    g_autofree char *address = mgr_endpoint_address(endpoint);
    bool in_unreachable_net = mgr_unreachable_has(&console->policy.unreachable, address);

    if (in_unreachable_net != endpoint->record.display.in_unreachable_net)
        mgr_console_feed(console, endpoint,
                         in_unreachable_net ? MGR_DISPLAY_ENTERED_UNREACHABLE_NET : MGR_DISPLAY_LEFT_UNREACHABLE_NET);
}

void mgr_console_registered(MgrConsole *console, MgrEndpoint *endpoint, MgrRegistered how)
{
    const MgrDisplay *display = &endpoint->record.display;

    judge_unreachable(console, endpoint);
    if (!display->registered || display->removed || how == MGR_REGISTERED_CHANGED)
        mgr_console_feed(console, endpoint, MGR_DISPLAY_REGISTERED);
    else
        mgr_console_feed(console, endpoint,
                         how == MGR_REGISTERED_ANNOUNCED ? MGR_DISPLAY_RESTARTED : MGR_DISPLAY_LINE_UP);
}

static bool check_days(const MgrConf *conf, GError **error)
{
    if (conf->remove_days > 0 && conf->remove_days < conf->inactive_days)
        return hl_fail(
            error, HL_ERROR_INVALID,
            "[status] remove-days = %d is less than inactive-days = %d: an endpoint is shown Inactive before it "
            "leaves the console",
            (int)conf->remove_days, (int)conf->inactive_days);
    if (conf->unreachable_heartbeat % HL_MINUTE != 0 || conf->unreachable_poll % HL_MINUTE != 0 ||
        conf->unreachable_offline % HL_MINUTE != 0)
        return hl_fail(error, HL_ERROR_INVALID, "[status] unreachable-heartbeat, -poll and -offline are whole minutes");
    return true;
}

bool mgr_console_policy_init(MgrConsolePolicy *policy, const MgrConf *conf, GError **error)
{
    MgrUnreachable *unreachable = &policy->unreachable;

    if (!check_days(conf, error))
        return false;
    *policy = (MgrConsolePolicy){ .unreachable = { .n_ranges = g_strv_length(conf->unreachable),
                                                   .heartbeat_minutes = conf->unreachable_heartbeat / HL_MINUTE,
                                                   .poll_minutes = conf->unreachable_poll / HL_MINUTE,
                                                   .offline_minutes = conf->unreachable_offline / HL_MINUTE },
                                  .inactive_after = conf->inactive_days * HL_DAY,
                                  .remove_after = conf->remove_days * HL_DAY,
                                  .verification = conf->verification };
    unreachable->ranges = g_new0(HlNetwork, unreachable->n_ranges + 1);
    for (gsize i = 0; i < unreachable->n_ranges; i++)
        if (!hl_network_parse(conf->unreachable[i], &unreachable->ranges[i], error))
            return hl_error_prefix(error, "status.unreachable");
    return mgr_unreachable_check(unreachable, error) ||
           hl_error_prefix(error, "[status] unreachable-heartbeat (n), -poll (m), -offline (k)");
}

void mgr_console_policy_clear(MgrConsolePolicy *policy)
{
    g_clear_pointer(&policy->unreachable.ranges, g_free);
}

void mgr_console_apply(MgrConsole *console, MgrConsolePolicy *policy)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(console->parts.fleet->endpoints);

    mgr_console_policy_clear(&console->policy);
    console->policy = *policy;
    *policy = (MgrConsolePolicy){ 0 };
    console->display_policy = (MgrDisplayPolicy){ .unreachable = &console->policy.unreachable,
                                                  .inactive_after = console->policy.inactive_after,
                                                  .remove_after = console->policy.remove_after };
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];
        bool polled = endpoint->record.display.in_unreachable_net;

        judge_unreachable(console, endpoint);
        mgr_agenda_put(&console->parts.fleet->display_agenda, endpoint, 0); /* its days may be others now */
        /* how often to poll, or that it need not: of all others at their next birth */
        if (mgr_endpoint_is_up(endpoint) && (polled || endpoint->record.display.in_unreachable_net))
            mgr_notices_ack_later(mgr_delivery_notices(console->parts.delivery), endpoint,
                                  mgr_endpoint_answered_session(endpoint));
    }
}

void mgr_console_start(MgrConsole *console)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(console->parts.fleet->endpoints);

    console->alive_wall = (HlTime)console->parts.fleet->alive;
    console->start_mono = hl_clock_mono();
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (mgr_display_restore(&endpoint->record.display, endpoint->record.presence.seen_wall,
                                (HlTime)console->parts.fleet->alive, mgr_now()))
            dial(console, endpoint, MGR_DIAL_PING, MGR_LANE_FIRST);
        want_missing(console, endpoint);
    }
}

/* ------------------------------------------------------------------------------------------------------------- time */

/* An endpoint that may no longer be notified is not dialled again for what was wanted before. */
static void tick_notification(MgrConsole *console, MgrEndpoint *endpoint)
{
    if (is_notified(endpoint))
        notify(console, endpoint, MGR_NOTIFY_TICK, 0);
    else
        notify(console, endpoint, MGR_NOTIFY_SETTLED, mgr_endpoint_contact(endpoint)->notify.wanted);
}

static void verify_all(MgrConsole *console)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(console->parts.fleet->endpoints);

    console->parts.fleet->verified = (uint64_t)hl_clock_wall();
    mgr_write_counter(mgr_record_background(console->parts.record), "verified", console->parts.fleet->verified);
    for (guint i = 0; i < endpoints->len; i++)
        mgr_console_feed(console, endpoints->pdata[i], MGR_DISPLAY_VERIFY);
}

/* By the clock that was ahead their time was over, so that nobody got them. */
static void deliver_again(MgrConsole *console, const MgrEndpoint *endpoint)
{
    for (MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL; at = mgr_endpoint_next_target(endpoint, at))
        if (at->record.state == HL_STATE_QUEUED)
            mgr_delivery_command(console->parts.delivery, at, MGR_OCCASION_LINE);
}

static void write_alive(MgrConsole *console, HlTime wall)
{
    console->parts.fleet->alive = (uint64_t)wall;
    mgr_write_counter(mgr_record_background(console->parts.record), "alive", console->parts.fleet->alive);
}

/* One that was not heard since the start was heard when the registry says, if that is of the clock that is right. */
static void follow_seen(MgrPresence *presence, const MgrClockSet *set)
{
    if (presence->seen_wall != 0 && mgr_clock_was_behind(set) && presence->seen_mono <= set->start_mono)
        presence->seen_mono = MIN(set->now.mono - (set->now.wall - presence->seen_wall), set->start_mono);
    else if (presence->seen_wall != 0) /* it may have been heard since the clock was set */
        presence->seen_wall = set->now.wall - (set->now.mono - presence->seen_mono);
}

/* The clock was set: what is stored by the wall is moved along, so that a restart finds the same silence as before. */
static void follow_clock(MgrConsole *console, HlTime step)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(console->parts.fleet->endpoints);
    const MgrClockSet set = { step, mgr_now(), console->alive_wall, console->start_mono };

    hl_warn("clock", "the server's clock was set by %" G_GINT64_FORMAT " s", step / HL_SECOND);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        mgr_display_follow_clock(&endpoint->record.display, endpoint->record.presence.seen_wall, &set);
        mgr_agenda_put(&console->parts.fleet->display_agenda, endpoint, 0); /* its silence may be another now */
        mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_DISPLAY);
        follow_seen(&endpoint->record.presence, &set);
        if (endpoint->contact != NULL)
            endpoint->contact->skew -= step;
        mgr_fleet_note_unwritten(console->parts.fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
        mgr_status_touch(console->parts.status, endpoint); /* what it says of last contacts was of the other clock */
        if (step < 0)
            deliver_again(console, endpoint);
    }
    write_alive(console, set.now.wall); /* with what is moved: they are compared */
    console->parts.fleet->verified = (uint64_t)((HlTime)console->parts.fleet->verified + step);
}

static void look_at(MgrConsole *console, MgrEndpoint *endpoint)
{
    const MgrContact *contact;

    console->looks++;
    mgr_console_feed(console, endpoint, MGR_DISPLAY_TICK);
    contact = mgr_endpoint_contact(endpoint);
    if (contact->dial_due_mono != 0 && hl_clock_mono() >= contact->dial_due_mono)
        dial(console, endpoint, MGR_DIAL_PING, MGR_LANE_FIRST);
    if (contact->notify.wanted != 0)
        tick_notification(console, endpoint);
    schedule(console, endpoint);
}

uint64_t mgr_console_looks(const MgrConsole *console)
{
    return console->looks;
}

/* Only those whose time has come: whatever moves a deadline forward has put them there.  Who is put in again is looked
 * at with the next tick. */
static void look_at_due(MgrConsole *console)
{
    HlTime now = hl_clock_mono();
    guint most = MIN(mgr_agenda_size(&console->parts.fleet->display_agenda), MAX_LOOKS);
    g_autoptr(GPtrArray) due = g_ptr_array_new();
    gpointer endpoint;

    while (due->len < most && (endpoint = mgr_agenda_take(&console->parts.fleet->display_agenda, now)) != NULL)
        g_ptr_array_add(due, endpoint);
    for (guint i = 0; i < due->len; i++)
        look_at(console, due->pdata[i]);
    console->has_more = due->len == MAX_LOOKS;
}

void mgr_console_go_on(MgrConsole *console)
{
    if (console->has_more)
        look_at_due(console);
}

void mgr_console_tick(MgrConsole *console)
{
    HlTime now = hl_clock_wall();
    HlTime ahead = now - hl_clock_mono();

    if (console->clock_ahead != 0 && ABS(ahead - console->clock_ahead) > CLOCK_STEP)
        follow_clock(console, ahead - console->clock_ahead);
    console->clock_ahead = ahead;
    if (console->alive_wall <= now + MGR_ALIVE_SLACK) /* it is not behind: what comes is another setting, and back */
        console->alive_wall = 0;
    look_at_due(console);
    if (ABS(now - (HlTime)console->parts.fleet->alive) >= MGR_ALIVE_EVERY)
        write_alive(console, now);
    /* a new site, or a clock that was set back: the next verification is one whole interval away */
    if (console->parts.fleet->verified == 0 || (HlTime)console->parts.fleet->verified > now)
        console->parts.fleet->verified = (uint64_t)now;
    if (now - (HlTime)console->parts.fleet->verified >= console->policy.verification)
        verify_all(console);
}

void mgr_console_verify(MgrConsole *console, const GPtrArray *endpoints, MgrVerified done, gpointer user,
                        GDestroyNotify destroy)
{
    Verification *verification = g_new0(Verification, 1);

    verification->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    verification->done = done;
    verification->user = user;
    verification->destroy = destroy;
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (mgr_display_is_dialled(&endpoint->record.display))
            /* VERIFY dials under the next one */
            g_hash_table_insert(verification->waiting, g_strdup(endpoint->record.id),
                                GUINT_TO_POINTER(endpoint->record.display.generation + 1));
    }
    g_ptr_array_add(console->verifications, verification);
    for (guint i = 0; i < endpoints->len; i++)
        mgr_console_feed(console, endpoints->pdata[i], MGR_DISPLAY_VERIFY);
    finish_verifications(console); /* none of them is dialled */
}

#include "manager/daemon/display.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/report.h"
#include "manager/daemon/status.h"

#define CLOCK_STEP  (5 * HL_SECOND)  /* between two ticks: more is no slewing, it was set */
#define ALIVE_EVERY (10 * HL_SECOND) /* how often the registry is told that a manager lives */

/* A call that waits for dials. */
typedef struct {
    MgrCall *call;
    GHashTable *waiting; /* ids */
    GPtrArray *all;      /* ids */
} Verification;

static void free_verification(gpointer item)
{
    Verification *verification = item;

    g_hash_table_unref(verification->waiting);
    g_ptr_array_unref(verification->all);
    g_free(verification);
}

static void finish_dial(Manager *manager, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked, bool answered,
                        bool took);
static void abandon_dial(Manager *manager, MgrEndpoint *endpoint, uint8_t asked);

static char *first_address(const MgrEndpoint *endpoint)
{
    return g_strndup(endpoint->record.addresses, strcspn(endpoint->record.addresses, ","));
}

static void dial(Manager *manager, MgrEndpoint *endpoint, uint8_t tell, MgrLane lane)
{
    g_autofree char *address = first_address(endpoint);
    MgrDial order = { .endpoint = endpoint->record.id,
                      .address = address,
                      .port = (uint16_t)endpoint->record.direct_port,
                      .tell = tell,
                      .lane = lane,
                      .generation = endpoint->record.display.generation };

    if (order.port == 0) { /* it does not listen: nothing to learn, and the classic console would get no answer */
        endpoint->record.reach = MGR_REACH_NOT_PROBED;
        finish_dial(manager, endpoint, order.generation, tell, false, false);
        return;
    }
    if (!mgr_prober_dial(manager->prober, &order)) {
        hl_log_limited(HL_LOG_WARN, "prober", "full", "too many dials are waiting; %s is dialled at the next occasion",
                       endpoint->record.id);
        abandon_dial(manager, endpoint, tell);
    }
}

/* The occasion for work that a display event is. */
static MgrOccasion occasion_of(MgrDisplayEventKind kind)
{
    return kind == MGR_DISPLAY_UPDATED ? MGR_OCCASION_UPDATED
           : kind == MGR_DISPLAY_POLL  ? MGR_OCCASION_POLL
                                       : MGR_OCCASION_ANNOUNCED;
}

static void feed(Manager *manager, MgrEndpoint *endpoint, const MgrDisplayEvent *event, MgrLane lane)
{
    MgrDisplay *display = &endpoint->record.display;
    MgrDisplayed before = (MgrDisplayed)display->shown;
    MgrDisplayEffects effects = mgr_display_step(display, &manager->display_policy, event, mgr_now());

    if (!mgr_display_is_dialled(display) && endpoint->record.reach != MGR_REACH_NOT_PROBED) {
        endpoint->record.reach = MGR_REACH_NOT_PROBED; /* what the last dial found is nobody's measure any more */
        endpoint->display_dirty = true;
        mgr_status_touch(manager, endpoint);
    }
    if (effects.changed) {
        const char *from = mgr_displayed_name(before);
        const char *to = mgr_displayed_name((MgrDisplayed)display->shown);

        endpoint->display_dirty = true;
        mgr_status_touch(manager, endpoint);
        if (strcmp(from, to) != 0) {
            mgr_note(manager, endpoint->record.id, "displayed", "%s -> %s", from, to);
            mgr_status_event(manager, endpoint, "displayed", from, to, mgr_reach_name(endpoint->record.reach));
        }
    }
    if (effects.removed) {
        mgr_note(manager, endpoint->record.id, "displayed",
                 "removed from the console; it comes back when it registers");
        mgr_status_event(manager, endpoint, "tombstone", "", "", "");
    }
    if (effects.returned)
        mgr_status_event(manager, endpoint, "returned", "", "", "");
    if (effects.dial)
        dial(manager, endpoint, MGR_DIAL_PING, lane);
    if (effects.work)
        mgr_delivery_push_all(manager, endpoint, occasion_of(event->kind));
}

void mgr_display_feed(Manager *manager, MgrEndpoint *endpoint, MgrDisplayEventKind kind)
{
    MgrDisplayEvent event = { .kind = kind, .line_up = mgr_endpoint_is_up(endpoint) };

    /* ticks and the heartbeats of endpoints that are judged by the dial change nothing that is stored */
    if (kind != MGR_DISPLAY_TICK && (kind != MGR_DISPLAY_HEARTBEAT || endpoint->record.display.in_unreachable_net))
        endpoint->display_dirty = true;
    feed(manager, endpoint, &event, kind == MGR_DISPLAY_VERIFY ? MGR_LANE_SWEEP : MGR_LANE_FIRST);
}

static void notify(Manager *manager, MgrEndpoint *endpoint, MgrNotifyEventKind kind, uint8_t what)
{
    MgrNotifyEffects effects = mgr_notify_step(&endpoint->notify, kind, what, mgr_now());

    if (effects.dial != 0)
        dial(manager, endpoint, effects.dial, effects.retry ? MGR_LANE_REPEAT : MGR_LANE_FIRST);
    if (effects.given_up != 0)
        mgr_note(manager, endpoint->record.id, "notify", "not reached %d times: %s waits for its own next occasion",
                 MGR_NOTIFY_RETRIES + 1, (effects.given_up & MGR_NOTIFY_SETTINGS) != 0 ? "settings" : "update now");
}

void mgr_display_want(Manager *manager, MgrEndpoint *endpoint, uint8_t what)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);

    if (mgr_path_wants_dial(&recipient))
        notify(manager, endpoint, MGR_NOTIFY_WANT, what);
}

void mgr_display_settled(Manager *manager, MgrEndpoint *endpoint, uint8_t what)
{
    notify(manager, endpoint, MGR_NOTIFY_SETTLED, what);
}

/* A waiting "verify" is answered when its last dial ended. */
static void settle_verifications(Manager *manager, const char *id)
{
    for (guint i = 0; i < manager->verifications->len;) {
        Verification *verification = manager->verifications->pdata[i];

        g_hash_table_remove(verification->waiting, id);
        if (g_hash_table_size(verification->waiting) > 0) {
            i++;
            continue;
        }
        mgr_call_stream(verification->call, "endpoints", g_ptr_array_ref(verification->all), mgr_status_endpoint_by_id,
                        NULL);
        g_ptr_array_remove_index(manager->verifications, i);
    }
}

/* What a dial means to the console, to the notification that it carried (which an endpoint that answers may still not
 * have taken), and to those who wait for it. */
static void finish_dial(Manager *manager, MgrEndpoint *endpoint, uint32_t generation, uint8_t asked, bool answered,
                        bool took)
{
    MgrDisplayEvent event = { .kind = answered ? MGR_DISPLAY_DIAL_ANSWERED : MGR_DISPLAY_DIAL_FAILED,
                              .generation = generation };

    endpoint->display_dirty = true;
    feed(manager, endpoint, &event, MGR_LANE_FIRST);
    mgr_status_touch(manager, endpoint);
    if (asked != 0)
        notify(manager, endpoint, took ? MGR_NOTIFY_ANSWERED : MGR_NOTIFY_FAILED, asked);
    settle_verifications(manager, endpoint->record.id);
}

/* Nothing was learned, for the server itself lacked something: a notification is repeated as after a failure. */
static void abandon_dial(Manager *manager, MgrEndpoint *endpoint, uint8_t asked)
{
    if (asked != 0)
        notify(manager, endpoint, MGR_NOTIFY_FAILED, asked);
    settle_verifications(manager, endpoint->record.id);
}

static void on_dialled(const MgrDialResult *result, gpointer user)
{
    Manager *manager = user;
    MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, result->endpoint);
    g_autofree char *address = endpoint != NULL ? first_address(endpoint) : NULL;

    if (endpoint == NULL) { /* removed */
        settle_verifications(manager, result->endpoint);
        return;
    }
    /* a dial of an address that it has left meanwhile tells nothing either */
    if (result->reach == MGR_REACH_NOT_PROBED || strcmp(result->address, address) != 0) {
        abandon_dial(manager, endpoint, result->asked);
        return;
    }
    if (endpoint->record.reach != result->reach)
        mgr_note(manager, endpoint->record.id, "dial", "%s:%d: %s (%s)", address, endpoint->record.direct_port,
                 mgr_reach_name(result->reach), result->detail);
    endpoint->record.reach = result->reach;
    endpoint->record.dialled_at = hl_clock_wall();
    endpoint->dialled_mono = hl_clock_mono();
    finish_dial(manager, endpoint, result->generation, result->asked, result->reach == MGR_REACH_REACHABLE,
                result->reach == MGR_REACH_REACHABLE && result->told == result->asked);
}

static void judge_unreachable(Manager *manager, MgrEndpoint *endpoint)
{
    g_autofree char *address = first_address(endpoint);
    bool in_unreachable_net = mgr_unreachable_has(&manager->unreachable, address);

    if (in_unreachable_net != endpoint->record.display.in_unreachable_net)
        mgr_display_feed(manager, endpoint,
                         in_unreachable_net ? MGR_DISPLAY_ENTERED_UNREACHABLE_NET : MGR_DISPLAY_LEFT_UNREACHABLE_NET);
}

void mgr_display_reconfigured(Manager *manager)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(manager->fleet.endpoints);

    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        judge_unreachable(manager, endpoint);
        if (mgr_endpoint_is_up(endpoint))
            mgr_report_ack(manager, endpoint, 0); /* how often to poll, or that it need not */
    }
}

void mgr_display_registered(Manager *manager, MgrEndpoint *endpoint, bool changed, bool announced)
{
    const MgrDisplay *display = &endpoint->record.display;

    judge_unreachable(manager, endpoint);
    if (!display->registered || display->removed || changed)
        mgr_display_feed(manager, endpoint, MGR_DISPLAY_REGISTERED);
    else
        mgr_display_feed(manager, endpoint, announced ? MGR_DISPLAY_RESTARTED : MGR_DISPLAY_LINE_UP);
}

bool mgr_display_configure(Manager *manager, const MgrConf *conf, GError **error)
{
    MgrUnreachable fresh = { .n_ranges = g_strv_length(conf->unreachable),
                             .heartbeat_minutes = conf->unreachable_heartbeat / HL_MINUTE,
                             .poll_minutes = conf->unreachable_poll / HL_MINUTE,
                             .offline_minutes = conf->unreachable_offline / HL_MINUTE };

    if (conf->remove_days > 0 && conf->remove_days < conf->inactive_days)
        return hl_fail(
            error, HL_ERROR_INVALID,
            "[status] remove-days = %d is less than inactive-days = %d: an endpoint is shown Inactive before it "
            "leaves the console",
            (int)conf->remove_days, (int)conf->inactive_days);
    if (conf->unreachable_heartbeat % HL_MINUTE != 0 || conf->unreachable_poll % HL_MINUTE != 0 ||
        conf->unreachable_offline % HL_MINUTE != 0)
        return hl_fail(error, HL_ERROR_INVALID, "[status] unreachable-heartbeat, -poll and -offline are whole minutes");
    fresh.ranges = g_new0(HlNetwork, fresh.n_ranges + 1);
    for (gsize i = 0; i < fresh.n_ranges; i++) {
        if (!hl_network_parse(conf->unreachable[i], &fresh.ranges[i], error)) {
            g_free(fresh.ranges);
            return hl_error_prefix(error, "status.unreachable");
        }
    }
    if (!mgr_unreachable_check(&fresh, error)) {
        g_free(fresh.ranges);
        return hl_error_prefix(error, "[status] unreachable-heartbeat (n), -poll (m), -offline (k)");
    }
    g_free(manager->unreachable.ranges);
    manager->unreachable = fresh;
    manager->display_policy = (MgrDisplayPolicy){ .unreachable = &manager->unreachable,
                                                  .inactive_after = conf->inactive_days * HL_DAY,
                                                  .remove_after = conf->remove_days * HL_DAY };
    return true;
}

bool mgr_display_start(Manager *manager, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(manager->dir, "pki/manager.pem");
    g_autofree char *key_path = mgr_site_path(manager->dir, "pki/manager.key");
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, error);
    g_autoptr(HlKey) key = cert != NULL ? hl_key_load(key_path, error) : NULL;
    MgrProberLimits limits = mgr_prober_limits;
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(manager->fleet.endpoints);

    limits.deadline = manager->conf.probe_timeout;
    manager->verifications = g_ptr_array_new_with_free_func(free_verification);
    manager->dial_context =
        key != NULL ? hl_tls_context_new(HL_TLS_CLIENT, manager->authority.cert, cert, key, error) : NULL;
    manager->prober = manager->dial_context != NULL
                          ? mgr_prober_new(&limits, manager->dial_context, on_dialled, manager, error)
                          : NULL;
    if (manager->prober == NULL)
        return hl_error_prefix(error, "prober");
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        judge_unreachable(manager, endpoint); /* the configuration may be another one than before */
        if (mgr_display_restore(&endpoint->record.display, (HlTime)manager->fleet.alive, mgr_now()))
            dial(manager, endpoint, MGR_DIAL_PING, MGR_LANE_FIRST);
        if (!mgr_endpoint_has_desired(endpoint)) /* notifications are not stored: they follow from what is missing */
            mgr_display_want(manager, endpoint, MGR_NOTIFY_SETTINGS);
        if (endpoint->open_targets->len > 0)
            mgr_display_want(manager, endpoint, MGR_NOTIFY_UPDATE_NOW);
    }
    return true;
}

void mgr_display_stop(Manager *manager)
{
    g_clear_pointer(&manager->prober, mgr_prober_free);
    g_clear_pointer(&manager->dial_context, hl_tls_context_free);
    g_clear_pointer(&manager->verifications, g_ptr_array_unref);
    g_clear_pointer(&manager->unreachable.ranges, g_free);
}

/* Who may not be notified any more (unreachable network, independent mode, another delivery, out of the console) is not
 * dialled again for what was wanted before. */
static void tick_notification(Manager *manager, MgrEndpoint *endpoint)
{
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);

    if (mgr_path_wants_dial(&recipient) && !endpoint->record.display.removed)
        notify(manager, endpoint, MGR_NOTIFY_TICK, 0);
    else
        notify(manager, endpoint, MGR_NOTIFY_SETTLED, endpoint->notify.wanted);
}

static void verify_all(Manager *manager)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(manager->fleet.endpoints);

    manager->fleet.verified = (uint64_t)hl_clock_wall();
    mgr_write_counter(manager->lazy, "verified", manager->fleet.verified);
    for (guint i = 0; i < endpoints->len; i++)
        mgr_display_feed(manager, endpoints->pdata[i], MGR_DISPLAY_VERIFY);
}

/* The clock was set: what is stored by the wall is moved along, so that a restart finds the same silence as before. */
static void follow_clock(Manager *manager, const GPtrArray *endpoints, HlTime step)
{
    hl_warn("clock", "the server's clock was set by %" G_GINT64_FORMAT " s", step / HL_SECOND);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->record.display.contact_wall != 0)
            endpoint->record.display.contact_wall += step;
        endpoint->display_dirty = true;
    }
    manager->fleet.alive = (uint64_t)((HlTime)manager->fleet.alive + step);
    manager->fleet.verified = (uint64_t)((HlTime)manager->fleet.verified + step);
}

void mgr_display_tick(Manager *manager)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_values(manager->fleet.endpoints);
    HlTime now = hl_clock_wall();
    HlTime ahead = now - hl_clock_mono();

    if (manager->clock_ahead != 0 && ABS(ahead - manager->clock_ahead) > CLOCK_STEP)
        follow_clock(manager, endpoints, ahead - manager->clock_ahead);
    manager->clock_ahead = ahead;

    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        mgr_display_feed(manager, endpoint, MGR_DISPLAY_TICK);
        if (endpoint->notify.wanted != 0)
            tick_notification(manager, endpoint);
    }
    if (ABS(now - (HlTime)manager->fleet.alive) >= ALIVE_EVERY) {
        manager->fleet.alive = (uint64_t)now;
        mgr_write_counter(manager->lazy, "alive", manager->fleet.alive);
    }
    /* a new site, or a clock that was set back: the next verification is a whole interval away, and no more */
    if (manager->fleet.verified == 0 || (HlTime)manager->fleet.verified > now)
        manager->fleet.verified = (uint64_t)now;
    if (now - (HlTime)manager->fleet.verified >= manager->conf.verification)
        verify_all(manager);
}

void mgr_display_verify(MgrCall *call, GPtrArray *endpoints)
{
    Manager *manager = call->manager;
    Verification *verification = g_new0(Verification, 1);

    verification->call = call;
    verification->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    verification->all = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];

        g_ptr_array_add(verification->all, g_strdup(endpoint->record.id));
        if (mgr_display_is_dialled(&endpoint->record.display))
            g_hash_table_add(verification->waiting, g_strdup(endpoint->record.id));
    }
    g_ptr_array_add(manager->verifications, verification);
    for (guint i = 0; i < endpoints->len; i++)
        mgr_display_feed(manager, endpoints->pdata[i], MGR_DISPLAY_VERIFY);
    settle_verifications(manager, ""); /* none of them is dialled */
}

MgrVerdictFacts mgr_display_facts(const MgrEndpoint *endpoint, char **address)
{
    *address = first_address(endpoint);
    return (MgrVerdictFacts){ .presence = &endpoint->record.presence,
                              .display = &endpoint->record.display,
                              .reach = endpoint->record.reach,
                              .dialled_mono = endpoint->dialled_mono,
                              .address = *address,
                              .port = (unsigned)endpoint->record.direct_port };
}

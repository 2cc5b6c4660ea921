/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/line.h"

#include "lib/base/log.h"
#include "lib/base/service.h"
#include "manager/core/counter.h"
#include "manager/daemon/ground/now.h"
#include "manager/site/site.h"

#define ASK_INTERVAL 100 /* ms; a burst of wills is one question */

struct MgrLine {
    MgrLineOptions parts;
    MgrAnnounceParts self;
    HlBus *bus;
    MgrSight sight;
    MgrSightPolicy policy;
    guint ask_timer;
    HlTime asked_mono;
    HlTime up_wall, blind_mono; /* since when; 0: it is not up; blind from the beginning on */
    bool is_held;
    MgrAnnounceWill will;
};

static void ask_broker(MgrLine *line);

static gboolean on_ask_due(gpointer user)
{
    MgrLine *line = user;

    line->ask_timer = 0;
    ask_broker(line);
    return G_SOURCE_REMOVE;
}

/* Something that comes back to the manager itself, and to nobody else, if the broker lives. */
static void ask_broker(MgrLine *line)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("?", 1);
    HlTime wait = line->asked_mono + ASK_INTERVAL - hl_clock_mono();

    if (wait > 0) { /* what is doubted after the last answer needs another one */
        if (line->ask_timer == 0)
            line->ask_timer = g_timeout_add((guint)wait, on_ask_due, line);
        return;
    }
    line->asked_mono = hl_clock_mono();
    mgr_down_send_at(line->parts.down, line->parts.broker, HL_TOPIC_MANAGER_ECHO, payload);
}

bool mgr_line_doubts(MgrLine *line)
{
    bool doubts = mgr_sight_doubts(&line->sight, &line->policy, mgr_now());

    if (doubts)
        ask_broker(line);
    return doubts;
}

bool mgr_line_is_blind(const MgrLine *line)
{
    return line->sight.state == MGR_SIGHT_BLIND;
}

bool mgr_line_is_clear(const MgrLine *line)
{
    return line->sight.state == MGR_SIGHT_CLEAR;
}

HlTime mgr_line_up_since(const MgrLine *line)
{
    return hl_bus_state(line->bus) == HL_BUS_UP ? line->up_wall : 0;
}

HlTime mgr_line_blind_for(const MgrLine *line)
{
    return mgr_line_is_blind(line) ? MAX(hl_clock_mono() - line->blind_mono, 1) : 0;
}

bool mgr_line_is_mute(const MgrLine *line)
{
    return mgr_line_is_blind(line) && !line->is_held;
}

const char *mgr_line_place(const MgrLine *line)
{
    return hl_bus_broker(line->bus);
}

/* ------------------------------------------------------------------------------------------------------------ sight */

/* A broker that hung gets what was for everybody meanwhile, like one that was away. */
static void catch_up(MgrLine *line)
{
    mgr_down_clear_missed(line->parts.down, line->parts.broker);
    mgr_announce_state_at(&line->self, line->parts.broker, true);
    mgr_status_touch_all(line->parts.status);
}

static void follow_sight(MgrLine *line, MgrSightChange change)
{
    if (change != MGR_SIGHT_SAME)
        mgr_down_set_blind(line->parts.down, line->parts.broker, mgr_line_is_blind(line));
    switch (change) {
    case MGR_SIGHT_SAME:
        return;
    case MGR_SIGHT_LOST:
        hl_warn("line", "the manager cannot hear its endpoints at the broker %s: every status is kept as it was",
                hl_bus_broker(line->bus));
        line->blind_mono = hl_clock_mono();
        mgr_tracker_blind(line->parts.tracker, line->parts.broker);
        break;
    case MGR_SIGHT_REGAINED:
        hl_info("line", "connected to the broker at %s; endpoints have %" G_GINT64_FORMAT " s to come back",
                hl_bus_broker(line->bus), line->policy.window / HL_SECOND);
        catch_up(line);
        break;
    case MGR_SIGHT_CLEARED:
        mgr_tracker_sight(line->parts.tracker, line->parts.broker);
        break;
    case MGR_SIGHT_ASK:
        ask_broker(line);
        break;
    }
    line->parts.sight(line->parts.user);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    MgrLine *line = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    follow_sight(line, mgr_sight_heard(&line->sight, &line->policy, mgr_now()));
    if (!hl_topic_parse(message->topic, &topic, &id))
        return;
    mgr_down_hear(line->parts.down, line->parts.broker);
    line->parts.message(topic, id, message, line->parts.user);
}

/* -------------------------------------------------------------------------------------------------------------- bus */

static void on_up(gpointer user)
{
    MgrLine *line = user;
    MgrFleet *fleet = line->parts.fleet;
    MgrFence *fence = line->parts.fence;
    uint64_t last = fence != NULL ? MAX(fleet->epoch, mgr_fence_above(fence)) : fleet->epoch;

    /* endpoints answer another one with their birth, whichever of the two was away; by the clock, because a registry
     * restored from a backup would otherwise count to one that they have seen */
    fleet->epoch = mgr_counter_next(last, hl_clock_wall());
    line->up_wall = hl_clock_wall();
    if (fence != NULL)
        mgr_fence_serve(fence, fleet->epoch);
    mgr_write_counter(mgr_record_background(line->parts.record), "epoch", fleet->epoch);
    follow_sight(line, mgr_sight_link(&line->sight, &line->policy, true, mgr_now()));
    mgr_pki_evict_revoked(line->parts.pki);
}

static void update_window(MgrLine *line)
{
    const MgrFleet *fleet = line->parts.fleet;

    line->policy.window = mgr_herd_patience(&fleet->herd, g_hash_table_size(fleet->endpoints),
                                            mgr_down_in_use(line->parts.down), line->parts.conf->reconnect_window);
}

static void look_first(MgrLine *line)
{
    mgr_line_hold(line);
    line->parts.look(line->parts.user);
}

static void on_down(const char *reason, gpointer user)
{
    MgrLine *line = user;

    hl_warn("line", "lost the broker at %s: %s", hl_bus_broker(line->bus), reason);
    if (!mgr_down_is_up(line->parts.down))
        hl_service_status("Blind: lost the broker at %s: %s", hl_bus_broker(line->bus), reason);
    if (line->parts.fence != NULL && mgr_fence_minds(line->parts.fence, reason))
        look_first(line);
    follow_sight(line, mgr_sight_link(&line->sight, &line->policy, false, mgr_now()));
}

static void on_failed(const char *broker, const char *reason, HlTime delay, gpointer user)
{
    MgrLine *line = user;

    hl_log_limited(HL_LOG_WARN, "line", "connect",
                   "cannot connect to the broker at %s: %s; trying again in %" G_GINT64_FORMAT " ms", broker, reason,
                   delay);
    if (line->parts.fence != NULL && mgr_fence_minds(line->parts.fence, reason))
        look_first(line); /* what was known is old by the time it comes about */
}

static const HlBusMessage *make_will(gpointer user)
{
    MgrLine *line = user;

    return mgr_announce_make_will(&line->self, &line->will);
}

static void on_refused(const char *problem, gpointer user)
{
    const MgrLine *line = user;

    mgr_down_note_refused(line->parts.down, line->parts.broker, problem);
}

static bool connect_bus(MgrLine *line, GError **error)
{
    const char *dir = line->parts.dir;
    g_autofree char *ca = mgr_site_path(dir, "pki/ca.pem");
    g_autofree char *cert = mgr_site_path(dir, "pki/manager.pem");
    g_autofree char *key = mgr_site_path(dir, "pki/manager.key");
    HlBusOptions options = {
        .client_id = "manager",
        .brokers = line->parts.places,
        .ca_path = ca,
        .cert_path = cert,
        .key_path = key,
        .subscriptions = line->parts.topics,
        .subscription_qos = 0, /* docs/adr/0045 */
        .keepalive = 10 * HL_SECOND,
        .backoff_base = 200,
        .backoff_cap = 5 * HL_SECOND,
        .handlers = { .will = make_will,
                      .up = on_up,
                      .down = on_down,
                      .failed = on_failed,
                      .message = on_message,
                      .refused = on_refused,
                      },
        .user = line,
        .entrance = { mgr_gate_admit, line->parts.gate },
    };

    line->bus = hl_bus_new(&options, error);
    line->parts.places = line->parts.topics = NULL;
    return line->bus != NULL;
}

/* --------------------------------------------------------------------------------------------------------- the part */

MgrLine *mgr_line_new(const MgrLineOptions *options, GError **error)
{
    g_autoptr(MgrLine) line = g_new0(MgrLine, 1);

    line->parts = *options;
    line->self = (MgrAnnounceParts){ options->conf, options->fleet, options->down, options->pki, options->fence };
    line->policy = mgr_sight_policy;
    line->blind_mono = hl_clock_mono();
    mgr_line_reconfigured(line);
    if (!connect_bus(line, error))
        return NULL;
    mgr_down_attach(line->parts.down, line->parts.broker, line->bus);
    return g_steal_pointer(&line);
}

void mgr_line_free(MgrLine *line)
{
    if (line == NULL)
        return;
    g_clear_handle_id(&line->ask_timer, g_source_remove);
    if (line->bus != NULL)
        mgr_announce_state_at(&line->self, line->parts.broker, false); /* a clean DISCONNECT drops the will */
    mgr_down_attach(line->parts.down, line->parts.broker, NULL);
    g_clear_pointer(&line->bus, hl_bus_free);
    mgr_announce_will_clear(&line->will);
    g_free(line);
}

void mgr_line_hold(MgrLine *line)
{
    line->is_held = true;
    hl_bus_hold(line->bus);
}

void mgr_line_release(MgrLine *line)
{
    line->is_held = false;
    if (mgr_line_is_blind(line)) /* on purpose until now: from here on it is late */
        line->blind_mono = hl_clock_mono();
    hl_bus_release(line->bus);
}

void mgr_line_reconfigured(MgrLine *line)
{
    update_window(line);
}

bool mgr_line_tick(MgrLine *line)
{
    update_window(line);
    follow_sight(line, mgr_sight_tick(&line->sight, &line->policy, mgr_now()));
    mgr_down_clear_missed(line->parts.down, line->parts.broker);
    return line->sight.state != MGR_SIGHT_BLIND && !line->sight.asked;
}

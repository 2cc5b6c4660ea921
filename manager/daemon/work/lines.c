/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/lines.h"

#include "manager/daemon/work/announce.h"

#define AWAY_AFTER (5 * HL_SECOND) /* one that is started again is not told of */

struct MgrLines {
    MgrLineOptions parts;
    MgrBrokers *brokers; /* NULL: an external one */
    MgrLine *all[MGR_MAX_BROKERS];
    guint n;
    bool drained[MGR_MAX_BROKERS];  /* the line is held */
    bool settled[MGR_MAX_BROKERS];  /* drained, and nobody is waited for any longer */
    guint64 hangs[MGR_MAX_BROKERS]; /* of which those who watch were told */
    bool all_clear;                 /* those whose broker is not known are judged */
    char *away, *told_drained;      /* see mgr_lines_away, mgr_lines_drained */
};

bool mgr_lines_are_blind(const MgrLines *lines)
{
    for (guint i = 0; i < lines->n; i++)
        if (!mgr_line_is_blind(lines->all[i]))
            return false;
    return true;
}

static bool is_drained(const MgrLines *lines, guint broker)
{
    return lines->brokers != NULL && mgr_brokers_is_drained(lines->brokers, broker);
}

/* A broker that is told to end sends the wills of all, few as they may be. */
bool mgr_lines_doubt(MgrLines *lines, guint broker)
{
    return is_drained(lines, broker) || mgr_line_doubts(lines->all[broker]);
}

/* At each that may have endpoints their time to come back is over. */
static bool are_all_clear(const MgrLines *lines)
{
    for (guint i = 0; i < lines->n; i++)
        if (!lines->settled[i] && (is_drained(lines, i) || !mgr_line_is_clear(lines->all[i])))
            return false;
    return true;
}

/* Who was not heard since the start may be at any of them: silence says nothing while one of them is not heard. */
static void follow_unknown(MgrLines *lines)
{
    bool now = are_all_clear(lines);

    if (now == lines->all_clear)
        return;
    lines->all_clear = now;
    (now ? mgr_tracker_sight : mgr_tracker_blind)(lines->parts.tracker, MGR_BROKER_UNKNOWN);
}

static void on_sight(gpointer user)
{
    MgrLines *lines = user;

    follow_unknown(lines);
    mgr_status_set_blind(lines->parts.status, mgr_lines_are_blind(lines));
}

static void on_clear(gpointer user)
{
    const MgrLines *lines = user;

    for (guint i = 0; i < lines->n; i++)
        if (!lines->drained[i])
            mgr_line_release(lines->all[i]);
}

/* Nobody is thrown out before it is known whether another manager serves. */
static void on_look(gpointer user)
{
    const MgrLines *lines = user;

    mgr_fence_look(lines->parts.fence, on_clear, user);
}

static guint locate(const char *id, gpointer user)
{
    const MgrLines *lines = user;
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(lines->parts.fleet, id);

    if (endpoint == NULL)
        return MGR_DOWN_NOBODY;
    return endpoint->broker != MGR_BROKER_UNKNOWN ? endpoint->broker : MGR_DOWN_EVERYWHERE;
}

static void on_message(HlTopic topic, const char *id, const HlBusMessage *message, gpointer user)
{
    const MgrLines *lines = user;

    lines->parts.message(topic, id, message, lines->parts.user);
}

/* By how many the endpoints are shared: those of one that is drained or away are at the others. */
static void note_used(MgrLines *lines)
{
    guint n = 0;

    for (guint i = 0; i < lines->n; i++)
        n += !is_drained(lines, i) && mgr_line_blind_for(lines->all[i]) < AWAY_AFTER;
    mgr_down_set_in_use(lines->parts.down, n);
}

static bool add_line(MgrLines *lines, const char *const *places, GError **error)
{
    MgrLineOptions options = lines->parts;

    options.broker = lines->n;
    options.places = places;
    options.message = on_message;
    options.look = on_look;
    options.sight = on_sight;
    options.user = lines;
    lines->all[lines->n] = mgr_line_new(&options, error);
    return lines->all[lines->n] != NULL && ++lines->n > 0;
}

/* Managed brokers do not know each other: a line to each.  An external one is one, whatever addresses it has. */
static bool connect_all(MgrLines *lines, GError **error)
{
    g_auto(GStrv) places = mgr_broker_own_addresses(lines->parts.conf);

    if (lines->parts.conf->broker_mode == MGR_BROKER_EXTERNAL)
        return add_line(lines, (const char *const *)places, error);
    for (gsize i = 0; places[i] != NULL && i < MGR_MAX_BROKERS; i++) {
        const char *const one[] = { places[i], NULL };

        if (!add_line(lines, one, error))
            return false;
    }
    return true;
}

MgrLines *mgr_lines_new(const MgrLineOptions *options, MgrBrokers *brokers, GError **error)
{
    g_autoptr(MgrLines) lines = g_new0(MgrLines, 1);

    lines->parts = *options;
    lines->brokers = brokers;
    mgr_down_locate_with(lines->parts.down, locate, lines);
    if (!connect_all(lines, error))
        return NULL;
    lines->parts.topics = NULL;
    lines->parts.fleet->n_brokers = lines->n;
    note_used(lines);
    if (lines->parts.fence != NULL && mgr_fence_is_open(lines->parts.fence)) {
        mgr_line_hold(lines->all[0]);
        on_look(lines);
    }
    return g_steal_pointer(&lines);
}

void mgr_lines_free(MgrLines *lines)
{
    if (lines == NULL)
        return;
    for (guint i = 0; i < lines->n; i++)
        mgr_line_free(lines->all[i]);
    mgr_down_locate_with(lines->parts.down, NULL, NULL);
    g_free(lines->away);
    g_free(lines->told_drained);
    g_free(lines);
}

void mgr_lines_reconfigured(MgrLines *lines)
{
    for (guint i = 0; i < lines->n; i++)
        mgr_line_reconfigured(lines->all[i]);
}

guint mgr_lines_count(const MgrLines *lines)
{
    return lines->n;
}

MgrLineView mgr_lines_view(const MgrLines *lines, guint broker)
{
    const MgrLine *line = lines->all[broker];
    MgrLineView view = { .place = mgr_line_place(line),
                         .up_since = mgr_line_up_since(line),
                         .is_blind = mgr_line_is_blind(line),
                         .is_drained = is_drained(lines, broker),
                         .is_managed = lines->brokers != NULL };

    if (lines->brokers != NULL) {
        MgrBrokerView process = mgr_brokers_view(lines->brokers, broker);

        view.restarts = process.restarts;
        view.hangs = process.hangs;
    }
    return view;
}

void mgr_lines_endpoints(const MgrLines *lines, const MgrCaller *caller, guint endpoints[MGR_MAX_BROKERS])
{
    GHashTableIter iter;
    gpointer value;

    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        endpoints[i] = 0;
    g_hash_table_iter_init(&iter, lines->parts.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->broker != MGR_BROKER_UNKNOWN && mgr_caller_sees(caller, endpoint->record.group))
            endpoints[endpoint->broker] += mgr_endpoint_is_up(endpoint);
    }
}

static guint first_used(const MgrLines *lines)
{
    guint i = 0;

    while (i + 1 < lines->n && lines->drained[i])
        i++;
    return i;
}

/* Those that did not come up elsewhere are judged with an undrained broker from now on: at this one nobody will be
 * heard. */
static void settle_drained(MgrLines *lines, guint broker)
{
    guint other = first_used(lines);
    GHashTableIter iter;
    gpointer value;

    lines->settled[broker] = true;
    g_hash_table_iter_init(&iter, lines->parts.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const MgrEndpoint *)value)->broker == broker)
            ((MgrEndpoint *)value)->broker = (uint8_t)other;
    if (mgr_line_is_clear(lines->all[other])) /* else once it is */
        mgr_tracker_sight(lines->parts.tracker, other);
}

static void follow_drained(MgrLines *lines, guint broker)
{
    MgrLine *line = lines->all[broker];
    bool now = is_drained(lines, broker);

    if (now != lines->drained[broker]) {
        lines->drained[broker] = now;
        lines->settled[broker] = false;
        if (now)
            mgr_line_hold(line);
        else
            mgr_line_release(line);
    }
    if (now && !lines->settled[broker] && mgr_line_blind_for(line) > lines->parts.conf->reconnect_window)
        settle_drained(lines, broker);
}

const char *mgr_lines_away(const MgrLines *lines)
{
    return lines->away;
}

const char *mgr_lines_drained(const MgrLines *lines)
{
    return lines->told_drained;
}

/* "2 (127.0.0.1:8885), 3 (...)"; NULL: none. */
static char *name_brokers(const MgrLines *lines, bool (*is_it)(const MgrLines *lines, guint broker))
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < lines->n; i++)
        if (is_it(lines, i))
            g_string_append_printf(names, "%s%u (%s)", names->len > 0 ? ", " : "", i + 1,
                                   mgr_line_place(lines->all[i]));
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static bool is_away(const MgrLines *lines, guint broker)
{
    return mgr_line_blind_for(lines->all[broker]) >= AWAY_AFTER && !lines->drained[broker];
}

static guint first_drained(const MgrLines *lines)
{
    guint broker = 0;

    while (broker + 1 < lines->n && !is_drained(lines, broker))
        broker++;
    return broker;
}

/* A single one that is away blinds the manager altogether, which is said elsewhere. */
static void note_away(MgrLines *lines)
{
    g_autofree char *away = !mgr_lines_are_blind(lines) ? name_brokers(lines, is_away) : NULL;
    g_autofree char *drained = name_brokers(lines, is_drained);

    g_free(lines->away);
    g_free(lines->told_drained);
    lines->away = away != NULL
                      ? g_strdup_printf("the manager does not hear broker %s: endpoints that were there are shown as "
                                        "they were, until they are heard at another broker; 'holdline doctor' on "
                                        "the server looks for the cause",
                                        away)
                      : NULL;
    lines->told_drained = drained != NULL
                              ? g_strdup_printf("broker %s is drained, and its endpoints are at the others: "
                                                "'holdline broker undrain %u' has it used again",
                                                drained, first_drained(lines) + 1)
                              : NULL;
}

/* Those who watch are told once they are back at it. */
static void look_for_hang(MgrLines *lines, guint broker)
{
    const char *how;
    guint64 hangs;

    if (lines->brokers == NULL)
        return;
    mgr_brokers_look(lines->brokers, broker, mgr_line_is_mute(lines->all[broker]));
    hangs = mgr_brokers_view(lines->brokers, broker).hangs;
    if (hangs == lines->hangs[broker] || !mgr_line_is_clear(lines->all[broker]))
        return;
    lines->hangs[broker] = hangs;
    how = mgr_brokers_trouble_at(lines->brokers, broker);
    mgr_status_server_event(lines->parts.status, "broker", "hung", "restarted", how != NULL ? how : "");
}

void mgr_lines_tick(MgrLines *lines)
{
    MgrAnnounceParts self = { lines->parts.conf, lines->parts.fleet, lines->parts.down, lines->parts.pki,
                              lines->parts.fence };
    guint heard = 0;
    guint clear = 0;

    mgr_announce_alive(&self);
    for (guint i = 0; i < lines->n; i++) {
        heard |= (guint)mgr_line_tick(lines->all[i]) << i;
        clear |= (guint)mgr_line_is_clear(lines->all[i]) << i;
        follow_drained(lines, i);
        look_for_hang(lines, i);
    }
    note_away(lines);
    note_used(lines);
    on_sight(lines);
    heard |= (guint)lines->all_clear << MGR_BROKER_UNKNOWN;
    clear |= (guint)lines->all_clear << MGR_BROKER_UNKNOWN;
    mgr_tracker_tick(lines->parts.tracker, heard, clear);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/down.h"

#include <string.h>

#include "lib/base/log.h"

#define MAX_MISSED      10000 /* ids, for each broker: some hundred bytes each */
#define CLEARED_AT_ONCE 1000  /* of them, in a second; four messages each, in a queue that is half empty */

struct MgrDown {
    HlBus *buses[MGR_MAX_BROKERS]; /* borrowed; NULL: none yet */
    MgrDownLocate locate;          /* NULL: all are at the first */
    gpointer user;
    guint heard, in_use;
    bool blind[MGR_MAX_BROKERS];         /* mgr_down_set_blind */
    GHashTable *missed[MGR_MAX_BROKERS]; /* id -> Emptied, to be emptied again; NULL: none */
    char *refused;                       /* NULL: nothing */
    guint refused_at;
    uint64_t refused_after; /* lost links there, when that was: of another connection it says nothing */
};

MgrDown *mgr_down_new(void)
{
    return g_new0(MgrDown, 1);
}

void mgr_down_free(MgrDown *down)
{
    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        g_clear_pointer(&down->missed[i], g_hash_table_unref);
    g_free(down->refused);
    g_free(down);
}

void mgr_down_attach(MgrDown *down, guint broker, HlBus *bus)
{
    down->buses[broker] = bus;
}

void mgr_down_locate_with(MgrDown *down, MgrDownLocate locate, gpointer user)
{
    down->locate = locate;
    down->user = user;
}

void mgr_down_hear(MgrDown *down, guint broker)
{
    down->heard = broker;
}

guint mgr_down_heard(const MgrDown *down)
{
    return down->heard;
}

bool mgr_down_is_up_at(const MgrDown *down, guint broker)
{
    return down->buses[broker] != NULL && hl_bus_state(down->buses[broker]) == HL_BUS_UP;
}

bool mgr_down_is_up(const MgrDown *down)
{
    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (mgr_down_is_up_at(down, i))
            return true;
    return false;
}

void mgr_down_set_blind(MgrDown *down, guint broker, bool blind)
{
    down->blind[broker] = blind;
}

void mgr_down_set_in_use(MgrDown *down, guint brokers)
{
    down->in_use = brokers;
}

guint mgr_down_in_use(const MgrDown *down)
{
    return MAX(down->in_use, 1);
}

static bool answers(const MgrDown *down, guint broker)
{
    return mgr_down_is_up_at(down, broker) && !down->blind[broker];
}

/* One that hangs is still connected for a while.  It holds up nobody, unless there is no other. */
static bool is_left_out(const MgrDown *down, guint broker)
{
    if (!down->blind[broker])
        return false;
    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (answers(down, i))
            return true;
    return false;
}

static uint64_t lost_links(const MgrDown *down, guint broker)
{
    return mgr_down_count_at(down, broker).lost_links;
}

void mgr_down_note_refused(MgrDown *down, guint broker, const char *problem)
{
    g_free(down->refused);
    down->refused = g_strdup_printf("%s; what endpoints or administrators say there is not heard: give the user "
                                    "'manager' what the site's broker/acl lists (docs/brokers.md), then start the "
                                    "manager again",
                                    problem);
    down->refused_at = broker;
    down->refused_after = lost_links(down, broker);
    hl_error("line", "%s", down->refused);
}

const char *mgr_down_refused(const MgrDown *down)
{
    return mgr_down_is_up_at(down, down->refused_at) && lost_links(down, down->refused_at) == down->refused_after
               ? down->refused
               : NULL;
}

const char *mgr_down_broker(const MgrDown *down)
{
    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (mgr_down_is_up_at(down, i))
            return hl_bus_broker(down->buses[i]);
    return down->buses[0] != NULL ? hl_bus_broker(down->buses[0]) : "";
}

/* What is told to everybody, and what an endpoint's old broker may still keep of it, goes to each that is there.  One
 * that hangs gets the little that is emptied; the rest is told again when it goes on (work/line.c). */
static MgrDownOutcome publish_all(const MgrDown *down, const HlBusMessage *message)
{
    bool empties = g_bytes_get_size(message->payload) == 0;
    bool all = mgr_down_is_up(down);

    for (guint i = 0; i < MGR_MAX_BROKERS; i++) {
        bool left_out = is_left_out(down, i);

        if (!mgr_down_is_up_at(down, i) || (left_out && !empties))
            continue;
        if (!hl_bus_publish(down->buses[i], message, NULL, NULL) && !left_out)
            all = false;
    }
    return all ? MGR_DOWN_SENT : MGR_DOWN_NOT_NOW;
}

static MgrDownOutcome publish_at(const MgrDown *down, guint broker, const HlBusMessage *message)
{
    if (broker == MGR_DOWN_EVERYWHERE)
        return publish_all(down, message);
    return down->buses[broker] != NULL && hl_bus_publish(down->buses[broker], message, NULL, NULL) ? MGR_DOWN_SENT
                                                                                                   : MGR_DOWN_NOT_NOW;
}

static MgrDownOutcome send(MgrDown *down, guint broker, HlTopic topic, const char *id, HlBusMessage message)
{
    const HlTopicRow *row = hl_topic_row(topic);
    g_autofree char *name = hl_topic_name(topic, id);

    if (g_bytes_get_size(message.payload) > HL_BUS_MAX_SIZE) {
        hl_log_limited(HL_LOG_ERROR, "down", name, "%s: %" G_GSIZE_FORMAT " bytes are more than a message can hold",
                       name, g_bytes_get_size(message.payload));
        return MGR_DOWN_TOO_LARGE;
    }
    message.topic = name;
    message.qos = row->qos;
    message.retained = row->retained;
    message.urgent = row->urgent;
    return publish_at(down, broker, &message);
}

/* What is emptied is emptied wherever it is. */
static guint place_of(const MgrDown *down, HlTopic topic, const char *id, GBytes *payload)
{
    if (!hl_topic_row(topic)->to_endpoint || *id == '\0' || g_bytes_get_size(payload) == 0)
        return MGR_DOWN_EVERYWHERE;
    return down->locate != NULL ? MIN(down->locate(id, down->user), MGR_DOWN_EVERYWHERE) : 0;
}

bool mgr_down_send(MgrDown *down, HlTopic topic, const char *id, GBytes *payload, HlTime expiry)
{
    return send(down, place_of(down, topic, id, payload), topic, id,
                (HlBusMessage){ .payload = payload, .expiry = expiry }) == MGR_DOWN_SENT;
}

bool mgr_down_send_at(MgrDown *down, guint broker, HlTopic topic, GBytes *payload)
{
    return send(down, broker, topic, "", (HlBusMessage){ .payload = payload }) == MGR_DOWN_SENT;
}

MgrDownOutcome mgr_down_send_json(MgrDown *down, HlTopic topic, const char *id, const json_t *document)
{
    return mgr_down_send_text(down, topic, id, hl_json_print(document));
}

MgrDownOutcome mgr_down_send_text(MgrDown *down, HlTopic topic, const char *id, char *text)
{
    g_autoptr(GBytes) payload = NULL;

    g_assert(text != NULL);
    payload = g_bytes_new_take(text, strlen(text));
    return send(down, MGR_DOWN_EVERYWHERE, topic, id, (HlBusMessage){ .payload = payload });
}

bool mgr_down_reply(MgrDown *down, guint broker, HlTopic topic, const char *name, GBytes *payload, GBytes *correlation)
{
    return send(down, broker, topic, name, (HlBusMessage){ .payload = payload, .correlation = correlation }) ==
           MGR_DOWN_SENT;
}

/* -------------------------------------------------------------------------------------------- what is to be emptied */

/* Of the retained topics of an id. */
typedef enum {
    EMPTIED_SETTINGS = 1, /* of one that is in the fleet */
    EMPTIED_REVOKED,      /* settings and server, of one that is revoked */
    EMPTIED_ALL,          /* of one that is not */
} Emptied;

/* What is emptied at one broker, until that one has it. */
typedef struct {
    MgrDown *down;
    guint broker;
    Emptied what;
    char id[];
} Clearing;

static void note_missed(MgrDown *down, guint broker, const char *id, Emptied what)
{
    Emptied before;

    if (down->missed[broker] == NULL)
        down->missed[broker] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    before = GPOINTER_TO_UINT(g_hash_table_lookup(down->missed[broker], id));
    if (before != 0 || g_hash_table_size(down->missed[broker]) < MAX_MISSED)
        g_hash_table_insert(down->missed[broker], g_strdup(id), GUINT_TO_POINTER(MAX(before, what)));
    else
        hl_log_limited(
            HL_LOG_WARN, "down", "missed",
            "broker %u keeps documents that are void: more than %d endpoints were removed, or have an earlier "
            "version again, while it was away",
            broker + 1, MAX_MISSED);
}

static void on_cleared(bool acknowledged, gpointer user)
{
    g_autofree Clearing *clearing = user;

    if (!acknowledged)
        note_missed(clearing->down, clearing->broker, clearing->id, clearing->what);
}

static void clear_at(MgrDown *down, guint broker, const char *id, Emptied what)
{
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_SERVER, HL_TOPIC_LINK, HL_TOPIC_STATUS_ENDPOINT };
    gsize n = what == EMPTIED_SETTINGS ? 1 : what == EMPTIED_REVOKED ? 2 : G_N_ELEMENTS(topics);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    for (gsize i = 0; i < n; i++) {
        const HlTopicRow *row = hl_topic_row(topics[i]);
        g_autofree char *name = hl_topic_name(topics[i], id);
        HlBusMessage message = { .topic = name, .payload = empty, .qos = row->qos, .retained = row->retained };
        gsize size = strlen(id) + 1;
        Clearing *clearing = g_malloc(sizeof *clearing + size);

        clearing->down = down;
        clearing->broker = broker;
        clearing->what = what;
        memcpy(clearing->id, id, size);
        if (!hl_bus_publish(down->buses[broker], &message, on_cleared, clearing))
            on_cleared(false, clearing);
    }
}

static void clear_everywhere(MgrDown *down, const char *id, Emptied what)
{
    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (down->buses[i] != NULL)
            clear_at(down, i, id, what);
}

void mgr_down_clear(MgrDown *down, const char *id)
{
    clear_everywhere(down, id, EMPTIED_ALL);
}

void mgr_down_withdraw_settings(MgrDown *down, const char *id)
{
    clear_everywhere(down, id, EMPTIED_SETTINGS);
}

void mgr_down_withdraw_all(MgrDown *down, const char *id)
{
    clear_everywhere(down, id, EMPTIED_REVOKED);
}

/* What it refuses is noted again, so those of now are taken out first. */
static GHashTable *take_missed(MgrDown *down, guint broker)
{
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer id, what;

    g_hash_table_iter_init(&iter, down->missed[broker]);
    while (g_hash_table_size(taken) < CLEARED_AT_ONCE && g_hash_table_iter_next(&iter, &id, &what)) {
        g_hash_table_iter_steal(&iter);
        g_hash_table_insert(taken, id, what);
    }
    return taken;
}

void mgr_down_clear_missed(MgrDown *down, guint broker)
{
    g_autoptr(GHashTable) taken = NULL;
    GHashTableIter iter;
    gpointer id, what;

    if (down->missed[broker] == NULL || !answers(down, broker) ||
        mgr_down_count_at(down, broker).queued > HL_BUS_QUEUE / 2)
        return;
    taken = take_missed(down, broker);
    g_hash_table_iter_init(&iter, taken);
    while (g_hash_table_iter_next(&iter, &id, &what))
        if (GPOINTER_TO_UINT(what) != EMPTIED_ALL || down->locate == NULL ||
            down->locate(id, down->user) == MGR_DOWN_NOBODY)
            clear_at(down, broker, id, (Emptied)GPOINTER_TO_UINT(what));
}

/* ----------------------------------------------------------------------------------------------------------- counts */

/* How much waits is asked for to make less: the fullest one says it. */
static void add_counts(HlBusCounts *sum, const HlBusCounts *counts)
{
    sum->sent += counts->sent;
    sum->acknowledged += counts->acknowledged;
    sum->received += counts->received;
    sum->refused += counts->refused;
    sum->lost_links += counts->lost_links;
    sum->in_flight += counts->in_flight;
    sum->queued = MAX(sum->queued, counts->queued);
}

HlBusCounts mgr_down_count_at(const MgrDown *down, guint broker)
{
    return down->buses[broker] != NULL ? hl_bus_count(down->buses[broker]) : (HlBusCounts){ 0 };
}

uint64_t mgr_down_waiting(const MgrDown *down)
{
    uint64_t most = 0;

    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (!is_left_out(down, i))
            most = MAX(most, mgr_down_count_at(down, i).queued);
    return most;
}

HlBusCounts mgr_down_count(const MgrDown *down)
{
    HlBusCounts sum = { 0 };

    for (guint i = 0; i < MGR_MAX_BROKERS; i++) {
        const HlBusCounts counts = mgr_down_count_at(down, i);

        add_counts(&sum, &counts);
    }
    return sum;
}

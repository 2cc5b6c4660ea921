/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/watch.h"

#include <string.h>

#include "lib/base/log.h"

#define AGAIN_AFTER 2  /* s, when a snapshot failed */
#define MAX_EVENTS  50 /* that are kept for who signs in */

struct ConWatch {
    ConNewsFn told;
    gpointer user;
    ConLine *line;
    ConTable *table;
    json_t *summary; /* NULL: none yet */
    json_t *events;  /* the newest first */
    bool is_stale;
    bool is_asking; /* a snapshot is under way */
    bool is_void;   /* what it brings is no longer wanted: ask again */
    guint taken;    /* endpoints of its parts so far */
    guint timer;    /* until the next try */
};

ConWatch *con_watch_new(ConNewsFn told, gpointer user)
{
    ConWatch *watch = g_new0(ConWatch, 1);

    watch->told = told;
    watch->user = user;
    watch->table = con_table_new();
    watch->events = json_array();
    watch->is_stale = true;
    return watch;
}

void con_watch_free(ConWatch *watch)
{
    if (watch == NULL)
        return;
    g_clear_handle_id(&watch->timer, g_source_remove);
    con_table_free(watch->table);
    json_decref(watch->summary);
    json_decref(watch->events);
    g_free(watch);
}

void con_watch_attach(ConWatch *watch, ConLine *line)
{
    watch->line = line;
}

const ConTable *con_watch_table(const ConWatch *watch)
{
    return watch->table;
}

bool con_watch_is_stale(const ConWatch *watch)
{
    return watch->is_stale;
}

const json_t *con_watch_summary(const ConWatch *watch)
{
    return watch->summary;
}

json_t *con_watch_events(const ConWatch *watch)
{
    return json_incref(watch->events);
}

static void set_stale(ConWatch *watch, bool is_stale)
{
    if (watch->is_stale == is_stale)
        return;
    watch->is_stale = is_stale;
    watch->told(CON_NEWS_STALE, NULL, NULL, watch->user);
}

static void take_summary(ConWatch *watch, json_t *summary)
{
    if (summary == NULL)
        return;
    json_incref(summary);
    json_decref(watch->summary);
    watch->summary = summary;
    watch->told(CON_NEWS_SUMMARY, NULL, summary, watch->user);
}

/* ----------------------------------------------------------------------------------------------------------- events */

static bool has_event(const json_t *events, const json_t *event)
{
    const json_t *one;
    size_t i;

    json_array_foreach(events, i, one)
    {
        if (json_equal(one, event))
            return true;
    }
    return false;
}

static int compare_ages(gconstpointer a, gconstpointer b)
{
    const char *one = json_string_value(json_object_get(*(const json_t *const *)a, "at"));
    const char *other = json_string_value(json_object_get(*(const json_t *const *)b, "at"));

    return g_strcmp0(other, one);
}

/* told: what the manager knows since its start, also of while nobody listened here; NULL: an earlier one does not say.
 * What was heard before that start stays. */
static void take_missed(ConWatch *watch, json_t *told)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    json_t *merged = json_array();
    json_t *event;
    size_t i;

    json_array_foreach(told, i, event) g_ptr_array_add(all, event);
    json_array_foreach(watch->events, i, event)
    {
        if (!has_event(told, event))
            g_ptr_array_add(all, event);
    }
    g_ptr_array_sort(all, compare_ages); /* stable: those of one second stay as they came */
    for (guint n = 0; n < MIN(all->len, MAX_EVENTS); n++)
        json_array_append(merged, all->pdata[n]);
    json_decref(watch->events);
    watch->events = merged;
}

/* --------------------------------------------------------------------------------------------------------- snapshot */

static void ask(ConWatch *watch);

static gboolean on_timer(gpointer user)
{
    ConWatch *watch = user;

    watch->timer = 0;
    if (con_line_state(watch->line) == CON_LINE_UP)
        ask(watch);
    return G_SOURCE_REMOVE;
}

static void ask_later(ConWatch *watch)
{
    if (watch->timer == 0)
        watch->timer = g_timeout_add_seconds(AGAIN_AFTER, on_timer, watch);
}

static void on_part(const json_t *part, gpointer user)
{
    ConWatch *watch = user;
    json_t *document;
    size_t i;

    if (watch->is_void)
        return;
    json_array_foreach(json_object_get(part, "endpoints"), i, document)
    {
        const char *id = json_string_value(json_object_get(document, "id"));

        watch->taken++;
        if (id != NULL)
            con_table_put(watch->table, id, document, CON_SNAPSHOT);
    }
}

/* Rows of it that were lost on the way would be endpoints that are gone. */
static bool is_whole(const ConWatch *watch, const json_t *answer)
{
    return json_integer_value(json_object_get(answer, "count")) == watch->taken;
}

static void on_snapshot(const json_t *answer, const GError *error, gpointer user)
{
    ConWatch *watch = user;

    watch->is_asking = false;
    if (error == NULL)
        on_part(answer, watch);
    if (watch->is_void || error != NULL || !is_whole(watch, answer)) {
        if (error != NULL)
            hl_log_limited(HL_LOG_WARN, "watch", "snapshot", "no snapshot of the endpoints: %s", error->message);
        ask_later(watch);
        return;
    }
    con_table_end(watch->table);
    hl_info("watch", "%u endpoints", con_table_count(watch->table));
    take_summary(watch, json_object_get(answer, "summary"));
    take_missed(watch, json_object_get(answer, "events"));
    set_stale(watch, false);
    watch->told(CON_NEWS_RESET, NULL, NULL, watch->user);
}

static void ask(ConWatch *watch)
{
    if (watch->is_asking) {
        watch->is_void = true;
        return;
    }
    g_clear_handle_id(&watch->timer, g_source_remove); /* or it would spoil this one in its middle */
    watch->is_asking = true;
    watch->is_void = false;
    watch->taken = 0;
    con_table_begin(watch->table);
    con_line_call(watch->line,
                  &(ConLineAsk){ .name = "snapshot", .part = on_part, .done = on_snapshot, .user = watch });
}

void con_watch_line(ConWatch *watch, ConLineState state)
{
    set_stale(watch, true);
    if (state == CON_LINE_UP)
        ask(watch);
    else
        watch->is_void = true;
}

/* ----------------------------------------------------------------------------------------------------------- topics */

static void take_endpoint(ConWatch *watch, const char *id, const json_t *document)
{
    const ConRow *before = con_table_get(watch->table, id);
    g_autofree char *group = before != NULL ? g_strdup(before->values[MGR_COLUMN_GROUP].text) : NULL;

    if (document == NULL) {
        if (con_table_remove(watch->table, id))
            watch->told(CON_NEWS_REMOVED, id, NULL, watch->user);
    } else if (con_table_put(watch->table, id, document, CON_CHANGE) == CON_PUT_CHANGED) {
        const char *now = con_table_get(watch->table, id)->values[MGR_COLUMN_GROUP].text;

        watch->told(group == NULL || strcmp(group, now) == 0 ? CON_NEWS_CHANGED : CON_NEWS_MOVED, id, document,
                    watch->user);
    }
}

static void take_event(ConWatch *watch, json_t *event)
{
    if (event == NULL)
        return;
    if (g_strcmp0(json_string_value(json_object_get(event, "what")), "account") == 0) {
        watch->told(CON_NEWS_PEOPLE, NULL, NULL, watch->user);
        return;
    }
    json_array_insert(watch->events, 0, event);
    json_array_remove(watch->events, MAX_EVENTS);
    watch->told(CON_NEWS_EVENT, NULL, event, watch->user);
}

void con_watch_status(ConWatch *watch, HlTopic topic, const char *id, GBytes *payload)
{
    gsize size;
    const char *data = g_bytes_get_data(payload, &size);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) document = size > 0 ? hl_json_parse("a status", data, size, &error) : NULL;

    if (error != NULL)
        hl_log_limited(HL_LOG_WARN, "watch", "status", "a status that is no JSON is ignored: %s", error->message);
    else if (topic == HL_TOPIC_STATUS_ENDPOINT)
        take_endpoint(watch, id, document);
    else if (topic == HL_TOPIC_STATUS_SUMMARY)
        take_summary(watch, document);
    else if (topic == HL_TOPIC_STATUS_EVENT)
        take_event(watch, document);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/events.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/console/core/credentials.h"
#include "manager/console/core/squeeze.h"
#include "manager/console/endpoints.h"

#define BATCH_MS    250
#define PULSE_EVERY 15   /* s */
#define CHECK_EVERY 30   /* s: so long at most, where the server's word of an end does not come */
#define MAX_BATCH   2000 /* endpoints; more of them at once are "ask again" */
#define MAX_EVENTS  100
#define COMMANDS_MS 1000 /* so often do pages ask again for commands while anything happens, */
#define GROUPS_MS   5000 /* and for groups */

struct ConEvents {
    ConPeople *people;
    const ConWatch *watch;
    GConverter *squeeze;
    GPtrArray *streams;  /* of Stream * */
    GHashTable *changed; /* ids since the last batch */
    GHashTable *removed;
    json_t *told; /* events since then */
    bool has_summary, has_stale, is_reset;
    bool has_left;           /* a group: by a move, or for good */
    HlTime commands, groups; /* when pages were last told to ask for them again, monotonic */
    guint timer, pulse, check;
    uint64_t last; /* number of a stream */
};

typedef struct {
    uint64_t number;
    HlHttpStream *http;
    char *session, *address;
    char **groups;    /* NULL: all */
    bool is_squeezed; /* its reader takes gzip */
    bool needs_reset; /* it was too slow */
} Stream;

/* Something to be sent, to one stream or to many. */
typedef struct {
    char *text;
    GBytes *squeezed; /* NULL: nobody has asked for it so far */
} Piece;

static void piece_clear(Piece *piece)
{
    g_free(piece->text);
    g_clear_pointer(&piece->squeezed, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Piece, piece_clear)

static void piece_free(gpointer item)
{
    piece_clear(item);
    g_free(item);
}

static void stream_free(gpointer item)
{
    Stream *stream = item;

    hl_http_stream_end(stream->http);
    g_free(stream->session);
    g_free(stream->address);
    g_strfreev(stream->groups);
    g_free(stream);
}

static void append_event(GString *out, const char *type, const json_t *data)
{
    g_autofree char *text = hl_json_print(data);

    g_string_append_printf(out, "event: %s\ndata: %s\n\n", type, text);
}

static void append_state(const ConEvents *events, GString *out)
{
    g_autoptr(json_t) stale = json_pack("{s:b}", "stale", con_watch_is_stale(events->watch));

    append_event(out, "stale", stale);
}

static char *reset_text(const ConEvents *events)
{
    GString *out = g_string_new(NULL);

    append_state(events, out);
    return g_string_free(g_string_append(out, "event: reset\ndata: {}\n\n"), FALSE);
}

static HlHttpStreamResult write_bytes(Stream *stream, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return hl_http_stream_write(stream->http, data, size);
}

/* A reader that was too slow for a batch is told to ask for everything, and what else may have been in it: the state.
 * One that left is taken out with the next pulse: nothing else is lost by that. */
static HlHttpStreamResult write_piece(const ConEvents *events, Stream *stream, Piece *piece)
{
    g_auto(Piece) reset = { .text = stream->needs_reset ? reset_text(events) : NULL };
    HlHttpStreamResult result;

    if (stream->needs_reset)
        piece = &reset;
    if (*piece->text == '\0')
        return HL_HTTP_STREAM_WRITTEN;
    if (stream->is_squeezed && piece->squeezed == NULL)
        piece->squeezed = con_squeeze(events->squeeze, piece->text);
    if (stream->is_squeezed)
        result = write_bytes(stream, piece->squeezed);
    else
        result = hl_http_stream_write(stream->http, piece->text, strlen(piece->text));
    stream->needs_reset = result == HL_HTTP_STREAM_FULL;
    return result;
}

/* ---------------------------------------------------------------------------------------------------------- batches */

/* What a reader does not see is not in it, neither as a row nor as an id: anyone who is limited to groups is told to
 * ask again when something left one (append_endpoints). */
static json_t *batch_of(const ConEvents *events, const char *const *groups)
{
    const ConTable *table = con_watch_table(events->watch);
    json_t *rows = json_array();
    json_t *removed = json_array();
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, events->changed);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        const ConRow *row = con_table_get(table, id);

        if (row != NULL && (groups == NULL || g_strv_contains(groups, row->values[MGR_COLUMN_GROUP].text)))
            json_array_append_new(rows, con_endpoint_row(row, NULL));
        else if (groups == NULL)
            json_array_append_new(removed, json_string(id));
    }
    g_hash_table_iter_init(&iter, events->removed);
    while (groups == NULL && g_hash_table_iter_next(&iter, &id, NULL))
        json_array_append_new(removed, json_string(id));
    return json_pack("{s:o, s:o}", "rows", rows, "removed", removed);
}

static void append_endpoints(const ConEvents *events, GString *out, const char *const *groups)
{
    g_autoptr(json_t) batch = NULL;
    g_autoptr(json_t) nothing = json_object();

    if (events->is_reset || (groups != NULL && events->has_left) ||
        g_hash_table_size(events->changed) + g_hash_table_size(events->removed) > MAX_BATCH) {
        append_event(out, "reset", nothing);
        return;
    }
    if (g_hash_table_size(events->changed) + g_hash_table_size(events->removed) == 0)
        return;
    batch = batch_of(events, groups);
    append_event(out, "endpoints", batch);
}

/* Summary and events are about all groups. */
static char *text_for(const ConEvents *events, const char *const *groups)
{
    GString *out = g_string_new(NULL);
    json_t *event;
    size_t i;

    if (events->has_stale)
        append_state(events, out);
    append_endpoints(events, out, groups);
    if (groups == NULL && events->has_summary && con_watch_summary(events->watch) != NULL)
        append_event(out, "summary", con_watch_summary(events->watch));
    json_array_foreach(events->told, i, event)
    {
        if (groups == NULL)
            append_event(out, "event", event);
    }
    return g_string_free(out, FALSE);
}

/* Commands and groups have no topic: what happens to endpoints says that theirs may have changed.  Caller frees. */
static char *looks_of(ConEvents *events)
{
    HlTime mono = hl_clock_mono();
    GString *out = g_string_new(NULL);

    if (mono - events->commands >= COMMANDS_MS) {
        g_string_append(out, "event: commands\ndata: {}\n\n");
        events->commands = mono;
    }
    if (mono - events->groups >= GROUPS_MS) {
        g_string_append(out, "event: groups\ndata: {}\n\n");
        events->groups = mono;
    }
    return g_string_free(out, FALSE);
}

/* Made once for all readers that may see the same groups. */
static Piece *piece_for(const ConEvents *events, GHashTable *pieces, const Stream *stream)
{
    g_autofree char *key = stream->groups != NULL ? g_strjoinv(",", stream->groups) : g_strdup("*"); /* is no id */
    Piece *piece = g_hash_table_lookup(pieces, key);

    if (piece == NULL) {
        piece = g_new0(Piece, 1);
        piece->text = text_for(events, (const char *const *)stream->groups);
        g_hash_table_insert(pieces, g_steal_pointer(&key), piece);
    }
    return piece;
}

static gboolean on_batch(gpointer user)
{
    ConEvents *events = user;
    g_auto(Piece) looks = { .text = looks_of(events) };
    g_autoptr(GHashTable) pieces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, piece_free);

    events->timer = 0;
    for (guint i = 0; i < events->streams->len; i++) {
        Stream *stream = events->streams->pdata[i];

        write_piece(events, stream, piece_for(events, pieces, stream));
        write_piece(events, stream, &looks);
    }
    g_hash_table_remove_all(events->changed);
    g_hash_table_remove_all(events->removed);
    json_array_clear(events->told);
    events->has_summary = events->has_stale = events->is_reset = events->has_left = false;
    return G_SOURCE_REMOVE;
}

/* Which stream is asked about: it may be gone by the time of the answer. */
typedef struct {
    ConEvents *events;
    uint64_t number;
} Asked;

/* Only the end of the session ends the stream; a manager that does not answer ends neither. */
static void on_still(const ConPerson *person, bool is_over, gpointer user)
{
    g_autofree Asked *asked = user;
    GPtrArray *streams = asked->events->streams;

    for (guint i = 0; i < streams->len; i++) {
        Stream *stream = streams->pdata[i];

        if (stream->number != asked->number)
            continue;
        if (is_over)
            g_ptr_array_remove_index_fast(streams, i);
        if (person == NULL)
            return;
        g_strfreev(stream->groups);
        stream->groups = g_strdupv(person->groups);
        return;
    }
}

/* Not while no manager answers: that ends no session. */
static void check_streams(ConEvents *events)
{
    for (guint i = 0; !con_watch_is_stale(events->watch) && i < events->streams->len; i++) {
        const Stream *stream = events->streams->pdata[i];
        Asked *asked = g_new(Asked, 1);

        *asked = (Asked){ events, stream->number };
        con_people_check(events->people, stream->session, stream->address, on_still, asked);
    }
}

void con_events_news(ConNews news, const char *id, const json_t *document, gpointer user)
{
    ConEvents *events = user;

    if (news == CON_NEWS_PEOPLE) {
        con_people_forget(events->people);
        check_streams(events);
        return;
    }
    if (events->streams->len == 0)
        return;
    if ((news == CON_NEWS_CHANGED || news == CON_NEWS_MOVED) && g_hash_table_size(events->changed) <= MAX_BATCH)
        g_hash_table_add(events->changed, g_strdup(id));
    else if (news == CON_NEWS_REMOVED && g_hash_table_size(events->removed) <= MAX_BATCH)
        g_hash_table_add(events->removed, g_strdup(id));
    else if (news == CON_NEWS_EVENT && json_array_size(events->told) < MAX_EVENTS)
        json_array_append(events->told, hl_unconst(document));
    events->has_summary |= news == CON_NEWS_SUMMARY;
    events->has_stale |= news == CON_NEWS_STALE;
    events->is_reset |= news == CON_NEWS_RESET;
    events->has_left |= news == CON_NEWS_MOVED || news == CON_NEWS_REMOVED;
    if (events->timer == 0)
        events->timer = g_timeout_add(BATCH_MS, on_batch, events);
}

/* ---------------------------------------------------------------------------------------------------------- streams */

/* An event, not a comment: a page cannot see comments, and by its pulse it knows a line that was cut without a word. */
static gboolean on_pulse(gpointer user)
{
    ConEvents *events = user;
    g_auto(Piece) pulse = { .text = g_strdup("event: pulse\ndata: {}\n\n") };

    for (guint i = events->streams->len; i-- > 0;) {
        Stream *stream = events->streams->pdata[i];

        if (write_piece(events, stream, &pulse) == HL_HTTP_STREAM_GONE)
            g_ptr_array_remove_index_fast(events->streams, i);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_check(gpointer user)
{
    check_streams(user);
    return G_SOURCE_CONTINUE;
}

static void on_person(ConRequest *request, const ConPerson *person, gpointer user)
{
    ConEvents *events = user;
    Stream *stream = g_new0(Stream, 1);
    bool is_squeezed = con_accepts(con_request_header(request, "accept-encoding"), "gzip");
    const char *const headers[] = { "Cache-Control",
                                    "no-store",
                                    "Vary",
                                    "Accept-Encoding",
                                    "X-Accel-Buffering",
                                    "no",
                                    is_squeezed ? "Content-Encoding" : NULL,
                                    "gzip",
                                    NULL };
    g_auto(Piece) first = { .text = NULL };
    GString *text = g_string_new(":\n\n");

    stream->number = ++events->last;
    stream->session = g_strdup(request->session);
    stream->address = g_strdup(request->http->peer);
    stream->groups = g_strdupv(person->groups);
    stream->http = con_request_stream(request, "text/event-stream", headers);
    stream->is_squeezed = is_squeezed;
    append_state(events, text);
    first.text = g_string_free(text, FALSE);
    if (is_squeezed)
        write_bytes(stream, con_squeeze_head());
    write_piece(events, stream, &first);
    g_ptr_array_add(events->streams, stream);
}

static void get_stream(ConRequest *request, gpointer user)
{
    con_people_find(((ConEvents *)user)->people, request, on_person, user);
}

ConEvents *con_events_new(ConPeople *people, const ConWatch *watch)
{
    ConEvents *events = g_new0(ConEvents, 1);

    events->people = people;
    events->watch = watch;
    events->squeeze = con_squeeze_new();
    events->streams = g_ptr_array_new_with_free_func(stream_free);
    events->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    events->removed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    events->told = json_array();
    events->pulse = g_timeout_add_seconds(PULSE_EVERY, on_pulse, events);
    events->check = g_timeout_add_seconds(CHECK_EVERY, on_check, events);
    return events;
}

void con_events_free(ConEvents *events)
{
    if (events == NULL)
        return;
    g_clear_handle_id(&events->timer, g_source_remove);
    g_clear_handle_id(&events->pulse, g_source_remove);
    g_clear_handle_id(&events->check, g_source_remove);
    g_ptr_array_unref(events->streams);
    g_hash_table_unref(events->changed);
    g_hash_table_unref(events->removed);
    json_decref(events->told);
    g_object_unref(events->squeeze);
    g_free(events);
}

const ConHandlerRow con_events_rows[] = {
    { "getEvents", get_stream },
    { NULL, NULL },
};

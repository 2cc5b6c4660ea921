/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/stream.h"

#include <string.h>

#include "manager/core/refusal.h"

#define PART_ELEMENTS 100
#define STEP          1   /* ms between parts, which take five: all that waits has its turn */
#define MAX_WAITING   200 /* publications that wait: beyond it no part is made; status topics stop before */
#define MAX_UNREAD    4   /* lists of one name that wait for who asked */
#define READ_PATIENCE 60  /* s without a word of what was read: who asked is gone, and its line with it */

struct MgrStream {
    MgrCall *call;
    const MgrStreamKind *kind;
    GPtrArray *ids;
    json_t *begun; /* may be NULL */
    MgrStreamShape shape;
    guint at, count;
    guint read;  /* parts that were, as who asked says */
    guint timer; /* of the next part; or, while the window is full, of the patience */
};

static void free_stream(gpointer item)
{
    MgrStream *stream = item;

    g_clear_handle_id(&stream->timer, g_source_remove);
    g_ptr_array_unref(stream->ids);
    json_decref(stream->begun);
    g_free(stream->shape.own);
    g_free(stream);
}

static json_t *end_stream(const MgrStream *stream)
{
    const MgrStreamKind *kind = stream->kind;
    json_t *rest = json_object();
    g_autoptr(json_t) more =
        kind->rest != NULL ? kind->rest(mgr_call_caller(stream->call), stream->ids, kind->user) : NULL;

    json_object_update(rest, stream->begun);
    json_object_update(rest, more);
    if (kind->is_whole)
        json_object_set_new(rest, "count", json_integer(stream->count));
    return rest;
}

static GPtrArray *make_part(MgrStream *stream)
{
    const MgrStreamKind *kind = stream->kind;
    GPtrArray *part = g_ptr_array_new_with_free_func(g_free);

    for (; stream->at < stream->shape.some && part->len < stream->shape.at_once; stream->at++) {
        char *element =
            kind->element(mgr_call_caller(stream->call), stream->ids->pdata[stream->at], stream->shape.own, kind->user);

        if (element != NULL)
            g_ptr_array_add(part, element);
    }
    stream->count += part->len;
    return part;
}

static bool is_full(const MgrStream *stream)
{
    return mgr_call_message(stream->call)->paces && mgr_call_parts(stream->call) - stream->read >= MGR_REPLY_WINDOW;
}

static gboolean on_unread(gpointer user)
{
    MgrStream *stream = user;
    g_autoptr(GError) error = NULL;

    stream->timer = 0;
    mgr_refuse(&error, MGR_REFUSE_CALL_UNREAD, mgr_call_message(stream->call)->name, HL_NUMBER(READ_PATIENCE), NULL);
    mgr_call_fail(stream->call, error);
    return G_SOURCE_REMOVE;
}

static gboolean on_turn(gpointer user)
{
    MgrStream *stream = user;
    const char *name = stream->kind->name;
    g_autoptr(GPtrArray) part = NULL;

    if (stream->timer != 0 && mgr_call_queued(stream->call) >= MAX_WAITING)
        return G_SOURCE_CONTINUE;
    if (is_full(stream)) {
        stream->timer = g_timeout_add_seconds(READ_PATIENCE, on_unread, stream);
        return G_SOURCE_REMOVE;
    }
    part = make_part(stream);
    if (stream->at < stream->shape.some)
        return mgr_call_part(stream->call, &(MgrReplyList){ name, part, 0, part->len }) ? G_SOURCE_CONTINUE
                                                                                        : G_SOURCE_REMOVE;
    stream->timer = 0;
    mgr_call_last(stream->call, name, g_steal_pointer(&part), end_stream(stream));
    return G_SOURCE_REMOVE;
}

/* -------------------------------------------------------------------------------------------------------- who asked */

static bool is_earlier(const MgrCall *other, gpointer user)
{
    const MgrStream *stream = user, *theirs = mgr_call_stream(other);

    return other != stream->call && theirs != NULL && theirs->kind == stream->kind &&
           mgr_call_origin(other)->is_plain == mgr_call_origin(stream->call)->is_plain &&
           strcmp(mgr_call_admin(other), mgr_call_admin(stream->call)) == 0;
}

/* Who lost the connection asks again, and would otherwise be sent both. */
static void end_earlier(MgrStream *stream)
{
    MgrCall *earlier = mgr_calls_find(mgr_call_calls(stream->call), is_earlier, stream); /* there is one at most */
    g_autoptr(GError) error = NULL;

    if (earlier == NULL)
        return;
    mgr_refuse(&error, MGR_REFUSE_CALL_AGAIN, mgr_call_message(earlier)->name, NULL);
    mgr_call_fail(earlier, error);
}

typedef struct {
    const MgrStream *stream;
    guint n; /* besides it */
    MgrCall *oldest;
} Waiting;

static bool count_waiting(const MgrCall *other, gpointer user)
{
    Waiting *waiting = user;

    if (other == waiting->stream->call || mgr_call_stream(other) == NULL || !mgr_call_message(other)->paces ||
        strcmp(mgr_call_origin(other)->name, mgr_call_origin(waiting->stream->call)->name) != 0)
        return false;
    waiting->n++;
    if (waiting->oldest == NULL || mgr_call_number(other) < mgr_call_number(waiting->oldest))
        waiting->oldest = mgr_call_stream(other)->call;
    return false; /* look at all */
}

/* Each holds the ids of the fleet until it is read, and the broker keeps a part of it.  Who interrupts one and asks
 * again has the newest. */
static void end_oldest(MgrStream *stream)
{
    Waiting waiting = { stream, 0, NULL };
    g_autoptr(GError) error = NULL;

    mgr_calls_find(mgr_call_calls(stream->call), count_waiting, &waiting);
    if (waiting.n < MAX_UNREAD)
        return;
    mgr_refuse(&error, MGR_REFUSE_CALL_LISTS, HL_NUMBER(MAX_UNREAD), mgr_call_origin(stream->call)->name, NULL);
    mgr_call_fail(waiting.oldest, error);
}

typedef struct {
    const char *name;
    GBytes *correlation;
} Asker;

static bool is_of(const MgrCall *call, gpointer user)
{
    const Asker *asker = user;
    GBytes *correlation = mgr_call_correlation(call);

    return mgr_call_stream(call) != NULL && correlation != NULL && g_bytes_equal(correlation, asker->correlation) &&
           strcmp(mgr_call_origin(call)->name, asker->name) == 0;
}

void mgr_stream_read(const MgrCalls *calls, const char *name, GBytes *correlation, guint parts)
{
    MgrCall *call = correlation != NULL ? mgr_calls_find(calls, is_of, &(Asker){ name, correlation }) : NULL;
    MgrStream *stream = call != NULL ? mgr_call_stream(call) : NULL;
    bool was_full = stream != NULL && is_full(stream);

    if (stream == NULL || parts <= stream->read || parts > mgr_call_parts(call) || !mgr_call_is_still_allowed(call))
        return;
    stream->read = parts;
    if (!was_full || stream->timer == 0)
        return;
    g_source_remove(stream->timer); /* the patience begins again */
    stream->timer = g_timeout_add(STEP, on_turn, stream);
}

/* ------------------------------------------------------------------------------------------------------------ start */

void mgr_stream_start(MgrCall *call, const MgrStreamKind *kind, GPtrArray *ids)
{
    mgr_stream_start_some(call, kind, ids, &(MgrStreamShape){ ids->len, PART_ELEMENTS, NULL });
}

void mgr_stream_start_some(MgrCall *call, const MgrStreamKind *kind, GPtrArray *ids, const MgrStreamShape *shape)
{
    MgrStream *stream = g_new0(MgrStream, 1);

    *stream = (MgrStream){ .call = call, .kind = kind, .ids = ids, .shape = *shape };
    stream->shape.some = MIN(shape->some, ids->len);
    mgr_call_set_stream(call, stream, free_stream);
    if (kind->is_whole)
        end_earlier(stream);
    if (mgr_call_message(call)->paces)
        end_oldest(stream);
    if (kind->begin != NULL)
        stream->begun = kind->begin(kind->user);
    if (stream->shape.some > stream->shape.at_once)
        stream->timer = g_timeout_add(STEP, on_turn, stream);
    else
        on_turn(stream); /* a short list is answered at once */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers without an end.
 *
 * The loop thread appends to a buffer; the HTTP thread empties it, and suspends the connection when there is nothing.
 * Both hold the stream, and the last one frees it: the user may end it before the connection does, and after. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/http/internal.h"

#define BLOCK 16384 /* what libmicrohttpd asks for at a time: a record of TLS */

struct HlHttpStream {
    HlHttpServer *server; /* of the HTTP thread; the user may outlive it */
    struct MHD_Connection *connection;

    pthread_mutex_t lock; /* protects what follows */
    GByteArray *waiting;
    gsize sent;     /* of waiting */
    bool suspended; /* the HTTP thread waits for more */
    bool ended;     /* by the user, or by the end of the server */
    bool gone;      /* there is no connection */
    int holders;
};

static void let_go(HlHttpStream *stream)
{
    bool last;

    pthread_mutex_lock(&stream->lock);
    last = --stream->holders == 0;
    pthread_mutex_unlock(&stream->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&stream->lock);
    g_byte_array_unref(stream->waiting);
    g_free(stream);
}

/* With the lock. */
static void wake(HlHttpStream *stream)
{
    if (!stream->suspended || stream->gone)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

/* HTTP thread. */
static ssize_t on_read(void *user, uint64_t position G_GNUC_UNUSED, char *buffer, size_t size)
{
    HlHttpStream *stream = user;
    bool ended;
    gsize n;

    pthread_mutex_lock(&stream->lock);
    ended = stream->ended;
    n = MIN(size, stream->waiting->len - stream->sent);
    if (n > 0)
        memcpy(buffer, stream->waiting->data + stream->sent, n);
    stream->sent += n;
    if (stream->sent == stream->waiting->len) {
        g_byte_array_set_size(stream->waiting, 0);
        stream->sent = 0;
    }
    if (n == 0 && !ended) {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    return n > 0 ? (ssize_t)n : ended ? MHD_CONTENT_READER_END_OF_STREAM : 0;
}

/* HTTP thread: the connection is done with. */
static void on_response_free(void *user)
{
    HlHttpStream *stream = user;

    pthread_mutex_lock(&stream->server->lock);
    g_hash_table_remove(stream->server->streams, stream);
    pthread_mutex_unlock(&stream->server->lock);
    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    pthread_mutex_unlock(&stream->lock);
    let_go(stream);
}

/* A stream that begins after the end of the server has no connection from the start. */
static void attach(HlHttpStream *stream, HlHttpCopy *copy, const char *content_type, const char *const *headers)
{
    HlHttpCall *call = copy->call;
    struct MHD_Response *response;

    stream->server = call->server;
    stream->connection = call->connection;
    stream->gone = false;
    stream->holders++;
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, stream, on_response_free);
    g_assert(response != NULL);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    hl_http_add_headers(stream->server, response, copy->open.path, headers);
    pthread_mutex_lock(&stream->server->lock);
    g_hash_table_add(stream->server->streams, stream);
    pthread_mutex_unlock(&stream->server->lock);
    hl_http_resume(call, MHD_HTTP_OK, response, 0);
}

HlHttpStream *hl_http_stream(HlHttpRequest *open, const char *content_type, const char *const *headers)
{
    HlHttpCopy *copy = (HlHttpCopy *)open;
    HlHttpStream *stream = g_new0(HlHttpStream, 1);

    pthread_mutex_init(&stream->lock, NULL);
    stream->waiting = g_byte_array_new();
    stream->holders = 1;
    stream->gone = true;
    if (copy->call != NULL)
        attach(stream, copy, content_type, headers);
    hl_http_copy_free(copy);
    return stream;
}

HlHttpStreamResult hl_http_stream_write(HlHttpStream *stream, const void *data, gsize size)
{
    HlHttpStreamResult result = HL_HTTP_STREAM_WRITTEN;

    pthread_mutex_lock(&stream->lock);
    if (stream->gone || stream->ended) {
        result = HL_HTTP_STREAM_GONE;
    } else if (stream->waiting->len - stream->sent + size > HL_HTTP_STREAM_MAX) {
        result = HL_HTTP_STREAM_FULL;
    } else {
        if (stream->sent > 0) {
            g_byte_array_remove_range(stream->waiting, 0, (guint)stream->sent);
            stream->sent = 0;
        }
        g_byte_array_append(stream->waiting, data, (guint)size);
        wake(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return result;
}

static void end(HlHttpStream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

void hl_http_stream_end(HlHttpStream *stream)
{
    if (stream == NULL)
        return;
    end(stream);
    let_go(stream);
}

/* The lock of the server is held meanwhile, so that none of them is freed: on_response_free waits for it. */
void hl_http_streams_close(HlHttpServer *server)
{
    GHashTableIter iter;
    gpointer stream;

    pthread_mutex_lock(&server->lock);
    g_hash_table_iter_init(&iter, server->streams);
    while (g_hash_table_iter_next(&iter, &stream, NULL))
        end(stream);
    pthread_mutex_unlock(&server->lock);
}

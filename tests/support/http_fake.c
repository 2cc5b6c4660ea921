/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/http_fake.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/unconst.h"

struct HlHttpStream {
    GString *heard;
    HlHttpStreamResult result;
};

static GQueue answers = G_QUEUE_INIT; /* HttpFakeAnswer * */
static GQueue streams = G_QUEUE_INIT; /* HlHttpStream *, those that were not ended, the newest last */
static guint n_open;

/* As lib/http/crowd.h has it. */
static uint64_t neighbourhood(const char *peer)
{
    struct in6_addr six;
    struct in_addr four;
    uint64_t network;

    if (inet_pton(AF_INET6, peer, &six) == 1) {
        memcpy(&network, &six, sizeof network);
        return network;
    }
    return inet_pton(AF_INET, peer, &four) == 1 ? four.s_addr : 0;
}

static HlHttpRequest *request_new(const char *method, const char *target, const char *peer, GBytes *body)
{
    HlHttpRequest *request = g_new(HlHttpRequest, 1);

    *request = (HlHttpRequest){ .method = g_strdup(method),
                                .target = g_strdup(target),
                                .path = g_strndup(target, strcspn(target, "?")),
                                .rest = "",
                                .body = g_bytes_ref(body),
                                .peer = g_strdup(peer),
                                .neighbours = neighbourhood(peer),
                                .headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free) };
    n_open++;
    return request;
}

static void request_free(HlHttpRequest *request)
{
    g_assert(n_open > 0);
    n_open--;
    g_bytes_unref(request->body);
    g_hash_table_unref(request->headers);
    g_free(hl_unconst(request->method));
    g_free(hl_unconst(request->target));
    g_free(hl_unconst(request->path));
    g_free(hl_unconst(request->peer));
    g_free(request);
}

HlHttpRequest *http_fake_request(const char *peer, GBytes *body)
{
    return request_new("POST", "/v1/enrol", peer, body);
}

HlHttpRequest *http_fake_ask(const char *method, const char *target, const char *const *headers, const char *body)
{
    g_autoptr(GBytes) bytes = g_bytes_new(body, body != NULL ? strlen(body) : 0);
    HlHttpRequest *request = request_new(method, target, "192.0.2.1", bytes);

    for (; headers != NULL && *headers != NULL; headers += 2)
        g_hash_table_insert(request->headers, g_strdup(headers[0]), g_strdup(headers[1]));
    return request;
}

const char *hl_http_request_header(const HlHttpRequest *request, const char *name)
{
    return g_hash_table_lookup(request->headers, name);
}

void hl_http_answer(HlHttpRequest *request, guint status, const char *content_type, GBytes *body,
                    const char *const *headers)
{
    HttpFakeAnswer *answer = g_new0(HttpFakeAnswer, 1);

    g_assert(content_type != NULL || body == NULL);
    answer->status = status;
    answer->body = body != NULL ? g_bytes_ref(body) : g_bytes_new_static("", 0);
    answer->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (; headers != NULL && *headers != NULL; headers += 2)
        g_hash_table_insert(answer->headers, g_strdup(headers[0]), g_strdup(headers[1]));
    answer->retry_after = g_strdup(g_hash_table_lookup(answer->headers, "Retry-After"));
    g_queue_push_tail(&answers, answer);
    request_free(request);
}

HttpFakeAnswer *http_fake_take(void)
{
    return g_queue_pop_head(&answers);
}

void http_fake_answer_free(HttpFakeAnswer *answer)
{
    g_bytes_unref(answer->body);
    g_hash_table_unref(answer->headers);
    g_free(answer->retry_after);
    g_free(answer);
}

/* ---------------------------------------------------------------------------------------------------------- streams */

HlHttpStream *hl_http_stream(HlHttpRequest *request, const char *content_type, const char *const *headers G_GNUC_UNUSED)
{
    HlHttpStream *stream = g_new(HlHttpStream, 1);

    g_assert(content_type != NULL);
    *stream = (HlHttpStream){ g_string_new(NULL), HL_HTTP_STREAM_WRITTEN };
    g_queue_push_tail(&streams, stream);
    request_free(request);
    return stream;
}

HlHttpStreamResult hl_http_stream_write(HlHttpStream *stream, const void *data, gsize size)
{
    if (stream->result == HL_HTTP_STREAM_WRITTEN)
        g_string_append_len(stream->heard, data, (gssize)size);
    return stream->result;
}

void hl_http_stream_end(HlHttpStream *stream)
{
    g_assert_true(g_queue_remove(&streams, stream));
    g_string_free(stream->heard, TRUE);
    g_free(stream);
}

GBytes *http_fake_heard_bytes(void)
{
    HlHttpStream *stream = g_queue_peek_tail(&streams);
    GBytes *heard = stream != NULL ? g_bytes_new(stream->heard->str, stream->heard->len) : NULL;

    if (stream != NULL)
        g_string_truncate(stream->heard, 0);
    return heard;
}

char *http_fake_heard(void)
{
    HlHttpStream *stream = g_queue_peek_tail(&streams);
    char *heard = stream != NULL ? g_strdup(stream->heard->str) : NULL;

    if (stream != NULL)
        g_string_truncate(stream->heard, 0);
    return heard;
}

void http_fake_set_stream(HlHttpStreamResult result)
{
    ((HlHttpStream *)g_queue_peek_tail(&streams))->result = result;
}

void http_fake_reset(void)
{
    g_assert_cmpuint(n_open, ==, 0);
    g_assert_cmpuint(g_queue_get_length(&streams), ==, 0);
    g_queue_clear_full(&answers, (GDestroyNotify)http_fake_answer_free);
}

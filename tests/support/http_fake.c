/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/http_fake.h"

#include <string.h>

#include "lib/base/unconst.h"

static GQueue answers = G_QUEUE_INIT; /* HttpFakeAnswer * */
static guint n_open;

HlHttpRequest *http_fake_request(const char *peer, GBytes *body)
{
    HlHttpRequest *request = g_new(HlHttpRequest, 1);

    *request = (HlHttpRequest){
        .method = "POST", .path = "/v1/enrol", .rest = "", .body = g_bytes_ref(body), .peer = g_strdup(peer)
    };
    n_open++;
    return request;
}

void hl_http_answer(HlHttpRequest *request, guint status, const char *content_type, GBytes *body,
                    const char *const *headers)
{
    HttpFakeAnswer *answer = g_new0(HttpFakeAnswer, 1);

    g_assert(n_open > 0);
    g_assert(content_type != NULL || body == NULL);
    n_open--;
    answer->status = status;
    answer->body = body != NULL ? g_bytes_ref(body) : g_bytes_new_static("", 0);
    for (; headers != NULL && *headers != NULL; headers += 2)
        if (strcmp(headers[0], "Retry-After") == 0)
            answer->retry_after = g_strdup(headers[1]);
    g_queue_push_tail(&answers, answer);
    g_bytes_unref(request->body);
    g_free(hl_unconst(request->peer));
    g_free(request);
}

HttpFakeAnswer *http_fake_take(void)
{
    return g_queue_pop_head(&answers);
}

void http_fake_answer_free(HttpFakeAnswer *answer)
{
    g_bytes_unref(answer->body);
    g_free(answer->retry_after);
    g_free(answer);
}

void http_fake_reset(void)
{
    g_assert_cmpuint(n_open, ==, 0);
    g_queue_clear_full(&answers, (GDestroyNotify)http_fake_answer_free);
}

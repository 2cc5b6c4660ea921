/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests without a server: the test makes them, and what hl_http_answer says is recorded.
 *
 * A program links http_fake and nothing that needs the rest of lib/http/serve.h.  A request that is answered twice, or
 * never, fails the test (http_fake_reset). */
#ifndef TESTS_SUPPORT_HTTP_FAKE_H
#define TESTS_SUPPORT_HTTP_FAKE_H

#include "lib/http/serve.h"

/* A POST of this body from this address; strings are copied.  For a handler, which answers it. */
HlHttpRequest *http_fake_request(const char *peer, GBytes *body);

typedef struct {
    guint status;
    GBytes *body;
    char *retry_after; /* the header's value; NULL: it was not given */
} HttpFakeAnswer;

/* The oldest answer that was not taken; NULL: none.  Free with http_fake_answer_free. */
HttpFakeAnswer *http_fake_take(void);
void http_fake_answer_free(HttpFakeAnswer *answer);

/* Every request was answered; forgets the answers. */
void http_fake_reset(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpFakeAnswer, http_fake_answer_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests without a server: the test makes them, and what hl_http_answer says is recorded; streams likewise.
 *
 * A program links http_fake and nothing that needs the rest of lib/http/serve.h.  A request that is answered twice, or
 * never, and a stream that is not ended, fail the test (http_fake_reset). */
#ifndef TESTS_SUPPORT_HTTP_FAKE_H
#define TESTS_SUPPORT_HTTP_FAKE_H

#include "lib/http/serve.h"

/* A POST of this body from this address; strings are copied.  For a handler, which answers it. */
HlHttpRequest *http_fake_request(const char *peer, GBytes *body);

/* Any other: method and target as on the wire; headers (names in lower case) and body may be NULL.  Of 192.0.2.1. */
HlHttpRequest *http_fake_ask(const char *method, const char *target, const char *const *headers, const char *body);

typedef struct {
    guint status;
    GBytes *body;
    char *retry_after;   /* the header's value; NULL: it was not given */
    GHashTable *headers; /* of the answer, by name as it was given */
} HttpFakeAnswer;

/* The oldest answer that was not taken; NULL: none.  Free with http_fake_answer_free. */
HttpFakeAnswer *http_fake_take(void);
void http_fake_answer_free(HttpFakeAnswer *answer);

/* What was written to the newest stream since the last call; NULL: it was ended, or there is none.  Caller frees. */
char *http_fake_heard(void);

/* The same of one that may have NUL in it. */
GBytes *http_fake_heard_bytes(void);

/* What the newest stream says to everyone who writes from now on. */
void http_fake_set_stream(HlHttpStreamResult result);

/* Every request was answered and every stream ended; forgets the answers. */
void http_fake_reset(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpFakeAnswer, http_fake_answer_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A request to the REST interface, from its arrival to its answer.
 *
 * Taken apart and checked before any handler sees it; answered exactly once, by con_request_done, _fail or _stream, now
 * or later, and gone then.  Loop thread. */
#ifndef MANAGER_CONSOLE_REQUEST_H
#define MANAGER_CONSOLE_REQUEST_H

#include "lib/base/json.h"
#include "lib/http/serve.h"
#include "manager/console/core/route.h"
#include "manager/console/core/target.h"

typedef struct {
    HlHttpRequest *http; /* NULL: answered */
    ConTarget target;
    ConMatch match;
    json_t *body;  /* an object; NULL: the route takes none */
    char *session; /* or a token; NULL: not signed in */
    bool by_token;
} ConRequest;

/* Takes http.  NULL: it was refused, and is answered. */
ConRequest *con_request_new(HlHttpRequest *http);

/* A parameter of the query; NULL: it was not given. */
const char *con_request_query(const ConRequest *request, const char *name);

/* A header, its name in lower case; NULL: it was not sent. */
const char *con_request_header(const ConRequest *request, const char *name);

/* Whether the page says that it asks by itself: nobody has touched it for a while. */
bool con_request_is_idle(const ConRequest *request);

/* The answer, with the status that the route says; takes document (NULL: none).  headers: name, value, ..., NULL. */
void con_request_done(ConRequest *request, json_t *document, const char *const *headers);

/* The same with text of another type; takes text. */
void con_request_done_text(ConRequest *request, const char *type, char *text, const char *const *headers);

/* With the lines of the document in the reader's language (worded.h).  Others may be given it as well: it stays. */
void con_request_done_worded(ConRequest *request, const json_t *document);

/* By the error's code. */
void con_request_fail(ConRequest *request, const GError *error);

/* With a status of its own, and headers as above. */
void con_request_fail_as(ConRequest *request, guint status, const GError *error, const char *const *headers);

/* Not signed in, or no longer. */
void con_request_fail_unknown(ConRequest *request);

/* What a call that was made for it has brought: the answer (borrowed), or the error. */
void con_request_pass_on(ConRequest *request, const json_t *answer, const GError *error);

/* An answer without an end. */
HlHttpStream *con_request_stream(ConRequest *request, const char *type, const char *const *headers);

/* For those that no request was made of. */
void con_answer_problem(HlHttpRequest *http, guint status, const GError *error, const char *const *headers);

#endif

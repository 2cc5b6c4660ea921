/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/request.h"

#include <gio/gio.h>
#include <string.h>

#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "lib/base/value_fault.h"
#include "manager/console/core/arguments.h"
#include "manager/console/core/credentials.h"
#include "manager/console/core/fault.h"
#include "manager/console/core/problem.h"
#include "manager/console/remedy.h"
#include "manager/console/worded.h"
#include "manager/core/refusal.h"
#include "manager/filter/fault.h"
#include "proto/fault.h"

#define MAX_COST     (4 * 1024 * 1024) /* of a body as JSON: the server lets no more than 64 KiB of text in */
#define MIN_PACKED   1400              /* less fits into one packet anyway */
#define PACKED_LEVEL 2

static void free_request(ConRequest *request)
{
    con_target_clear(&request->target);
    g_clear_pointer(&request->body, json_decref);
    g_free(request->session);
    g_free(request);
}

const char *con_request_query(const ConRequest *request, const char *name)
{
    return con_target_get(&request->target, name);
}

const char *con_request_header(const ConRequest *request, const char *name)
{
    return hl_http_request_header(request->http, name);
}

bool con_request_is_idle(const ConRequest *request)
{
    return con_request_header(request, "holdline-idle") != NULL;
}

/* ---------------------------------------------------------------------------------------------------------- answers */

/* NULL: it is not worth it. */
static GBytes *pack(const HlHttpRequest *http, GBytes *body)
{
    g_autoptr(GZlibCompressor) packer = NULL;
    g_autofree guint8 *out = NULL;
    gsize size = g_bytes_get_size(body);
    gsize read = 0;
    gsize written = 0;

    if (size < MIN_PACKED || !con_accepts(hl_http_request_header(http, "accept-encoding"), "gzip"))
        return NULL;
    packer = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, PACKED_LEVEL);
    out = g_malloc(size); /* what does not become shorter is left as it is */
    if (g_converter_convert(G_CONVERTER(packer), g_bytes_get_data(body, NULL), size, out, size,
                            G_CONVERTER_INPUT_AT_END, &read, &written, NULL) != G_CONVERTER_FINISHED)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&out), written);
}

static void answer(HlHttpRequest *http, guint status, const char *type, char *text, const char *const *headers)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autoptr(GBytes) body = text != NULL ? g_bytes_new_take(text, strlen(text)) : NULL;
    g_autoptr(GBytes) packed = body != NULL ? pack(http, body) : NULL;
    static const char *const always[] = { "Cache-Control", "no-store", "Vary",
                                          "Accept-Encoding, Accept-Language, Cookie, Authorization" };

    for (gsize i = 0; i < G_N_ELEMENTS(always); i++)
        g_ptr_array_add(all, hl_unconst(always[i]));
    if (packed != NULL) {
        g_ptr_array_add(all, hl_unconst("Content-Encoding"));
        g_ptr_array_add(all, hl_unconst("gzip"));
    }
    for (; headers != NULL && *headers != NULL; headers++)
        g_ptr_array_add(all, hl_unconst(*headers));
    g_ptr_array_add(all, NULL);
    hl_http_answer(http, status, type, packed != NULL ? packed : body, (const char *const *)all->pdata);
}

/* As it is, where the language has no words for it.  Caller frees. */
static char *word(const GError *error, HlFaultLanguage language)
{
    static const HlFaultTable *const tables[] = { &con_faults, &mgr_refusals, &hl_value_faults, &hl_proto_faults,
                                                  NULL };
    char *worded = hl_fault_word(tables, error, language);

    if (worded == NULL && hl_error_sentence(error) == NULL)
        return hl_phrase_translate_to(error->message, language);
    return worded != NULL ? worded : mgr_fault_say(error, language);
}

void con_answer_problem(HlHttpRequest *http, guint status, const GError *error, const char *const *headers)
{
    bool wants_japanese = con_prefers_japanese(hl_http_request_header(http, "accept-language"));
    g_autofree char *english = word(error, con_remedy_english);
    g_autofree char *japanese = wants_japanese ? word(error, con_remedy_japanese) : NULL;
    bool is_japanese = japanese != NULL && strcmp(japanese, english) != 0;
    g_autoptr(json_t) problem = con_problem_new(status, error, is_japanese ? japanese : english);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    g_ptr_array_add(all, hl_unconst("Content-Language"));
    g_ptr_array_add(all, hl_unconst(is_japanese ? "ja" : "en"));
    for (; headers != NULL && *headers != NULL; headers++)
        g_ptr_array_add(all, hl_unconst(*headers));
    g_ptr_array_add(all, NULL);
    answer(http, status, "application/problem+json", hl_json_print(problem), (const char *const *)all->pdata);
}

static guint success_of(const ConRoute *route, bool is_empty)
{
    if (is_empty)
        return 204;
    return (route->flags & CON_ROUTE_CREATED) != 0 ? 201 : (route->flags & CON_ROUTE_ACCEPTED) != 0 ? 202 : 200;
}

void con_request_done_text(ConRequest *request, const char *type, char *text, const char *const *headers)
{
    answer(request->http, success_of(request->match.route, text == NULL), type, text, headers);
    free_request(request);
}

void con_request_done(ConRequest *request, json_t *document, const char *const *headers)
{
    con_request_done_text(request, document != NULL ? "application/json" : NULL,
                          document != NULL ? hl_json_print(document) : NULL, headers);
    json_decref(document);
}

void con_request_done_worded(ConRequest *request, const json_t *document)
{
    bool is_japanese = con_prefers_japanese(con_request_header(request, "accept-language"));
    json_t *worded = json_deep_copy(document);

    con_word_lines(worded, is_japanese ? con_remedy_japanese : con_remedy_english,
                   is_japanese ? NULL : con_remedy_is_of_shell);
    con_request_done(request, worded, is_japanese ? (const char *const[]){ "Content-Language", "ja", NULL } : NULL);
}

void con_request_fail_as(ConRequest *request, guint status, const GError *error, const char *const *headers)
{
    con_answer_problem(request->http, status, error, headers);
    free_request(request);
}

void con_request_fail(ConRequest *request, const GError *error)
{
    const char *seconds = hl_error_argument(error, "seconds"); /* as the refusal says it, where it knows */
    const char *const later[] = { "Retry-After", seconds != NULL ? seconds : "5", NULL };
    guint status = con_problem_status(hl_error_code(error));

    con_request_fail_as(request, status, error, status == 429 || status == 503 ? later : NULL);
}

void con_request_fail_unknown(ConRequest *request)
{
    static const char *const headers[] = { "WWW-Authenticate", "Bearer realm=\"holdline\"", NULL };
    g_autoptr(GError) error = NULL;

    con_fail(&error, CON_FAULT_REQUEST_SIGN_IN, NULL);
    con_request_fail_as(request, 401, error, headers);
}

void con_request_pass_on(ConRequest *request, const json_t *answer, const GError *error)
{
    if (error == NULL)
        con_request_done(request, json_incref(hl_unconst(answer)), NULL);
    else if (hl_error_code(error) == HL_ERROR_EXPIRED)
        con_request_fail_unknown(request);
    else
        con_request_fail(request, error);
}

HlHttpStream *con_request_stream(ConRequest *request, const char *type, const char *const *headers)
{
    HlHttpStream *stream = hl_http_stream(request->http, type, headers);

    free_request(request);
    return stream;
}

/* ----------------------------------------------------------------------------------------------------------- checks */

/* false: refused, and answered. */
static bool check_route(ConRequest *request)
{
    g_autofree char *allowed = con_methods_print(request->match.methods);
    const char *const headers[] = { "Allow", allowed, NULL };
    g_autoptr(GError) error = NULL;

    if (request->match.route != NULL)
        return true;
    if (request->match.methods != 0) {
        con_fail(&error, CON_FAULT_REQUEST_METHOD, allowed, NULL);
        con_request_fail_as(request, 405, error, headers);
    } else {
        con_fail(&error, CON_FAULT_REQUEST_UNKNOWN, CON_API "/openapi.json", NULL);
        con_request_fail(request, error);
    }
    return false;
}

static bool check_origin(ConRequest *request)
{
    g_autoptr(GError) error = NULL;

    if (con_origin_check(con_request_header(request, "origin"), con_request_header(request, "sec-fetch-site"),
                         con_request_header(request, "host"), &error))
        return true;
    con_request_fail(request, error);
    return false;
}

/* false: refused, and answered. */
static bool check_query(ConRequest *request)
{
    g_autoptr(GError) error = NULL;

    if (con_query_check(request->match.route, &request->target, &error))
        return true;
    con_request_fail(request, error);
    return false;
}

/* Clients that send JSON with every POST send this where there is nothing to say. */
static bool is_empty_object(GBytes *body)
{
    gsize size;
    const char *data = g_bytes_get_data(body, &size);

    return size == 2 && memcmp(data, "{}", 2) == 0;
}

static bool take_body(ConRequest *request)
{
    gsize size = g_bytes_get_size(request->http->body);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) error = NULL;

    if (request->match.route->body == NULL && (size == 0 || is_empty_object(request->http->body)))
        return true;
    if (request->match.route->body == NULL) {
        con_fail(&error, CON_FAULT_BODY_NONE, NULL);
        con_request_fail(request, error);
        return false;
    }
    if (!con_type_is_json(con_request_header(request, "content-type"))) {
        con_fail(&error, CON_FAULT_BODY_TYPE, NULL);
        con_request_fail_as(request, 415, error, NULL);
        return false;
    }
    request->body =
        hl_json_parse_bounded("body", g_bytes_get_data(request->http->body, NULL), size, MAX_COST, &problem);
    if (request->body != NULL && json_is_object(request->body))
        return true;
    if (request->body != NULL)
        con_fail(&error, CON_FAULT_BODY_OBJECT, NULL);
    else if (hl_error_code(problem) == HL_ERROR_LIMIT) /* of what is read, not of how often */
        con_fail(&error, CON_FAULT_BODY_MEMBERS, HL_NUMBER(MAX_COST >> 10), NULL);
    else
        error = g_steal_pointer(&problem);
    con_request_fail_as(request, hl_error_code(error) == HL_ERROR_TOO_LARGE ? 413 : 400, error, NULL);
    return false;
}

static bool take_session(ConRequest *request)
{
    request->session = con_bearer_token(con_request_header(request, "authorization"));
    request->by_token = request->session != NULL;
    if (request->session == NULL)
        request->session = con_cookie_session(con_request_header(request, "cookie"));
    if (request->session != NULL || (request->match.route->flags & CON_ROUTE_OPEN) != 0)
        return true;
    con_request_fail_unknown(request);
    return false;
}

ConRequest *con_request_new(HlHttpRequest *http)
{
    ConRequest *request = g_new0(ConRequest, 1);
    g_autoptr(GError) error = NULL;

    request->http = http;
    if (!con_target_parse(&request->target, http->target, &error)) {
        con_request_fail_as(request, 400, error, NULL);
        return NULL;
    }
    request->match = con_route_find(http->method, request->target.segments);
    if (!check_route(request) || !check_origin(request) || !take_session(request) || !check_query(request) ||
        !take_body(request))
        return NULL;
    return request;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/calls.h"

#include <string.h>

#include "lib/base/csv.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/console/core/arguments.h"
#include "manager/console/core/credentials.h"
#include "manager/console/core/fault.h"
#include "manager/console/core/problem.h"
#include "manager/console/core/qr.h"
#include "manager/console/core/rows.h"
#include "manager/core/refusal.h"
#include "proto/bounds.h"

/* ---------------------------------------------------------------------------------------------------------- answers */

static char *csv_of(const json_t *rows)
{
    g_auto(GStrv) fields = hl_csv_columns_of(rows, NULL);
    GString *out = g_string_new(NULL);
    const json_t *value;
    size_t i;

    hl_csv_head(out, (const char *const *)fields);
    json_array_foreach(rows, i, value) hl_csv_row(out, value, (const char *const *)fields);
    return g_string_free(out, FALSE);
}

/* The manager gives the newest of a long list, and says of how many. */
static json_t *page_of(const json_t *answer, const json_t *list, json_t *rows, json_t *next)
{
    const json_t *total = json_object_get(answer, "total");
    json_t *page = json_pack("{s:O, s:O}", "rows", rows, "next", next);

    if (json_integer_value(total) > (json_int_t)json_array_size(list))
        json_object_set(page, "total", hl_unconst(total));
    return page;
}

static void answer_list(ConRequest *request, const json_t *answer)
{
    const json_t *list = json_object_get(answer, request->match.route->list);
    const ConRoute *route = request->match.route;
    const char *format = (route->flags & CON_ROUTE_CSV) != 0 ? con_request_query(request, "format") : NULL;
    bool is_csv = format != NULL && strcmp(format, "csv") == 0;
    ConRowsQuery query = { con_request_query(request, "filter"), con_request_query(request, "sort"),
                           con_request_query(request, "cursor"), con_request_query(request, "limit"), is_csv };
    g_autoptr(json_t) rows = NULL;
    g_autoptr(json_t) next = NULL;
    g_autoptr(json_t) page = NULL;
    g_autoptr(GError) error = NULL;

    if (!con_rows_select(list, &query, &rows, &next, &error)) {
        con_request_fail(request, error);
        return;
    }
    page = page_of(answer, list, rows, next);
    if (is_csv)
        con_request_done_text(request, "text/csv; charset=utf-8", csv_of(rows), NULL);
    else if ((route->flags & CON_ROUTE_WORDED) != 0)
        con_request_done_worded(request, page);
    else
        con_request_done(request, g_steal_pointer(&page), NULL);
}

/* A secret in a picture must be in no address and no cache, as a picture of its own would: so it travels with the
 * answer. */
static json_t *with_picture(const json_t *answer)
{
    json_t *document = json_copy(hl_unconst(answer));
    const char *uri = json_string_value(json_object_get(answer, "uri"));
    guint side = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = con_qr_path(uri != NULL ? uri : "", &side, &error);

    if (path != NULL)
        json_object_set_new(document, "picture", json_pack("{s:i, s:s}", "side", (int)side, "path", path));
    else
        hl_warn("calls", "no picture of the key: %s", error->message);
    return document;
}

static void answer_document(ConRequest *request, const json_t *answer)
{
    const ConRoute *route = request->match.route;
    const char *edition = json_string_value(json_object_get(answer, "tag"));
    const char *id = json_string_value(json_object_get(answer, "id"));
    const char *made = json_string_value(json_object_get(answer, "command")); /* of a roll-back */
    const char *command = id != NULL ? id : made;
    g_autofree char *tag = g_strdup_printf("\"%s\"", edition != NULL ? edition : "");
    g_autofree char *place =
        command != NULL && *command != '\0' ? g_strconcat(CON_API "/commands/", command, NULL) : NULL;
    const char *headers[] = { NULL, NULL, NULL };

    if ((route->flags & CON_ROUTE_VERSION) != 0 && edition != NULL) {
        headers[0] = "ETag";
        headers[1] = tag;
    } else if ((route->flags & CON_ROUTE_ACCEPTED) != 0 && place != NULL) {
        headers[0] = "Location";
        headers[1] = place;
    }
    con_request_done(request,
                     (route->flags & CON_ROUTE_NOTHING) != 0   ? NULL
                     : (route->flags & CON_ROUTE_PICTURE) != 0 ? with_picture(answer)
                                                               : json_incref(hl_unconst(answer)),
                     headers);
}

static void on_done(const json_t *answer, const GError *error, gpointer user)
{
    ConRequest *request = user;

    if (error != NULL && hl_error_code(error) == HL_ERROR_EXPIRED)
        con_request_fail_unknown(request);
    else if (error != NULL && (request->match.route->flags & CON_ROUTE_MATCH) != 0 &&
             mgr_refusal_is_stale(hl_error_sentence(error)))
        con_request_fail_as(request, 412, error, NULL);
    else if (error != NULL)
        con_request_fail(request, error);
    else if (request->match.route->list != NULL)
        answer_list(request, answer);
    else if ((request->match.route->flags & CON_ROUTE_WORDED) != 0)
        con_request_done_worded(request, answer);
    else
        answer_document(request, answer);
}

/* ------------------------------------------------------------------------------------------------------------ calls */

/* false: refused, and answered. */
static bool check_match(ConRequest *request, const char *version)
{
    const char *header = con_request_header(request, "if-match");
    bool is_given = header != NULL && *header != '\0' && strcmp(header, "\"0\"") != 0;
    g_autoptr(GError) error = NULL;

    if ((request->match.route->flags & CON_ROUTE_MATCH) == 0 || version != NULL)
        return true;
    con_fail(&error, is_given ? CON_FAULT_REQUEST_IF_MATCH_ONE : CON_FAULT_REQUEST_IF_MATCH, NULL);
    con_request_fail_as(request, is_given ? 400 : 428, error, NULL);
    return false;
}

static bool is_key(const char *text)
{
    gsize size = strlen(text);

    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isgraph(text[i]))
            return false;
    return size >= 1 && size <= HL_MAX_ONCE;
}

/* As the manager takes them: what no message holds does not get there.  false: refused, and answered. */
static bool check_once(ConRequest *request, const char **once)
{
    const char *key = con_request_header(request, "idempotency-key");
    g_autoptr(GError) error = NULL;

    *once = request->match.route->method != CON_GET ? key : NULL;
    if (*once == NULL || is_key(*once))
        return true;
    con_fail(&error, CON_FAULT_REQUEST_KEY, HL_NUMBER(HL_MAX_ONCE), NULL);
    con_request_fail(request, error);
    return false;
}

static void call_with(ConLine *line, ConRequest *request, const char *selector)
{
    const char *name;
    const char *once;
    g_autofree char *version = con_tag_version(con_request_header(request, "if-match"));
    ConGiven given = { &request->match, &request->target, request->body, version, selector };
    g_auto(GStrv) arguments = NULL;
    g_autoptr(GError) error = NULL;

    if (!check_match(request, version) || !check_once(request, &once))
        return;
    name = con_call_name(request->match.route, request->body, &error);
    if (name != NULL && con_body_check(&request->match, request->body, &error))
        arguments = con_arguments_make(&given, &error);
    if (arguments == NULL) {
        con_request_fail(request, error);
        return;
    }
    con_line_call(line, &(ConLineAsk){ .name = name,
                                       .arguments = (const char *const *)arguments,
                                       .session = request->session,
                                       .address = request->http->peer,
                                       .once = once,
                                       .is_idle = con_request_is_idle(request),
                                       .may_repeat = request->match.route->method == CON_GET || once != NULL,
                                       .done = on_done,
                                       .user = request });
}

void con_calls_answer(ConRequest *request, gpointer line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *selector = con_selector_make(request->match.route, request->body, hl_clock_wall(), &error);

    if (error != NULL)
        con_request_fail(request, error);
    else
        call_with(line, request, selector);
}

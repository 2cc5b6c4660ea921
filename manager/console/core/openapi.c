/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/openapi.h"

#include <string.h>

#include "manager/console/core/route.h"

extern const char con_schemas[];

/* Parsed once, and kept. */
static json_t *components(void)
{
    static json_t *document;
    g_autoptr(GError) error = NULL;

    if (document == NULL)
        document = hl_json_parse("schemas.json", con_schemas, strlen(con_schemas), &error);
    if (document == NULL)
        g_error("%s", error->message);
    return document;
}

const json_t *con_schema_get(const char *name)
{
    return json_object_get(json_object_get(components(), "schemas"), name);
}

static json_t *ref(const char *kind, const char *name)
{
    g_autofree char *path = g_strdup_printf("#/components/%s/%s", kind, name);

    return json_pack("{s:s}", "$ref", path);
}

static json_t *content(const char *type, json_t *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *text_content(const char *type)
{
    return content(type, json_pack("{s:s}", "type", "string"));
}

/* Those of the path in braces, those of the query by their rows in schemas.json, and the headers. */
static json_t *parameters(const ConRoute *route)
{
    json_t *list = json_array();
    g_auto(GStrv) query = g_strsplit(route->query, " ", -1);

    for (const char *at = route->path; (at = strchr(at, '{')) != NULL;) {
        g_autofree char *name = g_strndup(at + 1, strcspn(at + 1, "}"));

        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:{s:s, s:i}}", "name", name, "in", "path", "required",
                                              1, "schema", "type", "string", "minLength", 1));
        at++;
    }
    for (gsize i = 0; query[i] != NULL; i++)
        if (*query[i] != '\0')
            json_array_append_new(list, ref("parameters", query[i]));
    if ((route->flags & CON_ROUTE_MATCH) != 0)
        json_array_append_new(list, ref("parameters", "If-Match"));
    if (route->method != CON_GET && route->call != NULL && strcmp(route->call, "code create") != 0)
        json_array_append_new(list, ref("parameters", "Idempotency-Key"));
    return list;
}

/* Of a reply as the row of the route has it: a schema, or, in brackets, that of the rows of a list. */
static json_t *reply_schema(const char *reply)
{
    g_autofree char *name = *reply == '[' ? g_strndup(reply + 1, strlen(reply) - 2) : NULL;

    if (name == NULL)
        return ref("schemas", reply);
    return json_pack("{s:s, s:[s, s], s:b, s:{s:{s:s, s:o}, s:{s:[s, s]}, s:{s:s, s:i, s:s}}}", "type", "object",
                     "required", "rows", "next", "additionalProperties", 0, "properties", "rows", "type", "array",
                     "items", ref("schemas", name), "next", "type", "string", "null", "total", "type", "integer",
                     "minimum", 0, "description",
                     "Only where all pages together are the newest alone: how many there are");
}

static guint status_of(const ConRoute *route)
{
    return (route->flags & CON_ROUTE_CREATED) != 0    ? 201
           : (route->flags & CON_ROUTE_ACCEPTED) != 0 ? 202
           : (route->flags & CON_ROUTE_NOTHING) != 0  ? 204
                                                      : 200;
}

static json_t *success(const ConRoute *route)
{
    json_t *answer = json_pack("{s:s}", "description", route->summary);
    json_t *bodies = NULL;

    if ((route->flags & CON_ROUTE_STREAM) != 0)
        bodies = text_content("text/event-stream");
    else if (route->reply != NULL)
        bodies = content("application/json", reply_schema(route->reply));
    if ((route->flags & CON_ROUTE_CSV) != 0)
        json_object_update_new(bodies, text_content("text/csv"));
    if (bodies != NULL)
        json_object_set_new(answer, "content", bodies);
    if ((route->flags & CON_ROUTE_VERSION) != 0)
        json_object_set_new(answer, "headers", json_pack("{s:o}", "ETag", ref("headers", "ETag")));
    if ((route->flags & CON_ROUTE_ACCEPTED) != 0)
        json_object_set_new(answer, "headers", json_pack("{s:o}", "Location", ref("headers", "Location")));
    return answer;
}

/* --------------------------------------------------------------------------------------------------------- refusals */

static bool always(const ConRoute *route G_GNUC_UNUSED)
{
    return true;
}

/* The console itself can say it, whatever is the matter with the rest. */
static bool stands_alone(const ConRoute *route)
{
    return route->call == NULL && (route->flags & CON_ROUTE_OPEN) != 0 && route->body == NULL;
}

static bool needs_server(const ConRoute *route)
{
    return !stands_alone(route);
}

static bool names_something(const ConRoute *route)
{
    return *route->arguments != '\0';
}

static bool is_change(const ConRoute *route)
{
    return route->method != CON_GET;
}

static bool has_body(const ConRoute *route)
{
    return route->body != NULL;
}

static bool needs_match(const ConRoute *route)
{
    return (route->flags & CON_ROUTE_MATCH) != 0;
}

/* What may come of an operation beside success: a row each, and "default" for the rest, which no request should bring
 * about (500, 507). */
static const struct {
    const char *status, *response; /* by name, of schemas.json */
    bool (*may_be)(const ConRoute *route);
} refusals[] = {
    { "400", "Invalid", always },           { "401", "Unknown", needs_server }, { "403", "Denied", always },
    { "404", "NotFound", names_something }, { "409", "Conflict", is_change },   { "412", "Changed", needs_match },
    { "413", "TooLarge", always },          { "415", "NoJson", has_body },      { "422", "LongAnswer", needs_server },
    { "428", "NoMatch", needs_match },      { "429", "Limit", always },         { "503", "Unavailable", needs_server },
    { "504", "Timeout", needs_server },     { "default", "Problem", always },
};

static json_t *responses_of(const ConRoute *route)
{
    json_t *responses = json_object();
    g_autofree char *status = g_strdup_printf("%u", status_of(route));

    json_object_set_new(responses, status, success(route));
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (refusals[i].may_be(route))
            json_object_set_new(responses, refusals[i].status, ref("responses", refusals[i].response));
    return responses;
}

/* ------------------------------------------------------------------------------------------------------- operations */

/* "endpoints" of "/endpoints/{id}" and "/endpoints:move".  Caller frees. */
static char *tag_of(const ConRoute *route)
{
    return g_strndup(route->path + 1, strcspn(route->path + 1, "/:."));
}

/* Each once, in the order of the table. */
static json_t *tags(ConRoutes routes)
{
    json_t *list = json_array();
    g_autofree char *last = NULL;

    for (gsize i = 0; i < routes.count; i++) {
        g_autofree char *tag = tag_of(&routes.rows[i]);

        if (g_strcmp0(tag, last) == 0)
            continue;
        json_array_append_new(list, json_pack("{s:s}", "name", tag));
        g_free(last);
        last = g_steal_pointer(&tag);
    }
    return list;
}

static json_t *operation(const ConRoute *route)
{
    g_autofree char *tag = tag_of(route);
    json_t *document = json_pack("{s:s, s:[s], s:s, s:o, s:o}", "operationId", route->id, "tags", tag, "summary",
                                 route->summary, "parameters", parameters(route), "responses", responses_of(route));

    if (route->body != NULL)
        json_object_set_new(document, "requestBody",
                            json_pack("{s:b, s:o}", "required", 1, "content",
                                      content("application/json", ref("schemas", route->body))));
    if ((route->flags & CON_ROUTE_OPEN) != 0)
        json_object_set_new(document, "security", json_array());
    return document;
}

json_t *con_openapi_new(void)
{
    ConRoutes routes = con_routes();
    json_t *paths = json_object();

    for (gsize i = 0; i < routes.count; i++) {
        const ConRoute *route = &routes.rows[i];
        g_autofree char *path = g_strconcat(CON_API, route->path, NULL);
        g_autofree char *method = g_ascii_strdown(con_method_name(route->method), -1);
        json_t *item = json_object_get(paths, path);

        if (item == NULL) {
            item = json_object();
            json_object_set_new(paths, path, item);
        }
        json_object_set_new(item, method, operation(route));
    }
    return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o, s:[{s:[]}, {s:[]}], s:o, s:O}", "openapi",
                     "3.1.0", "info", "title", "Holdline console", "version", HOLDLINE_VERSION, "description",
                     "Endpoints, their settings, updates and scans; docs/rest.md says how it is used", "license",
                     "name", "Apache-2.0", "identifier", "Apache-2.0", "servers", "url", "/", "tags", tags(routes),
                     "security", "session", "token", "paths", paths, "components", components());
}

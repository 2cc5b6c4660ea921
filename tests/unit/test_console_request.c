/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/core, what a request goes through: target, credentials, routes, problems; and the configuration. */
#include <string.h>

#include "lib/base/conf.h"
#include "manager/console/core/conf.h"
#include "manager/console/core/credentials.h"
#include "manager/console/core/openapi.h"
#include "manager/console/core/problem.h"
#include "manager/console/core/route.h"
#include "manager/console/core/table.h"
#include "manager/console/core/target.h"

/* ----------------------------------------------------------------------------------------------------------- target */

static void test_target(void)
{
    g_auto(ConTarget) target = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(con_target_parse(&target, "/api/v1/endpoints/e%2D1%2f2?filter=host%3Aa+b&limit=10&&flag", &error));
    g_assert_cmpuint(g_strv_length(target.segments), ==, 4);
    g_assert_cmpstr(target.segments[2], ==, "endpoints");
    g_assert_cmpstr(target.segments[3], ==, "e-1/2"); /* not taken apart again */
    g_assert_cmpuint(g_hash_table_size(target.query), ==, 3);
    g_assert_cmpstr(con_target_get(&target, "filter"), ==, "host:a b");
    g_assert_cmpstr(con_target_get(&target, "limit"), ==, "10");
    g_assert_cmpstr(con_target_get(&target, "flag"), ==, "");
    g_assert_null(con_target_get(&target, "sort"));
    con_target_clear(&target);
    g_assert_true(con_target_parse(&target, "/", &error));
    g_assert_cmpuint(g_strv_length(target.segments), ==, 1);
    con_target_clear(&target);
    g_assert_true(con_target_parse(&target, "/%E7%B7%8F%E5%8B%99%E9%83%A8", &error));
    g_assert_cmpstr(target.segments[0], ==, "総務部");
}

static void test_bad_targets(void)
{
    static const char *const bad[] = {
        "",       "*",    "api",     "/%",      "/%4",       "/%zz",       "/%00",
        "/a%0ab", "/%ff", "/?%ff=1", "/?a=%ff", "/?a=1&a=2", "/?a=%C2%85", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
    };
    g_autofree char *many = g_strnfill(CON_MAX_TARGET + 1, '/');
    g_autoptr(GString) parameters = g_string_new("/?");
    ConTarget target;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(con_target_parse(&target, bad[i], &error));
        g_assert_nonnull(error);
    }
    g_assert_false(con_target_parse(&target, many, NULL));
    for (int i = 0; i <= CON_MAX_PARAMETERS; i++)
        g_string_append_printf(parameters, "p%d=1&", i);
    g_assert_false(con_target_parse(&target, parameters->str, NULL));
}

/* ------------------------------------------------------------------------------------------------------ credentials */

static void test_sessions(void)
{
    static const struct {
        const char *header, *session;
    } rows[] = {
        { "__Host-holdline=abc-_9", "abc-_9" },
        { "a=b; __Host-holdline=abc ; c=d", "abc" },
        { "__host-holdline=abc", NULL },
        { "x__Host-holdline=abc", NULL },
        { "__Host-holdline=", NULL },
        { "__Host-holdline=a b", NULL },
        { "__Host-holdline=\"abc\"", NULL },
        { "", NULL },
        { NULL, NULL },
    };
    g_autofree char *long_one = g_strnfill(CON_MAX_SESSION + 1, 'a');
    g_autofree char *too_long = g_strconcat("Bearer ", long_one, NULL);
    g_autofree char *token = con_bearer_token("bearer  hlt_a1");
    g_autofree char *printed = con_cookie_print("abc");
    g_autofree char *forgotten = con_cookie_print("");

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *session = con_cookie_session(rows[i].header);

        g_assert_cmpstr(session, ==, rows[i].session);
    }
    g_assert_cmpstr(token, ==, "hlt_a1");
    g_assert_null(con_bearer_token("Basic abc"));
    g_assert_null(con_bearer_token("Bearer "));
    g_assert_null(con_bearer_token(too_long));
    g_assert_null(con_bearer_token(NULL));
    g_assert_cmpstr(printed, ==, "__Host-holdline=abc; Path=/; Secure; HttpOnly; SameSite=Strict");
    g_assert_cmpstr(forgotten, ==, "__Host-holdline=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

static void test_origins(void)
{
    static const struct {
        const char *origin, *site, *host;
        bool is_ours;
    } rows[] = {
        { NULL, NULL, "con:8844", true },
        { "https://con:8844", "same-origin", "con:8844", true },
        { "https://CON:8844", NULL, "con:8844", true },
        { NULL, "none", "con:8844", true },
        { NULL, "same-site", "con:8844", false },
        { NULL, "cross-site", "con:8844", false },
        { "https://con:8844", "cross-site", "con:8844", false },
        { "http://con:8844", NULL, "con:8844", false },
        { "https://con:8845", NULL, "con:8844", false },
        { "https://con", NULL, "con:8844", false },
        { "https://con:8844.evil.example", NULL, "con:8844", false },
        { "null", NULL, "con:8844", false },
        { "https://", NULL, NULL, true }, /* HTTP/1.0 without Host: no browser */
        { "https://con", NULL, NULL, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s %s", rows[i].origin, rows[i].site);
        g_assert_true(con_origin_check(rows[i].origin, rows[i].site, rows[i].host, &error) == rows[i].is_ours);
        if (!rows[i].is_ours)
            g_assert_error(error, HL_ERROR, HL_ERROR_DENIED);
    }
}

static void expect_version(const char *header, const char *expected)
{
    g_autofree char *version = con_tag_version(header);

    g_assert_cmpstr(version, ==, expected);
}

static void test_headers(void)
{
    g_assert_true(con_type_is_json("application/json"));
    g_assert_true(con_type_is_json("Application/JSON; charset=utf-8"));
    g_assert_false(con_type_is_json("application/json-seq"));
    g_assert_false(con_type_is_json("text/plain"));
    g_assert_false(con_type_is_json("application/x-www-form-urlencoded"));
    g_assert_false(con_type_is_json(NULL));
    g_assert_true(con_tag_matches("\"a\", W/\"b\"", "\"b\""));
    g_assert_true(con_tag_matches("*", "\"b\""));
    g_assert_false(con_tag_matches("\"a\"", "\"b\""));
    g_assert_false(con_tag_matches(NULL, "\"b\""));
    expect_version("\"7-18f3\"", "7-18f3");
    expect_version(" W/\"7-18f3\" ", "7-18f3");
    expect_version("\"0\"", NULL);
    expect_version("W/\"0\"", NULL);
    expect_version("\"\"", NULL);
    expect_version("\"a\", \"b\"", NULL);
    expect_version("*", NULL);
    expect_version("7-18f3", NULL);
    expect_version("", NULL);
    expect_version(NULL, NULL);
    g_assert_true(con_accepts("br, gzip;q=0.5", "gzip"));
    g_assert_false(con_accepts("br, gzip;q=0", "gzip"));
    g_assert_false(con_accepts("gzipped", "gzip"));
    g_assert_false(con_accepts(NULL, "gzip"));
}

/* ----------------------------------------------------------------------------------------------------------- routes */

static ConMatch find(const char *method, const char *path)
{
    static ConTarget target; /* what a match borrows from */

    con_target_clear(&target);
    g_assert_true(con_target_parse(&target, path, NULL));
    return con_route_find(method, target.segments);
}

static void test_found(void)
{
    ConMatch match = find("GET", "/api/v1/health");
    g_autofree char *methods = con_methods_print(match.methods);

    g_assert_cmpstr(match.route->id, ==, "getHealth");
    g_assert_cmpstr(find("HEAD", "/api/v1/health").route->id, ==, "getHealth");
    g_assert_cmpstr(methods, ==, "GET, HEAD");
    match = find("POST", "/api/v1/health");
    g_assert_null(match.route);
    g_assert_cmpuint(match.methods, ==, 1U << CON_GET);
    g_assert_cmpuint(find("GET", "/api/v1/").methods, ==, 0);
    g_assert_cmpuint(find("GET", "/api/v1/health/").methods, ==, 0);
    g_assert_cmpuint(find("GET", "/api/v1//health").methods, ==, 0);
    g_assert_cmpuint(find("GET", "/api/v2/health").methods, ==, 0);
    g_assert_cmpuint(find("GET", "/api").methods, ==, 0);
    g_assert_cmpuint(find("GET", "/").methods, ==, 0);
}

/* Each row is found by its own path, and everything that it names is there. */
static void test_every_route(void)
{
    ConRoutes routes = con_routes();
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; i < routes.count; i++) {
        const ConRoute *route = &routes.rows[i];
        g_autofree char *path = g_strconcat(CON_API, route->path, NULL);
        g_autofree char *plain = g_strdelimit(g_strdup(path), "{}", '_');
        ConMatch match = find(con_method_name(route->method), plain);

        g_test_message("%s %s", con_method_name(route->method), route->path);
        g_assert_true(match.route == route);
        g_assert_true(g_hash_table_add(ids, (gpointer)(guintptr)route->id));
        g_assert_true(route->body == NULL || con_schema_get(route->body) != NULL);
        g_assert_true(route->reply == NULL || *route->reply == '[' || con_schema_get(route->reply) != NULL);
        g_assert_true(route->method != CON_GET || route->body == NULL);
        g_assert_true((route->reply == NULL) == ((route->flags & (CON_ROUTE_NOTHING | CON_ROUTE_STREAM)) != 0));
    }
}

/* Every $ref of the document leads somewhere. */
static void check_refs(const json_t *document, json_t *value)
{
    const char *name;
    json_t *member;
    gsize i;

    json_array_foreach(value, i, member) check_refs(document, member);
    json_object_foreach(value, name, member)
    {
        const json_t *at = document;
        g_auto(GStrv) parts = NULL;

        check_refs(document, member);
        if (strcmp(name, "$ref") != 0)
            continue;
        g_test_message("%s", json_string_value(member));
        parts = g_strsplit(json_string_value(member), "/", -1);
        g_assert_cmpstr(parts[0], ==, "#");
        for (i = 1; parts[i] != NULL; i++)
            at = json_object_get(at, parts[i]);
        g_assert_nonnull(at);
    }
}

/* A schema that lets anything through documents nothing: an object names its members, or what all of them are. */
static void check_closed(const char *where, json_t *value)
{
    const json_t *more = json_object_get(value, "additionalProperties");
    const char *name;
    json_t *member;
    gsize i;

    if (g_strcmp0(json_string_value(json_object_get(value, "type")), "object") == 0) {
        g_test_message("%s", where);
        g_assert_true(json_is_false(more) || json_is_object(more));
        g_assert_true(json_is_object(more) || json_is_object(json_object_get(value, "properties")));
    }
    json_array_foreach(value, i, member) check_closed(where, member);
    json_object_foreach(value, name, member) check_closed(name, member);
}

/* What a generated client needs of each operation, and that a refusal is no surprise. */
static void check_operations(json_t *paths)
{
    const char *path;
    const char *method;
    json_t *item;
    json_t *operation;

    json_object_foreach(paths, path, item) json_object_foreach(item, method, operation)
    {
        const json_t *responses = json_object_get(operation, "responses");
        bool changes = strcmp(method, "get") != 0;

        g_test_message("%s %s", method, path);
        g_assert_cmpuint(json_array_size(json_object_get(operation, "tags")), ==, 1);
        g_assert_nonnull(json_object_get(responses, "400"));
        g_assert_nonnull(json_object_get(responses, "429"));
        g_assert_cmpint(json_object_get(responses, "409") != NULL, ==, changes);
        g_assert_cmpint(json_object_get(responses, "415") != NULL, ==,
                        json_object_get(operation, "requestBody") != NULL);
        g_assert_true(strchr(path, '{') == NULL || json_object_get(responses, "404") != NULL);
        g_assert_null(json_object_get(responses, "304"));
    }
}

static void test_openapi(void)
{
    g_autoptr(json_t) document = con_openapi_new();
    const char *name;
    json_t *schema;

    g_assert_nonnull(document);
    check_refs(document, document);
    json_object_foreach(json_object_get(json_object_get(document, "components"), "schemas"), name, schema)
    {
        if (strcmp(name, "Openapi") != 0) /* its own schema is the standard's */
            check_closed(name, schema);
    }
    check_operations(json_object_get(document, "paths"));
}

/* What a later try does not mend is no 429. */
static void test_problem_statuses(void)
{
    g_assert_cmpuint(con_problem_status(HL_ERROR_LIMIT), ==, 429);
    g_assert_cmpuint(con_problem_status(HL_ERROR_QUOTA), ==, 409);
    g_assert_cmpuint(con_problem_status(HL_ERROR_TOO_LARGE), ==, 422);
}

static void test_problems(void)
{
    for (int code = 0; code < HL_ERROR_N_CODES; code++) {
        guint status = con_problem_status((HlErrorCode)code);
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) problem = NULL;

        g_assert_cmpuint(status, >=, 400);
        g_assert_false(hl_fail(&error, (HlErrorCode)code, "no \"%s\"", "総務部"));
        problem = con_problem_new(status, error, error->message);
        g_assert_nonnull(problem);
        g_assert_cmpstr(json_string_value(json_object_get(problem, "code")), ==, hl_error_name((HlErrorCode)code));
        g_assert_cmpstr(json_string_value(json_object_get(problem, "detail")), ==, "no \"総務部\"");
        g_assert_cmpint(json_integer_value(json_object_get(problem, "status")), ==, status);
        g_assert_null(json_object_get(problem, "sentence"));
        g_assert_cmpuint(json_object_size(json_object_get(problem, "args")), ==, 0);
    }
}

/* What is wrong with a filter is there as a code with its arguments. */
static void test_sentence(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) problem = NULL;
    const json_t *args;

    g_assert_null(mgr_filter_parse("hots~pc", MGR_FILTER_SEARCH, 0, &error));
    problem = con_problem_new(400, error, "worded");
    args = json_object_get(problem, "args");
    g_assert_cmpstr(json_string_value(json_object_get(problem, "sentence")), ==, "filter.nearest");
    g_assert_cmpstr(json_string_value(json_object_get(args, "near")), ==, "hots~pc");
    g_assert_cmpstr(json_string_value(json_object_get(args, "at")), ==, "1");
    g_assert_cmpstr(json_string_value(json_object_get(args, "nearest")), ==, "host");
    g_assert_cmpstr(json_string_value(json_object_get(problem, "detail")), ==, "worded");
}

static void test_languages(void)
{
    static const struct {
        const char *header;
        bool japanese;
    } rows[] = {
        { NULL, false },          { "", false },           { "ja", true },          { "JA-jp", true },
        { "ja;q=0.8, en", true }, { "en,ja", false },      { "de, ja", true },      { "jav", false },
        { "de-ja", false },       { ",,ja", true },        { "fr, en;q=0", false }, { "*", false },
        { "ja\t;q=1", true },     { "english, ja", true }, { ",", false },          { "ja;q=0, en", false },
        { "ja; q=0.0", false },   { "en;q=0, ja", true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].header);
        g_assert_cmpint(con_prefers_japanese(rows[i].header), ==, rows[i].japanese);
    }
}

/* ---------------------------------------------------------------------------------------------------- configuration */

static bool parse_conf(const char *text, GError **error)
{
    ConConf conf = { 0 };
    bool done = hl_conf_parse("console.conf", text, strlen(text), con_conf_table(), &conf, error) &&
                con_conf_check(&conf, error);

    hl_options_clear(con_conf_table(), &conf);
    return done;
}

static void test_conf(void)
{
    static const char *const good[] = {
        "[console]\nlisten = [::1]:8844\n",
        "[line]\nbrokers = a:1, [::1]:2\n",
        "[https]\ncertificate = a.pem\nkey = b.pem\n",
    };
    static const char *const bad[] = {
        "[console]\nlisten = 127.0.0.1\n",
        "[console]\nlisten = console.example:8844\n",
        "[console]\nlisten = 127.0.0.1:0\n",
        "[console]\nper-minute = 0\n",
        "[line]\nbrokers = a\n",
        "[line]\nbrokers =\n",
        "[https]\ncertificate = a.pem\n",
        "[https]\nkey = a.pem\n",
        "[console]\nlisten = 127.0.0.1:65536\n",
        "[console]\nlisen = 127.0.0.1:8844\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;

        parse_conf(good[i], &error);
        g_assert_no_error(error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(parse_conf(bad[i], &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
}

/* A column is a member of the rows of /endpoints, by itself or in its object, and the other way round. */
static void test_endpoint_row(void)
{
    const json_t *properties = json_object_get(con_schema_get("EndpointRow"), "properties");
    g_autoptr(GHashTable) heads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        const char *dot = strchr(mgr_columns[i].path, '.');
        char *head = dot != NULL ? g_strndup(mgr_columns[i].path, (gsize)(dot - mgr_columns[i].path))
                                 : g_strdup(mgr_columns[i].name);
        const json_t *member = json_object_get(properties, head);

        g_test_message("%s", mgr_columns[i].name);
        g_assert_nonnull(member);
        g_assert_true(dot == NULL || json_object_get(json_object_get(member, "properties"), dot + 1) != NULL);
        g_hash_table_add(heads, head);
    }
    g_assert_cmpuint(g_hash_table_size(heads), ==, json_object_size(properties));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/target", test_target);
    g_test_add_func("/console/target/bad", test_bad_targets);
    g_test_add_func("/console/sessions", test_sessions);
    g_test_add_func("/console/origins", test_origins);
    g_test_add_func("/console/headers", test_headers);
    g_test_add_func("/console/routes", test_found);
    g_test_add_func("/console/routes/every", test_every_route);
    g_test_add_func("/console/openapi", test_openapi);
    g_test_add_func("/console/endpoint-row", test_endpoint_row);
    g_test_add_func("/console/problems", test_problems);
    g_test_add_func("/console/problems/statuses", test_problem_statuses);
    g_test_add_func("/console/sentence", test_sentence);
    g_test_add_func("/console/languages", test_languages);
    g_test_add_func("/console/conf", test_conf);
    return g_test_run();
}

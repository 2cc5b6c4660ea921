/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts behind the REST interface: arguments of calls, pages of lists, CSV. */
#include <string.h>

#include "lib/base/csv.h"
#include "lib/base/said.h"
#include "manager/console/core/arguments.h"
#include "manager/console/core/problem.h"
#include "manager/console/core/rows.h"
#include "proto/bounds.h"

/* -------------------------------------------------------------------------------------------------------- arguments */

static const struct {
    const char *method, *target, *body, *version, *selector;
    const char *expected; /* "name=value|..."; NULL: refused */
} rows[] = {
    { "GET", "/api/v1/groups/office", NULL, NULL, NULL, "name=office" },
    { "GET", "/api/v1/groups", NULL, NULL, NULL, "" },
    { "PATCH", "/api/v1/groups/office", "{\"settings\": {\"a\": \"1\", \"b\": 2, \"c\": true}}", "7", NULL,
      "name=office|version=7|setting=a=1|setting=b=2|setting=c=yes" },
    { "PATCH", "/api/v1/groups/office", "{\"settings\": []}", "7", NULL, NULL },
    { "PATCH", "/api/v1/groups/office", "{\"settings\": {\"a\": {}}}", "7", NULL, NULL },
    { "PATCH", "/api/v1/groups/office", "{\"settings\": {}}", NULL, NULL, NULL },
    { "POST", "/api/v1/commands", "{\"kind\": \"scan\", \"ids\": [\"x\"], \"expires\": \"1d\"}", NULL, "x",
      "selector=x|expires=1d" },
    { "POST", "/api/v1/commands", "{\"kind\": \"scan\"}", NULL, NULL, NULL },
    { "POST", "/api/v1/endpoints:move", "{\"ids\": [\"x\"], \"group\": 7}", NULL, "x", "selector=x|group=7" },
    { "POST", "/api/v1/endpoints:move", "{\"ids\": [\"x\"], \"group\": {}}", NULL, "x", NULL },
    { "POST", "/api/v1/tokens", "{\"name\": \"n\", \"groups\": [\"a\", \"b\"]}", NULL, NULL, "name=n|groups=a,b" },
    { "POST", "/api/v1/tokens", "{\"name\": \"n\", \"groups\": [1]}", NULL, NULL, NULL },
    { "POST", "/api/v1/tokens", "{\"name\": \"n\", \"groups\": [1, [], 2]}", NULL, NULL, NULL },
    { "POST", "/api/v1/tokens", "{\"name\": \"n\", \"role\": null}", NULL, NULL, "name=n" },
    { "GET", "/api/v1/audit?account=ann&limit=5", NULL, NULL, NULL, "account=ann|limit=1000" },
};

static void test_arguments(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(ConTarget) target = { 0 };
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) body = rows[i].body != NULL ? json_loads(rows[i].body, 0, NULL) : NULL;
        g_auto(GStrv) arguments = NULL;
        GString *text = g_string_new(NULL);
        g_autofree char *got = NULL;
        ConMatch match;

        g_test_message("%s %s %s", rows[i].method, rows[i].target, rows[i].body);
        g_assert_true(con_target_parse(&target, rows[i].target, &error));
        match = con_route_find(rows[i].method, target.segments);
        g_assert_nonnull(match.route);
        arguments = con_arguments_make(&(ConGiven){ &match, &target, body, rows[i].version, rows[i].selector }, &error);
        g_assert_cmpint(arguments != NULL, ==, rows[i].expected != NULL);
        g_assert_cmpint(error == NULL, ==, arguments != NULL);
        for (gsize n = 0; arguments != NULL && arguments[n] != NULL; n += 2)
            g_string_append_printf(text, "%s%s=%s", n > 0 ? "|" : "", arguments[n], arguments[n + 1]);
        got = g_string_free(text, FALSE);
        g_assert_cmpstr(got, ==, rows[i].expected != NULL ? rows[i].expected : "");
    }
}

/* Of a POST. */
static const ConRoute *route_of(const char *path)
{
    g_auto(ConTarget) target = { 0 };
    const ConRoute *route;

    g_assert_true(con_target_parse(&target, path, NULL));
    route = con_route_find("POST", target.segments).route;
    g_assert_nonnull(route);
    return route;
}

static void test_selectors(void)
{
    static const struct {
        const char *body, *selector; /* NULL: it does not say; "invalid": refused */
    } cases[] = {
        { "{}", NULL },
        { "{\"ids\": []}", NULL },
        { "{\"ids\": [\"e-1\", \"e-2\"]}", "e-1,e-2" },
        { "{\"ids\": [\"e-1,all\"]}", "invalid" },
        { "{\"ids\": [7]}", "invalid" },
        { "{\"selector\": \"@office,pc-7\"}", "@office,pc-7" },
        { "{\"filter\": \"\"}", "all" },
        { "{\"filter\": \"group:sales\"}", "@sales" },
        { "{\"filter\": \"printer offline\"}", "filter:printer offline" },
        { "{\"filter\": \"printer offline\", \"selector\": \"all\"}", "invalid" },
        { "{\"filter\": \"printer\", \"ids\": [\"e-1\"]}", "invalid" },
        { "{\"selector\": \"pc-7\", \"ids\": [\"e-1\"]}", "invalid" },
        { "{\"filter\": \"\", \"ids\": [\"e-1\"]}", "e-1" },
        { "{\"filter\": \"\", \"ids\": []}", NULL },
        { "{\"filter\": \"\", \"ids\": null}", "all" },
        { "{\"filter\": \"printer\", \"ids\": []}", "filter:printer" },
        { "{\"filter\": \"\", \"selector\": \"pc-7\"}", "pc-7" },
        { "{\"filter\": \"\", \"selector\": \"\"}", "all" },
        { "{\"ids\": [\"e-1\"], \"selector\": \"\"}", "e-1" },
        { "{\"filter\": \"\", \"ids\": [\"e-1\", \"e-2\"], \"except\": [\"e-1\"]}", "invalid" },
        { "{\"filter\": \"\", \"except\": [\"e-1\", \"e-2\"]}", "except:e-1,e-2 filter:" },
        { "{\"filter\": \"group:sales\", \"except\": [\"e-1\"]}", "except:e-1 filter:group:sales" },
        { "{\"filter\": \"printer\", \"except\": [\"e-1 filter:\"]}", "invalid" },
        { "{\"filter\": \"(a)or(b)\", \"in_group\": \"office\"}", "in:office filter:(a)or(b)" },
        { "{\"filter\": \"a,b\", \"in_group\": \"office\"}", "in:office filter:a,b" },
        { "{\"filter\": \"a) or (b\", \"in_group\": \"office\"}", "invalid" },
        { "{\"filter\": \"group:sales\", \"in_group\": \"office\"}", "in:office filter:group:sales" },
        { "{\"filter\": \"\", \"in_group\": \"office\"}", "@office" },
        { "{\"filter\": \"\", \"in_group\": \"office\", \"except\": [\"e-1\"]}", "in:office except:e-1 filter:" },
        { "{\"filter\": \"printer\", \"in_group\": \"\"}", "filter:printer" },
        { "{\"filter\": \"printer\", \"in_group\": \"office filter:\"}", "invalid" },
        { "{\"filter\": \"printer\", \"in_group\": [\"office\"]}", "invalid" },
        { "{\"in_group\": \"office\"}", "invalid" },
        { "{\"ids\": [\"e-1\"], \"in_group\": \"office\"}", "invalid" },
        { "{\"filter\": \"printer\", \"except\": [null]}", "invalid" },
        { "{\"filter\": \"\", \"except\": \"e-1\"}", "invalid" },
        { "{\"filter\": \"(\"}", "invalid" },
        { "{\"filter\": \"\", \"except\": null}", "all" },
        { "{\"filter\": \"\", \"except\": {\"e-1\": true}}", "invalid" },
        { "{\"selector\": \"all\", \"except\": [\"e-1\"]}", "invalid" },
        { "{\"ids\": [\"e-1\", \"e-2\"], \"except\": [\"e-1\"]}", "invalid" },
        { "{\"filter\": null, \"selector\": \"all\", \"except\": [\"e-1\"]}", "invalid" },
        { "{\"ids\": \"e-1\", \"selector\": \"all\"}", "invalid" },
        { "{\"ids\": null, \"selector\": \"all\"}", "all" },
        { "{\"filter\": 7, \"selector\": \"all\"}", "invalid" },
        { "{\"selector\": [\"e-1\"]}", "invalid" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) body = json_loads(cases[i].body, 0, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *selector = con_selector_make(route_of("/api/v1/endpoints:move"), body, HL_SECOND, &error);

        g_test_message("%s", cases[i].body);
        g_assert_cmpstr(error != NULL ? hl_error_name(hl_error_code(error)) : selector, ==, cases[i].selector);
    }
}

/* What a body's ids are where the route asks for no endpoints is the call's to say. */
static void test_other_ids(void)
{
    g_autoptr(json_t) body = json_loads("{\"ids\": [17], \"filter\": \"(\"}", 0, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(con_selector_make(route_of("/api/v1/detections:acknowledge"), body, HL_SECOND, &error));
    g_assert_no_error(error);
}

/* {"MEMBER": so many ids of 20 characters, "filter": filter} */
static json_t *body_of(const char *member, guint count, const char *filter)
{
    json_t *ids = json_array();

    for (guint i = 0; i < count; i++)
        json_array_append_new(ids, json_sprintf("e-%018u", i));
    return json_pack("{s:o, s:s?}", member, ids, "filter", filter);
}

static void expect_room(const char *member, const char *filter, guint fit)
{
    g_autoptr(json_t) body = body_of(member, fit, filter);
    g_autoptr(json_t) more = body_of(member, fit + 1, filter);
    g_autofree char *told = g_strdup_printf("*'%s' has %u ids, at most %u of them fit: *", member, fit + 1, fit);
    g_autoptr(GError) error = NULL;
    g_autofree char *selector = con_selector_make(route_of("/api/v1/endpoints:move"), body, HL_SECOND, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(selector), <=, CON_MAX_SELECTOR);
    g_assert_null(con_selector_make(route_of("/api/v1/endpoints:move"), more, HL_SECOND, &error));
    g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_INVALID);
    g_assert_true(g_pattern_match_simple(told, error->message));
}

/* Takes body. */
static void expect_too_long(const char *path, json_t *body, const char *told)
{
    ConMatch match = { .route = route_of(path) };
    g_autoptr(json_t) owned = body;
    g_auto(ConTarget) target = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(con_target_parse(&target, path, NULL));
    g_assert_null(con_arguments_make(&(ConGiven){ .match = &match, .target = &target, .body = owned }, &error));
    g_assert_cmpstr(error->message, ==, told);
    g_assert_cmpuint(con_problem_status(hl_error_code(error)), ==, 400);
}

/* The member has the name that the client knows it by, and asking again later would not help. */
static void test_too_long(void)
{
    g_autofree char *value = g_strnfill(CON_MAX_ARGUMENT + 1, 'x');

    expect_too_long("/api/v1/accounts", json_pack("{s:s, s:s, s:s}", "name", "n", "role", "auditor", "note", value),
                    "'note' has 16385 bytes, at most 16384 are taken");
    expect_too_long("/api/v1/groups", json_pack("{s:s, s:{s:s}}", "name", "n", "settings", "scan.exclude", value),
                    "'scan.exclude' has 16398 bytes, at most 16384 are taken");
}

/* As many ids as an argument holds; it is said how many, and not that a field of the wire is too long. */
static void test_many_ids(void)
{
    const ProtobufCMessageDescriptor *type = &holdline__v1__argument__descriptor;

    g_assert_cmpuint(CON_MAX_SELECTOR, ==,
                     hl_bound_find(type, protobuf_c_message_descriptor_get_field_by_name(type, "value"))->max);
    expect_room("ids", NULL, (CON_MAX_SELECTOR + 1) / 21);
    expect_room("except", "", (CON_MAX_SELECTOR + 1 - 15) / 21);
    expect_room("except", "printer offline", (CON_MAX_SELECTOR + 1 - 30) / 21);
}

/* Every entry of every row says where its value comes from, and the braces of its path have the name.  Those of a row
 * without a call say what its body may have. */
static void test_every_route(void)
{
    ConRoutes routes = con_routes();

    for (gsize i = 0; i < routes.count; i++) {
        const ConRoute *route = &routes.rows[i];
        g_auto(GStrv) entries = g_strsplit(route->arguments, " ", -1);

        g_test_message("%s", route->id);
        g_assert_true(route->list == NULL || route->method == CON_GET);
        for (gsize n = 0; entries[n] != NULL && *entries[n] != '\0'; n++) {
            const char *from = strchr(entries[n], '=') + 1;

            g_assert_true(g_str_has_prefix(from, "path.") || g_str_has_prefix(from, "query.") ||
                          g_str_has_prefix(from, "body.") || strcmp(from, "settings") == 0 ||
                          strcmp(from, "selector") == 0 || strcmp(from, "match") == 0 ||
                          g_str_has_prefix(from, "text."));
            g_assert_true(route->call != NULL || g_str_has_prefix(from, "body."));
            if (g_str_has_prefix(from, "path."))
                g_assert_nonnull(con_match_param(&(ConMatch){ .route = route, .params = { "one", "two" } }, from + 5));
            g_assert_true(!g_str_has_prefix(from, "body.") || route->body != NULL);
        }
    }
}

static void test_call_names(void)
{
    static const struct {
        const char *call, *body, *expected;
    } cases[] = {
        { "group list", NULL, "group list" },
        { "=kind", "{\"kind\": \"scan\"}", "scan" },
        { "=kind", "{\"kind\": \"quarantine restore\"}", "quarantine restore" },
        { "=kind", "{\"kind\": \"group delete\"}", NULL },
        { "=kind", "{\"kind\": \"endpoint clone keep\"}", NULL },
        { "=kind", "{\"kind\": \"\"}", NULL },
        { "=kind", "{\"kind\": 7}", NULL },
        { "=kind", "{}", NULL },
        { "endpoint clone =action", "{\"action\": \"keep\"}", "endpoint clone keep" },
        { "endpoint clone =action", "{\"action\": \"scan\"}", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) body = cases[i].body != NULL ? json_loads(cases[i].body, 0, NULL) : NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(con_call_name(&(ConRoute){ .call = cases[i].call }, body, &error), ==, cases[i].expected);
        g_assert_cmpint(error == NULL, ==, cases[i].expected != NULL);
    }
}

/* ------------------------------------------------------------------------------------------------------------ lists */

static void expect_page(ConRowsQuery query, const char *expected, const char *expected_next)
{
    g_autoptr(json_t) all = json_loads("[{\"n\": 3, \"t\": \"Alpha\"}, {\"n\": 1, \"t\": \"beta\"}, {\"t\": \"gamma\"},"
                                       " {\"n\": 2, \"t\": \"ALPHA two\"}]",
                                       0, NULL);
    g_autoptr(json_t) page = NULL;
    g_autoptr(json_t) next = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    bool ok = con_rows_select(all, &query, &page, &next, &error);

    g_assert_cmpint(ok, ==, expected != NULL);
    if (!ok)
        return;
    text = json_dumps(page, JSON_COMPACT | JSON_SORT_KEYS);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpstr(json_string_value(next), ==, expected_next);
}

static void test_rows(void)
{
    expect_page((ConRowsQuery){ .filter = "alpha" }, "[{\"n\":3,\"t\":\"Alpha\"},{\"n\":2,\"t\":\"ALPHA two\"}]", NULL);
    expect_page((ConRowsQuery){ .filter = "alpha", .sort = "n" },
                "[{\"n\":2,\"t\":\"ALPHA two\"},{\"n\":3,\"t\":\"Alpha\"}]", NULL);
    expect_page((ConRowsQuery){ .sort = "n", .limit = "2" }, "[{\"t\":\"gamma\"},{\"n\":1,\"t\":\"beta\"}]", "2");
    expect_page((ConRowsQuery){ .sort = "-n", .limit = "1", .cursor = "3" }, "[{\"t\":\"gamma\"}]", NULL);
    expect_page((ConRowsQuery){ .cursor = "99" }, "[]", NULL);
    expect_page((ConRowsQuery){ .limit = "0" }, NULL, NULL);
    expect_page((ConRowsQuery){ .sort = "n", .limit = "2", .is_whole = true },
                "[{\"t\":\"gamma\"},{\"n\":1,\"t\":\"beta\"}]", "2");
    expect_page((ConRowsQuery){ .limit = "1001" }, NULL, NULL);
    expect_page((ConRowsQuery){ .cursor = "-1" }, NULL, NULL);
}

static void test_rows_whole(void)
{
    static const guint counts[] = { 1000, 3000 }; /* a page has no more than the first */

    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(json_t) all = json_array();
        g_autoptr(json_t) page = NULL;
        g_autoptr(json_t) next = NULL;

        for (guint n = 0; n < counts[1]; n++)
            json_array_append_new(all, json_integer(n));
        g_assert_true(con_rows_select(all, &(ConRowsQuery){ .is_whole = i == 1 }, &page, &next, NULL));
        g_assert_cmpuint(json_array_size(page), ==, counts[i]);
        g_assert_cmpint(json_is_null(next), ==, i == 1);
    }
}

/* What a spreadsheet would compute is text there; quotes, commas and lines stay in their cell. */
static void test_csv(void)
{
    static const char *const fields[] = { "a", "b.c", "d", NULL };
    static const char *const wide[][2] = { { "＝1+1", "\"'＝1+1\"" },      { "＋1", "\"'＋1\"" },
                                           { "－1", "\"'－1\"" },          { "＠A1", "\"'＠A1\"" },
                                           { "総務部＝", "\"総務部＝\"" }, { "\xef\xbc", "\"\xef\xbc\"" } };
    g_autoptr(json_t) row = json_loads("{\"a\": \"=1+1\", \"b\": {\"c\": \"x\\\"y,\\nz\"}, \"d\": null}", 0, NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    hl_csv_head(out, fields);
    hl_csv_row(out, row, fields);
    g_assert_cmpstr(out->str, ==, "\"a\",\"b.c\",\"d\"\r\n\"'=1+1\",\"x\"\"y,\nz\",\"\"\r\n");
    for (const char *c = "+-@\t\r\n="; *c != '\0'; c++) {
        g_autofree char *text = g_strdup_printf("%cx", *c);

        g_string_truncate(out, 0);
        hl_csv_cell(out, text, true);
        g_assert_true(g_str_has_prefix(out->str, "\"'"));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(wide); i++) {
        g_string_truncate(out, 0);
        hl_csv_cell(out, wide[i][0], true);
        g_assert_cmpstr(out->str, ==, wide[i][1]);
    }
}

/* An object is a column for each of its members, whichever row has it; a list is one cell that people can read. */
static void test_csv_columns(void)
{
    static const char *const some[] = { "patterns", "id", NULL };
    g_autoptr(json_t) list =
        json_loads("[{\"id\": 1, \"patterns\": {}, \"settings\": {\"update.schedule\": \"off\", \"x\": {\"y\": -5}}},"
                   " {\"id\": 2, \"patterns\": {\"virus\": \"=7\"}, \"tags\": [\"a\", \"b\"], \"ends\": [{\"k\": 1, "
                   "\"v\": true}]}]",
                   0, NULL);
    g_auto(GStrv) all = hl_csv_columns_of(list, NULL);
    g_auto(GStrv) few = hl_csv_columns_of(list, some);
    g_autofree char *head = g_strjoinv(" ", all);
    g_autofree char *short_head = g_strjoinv(" ", few);
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_cmpstr(head, ==, "id patterns.virus settings.update.schedule settings.x.y tags ends");
    g_assert_cmpstr(short_head, ==, "patterns.virus id");
    for (gsize i = 0; i < json_array_size(list); i++)
        hl_csv_row(out, json_array_get(list, i), (const char *const *)all);
    g_assert_cmpstr(out->str, ==,
                    "\"1\",\"\",\"off\",\"-5\",\"\",\"\"\r\n\"2\",\"'=7\",\"\",\"\",\"a; b\",\"k=1, v=true\"\r\n");
}

/* A row that names thousands of members costs a bounded number of columns. */
static void test_csv_bound(void)
{
    g_autoptr(json_t) list = json_pack("[{s:i, s:{}}]", "id", 1, "many");
    g_auto(GStrv) columns = NULL;

    for (int i = 0; i < 3 * HL_CSV_MAX_COLUMNS; i++) {
        g_autofree char *name = g_strdup_printf("n%d", i);

        json_object_set_new(json_object_get(json_array_get(list, 0), "many"), name, json_integer(i));
    }
    columns = hl_csv_columns_of(list, NULL);
    g_assert_cmpuint(g_strv_length(columns), <=, HL_CSV_MAX_COLUMNS);
    g_assert_true(g_strv_contains((const char *const *)columns, "many")); /* with those that have no column */
}

/* What is an object in one row and a text in another loses neither. */
static void test_csv_mixed(void)
{
    g_autoptr(json_t) list = json_loads("[{\"a\": {\"x\": 1}}, {\"a\": \"plain\"}, {\"a\": null}]", 0, NULL);
    g_auto(GStrv) columns = hl_csv_columns_of(list, NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    hl_csv_head(out, (const char *const *)columns);
    for (gsize i = 0; i < json_array_size(list); i++)
        hl_csv_row(out, json_array_get(list, i), (const char *const *)columns);
    g_assert_cmpstr(out->str, ==, "\"a\",\"a.x\"\r\n\"x=1\",\"1\"\r\n\"plain\",\"\"\r\n\"\",\"\"\r\n");
}

/* A list has two formats; what is no list has no format at all. */
static void test_formats(void)
{
    static const struct {
        const char *target, *sentence;
    } asked[] = {
        { "/api/v1/endpoints?format=csv", NULL },
        { "/api/v1/endpoints?format=json", NULL },
        { "/api/v1/accounts?format=csv&limit=5", NULL },
        { "/api/v1/endpoints?format=xml", "list.format" },
        { "/api/v1/detections?format=CSV", "list.format" },
        { "/api/v1/accounts?format=", "list.format" },
        { "/api/v1/accounts?sort=-expires", NULL },
        { "/api/v1/accounts?sort=", NULL },
        { "/api/v1/accounts?sort=nonsense", "list.column" },
        { "/api/v1/settings?sort=-nonsense", "list.column" },
        { "/api/v1/endpoints/e-1/history?sort=--at", "list.column" },
        { "/api/v1/endpoints?fitler=x", "request.parameter" },
        { "/api/v1/patterns?format=csv", "request.parameter-none" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_auto(ConTarget) target = { 0 };
        g_autoptr(GError) error = NULL;

        g_test_message("%s", asked[i].target);
        g_assert_true(con_target_parse(&target, asked[i].target, &error));
        g_assert_cmpint(con_query_check(con_route_find("GET", target.segments).route, &target, &error), ==,
                        asked[i].sentence == NULL);
        g_assert_cmpstr(error != NULL ? hl_error_sentence(error) : NULL, ==, asked[i].sentence);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console-rest/csv-columns", test_csv_columns);
    g_test_add_func("/console-rest/csv-bound", test_csv_bound);
    g_test_add_func("/console-rest/csv-mixed", test_csv_mixed);
    g_test_add_func("/console-rest/arguments", test_arguments);
    g_test_add_func("/console-rest/selectors", test_selectors);
    g_test_add_func("/console-rest/other-ids", test_other_ids);
    g_test_add_func("/console-rest/many-ids", test_many_ids);
    g_test_add_func("/console-rest/too-long", test_too_long);
    g_test_add_func("/console-rest/every-route", test_every_route);
    g_test_add_func("/console-rest/call-names", test_call_names);
    g_test_add_func("/console-rest/rows", test_rows);
    g_test_add_func("/console-rest/rows-whole", test_rows_whole);
    g_test_add_func("/console-rest/csv", test_csv);
    g_test_add_func("/console-rest/formats", test_formats);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/endpoints.h"

#include <string.h>

#include "lib/base/csv.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"
#include "manager/console/core/page.h"
#include "proto/settings.h"

#define DEFAULT_LIMIT 100

struct ConEndpoints {
    ConLine *line;
    ConPeople *people;
    const ConWatch *watch;
};

ConEndpoints *con_endpoints_new(ConLine *line, ConPeople *people, const ConWatch *watch)
{
    ConEndpoints *endpoints = g_new0(ConEndpoints, 1);

    endpoints->line = line;
    endpoints->people = people;
    endpoints->watch = watch;
    return endpoints;
}

void con_endpoints_free(ConEndpoints *endpoints)
{
    g_free(endpoints);
}

/* ------------------------------------------------------------------------------------------------------------- rows */

/* "settings" of "settings.desired"; NULL: it is a member of the row itself.  Caller frees. */
static char *head_of(int column)
{
    const char *path = mgr_columns[column].path;
    const char *dot = strchr(path, '.');

    return dot != NULL ? g_strndup(path, (gsize)(dot - path)) : NULL;
}

/* By its own name or path, or that of the object that it is in. */
static bool is_asked(char *const *fields, int column)
{
    g_autofree char *head = head_of(column);

    return fields == NULL || g_strv_contains((const char *const *)fields, mgr_columns[column].name) ||
           g_strv_contains((const char *const *)fields, mgr_columns[column].path) ||
           (head != NULL && g_strv_contains((const char *const *)fields, head));
}

static bool is_nothing(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && *json_string_value(value) == '\0');
}

/* As in the status document: an object has what is known, and is not there when nothing is. */
static void set_inside(json_t *document, const char *head, const char *member, json_t *value)
{
    json_t *object = json_object_get(document, head);

    if (is_nothing(value)) {
        json_decref(value);
        return;
    }
    if (object == NULL) {
        object = json_object();
        json_object_set_new(document, head, object);
    }
    json_object_set_new(object, member, value);
}

json_t *con_endpoint_row(const ConRow *row, char *const *fields)
{
    json_t *document = json_object();
    bool was_scanned = row->values[mgr_column_find("last_scan")].number != 0;

    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        g_autofree char *head = head_of(i);

        if (i != MGR_COLUMN_ID && !is_asked(fields, i))
            continue;
        if (head == NULL)
            json_object_set_new(document, mgr_columns[i].name, con_row_value(row, i));
        else if (was_scanned || strcmp(head, "last_scan") != 0)
            set_inside(document, head, strchr(mgr_columns[i].path, '.') + 1, con_row_value(row, i));
    }
    return document;
}

static bool check_fields(char *const *fields, GError **error)
{
    for (; fields != NULL && *fields != NULL; fields++) {
        const char *const one[] = { *fields, NULL };
        bool known = false;

        for (int i = 0; i < MGR_N_COLUMNS && !known; i++)
            known = is_asked(hl_unconst(one), i);
        if (!known)
            return con_fail(error, CON_FAULT_LIST_FIELD, *fields, NULL);
    }
    return true;
}

static bool parse_limit(const ConRequest *request, guint *limit, GError **error)
{
    const char *text = con_request_query(request, "limit");
    guint64 value = DEFAULT_LIMIT;

    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, CON_MAX_PAGE, &value, NULL))
        return con_fail(error, CON_FAULT_LIST_NUMBER, "limit", text, "1", HL_NUMBER(CON_MAX_PAGE), NULL);
    *limit = (guint)value;
    return true;
}

static json_t *rows_of(const ConPage *page, char *const *fields)
{
    json_t *rows = json_array();

    for (guint i = 0; i < page->rows->len; i++)
        json_array_append_new(rows, con_endpoint_row(page->rows->pdata[i], fields));
    return rows;
}

static void answer_page(const ConEndpoints *endpoints, ConRequest *request, const ConPage *page, char *const *fields)
{
    const ConTable *table = con_watch_table(endpoints->watch);

    con_request_done(request,
                     json_pack("{s:o, s:s?, s:I, s:I, s:b}", "rows", rows_of(page, fields), "next", page->next, "total",
                               (json_int_t)page->total, "revision", (json_int_t)con_table_revision(table), "stale",
                               con_watch_is_stale(endpoints->watch)),
                     NULL);
}

static bool wants_csv(const ConRequest *request)
{
    const char *format = con_request_query(request, "format");

    return format != NULL && strcmp(format, "csv") == 0;
}

/* Those that were asked for, by their paths.  Caller frees. */
static char **columns_of(char *const *fields)
{
    GPtrArray *columns = g_ptr_array_new();

    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (is_asked(fields, i))
            g_ptr_array_add(columns, g_strdup(strchr(mgr_columns[i].path, '.') != NULL ? mgr_columns[i].path
                                                                                       : mgr_columns[i].name));
    g_ptr_array_add(columns, NULL);
    return (char **)g_ptr_array_free(columns, FALSE);
}

/* Which patterns there are is known once all rows were looked at. */
static char *csv_of(const GPtrArray *rows, char *const *fields)
{
    g_auto(GStrv) wanted = columns_of(fields);
    g_autoptr(HlCsvColumns) columns = hl_csv_columns_new((const char *const *)wanted);
    g_auto(GStrv) names = NULL;
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < rows->len; i++) {
        g_autoptr(json_t) document = con_endpoint_row(rows->pdata[i], NULL);

        hl_csv_columns_look(columns, document);
    }
    names = hl_csv_columns_list(columns);
    hl_csv_head(text, (const char *const *)names);
    for (guint i = 0; i < rows->len; i++) {
        g_autoptr(json_t) document = con_endpoint_row(rows->pdata[i], NULL);

        hl_csv_row(text, document, (const char *const *)names);
    }
    return g_string_free(text, FALSE);
}

/* All that the filter takes, in one selection: page by page the table would be walked for each. */
static void answer_csv(const ConEndpoints *endpoints, ConRequest *request, ConQuery *query, char *const *fields)
{
    static const char *const headers[] = { "Content-Disposition", "attachment; filename=\"endpoints.csv\"", NULL };
    const ConTable *table = con_watch_table(endpoints->watch);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_auto(ConPage) page = { 0 };

    query->limit = MAX(1, con_table_count(table));
    query->cursor = NULL;
    con_request_done_text(request, "text/csv; charset=utf-8",
                          csv_of(con_page_select(&page, table, query, NULL) ? page.rows : none, fields), headers);
}

static char **fields_of(const ConRequest *request)
{
    const char *text = con_request_query(request, "fields");

    return text != NULL && *text != '\0' ? g_strsplit(text, ",", -1) : NULL;
}

/* NULL: of all. */
static bool parse_group(const ConRequest *request, const char **group, GError **error)
{
    const char *text = con_request_query(request, "in_group");

    *group = text;
    return text == NULL || hl_ident_is_valid(text) || con_fail(error, CON_FAULT_LIST_GROUP, text, NULL);
}

static void on_list(ConRequest *request, const ConPerson *person, gpointer user)
{
    const ConEndpoints *endpoints = user;
    const char *text = con_request_query(request, "filter");
    g_auto(GStrv) fields = fields_of(request);
    g_autoptr(GError) error = NULL;
    g_autoptr(MgrFilter) filter =
        mgr_filter_parse(text != NULL ? text : "", MGR_FILTER_SEARCH, hl_clock_wall(), &error);
    g_auto(ConPage) page = { 0 };
    ConQuery query = { .filter = filter,
                       .cursor = con_request_query(request, "cursor"),
                       .groups = (const char *const *)person->groups };

    if (filter == NULL || !check_fields(fields, &error) || !parse_limit(request, &query.limit, &error) ||
        !parse_group(request, &query.group, &error) ||
        !con_order_parse(con_request_query(request, "sort"), &query.order, &error) ||
        !con_page_select(&page, con_watch_table(endpoints->watch), &query, &error))
        con_request_fail(request, error);
    else if (wants_csv(request))
        answer_csv(endpoints, request, &query, fields);
    else
        answer_page(endpoints, request, &page, fields);
}

static void list_endpoints(ConRequest *request, gpointer user)
{
    const ConEndpoints *endpoints = user;

    con_people_find(endpoints->people, request, on_list, user);
}

/* ---------------------------------------------------------------------------------------------------------- summary */

static void on_own_summary(const json_t *answer, const GError *error, gpointer user)
{
    if (error == NULL)
        con_request_done_worded(user, answer);
    else
        con_request_pass_on(user, NULL, error);
}

/* The topic's counts are of all groups: for a person who is limited to some the manager counts. */
static void on_summary(ConRequest *request, const ConPerson *person, gpointer user)
{
    const ConEndpoints *endpoints = user;
    const json_t *summary = con_watch_summary(endpoints->watch);
    g_autoptr(GError) error = NULL;

    if (person->groups != NULL) {
        con_line_call(endpoints->line, &(ConLineAsk){ .name = "summary",
                                                      .session = request->session,
                                                      .address = request->http->peer,
                                                      .is_idle = true,
                                                      .done = on_own_summary,
                                                      .user = request });
        return;
    }
    if (summary != NULL) {
        con_request_done_worded(request, summary);
        return;
    }
    con_fail(&error, CON_FAULT_REQUEST_NO_MANAGER, NULL);
    con_request_fail(request, error);
}

static void get_summary(ConRequest *request, gpointer user)
{
    const ConEndpoints *endpoints = user;

    con_people_find(endpoints->people, request, on_summary, user);
}

static void on_events(ConRequest *request, const ConPerson *person, gpointer user)
{
    const ConEndpoints *endpoints = user;

    /* events name endpoints of all groups */
    con_request_done(request,
                     json_pack("{s:o, s:n}", "rows",
                               person->groups == NULL ? con_watch_events(endpoints->watch) : json_array(), "next"),
                     NULL);
}

static void get_events(ConRequest *request, gpointer user)
{
    const ConEndpoints *endpoints = user;

    con_people_find(endpoints->people, request, on_events, user);
}

/* --------------------------------------------------------------------------------------------------------- settings */

static const char *type_name(const HlOption *row)
{
    static const char *const names[] = {
        [HL_OPTION_STRING] = "string",     [HL_OPTION_INT] = "integer",   [HL_OPTION_BOOL] = "bool",
        [HL_OPTION_DURATION] = "duration", [HL_OPTION_CHOICE] = "choice", [HL_OPTION_LIST] = "list"
    };

    /* a text, but not any: privilege.toggle-schedule is a yes or no about one */
    return g_str_has_suffix(row->name, ".schedule") ? "schedule" : names[row->type];
}

static json_t *setting_document(const HlOption *row)
{
    g_autofree char *takes = hl_option_describe(row);
    json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "key", row->name, "type", type_name(row),
                                 "default", hl_settings_of_new_group(row), "text", row->help, "takes", takes, "min",
                                 (json_int_t)row->min, "max", (json_int_t)row->max);
    json_t *choices = json_array();

    for (const char *const *choice = row->choices; choice != NULL && *choice != NULL; choice++)
        json_array_append_new(choices, json_string(*choice));
    json_object_set_new(document, "choices", choices);
    return document;
}

static void on_settings(ConRequest *request, const ConPerson *person G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    HlOptionTable table = hl_settings_table();
    json_t *rows = json_array();

    for (size_t i = 0; i < table.count; i++)
        json_array_append_new(rows, setting_document(&table.rows[i]));
    con_request_done(request, json_pack("{s:o, s:n}", "rows", rows, "next"), NULL);
}

static void get_settings(ConRequest *request, gpointer user)
{
    const ConEndpoints *endpoints = user;

    con_people_find(endpoints->people, request, on_settings, user);
}

const ConHandlerRow con_endpoints_rows[] = {
    { "listEndpoints", list_endpoints },
    { "getSummary", get_summary },
    { "listEvents", get_events },
    { "listSettings", get_settings },
    { NULL, NULL },
};

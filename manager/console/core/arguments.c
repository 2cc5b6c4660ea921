/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/arguments.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"
#include "manager/console/core/openapi.h"
#include "manager/filter/filter.h"

/* A row's entry, "name=from.member?", taken apart. */
typedef struct {
    char *name, *from, *member;
    bool is_optional;
} Entry;

static void entry_clear(Entry *entry)
{
    g_free(entry->name);
    g_free(entry->from);
    g_free(entry->member);
}

static Entry entry_of(const char *text)
{
    const char *equals = strchr(text, '=');
    gsize size = strlen(equals + 1);
    bool is_optional = equals[size] == '?';
    g_autofree char *source = g_strndup(equals + 1, is_optional ? size - 1 : size);
    const char *dot = strchr(source, '.');

    return (Entry){ .name = g_strndup(text, (gsize)(equals - text)),
                    .from = dot != NULL ? g_strndup(source, (gsize)(dot - source)) : g_strdup(source),
                    .member = g_strdup(dot != NULL ? dot + 1 : ""),
                    .is_optional = is_optional };
}

/* Caller frees; NULL with or without an error: it cannot be one, or is null, as good as missing. */
static char *text_of(const char *member, const json_t *value, GError **error)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_boolean(value))
        return g_strdup(json_is_true(value) ? "yes" : "no");
    if (json_is_array(value)) {
        GString *out = g_string_new(NULL);
        json_t *item;
        size_t i;

        json_array_foreach(value, i, item)
        {
            if (json_is_string(item))
                g_string_append_printf(out, "%s%s", i > 0 ? "," : "", json_string_value(item));
            else if (*error == NULL)
                con_fail(error, CON_FAULT_BODY_TEXTS, member, NULL);
        }
        return g_string_free(out, *error != NULL);
    }
    if (value != NULL && !json_is_null(value))
        con_fail(error, CON_FAULT_BODY_TEXT, member, NULL);
    return NULL;
}

/* Said here, where the member has its name: what is longer no message holds. */
static bool check_length(const char *member, const char *value, GError **error)
{
    gsize size = strlen(value);

    return size <= CON_MAX_ARGUMENT ||
           con_fail(error, CON_FAULT_BODY_SIZE, member, HL_NUMBER(size), HL_NUMBER(CON_MAX_ARGUMENT), NULL);
}

/* Each setting is an argument of its own. */
static bool add_settings(GPtrArray *out, const char *name, const json_t *settings, GError **error)
{
    const char *key;
    json_t *value;

    if (settings != NULL && !json_is_object(settings))
        return con_fail(error, CON_FAULT_BODY_SETTINGS, NULL);
    json_object_foreach(hl_unconst(settings), key, value)
    {
        g_autoptr(GError) problem = NULL;
        g_autofree char *text = text_of(key, value, &problem);
        g_autofree char *setting = NULL;

        if (text == NULL)
            return con_fail(error, CON_FAULT_BODY_SETTING, key, NULL);
        setting = g_strdup_printf("%s=%s", key, text);
        if (!check_length(key, setting, error))
            return false;
        g_ptr_array_add(out, g_strdup(name));
        g_ptr_array_add(out, g_steal_pointer(&setting));
    }
    return true;
}

/* Caller frees. */
static char *value_of(const ConGiven *given, const Entry *entry, GError **error)
{
    if (strcmp(entry->from, "path") == 0)
        return g_strdup(con_match_param(given->match, entry->member));
    if (strcmp(entry->from, "query") == 0)
        return g_strdup(con_target_get(given->target, entry->member));
    if (strcmp(entry->from, "match") == 0)
        return g_strdup(given->version);
    if (strcmp(entry->from, "text") == 0)
        return g_strdup(entry->member);
    if (strcmp(entry->from, "selector") == 0)
        return g_strdup(given->selector);
    return text_of(entry->member, json_object_get(given->body, entry->member), error);
}

static bool add(GPtrArray *out, const ConGiven *given, const Entry *entry, GError **error)
{
    const char *member = *entry->member != '\0' ? entry->member : entry->name;
    g_autoptr(GError) problem = NULL;
    g_autofree char *value = NULL;

    if (strcmp(entry->from, "settings") == 0)
        return add_settings(out, entry->name, json_object_get(given->body, "settings"), error);
    value = value_of(given, entry, &problem);
    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (value == NULL)
        return entry->is_optional || con_fail(error, CON_FAULT_BODY_MISSING, member, NULL);
    if (!check_length(member, value, error))
        return false;
    g_ptr_array_add(out, g_strdup(entry->name));
    g_ptr_array_add(out, g_steal_pointer(&value));
    return true;
}

char **con_arguments_make(const ConGiven *given, GError **error)
{
    g_auto(GStrv) entries = g_strsplit(given->match->route->arguments, " ", -1);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);

    for (gsize i = 0; entries[i] != NULL && *entries[i] != '\0'; i++) {
        Entry entry = entry_of(entries[i]);
        bool ok = add(out, given, &entry, error);

        entry_clear(&entry);
        if (!ok)
            return NULL;
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

/* --------------------------------------------------------------------------------------------------------- selector */

/* Joined by commas; "" for none.  Caller frees; NULL: one is no id, or they are more than there is room for, in bytes.
 */
static char *join_ids(const char *member, const json_t *ids, gsize room, ConFault too_many, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gsize fit = 0;
    json_t *id;
    size_t i;

    json_array_foreach(ids, i, id)
    {
        if (!hl_ident_is_valid(json_is_string(id) ? json_string_value(id) : "")) {
            con_fail(error, CON_FAULT_BODY_IDS, member, NULL);
            return NULL;
        }
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", json_string_value(id));
        fit += out->len <= room;
    }
    if (out->len <= room)
        return g_string_free(g_steal_pointer(&out), FALSE);
    con_fail(error, too_many, member, HL_NUMBER(json_array_size(ids)), HL_NUMBER(fit), NULL);
    return NULL;
}

/* For whom a body is; NULL: that member says nothing. */
typedef struct {
    const json_t *ids, *except;
    const char *filter, *group, *selector;
} Whom;

/* The group stands beside the text, which somebody typed and which could end any bracket around it. */
static char *of_filter(const Whom *whom, HlTime now, GError **error)
{
    const char *text = whom->filter;
    g_autoptr(MgrFilter) filter = mgr_filter_parse(text, MGR_FILTER_SEARCH, now, error); /* bounds the text, too */
    g_autofree char *within = whom->group != NULL ? g_strdup_printf("in:%s ", whom->group) : g_strdup("");
    gsize room = CON_MAX_SELECTOR - strlen("except: filter:") - strlen(within) - MIN(strlen(text), MGR_MAX_FILTER);
    g_autofree char *left_out =
        filter != NULL ? join_ids("except", whom->except, room, CON_FAULT_BODY_EXCEPT_MANY, error) : NULL;
    g_autofree char *word = left_out != NULL && *left_out == '\0' ? mgr_filter_selector(filter) : NULL;

    if (left_out == NULL)
        return NULL;
    if (word != NULL && whom->group == NULL)
        return g_steal_pointer(&word);
    if (g_strcmp0(word, "all") == 0)
        return g_strconcat("@", whom->group, NULL);
    return *left_out != '\0' ? g_strdup_printf("%sexcept:%s filter:%s", within, left_out, text)
                             : g_strconcat(within, "filter:", text, NULL);
}

/* Otherwise its ids are others, such as those of detections. */
static bool takes_selector(const char *arguments)
{
    g_auto(GStrv) entries = g_strsplit(arguments, " ", -1);
    bool takes = false;

    for (gsize i = 0; entries[i] != NULL && *entries[i] != '\0' && !takes; i++) {
        Entry entry = entry_of(entries[i]);

        takes = strcmp(entry.from, "selector") == 0;
        entry_clear(&entry);
    }
    return takes;
}

/* A member that is not understood would be left out, and the call go to more endpoints than were meant. */
static bool check_whom(const json_t *body, GError **error)
{
    static const struct {
        const char *name;
        json_type type;
        ConFault fault;
    } members[] = {
        { "ids", JSON_ARRAY, CON_FAULT_BODY_IDS },        { "except", JSON_ARRAY, CON_FAULT_BODY_IDS },
        { "filter", JSON_STRING, CON_FAULT_BODY_TEXT },   { "in_group", JSON_STRING, CON_FAULT_BODY_TEXT },
        { "selector", JSON_STRING, CON_FAULT_BODY_TEXT },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const json_t *value = json_object_get(body, members[i].name);

        if (value != NULL && !json_is_null(value) && json_typeof(value) != members[i].type)
            return con_fail(error, members[i].fault, members[i].name, NULL);
    }
    return true;
}

/* What narrows a filter says nothing without one. */
static bool check_narrowing(const Whom *whom, GError **error)
{
    if (whom->group != NULL && (whom->filter == NULL || !hl_ident_is_valid(whom->group)))
        return con_fail(error, CON_FAULT_BODY_GROUP, NULL);
    return whom->except == NULL || whom->filter != NULL || con_fail(error, CON_FAULT_BODY_EXCEPT_ALONE, NULL);
}

/* Each of two would widen the other, so neither is left out silently; but an empty filter, which takes all, is only a
 * form's empty field where something else was chosen, also where that is an empty list. */
static bool read_whom(const json_t *body, Whom *whom, GError **error)
{
    const json_t *ids = json_object_get(body, "ids");
    const json_t *except = json_object_get(body, "except");
    const char *filter = json_string_value(json_object_get(body, "filter"));
    const char *group = json_string_value(json_object_get(body, "in_group"));
    const char *selector = json_string_value(json_object_get(body, "selector"));

    whom->ids = json_array_size(ids) > 0 ? ids : NULL;
    whom->except = json_is_null(except) ? NULL : except;
    whom->group = group != NULL && *group != '\0' ? group : NULL;
    whom->selector = selector != NULL && *selector != '\0' ? selector : NULL;
    whom->filter =
        filter != NULL && (*filter != '\0' || (!json_is_array(ids) && whom->selector == NULL)) ? filter : NULL;
    if ((whom->ids != NULL) + (whom->filter != NULL) + (whom->selector != NULL) > 1)
        return con_fail(error, CON_FAULT_BODY_WHOM_TWICE, NULL);
    return check_narrowing(whom, error);
}

char *con_selector_make(const ConRoute *route, const json_t *body, HlTime now, GError **error)
{
    Whom whom = { 0 };

    if (!takes_selector(route->arguments) || !check_whom(body, error) || !read_whom(body, &whom, error))
        return NULL;
    if (whom.filter != NULL)
        return of_filter(&whom, now, error);
    if (whom.ids != NULL)
        return join_ids("ids", whom.ids, CON_MAX_SELECTOR, CON_FAULT_BODY_IDS_MANY, error);
    return g_strdup(whom.selector);
}

/* --------------------------------------------------------------------------------------------------------- the body */

static bool is_known(const char *arguments, const char *member)
{
    g_auto(GStrv) entries = g_strsplit(arguments, " ", -1);
    bool known = false;

    for (gsize i = 0; entries[i] != NULL && *entries[i] != '\0' && !known; i++) {
        Entry entry = entry_of(entries[i]);

        known = (strcmp(entry.from, "body") == 0 && strcmp(entry.member, member) == 0) ||
                (strcmp(entry.from, "settings") == 0 && strcmp(member, "settings") == 0) ||
                (strcmp(entry.from, "selector") == 0 &&
                 (strcmp(member, "ids") == 0 || strcmp(member, "filter") == 0 || strcmp(member, "in_group") == 0 ||
                  strcmp(member, "except") == 0 || strcmp(member, "selector") == 0));
        entry_clear(&entry);
    }
    return known;
}

static bool is_of(const json_t *type, const char *name)
{
    const json_t *one;
    size_t i;

    if (json_is_string(type))
        return strcmp(json_string_value(type), name) == 0;
    json_array_foreach(type, i, one)
    {
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

/* What is to be a text or a list by openapi.json is one: a number or a flag would become a text that nobody meant.  A
 * text that says a number or a flag is as good as one. */
static bool check_type(const char *body, const char *member, const json_t *value, GError **error)
{
    const json_t *properties = json_object_get(con_schema_get(body), "properties");
    const json_t *type = json_object_get(json_object_get(properties, member), "type");

    if (json_is_null(value) || type == NULL)
        return true;
    if (is_of(type, "array") && !json_is_array(value))
        return con_fail(error, CON_FAULT_BODY_TEXTS, member, NULL);
    return !is_of(type, "string") || json_is_string(value) || con_fail(error, CON_FAULT_BODY_TEXT, member, NULL);
}

/* Of a list that the manager answers whole: one of the members that its rows have. */
static bool check_sort(const ConRoute *route, const char *value, GError **error)
{
    bool is_list = route->reply != NULL && *route->reply == '[';
    g_autofree char *row = is_list ? g_strndup(route->reply + 1, strlen(route->reply) - 2) : NULL;
    const char *member = *value == '-' ? value + 1 : value;

    return row == NULL || *value == '\0' ||
           json_object_get(json_object_get(con_schema_get(row), "properties"), member) != NULL ||
           con_fail(error, CON_FAULT_LIST_COLUMN, member, NULL);
}

static bool check_parameter(const ConRoute *route, const char *name, const char *value, GError **error)
{
    static const char *const formats[] = { "json", "csv", NULL };
    g_auto(GStrv) known = g_strsplit(route->query, " ", -1);

    if (!g_strv_contains((const char *const *)known, name))
        return *route->query != '\0' ? con_fail(error, CON_FAULT_REQUEST_PARAMETER, name, route->query, NULL)
                                     : con_fail(error, CON_FAULT_REQUEST_PARAMETER_NONE, name, NULL);
    if (strcmp(name, "sort") == 0)
        return check_sort(route, value, error);
    return strcmp(name, "format") != 0 || g_strv_contains(formats, value) ||
           con_fail(error, CON_FAULT_LIST_FORMAT, value, NULL);
}

bool con_query_check(const ConRoute *route, const ConTarget *target, GError **error)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, target->query);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (!check_parameter(route, name, value, error))
            return false;
    return true;
}

bool con_body_check(const ConMatch *match, const json_t *body, GError **error)
{
    const char *part = match->route->call != NULL ? strchr(match->route->call, '=') : NULL;
    const char *member;
    json_t *value;

    json_object_foreach(hl_unconst(body), member, value)
    {
        if (!is_known(match->route->arguments, member) && (part == NULL || strcmp(part + 1, member) != 0))
            return con_fail(error, CON_FAULT_BODY_MEMBER, member, NULL);
        if (!check_type(match->route->body, member, value, error))
            return false;
    }
    return true;
}

const char *con_call_name(const ConRoute *route, const json_t *body, GError **error)
{
    static const char *const calls[] = { "update-now",          "rollback",
                                         "synchronize",         "scan",
                                         "scan stop",           "quarantine restore",
                                         "quarantine delete",   "endpoint clone keep",
                                         "endpoint clone split" };
    const char *part = strchr(route->call, '=');
    const char *value = part != NULL ? json_string_value(json_object_get(body, part + 1)) : NULL;
    gsize size = part != NULL ? (gsize)(part - route->call) : 0;
    g_autoptr(GString) all = g_string_new(NULL);

    if (part == NULL)
        return route->call;
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (strncmp(calls[i], route->call, size) != 0 || (size == 0 && g_str_has_prefix(calls[i], "endpoint ")))
            continue;
        if (value != NULL && strcmp(calls[i] + size, value) == 0)
            return calls[i];
        g_string_append_printf(all, "%s%s", all->len > 0 ? ", " : "", calls[i] + size);
    }
    con_fail(error, CON_FAULT_BODY_CHOICE, part + 1, all->str, NULL);
    return NULL;
}

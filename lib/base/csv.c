/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/csv.h"

#include <string.h>

#include "lib/base/unconst.h"

/* What a spreadsheet takes for a formula, in its wide forms too, as Japanese keyboards write them. */
static bool begins_formula(const char *text)
{
    static const gunichar wide[] = { 0xff1d, 0xff0b, 0xff0d, 0xff20 }; /* = + - @ */
    gunichar first = g_utf8_get_char_validated(text, -1);

    for (gsize i = 0; i < G_N_ELEMENTS(wide); i++)
        if (first == wide[i])
            return true;
    return *text != '\0' && strchr("=+-@\t\r\n", *text) != NULL;
}

static void add_cell(GString *out, const char *text, bool is_first, bool is_plain)
{
    if (!is_first)
        g_string_append_c(out, ',');
    g_string_append_c(out, '"');
    if (!is_plain && begins_formula(text))
        g_string_append_c(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

void hl_csv_cell(GString *out, const char *text, bool is_first)
{
    add_cell(out, text, is_first, false);
}

void hl_csv_end(GString *out)
{
    g_string_append(out, "\r\n");
}

void hl_csv_head(GString *out, const char *const *fields)
{
    for (gsize i = 0; fields[i] != NULL; i++)
        hl_csv_cell(out, fields[i], i == 0);
    hl_csv_end(out);
}

/* Names of members have dots themselves ("update.schedule"), so every way to read the path is tried. */
static const json_t *find(const json_t *row, const char *field)
{
    const json_t *value = json_object_get(row, field);

    for (const char *dot = strchr(field, '.'); value == NULL && dot != NULL; dot = strchr(dot + 1, '.')) {
        g_autofree char *name = g_strndup(field, (gsize)(dot - field));
        const json_t *inner = json_object_get(row, name);

        if (inner != NULL)
            value = find(inner, dot + 1);
    }
    return value;
}

/* Caller frees. */
static char *text_of(const json_t *value)
{
    g_autoptr(GString) text = NULL;
    const char *name;
    const json_t *member;
    size_t i;

    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (value == NULL || json_is_null(value))
        return g_strdup("");
    if (!json_is_object(value) && !json_is_array(value))
        return hl_json_print(value);
    text = g_string_new(NULL);
    json_array_foreach(value, i, member)
    {
        g_autofree char *inner = text_of(member);

        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", inner);
    }
    json_object_foreach(hl_unconst(value), name, member)
    {
        g_autofree char *inner = text_of(member);

        g_string_append_printf(text, "%s%s=%s", text->len > 0 ? ", " : "", name, inner);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void hl_csv_row(GString *out, const json_t *row, const char *const *fields)
{
    for (gsize i = 0; fields[i] != NULL; i++) {
        const json_t *value = find(row, fields[i]);
        g_autofree char *text = text_of(value);

        add_cell(out, text, i == 0, json_is_number(value)); /* -5 is no formula */
    }
    hl_csv_end(out);
}

/* ---------------------------------------------------------------------------------------------------------- columns */

typedef struct {
    char *name;
    GPtrArray *parts; /* of char *, what it was taken apart into */
    bool stays;       /* not all that it has in some row is in the parts */
} Column;

struct HlCsvColumns {
    bool takes_all;
    guint count;
    GPtrArray *wanted; /* of Column */
    GHashTable *seen;  /* the names of all, parts too; borrowed */
};

static void column_free(gpointer user)
{
    Column *column = user;

    g_ptr_array_unref(column->parts);
    g_free(column->name);
    g_free(column);
}

static void want(HlCsvColumns *columns, const char *name)
{
    Column *column = g_new0(Column, 1);

    column->name = g_strdup(name);
    column->parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(columns->wanted, column);
    g_hash_table_add(columns->seen, column->name);
    columns->count++;
}

HlCsvColumns *hl_csv_columns_new(const char *const *wanted)
{
    HlCsvColumns *columns = g_new0(HlCsvColumns, 1);

    columns->takes_all = wanted == NULL;
    columns->wanted = g_ptr_array_new_with_free_func(column_free);
    columns->seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; wanted != NULL && wanted[i] != NULL; i++)
        want(columns, wanted[i]);
    return columns;
}

void hl_csv_columns_free(HlCsvColumns *columns)
{
    if (columns == NULL)
        return;
    g_hash_table_unref(columns->seen);
    g_ptr_array_unref(columns->wanted);
    g_free(columns);
}

static void take_apart(HlCsvColumns *columns, Column *column, const char *path, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(object), name, value)
    {
        g_autofree char *whole = g_strdup_printf("%s.%s", path, name);

        if (json_is_object(value) && json_object_size(value) > 0) {
            take_apart(columns, column, whole, value);
        } else if (g_hash_table_contains(columns->seen, whole)) {
            continue;
        } else if (columns->count < HL_CSV_MAX_COLUMNS) {
            g_hash_table_add(columns->seen, whole);
            g_ptr_array_add(column->parts, g_steal_pointer(&whole));
            columns->count++;
        } else {
            column->stays = true;
        }
    }
}

void hl_csv_columns_look(HlCsvColumns *columns, const json_t *row)
{
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(row), name, value)
    {
        if (columns->takes_all && columns->count < HL_CSV_MAX_COLUMNS && !g_hash_table_contains(columns->seen, name))
            want(columns, name);
    }
    for (guint i = 0; i < columns->wanted->len; i++) {
        Column *column = columns->wanted->pdata[i];
        const json_t *own = find(row, column->name);

        if (json_is_object(own))
            take_apart(columns, column, column->name, own);
        else
            column->stays |= own != NULL && !json_is_null(own);
    }
}

char **hl_csv_columns_list(const HlCsvColumns *columns)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (guint i = 0; i < columns->wanted->len; i++) {
        const Column *column = columns->wanted->pdata[i];

        if (column->stays || column->parts->len == 0)
            g_strv_builder_add(list, column->name);
        for (guint k = 0; k < column->parts->len; k++)
            g_strv_builder_add(list, column->parts->pdata[k]);
    }
    return g_strv_builder_end(list);
}

char **hl_csv_columns_of(const json_t *rows, const char *const *wanted)
{
    g_autoptr(HlCsvColumns) columns = hl_csv_columns_new(wanted);
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) hl_csv_columns_look(columns, row);
    return hl_csv_columns_list(columns);
}

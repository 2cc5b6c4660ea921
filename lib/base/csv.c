/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/csv.h"

#include <string.h>

void hl_csv_cell(GString *out, const char *text, bool is_first)
{
    if (!is_first)
        g_string_append_c(out, ',');
    g_string_append_c(out, '"');
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        g_string_append_c(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
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

static const json_t *find(const json_t *row, const char *field)
{
    const char *dot = strchr(field, '.');
    g_autofree char *name = dot != NULL ? g_strndup(field, (gsize)(dot - field)) : NULL;

    return dot != NULL ? json_object_get(json_object_get(row, name), dot + 1) : json_object_get(row, field);
}

/* Caller frees. */
static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    return value != NULL && !json_is_null(value) ? hl_json_print(value) : g_strdup("");
}

void hl_csv_row(GString *out, const json_t *row, const char *const *fields)
{
    for (gsize i = 0; fields[i] != NULL; i++) {
        g_autofree char *text = text_of(find(row, fields[i]));

        hl_csv_cell(out, text, i == 0);
    }
    hl_csv_end(out);
}

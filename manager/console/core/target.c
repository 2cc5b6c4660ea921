/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/target.h"

#include <string.h>

#include "lib/base/hash.h"
#include "manager/console/core/fault.h"

#define SHOWN 60

static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return false;
    return true;
}

/* NULL on failure.  In a query '+' stands for a blank: so do browsers write forms. */
static char *decode(const char *text, gsize size, bool is_query, GError **error)
{
    g_autoptr(GString) out = g_string_sized_new(size);
    g_autofree char *shown = g_strndup(text, MIN(size, SHOWN));

    for (gsize i = 0; i < size; i++) {
        char c = text[i];

        if (c == '%') {
            if (i + 2 >= size || !g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2])) {
                con_fail(error, CON_FAULT_ADDRESS_ESCAPE, shown, NULL);
                return NULL;
            }
            c = (char)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && is_query) {
            c = ' ';
        }
        g_string_append_c(out, c);
    }
    if (memchr(out->str, '\0', out->len) != NULL || !g_utf8_validate(out->str, (gssize)out->len, NULL) ||
        !is_plain(out->str)) {
        con_fail(error, CON_FAULT_ADDRESS_TEXT, shown, NULL);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool parse_path(ConTarget *target, const char *path, gsize size, GError **error)
{
    g_autofree char *text = g_strndup(path + 1, size - 1);
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    guint n = g_strv_length(parts);

    if (n > CON_MAX_SEGMENTS)
        return con_fail(error, CON_FAULT_ADDRESS_PARTS, HL_NUMBER(n), HL_NUMBER(CON_MAX_SEGMENTS), NULL);
    target->segments = g_new0(char *, MAX(n, 1) + 1);
    if (n == 0)
        target->segments[0] = g_strdup("");
    for (guint i = 0; i < n; i++) {
        target->segments[i] = decode(parts[i], strlen(parts[i]), false, error);
        if (target->segments[i] == NULL)
            return false;
    }
    return true;
}

static bool parse_parameter(ConTarget *target, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    gsize size = equals != NULL ? (gsize)(equals - text) : strlen(text);
    g_autofree char *name = decode(text, size, true, error);
    g_autofree char *value = NULL;

    if (name == NULL)
        return false;
    value = equals != NULL ? decode(equals + 1, strlen(equals + 1), true, error) : g_strdup("");
    if (value == NULL)
        return false;
    if (g_hash_table_contains(target->query, name))
        return con_fail(error, CON_FAULT_ADDRESS_TWICE, name, NULL);
    g_hash_table_insert(target->query, g_steal_pointer(&name), g_steal_pointer(&value));
    return true;
}

static bool parse_query(ConTarget *target, const char *query, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(query, "&", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        if (*parts[i] == '\0')
            continue;
        if (g_hash_table_size(target->query) >= CON_MAX_PARAMETERS)
            return con_fail(error, CON_FAULT_ADDRESS_PARAMETERS, HL_NUMBER(CON_MAX_PARAMETERS), NULL);
        if (!parse_parameter(target, parts[i], error))
            return false;
    }
    return true;
}

bool con_target_parse(ConTarget *target, const char *text, GError **error)
{
    gsize size = strlen(text);
    gsize path = strcspn(text, "?");

    *target = (ConTarget){ .query = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, g_free) };
    if (size > CON_MAX_TARGET)
        con_fail(error, CON_FAULT_ADDRESS_SIZE, HL_NUMBER(size), HL_NUMBER(CON_MAX_TARGET), NULL);
    else if (*text != '/')
        con_fail(error, CON_FAULT_ADDRESS_BEGIN, NULL);
    else if (parse_path(target, text, path, error) &&
             (text[path] == '\0' || parse_query(target, text + path + 1, error)))
        return true;
    con_target_clear(target);
    return false;
}

void con_target_clear(ConTarget *target)
{
    g_clear_pointer(&target->segments, g_strfreev);
    g_clear_pointer(&target->query, g_hash_table_unref);
}

const char *con_target_get(const ConTarget *target, const char *name)
{
    return g_hash_table_lookup(target->query, name);
}

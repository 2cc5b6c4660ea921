/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/canonical.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/base/unconst.h"
#include "updater/tuf/check.h"

static bool append_value(GString *out, const json_t *value, GError **error);

/* length counts: a string may contain NUL. */
static void append_string(GString *out, const char *text, gsize length)
{
    g_string_append_c(out, '"');
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, text[i]);
    }
    g_string_append_c(out, '"');
}

static bool append_array(GString *out, const json_t *array, GError **error)
{
    g_string_append_c(out, '[');
    for (gsize i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        if (!append_value(out, json_array_get(array, i), error))
            return false;
    }
    g_string_append_c(out, ']');
    return true;
}

/* The order of UTF-8 bytes is the order of code points. */
static bool append_object(GString *out, const json_t *object, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *name;
    json_t *member;

    json_object_foreach(hl_unconst(object), name, member) g_ptr_array_add(names, hl_unconst(name));
    g_ptr_array_sort(names, hl_text_compare);
    g_string_append_c(out, '{');
    for (guint i = 0; i < names->len; i++) {
        name = names->pdata[i];
        if (i > 0)
            g_string_append_c(out, ',');
        append_string(out, name, strlen(name));
        g_string_append_c(out, ':');
        if (!append_value(out, json_object_get(object, name), error))
            return false;
    }
    g_string_append_c(out, '}');
    return true;
}

static bool append_value(GString *out, const json_t *value, GError **error)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return append_object(out, value, error);
    case JSON_ARRAY:
        return append_array(out, value, error);
    case JSON_STRING:
        append_string(out, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    case JSON_REAL:
        return !TUF_FAILS(integers_only,
                          hl_fail(error, HL_ERROR_INVALID,
                                  "the number %g has no canonical form: signed data holds integers only",
                                  json_real_value(value)),
                          error);
    case JSON_TRUE:
        g_string_append(out, "true");
        return true;
    case JSON_FALSE:
        g_string_append(out, "false");
        return true;
    case JSON_NULL:
        g_string_append(out, "null");
        return true;
    }
    g_assert_not_reached();
}

GBytes *tuf_canonical(const json_t *value, GError **error)
{
    GString *out = g_string_new(NULL);

    if (!append_value(out, value, error)) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free_to_bytes(out);
}

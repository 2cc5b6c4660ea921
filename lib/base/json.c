/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/base/unconst.h"

json_t *hl_json_parse(const char *name, const void *data, gsize size, GError **error)
{
    json_error_t problem;
    json_t *value = json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);

    if (value == NULL)
        hl_fail(error, HL_ERROR_INVALID, "%s is not valid JSON: %s (line %d)", name, problem.text, problem.line);
    return value;
}

/* jansson 2.14 on 64 bits, with the allocator's rounding: an object with its eight empty buckets, a list with its eight
 * places, a member's node with a short name, and a value that is a number or a short text. */
enum { OBJECT_COST = 224, LIST_COST = 128, MEMBER_COST = 112, VALUE_COST = 96 };

typedef struct {
    gsize cost;
    guint depth, deepest;
} Shape;

static const char *skip_text(const char *at, const char *end)
{
    for (; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at;
}

/* What is not JSON gets some shape too: the parser refuses it at its first error, having spent no more than this. */
static Shape measure(const char *at, const char *end)
{
    Shape shape = { 0 };

    for (; at < end; at++) {
        if (*at == '"') {
            at = skip_text(at + 1, end);
        } else if (*at == '{' || *at == '[') {
            shape.cost += *at == '{' ? OBJECT_COST : LIST_COST;
            shape.depth++;
            shape.deepest = MAX(shape.deepest, shape.depth);
        } else if (*at == '}' || *at == ']') {
            shape.depth -= shape.depth > 0;
        } else if (*at == ':' || *at == ',') {
            shape.cost += *at == ':' ? MEMBER_COST : VALUE_COST;
        }
    }
    return shape;
}

gsize hl_json_cost(const void *data, gsize size)
{
    return measure(data, (const char *)data + size).cost;
}

json_t *hl_json_parse_bounded(const char *name, const void *data, gsize size, gsize max_cost, GError **error)
{
    Shape shape = measure(data, (const char *)data + size);

    if (shape.deepest <= HL_JSON_DEPTH && shape.cost <= max_cost)
        return hl_json_parse(name, data, size, error);
    if (shape.deepest > HL_JSON_DEPTH)
        hl_fail(error, HL_ERROR_INVALID, "%s is nested deeper than %d", name, HL_JSON_DEPTH);
    else
        hl_fail(error, HL_ERROR_LIMIT,
                "%s has so many members that reading it would take %" G_GSIZE_FORMAT
                " KiB of memory, at most %" G_GSIZE_FORMAT " are spent on it",
                name, shape.cost >> 10, max_cost >> 10);
    return NULL;
}

/* jansson's own printing keeps a table of the objects that it is in, asks for each character what it is, and hands over
 * each piece by a call: that was a quarter of what a status document cost the manager.  What is printed here is a tree.
 */

/* A byte that stands for itself. */
static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* What JSON cannot have in a string, or has a name for; 0: it has none. */
static char short_escape(gunichar c)
{
    static const char names[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' },
                                     { '\n', 'n' }, { '\r', 'r' },  { '\t', 't' } };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (c == (gunichar)(guchar)names[i][0])
            return names[i][1];
    return 0;
}

static void print_character(GString *out, const char *at, gsize size, gunichar c)
{
    char name = short_escape(c);

    if (name != 0) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, name);
    } else if (!hl_char_is_deceptive(c)) {
        g_string_append_len(out, at, (gssize)size);
    } else if (c < 0x10000) {
        g_string_append_printf(out, "\\u%04x", c);
    } else {
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
    }
}

/* UTF-8: jansson makes no other texts. */
static void print_text(GString *out, const char *text, gsize size)
{
    const char *end = text + size;

    g_string_append_c(out, '"');
    while (text < end) {
        const char *from = text;

        while (text < end && is_plain(*text))
            text++;
        g_string_append_len(out, from, text - from);
        if (text < end) {
            const char *next = g_utf8_next_char(text);

            print_character(out, text, (gsize)(next - text), g_utf8_get_char(text));
            text = next;
        }
    }
    g_string_append_c(out, '"');
}

static void print_integer(GString *out, json_int_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    guint64 rest = value < 0 ? -(guint64)value : (guint64)value;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    g_string_append_len(out, at, digits + sizeof digits - at);
}

/* As jansson writes it, whatever the locale. */
static void print_real(GString *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    g_string_append(out, text);
    free(text);
}

static void print_value(GString *out, const json_t *value);

static void print_object(GString *out, const json_t *value)
{
    const char *name;
    json_t *member;
    char before = '{';

    json_object_foreach(hl_unconst(value), name, member)
    {
        g_string_append_c(out, before);
        print_text(out, name, strlen(name));
        g_string_append_c(out, ':');
        print_value(out, member);
        before = ',';
    }
    g_string_append(out, before == '{' ? "{}" : "}");
}

static void print_array(GString *out, const json_t *value)
{
    gsize n = json_array_size(value);

    g_string_append_c(out, '[');
    for (gsize i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        print_value(out, json_array_get(value, i));
    }
    g_string_append_c(out, ']');
}

static void print_value(GString *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        print_object(out, value);
        break;
    case JSON_ARRAY:
        print_array(out, value);
        break;
    case JSON_STRING:
        print_text(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        print_integer(out, json_integer_value(value));
        break;
    case JSON_REAL:
        print_real(out, value);
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *hl_json_print(const json_t *value)
{
    g_autoptr(GString) out = g_string_sized_new(2048);

    print_value(out, value);
    return g_memdup2(out->str, out->len + 1); /* thousands wait for the broker at a time: without room to spare */
}

static json_t *printable_object(const json_t *value)
{
    json_t *copy = json_object();
    const char *name;
    json_t *member;

    json_object_foreach(hl_unconst(value), name, member)
    {
        g_autofree char *shown = hl_text_printable(name);

        json_object_set_new(copy, shown, hl_json_printable(member));
    }
    return copy;
}

json_t *hl_json_printable(const json_t *value)
{
    if (json_is_object(value))
        return printable_object(value);
    if (json_is_array(value)) {
        json_t *copy = json_array();

        for (gsize i = 0; i < json_array_size(value); i++)
            json_array_append_new(copy, hl_json_printable(json_array_get(value, i)));
        return copy;
    }
    if (json_is_string(value)) {
        g_autofree char *shown = hl_text_printable(json_string_value(value));

        return json_string(shown);
    }
    return json_incref(hl_unconst(value));
}

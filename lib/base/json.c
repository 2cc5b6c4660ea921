/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"
#include "lib/base/value_fault.h"

/* In sentences of our own: the library's are English, and parts of its grammar. */
static void fail(const char *name, const json_error_t *end, GError **error)
{
    const char *line = HL_NUMBER(end->line);
    const char *column = HL_NUMBER(end->column);

    switch ((int)json_error_code(end)) {
    case json_error_premature_end_of_input:
    case json_error_invalid_argument: /* nothing at all */
        hl_value_fail(error, HL_VALUE_JSON_END, name, NULL);
        break;
    case json_error_duplicate_key:
        hl_value_fail(error, HL_VALUE_JSON_TWICE, name, line, column, NULL);
        break;
    case json_error_invalid_utf8:
    case json_error_null_character:
    case json_error_null_byte_in_key:
        hl_value_fail(error, HL_VALUE_JSON_TEXT, name, line, column, NULL);
        break;
    case json_error_numeric_overflow:
        hl_value_fail(error, HL_VALUE_JSON_NUMBER, name, line, column, NULL);
        break;
    default:
        hl_value_fail(error, HL_VALUE_JSON, name, line, column, NULL);
    }
}

static json_t *load(const char *name, const void *data, gsize size, size_t flags, GError **error)
{
    json_error_t end;
    json_t *value = json_loadb(data, size, flags | JSON_REJECT_DUPLICATES, &end);

    if (value == NULL)
        fail(name, &end, error);
    return value;
}

json_t *hl_json_parse(const char *name, const void *data, gsize size, GError **error)
{
    return load(name, data, size, JSON_ALLOW_NUL, error);
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

/* Without JSON_ALLOW_NUL: a text of a stranger with \u0000 in it would be a shorter one to all who read it as C does.
 */
json_t *hl_json_parse_bounded(const char *name, const void *data, gsize size, gsize max_cost, GError **error)
{
    Shape shape = measure(data, (const char *)data + size);

    if (shape.deepest <= HL_JSON_DEPTH && shape.cost <= max_cost)
        return load(name, data, size, 0, error);
    if (shape.deepest > HL_JSON_DEPTH)
        hl_value_fail(error, HL_VALUE_JSON_DEPTH, name, HL_NUMBER(HL_JSON_DEPTH), NULL);
    else
        hl_fail(error, HL_ERROR_LIMIT,
                _("%s has so many members that reading it would take %zu KiB of memory, at most %zu are spent on it"),
                name, shape.cost >> 10, max_cost >> 10);
    return NULL;
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

const char *hl_json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

json_t *hl_json_time(HlTime wall)
{
    g_autofree char *text = wall > 0 ? hl_time_format(wall) : NULL;

    return text != NULL ? json_string(text) : json_null();
}

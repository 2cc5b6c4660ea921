#include "lib/base/json.h"

#include <stdlib.h>

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

/* What is no JSON gets some shape too: the parser refuses it at its first error, having spent no more than this. */
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

char *hl_json_print(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy = g_strdup(text);

    free(text);
    return copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* jansson's own writer prints the address of each object and list into a set, to find one that is inside itself, and
 * calls back for each name, mark and piece of a text: three quarters of what a status document cost.  What is printed
 * here was parsed, or made as a tree. */
#include <stdint.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

#define USUAL  4096 /* bytes */
#define DIGITS 20   /* of -2^63 */

/* In JSON text such characters occur only in strings, so each may be written as an escape where it is.  Nearly every
 * document has none, and thousands of them wait for the broker at a time: those are copied without room to spare. */
static char *escape(const char *text)
{
    GString *out = NULL;
    const char *from = text; /* not in out yet */

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = *at >= ' ' && *at <= '~' ? 0 : g_utf8_get_char(at); /* ASCII is nearly all of it */

        if (c == 0 || !hl_char_is_deceptive(c))
            continue;
        if (out == NULL)
            out = g_string_sized_new(strlen(text));
        g_string_append_len(out, from, at - from);
        from = g_utf8_next_char(at);
        if (c < 0x10000)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
    }
    if (out == NULL)
        return g_strdup(text);
    g_string_append(out, from);
    return g_string_free(out, FALSE);
}

/* Then nothing is to be escaped: in JSON text controls are already. */
static bool is_ascii(const char *text, gsize size)
{
    guchar above = 0;

    for (gsize i = 0; i < size; i++)
        above |= (guchar)(text[i] + 1); /* DEL counts as above */
    return above < 0x80;
}

char *hl_json_escape(const char *text)
{
    gsize size = strlen(text);

    return is_ascii(text, size) ? g_memdup2(text, size + 1) : escape(text);
}

/* What is printed.  A status document fits on the stack, and is what is printed most often. */
typedef struct {
    char *many; /* NULL: it fits */
    char *at;   /* of few or many */
    gsize size, room;
    char few[USUAL];
} Printed;

static void put(Printed *out, const char *data, gsize size)
{
    gsize wanted = out->size + size + 1; /* the end */

    if (wanted > out->room) {
        out->room = MAX(2 * out->room, wanted);
        if (out->many == NULL)
            out->many = memcpy(g_malloc(out->room), out->few, out->size);
        else
            out->many = g_realloc(out->many, out->room);
        out->at = out->many;
    }
    memcpy(out->at + out->size, data, size);
    out->size += size;
}

static void put_escape(Printed *out, guchar c)
{
    static const char marks[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* each with the letter that stands for it */
    static const char hex[] = "0123456789ABCDEF";
    char unicode[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 0xf] };

    for (gsize i = 0; i + 1 < sizeof marks; i += 2)
        if ((guchar)marks[i] == c) {
            put(out, (const char[]){ '\\', marks[i + 1] }, 2);
            return;
        }
    put(out, unicode, sizeof unicode);
}

static void put_text(Printed *out, const char *text, gsize size)
{
    gsize from = 0; /* not in out yet */

    put(out, "\"", 1);
    for (gsize i = 0; i < size; i++) {
        guchar c = (guchar)text[i];

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        put(out, text + from, i - from);
        put_escape(out, c);
        from = i + 1;
    }
    put(out, text + from, size - from);
    put(out, "\"", 1);
}

static void put_integer(Printed *out, json_int_t value)
{
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    char digits[DIGITS];
    gsize at = sizeof digits;

    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        digits[--at] = '-';
    put(out, digits + at, sizeof digits - at);
}

static bool put_real(Printed *out, const json_t *value)
{
    char text[64]; /* 17 digits, and what is around them */
    gsize size = json_dumpb(value, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);

    put(out, text, MIN(size, sizeof text));
    return size > 0;
}

static bool put_value(Printed *out, const json_t *value);

static bool put_object(Printed *out, const json_t *value)
{
    json_t *object = hl_unconst(value);

    put(out, "{", 1);
    for (void *at = json_object_iter(object); at != NULL;) {
        const char *name = json_object_iter_key(at);

        put_text(out, name, strlen(name));
        put(out, ":", 1);
        if (!put_value(out, json_object_iter_value(at)))
            return false;
        at = json_object_iter_next(object, at);
        if (at != NULL)
            put(out, ",", 1);
    }
    put(out, "}", 1);
    return true;
}

static bool put_list(Printed *out, const json_t *value)
{
    put(out, "[", 1);
    for (gsize i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            put(out, ",", 1);
        if (!put_value(out, json_array_get(value, i)))
            return false;
    }
    put(out, "]", 1);
    return true;
}

static bool put_value(Printed *out, const json_t *value)
{
    if (value == NULL)
        return false;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return put_object(out, value);
    case JSON_ARRAY:
        return put_list(out, value);
    case JSON_STRING:
        put_text(out, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        put_integer(out, json_integer_value(value));
        return true;
    case JSON_REAL:
        return put_real(out, value);
    case JSON_TRUE:
        put(out, "true", 4);
        return true;
    case JSON_FALSE:
        put(out, "false", 5);
        return true;
    case JSON_NULL:
        put(out, "null", 4);
        return true;
    }
    return false;
}

/* Of a text that is whole. */
static char *copy_of(Printed *out)
{
    out->at[out->size] = '\0';
    if (is_ascii(out->at, out->size))
        return g_memdup2(out->at, out->size + 1);
    return g_utf8_validate(out->at, (gssize)out->size, NULL) ? escape(out->at) : NULL;
}

char *hl_json_print(const json_t *value)
{
    Printed out = { .many = NULL, .room = USUAL };
    char *text;

    out.at = out.few;
    text = put_value(&out, value) ? copy_of(&out) : NULL;
    g_free(out.many);
    return text;
}

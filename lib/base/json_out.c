/* SPDX-License-Identifier: Apache-2.0 */
/* jansson's own writer prints the address of each object and list into a set, to find one that is inside itself, and
 * calls back for each name, mark and piece of a text: three quarters of what a status document cost.  What is printed
 * here was parsed, or made as a tree. */
#include "lib/base/json_out.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/unconst.h"

#define DIGITS 20 /* of -2^63 */

void hl_json_out_init(HlJsonOut *out)
{
    out->many = NULL;
    out->size = 0;
    out->room = sizeof out->few;
    out->broken = false;
}

void hl_json_out_clear(HlJsonOut *out)
{
    g_clear_pointer(&out->many, g_free);
}

static char *text_of(HlJsonOut *out)
{
    return out->many != NULL ? out->many : out->few;
}

static void make_room(HlJsonOut *out, gsize wanted)
{
    out->room = MAX(2 * out->room, wanted);
    if (out->many == NULL)
        out->many = memcpy(g_malloc(out->room), out->few, out->size);
    else
        out->many = g_realloc(out->many, out->room);
}

/* Where the next so many bytes go: the caller writes all of them. */
static char *add(HlJsonOut *out, gsize size)
{
    gsize at = out->size;
    gsize wanted = at + size + 1; /* the end */

    if (wanted > out->room)
        make_room(out, wanted);
    out->size += size;
    return text_of(out) + at;
}

static void put(HlJsonOut *out, const char *data, gsize size)
{
    memcpy(add(out, size), data, size);
}

static void put_escape(HlJsonOut *out, guchar c)
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

/* Whether one of eight bytes needs an escape.  x - 1 borrows into the top bit of a byte where x is 0, and x - ' ' where
 * it is less; a borrow that reaches the next byte comes from one that is counted already. */
static bool is_escaped_in(uint64_t eight)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t quote = eight ^ (ones * '"'), slash = eight ^ (ones * '\\');

    return ((((eight - ones * ' ') & ~eight) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & ones << 7) != 0;
}

/* How many bytes there are before the first one that needs an escape. */
static gsize plain_size(const char *text, gsize size)
{
    static const bool is_escaped[256] = { [0 ... ' ' - 1] = true, ['"'] = true, ['\\'] = true };
    gsize i = 0;
    uint64_t eight;

    for (; size - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        if (is_escaped_in(eight))
            break;
    }
    while (i < size && !is_escaped[(guchar)text[i]])
        i++;
    return i;
}

/* A document is a hundred of these, and nearly none needs an escape: it goes in as one piece. */
static void put_text(HlJsonOut *out, const char *text, gsize size)
{
    gsize plain = plain_size(text, size);
    char *at;

    if (plain == size) {
        at = add(out, size + 2);
        at[0] = at[size + 1] = '"';
        memcpy(at + 1, text, size);
        return;
    }
    put(out, "\"", 1);
    for (; size > 0; plain = plain_size(text, size)) {
        put(out, text, plain);
        if (plain == size)
            break;
        put_escape(out, (guchar)text[plain]);
        text += plain + 1;
        size -= plain + 1;
    }
    put(out, "\"", 1);
}

static void put_integer(HlJsonOut *out, json_int_t value)
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

static void put_real(HlJsonOut *out, const json_t *value)
{
    char text[64]; /* 17 digits, and what is around them */
    gsize size = json_dumpb(value, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);

    put(out, text, MIN(size, sizeof text));
    out->broken = out->broken || size == 0;
}

/* A bracket that opens is the last character only where nothing stands behind it yet. */
static void begin(HlJsonOut *out, const char *name)
{
    const char *last = out->size > 0 ? text_of(out) + out->size - 1 : "{";

    if (*last != '{' && *last != '[')
        put(out, ",", 1);
    if (name == NULL)
        return;
    put_text(out, name, strlen(name));
    put(out, ":", 1);
}

void hl_json_out_open(HlJsonOut *out, const char *name, char bracket)
{
    begin(out, name);
    put(out, &bracket, 1);
}

void hl_json_out_close(HlJsonOut *out, char bracket)
{
    put(out, &bracket, 1);
}

static void put_word(HlJsonOut *out, const char *word)
{
    put(out, word, strlen(word));
}

void hl_json_out_text(HlJsonOut *out, const char *name, const char *text)
{
    begin(out, name);
    if (text != NULL)
        put_text(out, text, strlen(text));
    else
        put_word(out, "null");
}

void hl_json_out_integer(HlJsonOut *out, const char *name, json_int_t value)
{
    begin(out, name);
    put_integer(out, value);
}

void hl_json_out_bool(HlJsonOut *out, const char *name, bool value)
{
    begin(out, name);
    put_word(out, value ? "true" : "false");
}

void hl_json_out_members(HlJsonOut *out, const json_t *object)
{
    json_t *members = hl_unconst(object);

    for (void *at = json_object_iter(members); at != NULL; at = json_object_iter_next(members, at))
        hl_json_out_value(out, json_object_iter_key(at), json_object_iter_value(at));
}

static void put_list(HlJsonOut *out, const json_t *value)
{
    put(out, "[", 1);
    for (gsize i = 0; i < json_array_size(value); i++)
        hl_json_out_value(out, NULL, json_array_get(value, i));
    put(out, "]", 1);
}

static void put_object(HlJsonOut *out, const json_t *value)
{
    put(out, "{", 1);
    hl_json_out_members(out, value);
    put(out, "}", 1);
}

static void put_value(HlJsonOut *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value);
        return;
    case JSON_ARRAY:
        put_list(out, value);
        return;
    case JSON_STRING:
        put_text(out, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        put_integer(out, json_integer_value(value));
        return;
    case JSON_REAL:
        put_real(out, value);
        return;
    case JSON_TRUE:
        put_word(out, "true");
        return;
    case JSON_FALSE:
        put_word(out, "false");
        return;
    case JSON_NULL:
        put_word(out, "null");
        return;
    }
}

void hl_json_out_value(HlJsonOut *out, const char *name, const json_t *value)
{
    begin(out, name);
    if (value != NULL)
        put_value(out, value);
    else
        out->broken = true;
}

char *hl_json_out_print(HlJsonOut *out)
{
    char *text = text_of(out);

    if (out->broken)
        return NULL;
    text[out->size] = '\0';
    return hl_json_escape_checked(text, out->size);
}

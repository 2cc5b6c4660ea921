/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "lib/base/json_out.h"
#include "lib/base/text.h"

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
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t eight, above = 0;
    gsize i = 0;

    for (; size - i >= sizeof eight; i += sizeof eight) { /* what overflows into the next byte was above itself */
        memcpy(&eight, text + i, sizeof eight);
        above |= eight | (eight + ones);
    }
    for (; i < size; i++)
        above |= (guchar)(text[i] | (guchar)(text[i] + 1)); /* DEL counts as above; 0xff + 1 is 0 */
    return (above & ones << 7) == 0;
}

char *hl_json_escape(const char *text)
{
    gsize size = strlen(text);

    return is_ascii(text, size) ? g_memdup2(text, size + 1) : escape(text);
}

char *hl_json_escape_checked(const char *text, gsize size)
{
    if (is_ascii(text, size))
        return g_memdup2(text, size + 1);
    return g_utf8_validate(text, (gssize)size, NULL) ? escape(text) : NULL;
}

char *hl_json_print(const json_t *value)
{
    g_auto(HlJsonOut) out;

    hl_json_out_init(&out);
    hl_json_out_value(&out, NULL, value);
    return hl_json_out_print(&out);
}

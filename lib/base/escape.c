/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"

char *hl_escape(const char *bytes)
{
    GString *out = g_string_sized_new(strlen(bytes));

    while (*bytes != '\0') {
        gunichar c = g_utf8_get_char_validated(bytes, -1);
        bool valid = c != (gunichar)-1 && c != (gunichar)-2;
        gssize size = valid ? g_utf8_next_char(bytes) - bytes : 1;

        if (*bytes == '\\')
            g_string_append(out, "\\\\");
        else if (valid && !hl_char_is_deceptive(c))
            g_string_append_len(out, bytes, size);
        else
            for (gssize i = 0; i < size; i++)
                g_string_append_printf(out, "\\x%02x", (uint8_t)bytes[i]);
        bytes += size;
    }
    return g_string_free(out, FALSE);
}

char *hl_unescape(const char *text)
{
    g_autoptr(GString) out = g_string_sized_new(strlen(text));

    for (; *text != '\0'; text++) {
        int high;
        int low;

        if (*text != '\\') {
            g_string_append_c(out, *text);
            continue;
        }
        text++;
        if (*text == '\\') {
            g_string_append_c(out, '\\');
            continue;
        }
        if (*text != 'x')
            return NULL;
        high = g_ascii_xdigit_value(text[1]);
        low = high < 0 ? -1 : g_ascii_xdigit_value(text[2]);
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        g_string_append_c(out, (char)(high * 16 + low));
        text += 2;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

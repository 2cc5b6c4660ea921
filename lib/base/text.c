#include "lib/base/text.h"

#include <stdbool.h>
#include <string.h>

#define LINES_TOLD 3

/* Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm. */
static bool turns_direction(gunichar c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *hl_text_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029)
            g_string_append_c(out, ' ');
        else
            g_string_append_unichar(out, g_unichar_iscntrl(c) || turns_direction(c) ? 0xfffd : c);
    }
    return g_string_free(out, FALSE);
}

char *hl_text_last_words(const char *text)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);
    guint n = g_strv_length(lines);

    return g_strjoinv("; ", lines + (n > LINES_TOLD ? n - LINES_TOLD : 0));
}

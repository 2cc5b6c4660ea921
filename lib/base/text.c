/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/text.h"

#include <string.h>

#define LINES_TOLD 3
#define HIDDEN     "***"

/* Format characters change the direction of writing (marks, embeddings, overrides, isolates), or are invisible.  A few
 * belong to the spelling of words. */
bool hl_char_is_deceptive(gunichar c)
{
    static const gunichar spelling[] = {
        0x00ad, 0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06dd, 0x200c, 0x200d
    };

    if (c < 0x7f) /* nearly all that a document has: not worth a look into tables */
        return c < 0x20;
    if (g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029) /* line and paragraph separator */
        return true;
    if (g_unichar_type(c) != G_UNICODE_FORMAT)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(spelling); i++)
        if (c == spelling[i])
            return false;
    return true;
}

/* Where the part before the last '@' of size bytes ends; 0: there is none. */
static gsize before_at(const char *text, gsize size)
{
    while (size > 0 && text[size - 1] != '@')
        size--;
    return size > 0 ? size - 1 : 0;
}

/* How much of what follows "://" is user name and password, size being the most that can belong to it.  A '/' in a
 * password ends the host's part early, and leaves a port that is not a number. */
static gsize credentials(const char *text, gsize size)
{
    gsize authority = strcspn(text, "/?# \t\r\n\"<>");
    gsize found = before_at(text, MIN(authority, size));
    const char *colon = memchr(text, ':', MIN(authority, size));

    if (found > 0 || colon == NULL || text[0] == '[')
        return found;
    return strspn(colon + 1, "0123456789") == (gsize)(text + authority - colon - 1) ? 0 : before_at(text, size);
}

static char *without_credentials(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    const char *scheme;

    for (; (scheme = strstr(text, "://")) != NULL; text = scheme) {
        gsize hidden;

        scheme += 3;
        g_string_append_len(out, text, scheme - text);
        hidden = credentials(scheme, strcspn(scheme, " \t\r\n"));
        if (hidden > 0)
            g_string_append(out, HIDDEN);
        scheme += hidden;
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

char *hl_text_url(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *rest = scheme != NULL ? scheme + 3 : url;
    gsize hidden = scheme != NULL ? credentials(rest, strlen(rest)) : before_at(url, strlen(url));
    g_autofree char *text =
        g_strdup_printf("%.*s%s%s", (int)(rest - url), url, hidden > 0 ? HIDDEN : "", rest + hidden);

    return hl_text_printable(text);
}

char *hl_text_printable(const char *text)
{
    g_autofree char *public = without_credentials(text);
    g_autofree char *valid = g_utf8_make_valid(public, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029)
            g_string_append_c(out, ' ');
        else
            g_string_append_unichar(out, hl_char_is_deceptive(c) ? 0xfffd : c);
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

bool hl_text_is_plain(const char *text)
{
    const char *at = text;

    while (*at >= ' ' && *at <= '~' && *at != '\\')
        at++;
    return *at == '\0' && strstr(text, "://") == NULL;
}

int hl_text_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

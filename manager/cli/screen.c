/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/screen.h"

#include <string.h>

#define MAX_TYPED 200
#define ESCAPE    '\033'
#define ENTER     "\r\n"
#define ERASE     "\b\177"
#define KILL_LINE '\025' /* Ctrl-U */

typedef enum { UP, DOWN, PAGE_UP, PAGE_DOWN, TOP, BOTTOM, SEARCH, QUIT, DROP_SEARCH } Act;

/* A sequence before what it begins with. */
static const struct {
    const char *bytes;
    Act act;
} keys[] = {
    { "\033[A", UP },     { "\033OA", UP },        { "k", UP },
    { "\033[B", DOWN },   { "\033OB", DOWN },      { "j", DOWN },
    { "\r", DOWN },       { "\n", DOWN },          { "\033[5~", PAGE_UP },
    { "b", PAGE_UP },     { "\002", PAGE_UP },     { "\033[6~", PAGE_DOWN },
    { " ", PAGE_DOWN },   { "\006", PAGE_DOWN },   { "\033[H", TOP },
    { "\033[1~", TOP },   { "\033OH", TOP },       { "g", TOP },
    { "\033[F", BOTTOM }, { "\033[4~", BOTTOM },   { "\033OF", BOTTOM },
    { "G", BOTTOM },      { "/", SEARCH },         { "q", QUIT },
    { "Q", QUIT },        { "\033", DROP_SEARCH },
};

void cli_screen_init(CliScreen *screen)
{
    *screen = (CliScreen){ .typed = g_string_new(NULL) };
}

void cli_screen_clear(CliScreen *screen)
{
    if (screen->typed != NULL)
        g_string_free(screen->typed, TRUE);
    screen->typed = NULL;
}

void cli_screen_fit(CliScreen *screen, guint rows, guint page)
{
    screen->top = MIN(screen->top, rows > page ? rows - page : 0);
}

static void drop_search(CliScreen *screen)
{
    screen->is_searched = screen->is_searched || screen->typed->len > 0;
    screen->is_typing = false;
    g_string_truncate(screen->typed, 0);
}

static void obey(CliScreen *screen, Act act, guint rows, guint page)
{
    switch (act) {
    case UP:
        screen->top -= screen->top > 0;
        break;
    case DOWN:
        screen->top++;
        break;
    case PAGE_UP:
        screen->top -= MIN(screen->top, page);
        break;
    case PAGE_DOWN:
        screen->top += page;
        break;
    case TOP:
        screen->top = 0;
        break;
    case BOTTOM:
        screen->top = rows;
        break;
    case SEARCH:
        screen->is_typing = true;
        break;
    case QUIT:
        screen->has_quit = true;
        break;
    case DROP_SEARCH:
        drop_search(screen);
        break;
    }
    cli_screen_fit(screen, rows, page);
}

/* The size of a sequence of a function key, so that its letters are not taken for keys; 0: it is none. */
static gsize sequence_size(const char *bytes, gsize n)
{
    gsize size = 2;

    if (n < 2 || bytes[0] != ESCAPE || (bytes[1] != '[' && bytes[1] != 'O'))
        return 0;
    while (size < n && (g_ascii_isdigit(bytes[size]) || bytes[size] == ';'))
        size++;
    return MIN(size + 1, n);
}

static gsize take_key(CliScreen *screen, const char *bytes, gsize n, guint rows, guint page)
{
    gsize size = sequence_size(bytes, n);

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        gsize length = strlen(keys[i].bytes);

        if (size > 0 ? length != size || memcmp(bytes, keys[i].bytes, size) != 0
                     : *bytes != *keys[i].bytes || length > 1)
            continue;
        obey(screen, keys[i].act, rows, page);
        return length;
    }
    return MAX(size, 1);
}

static void erase_character(GString *text)
{
    const char *last = g_utf8_find_prev_char(text->str, text->str + text->len);

    g_string_truncate(text, last != NULL ? (gsize)(last - text->str) : 0);
}

/* A character may come in two reads; until it is whole the text is no UTF-8, and nothing is looked for. */
static gsize take_letter(CliScreen *screen, const char *bytes, gsize n)
{
    gsize size = sequence_size(bytes, n);

    if (size > 0)
        return size;
    if (*bytes == ESCAPE) {
        drop_search(screen);
    } else if (strchr(ENTER, *bytes) != NULL) {
        screen->is_typing = false;
    } else if (strchr(ERASE, *bytes) != NULL) {
        erase_character(screen->typed);
        screen->is_searched = true;
    } else if (*bytes == KILL_LINE) {
        g_string_truncate(screen->typed, 0);
        screen->is_searched = true;
    } else if (!g_ascii_iscntrl(*bytes) && screen->typed->len < MAX_TYPED) {
        g_string_append_c(screen->typed, *bytes);
        screen->is_searched = true;
    }
    return 1;
}

gsize cli_screen_keys(CliScreen *screen, const char *bytes, gsize n, guint rows, guint page)
{
    gsize at = 0;

    do {
        if (at >= n)
            break;
        if (bytes[at] == '\0')
            at++;
        else if (screen->is_typing)
            at += take_letter(screen, bytes + at, n - at);
        else
            at += take_key(screen, bytes + at, n - at, rows, page);
    } while (!screen->has_quit && (!screen->is_searched || screen->is_typing));
    return at;
}

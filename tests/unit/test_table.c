/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/table: what a terminal of some width shows of a table. */
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/table.h"

#define TIME "2026-11-27T03:31:01Z"

static const char *const headings[] = { "NAME", "ENDPOINTS", "CHANGED", "BY", NULL };

/* A row of the table as a terminal of so many columns shows it; caller frees. */
static char *shown(const char *const *cells, int width, int matters)
{
    g_autoptr(HlTable) table = hl_table_new(headings);
    struct winsize size = { .ws_row = 40, .ws_col = (unsigned short)width };
    g_autoptr(GString) text = g_string_new(NULL);
    int master, slave;
    const char *row;
    FILE *out;

    g_assert_cmpint(openpty(&master, &slave, NULL, NULL, &size), ==, 0);
    out = fdopen(slave, "w");
    g_assert_nonnull(out);
    if (matters >= 0)
        hl_table_matters(table, (guint)matters);
    hl_table_add(table, cells);
    hl_table_print(table, out);
    fflush(out);
    while ((row = strchr(text->str, '\n')) == NULL ||
           strchr(row + 1, '\n') == NULL) { /* a terminal gives it in parts */
        char part[100];
        ssize_t n = read(master, part, sizeof part);

        g_assert_cmpint(n, >, 0);
        g_string_append_len(text, part, n);
    }
    fclose(out);
    close(master);
    return g_strstrip(g_strdup(row));
}

static void expect(const char *const *cells, int width, int matters, const char *row)
{
    g_autofree char *got = shown(cells, width, matters);

    g_assert_cmpstr(got, ==, row);
}

/* What matters last is left out first, and as a whole: half a time is none. */
static void test_whole(void)
{
    static const char *const cells[] = { "office", "12", TIME, "somebody", NULL };

    g_setenv("TZ", "UTC", TRUE);
    expect(cells, 80, -1, "office  12         " TIME "  somebody");
    expect(cells, 49, -1, "office  12         " TIME "  somebody");
    expect(cells, 48, -1, "office  12         " TIME);
    expect(cells, 38, -1, "office  12");
    expect(cells, 16, -1, "office");
}

/* A text that is longer than values are gives room first. */
static void test_narrowed(void)
{
    static const char *const cells[] = { "the whole department of accounting, third floor", "12", TIME, "somebody",
                                         NULL };

    g_setenv("TZ", "UTC", TRUE);
    expect(cells, 68, -1, "the whole department of …  12         " TIME "  somebody");
    expect(cells, 59, -1, "the whole depar…  12         " TIME "  somebody");
    expect(cells, 58, -1, "the whole department of …  12         " TIME);
    expect(cells, 10, -1, "the whole…");
}

/* What the list is about has room before what is usually first. */
static void test_about(void)
{
    static const char *const cells[] = { "office", "12", TIME, "somebody", NULL };

    g_setenv("TZ", "UTC", TRUE);
    expect(cells, 48, 3, "office  12         somebody");
    expect(cells, 26, 3, "office  somebody");
    expect(cells, 30, 2, "office  " TIME);
    expect(cells, 20, 2, "office  12"); /* there is no room for it at all */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/whole", test_whole);
    g_test_add_func("/table/narrowed", test_narrowed);
    g_test_add_func("/table/about", test_about);
    return g_test_run();
}

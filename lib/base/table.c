#include "lib/base/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 24

struct HlTable {
    const char *const *headings;
    guint columns;
    GPtrArray *rows; /* of GStrv */
};

static bool is_terminal(FILE *out)
{
    return isatty(fileno(out)) == 1;
}

int hl_text_width(const char *text)
{
    int width = 0;

    for (const char *at = text; *at != '\0';) {
        gunichar c;

        if (*at == '\033') { /* CSI ... m */
            at += strcspn(at, "m");
            at += *at != '\0';
            continue;
        }
        c = g_utf8_get_char_validated(at, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            width++;
            at++;
            continue;
        }
        if (!g_unichar_iszerowidth(c))
            width += g_unichar_iswide(c) ? 2 : 1;
        at = g_utf8_next_char(at);
    }
    return width;
}

HlTable *hl_table_new(const char *const *headings)
{
    HlTable *table = g_new0(HlTable, 1);

    table->headings = headings;
    table->columns = g_strv_length((char **)headings);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    return table;
}

void hl_table_free(HlTable *table)
{
    if (table == NULL)
        return;
    g_ptr_array_unref(table->rows);
    g_free(table);
}

void hl_table_add(HlTable *table, const char *const *cells)
{
    GStrv row = g_new0(char *, table->columns + 1);

    for (guint i = 0; i < table->columns; i++)
        row[i] = g_strdup(cells[i] == NULL || *cells[i] == '\0' ? "-" : cells[i]);
    g_ptr_array_add(table->rows, row);
}

static void print_row(FILE *out, const char *const *cells, guint columns, const int *widths, bool heading)
{
    for (guint i = 0; i < columns; i++) {
        g_autofree char *text = hl_tone(out, heading ? HL_TONE_BOLD : HL_TONE_PLAIN, cells[i]);

        fputs(text, out);
        if (i + 1 < columns)
            fprintf(out, "%*s", widths[i] - hl_text_width(cells[i]) + 2, "");
    }
    fputc('\n', out);
}

void hl_table_print(HlTable *table, FILE *out)
{
    g_autofree int *widths = g_new0(int, table->columns);

    for (guint i = 0; i < table->columns; i++) {
        widths[i] = hl_text_width(table->headings[i]);
        for (guint r = 0; r < table->rows->len; r++)
            widths[i] = MAX(widths[i], hl_text_width(((GStrv)table->rows->pdata[r])[i]));
    }
    print_row(out, table->headings, table->columns, widths, true);
    for (guint r = 0; r < table->rows->len; r++)
        print_row(out, (const char *const *)table->rows->pdata[r], table->columns, widths, false);
}

char *hl_tone(FILE *out, HlTone tone, const char *text)
{
    static const char *const codes[] = { [HL_TONE_PLAIN] = "", [HL_TONE_GOOD] = "32", [HL_TONE_WARN] = "33",
                                         [HL_TONE_BAD] = "31", [HL_TONE_DIM] = "2",   [HL_TONE_BOLD] = "1" };

    if (tone == HL_TONE_PLAIN || !is_terminal(out) || getenv("NO_COLOR") != NULL)
        return g_strdup(text);
    return g_strdup_printf("\033[%sm%s\033[0m", codes[tone], text);
}

void hl_progress_show(FILE *out, const char *label, guint done, guint total, const char *detail)
{
    guint filled = total == 0 ? BAR_WIDTH : done * BAR_WIDTH / total;
    char bar[BAR_WIDTH + 1];

    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', MIN(filled, BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    if (is_terminal(out))
        fprintf(out, "\r\033[K%s [%s] %u/%u  %s", label, bar, done, total, detail);
    else
        fprintf(out, "%s [%s] %u/%u  %s\n", label, bar, done, total, detail);
    fflush(out);
}

void hl_progress_end(FILE *out)
{
    if (is_terminal(out))
        fputc('\n', out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/table.h"
#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_WIDTH 24
#define VALUE     26 /* cells: a time with its zone, a state with its reason; a text that is longer is one to read */
#define NARROWEST 16 /* cells that a column of names or of texts to read keeps */
#define GAP       2
#define LABELS    40 /* cells: two blanks within these end a label */

typedef struct {
    bool has_hosts, matters, is_shown;
    int width, least; /* cells: of its longest text, until it is narrowed; those that it keeps */
} Column;

struct HlTable {
    const char *const *headings;
    guint n_columns;
    Column *columns;
    bool is_worded;
    GPtrArray *rows; /* of GStrv */
};

static bool is_terminal(FILE *out)
{
    return isatty(fileno(out)) == 1;
}

/* The next item: a character, or a colour sequence (CSI ... m) of width 0.  *at moves past it. */
static int next_width(const char **at)
{
    gunichar c;

    if (**at == '\033') {
        *at += strcspn(*at, "m");
        *at += **at != '\0';
        return 0;
    }
    if (**at >= ' ' && **at <= '~') { /* nearly all of a long table */
        (*at)++;
        return 1;
    }
    c = g_utf8_get_char_validated(*at, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        (*at)++;
        return 1;
    }
    *at = g_utf8_next_char(*at);
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

int hl_text_cells(const char *text)
{
    int width = 0;

    while (*text != '\0')
        width += next_width(&text);
    return width;
}

char *hl_text_fill(const char *text, int cells)
{
    return g_strdup_printf("%s%*s", text, MAX(cells - hl_text_cells(text), 0), "");
}

char *hl_text_clip_middle(const char *text, int width, int end)
{
    int total = hl_text_cells(text), used = 0;
    bool cut = false, is_kept = true;
    GString *out;

    if (total <= width)
        return g_strdup(text);
    out = g_string_new(NULL);
    while (*text != '\0') {
        const char *from = text;
        int w = next_width(&text);

        if (w > 0) /* else it goes with the character that it is of */
            is_kept = (!cut && used + w < width - end) || used >= total - end;
        used += w;
        if (is_kept || *from == '\033') {
            g_string_append_len(out, from, text - from);
        } else if (!cut) {
            g_string_append(out, width > 0 ? "…" : "");
            cut = true;
        }
    }
    return g_string_free(out, FALSE);
}

char *hl_text_clip(const char *text, int width)
{
    return hl_text_clip_middle(text, width, 0);
}

/* Whether a line may end between two characters without a blank: as Japanese is set, but for what must not begin or end
 * one. */
static bool may_break(gunichar before, gunichar after)
{
    return (g_unichar_iswide(before) || g_unichar_iswide(after)) &&
           g_utf8_strchr("、。，．・」』）】〉》ー？！…,.)]:;?!'", -1, after) == NULL &&
           g_utf8_strchr("「『（【〈《(['", -1, before) == NULL;
}

static const char *const no_commands[] = { NULL };
static const HlCopied paths_alone = { no_commands, no_commands, NULL };
static const HlCopied *whole = &paths_alone;

void hl_text_set_copied(const HlCopied *copied)
{
    whole = copied;
}

static bool begins_with_one(const char *text, const char *const *beginnings)
{
    for (gsize i = 0; beginnings[i] != NULL; i++)
        if (g_str_has_prefix(text, beginnings[i]))
            return true;
    return false;
}

/* What somebody copies, and what a line break would spoil: a command in quotes, or as a remedy names it ("start it:
 * systemctl start X"), a path.  Its end; NULL: none begins here. */
static const char *copied_end(const char *text, const char *at)
{
    const char *end;

    if (begins_with_one(at, whole->quoted) && (end = strchr(at + 1, '\'')) != NULL)
        return end + 1;
    if ((at == text || (at - text > 1 && strncmp(at - 2, ": ", 2) == 0)) && begins_with_one(at, whole->bare))
        return at + strcspn(at, ",;");
    return *at == '/' && (at == text || at[-1] == ' ') ? at + strcspn(at, " ") : NULL;
}

/* The cells of what stays in one line: what is copied, else a character.  *at moves past it. */
static int piece_width(const char **at, const char *copied)
{
    int width = 0;

    do
        width += next_width(at);
    while (copied != NULL && *at < copied);
    return width;
}

/* first: cells that are taken in the first line; the others begin with so many blanks. */
static char *wrap(const char *text, int width, int first, int indent)
{
    GString *out = g_string_new(NULL);
    const char *line = text;
    const char *end = NULL, *next = NULL; /* where the line can end, and the next one begin */
    gunichar before = 0;
    int used = first;

    for (const char *at = text; *at != '\0';) {
        const char *from = at;
        const char *copied = copied_end(text, from);
        gunichar c = copied != NULL ? 'x' : g_utf8_get_char_validated(from, -1); /* what is copied is like a word */

        used += piece_width(&at, copied);
        if (*from == ' ' && from > line) {
            end = from;
            next = from + 1;
        } else if (from > line && may_break(before, c)) {
            end = next = from;
        }
        before = copied != NULL ? 'x' : c;
        if (used <= width || end == NULL)
            continue;
        g_string_append_len(out, line, end - line);
        g_string_append_printf(out, "\n%*s", indent, "");
        line = at = next;
        end = NULL;
        before = 0;
        used = indent;
    }
    return g_string_free(g_string_append(out, line), FALSE);
}

char *hl_text_wrap(const char *text, int width)
{
    return wrap(text, width, 0, 2);
}

char *hl_text_hang(const char *text, int width, int indent)
{
    return wrap(text, width, indent, indent);
}

/* The bytes of "label   " before what stands beside it; of text that has no label, of the blanks at its beginning. */
static gsize label_length(const char *text)
{
    gsize blanks = strspn(text, " ");
    int cells = (int)blanks;

    for (const char *at = text + blanks; *at != '\0' && cells < LABELS;) {
        const char *from = at;

        cells += next_width(&at);
        if (*from == ' ' && *at == ' ')
            return strchr(".:;!?", from[-1]) == NULL ? (gsize)(at - text) + strspn(at, " ") : blanks;
    }
    return blanks;
}

/* One of the lines. */
static void append_fitted(GString *out, const char *line, int width)
{
    gsize label = label_length(line);
    g_autofree char *begin = g_strndup(line, label);
    int cells = hl_text_cells(begin);
    bool is_command = label > 0 && whole->line != NULL && g_str_has_prefix(line + label, whole->line);
    int column = cells > width / 2 ? 2 : cells > 2 ? cells : cells + 2;
    g_autofree char *rest = wrap(line + label, is_command ? G_MAXINT : width, cells, column);

    g_string_append_printf(out, "%s%s", begin, rest);
}

char *hl_text_fit(const char *text, int width)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        g_string_append(out, i > 0 ? "\n" : "");
        append_fitted(out, lines[i], width);
    }
    return g_string_free(out, FALSE);
}

void hl_say(const char *format, ...)
{
    va_list arguments;
    g_autofree char *text = NULL;
    g_autofree char *timed = NULL;
    g_autofree char *lines = NULL;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    timed = hl_local_beside(text);
    lines = hl_text_fit(timed, hl_terminal_size(stdout, NULL));
    fputs(lines, stdout);
}

int hl_terminal_size(FILE *out, int *rows)
{
    struct winsize size = { 0 };
    bool known = is_terminal(out) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0;

    if (rows != NULL)
        *rows = known && size.ws_row > 0 ? size.ws_row : G_MAXINT;
    return known && size.ws_col > 0 ? size.ws_col : G_MAXINT;
}

HlTable *hl_table_new(const char *const *headings)
{
    HlTable *table = g_new0(HlTable, 1);

    table->headings = headings;
    table->n_columns = g_strv_length(hl_unconst(headings));
    table->columns = g_new0(Column, table->n_columns + 1);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    return table;
}

void hl_table_free(HlTable *table)
{
    if (table == NULL)
        return;
    g_ptr_array_unref(table->rows);
    g_free(table->columns);
    g_free(table);
}

void hl_table_has_hosts(HlTable *table, guint column)
{
    table->columns[column].has_hosts = true;
}

void hl_table_matters(HlTable *table, guint column)
{
    table->columns[column].matters = true;
}

bool hl_table_shows(const HlTable *table, guint column)
{
    return table->columns[column].is_shown;
}

void hl_table_word(HlTable *table)
{
    table->is_worded = true;
}

/* The length of a colour sequence of hl_tone; 0: it is not one. */
static gsize tone_length(const char *text)
{
    gsize digits;

    if (!g_str_has_prefix(text, "\033["))
        return 0;
    digits = strspn(text + 2, "0123456789");
    return digits > 0 && digits <= 2 && text[2 + digits] == 'm' ? digits + 3 : 0;
}

/* Printable except for hl_tone's colours, which may be in it. */
static char *printable_cell(const char *text)
{
    GString *out;
    const char *from = text;

    if (hl_text_is_plain(text))
        return g_strdup(text);
    out = g_string_new(NULL);
    for (;; text++) {
        gsize tone = tone_length(text);

        if (tone > 0 || *text == '\0') {
            g_autofree char *part = g_strndup(from, (gsize)(text - from));
            g_autofree char *shown = hl_text_printable(part);

            g_string_append(out, shown);
            g_string_append_len(out, text, (gssize)tone);
            from = text + tone;
        }
        if (*text == '\0')
            return g_string_free(out, FALSE);
    }
}

void hl_table_add(HlTable *table, const char *const *cells)
{
    GStrv row = g_new0(char *, table->n_columns + 1);

    for (guint i = 0; i < table->n_columns; i++) {
        g_autofree char *cell = hl_local_instead(cells[i] == NULL || *cells[i] == '\0' ? "-" : cells[i]);

        row[i] = printable_cell(cell);
    }
    g_ptr_array_add(table->rows, row);
}

static const char *heading_of(const HlTable *table, guint column)
{
    return table->is_worded ? hl_tr(table->headings[column]) : table->headings[column];
}

/* row NULL: the headings. */
static void print_row(FILE *out, const HlTable *table, char *const *row, int width)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *shown = NULL;
    int blanks = 0; /* before the next column */

    for (guint i = 0; i < table->n_columns; i++) {
        const char *cell = row != NULL ? row[i] : heading_of(table, i);
        g_autofree char *cut = NULL;
        g_autofree char *text = NULL;

        if (!table->columns[i].is_shown)
            continue;
        for (; blanks > 0; blanks--)
            g_string_append_c(line, ' ');
        cut = hl_text_clip(cell, table->columns[i].width);
        text = hl_tone(out, row == NULL ? HL_TONE_BOLD : HL_TONE_PLAIN, cut);
        g_string_append(line, text);
        blanks = table->columns[i].width + GAP - hl_text_cells(cut);
    }
    shown = hl_text_clip(line->str, width);
    fprintf(out, "%s\n", shown);
}

/* A time, a number, a state that is cut says nothing, or something else: only names, which are told apart at both ends,
 * and texts to read can be narrowed. */
static int least_of(const Column *column)
{
    return column->has_hosts || column->width > VALUE ? MIN(column->width, NARROWEST) : column->width;
}

static void measure(HlTable *table)
{
    for (guint i = 0; i < table->n_columns; i++) {
        Column *column = &table->columns[i];

        column->width = hl_text_cells(heading_of(table, i));
        for (guint r = 0; r < table->rows->len; r++)
            column->width = MAX(column->width, hl_text_cells(((GStrv)table->rows->pdata[r])[i]));
        column->least = least_of(column);
    }
}

/* False: there is no room for it beside those that are shown; left: cells, with a gap behind each column. */
static bool take_in(Column *column, int64_t *left)
{
    if (column->is_shown)
        return true;
    if (column->least + GAP > *left)
        return false;
    *left -= column->least + GAP;
    column->is_shown = true;
    return true;
}

/* The first column, then what the list is about, then the others up to the first that has no room.  How many. */
static guint choose(HlTable *table, int width)
{
    int64_t left = (int64_t)width + GAP;
    guint n = 0;

    for (guint i = 0; i < table->n_columns; i++)
        table->columns[i].is_shown = i == 0;
    left -= table->n_columns > 0 ? table->columns[0].least + GAP : 0;
    for (guint i = 1; i < table->n_columns; i++)
        if (table->columns[i].matters)
            take_in(&table->columns[i], &left);
    for (guint i = 1; i < table->n_columns && take_in(&table->columns[i], &left); i++)
        ;
    for (guint i = 0; i < table->n_columns; i++)
        n += table->columns[i].is_shown;
    return n;
}

/* The widest of those that can be narrowed; NULL: there is none. */
static Column *widest_of(HlTable *table)
{
    Column *widest = NULL;

    for (guint i = 0; i < table->n_columns; i++) {
        Column *column = &table->columns[i];

        if (column->is_shown && column->width > column->least && (widest == NULL || column->width > widest->width))
            widest = column;
    }
    return widest;
}

/* One long name must not push the rest off the screen. */
static void narrow(HlTable *table, int width)
{
    int total = -GAP;
    Column *widest;

    for (guint i = 0; i < table->n_columns; i++)
        total += table->columns[i].is_shown ? table->columns[i].width + GAP : 0;
    for (; total > width && (widest = widest_of(table)) != NULL; total--)
        widest->width--;
}

/* What is done to all cells of a column together; cells: at most so wide, 0: host names without their domain. */
static void redo_column(const HlTable *table, guint column, int cells)
{
    g_autofree GStrv texts = g_new0(char *, table->rows->len + 1);

    for (guint r = 0; r < table->rows->len; r++)
        texts[r] = ((GStrv)table->rows->pdata[r])[column];
    if (cells > 0)
        hl_names_clip(texts, table->rows->len, cells, table->columns[column].has_hosts ? HL_CLIP_MIDDLE : HL_CLIP_END);
    else
        hl_names_shorten(texts, table->rows->len);
    for (guint r = 0; r < table->rows->len; r++)
        ((GStrv)table->rows->pdata[r])[column] = texts[r];
}

bool hl_table_print(HlTable *table, FILE *out)
{
    int width = hl_terminal_size(out, NULL);
    guint shown;

    for (guint i = 0; i < table->n_columns && is_terminal(out); i++)
        if (table->columns[i].has_hosts)
            redo_column(table, i, 0);
    measure(table);
    shown = choose(table, width);
    narrow(table, width);
    for (guint i = 0; i < table->n_columns && is_terminal(out); i++)
        if (table->columns[i].is_shown)
            redo_column(table, i, table->columns[i].width);
    print_row(out, table, NULL, width);
    for (guint r = 0; r < table->rows->len; r++)
        print_row(out, table, table->rows->pdata[r], width);
    return shown == table->n_columns;
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
    g_autofree char *what = hl_text_printable(detail);
    g_autofree char *line = NULL;
    g_autofree char *shown = NULL;

    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', MIN(filled, BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    line = g_strdup_printf("%s [%s] %u/%u  %s", label, bar, done, total, what);
    shown = hl_text_clip(line, hl_terminal_size(out, NULL)); /* a line that wraps cannot be redrawn in place */
    fprintf(out, is_terminal(out) ? "\r\033[K%s" : "%s\n", shown);
    fflush(out);
}

void hl_progress_clear(FILE *out)
{
    if (is_terminal(out))
        fputs("\r\033[K", out);
}

void hl_progress_end(FILE *out)
{
    if (is_terminal(out))
        fputc('\n', out);
}

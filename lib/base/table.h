/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and progress for a terminal.  Column widths follow the cells that a character occupies on the screen (two for
 * Japanese); colour and redrawing only where stdout is a terminal and NO_COLOR is unset.
 *
 * Characters whose width Unicode leaves open, as the ellipsis and the wave dash, count as one cell: so do terminals in
 * every UTF-8 locale of the C library, the Japanese one included. */
#ifndef LIB_BASE_TABLE_H
#define LIB_BASE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include <glib.h>

typedef struct HlTable HlTable;

/* The cells that text occupies on the screen; colour sequences none. */
int hl_text_cells(const char *text);

/* text with blanks after it, so that it occupies at least so many cells.  Caller frees. */
char *hl_text_fill(const char *text, int cells);

/* text cut to so many cells, with an ellipsis if something was cut; colour sequences are kept.  Caller frees. */
char *hl_text_clip(const char *text, int cells);

/* The same with the ellipsis before so many cells of the text's end.  Caller frees. */
char *hl_text_clip_middle(const char *text, int cells, int end);

/* What people copy, and what a line break would spoil, by how it begins: commands.  Each list ends with NULL. */
typedef struct {
    const char *const *quoted; /* up to the other quotation mark; with the first one: "'systemctl " */
    const char *const *bare;   /* what begins a text, or stands behind a colon: up to a comma or a semicolon */
    const char *line;          /* what begins a line that is a command as a whole, behind blanks */
} HlCopied;

/* Borrowed for good.  Before it, paths alone are known.  At the start, before there are threads. */
void hl_text_set_copied(const HlCopied *copied);

/* A line of text as lines of at most so many cells, broken at blanks and between Japanese characters, those after the
 * first indented by two.  A word that is longer stays whole, and so does what is copied: a command in quotes, a path.
 * Caller frees. */
char *hl_text_wrap(const char *text, int cells);

/* The same of text that begins in a column, and whose other lines begin there as well.  Caller frees. */
char *hl_text_hang(const char *text, int cells, int column);

/* Lines of text the same way, each of its own: what stands beside a label ("state    halted: ...": two blanks end it)
 * stays in its column.  Caller frees. */
char *hl_text_fit(const char *text, int cells);

/* printf to standard output, for what a person reads: with local times (local_time.h); on a terminal, hl_text_fit. */
void hl_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* headings ends with NULL and must outlive the table. */
HlTable *hl_table_new(const char *const *headings);

/* Its headings are shown in the reader's language.  Without this they are names that somebody may type: of columns that
 * an option takes. */
void hl_table_word(HlTable *table);

void hl_table_free(HlTable *table);

/* One text per heading; NULL shows "-", and a time in UTC the local one (local_time.h).  Copied. */
void hl_table_add(HlTable *table, const char *const *cells);

/* The column is of host names: on a terminal they are shown without their domain where that says the same, and cut in
 * the middle (names.h). */
void hl_table_has_hosts(HlTable *table, guint column);

/* The list is about this column: on a terminal it has room before others. */
void hl_table_matters(HlTable *table, guint column);

/* On a terminal nothing is wrapped.  Columns for which there is no room are left out as a whole, from the last one on;
 * values are not cut.  Only host names and texts of more cells than any value has are narrowed to make room, so that
 * what differs looks different, if it can.  In a pipe or a file all is there.  Returns whether all columns had room. */
bool hl_table_print(HlTable *table, FILE *out);

/* Of one that was printed: whether this column had room. */
bool hl_table_shows(const HlTable *table, guint column);

typedef enum { HL_TONE_PLAIN, HL_TONE_GOOD, HL_TONE_WARN, HL_TONE_BAD, HL_TONE_DIM, HL_TONE_BOLD } HlTone;

/* text in the tone's colour where out is a terminal, else a plain copy.  Caller frees. */
char *hl_tone(FILE *out, HlTone tone, const char *text);

/* Columns and rows (may be NULL) of the terminal; G_MAXINT for both if out is not one. */
int hl_terminal_size(FILE *out, int *rows);

/* One line "label [#####.....] 12/20 detail", redrawn in place on a terminal (cut to its width), else printed. */
void hl_progress_show(FILE *out, const char *label, guint done, guint total, const char *detail);

/* Ends the line that hl_progress_show redraws. */
void hl_progress_end(FILE *out);

/* Clears that line to make room for output that stays; the next hl_progress_show draws it again below. */
void hl_progress_clear(FILE *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlTable, hl_table_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as text/csv (RFC 4180), for spreadsheets: what would be a formula there is text.  Pure. */
#ifndef LIB_BASE_CSV_H
#define LIB_BASE_CSV_H

#include "lib/base/json.h"

/* One more cell: in quotes, and with an apostrophe before what a spreadsheet would compute. */
void hl_csv_cell(GString *out, const char *text, bool is_first);

/* The end of a row. */
void hl_csv_end(GString *out);

/* Rows of objects.  fields: the columns, ends with NULL; a member of an object is "settings.applied".  A cell is a
 * string, a number, true or false as it is, nothing for null; a list is its items with "; " between them, and an object
 * that stays one "name=value, name=value". */
void hl_csv_head(GString *out, const char *const *fields);
void hl_csv_row(GString *out, const json_t *row, const char *const *fields);

/* Which columns rows have once objects are taken apart: those of wanted (ends with NULL; NULL: all members), in their
 * order, each that is an object in some row replaced by a column for each member that any row has: "patterns.virus".
 * At most HL_CSV_MAX_COLUMNS.  An object keeps its own column beside them where its parts do not say all: there are too
 * many, or in some row it is no object.  Look at every row, then take them. */
#define HL_CSV_MAX_COLUMNS 1000

typedef struct HlCsvColumns HlCsvColumns;

HlCsvColumns *hl_csv_columns_new(const char *const *wanted);
void hl_csv_columns_look(HlCsvColumns *columns, const json_t *row);
char **hl_csv_columns_list(const HlCsvColumns *columns); /* caller frees with g_strfreev */
void hl_csv_columns_free(HlCsvColumns *columns);

/* The same of all rows of an array. */
char **hl_csv_columns_of(const json_t *rows, const char *const *wanted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCsvColumns, hl_csv_columns_free)

#endif

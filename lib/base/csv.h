/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as text/csv (RFC 4180), for spreadsheets: what would be a formula there is text.  Pure. */
#ifndef LIB_BASE_CSV_H
#define LIB_BASE_CSV_H

#include "lib/base/json.h"

/* One more cell: in quotes, and with an apostrophe before what a spreadsheet would compute. */
void hl_csv_cell(GString *out, const char *text, bool is_first);

/* The end of a row. */
void hl_csv_end(GString *out);

/* Rows of objects.  fields: the columns, ends with NULL; a member of an object is "settings.applied". */
void hl_csv_head(GString *out, const char *const *fields);
void hl_csv_row(GString *out, const json_t *row, const char *const *fields);

#endif

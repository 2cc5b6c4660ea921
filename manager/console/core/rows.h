/* SPDX-License-Identifier: Apache-2.0 */
/* A page of a list that the manager answers whole: those with a word, in the order of a member, from a cursor on.
 * Pure. */
#ifndef MANAGER_CONSOLE_CORE_ROWS_H
#define MANAGER_CONSOLE_CORE_ROWS_H

#include "lib/base/json.h"

typedef struct {
    const char *filter; /* a word that a text of the row contains, in any case; NULL: all */
    const char *sort;   /* a member, "-" before it: descending; NULL: as they are */
    const char *cursor; /* of the page before; NULL: from the beginning */
    const char *limit;  /* 1 to 1,000; NULL: 1,000, or all */
    bool is_whole;      /* all, if there is no limit */
} ConRowsQuery;

/* Array and the next page's cursor (JSON null: there is none), both new.  false: a parameter is wrong. */
bool con_rows_select(const json_t *rows, const ConRowsQuery *query, json_t **page, json_t **next,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

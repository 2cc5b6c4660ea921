/* SPDX-License-Identifier: Apache-2.0 */
/* How somebody wants a list: in which order, which columns, how many rows, in which form.  Pure but for reading the
 * options. */
#ifndef MANAGER_CLI_VIEW_H
#define MANAGER_CLI_VIEW_H

#include "manager/cli/show.h"

typedef enum { CLI_AS_TABLE, CLI_AS_WIDE, CLI_AS_JSON, CLI_AS_CSV } CliForm;

typedef struct {
    char **columns; /* NULL: the usual ones */
    char **order;   /* "-host": descending; NULL: as it came */
    guint limit;    /* 0: all */
    CliForm form;
} CliView;

/* From --sort, --columns, --limit, -o and --json, of a command that has them. */
bool cli_view_read(CliView *view, const HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_view_clear(CliView *view);

/* Of --watch, which is a table of its own kind or, for a program, JSON. */
bool cli_view_check_watch(const HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the answer is for a program (-o json, -o csv, --json): then nothing is said beside it. */
bool cli_view_is_data(const HlInvocation *call);

/* Whether every column is wanted (-o wide). */
bool cli_view_is_wide(const HlInvocation *call);

/* The one of this heading or member, of the usual ones, else a member that some row has (rows may be NULL); false:
 * none. */
bool cli_view_find_column(CliColumn *column, const char *name, const CliColumn *usual, gsize n_usual,
                          const json_t *rows);

/* The columns that it names, out of the usual ones, by heading or member, and of the members of the rows; *n of them.
 * The caller frees the array; texts are borrowed from all three arguments.  NULL: one of them is unknown. */
CliColumn *cli_view_columns(const CliView *view, const CliColumn *usual, gsize n_usual, const json_t *rows, gsize *n,
                            GError **error);

/* The rows in its order, as many as it wants.  NULL: it sorts by what is unknown. */
json_t *cli_view_rows(const CliView *view, const CliColumn *usual, gsize n_usual, const json_t *rows, GError **error);

/* What to say where rows are left out: a list that was cut looks like a whole one.  remedy: what shows the others,
 * where it was the server that cut; NULL: only --limit can have.  NULL: none is left out; caller frees. */
char *cli_view_more(const CliView *view, gsize shown, gsize total, const char *remedy);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliView, cli_view_clear)

#endif

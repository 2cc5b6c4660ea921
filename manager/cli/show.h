/* SPDX-License-Identifier: Apache-2.0 */
/* How results look: tables from arrays of JSON objects, "name: value" lists from one object. */
#ifndef MANAGER_CLI_SHOW_H
#define MANAGER_CLI_SHOW_H

#include "lib/base/cli.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/table.h"

/* A column: heading, member of the object ("a.b" descends), and format. */
typedef struct {
    const char *heading, *member;
    char *(*format)(const json_t *value, const json_t *row); /* NULL: unchanged; the result is freed */
} CliColumn;

/* The member of an object at "a.b"; NULL: there is none. */
const json_t *cli_descend(const json_t *object, const char *path);

/* The list that is the document's member, as the options say (view.h): a table of these columns, CSV, or the document
 * as JSON, one line.  What an option does not know is refused. */
bool cli_show_list(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                   gsize n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same where a table usually shows part of the columns that can be asked for, or the document has the first of
 * total rows (0: all that there are). */
typedef struct {
    const CliColumn *all;
    gsize n_all;
    const CliColumn *shown;
    gsize n_shown;
    gsize total;
    const char *order;  /* of what people read, where they ask for none, as in --sort; NULL: as it came */
    const char *remedy; /* what shows the others, where the server left them out (cli_view_more); may be NULL */
    const char *above;  /* what people read before the table, once its options are known to be right; may be NULL */
    const char *const *about; /* members whose columns have room before others, ends with NULL; NULL: none */
} CliColumns;
bool cli_show_chosen(const HlInvocation *call, const json_t *document, const char *member, const CliColumns *columns,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* cli_show_list where the server sends the newest rows alone and may say how many there are ("total"). */
bool cli_show_newest(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                     gsize n, const char *remedy, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A table of the list, whatever the options say: a part of something larger.  about: as of CliColumns.  False: some
 * columns had no room, and a last line says so. */
bool cli_show_table(const json_t *document, const char *member, const CliColumn *columns, gsize n,
                    const char *const *about);

/* --json: the document; otherwise its simple members, one per line, in order. */
void cli_show_object(const HlInvocation *call, const json_t *document);

/* Whether --json was given; then the document is printed. */
bool cli_show_json(const HlInvocation *call, const json_t *document);

/* Of a group's document: "office", or "office (総務部)".  Caller frees. */
char *cli_group_name(const json_t *group);

/* What became of a save of the group whose document it is. */
void cli_show_saved(const HlInvocation *call, const json_t *group);

/* Formats; row is the object that value is a member of. */
char *cli_format_actual(const json_t *value, const json_t *row);  /* coloured */
char *cli_format_verdict(const json_t *value, const json_t *row); /* coloured */
char *cli_format_time(const json_t *value, const json_t *row);    /* RFC 3339 -> "12 s ago" */
char *cli_format_late(const json_t *value, const json_t *row); /* {"at": ..., "outcome": ...} -> "granted 12 s ago" */
char *cli_format_patterns(const json_t *value, const json_t *row); /* {"virus": 1} -> "virus 1" */
char *cli_format_states(const json_t *value, const json_t *row); /* {"sent": 2} -> "2 sent", in the reader's language */
char *cli_format_group(const json_t *value, const json_t *row);  /* the display name, if it has one */
/* Rings of a roll-out -> "1%,10%,100%", as --ring takes them; an earlier manager has that text in its lists. */
char *cli_format_rings(const json_t *value, const json_t *row);
char *cli_format_list(const json_t *value, const json_t *row); /* ["a", "b"] -> "a, b" */
/* For "open_detections": how many, or why there are none. */
char *cli_format_infected(const json_t *value, const json_t *row);
char *cli_format_settings(const json_t *value,
                          const json_t *row); /* {"desired", "applied", "current"} -> "3" or "2 of 3" */

/* The text of a member, "" if there is none; borrowed. */
const char *cli_text(const json_t *document, const char *member);
int64_t cli_int(const json_t *document, const char *member);

/* After "... is revoked; ": what keeps the certificate out, from the answer of a call that ends one; static. */
const char *cli_ended_text(const json_t *document);

/* "1 endpoint", "2 endpoints", from a member that counts; the texts have one %u.  A macro, so that the compiler
 * compares them with the number.  Caller frees. */
#define cli_count(document, member, one, many) \
    g_strdup_printf(hl_trn(one, many, (gulong)cli_int(document, member)), (guint)cli_int(document, member))

#endif

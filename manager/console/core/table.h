/* SPDX-License-Identifier: Apache-2.0 */
/* All endpoints as rows of a table, made from their status documents.  Pure.
 *
 * 100,000 rows take at most 150 MB (tests/unit/test_console_table.c counts): a value is eight bytes, and words that
 * many endpoints share are kept once.  One table of columns says what is kept, and how it is read, filtered, sorted and
 * printed. */
#ifndef MANAGER_CONSOLE_CORE_TABLE_H
#define MANAGER_CONSOLE_CORE_TABLE_H

#include "lib/base/clock.h"
#include "lib/base/json.h"

typedef enum {
    CON_TEXT,   /* of its own */
    CON_WORD,   /* one of few, shared */
    CON_TIME,   /* HlTime; 0: never */
    CON_NUMBER, /* int64_t */
    CON_FLAG,   /* int64_t, 0 or 1 */
    CON_SET     /* "name=number name=number", shared: pattern versions */
} ConKind;

typedef struct {
    const char *name; /* in filters, fields, CSV */
    const char *path; /* in the status document: members, parted by dots */
    ConKind kind;
} ConColumn;

/* Those that code asks for by name; the table has more. */
#define CON_COLUMN_ID    0
#define CON_COLUMN_HOST  1
#define CON_COLUMN_GROUP 2
#define CON_N_COLUMNS    40

extern const ConColumn con_columns[CON_N_COLUMNS];

/* The number of a column; -1: there is none of this name. */
int con_column_find(const char *name);

typedef union {
    int64_t number;   /* CON_TIME, CON_NUMBER, CON_FLAG */
    const char *text; /* the others; never NULL */
} ConValue;

typedef struct {
    ConValue values[CON_N_COLUMNS];
    char *folded;         /* what a search for a word looks at: id, host, group, addresses, without case */
    uint64_t revision;    /* of the table, when the row changed last */
    uint64_t epoch, said; /* the document's own order (docs/protocol.md) */
    guint generation;
} ConRow;

typedef struct ConTable ConTable;

ConTable *con_table_new(void);
void con_table_free(ConTable *table);

typedef enum {
    CON_PUT_CHANGED,
    CON_PUT_SAME, /* or older than what is there */
    CON_PUT_BAD   /* it is no status of an endpoint */
} ConPut;

typedef enum {
    CON_CHANGE,  /* from the endpoint's topic */
    CON_SNAPSHOT /* part of a snapshot: what was removed since that began stays so */
} ConSource;

/* document: of the endpoint with that id.  What lacks a member, or has one of another type, has it empty. */
ConPut con_table_put(ConTable *table, const char *id, const json_t *document, ConSource source);

/* false: there was none. */
bool con_table_remove(ConTable *table, const char *id);

/* A snapshot: rows that neither it nor a change has brought between the two calls are gone at its end.  One that is not
 * complete ends nothing: begin again. */
void con_table_begin(ConTable *table);
guint con_table_end(ConTable *table); /* how many went */

/* Borrowed until the next change; NULL: there is none. */
const ConRow *con_table_get(const ConTable *table, const char *id);
guint con_table_count(const ConTable *table);

/* Grows with each change. */
uint64_t con_table_revision(const ConTable *table);

/* Stops when it returns false. */
typedef bool (*ConRowFn)(const ConRow *row, gpointer user);
void con_table_each(const ConTable *table, ConRowFn each, gpointer user);

/* The value of one column, for JSON: times as RFC 3339 or null, sets as objects. */
json_t *con_row_value(const ConRow *row, int column);

/* The version of one name in a set; false: it has none. */
bool con_set_find(const char *set, const char *name, int64_t *version);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConTable, con_table_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* All endpoints as rows of a table, made from their status documents.  Pure.
 *
 * 100,000 rows take at most 150 MB (tests/unit/test_console_table.c counts): a value is eight bytes, and words that
 * many endpoints share are kept once.  The table of columns (manager/filter/columns.h) says what is kept, and how it is
 * read, filtered, sorted and printed. */
#ifndef MANAGER_CONSOLE_CORE_TABLE_H
#define MANAGER_CONSOLE_CORE_TABLE_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "manager/filter/filter.h"

typedef struct {
    MgrValue values[MGR_N_COLUMNS];
    char *folded;         /* what a search for a word looks at: id, host, group, addresses, without case */
    uint64_t revision;    /* of the table, when the row changed last */
    uint64_t epoch, said; /* the document's own order (docs/protocol.md) */
    guint generation;
    GSequenceIter *place; /* in the order by host */
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

/* By host, without regard to case, then by id: the order that pages ask for most is kept, not made.  In reverse from
 * the last. */
typedef enum { CON_FORWARD, CON_REVERSE } ConDirection;
void con_table_each_by_host(const ConTable *table, ConDirection direction, ConRowFn each, gpointer user);

/* The value of one column, for JSON: times as RFC 3339 or null, sets as objects. */
json_t *con_row_value(const ConRow *row, int column);

/* Whether a filter for searching takes the row. */
bool con_row_fits(const MgrFilter *filter, const ConRow *row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConTable, con_table_free)

#endif

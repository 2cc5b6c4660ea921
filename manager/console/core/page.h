/* SPDX-License-Identifier: Apache-2.0 */
/* A page of the table: those that a filter takes and the caller may see, in an order, from a cursor on.  Pure.
 *
 * Nothing is kept between two pages: a cursor is the last row's place in the order, so rows that come, go or move
 * meanwhile shift nothing, and no list of 100,000 is sorted for a page of 100.  The table itself is in order by host.
 */
#ifndef MANAGER_CONSOLE_CORE_PAGE_H
#define MANAGER_CONSOLE_CORE_PAGE_H

#include "manager/console/core/table.h"

#define CON_MAX_PAGE 1000

typedef struct {
    int column;
    bool is_descending;
} ConOrder;

/* "last_seen", "-last_seen"; NULL or "": by host. */
bool con_order_parse(const char *text, ConOrder *order, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const MgrFilter *filter;
    ConOrder order;
    const char *cursor;        /* NULL: from the beginning */
    guint limit;               /* of rows, 1 or more; what a page may have: CON_MAX_PAGE */
    const char *const *groups; /* the caller's, ends with NULL; NULL: all */
    const char *group;         /* of these, this one alone; NULL: all */
} ConQuery;

typedef struct {
    GPtrArray *rows; /* of const ConRow *, borrowed until the table changes */
    guint total;     /* that the filter takes, on all pages */
    char *next;      /* the cursor of the next page; NULL: this is the last one */
} ConPage;

/* false: the cursor is none of this order. */
bool con_page_select(ConPage *page, const ConTable *table, const ConQuery *query,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void con_page_clear(ConPage *page);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConPage, con_page_clear)

#endif

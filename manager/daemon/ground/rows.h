/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as the rows of a list: in an order, and of each only what the list shows.
 *
 * Not the status document (state/status), which has everything and costs twenty times as much: a list of a large fleet
 * is made of these.  The columns are those of manager/filter, the values are the same as in the document. */
#ifndef MANAGER_DAEMON_GROUND_ROWS_H
#define MANAGER_DAEMON_GROUND_ROWS_H

#include "lib/base/json.h"
#include "manager/daemon/ground/fleet.h"

#define MGR_MAX_ROW_COLUMNS 64 /* named in one list; there are fewer */

/* Columns in the order in which they are named. */
typedef struct {
    int column[MGR_MAX_ROW_COLUMNS];
    bool is_descending[MGR_MAX_ROW_COLUMNS];
    guint n; /* 0: none was named */
} MgrRowColumns;

/* How somebody wants a list. */
typedef struct {
    MgrRowColumns order;  /* none: that of the ids */
    MgrRowColumns chosen; /* none: all that is known, as the status document has it */
    guint limit;          /* of rows; G_MAXUINT: all */
} MgrRowWish;

/* sort "host,-last_seen", limit "50", columns "id,host"; each may be NULL. */
bool mgr_row_wish_parse(MgrRowWish *wish, const char *sort, const char *limit, const char *columns,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it matters which rows come first. */
bool mgr_row_wish_has_order(const MgrRowWish *wish);

/* Those that have left the console are taken out of the array. */
void mgr_rows_leave_out_removed(GPtrArray *endpoints);

/* Ids of endpoints (of MgrEndpoint *) in the order that is wished for, those that are equal as they were; of char *,
 * freed by itself.  Texts are compared without case, and numbers in them count as numbers: pc2, pc10.  Never is before
 * every time. */
GPtrArray *mgr_rows_ids(const MgrFleet *fleet, const MgrRowWish *wish, const GPtrArray *endpoints);

/* The chosen columns of one endpoint, each where the status document has it. */
json_t *mgr_row_document(const MgrFleet *fleet, const MgrRowColumns *chosen, const MgrEndpoint *endpoint);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Structs in the order of the text that is their first member, each text once: to go through a million of them a piece
 * at a time while some come and go.  Eight bytes each, in chunks, so that one that comes moves a few hundred others and
 * not all of them.  Items are borrowed; no text in here is changed. */
#ifndef LIB_BASE_IN_ORDER_H
#define LIB_BASE_IN_ORDER_H

#include <glib.h>

typedef struct {
    GPtrArray *chunks; /* of GPtrArray of items; none is empty */
    guint length;
} HlInOrder;

void hl_in_order_init(HlInOrder *order);
void hl_in_order_clear(HlInOrder *order);

/* Into an empty one, many at once, in whatever order they are. */
void hl_in_order_fill(HlInOrder *order, const GPtrArray *items);
/* Its text is not there. */
void hl_in_order_add(HlInOrder *order, gpointer item);
/* It is there. */
void hl_in_order_remove(HlInOrder *order, gconstpointer item);

/* A place in it; good until one comes or goes. */
typedef struct {
    guint chunk, at;
} HlInOrderPlace;

/* The place of the first one whose text comes after this one (NULL: of the first). */
HlInOrderPlace hl_in_order_after(const HlInOrder *order, const char *text);
/* The one there, and on to the next place; NULL: it was the last. */
gpointer hl_in_order_next(const HlInOrder *order, HlInOrderPlace *place);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A table of structs by the text that is their first member: a set of them, which keeps no key beside each.  With a
 * million in it that is 8 bytes a slot.  It is a GHashTable: go through its values as usual, add with g_hash_table_add,
 * and change no item's text for another one while it is in there. */
#ifndef LIB_BASE_BY_TEXT_H
#define LIB_BASE_BY_TEXT_H

#include <glib.h>

/* free_item may be NULL. */
GHashTable *hl_by_text_new(GDestroyNotify free_item);

/* NULL: there is none.  Borrowed. */
gpointer hl_by_text_find(GHashTable *table, const char *text);

/* Frees the one of this text, which may be its own. */
void hl_by_text_remove(GHashTable *table, const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/by_text.h"

/* An item and the address of a text look the same from here. */
static guint hash(gconstpointer item)
{
    return g_str_hash(*(const char *const *)item);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    return g_str_equal(*(const char *const *)a, *(const char *const *)b);
}

GHashTable *hl_by_text_new(GDestroyNotify free_item)
{
    return g_hash_table_new_full(hash, equal, free_item, NULL);
}

gpointer hl_by_text_find(GHashTable *table, const char *text)
{
    return g_hash_table_lookup(table, &text);
}

void hl_by_text_remove(GHashTable *table, const char *text)
{
    g_hash_table_remove(table, &text);
}

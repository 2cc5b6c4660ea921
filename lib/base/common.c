/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/common.h"

#include <stdbool.h>
#include <string.h>

static char room[HL_COMMON_SIZE]; /* pages that nothing was put into cost nothing */
static gsize used = 1;            /* "", which is asked for most, is its first byte */
static GHashTable *known;         /* texts in the room */

static bool is_common(const char *text)
{
    return (guintptr)text >= (guintptr)room && (guintptr)text < (guintptr)room + sizeof room;
}

char *hl_common_find(const char *text)
{
    if (text != NULL && *text == '\0')
        return room;
    return text != NULL && known != NULL ? g_hash_table_lookup(known, text) : NULL;
}

char *hl_common_dup(const char *text)
{
    char *found = hl_common_find(text);
    gsize size;

    if (found != NULL || text == NULL)
        return found;
    size = strlen(text) + 1;
    if (size > HL_COMMON_MAX + 1 || size > sizeof room - used)
        return g_strdup(text);
    if (known == NULL)
        known = g_hash_table_new(g_str_hash, g_str_equal);
    found = memcpy(room + used, text, size);
    used += size;
    g_hash_table_add(known, found);
    return found;
}

void hl_common_free(gpointer text)
{
    if (!is_common(text))
        g_free(text);
}

gsize hl_common_used(void)
{
    return used;
}

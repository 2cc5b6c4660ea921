/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/meant.h"

#include <string.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"

#define SHORTEST 3      /* letters; every shorter name is near every other */
#define LONG     5      /* from here on two slips are forgiven */
#define MOST     10000u /* names: some 10 ms of the loop's time */

void mgr_meant_begin(MgrMeant *meant, const char *typed)
{
    gsize size = strlen(typed);

    *meant = (MgrMeant){ g_ascii_strdown(typed, -1), g_ptr_array_new_with_free_func(g_free), size < LONG ? 1 : 2,
                         size < SHORTEST ? 0 : MOST };
}

void mgr_meant_consider(MgrMeant *meant, const char *name, const char *shown)
{
    gsize typed = strlen(meant->typed), size = strlen(name);
    g_autofree char *folded = NULL;
    guint slips;

    if (meant->left == 0 || MAX(typed, size) - MIN(typed, size) > meant->slips)
        return;
    meant->left--;
    folded = g_ascii_strdown(name, -1);
    slips = hl_nearest_distance(meant->typed, folded);
    if (slips > meant->slips)
        return;
    if (slips < meant->slips)
        g_ptr_array_set_size(meant->names, 0);
    meant->slips = slips;
    if (shown == NULL)
        shown = name;
    if (!g_ptr_array_find_with_equal_func(meant->names, shown, g_str_equal, NULL))
        g_ptr_array_add(meant->names, g_strdup(shown));
}

char *mgr_meant_end(MgrMeant *meant)
{
    g_autoptr(GPtrArray) names = g_steal_pointer(&meant->names);
    GString *out;

    g_clear_pointer(&meant->typed, g_free);
    if (names->len == 0 || names->len > MGR_MEANT_MAX)
        return NULL;
    g_ptr_array_sort(names, hl_text_compare);
    out = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (const char *)names->pdata[i]);
    return g_string_free(out, FALSE);
}

static bool is_same(char a, char b)
{
    return g_ascii_tolower(a) == g_ascii_tolower(b);
}

bool mgr_meant_is_slip(const char *typed, const char *name, gsize size)
{
    gsize length = strlen(typed), from = 0;

    if (length < SHORTEST || MAX(length, size) - MIN(length, size) > 1)
        return false;
    while (from < MIN(length, size) && is_same(typed[from], name[from]))
        from++;
    while (length > from && size > from && is_same(typed[length - 1], name[size - 1])) {
        length--;
        size--;
    }
    typed += from;
    name += from;
    length -= from;
    size -= from;
    return MAX(length, size) <= 1 ||
           (length == 2 && size == 2 && is_same(typed[0], name[1]) && is_same(typed[1], name[0]));
}

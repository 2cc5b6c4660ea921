/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/names.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/table.h"

static bool is_address(const char *name)
{
    return name[strspn(name, "0123456789.")] == '\0' || strchr(name, ':') != NULL;
}

static char *label_of(const char *name)
{
    gsize size = is_address(name) ? strlen(name) : strcspn(name, ".");
    g_autofree char *label = g_strndup(name, size);

    return g_ascii_strdown(label, -1);
}

void hl_names_shorten(GStrv names, gsize n)
{
    /* label -> the name of it; NULL: several */
    g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (gsize i = 0; i < n; i++) {
        char *label = label_of(names[i]);
        gpointer name;
        bool is_there = g_hash_table_lookup_extended(labels, label, NULL, &name);
        bool is_other = is_there && (name == NULL || g_ascii_strcasecmp(name, names[i]) != 0);

        g_hash_table_replace(labels, label, is_other ? NULL : g_strdup(names[i]));
    }
    for (gsize i = 0; i < n; i++) {
        g_autofree char *label = label_of(names[i]);

        if (g_hash_table_lookup(labels, label) != NULL)
            names[i][strlen(label)] = '\0';
    }
}

/* Of ways to cut: how many of four parts of what is shown are the text's end. */
static const int ways[][4] = {
    [HL_CLIP_MIDDLE] = { 2, 0, 3, 1 },
    [HL_CLIP_END] = { 0, 2, 3, 1 },
};

static char *cut(const char *name, int cells, int quarters)
{
    return hl_text_clip_middle(name, cells, MAX(cells - 1, 0) * quarters / 4);
}

/* What is shown -> the name that it is of; NULL: of several. */
static void note(GHashTable *shown, const char *text, const char *name)
{
    gpointer other;
    bool is_there = g_hash_table_lookup_extended(shown, text, NULL, &other);
    bool is_other = is_there && (other == NULL || strcmp(other, name) != 0);

    g_hash_table_replace(shown, g_strdup(text), is_other ? NULL : g_strdup(name));
}

/* Cuts those in this way that are told apart by it; how many are left for another one. */
static gsize clip_apart(GStrv names, bool *is_done, gsize n, int cells, int quarters)
{
    g_autoptr(GHashTable) shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gsize left = 0;

    for (gsize i = 0; i < n; i++) {
        g_autofree char *text = is_done[i] ? NULL : cut(names[i], cells, quarters);

        note(shown, text != NULL ? text : names[i], names[i]);
    }
    for (gsize i = 0; i < n; i++) {
        g_autofree char *text = is_done[i] ? NULL : cut(names[i], cells, quarters);

        if (text == NULL || g_hash_table_lookup(shown, text) == NULL) {
            left += text != NULL;
            continue;
        }
        g_free(names[i]);
        names[i] = g_steal_pointer(&text);
        is_done[i] = true;
    }
    return left;
}

void hl_names_clip(GStrv names, gsize n, int cells, HlClip clip)
{
    g_autofree bool *is_done = g_new0(bool, n + 1);
    gsize left = 0;

    for (gsize i = 0; i < n; i++) {
        is_done[i] = hl_text_cells(names[i]) <= cells;
        left += !is_done[i];
    }
    for (gsize way = 0; left > 0 && way < G_N_ELEMENTS(ways[clip]); way++)
        left = clip_apart(names, is_done, n, cells, ways[clip][way]);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *whole = names[i];

        names[i] = is_done[i] ? g_steal_pointer(&whole) : cut(whole, cells, ways[clip][0]);
    }
}

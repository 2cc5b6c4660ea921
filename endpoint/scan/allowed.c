/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/allowed.h"

#include <string.h>

#include "lib/base/file.h"

#define HEX      64
#define MAX_FILE ((EP_ALLOWED_MAX + 1) * (HEX + 1))

static char **read_lines(const char *path)
{
    g_autofree char *text = path == NULL ? NULL : hl_file_read_text(path, MAX_FILE, NULL);

    return g_strsplit(text != NULL ? text : "", "\n", -1);
}

GHashTable *ep_allowed_load(const char *path)
{
    g_auto(GStrv) lines = read_lines(path);
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (gsize i = 0; lines[i] != NULL; i++)
        if (strlen(lines[i]) == HEX)
            g_hash_table_add(set, g_strdup(lines[i]));
    return set;
}

bool ep_allowed_has(const char *path, const char *sha256)
{
    g_autoptr(GHashTable) set = ep_allowed_load(path);

    return g_hash_table_contains(set, sha256);
}

/* The lines of it without that hash, the oldest forgotten until there is room for `more`. */
static GString *others(const char *path, const char *sha256, guint more)
{
    g_auto(GStrv) lines = read_lines(path);
    guint n = g_strv_length(lines);
    GString *text = g_string_new(NULL);

    for (guint i = n + more > EP_ALLOWED_MAX ? n + more - EP_ALLOWED_MAX : 0; i < n; i++)
        if (strlen(lines[i]) == HEX && strcmp(lines[i], sha256) != 0)
            g_string_append_printf(text, "%s\n", lines[i]);
    return text;
}

bool ep_allowed_add(const char *path, const char *sha256, GError **error)
{
    g_autoptr(GString) text = others(path, sha256, 1);

    g_string_append_printf(text, "%s\n", sha256);
    return hl_file_write_text(path, text->str, 0600, error);
}

bool ep_allowed_remove(const char *path, const char *sha256, GError **error)
{
    g_autoptr(GString) text = others(path, sha256, 0);

    return hl_file_write_text(path, text->str, 0600, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/components.h"

#include <string.h>

#include "lib/base/ident.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(HlMsgComponent *const *)a)->name, (*(HlMsgComponent *const *)b)->name);
}

char *hl_components_print(HlMsgComponent *const *components, size_t n)
{
    g_autofree HlMsgComponent **sorted = g_memdup2(components, n * sizeof *components);
    g_autoptr(GString) out = g_string_new(NULL);

    if (n > 0)
        qsort(sorted, n, sizeof *sorted, compare_names);
    for (size_t i = 0; i < n; i++)
        if (hl_ident_is_valid(sorted[i]->name))
            g_string_append_printf(out, "%s%s=%" G_GUINT64_FORMAT, out->len > 0 ? " " : "", sorted[i]->name,
                                   sorted[i]->version);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

HlMsgComponent **hl_components_parse(const char *text, size_t *n)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    HlMsgComponent **components = g_new0(HlMsgComponent *, g_strv_length(words) + 1);

    *n = 0;
    for (gsize i = 0; words[i] != NULL; i++) {
        char *equals = strchr(words[i], '=');
        guint64 version;

        if (equals == NULL || !g_ascii_string_to_unsigned(equals + 1, 10, 0, G_MAXUINT64, &version, NULL))
            continue;
        components[*n] = g_new(HlMsgComponent, 1);
        holdline__v1__component__init(components[*n]);
        components[*n]->name = g_strndup(words[i], (gsize)(equals - words[i]));
        components[*n]->version = version;
        ++*n;
    }
    return components;
}

void hl_components_free(HlMsgComponent **components, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_free(components[i]->name);
        g_free(components[i]);
    }
    g_free(components);
}

char *hl_components_only(const char *text, const char *names)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_auto(GStrv) list = g_strsplit(names, ",", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; words[i] != NULL; i++) {
        g_autofree char *name = g_strndup(words[i], strcspn(words[i], "="));

        if (g_strv_contains((const char *const *)list, name))
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", words[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool hl_components_behind(const char *have, const char *wanted)
{
    size_t n_have;
    size_t n_wanted;
    HlMsgComponent **had = hl_components_parse(have, &n_have);
    HlMsgComponent **want = hl_components_parse(wanted, &n_wanted);
    bool behind = false;

    for (size_t w = 0; w < n_wanted; w++) {
        guint64 version = 0;

        for (size_t h = 0; h < n_have; h++)
            if (strcmp(had[h]->name, want[w]->name) == 0)
                version = had[h]->version;
        behind = behind || version < want[w]->version;
    }
    hl_components_free(had, n_have);
    hl_components_free(want, n_wanted);
    return behind;
}

HlTime hl_component_published(uint64_t version)
{
    uint64_t day = version / 100;
    g_autofree char *text = NULL;
    HlTime at = 0;

    if (day < 19700101 || day > 99991231)
        return 0;
    text =
        g_strdup_printf("%04u-%02u-%02uT00:00:00Z", (guint)(day / 10000), (guint)(day / 100 % 100), (guint)(day % 100));
    return hl_time_parse(text, &at, NULL) ? at : 0;
}

HlTime hl_components_published(const char *text)
{
    size_t n;
    HlMsgComponent **components = hl_components_parse(text, &n);
    HlTime oldest = 0;

    for (size_t i = 0; i < n; i++) {
        HlTime at = hl_component_published(components[i]->version);

        if (at > 0 && (oldest == 0 || at < oldest))
            oldest = at;
    }
    hl_components_free(components, n);
    return oldest;
}

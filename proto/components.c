/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/components.h"

#include <string.h>
#include <time.h>

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

static bool read_component(const char *word, gsize size, HlComponent *component)
{
    const char *equals = memchr(word, '=', size);
    char digits[24]; /* of 2^64 - 1, and one that is too many */
    gsize n = equals != NULL ? size - (gsize)(equals + 1 - word) : 0;

    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, equals + 1, n);
    digits[n] = '\0';
    component->name = word;
    component->length = (gsize)(equals - word);
    return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, &component->version, NULL);
}

bool hl_component_next(const char **at, HlComponent *component)
{
    while (**at != '\0') {
        const char *word = *at;
        gsize size = strcspn(word, " ");

        *at = word + size + (word[size] == ' ');
        if (read_component(word, size, component))
            return true;
    }
    return false;
}

static bool is_of(const char *name, gsize length, const HlComponent *component)
{
    return length == component->length && memcmp(name, component->name, length) == 0;
}

HlMsgComponent **hl_components_parse(const char *text, size_t *n)
{
    g_autoptr(GPtrArray) components = g_ptr_array_new();
    HlComponent component;

    while (hl_component_next(&text, &component)) {
        HlMsgComponent *own = g_new(HlMsgComponent, 1);

        holdline__v1__component__init(own);
        own->name = g_strndup(component.name, component.length);
        own->version = component.version;
        g_ptr_array_add(components, own);
    }
    *n = components->len;
    g_ptr_array_add(components, NULL);
    return (HlMsgComponent **)g_ptr_array_free(g_steal_pointer(&components), FALSE);
}

void hl_components_free(HlMsgComponent **components, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_free(components[i]->name);
        g_free(components[i]);
    }
    g_free(components);
}

json_t *hl_components_json(const char *text)
{
    json_t *object = json_object();
    size_t n;
    HlMsgComponent **components = hl_components_parse(text, &n);

    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, components[i]->name, json_integer((json_int_t)components[i]->version));
    hl_components_free(components, n);
    return object;
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

/* The last one counts; 0: there is none. */
static uint64_t version_of(const char *text, const HlComponent *wanted)
{
    HlComponent component;
    uint64_t version = 0;

    while (hl_component_next(&text, &component))
        if (is_of(wanted->name, wanted->length, &component))
            version = component.version;
    return version;
}

static bool is_listed(const char *names, const HlComponent *component)
{
    for (const char *at = names; *at != '\0';) {
        gsize length = strcspn(at, ",");

        if (is_of(at, length, component))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

bool hl_components_behind(const char *have, const char *wanted, const char *names)
{
    HlComponent component;

    while (hl_component_next(&wanted, &component))
        if ((names == NULL || is_listed(names, &component)) && version_of(have, &component) < component.version)
            return true;
    return false;
}

HlTime hl_component_published(uint64_t version)
{
    uint64_t day = version / 100;
    struct tm tm = { 0 }, is;
    HlTime at;

    if (day < 19700101 || day > 99991231)
        return 0;
    tm.tm_year = (int)(day / 10000) - 1900;
    tm.tm_mon = (int)(day / 100 % 100) - 1;
    tm.tm_mday = (int)(day % 100);
    is = tm;
    at = (HlTime)timegm(&is) * HL_SECOND; /* which makes another day of one that there is not */
    return is.tm_mon == tm.tm_mon && is.tm_mday == tm.tm_mday ? at : 0;
}

HlTime hl_components_published(const char *text)
{
    HlComponent component;
    HlTime oldest = 0;

    while (hl_component_next(&text, &component)) {
        HlTime at = hl_component_published(component.version);

        if (at > 0 && (oldest == 0 || at < oldest))
            oldest = at;
    }
    return oldest;
}

char *hl_components_until(const char *text, HlTime until)
{
    GString *names = g_string_new(NULL);
    HlComponent component;

    while (hl_component_next(&text, &component)) {
        HlTime at = hl_component_published(component.version);

        if (at > 0 && at <= until)
            g_string_append_printf(names, "%s%.*s", names->len > 0 ? ", " : "", (int)component.length, component.name);
    }
    return g_string_free(names, FALSE);
}

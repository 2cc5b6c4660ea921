/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/route.h"

#include <string.h>

static const char *const method_names[CON_N_METHODS] = {
    [CON_GET] = "GET",
    [CON_POST] = "POST",
    [CON_PATCH] = "PATCH",
    [CON_DELETE] = "DELETE",
};

const char *con_method_name(ConMethod method)
{
    g_assert((unsigned)method < CON_N_METHODS);
    return method_names[method];
}

/* Whether the segments are those of the pattern; what its braces stand for is put into params. */
static bool fits(const char *pattern, char *const *segments, const char **params)
{
    guint n = 0;

    while (*pattern == '/') {
        gsize size = strcspn(++pattern, "/");

        if (*segments == NULL || **segments == '\0')
            return false;
        if (*pattern == '{')
            params[n++] = *segments;
        else if (strlen(*segments) != size || strncmp(*segments, pattern, size) != 0)
            return false;
        pattern += size;
        segments++;
    }
    return *segments == NULL;
}

ConMatch con_route_find(const char *method, char *const *segments)
{
    ConRoutes routes = con_routes();
    ConMatch match = { 0 };
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

    if (segments[0] == NULL || segments[1] == NULL || strcmp(segments[0], "api") != 0 || strcmp(segments[1], "v1") != 0)
        return match;
    for (gsize i = 0; i < routes.count; i++) {
        const char *params[CON_MAX_PARAMS] = { NULL };

        if (!fits(routes.rows[i].path, segments + 2, params))
            continue;
        match.methods |= 1U << routes.rows[i].method;
        if (match.route != NULL || strcmp(method_names[routes.rows[i].method], wanted) != 0)
            continue;
        match.route = &routes.rows[i];
        memcpy(match.params, params, sizeof params);
    }
    return match;
}

const char *con_match_param(const ConMatch *match, const char *name)
{
    const char *at = match->route->path;

    for (guint n = 0; (at = strchr(at, '{')) != NULL; n++) {
        gsize size = strcspn(++at, "}");

        if (strlen(name) == size && strncmp(at, name, size) == 0)
            return match->params[n];
    }
    return NULL;
}

char *con_methods_print(unsigned methods)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < CON_N_METHODS; i++) {
        if ((methods & (1U << i)) == 0)
            continue;
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", method_names[i]);
        if (i == CON_GET)
            g_string_append(text, ", HEAD");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

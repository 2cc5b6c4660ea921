/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/credentials.h"

#include "manager/console/core/fault.h"

#include <string.h>

static bool is_session(const char *text)
{
    gsize size = strlen(text);

    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("-_", text[i]) == NULL)
            return false;
    return size >= 1 && size <= CON_MAX_SESSION;
}

char *con_cookie_session(const char *header)
{
    g_auto(GStrv) parts = g_strsplit(header != NULL ? header : "", ";", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *part = g_strstrip(parts[i]);

        if (g_str_has_prefix(part, CON_COOKIE "=") && is_session(part + strlen(CON_COOKIE "=")))
            return g_strdup(part + strlen(CON_COOKIE "="));
    }
    return NULL;
}

char *con_bearer_token(const char *header)
{
    static const char scheme[] = "bearer ";
    const char *token;

    if (header == NULL || g_ascii_strncasecmp(header, scheme, strlen(scheme)) != 0)
        return NULL;
    token = header + strlen(scheme);
    token += strspn(token, " ");
    return is_session(token) ? g_strdup(token) : NULL;
}

char *con_cookie_print(const char *session)
{
    return g_strdup_printf(CON_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", session,
                           *session == '\0' ? "; Max-Age=0" : "");
}

bool con_origin_check(const char *origin, const char *fetch_site, const char *host, GError **error)
{
    g_autofree char *own = g_strconcat("https://", host != NULL ? host : "", NULL);

    if (fetch_site != NULL && strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0)
        return con_fail(error, CON_FAULT_ORIGIN_SITE, fetch_site, NULL);
    return origin == NULL || g_ascii_strcasecmp(origin, own) == 0 ||
           con_fail(error, CON_FAULT_ORIGIN_PAGE, origin, own, NULL);
}

bool con_type_is_json(const char *header)
{
    static const char json[] = "application/json";

    if (header == NULL || g_ascii_strncasecmp(header, json, strlen(json)) != 0)
        return false;
    return strchr(" ;", header[strlen(json)]) != NULL; /* or its end */
}

bool con_tag_matches(const char *header, const char *tag)
{
    g_auto(GStrv) parts = g_strsplit(header != NULL ? header : "", ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *part = g_strstrip(parts[i]);

        if (g_str_has_prefix(part, "W/"))
            part += strlen("W/");
        if (strcmp(part, "*") == 0 || strcmp(part, tag) == 0)
            return true;
    }
    return false;
}

char *con_tag_version(const char *header)
{
    g_autofree char *text = g_strstrip(g_strdup(header != NULL ? header : ""));
    const char *tag = g_str_has_prefix(text, "W/") ? text + strlen("W/") : text;
    gsize size = strlen(tag);
    bool is_one = size > 2 && tag[0] == '"' && strchr(tag + 1, '"') == tag + size - 1;

    return is_one && strcmp(tag, "\"0\"") != 0 ? g_strndup(tag + 1, size - 2) : NULL;
}

static bool is_zero(const char *parameters)
{
    const char *q = strstr(parameters, "q=");

    return q != NULL && g_ascii_strtod(q + strlen("q="), NULL) <= 0;
}

bool con_accepts(const char *header, const char *what)
{
    g_auto(GStrv) parts = g_strsplit(header != NULL ? header : "", ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *part = g_strstrip(parts[i]);
        gsize size = strcspn(part, "; ");

        if (strlen(what) == size && g_ascii_strncasecmp(part, what, size) == 0)
            return !is_zero(part + size);
    }
    return false;
}

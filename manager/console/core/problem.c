/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/problem.h"

#include <string.h>

#include "lib/base/said.h"

static const guint statuses[HL_ERROR_N_CODES] = {
    [HL_ERROR_FAILED] = 500,    [HL_ERROR_USAGE] = 400,   [HL_ERROR_INVALID] = 400,   [HL_ERROR_NOT_FOUND] = 404,
    [HL_ERROR_EXISTS] = 409,    [HL_ERROR_DENIED] = 403,  [HL_ERROR_CONFLICT] = 409,  [HL_ERROR_UNAVAILABLE] = 503,
    [HL_ERROR_TIMEOUT] = 504,   [HL_ERROR_EXPIRED] = 403, [HL_ERROR_UNTRUSTED] = 400, [HL_ERROR_LIMIT] = 429,
    [HL_ERROR_FULL] = 507,      [HL_ERROR_IO] = 500,      [HL_ERROR_PARTIAL] = 409,   [HL_ERROR_QUOTA] = 409,
    [HL_ERROR_TOO_LARGE] = 422,
};

static const struct {
    guint status;
    const char *title;
} titles[] = {
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 409, "Conflict" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 422, "Unprocessable Content" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 507, "Insufficient Storage" },
};

guint con_problem_status(HlErrorCode code)
{
    g_assert((unsigned)code < HL_ERROR_N_CODES);
    return statuses[code];
}

static const char *title_of(guint status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    g_assert_not_reached();
}

json_t *con_problem_new(guint status, const GError *error, const char *detail)
{
    g_autoptr(json_t) said = hl_said_json(error);
    json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", title_of(status), "status",
                                (int)status, "code", hl_error_name(hl_error_code(error)), "detail", detail);

    json_object_set_new(problem, "args", json_object());
    json_object_update(problem, said);
    return problem;
}

/* "ja", "ja-JP;q=0.8" */
static bool is_language(const char *range, const char *language)
{
    gsize size = strlen(language);

    range += strspn(range, " \t");
    return g_ascii_strncasecmp(range, language, size) == 0 && strchr("-;, \t", range[size]) != NULL;
}

/* "ja;q=0": anything but that. */
static bool is_excluded(const char *range)
{
    const char *weight = g_strstr_len(range, (gssize)strcspn(range, ","), "q=");

    return weight != NULL && g_ascii_strtod(weight + strlen("q="), NULL) <= 0;
}

bool con_prefers_japanese(const char *header)
{
    for (const char *range = header; range != NULL; range = strchr(range, ',')) {
        range += *range == ',' ? 1 : 0;
        if (is_excluded(range))
            continue;
        if (is_language(range, "en"))
            return false;
        if (is_language(range, "ja"))
            return true;
    }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/range.h"

#include <errno.h>
#include <glib.h>

/* Digits only, to the end character; false on overflow. */
static bool parse_number(const char **text, uint64_t *value)
{
    char *end = NULL;

    if (!g_ascii_isdigit(**text))
        return false;
    errno = 0;
    *value = g_ascii_strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

HlRange hl_range_parse(const char *text, uint64_t size, uint64_t *offset, uint64_t *length)
{
    uint64_t first = 0;
    uint64_t last = G_MAXUINT64;
    bool has_first;

    if (text == NULL || g_ascii_strncasecmp(text, "bytes=", 6) != 0)
        return HL_RANGE_NONE;
    text += 6;
    has_first = parse_number(&text, &first);
    if (*text++ != '-')
        return HL_RANGE_NONE;
    if (*text != '\0' && !parse_number(&text, &last))
        return HL_RANGE_NONE;
    if (*text != '\0' || last < first || (!has_first && last == G_MAXUINT64))
        return HL_RANGE_NONE;
    if (!has_first) { /* the last n bytes */
        first = last >= size ? 0 : size - last;
        if (last == 0)
            return HL_RANGE_UNSATISFIABLE;
        last = G_MAXUINT64;
    }
    if (first >= size)
        return HL_RANGE_UNSATISFIABLE;
    *offset = first;
    *length = MIN(last, size - 1) - first + 1;
    return HL_RANGE_ONE;
}

bool hl_content_range_parse(const char *text, uint64_t *from)
{
    uint64_t first;

    if (g_ascii_strncasecmp(text, "bytes ", 6) != 0)
        return false;
    text += 6;
    if (!parse_number(&text, &first) || *text != '-')
        return false;
    *from = first;
    return true;
}

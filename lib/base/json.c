#include "lib/base/json.h"

#include <stdlib.h>

json_t *hl_json_parse(const char *name, const void *data, gsize size, GError **error)
{
    json_error_t problem;
    json_t *value = json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);

    if (value == NULL)
        hl_fail(error, HL_ERROR_INVALID, "%s is not valid JSON: %s (line %d)", name, problem.text, problem.line);
    return value;
}

char *hl_json_print(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy = g_strdup(text);

    free(text);
    return copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/said.h"

#include <string.h>

#define MAX_ARGUMENTS 10

const char *hl_error_argument(const GError *error, const char *name)
{
    for (const char *const *at = hl_error_arguments(error); at[0] != NULL; at += 2)
        if (strcmp(at[0], name) == 0)
            return at[1];
    return NULL;
}

json_t *hl_said_json(const GError *error)
{
    json_t *args;

    if (hl_error_sentence(error) == NULL)
        return NULL;
    args = json_object();
    for (const char *const *at = hl_error_arguments(error); at[0] != NULL; at += 2)
        json_object_set_new(args, at[0], json_string(at[1]));
    return json_pack("{s:s, s:o}", "sentence", hl_error_sentence(error), "args", args);
}

bool hl_said_fail(GError **error, HlErrorCode code, const char *message, const char *json)
{
    g_autoptr(json_t) document = hl_json_parse("what was said", json, strlen(json), NULL);
    const char *sentence = json_string_value(json_object_get(document, "sentence"));
    const char *arguments[2 * MAX_ARGUMENTS + 1] = { NULL };
    const char *name;
    json_t *value;
    gsize n = 0;

    hl_fail(error, code, "%s", message);
    if (sentence == NULL)
        return false;
    json_object_foreach(json_object_get(document, "args"), name, value)
    {
        if (!json_is_string(value) || n == 2 * MAX_ARGUMENTS)
            continue;
        arguments[n++] = name;
        arguments[n++] = json_string_value(value);
    }
    hl_error_say(error, sentence, arguments);
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/group_names.h"

#include <string.h>

#include "manager/cli/show.h"

#define SHOWN "groups_shown"

/* The ids of a row: a list, or in a rule's options a text with commas.  NULL: it is limited to none; the caller frees.
 */
static char **ids_of(const json_t *row)
{
    const json_t *list = json_object_get(row, "groups");
    const char *text = cli_text(json_object_get(row, "options"), "groups");
    g_autofree char *joined = list != NULL ? cli_format_list(list, row) : NULL;

    if (joined != NULL)
        return *joined != '\0' ? g_strsplit(joined, ", ", 0) : NULL;
    return *text != '\0' ? g_strsplit(text, ",", 0) : NULL;
}

static const char *display_of(const json_t *groups, const char *id)
{
    const json_t *group;
    size_t i;

    json_array_foreach(groups, i, group)
    {
        if (strcmp(cli_text(group, "name"), id) == 0 && *cli_text(group, "display_name") != '\0')
            return cli_text(group, "display_name");
    }
    return id;
}

static void name_row(json_t *row, char *const *ids, const json_t *groups)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; ids[i] != NULL; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", display_of(groups, ids[i]));
    json_object_set_new(row, SHOWN, json_string(out->str));
    g_string_free(out, TRUE);
}

static void name_rows(CliClient *client, json_t *rows)
{
    g_autoptr(json_t) answer = NULL;
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        g_auto(GStrv) ids = ids_of(row);

        if (ids != NULL && answer == NULL)
            answer = cli_client_call(client, "group list", NULL, NULL, NULL, NULL);
        if (ids != NULL)
            name_row(row, ids, json_object_get(answer, "groups"));
    }
}

json_t *cli_call_with_groups(HlInvocation *call, const char *name, const char *const *arguments, const char *member,
                             GError **error)
{
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);
    json_t *answer = client != NULL ? cli_client_call(client, name, arguments, NULL, NULL, error) : NULL;
    g_autoptr(json_t) one = NULL;

    if (answer == NULL || hl_cli_has(call, "json"))
        return answer;
    if (member == NULL) {
        one = json_pack("[O]", answer);
        name_rows(client, json_object_get(answer, "tokens"));
    }
    name_rows(client, one != NULL ? one : json_object_get(answer, member));
    return answer;
}

char *cli_format_limit(const json_t *value G_GNUC_UNUSED, const json_t *row)
{
    const char *shown = cli_text(row, SHOWN);

    return g_strdup(*shown != '\0' ? shown : "all");
}

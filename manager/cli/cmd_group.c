/* SPDX-License-Identifier: Apache-2.0 */
/* holdline group ..., holdline settings; what a group was: cmd_group_version.c */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "proto/settings.h"

#define DISPLAY_NAME "display-name=" /* looks like a setting, and is none: endpoints are not told of it */

/* name, then each further word as a setting; the caller frees the array, not the texts. */
static const char **group_arguments(const HlInvocation *call)
{
    const char **arguments = g_new0(const char *, 2 * (gsize)call->n_args + 4);
    gsize n = 0;

    arguments[n++] = "name";
    arguments[n++] = call->args[0];
    for (int i = 1; i < call->n_args; i++) {
        bool is_name = g_str_has_prefix(call->args[i], DISPLAY_NAME);

        arguments[n++] = is_name ? "display_name" : "setting";
        arguments[n++] = call->args[i] + (is_name ? strlen(DISPLAY_NAME) : 0);
    }
    if (hl_cli_has(call, "version")) {
        arguments[n++] = "version";
        arguments[n++] = hl_cli_value(call, "version", NULL);
    }
    return arguments;
}

static void show_missing(const json_t *group)
{
    const json_t *missing = json_object_get(group, "missing");
    const json_t *trial = json_object_get(group, "trial");
    g_autofree char *name = cli_group_name(group);
    const json_t *row;
    size_t i;

    hl_say(_("%s: version %" PRId64 ", %" PRId64 " of %" PRId64 " endpoints have it\n"), name,
           cli_int(group, "version"), cli_int(group, "current"), cli_int(group, "endpoints"));
    if (json_is_object(trial))
        hl_say(_("on trial: version %" PRId64 " with %" PRId64 " of them, %" PRId64
                 " have it; 'holdline rollout show %s' shows when the others get it\n"),
               cli_int(trial, "version"), cli_int(trial, "endpoints"), cli_int(trial, "current"),
               cli_text(trial, "rollout"));
    json_array_foreach(missing, i, row)
    {
        hl_say(_("  not yet: %s (%s), %s, has version %" PRId64 "\n"), cli_text(row, "id"), cli_text(row, "host"),
               cli_text(row, "actual"), cli_int(row, "applied"));
    }
}

static bool run(HlInvocation *call, const char *name, GError **error)
{
    g_autofree const char **arguments = group_arguments(call);
    g_autoptr(json_t) group = cli_call(call, name, arguments, error);

    if (group == NULL)
        return false;
    cli_show_saved(call, group);
    return true;
}

bool cmd_group_create(HlInvocation *call, GError **error)
{
    return run(call, "group create", error);
}

bool cmd_group_set(HlInvocation *call, GError **error)
{
    if (!hl_cli_has(call, "rollout"))
        return cmd_rollout_check_flags(call, error) && run(call, "group set", error);
    for (int i = 1; i < call->n_args; i++)
        if (g_str_has_prefix(call->args[i], DISPLAY_NAME))
            return hl_fail(error, HL_ERROR_USAGE,
                           _("a display name is no setting, and is not rolled out: give it without --rollout"));
    return cmd_rollout_settings(call, error);
}

/* The keys alone: what they were set to does not matter. */
bool cmd_group_unset(HlInvocation *call, GError **error)
{
    return run(call, "group unset", error);
}

bool cmd_group_rename(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], "display_name", call->args[1], NULL };
    g_autoptr(json_t) group = cli_call(call, "group rename", arguments, error);
    const char *display;

    if (group == NULL)
        return false;
    display = cli_text(group, "display_name");
    if (cli_show_json(call, group))
        return true;
    if (*display != '\0')
        hl_say(_("group %s is called %s\n"), cli_text(group, "name"), display);
    else
        hl_say(_("group %s has no display name\n"), cli_text(group, "name"));
    return true;
}

bool cmd_group_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "GROUP", "name", NULL },      { "NAME", "display_name", NULL },
                                         { "VERSION", "version", NULL }, { "ENDPOINTS", "endpoints", NULL },
                                         { "CURRENT", "current", NULL }, { "CHANGED", "changed", NULL },
                                         { "BY", "changed_by", NULL } };
    g_autoptr(json_t) document = cli_call(call, "group list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "groups", columns, G_N_ELEMENTS(columns), error);
}

bool cmd_group_show(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) group = cli_call(call, "group show", arguments, error);
    const char *key;
    json_t *value;

    if (group == NULL)
        return false;
    if (cli_show_json(call, group))
        return true;
    json_object_foreach(json_object_get(group, "settings"), key, value)
    {
        hl_say("%-26s %s\n", key, json_string_value(value));
    }
    putchar('\n');
    show_missing(group);
    return true;
}

bool cmd_group_delete(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "group delete", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("group %s is deleted\n"), call->args[0]);
    return true;
}

/* The table of settings as help, with what a new group begins with; works without a server. */
bool cmd_settings(HlInvocation *call, GError **error G_GNUC_UNUSED)
{
    HlOptionTable settings = hl_settings_table();
    g_autoptr(json_t) document = json_object();
    json_t *array = json_array();

    if (hl_cli_has(call, "json"))
        hl_i18n_end();
    json_object_set_new(document, "settings", array);
    for (size_t i = 0; i < settings.count; i++) {
        const HlOption *row = &settings.rows[i];
        g_autofree char *takes = row->check != NULL ? g_strdup("form: holdline(1)") : hl_option_describe(row);

        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s}", "name", row->name, "default",
                                               hl_settings_of_new_group(row), "help", row->help, "takes", takes));
    }
    if (cli_show_json(call, document))
        return true;
    for (size_t i = 0; i < settings.count; i++) {
        const HlOption *row = &settings.rows[i];
        g_autofree char *takes = row->check != NULL ? g_strdup(_("form: holdline(1)")) : hl_option_describe(row);
        g_autofree char *name = hl_tone(stdout, HL_TONE_BOLD, row->name);
        g_autofree char *help = g_strdup_printf("%s (%s)", hl_tr(row->help), takes);
        g_autofree char *lines = hl_text_hang(help, hl_terminal_size(stdout, NULL), 4);

        hl_say("%s=%s\n    %s\n", name, hl_settings_of_new_group(row), lines);
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* holdline group history, diff, restore: what the settings of a group were. */
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"

/* What differs from the version before; the oldest that is kept has none to compare with. */
static char *format_keys(const json_t *value, const json_t *row)
{
    return json_is_array(value) ? cli_format_list(value, row)
                                : g_strdup(cli_int(row, "version") == 1 ? "created" : "-");
}

static char *format_restored(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    json_int_t version = json_integer_value(value);

    return version > 0 ? g_strdup_printf("%" JSON_INTEGER_FORMAT, version) : g_strdup("-");
}

bool cmd_group_history(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "VERSION", "version", NULL },
                                         { "CHANGED", "changed", NULL },
                                         { "BY", "changed_by", NULL },
                                         { "RESTORED", "restored", format_restored },
                                         { "SETTINGS", "keys", format_keys } };
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "group history", arguments, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "versions", columns, G_N_ELEMENTS(columns), error);
}

bool cmd_group_restore(HlInvocation *call, GError **error)
{
    const char *expected = hl_cli_value(call, "version", NULL);
    const char *arguments[] = { "name",   call->args[0], "to", call->args[1], expected != NULL ? "version" : NULL,
                                expected, NULL };
    g_autoptr(json_t) group = cli_call(call, "group restore", arguments, error);

    if (group == NULL)
        return false;
    cli_show_saved(call, group);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- diff */

static json_t *fetch(HlInvocation *call, const char *version, GError **error)
{
    const char *arguments[] = { "name", call->args[0], "version", version, NULL };

    return cli_call(call, "group version", arguments, error);
}

/* The version that holds and the one before, as far as the caller names none: *from and *to are the caller's to free.
 */
static bool choose(HlInvocation *call, char **from, char **to, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) group = NULL;
    json_int_t now;

    if (call->n_args == 3) {
        *from = g_strdup(call->args[1]);
        *to = g_strdup(call->args[2]);
        return true;
    }
    group = cli_call(call, "group show", arguments, error);
    if (group == NULL)
        return false;
    now = cli_int(group, "version");
    if (now == 1 && call->n_args == 1)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       _("group '%s' is at its first version: there is nothing to compare with"),
                       cli_text(group, "name"));
    *to = g_strdup_printf("%" JSON_INTEGER_FORMAT, now);
    *from = call->n_args == 2 ? g_strdup(call->args[1]) : g_strdup_printf("%" JSON_INTEGER_FORMAT, now - 1);
    return true;
}

/* {key: [before, after]}; null: the key was not known then. */
static json_t *differences(const json_t *before, const json_t *after)
{
    json_t *changes = json_object();
    g_autoptr(json_t) all = json_object();
    const char *key;
    json_t *value;

    json_object_update(all, json_object_get(before, "settings"));
    json_object_update(all, json_object_get(after, "settings"));
    json_object_foreach(all, key, value)
    {
        json_t *was = json_object_get(json_object_get(before, "settings"), key);
        json_t *is = json_object_get(json_object_get(after, "settings"), key);

        if (!json_equal(was, is))
            json_object_set_new(changes, key,
                                json_pack("[o, o]", was != NULL ? json_incref(was) : json_null(),
                                          is != NULL ? json_incref(is) : json_null()));
    }
    return changes;
}

static const char *value_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text == NULL ? _("(not there)") : *text == '\0' ? _("(empty)") : text;
}

bool cmd_group_diff(HlInvocation *call, GError **error)
{
    g_autofree char *from = NULL;
    g_autofree char *to = NULL;
    g_autoptr(json_t) before = choose(call, &from, &to, error) ? fetch(call, from, error) : NULL;
    g_autoptr(json_t) after = before != NULL ? fetch(call, to, error) : NULL;
    g_autoptr(json_t) document = NULL;
    json_t *changes;
    const char *key;
    json_t *value;

    if (after == NULL)
        return false;
    changes = differences(before, after);
    document =
        json_pack("{s:s, s:O, s:O, s:o}", "name", cli_text(after, "name"), "from", json_object_get(before, "version"),
                  "to", json_object_get(after, "version"), "changes", changes);
    if (cli_show_json(call, document))
        return true;
    hl_say(_("%s: version %s to %s\n"), cli_text(after, "name"), from, to);
    json_object_foreach(changes, key, value)
    {
        hl_say("  %-26s %s -> %s\n", key, value_text(json_array_get(value, 0)), value_text(json_array_get(value, 1)));
    }
    if (json_object_size(changes) == 0)
        puts(_("  no difference"));
    return true;
}

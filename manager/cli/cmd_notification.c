/* SPDX-License-Identifier: Apache-2.0 */
/* holdline notification ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/group_names.h"
#include "manager/cli/said.h"
#include "manager/cli/secret.h"
#include "manager/cli/show.h"
#include "manager/core/notification_rule.h"

static char *format_option(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(json_object_get(row, "options"), name);

    return g_strdup(json_string_value(value) != NULL ? json_string_value(value) : "");
}

static char *format_to(const json_t *value G_GNUC_UNUSED, const json_t *row)
{
    return format_option(row, "to");
}

static char *format_kinds(const json_t *value G_GNUC_UNUSED, const json_t *row)
{
    return format_option(row, "kinds");
}

bool cmd_notification_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "NOTIFICATION", "name", NULL },
                                         { "STATE", "state", cli_format_state },
                                         { "WAITING", "waiting", NULL },
                                         { "TO", "options.to", format_to },
                                         { "GROUPS", "options.groups", cli_format_limit },
                                         { "KINDS", "options.kinds", format_kinds } };
    g_autoptr(json_t) document = cli_call_with_groups(call, "notification list", NULL, "notifications", error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "notifications", columns, G_N_ELEMENTS(columns), error);
}

static void print_rule(const json_t *rule)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_object_get(rule, "options"), key, value)
    {
        bool is_limit = strcmp(key, "groups") == 0 && *json_string_value(value) != '\0';
        g_autofree char *limit = is_limit ? cli_format_limit(value, rule) : NULL;

        hl_say("%-15s %s\n", key, is_limit ? limit : json_string_value(value));
    }
    hl_say(json_is_true(json_object_get(rule, "signed"))
               ? _("\n%s: %s, version %" PRId64 " of %s by %s, %" PRId64 " waiting, signed\n")
               : _("\n%s: %s, version %" PRId64 " of %s by %s, %" PRId64 " waiting\n"),
           cli_text(rule, "name"), cli_state_word_here(cli_text(rule, "state")), cli_int(rule, "version"),
           cli_text(rule, "changed"), cli_text(rule, "changed_by"), cli_int(rule, "waiting"));
    if (*cli_text(rule, "said") != '\0')
        hl_say(_("failing since %s: %s\n"), cli_text(rule, "failing_since"), cli_text(rule, "said"));
    if (*cli_text(rule, "missed") != '\0')
        hl_say(_("not everybody has the last message: %s\n"), cli_text(rule, "missed"));
}

bool cmd_notification_show(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) rule = cli_call_with_groups(call, "notification show", arguments, NULL, error);

    if (rule == NULL)
        return false;
    if (!cli_show_json(call, rule))
        print_rule(rule);
    return true;
}

/* name, then each further word as a setting, then the secret; the caller frees the array, not the texts. */
static const char **set_arguments(const HlInvocation *call, const char *secret)
{
    const char **arguments = g_new0(const char *, 2 * (gsize)call->n_args + 6);
    gsize n = 0;

    arguments[n++] = "name";
    arguments[n++] = call->args[0];
    for (int i = 1; i < call->n_args; i++) {
        arguments[n++] = "setting";
        arguments[n++] = call->args[i];
    }
    if (secret != NULL) {
        arguments[n++] = "secret";
        arguments[n++] = secret;
    } else if (hl_cli_has(call, "new-secret")) {
        arguments[n++] = "new-secret";
        arguments[n++] = "yes";
    }
    return arguments;
}

bool cmd_notification_set(HlInvocation *call, GError **error)
{
    const char *path = hl_cli_value(call, "secret-file", NULL);
    char *secret = path != NULL ? cli_secret_read(path, "", error) : NULL;
    g_autofree const char **arguments = set_arguments(call, secret);
    g_autoptr(json_t) rule = NULL;

    if (path == NULL || secret != NULL)
        rule = cli_call_files(call, "notification set", arguments, error); /* as it came: the secret may be in it */
    if (secret != NULL)
        cli_secret_free(secret);
    if (rule == NULL)
        return false;
    if (cli_show_json(call, rule))
        return true;
    hl_say(_("notification %s is saved; 'holdline notification test %s' sends a message now\n"), call->args[0],
           call->args[0]);
    if (*cli_text(rule, "secret") != '\0')
        hl_say(
            _("secret: %s\nIt is shown this once. The receiver checks with it that a message is from this server.\n"),
            cli_text(rule, "secret"));
    return true;
}

bool cmd_notification_delete(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "notification delete", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("notification %s is deleted, with what waited of it\n"), call->args[0]);
    return true;
}

bool cmd_notification_test(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "notification test", arguments, error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    if (*cli_text(document, "answer") != '\0')
        hl_say(_("sent; the destination answered: %s\n"), cli_text(document, "answer"));
    else
        puts(_("sent; syslog does not answer: look there whether it arrived"));
    return true;
}

bool cmd_notification_outbox(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "ID", "id", NULL },
                                         { "NOTIFICATION", "rule", NULL },
                                         { "STATE", "state", cli_format_state },
                                         { "BEGUN", "begun", cli_format_time },
                                         { "TRIES", "attempts", NULL },
                                         { "MESSAGE", "subject", NULL },
                                         { "ANSWER", "said", NULL } };
    const char *arguments[] = { "name", call->n_args > 0 ? call->args[0] : NULL, "limit",
                                hl_cli_value(call, "limit", NULL), NULL };
    g_autoptr(json_t) document = cli_call(call, "notification outbox", arguments, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "messages", columns, G_N_ELEMENTS(columns), error);
}

static void print_kinds(void)
{
    int width = hl_terminal_size(stdout, NULL);
    g_autofree char *head =
        hl_text_wrap(_("Kinds; those with * belong to an endpoint, and a rule with groups= can tell them:"), width);

    puts(head);
    for (int i = 0; i < MGR_NOTE_TEST; i++) {
        const MgrNoteRow *row = mgr_note_row((MgrNoteKind)i);
        g_autofree char *help = hl_text_hang(hl_tr(row->help), width, 19);

        hl_say("  %-14s %s %s\n", row->name, row->is_of_group ? "*" : " ", help);
    }
}

/* On a terminal a list that does not fit is broken behind commas. */
static void print_option(const HlOption *option)
{
    int width = hl_terminal_size(stdout, NULL);
    g_autofree char *help = hl_text_hang(hl_tr(option->help), width, 6);
    g_autofree char *text = g_strdup_printf("%s=%s", option->name, option->fallback);
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autofree char *spaced = g_strjoinv(", ", words);
    g_autofree char *wrapped = hl_text_hang(spaced, width - 2, 4);

    hl_say("  %s\n      %s\n", 2 + hl_text_cells(text) > width ? wrapped : text, help);
}

/* The kinds and the options, as help; works without a server. */
bool cmd_notification_kinds(HlInvocation *call, GError **error G_GNUC_UNUSED)
{
    HlOptionTable table = mgr_rule_table();
    g_autoptr(json_t) document = json_pack("{s:[], s:[]}", "kinds", "options");

    for (int i = 0; i < MGR_NOTE_TEST; i++) {
        const MgrNoteRow *row = mgr_note_row((MgrNoteKind)i);

        json_array_append_new(
            json_object_get(document, "kinds"),
            json_pack("{s:s, s:b, s:s}", "name", row->name, "of_group", row->is_of_group, "help", row->help));
    }
    for (size_t i = 0; i < table.count; i++)
        json_array_append_new(json_object_get(document, "options"),
                              json_pack("{s:s, s:s, s:s}", "name", table.rows[i].name, "default",
                                        table.rows[i].fallback, "help", table.rows[i].help));
    if (cli_show_json(call, document))
        return true;
    print_kinds();
    puts(_("\nOptions of 'holdline notification set':"));
    for (size_t i = 0; i < table.count; i++)
        print_option(&table.rows[i]);
    return true;
}

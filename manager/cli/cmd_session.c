/* SPDX-License-Identifier: Apache-2.0 */
/* holdline account password, holdline code ..., holdline session ..., holdline token ... */
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/group_names.h"
#include "manager/cli/secret.h"
#include "manager/cli/show.h"

json_t *cli_set_password(HlInvocation *call, const char *name, GError **error)
{
    g_autofree char *prompt =
        name != NULL ? g_strdup_printf(_("New password of %s: "), name) : g_strdup(_("New password of your account: "));
    char *password = cli_secret_read(hl_cli_value(call, "password-file", NULL), prompt, error);
    const char *arguments[] = { "password", password, "name", name, NULL };
    json_t *document = password != NULL ? cli_call_files(call, "account password", arguments, error) : NULL;

    cli_secret_free(password);
    return document;
}

/* Who changes it because somebody may know it has to hear of what that does not end. */
static void print_ends(const char *name, const json_t *document)
{
    g_autofree char *ended =
        cli_count(document, "sessions", "%u session there has ended", "%u sessions there have ended");
    g_autofree char *stay =
        cli_count(document, "tokens", "%u API token goes on ('token list')", "%u API tokens go on ('token list')");

    if (json_object_get(document, "sessions") == NULL) { /* a manager of an earlier version counts neither */
        hl_say(_("%s has another password, for the console\n"), name);
        return;
    }
    hl_say(_("%s has another password, for the console; %s, %s\n"), name, ended,
           cli_int(document, "tokens") > 0 ? stay : _("there are no API tokens"));
}

bool cmd_account_password(HlInvocation *call, GError **error)
{
    const char *name = call->n_args > 0 ? call->args[0] : NULL;
    g_autoptr(json_t) document = cli_set_password(call, name, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        print_ends(name != NULL ? name : _("your account"), document);
    return true;
}

bool cmd_code_create(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = cli_call(call, "code create", NULL, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s\nGive this to your app, or type the key %s, within 10 minutes; then\n"
                 "'holdline code confirm CODE' with the code that it shows.\n"),
               cli_text(document, "uri"), cli_text(document, "secret"));
    return true;
}

bool cmd_code_confirm(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "code", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "code confirm", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("the console asks you for a one-time code from now on\n"));
    return true;
}

bool cmd_code_delete(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "code delete", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s signs in without one-time codes again\n"), call->args[0]);
    return true;
}

bool cmd_session_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "ID", "id", NULL },           { "ACCOUNT", "account", NULL },
                                         { "ADDRESS", "address", NULL }, { "SIGNED IN", "created", NULL },
                                         { "LAST USED", "used", NULL },  { "ENDS", "ends", NULL } };
    g_autoptr(json_t) document = cli_call(call, "session list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "sessions", columns, G_N_ELEMENTS(columns), error);
}

bool cmd_token_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ID", "id", NULL },     { "ACCOUNT", "account", NULL },           { "FOR", "name", NULL },
        { "ROLE", "role", NULL }, { "GROUPS", "groups", cli_format_limit }, { "LAST USED", "used", NULL },
        { "ENDS", "ends", NULL }
    };
    g_autoptr(json_t) document = cli_call_with_groups(call, "token list", NULL, "tokens", error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "tokens", columns, G_N_ELEMENTS(columns), error);
}

/* session end, token delete */
bool cmd_pass_end(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "id", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s lets nobody in any more\n"), call->args[0]);
    return true;
}

bool cmd_token_create(HlInvocation *call, GError **error)
{
    gsize n = 0;
    const char *const *given = hl_cli_values(call, "group", &n);
    g_autoptr(GString) groups = g_string_new(NULL);
    const char *arguments[] = { "name",     call->args[0],
                                "role",     hl_cli_value(call, "role", NULL),
                                "lifetime", hl_cli_value(call, "expires", NULL),
                                "groups",   NULL,
                                NULL };
    g_autoptr(json_t) document = NULL;

    for (gsize i = 0; i < n; i++)
        g_string_append_printf(groups, "%s%s", i > 0 ? "," : "", given[i]);
    arguments[7] = n > 0 ? groups->str : NULL;
    document = cli_call(call, "token create", arguments, error);
    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s\nThat is the token %s, shown this once; it ends at %s.\n"), cli_text(document, "token"),
               cli_text(document, "id"), cli_text(document, "ends"));
    return true;
}

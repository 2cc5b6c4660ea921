/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/suggest.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/complete.h"
#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/config.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/glossary.h"
#include "manager/core/note.h"
#include "manager/core/notification_rule.h"
#include "manager/core/role.h"
#include "manager/filter/filter.h"
#include "proto/settings.h"

#define PATIENCE 2     /* s, for the whole completion */
#define OFFERED  "100" /* endpoints at most: nobody reads more */

static void offer(GPtrArray *found, const char *before, const char *text)
{
    g_ptr_array_add(found, g_strconcat(before, text, NULL));
}

/* The alarm ends the process, without a word: who presses Tab wants no error, and no wait. */
static json_t *ask(HlInvocation *call, const char *name, const char *const *arguments)
{
    alarm(PATIENCE);
    return cli_call(call, name, arguments, NULL);
}

/* A call, the list in its answer, and what names a row of it. */
typedef struct {
    const char *call, *list, *member;
} CliList;

static void offer_members(HlInvocation *call, const CliList *from, const char *before, GPtrArray *found)
{
    g_autoptr(json_t) document = ask(call, from->call, (const char *[]){ NULL });
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(document, from->list), i, row)
    {
        const json_t *name = json_object_get(row, from->member);
        g_autofree char *number = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(name));

        offer(found, before, json_is_integer(name) ? number : json_string_value(name));
    }
}

/* Host names, or ids where one begins so, or where the host name is one that nobody writes into a command line: an
 * endpoint says it itself.  The server looks for both. */
static void offer_endpoints(HlInvocation *call, const char *before, const char *typed, GPtrArray *found)
{
    g_autofree char *selector = g_strdup_printf("host~\"%s*\" or id~\"%s*\"", typed, typed);
    const char *arguments[] = { "selector", selector, "limit", OFFERED, NULL };
    g_autoptr(json_t) document = strpbrk(typed, "\"*?") == NULL ? ask(call, "endpoint list", arguments) : NULL;
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(document, "endpoints"), i, row)
    {
        const char *host = json_string_value(json_object_get(row, "host"));
        const char *id = json_string_value(json_object_get(row, "id"));

        bool by_id = (*typed != '\0' && g_str_has_prefix(id, typed)) || !hl_complete_is_plain(host);

        offer(found, before, by_id ? id : host);
    }
}

static void suggest_endpoint(HlInvocation *call, const char *typed, GPtrArray *found)
{
    offer_endpoints(call, "", typed, found);
}

/* The part behind the last comma. */
static void suggest_selector(HlInvocation *call, const char *typed, GPtrArray *found)
{
    const char *comma = strrchr(typed, ',');
    g_autofree char *before = comma != NULL ? g_strndup(typed, (gsize)(comma - typed) + 1) : g_strdup("");
    const char *part = typed + strlen(before);
    g_autofree char *before_group = g_strconcat(before, "@", NULL);
    gsize n;
    const MgrFilterWord *words = mgr_filter_words(&n);

    if (*part == '@') {
        offer_members(call, &(CliList){ "group list", "groups", "name" }, before_group, found);
        return;
    }
    for (gsize i = 0; i < n; i++)
        offer(found, before, words[i].word);
    offer(found, before, "all");
    if (*part == '\0')
        offer(found, before, "@");
    offer_endpoints(call, before, part, found);
}

/* What the server names, for commands that begin with these words. */
static const struct {
    const char *what, *commands; /* what stands in the synopsis; "": in that of any command */
    CliList from;
} lists[] = {
    { "GROUP", "", { "group list", "groups", "name" } },
    { "--group", "", { "group list", "groups", "name" } },
    { "COMMAND", "", { "command list", "commands", "id" } },
    { "ROLLOUT", "", { "rollout list", "rollouts", "id" } },
    { "BUNDLE", "", { "bundle list", "bundles", "id" } },
    { "DETECTION", "", { "detection list", "detections", "id" } },
    { "DETECTION...", "", { "detection list", "detections", "id" } },
    { "SESSION", "", { "session list", "sessions", "id" } },
    { "TOKEN", "", { "token list", "tokens", "id" } },
    { "BROKER", "", { "broker list", "brokers", "broker" } },
    { "--account", "", { "account list", "accounts", "name" } },
    { "--call", "audit list", { "audit list", "rows", "call" } }, /* those that there is something to see of */
    { "NAME", "account ", { "account list", "accounts", "name" } },
    { "NAME", "code delete", { "account list", "accounts", "name" } },
    { "NAME", "admin revoke", { "admin list", "certificates", "name" } },
    { "NAME", "monitor revoke", { "monitor list", "certificates", "name" } },
    { "NAME", "console revoke", { "console list", "certificates", "name" } },
    { "NAME", "notification ", { "notification list", "notifications", "name" } },
};

/* Of the configuration that the command would use: no list is there for a monitor. */
static void offer_own_name(HlInvocation *call, GPtrArray *found)
{
    g_auto(CliConfig) conf = { 0 };

    if (cli_config_load(&conf, call, NULL) && conf.role == CLI_ROLE_MONITOR)
        offer(found, "", conf.name);
}

static void suggest_listed(HlInvocation *call, const char *what, GPtrArray *found)
{
    const char *command = call->command->name;

    if (g_str_has_suffix(command, " create") && (strcmp(what, "NAME") == 0 || strcmp(what, "GROUP") == 0))
        return; /* a new one */
    if (strcmp(command, "monitor renew") == 0 && strcmp(what, "NAME") == 0)
        offer_own_name(call, found);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        if (strcmp(lists[i].what, what) == 0 && g_str_has_prefix(command, lists[i].commands))
            offer_members(call, &lists[i].from, "", found);
}

/* The words that a list may have, behind the last comma. */
static void offer_words(const char *option, const char *typed, GPtrArray *found)
{
    const char *comma = strrchr(typed, ',');
    const char *begin = comma != NULL ? comma : strchr(typed, '=');
    g_autofree char *before = g_strndup(typed, (gsize)(begin - typed) + 1);

    for (int i = 0; strcmp(option, "kinds") == 0 && i < MGR_NOTE_TEST; i++)
        offer(found, before, mgr_note_row((MgrNoteKind)i)->name);
    for (gsize i = 0; strcmp(option, "update.by-rollout") == 0 && hl_component_names[i] != NULL; i++)
        offer(found, before, hl_component_names[i]);
}

static void offer_values(const HlOption *option, const char *before, const char *typed, GPtrArray *found)
{
    if (option->type == HL_OPTION_LIST)
        offer_words(option->name, typed, found);
    if (option->type == HL_OPTION_BOOL) {
        offer(found, before, "yes");
        offer(found, before, "no");
    }
    for (gsize i = 0; option->type == HL_OPTION_CHOICE && option->choices[i] != NULL; i++)
        offer(found, before, option->choices[i]);
}

static HlOptionTable options_of(const HlInvocation *call)
{
    return g_str_has_prefix(call->command->name, "notification ") ? mgr_rule_table() : hl_settings_table();
}

/* Names up to "=", then the values that there are names for. */
static void suggest_setting(HlInvocation *call, const char *typed, GPtrArray *found)
{
    HlOptionTable settings = options_of(call);
    const char *equals = strchr(typed, '=');
    g_autofree char *before = equals != NULL ? g_strndup(typed, (gsize)(equals - typed) + 1) : NULL;

    for (size_t i = 0; i < settings.count; i++) {
        g_autofree char *name = g_strconcat(settings.rows[i].name, "=", NULL);

        if (before == NULL)
            offer(found, "", name);
        else if (strcmp(before, name) == 0)
            offer_values(&settings.rows[i], before, typed, found);
    }
}

static void suggest_key(HlInvocation *call, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    HlOptionTable settings = options_of(call);

    for (size_t i = 0; i < settings.count; i++)
        offer(found, "", settings.rows[i].name);
}

static void suggest_column(HlInvocation *call, const char *typed, GPtrArray *found)
{
    const char *comma = strrchr(typed, ',');
    g_autofree char *before = comma != NULL ? g_strndup(typed, (gsize)(comma - typed) + 1) : g_strdup("");

    if (strcmp(call->command->name, "endpoint list") != 0 && strcmp(call->command->name, "status") != 0)
        return;
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        offer(found, before, mgr_columns[i].path);
}

static void suggest_form(HlInvocation *call G_GNUC_UNUSED, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer(found, "", "table");
    offer(found, "", "wide");
    offer(found, "", "json");
    offer(found, "", "csv");
}

static void suggest_component(HlInvocation *call G_GNUC_UNUSED, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    for (gsize i = 0; hl_component_names[i] != NULL; i++)
        offer(found, "", hl_component_names[i]);
}

static void suggest_rollover(HlInvocation *call G_GNUC_UNUSED, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer(found, "", "sealing-key");
    offer(found, "", "ca");
}

static void suggest_role(HlInvocation *call G_GNUC_UNUSED, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer(found, "", "auditor");
    offer(found, "", "operator");
    offer(found, "", "administrator");
    offer(found, "", "owner");
}

static void suggest_term(HlInvocation *call G_GNUC_UNUSED, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    for (gsize i = 0; i < cli_n_terms; i++)
        offer(found, "", cli_terms[i].word);
}

/* By the word in a synopsis. */
static const struct {
    const char *what;
    void (*suggest)(HlInvocation *call, const char *typed, GPtrArray *found);
} places[] = {
    { "ENDPOINT", suggest_endpoint },    { "--for", suggest_endpoint },
    { "SELECTOR", suggest_selector },    { "--of", suggest_selector },
    { "--where", suggest_selector },     { "KEY=VALUE...", suggest_setting },
    { "KEY...", suggest_key },           { "--columns", suggest_column },
    { "--sort", suggest_column },        { "--o", suggest_form },
    { "--role", suggest_role },          { "WORD", suggest_term },
    { "COMPONENT", suggest_component },  { "--component", suggest_component },
    { "sealing-key", suggest_rollover },
};

void cli_suggest(HlInvocation *call, const char *what, const char *typed, GPtrArray *found)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (strcmp(places[i].what, what) == 0)
            places[i].suggest(call, typed, found);
    suggest_listed(call, what, found);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/suggest.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/complete.h"
#include "manager/cli/client.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/glossary.h"
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

static void offer_members(HlInvocation *call, const char *name, const char *list, const char *member,
                          const char *before, GPtrArray *found)
{
    g_autoptr(json_t) document = ask(call, name, (const char *[]){ NULL });
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(document, list), i, row)
    {
        offer(found, before, json_string_value(json_object_get(row, member)));
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

static void suggest_group(HlInvocation *call, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer_members(call, "group list", "groups", "name", "", found);
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
        offer_members(call, "group list", "groups", "name", before_group, found);
        return;
    }
    for (gsize i = 0; i < n; i++)
        offer(found, before, words[i].word);
    offer(found, before, "all");
    if (*part == '\0')
        offer(found, before, "@");
    offer_endpoints(call, before, part, found);
}

static void suggest_command(HlInvocation *call, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer_members(call, "command list", "commands", "id", "", found);
}

static void suggest_bundle(HlInvocation *call, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    offer_members(call, "bundle list", "bundles", "id", "", found);
}

static void suggest_account(HlInvocation *call, const char *typed G_GNUC_UNUSED, GPtrArray *found)
{
    if (g_str_has_prefix(call->command->name, "account ") && strcmp(call->command->name, "account create") != 0)
        offer_members(call, "account list", "accounts", "name", "", found);
}

static void offer_values(const HlOption *option, const char *before, GPtrArray *found)
{
    if (option->type == HL_OPTION_BOOL) {
        offer(found, before, "yes");
        offer(found, before, "no");
    }
    for (gsize i = 0; option->type == HL_OPTION_CHOICE && option->choices[i] != NULL; i++)
        offer(found, before, option->choices[i]);
}

/* Names up to "=", then the values that there are names for. */
static void suggest_setting(HlInvocation *call G_GNUC_UNUSED, const char *typed, GPtrArray *found)
{
    HlOptionTable settings = hl_settings_table();
    const char *equals = strchr(typed, '=');
    g_autofree char *before = equals != NULL ? g_strndup(typed, (gsize)(equals - typed) + 1) : NULL;

    for (size_t i = 0; i < settings.count; i++) {
        g_autofree char *name = g_strconcat(settings.rows[i].name, "=", NULL);

        if (before == NULL)
            offer(found, "", name);
        else if (strcmp(before, name) == 0)
            offer_values(&settings.rows[i], before, found);
    }
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
    { "ENDPOINT", suggest_endpoint }, { "--for", suggest_endpoint },
    { "SELECTOR", suggest_selector }, { "--of", suggest_selector },
    { "--where", suggest_selector },  { "GROUP", suggest_group },
    { "--group", suggest_group },     { "KEY=VALUE...", suggest_setting },
    { "COMMAND", suggest_command },   { "BUNDLE", suggest_bundle },
    { "NAME", suggest_account },      { "--account", suggest_account },
    { "--columns", suggest_column },  { "--sort", suggest_column },
    { "--o", suggest_form },          { "--role", suggest_role },
    { "WORD", suggest_term },
};

void cli_suggest(HlInvocation *call, const char *what, const char *typed, GPtrArray *found)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (strcmp(places[i].what, what) == 0)
            places[i].suggest(call, typed, found);
}

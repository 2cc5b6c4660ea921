/* SPDX-License-Identifier: Apache-2.0 */
/* holdline endpoint ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/output.h"
#include "lib/base/text.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"
#include "manager/cli/view.h"
#include "manager/core/sentence.h"
#include "proto/phrase.h"

#define CLOCK_OFF HL_MINUTE /* as doctor has it */

static const CliColumn ended_columns[] = {
    { "ID", "id", NULL },
    { "HOST", "host", NULL },
    { "GROUP", "group", cli_format_group },
    { "LAST SEEN", "last_seen", cli_format_time },
    { "CERTIFICATE ENDED", "certificate_expires", NULL },
    { "COMES BACK BY ITSELF UNTIL", "certificate_grace", NULL },
    { "LAST ASKED", "late_renewal", cli_format_late },
};

static const CliColumn came_back_columns[] = {
    { "ID", "id", NULL },
    { "HOST", "host", NULL },
    { "GROUP", "group", cli_format_group },
    { "LAST SEEN", "last_seen", cli_format_time },
    { "CERTIFICATE ENDS", "certificate_expires", NULL },
    { "CAME BACK", "late_renewal", cli_format_late },
};

/* Lists that have columns of their own: by a flag, which is the condition of its name, or by that condition alone. */
static const struct {
    const char *word;
    const CliColumn *columns;
    gsize n_columns;
} views[] = {
    { "ended", ended_columns, G_N_ELEMENTS(ended_columns) },
    { "came-back", came_back_columns, G_N_ELEMENTS(came_back_columns) },
};

bool cmd_endpoint_list(HlInvocation *call, GError **error)
{
    g_autofree char *selector = cli_selector_of(call);
    const char *arguments[] = { "selector", selector, NULL };
    g_autoptr(CliElements) elements = cli_endpoint_elements(call);
    g_autoptr(json_t) document = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        if (hl_cli_has(call, views[i].word) || g_strcmp0(selector, views[i].word) == 0) {
            document = cli_call(call, "endpoint list", arguments, error);
            return document != NULL && cli_show_chosen(call, document, "endpoints",
                                                       &(CliColumns){ .all = views[i].columns,
                                                                      .n_all = views[i].n_columns,
                                                                      .shown = views[i].columns,
                                                                      .n_shown = views[i].n_columns,
                                                                      .order = "host" },
                                                       error);
        }
    document = cli_call_endpoints(call, "endpoint list", selector, elements, error);
    return document != NULL && (elements != NULL ? cli_show_elements(call, elements, document, error)
                                                 : cli_show_endpoints(call, document, NULL, error));
}

static json_t *call_named(HlInvocation *call, const char *name, GError **error)
{
    const char *arguments[] = { "endpoint", call->args[0], NULL };

    return cli_call(call, name, arguments, error);
}

static void show_table(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                       gsize n)
{
    if (hl_cli_has(call, "json") || json_array_size(json_object_get(document, member)) == 0)
        return;
    putchar('\n');
    cli_show_table(document, member, columns, n, NULL);
}

bool cmd_endpoint_show(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "OPEN COMMAND", "id", NULL },
                                         { "KIND", "kind", NULL },
                                         { "STATE", "state", cli_format_state } };
    static const CliColumn scans[] = {
        { "LAST SCAN", "how", cli_format_word },
        { "END", "end", cli_format_state },
        { "ENDED", "ended", cli_format_time },
        { "FILES", "files", NULL },
        { "FOUND", "found", NULL },
        { "NOT LOOKED AT", "not_looked_at", NULL },
        { "WHY NOT", "gaps", cli_format_states },
        { "DETAIL", "detail", cli_format_said },
    };
    g_autoptr(json_t) document = call_named(call, "endpoint show", error);

    if (document == NULL)
        return false;
    if (!hl_cli_has(call, "json"))
        cli_dash_undialled(document);
    cli_show_object(call, document);
    show_table(call, document, "scans", scans, G_N_ELEMENTS(scans));
    show_table(call, document, "commands", columns, G_N_ELEMENTS(columns));
    return true;
}

bool cmd_endpoint_history(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "AT", "at", NULL },
                                         { "WHAT", "what", cli_format_word },
                                         { "DETAIL", "detail", cli_format_said } };
    g_autoptr(json_t) document = call_named(call, "endpoint history", error);

    if (document == NULL)
        return false;
    return cli_show_newest(call, document, "history", columns, G_N_ELEMENTS(columns),
                           N_("the older ones are not listed"), error);
}

/* The verdict in the reader's language; a manager of 0.1.0 sends English alone.  Caller frees. */
static char *word_explanation(const json_t *endpoint)
{
    MgrSentence sentences[MGR_SENTENCES_MAX];
    gsize n = mgr_sentences_parse(json_object_get(endpoint, "sentences"), sentences, G_N_ELEMENTS(sentences));

    return n > 0 ? mgr_sentences_word(sentences, n, hl_tr) : g_strdup(cli_text(endpoint, "explanation"));
}

static void print_dial(const json_t *endpoint)
{
    const char *addresses = cli_text(endpoint, "addresses");
    g_autofree char *first = g_strndup(addresses, strcspn(addresses, ","));
    const char *at = cli_text(endpoint, "dialled_at");

    if (cli_int(endpoint, "direct_port") == 0)
        return;
    if (*at != '\0')
        hl_say(_("dial       %s, last at %s, to %s port %lld\n"), cli_text(endpoint, "reachability"), at, first,
               (long long)cli_int(endpoint, "direct_port"));
    else
        hl_say(_("dial       %s, to %s port %lld\n"), cli_text(endpoint, "reachability"), first,
               (long long)cli_int(endpoint, "direct_port"));
}

/* One that has never connected has no moment for either. */
static void print_statuses(const json_t *endpoint)
{
    const char *displayed = hl_tr(cli_text(endpoint, "displayed"));
    const char *displayed_since = cli_text(endpoint, "displayed_since");
    const char *actual = hl_phrase_word(cli_text(endpoint, "actual"));
    const char *since = cli_text(endpoint, "since");

    if (*displayed_since != '\0')
        hl_say(_("displayed  %s since %s\n"), displayed, displayed_since);
    else
        hl_say(_("displayed  %s\n"), displayed);
    if (*since != '\0')
        hl_say(_("actual     %s since %s (%s)\n"), actual, since, hl_phrase_word(cli_text(endpoint, "reason")));
    else
        hl_say(_("actual     %s\n"), actual);
}

/* One that is off says why times in its log, its schedule and its certificate do not fit. */
static void print_clock(const json_t *endpoint)
{
    HlTime skew = cli_int(endpoint, "clock_skew_ms");
    g_autofree char *off = hl_duration_describe(ABS(skew));

    if (ABS(skew) >= CLOCK_OFF)
        hl_say(skew > 0 ? _("clock      %s ahead of the server's: set it there\n")
                        : _("clock      %s behind the server's: set it there\n"),
               off);
}

static void print_explanation(const json_t *endpoint)
{
    g_autofree char *explanation = word_explanation(endpoint);
    const char *observed = cli_text(endpoint, "observed_address");
    g_autofree char *group = cli_format_group(json_object_get(endpoint, "group"), endpoint);

    hl_say(_("%s (%s), group %s: %s\n%s\n\n"), cli_text(endpoint, "id"), cli_text(endpoint, "host"), group,
           cli_text(endpoint, "verdict"), explanation);
    print_statuses(endpoint);
    print_dial(endpoint);
    if (*observed != '\0')
        hl_say(strcmp(cli_text(endpoint, "observed_by"), "https") == 0
                   ? _("observed   %s, as the HTTPS front sees it\n")
                   : _("observed   %s, as the broker sees it\n"),
               observed);
    print_clock(endpoint);
    hl_say(_("settings   delivered by %s\n\n"), cli_text(endpoint, "delivery"));
}

/* The whole story: the verdict, then what led to it. */
static void print_happened(const json_t *row)
{
    const char *what = hl_phrase_word(cli_text(row, "what"));
    g_autofree char *detail = hl_phrase_detail(cli_text(row, "detail"));
    int room = MAX(12 - (int)hl_text_cells(what), 0);

    hl_say("%s  %s%*s %s\n", cli_text(row, "at"), what, room, "", detail);
}

bool cmd_endpoint_explain(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "endpoint", call->args[0], NULL };
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);
    g_autoptr(json_t) endpoint =
        client != NULL ? cli_client_call(client, "endpoint show", arguments, NULL, NULL, error) : NULL;
    g_autoptr(json_t) history =
        endpoint != NULL ? cli_client_call(client, "endpoint history", arguments, NULL, NULL, error) : NULL;
    const json_t *row;
    size_t i;

    if (history == NULL)
        return false;
    if (hl_cli_has(call, "json")) {
        json_object_set(endpoint, "history", json_object_get(history, "history"));
        return cli_show_json(call, endpoint);
    }
    print_explanation(endpoint);
    json_array_foreach(json_object_get(history, "history"), i, row) print_happened(row);
    return true;
}

bool cmd_endpoint_clone(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = call_named(call, call->command->name, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s: settled\n"), call->args[0]);
    return true;
}

bool cmd_verify(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "selector", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "verify", arguments, error);

    if (document == NULL)
        return false;
    return cli_show_endpoints(call, document, NULL, error);
}

bool cmd_endpoint_move(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "selector", call->args[0], "group", call->args[1], NULL };
    g_autoptr(json_t) document = cli_call(call, "endpoint move", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%" PRId64 " moved to %s\n"), cli_int(document, "moved"), call->args[1]);
    return true;
}

static bool end_endpoint(HlInvocation *call, const char *name, bool is_removed, GError **error)
{
    g_autoptr(json_t) document = call_named(call, name, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(is_removed ? _("endpoint %s is removed; %s\n") : _("endpoint %s is revoked; %s\n"), call->args[0],
               cli_ended_text(document));
    return true;
}

bool cmd_endpoint_revoke(HlInvocation *call, GError **error)
{
    return end_endpoint(call, "endpoint revoke", false, error);
}

bool cmd_endpoint_remove(HlInvocation *call, GError **error)
{
    return end_endpoint(call, "endpoint remove", true, error);
}

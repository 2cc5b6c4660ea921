/* SPDX-License-Identifier: Apache-2.0 */
/* holdline update-now, rollback, command ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"
#include "proto/phrase.h"

static const CliColumn target_columns[] = {
    { "ENDPOINT", "endpoint", NULL },        { "HOST", "host", NULL },
    { "STATE", "state", cli_format_state },  { "CODE", "code", NULL },
    { "DETAIL", "detail", cli_format_said },
};

#define MAX_TOLD 20              /* endpoints that are named when the time is over */
#define LAST_ASK (2 * HL_SECOND) /* for the answer to how it stands then */

/* What has been shown of a command that is being waited for. */
typedef struct {
    HlInvocation *call;
    char *line;
    GHashTable *told; /* endpoints whose end was reported */
} Waiting;

/* Reports the end of an endpoint that did not succeed, once, above the bar. */
static void tell_failures(Waiting *waiting, const json_t *targets)
{
    const json_t *row;
    size_t i;

    json_array_foreach(targets, i, row)
    {
        const char *state = cli_text(row, "state");
        g_autofree char *detail = hl_phrase_detail(cli_text(row, "detail"));
        bool failed = strcmp(state, "succeeded") != 0 && json_is_true(json_object_get(row, "final"));

        if (!failed || !g_hash_table_add(waiting->told, g_strdup(cli_text(row, "endpoint"))))
            continue;
        hl_progress_clear(stdout);
        hl_say("  %s (%s): %s%s%s\n", cli_text(row, "endpoint"), cli_text(row, "host"), hl_phrase_word(state),
               *detail != '\0' ? ": " : "", detail);
        g_clear_pointer(&waiting->line, g_free);
    }
}

static void show_progress(json_t *document, gpointer user)
{
    Waiting *waiting = user;
    guint total = (guint)cli_int(document, "endpoints");
    guint open = (guint)cli_int(document, "open");
    g_autofree char *states = cli_format_states(json_object_get(document, "states"), document);
    g_autofree char *line = g_strdup_printf("%u %s", open, states);

    if (hl_cli_has(waiting->call, "json"))
        return;
    tell_failures(waiting, json_object_get(document, "failures"));
    tell_failures(waiting, json_object_get(document, "targets"));
    if (json_object_get(document, "endpoints") == NULL) /* part of a long list */
        return;
    if (g_strcmp0(line, waiting->line) == 0)
        return; /* this may go on for days */
    hl_progress_show(stdout, cli_text(document, "id"), total - open, total, states);
    g_free(waiting->line);
    waiting->line = g_steal_pointer(&line);
}

static guint count_of(const json_t *document, const char *state)
{
    return (guint)cli_int(json_object_get(document, "states"), state);
}

/* The count, and the exit status of a script. */
static bool judge(HlInvocation *call, const json_t *document, GError **error)
{
    guint total = (guint)cli_int(document, "endpoints");
    guint succeeded = count_of(document, "succeeded");

    if (!cli_show_json(call, document))
        hl_say(_("%1$u of %2$u succeeded\n"), succeeded, total);
    if (succeeded == total)
        return true;
    return hl_fail(error, HL_ERROR_PARTIAL, _("%u of %u endpoints did not succeed"), total - succeeded, total);
}

/* Their statuses, by id. */
static json_t *endpoints_of(CliClient *client, const json_t *targets)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    const json_t *target;
    size_t i;

    json_array_foreach(targets, i, target)
    {
        g_string_append_printf(ids, "%s%s", i > 0 ? "," : "", cli_text(target, "endpoint"));
    }
    return cli_client_call(client, "endpoint list", (const char *[]){ "selector", ids->str, NULL }, NULL, NULL, NULL);
}

static const json_t *find_endpoint(const json_t *document, const char *id)
{
    const json_t *endpoint;
    size_t i;

    json_array_foreach(json_object_get(document, "endpoints"), i, endpoint)
    {
        if (strcmp(cli_text(endpoint, "id"), id) == 0)
            return endpoint;
    }
    return NULL;
}

/* "e-1 (pc-1): queued; offline (line-lost), last seen 2 h ago": what is to be done depends on it. */
static void tell_open(CliClient *client, const json_t *command)
{
    const char *of_command[] = { "command", cli_text(command, "id"), NULL };
    g_autoptr(json_t) shown = cli_client_call(client, "command show", of_command, NULL, NULL, NULL);
    g_autoptr(json_t) open = json_array();
    g_autoptr(json_t) statuses = NULL;
    json_t *target;
    size_t i;

    json_array_foreach(json_object_get(shown, "targets"), i, target)
    {
        if (!json_is_true(json_object_get(target, "final")) && json_array_size(open) < MAX_TOLD)
            json_array_append(open, target);
    }
    statuses = endpoints_of(client, open);
    json_array_foreach(open, i, target)
    {
        const json_t *endpoint = find_endpoint(statuses, cli_text(target, "endpoint"));
        g_autofree char *actual = cli_format_actual(json_object_get(endpoint, "actual"), endpoint);
        g_autofree char *seen = cli_format_time(json_object_get(endpoint, "last_seen"), endpoint);

        hl_say(_("  %s (%s): %s; %s, last seen %s\n"), cli_text(target, "endpoint"), cli_text(target, "host"),
               cli_state_word_here(cli_text(target, "state")), actual, seen);
    }
    if (cli_int(command, "open") > (json_int_t)json_array_size(open))
        hl_say(_("  ... and %" PRId64 " more: 'holdline command show %s'\n"),
               cli_int(command, "open") - (int64_t)json_array_size(open), of_command[1]);
    hl_say(_("It goes on without you until %s; 'holdline command cancel %s' takes it back where it has not begun.\n"),
           cli_text(shown, "expires"), of_command[1]);
}

static bool give_up(HlInvocation *call, CliClient *client, const json_t *document, GError **error)
{
    if (!cli_show_json(call, document)) {
        hl_progress_end(stdout);
        tell_open(client, document);
    }
    return hl_fail(error, HL_ERROR_TIMEOUT, _("%" PRId64 " of %" PRId64 " endpoints had no result after %s"),
                   (int64_t)cli_int(document, "open"), (int64_t)cli_int(document, "endpoints"),
                   hl_cli_value(call, "timeout", ""));
}

/* On the clock that does not jump; 0: for ever. */
static bool read_deadline(const HlInvocation *call, HlTime *deadline, GError **error)
{
    const char *text = hl_cli_value(call, "timeout", NULL);
    HlTime timeout;

    *deadline = 0;
    if (text == NULL)
        return true;
    if (!hl_cli_has(call, "wait"))
        return hl_fail(error, HL_ERROR_USAGE, _("--timeout is of --wait: without it nothing is waited for"));
    if (!hl_duration_parse(text, &timeout, error))
        return hl_error_prefix(error, "--timeout");
    *deadline = hl_clock_mono() + timeout;
    return true;
}

/* After a call that got no answer; false: the time is over, or it is no use. */
static bool ask_again(const Waiting *waiting, CliClient *client, const char *id, HlTime deadline, GError **problem,
                      GError **error)
{
    HlTime left = deadline == 0 ? HL_SECOND : deadline - hl_clock_mono();

    if (hl_error_code(*problem) != HL_ERROR_TIMEOUT && hl_error_code(*problem) != HL_ERROR_UNAVAILABLE) {
        g_propagate_error(error, g_steal_pointer(problem));
        return false;
    }
    if (left <= 0)
        return hl_fail(
            error, HL_ERROR_TIMEOUT,
            _("the server does not answer, and what is done after %s is not known: 'holdline command show %s' "
              "tells once it is back"),
            hl_cli_value(waiting->call, "timeout", ""), id);
    cli_client_wait(client, MIN(left, HL_SECOND));
    return true;
}

/* How it stands when the time is over, in the form of the other answers; NULL: the server does not say. */
static json_t *stand_of(CliClient *client, const char *id)
{
    const char *arguments[] = { "command", id, NULL };
    json_t *document =
        cli_client_call_until(client, "command show", arguments, hl_clock_mono() + LAST_ASK, NULL, NULL, NULL);

    json_object_del(document, "targets");
    return document;
}

static bool is_over(HlTime deadline)
{
    return deadline != 0 && hl_clock_mono() >= deadline;
}

/* One answer, which the server gives after a few seconds at the latest; one that was restarted meanwhile is simply
 * asked again.  NULL: failed. */
static json_t *watch(Waiting *waiting, CliClient *client, const char *id, HlTime deadline, GError **error)
{
    const char *arguments[] = { "command", id, NULL };
    json_t *document = NULL;

    while (document == NULL) {
        g_autoptr(GError) problem = NULL;

        document =
            cli_client_call_until(client, "command watch", arguments, deadline, show_progress, waiting, &problem);
        if (document == NULL && is_over(deadline))
            document = stand_of(client, id);
        if (document == NULL && !ask_again(waiting, client, id, deadline, &problem, error))
            return NULL;
    }
    return document;
}

/* Asks until no endpoint is open. */
static bool wait_for(HlInvocation *call, CliClient *client, const char *id, HlTime deadline, GError **error)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Waiting waiting = { .call = call, .told = told };
    json_int_t open = 1;

    cli_client_lend(client);
    if (!hl_cli_has(call, "json"))
        hl_say(_("%s: waiting; Ctrl-C only ends the wait, 'holdline command show %s' shows its progress\n"), id, id);
    for (;;) {
        g_autoptr(json_t) document = watch(&waiting, client, id, deadline, error);

        if (document != NULL) {
            show_progress(document, &waiting);
            open = cli_int(document, "open");
            if (open > 0 && !is_over(deadline))
                continue;
        }
        g_free(waiting.line);
        if (document == NULL)
            return false;
        if (open > 0)
            return give_up(call, client, document, error);
        if (!hl_cli_has(call, "json"))
            hl_progress_end(stdout);
        return judge(call, document, error);
    }
}

/* That nothing begins at once is no fault. */
static void tell_window(HlInvocation *call, const json_t *document)
{
    HlTime window = cli_int(document, "window_ms");
    g_autofree char *text = hl_duration_describe(window);

    if (window > 0 && !hl_cli_has(call, "json"))
        hl_say(_("each begins at a random moment within %s\n"), text);
}

/* scope: proto/scope.h; NULL: none. */
static bool issue(HlInvocation *call, const char *name, const char *scope, GError **error)
{
    const char *arguments[] = { "selector", call->args[0],
                                "scope",    scope,
                                "expires",  hl_cli_value(call, "expires", NULL),
                                "window",   hl_cli_value(call, "window", NULL),
                                NULL };
    g_autofree char *targets = NULL;
    g_autoptr(CliClient) client = NULL;
    g_autoptr(json_t) document = NULL;
    HlTime deadline;

    if (!read_deadline(call, &deadline, error) || (client = cli_client_open(call, NULL, NULL, error)) == NULL)
        return false;
    document = cli_client_call(client, name, arguments, NULL, NULL, error);
    if (document == NULL)
        return false;
    if (hl_cli_has(call, "wait")) {
        tell_window(call, document);
        return wait_for(call, client, cli_text(document, "id"), deadline, error);
    }
    targets = cli_count(document, "endpoints", "%u endpoint", "%u endpoints");
    if (!cli_show_json(call, document))
        hl_say(_("%s: %s for %s; 'holdline command show %s' shows its progress\n"), cli_text(document, "id"), name,
               targets, cli_text(document, "id"));
    tell_window(call, document);
    return true;
}

bool cmd_update_now(HlInvocation *call, GError **error)
{
    return issue(call, "update-now", NULL, error);
}

bool cmd_rollback(HlInvocation *call, GError **error)
{
    return issue(call, "rollback", NULL, error);
}

bool cmd_synchronize(HlInvocation *call, GError **error)
{
    return issue(call, "synchronize", NULL, error);
}

bool cmd_scan(HlInvocation *call, GError **error)
{
    const char *paths = hl_cli_value(call, "paths", NULL);

    if (paths != NULL && *paths == '\0')
        return hl_fail(error, HL_ERROR_USAGE,
                       _("--paths names no path; without it the paths of the settings are scanned"));
    return issue(call, "scan", paths, error);
}

bool cmd_scan_stop(HlInvocation *call, GError **error)
{
    return issue(call, "scan stop", NULL, error);
}

/* Each argument is one name, whatever is in it. */
static bool issue_for(HlInvocation *call, const char *name, GError **error)
{
    g_autoptr(GString) scope = g_string_new(NULL);

    for (int i = 1; i < call->n_args; i++) {
        g_auto(GStrv) parts = g_strsplit(call->args[i], ",", -1);
        g_autofree char *quoted = g_strjoinv("\\x2c", parts);

        g_string_append_printf(scope, "%s%s", i > 1 ? "," : "", quoted);
    }
    return issue(call, name, scope->str, error);
}

bool cmd_quarantine_restore(HlInvocation *call, GError **error)
{
    return issue_for(call, "quarantine restore", error);
}

bool cmd_quarantine_delete(HlInvocation *call, GError **error)
{
    return issue_for(call, "quarantine delete", error);
}

bool cmd_quarantine_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "HOST", "host", NULL },           { "ID", "id", NULL },     { "TAKEN", "taken", cli_format_time },
        { "SIGNATURE", "signature", NULL }, { "SIZE", "size", NULL }, { "PATH", "path", NULL },
    };
    const char *arguments[] = { "selector", call->n_args > 0 ? call->args[0] : NULL, NULL };
    g_autoptr(json_t) document = cli_call(call, "quarantine list", arguments, error);
    gsize listed = json_array_size(json_object_get(document, "files"));

    if (document == NULL)
        return false;
    if (!cli_show_list(call, document, "files", columns, G_N_ELEMENTS(columns), error))
        return false;
    if (!hl_cli_has(call, "json") && cli_int(document, "total") > (json_int_t)listed)
        hl_say(_("... and %" PRId64 " more: an endpoint names its latest files only\n"),
               cli_int(document, "total") - (int64_t)listed);
    return true;
}

bool cmd_command_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ID", "id", NULL },
        { "KIND", "kind", NULL },
        { "FOR", "selector", NULL },
        { "BY", "issuer", NULL },
        { "ISSUED", "issued", cli_format_time },
        { "OPEN", "open", NULL },
        { "STATES", "states", cli_format_states },
    };
    g_autoptr(json_t) document = cli_call(call, "command list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_newest(call, document, "commands", columns, G_N_ELEMENTS(columns),
                           N_("the older ones are not listed; 'holdline command show COMMAND' shows one"), error);
}

bool cmd_command_show(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "command", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "command show", arguments, error);

    if (document == NULL)
        return false;
    cli_show_object(call, document);
    if (!hl_cli_has(call, "json")) {
        putchar('\n');
        cli_show_table(document, "targets", target_columns, G_N_ELEMENTS(target_columns), NULL);
    }
    return true;
}

bool cmd_command_cancel(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "command", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "command cancel", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s is cancelled wherever it has not started yet\n"), call->args[0]);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* holdline rollout ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"

/* "running", "halted: too many failed", "done, rolled back"; of one that was ended after it halted, the state alone. */
static char *format_state(const json_t *value, const json_t *row)
{
    const char *code = json_string_value(value);
    const char *state = cli_state_word_here(code);
    const char *halt = strcmp(code, "halted") == 0 ? cli_text(row, "halt") : "";

    if (strcmp(halt, "failures") == 0)
        return g_strdup_printf(_("%s: too many failed"), state);
    if (strcmp(halt, "too-few-answers") == 0)
        return g_strdup_printf(_("%s: too few answered"), state);
    return json_is_object(json_object_get(row, "rolled_back")) ? g_strdup_printf(_("%s, rolled back"), state)
                                                               : g_strdup(state);
}

/* "virus", "program 0.2.0", "settings 8", "patterns". */
static char *format_subject(const json_t *value, const json_t *row)
{
    const char *component = json_string_value(value), *program = cli_text(row, "program");

    if (*cli_text(row, "group") != '\0')
        return g_strdup_printf("settings %" PRId64, cli_int(row, "version"));
    if (*program != '\0')
        return g_strconcat("program ", program, NULL);
    return g_strdup(component != NULL && *component != '\0' ? component : "patterns");
}

/* "10% (15)": a ring, and up to how many members it goes. */
static char *format_rings(const json_t *rings)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const json_t *ring;
    size_t i;

    json_array_foreach(rings, i, ring) g_string_append_printf(out, "%s%" PRId64 "%% (%" PRId64 ")", i > 0 ? ", " : "",
                                                              cli_int(ring, "percent"), cli_int(ring, "members"));
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void print_rate(const json_t *document)
{
    if (cli_int(document, "rate") > 0)
        hl_say(_("rate         %" PRId64 " a minute\n"), cli_int(document, "rate"));
}

/* "waiting      3 for the window of group office (daily 01:00-05:00) until 2026-11-28T00:00:00Z" */
static void print_waiting(const json_t *document)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(document, "waiting"), i, row)
    {
        const char *until = cli_text(row, "until");

        if (*until != '\0')
            hl_say(_("waiting      %" PRId64 " for the window of group %s (%s) until %s\n"), cli_int(row, "members"),
                   cli_text(row, "name"), cli_text(row, "window"), until);
        else
            hl_say(_("waiting      %" PRId64 " for the window of group %s (%s), which is open\n"),
                   cli_int(row, "members"), cli_text(row, "name"), cli_text(row, "window"));
    }
}

static void print_settings(const json_t *document)
{
    const char *group = cli_text(document, "group");

    hl_say(_("settings     version %" PRId64 " of group %s instead of %" PRId64
             "; one has succeeded when it has applied them\n"),
           cli_int(document, "version"), group, cli_int(document, "base"));
    hl_say(_("             'holdline group diff %s %" PRId64 " %" PRId64 "' shows what changes\n"), group,
           cli_int(document, "base"), cli_int(document, "version"));
}

/* Of rings that were asked for, although there are no more members than the first one has at least. */
static bool is_one_ring(const json_t *document)
{
    return json_array_size(json_object_get(document, "rings")) > 1 && cli_int(document, "members") > 1 &&
           cli_int(document, "members") <= cli_int(document, "min_sample");
}

static void print_back(const json_t *document)
{
    const json_t *back = json_object_get(document, "rolled_back");

    if (json_is_object(back))
        hl_say(_("rolled back  by %s at %s; 'holdline command show %s' says how that went\n"), cli_text(back, "by"),
               cli_text(back, "at"), cli_text(back, "command"));
}

static bool is_over(const json_t *document)
{
    const char *state = cli_text(document, "state");

    return strcmp(state, "done") == 0 || strcmp(state, "aborted") == 0;
}

static void print_terms(const json_t *document)
{
    hl_say(_("goes on      when %" PRId64 "%% of at least %" PRId64
             " succeeded, after %s; one without a result after %s is silent\n"),
           cli_int(document, "min_success"), MIN(cli_int(document, "min_sample"), cli_int(document, "members")),
           cli_text(document, "soak"), cli_text(document, "silence"));
    if (is_one_ring(document))
        hl_say(_("             the first ring is everybody: it has at least --min-sample members\n"));
}

static void print_rollout(const json_t *document)
{
    const json_t *counts = json_object_get(document, "counts");
    g_autofree char *state = format_state(json_object_get(document, "state"), document);
    g_autofree char *rings = format_rings(json_object_get(document, "rings"));
    g_autofree char *said = cli_format_states(counts, document);

    hl_say(_("rollout      %s of %s for %s\nstarted      %s\nstate        %s\nring         %" PRId64
             " of %zu: %s\nendpoints    %" PRId64 ", fixed at the start: %s\n"),
           cli_text(document, "id"), cli_text(document, "issuer"), cli_text(document, "selector"),
           cli_text(document, "started"), state, cli_int(document, "ring"),
           json_array_size(json_object_get(document, "rings")), rings, cli_int(document, "members"), said);
    if (!is_over(document))
        print_terms(document);
    print_rate(document);
    if (*cli_text(document, "program") != '\0')
        hl_say(_("program      %s; one has succeeded when it runs that version\n"), cli_text(document, "program"));
    if (*cli_text(document, "program") != '\0' && !is_over(document))
        hl_say(_(
            "             any other update brings it too, before the ring's turn, to groups with update.program=auto: "
            "'holdline group set GROUP update.program=rollout'\n"));
    if (*cli_text(document, "component") != '\0')
        hl_say(_("component    %s: no other part of the patterns is updated\n"), cli_text(document, "component"));
    if (*cli_text(document, "group") != '\0')
        print_settings(document);
    print_back(document);
    print_waiting(document);
}

static bool show(HlInvocation *call, const json_t *document)
{
    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        print_rollout(document);
    return true;
}

bool cmd_rollout_start(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "selector",    call->args[0],
                                "rings",       hl_cli_value(call, "ring", NULL),
                                "rate",        hl_cli_value(call, "rate", NULL),
                                "min-success", hl_cli_value(call, "min-success", NULL),
                                "min-sample",  hl_cli_value(call, "min-sample", NULL),
                                "soak",        hl_cli_value(call, "soak", NULL),
                                "silence",     hl_cli_value(call, "silence", NULL),
                                "program",     hl_cli_has(call, "program") ? "yes" : NULL,
                                "component",   hl_cli_value(call, "component", NULL),
                                NULL };
    g_autoptr(json_t) document = cli_call(call, "rollout start", arguments, error);

    if (!show(call, document))
        return false;
    if (!hl_cli_has(call, "json"))
        hl_say(_("'holdline rollout show %s' shows its progress\n"), cli_text(document, "id"));
    return true;
}

/* Options that only a roll-out has, and the arguments that its call has for them. */
static const struct {
    const char *flag, *argument;
} plan_flags[] = {
    { "ring", "rings" }, { "rate", "rate" },      { "min-success", "min-success" }, { "min-sample", "min-sample" },
    { "soak", "soak" },  { "silence", "silence" }
};

bool cmd_rollout_check_flags(const HlInvocation *call, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(plan_flags); i++)
        if (hl_cli_has(call, plan_flags[i].flag))
            return hl_fail(error, HL_ERROR_USAGE, _("--%s goes with --rollout"), plan_flags[i].flag);
    return true;
}

bool cmd_rollout_settings(HlInvocation *call, GError **error)
{
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_autoptr(json_t) document = NULL;

    g_ptr_array_add(arguments, hl_unconst("name"));
    g_ptr_array_add(arguments, hl_unconst(call->args[0]));
    for (int i = 1; i < call->n_args; i++) {
        g_ptr_array_add(arguments, hl_unconst("setting"));
        g_ptr_array_add(arguments, hl_unconst(call->args[i]));
    }
    if (hl_cli_has(call, "version")) {
        g_ptr_array_add(arguments, hl_unconst("version"));
        g_ptr_array_add(arguments, hl_unconst(hl_cli_value(call, "version", NULL)));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(plan_flags); i++) {
        if (!hl_cli_has(call, plan_flags[i].flag))
            continue;
        g_ptr_array_add(arguments, hl_unconst(plan_flags[i].argument));
        g_ptr_array_add(arguments, hl_unconst(hl_cli_value(call, plan_flags[i].flag, NULL)));
    }
    g_ptr_array_add(arguments, NULL);
    document = cli_call(call, "group rollout", (const char **)arguments->pdata, error);
    if (!show(call, document))
        return false;
    if (!hl_cli_has(call, "json"))
        hl_say(_("'holdline rollout show %s' shows its progress\n"), cli_text(document, "id"));
    return true;
}

bool cmd_rollout_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ID", "id", NULL },
        { "FOR", "selector", NULL },
        { "OF", "component", format_subject },
        { "STATE", "state", format_state },
        { "OUTCOMES", "counts", cli_format_states },
        { "RING", "ring", NULL },
        { "ENDPOINTS", "members", NULL },
        { "STARTED", "started", cli_format_time },
        { "BY", "issuer", NULL },
        { "RINGS", "rings", cli_format_rings },
    };
    g_autoptr(json_t) document = cli_call(call, "rollout list", NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "rollouts", columns, G_N_ELEMENTS(columns), error);
}

/* What says that a member failed; nothing of one that was silent or left. */
static char *format_why(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    static const struct {
        const char *why, *text;
    } texts[] = {
        { "word", N_("says so itself") },
        { "versions", N_("still has old patterns") },
        { "upgrade", N_("its upgrade failed") },
        { "refusal", N_("refuses the settings") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_strcmp0(json_string_value(value), texts[i].why) == 0)
            return g_strdup(_(texts[i].text));
    return g_strdup("");
}

bool cmd_rollout_show(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ENDPOINT", "endpoint", NULL }, { "HOST", "host", NULL },     { "OUTCOME", "outcome", NULL },
        { "COMMAND", "command", NULL },   { "WHY", "why", format_why },
    };
    const char *arguments[] = { "rollout", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "rollout show", arguments, error);

    if (!show(call, document))
        return false;
    if (hl_cli_has(call, "json") || json_array_size(json_object_get(document, "unsuccessful")) == 0)
        return true;
    putchar('\n');
    cli_show_table(document, "unsuccessful", columns, G_N_ELEMENTS(columns), NULL);
    if (cli_int(document, "more") > 0)
        hl_say(_("... and %" PRId64 " more\n"), cli_int(document, "more"));
    return true;
}

/* holdline rollout pause, resume, abort, retry: the call has the command's name. */
bool cmd_rollout_say(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "rollout", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    return show(call, document);
}

bool cmd_rollout_rollback(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "rollout", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "rollout rollback", arguments, error);
    g_autofree char *endpoints = NULL;

    if (document == NULL)
        return false;
    endpoints = cli_count(document, "endpoints", "%u endpoint", "%u endpoints");
    if (cli_show_json(call, document))
        return true;
    if (cli_int(document, "endpoints") == 0)
        hl_say(_("%s: it is over; no endpoint had anything to give back\n"), call->args[0]);
    else if (*cli_text(document, "command") == '\0')
        hl_say(_("%s: the settings of before for %s; 'holdline rollout show %s' shows what it was\n"), call->args[0],
               endpoints, call->args[0]);
    else
        hl_say(_("%s: rollback for %s; 'holdline command show %s' shows its progress\n"), cli_text(document, "command"),
               endpoints, cli_text(document, "command"));
    return true;
}

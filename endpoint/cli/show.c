/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon reports, for people: status and history. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "endpoint/cli/call.h"
#include "endpoint/cli/commands.h"
#include "endpoint/scan/tally.h"
#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/table.h"
#include "lib/base/unconst.h"
#include "proto/phrase.h"

/* What the daemon says, in the user's language.  Caller frees. */
static char *phrase(const json_t *object, const char *name)
{
    return hl_phrase_translate(hl_json_text(object, name));
}

static const char *word(const json_t *object, const char *name)
{
    return hl_phrase_word(hl_json_text(object, name));
}

static long long number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* ------------------------------------------------------------------------------------------------------- the status */

static const char *const labels[] = {
    N_("Program"),    N_("Endpoint"),    N_("Line"),        N_("Settings"), N_("Mode"),    N_("Privileges"),
    N_("Patterns"),   N_("Update"),      N_("Last update"), N_("Schedule"), N_("Reports"), N_("On write"),
    N_("Detections"), N_("Certificate"), N_("Refused"),     N_("Problem"),
};

/* The left column, as wide as the widest label in the user's language; "" for a line that goes on. */
static void print_label(const char *label)
{
    g_autofree char *filled = NULL;
    int cells = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
        cells = MAX(cells, hl_text_cells(hl_tr(labels[i])));
    filled = hl_text_fill(hl_tr(label), cells + 1);
    fputs(filled, stdout);
}

G_GNUC_PRINTF(2, 3) static void print_line(const char *label, const char *format, ...)
{
    g_autofree char *line = NULL;
    g_autofree char *timed = NULL;
    va_list arguments;

    va_start(arguments, format);
    line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    timed = hl_local_beside(line);
    print_label(label);
    printf("%s\n", timed);
}

static void show_pairs(const char *label, const json_t *object, bool (*wanted)(const json_t *value))
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(object), name, value)
    {
        if (!wanted(value))
            continue;
        g_string_append_printf(line, "%s%s", line->len > 0 ? ", " : "", hl_phrase_word(name));
        if (json_is_integer(value))
            g_string_append_printf(line, " %" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    print_line(label, "%s", line->len == 0 ? _("none") : line->str);
}

static bool is_true(const json_t *value)
{
    return json_is_true(value);
}

static bool is_any(const json_t *value G_GNUC_UNUSED)
{
    return true;
}

static void show_line_state(const json_t *line, bool up)
{
    g_autofree char *shown = hl_tone(stdout, up ? HL_TONE_GOOD : HL_TONE_BAD, word(line, "state"));

    if (up)
        print_line("Line", _("%s to %s since %s"), shown, hl_json_text(line, "broker"), hl_json_text(line, "since"));
    else if (*hl_json_text(line, "since") != '\0')
        print_line("Line", _("%s since %s"), shown, hl_json_text(line, "since"));
    else if (json_is_true(json_object_get(line, "ever_up")))
        print_line("Line", _("%s; it has not reached its server since this service was started"), shown);
    else
        print_line("Line", _("%s; it has never reached its server"), shown);
}

/* Before a guess is told. */
#define MANY_FAILURES 10

/* What to do about a line that is down; NULL: the words of the cause say it. */
static const char *line_remedy(const json_t *line)
{
    const char *cause = hl_json_text(line, "cause");
    bool is_guess = strcmp(cause, "turned-away") == 0 || strcmp(cause, "closed") == 0 || strcmp(cause, "unknown") == 0;

    if (strcmp(cause, "other-authority") == 0)
        return _(
            "if that is this machine's server, it was set up again or its authority was replaced: ask for a bundle "
            "that is made for this machine, and run 'enrol BUNDLE --replace' ('holdline server show' says the right "
            "fingerprint); else that address leads to another installation: have it corrected");
    if (strcmp(cause, "unknown-authority") == 0)
        return _("if other machines do not reach the server either, its administrator has to mend that; else ask for a "
                 "bundle that is made for this machine, and run 'enrol BUNDLE --replace'");
    /* the broker does not always say why it closes a connection, and then this is all that can be known here */
    if (is_guess && json_is_true(json_object_get(line, "ever_up")) && number(line, "failed_attempts") >= MANY_FAILURES)
        return _("if other machines reach the server, the administrator may have revoked this one's certificate: "
                 "then ask for a bundle that is made for it, and run 'enrol BUNDLE --replace'");
    return NULL;
}

static void show_line(const json_t *line)
{
    bool up = strcmp(hl_json_text(line, "state"), "up") == 0;
    const char *remedy = up ? NULL : line_remedy(line);
    g_autofree char *problem = phrase(line, "last_error");

    show_line_state(line, up);
    if (*problem != '\0')
        print_line("", "%s", problem);
    if (!up && *hl_json_text(line, "next_attempt") != '\0')
        print_line("", _("next attempt %s, after %lld failed"), hl_json_text(line, "next_attempt"),
                   number(line, "failed_attempts"));
    if (remedy != NULL)
        print_line("", "%s", remedy);
}

static void show_settings(const json_t *root)
{
    const json_t *settings = json_object_get(root, "settings");

    if (json_is_object(settings))
        print_line("Settings", _("version %lld of group %s, applied %s by %s"), number(settings, "version"),
                   hl_json_text(settings, "group"), hl_json_text(settings, "applied"), word(settings, "path"));
    else
        print_line("Settings", "%s", _("none applied yet"));
    if (json_is_true(json_object_get(root, "independent")))
        print_line("Mode", "%s", _("independent: accepts no settings or commands"));
    show_pairs("Privileges", json_object_get(root, "privileges"), is_true);
}

static void show_update(const json_t *update)
{
    g_autofree char *what = phrase(update, "what");
    g_autofree char *detail = phrase(update, "last_detail");

    if (json_is_true(json_object_get(update, "running")))
        print_line("Update", _("running, %lld %% %s"), number(update, "percent"), what);
    if (*hl_json_text(update, "last_at") != '\0')
        print_line("Last update", _("%s, %s: %s"), hl_json_text(update, "last_at"), word(update, "last_trigger"),
                   detail);
    if (json_is_true(json_object_get(update, "schedule_off_by_user")))
        print_line("Schedule", _("%s, turned off by the user"), hl_json_text(update, "schedule"));
    else if (*hl_json_text(update, "next_scheduled") != '\0')
        print_line("Schedule", _("%s, next not before %s"), hl_json_text(update, "schedule"),
                   hl_json_text(update, "next_scheduled"));
}

static const char *upgrade_words(const char *state)
{
    static const struct {
        const char *state, *words;
    } rows[] = {
        { "done", N_("done") },
        { "refused", N_("refused, and nothing was changed") },
        { "back", N_("it failed, and the version before is back") },
        { "stuck", N_("it failed, and so did the way back") },
        { "asked", N_("asked for, and not begun yet") },
        { "accepted", N_("the packages are being checked") },
        { "verified", N_("the version before is being kept, in case it has to come back") },
        { "kept", N_("waiting until no other program installs packages") },
        { "installing", N_("the packages are being installed") },
        { "waiting", N_("installed; waiting for its line to the server") },
        { "going-back", N_("it failed, and the version before is being put back") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(state, rows[i].state) == 0)
            return hl_tr(rows[i].words);
    return _("under way");
}

static void show_program(const json_t *root)
{
    const json_t *upgrade = json_object_get(root, "upgrade");
    const char *state = hl_json_text(upgrade, "state");
    g_autofree char *detail = phrase(upgrade, "detail");

    print_line("Program", "%s", hl_json_text(root, "program_version"));
    if (*state == '\0' || strcmp(state, "none") == 0) /* "": a daemon of an earlier version, which does not say */
        return;
    if (*hl_json_text(upgrade, "ended") != '\0')
        print_line("", _("upgrade to %s, %s: %s"), hl_json_text(upgrade, "to"), hl_json_text(upgrade, "ended"),
                   upgrade_words(state));
    else
        print_line("", _("upgrade to %s: %s"), hl_json_text(upgrade, "to"), upgrade_words(state));
    if (*detail != '\0')
        print_line("", "%s", detail);
}

static void show_refused(const json_t *refused)
{
    const json_t *kinds = json_object_get(refused, "kinds");
    size_t index;
    json_t *kind;

    json_array_foreach(kinds, index, kind)
    {
        g_autofree char *last = phrase(kind, "last");

        print_line(index == 0 ? "Refused" : "", _("%lld %s, %s: %s"), number(kind, "count"), word(kind, "what"),
                   word(kind, "code"), last);
    }
}

static void show_on_write(const json_t *on_write)
{
    const char *state = hl_json_text(on_write, "state");
    bool watching = strcmp(state, "watching") == 0;
    g_autofree char *shown = hl_tone(stdout, watching ? HL_TONE_GOOD : HL_TONE_BAD, hl_phrase_word(state));
    g_autofree char *why = phrase(on_write, "why");

    if (on_write == NULL || strcmp(state, "off") == 0)
        return;
    print_line("On write", "%s%s%s", shown, *why != '\0' ? ": " : "", why);
    print_line("", _("%lld files looked at, %lld found, %lld missed; %lld a minute, %lld waiting"),
               number(on_write, "looked_at"), number(on_write, "found"), number(on_write, "missed"),
               number(on_write, "rate"), number(on_write, "waiting"));
}

static void show_detections_of(const json_t *root)
{
    long long n = number(root, "detections");

    if (n > 0)
        print_line("Detections",
                   hl_trn("%lld infected file was found: 'holdline-endpoint detections' lists it",
                          "%lld infected files were found: 'holdline-endpoint detections' lists them", (gulong)n),
                   n);
}

/* Of one that ended: what becomes of it. */
static void show_certificate(const json_t *root)
{
    const json_t *comeback = json_object_get(root, "comeback");
    const char *state = hl_json_text(comeback, "state");
    g_autofree char *detail = phrase(comeback, "detail");

    if (*hl_json_text(root, "certificate_ends") == '\0')
        return;
    if (strcmp(state, "waiting") != 0 && strcmp(state, "refused") != 0) {
        print_line("Certificate", _("valid until %s"), hl_json_text(root, "certificate_ends"));
    } else {
        print_line("Certificate", _("ended at %s; the server is asked for another one"),
                   hl_json_text(root, "certificate_ends"));
        print_line("", "%s", detail);
    }
    if (strcmp(state, "came-back") == 0)
        print_line("", _("given at %s, after the one before had ended"), hl_json_text(comeback, "at"));
    if (*hl_json_text(comeback, "next_attempt") != '\0')
        print_line("", _("asked again at %s"), hl_json_text(comeback, "next_attempt"));
}

static void show_status(const json_t *root)
{
    g_autofree char *problem = phrase(root, "problem");

    if (json_is_true(json_object_get(root, "enrolled"))) {
        print_line("Endpoint", _("%s at %s"), hl_json_text(root, "id"), hl_json_text(root, "server"));
        show_line(json_object_get(root, "line"));
    } else {
        print_line("Endpoint", "%s", _("not enrolled: run 'holdline-endpoint enrol BUNDLE'"));
    }
    show_program(root);
    show_settings(root);
    show_pairs("Patterns", json_object_get(root, "patterns"), is_any);
    show_update(json_object_get(root, "update"));
    if (number(root, "reports_waiting") > 0)
        print_line("Reports", _("%lld waiting for the server"), number(root, "reports_waiting"));
    show_on_write(json_object_get(root, "on_write"));
    show_detections_of(root);
    show_certificate(root);
    show_refused(json_object_get(root, "refused"));
    if (*problem != '\0') {
        g_autofree char *shown = hl_tone(stdout, HL_TONE_BAD, problem);

        print_line("Problem", "%s", shown);
    }
}

/* ------------------------------------------------------------------------------------------------------ the history */

static void show_history(const json_t *root)
{
    static const char *const command_heads[] = { N_("RECEIVED"), N_("COMMAND"), N_("KIND"),
                                                 N_("STATE"),    N_("DETAIL"),  NULL };
    static const char *const event_heads[] = { N_("TIME"), N_("EVENT"), N_("DETAIL"), NULL };
    g_autoptr(HlTable) commands = hl_table_new(command_heads);
    g_autoptr(HlTable) events = hl_table_new(event_heads);
    size_t index;
    json_t *row;

    hl_table_word(commands);
    hl_table_word(events);
    json_array_foreach(json_object_get(root, "commands"), index, row)
    {
        g_autofree char *detail = phrase(row, "detail");

        hl_table_add(commands, (const char *const[]){ hl_json_text(row, "received"), hl_json_text(row, "id"),
                                                      word(row, "kind"), word(row, "state"), detail, NULL });
    }
    json_array_foreach(json_object_get(root, "events"), index, row)
    {
        g_autofree char *detail = phrase(row, "detail");

        hl_table_add(events, (const char *const[]){ hl_json_text(row, "at"), word(row, "what"), detail, NULL });
    }
    hl_table_print(commands, stdout);
    printf("\n");
    hl_table_print(events, stdout);
}

static bool show(HlInvocation *call, void (*print)(const json_t *root), GError **error)
{
    const EpTool *tool = call->user;
    CallSpec spec = CALL(call->command->name);
    g_autoptr(json_t) root = NULL;

    spec.as_is = hl_cli_has(call, "json");
    if (!ep_tool_load(call, error) || !ep_call(&tool->conf, &spec, &root, NULL, error))
        return false;
    if (spec.as_is) {
        g_autofree char *line = hl_json_print(root);

        printf("%s\n", line);
    } else {
        print(root);
    }
    return true;
}

bool ep_cmd_status(HlInvocation *call, GError **error)
{
    return show(call, show_status, error);
}

bool ep_cmd_history(HlInvocation *call, GError **error)
{
    return show(call, show_history, error);
}

/* --------------------------------------------------------------------------------------------------- the detections */

static void show_last_scan(const json_t *last)
{
    EpTally tally;
    g_autofree char *english = NULL;
    g_autofree char *numbers = NULL;
    g_autofree char *detail = phrase(last, "detail");

    if (!json_is_object(last)) {
        fputs(_("No scan has ended on this machine yet.\n"), stdout);
        return;
    }
    ep_tally_parse(&tally, last);
    english = ep_tally_describe(&tally);
    numbers = hl_phrase_translate(english);
    hl_say(_("Last scan: %s, %s, %s%s%s: %s\n"), hl_json_text(last, "ended"), word(last, "how"), word(last, "end"),
           *detail != '\0' ? ", " : "", detail, numbers);
}

static void show_detections(const json_t *root)
{
    static const char *const heads[] = { N_("LAST FOUND"), N_("TIMES"),  N_("SIGNATURE"), N_("OWNER"),
                                         N_("HOW"),        N_("ACTION"), N_("PATH"),      NULL };
    g_autoptr(HlTable) table = hl_table_new(heads);
    size_t index;
    json_t *row;

    hl_table_word(table);
    show_last_scan(json_object_get(root, "last_scan"));
    json_array_foreach(json_object_get(root, "detections"), index, row)
    {
        g_autofree char *times = g_strdup_printf("%lld", number(row, "times"));

        hl_table_add(table,
                     (const char *const[]){ hl_json_text(row, "last_found"), times, hl_json_text(row, "signature"),
                                            hl_json_text(row, "owner"), word(row, "how"), word(row, "action"),
                                            hl_json_text(row, "path"), NULL });
    }
    if (index == 0)
        fputs(_("Nothing was found.\n"), stdout);
    else
        hl_table_print(table, stdout);
}

bool ep_cmd_detections(HlInvocation *call, GError **error)
{
    return show(call, show_detections, error);
}

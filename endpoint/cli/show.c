/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon reports, for people: status and history. */
#include <stdio.h>
#include <string.h>

#include "endpoint/cli/call.h"
#include "endpoint/cli/commands.h"
#include "endpoint/scan/tally.h"
#include "lib/base/table.h"
#include "lib/base/unconst.h"

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL ? value : "";
}

static void show_pairs(const char *label, const json_t *object, bool (*wanted)(const json_t *value))
{
    const char *name;
    json_t *value;
    int n = 0;

    printf("%-12s", label);
    json_object_foreach(hl_unconst(object), name, value)
    {
        if (!wanted(value))
            continue;
        if (json_is_integer(value))
            printf("%s%s %" JSON_INTEGER_FORMAT, n > 0 ? ", " : "", name, json_integer_value(value));
        else
            printf("%s%s", n > 0 ? ", " : "", name);
        n++;
    }
    printf("%s\n", n == 0 ? "none" : "");
}

static bool is_true(const json_t *value)
{
    return json_is_true(value);
}

static bool is_any(const json_t *value G_GNUC_UNUSED)
{
    return true;
}

#define MANY_FAILURES 10

static void show_line(const json_t *line)
{
    const char *state = text(line, "state");
    bool up = strcmp(state, "up") == 0;
    g_autofree char *shown = hl_tone(stdout, up ? HL_TONE_GOOD : HL_TONE_BAD, state);

    printf("%-12s%s", "Line", shown);
    if (up)
        printf(" to %s since %s\n", text(line, "broker"), text(line, "since"));
    else if (json_is_true(json_object_get(line, "ever_up")))
        printf(" since %s\n", text(line, "since"));
    else
        printf("; it has never reached its server\n");
    if (*text(line, "last_error") != '\0')
        printf("%-12s%s\n", "", text(line, "last_error"));
    if (!up && *text(line, "next_attempt") != '\0')
        printf("%-12snext attempt %s, after %" JSON_INTEGER_FORMAT " failed\n", "", text(line, "next_attempt"),
               json_integer_value(json_object_get(line, "failed_attempts")));
    /* the broker does not say why it closes a connection, so this is all that can be known here */
    if (!up && json_is_true(json_object_get(line, "ever_up")) &&
        json_integer_value(json_object_get(line, "failed_attempts")) >= MANY_FAILURES)
        printf("%-12sif other machines reach the server, the administrator may have revoked this one's certificate: "
               "then ask for a bundle that is made for it, and run 'enrol BUNDLE --replace'\n",
               "");
}

static void show_settings(const json_t *root)
{
    const json_t *settings = json_object_get(root, "settings");

    if (json_is_object(settings))
        printf("%-12sversion %" JSON_INTEGER_FORMAT " of group %s, applied %s by %s\n", "Settings",
               json_integer_value(json_object_get(settings, "version")), text(settings, "group"),
               text(settings, "applied"), text(settings, "path"));
    else
        printf("%-12snone applied yet\n", "Settings");
    if (json_is_true(json_object_get(root, "independent")))
        printf("%-12sindependent: accepts no settings or commands\n", "Mode");
    show_pairs("Privileges", json_object_get(root, "privileges"), is_true);
}

static void show_update(const json_t *update)
{
    if (json_is_true(json_object_get(update, "running")))
        printf("%-12srunning, %" JSON_INTEGER_FORMAT " %% %s\n", "Update",
               json_integer_value(json_object_get(update, "percent")), text(update, "what"));
    if (*text(update, "last_at") != '\0')
        printf("%-12s%s, %s: %s\n", "Last update", text(update, "last_at"), text(update, "last_trigger"),
               text(update, "last_detail"));
    if (json_is_true(json_object_get(update, "schedule_off_by_user")))
        printf("%-12s%s, turned off by the user\n", "Schedule", text(update, "schedule"));
    else if (*text(update, "next_scheduled") != '\0')
        printf("%-12s%s, next not before %s\n", "Schedule", text(update, "schedule"), text(update, "next_scheduled"));
}

static void show_refused(const json_t *refused)
{
    const json_t *kinds = json_object_get(refused, "kinds");
    size_t index;
    json_t *kind;

    json_array_foreach(kinds, index, kind) printf(
        "%-12s%" JSON_INTEGER_FORMAT " %s, %s: %s\n", index == 0 ? "Refused" : "",
        json_integer_value(json_object_get(kind, "count")), text(kind, "what"), text(kind, "code"), text(kind, "last"));
}

static void show_on_write(const json_t *on_write)
{
    const char *state = text(on_write, "state");
    bool watching = strcmp(state, "watching") == 0;
    g_autofree char *shown = hl_tone(stdout, watching ? HL_TONE_GOOD : HL_TONE_BAD, state);

    if (on_write == NULL || strcmp(state, "off") == 0)
        return;
    printf("%-12s%s%s%s\n", "On write", shown, *text(on_write, "why") != '\0' ? ": " : "", text(on_write, "why"));
    printf("%-12s%" JSON_INTEGER_FORMAT " files looked at, %" JSON_INTEGER_FORMAT " found, %" JSON_INTEGER_FORMAT
           " missed; %" JSON_INTEGER_FORMAT " a minute, %" JSON_INTEGER_FORMAT " waiting\n",
           "", json_integer_value(json_object_get(on_write, "looked_at")),
           json_integer_value(json_object_get(on_write, "found")),
           json_integer_value(json_object_get(on_write, "missed")),
           json_integer_value(json_object_get(on_write, "rate")),
           json_integer_value(json_object_get(on_write, "waiting")));
}

static void show_status(const json_t *root)
{
    json_int_t waiting = json_integer_value(json_object_get(root, "reports_waiting"));

    if (json_is_true(json_object_get(root, "enrolled"))) {
        printf("%-12s%s at %s\n", "Endpoint", text(root, "id"), text(root, "server"));
        show_line(json_object_get(root, "line"));
    } else {
        printf("%-12snot enrolled: run 'holdline-endpoint enrol BUNDLE'\n", "Endpoint");
    }
    show_settings(root);
    show_pairs("Patterns", json_object_get(root, "patterns"), is_any);
    show_update(json_object_get(root, "update"));
    if (waiting > 0)
        printf("%-12s%" JSON_INTEGER_FORMAT " waiting for the server\n", "Reports", waiting);
    show_on_write(json_object_get(root, "on_write"));
    if (json_integer_value(json_object_get(root, "detections")) > 0)
        printf("%-12s%" JSON_INTEGER_FORMAT " infected files were found: 'holdline-endpoint detections' lists them\n",
               "Detections", json_integer_value(json_object_get(root, "detections")));
    if (*text(root, "certificate_ends") != '\0')
        printf("%-12svalid until %s\n", "Certificate", text(root, "certificate_ends"));
    show_refused(json_object_get(root, "refused"));
    if (*text(root, "problem") != '\0') {
        g_autofree char *problem = hl_tone(stdout, HL_TONE_BAD, text(root, "problem"));

        printf("%-12s%s\n", "Problem", problem);
    }
}

static void show_history(const json_t *root)
{
    static const char *const command_heads[] = { "RECEIVED", "COMMAND", "KIND", "STATE", "DETAIL", NULL };
    static const char *const event_heads[] = { "TIME", "EVENT", "DETAIL", NULL };
    g_autoptr(HlTable) commands = hl_table_new(command_heads);
    g_autoptr(HlTable) events = hl_table_new(event_heads);
    size_t index;
    json_t *row;

    json_array_foreach(json_object_get(root, "commands"), index, row)
        hl_table_add(commands, (const char *const[]){ text(row, "received"), text(row, "id"), text(row, "kind"),
                                                      text(row, "state"), text(row, "detail"), NULL });
    json_array_foreach(json_object_get(root, "events"), index, row)
        hl_table_add(events, (const char *const[]){ text(row, "at"), text(row, "what"), text(row, "detail"), NULL });
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

static void show_last_scan(const json_t *last)
{
    EpTally tally;
    g_autofree char *numbers = NULL;

    if (!json_is_object(last)) {
        printf("No scan has ended on this machine yet.\n");
        return;
    }
    ep_tally_parse(&tally, last);
    numbers = ep_tally_describe(&tally);
    printf("Last scan: %s, %s, %s%s%s: %s\n", text(last, "ended"), text(last, "how"), text(last, "end"),
           *text(last, "detail") != '\0' ? ", " : "", text(last, "detail"), numbers);
}

static void show_detections(const json_t *root)
{
    static const char *const heads[] = { "LAST FOUND", "TIMES", "SIGNATURE", "OWNER", "HOW", "ACTION", "PATH", NULL };
    g_autoptr(HlTable) table = hl_table_new(heads);
    size_t index;
    json_t *row;

    show_last_scan(json_object_get(root, "last_scan"));
    json_array_foreach(json_object_get(root, "detections"), index, row)
    {
        g_autofree char *times =
            g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "times")));

        hl_table_add(table,
                     (const char *const[]){ text(row, "last_found"), times, text(row, "signature"), text(row, "owner"),
                                            text(row, "how"), text(row, "action"), text(row, "path"), NULL });
    }
    if (index == 0)
        printf("Nothing was found.\n");
    else
        hl_table_print(table, stdout);
}

bool ep_cmd_detections(HlInvocation *call, GError **error)
{
    return show(call, show_detections, error);
}

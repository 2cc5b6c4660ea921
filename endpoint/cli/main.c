/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-endpoint: the user's side of the endpoint daemon. */
#include "endpoint/cli/commands.h"
#include "lib/base/i18n.h"
#include "proto/copied.h"
#include "proto/phrase.h"

static const char *const global_flags[] = { "c", "state", "socket", NULL };
static const char *const json_flags[] = { "json", NULL };
static const char *const scan_flags[] = { "json", "progress", NULL };
static const char *const upgrade_flags[] = { "retry", NULL };
static const char *const enrol_flags[] = { "replace", NULL };

static const HlFlag flags[] = {
    { "c", "FILE", N_("Configuration of the endpoint, instead of /etc/holdline/endpoint.conf") },
    { "state", "DIR", N_("State directory, instead of the configuration's") },
    { "socket", "PATH", N_("Control socket, instead of the configuration's") },
    { "json", NULL, N_("Print the document for scripts") },
    { "progress", NULL, N_("Show how far it is, also where standard error is no terminal") },
    { "retry", NULL, N_("Also a version that has failed on this machine") },
    { "replace", NULL, N_("This machine was enrolled before: give up that identity") },
};

static const HlCommand commands[] = {
    { "enrol", "BUNDLE [--replace]", N_("Make this machine an endpoint of the bundle's server"), ep_cmd_enrol, 1, 1,
      enrol_flags },
    { "status", "[--json]", N_("Show enrolment, line, settings, privileges and patterns"), ep_cmd_status, 0, 0,
      json_flags },
    { "doctor", "[--json]", N_("Look at everything that this machine needs, and say what is wrong and what to do"),
      ep_cmd_doctor, 0, 0, json_flags },
    { "update-now", "", N_("Update the patterns"), ep_cmd_update_now, 0, 0, NULL },
    { "scan", "PATH... [--json] [--progress]", N_("Scan files and directories; exit status 1 if something was found"),
      ep_cmd_scan, 1, HL_ARGS_ANY, scan_flags },
    { "detections", "[--json]", N_("Show what scans found on this machine, and the last scan"), ep_cmd_detections, 0, 0,
      json_flags },
    { "quarantine list", "[--json]", N_("Show the infected files that scans have put away (root only)"),
      ep_cmd_quarantine_list, 0, 0, json_flags },
    { "quarantine restore", "ID", N_("Put one back, and take its content for clean from now on (root only)"),
      ep_cmd_quarantine_restore, 1, 1, NULL },
    { "quarantine delete", "ID", N_("Delete one for good (root only)"), ep_cmd_quarantine_delete, 1, 1, NULL },
    { "schedule", "on|off", N_("Turn the scheduled update on or off"), ep_cmd_simple, 1, 1, NULL },
    { "skip-scan", "", N_("Stop the running scheduled scan, or skip the next one"), ep_cmd_simple, 0, 0, NULL },
    { "stop", "", N_("Stop the endpoint daemon"), ep_cmd_simple, 0, 0, NULL },
    { "leave", "", N_("End the enrolment: tell the server, delete certificate and key (root only)"), ep_cmd_simple, 0,
      0, NULL },
    { "rollback", "", N_("Go back to the pattern set before the active one (root only)"), ep_cmd_rollback, 0, 0, NULL },
    { "upgrade", "[--retry]", N_("Update, and install another version of the program if one is offered (root only)"),
      ep_cmd_upgrade, 0, 0, upgrade_flags },
    { "history", "[--json]", N_("Show the last commands and updates"), ep_cmd_history, 0, 0, json_flags },
};

int main(int argc, char **argv)
{
    static const HlProgram program = {
        .name = "holdline-endpoint",
        .copied = &hl_copied,
        .summary = N_("Shows and controls this machine's Holdline endpoint"),
        .commands = commands,
        .n_commands = G_N_ELEMENTS(commands),
        .flags = flags,
        .n_flags = G_N_ELEMENTS(flags),
        .global_flags = global_flags,
        .say = hl_phrase_error,
    };
    EpTool tool = { 0 };
    int status;

    hl_i18n_init();
    status = hl_cli_main(&program, argc, argv, &tool);
    ep_conf_clear(&tool.conf);
    return status != 0 ? status : tool.status;
}

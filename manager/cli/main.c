/* SPDX-License-Identifier: Apache-2.0 */
/* holdline: the administrator's command line.  One row per command. */
#include "lib/base/i18n.h"
#include "lib/base/value_fault.h"
#include "manager/cli/commands.h"
#include "manager/cli/suggest.h"
#include "manager/core/refusal.h"
#include "manager/filter/fault.h"
#include "proto/copied.h"
#include "proto/fault.h"

static const HlFlag flags[] = {
    { "config", "FILE", N_("Client configuration (default: see FILES in 'man holdline')") },
    { "json", NULL, N_("Print the result as JSON") },
    { "host", "NAME", N_("Host name or IP address of the server as endpoints reach it; give two or more") },
    { "broker", "ADDRESS", N_("host:port of the broker as endpoints reach it; give two or more") },
    { "url", "URL", N_("https://host:port of the HTTPS front as endpoints reach it; give two or more") },
    { "broker-port", "PORT", N_("Port of the broker (default 8883)") },
    { "http-port", "PORT", N_("Port of the HTTPS front (default 8843)") },
    { "listen", "ADDRESS",
      N_("Address to listen on (default 0.0.0.0); of a console address:port (default 127.0.0.1:8844)") },
    { "admin", "NAME", N_("Name of the first administrator (default admin)") },
    { "no-repo", NULL,
      N_("Make no pattern repository: the keys are kept elsewhere, or the server copies another one") },
    { "version", "N", N_("Fail if the group is no longer at this version") },
    { "repo", "DIR", N_("The repository to sign in, instead of the server's") },
    { "force", NULL,
      N_("Publish content even with less than half of the signatures that are in force; replace the server's "
         "certificate "
         "even by one that does not cover every place where endpoints are told to find it, and tell them such a place; "
         "finish a rollover without the endpoints that are left, which have to enrol again") },
    { "outdated", NULL, N_("Only endpoints whose patterns are older than the server's") },
    { "ended", NULL, N_("Only endpoints whose certificate has ended, and until when they come back by themselves") },
    { "came-back", NULL, N_("Only endpoints that were given another certificate after theirs had ended") },
    { "since", "DURATION", N_("Only what was reported within this time") },
    { "open", NULL, N_("Only what nobody has acknowledged, of endpoints that are there") },
    { "of", "SELECTOR", N_("All open detections of these endpoints") },
    { "note", "TEXT", N_("Why, or what for; kept with it") },
    { "where", "CONDITION,...", N_("Only endpoints that fulfil these, as in 'offline,host~pc-*,last-seen>30d'") },
    { "sort", "COLUMN,...", N_("In the order of these columns; -COLUMN: the largest first") },
    { "columns", "COLUMN,...", N_("These columns alone: by heading, or by name of a member as in JSON") },
    { "rows", "N", N_("The same as --limit") },
    { "o", "FORM", N_("table, wide (every column), json or csv") },
    { "days", "N", N_("Number of days, up to today (default 30, at most 92)") },
    { "watch", NULL, N_("Keep showing it as it changes") },
    { "wait", NULL, N_("Wait for every endpoint, with progress") },
    { "timeout", "DURATION", N_("Wait for at most so long (--wait), and say what became of those that are not done") },
    { "expires", "DURATION", N_("Lifetime (default 4d for commands, 7d for bundles, 90d for tokens)") },
    { "paths", "PATH,...", N_("What to scan, instead of the paths of their settings") },
    { "window", "DURATION",
      N_("Endpoints begin at a random moment within this time (default: at once; an update-now or synchronize of many: "
         "as many need, at most command.update-window)") },
    { "rollout", NULL, N_("Give the settings to a few endpoints first, and to more only while those apply them") },
    { "ring", "PERCENT,...", N_("Of all endpoints, how many have it in each ring; default 1%,10%,100%") },
    { "rate", "N", N_("At most so many endpoints a minute") },
    { "min-success", "PERCENT", N_("Of those that answered; with fewer a roll-out halts (default 95)") },
    { "min-sample", "N", N_("With fewer answers nothing is concluded (default 5)") },
    { "component", "NAME", N_("Of the patterns, this one alone: virus, agent or rules") },
    { "program", NULL, N_("Upgrade the program to the version that the repository offers") },
    { "soak", "DURATION", N_("From a ring that passed to the next one (default 15m)") },
    { "silence", "DURATION",
      N_("An endpoint that has the command and no result after this counts as failed (default 1h)") },
    { "group", "GROUP",
      N_("Group that the endpoints will belong to; of an account: one that it is limited to, may be repeated") },
    { "all-groups", NULL, N_("The account is not limited to groups") },
    { "for", "ENDPOINT", N_("Endpoint that the bundle is made for: its record is kept, also on another machine") },
    { "role", "ROLE", N_("auditor, operator, administrator or owner (default of admin create: administrator)") },
    { "csr", "FILE", N_("Certificate request, as account request makes it") },
    { "password", NULL, N_("Ask for the password with which the person signs in to the console") },
    { "password-file", "FILE", N_("The first line of this file is the password (-: of the standard input)") },
    { "account", "NAME", N_("Only what this account did") },
    { "call", "CALL", N_("Only this call, as 'group set'") },
    { "limit", "N", N_("At most so many rows (default of audit list: 100, of notification outbox: 50)") },
    { "secret-file", "FILE", N_("The first line of this file is the webhook's secret (-: of the standard input)") },
    { "new-secret", NULL, N_("Make another secret for the webhook, and show it once") },
    { "head", "ROW:HASH", N_("A row whose hash is known from elsewhere") },
    { "uses", "N", N_("How many endpoints may enrol with it (default 1)") },
    { "output", "FILE", N_("Where to write") },
    { "site", "DIR",
      N_("The server's directory (default: that of the client configuration, /var/lib/holdline-server)") },
    { "replace", NULL,
      N_("Put it in place of what is there: a site is moved into a directory beside it, certificates are revoked") },
    { "journal", "FILE", N_("A journal that is newer than the backup (default: that of the site)") },
    { "previous", "DIR",
      N_("The site as it was last, on another disk: its journal, and the keys that endpoints know, are taken") },
    { "keys-of-backup", NULL, N_("Leave the backup's keys, also if endpoints know others since") },
};

static const char *const global_flags[] = { "config", "json", NULL };
static const char *const init_flags[] = { "host", "broker-port", "http-port", "listen", "admin", "no-repo", NULL };
static const char *const site_flags[] = { "site", NULL };
static const char *const restore_flags[] = { "site", "replace", "journal", "previous", "keys-of-backup", NULL };
static const char *const set_flags[] = { "version", NULL };
#define VIEW_FLAGS "sort", "columns", "limit", "rows", "o"
static const char *const view_flags[] = { VIEW_FLAGS, NULL };
static const char *const list_flags[] = { "where", "outdated", "ended", "came-back", VIEW_FLAGS, NULL };
static const char *const status_flags[] = { "where", "watch", VIEW_FLAGS, NULL };
static const char *const trend_flags[] = { "days", VIEW_FLAGS, NULL };
static const char *const issue_flags[] = { "wait", "timeout", "expires", "window", NULL };
static const char *const scan_flags[] = { "paths", "wait", "timeout", "expires", "window", NULL };
static const char *const quarantine_flags[] = { "wait", "timeout", "expires", NULL };
static const char *const rollout_flags[] = { "ring",    "rate",    "min-success", "min-sample", "soak",
                                             "silence", "program", "component",   NULL };
static const char *const group_set_flags[] = { "version",    "rollout", "ring",    "rate", "min-success",
                                               "min-sample", "soak",    "silence", NULL };
static const char *const detection_flags[] = { "since", "open", VIEW_FLAGS, NULL };
static const char *const acknowledge_flags[] = { "of", "note", NULL };
static const char *const bundle_flags[] = { "group", "for", "uses", "expires", "output", NULL };
static const char *const client_flags[] = { "output", NULL };
static const char *const console_flags[] = { "listen", "output", NULL };
static const char *const admin_flags[] = { "role", "group", "output", NULL };
static const char *const account_flags[] = { "role", "group", "all-groups", "note", NULL };
static const char *const account_create_flags[] = { "role", "group", "note", "password", "password-file", NULL };
static const char *const password_flags[] = { "password-file", NULL };
static const char *const token_flags[] = { "role", "group", "expires", NULL };
static const char *const request_flags[] = { "output", "-config", NULL };
static const char *const notification_flags[] = { "secret-file", "new-secret", NULL };
static const char *const outbox_flags[] = { "limit", VIEW_FLAGS, NULL };
static const char *const audit_flags[] = { "account", "call", "since", VIEW_FLAGS, NULL };
static const char *const verify_flags[] = { "site", "head", NULL };
static const char *const server_certificate_flags[] = { "host", "force", NULL };
static const char *const rollover_finish_flags[] = { "force", NULL };
static const char *const server_set_flags[] = { "broker", "url", "force", NULL };
static const char *const certificate_flags[] = { "csr", "output", "replace", "site", NULL };

/* the arguments are the updater's */
static const char *const publish_flags[] = { "repo", "force", "-json", NULL };
static const char *const pattern_flags[] = { "repo", "-json", NULL };

static const HlCommand commands[] = {
    { "init", "DIR [--host NAME]...",
      N_("Create a server's directory: keys, certificates, registry, pattern repository"), cmd_init, 1, 1, init_flags },
    { "backup", "DIR [--site SITE]",
      N_("Copy a site into a new directory, while its manager runs, and verify the copy"), cmd_backup, 1, 1,
      site_flags },
    { "restore", "DIR [--site SITE] [--replace]", N_("Put a backup back into a site on which no manager runs"),
      cmd_restore, 1, 1, restore_flags },
    { "check", "[DIR | --site SITE]", N_("Check a site or a backup: registry, journal, keys, modes"), cmd_check, 0, 1,
      site_flags },
    { "doctor", "[--site DIR]",
      N_("Look at everything that the server needs, and say what is wrong and what to do; changes nothing"), cmd_doctor,
      0, 0, site_flags },
    { "status", "[SELECTOR] [--where C,...] [--watch]", N_("Show who is online"), cmd_status, 0, 1, status_flags },
    { "trend", "[--days N]", N_("Show daily counts of endpoints"), cmd_trend, 0, 0, trend_flags },
    { "group create", "GROUP [KEY=VALUE...]", N_("Create a group"), cmd_group_create, 1, HL_ARGS_ANY, NULL },
    { "group list", "", N_("List the groups"), cmd_group_list, 0, 0, view_flags },
    { "group show", "GROUP", N_("Show a group's settings, and who does not have them yet"), cmd_group_show, 1, 1,
      NULL },
    { "group set", "GROUP KEY=VALUE... [--rollout [--ring 1%,10%,100%] [--rate N/min] [--min-success 95%] [--soak D]]",
      N_("Change a group's settings, or its display-name=NAME"), cmd_group_set, 2, HL_ARGS_ANY, group_set_flags },
    { "group unset", "GROUP KEY...", N_("Give settings of a group back the values of a new group"), cmd_group_unset, 2,
      HL_ARGS_ANY, set_flags },
    { "group rename", "GROUP NAME", N_("Call a group by a name in any script; its id stays; '': no name"),
      cmd_group_rename, 2, 2, NULL },
    { "group history", "GROUP", N_("List the versions of a group's settings that are kept, the newest first"),
      cmd_group_history, 1, 1, view_flags },
    { "group diff", "GROUP [VERSION [VERSION]]", N_("Show what changed, in the last version or between two"),
      cmd_group_diff, 1, 3, NULL },
    { "group restore", "GROUP VERSION", N_("Save the settings of an earlier version as a new one"), cmd_group_restore,
      2, 2, set_flags },
    { "group delete", "GROUP", N_("Delete an empty group"), cmd_group_delete, 1, 1, NULL },
    { "notification list", "", N_("List who is notified of what"), cmd_notification_list, 0, 0, view_flags },
    { "notification show", "NAME", N_("Show a notification, and what its destination said last"), cmd_notification_show,
      1, 1, NULL },
    { "notification set", "NAME KEY=VALUE... [--secret-file FILE | --new-secret]",
      N_("Make or change a notification: what is told, to whom, how often"), cmd_notification_set, 1, HL_ARGS_ANY,
      notification_flags },
    { "notification delete", "NAME", N_("Delete a notification"), cmd_notification_delete, 1, 1, NULL },
    { "notification test", "NAME", N_("Send a message now, and show what the destination answers"),
      cmd_notification_test, 1, 1, NULL },
    { "notification outbox", "[NAME] [--limit N]", N_("Show what waits, was sent and was given up"),
      cmd_notification_outbox, 0, 1, outbox_flags },
    { "notification kinds", "", N_("List what can be told, and every option"), cmd_notification_kinds, 0, 0, NULL },
    { "settings", "", N_("List every setting with its default and allowed values"), cmd_settings, 0, 0, NULL },
    { "endpoint list", "[SELECTOR] [--where C,...] [--outdated | --ended | --came-back]", N_("List endpoints"),
      cmd_endpoint_list, 0, 1, list_flags },
    { "endpoint show", "ENDPOINT", N_("Show one endpoint"), cmd_endpoint_show, 1, 1, NULL },
    { "endpoint history", "ENDPOINT", N_("Show what happened to an endpoint"), cmd_endpoint_history, 1, 1, view_flags },
    { "endpoint explain", "ENDPOINT", N_("Explain why an endpoint is shown as it is, with times"), cmd_endpoint_explain,
      1, 1, NULL },
    { "endpoint clone keep", "ENDPOINT", N_("Declare the machine that now holds the line the genuine one"),
      cmd_endpoint_clone, 1, 1, NULL },
    { "endpoint clone split", "ENDPOINT", N_("Declare that the other machine now has an identity of its own"),
      cmd_endpoint_clone, 1, 1, NULL },
    { "verify", "SELECTOR", N_("Dial endpoints at their registered addresses now"), cmd_verify, 1, 1, NULL },
    { "endpoint move", "SELECTOR GROUP", N_("Move endpoints to another group"), cmd_endpoint_move, 2, 2, NULL },
    { "endpoint revoke", "ENDPOINT", N_("Revoke an endpoint's certificate; its record stays"), cmd_endpoint_revoke, 1,
      1, NULL },
    { "endpoint remove", "ENDPOINT", N_("Revoke an endpoint's certificate and forget the endpoint"),
      cmd_endpoint_remove, 1, 1, NULL },
    { "update-now", "SELECTOR [--wait [--timeout D]] [--expires D]", N_("Have endpoints update themselves"),
      cmd_update_now, 1, 1, issue_flags },
    { "rollback", "SELECTOR [--wait]", N_("Have endpoints go back one pattern set"), cmd_rollback, 1, 1, issue_flags },
    { "synchronize", "SELECTOR [--wait]",
      N_("Have endpoints take exactly the server's patterns, even older or withdrawn ones"), cmd_synchronize, 1, 1,
      issue_flags },
    { "scan", "SELECTOR [--paths P,...] [--wait] [--expires D]",
      N_("Have endpoints scan these paths, or else those of their settings"), cmd_scan, 1, 1, scan_flags },
    { "scan stop", "SELECTOR [--wait]", N_("Stop the scans of endpoints that were started by schedule or command"),
      cmd_scan_stop, 1, 1, issue_flags },
    { "quarantine list", "[SELECTOR]", N_("List what endpoints have in quarantine, the latest first"),
      cmd_quarantine_list, 0, 1, view_flags },
    { "quarantine restore", "SELECTOR WHAT... [--wait]",
      N_("Put files back to where they were, and take their content for clean from now on; WHAT is an id, sha256:HEX, "
         "signature:NAME, a path, or all"),
      cmd_quarantine_restore, 2, HL_ARGS_ANY, quarantine_flags },
    { "quarantine delete", "SELECTOR WHAT... [--wait]", N_("Delete files from quarantine for good"),
      cmd_quarantine_delete, 2, HL_ARGS_ANY, quarantine_flags },
    { "command list", "", N_("List commands"), cmd_command_list, 0, 0, view_flags },
    { "command show", "COMMAND", N_("Show a command, endpoint by endpoint"), cmd_command_show, 1, 1, NULL },
    { "command cancel", "COMMAND", N_("Cancel a command wherever it has not started"), cmd_command_cancel, 1, 1, NULL },
    { "rollout start",
      "SELECTOR [--program | --component C] [--ring 1%,10%,100%] [--rate N/min] [--min-success 95%] [--soak D]",
      N_("Have endpoints update themselves, a few first, and more only while those succeed"), cmd_rollout_start, 1, 1,
      rollout_flags },
    { "rollout list", "", N_("List roll-outs, the latest first"), cmd_rollout_list, 0, 0, view_flags },
    { "rollout show", "ROLLOUT", N_("Show a roll-out, and who did not succeed"), cmd_rollout_show, 1, 1, NULL },
    { "rollout pause", "ROLLOUT", N_("Issue nothing more of a roll-out, until it is resumed"), cmd_rollout_say, 1, 1,
      NULL },
    { "rollout resume", "ROLLOUT", N_("Go on with a roll-out; one that halted goes on in spite of its failures"),
      cmd_rollout_say, 1, 1, NULL },
    { "rollout abort", "ROLLOUT", N_("End a roll-out, and cancel what has not begun"), cmd_rollout_say, 1, 1, NULL },
    { "rollout retry", "ROLLOUT", N_("Issue it again to those that failed, were silent or left"), cmd_rollout_say, 1, 1,
      NULL },
    { "rollout rollback", "ROLLOUT",
      N_("End a roll-out, and have those that it reached go back: one pattern set, or to the group's settings"),
      cmd_rollout_rollback, 1, 1, NULL },
    { "detection list", "[SELECTOR] [--since D] [--open]", N_("List what scans found, the latest first"),
      cmd_detection_list, 0, 1, detection_flags },
    { "detection show", "DETECTION", N_("Show one detection"), cmd_detection_show, 1, 1, NULL },
    { "detection acknowledge", "DETECTION... | --of SELECTOR [--note TEXT]",
      N_("Say that a detection has been dealt with; found again, it is open again"), cmd_detection_acknowledge, 0,
      HL_ARGS_ANY, acknowledge_flags },
    { "pattern list", "", N_("Show the server's patterns: version, age, size, who has them"), cmd_pattern_list, 0, 0,
      view_flags },
    { "pattern sync", "", N_("Have the server copy its public source now"), cmd_pattern_sync, 0, 0, NULL },
    { "pattern publish", "COMPONENT FILE... [--repo DIR]",
      N_("Sign and publish new content; runs where the repository is"), cmd_pattern_publish, 2, HL_ARGS_ANY,
      publish_flags },
    { "pattern withdraw", "COMPONENT [--repo DIR]", N_("Publish the previous content again, under a higher version"),
      cmd_pattern_withdraw, 1, 1, pattern_flags },
    { "bundle create", "--group G | --for ENDPOINT [--uses N] [--expires D]", N_("Write the file with which PCs enrol"),
      cmd_bundle_create, 0, 0, bundle_flags },
    { "bundle list", "", N_("List bundles"), cmd_bundle_list, 0, 0, view_flags },
    { "bundle withdraw", "BUNDLE", N_("Withdraw a bundle, so that it can no longer be used"), cmd_bundle_withdraw, 1, 1,
      NULL },
    { "monitor create", "NAME [--output DIR]", N_("Create a certificate that may read the status topics"),
      cmd_client_create, 1, 1, client_flags },
    { "monitor list", "", N_("List the certificates of monitors, and when they end"), cmd_client_list, 0, 0,
      view_flags },
    { "monitor renew", "NAME",
      N_("Give a monitor a new key and certificate; runs where its key is, with its own holdline.conf"),
      cmd_monitor_renew, 1, 1, NULL },
    { "monitor revoke", "NAME", N_("Revoke a monitor's certificate"), cmd_client_revoke, 1, 1, NULL },
    { "console create", "NAME [--listen ADDRESS:PORT] [--output DIR]",
      N_("Create the certificate and configuration of a console: web pages and REST interface, on any machine"),
      cmd_client_create, 1, 1, console_flags },
    { "console list", "", N_("List the certificates of consoles, and when they end"), cmd_client_list, 0, 0,
      view_flags },
    { "console revoke", "NAME", N_("Revoke a console's certificate"), cmd_client_revoke, 1, 1, NULL },
    { "account create", "NAME --role ROLE [--group G]... [--note TEXT] [--password]",
      N_("Create an account, which says what a person may do"), cmd_account_change, 1, 1, account_create_flags },
    { "account list", "", N_("List the accounts, and when their certificates end"), cmd_account_list, 0, 0,
      view_flags },
    { "account show", "NAME", N_("Show an account and its certificates"), cmd_account_show, 1, 1, NULL },
    { "account set", "NAME [--role ROLE] [--group G]... [--all-groups] [--note TEXT]",
      N_("Change what an account may do"), cmd_account_change, 1, 1, account_flags },
    { "account disable", "NAME", N_("Deny an account everything, until it is enabled again"), cmd_account_end, 1, 1,
      NULL },
    { "account enable", "NAME", N_("Enable an account again"), cmd_account_end, 1, 1, NULL },
    { "account delete", "NAME", N_("Delete an account and revoke its certificates"), cmd_account_end, 1, 1, NULL },
    { "account password", "[NAME] [--password-file FILE]",
      N_("Set the password with which an account signs in to the console"), cmd_account_password, 0, 1,
      password_flags },
    { "account request", "NAME [--output DIR]", N_("Make a key and a certificate request, on the person's own machine"),
      cmd_account_request, 1, 1, request_flags },
    { "account certificate", "NAME --csr FILE | --site DIR [--output DIR] [--replace]",
      N_("Have the server sign a certificate request; --replace revokes the account's earlier certificates; --site: on "
         "the server, when nobody can ask it any more"),
      cmd_account_certificate, 1, 1, certificate_flags },
    { "code create", "", N_("Make a key for one-time codes, which you confirm with a code of your app"),
      cmd_code_create, 0, 0, NULL },
    { "code confirm", "CODE", N_("From now on the console asks you for one-time codes too"), cmd_code_confirm, 1, 1,
      NULL },
    { "code delete", "NAME", N_("An account signs in without one-time codes again"), cmd_code_delete, 1, 1, NULL },
    { "session list", "", N_("List who is signed in to a console: you, or, for an owner, everybody"), cmd_session_list,
      0, 0, view_flags },
    { "session end", "SESSION", N_("End a session of the console"), cmd_pass_end, 1, 1, NULL },
    { "token create", "NAME [--role ROLE] [--group G]... [--expires D]",
      N_("Create a token for a script that uses the console's REST interface in your name"), cmd_token_create, 1, 1,
      token_flags },
    { "token list", "", N_("List your tokens, or, for an owner, all"), cmd_token_list, 0, 0, view_flags },
    { "token delete", "TOKEN", N_("Delete a token, by its id"), cmd_pass_end, 1, 1, NULL },
    { "glossary", "[WORD | COLUMN]",
      N_("Say what a word in the lists means, or all the words of a column; needs no server"), cmd_glossary, 0, 1,
      NULL },
    { "server show", "", N_("Show where endpoints are told to find the server, and its certificate"), cmd_server_show,
      0, 0, NULL },
    { "server certificate", "--host NAME... [--force]",
      N_("Give the server a certificate for these names and addresses, and no others"), cmd_server_certificate, 0, 0,
      server_certificate_flags },
    { "server set", "[--broker ADDRESS]... [--url URL]... [--force]",
      N_("Tell endpoints where the server is from now on; what is not given stays"), cmd_server_set, 0, 0,
      server_set_flags },
    { "broker list", "", N_("List the manager's brokers, and how many endpoints are at each"), cmd_broker_list, 0, 0,
      view_flags },
    { "broker drain", "BROKER", N_("Have the endpoints of one of several brokers go to the others, and keep it down"),
      cmd_broker_drain, 1, 1, NULL },
    { "broker undrain", "BROKER", N_("Use that one again"), cmd_broker_drain, 1, 1, NULL },
    { "server rollover start", "[sealing-key | ca]",
      N_("Announce a new sealing key, or a new certificate authority, beside the one that counts"), cmd_server_rollover,
      0, 1, NULL },
    { "server rollover status", "[sealing-key | ca]",
      N_("Show which sealing keys and authorities count, and who does not have the new one yet"), cmd_server_rollover,
      0, 1, NULL },
    { "server rollover finish", "[sealing-key | ca] [--force]",
      N_("Let the old sealing key or authority go; happens by itself when all have the new one"), cmd_server_rollover,
      0, 1, rollover_finish_flags },
    { "server rollover cancel", "[sealing-key | ca]", N_("Withdraw a new sealing key or authority before it is used"),
      cmd_server_rollover, 0, 1, NULL },
    { "audit list", "[--account NAME] [--call CALL] [--since D] [--limit N]",
      N_("List changes and refusals, the latest first"), cmd_audit_list, 0, 0, audit_flags },
    { "audit export", "--output FILE", N_("Write the whole audit log as lines of JSON"), cmd_audit_export, 0, 0,
      client_flags },
    { "audit verify", "[FILE | --site DIR] [--head ROW:HASH]",
      N_("Check the chain of the server's audit log, of an export or of a site; names the first broken row"),
      cmd_audit_verify, 0, 1, verify_flags },
    { "admin create", "NAME [--role ROLE] [--group G]... [--output DIR]",
      N_("Create an account and its certificate at once, for this machine"), cmd_client_create, 1, 1, admin_flags },
    { "admin list", "", N_("List the certificates of accounts, and when they end"), cmd_client_list, 0, 0, view_flags },
    { "admin revoke", "NAME", N_("The same as account delete"), cmd_client_revoke, 1, 1, NULL },
};

static char *say(const GError *error)
{
    static const HlFaultTable *const tables[] = { &mgr_refusals, &hl_value_faults, &hl_proto_faults, NULL };
    char *refused = hl_fault_word(tables, error, hl_tr);

    return refused != NULL ? refused : mgr_fault_say(error, hl_tr);
}

static const HlProgram program = {
    .name = "holdline",
    .copied = &hl_copied,
    .summary = N_("Manages the endpoints of a site; SELECTOR is a name, @GROUP, all, or conditions as in "
                  "'outdated,host~pc-*'"),
    .commands = commands,
    .n_commands = G_N_ELEMENTS(commands),
    .flags = flags,
    .n_flags = G_N_ELEMENTS(flags),
    .global_flags = global_flags,
    .suggest = cli_suggest,
    .say = say,
};

int main(int argc, char **argv)
{
    hl_i18n_init();
    return hl_cli_main(&program, argc, argv, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of holdline; their rows are in main.c. */
#ifndef MANAGER_CLI_COMMANDS_H
#define MANAGER_CLI_COMMANDS_H

#include "lib/base/cli.h"
#include "lib/base/json.h"

bool cmd_init(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_backup(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_restore(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_doctor(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_check(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_group_create(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_set(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_delete(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_kinds(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_outbox(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_set(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_notification_test(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_unset(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_rename(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_history(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_diff(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_restore(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_group_delete(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_settings(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_endpoint_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_history(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_explain(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_clone(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_verify(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_move(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_revoke(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_endpoint_remove(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_status(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_trend(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_update_now(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_scan(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_quarantine_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_quarantine_restore(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_quarantine_delete(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_scan_stop(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollback(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_synchronize(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_command_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_command_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_command_cancel(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* group set --rollout; without that, whether no option of it is given. */
bool cmd_rollout_settings(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_check_flags(const HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_start(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_say(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_rollout_rollback(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_detection_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_detection_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_detection_acknowledge(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_pattern_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_pattern_publish(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_pattern_sync(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_pattern_withdraw(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cmd_broker_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_broker_drain(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_bundle_create(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_bundle_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_bundle_withdraw(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_client_create(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_client_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_client_revoke(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_monitor_renew(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_audit_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_audit_export(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_audit_verify(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_change(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_end(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_password(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_session_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_token_create(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_token_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_code_create(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_code_confirm(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_code_delete(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_pass_end(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --site; or the site that the administrator's configuration lies in (SITE/admins/NAME/holdline.conf); or where the
 * package keeps it.  Caller frees. */
char *cli_find_site(const HlInvocation *call);

/* Whether its manager is the installed one, which systemd starts. */
bool cli_site_has_unit(const char *dir);

/* Reads a password (--password-file, or asks) and has the server keep it; name NULL: of the caller's own account.
 * Returns what that ended, as the server says; caller owns it. */
json_t *cli_set_password(HlInvocation *call, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_request(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_account_certificate(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_glossary(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_server_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_server_set(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_server_rollover(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the command starts, shows or cancels a rollover.  For those `holdline` does not ask for a certificate of the
 * new authority first: none is announced yet, or with one given it could no longer be cancelled. */
bool cmd_server_is_before_rollover(const HlInvocation *call);

bool cmd_server_certificate(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool cmd_site_certificate(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

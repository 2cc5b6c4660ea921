/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the publisher; their rows are in updater/main.c. */
#ifndef UPDATER_PUBLISHER_COMMANDS_H
#define UPDATER_PUBLISHER_COMMANDS_H

#include "lib/base/cli.h"

bool upd_cmd_repo_init(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_key_new(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_key_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_role_add(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_role_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_root_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_root_sign(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_root_accept(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_root_rotate(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_add(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_import(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_remove(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_withdraw(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_publish(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_resign(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_versions(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_check(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_repair(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_repo_gc(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What they take, NULL-terminated. */
extern const char *const upd_repo_init_flags[];
extern const char *const upd_repo_key_flags[];
extern const char *const upd_repo_signing_flags[];
extern const char *const upd_repo_root_show_flags[];
extern const char *const upd_repo_root_sign_flags[];
extern const char *const upd_repo_root_rotate_flags[];
extern const char *const upd_repo_add_flags[];
extern const char *const upd_repo_withdraw_flags[];
extern const char *const upd_repo_publish_flags[];
extern const char *const upd_repo_import_flags[];
extern const char *const upd_repo_versions_flags[];
extern const char *const upd_repo_repair_flags[];
extern const char *const upd_repo_gc_flags[];

#endif

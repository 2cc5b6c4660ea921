/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that an endpoint runs; their rows are in updater/main.c. */
#ifndef UPDATER_INSTALL_COMMANDS_H
#define UPDATER_INSTALL_COMMANDS_H

#include "lib/base/cli.h"

bool upd_cmd_update(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_rollback(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_show(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What they take, NULL-terminated. */
extern const char *const upd_update_flags[];
extern const char *const upd_rollback_flags[];
extern const char *const upd_show_flags[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the standalone client; their rows are in updater/main.c. */
#ifndef UPDATER_CLIENT_COMMANDS_H
#define UPDATER_CLIENT_COMMANDS_H

#include "lib/base/cli.h"

bool upd_cmd_client_init(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_client_refresh(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cmd_client_download(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What they take, NULL-terminated. */
extern const char *const upd_client_init_flags[];
extern const char *const upd_client_refresh_flags[];
extern const char *const upd_client_download_flags[];

#endif

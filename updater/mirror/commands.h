/* SPDX-License-Identifier: Apache-2.0 */
/* The command of the mirror; its row is in updater/main.c. */
#ifndef UPDATER_MIRROR_COMMANDS_H
#define UPDATER_MIRROR_COMMANDS_H

#include "lib/base/cli.h"

bool upd_cmd_mirror(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What it takes, NULL-terminated. */
extern const char *const upd_mirror_flags[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The console: its parts, wired; their order of start and stop, and the configuration.  Loop thread. */
#ifndef MANAGER_CONSOLE_CONSOLE_H
#define MANAGER_CONSOLE_CONSOLE_H

#include "lib/base/error.h"

typedef struct Console Console;

/* Reads the configuration, listens, and begins to connect.  NULL on failure. */
Console *con_console_new(const char *path, GError **error);
void con_console_free(Console *console);

/* Prints everything that is wrong with the configuration.  false: something is. */
bool con_console_check(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads configuration and certificates again.  On failure nothing changes. */
bool con_console_reload(Console *console, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, con_console_free)

#endif

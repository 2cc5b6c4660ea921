/* SPDX-License-Identifier: Apache-2.0 */
/* holdline status --watch: the screen is maintained from the status topics alone, as monitoring would do it.  In a file
 * or a pipe, and as JSON, it is one line per event. */
#ifndef MANAGER_CLI_WATCH_H
#define MANAGER_CLI_WATCH_H

#include "lib/base/cli.h"

/* selector: NULL: every endpoint.  Returns when somebody quits. */
bool cli_watch(HlInvocation *call, const char *selector, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

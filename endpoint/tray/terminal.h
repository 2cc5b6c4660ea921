/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a terminal of the desktop with the output of a program. */
#ifndef ENDPOINT_TRAY_TERMINAL_H
#define ENDPOINT_TRAY_TERMINAL_H

#include "lib/base/error.h"

/* argv ends with NULL.  The window stays until the user presses Enter, and when this program ends.  HL_ERROR_NOT_FOUND
 * when there is no terminal; the message says that typed does the same elsewhere. */
bool tr_terminal_open(const char *const *argv, const char *typed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

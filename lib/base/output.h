/* SPDX-License-Identifier: Apache-2.0 */
/* Whether anybody still reads standard output.  After "... | head -1" nobody does: where SIGPIPE is ignored, and while
 * nothing is printed, a program would go on for ever.  Of a pipe or a socket alone; a file takes what it gets. */
#ifndef LIB_BASE_OUTPUT_H
#define LIB_BASE_OUTPUT_H

#include <glib.h>
#include <stdbool.h>

bool hl_output_gone(void);

/* Wakes the context when it happens, so that a program that waits there asks.  For as long as the context lives. */
void hl_output_watch(GMainContext *context);

#endif

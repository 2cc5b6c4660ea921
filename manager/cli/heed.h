/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody types while this process waits, and may want to leave: what each wait of a client (client.h) - for its turn,
 * a connection, an answer - heeds.  One for the process, as its terminal is. */
#ifndef MANAGER_CLI_HEED_H
#define MANAGER_CLI_HEED_H

#include <glib.h>
#include <stdbool.h>

/* Asked when there is something to read from fd; true: the wait is given up.  fd -1: nobody is heeded any longer. */
typedef bool (*CliWantsOut)(gpointer user);
void cli_heed(int fd, CliWantsOut wants, gpointer user);

bool cli_heed_is_given_up(void);

/* The same for who waits for the server; false: it is given up. */
bool cli_heed_check(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends an iteration of the context when there is something to read, once; NULL: nobody is heeded.  To be destroyed and
 * unref'd. */
GSource *cli_heed_attach(GMainContext *context);

#endif

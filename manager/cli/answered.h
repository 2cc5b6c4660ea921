/* SPDX-License-Identifier: Apache-2.0 */
/* Which address of the client configuration answered last, for the calls that follow: a first one that hangs costs one
 * of them its time, and not all.
 *
 * Kept in a file of the user's cache directory, one for each configuration.  It changes the order of the addresses and
 * nothing else: what it says counts only if the configuration has that address too.  Where it cannot be kept, or the
 * directory could be somebody else's, nothing is kept, and nobody is told. */
#ifndef MANAGER_CLI_ANSWERED_H
#define MANAGER_CLI_ANSWERED_H

#include "manager/cli/config.h"

/* The addresses of the configuration, the one that answered last before the others.  Caller frees. */
char **cli_answered_order(const CliConfig *conf);

/* A manager was found there. */
void cli_answered_note(const CliConfig *conf, const char *broker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Completion of what only a site knows - endpoints, groups, commands - and of settings, conditions and columns.  Quick
 * or silent: a server that does not answer in two seconds offers nothing. */
#ifndef MANAGER_CLI_SUGGEST_H
#define MANAGER_CLI_SUGGEST_H

#include "lib/base/cli.h"

/* HlProgram.suggest of holdline. */
void cli_suggest(HlInvocation *call, const char *what, const char *typed, GPtrArray *found);

#endif

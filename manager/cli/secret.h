/* SPDX-License-Identifier: Apache-2.0 */
/* A password that a person chooses: from a file, or asked for on the terminal, twice and without showing it. */
#ifndef MANAGER_CLI_SECRET_H
#define MANAGER_CLI_SECRET_H

#include "lib/base/error.h"

/* The first line of the file ("-": of the standard input); path NULL: asks.  Wiped and freed with cli_secret_free; NULL
 * on failure. */
char *cli_secret_read(const char *path, const char *prompt, GError **error);
void cli_secret_free(char *secret);

#endif

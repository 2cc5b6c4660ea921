/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of a summary and what is wrong with the server, in lines for people. */
#ifndef MANAGER_CLI_SUMMARY_H
#define MANAGER_CLI_SUMMARY_H

#include "lib/base/json.h"

/* Each line ends with a line feed; coloured where standard output is a terminal.  Caller frees. */
char *cli_summary_text(const json_t *summary);

#endif

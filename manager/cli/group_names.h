/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that say to which groups somebody is limited, by their ids: what people call these is asked for besides. */
#ifndef MANAGER_CLI_GROUP_NAMES_H
#define MANAGER_CLI_GROUP_NAMES_H

#include "manager/cli/client.h"

/* cli_call; in the text that people read, each row of the member (NULL: the answer itself is one, and its "tokens"
 * are) that has "groups", or among its "options", has them for cli_format_limit as they are displayed.  Where the names
 * cannot be had, ids do. */
json_t *cli_call_with_groups(HlInvocation *call, const char *name, const char *const *arguments, const char *member,
                             GError **error);

/* A CliColumn's format: "総務部, lab"; "all" of one that is not limited. */
char *cli_format_limit(const json_t *value, const json_t *row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The client configuration: whose certificate it is, where its files are, and where the server is. */
#ifndef MANAGER_CLI_CONFIG_H
#define MANAGER_CLI_CONFIG_H

#include "lib/base/cli.h"

typedef enum { CLI_ROLE_ADMIN, CLI_ROLE_MONITOR } CliRole;

typedef struct {
    char *path;                          /* of the configuration */
    char *name, *ca, *certificate, *key; /* files as written: relative to the configuration */
    char **brokers;
    int role; /* CliRole */
} CliConfig;

/* --config, $HOLDLINE_CONFIG, ~/.config/holdline/holdline.conf, /etc/holdline/holdline.conf.  Zeroed before; complete,
 * as 'holdline admin create' writes it. */
bool cli_config_load(CliConfig *config, HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_config_clear(CliConfig *config);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliConfig, cli_config_clear)

/* The path of a file that it names.  Caller frees. */
char *cli_config_path(const CliConfig *config, const char *name);

#endif

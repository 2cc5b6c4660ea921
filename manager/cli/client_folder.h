/* SPDX-License-Identifier: Apache-2.0 */
/* The directory with the certificate, the key and the configuration of an administrator, a monitor or a console. */
#ifndef MANAGER_CLI_CLIENT_FOLDER_H
#define MANAGER_CLI_CLIENT_FOLDER_H

#include "lib/base/cli.h"
#include "lib/base/json.h"
#include "lib/pki/key.h"

typedef struct {
    const char *path, *name; /* borrowed */
    const char *role;        /* "admin", "monitor" or "console"; borrowed */
    bool keeps_conf;         /* one that is there stays, with what was set in it */
} CliFolder;

/* Before the server is asked for a new pair: EXISTS if a key is there that may be good, or a configuration of another
 * name; USAGE: --listen of a console is wrong, or would be without effect. */
bool cli_folder_check(HlInvocation *call, const CliFolder *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where no server is asked: EXISTS if a key is there whose certificate has not ended, by this machine's clock. */
bool cli_folder_check_key(const CliFolder *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* EXISTS: the configuration there is for another name. */
bool cli_folder_check_conf(const CliFolder *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool cli_folder_save_key(const CliFolder *folder, const HlKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the server's answer has, beside the key: nothing of it is secret. */
bool cli_folder_save(const HlInvocation *call, const CliFolder *folder, const json_t *answer,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern repository of a site, as the administrator's program sees it: holdline-updater makes and signs it. */
#ifndef MANAGER_CLI_REPOSITORY_H
#define MANAGER_CLI_REPOSITORY_H

#include "lib/base/error.h"

/* The updater beside this program, or else its name, to be looked up in PATH.  Caller frees. */
char *cli_updater_program(void);

typedef enum {
    CLI_REPOSITORY_NONE,
    CLI_REPOSITORY_THERE,     /* there was one already; left as it is */
    CLI_REPOSITORY_PLAIN,     /* made; its keys lie in the clear */
    CLI_REPOSITORY_ENCRYPTED, /* made; HOLDLINE_REPO_PASSPHRASE opens its keys */
} CliRepository;

/* Founds SITE/repo with every key on this machine.  It appears whole or not at all: a run that was killed leaves
 * nothing that stops the next one. */
bool cli_repository_found(const char *site, CliRepository *repository, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

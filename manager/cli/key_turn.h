/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is.  The broker knows a client by its certificate, and of two with the same one it drops the older.  So
 * the processes of an administrator take turns, with a lock on the key file. */
#ifndef MANAGER_CLI_KEY_TURN_H
#define MANAGER_CLI_KEY_TURN_H

#include "lib/base/clock.h"
#include "lib/base/error.h"

typedef struct {
    const char *key;            /* the file */
    const char *account, *conf; /* whose certificate it is, and the configuration that names it: for the error */
    HlTime patience;            /* how long it waits at most; 0: a minute */
    bool (*gives_up)(void);     /* asked meanwhile; NULL: it does not */
} CliKeyTurn;

/* The open and locked file, whose closing ends the turn; -1 on failure. */
int cli_key_turn(const CliKeyTurn *whose, GError **error);

#endif

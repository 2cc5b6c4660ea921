/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the client share: its line and calls (client.c), and its own certificate (client_renew.c). */
#ifndef MANAGER_CLI_CLIENT_PRIVATE_H
#define MANAGER_CLI_CLIENT_PRIVATE_H

#include "lib/bus/bus.h"
#include "lib/pki/pair.h"
#include "manager/cli/answer.h"
#include "manager/cli/client.h"
#include "manager/cli/config.h"
#include "proto/call.h"

struct CliClient {
    GMainContext *context;
    CliConfig conf;
    char *cert, *key;  /* paths of the pair in force */
    HlPair pair;       /* of both */
    HlBus *bus;        /* NULL while a lent line is with another process */
    HlCallSigner *own; /* with which it connects; NULL: it cannot be read */
    int turn;          /* the key file, locked; -1 while it is not this process's turn */
    bool lent, lost;
    bool taken_over;     /* by somebody else with this certificate */
    HlTime heard;        /* the last message */
    GHashTable *reasons; /* broker -> why the last attempt to reach it failed */
    HlTime begun, told;  /* to look for the manager; and when an address last got its first reason */
    bool moving_on;      /* to the next address: what the link that ends still says does not count */
    CliStatus on_status;
    gpointer status_user;

    const char *call; /* under way, with its arguments and its key */
    const char *const *arguments;
    char *once;
    guint breaks;
    HlTime deadline;     /* of the next part of its answer */
    HlTime until;        /* the caller's, of all of it; 0: none */
    GBytes *correlation; /* as it was asked last; NULL: not yet */
    CliAnswer answer;
    bool manager_online, unheard;
    char **authorities; /* ids that the manager says count, the one that issues first; NULL: it says nothing */
};

/* client.c: the line with the pair in force (""), or with its draft (HL_PAIR_DRAFT); and the end of this process's
 * turn. */
bool cli_client_connect(CliClient *client, const char *ending, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cli_client_end_turn(CliClient *client);

/* client_renew.c: with the certificate in force; where that has ended, with the one that was given last, if it was not
 * tried yet. */
bool cli_client_connect_first(CliClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* client_renew.c: in the last third of its life, and when another authority issues, the own certificate is renewed
 * before the call.  Whatever goes wrong with that, the call itself goes on with what there is; false: without a line
 * it cannot. */
bool cli_client_keep_valid(CliClient *client, bool is_rolling, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Monitors may not read whether a manager is connected. */
bool cli_client_is_monitor(const CliClient *client);

#endif

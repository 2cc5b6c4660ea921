/* SPDX-License-Identifier: Apache-2.0 */
/* A call as it goes over the wire.  Not who sends it, nor where (client.c). */
#ifndef MANAGER_CLI_REQUEST_H
#define MANAGER_CLI_REQUEST_H

#include "proto/call.h"

typedef struct {
    const char *name;
    const char *const *arguments; /* as cli_client_call takes them */
    const char *once;             /* the same for the same call, when it is asked again */
    const HlCallSigner *signer;   /* what it comes with; NULL: that cannot be read */
} CliRequest;

/* NULL: something in it breaks the rules of the wire. */
GBytes *cli_request_encode(const CliRequest *request, GError **error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the daemon on a connection of its own, on the loop: nothing here waits.  For a person at a terminal there
 * is endpoint/cli/call.h, which does. */
#ifndef ENDPOINT_TRAY_CALL_H
#define ENDPOINT_TRAY_CALL_H

#include "lib/base/json.h"

typedef struct TrCall TrCall;

typedef struct {
    const char *socket;           /* path of the control socket */
    const char *name;             /* of the call */
    const char *argument, *value; /* NULL: none */
    /* An answer, as it came (tr_reply_parse).  The call may be freed in here. */
    void (*answered)(GBytes *frame, gpointer user);
    /* The connection is gone, once; error is borrowed.  The call may be freed in here. */
    void (*lost)(const GError *error, gpointer user);
    gpointer user;
} TrCallOptions;

/* Connects and asks.  NULL on failure: HL_ERROR_UNAVAILABLE when the daemon does not run, or is busy. */
TrCall *tr_call_new(const TrCallOptions *options, GError **error);
void tr_call_free(TrCall *call); /* the daemon ends what it does for this caller only, and goes on with the rest */

typedef struct {
    bool more;      /* progress: more answers follow */
    char *message;  /* of the last one: printable, in the user's language; may be "" */
    json_t *result; /* NULL: none */
} TrReply;

/* A refusal is an error with its code and its reason, as the daemon says it.  reply must be zeroed. */
bool tr_reply_parse(TrReply *reply, GBytes *frame, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tr_reply_clear(TrReply *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrCall, tr_call_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrReply, tr_reply_clear)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the console that is under way: as it goes over the line, and what came of it so far.  Not when it is sent:
 * that is the line's.  Loop thread. */
#ifndef MANAGER_CONSOLE_ASKED_H
#define MANAGER_CONSOLE_ASKED_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "proto/call.h"
#include "proto/parts.h"
#include "proto/wire.h"

/* Each part of a long answer as it comes, borrowed. */
typedef void (*ConLinePart)(const json_t *part, gpointer user);

/* The end of a call: the answer (borrowed), or NULL and the error: the server's own, HL_ERROR_UNAVAILABLE (no line:
 * nothing was sent, or whether it was done is not known, as the message says), HL_ERROR_TIMEOUT. */
typedef void (*ConLineDone)(const json_t *answer, const GError *error, gpointer user);

typedef struct {
    const char *name;             /* of the call */
    const char *const *arguments; /* name, value, ..., NULL; pairs whose value is NULL are left out; NULL: none */
    const char *session;          /* of the person who asks, or a token of theirs; NULL: the console itself asks */
    const char *address;          /* of their browser */
    const char *once;             /* asked with this key a second time, it is answered as the first time; NULL: none */
    bool is_idle;                 /* a page asks by itself: the session counts as unused */
    bool may_repeat;              /* it reads, or has a key: asked twice it does no harm.  Not with part */
    ConLinePart part;             /* NULL: arrays of the same name are put together, and answered as one */
    ConLineDone done;
    gpointer user;
} ConLineAsk;

typedef struct {
    char *name;
    GBytes *payload; /* NULL: it cannot be sent */
    bool may_repeat; /* asked a second time, it does no harm */
    ConLinePart part;
    ConLineDone done;
    gpointer user;
    json_t *answer;
    gsize size; /* of what was put together */
    HlParts parts;
    bool waits;   /* for a manager, to be sent (again) */
    HlTime until; /* monotonic: so long it does at most; 0: it never had to */
    HlTime deadline;
    GError *error; /* known already; told in the next turn of the loop */
} ConAsked;

/* signer: of the certificate with which the line connects.  *error: it cannot be sent, payload is NULL. */
ConAsked *con_asked_new(const ConLineAsk *ask, const HlCallSigner *signer, GError **error);
void con_asked_free(gpointer asked);

/* What came so far does not count: it is asked again. */
void con_asked_begin_again(ConAsked *asked);

/* A part of the answer; false: the call has failed, by the server's word or because what it says cannot be taken. */
bool con_asked_take(ConAsked *asked, const HlMsgCallReply *reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* An answer to a call, or a part of one, as a message.  Pure. */
#ifndef MANAGER_DAEMON_CALLS_REPLY_H
#define MANAGER_DAEMON_CALLS_REPLY_H

#include "lib/base/json.h"

typedef enum {
    MGR_REPLY_WIRE, /* for who asked with a message of proto */
    MGR_REPLY_JSON, /* for tools that know nothing but JSON */
    MGR_REPLY_N,
} MgrReplyForm;

typedef struct {
    const char *code, *message;
    bool more;
    const json_t *document; /* may be NULL */
    gsize max;              /* bytes of the message, but for the warnings */
    bool is_to_ask_again;   /* the same call with its key is under way */
} MgrReply;

/* warnings: sentences, ends with NULL; NULL: none.  They are left out where they make it larger than it may be; the
 * answer goes before them.  Caller owns it; NULL: it is larger than it may be. */
GBytes *mgr_reply_encode(const MgrReply *reply, MgrReplyForm form, char **warnings);

#endif

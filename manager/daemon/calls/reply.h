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

/* Elements [from, to) of a list, each as JSON text (char *): who has a text has no use for a tree of it.  Borrowed. */
typedef struct {
    const char *name; /* NULL: there is none */
    const GPtrArray *texts;
    guint from, to;
} MgrReplyList;

typedef struct {
    const char *code, *message;
    bool more;
    const json_t *document; /* an object; may be NULL */
    MgrReplyList list;      /* goes into the document, as its last member */
    gsize max;              /* bytes of the message, but for the warnings */
    bool is_to_ask_again;   /* the same call with its key is under way */
    guint part;             /* of a list: 1, 2, ...; 0: not numbered */
    guint window;           /* MGR_REPLY_WINDOW; 0: who asks does not say what it has read */
} MgrReply;

/* Parts of a list that go out beyond those that were read, usually of 60,000 to 160,000 bytes: four such lists are what
 * the broker keeps for a client, and one is enough for a line of 100 ms to be filled. */
#define MGR_REPLY_WINDOW 96

/* warnings: sentences, ends with NULL; NULL: none.  They are left out where they make it larger than it may be; the
 * answer goes before them.  Caller owns it; NULL: it is larger than it may be. */
GBytes *mgr_reply_encode(const MgrReply *reply, MgrReplyForm form, char **warnings);

/* The document with its list, for who keeps it.  New reference. */
json_t *mgr_reply_document(const json_t *document, const MgrReplyList *list);

#endif

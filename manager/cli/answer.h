/* SPDX-License-Identifier: Apache-2.0 */
/* One call's answer, from the replies in which it comes.  Not how they come, nor which call they are of (client.c). */
#ifndef MANAGER_CLI_ANSWER_H
#define MANAGER_CLI_ANSWER_H

#include "lib/base/json_share.h"
#include "manager/cli/elements.h"
#include "proto/parts.h"

/* A progress reply; document is borrowed. */
typedef void (*CliProgress)(json_t *document, gpointer user);

typedef struct {
    bool as_is;            /* for programs or files, not for a terminal */
    bool warned;           /* once is enough */
    json_t *result;        /* of the parts so far, merged */
    HlJsonShare *share;    /* of the rows of its lists; NULL: none has come */
    CliElements *elements; /* what of it is kept as text, borrowed; NULL: nothing is */
    GError *error;         /* the server's own, or what is wrong with a reply */
    bool came, done;       /* a reply; the last one */
    bool again;            /* of an earlier call with the same key: the answer is not known yet */
    HlParts parts;         /* of a list */
    GBytes *tell;          /* what the server is to be told now of those that were read; NULL: nothing */
    CliProgress progress;
    gpointer user;
} CliAnswer;

/* Of the next call. */
void cli_answer_begin(CliAnswer *answer, CliElements *elements, CliProgress progress, gpointer user);
void cli_answer_clear(CliAnswer *answer);

/* Of the same call, asked again: what came of it so far does not count. */
void cli_answer_begin_again(CliAnswer *answer);

/* A reply of this call.  Its warnings go to the standard error. */
void cli_answer_take(CliAnswer *answer, GBytes *payload);

/* What came of a call that is done.  NULL: it failed. */
json_t *cli_answer_steal(CliAnswer *answer, GError **error);

#endif

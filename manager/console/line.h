/* SPDX-License-Identifier: Apache-2.0 */
/* The console's line to the server: what comes in on the status topics, and calls with their answers.
 *
 * Whatever the line does, every call ends exactly once: answered, refused, or given up after a time.  Nothing is called
 * again by itself: only who asked knows whether a second time is harmless.  Loop thread. */
#ifndef MANAGER_CONSOLE_LINE_H
#define MANAGER_CONSOLE_LINE_H

#include "lib/base/json.h"
#include "manager/console/core/conf.h"
#include "proto/topics.h"

typedef struct ConLine ConLine;

typedef enum {
    CON_LINE_NO_BROKER,  /* no broker answers */
    CON_LINE_NO_MANAGER, /* the broker does, but no manager is connected to it */
    CON_LINE_UP,
    CON_LINE_N
} ConLineState;

/* "no-broker", "no-manager", "up". */
const char *con_line_state_name(ConLineState state);

typedef struct {
    /* From the first callback on it is known; each change is told.  A manager that started again is a change from up to
     * up: what was known of it is of the one before. */
    void (*changed)(ConLineState state, gpointer user);
    /* A message of a status topic that was published now; id is "" for topics without one. */
    void (*status)(HlTopic topic, const char *id, GBytes *payload, gpointer user);
} ConLineHandlers;

typedef struct {
    const ConConf *conf;   /* outlives the line */
    const char *directory; /* of the configuration: what its relative paths begin with */
    ConLineHandlers handlers;
    gpointer user;
} ConLineOptions;

/* NULL on failure: the certificate cannot be read, or is not one of a console. */
ConLine *con_line_new(const ConLineOptions *options, GError **error);

/* Calls that are not answered end with HL_ERROR_UNAVAILABLE first. */
void con_line_free(ConLine *line);

ConLineState con_line_state(const ConLine *line);

/* Why the last attempt failed, for people; "" if none has. */
const char *con_line_reason(const ConLine *line);

/* Ids of the authorities that count (lib/pki/trust.h), the one that issues first; ends with NULL.  NULL: not known.
 * Borrowed, until the manager says it again. */
char *const *con_line_authorities(const ConLine *line);

/* When the certificate of the line ends; wall. */
HlTime con_line_certificate_end(const ConLine *line);

/* Connects again, with the certificate that is in the files now. */
bool con_line_reload(ConLine *line, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Each part of a long answer as it comes, borrowed. */
typedef void (*ConLinePart)(const json_t *part, gpointer user);

/* The end of a call: the answer (borrowed), or NULL and the error: the server's own, HL_ERROR_UNAVAILABLE (no line:
 * nothing was sent, or whether it was done is not known, as the message says), HL_ERROR_TIMEOUT. */
typedef void (*ConLineDone)(const json_t *answer, const GError *error, gpointer user);

typedef struct {
    const char *name;             /* of the call */
    const char *const *arguments; /* name, value, ..., NULL; pairs whose value is NULL are left out; NULL: none */
    const char *session;          /* of the person who asks, or a token of his; NULL: the console itself asks */
    const char *address;          /* of his browser */
    const char *once;             /* asked with this key a second time, it is answered as the first time; NULL: none */
    bool is_idle;                 /* a page asks by itself: the session counts as unused */
    ConLinePart part;             /* NULL: arrays of the same name are put together, and answered as one */
    ConLineDone done;
    gpointer user;
} ConLineAsk;

/* done comes later, never from inside.  Borrows everything. */
void con_line_call(ConLine *line, const ConLineAsk *ask);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConLine, con_line_free)

#endif

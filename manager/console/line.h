/* SPDX-License-Identifier: Apache-2.0 */
/* The console's line to the server: what comes in on the status topics, and calls with their answers.
 *
 * Whatever the line does, every call ends exactly once: answered, refused, or given up after a time.  One of which who
 * asked says that a second time is harmless is sent again when the manager, or the way to it, is lost before the
 * answer, and waits up to ten seconds for the next one; so does one that comes in that time.  Loop thread. */
#ifndef MANAGER_CONSOLE_LINE_H
#define MANAGER_CONSOLE_LINE_H

#include "lib/base/json.h"
#include "manager/console/asked.h"
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

/* done comes later, never from inside.  Borrows everything. */
void con_line_call(ConLine *line, const ConLineAsk *ask);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConLine, con_line_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the daemon over its control socket, blocking. */
#ifndef ENDPOINT_CLI_CALL_H
#define ENDPOINT_CLI_CALL_H

#include "endpoint/core/conf.h"
#include "lib/base/json.h"

/* Progress of a call; json is borrowed and may be NULL. */
typedef void (*CallProgress)(const json_t *json, gpointer user);

typedef struct {
    const char *name;
    const char *argument, *value; /* NULL: none */
    int fd;                       /* goes with the call; -1: none */
    bool as_is;                   /* --json: the answer as it came; else what it tells is printable */
    CallProgress progress;        /* NULL: progress is not shown */
    gpointer user;
} CallSpec;

/* What to do where nobody listens at the socket. */
#define START_DAEMON "start the daemon as root: systemctl start holdline-endpointd"
/* The same while a helper replaces it, which only root can see. */
#define AWAIT_UPGRADE "wait for the upgrade of its program: journalctl -u holdline-upgrade shows how far it is"

#define CALL(name_) ((CallSpec){ .name = (name_), .fd = -1 })

typedef struct HlCtlClient EpCall;

/* Sends the call; the daemon works on it while the caller does something else. NULL on failure. */
EpCall *ep_call_begin(const EpConf *conf, const CallSpec *spec, GError **error);

/* Waits for its final answer, as ep_call does; takes the call. */
bool ep_call_end(EpCall *call, const CallSpec *spec, json_t **json, char **message,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The final answer: *json (may be NULL; json_decref) and *message (g_free), which is in the user's language.  Either
 * pointer may be NULL.  A refusal by the daemon is an error with its code and message, in English as all errors are
 * until they are shown. */
bool ep_call(const EpConf *conf, const CallSpec *spec, json_t **json, char **message,
             GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

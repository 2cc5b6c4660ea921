/* SPDX-License-Identifier: Apache-2.0 */
/* The CLI's side of a call: connects with the administrator's certificate, asks, waits, merges the parts of the answer.
 * Blocking. */
#ifndef MANAGER_CLI_CLIENT_H
#define MANAGER_CLI_CLIENT_H

#include "lib/base/cli.h"
#include "lib/base/json.h"
#include "lib/bus/bus.h"
#include "manager/cli/answer.h"

typedef struct CliClient CliClient;

/* A message of the status topics, for "status --watch"; payload is NUL-terminated JSON text. */
typedef void (*CliStatus)(const char *topic, const char *payload, gpointer user);

/* Reads the client configuration (--config, $HOLDLINE_CONFIG, ~/.config/holdline/holdline.conf,
 * /etc/holdline/holdline.conf) and connects.  on_status NULL: the status topics are not subscribed to.  NULL on
 * failure. */
CliClient *cli_client_open(HlInvocation *call, CliStatus on_status, gpointer user, GError **error);
void cli_client_close(CliClient *client);

/* Gives up the exclusive use of the administrator's line: another process of the same administrator may take it, and
 * this one comes back after it.  For those that watch for long (--wait, --watch). */
void cli_client_lend(CliClient *client);

/* arguments is name, value, ..., NULL; pairs whose value is NULL are left out.  Unless --json asks for it as it is, the
 * answer and its progress are printable (hl_json_printable): they contain what endpoints told.  NULL on failure: the
 * server's own error, or HL_ERROR_TIMEOUT when it does not answer. */
json_t *cli_client_call(CliClient *client, const char *name, const char *const *arguments, CliProgress progress,
                        gpointer user, GError **error);

/* The same, and no longer than until (mono; 0: no such limit), for a call that the server answers when something has
 * happened. */
json_t *cli_client_call_until(CliClient *client, const char *name, const char *const *arguments, HlTime until,
                              CliProgress progress, gpointer user, GError **error);

/* The same without progress, for what goes into a file or a check: as it came. */
json_t *cli_client_call_as_is(CliClient *client, const char *name, const char *const *arguments, GError **error);

/* The same for a long list: its elements are kept as the server wrote them, and the result is what is beside them. */
json_t *cli_client_call_elements(CliClient *client, const char *name, const char *const *arguments,
                                 CliElements *elements, GError **error);

/* Gets another certificate for the caller's own name, with a new key, and puts both in place of those of the
 * configuration once they have worked.  On failure the earlier ones are in force; HL_ERROR_EXISTS: the server gave one
 * a short while ago. */
bool cli_client_renew(CliClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the link is up and a manager is on it, as far as is known. */
bool cli_client_is_up(const CliClient *client);

/* Runs the loop of a lent line for a while: status messages are delivered.  Takes up again a line that broke; false if
 * that fails. */
bool cli_client_wait(CliClient *client, HlTime duration);

/* The same, and no longer than until fd can be read; -1: there is none.  With one it does not wait for long until
 * another process gives the line back: false, and the next call tries again. */
bool cli_client_wait_for(CliClient *client, HlTime duration, int fd);

/* Open, one call, close; the usual case. */
json_t *cli_call(HlInvocation *call, const char *name, const char *const *arguments, GError **error);

/* The same for an answer that holds the content of files: as it came. */
json_t *cli_call_files(HlInvocation *call, const char *name, const char *const *arguments, GError **error);

/* The same for a long list that is printed as it came. */
json_t *cli_call_elements(HlInvocation *call, const char *name, const char *const *arguments, CliElements *elements,
                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliClient, cli_client_close)

#endif

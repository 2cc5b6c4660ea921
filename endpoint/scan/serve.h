/* SPDX-License-Identifier: Apache-2.0 */
/* A scan by hand: the user's program opens files with its own rights and passes them on, one message a file; the
 * scanner answers each.  Messages are packets (SOCK_SEQPACKET): the path with a descriptor, or a JSON object about a
 * path that could not be opened; the answer is a JSON object. */
#ifndef ENDPOINT_SCAN_SERVE_H
#define ENDPOINT_SCAN_SERVE_H

#include "endpoint/scan/session.h"
#include "endpoint/scan/witness.h"

#define EP_SERVE_MAX 8192 /* bytes of a message */

/* All borrowed. */
typedef struct {
    EpSession *session;
    EpWitness *witness;  /* a path that it does not confirm is told of as said by the user */
    const char *scratch; /* directory for copies of what must not hang the engine (copy.h) */
} EpServe;

/* Until the other side closes, or the engine fails. */
void ep_serve(const EpServe *serve, int socket_fd);

/* The user's side.  Both sides block.  *answer is the caller's; false: the scanner has ended. */
bool ep_serve_ask(int socket_fd, const char *path, int fd, json_t **answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_serve_tell(int socket_fd, const json_t *gap, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

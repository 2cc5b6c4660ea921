/* SPDX-License-Identifier: Apache-2.0 */
/* A call as it goes over the wire.  Not who sends it, nor where (client.c). */
#ifndef MANAGER_CLI_REQUEST_H
#define MANAGER_CLI_REQUEST_H

#include <glib.h>

/* arguments as cli_client_call takes them; serial: of the certificate that the caller comes with.  NULL: one of them
 * breaks the rules of the wire. */
GBytes *cli_request_encode(const char *name, const char *const *arguments, const char *serial, GError **error);

#endif

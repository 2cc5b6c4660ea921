/* SPDX-License-Identifier: Apache-2.0 */
/* The local control socket of a daemon, client side: blocking, with deadlines.  For command-line tools and the tray. */
#ifndef LIB_CTL_CLIENT_H
#define LIB_CTL_CLIENT_H

#include "lib/base/clock.h"

typedef struct HlCtlClient HlCtlClient;

/* HL_ERROR_UNAVAILABLE if nothing is listening; hint ("start the daemon ...") ends the message.  NULL on
 * failure. */
HlCtlClient *hl_ctl_connect(const char *path, const char *hint, HlTime timeout, GError **error);
void hl_ctl_client_free(HlCtlClient *client);

/* Sends a frame, with a descriptor (borrowed) unless fd is -1. */
bool hl_ctl_client_send(HlCtlClient *client, GBytes *frame, int fd, HlTime timeout,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next frame.  NULL on failure: HL_ERROR_TIMEOUT; HL_ERROR_UNAVAILABLE if the daemon closed the connection. */
GBytes *hl_ctl_client_receive(HlCtlClient *client, HlTime timeout, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCtlClient, hl_ctl_client_free)

#endif

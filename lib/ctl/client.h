/* The local control socket of a daemon, client side: blocking, with deadlines.  For command line tools and the tray. */
#ifndef LIB_CTL_CLIENT_H
#define LIB_CTL_CLIENT_H

#include "lib/base/clock.h"

typedef struct HlCtlClient HlCtlClient;

/* HL_ERROR_UNAVAILABLE when nobody listens, with the hint ("is holdline-endpointd running?") in the message.  NULL on
 * failure. */
HlCtlClient *hl_ctl_connect(const char *path, const char *hint, HlTime timeout, GError **error);
void hl_ctl_client_free(HlCtlClient *client);

/* Sends a frame, and a descriptor with it unless fd is -1 (borrowed). */
bool hl_ctl_client_send(HlCtlClient *client, GBytes *frame, int fd, HlTime timeout,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next frame.  HL_ERROR_TIMEOUT; HL_ERROR_UNAVAILABLE when the daemon closed the connection.  NULL on failure. */
GBytes *hl_ctl_client_receive(HlCtlClient *client, HlTime timeout, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCtlClient, hl_ctl_client_free)

#endif

/* Renewal of the certificate over the line: asked for in the last third of its life, with a new key each time. */
#ifndef ENDPOINT_DAEMON_WORK_RENEWAL_H
#define ENDPOINT_DAEMON_WORK_RENEWAL_H

#include "endpoint/daemon/daemon.h"

EpRenewal *ep_renewal_new(EpDaemon *daemon);
void ep_renewal_free(EpRenewal *renewal);

/* The server's answer, PEM: checked against the key that was made for it, the pinned CA and this endpoint's id; then in
 * place, and the line connects anew with it.  Taking the one in use again is fine. */
bool ep_renewal_install(EpDaemon *daemon, GBytes *pem, GError **error);

#endif

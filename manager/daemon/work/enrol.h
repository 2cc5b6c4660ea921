/* Enrolment: a token and a signing request against a certificate.  See docs/protocol.md. */
#ifndef MANAGER_DAEMON_ENROL_H
#define MANAGER_DAEMON_ENROL_H

#include "manager/daemon/manager.h"

/* Handler of POST /v1/enrol; user is the Manager. */
void mgr_enrol_handle(HlHttpRequest *request, gpointer user);

/* The bundle file's text for a group: armoured, signed; the caller's. */
char *mgr_enrol_bundle(const Manager *manager, const MgrGroup *group, const char *token, HlTime expires);

#endif

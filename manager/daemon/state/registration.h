/* What an endpoint registers with its birth (B1): host, addresses, direct port, program; into memory and the registry.
 */
#ifndef MANAGER_DAEMON_REGISTRATION_H
#define MANAGER_DAEMON_REGISTRATION_H

#include "manager/daemon/manager.h"

/* Whether it registered something new that the server would dial, or knows it by.  A port that was only closed is no
 * such thing: it comes with independent mode, which is told for itself. */
bool mgr_registration_handle(Manager *manager, MgrEndpoint *endpoint, const HlMsgRegistration *registration);

/* Puts a copy of text there; *changed becomes true if it is another one. */
void mgr_registration_text(char **place, const char *text, bool *changed);

#endif

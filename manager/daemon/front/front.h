/* The HTTPS front: enrolment, the pattern repository, health and metrics. */
#ifndef MANAGER_DAEMON_FRONT_H
#define MANAGER_DAEMON_FRONT_H

#include "manager/daemon/manager.h"

bool mgr_front_start(Manager *manager, GError **error);

/* Reads the server's certificate again. */
bool mgr_front_reload(Manager *manager, GError **error);

#endif

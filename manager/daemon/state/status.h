/* The status topics: JSON that monitoring reads.  Written by the manager alone, from the fleet, coalesced. */
#ifndef MANAGER_DAEMON_STATUS_H
#define MANAGER_DAEMON_STATUS_H

#include "lib/base/json.h"
#include "manager/daemon/manager.h"

/* Has the endpoint's topic (and the summary) written soon. */
void mgr_status_touch(Manager *manager, MgrEndpoint *endpoint);

/* Writes what was touched. */
void mgr_status_flush(Manager *manager);

/* Writes everything: after the broker came back, perhaps without its memory. */
void mgr_status_publish_all(Manager *manager);

/* A line of status/event. */
void mgr_status_event(Manager *manager, const MgrEndpoint *endpoint, const char *what, const char *from, const char *to,
                      const char *reason);

/* The documents; the caller's. */
json_t *mgr_status_endpoint(const Manager *manager, const MgrEndpoint *endpoint);
json_t *mgr_status_endpoint_by_id(const Manager *manager, const char *id); /* NULL: there is none */
json_t *mgr_status_summary(const Manager *manager);

#endif

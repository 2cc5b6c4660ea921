/* The classic console's side: feeds the displayed status (manager/core/displayed.h), dials, notifies, verifies, and
 * hands out work on the documented occasions.  Never touches the actual status. */
#ifndef MANAGER_DAEMON_DISPLAY_H
#define MANAGER_DAEMON_DISPLAY_H

#include "manager/core/verdict.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/manager.h"

/* Checks and takes over the options of [status]; also at a reload. */
bool mgr_display_configure(Manager *manager, const MgrConf *conf, GError **error);

/* The configuration is another one: who is in an unreachable network is judged anew. */
void mgr_display_reconfigured(Manager *manager);

/* Starts the prober; takes up what the registry says was under way. */
bool mgr_display_start(Manager *manager, GError **error);
void mgr_display_stop(Manager *manager);

/* Something happened to this endpoint that the console may show. */
void mgr_display_feed(Manager *manager, MgrEndpoint *endpoint, MgrDisplayEventKind kind);

/* Its registration was told: whether its own address lies in an unreachable network may have changed. */
void mgr_display_registered(Manager *manager, MgrEndpoint *endpoint, bool changed, bool announced);

/* Settings were saved or a command was given (MgrNotifyWhat): documented groups are dialled. */
void mgr_display_want(Manager *manager, MgrEndpoint *endpoint, uint8_t what);

/* It has got there by another way. */
void mgr_display_settled(Manager *manager, MgrEndpoint *endpoint, uint8_t what);

/* Once a second. */
void mgr_display_tick(Manager *manager);

/* "verify": dials these now and answers the call when every one has answered or failed. */
void mgr_display_verify(MgrCall *call, GPtrArray *endpoints);

/* What the verdict is made of; borrows from the endpoint; *address is the caller's. */
MgrVerdictFacts mgr_display_facts(const MgrEndpoint *endpoint, char **address);

#endif

/* What comes up the line: links, heartbeats, reports, echoes.  Decoded, checked against the registry, folded by the
 * pure cores. */
#ifndef MANAGER_DAEMON_LINE_H
#define MANAGER_DAEMON_LINE_H

#include "manager/daemon/manager.h"

/* Connects the manager's own line to the broker. */
bool mgr_line_start(Manager *manager, GError **error);

/* Says that the manager goes, and disconnects. */
void mgr_line_stop(Manager *manager);

/* Hands what was noted and what changed of presence to the writer. */
void mgr_line_flush(Manager *manager);

/* Once a second: sight, presence, flush of what changed. */
void mgr_line_tick(Manager *manager);

/* Feeds one event to an endpoint's presence and performs the effects; returns them for what only the caller can do. */
MgrPresenceEffects mgr_line_presence(Manager *manager, MgrEndpoint *endpoint, const MgrPresenceEvent *event);

#endif

/* The server's pattern repository as the manager sees it: which versions it has (what "outdated" is measured against),
 * and, where it is a copy of the public source, keeping that copy up to date.  The work itself is done by
 * holdline-updater, in child processes: 'repo versions' and 'mirror'. */
#ifndef MANAGER_DAEMON_PATTERNS_H
#define MANAGER_DAEMON_PATTERNS_H

#include "manager/daemon/calls.h"

/* Once a second.  Looks whether timestamp.json changed and, if so, has the repository read; begins a synchronisation
 * when one is due. */
void mgr_patterns_tick(Manager *manager);

/* "pattern sync": begins one, or joins the one that runs; the call gets progress and the end. */
void mgr_patterns_sync(MgrCall *call);

/* {"components": [...], "repository", "origin", "url", ...}; the caller's.  What is not known is null. */
json_t *mgr_patterns_document(const Manager *manager);

/* Ends the children; calls that wait are answered. */
void mgr_patterns_stop(Manager *manager);

#endif

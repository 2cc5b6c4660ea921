/* SPDX-License-Identifier: Apache-2.0 */
/* Mends what an older version let into the registry and the wire no longer accepts (proto/bounds.h). */
#ifndef MANAGER_STORE_HEAL_H
#define MANAGER_STORE_HEAL_H

#include "manager/store/registry.h"

/* Cuts what is longer than its bound, and drops a digest of the wrong size.  Returns the names of what was mended,
 * joined by commas, for the log (caller frees); NULL: everything was within its bounds. */
char *mgr_heal_endpoint(MgrEndpointRecord *record);

/* Endpoints whose group is missing, because somebody wrote to the registry past the manager, are moved to 'default', or
 * where that is missing too, to the first: a fleet does without its manager for longer than an endpoint does without
 * settings of its own.  Said in the log, with the remedy, and in their history.  now: wall.  INVALID: there is no
 * group. */
bool mgr_heal_groups(HlDb *db, HlTime now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Roll-outs of settings under way whose group is missing, or is at another version than it had when they began, for the
 * same reason: aborted, and what their members are to have is the group's again, under a number of its own.  Said in
 * the log.  After mgr_heal_groups.  now: wall. */
bool mgr_heal_trials(HlDb *db, HlTime now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What starts a roll-out, of an update or of settings: its plan, and the order of its members. */
#ifndef MANAGER_DAEMON_CALLS_ROLLOUT_PLAN_H
#define MANAGER_DAEMON_CALLS_ROLLOUT_PLAN_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/work/rollouts.h"

/* Arguments of a call that read_plan reads, all optional. */
#define MGR_ROLLOUT_PLAN "rings rate min-success min-sample soak silence"

bool mgr_rollout_read_plan(const MgrCall *call, MgrRolloutPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Those that are not revoked: other canaries each time; of those that are on line, because the others cannot answer.
 * Free with g_ptr_array_unref. */
GPtrArray *mgr_rollout_order(const GPtrArray *endpoints);

/* Takes those out whom their group's settings keep from having it: of the program update.block-program, of a component
 * ("": of all) scan.method.  What they would have said was known before.  Refused where that leaves nobody. */
bool mgr_rollout_leave_out(GPtrArray *endpoints, bool about_program, const char *component, const char *selector,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

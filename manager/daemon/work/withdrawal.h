/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that are of no use any longer, because they name a key or an authority that no longer counts. */
#ifndef MANAGER_DAEMON_WORK_WITHDRAWAL_H
#define MANAGER_DAEMON_WORK_WITHDRAWAL_H

#include "manager/daemon/ground/fleet.h"

/* Withdraws all that could still be used at this time (wall), with what is in the set: their ids (char *, owned), for
 * the fold.  Free with g_ptr_array_unref. */
GPtrArray *mgr_bundles_write_withdrawal(const MgrFleet *fleet, HlWriteSet *set, HlTime at);
/* ids NULL: none. */
void mgr_bundles_fold_withdrawal(const MgrFleet *fleet, const GPtrArray *ids, HlTime at);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about sessions and tokens that there are: who has which, whose one is, and their ends.  session_calls.h makes
 * them. */
#ifndef MANAGER_DAEMON_CALLS_PASS_CALLS_H
#define MANAGER_DAEMON_CALLS_PASS_CALLS_H

#include "manager/daemon/calls/dispatch.h"

/* Borrowed. */
typedef struct {
    MgrRecord *record;
    MgrPasses *passes;
} MgrPassCalls;

/* Adds its rows to the dispatch, which must not be used without calls. */
void mgr_pass_calls_add(MgrPassCalls *calls, MgrDispatch *dispatch);

/* What another password means for the account's passes at that moment, before it is in force: {"sessions": how many
 * end, "tokens": how many stay}.  Caller owns it. */
json_t *mgr_pass_calls_ends(const MgrPassCalls *calls, const char *account, HlTime now);

#endif

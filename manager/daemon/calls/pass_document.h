/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and tokens as calls show them.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_PASS_DOCUMENT_H
#define MANAGER_DAEMON_CALLS_PASS_DOCUMENT_H

#include "lib/base/json.h"
#include "manager/daemon/calls/call.h"
#include "manager/daemon/state/passes.h"

/* A session also has "idle_ms", a token its "name"; the text of neither.  Caller owns it. */
json_t *mgr_pass_document(const MgrPassRecord *pass);

/* Those of the groups (names, separated by commas) that are there for the caller (NULL: all), as an array.  Caller owns
 * it. */
json_t *mgr_pass_groups(const char *groups, const MgrCaller *caller);

/* An array of those of one kind that are good, of one account or (NULL) of all: the caller's own, and of others those
 * that are there for the caller, with such of their groups.  Each says "is_this", whether the call came with it. Caller
 * owns it. */
json_t *mgr_pass_documents(MgrPasses *passes, MgrPassKind kind, const char *account, const MgrCall *call);

#endif

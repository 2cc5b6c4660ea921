/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler gets which admin call: tables of rows, added when the manager is wired.
 *
 * A request is checked here, before any handler sees it: it decodes, it comes under a name with a certificate of an
 * account or a console, the answer goes to that name's own topic, the call is known, the account of that name is
 * enabled and its role may do what the call needs (manager/core/role.h), the arguments are those of the row.  A monitor
 * has no account: its certificate is enough, for what needs no more than MGR_NEED_WATCH.  A console asks on behalf of
 * the person who has signed in there: the session or token that comes with the call says for which account, with which
 * rights.  For what would give somebody lasting access, a session has to prove the password as well, once more. */
#ifndef MANAGER_DAEMON_CALLS_DISPATCH_H
#define MANAGER_DAEMON_CALLS_DISPATCH_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/state/passes.h"
#include "manager/daemon/state/strangers.h"
#include "manager/daemon/state/uses.h"

#define MGR_CALL_REPEATED "setting"

/* What a session proves beside itself.  Certificates and tokens prove nothing more: nobody finds them open on a desk.
 */
typedef enum {
    MGR_PROOF_UNSET,
    MGR_PROOF_NONE,
    MGR_PROOF_PASSWORD, /* the password, within MGR_PROOF_LIFE before */
    MGR_PROOF_OTHERS,   /* the same where "name" is another account: an owner's alone, as the handler says */
} MgrProof;

typedef struct {
    const char *name;
    const char *required; /* argument names, separated by spaces; each must be there once */
    const char *optional; /* may be there once; MGR_CALL_REPEATED more often */
    MgrNeed need;
    MgrScopeKind scope; /* what of it belongs to groups */
    MgrProof proof;
    void (*handler)(MgrCall *call, gpointer user);
} MgrCallRow;

typedef struct MgrDispatch MgrDispatch;

MgrDispatch *mgr_dispatch_new(const MgrFleet *fleet, MgrCalls *calls);
void mgr_dispatch_free(MgrDispatch *dispatch);

/* rows end with one without a name, are static, and have every column; user goes to their handlers. */
void mgr_dispatch_add(MgrDispatch *dispatch, const MgrCallRow *rows, gpointer user);

/* From now on consoles ask for others; before, nobody is signed in.  Borrowed. */
void mgr_dispatch_admit(MgrDispatch *dispatch, MgrPasses *passes);

/* From now on it is kept with which certificate a call came.  Borrowed. */
void mgr_dispatch_keep_uses(MgrDispatch *dispatch, MgrUses *uses);

/* From now on a certificate that the registry does not know is taken in or refused.  Borrowed. */
void mgr_dispatch_meet(MgrDispatch *dispatch, MgrStrangers *strangers);

/* The n-th of all rows that were added; NULL: there are fewer. */
const MgrCallRow *mgr_dispatch_row(const MgrDispatch *dispatch, guint n);

/* A message on the request topic of this name: HL_TOPIC_ADMIN_REQUEST, or HL_TOPIC_MONITOR_REQUEST, which is the name
 * of a call as text, for tools that know nothing but JSON. */
void mgr_dispatch_handle(MgrDispatch *dispatch, HlTopic topic, const char *name, const HlBusMessage *message);

typedef struct {
    uint64_t received, bad_messages;
} MgrDispatchCounts;

MgrDispatchCounts mgr_dispatch_count(const MgrDispatch *dispatch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrDispatch, mgr_dispatch_free)

#endif

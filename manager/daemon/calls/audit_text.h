/* SPDX-License-Identifier: Apache-2.0 */
/* A call as a row of the audit log has it: its arguments as one line of bounded length, without secrets.  Pure. */
#ifndef MANAGER_DAEMON_CALLS_AUDIT_TEXT_H
#define MANAGER_DAEMON_CALLS_AUDIT_TEXT_H

#include <stdbool.h>

#include "proto/messages.h"

/* Where a call came through; each may be NULL. */
typedef struct {
    const char *console, *address, *pass;
} MgrAuditWay;

/* "name=value ...".  What came through a console begins with the way: no call takes an argument of such a name.  Caller
 * frees. */
char *mgr_audit_text(const MgrAuditWay *way, const HlMsgCall *message);

/* Whether an argument of this name is left out: a secret, or what is of no use to a reader. */
bool mgr_audit_is_secret(const char *argument);

/* At most max bytes, up to the end of a character.  Caller frees. */
char *mgr_audit_cut(const char *text, gsize max);

#endif

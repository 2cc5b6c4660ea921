/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a certificate of the authority that follows, and who is left, while one follows another: endpoints, and
 * people (accounts, monitors, consoles).  What a step of that waits for is decided elsewhere
 * (calls/succession_calls.h).  Keeps nothing.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_HOLDERS_H
#define MANAGER_DAEMON_STATE_HOLDERS_H

#include "manager/daemon/state/location.h"

#define MGR_HOLDERS_MAX_NAMED 50 /* of those who are left, in one document */

/* Borrowed. */
typedef struct {
    MgrFleet *fleet;
    MgrLocation *location;
} MgrHolders;

/* In the following, next is the id of the one that follows (lib/pki/trust.h). */

/* Whether the certificate (NULL: false) is of the authority of this id; and is in force. */
bool mgr_holders_is_of(const MgrCertificateRecord *record, const char *authority);
bool mgr_holders_is_live(const MgrCertificateRecord *record);

/* MgrEndpoint *, of those that are there for the caller (NULL: all): at most max of them, in no order; *of: how many
 * there are that are not revoked, if it went through all.  Caller frees. */
GPtrArray *mgr_holders_endpoints_left(const MgrHolders *holders, const MgrCaller *caller, const char *next, guint max,
                                      guint *of);

/* MgrCertificateRecord *: one of each name that is left and is there for the caller (NULL: all; a monitor or a console
 * is there for everybody), at most max of them, in no order.  Caller frees. */
GPtrArray *mgr_holders_people_left(const MgrHolders *holders, const MgrCaller *caller, const char *next, guint max);

/* The first MGR_HOLDERS_MAX_NAMED of them, after they were sorted by id or name. */
json_t *mgr_holders_endpoints_document(const MgrHolders *holders, GPtrArray *left, const char *next);
json_t *mgr_holders_people_document(const MgrHolders *holders, GPtrArray *left, const char *next);

/* "ann, eye, PC-07, ...": the first few of both, people by name and endpoints by host; sorts them.  Caller frees. */
char *mgr_holders_names(GPtrArray *people, GPtrArray *endpoints);

/* Marks endpoints with certificates of an authority that has ended: they cannot connect, and say nothing of it.  With a
 * bundle they come back. */
void mgr_holders_mark_left_behind(const MgrHolders *holders);

#endif

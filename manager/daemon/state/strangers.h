/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of accounts, consoles and monitors that the registry does not know: it was restored from a backup, and
 * they were issued since.
 *
 * The broker lets them in, and vouches for the name alone.  So a call shows the certificate with which it comes, and
 * one that the authority signed for that name is known from then on: listed, and revoked with the others of its name.
 * If it was issued before the account of the name was made, or before the name's certificates were revoked last, it is
 * revoked at once: it is another person's, or a lost machine's.  Who shows another one than they have goes on unknown,
 * as one who shows none does, until the name has no rights.
 *
 * Runs ahead of the registry, and is written at once; a call after a restart shows it again.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_STRANGERS_H
#define MANAGER_DAEMON_STATE_STRANGERS_H

#include "manager/daemon/state/pki.h"
#include "proto/messages.h"

typedef struct MgrStrangers MgrStrangers;

typedef struct {
    const MgrConf *conf; /* broker.mode */
    MgrFleet *fleet;
    MgrRecord *record;
    MgrPki *pki;
} MgrStrangersOptions;

MgrStrangers *mgr_strangers_new(const MgrStrangersOptions *options);
void mgr_strangers_free(MgrStrangers *strangers);

/* Whether the certificate with which this call says that it comes, under the name, may be used: it is not revoked, and
 * known from now on.  One that names none may.  Where the broker may let a revoked certificate of the name in, each
 * call has to prove that it comes with another one. */
bool mgr_strangers_admit(MgrStrangers *strangers, const char *name, const HlMsgCall *call,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrStrangers, mgr_strangers_free)

#endif

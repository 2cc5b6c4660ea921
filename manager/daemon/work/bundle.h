/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle file: everything that a PC needs to enrol, signed (docs/protocol.md, "Enrolment"). */
#ifndef MANAGER_DAEMON_WORK_BUNDLE_H
#define MANAGER_DAEMON_WORK_BUNDLE_H

#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/location.h"
#include "manager/daemon/state/pki.h"

typedef struct {
    const char *dir; /* the site: the repository's root metadata is there, if it has one */
    const MgrLocation *location;
    const MgrSealer *sealer;
    const MgrDelivery *delivery;
    const MgrPki *pki;
} MgrBundleParts;

/* The armoured text for a group, with this token and its secret.  Caller frees. */
char *mgr_bundle_print(const MgrBundleParts *parts, MgrGroup *group, const MgrTokenRecord *token, const char *secret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS front: enrolment, late renewals, the pattern repository, health and metrics. */
#ifndef MANAGER_DAEMON_FRONT_FRONT_H
#define MANAGER_DAEMON_FRONT_FRONT_H

#include "manager/daemon/front/metrics.h"

typedef struct MgrFront MgrFront;

typedef struct {
    const char *dir; /* the site: certificate, key, repository; borrowed */
    const MgrConf *conf;
    const MgrDown *down; /* health */
    MgrFleet *fleet;     /* these six for enrolments and late renewals */
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrPki *pki;
    const MgrLocation *location;
    MgrApplicantsLog log; /* of enrolments, renewals and their refusals */
    MgrMetricsParts metrics;
} MgrFrontOptions;

MgrFront *mgr_front_new(const MgrFrontOptions *options, GError **error);
void mgr_front_free(MgrFront *front);

/* The configuration may have another rate of enrolments now. */
void mgr_front_reconfigured(const MgrFront *front);

/* A reload in two halves: reads and checks the server's certificate and key; puts them in force (takes the identity).
 */
HlTlsIdentity *mgr_front_read_identity(const MgrFront *front, GError **error);
void mgr_front_set_identity(const MgrFront *front, HlTlsIdentity *identity);

/* Both at once, for a certificate that the manager itself has renewed; a failure is logged, and the one before stays.
 */
void mgr_front_renew_identity(const MgrFront *front);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrFront, mgr_front_free)

#endif

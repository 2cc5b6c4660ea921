/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: a token and a signing request against a certificate (docs/protocol.md, "Enrolment"). */
#ifndef MANAGER_DAEMON_WORK_ENROL_H
#define MANAGER_DAEMON_WORK_ENROL_H

#include "manager/daemon/state/delivery.h"
#include "manager/daemon/state/pki.h"
#include "manager/daemon/work/applicants.h"

typedef struct MgrEnrol MgrEnrol;

typedef struct {
    const MgrConf *conf; /* enrolment.certificate-lifetime */
    MgrApplicants *applicants;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrPki *pki;
} MgrEnrolOptions;

MgrEnrol *mgr_enrol_new(const MgrEnrolOptions *options);
void mgr_enrol_free(MgrEnrol *enrol);

/* POST /v1/enrol; answers the request. */
void mgr_enrol_handle(MgrEnrol *enrol, HlHttpRequest *request);

/* Enrolments since the start. */
uint64_t mgr_enrol_count(const MgrEnrol *enrol);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrEnrol, mgr_enrol_free)

#endif

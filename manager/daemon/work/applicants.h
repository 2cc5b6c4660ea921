/* SPDX-License-Identifier: Apache-2.0 */
/* What the requests over HTTPS have in common that come from machines without a line, for a certificate: so many a
 * minute from one address, and the form of the answer. */
#ifndef MANAGER_DAEMON_WORK_APPLICANTS_H
#define MANAGER_DAEMON_WORK_APPLICANTS_H

#include "lib/http/serve.h"
#include "manager/core/conf.h"
#include "proto/messages.h"

typedef struct MgrApplicants MgrApplicants;

/* conf: enrolment.per-minute; borrowed. */
MgrApplicants *mgr_applicants_new(const MgrConf *conf);
void mgr_applicants_free(MgrApplicants *applicants);

/* The configuration may have another rate now. */
void mgr_applicants_reconfigured(MgrApplicants *applicants);

/* The request, decoded; NULL: its sender asks too often, or it is malformed, and that is answered.  Free with
 * hl_wire_free. */
gpointer mgr_applicants_admit(MgrApplicants *applicants, HlHttpRequest *request,
                              const ProtobufCMessageDescriptor *type);

/* Answers the request: with what was granted (its clock is set here), or with a refusal, whose code is the error's.
 * wait: when to come back; 0: not said. */
void mgr_applicants_grant(HlHttpRequest *request, HlMsgEnrolReply *reply);
void mgr_applicants_refuse(MgrApplicants *applicants, HlHttpRequest *request, const GError *error, HlTime wait);

/* Requests that were refused. */
uint64_t mgr_applicants_refused(const MgrApplicants *applicants);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrApplicants, mgr_applicants_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the requests over HTTPS have in common that come from machines without a line, for a certificate: so many a
 * minute from one address, and the form of the answer. */
#ifndef MANAGER_DAEMON_WORK_APPLICANTS_H
#define MANAGER_DAEMON_WORK_APPLICANTS_H

#include "lib/http/serve.h"
#include "manager/core/conf.h"
#include "manager/store/audit.h"
#include "manager/store/registry.h"
#include "proto/messages.h"

typedef struct MgrApplicants MgrApplicants;

/* Where the audit log is told of them.  A row for what is granted goes with its change; how many refusals are kept is
 * the log's.  Both copy; NULL: nobody is told. */
typedef struct {
    void (*note)(HlWriteSet *set, const MgrAuditRecord *row, gpointer user);
    void (*tell)(const MgrAuditRecord *row, gpointer user);
    gpointer user;
} MgrApplicantsLog;

/* conf: enrolment.per-minute; borrowed. */
MgrApplicants *mgr_applicants_new(const MgrConf *conf, const MgrApplicantsLog *log);
void mgr_applicants_free(MgrApplicants *applicants);

/* The configuration may have another rate now. */
void mgr_applicants_reconfigured(MgrApplicants *applicants);

/* What is asked for; the audit log's word for it is "enrol" or "renew". */
typedef enum { MGR_APPLY_ENROL, MGR_APPLY_RENEW } MgrApply;

/* The request, decoded; NULL: its sender asks too often, or it is malformed, and that is answered.  Free with
 * hl_wire_free. */
gpointer mgr_applicants_admit(MgrApplicants *applicants, HlHttpRequest *request, MgrApply what,
                              const ProtobufCMessageDescriptor *type);

/* Adds the audit log's row for what is being granted: to whom, and where the request came from. */
void mgr_applicants_note(const MgrApplicants *applicants, HlWriteSet *set, const HlHttpRequest *request, MgrApply what,
                         const char *endpoint, const MgrCertificateRecord *issued);

/* Answers the request: with what was granted (its clock is set here), or with a refusal, whose code is the error's.
 * wait: when to come back; 0: not said. */
void mgr_applicants_grant(HlHttpRequest *request, HlMsgEnrolReply *reply);
void mgr_applicants_refuse(MgrApplicants *applicants, HlHttpRequest *request, MgrApply what, const GError *error,
                           HlTime wait);

/* Requests that were refused. */
uint64_t mgr_applicants_refused(const MgrApplicants *applicants);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrApplicants, mgr_applicants_free)

#endif

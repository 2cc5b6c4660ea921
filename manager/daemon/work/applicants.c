/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/applicants.h"

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/rate.h"
#include "proto/bounds.h"
#include "proto/wire.h"

#define TOO_MANY 429
#define MAX_TEXT 1000 /* bytes of a refusal that the audit log keeps */

struct MgrApplicants {
    const MgrConf *conf;
    MgrApplicantsLog log;
    MgrRates *rates;
    uint64_t refused;
};

static const char *const names[] = { [MGR_APPLY_ENROL] = "enrol", [MGR_APPLY_RENEW] = "renew" };

MgrApplicants *mgr_applicants_new(const MgrConf *conf, const MgrApplicantsLog *log)
{
    MgrApplicants *applicants = g_new0(MgrApplicants, 1);

    applicants->conf = conf;
    if (log != NULL)
        applicants->log = *log;
    applicants->rates = mgr_rates_new(conf->enrol_per_minute);
    return applicants;
}

void mgr_applicants_free(MgrApplicants *applicants)
{
    if (applicants == NULL)
        return;
    mgr_rates_free(applicants->rates);
    g_free(applicants);
}

void mgr_applicants_reconfigured(MgrApplicants *applicants)
{
    mgr_rates_set(applicants->rates, applicants->conf->enrol_per_minute);
}

uint64_t mgr_applicants_refused(const MgrApplicants *applicants)
{
    return applicants->refused;
}

typedef struct {
    HlErrorCode code;
    guint status;
} StatusRow;

static guint status_of(const GError *error)
{
    static const StatusRow rows[] = {
        { HL_ERROR_DENIED, 403 }, { HL_ERROR_EXISTS, 409 },  { HL_ERROR_EXPIRED, 410 },
        { HL_ERROR_LIMIT, 410 },  { HL_ERROR_INVALID, 400 }, { HL_ERROR_UNTRUSTED, 400 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (hl_error_code(error) == rows[i].code)
            return rows[i].status;
    return 503;
}

static void answer(HlHttpRequest *request, guint status, HlMsgEnrolReply *reply, const char *const *headers)
{
    g_autoptr(GBytes) body = NULL;

    reply->clock_ms = hl_clock_wall();
    body = HL_WIRE_ENCODE(reply);
    hl_http_answer(request, status, "application/x-protobuf", body, headers);
}

void mgr_applicants_grant(HlHttpRequest *request, HlMsgEnrolReply *reply)
{
    answer(request, 200, reply, NULL);
}

/* ---------------------------------------------------------------------------------------------------- the audit log */

void mgr_applicants_note(const MgrApplicants *applicants, HlWriteSet *set, const HlHttpRequest *request, MgrApply what,
                         const char *endpoint, const MgrCertificateRecord *issued)
{
    g_autofree char *arguments = g_strdup_printf("@address=%s endpoint=%s", request->peer, endpoint);
    MgrAuditRecord row = { .account = hl_unconst(MGR_AUDIT_ENDPOINT),
                           .certificate = issued->serial,
                           .call = hl_unconst(names[what]),
                           .arguments = arguments,
                           .code = hl_unconst(""),
                           .text = hl_unconst("") };

    if (applicants->log.note != NULL)
        applicants->log.note(set, &row, applicants->log.user);
}

/* Not of who only has to come again: that one is told of when it does. */
static void tell_refusal(const MgrApplicants *applicants, const HlHttpRequest *request, MgrApply what,
                         const GError *error)
{
    g_autofree char *arguments = g_strdup_printf("@address=%s", request->peer);
    g_autofree char *text = g_strdup(error->message);
    MgrAuditRecord row = { .account = hl_unconst(MGR_AUDIT_ENDPOINT),
                           .certificate = hl_unconst(""),
                           .call = hl_unconst(names[what]),
                           .arguments = arguments,
                           .code = hl_unconst(hl_error_name(hl_error_code(error))),
                           .text = text };

    hl_bound_cut(text, MAX_TEXT);
    if (applicants->log.tell != NULL && hl_error_code(error) != HL_ERROR_UNAVAILABLE)
        applicants->log.tell(&row, applicants->log.user);
}

/* ---------------------------------------------------------------------------------------------------------- answers */

static void refuse(MgrApplicants *applicants, HlHttpRequest *request, guint status, const GError *error, HlTime wait)
{
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, wait / HL_SECOND + 1);
    const char *headers[] = { "Retry-After", seconds, NULL };

    applicants->refused++;
    hl_log_limited(HL_LOG_WARN, "enrol", request->peer, "refused %s: %s", request->peer, error->message);
    reply.code = hl_unconst(hl_error_name(hl_error_code(error)));
    reply.message = error->message;
    answer(request, status, &reply, wait > 0 ? headers : NULL);
}

void mgr_applicants_refuse(MgrApplicants *applicants, HlHttpRequest *request, MgrApply what, const GError *error,
                           HlTime wait)
{
    tell_refusal(applicants, request, what, error);
    refuse(applicants, request, status_of(error), error, wait);
}

gpointer mgr_applicants_admit(MgrApplicants *applicants, HlHttpRequest *request, MgrApply what,
                              const ProtobufCMessageDescriptor *type)
{
    g_autofree char *sender = g_strdup_printf("%" G_GINT64_MODIFIER "x", request->neighbours);
    g_autoptr(GError) error = NULL;
    gpointer message;
    HlTime wait;

    if (!mgr_rates_admit(applicants->rates, sender, hl_clock_mono(), &wait)) {
        hl_fail(&error, HL_ERROR_LIMIT, "too many enrolment requests from %s: wait %" G_GINT64_FORMAT " s",
                request->peer, wait / HL_SECOND + 1);
        refuse(applicants, request, TOO_MANY, error, wait);
        return NULL;
    }
    message = hl_wire_decode_bytes(type, request->body, &error);
    if (message == NULL) {
        tell_refusal(applicants, request, what, error);
        refuse(applicants, request, 400, error, 0);
    }
    return message;
}

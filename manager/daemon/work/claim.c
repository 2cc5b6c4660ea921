/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/claim.h"

#include <string.h>

#include "manager/core/enrolment.h"
#include "proto/enrolment.h"

/* The endpoint whose key signed the request; NULL: the sender proved none.  Dates do not matter: who was away too long
 * is still the one.  false: what was sent as a proof is wrong. */
static bool find_proven(const MgrClaimParts *parts, const HlMsgEnrolRequest *message, const MgrEndpoint **proven,
                        GError **error)
{
    g_autoptr(GBytes) csr = g_bytes_new(message->csr.data, message->csr.len);
    g_autoptr(GBytes) proof = g_bytes_new(message->proof.data, message->proof.len);
    g_autoptr(HlCert) cert = NULL;
    const HlCertInfo *info;
    const MgrCertificateRecord *issued;

    *proven = NULL;
    if (!message->replace || *message->certificate == '\0')
        return true;
    cert = hl_cert_parse("the certificate that is given up", message->certificate, strlen(message->certificate), error);
    if (cert == NULL)
        return false;
    info = hl_cert_info(cert);
    if (!mgr_pki_was_ours(parts->pki, cert, HL_CERT_ENDPOINT))
        return true; /* of another installation: it has nothing here to keep */
    if (!hl_cert_verify_signature(cert, HL_ENROL_PROOF, csr, proof))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the request is not signed with the key of %s, which it gives up",
                       info->cn);
    *proven = mgr_fleet_endpoint(parts->fleet, info->cn);
    issued = mgr_fleet_certificate(parts->fleet, info->serial);
    /* of a revoked endpoint all are; another one that is revoked, or forgotten, was replaced */
    if (*proven != NULL && (*proven)->record.revoked_at == 0 && strcmp((*proven)->record.serial, info->serial) != 0 &&
        (issued == NULL || issued->revoked_at > 0))
        *proven = NULL;
    return true;
}

static const MgrEnrolRecord *describe(const MgrEndpoint *endpoint, MgrEnrolRecord *place)
{
    if (endpoint == NULL)
        return NULL;
    *place = (MgrEnrolRecord){ .id = endpoint->record.id,
                               .group = endpoint->record.group,
                               .revoked = endpoint->record.revoked_at > 0,
                               .disputed = endpoint->record.presence.clone == MGR_CLONE_SUSPECTED };
    return place;
}

#define ASK_FOR_BUNDLE "ask the administrator for a bundle that is made for it (holdline bundle create --for %s)"

/* What the honest holder of the bundle is to do. */
static bool answer(const MgrEnrolFacts *facts, MgrEnrolOutcome outcome, const char *host, GError **error)
{
    const MgrEnrolRecord *record = mgr_enrol_record(facts);
    const char *id = record != NULL ? record->id : facts->made_for;
    const char *group = record != NULL ? record->group : "";

    switch (outcome) {
    case MGR_ENROL_FRESH:
    case MGR_ENROL_AGAIN:
    case MGR_ENROL_N:
        return true;
    case MGR_ENROL_KNOWN:
        return hl_fail(
            error, HL_ERROR_EXISTS,
            "this machine is enrolled already, as %s (%s): if this PC is a copy of that one, give it a machine id of "
            "its own first (" HL_ENROL_OWN_MACHINE_ID
            "); if it is that one and still has its identity, enrol with --replace; if it was reinstalled or "
            "its key is lost, " ASK_FOR_BUNDLE,
            id, host, id);
    case MGR_ENROL_REVOKED:
        return hl_fail(error, HL_ERROR_EXISTS, "%s, which this machine was, is revoked: " ASK_FOR_BUNDLE, id, id);
    case MGR_ENROL_DISPUTED:
        return hl_fail(error, HL_ERROR_EXISTS,
                       "two machines use the identity of %s, and to enrol again here would put the other one out: "
                       "if this PC is the copy, give it a machine id of its own first (" HL_ENROL_OWN_MACHINE_ID
                       "), then enrol with --replace; if it is the genuine one, " ASK_FOR_BUNDLE,
                       id, id);
    case MGR_ENROL_OTHER_GROUP:
        return hl_fail(error, HL_ERROR_EXISTS,
                       "%s belongs to group %s, and the bundle is for group %s: ask for a bundle of group %s, or have "
                       "the endpoint moved first (holdline endpoint move %s %s)",
                       id, group, facts->group, group, id, facts->group);
    case MGR_ENROL_REMOVED:
        return hl_fail(error, HL_ERROR_DENIED, "the bundle was made for %s, which was removed: ask for a new bundle",
                       id);
    case MGR_ENROL_MADE_FOR_OTHER:
        return hl_fail(error, HL_ERROR_EXISTS,
                       "the bundle was made for %s, and this machine is %s (%s): use it on the right PC, or have %s "
                       "removed first",
                       facts->made_for, id, host, id);
    }
    g_assert_not_reached();
}

bool mgr_claim_settle(const MgrClaimParts *parts, const HlMsgEnrolRequest *message, const MgrTokenRecord *token,
                      const MgrEndpoint **known, GError **error)
{
    const char *fingerprint = message->registration->fingerprint;
    const MgrEndpoint *intended = mgr_fleet_endpoint(parts->fleet, token->endpoint);
    const MgrEndpoint *machine = mgr_fleet_machine(parts->fleet, fingerprint);
    const MgrEndpoint *proven;
    MgrEnrolRecord places[3];
    MgrEnrolFacts facts = { .group = token->group, .made_for = token->endpoint };
    MgrEnrolOutcome outcome;

    if (!find_proven(parts, message, &proven, error))
        return false;
    if (proven != NULL && strcmp(mgr_endpoint_enrolled_as(&proven->record), fingerprint) == 0)
        machine = proven; /* an older version let several records have one fingerprint */
    facts.intended = describe(intended, &places[0]);
    facts.proven = describe(proven, &places[1]);
    facts.machine = describe(machine, &places[2]);
    outcome = mgr_enrol_decide(&facts);
    *known = outcome != MGR_ENROL_AGAIN ? NULL : intended != NULL ? intended : machine;
    return answer(&facts, outcome, machine != NULL ? machine->record.host : "", error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/late_renewals.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/late_renewal.h"
#include "manager/daemon/ground/now.h"
#include "manager/store/late_renewals.h"
#include "proto/enrolment.h"
#include "proto/wire.h"

struct MgrLateRenewals {
    MgrLateRenewalsOptions parts;
    GHashTable *under_way; /* ids whose certificate is being stored */
    uint64_t count;
};

static void note_late(MgrEndpoint *endpoint, MgrLateOutcome outcome, HlTime at)
{
    MgrContact *contact = mgr_endpoint_make_contact(endpoint);

    contact->late = outcome;
    contact->late_at = at;
}

static void on_known(const char *id, const MgrLateRecord *record, gpointer user)
{
    MgrLateOutcome outcome = MGR_LATE_GRANTED;
    const MgrLateRenewals *renewals = user;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(renewals->parts.fleet, id);

    if (endpoint == NULL || !mgr_late_parse(record->outcome, &outcome))
        return;
    note_late(endpoint, outcome, record->at);
    mgr_status_touch(renewals->parts.status, endpoint);
}

MgrLateRenewals *mgr_late_renewals_new(const MgrLateRenewalsOptions *options)
{
    MgrLateRenewals *renewals = g_new0(MgrLateRenewals, 1);
    g_autoptr(GError) error = NULL;

    renewals->parts = *options;
    renewals->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!mgr_registry_load_late_renewals(mgr_record_reader(options->record), on_known, renewals, &error))
        hl_error("renew", "how endpoints came back cannot be read: %s", error->message);
    return renewals;
}

void mgr_late_renewals_free(MgrLateRenewals *renewals)
{
    if (renewals == NULL)
        return;
    g_hash_table_unref(renewals->under_way);
    g_free(renewals);
}

uint64_t mgr_late_renewals_count(const MgrLateRenewals *renewals)
{
    return renewals->count;
}

/* ------------------------------------------------------------------------------------------------ after the commit */

/* One request on its way through the registry. */
typedef struct {
    MgrLateRenewals *renewals;
    HlHttpRequest *request;
    char *endpoint;    /* id */
    char *certificate; /* PEM */
    MgrCertificateRecord issued;
} Pending;

static void pending_free(gpointer change)
{
    Pending *pending = change;

    g_hash_table_remove(pending->renewals->under_way, pending->endpoint);
    mgr_certificate_record_clear(&pending->issued);
    g_free(pending->endpoint);
    g_free(pending->certificate);
    g_free(pending);
}

static void refuse(const Pending *pending, HlErrorCode code, const char *text)
{
    g_autoptr(GError) problem = NULL;

    hl_fail(&problem, code, "%s", text);
    mgr_applicants_refuse(pending->renewals->parts.applicants, pending->request, MGR_APPLY_RENEW, problem, 0);
}

static void fail_pending(gpointer change, const GError *error)
{
    const Pending *pending = change;
    g_autofree char *text = g_strdup_printf("the server cannot store the certificate now: %s", error->message);

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        refuse(pending, HL_ERROR_DENIED, "this endpoint was revoked or removed a moment ago");
    else
        refuse(pending, HL_ERROR_UNAVAILABLE, text);
}

static void fold_pending(gpointer change)
{
    Pending *pending = change;
    MgrLateRenewals *renewals = pending->renewals;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(renewals->parts.fleet, pending->endpoint);
    const MgrCertificateRecord *kept = mgr_fleet_add_certificate(renewals->parts.fleet, &pending->issued);
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;

    if (endpoint == NULL || endpoint->record.revoked_at > 0) {
        refuse(pending, HL_ERROR_DENIED, "this endpoint was revoked or removed a moment ago");
        return;
    }
    mgr_endpoint_set_certificate(endpoint, kept);
    note_late(endpoint, MGR_LATE_GRANTED, kept->issued_at);
    renewals->count++;
    hl_info("renew", "%s (%s) comes back from %s with a certificate that has ended: it gets another one",
            endpoint->record.id, endpoint->record.host, pending->request->peer);
    mgr_status_touch(renewals->parts.status, endpoint);
    mgr_status_event(renewals->parts.status, endpoint, "came-back", "", "", pending->request->peer);
    reply.endpoint = pending->endpoint;
    reply.certificate = pending->certificate;
    mgr_applicants_grant(pending->request, &reply); /* which is gone after that */
}

/* ------------------------------------------------------------------------------------------------------ the request */

typedef struct {
    MgrLateFacts facts;
    HlCert *cert;                /* that is shown */
    const MgrEndpoint *endpoint; /* NULL: there is none */
} Claim;

static void claim_clear(Claim *claim)
{
    hl_cert_free(claim->cert);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Claim, claim_clear)

/* One that is revoked; or one that is not known, and neither the last that the registry has nor newer than that: then
 * it was replaced so long ago that it is forgotten. */
static bool is_replaced(const MgrFleet *fleet, const MgrEndpoint *endpoint, const HlCertInfo *info)
{
    const MgrCertificateRecord *record = mgr_fleet_certificate(fleet, info->serial);

    if (record != NULL)
        return record->revoked_at > 0;
    return g_strcmp0(endpoint->record.serial, info->serial) != 0 && info->not_after <= endpoint->record.cert_expires;
}

static void look_up_endpoint(const MgrLateRenewals *renewals, Claim *claim, const HlCertInfo *info)
{
    const MgrFleet *fleet = renewals->parts.fleet;
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, info->cn);
    const MgrCertificateRecord *last;

    claim->endpoint = endpoint;
    claim->facts.is_registered = endpoint != NULL;
    if (endpoint == NULL)
        return;
    last = endpoint->record.serial != NULL ? mgr_fleet_certificate(fleet, endpoint->record.serial) : NULL;
    claim->facts.is_revoked = endpoint->record.revoked_at > 0;
    claim->facts.is_replaced = is_replaced(fleet, endpoint, info);
    claim->facts.last_issued = last != NULL ? last->issued_at : 0;
}

/* false: what is shown as a certificate is none. */
static bool gather(const MgrLateRenewals *renewals, const HlMsgRenewRequest *message, GBytes *csr, Claim *claim,
                   GError **error)
{
    const MgrPki *pki = renewals->parts.pki;
    g_autoptr(GBytes) proof = g_bytes_new(message->proof.data, message->proof.len);
    const HlCertInfo *info;
    HlTime begin;

    claim->cert =
        hl_cert_parse("the certificate in the request", message->certificate, strlen(message->certificate), error);
    if (claim->cert == NULL)
        return false;
    info = hl_cert_info(claim->cert);
    claim->facts = (MgrLateFacts){
        .is_ours = mgr_pki_was_ours(pki, claim->cert, HL_CERT_ENDPOINT),
        .is_proven = hl_cert_verify_signature(claim->cert, HL_RENEW_PROOF, csr, proof),
        .ended = info->not_after,
        .now = hl_clock_wall(),
        .grace = renewals->parts.conf->grace,
        .clock = message->clock_ms,
        .begin = hl_cert_info(mgr_pki_authority(pki))->not_before,
        .lifetime = renewals->parts.conf->certificate_lifetime,
    };
    mgr_pki_dates(pki, claim->facts.lifetime, &begin, &claim->facts.end);
    look_up_endpoint(renewals, claim, info);
    return true;
}

#define ASK_FOR_BUNDLE "ask the administrator for a bundle that is made for it (holdline bundle create --for %s)"

static bool fail_too_late(const MgrLateFacts *facts, const char *id, GError **error)
{
    g_autofree char *ended = hl_time_format(facts->ended);
    g_autofree char *until = hl_time_format(facts->ended + facts->grace);

    return hl_fail(
        error, HL_ERROR_EXPIRED,
        "the certificate of %s ended at %s, and could be renewed until %s (enrolment.grace): " ASK_FOR_BUNDLE, id,
        ended, until, id);
}

static bool fail_clock(const MgrLateFacts *facts, GError **error)
{
    HlTime skew = mgr_skew(facts->clock);
    g_autofree char *off = hl_duration_describe(ABS(skew));

    return skew < 0 ? hl_fail(error, HL_ERROR_INVALID, "this machine's clock is %s slow: set it", off)
                    : hl_fail(error, HL_ERROR_INVALID, "this machine's clock is %s fast: set it", off);
}

/* What the honest holder of the certificate is to do. */
static bool settle(const MgrLateFacts *facts, const char *id, GError **error)
{
    switch (mgr_late_decide(facts)) {
    case MGR_LATE_GRANTED:
    case MGR_LATE_N:
        return true;
    case MGR_LATE_FOREIGN:
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "the certificate is not one that this server gave to an endpoint: ask the administrator for a "
                       "bundle");
    case MGR_LATE_UNPROVEN:
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the request is not signed with the key of the certificate of %s",
                       id);
    case MGR_LATE_UNKNOWN:
        return hl_fail(error, HL_ERROR_DENIED, "%s was removed from this server: ask the administrator for a bundle",
                       id);
    case MGR_LATE_REVOKED:
        return hl_fail(error, HL_ERROR_DENIED, "%s is revoked: " ASK_FOR_BUNDLE, id, id);
    case MGR_LATE_REPLACED:
        return hl_fail(error, HL_ERROR_DENIED,
                       "%s has enrolled again since this certificate was issued: " ASK_FOR_BUNDLE, id, id);
    case MGR_LATE_TOO_LATE:
        return fail_too_late(facts, id, error);
    case MGR_LATE_CLOCK:
        return fail_clock(facts, error);
    case MGR_LATE_TOO_SOON:
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s was given another certificate a short while ago", id);
    }
    g_assert_not_reached();
}

static void write_outcome(HlWriteSet *set, const MgrEndpoint *endpoint, MgrLateOutcome outcome, const char *serial,
                          HlTime at)
{
    mgr_write_late_renewal(
        set, &(MgrLateRecord){
                 .endpoint = endpoint->record.number, .outcome = mgr_late_name(outcome), .serial = serial, .at = at });
}

static void write_all(HlWriteSet *set, const Pending *pending, const Claim *claim)
{
    g_autofree char *ended = hl_time_format(claim->facts.ended);
    g_autofree char *detail = g_strdup_printf("given over HTTPS, by proof of the old key: the one before %s %s",
                                              claim->facts.ended <= claim->facts.now ? "ended at" : "ends at", ended);

    mgr_write_certificate(set, &pending->issued);
    mgr_write_endpoint_renewal(set, claim->endpoint->record.number, pending->issued.serial, pending->issued.expires_at);
    write_outcome(set, claim->endpoint, MGR_LATE_GRANTED, pending->issued.serial, pending->issued.issued_at);
    mgr_write_history(set, pending->issued.issued_at, pending->endpoint, "certificate", detail);
}

/* Everything is checked: issues, stores, answers after the commit.  false: not begun. */
static bool begin(MgrLateRenewals *renewals, HlHttpRequest *request, const Claim *claim, GBytes *csr, GError **error)
{
    static const MgrChangeKind kind = { fold_pending, fail_pending, pending_free };
    g_autoptr(HlCert) cert = NULL;
    HlWriteSet *set;
    Pending *pending = g_new0(Pending, 1);

    pending->renewals = renewals;
    pending->request = request;
    pending->endpoint = g_strdup(claim->endpoint->record.id);
    g_hash_table_add(renewals->under_way, g_strdup(pending->endpoint));
    cert = mgr_pki_renew(renewals->parts.pki, MGR_ISSUER_PRESENT, csr, pending->endpoint, claim->facts.lifetime,
                         claim->facts.clock, &pending->issued, error);
    if (cert == NULL) {
        pending_free(pending);
        return hl_error_prefix(error, "signing request");
    }
    pending->certificate = hl_cert_print(cert);
    set = hl_write_set_new();
    write_all(set, pending, claim);
    mgr_applicants_note(renewals->parts.applicants, set, request, MGR_APPLY_RENEW, pending->endpoint, &pending->issued);
    mgr_record_commit(renewals->parts.record, set, &kind, pending);
    return true;
}

/* The asker has the key.  Written when it is another outcome, so that one that asks on and on writes nothing. */
static void note_refusal(const MgrLateRenewals *renewals, const Claim *claim, const GError *refusal, const char *peer)
{
    MgrLateOutcome outcome = mgr_late_decide(&claim->facts);
    MgrEndpoint *endpoint = mgr_fleet_endpoint(renewals->parts.fleet, hl_cert_info(claim->cert)->cn);
    bool is_other;

    if (endpoint == NULL || !mgr_late_is_noted(outcome) || outcome == MGR_LATE_GRANTED)
        return;
    is_other = mgr_endpoint_contact(endpoint)->late_at == 0 || mgr_endpoint_contact(endpoint)->late != outcome;
    note_late(endpoint, outcome, claim->facts.now);
    mgr_status_touch(renewals->parts.status, endpoint);
    if (!is_other)
        return;
    write_outcome(mgr_record_background(renewals->parts.record), endpoint, outcome, endpoint->record.serial,
                  claim->facts.now);
    mgr_record_note(renewals->parts.record, endpoint->record.id, "certificate", "asked for over HTTPS from %s: %s",
                    peer, refusal->message);
    mgr_status_event(renewals->parts.status, endpoint, "came-late", "", mgr_late_name(outcome), peer);
}

/* That an endpoint's clock says the same makes it likely that the server's is right: nothing else changes by it. */
static void hear_clock(const MgrLateRenewals *renewals, const MgrLateFacts *facts)
{
    HlTime last = hl_cert_info(mgr_pki_authority(renewals->parts.pki))->not_after - HL_TRUST_LAST;

    if (mgr_pki_is_over(renewals->parts.pki) && facts->clock >= last)
        mgr_pki_confirm_end(renewals->parts.pki);
}

/* What the endpoint trusts has ended: it cannot tell who answers, and believes the sealing key alone.  Whoever has the
 * key of the certificate gets it, also one that is revoked: it says what anybody can see, and the endpoint then hears
 * the reason from somebody whom it knows.  Nothing is stored. */
static bool send_letter(const MgrLateRenewals *renewals, HlHttpRequest *request, const Claim *claim, GError **error)
{
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) letter = NULL;

    if (!claim->facts.is_ours || !claim->facts.is_proven || !claim->facts.is_registered) {
        settle(&claim->facts, hl_cert_info(claim->cert)->cn, error);
        return false;
    }
    hear_clock(renewals, &claim->facts);
    if (!mgr_pki_is_over(renewals->parts.pki) || mgr_pki_next(renewals->parts.pki) != NULL)
        letter = mgr_location_letter(renewals->parts.location, claim->endpoint);
    envelope = letter != NULL ? hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, letter, NULL) : NULL;
    if (envelope == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "no other authority follows yet: ask again in a moment");
    reply.endpoint = claim->endpoint->record.id;
    reply.server = envelope;
    mgr_applicants_grant(request, &reply);
    return true;
}

/* The answer to an earlier request was lost: the same one once more, and nothing is issued. */
static bool send_again(const MgrLateRenewals *renewals, HlHttpRequest *request, const Claim *claim, GBytes *csr)
{
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autoptr(HlCert) cert = NULL;
    g_autofree char *pem = NULL;

    if (mgr_late_decide(&claim->facts) != MGR_LATE_TOO_SOON)
        return false;
    cert = mgr_pki_renewed(renewals->parts.pki, claim->endpoint, csr);
    if (cert == NULL)
        return false;
    pem = hl_cert_print(cert);
    reply.endpoint = claim->endpoint->record.id;
    reply.certificate = pem;
    mgr_applicants_grant(request, &reply);
    return true;
}

void mgr_late_renewals_handle(MgrLateRenewals *renewals, HlHttpRequest *request)
{
    MgrApplicants *applicants = renewals->parts.applicants;
    g_autoptr(HlMsgRenewRequest) message =
        mgr_applicants_admit(applicants, request, MGR_APPLY_RENEW, &holdline__v1__renew_request__descriptor);
    g_autoptr(GBytes) csr = message != NULL ? g_bytes_new(message->csr.data, message->csr.len) : NULL;
    g_auto(Claim) claim = { 0 };
    g_autoptr(GError) error = NULL;
    HlTime wait = 0;

    if (message == NULL)
        return;
    if (!gather(renewals, message, csr, &claim, &error)) {
        mgr_applicants_refuse(applicants, request, MGR_APPLY_RENEW, error, 0);
        return;
    }
    if (message->letter) {
        if (!send_letter(renewals, request, &claim, &error))
            mgr_applicants_refuse(applicants, request, MGR_APPLY_RENEW, error, 0);
        return;
    }
    if (send_again(renewals, request, &claim, csr))
        return;
    if (!settle(&claim.facts, hl_cert_info(claim.cert)->cn, &error)) {
        wait = hl_error_code(error) == HL_ERROR_UNAVAILABLE ? mgr_late_wait(&claim.facts) : 0;
        note_refusal(renewals, &claim, error, request->peer);
    } else if (g_hash_table_contains(renewals->under_way, claim.endpoint->record.id)) { /* it lost patience */
        hl_fail(&error, HL_ERROR_UNAVAILABLE, "a certificate for this endpoint is being stored: try again");
    } else {
        begin(renewals, request, &claim, csr, &error);
    }
    if (error != NULL)
        mgr_applicants_refuse(applicants, request, MGR_APPLY_RENEW, error, wait);
}

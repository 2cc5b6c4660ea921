/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/enrol.h"
#include "manager/daemon/ground/selector.h"

#include <string.h>

#include "lib/base/common.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/digest.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/registration.h"
#include "manager/daemon/work/claim.h"
#include "proto/enrolment.h"
#include "proto/wire.h"

#define MAX_SKEW (HL_ENROL_MAX_SKEW - HL_ENROL_TRANSIT)

struct MgrEnrol {
    MgrEnrolOptions parts;
    GHashTable *under_way; /* fingerprints of machines that are being stored */
    uint64_t enrolled;
};

/* One request on its way through the registry. */
typedef struct {
    MgrEnrol *enrol;
    HlHttpRequest *request;
    char *token;       /* id */
    char *fingerprint; /* under way until the end */
    char *certificate; /* PEM */
    MgrCertificateRecord issued;
    MgrEndpointRecord fresh; /* of a new endpoint; id NULL when one is enrolled again */
    char *endpoint;          /* id */
    bool made_for_it;        /* the bundle was: it may end a revocation */
} Pending;

MgrEnrol *mgr_enrol_new(const MgrEnrolOptions *options)
{
    MgrEnrol *enrol = g_new0(MgrEnrol, 1);

    enrol->parts = *options;
    enrol->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return enrol;
}

void mgr_enrol_free(MgrEnrol *enrol)
{
    if (enrol == NULL)
        return;
    g_hash_table_unref(enrol->under_way);
    g_free(enrol);
}

uint64_t mgr_enrol_count(const MgrEnrol *enrol)
{
    return enrol->enrolled;
}

static const MgrTokenRecord *find_token(const MgrEnrol *enrol, const char *text)
{
    g_autofree char *digest = hl_token_digest(text);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, enrol->parts.fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((MgrTokenRecord *)value)->digest, digest) == 0)
            return value;
    return NULL;
}

/* What is to be done about it the PC says (endpoint/identity/enrol.c), which keeps a token to itself that has expired
 * by its own clock, and asks what the server's clock says. */
static bool check_token(const MgrTokenRecord *token, const char *text, HlTime now, GError **error)
{
    g_autofree char *when = NULL;

    if (token == NULL)
        return hl_fail(error, HL_ERROR_DENIED,
                       *text != '\0'
                           ? "the bundle's token is not known to this server"
                           : "no token was shown, as by a machine whose own clock says that its bundle has expired");
    if (token->withdrawn_at > 0) {
        when = hl_time_format(token->withdrawn_at);
        return hl_fail(error, HL_ERROR_DENIED, "the bundle %s was withdrawn at %s", token->id, when);
    }
    if (now > token->expires_at) {
        when = hl_time_format(token->expires_at);
        return hl_fail(error, HL_ERROR_EXPIRED, "the bundle %s expired at %s", token->id, when);
    }
    if (token->uses_left == 0)
        return hl_fail(error, HL_ERROR_LIMIT, "the bundle %s has no uses left", token->id);
    return true;
}

/* The certificate that would be issued must be valid on that machine: else the token would be used up for nothing. */
static bool check_clock(const MgrEnrol *enrol, const HlMsgEnrolRequest *message, GError **error)
{
    HlTime skew = mgr_skew(message->clock_ms);
    g_autofree char *off = hl_duration_describe(ABS(skew));
    HlTime begin;
    HlTime end;

    mgr_pki_dates(enrol->parts.pki, enrol->parts.conf->certificate_lifetime, &begin, &end);
    if (ABS(skew) <= MAX_SKEW && message->clock_ms >= begin && message->clock_ms < end)
        return true;
    return hl_fail(error, HL_ERROR_INVALID,
                   "this machine's clock is %s %s: set it, then enrol again (the bundle was not used)", off,
                   skew < 0 ? "slow" : "fast");
}

static bool check_request(const MgrEnrol *enrol, const HlMsgEnrolRequest *message, GError **error)
{
    const HlMsgRegistration *registration = message->registration;

    if (registration == NULL || *registration->host == '\0')
        return hl_fail(error, HL_ERROR_INVALID, "the request names no host");
    if (strlen(registration->fingerprint) != 64 || strspn(registration->fingerprint, "0123456789abcdef") != 64)
        return hl_fail(error, HL_ERROR_INVALID, "the request has no machine fingerprint");
    return check_clock(enrol, message, error);
}

static void pending_free(gpointer change)
{
    Pending *pending = change;

    g_hash_table_remove(pending->enrol->under_way, pending->fingerprint);
    mgr_certificate_record_clear(&pending->issued);
    mgr_endpoint_record_clear(&pending->fresh);
    g_free(pending->token);
    g_free(pending->fingerprint);
    g_free(pending->certificate);
    g_free(pending->endpoint);
    g_free(pending);
}

/* ------------------------------------------------------------------------------------------------ after the commit */

/* As the registry refused it; what was committed before is in memory. */
static bool is_token_used_up(const Pending *pending)
{
    const MgrTokenRecord *token = mgr_fleet_token(pending->enrol->parts.fleet, pending->token);

    return token == NULL || token->uses_left == 0 || token->withdrawn_at > 0;
}

static void fail_enrolment(gpointer change, const GError *error)
{
    const Pending *pending = change;
    g_autoptr(GError) problem = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT && is_token_used_up(pending))
        hl_fail(&problem, HL_ERROR_LIMIT, "the bundle was used up or withdrawn a moment ago: ask for a new one");
    else if (hl_error_code(error) == HL_ERROR_CONFLICT)
        hl_fail(&problem, HL_ERROR_UNAVAILABLE, "the endpoint %s was revoked or removed a moment ago: try again",
                pending->endpoint);
    else
        hl_fail(&problem, HL_ERROR_UNAVAILABLE, "the server cannot store the enrolment now: %s", error->message);
    mgr_applicants_refuse(pending->enrol->parts.applicants, pending->request, MGR_APPLY_ENROL, problem, 0);
}

/* The certificate, and the endpoint, new or again; NULL: it was removed meanwhile. */
static MgrEndpoint *fold_records(Pending *pending)
{
    MgrEnrol *enrol = pending->enrol;
    MgrTokenRecord *token = mgr_fleet_token(enrol->parts.fleet, pending->token);
    HlTime at = pending->issued.issued_at;
    const MgrCertificateRecord *certificate = mgr_fleet_add_certificate(enrol->parts.fleet, &pending->issued);
    MgrEndpoint *endpoint;

    if (token != NULL)
        token->uses_left--;
    if (pending->fresh.id != NULL)
        return mgr_fleet_add_endpoint(enrol->parts.fleet, &pending->fresh);
    endpoint = mgr_fleet_endpoint(enrol->parts.fleet, pending->endpoint);
    if (endpoint == NULL)
        return NULL;
    mgr_endpoint_set_certificate(endpoint, certificate);
    endpoint->record.revoked_at = 0;
    mgr_registration_set_machine(enrol->parts.fleet, endpoint, pending->fingerprint);
    mgr_registration_enrol_as_told(enrol->parts.fleet, endpoint);
    mgr_places_note(&enrol->parts.fleet->places, endpoint->record.number, NULL);
    mgr_presence_enrolled(&endpoint->record.presence);
    mgr_fleet_note_unwritten(enrol->parts.fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
    mgr_pki_fold_revocations(enrol->parts.pki, endpoint->record.id, certificate->serial, at, NULL);
    return endpoint;
}

static void answer_enrolled(const Pending *pending, const MgrEndpoint *endpoint)
{
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    MgrRecipient recipient = mgr_delivery_recipient(endpoint);
    MgrAddressee to = { .endpoint = endpoint->record.id,
                        .counter = mgr_endpoint_desired_counter(endpoint),
                        .path = mgr_path_for(&recipient, MGR_WORK_SETTINGS, MGR_OCCASION_BUNDLE) };
    g_autoptr(HlMsgEnvelope) settings =
        mgr_delivery_envelope(pending->enrol->parts.delivery, mgr_endpoint_terms(endpoint), &to);

    reply.endpoint = endpoint->record.id;
    reply.certificate = pending->certificate;
    reply.settings = settings;
    mgr_applicants_grant(pending->request, &reply);
}

static void fold_enrolment(gpointer change)
{
    Pending *pending = change;
    MgrEnrol *enrol = pending->enrol;
    MgrEndpoint *endpoint = fold_records(pending);
    g_autoptr(GError) problem = NULL;

    if (endpoint == NULL) {
        hl_fail(&problem, HL_ERROR_UNAVAILABLE, "the endpoint was removed a moment ago: enrol again");
        mgr_applicants_refuse(enrol->parts.applicants, pending->request, MGR_APPLY_ENROL, problem, 1);
        return;
    }
    enrol->enrolled++;
    hl_info("enrol", "%s (%s) of group %s from %s", endpoint->record.id, endpoint->record.host, endpoint->record.group,
            pending->request->peer);
    mgr_registration_enrolled(enrol->parts.fleet, enrol->parts.record, endpoint);
    answer_enrolled(pending, endpoint);
    mgr_status_touch(enrol->parts.status, endpoint);
    mgr_status_event(enrol->parts.status, endpoint, "enrolled", "", endpoint->record.group, "");
}

/* ------------------------------------------------------------------------------------------------------ the request */

/* false: its group was deleted, and the token with it. */
static bool describe_fresh(Pending *pending, const MgrTokenRecord *token, const HlMsgRegistration *registration,
                           GError **error)
{
    MgrFleet *fleet = pending->enrol->parts.fleet;
    const MgrGroup *group = mgr_selector_group(fleet, NULL, token->group, error);

    if (group == NULL)
        return false;
    pending->fresh = (MgrEndpointRecord){ .number = fleet->next_number++,
                                          .id = g_strdup(pending->endpoint),
                                          .group = hl_common_dup(token->group),
                                          .host = g_strdup(registration->host),
                                          .fingerprint = g_strdup(registration->fingerprint),
                                          .addresses = mgr_registration_addresses(registration),
                                          .direct_port = (int)MIN(registration->direct_port, 65535),
                                          .os = hl_common_dup(registration->os),
                                          .program = hl_common_dup(registration->program_version),
                                          .observed = g_strdup(pending->request->peer),
                                          .observed_by = hl_common_dup("https"),
                                          .serial = g_strdup(pending->issued.serial),
                                          .enrolled_at = pending->issued.issued_at,
                                          .cert_expires = pending->issued.expires_at,
                                          .moved_counter = group->record.counter,
                                          .patterns = hl_common_dup(""),
                                          .spool = hl_common_dup(""),
                                          .update_result = hl_common_dup(""),
                                          .update_source = hl_common_dup("") };
    return true;
}

/* Adds what of the endpoint changes: a new row, or another certificate for the one that is known. */
static bool write_endpoint(Pending *pending, const MgrEndpoint *known, const MgrTokenRecord *token,
                           const HlMsgRegistration *registration, HlWriteSet *set, GError **error)
{
    const MgrCertificateRecord *issued = &pending->issued;

    if (known == NULL) {
        if (!describe_fresh(pending, token, registration, error))
            return false;
        mgr_write_endpoint(set, &pending->fresh);
    } else {
        mgr_write_endpoint_enrolment(
            set, known->record.number,
            &(MgrEnrolmentStep){ issued->serial, issued->expires_at, pending->fingerprint, pending->made_for_it });
        mgr_write_revocations(set, known->record.id, issued->serial, issued->issued_at);
        mgr_write_untold(set, known->record.number); /* it knows what is in its bundle, and nothing else any more */
    }
    mgr_write_history(set, issued->issued_at, pending->endpoint, "enrolled",
                      known == NULL ? pending->request->peer : "again, with a new certificate");
    return true;
}

/* Everything is checked: issues, stores, answers after the commit.  false: not begun. */
static bool begin(MgrEnrol *enrol, HlHttpRequest *request, const HlMsgEnrolRequest *message,
                  const MgrTokenRecord *token, const MgrEndpoint *known, GError **error)
{
    static const MgrChangeKind kind = { fold_enrolment, fail_enrolment, pending_free };
    g_autoptr(GBytes) csr = g_bytes_new(message->csr.data, message->csr.len);
    g_autoptr(HlCert) cert = NULL;
    HlWriteSet *set;
    Pending *pending = g_new0(Pending, 1);

    pending->enrol = enrol;
    pending->request = request;
    pending->token = g_strdup(token->id);
    pending->fingerprint = g_strdup(message->registration->fingerprint);
    g_hash_table_add(enrol->under_way, g_strdup(pending->fingerprint));
    pending->endpoint = known != NULL ? g_strdup(known->record.id) : hl_ident_new("e-");
    pending->made_for_it = *token->endpoint != '\0';
    cert = mgr_pki_issue(enrol->parts.pki, csr, HL_CERT_ENDPOINT, pending->endpoint,
                         enrol->parts.conf->certificate_lifetime, &pending->issued, error);
    if (cert == NULL) {
        pending_free(pending);
        return hl_error_prefix(error, "signing request");
    }
    pending->certificate = hl_cert_print(cert);
    set = hl_write_set_new();
    mgr_write_token_use(set, token->id);
    mgr_write_certificate(set, &pending->issued);
    if (!write_endpoint(pending, known, token, message->registration, set, error)) {
        hl_write_set_free(set);
        pending_free(pending);
        return false;
    }
    mgr_applicants_note(enrol->parts.applicants, set, request, MGR_APPLY_ENROL, pending->endpoint, &pending->issued);
    mgr_record_commit(enrol->parts.record, set, &kind, pending);
    return true;
}

static bool check_and_begin(MgrEnrol *enrol, HlHttpRequest *request, const HlMsgEnrolRequest *message, GError **error)
{
    HlTime now = hl_clock_wall();
    const MgrTokenRecord *token = find_token(enrol, message->token);
    const MgrClaimParts claim = { enrol->parts.fleet, enrol->parts.pki };
    const MgrEndpoint *known;

    if (!check_token(token, message->token, now, error) || !check_request(enrol, message, error))
        return false;
    /* it lost patience and asks again: one machine is one record */
    if (g_hash_table_contains(enrol->under_way, message->registration->fingerprint))
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "an enrolment of this machine is being stored: try again");
    return mgr_claim_settle(&claim, message, token, &known, error) &&
           begin(enrol, request, message, token, known, error);
}

void mgr_enrol_handle(MgrEnrol *enrol, HlHttpRequest *request)
{
    g_autoptr(HlMsgEnrolRequest) message = mgr_applicants_admit(enrol->parts.applicants, request, MGR_APPLY_ENROL,
                                                                &holdline__v1__enrol_request__descriptor);
    g_autoptr(GError) error = NULL;

    if (message != NULL && !check_and_begin(enrol, request, message, &error))
        mgr_applicants_refuse(enrol->parts.applicants, request, MGR_APPLY_ENROL, error, 0);
}

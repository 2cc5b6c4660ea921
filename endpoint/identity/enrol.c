/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/identity/enrol.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/identity/bundle.h"
#include "endpoint/identity/identity.h"
#include "endpoint/identity/machine.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/http/fetch.h"
#include "lib/pki/signing.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"
#include "proto/settings.h"

#define ROUTE        "/v1/enrol"
#define CONTENT_TYPE "application/x-protobuf"
#define DEADLINE     (60 * HL_SECOND)
#define TOO_MANY     429
#define CLOCK_OFF    HL_ENROL_MAX_SKEW /* further than any honest clock is off */
#define ROOM         (64 * 1024)       /* certificate, settings and the file system's own needs */

typedef struct {
    const EpConf *conf;
    const char *bundle_path;
    HlMsgBundle *bundle;
    const char *server; /* of the bundle's, the one that is asked; borrowed */
    char *prepared;     /* STATE/identity.new */
    HlKey *key;
    char *fingerprint;
    bool replace;
    char *given_up; /* the certificate of the identity that is replaced, PEM; NULL: there is none of this server */
    GBytes *proof;  /* signature with its key */
} Enrolment;

static void enrolment_clear(Enrolment *enrolment)
{
    if (enrolment->prepared != NULL)
        HL_IGNORE(hl_tree_remove(enrolment->prepared, NULL)); /* the next enrolment begins by removing it */
    g_free(enrolment->prepared);
    g_free(enrolment->fingerprint);
    g_free(enrolment->given_up);
    g_clear_pointer(&enrolment->proof, g_bytes_unref);
    hl_key_free(enrolment->key);
    hl_wire_free(enrolment->bundle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Enrolment, enrolment_clear)

static bool write_in(const Enrolment *enrolment, const char *name, const void *data, gsize size, GError **error)
{
    g_autofree char *path = g_build_filename(enrolment->prepared, name, NULL);

    return hl_file_write(path, data, size, 0600, error);
}

static bool clock_error(HlTime now, HlTime server, GError **error)
{
    g_autofree char *ours = hl_time_format(now);
    g_autofree char *theirs = hl_time_format(server);

    return hl_fail(error, HL_ERROR_INVALID,
                   "this machine's clock is wrong: it says %s, the server says %s; set the clock, then enrol again",
                   ours, theirs);
}

/* What each refusal means to the holder of the bundle. */
static const struct {
    const char *code;
    const char *text;
    const char *brief; /* before the server's own words, where these say what to do; NULL: text */
} refusals[] = {
    { "denied", "the server does not accept the token of this bundle (wrong or withdrawn); ask for a new bundle",
      NULL },
    { "expired", "the token of this bundle has expired; ask for a new bundle", NULL },
    { "limit", "the token of this bundle is used up; ask for a new bundle", NULL },
    { "exists",
      "the server knows this machine already: --replace keeps its record if its identity is still here; if it "
      "was reinstalled, ask for a bundle that is made for it; a copy of another PC needs a machine id of its "
      "own first",
      "the server knows this machine already" },
    { "untrusted", "the server does not believe that the identity which is given up is this machine's", NULL },
    { "invalid", "the server does not accept the request", NULL },
    { "unavailable", "the server cannot enrol at the moment; try again later", NULL },
};

static bool refused(const Enrolment *enrolment, const HlMsgEnrolReply *reply, GError **error)
{
    const char *text = "the server refused the enrolment";
    const char *made_for = enrolment->bundle->endpoint;
    bool has_words = *reply->message != '\0';

    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (strcmp(reply->code, refusals[i].code) == 0)
            text = has_words && refusals[i].brief != NULL ? refusals[i].brief : refusals[i].text;
    hl_fail(error, hl_error_from_name(reply->code), "%s%s%s%s", text, has_words ? " (" : "", reply->message,
            has_words ? ")" : "");
    return *made_for != '\0' ? hl_error_prefix(error, "this bundle is for %s alone", made_for) : false;
}

/* TLS failed: the wrong server, or the wrong time? */
static bool untrusted(const Enrolment *enrolment, HlTime now, GError **error)
{
    const HlMsgBundle *bundle = enrolment->bundle;
    g_autoptr(HlCert) ca = hl_cert_parse("CA", bundle->ca, strlen(bundle->ca), NULL);
    g_autofree char *time = hl_time_format(now);
    bool time_is_odd = now > bundle->expires_ms ||
                       (ca != NULL && (now < hl_cert_info(ca)->not_before || now > hl_cert_info(ca)->not_after));

    if (time_is_odd)
        return hl_error_prefix(error,
                               "the certificate of %s is not valid at %s: either this machine's clock is wrong (set "
                               "it), or the bundle is out of date (ask for a new one)",
                               enrolment->server, time);
    return hl_error_prefix(error,
                           "%s is not the server of this bundle: its certificate was not issued by the bundle's CA (a "
                           "bundle of another server, or somebody in the middle)",
                           enrolment->server);
}

/* *unsent: nothing of the request has left, so that another address may be asked with the same token. */
static HlMsgEnrolReply *post_to(const Enrolment *enrolment, const char *token, GBytes *csr, bool *unsent,
                                GError **error)
{
    g_autofree char *ca_path = g_build_filename(enrolment->prepared, "ca.pem", NULL);
    /* the same way as the line that follows: never the environment's proxy, which the daemon does not share */
    HlFetchOptions options = { .ca_file = ca_path, .proxy = enrolment->conf->line_proxy };
    g_autoptr(HlFetch) fetch = hl_fetch_new(&options);
    HlMsgEnrolRequest request = HOLDLINE__V1__ENROL_REQUEST__INIT;
    g_autoptr(HlMsgRegistration) registration =
        ep_machine_registration(enrolment->fingerprint, enrolment->bundle->brokers[0], 0);
    g_autofree char *url = g_strconcat(enrolment->server, ROUTE, NULL);
    g_autoptr(GBytes) body = NULL;
    g_auto(HlFetchResult) result = { 0 };
    HlFetchRequest call = {
        .url = url, .content_type = CONTENT_TYPE, .max_size = HL_WIRE_MAX_SIZE, .deadline = DEADLINE
    };
    HlMsgEnrolReply *reply;

    request.token = hl_unconst(token);
    request.csr.data = hl_unconst(g_bytes_get_data(csr, &request.csr.len));
    request.registration = registration;
    request.replace = enrolment->replace;
    if (enrolment->given_up != NULL) {
        request.certificate = enrolment->given_up;
        request.proof.data = hl_unconst(g_bytes_get_data(enrolment->proof, &request.proof.len));
    }
    request.clock_ms = hl_clock_wall();
    body = HL_WIRE_ENCODE(&request);
    call.body = g_bytes_get_data(body, &call.body_size);
    if (!hl_fetch_run(fetch, &call, &result, error)) {
        *unsent = result.unsent;
        if (g_error_matches(*error, HL_ERROR, HL_ERROR_UNTRUSTED))
            untrusted(enrolment, hl_clock_wall(), error);
        else
            hl_error_prefix(error, "cannot enrol at %s", enrolment->server);
        return NULL;
    }
    reply = hl_wire_decode_bytes(&holdline__v1__enrol_reply__descriptor, result.body, NULL);
    if (reply != NULL && result.status != TOO_MANY && (result.status == 200 || *reply->code != '\0'))
        return reply;
    hl_wire_free(reply);
    if (result.status == TOO_MANY) /* for this address, whatever the bundle */
        hl_fail(error, HL_ERROR_LIMIT,
                "%s accepts no further enrolments at the moment; try again in %" G_GINT64_FORMAT " s",
                enrolment->server, MAX(result.retry_after, 10 * HL_SECOND) / HL_SECOND);
    else
        hl_fail(error, HL_ERROR_UNAVAILABLE, "%s answered HTTP %ld without an enrolment: is a Holdline server there?",
                enrolment->server, result.status);
    return NULL;
}

/* One POST, to the first of the bundle's addresses that there is a way to; NULL if there is no reply.  token "" only
 * asks for the server's time. */
static HlMsgEnrolReply *post(Enrolment *enrolment, const char *token, GBytes *csr, GError **error)
{
    const HlMsgBundle *bundle = enrolment->bundle;
    g_autoptr(GError) problem = NULL;
    bool unsent = true;

    for (gsize i = 0; unsent && i < MAX(bundle->n_servers, 1); i++) {
        g_autoptr(GError) before = g_steal_pointer(&problem);
        HlMsgEnrolReply *reply;

        unsent = false;
        enrolment->server = bundle->n_servers > 0 ? bundle->servers[i] : bundle->server;
        reply = post_to(enrolment, token, csr, &unsent, &problem);
        if (reply != NULL)
            return reply;
        if (before != NULL) {
            g_autoptr(GError) last = g_steal_pointer(&problem);

            hl_fail(&problem, hl_error_code(last), "%s; then %s", before->message, last->message);
        }
    }
    if (unsent && hl_error_code(problem) != HL_ERROR_UNTRUSTED)
        hl_fail(error, hl_error_code(problem),
                "%s; the bundle has not been used up: enrol again once this machine can reach the server (name, port, "
                "firewall)",
                problem->message);
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

/* The record is kept by who has the key of the identity.  One of another server, or one that cannot be read, proves
 * nothing and is not shown to it. */
static void prove(Enrolment *enrolment, GBytes *csr)
{
    const char *pem = enrolment->bundle->ca;
    g_autoptr(HlTrust) trust = hl_trust_parse("CA", pem, strlen(pem), NULL);
    g_autoptr(EpIdentity) identity = ep_identity_load(enrolment->conf->state_dir, NULL);
    g_autoptr(HlKey) key = identity != NULL ? hl_key_load(identity->pem_path, NULL) : NULL;

    if (key == NULL || trust == NULL || hl_trust_issuer(trust, identity->cert) == NULL ||
        !hl_cert_has_key(identity->cert, key))
        return;
    enrolment->given_up = hl_cert_print(identity->cert);
    enrolment->proof = hl_key_sign(key, HL_ENROL_PROOF, csr);
}

/* Before the token is spent: a clock that is behind, or a bundle that is out of date by our clock.  The server knows
 * which of the two is wrong. */
static bool check_time(Enrolment *enrolment, GBytes *csr, GError **error)
{
    const HlMsgBundle *bundle = enrolment->bundle;
    HlTime now = hl_clock_wall();
    g_autoptr(HlMsgEnrolReply) reply = NULL;

    if (bundle->issued_ms > now + CLOCK_OFF) {
        g_autofree char *ours = hl_time_format(now);
        g_autofree char *made = hl_time_format(bundle->issued_ms);

        return hl_fail(error, HL_ERROR_INVALID,
                       "this machine's clock is wrong: it says %s, but the bundle was made at %s; set the clock, then "
                       "enrol again",
                       ours, made);
    }
    if (bundle->expires_ms == 0 || bundle->expires_ms > now)
        return true;
    reply = post(enrolment, "", csr, error);
    if (reply == NULL)
        return false;
    if (reply->clock_ms != 0 && ABS(hl_time_difference(now, reply->clock_ms)) > CLOCK_OFF)
        return clock_error(now, reply->clock_ms, error);
    return hl_fail(error, HL_ERROR_EXPIRED, "the token of this bundle has expired; ask for a new bundle");
}

static bool prepare(Enrolment *enrolment, GError **error)
{
    const HlMsgBundle *bundle = enrolment->bundle;
    g_autofree char *room = g_malloc0(ROOM);

    if (!hl_tree_remove(enrolment->prepared, error) || !hl_dir_make(enrolment->prepared, 0700, error) ||
        !write_in(enrolment, "ca.pem", bundle->ca, strlen(bundle->ca), error) ||
        (bundle->pattern_root.len > 0 &&
         !write_in(enrolment, "root.json", bundle->pattern_root.data, bundle->pattern_root.len, error)) ||
        !write_in(enrolment, "room", room, ROOM, error))
        return hl_error_prefix(error, "nothing was enrolled");
    enrolment->key = hl_key_generate(error);
    return enrolment->key != NULL;
}

static bool check_settings(const HlMsgEnrolReply *reply, GBytes *signing_key, GError **error)
{
    g_autoptr(HlMsgSettingsDocument) document = NULL;

    if (reply->settings == NULL)
        return true;
    document = hl_envelope_open(reply->settings, signing_key, HL_ENVELOPE_SETTINGS,
                                &holdline__v1__settings_document__descriptor, error);
    if (document == NULL)
        return hl_error_prefix(error, "the settings in the server's answer");
    if (strcmp(document->endpoint, reply->endpoint) != 0)
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the settings in the server's answer are for '%s', not for '%s'",
                       document->endpoint, reply->endpoint);
    return true;
}

/* Verifies everything in the answer, then writes the files. */
static bool accept_reply(const Enrolment *enrolment, const HlMsgEnrolReply *reply, GError **error)
{
    const HlMsgBundle *bundle = enrolment->bundle;
    HlTime now = hl_clock_wall();
    g_autoptr(HlTrust) trust = hl_trust_parse("the bundle's CA", bundle->ca, strlen(bundle->ca), error);
    g_autoptr(HlCert) cert = NULL;
    g_autoptr(GBytes) signing_key = g_bytes_new(bundle->signing_key.data, bundle->signing_key.len);
    g_autofree char *room = g_build_filename(enrolment->prepared, "room", NULL);
    g_autofree char *pem = g_build_filename(enrolment->prepared, "endpoint.pem", NULL);
    g_autofree char *json = NULL;
    g_autoptr(GBytes) settings = reply->settings == NULL ? NULL : HL_WIRE_ENCODE(reply->settings);

    if (trust == NULL)
        return false;
    cert = hl_cert_parse("the issued certificate", reply->certificate, strlen(reply->certificate), error);
    if (cert == NULL || !check_settings(reply, signing_key, error))
        return false;
    if (!hl_ident_is_valid(reply->endpoint) || strcmp(hl_cert_info(cert)->cn, reply->endpoint) != 0 ||
        hl_cert_info(cert)->kind != HL_CERT_ENDPOINT || !hl_cert_has_key(cert, enrolment->key))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the issued certificate is not for this endpoint and its key");
    if (reply->clock_ms != 0 && ABS(hl_time_difference(now, reply->clock_ms)) > CLOCK_OFF)
        return clock_error(now, reply->clock_ms, error);
    if (!hl_trust_verify(trust, cert, now, ep_identity_remedy, error))
        return hl_error_prefix(error, "the issued certificate is not valid");
    json = ep_identity_print(&(EpIdentityText){ .id = reply->endpoint,
                                                .group = bundle->group,
                                                .servers = bundle->n_servers > 0 ? bundle->servers : &bundle->server,
                                                .n_servers = bundle->n_servers > 0 ? bundle->n_servers : 1,
                                                .brokers = bundle->brokers,
                                                .n_brokers = bundle->n_brokers,
                                                .signing_key = signing_key });
    unlink(room);
    return ep_identity_save_pem(pem, cert, enrolment->key, error) &&
           write_in(enrolment, "identity.json", json, strlen(json), error) &&
           (settings == NULL || write_in(enrolment, "settings.sealed", g_bytes_get_data(settings, NULL),
                                         g_bytes_get_size(settings), error)) &&
           ep_identity_install(enrolment->conf->state_dir, error);
}

static bool check_not_enrolled(const EpConf *conf, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(EpIdentity) identity = ep_identity_load(conf->state_dir, &problem);

    if (identity != NULL)
        return hl_fail(error, HL_ERROR_EXISTS,
                       "this machine is already enrolled, as %s at %s: '--replace' enrols it again, under the same id "
                       "if the bundle was made for it; a copy of another PC needs a machine id of its own first "
                       "(" HL_ENROL_OWN_MACHINE_ID ")",
                       identity->id, identity->server);
    if (g_error_matches(problem, HL_ERROR, HL_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

bool ep_enrol(const EpConf *conf, const char *bundle_path, EpEnrolFlags flags, char **id, GError **error)
{
    g_auto(Enrolment)
        enrolment = { .conf = conf, .bundle_path = bundle_path, .replace = (flags & EP_ENROL_REPLACE) != 0 };
    g_autofree char *lock_path = g_build_filename(conf->state_dir, "enrol.lock", NULL);
    g_autoptr(HlMsgEnrolReply) reply = NULL;
    g_autoptr(GBytes) csr = NULL;
    hl_autofd int lock = -1;

    if (!hl_dir_make(conf->state_dir, 0711, error))
        return false;
    lock = hl_file_lock(lock_path, error);
    if (lock < 0 || (!enrolment.replace && !check_not_enrolled(conf, error)))
        return false;
    if ((enrolment.bundle = ep_bundle_load(bundle_path, error)) == NULL ||
        (enrolment.fingerprint = ep_machine_fingerprint(conf->machine_id, error)) == NULL)
        return false;
    enrolment.prepared = g_build_filename(conf->state_dir, "identity.new", NULL);
    if (!prepare(&enrolment, error) || (csr = hl_csr_make(enrolment.key, "new", error)) == NULL)
        return false;
    if (enrolment.replace)
        prove(&enrolment, csr);
    if (!check_time(&enrolment, csr, error) || (reply = post(&enrolment, enrolment.bundle->token, csr, error)) == NULL)
        return false;
    if (*reply->code != '\0') {
        if (reply->clock_ms != 0 && ABS(hl_time_difference(hl_clock_wall(), reply->clock_ms)) > CLOCK_OFF)
            return clock_error(hl_clock_wall(), reply->clock_ms, error);
        return refused(&enrolment, reply, error);
    }
    if (!accept_reply(&enrolment, reply, error))
        return hl_error_prefix(error,
                               "nothing was enrolled here, but the server has %s on record: ask for a bundle that is "
                               "made for it (holdline bundle create --for %s)",
                               reply->endpoint, reply->endpoint);
    *id = g_strdup(reply->endpoint);
    return true;
}

#include "manager/daemon/enrol.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/digest.h"
#include "manager/core/rate.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/revoke.h"
#include "manager/daemon/status.h"
#include "proto/envelope.h"

#define BACKDATE       (5 * HL_MINUTE)
#define MAX_SKEW       HL_DAY
#define MAX_ROOT_SIZE  (64 * 1024)
#define ARMOUR_COLUMNS 64

/* The way of one request through the registry. */
typedef struct {
    Manager *manager;
    HlHttpRequest *request;
    char *token;       /* id */
    char *certificate; /* PEM */
    MgrCertificateRecord issued;
    MgrEndpointRecord fresh; /* of a new endpoint; id NULL when one is enrolled again */
    char *endpoint;          /* id */
} Passage;

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

static void refuse(Manager *manager, HlHttpRequest *request, guint status, const GError *error, HlTime wait)
{
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, wait / HL_SECOND + 1);
    const char *headers[] = { "Retry-After", seconds, NULL };

    manager->counters.enrol_refused++;
    hl_log_limited(HL_LOG_WARN, "enrol", request->peer, "refused %s: %s", request->peer, error->message);
    reply.code = (char *)hl_error_name(hl_error_code(error));
    reply.message = error->message;
    answer(request, status, &reply, wait > 0 ? headers : NULL);
}

static MgrTokenRecord *find_token(Manager *manager, const char *text)
{
    g_autofree char *digest = hl_token_digest(text);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((MgrTokenRecord *)value)->digest, digest) == 0)
            return value;
    return NULL;
}

static bool check_token(const MgrTokenRecord *token, HlTime now, GError **error)
{
    g_autofree char *when = NULL;

    if (token == NULL)
        return hl_fail(error, HL_ERROR_DENIED, "the bundle's token is not known to this server: ask for a new bundle");
    if (token->withdrawn_at > 0) {
        when = hl_time_format(token->withdrawn_at);
        return hl_fail(error, HL_ERROR_DENIED, "the bundle %s was withdrawn at %s: ask for a new one", token->id, when);
    }
    if (now > token->expires_at) {
        when = hl_time_format(token->expires_at);
        return hl_fail(error, HL_ERROR_EXPIRED, "the bundle %s expired at %s: ask for a new one", token->id, when);
    }
    if (token->uses_left == 0)
        return hl_fail(error, HL_ERROR_LIMIT, "the bundle %s was used as often as it may be: ask for a new one",
                       token->id);
    return true;
}

static bool check_request(const HlMsgEnrolRequest *message, HlTime now, GError **error)
{
    const HlMsgRegistration *registration = message->registration;
    HlTime skew = message->clock_ms - now;
    g_autofree char *off = hl_duration_describe(ABS(skew));

    if (registration == NULL || *registration->host == '\0' || strlen(registration->host) > 255)
        return hl_fail(error, HL_ERROR_INVALID, "the request names no host, or one longer than 255 bytes");
    if (strlen(registration->fingerprint) != 64 || strspn(registration->fingerprint, "0123456789abcdef") != 64)
        return hl_fail(error, HL_ERROR_INVALID, "the request has no machine fingerprint");
    if (ABS(skew) > MAX_SKEW)
        return hl_fail(error, HL_ERROR_INVALID, "this machine's clock is %s %s: set it and enrol again", off,
                       skew < 0 ? "slow" : "fast");
    return true;
}

static MgrEndpoint *find_machine(Manager *manager, const char *fingerprint)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((MgrEndpoint *)value)->record.fingerprint, fingerprint) == 0)
            return value;
    return NULL;
}

static void free_passage(Passage *passage)
{
    mgr_certificate_record_clear(&passage->issued);
    mgr_endpoint_record_clear(&passage->fresh);
    g_free(passage->token);
    g_free(passage->certificate);
    g_free(passage->endpoint);
    g_free(passage);
}

/* The registry has it: now memory. */
static MgrEndpoint *fold(Passage *passage)
{
    Manager *manager = passage->manager;
    MgrTokenRecord *token = g_hash_table_lookup(manager->fleet.tokens, passage->token);
    MgrCertificateRecord *certificate = g_memdup2(&passage->issued, sizeof passage->issued);
    MgrEndpoint *endpoint;
    g_autoptr(GError) error = NULL;

    memset(&passage->issued, 0, sizeof passage->issued);
    g_hash_table_insert(manager->fleet.certificates, certificate->serial, certificate);
    if (token != NULL)
        token->uses_left--;
    if (passage->fresh.id != NULL)
        return mgr_fleet_add_endpoint(&manager->fleet, &passage->fresh);
    endpoint = g_hash_table_lookup(manager->fleet.endpoints, passage->endpoint);
    if (endpoint == NULL)
        return NULL; /* removed meanwhile */
    g_free(endpoint->record.serial);
    endpoint->record.serial = g_strdup(certificate->serial);
    endpoint->record.cert_expires = certificate->expires_at;
    endpoint->record.revoked_at = 0;
    mgr_presence_enrolled(&endpoint->record.presence);
    mgr_revoke_certificates(manager, NULL, endpoint->record.id, certificate->serial, hl_clock_wall());
    if (!mgr_revoke_publish(manager, &error))
        hl_error("enrol", "%s", error->message);
    mgr_revoke_evict(manager, endpoint->record.id);
    return endpoint;
}

static void on_committed(const GError *error, gpointer user)
{
    Passage *passage = user;
    Manager *manager = passage->manager;
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autoptr(HlMsgEnvelope) settings = NULL;
    g_autoptr(GError) problem = NULL;
    MgrEndpoint *endpoint;

    if (error != NULL) {
        if (hl_error_code(error) == HL_ERROR_CONFLICT)
            hl_fail(&problem, HL_ERROR_LIMIT, "the bundle was used up or withdrawn a moment ago: ask for a new one");
        else
            hl_fail(&problem, HL_ERROR_UNAVAILABLE, "the server cannot store the enrolment now: %s", error->message);
        refuse(manager, passage->request, status_of(problem), problem, 0);
        free_passage(passage);
        return;
    }
    endpoint = fold(passage);
    if (endpoint == NULL) {
        hl_fail(&problem, HL_ERROR_UNAVAILABLE, "the endpoint was removed a moment ago: enrol again");
        refuse(manager, passage->request, 503, problem, 1);
        free_passage(passage);
        return;
    }
    manager->counters.enrolled++;
    hl_info("enrol", "%s (%s) of group %s from %s", endpoint->record.id, endpoint->record.host, endpoint->record.group,
            passage->request->peer);
    settings = mgr_delivery_settings(manager, endpoint->group, endpoint->record.id,
                                     mgr_endpoint_desired_counter(endpoint), MGR_PATH_BUNDLE);
    reply.endpoint = endpoint->record.id;
    reply.certificate = passage->certificate;
    reply.settings = settings;
    answer(passage->request, 200, &reply, NULL);
    mgr_status_touch(manager, endpoint);
    mgr_status_event(manager, endpoint, "enrolled", "", endpoint->record.group, "");
    free_passage(passage);
}

static char *join_addresses(const HlMsgRegistration *registration)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; i < MIN(registration->n_addresses, 16); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", registration->addresses[i]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void describe_fresh(Passage *passage, const MgrTokenRecord *token, const HlMsgRegistration *registration)
{
    Manager *manager = passage->manager;
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&manager->fleet, token->group, &error);

    g_assert(group != NULL); /* tokens go with their group */
    passage->fresh = (MgrEndpointRecord){ .number = manager->fleet.next_number++,
                                          .id = g_strdup(passage->endpoint),
                                          .group = g_strdup(token->group),
                                          .host = g_strdup(registration->host),
                                          .fingerprint = g_strdup(registration->fingerprint),
                                          .addresses = join_addresses(registration),
                                          .direct_port = (int)MIN(registration->direct_port, 65535),
                                          .os = g_strdup(registration->os),
                                          .program = g_strdup(registration->program_version),
                                          .observed = g_strdup(passage->request->peer),
                                          .observed_by = g_strdup("https"),
                                          .serial = g_strdup(passage->issued.serial),
                                          .enrolled_at = passage->issued.issued_at,
                                          .cert_expires = passage->issued.expires_at,
                                          .moved_counter = group->record.counter,
                                          .patterns = g_strdup(""),
                                          .spool = g_strdup(""),
                                          .update_result = g_strdup(""),
                                          .update_source = g_strdup(""),
                                          .update_error = g_strdup("") };
}

/* Everything checked: issue, store, answer after the commit. */
static bool enrol(Manager *manager, HlHttpRequest *request, const HlMsgEnrolRequest *message, GError **error)
{
    HlTime now = hl_clock_wall();
    MgrTokenRecord *token = find_token(manager, message->token);
    MgrEndpoint *known = NULL;
    g_autoptr(GBytes) csr = g_bytes_new(message->csr.data, message->csr.len);
    g_autofree char *id = NULL;
    g_autoptr(HlCert) cert = NULL;
    g_autoptr(HlWriteSet) set = NULL;
    MgrCertificateRecord issued = { 0 };
    Passage *passage;

    if (!check_token(token, now, error) || !check_request(message, now, error))
        return false;
    known = find_machine(manager, message->registration->fingerprint);
    if (known != NULL && !message->replace && known->record.revoked_at == 0)
        return hl_fail(error, HL_ERROR_EXISTS,
                       "this machine is enrolled already, as %s (%s): enrol with --replace to keep that record, or "
                       "have it removed",
                       known->record.id, known->record.host);
    id = known != NULL ? g_strdup(known->record.id) : hl_ident_new("e-");
    cert = mgr_authority_issue(&manager->authority, csr,
                               &(HlCertSpec){ .cn = id,
                                              .kind = HL_CERT_ENDPOINT,
                                              .not_before = now - BACKDATE,
                                              .not_after = now + manager->conf.certificate_lifetime },
                               &issued, error);
    if (cert == NULL)
        return hl_error_prefix(error, "signing request");
    passage = g_new0(Passage, 1);
    *passage = (Passage){ .manager = manager,
                          .request = request,
                          .token = g_strdup(token->id),
                          .certificate = hl_cert_print(cert),
                          .issued = issued,
                          .endpoint = g_strdup(id) };
    set = hl_write_set_new();
    mgr_write_token_use(set, token->id);
    mgr_write_certificate(set, &passage->issued);
    if (known == NULL) {
        describe_fresh(passage, token, message->registration);
        mgr_write_endpoint(set, &passage->fresh);
    } else {
        mgr_write_endpoint_certificate(set, known->record.number, issued.serial, issued.expires_at);
        mgr_revoke_certificates(manager, set, id, issued.serial, now);
    }
    mgr_write_history(set, now, id, "enrolled", known == NULL ? request->peer : "again, with a new certificate");
    hl_write_set_durable(set);
    if (hl_writer_submit(manager->writer, g_steal_pointer(&set), on_committed, passage, error))
        return true;
    passage->request = NULL;
    free_passage(passage);
    return false;
}

void mgr_enrol_handle(HlHttpRequest *request, gpointer user)
{
    Manager *manager = user;
    g_autoptr(HlMsgEnrolRequest) message = NULL;
    g_autoptr(GError) error = NULL;
    HlTime wait;

    if (!mgr_rates_admit(manager->rates, request->peer, hl_clock_mono(), &wait)) {
        hl_fail(&error, HL_ERROR_LIMIT, "too many enrolment requests from %s: wait %" G_GINT64_FORMAT " s",
                request->peer, wait / HL_SECOND + 1);
        refuse(manager, request, 429, error, wait);
        return;
    }
    message = hl_wire_decode_bytes(&holdline__v1__enrol_request__descriptor, request->body, &error);
    if (message == NULL || !enrol(manager, request, message, &error))
        refuse(manager, request, status_of(error), error, 0);
}

char *mgr_enrol_bundle(const Manager *manager, const MgrGroup *group, const char *token, HlTime expires)
{
    HlMsgBundle bundle = HOLDLINE__V1__BUNDLE__INIT;
    g_autofree char *ca = hl_cert_print(manager->authority.cert);
    g_autofree char *root_path = mgr_site_path(manager->dir, "repo/metadata/1.root.json");
    g_autoptr(GBytes) root = hl_file_read(root_path, MAX_ROOT_SIZE, NULL); /* none: the server has no repository yet */
    g_autoptr(HlMsgEnvelope) settings =
        mgr_delivery_settings(manager, group, "", group->record.counter, MGR_PATH_BUNDLE);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) packed = NULL;
    g_autofree char *base64 = NULL;
    GString *out = g_string_new("-----BEGIN HOLDLINE BUNDLE-----\n");
    GBytes *key = hl_signing_key_public(manager->signing_key);

    bundle.group = group->record.name;
    bundle.token = (char *)token;
    bundle.ca = ca;
    bundle.brokers = manager->conf.broker_addresses;
    bundle.n_brokers = g_strv_length(manager->conf.broker_addresses);
    bundle.server = manager->conf.http_url;
    bundle.signing_key.data = (guint8 *)g_bytes_get_data(key, &bundle.signing_key.len);
    bundle.settings = settings;
    if (root != NULL)
        bundle.pattern_root.data = (guint8 *)g_bytes_get_data(root, &bundle.pattern_root.len);
    bundle.expires_ms = expires;
    bundle.issued_ms = hl_clock_wall();
    envelope = hl_envelope_sign(manager->signing_key, HL_ENVELOPE_BUNDLE, &bundle.base);
    packed = HL_WIRE_ENCODE(envelope);
    base64 = g_base64_encode(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed));
    for (gsize at = 0; at < strlen(base64); at += ARMOUR_COLUMNS)
        g_string_append_printf(out, "%.*s\n", ARMOUR_COLUMNS, base64 + at);
    g_string_append(out, "-----END HOLDLINE BUNDLE-----\n");
    return g_string_free(out, FALSE);
}

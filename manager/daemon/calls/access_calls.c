/* Calls about who may come in: bundles, administrators, monitors. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/digest.h"
#include "manager/daemon/broker.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/enrol.h"
#include "manager/daemon/revoke.h"

#define BUNDLE_LIFETIME (7 * HL_DAY)
#define CLIENT_LIFETIME (730 * HL_DAY)
#define BACKDATE        (5 * HL_MINUTE)
#define LISTING_TIME    200 /* ms; the broker reads its access list in a few */
#define MAX_USES        1000000

typedef struct {
    MgrCall *call;
    MgrTokenRecord token;
    MgrCertificateRecord certificate;
    char *secret; /* the token itself, or the certificate's PEM */
} Grant;

static void free_grant(Grant *grant)
{
    mgr_token_record_clear(&grant->token);
    mgr_certificate_record_clear(&grant->certificate);
    g_free(grant->secret);
    g_free(grant);
}

static bool fail_grant(Grant *grant, const GError *error)
{
    if (error == NULL)
        return false;
    mgr_call_fail(grant->call, error);
    free_grant(grant);
    return true;
}

static void submit(Grant *grant, HlWriteSet *set, HlWriteDone done)
{
    g_autoptr(GError) error = NULL;

    hl_write_set_durable(set);
    if (!hl_writer_submit(grant->call->manager->writer, set, done, grant, &error))
        done(error, grant);
}

static void on_bundle(const GError *error, gpointer user)
{
    Grant *grant = user;
    Manager *manager = grant->call->manager;
    MgrTokenRecord *kept;
    MgrGroup *group;
    g_autofree char *text = NULL;
    g_autofree char *expires = NULL;

    if (fail_grant(grant, error))
        return;
    kept = g_memdup2(&grant->token, sizeof grant->token);
    memset(&grant->token, 0, sizeof grant->token);
    g_hash_table_insert(manager->fleet.tokens, kept->id, kept);
    group = g_hash_table_lookup(manager->fleet.groups, kept->group);
    text = group != NULL ? mgr_enrol_bundle(manager, group, grant->secret, kept->expires_at) : g_strdup("");
    expires = hl_time_format(kept->expires_at);
    mgr_call_done(grant->call, json_pack("{s:s, s:s, s:I, s:s, s:s}", "id", kept->id, "group", kept->group, "uses",
                                         (json_int_t)kept->uses_left, "expires", expires, "bundle", text));
    free_grant(grant);
}

static void call_bundle_create(MgrCall *call)
{
    Manager *manager = call->manager;
    g_autoptr(GError) error = NULL;
    MgrGroup *group = mgr_fleet_find_group(&manager->fleet, mgr_call_argument(call, "group"), &error);
    const char *uses_text = mgr_call_argument(call, "uses");
    gint64 uses = 1;
    HlTime lifetime = 0;
    HlTime now = hl_clock_wall();
    HlWriteSet *set;
    Grant *grant;

    if (group != NULL && uses_text != NULL && !g_ascii_string_to_signed(uses_text, 10, 1, MAX_USES, &uses, NULL))
        hl_fail(&error, HL_ERROR_INVALID, "uses: '%s' is not a number from 1 to %d", uses_text, MAX_USES);
    if (error != NULL ||
        !mgr_call_duration(call, "expires", BUNDLE_LIFETIME, HL_SECOND, 365 * HL_DAY, &lifetime, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    grant = g_new0(Grant, 1);
    grant->call = call;
    grant->secret = hl_token_new();
    grant->token = (MgrTokenRecord){ .id = hl_ident_new("b-"),
                                     .digest = hl_token_digest(grant->secret),
                                     .group = g_strdup(group->record.name),
                                     .created_by = g_strdup(call->admin),
                                     .uses_left = uses,
                                     .expires_at = now + lifetime,
                                     .created_at = now };
    set = hl_write_set_new();
    mgr_write_token(set, &grant->token);
    submit(grant, set, on_bundle);
}

static void call_bundle_list(MgrCall *call)
{
    json_t *array = json_array();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, call->manager->fleet.tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrTokenRecord *token = value;
        g_autofree char *expires = hl_time_format(token->expires_at);
        const char *state = token->withdrawn_at > 0               ? "withdrawn"
                            : token->expires_at < hl_clock_wall() ? "expired"
                            : token->uses_left == 0               ? "used up"
                                                                  : "valid";

        json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "id", token->id, "group", token->group,
                                               "uses_left", (json_int_t)token->uses_left, "expires", expires,
                                               "created_by", token->created_by, "state", state));
    }
    mgr_call_done_list(call, "bundles", array, NULL);
}

static void on_withdrawn(const GError *error, gpointer user)
{
    Grant *grant = user;
    MgrTokenRecord *token;

    if (fail_grant(grant, error))
        return;
    token = g_hash_table_lookup(grant->call->manager->fleet.tokens, mgr_call_argument(grant->call, "bundle"));
    if (token != NULL)
        token->withdrawn_at = hl_clock_wall();
    mgr_call_done(grant->call, NULL);
    free_grant(grant);
}

static void call_bundle_withdraw(MgrCall *call)
{
    const char *id = mgr_call_argument(call, "bundle");
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Grant *grant;

    if (!g_hash_table_contains(call->manager->fleet.tokens, id)) {
        hl_fail(&error, HL_ERROR_NOT_FOUND, "there is no bundle '%s'; 'holdline bundle list' tells which there are",
                id);
        mgr_call_fail(call, error);
        return;
    }
    grant = g_new0(Grant, 1);
    grant->call = call;
    set = hl_write_set_new();
    mgr_write_token_withdrawal(set, id, hl_clock_wall());
    submit(grant, set, on_withdrawn);
}

/* The kind that a call is about: "admin create", "monitor revoke". */
static HlCertKind kind_of(const MgrCall *call)
{
    return g_str_has_prefix(call->message->name, "admin") ? HL_CERT_ADMIN : HL_CERT_MONITOR;
}

static bool has_live_name(const Manager *manager, const char *name, HlCertKind kind)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        if (record->revoked_at == 0 && strcmp(record->name, name) == 0 &&
            (kind == HL_CERT_OTHER || strcmp(record->kind, hl_cert_kind_name(kind)) == 0))
            return true;
    }
    return false;
}

/* The broker has its new access list: only now is the certificate what it will be. */
static gboolean on_client_listed(gpointer user)
{
    Grant *grant = user;
    Manager *manager = grant->call->manager;
    g_autofree char *ca = hl_cert_print(manager->authority.cert);
    g_autofree char *brokers = g_strjoinv(",", manager->conf.broker_addresses);

    mgr_call_done(grant->call, json_pack("{s:s, s:s, s:s, s:s}", "name", mgr_call_argument(grant->call, "name"),
                                         "certificate", grant->secret, "ca", ca, "brokers", brokers));
    free_grant(grant);
    return G_SOURCE_REMOVE;
}

static void on_client(const GError *error, gpointer user)
{
    Grant *grant = user;
    Manager *manager = grant->call->manager;
    g_autoptr(GError) problem = NULL;
    MgrCertificateRecord *kept;
    HlTime wait;

    if (fail_grant(grant, error))
        return;
    kept = g_memdup2(&grant->certificate, sizeof grant->certificate);
    memset(&grant->certificate, 0, sizeof grant->certificate);
    g_hash_table_insert(manager->fleet.certificates, kept->serial, kept);
    if (!mgr_revoke_publish(manager, &problem))
        hl_error("access", "%s", problem->message);
    wait = manager->broker != NULL ? mgr_broker_until_reload(manager->broker) : 0;
    g_timeout_add((guint)wait + LISTING_TIME, on_client_listed, grant);
}

static void call_client_create(MgrCall *call)
{
    Manager *manager = call->manager;
    const char *name = mgr_call_argument(call, "name");
    HlCertKind kind = kind_of(call);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = name, .kind = kind, .not_before = now - BACKDATE, .not_after = now + CLIENT_LIFETIME };
    gsize size = 0;
    guint8 *der = g_base64_decode(mgr_call_argument(call, "csr"), &size);
    g_autoptr(GBytes) csr = g_bytes_new_take(der, size);
    g_autoptr(HlCert) cert = NULL;
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Grant *grant;

    if (mgr_site_check_name(name, &error) && has_live_name(manager, name, HL_CERT_OTHER))
        hl_fail(&error, HL_ERROR_EXISTS, "the name '%s' is taken: choose another, or revoke that one first", name);
    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    grant = g_new0(Grant, 1);
    grant->call = call;
    cert = mgr_authority_issue(&manager->authority, csr, &spec, &grant->certificate, &error);
    if (cert == NULL) {
        fail_grant(grant, error);
        return;
    }
    grant->secret = hl_cert_print(cert);
    set = hl_write_set_new();
    mgr_write_certificate(set, &grant->certificate);
    submit(grant, set, on_client);
}

static void on_client_revoked(const GError *error, gpointer user)
{
    Grant *grant = user;
    Manager *manager = grant->call->manager;
    const char *name = mgr_call_argument(grant->call, "name");
    g_autoptr(GError) problem = NULL;

    if (fail_grant(grant, error))
        return;
    mgr_revoke_certificates(manager, NULL, name, NULL, hl_clock_wall());
    if (!mgr_revoke_publish(manager, &problem))
        hl_error("access", "%s", problem->message);
    mgr_revoke_evict(manager, name);
    mgr_call_done(grant->call, NULL); /* the name goes with the call */
    free_grant(grant);
}

static void call_client_revoke(MgrCall *call)
{
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Grant *grant;

    if (strcmp(name, call->admin) == 0)
        hl_fail(&error, HL_ERROR_INVALID, "'%s' is you: have another administrator revoke you", name);
    else if (!has_live_name(call->manager, name, kind_of(call)))
        hl_fail(&error, HL_ERROR_NOT_FOUND, "there is no %s '%s'", hl_cert_kind_name(kind_of(call)), name);
    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    grant = g_new0(Grant, 1);
    grant->call = call;
    set = hl_write_set_new();
    mgr_revoke_certificates(call->manager, set, name, NULL, hl_clock_wall());
    submit(grant, set, on_client_revoked);
}

const MgrCallRow mgr_calls_access[] = {
    { "bundle create", "group", "uses expires", call_bundle_create },
    { "bundle list", "", "", call_bundle_list },
    { "bundle withdraw", "bundle", "", call_bundle_withdraw },
    { "monitor create", "name csr", "", call_client_create },
    { "monitor revoke", "name", "", call_client_revoke },
    { "admin create", "name csr", "", call_client_create },
    { "admin revoke", "name", "", call_client_revoke },
    { NULL, NULL, NULL, NULL },
};

#include "endpoint/daemon/work/renewal.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/core/renewal.h"
#include "endpoint/daemon/link/link.h"
#include "lib/base/log.h"

struct EpRenewal {
    EpDaemon *daemon;
    guint timer, reconnect_timer;
};

/* The key of a request that was made before, or a new one, which is on disk before it is used. */
static HlKey *request_key(const EpIdentity *identity, GError **error)
{
    g_autoptr(HlKey) key = NULL;

    if (g_file_test(identity->renewal_path, G_FILE_TEST_EXISTS))
        key = hl_key_load(identity->renewal_path, NULL);
    if (key != NULL)
        return g_steal_pointer(&key);
    key = hl_key_generate(error);
    return key != NULL && hl_key_save(key, identity->renewal_path, error) ? g_steal_pointer(&key) : NULL;
}

static bool request(EpDaemon *daemon, GError **error)
{
    g_autoptr(HlKey) key = request_key(daemon->identity, error);
    g_autoptr(GBytes) csr = key == NULL ? NULL : hl_csr_make(key, daemon->identity->id, error);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateRequest body = HOLDLINE__V1__CERTIFICATE_REQUEST__INIT;

    if (csr == NULL)
        return false;
    body.csr.data = (guint8 *)g_bytes_get_data(csr, &body.csr.len);
    report.body_case = HOLDLINE__V1__REPORT__BODY_CERTIFICATE;
    report.certificate = &body;
    return ep_spool_add(daemon->spool, &report, EP_SPOOL_KEEP_ALWAYS, "certificate", error);
}

static gboolean on_look(gpointer user)
{
    EpRenewal *renewal = user;
    EpDaemon *daemon = renewal->daemon;
    const HlCertInfo *info = hl_cert_info(daemon->identity->cert);
    g_autoptr(GError) error = NULL;

    renewal->timer = g_timeout_add((guint)ep_renewal_interval(info->not_before, info->not_after), on_look, renewal);
    if (!ep_renewal_is_due(info->not_before, info->not_after, hl_clock_wall()) ||
        ep_spool_has(daemon->spool, "certificate"))
        return G_SOURCE_REMOVE;
    if (request(daemon, &error)) {
        hl_info("renewal", "asking for a new certificate");
        ep_spool_pump(daemon->spool);
    } else {
        ep_trouble_store_failed(daemon->trouble, "a certificate request", error);
    }
    return G_SOURCE_REMOVE;
}

EpRenewal *ep_renewal_new(EpDaemon *daemon)
{
    EpRenewal *renewal = g_new0(EpRenewal, 1);

    renewal->daemon = daemon;
    renewal->timer = g_timeout_add_seconds(1, on_look, renewal);
    return renewal;
}

void ep_renewal_free(EpRenewal *renewal)
{
    if (renewal == NULL)
        return;
    if (renewal->timer != 0)
        g_source_remove(renewal->timer);
    if (renewal->reconnect_timer != 0)
        g_source_remove(renewal->reconnect_timer);
    g_free(renewal);
}

static gboolean on_reconnect(gpointer user)
{
    EpRenewal *renewal = user;

    renewal->reconnect_timer = 0;
    ep_link_reconnect(renewal->daemon->link, HL_BUS_DROP_WILL);
    return G_SOURCE_REMOVE;
}

static bool verify(const EpIdentity *identity, const HlCert *cert, const HlKey *key, GError **error)
{
    const HlCertInfo *info = hl_cert_info(cert);

    if (!hl_cert_has_key(cert, key))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the new certificate is not for the key that was asked with");
    if (strcmp(info->cn, identity->id) != 0 || info->kind != HL_CERT_ENDPOINT)
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the new certificate is for '%s', not for %s", info->cn,
                       identity->id);
    return hl_cert_verify(cert, identity->ca, hl_clock_wall(), error);
}

bool ep_renewal_install(EpDaemon *daemon, GBytes *pem, GError **error)
{
    const EpIdentity *identity = daemon->identity;
    gsize size = 0;
    const void *data = pem == NULL ? NULL : g_bytes_get_data(pem, &size);
    g_autoptr(HlCert) cert = hl_cert_parse("the new certificate", size > 0 ? data : "", size, error);
    g_autoptr(HlKey) key = NULL;

    if (cert == NULL)
        return false;
    if (strcmp(hl_cert_info(cert)->fingerprint, hl_cert_info(identity->cert)->fingerprint) == 0)
        return true;
    key = hl_key_load(identity->renewal_path, error);
    if (key == NULL)
        return hl_error_prefix(error, "a certificate that was not asked for");
    if (!verify(identity, cert, key, error) || !ep_identity_save_pem(identity->pem_path, cert, key, error))
        return false;
    unlink(identity->renewal_path);
    hl_cert_free(daemon->identity->cert);
    daemon->identity->cert = g_steal_pointer(&cert);
    hl_info("renewal", "the new certificate is in place");
    /* after the command's result is stored; a line that is down takes the new one at its next attempt anyway */
    if (daemon->renewal->reconnect_timer == 0)
        daemon->renewal->reconnect_timer = g_timeout_add(100, on_reconnect, daemon->renewal);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/introductions.h"

#include <string.h>

#include "lib/base/log.h"

struct MgrIntroductions {
    MgrIntroductionsOptions parts;
};

MgrIntroductions *mgr_introductions_new(const MgrIntroductionsOptions *options)
{
    MgrIntroductions *introductions = g_new(MgrIntroductions, 1);

    introductions->parts = *options;
    return introductions;
}

void mgr_introductions_free(MgrIntroductions *introductions)
{
    g_free(introductions);
}

typedef struct {
    MgrIntroductions *introductions;
    char *endpoint; /* id */
    MgrCertificateRecord record;
} Introduction;

static void introduction_free(gpointer change)
{
    Introduction *introduction = change;

    mgr_certificate_record_clear(&introduction->record);
    g_free(introduction->endpoint);
    g_free(introduction);
}

static void fail_introduction(gpointer change, const GError *error)
{
    const Introduction *introduction = change;

    hl_log_limited(HL_LOG_ERROR, "renew", introduction->endpoint, "certificate that %s shows: %s",
                   introduction->endpoint, error->message);
}

static void fold_introduction(gpointer change)
{
    Introduction *introduction = change;
    const MgrIntroductionsOptions *parts = &introduction->introductions->parts;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, introduction->endpoint);
    const MgrCertificateRecord *kept = mgr_fleet_add_certificate(parts->fleet, &introduction->record);

    if (endpoint == NULL || endpoint->record.revoked_at > 0)
        return;
    endpoint->is_stranger = false;
    mgr_endpoint_set_certificate(endpoint, kept);
    hl_info("renew", "%s has a certificate of after the backup: known from now on", endpoint->record.id);
    mgr_status_touch(parts->status, endpoint);
}

static HlCert *check(const MgrIntroductions *introductions, const MgrEndpoint *endpoint, GBytes *pem, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(pem, &size);
    g_autoptr(HlCert) cert = hl_cert_parse("the certificate", data, size, error);
    const HlCertInfo *info = cert != NULL ? hl_cert_info(cert) : NULL;

    if (cert == NULL)
        return NULL;
    if (mgr_pki_is_ours(introductions->parts.pki, cert, HL_CERT_ENDPOINT) && strcmp(info->cn, endpoint->record.id) == 0)
        return g_steal_pointer(&cert);
    hl_fail(error, HL_ERROR_UNTRUSTED, "it is not one of this site for %s", endpoint->record.id);
    return NULL;
}

void mgr_introductions_show(MgrIntroductions *introductions, MgrEndpoint *endpoint, GBytes *pem)
{
    static const MgrChangeKind kind = { fold_introduction, fail_introduction, introduction_free };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = check(introductions, endpoint, pem, &error);
    const HlCertInfo *info = cert != NULL ? hl_cert_info(cert) : NULL;
    Introduction *introduction;
    HlWriteSet *set;

    if (cert == NULL) {
        hl_log_limited(HL_LOG_WARN, "renew", endpoint->record.id, "certificate that %s shows: %s", endpoint->record.id,
                       error->message);
        return;
    }
    if (mgr_fleet_certificate(introductions->parts.fleet, info->serial) != NULL) {
        endpoint->is_stranger = false;
        return;
    }
    introduction = g_new0(Introduction, 1);
    introduction->introductions = introductions;
    introduction->endpoint = g_strdup(endpoint->record.id);
    introduction->record = (MgrCertificateRecord){ .serial = g_strdup(info->serial),
                                                   .name = g_strdup(info->cn),
                                                   .kind = g_strdup(hl_cert_kind_name(info->kind)),
                                                   .authority = mgr_pki_issuer_id(introductions->parts.pki, cert),
                                                   .issued_at = info->not_before,
                                                   .expires_at = info->not_after };
    set = hl_write_set_new();
    mgr_write_certificate(set, &introduction->record);
    mgr_write_endpoint_renewal(set, endpoint->record.number, info->serial, info->not_after);
    mgr_write_history(set, hl_clock_wall(), endpoint->record.id, "certificate",
                      "shown by the endpoint: the registry was restored from before it was issued");
    mgr_record_commit(introductions->parts.record, set, &kind, introduction);
}

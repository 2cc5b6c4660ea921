/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/renewals.h"

#include <string.h>

#include "lib/base/log.h"

struct MgrRenewals {
    MgrRenewalsOptions parts;
    GHashTable *under_way; /* ids whose certificate is being stored */
    uint64_t refused;
};

MgrRenewals *mgr_renewals_new(const MgrRenewalsOptions *options)
{
    MgrRenewals *renewals = g_new0(MgrRenewals, 1);

    renewals->parts = *options;
    renewals->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return renewals;
}

void mgr_renewals_free(MgrRenewals *renewals)
{
    if (renewals == NULL)
        return;
    g_hash_table_unref(renewals->under_way);
    g_free(renewals);
}

uint64_t mgr_renewals_refused(const MgrRenewals *renewals)
{
    return renewals->refused;
}

typedef struct {
    MgrRenewals *renewals;
    char *endpoint; /* id */
    HlCert *cert;
    MgrCertificateRecord record;
} Renewal;

static void renewal_free(gpointer change)
{
    Renewal *renewal = change;

    g_hash_table_remove(renewal->renewals->under_way, renewal->endpoint);
    mgr_certificate_record_clear(&renewal->record);
    hl_cert_free(renewal->cert);
    g_free(renewal->endpoint);
    g_free(renewal);
}

static void fail_renewal(gpointer change, const GError *error)
{
    const Renewal *renewal = change;

    hl_log_limited(HL_LOG_ERROR, "renew", renewal->endpoint, "certificate of %s: %s", renewal->endpoint,
                   error->message);
}

static void fold_renewal(gpointer change)
{
    Renewal *renewal = change;
    MgrRenewals *renewals = renewal->renewals;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(renewals->parts.fleet, renewal->endpoint);
    const MgrCertificateRecord *kept = mgr_fleet_add_certificate(renewals->parts.fleet, &renewal->record);

    /* removed or revoked meanwhile, or a succession was cancelled: it does not get a certificate */
    if (endpoint == NULL || endpoint->record.revoked_at > 0 ||
        !mgr_pki_is_ours(renewals->parts.pki, renewal->cert, HL_CERT_ENDPOINT))
        return;
    mgr_endpoint_set_certificate(endpoint, kept);
    mgr_delivery_certificate(renewals->parts.delivery, endpoint, renewal->cert);
    mgr_status_touch(renewals->parts.status, endpoint);
}

/* By the one that follows as soon as the endpoint holds it: otherwise it would refuse its own certificate. */
static MgrIssuer issuer_for(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    return mgr_pki_is_next_ready(renewals->parts.pki) && mgr_location_holds(renewals->parts.location, endpoint)
               ? MGR_ISSUER_NEXT
               : MGR_ISSUER_PRESENT;
}

/* Once more than the quota gives: when another authority follows. */
static bool is_by_another(const MgrRenewals *renewals, const MgrCertificateRecord *last, MgrIssuer by)
{
    g_autofree char *id = by == MGR_ISSUER_NEXT ? hl_trust_id(mgr_pki_next(renewals->parts.pki)) : NULL;

    return id != NULL && strcmp(mgr_certificate_authority(last), id) != 0;
}

static bool is_due(const MgrRenewals *renewals, const MgrEndpoint *endpoint, MgrIssuer by)
{
    const MgrCertificateRecord *last =
        endpoint->record.serial != NULL
            ? g_hash_table_lookup(renewals->parts.fleet->certificates, endpoint->record.serial)
            : NULL;

    return !g_hash_table_contains(renewals->under_way, endpoint->record.id) &&
           (last == NULL || mgr_quota_is_certificate_due(last->issued_at, last->expires_at, hl_clock_wall()) ||
            is_by_another(renewals, last, by));
}

void mgr_renewals_request(MgrRenewals *renewals, const MgrEndpoint *endpoint, GBytes *csr)
{
    static const MgrChangeKind kind = { fold_renewal, fail_renewal, renewal_free };
    MgrIssuer by = issuer_for(renewals, endpoint);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Renewal *renewal;

    if (endpoint->record.revoked_at > 0)
        return;
    if (!is_due(renewals, endpoint, by)) {
        renewals->refused++;
        hl_log_limited(HL_LOG_WARN, "renew", endpoint->record.id,
                       "%s asks for a certificate that is not due: not issued", endpoint->record.id);
        return;
    }
    renewal = g_new0(Renewal, 1);
    renewal->renewals = renewals;
    renewal->endpoint = g_strdup(endpoint->record.id);
    g_hash_table_add(renewals->under_way, g_strdup(renewal->endpoint));
    renewal->cert =
        mgr_pki_renew(renewals->parts.pki, by, csr, endpoint->record.id, renewals->parts.conf->certificate_lifetime,
                      hl_clock_wall() + endpoint->skew, &renewal->record, &error);
    if (renewal->cert == NULL) {
        fail_renewal(renewal, error);
        renewal_free(renewal);
        return;
    }
    set = hl_write_set_new();
    mgr_write_certificate(set, &renewal->record);
    mgr_write_endpoint_renewal(set, endpoint->record.number, renewal->record.serial, renewal->record.expires_at);
    mgr_write_history(set, renewal->record.issued_at, endpoint->record.id, "certificate", "renewed");
    mgr_record_commit(renewals->parts.record, set, &kind, renewal);
}

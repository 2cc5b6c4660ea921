/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/renewals.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/quota.h"

#define READY_EVERY 1000 /* ms; while requests wait for the broker */
#define AT_ONCE     250  /* of them, so that others are served in between */

struct MgrRenewals {
    MgrRenewalsOptions parts;
    GHashTable *under_way; /* ids whose certificate is being stored */
    GHashTable *waiting;   /* id -> request (GBytes), until broker and endpoint know what follows */
    guint timer;           /* while any wait */
    uint64_t refused;
};

static void free_request(gpointer request)
{
    g_bytes_unref(request);
}

MgrRenewals *mgr_renewals_new(const MgrRenewalsOptions *options)
{
    MgrRenewals *renewals = g_new0(MgrRenewals, 1);

    renewals->parts = *options;
    renewals->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    renewals->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_request);
    return renewals;
}

void mgr_renewals_free(MgrRenewals *renewals)
{
    if (renewals == NULL)
        return;
    g_clear_handle_id(&renewals->timer, g_source_remove);
    g_hash_table_unref(renewals->under_way);
    g_hash_table_unref(renewals->waiting);
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

/* The certificate with which it is connected, as it says; NULL: that one is not known, or somebody else's. */
static const MgrCertificateRecord *used_by(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    const MgrCertificateRecord *used =
        mgr_fleet_certificate(renewals->parts.fleet, mgr_location_serial(renewals->parts.location, endpoint));

    return used != NULL && strcmp(used->name, endpoint->record.id) == 0 ? used : NULL;
}

/* Of what it has, when it does not say which one it uses, as before its first announcement; NULL: all have ended. */
static const MgrCertificateRecord *first_to_end(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    HlTime now = hl_clock_wall();
    const MgrCertificateRecord *first = NULL;

    for (const MgrCertificateRecord *other = mgr_fleet_certificates_of(renewals->parts.fleet, endpoint->record.id);
         other != NULL; other = other->next) {
        if (other->revoked_at == 0 && other->expires_at > now &&
            (first == NULL || other->expires_at < first->expires_at))
            first = other;
    }
    return first;
}

static MgrQuotaIssued count_issued(const MgrRenewals *renewals, const MgrEndpoint *endpoint, HlTime now)
{
    const MgrFleet *fleet = renewals->parts.fleet;
    const MgrCertificateRecord *used = used_by(renewals, endpoint);
    MgrQuotaIssued counts = { 0 };

    for (const MgrCertificateRecord *other = mgr_fleet_certificates_of(fleet, endpoint->record.id); other != NULL;
         other = other->next) {
        mgr_quota_note_issued(&counts, other->issued_at, other->expires_at, now);
        counts.unused += used != NULL && other != used && other->issued_at >= used->issued_at ? 1 : 0;
    }
    return counts;
}

static const MgrCertificateRecord *last_of(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    return endpoint->record.serial != NULL ? mgr_fleet_certificate(renewals->parts.fleet, endpoint->record.serial)
                                           : NULL;
}

static bool is_due(const MgrRenewals *renewals, const MgrEndpoint *endpoint, MgrIssuer by)
{
    const MgrCertificateRecord *last = last_of(renewals, endpoint);
    HlTime now = hl_clock_wall();
    MgrQuotaIssued counts = count_issued(renewals, endpoint, now);

    return !g_hash_table_contains(renewals->under_way, endpoint->record.id) &&
           (last == NULL || mgr_quota_is_certificate_due(last->issued_at, last->expires_at, now) ||
            mgr_quota_is_lost_certificate_due(&counts, last->issued_at, now) || is_by_another(renewals, last, by));
}

/* The answer to an earlier request was lost.  It is not issued another one, which somebody with a copy of its identity
 * could go on with for ever. */
static bool send_again(const MgrRenewals *renewals, const MgrEndpoint *endpoint, MgrIssuer by, GBytes *csr)
{
    g_autoptr(HlCert) cert = mgr_pki_renewed(renewals->parts.pki, endpoint, csr);
    const MgrCertificateRecord *last = last_of(renewals, endpoint);

    if (cert == NULL || last == NULL || last->revoked_at > 0 || is_by_another(renewals, last, by))
        return false;
    hl_debug("renew", "%s asks again for the certificate that it was given: it is sent once more", endpoint->record.id);
    mgr_delivery_certificate(renewals->parts.delivery, mgr_fleet_endpoint(renewals->parts.fleet, endpoint->record.id),
                             cert);
    return true;
}

/* ------------------------------------------------------------------------------------------- waiting for the broker */

/* The broker has read the authority that follows, and the endpoint holds what is announced. */
static bool is_ready(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    return mgr_pki_is_next_ready(renewals->parts.pki) && mgr_location_holds(renewals->parts.location, endpoint);
}

/* It asks because of the authority that follows, whose certificates the broker would refuse yet; or its request
 * overtook the report that it holds that, or another announcement came between.  Given one of the present authority, or
 * none, it would not ask again for an hour.  In the last third of the life of what it uses it asks anyway: the last one
 * may never have reached it. */
static bool is_early(const MgrRenewals *renewals, const MgrEndpoint *endpoint)
{
    const MgrCertificateRecord *last = last_of(renewals, endpoint);
    const MgrCertificateRecord *used = used_by(renewals, endpoint);

    if (used == NULL)
        used = first_to_end(renewals, endpoint);
    if (used == NULL)
        used = last;

    return mgr_pki_next(renewals->parts.pki) != NULL && !is_ready(renewals, endpoint) && last != NULL &&
           is_by_another(renewals, last, MGR_ISSUER_NEXT) &&
           hl_clock_wall() < used->expires_at - (used->expires_at - used->issued_at) / 3;
}

static gboolean on_ready_due(gpointer user)
{
    MgrRenewals *renewals = user;
    g_autoptr(GList) ids = NULL;
    guint n = 0;

    if (mgr_pki_next(renewals->parts.pki) == NULL)
        g_hash_table_remove_all(renewals->waiting); /* cancelled, or over */
    if (mgr_pki_is_next_ready(renewals->parts.pki))
        ids = g_hash_table_get_keys(renewals->waiting);
    for (GList *at = ids; at != NULL && n < AT_ONCE; at = at->next) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(renewals->parts.fleet, at->data);
        g_autoptr(GBytes) csr = NULL;

        if (endpoint != NULL && !is_ready(renewals, endpoint))
            continue;
        csr = g_bytes_ref(g_hash_table_lookup(renewals->waiting, at->data));
        g_hash_table_remove(renewals->waiting, at->data); /* frees the name */
        if (endpoint != NULL)
            mgr_renewals_request(renewals, endpoint, csr);
        n++;
    }
    if (g_hash_table_size(renewals->waiting) > 0)
        return G_SOURCE_CONTINUE;
    renewals->timer = 0;
    return G_SOURCE_REMOVE;
}

/* One of each endpoint, the newest: as many as there are endpoints, of 4 kB at most (proto/bounds.c). */
static void keep_waiting(MgrRenewals *renewals, const MgrEndpoint *endpoint, GBytes *csr)
{
    g_hash_table_replace(renewals->waiting, g_strdup(endpoint->record.id), g_bytes_ref(csr));
    if (renewals->timer == 0)
        renewals->timer = g_timeout_add(READY_EVERY, on_ready_due, renewals);
}

/* -------------------------------------------------------------------------------------------------------------------
 */

void mgr_renewals_request(MgrRenewals *renewals, const MgrEndpoint *endpoint, GBytes *csr)
{
    static const MgrChangeKind kind = { fold_renewal, fail_renewal, renewal_free };
    MgrIssuer by = issuer_for(renewals, endpoint);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Renewal *renewal;

    g_hash_table_remove(renewals->waiting, endpoint->record.id); /* this request is the newer one */
    if (endpoint->record.revoked_at > 0)
        return;
    if (is_early(renewals, endpoint)) {
        keep_waiting(renewals, endpoint, csr);
        return;
    }
    if (send_again(renewals, endpoint, by, csr))
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
                      hl_clock_wall() + mgr_endpoint_contact(endpoint)->skew, &renewal->record, &error);
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

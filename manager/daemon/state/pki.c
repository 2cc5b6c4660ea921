/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/pki.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/state/evictions.h"

#define BACKDATE (5 * HL_MINUTE) /* clocks of endpoints that are a little slow */

struct MgrPki {
    const char *dir;
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrBroker *broker; /* NULL: external */
    MgrAuthority authority;
    MgrEvictions *evictions;
};

MgrPki *mgr_pki_new(const MgrPkiOptions *options, GError **error)
{
    g_autoptr(MgrPki) pki = g_new0(MgrPki, 1);

    pki->dir = options->dir;
    pki->conf = options->conf;
    pki->fleet = options->fleet;
    pki->record = options->record;
    if (!mgr_authority_open(&pki->authority, pki->dir, error))
        return NULL;
    pki->evictions =
        mgr_evictions_new(&(MgrEvictionsOptions){ .dir = pki->dir, .conf = pki->conf, .authority = &pki->authority });
    return g_steal_pointer(&pki);
}

void mgr_pki_free(MgrPki *pki)
{
    if (pki == NULL)
        return;
    mgr_evictions_free(pki->evictions);
    mgr_authority_clear(&pki->authority);
    g_free(pki);
}

void mgr_pki_attach_broker(MgrPki *pki, MgrBroker *broker)
{
    pki->broker = broker;
}

bool mgr_pki_manages_broker(const MgrPki *pki)
{
    return pki->broker != NULL;
}

const HlCert *mgr_pki_authority(const MgrPki *pki)
{
    return pki->authority.cert;
}

HlCert *mgr_pki_issue(const MgrPki *pki, GBytes *csr, HlCertKind kind, const char *name, HlTime lifetime,
                      MgrCertificateRecord *record, GError **error)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = name, .kind = kind, .not_before = now - BACKDATE, .not_after = now + lifetime };

    return mgr_authority_issue(&pki->authority, csr, &spec, record, error);
}

bool mgr_pki_publish(MgrPki *pki, GError **error)
{
    MgrFleet *fleet = pki->fleet;

    fleet->crl++;
    mgr_write_counter(mgr_record_background(pki->record), "crl", fleet->crl);
    if (!mgr_authority_write_crl(&pki->authority, pki->dir, fleet->certificates, fleet->crl, error) ||
        !mgr_site_write_acl(pki->dir, fleet->certificates, error))
        return false;
    if (pki->broker != NULL)
        mgr_broker_reload(pki->broker);
    return true;
}

HlTime mgr_pki_until_published(const MgrPki *pki)
{
    return pki->broker != NULL ? mgr_broker_until_reload(pki->broker) : 0;
}

void mgr_pki_fold_revocations(MgrPki *pki, const char *name, const char *but_serial, HlTime at)
{
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, pki->fleet->certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;

        if (strcmp(record->name, name) == 0 && record->revoked_at == 0 && g_strcmp0(record->serial, but_serial) != 0)
            record->revoked_at = at;
    }
    if (!mgr_pki_publish(pki, &error))
        hl_error("revoke", "%s", error->message);
    mgr_pki_evict(pki, name);
}

void mgr_pki_evict(MgrPki *pki, const char *name)
{
    mgr_evictions_start(pki->evictions, name);
}

void mgr_pki_evict_revoked(MgrPki *pki)
{
    GHashTableIter iter;
    gpointer value;

    if (pki->broker != NULL)
        return; /* the managed broker reads the list at its own start */
    g_hash_table_iter_init(&iter, pki->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->record.revoked_at > 0 && mgr_endpoint_is_up(endpoint))
            mgr_pki_evict(pki, endpoint->record.id);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/own.h"

#include "lib/base/log.h"
#include "manager/core/ends.h"
#include "manager/site/site.h"

#define LOOK_EVERY HL_HOUR         /* two small files; also after a failure, of a full disk say */
#define LIFETIME   (3649 * HL_DAY) /* as by 'holdline init', if the authority lasts as long */

struct MgrOwn {
    MgrOwnOptions parts;
    HlTime next_mono;    /* 0: at once */
    GPtrArray *contexts; /* HlTlsContext * */
};

typedef struct {
    HlCertKind kind;
    MgrEndKind end;
    const char *cert, *key;
} Row;

static const Row rows[] = {
    { HL_CERT_SERVER, MGR_END_SERVER, "pki/server.pem", "pki/server.key" },
    { HL_CERT_MANAGER, MGR_END_MANAGER, "pki/manager.pem", "pki/manager.key" },
};

static const Row *const server_row = &rows[0];

/* A certificate that is in force and on its way to the registry. */
typedef struct {
    MgrOwn *own;
    MgrCertificateRecord record;
} Renewal;

static void free_context(gpointer context)
{
    hl_tls_context_free(context);
}

MgrOwn *mgr_own_new(const MgrOwnOptions *options)
{
    MgrOwn *own = g_new0(MgrOwn, 1);

    own->parts = *options;
    own->contexts = g_ptr_array_new_with_free_func(free_context);
    return own;
}

void mgr_own_free(MgrOwn *own)
{
    if (own == NULL)
        return;
    g_ptr_array_unref(own->contexts);
    g_free(own);
}

void mgr_own_touch(MgrOwn *own)
{
    own->next_mono = 0;
}

HlTlsContext *mgr_own_dial_context(MgrOwn *own, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(own->parts.dir, "pki/manager.pem");
    g_autofree char *key_path = mgr_site_path(own->parts.dir, "pki/manager.key");
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, error);
    g_autoptr(HlKey) key = cert != NULL ? hl_key_load(key_path, error) : NULL;
    const HlTrust *trust = mgr_pki_trust(own->parts.pki);
    HlTlsContext *context =
        key != NULL ? hl_tls_context_new(HL_TLS_CLIENT, hl_trust_at(trust, 0), cert, key, error) : NULL;

    for (guint i = 1; context != NULL && i < hl_trust_count(trust); i++)
        hl_tls_context_trust(context, hl_trust_at(trust, i));
    if (context != NULL)
        g_ptr_array_add(own->contexts, context);
    return context;
}

static void renewal_free(gpointer change)
{
    Renewal *renewal = change;

    mgr_certificate_record_clear(&renewal->record);
    g_free(renewal);
}

static void fold_renewal(gpointer change)
{
    Renewal *renewal = change;

    mgr_fleet_add_certificate(renewal->own->parts.fleet, &renewal->record);
}

static void fail_renewal(gpointer change, const GError *error)
{
    const Renewal *renewal = change;

    hl_error("ends",
             "the certificate of '%s' is in force, but not in the registry, which is tried again in an hour: %s",
             renewal->record.name, error->message);
}

static void store(MgrOwn *own, MgrCertificateRecord *record)
{
    static const MgrChangeKind kind = { fold_renewal, fail_renewal, renewal_free };
    HlWriteSet *set = hl_write_set_new();
    Renewal *renewal = g_new0(Renewal, 1);

    *renewal = (Renewal){ own, *record };
    *record = (MgrCertificateRecord){ 0 };
    mgr_write_certificate(set, &renewal->record);
    mgr_record_commit(own->parts.record, set, &kind, renewal);
}

/* One that is of the next authority already stays so. */
static MgrIssuer issuer_of(const MgrOwn *own, const HlCert *cert)
{
    const HlCert *next = mgr_pki_next(own->parts.pki);

    return next != NULL && cert != NULL && hl_cert_is_issued_by(cert, next) ? MGR_ISSUER_NEXT : MGR_ISSUER_PRESENT;
}

/* The same key: its request is made here.  And the same beginning as the one before (NULL: there is none): by a clock
 * that runs years ahead for one start the new one would begin then, and every endpoint refuse the server until that
 * day.
 */
static HlCert *issue(const MgrOwn *own, const Row *row, MgrIssuer by, const HlCert *old, const char *const *names,
                     MgrCertificateRecord *record, GError **error)
{
    g_autofree char *path = mgr_site_path(own->parts.dir, row->key);
    g_autoptr(HlKey) key = hl_key_load(path, error);
    const char *name = hl_cert_kind_name(row->kind);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    HlTime begin = old != NULL ? hl_cert_info(old)->not_before : 0;
    HlCertSpec spec = { .cn = name, .kind = row->kind, .not_before = begin, .names = names };

    return csr != NULL ? mgr_pki_issue_named(own->parts.pki, by, csr, &spec, LIFETIME, record, error) : NULL;
}

static bool renew(MgrOwn *own, const Row *row, MgrIssuer by, const char *path, const HlCert *old, GError **error)
{
    MgrCertificateRecord record = { 0 };
    g_auto(GStrv) names = hl_cert_names(old);
    g_autoptr(HlCert) cert = issue(own, row, by, old, (const char *const *)names, &record, error);
    g_autofree char *end = NULL;

    if (cert == NULL || !hl_cert_save(cert, path, error)) {
        mgr_certificate_record_clear(&record);
        return false;
    }
    end = hl_time_format(hl_cert_info(cert)->not_after);
    hl_info("ends", "%s is renewed until %s", path, end);
    store(own, &record);
    own->parts.renewed(row->kind, own->parts.user);
    return true;
}

HlCert *mgr_own_server(const MgrOwn *own, GError **error)
{
    g_autofree char *path = mgr_site_path(own->parts.dir, server_row->cert);

    return hl_cert_load(path, error);
}

HlCert *mgr_own_issue_server(const MgrOwn *own, const char *const *names, MgrCertificateRecord *record, GError **error)
{
    g_autoptr(HlCert) old = mgr_own_server(own, NULL); /* where it is damaged, this mends it */

    return issue(own, server_row, issuer_of(own, old), old, names, record, error);
}

bool mgr_own_install_server(const MgrOwn *own, const HlCert *cert, GError **error)
{
    g_autofree char *path = mgr_site_path(own->parts.dir, server_row->cert);

    if (!hl_cert_save(cert, path, error))
        return false;
    own->parts.renewed(HL_CERT_SERVER, own->parts.user);
    return true;
}

/* The file is put in place before the registry has it, and that may fail, or be restored from an earlier day. */
static void enter(MgrOwn *own, const HlCert *cert)
{
    const HlCertInfo *info = hl_cert_info(cert);
    MgrCertificateRecord record;

    if (mgr_fleet_certificate(own->parts.fleet, info->serial) != NULL)
        return;
    record = (MgrCertificateRecord){ .serial = g_strdup(info->serial),
                                     .name = g_strdup(info->cn),
                                     .kind = g_strdup(hl_cert_kind_name(info->kind)),
                                     .authority = mgr_pki_issuer_id(own->parts.pki, cert),
                                     .key = hl_cert_key_id(cert),
                                     .issued_at = hl_clock_wall(),
                                     .expires_at = info->not_after };
    store(own, &record);
}

static void look_at(MgrOwn *own, const Row *row)
{
    g_autofree char *path = mgr_site_path(own->parts.dir, row->cert);
    g_autoptr(HlCert) cert = hl_cert_load(path, NULL);
    HlTime now = hl_clock_wall();
    HlTime until = MIN(now + LIFETIME, hl_cert_info(mgr_pki_authority(own->parts.pki))->not_after);
    g_autoptr(GError) error = NULL;
    MgrEnd end;

    if (cert == NULL)
        return; /* what needs it says so */
    end = (MgrEnd){ row->end, "", hl_cert_info(cert)->not_before, hl_cert_info(cert)->not_after };
    if (!mgr_end_renews(&end, until, now)) {
        enter(own, cert);
        return;
    }
    if (!renew(own, row, issuer_of(own, cert), path, cert, &error))
        hl_log_limited(HL_LOG_ERROR, "ends", path, "%s cannot be renewed, which is tried again in an hour: %s", path,
                       error->message);
}

bool mgr_own_is_of_next(const MgrOwn *own)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = mgr_site_path(own->parts.dir, rows[i].cert);
        g_autoptr(HlCert) cert = hl_cert_load(path, NULL);

        if (issuer_of(own, cert) != MGR_ISSUER_NEXT)
            return false;
    }
    return true;
}

bool mgr_own_follow(MgrOwn *own, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = mgr_site_path(own->parts.dir, rows[i].cert);
        g_autoptr(HlCert) cert = hl_cert_load(path, error);

        if (cert == NULL ||
            (issuer_of(own, cert) != MGR_ISSUER_NEXT && !renew(own, &rows[i], MGR_ISSUER_NEXT, path, cert, error)))
            return false;
    }
    return true;
}

void mgr_own_tick(MgrOwn *own)
{
    HlTime mono = hl_clock_mono();

    if (own->next_mono != 0 && mono < own->next_mono)
        return;
    own->next_mono = mono + LOOK_EVERY;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        look_at(own, &rows[i]);
}

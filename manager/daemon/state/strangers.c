/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/strangers.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/accounts.h"
#include "proto/call.h"

struct MgrStrangers {
    MgrStrangersOptions parts;
};

MgrStrangers *mgr_strangers_new(const MgrStrangersOptions *options)
{
    MgrStrangers *strangers = g_new(MgrStrangers, 1);

    strangers->parts = *options;
    return strangers;
}

void mgr_strangers_free(MgrStrangers *strangers)
{
    g_free(strangers);
}

/* Certificates begin before they are issued (mgr_pki_issue_named); of one that begins with its authority it cannot be
 * told how long: between these two. */
typedef struct {
    HlTime earliest, latest;
} Issued;

static Issued issued_at(const MgrPki *pki, const HlCert *cert)
{
    const HlCert *by = hl_trust_issuer(mgr_pki_trust(pki), cert);
    HlTime begin = hl_cert_info(cert)->not_before;
    bool is_known = by != NULL && begin > hl_cert_info(by)->not_before;

    return (Issued){ is_known ? begin + MGR_PKI_BACKDATE : begin, begin + MGR_PKI_BACKDATE };
}

/* From when on what is issued under this name is of the one who has it now: an account's beginning (0 where that is yet
 * to come: it was made while the clock was ahead, as in mgr_accounts_did), and of the others, which have no account,
 * the first certificate that is in force.  -1: nobody has it, or it is of another kind. */
static HlTime had_since(const MgrFleet *fleet, const char *name, const char *kind)
{
    const MgrAccountRecord *account = mgr_accounts_get(fleet->accounts, name);
    HlTime since = -1;

    if (account != NULL && strcmp(kind, hl_cert_kind_name(HL_CERT_ADMIN)) != 0)
        return -1;
    if (account != NULL)
        return account->created_at <= hl_clock_wall() ? account->created_at : 0;
    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(fleet, name); at != NULL; at = at->next)
        if (at->revoked_at == 0 && strcmp(at->kind, kind) == 0 && (since < 0 || at->issued_at < since))
            since = at->issued_at;
    return since;
}

static HlTime last_revocation(const MgrFleet *fleet, const char *name)
{
    HlTime last = 0;

    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(fleet, name); at != NULL; at = at->next)
        last = MAX(last, at->revoked_at);
    return last;
}

/* Whose it is by the authority's signature; NULL: it is not shown, or not one of this site for that name. */
static HlCert *shown(const MgrStrangers *strangers, const char *name, const HlMsgCall *call)
{
    g_autoptr(HlCert) cert = call->shown.len > 0 ? hl_cert_parse(name, call->shown.data, call->shown.len, NULL) : NULL;
    const HlCertInfo *info = cert != NULL ? hl_cert_info(cert) : NULL;

    if (cert == NULL || strcmp(info->cn, name) != 0 || strcmp(info->serial, call->certificate) != 0)
        return NULL;
    return mgr_pki_is_ours(strangers->parts.pki, cert, HL_CERT_ADMIN) ||
                   mgr_pki_is_ours(strangers->parts.pki, cert, HL_CERT_CONSOLE) ||
                   mgr_pki_is_ours(strangers->parts.pki, cert, HL_CERT_MONITOR)
               ? g_steal_pointer(&cert)
               : NULL;
}

static void publish(const MgrStrangers *strangers)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_pki_publish(strangers->parts.pki, &error))
        hl_log_limited(HL_LOG_ERROR, "account", "lists", "%s", error->message);
}

/* Whether it may go on. */
static bool take_in(const MgrStrangers *strangers, const HlCert *cert)
{
    const MgrStrangersOptions *parts = &strangers->parts;
    const HlCertInfo *info = hl_cert_info(cert);
    const char *kind = hl_cert_kind_name(info->kind);
    Issued issued = issued_at(parts->pki, cert);
    HlTime since = had_since(parts->fleet, info->cn, kind);
    /* what is not certain speaks for it where nothing of its name was ended, and against it where something was */
    bool is_good = since >= 0 && issued.latest >= since && issued.earliest > last_revocation(parts->fleet, info->cn);
    MgrCertificateRecord record = { .serial = g_strdup(info->serial),
                                    .name = g_strdup(info->cn),
                                    .kind = g_strdup(kind),
                                    .authority = mgr_pki_issuer_id(parts->pki, cert),
                                    .replaces = g_strdup(MGR_REPLACES_UNKNOWN),
                                    .key = hl_cert_key_id(cert),
                                    .issued_at = issued.earliest,
                                    .expires_at = info->not_after,
                                    .revoked_at = is_good ? 0 : hl_clock_wall() };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_found_certificate(set, &record);
    mgr_record_write(parts->record, set);
    mgr_fleet_add_certificate(parts->fleet, &record);
    hl_warn("account", "%s comes with the certificate %s, of after the backup: %s", info->cn, info->serial,
            is_good ? "known from now on" : "of before it was the name's, or was ended: it is revoked");
    if (is_good)
        publish(strangers);
    else
        mgr_pki_end_session(parts->pki, info->cn, NULL);
    return is_good;
}

/* A certificate of the name is revoked that has not ended, and the broker may let it in. */
static bool is_doubtful(const MgrStrangers *strangers, const char *name)
{
    HlTime now = hl_clock_wall();

    if (strangers->parts.conf->broker_mode == MGR_BROKER_MANAGED)
        return false;
    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(strangers->parts.fleet, name); at != NULL;
         at = at->next)
        if (at->revoked_at > 0 && at->expires_at > now)
            return true;
    return false;
}

static bool is_proven(const MgrStrangers *strangers, const char *name, const HlMsgCall *call)
{
    g_autoptr(HlCert) cert = shown(strangers, name, call);

    return cert != NULL && hl_call_is_proven(call, cert, hl_clock_wall());
}

static bool admit_certificate(MgrStrangers *strangers, const char *name, const HlMsgCall *call, GError **error)
{
    const char *serial = call->certificate;
    const MgrCertificateRecord *record = mgr_fleet_certificate(strangers->parts.fleet, serial);
    g_autoptr(HlCert) cert = NULL;

    if (*serial == '\0' || (record == NULL && mgr_pki_is_issued_beside(strangers->parts.pki, serial)))
        return true;
    if (record != NULL)
        return record->revoked_at == 0 || strcmp(record->name, name) != 0 ||
               mgr_refuse(error, MGR_REFUSE_CERTIFICATE_REVOKED, serial, name, NULL);
    cert = shown(strangers, name, call);
    if (cert == NULL)
        return mgr_refuse(error, MGR_REFUSE_CERTIFICATE_UNSHOWN, serial, name, NULL);
    return take_in(strangers, cert) || mgr_refuse(error, MGR_REFUSE_CERTIFICATE_REVOKED, serial, name, NULL);
}

bool mgr_strangers_admit(MgrStrangers *strangers, const char *name, const HlMsgCall *call, GError **error)
{
    return admit_certificate(strangers, name, call, error) &&
           (!is_doubtful(strangers, name) || is_proven(strangers, name, call) ||
            mgr_refuse(error, MGR_REFUSE_CERTIFICATE_UNPROVEN, name, NULL));
}

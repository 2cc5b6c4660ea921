/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/pairs.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "manager/site/check.h"

const MgrSitePair mgr_site_pairs[] = {
    { "pki/server.pem", "pki/server.key", "server", HL_CERT_SERVER },
    { "pki/manager.pem", "pki/manager.key", "manager", HL_CERT_MANAGER },
};
const gsize mgr_site_n_pairs = G_N_ELEMENTS(mgr_site_pairs);

/* How another one is to be had of those that a pair may be. */
static const char *const remedies[HL_CERT_N_KINDS] = {
    [HL_CERT_ADMIN] = N_("an owner's 'holdline account certificate NAME' gives another one; without an owner, the "
                         "same on the server with '--site DIR'"),
    [HL_CERT_MONITOR] = N_("an owner's 'holdline monitor revoke NAME', then 'holdline monitor create NAME', give "
                           "another one"),
    [HL_CERT_CONSOLE] = N_("an owner's 'holdline console revoke NAME', then 'holdline console create NAME', give "
                           "another one"),
    [HL_CERT_MANAGER] = N_("start the manager on the server, which renews it"),
    [HL_CERT_SERVER] = N_("start the manager on the server, which renews it"),
    [HL_CERT_OTHER] = N_("ask for another one where it came from"),
};

static bool is_kind(HlCertKind kind, HlCertKind expected)
{
    return kind == expected ||
           (expected == HL_CERT_OTHER && (kind == HL_CERT_ADMIN || kind == HL_CERT_MONITOR || kind == HL_CERT_CONSOLE));
}

bool mgr_site_check_pair(const char *dir, const HlTrust *trust, const MgrSitePair *pair, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(dir, pair->cert);
    g_autofree char *key_path = mgr_site_path(dir, pair->key);
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, error);
    g_autoptr(HlKey) key = cert != NULL ? hl_key_load(key_path, error) : NULL;
    const HlCertInfo *info;

    if (key == NULL)
        return false;
    info = hl_cert_info(cert);
    if (!hl_cert_has_key(cert, key))
        return hl_fail(error, HL_ERROR_INVALID, _("%s is not the key of %s"), key_path, cert_path);
    if (strcmp(info->cn, pair->name) != 0 || !is_kind(info->kind, pair->kind))
        return hl_fail(error, HL_ERROR_INVALID, _("%s is a certificate of the kind '%s' for '%s'"), cert_path,
                       hl_cert_kind_name(info->kind), info->cn);
    return hl_trust_verify(trust, cert, hl_clock_wall(), remedies[info->kind], error) ||
           hl_error_prefix(error, "%s", cert_path);
}

bool mgr_site_check_signing_key(const char *dir, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "pki/sealing.key");
    g_autoptr(HlSigningKey) signing = hl_signing_key_load(path, error);

    return signing != NULL;
}

bool mgr_site_check_keys(const char *dir, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };

    if (!mgr_authority_open(&authority, dir, error))
        return false;
    for (gsize i = 0; i < mgr_site_n_pairs; i++) {
        g_autoptr(GError) problem = NULL;

        if (!mgr_site_check_pair(dir, authority.trust, &mgr_site_pairs[i], &problem) &&
            hl_error_code(problem) != HL_ERROR_EXPIRED) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
    return mgr_site_check_signing_key(dir, error);
}

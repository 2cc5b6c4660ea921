/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/issued.h"

#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/site/backup.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"
#include "manager/store/accounts.h"

#define BACKDATE (5 * HL_MINUTE)
#define LIFETIME (730 * HL_DAY)

static bool count(HlDb *db, const char *sql, const char *name, int64_t *n, GError **error)
{
    return hl_db_query_int(db, 0, n, error, sql, "t", name);
}

/* In a registry that is older than accounts, administrators are what become owners when the manager starts. */
static bool check_account(const char *dir, const char *name, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_READ_ONLY, error);
    int version = db != NULL ? hl_db_version(db, error) : -1;
    int64_t known = 0;
    int64_t enabled = 0;

    if (version < 0)
        return false;
    if (version < MGR_ACCOUNTS_SINCE) {
        if (!count(db, "SELECT count(*) FROM certificate WHERE name = ? AND kind = 'admin' AND revoked_at = 0", name,
                   &known, error))
            return false;
        enabled = known;
    } else if (!count(db, "SELECT count(*) FROM account WHERE name = ?", name, &known, error) ||
               !count(db, "SELECT count(*) FROM account WHERE name = ? AND disabled_at = 0", name, &enabled, error)) {
        return false;
    }
    if (known == 0)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "the site %s has no account '%s', or it was deleted and its certificates revoked: nothing was "
                       "issued",
                       dir, name);
    return enabled > 0 ||
           hl_fail(error, HL_ERROR_DENIED,
                   "the account '%s' is disabled: an owner enables it with 'holdline account enable %s'", name, name);
}

static bool hand_over(const char *dir, const HlCert *cert, GError **error)
{
    g_autofree char *folder = mgr_site_path(dir, MGR_SITE_ISSUED);
    g_autofree char *path = g_strdup_printf("%s/%s.pem", folder, hl_cert_info(cert)->serial);

    return hl_dir_make(folder, 0700, error) && hl_cert_save(cert, path, error);
}

HlCert *mgr_site_issue_beside(const char *dir, const char *account, GBytes *csr, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = account, .kind = HL_CERT_ADMIN, .not_before = now - BACKDATE };
    g_autoptr(HlCert) cert = NULL;

    if (!mgr_backup_check_owner(dir, error) || !mgr_site_check_name(account, error) ||
        !check_account(dir, account, error) || !mgr_authority_open(&authority, dir, error))
        return NULL;
    spec.not_after = MIN(now + LIFETIME, hl_cert_info(authority.cert)->not_after);
    cert = hl_cert_issue(authority.cert, authority.key, csr, &spec, error);
    return cert != NULL && hand_over(dir, cert, error) ? g_steal_pointer(&cert) : NULL;
}

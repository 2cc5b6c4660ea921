/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/issued.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/store/stmt.h"
#include "manager/site/backup.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"
#include "manager/store/accounts.h"

#define LIFETIME (730 * HL_DAY)

#define QUERIES 4

/* What the registry says. */
typedef struct {
    int64_t known, enabled; /* accounts of the name */
    int64_t others;         /* certificates in force that have it and are no account's */
    int64_t owners;         /* of any name, enabled */
    HlTime lived;           /* wall: what was believed last; 0: no manager has started */
} Standing;

/* ?1 is the name.  In a registry that is older than accounts, administrators are what become owners when the manager
 * starts. */
static bool read_standing(HlDb *db, int version, const char *name, Standing *standing, GError **error)
{
    static const char *const queries[2][QUERIES] = {
        { "SELECT count(*) FROM certificate WHERE name = ?1 AND kind = 'admin' AND revoked_at = 0",
          "SELECT count(*) FROM certificate WHERE name = ?1 AND kind = 'admin' AND revoked_at = 0",
          "SELECT count(*) FROM certificate WHERE name = ?1 AND kind <> 'admin' AND revoked_at = 0",
          "SELECT count(*) FROM certificate WHERE kind = 'admin' AND revoked_at = 0 AND ?1 = ?1" },
        { "SELECT count(*) FROM account WHERE name = ?1",
          "SELECT count(*) FROM account WHERE name = ?1 AND disabled_at = 0",
          "SELECT count(*) FROM certificate WHERE name = ?1 AND kind <> 'admin' AND revoked_at = 0",
          "SELECT count(*) FROM account WHERE role = 'owner' AND disabled_at = 0 AND ?1 = ?1" },
    };
    int64_t *places[QUERIES] = { &standing->known, &standing->enabled, &standing->others, &standing->owners };
    const char *const *query = queries[version >= MGR_ACCOUNTS_SINCE];

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (!hl_db_query_int(db, 0, places[i], error, query[i], "t", name))
            return false;
    return mgr_registry_load_lived(db, &standing->lived, error);
}

static bool check_standing(const Standing *standing, const char *dir, const char *name, GError **error)
{
    if (standing->owners == 0)
        return standing->others == 0 ||
               hl_fail(error, HL_ERROR_EXISTS,
                       _("a certificate with the name '%s' is in force, and is no account's: choose another name"),
                       name);
    if (standing->known == 0)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       _("the site %s has no account '%s', or it was deleted and its certificates revoked: nothing was "
                         "issued"),
                       dir, name);
    return standing->enabled > 0 ||
           hl_fail(error, HL_ERROR_DENIED,
                   _("the account '%s' is disabled: an owner enables it with 'holdline account enable %s'"), name,
                   name);
}

static bool check_account(const char *dir, const char *name, Standing *standing, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_READ_ONLY, error);
    int version = db != NULL ? hl_db_version(db, error) : -1;

    return version >= 0 && read_standing(db, version, name, standing, error) &&
           check_standing(standing, dir, name, error);
}

static char *path_of(const char *folder, const char *serial, bool replaces)
{
    return g_strconcat(folder, "/", serial, replaces ? MGR_SITE_REPLACES : ".pem", NULL);
}

static bool hand_over(const char *dir, const HlCert *cert, bool replaces, GError **error)
{
    g_autofree char *folder = mgr_site_path(dir, MGR_SITE_ISSUED);
    g_autofree char *path = path_of(folder, hl_cert_info(cert)->serial, replaces);

    return hl_dir_make(folder, 0700, error) && hl_cert_save(cert, path, error);
}

HlCert *mgr_site_issue_beside(const char *dir, const char *account, GBytes *csr, bool replaces, bool *makes_owner,
                              GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = account, .kind = HL_CERT_ADMIN };
    Standing standing = { 0 };
    g_autoptr(HlCert) cert = NULL;

    if (!mgr_backup_check_owner(dir, error) || !mgr_site_check_name(account, error) ||
        !check_account(dir, account, &standing, error) || !mgr_authority_open(&authority, dir, error))
        return NULL;
    *makes_owner = standing.owners == 0;
    /* a clock that is ahead for the moment makes none that begins then (state/pki.h), by a life at most; and one that
     * is behind none that has ended by now */
    spec.not_before = standing.lived > 0 ? CLAMP(standing.lived, now - LIFETIME, now) : now;
    spec.not_before = MAX(spec.not_before - MGR_SITE_BACKDATE, hl_cert_info(authority.cert)->not_before);
    spec.not_after = MIN(MAX(now, standing.lived) + LIFETIME, hl_cert_info(authority.cert)->not_after);
    cert = hl_cert_issue(authority.cert, authority.key, csr, &spec, error);
    return cert != NULL && hand_over(dir, cert, replaces, error) ? g_steal_pointer(&cert) : NULL;
}

bool mgr_site_is_issued_beside(const char *dir, const char *serial)
{
    g_autofree char *folder = mgr_site_path(dir, MGR_SITE_ISSUED);
    g_autofree char *beside = path_of(folder, serial, false);
    g_autofree char *instead = path_of(folder, serial, true);

    return strchr(serial, '/') == NULL &&
           (g_file_test(beside, G_FILE_TEST_EXISTS) || g_file_test(instead, G_FILE_TEST_EXISTS));
}

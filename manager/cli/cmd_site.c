/* SPDX-License-Identifier: Apache-2.0 */
/* holdline account certificate NAME --site DIR: the way back in, on the server. */
#include <stdio.h>

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/process.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "manager/site/backup.h"
#include "manager/site/issued.h"
#include "manager/site/site.h"

#define FOLLOW_WAIT  (30 * HL_SECOND) /* a manager that runs looks every few seconds */
#define FOLLOW_PAUSE (HL_SECOND / 2)

static bool read_brokers(const char *site, char **brokers, GError **error)
{
    g_autofree char *path = mgr_site_path(site, "manager.conf");
    MgrConf conf = { 0 };
    bool ok = hl_conf_load(path, mgr_conf_table(), &conf, error);

    if (ok)
        *brokers = g_strjoinv(",", conf.broker_addresses);
    hl_options_clear(mgr_conf_table(), &conf);
    return ok;
}

/* The key last: with an earlier certificate it would be no pair, and until then the earlier pair is whole. */
static bool save(const char *site, const char *folder, const char *name, const HlKey *key, const HlCert *cert,
                 GError **error)
{
    g_autofree char *authority_path = mgr_site_path(site, "pki/ca.pem");
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *cert_path = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *ca_path = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *conf_path = g_build_filename(folder, "holdline.conf", NULL);
    g_autofree char *brokers = NULL;
    g_autofree char *conf = NULL;
    g_autoptr(HlTrust) trust = hl_trust_load(authority_path, error);
    g_autofree char *ca = trust != NULL ? hl_trust_print(trust) : NULL;

    if (ca == NULL || !read_brokers(site, &brokers, error))
        return false;
    conf = mgr_site_client_conf("admin", name, brokers);
    return hl_file_write_text(ca_path, ca, 0644, error) && hl_file_write_text(conf_path, conf, 0600, error) &&
           hl_cert_save(cert, cert_path, error) && hl_key_save(key, key_path, error);
}

static void print_issued(const HlInvocation *call, const char *name, const char *folder, const HlCert *cert,
                         bool makes_owner)
{
    g_autofree char *end = hl_time_format(hl_cert_info(cert)->not_after);
    g_autoptr(json_t) document =
        json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", name, "serial", hl_cert_info(cert)->serial, "expires", end,
                  "output", folder, "owner_again", (int)makes_owner);

    if (makes_owner)
        fprintf(stderr,
                _("warning: no enabled owner is left in this site: '%s' becomes an owner of all groups.  Its earlier "
                  "certificates, password, sessions and tokens end; the audit log will say so.\n"),
                name);
    if (cli_show_json(call, document))
        return;
    hl_say(_("%s/ contains the certificate, the key and holdline.conf of %s, until %s.\n"), folder, name, end);
    hl_say(makes_owner ? _("It works when the manager has made the account: within seconds, or when it starts.\n")
                       : _("It works at once; the manager takes it into its registry within a second, or when it "
                           "starts.\n"));
    if (hl_cli_has(call, "replace") && !makes_owner)
        hl_say(_("The earlier certificates of %s end with that.\n"), name);
}

static HlTime authority_end(const char *site, GError **error)
{
    g_autofree char *path = mgr_site_path(site, MGR_SITE_CA);
    g_autoptr(HlTrust) trust = hl_trust_load(path, error);

    return trust != NULL ? hl_cert_info(hl_trust_at(trust, 0))->not_after : 0;
}

static bool is_over(HlTime end)
{
    return hl_clock_wall() >= end - HL_TRUST_LAST;
}

/* *end: of the authority that counts; later than now if the manager has made another one in time. */
static bool await_authority(const char *site, HlTime *end, GError **error)
{
    HlTime deadline = hl_clock_mono() + FOLLOW_WAIT;

    fprintf(stderr,
            _("The certificate authority of %s has ended: waiting for the manager to make another one, which "
              "takes seconds ...\n"),
            site);
    while (is_over(*end) && hl_clock_mono() < deadline && mgr_site_is_running(site)) {
        g_usleep(FOLLOW_PAUSE * 1000);
        *end = authority_end(site, error);
        if (*end == 0)
            return false;
    }
    return true;
}

/* Where the authority has ended nothing that it signs is of use.  Whoever calls this has seen the clock: the manager
 * takes their word for it, and makes another one. */
static bool follow_authority(const char *site, GError **error)
{
    g_autofree char *word = mgr_site_path(site, MGR_SITE_OVER);
    HlTime end = authority_end(site, error);
    g_autofree char *at = hl_time_format(end);
    g_autofree char *now = hl_time_format(hl_clock_wall());

    if (end == 0)
        return false;
    if (!is_over(end))
        return true;
    if (!hl_file_write_text(word, "", 0600, error) ||
        (mgr_site_is_running(site) && !await_authority(site, &end, error)))
        return false;
    if (!is_over(end))
        return true;
    if (mgr_site_is_running(site))
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       _("the certificate authority of %s ends at %s, and its manager has not made another one: the "
                         "manager's log says why"),
                       site, at);
    return hl_fail(
        error, HL_ERROR_UNAVAILABLE,
        _("the certificate authority of %s ends at %s, and the clock of this machine says %s: set it if it is "
          "wrong.  If it is right, start the manager, which makes another authority within seconds, and run "
          "this again"),
        site, at, now);
}

bool cmd_site_certificate(HlInvocation *call, GError **error)
{
    const char *name = call->args[0];
    g_autofree char *site = g_canonicalize_filename(hl_cli_value(call, "site", NULL), NULL);
    g_autofree char *usual = g_build_filename(site, "admins", name, NULL);
    const char *folder = hl_cli_value(call, "output", usual);
    g_autoptr(HlKey) key = NULL;
    g_autoptr(GBytes) csr = NULL;
    g_autoptr(HlCert) cert = NULL;
    bool makes_owner = false;

    if (hl_cli_has(call, "csr"))
        return hl_fail(error, HL_ERROR_USAGE, _("--site makes the key too: leave out --csr"));
    if (!mgr_site_check_name(name, error) || !hl_process_become_owner(site, error) ||
        !mgr_backup_check_owner(site, error) || !follow_authority(site, error) || !hl_dir_make(folder, 0700, error))
        return false;
    key = hl_key_generate(error);
    csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    cert =
        csr != NULL ? mgr_site_issue_beside(site, name, csr, hl_cli_has(call, "replace"), &makes_owner, error) : NULL;
    if (cert == NULL || !save(site, folder, name, key, cert, error))
        return false;
    print_issued(call, name, folder, cert, makes_owner);
    return true;
}

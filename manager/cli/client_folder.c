/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/client_folder.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/network.h"
#include "lib/pki/cert.h"
#include "lib/pki/trust.h"
#include "manager/cli/config.h"
#include "manager/cli/show.h"
#include "manager/site/site.h"

#define LISTEN "listen" /* where the pages of a console are */

static bool is_console(const CliFolder *folder)
{
    return strcmp(folder->role, "console") == 0;
}

/* Caller frees, as in the next one. */
static char *conf_path(const CliFolder *folder)
{
    return g_build_filename(folder->path, is_console(folder) ? "console.conf" : "holdline.conf", NULL);
}

static char *pair_path(const CliFolder *folder, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", folder->path, folder->name, suffix);
}

/* In its own words, so that it names what is wrong before anything is made. */
static bool check_listen(const HlInvocation *call, const CliFolder *folder, GError **error)
{
    const char *listen = hl_cli_value(call, LISTEN, MGR_SITE_CONSOLE_LISTEN);
    g_autofree char *conf = conf_path(folder);
    g_autofree char *host = NULL;
    uint16_t port = 0;

    if (hl_cli_has(call, LISTEN) && g_file_test(conf, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_USAGE,
                       _("%s is there already, and is kept: leave --listen out, and set console.listen there"), conf);
    return !is_console(folder) || (hl_place_parse(listen, &host, &port) && g_hostname_is_ip_address(host)) ||
           hl_fail(error, HL_ERROR_USAGE, _("--listen: '%s' is not an IP address and a port, such as %s"), listen,
                   MGR_SITE_CONSOLE_LISTEN);
}

/* Somebody else's key of that name would be lost, or one that is good.  That of a certificate which has ended is of no
 * use, and its programs find the new one where they look. */
bool cli_folder_check_key(const CliFolder *folder, GError **error)
{
    g_autofree char *key_path = pair_path(folder, ".key");
    g_autofree char *cert_path = pair_path(folder, ".pem");
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, NULL);

    return !g_file_test(key_path, G_FILE_TEST_EXISTS) ||
           (cert != NULL && hl_cert_info(cert)->not_after <= hl_clock_wall()) ||
           hl_fail(error, HL_ERROR_EXISTS,
                   _("%s is there already, and is not replaced: name another directory with --output"), key_path);
}

/* A name has one certificate in force, and the server refuses another one: where it gives one, the pair of that name
 * here is of no use either, if it is this server's. */
static bool is_of_this_server(HlInvocation *call, const CliFolder *folder)
{
    g_auto(CliConfig) config = { 0 };
    g_autofree char *ca_path = cli_config_load(&config, call, NULL) ? cli_config_path(&config, config.ca) : NULL;
    g_autofree char *cert_path = pair_path(folder, ".pem");
    g_autoptr(HlTrust) trust = ca_path != NULL ? hl_trust_load(ca_path, NULL) : NULL;
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, NULL);

    return trust != NULL && cert != NULL && hl_trust_issuer(trust, cert) != NULL;
}

bool cli_folder_check_conf(const CliFolder *folder, GError **error)
{
    g_autofree char *path = conf_path(folder);
    g_autofree char *wanted = g_strconcat(folder->name, ".pem", NULL);
    g_autoptr(GKeyFile) conf = g_key_file_new();
    g_autofree char *certificate = NULL;
    g_autofree char *found = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    if (g_key_file_load_from_file(conf, path, G_KEY_FILE_NONE, NULL))
        certificate = g_key_file_get_string(conf, is_console(folder) ? "line" : "client", "certificate", NULL);
    found = certificate != NULL ? g_path_get_basename(certificate) : NULL;
    return g_strcmp0(found, wanted) == 0 ||
           hl_fail(error, HL_ERROR_EXISTS,
                   _("%s is there already, and is not of '%s': name another directory with --output"), path,
                   folder->name);
}

bool cli_folder_check(HlInvocation *call, const CliFolder *folder, GError **error)
{
    return check_listen(call, folder, error) &&
           (is_of_this_server(call, folder) || cli_folder_check_key(folder, error)) &&
           cli_folder_check_conf(folder, error);
}

bool cli_folder_save_key(const CliFolder *folder, const HlKey *key, GError **error)
{
    g_autofree char *path = pair_path(folder, ".key");

    return hl_key_save(key, path, error);
}

bool cli_folder_save(const HlInvocation *call, const CliFolder *folder, const json_t *answer, GError **error)
{
    const char *brokers = cli_text(answer, "brokers");
    g_autofree char *cert_path = pair_path(folder, ".pem");
    g_autofree char *ca_path = g_build_filename(folder->path, "ca.pem", NULL);
    g_autofree char *place = conf_path(folder);
    g_autofree char *conf =
        is_console(folder)
            ? mgr_site_console_conf(folder->name, brokers, hl_cli_value(call, LISTEN, MGR_SITE_CONSOLE_LISTEN))
            : mgr_site_client_conf(folder->role, folder->name, brokers);

    return hl_file_write_text(cert_path, cli_text(answer, "certificate"), 0644, error) &&
           hl_file_write_text(ca_path, cli_text(answer, "ca"), 0644, error) &&
           ((folder->keeps_conf && g_file_test(place, G_FILE_TEST_EXISTS)) ||
            hl_file_write_text(place, conf, 0600, error));
}

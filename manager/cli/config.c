/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/conf.h"
#include "lib/base/i18n.h"
#include "manager/site/site.h"

static const char *const roles[] = { "admin", "monitor", NULL };

#define ROW(name, type, field, min, max, help)                                 \
    {                                                                          \
        name, type, offsetof(CliConfig, field), "", min, max, NULL, help, NULL \
    }

static const HlOption rows[] = {
    ROW("client.name", HL_OPTION_STRING, name, 0, 64, "Name in the certificate"),
    ROW("client.brokers", HL_OPTION_LIST, brokers, 0, 8, "host:port of the broker"),
    ROW("client.ca", HL_OPTION_STRING, ca, 0, 4096, "Certificate of the authority"),
    ROW("client.certificate", HL_OPTION_STRING, certificate, 0, 4096, "Own certificate"),
    ROW("client.key", HL_OPTION_STRING, key, 0, 4096, "Own key"),
    { "client.role", HL_OPTION_CHOICE, offsetof(CliConfig, role), "admin", 0, 0, roles, "What the certificate is for",
      NULL },
};
static const HlOptionTable table = HL_OPTION_TABLE(rows);

static char *find(HlInvocation *call, GError **error)
{
    const char *given = hl_cli_value(call, "config", getenv("HOLDLINE_CONFIG"));
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "holdline", "holdline.conf", NULL);
    const char *of_site = MGR_SITE_DEFAULT "/admins/admin/holdline.conf";
    g_autofree char *folder = g_path_get_dirname(own);
    const char *places[] = { own, "/etc/holdline/holdline.conf" };

    if (given != NULL && *given != '\0') {
        if (access(given, F_OK) != 0 && errno == ENOENT) {
            hl_fail(
                error, HL_ERROR_NOT_FOUND,
                _("the client configuration %s, named by --config or HOLDLINE_CONFIG, does not exist; on a new server "
                  "'holdline init' makes DIR/admins/admin/holdline.conf; elsewhere 'holdline account request NAME' "
                  "asks an owner for one"),
                given);
            return NULL;
        }
        return g_strdup(given);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_EXISTS))
            return g_strdup(places[i]);
    if (g_file_test(of_site, G_FILE_TEST_EXISTS)) /* of the server's first owner, whom root is not by itself */
        hl_fail(error, HL_ERROR_NOT_FOUND,
                _("no client configuration: name one with --config or HOLDLINE_CONFIG; on this server: export "
                  "HOLDLINE_CONFIG=%s"),
                of_site);
    else
        hl_fail(error, HL_ERROR_NOT_FOUND,
                _("no client configuration: name one with --config or HOLDLINE_CONFIG; on a new server 'holdline init' "
                  "makes DIR/admins/admin/holdline.conf; elsewhere 'holdline account request NAME' asks an owner for "
                  "one, to be put into %s"),
                folder);
    return NULL;
}

bool cli_config_load(CliConfig *config, HlInvocation *call, GError **error)
{
    config->path = find(call, error);
    if (config->path == NULL || !hl_conf_load(config->path, table, config, error))
        return false;
    if (*config->name == '\0' || config->brokers[0] == NULL || *config->ca == '\0' || *config->certificate == '\0' ||
        *config->key == '\0')
        return hl_fail(
            error, HL_ERROR_INVALID,
            _("%s: [client] must give name, brokers, ca, certificate and key, as 'holdline admin create' writes it"),
            config->path);
    return true;
}

void cli_config_clear(CliConfig *config)
{
    hl_options_clear(table, config);
    g_clear_pointer(&config->path, g_free);
}

char *cli_config_path(const CliConfig *config, const char *name)
{
    g_autofree char *absolute = g_canonicalize_filename(config->path, NULL);
    g_autofree char *directory = g_path_get_dirname(absolute);

    return g_canonicalize_filename(name, directory);
}

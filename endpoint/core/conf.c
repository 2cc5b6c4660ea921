/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/conf.h"

#include <string.h>

#include "lib/base/conf.h"
#include "lib/base/network.h"
#include "lib/base/text.h"

static const char *const levels[] = { "debug", "info", "warn", "error", NULL }; /* as HlLogLevel */

static bool check_proxy(const char *text, GError **error)
{
    g_autofree char *shown = hl_text_url(text);
    const char *at = strrchr(text, '@');
    uint16_t port;

    return *text == '\0' ||
           (g_str_has_prefix(text, "http://") &&
            hl_place_parse(at != NULL ? at + 1 : text + strlen("http://"), NULL, &port)) ||
           hl_fail(error, HL_ERROR_INVALID, "'%s' is not a proxy of the form http://HOST:PORT", shown);
}

static const HlOption rows[] = {
    { "state.directory", HL_OPTION_STRING, offsetof(EpConf, state_dir), EP_CONF_DEFAULT_STATE, 1, 4000, NULL,
      "Where identity, settings, reports and patterns are kept", NULL },
    { "control.socket", HL_OPTION_STRING, offsetof(EpConf, socket), "", 0, 107, NULL,
      "Control socket of the daemon; empty for 'control' in the state directory", NULL },
    { "updater.program", HL_OPTION_STRING, offsetof(EpConf, updater), "holdline-updater", 1, 4000, NULL,
      "Program that fetches, verifies and switches pattern sets", NULL },
    { "update.proxy", HL_OPTION_STRING, offsetof(EpConf, proxy), "", 0, 512, NULL,
      "Proxy for update sources other than the server; empty for that of the environment", NULL },
    { "update.ca-file", HL_OPTION_STRING, offsetof(EpConf, ca_file), "", 0, 4000, NULL,
      "Authorities of update sources other than the server (PEM); empty for the system's", NULL },
    { "scan.engine", HL_OPTION_STRING, offsetof(EpConf, engine), "clamscan", 1, 4000, NULL,
      "Program with the command line of clamscan, which loads a set before it becomes active", NULL },
    { "scan.clamd", HL_OPTION_STRING, offsetof(EpConf, clamd_program), "clamd", 1, 4000, NULL,
      "ClamAV's daemon, which the endpoint runs for itself while it scans", NULL },
    { "scan.program", HL_OPTION_STRING, offsetof(EpConf, scanner), "holdline-scanner", 1, 4000, NULL,
      "Program that opens files and passes them to the scan engine", NULL },
    { "scan.user", HL_OPTION_STRING, offsetof(EpConf, scan_user), "holdline-scan", 1, 32, NULL,
      "User that the scan engine runs as", NULL },
    { "scan.clamd-socket", HL_OPTION_STRING, offsetof(EpConf, clamd), "", 0, 107, NULL,
      "Socket of another clamd on this machine that is notified when patterns change; empty for none", NULL },
    { "log.level", HL_OPTION_CHOICE, offsetof(EpConf, log_level), "info", 0, 0, levels, "Lowest level that is logged",
      NULL },
    { "line.backoff-base", HL_OPTION_DURATION, offsetof(EpConf, backoff_base), "1s", 10, HL_HOUR, NULL,
      "Upper bound of the first delay before a reconnect; it doubles with each failure", NULL },
    { "line.backoff-cap", HL_OPTION_DURATION, offsetof(EpConf, backoff_cap), "5m", 10, HL_DAY, NULL,
      "Maximum of that bound", NULL },
    { "line.keepalive", HL_OPTION_DURATION, offsetof(EpConf, keepalive), "60s", HL_SECOND, HL_MINUTE, NULL,
      "Longest silence on the line; at most a minute, because some routers forget a silent line after four", NULL },
    { "line.proxy", HL_OPTION_STRING, offsetof(EpConf, line_proxy), "", 0, 512, NULL,
      "HTTP proxy of the line and of enrolment, http://[USER:PASSWORD@]HOST:PORT, asked to CONNECT; empty for none, "
      "whatever the environment says",
      check_proxy },
    { "upgrade.helper", HL_OPTION_STRING, offsetof(EpConf, upgrade_helper), "/usr/lib/holdline/holdline-upgrade", 0,
      4000, NULL,
      "Program that installs another version of the endpoint's packages; where it is missing, or this is empty, none "
      "is asked for",
      NULL },
    { "upgrade.health", HL_OPTION_DURATION, offsetof(EpConf, upgrade_health), "5m", 10 * HL_SECOND, HL_HOUR, NULL,
      "How long the line may take to come up under a new version of the program, before the version before comes back",
      NULL },
    { "identity.machine_id", HL_OPTION_STRING, offsetof(EpConf, machine_id), "", 0, 256, NULL,
      "Identity of this machine; empty for /etc/machine-id.  Lets several endpoints run on one machine", NULL },
};

static const HlOptionAlias aliases[] = {
    { "update.program", "updater.program" }, /* until 0.1.0; a group has a setting of that name */
    { NULL, NULL },
};

HlOptionTable ep_conf_table(void)
{
    HlOptionTable table = HL_OPTION_TABLE(rows);

    table.aliases = aliases;
    return table;
}

bool ep_conf_load(EpConf *conf, const char *path, GError **error)
{
    if (path == NULL && !g_file_test(EP_CONF_DEFAULT_PATH, G_FILE_TEST_EXISTS)) {
        hl_options_init(ep_conf_table(), conf);
        return true;
    }
    if (!hl_conf_load(path != NULL ? path : EP_CONF_DEFAULT_PATH, ep_conf_table(), conf, error))
        return false;
    if (ep_conf_check(conf, error))
        return true;
    ep_conf_clear(conf);
    return hl_error_prefix(error, "%s", path != NULL ? path : EP_CONF_DEFAULT_PATH);
}

bool ep_conf_check(const EpConf *conf, GError **error)
{
    return conf->backoff_base <= conf->backoff_cap ||
           hl_fail(error, HL_ERROR_INVALID, "[line] backoff-base is longer than backoff-cap");
}

void ep_conf_clear(EpConf *conf)
{
    hl_options_clear(ep_conf_table(), conf);
}

char *ep_conf_socket(const EpConf *conf)
{
    return *conf->socket != '\0' ? g_strdup(conf->socket) : g_build_filename(conf->state_dir, "control", NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/conf.h"

#include <string.h>

#include "lib/base/network.h"
#include "lib/base/text.h"
#include "manager/core/notification_rule.h"
#include "manager/core/refusal.h"

#define MAX_URL 255

static const char *const broker_modes[] = { "managed", "external", NULL };
static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };

/* Refuses here what endpoints would choke on once it went out in a bundle. */
static bool check_listen(const char *text, GError **error)
{
    return g_hostname_is_ip_address(text) || mgr_refuse(error, MGR_REFUSE_CONF_LISTEN, text, NULL);
}

static bool check_addresses(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *broker = g_strstrip(parts[i]);
        uint16_t port;

        if (*broker != '\0' && !hl_place_parse(broker, NULL, &port))
            return mgr_refuse(error, MGR_REFUSE_CONF_BROKER, broker, NULL);
    }
    return true;
}

static bool check_front_url(const char *text, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL); /* refuses an IPv6 address without brackets */
    g_autofree char *shown = hl_text_url(text);

    return (uri != NULL && g_str_has_prefix(text, "https://") && *g_uri_get_host(uri) != '\0' &&
            strpbrk(text, " \t\"'<>") == NULL) ||
           mgr_refuse(error, MGR_REFUSE_CONF_URL, shown, NULL);
}

static bool check_front_urls(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *url = g_strstrip(parts[i]);

        if (strlen(url) > MAX_URL)
            return mgr_refuse(error, MGR_REFUSE_CONF_URL_LONG, HL_NUMBER(MAX_URL), NULL);
        if (*url != '\0' && !check_front_url(url, error))
            return false;
    }
    return true;
}

static bool check_source_url(const char *text, GError **error)
{
    g_autofree char *shown = hl_text_url(text);

    return *text == '\0' || g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://") ||
           mgr_refuse(error, MGR_REFUSE_CONF_SOURCE_URL, shown, NULL);
}

static bool check_command(const char *text, GError **error)
{
    g_auto(GStrv) argv = NULL;

    return *text == '\0' || g_shell_parse_argv(text, NULL, &argv, NULL) ||
           mgr_refuse(error, MGR_REFUSE_CONF_COMMAND, text, NULL);
}

static bool check_mail_server(const char *text, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    g_autofree char *shown = hl_text_url(text);

    return *text == '\0' ||
           (uri != NULL && (g_str_has_prefix(text, "smtp://") || g_str_has_prefix(text, "smtps://")) &&
            g_uri_get_host(uri) != NULL && *g_uri_get_host(uri) != '\0' && g_uri_get_userinfo(uri) == NULL) ||
           mgr_refuse(error, MGR_REFUSE_CONF_MAIL_SERVER, shown, NULL);
}

static bool check_mail_from(const char *text, GError **error)
{
    return *text == '\0' || mgr_mail_address_is_valid(text) || mgr_refuse(error, MGR_REFUSE_CONF_MAIL_FROM, text, NULL);
}

static bool check_networks(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    HlNetwork network;

    for (gsize i = 0; parts[i] != NULL; i++)
        if (*g_strstrip(parts[i]) != '\0' && !hl_network_parse(parts[i], &network, error))
            return false;
    return true;
}

#define ROW_CHECKED(name, type, field, fallback, min, max, choices, help, check)       \
    {                                                                                  \
        name, type, offsetof(MgrConf, field), fallback, min, max, choices, help, check \
    }
#define ROW(name, type, field, fallback, min, max, choices, help) \
    ROW_CHECKED(name, type, field, fallback, min, max, choices, help, NULL)

static const HlOption rows[] = {
    ROW("broker.mode", HL_OPTION_CHOICE, broker_mode, "managed", 0, 0, broker_modes,
        "managed: start and watch a mosquitto of its own; external: use an existing broker"),
    ROW_CHECKED("broker.listen", HL_OPTION_STRING, broker_listen, "0.0.0.0", 1, 64, NULL,
                "Address that the managed broker listens on", check_listen),
    ROW("broker.port", HL_OPTION_INT, broker_port, "8883", 1, 65535, NULL, "Port of the managed broker"),
    ROW("broker.count", HL_OPTION_INT, broker_count, "1", 1, MGR_MAX_BROKERS, NULL,
        "Managed brokers, each a process with a port of its own, from broker.port on; list them all in "
        "broker.addresses"),
    ROW("broker.program", HL_OPTION_STRING, broker_program, "mosquitto", 1, 255, NULL, "Program of the managed broker"),
    ROW_CHECKED("broker.addresses", HL_OPTION_LIST, broker_addresses, "localhost:8883,127.0.0.1:8883", 1, 8, NULL,
                "host:port of the broker as endpoints reach it, an IPv6 address in brackets; give two or more",
                check_addresses),
    ROW_CHECKED("broker.reload-command", HL_OPTION_STRING, broker_reload_command, "", 0, 1000, NULL,
                "Has an external broker read pki/crl.pem, broker/acl and pki/server.pem again, after each change; a "
                "program with arguments, run without a shell; empty: somebody does it by hand",
                check_command),
    ROW_CHECKED("http.listen", HL_OPTION_STRING, http_listen, "0.0.0.0", 1, 64, NULL,
                "Address that the HTTPS front listens on", check_listen),
    ROW("http.port", HL_OPTION_INT, http_port, "8843", 1, 65535, NULL, "Port of the HTTPS front"),
    { "http.urls", HL_OPTION_LIST, offsetof(MgrConf, http_urls), "https://localhost:8843", 1, 8, NULL,
      "URLs of the HTTPS front as endpoints reach it, the preferred one first", check_front_urls },
    ROW("http.downloads", HL_OPTION_INT, http_downloads, "100", 1, 10000, NULL,
        "Downloads of pattern files at the same time; others are told to come back later"),
    ROW("enrolment.certificate-lifetime", HL_OPTION_DURATION, certificate_lifetime, "90d", HL_MINUTE, 3650 * HL_DAY,
        NULL, "Lifetime of an endpoint's certificate; renewed in its last third"),
    ROW("enrolment.grace", HL_OPTION_DURATION, grace, "90d", 0, 3650 * HL_DAY, NULL,
        "How long after its certificate has ended an endpoint may still come back by proof of its old key"),
    ROW("enrolment.per-minute", HL_OPTION_INT, enrol_per_minute, "60", 1, 100000, NULL,
        "Requests for a certificate, of new endpoints and late ones, that one source address (of IPv6 one /64) may "
        "make per minute"),
    ROW("line.reconnect-window", HL_OPTION_DURATION, reconnect_window, "2m", HL_SECOND, HL_HOUR, NULL,
        "Endpoints spread their return over at most this time when a broker comes back, "
        "and their births when the manager does"),
    ROW("command.timeout", HL_OPTION_DURATION, command_timeout, "1h", HL_SECOND, HL_DAY, NULL,
        "Longest run of a command, once started"),
    ROW("command.update-window", HL_OPTION_DURATION, update_window, "10m", 0, HL_DAY, NULL,
        "Endpoints spread the start of an update-now or synchronize over at most this time, in proportion to their "
        "number"),
    ROW("status.probe-timeout", HL_OPTION_DURATION, probe_timeout, "3s", 100, HL_MINUTE, NULL,
        "How long a direct dial waits for an answer"),
    ROW("status.verification", HL_OPTION_DURATION, verification, "1d", HL_MINUTE, 30 * HL_DAY, NULL,
        "Time between connection verifications"),
    ROW("status.dial-own", HL_OPTION_BOOL, dial_own, "no", 0, 0, NULL,
        "Endpoints are dialled at loopback addresses and at the server's own too: for a trial on one machine"),
    ROW("status.inactive-days", HL_OPTION_INT, inactive_days, "30", 1, 3650, NULL,
        "Days of silence after which an endpoint is shown Inactive"),
    ROW("status.remove-days", HL_OPTION_INT, remove_days, "0", 0, 3650, NULL,
        "Days of silence after which an endpoint leaves the console until it registers again; 0 for never"),
    ROW("status.unreachable", HL_OPTION_LIST, unreachable, "", 0, 256, NULL,
        "Unreachable networks (CIDR): endpoints with such an address are not dialled"),
    ROW("status.unreachable-heartbeat", HL_OPTION_DURATION, unreachable_heartbeat, "10m", HL_MINUTE, 90 * HL_DAY, NULL,
        "Heartbeat of endpoints in unreachable networks"),
    ROW("status.unreachable-poll", HL_OPTION_DURATION, unreachable_poll, "30m", HL_MINUTE, 90 * HL_DAY, NULL,
        "Poll of endpoints in unreachable networks; at least three heartbeats"),
    ROW("status.unreachable-offline", HL_OPTION_DURATION, unreachable_offline, "1h", HL_MINUTE, 90 * HL_DAY, NULL,
        "Silence after which an endpoint in an unreachable network is shown Offline; more than a heartbeat"),
    { "patterns.activeupdate-url", HL_OPTION_STRING, offsetof(MgrConf, activeupdate_url), "", 0, 255, NULL,
      "Public pattern source that the server copies into its repository; empty if the repository is its own",
      check_source_url },
    ROW("patterns.activeupdate-root", HL_OPTION_STRING, activeupdate_root, "activeupdate-root.json", 1, 255, NULL,
        "Root metadata of that source, obtained in a trustworthy way; a path relative to this file, or absolute"),
    ROW("patterns.sync-every", HL_OPTION_DURATION, sync_every, "1h", 0, 30 * HL_DAY, NULL,
        "Time between two synchronisations with that source; 0s: only by 'holdline pattern sync'"),
    ROW("patterns.old-after", HL_OPTION_DURATION, patterns_old_after, "7d", 0, 3650 * HL_DAY, NULL,
        "Time without new patterns in the server's repository after which it warns; 0s: never"),
    ROW("patterns.ca-file", HL_OPTION_STRING, patterns_ca_file, "", 0, 255, NULL,
        "Authorities of that source (PEM); empty for the system's"),
    ROW("patterns.proxy", HL_OPTION_STRING, patterns_proxy, "", 0, 255, NULL,
        "Proxy on the way to that source; empty for that of the environment"),
    ROW("updater.program", HL_OPTION_STRING, updater_program, "holdline-updater", 1, 255, NULL,
        "Program that reads the pattern repository"),
    ROW("registry.retention", HL_OPTION_DURATION, retention, "90d", HL_DAY, 3650 * HL_DAY, NULL,
        "How long history, finished commands and acknowledged detections are kept"),
    ROW_CHECKED("mail.server", HL_OPTION_STRING, mail_server, "", 0, 255, NULL,
                "Server that takes notifications by mail: smtp://host:587 (STARTTLS) or smtps://host:465; empty: none",
                check_mail_server),
    ROW_CHECKED("mail.from", HL_OPTION_STRING, mail_from, "", 0, 254, NULL, "Address that these mails come from",
                check_mail_from),
    ROW("mail.user", HL_OPTION_STRING, mail_user, "", 0, 255, NULL, "Name to sign in to the mail server; empty: none"),
    ROW("mail.password-file", HL_OPTION_STRING, mail_password_file, "", 0, 255, NULL,
        "File with the password for that; a path relative to this file, or absolute"),
    ROW("mail.ca-file", HL_OPTION_STRING, mail_ca_file, "", 0, 255, NULL,
        "Authorities of the mail server (PEM); empty for the system's"),
    ROW("mail.tls", HL_OPTION_BOOL, mail_tls, "yes", 0, 0, NULL,
        "no: without TLS, to a server on this machine or in a network of notification.private"),
    ROW_CHECKED("notification.private", HL_OPTION_LIST, notification_private, "", 0, 64, NULL,
                "Networks (CIDR), beside the public Internet, where webhooks and syslog may go, also without TLS",
                check_networks),
    ROW("notification.ca-file", HL_OPTION_STRING, notification_ca_file, "", 0, 255, NULL,
        "Authorities of webhooks and of syslog over TLS (PEM); empty for the system's"),
    ROW("log.level", HL_OPTION_CHOICE, log_level, "info", 0, 0, log_levels, "Lowest level that is logged"),
};

static const HlOptionAlias aliases[] = {
    { "http.url", "http.urls" }, /* until 0.1.0 there was one */
    { NULL, NULL },
};

/* From both sides where each is for the other alone. */
static const HlOptionNeed needs[] = {
    { "mail.server", "mail.from", NULL, "no mail can be sent" },
    { "mail.from", "mail.server", NULL, "no mail can be sent" },
    { "mail.user", "mail.server", NULL, "no mail can be sent" },
    { "mail.user", "mail.password-file", NULL, "it would sign in with an empty password" },
    { "mail.password-file", "mail.user", NULL, "nobody signs in to the mail server" },
    { "mail.tls", "mail.server", NULL, "no mail can be sent" },
    { "mail.ca-file", "mail.server", NULL, "no mail can be sent" },
    { "mail.ca-file", "mail.tls", "yes", "without TLS the server shows no certificate" },
    { "patterns.ca-file", "patterns.activeupdate-url", NULL, "there is no source whose certificate is checked" },
    { "patterns.proxy", "patterns.activeupdate-url", NULL, "there is no source that it leads to" },
    { "broker.reload-command", "broker.mode", "external", "the managed broker is told without it" },
    { "broker.count", "broker.mode", "managed", "an external broker counts as one, whatever addresses it has" },
    { NULL, NULL, NULL, NULL },
};

guint mgr_conf_brokers(const MgrConf *conf)
{
    return conf->broker_mode == MGR_BROKER_MANAGED ? (guint)conf->broker_count : 1;
}

bool mgr_conf_check(const MgrConf *conf, GError **error)
{
    int64_t last = conf->broker_port + (int64_t)mgr_conf_brokers(conf) - 1;

    if (last > UINT16_MAX)
        return mgr_refuse(error, MGR_REFUSE_CONF_PORTS, HL_NUMBER(conf->broker_count), HL_NUMBER(conf->broker_port),
                          HL_NUMBER(last), NULL);
    if (conf->broker_count > 1 && conf->http_port > conf->broker_port && conf->http_port <= last)
        return mgr_refuse(error, MGR_REFUSE_CONF_PORTS_HTTP, HL_NUMBER(conf->broker_count),
                          HL_NUMBER(conf->broker_port), HL_NUMBER(last), HL_NUMBER(conf->http_port), NULL);
    return conf->broker_mode != MGR_BROKER_MANAGED || conf->http_port != conf->broker_port ||
           strcmp(conf->broker_listen, conf->http_listen) != 0 ||
           mgr_refuse(error, MGR_REFUSE_CONF_PORT_TWICE, HL_NUMBER(conf->broker_port), conf->http_listen, NULL);
}

HlOptionTable mgr_conf_table(void)
{
    HlOptionTable table = HL_OPTION_TABLE(rows);

    table.aliases = aliases;
    table.needs = needs;
    return table;
}

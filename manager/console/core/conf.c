/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/conf.h"

#include "lib/base/network.h"

static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };

static bool check_listen(const char *text, GError **error)
{
    g_autofree char *host = NULL;
    uint16_t port;

    return (hl_place_parse(text, &host, &port) && g_hostname_is_ip_address(host)) ||
           hl_fail(error, HL_ERROR_INVALID, "'%s' is not an address and port to listen on, such as 127.0.0.1:8844",
                   text);
}

static bool check_brokers(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *broker = g_strstrip(parts[i]);
        uint16_t port;

        if (*broker != '\0' && !hl_place_parse(broker, NULL, &port))
            return hl_fail(error, HL_ERROR_INVALID, "'%s' is not a broker address of the form host:port or [IPv6]:port",
                           broker);
    }
    return true;
}

#define ROW_CHECKED(name, type, field, fallback, min, max, choices, help, check)       \
    {                                                                                  \
        name, type, offsetof(ConConf, field), fallback, min, max, choices, help, check \
    }
#define ROW(name, type, field, fallback, min, max, choices, help) \
    ROW_CHECKED(name, type, field, fallback, min, max, choices, help, NULL)

static const HlOption rows[] = {
    ROW_CHECKED("console.listen", HL_OPTION_STRING, listen, "127.0.0.1:8844", 1, 64, NULL,
                "Address and port that browsers come to, an IPv6 address in brackets", check_listen),
    ROW("console.per-minute", HL_OPTION_INT, per_minute, "1200", 10, 1000000, NULL,
        "Requests that one address (of IPv6 one /64) may make per minute"),
    ROW_CHECKED("line.brokers", HL_OPTION_LIST, brokers, "localhost:8883,127.0.0.1:8883", 1, 8, NULL,
                "host:port of the broker, in the order in which they are tried", check_brokers),
    ROW("line.ca", HL_OPTION_STRING, ca, "ca.pem", 1, 4000, NULL,
        "Certificate of the site's authority; a path relative to this file, or absolute"),
    ROW("line.certificate", HL_OPTION_STRING, certificate, "console.pem", 1, 4000, NULL,
        "Certificate of this console, made by 'holdline console create'"),
    ROW("line.key", HL_OPTION_STRING, key, "console.key", 1, 4000, NULL, "Key of that certificate"),
    ROW("https.certificate", HL_OPTION_STRING, https_certificate, "", 0, 4000, NULL,
        "Certificate that browsers are shown (PEM, with what leads to its authority); empty for that of line"),
    ROW("https.key", HL_OPTION_STRING, https_key, "", 0, 4000, NULL, "Key of that certificate; empty for that of line"),
    ROW("log.level", HL_OPTION_CHOICE, log_level, "info", 0, 0, log_levels, "Lowest level that is logged"),
};

HlOptionTable con_conf_table(void)
{
    return HL_OPTION_TABLE(rows);
}

bool con_conf_check(const ConConf *conf, GError **error)
{
    if (conf->brokers[0] == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "line.brokers names no broker");
    return (*conf->https_certificate == '\0') == (*conf->https_key == '\0') ||
           hl_fail(error, HL_ERROR_INVALID, "https.certificate and https.key belong together: give both, or neither");
}

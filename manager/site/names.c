/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/names.h"

#include <string.h>

#include "lib/base/network.h"

/* The manager's own link to its broker, in both families. */
static const char *const own_places[] = { "127.0.0.1", "::1" };

static bool is_wildcard(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static void add_once(GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (g_ascii_strcasecmp(names->pdata[i], name) == 0)
            return;
    g_ptr_array_add(names, g_strdup(name));
}

GStrv mgr_server_names(const char *const *hosts, const MgrConf *conf)
{
    GPtrArray *names = g_ptr_array_new();

    for (gsize i = 0; hosts[i] != NULL; i++)
        add_once(names, hosts[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(own_places); i++)
        add_once(names, own_places[i]);
    if (!is_wildcard(conf->broker_listen))
        add_once(names, conf->broker_listen);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

/* false: it is not of the form that the configuration takes, and nobody gets there. */
static bool covers_place(const HlCert *cert, const char *place)
{
    g_autofree char *host = NULL;
    uint16_t port;

    return hl_place_parse(place, &host, &port) && hl_cert_covers(cert, host);
}

static bool covers_url(const HlCert *cert, const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

    return uri != NULL && hl_cert_covers(cert, g_uri_get_host(uri));
}

GStrv mgr_server_uncovered(const HlCert *cert, const char *const *brokers, const char *const *urls)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (gsize i = 0; brokers[i] != NULL; i++)
        if (!covers_place(cert, brokers[i]))
            g_strv_builder_add(builder, brokers[i]);
    for (gsize i = 0; urls[i] != NULL; i++)
        if (!covers_url(cert, urls[i]))
            g_strv_builder_add(builder, urls[i]);
    return g_strv_builder_end(builder);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/server.h"

#include <string.h>

#include "lib/base/network.h"
#include "lib/pki/cert.h"
#include "lib/pki/digest.h"
#include "lib/pki/signing.h"
#include "proto/fault.h"

/* Numbers of the fields in ServerDocument. */
enum { BROKERS = 6, SERVERS, AUTHORITIES, SIGNING_KEYS };

static void add(GByteArray *out, guint8 field, const void *data, gsize size)
{
    guint32 length = GUINT32_TO_BE((guint32)size);

    g_byte_array_append(out, &field, 1);
    g_byte_array_append(out, (const guint8 *)&length, sizeof length);
    if (size > 0)
        g_byte_array_append(out, data, (guint)size);
}

static void add_texts(GByteArray *out, guint8 field, char *const *texts, gsize n)
{
    for (gsize i = 0; i < n; i++)
        add(out, field, texts[i], strlen(texts[i]));
}

GBytes *hl_server_digest(const HlMsgServerDocument *document)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    HlDigest digest;

    add_texts(content, BROKERS, document->brokers, document->n_brokers);
    add_texts(content, SERVERS, document->servers, document->n_servers);
    add_texts(content, AUTHORITIES, document->authorities, document->n_authorities);
    for (gsize i = 0; i < document->n_signing_keys; i++)
        add(content, SIGNING_KEYS, document->signing_keys[i].data, document->signing_keys[i].len);
    digest = hl_sha256(content->data, content->len);
    return g_bytes_new(digest.bytes, sizeof digest.bytes);
}

char **hl_server_authorities(const HlMsgManagerState *state)
{
    char **ids = state->n_authorities > 0 ? g_new0(char *, state->n_authorities + 1) : NULL;

    for (gsize i = 0; i < state->n_authorities; i++)
        ids[i] = g_strdup(state->authorities[i]);
    return ids;
}

bool hl_server_is_url(const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL); /* refuses an IPv6 address without brackets */
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);

    return host != NULL && *host != '\0' && g_str_has_prefix(text, "https://") && g_uri_get_userinfo(uri) == NULL &&
           g_uri_get_query(uri) == NULL && g_uri_get_fragment(uri) == NULL && strpbrk(text, " \t\r\n\"'<>") == NULL;
}

static bool check_authority(const char *pem, GError **error)
{
    g_autoptr(HlCert) cert = hl_cert_parse("an authority", pem, strlen(pem), error);

    if (cert == NULL)
        return false;
    return hl_cert_info(cert)->kind == HL_CERT_CA ||
           hl_fail(error, HL_ERROR_INVALID, "the certificate of '%.64s' is not an authority's", hl_cert_info(cert)->cn);
}

static bool check_keys(const HlMsgServerDocument *document, GError **error)
{
    for (gsize i = 0; i < document->n_signing_keys; i++)
        if (document->signing_keys[i].len != HL_SIGNING_PUBLIC_SIZE)
            return hl_fail(error, HL_ERROR_INVALID, "a signing key of %" G_GSIZE_FORMAT " bytes, not %d",
                           document->signing_keys[i].len, HL_SIGNING_PUBLIC_SIZE);
    return true;
}

bool hl_server_check(const HlMsgServerDocument *document, GError **error)
{
    if (document->n_brokers == 0 || document->n_servers == 0 || document->n_authorities == 0 ||
        document->n_signing_keys == 0)
        return hl_fail(error, HL_ERROR_INVALID, "it names no %s",
                       document->n_brokers == 0       ? "broker"
                       : document->n_servers == 0     ? "server"
                       : document->n_authorities == 0 ? "authority"
                                                      : "signing key");
    for (gsize i = 0; i < document->n_brokers; i++) {
        uint16_t port;

        if (!hl_place_parse(document->brokers[i], NULL, &port))
            return hl_proto_fail(error, HL_FAULT_SERVER_BROKER, document->brokers[i], NULL);
    }
    for (gsize i = 0; i < document->n_servers; i++)
        if (!hl_server_is_url(document->servers[i]))
            return hl_proto_fail(error, HL_FAULT_SERVER_URL, document->servers[i], NULL);
    for (gsize i = 0; i < document->n_authorities; i++)
        if (!check_authority(document->authorities[i], error))
            return false;
    return check_keys(document, error);
}

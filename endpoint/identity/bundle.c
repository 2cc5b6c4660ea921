/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/identity/bundle.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/pki/trust.h"
#include "proto/envelope.h"
#include "proto/server.h"

/* The bytes between the two lines; NULL if they are missing or not base 64. */
static GBytes *unwrap(const char *text)
{
    const char *first = strstr(text, EP_BUNDLE_FIRST_LINE);
    const char *begin = first == NULL ? NULL : first + strlen(EP_BUNDLE_FIRST_LINE);
    const char *end = begin == NULL ? NULL : strstr(begin, EP_BUNDLE_LAST_LINE);
    g_autofree char *body = NULL;
    g_autofree guchar *data = NULL;
    gsize size = 0;

    if (end == NULL)
        return NULL;
    body = g_strndup(begin, (gsize)(end - begin));
    if (strspn(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n") != strlen(body))
        return NULL; /* GLib would skip them silently */
    data = g_base64_decode(body, &size);
    return size == 0 ? NULL : g_bytes_new_take(g_steal_pointer(&data), size);
}

static bool check(const char *name, const HlMsgBundle *bundle, GError **error)
{
    g_autoptr(HlTrust) trust = hl_trust_parse("the bundle's CA", bundle->ca, strlen(bundle->ca), error);

    if (trust == NULL)
        return hl_error_prefix(error, "bundle %s", name);
    if (bundle->n_brokers == 0 || bundle->n_brokers > 8)
        return hl_fail(error, HL_ERROR_INVALID, "bundle %s names %" G_GSIZE_FORMAT " brokers, there must be 1 to 8",
                       name, bundle->n_brokers);
    if (!g_str_has_prefix(bundle->server, "https://") || strpbrk(bundle->server, " \r\n\t") != NULL)
        return hl_fail(error, HL_ERROR_INVALID, "bundle %s names no https:// server", name);
    for (gsize i = 0; i < bundle->n_servers; i++)
        if (!hl_server_is_url(bundle->servers[i]))
            return hl_fail(error, HL_ERROR_INVALID,
                           "bundle %s names a server that is not of the form https://host:port", name);
    if (*bundle->token == '\0')
        return hl_fail(error, HL_ERROR_INVALID, "bundle %s has no token", name);
    return true;
}

HlMsgBundle *ep_bundle_parse(const char *name, const char *text, GError **error)
{
    g_autoptr(GBytes) wrapped = unwrap(text);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(HlMsgBundle) unproved = NULL;
    g_autoptr(HlMsgBundle) bundle = NULL;
    g_autoptr(GBytes) key = NULL;

    if (wrapped == NULL) {
        hl_fail(error, HL_ERROR_INVALID,
                "%s is not a bundle: give the file that 'holdline bundle create' wrote, from '%s' on", name,
                EP_BUNDLE_FIRST_LINE);
        return NULL;
    }
    envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, wrapped, error);
    if (envelope != NULL)
        unproved =
            hl_wire_decode(&holdline__v1__bundle__descriptor, envelope->payload.data, envelope->payload.len, error);
    if (unproved == NULL) {
        hl_error_prefix(error, "bundle %s is damaged", name);
        return NULL;
    }
    key = g_bytes_new(unproved->signing_key.data, unproved->signing_key.len);
    bundle = hl_envelope_open(envelope, key, HL_ENVELOPE_BUNDLE, &holdline__v1__bundle__descriptor, error);
    if (bundle == NULL)
        hl_error_prefix(error, "bundle %s was changed or damaged; fetch it again", name);
    return bundle != NULL && check(name, bundle, error) ? g_steal_pointer(&bundle) : NULL;
}

HlMsgBundle *ep_bundle_load(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = hl_file_read_text(path, EP_BUNDLE_MAX_SIZE, &problem);

    if (text != NULL)
        return ep_bundle_parse(path, text, error);
    if (g_error_matches(problem, HL_ERROR, HL_ERROR_NOT_FOUND))
        hl_fail(
            error, HL_ERROR_NOT_FOUND,
            "there is no bundle %s: the administrator writes one on the server ('holdline bundle create'), for you to "
            "carry here",
            path);
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

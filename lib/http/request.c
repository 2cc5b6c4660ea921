/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way from the HTTP thread to the loop thread: a copy of everything that a handler may ask. */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/unconst.h"
#include "lib/http/internal.h"
#include "lib/http/listener.h"

/* Browsers send about 20.  All of them lie in the 32 KiB that libmicrohttpd gives a connection. */
#define MAX_HEADERS 64

const char *hl_http_request_header(const HlHttpRequest *request, const char *name)
{
    return request->headers != NULL ? g_hash_table_lookup(request->headers, name) : NULL;
}

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind G_GNUC_UNUSED, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    GHashTable *headers = user;
    g_autofree char *key = g_ascii_strdown(name, (gssize)name_size);

    if (value != NULL && !g_hash_table_contains(headers, key)) /* one left out would be as if it was never sent */
        g_hash_table_insert(headers, g_steal_pointer(&key), g_utf8_make_valid(value, (gssize)value_size));
    return g_hash_table_size(headers) < MAX_HEADERS ? MHD_YES : MHD_NO;
}

static GBytes *client_cert(const HlHttpCall *call)
{
    const union MHD_ConnectionInfo *info =
        call->server->asks_clients ? MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
                                   : NULL;

    return info == NULL ? NULL : hl_tls_client_cert(info->tls_session);
}

HlHttpCopy *hl_http_copy_new(HlHttpCall *call, const HlHttpRoute *route, const char *method, const char *path)
{
    const struct sockaddr *peer =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    HlHttpCopy *copy = g_new0(HlHttpCopy, 1);

    copy->handler = route->handler;
    copy->call = call;
    copy->open.method = g_strdup(method);
    copy->open.target = g_strdup(call->target);
    copy->open.path = g_strdup(path);
    copy->open.rest = copy->open.path + strlen(route->prefix);
    copy->open.peer = hl_address_print(peer);
    copy->open.neighbours = hl_crowd_neighbourhood(peer);
    copy->open.body = g_byte_array_free_to_bytes(g_steal_pointer(&call->body));
    copy->open.client_cert = client_cert(call);
    copy->open.headers = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, g_free);
    MHD_get_connection_values_n(call->connection, MHD_HEADER_KIND, take_header, copy->open.headers);
    return copy;
}

void hl_http_copy_free(gpointer user)
{
    HlHttpCopy *copy = user;

    g_free(hl_unconst(copy->open.method));
    g_free(hl_unconst(copy->open.target));
    g_free(hl_unconst(copy->open.path));
    g_free(hl_unconst(copy->open.peer));
    g_bytes_unref(copy->open.body);
    g_clear_pointer(&copy->open.client_cert, g_bytes_unref);
    g_hash_table_unref(copy->open.headers);
    g_free(copy);
}

/* ---------------------------------------------------------------------------------------------------------- framing */

/* The headers that a proxy before us may read in another way than libmicrohttpd does, which takes the first or the last
 * of several: then the two would not agree where a request ends. */
typedef struct {
    guint hosts, lengths, encodings;
    bool is_chunked, has_bad_name;
} Framing;

/* A token of RFC 9110.  "Content-Length :" is a header that the library does not know, and for some proxies the length
 * of the body: RFC 9112 (5.1) has it refused. */
static bool is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!g_ascii_isalnum(name[i]) && (name[i] == '\0' || strchr("!#$%&'*+-.^_`|~", name[i]) == NULL))
            return false;
    return size > 0;
}

static enum MHD_Result count_header(void *user, enum MHD_ValueKind kind G_GNUC_UNUSED, const char *name, size_t size,
                                    const char *value, size_t value_size G_GNUC_UNUSED)
{
    Framing *framing = user;

    framing->has_bad_name |= !is_name(name, size);
    if (g_ascii_strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0)
        framing->hosts++;
    if (g_ascii_strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
        framing->lengths++;
    if (g_ascii_strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->encodings++;
        framing->is_chunked = value != NULL && g_ascii_strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

const char *hl_http_framing_problem(struct MHD_Connection *connection)
{
    Framing framing = { 0 };

    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_header, &framing);
    if (framing.has_bad_name)
        return "the name of a header is letters, digits and hyphens, and the colon follows at once";
    if (framing.hosts > 1)
        return "a request names one host";
    if (framing.lengths + framing.encodings > 1)
        return "a request says once how long its body is";
    if (framing.encodings > 0 && !framing.is_chunked)
        return "of the transfer encodings this server takes 'chunked' alone";
    return NULL;
}

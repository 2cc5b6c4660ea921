/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/server.h"

#include <string.h>

#include "lib/base/log.h"
#include "proto/envelope.h"
#include "proto/server.h"

struct EpServer {
    EpServerOptions has;
};

EpServer *ep_server_new(const EpServerOptions *options)
{
    EpServer *server = g_new(EpServer, 1);

    server->has = *options;
    return server;
}

void ep_server_free(EpServer *server)
{
    g_free(server);
}

/* NULL: refused already. */
static HlMsgServerDocument *open_document(const EpServer *server, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, &error);
    g_autoptr(HlMsgServerDocument) document =
        envelope == NULL ? NULL
                         : hl_envelope_open(envelope, server->has.identity->signing_key, HL_ENVELOPE_SERVER,
                                            &holdline__v1__server_document__descriptor, &error);

    if (document != NULL && hl_server_check(document, &error))
        return g_steal_pointer(&document);
    ep_refuse(server->has.refuser, EP_REFUSED_SERVER,
              hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
              error->message);
    return NULL;
}

void ep_server_offer(EpServer *server, GBytes *envelope)
{
    g_autoptr(HlMsgServerDocument) document = open_document(server, envelope);
    g_autoptr(GBytes) computed = document == NULL ? NULL : hl_server_digest(document);

    if (document == NULL)
        return;
    if (strcmp(document->endpoint, server->has.identity->id) != 0)
        ep_refuse(server->has.refuser, EP_REFUSED_SERVER, EP_REFUSED_WRONG_ENDPOINT, "it is for '%s'",
                  document->endpoint);
    else if (g_bytes_get_size(computed) != document->digest.len ||
             memcmp(g_bytes_get_data(computed, NULL), document->digest.data, document->digest.len) != 0)
        ep_refuse(server->has.refuser, EP_REFUSED_SERVER, EP_REFUSED_INVALID,
                  "the digest is not that of where the server is");
    else
        hl_info("server", "the server tells where it is (counter %" G_GUINT64_FORMAT "): this version keeps to its own",
                document->counter);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the HTTPS server share: a request on both sides of the mailbox, and the server itself. */
#ifndef LIB_HTTP_INTERNAL_H
#define LIB_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>

#include "lib/base/mailbox.h"
#include "lib/http/crowd.h"
#include "lib/http/patience.h"
#include "lib/http/serve.h"
#include "lib/http/tls_identity.h"

typedef struct HlHttpCall HlHttpCall;

/* The copy for the loop thread. */
typedef struct {
    HlHttpRequest open; /* first: hl_http_answer gets its address */
    HlHttpHandler handler;
    HlHttpCall *call; /* NULL: the server is gone */
} HlHttpCopy;

/* A request inside the HTTP thread; while its connection is suspended it belongs to the loop thread. */
struct HlHttpCall {
    HlHttpServer *server;
    struct MHD_Connection *connection;
    char *target; /* as it came */
    bool begun;   /* its header was seen */
    GByteArray *body;
    gsize drained;
    HlHttpCopy *copy;              /* waiting for its answer */
    struct MHD_Response *response; /* the answer, not yet queued */
    guint status;
    uint64_t length; /* of the answer's body */
    bool is_download;
};

struct HlHttpServer {
    struct MHD_Daemon *daemon;
    HlMailbox *requests;
    const HlHttpRoute *routes;
    gsize n_routes;
    gpointer user;
    gsize max_body;
    guint max_downloads;
    uint16_t port;
    bool asks_clients, problems;
    const char *const *headers;
    HlHttpCounts counts; /* atomic, one by one */
    HlCrowd *crowd;      /* of the HTTP thread */
    HlPatience *patience;

    pthread_mutex_t lock; /* protects the three below */
    bool closing;
    GHashTable *waiting; /* suspended HlHttpCalls */
    GHashTable *streams; /* HlHttpStreams whose connections live */

    pthread_mutex_t identity_lock;
    HlTlsIdentity *identity;
};

/* request.c */
HlHttpCopy *hl_http_copy_new(HlHttpCall *call, const HlHttpRoute *route, const char *method, const char *path);
void hl_http_copy_free(gpointer copy);

/* HTTP thread.  What is wrong with how a request says where it ends and for whom it is; NULL: nothing. */
const char *hl_http_framing_problem(struct MHD_Connection *connection);

/* serve.c.  Adds the server's headers and those given to a response; bad ones are left out and logged. */
void hl_http_add_headers(const HlHttpServer *server, struct MHD_Response *response, const char *path,
                         const char *const *headers);
/* Loop thread.  Gives the connection back to the HTTP thread, which sends the response. */
void hl_http_resume(HlHttpCall *call, guint status, struct MHD_Response *response, uint64_t length);

/* stream.c.  Lets the HTTP thread end them all; the streams themselves are their users'. */
void hl_http_streams_close(HlHttpServer *server);

#endif

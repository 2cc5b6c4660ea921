/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTPS server: JSON calls answered on the loop thread, files served from a directory.
 *
 * libmicrohttpd runs one thread of its own.  A request for a handler is copied into a mailbox and its connection
 * suspended; the handler runs on the loop thread and answers now or later.  Static files never touch the loop: they are
 * sent by the HTTP thread (sendfile), with ranges, cache headers and a cap on concurrent downloads.
 *
 * Without a certificate it speaks plain HTTP: for tests and for a TLS-terminating proxy on the same machine. */
#ifndef LIB_HTTP_SERVE_H
#define LIB_HTTP_SERVE_H

#include <stdint.h>

#include "lib/base/clock.h"

typedef struct HlHttpServer HlHttpServer;

/* A copied request.  Owned by the handler, which must answer it; hl_http_answer frees it. */
typedef struct {
    const char *method;  /* "GET", "POST", ... */
    const char *target;  /* as it came: path and query, nothing decoded; at most what a request's memory holds */
    const char *path;    /* decoded, begins with '/', without the query */
    const char *rest;    /* the part of path after the route's prefix */
    GBytes *body;        /* never NULL */
    const char *peer;    /* IP address as text */
    uint64_t neighbours; /* of the peer: equal for addresses that count as one (lib/http/crowd.h) */
    GBytes *client_cert; /* DER; NULL unless one signed by client_ca was presented */
    GHashTable *headers; /* lower-case name -> value, the first of each name; in UTF-8, what is not is U+FFFD */
} HlHttpRequest;

/* NULL: it was not sent.  name is in lower case. */
const char *hl_http_request_header(const HlHttpRequest *request, const char *name);

/* Must call hl_http_answer, or hl_http_stream, exactly once, now or later, on the loop thread. */
typedef void (*HlHttpHandler)(HlHttpRequest *request, gpointer user);

/* One row per route; the first whose method and prefix match is taken.  A prefix that ends with '/' matches everything
 * below it, any other only itself.  GET matches HEAD as well.  Either handler or directory is set. */
typedef struct {
    const char *method; /* NULL: any; the handler sees to it */
    const char *prefix;
    HlHttpHandler handler;
    const char *directory; /* static files; method GET */
} HlHttpRoute;

typedef struct {
    const char *address;            /* numeric; NULL: all addresses, IPv6 included */
    uint16_t port;                  /* 0: any free one, see hl_http_server_port */
    const char *cert_pem, *key_pem; /* texts; NULL: plain HTTP */
    const char *client_ca_pem;      /* NULL: clients are not asked for a certificate */
    GMainContext *context;          /* of the loop thread; NULL: the default context */
    const HlHttpRoute *routes;      /* must outlive the server */
    gsize n_routes;
    gpointer user;                /* for the handlers */
    guint max_connections;        /* 0: 1000 */
    guint max_connections_per_ip; /* 0: 100; whole offices share one address behind NAT; of an IPv6 /64 together */
    guint max_downloads;          /* static files sent at the same time; 0: 100; beyond it 503 with Retry-After */
    gsize max_body;               /* 0: 64 KiB; beyond it 413 */
    HlTime timeout;               /* for a silent connection; 0: 30 s */
    HlTime patience;              /* until a request is there whole, however busy its connection; 0: 60 s */
    /* For browsers, in what the server itself answers (404, 413, 503, ...) as well: name, value, ..., NULL; outlives
     * the server; NULL: none. */
    const char *const *headers;
    bool problems; /* what the server itself answers is application/problem+json (RFC 9457) instead of a line of text */
} HlHttpOptions;

typedef struct {
    uint64_t requests, body_bytes; /* answered; bytes of bodies that went out whole */
    uint64_t classes[6];           /* by first digit of the status: classes[2] counts 200 to 299 */
    uint64_t downloads_refused;
    guint connections, downloads; /* now */
} HlHttpCounts;

/* NULL on failure. */
HlHttpServer *hl_http_server_new(const HlHttpOptions *options, GError **error);

/* Ends it; requests not yet answered get 503.  Answering them later is still required (and then only frees them). */
void hl_http_server_free(HlHttpServer *server);

/* The port that it listens on; for tests, which ask for any free one. */
uint16_t hl_http_server_port(const HlHttpServer *server);

/* Certificate and key, checked: each can be parsed, and they belong together.  NULL on failure. */
typedef struct HlTlsIdentity HlTlsIdentity;
HlTlsIdentity *hl_http_identity_new(const char *cert_pem, const char *key_pem, GError **error);
void hl_http_identity_free(HlTlsIdentity *identity);

/* For new connections from now on; takes the identity.  Only for a server that was created with one. */
void hl_http_server_set_identity(HlHttpServer *server, HlTlsIdentity *identity);

/* Any thread. */
HlHttpCounts hl_http_server_count(HlHttpServer *server);

/* Answers and frees the request.  body may be NULL (empty); headers is NULL or name, value, ..., NULL. */
void hl_http_answer(HlHttpRequest *request, guint status, const char *content_type, GBytes *body,
                    const char *const *headers);

/* An answer without an end: what is written to it goes out as it is written.  Loop thread. */
typedef struct HlHttpStream HlHttpStream;

typedef enum {
    HL_HTTP_STREAM_WRITTEN,
    HL_HTTP_STREAM_FULL, /* its reader is too slow: HL_HTTP_STREAM_MAX bytes wait already; nothing was written */
    HL_HTTP_STREAM_GONE, /* the reader left, or the server ended; only hl_http_stream_end is left */
} HlHttpStreamResult;

#define HL_HTTP_STREAM_MAX ((gsize)512 * 1024)

/* Answers the request with 200 and frees it.  headers as in hl_http_answer.  Free with hl_http_stream_end, which may be
 * after the end of the server. */
HlHttpStream *hl_http_stream(HlHttpRequest *request, const char *content_type, const char *const *headers);

/* Copies.  That a reader left is noticed only by writing: write something every few seconds. */
HlHttpStreamResult hl_http_stream_write(HlHttpStream *stream, const void *data, gsize size);

/* The reader gets what waits, and then the end. */
void hl_http_stream_end(HlHttpStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlHttpServer, hl_http_server_free)

#endif

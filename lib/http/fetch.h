/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP(S) requests through libcurl, which no other file knows.
 *
 * One call is one request, blocking, with every bound set: bytes, time, speed.  A response of any status is a result,
 * not a failure: 403, 404 and 503 mean something to the caller.  No retries, no HEAD, no compression: exactly the
 * request that was asked for (plus up to five redirects of a GET, never from https to http).
 *
 * A session keeps its connection for the next request; it belongs to one thread at a time.  Programs ignore SIGPIPE. */
#ifndef LIB_HTTP_FETCH_H
#define LIB_HTTP_FETCH_H

#include <stdint.h>

#include "lib/base/clock.h"

typedef struct HlFetch HlFetch;

/* All texts are copied; zeroes are the defaults. */
typedef struct {
    const char *ca_file;   /* authorities to trust, PEM; NULL: the system's */
    const char *ca_option; /* what names others, for a server whose authority is not among them; NULL: unsaid */
    bool any_server;       /* the server is not verified: only for content that is signed */
    const char *cert_file, *key_file; /* client certificate, PEM; NULL: none */
    const char *proxy;                /* URL; NULL: from the environment; "": none */
    const char *user_agent;           /* NULL: "holdline" */
    HlTime connect_timeout;           /* 0: 15 s */
    uint64_t min_speed;               /* bytes a second, 0: any ... */
    HlTime min_speed_time;            /* ... slower than that for this long ends the request */
} HlFetchOptions;

HlFetch *hl_fetch_new(const HlFetchOptions *options);
void hl_fetch_free(HlFetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlFetch, hl_fetch_free)

/* A piece of a body of status 200 or 206.  offset is its place in the whole; 0 after a resume_from means that the
 * server sends everything again.  false with *error set ends the request with that error. */
typedef bool (*HlFetchSink)(uint64_t offset, const void *data, gsize size, gpointer user, GError **error);

/* total is 0 while unknown.  false cancels: HL_ERROR_FAILED. */
typedef bool (*HlFetchProgress)(uint64_t done, uint64_t total, gpointer user);

typedef struct {
    const char *url;
    const void *body; /* NULL: GET; otherwise POST */
    gsize body_size;
    const char *content_type;   /* of body */
    const char *const *headers; /* more of them, "Name: value", ends with NULL; may be NULL */
    uint64_t max_size;          /* of the whole response body; one byte more is HL_ERROR_LIMIT */
    uint64_t resume_from;       /* asks for the bytes from here on */
    HlTime deadline;            /* for the whole request; 0: none */
    HlFetchSink sink;           /* NULL: the body is collected in the result */
    HlFetchProgress progress;   /* or NULL */
    gpointer user;              /* for both */
} HlFetchRequest;

typedef struct {
    long status;        /* 200, 404, ... */
    HlTime retry_after; /* as the server asked for; 0: it did not */
    HlTime date;        /* the server's wall clock; 0: not sent; anybody on the way may have set it */
    GBytes *body;       /* without a sink, or when status is not 2xx (then cut to 64 KiB); may be empty, never NULL */
    bool unsent;        /* after a failure: nothing of the request has left (no connection, or no TLS on it) */
} HlFetchResult;

void hl_fetch_result_clear(HlFetchResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlFetchResult, hl_fetch_result_clear)

/* true: there is a response, whatever its status.  Otherwise HL_ERROR_UNAVAILABLE (no connection, or it broke),
 * HL_ERROR_TIMEOUT (deadline, minimum speed), HL_ERROR_UNTRUSTED (TLS), HL_ERROR_LIMIT (max_size, or 128 KiB of headers
 * and trailers), HL_ERROR_INVALID (URL, protocol, malformed certificate file), or the sink's own.  result must be
 * zeroed and may be cleared in either case. */
bool hl_fetch_run(HlFetch *fetch, const HlFetchRequest *request, HlFetchResult *result,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

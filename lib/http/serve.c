/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/serve.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/http/internal.h"
#include "lib/http/listener.h"
#include "lib/http/static_file.h"

#define DEFAULT_CONNECTIONS 1000
#define DEFAULT_PER_IP      100
#define DEFAULT_DOWNLOADS   100
#define DEFAULT_BODY        (64 * 1024)
#define DEFAULT_TIMEOUT     (30 * HL_SECOND)
/* Longer than the silence between two requests of a browser: 64 KiB in what is left of it are 2 kB/s. */
#define DEFAULT_PATIENCE (60 * HL_SECOND)
#define RETRY_AFTER      "30"

/* A body without a length is read to its end, so that its sender gets a 413 instead of a reset; but not endlessly. */
#define DRAIN_FACTOR 8

/* Metadata must stay readable even when the cap on downloads is reached. */
#define SMALL_FILE (64 * 1024)

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* The server of this HTTP thread: each server has one thread, and TLS asks for the certificate without saying for
 * which. */
static _Thread_local HlHttpServer *thread_server;

#define COUNT(counter, by) __atomic_add_fetch(&(counter), (by), __ATOMIC_RELAXED)
#define READ(counter)      __atomic_load_n(&(counter), __ATOMIC_RELAXED)

/* A connection, with the request that it is at.  libmicrohttpd says nothing of the end of a request that it refuses
 * itself after it told its target: such a one ends with its connection. */
typedef struct {
    HlHttpCall *call; /* NULL: none */
    HlPatienceLine *patience;
} Line;

static Line *line_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* It is there, as far as it is wanted: now it is the server's turn. */
static void request_is_there(const HlHttpCall *call)
{
    hl_patience_received(call->server->patience, line_of(call->connection)->patience);
}

/* -- answers -- */

static struct MHD_Response *make_response(GBytes *body, const char *content_type)
{
    gsize size = body == NULL ? 0 : g_bytes_get_size(body);
    const void *data = size == 0 ? "" : g_bytes_get_data(body, NULL);
    /* a copy: no reference count is shared between the two threads */
    struct MHD_Response *response = MHD_create_response_from_buffer(size, hl_unconst(data), MHD_RESPMEM_MUST_COPY);

    g_assert(response != NULL);
    if (content_type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

static enum MHD_Result queue(HlHttpCall *call, guint status, struct MHD_Response *response, uint64_t length)
{
    enum MHD_Result result = MHD_queue_response(call->connection, status, response);

    request_is_there(call);
    call->status = status;
    call->length = length;
    MHD_destroy_response(response);
    return result;
}

void hl_http_add_headers(const HlHttpServer *server, struct MHD_Response *response, const char *path,
                         const char *const *headers)
{
    const char *const *const lists[] = { server->headers, headers };

    for (gsize n = 0; n < G_N_ELEMENTS(lists); n++)
        for (gsize i = 0; lists[n] != NULL && lists[n][i] != NULL; i += 2)
            if (MHD_add_response_header(response, lists[n][i], lists[n][i + 1]) != MHD_YES)
                hl_log_limited(HL_LOG_WARN, "http", lists[n][i], "the header %s of an answer to %s is malformed",
                               lists[n][i], path);
}

/* What the server itself says with a status; the codes are names of lib/base/error.h. */
static char *problem_text(guint status, const char *sentence, const char *text)
{
    HlErrorCode code = status == 404   ? HL_ERROR_NOT_FOUND
                       : status == 413 ? HL_ERROR_TOO_LARGE
                       : status == 503 ? HL_ERROR_UNAVAILABLE
                                       : HL_ERROR_INVALID;
    g_autoptr(json_t) problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:{}, s:s}", "type", "about:blank", "title",
                                          MHD_get_reason_phrase_for(status), "status", (int)status, "code",
                                          hl_error_name(code), "sentence", sentence, "args", "detail", text);

    return hl_json_print(problem);
}

/* A short answer from the server itself; header may be NULL. */
static enum MHD_Result refuse(HlHttpCall *call, guint status, const char *sentence, const char *text,
                              const char *header, const char *value)
{
    bool problems = call->server->problems;
    char *line = problems ? problem_text(status, sentence, text) : g_strconcat(text, "\n", NULL);
    gsize size = strlen(line);
    g_autoptr(GBytes) body = g_bytes_new_take(line, size);
    const char *type = problems ? "application/problem+json" : "text/plain; charset=utf-8";
    struct MHD_Response *response = make_response(body, type);

    hl_http_add_headers(call->server, response, "a request", NULL);
    if (header != NULL)
        MHD_add_response_header(response, header, value);
    return queue(call, status, response, size);
}

/* -- static files, HTTP thread -- */

static bool admit_download(HlHttpCall *call, uint64_t length)
{
    HlHttpServer *server = call->server;

    if (length <= SMALL_FILE)
        return true;
    if (READ(server->counts.downloads) >= server->max_downloads) {
        COUNT(server->counts.downloads_refused, 1);
        return false;
    }
    COUNT(server->counts.downloads, 1);
    call->is_download = true;
    return true;
}

static enum MHD_Result send_file(HlHttpCall *call, const HlHttpRoute *route, const char *path, bool head)
{
    struct MHD_Connection *connection = call->connection;
    const HlStaticQuery query = {
        .range = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE),
        .if_range = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_RANGE),
        .if_none_match = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH),
    };
    HlStaticFile file = hl_static_open(route->directory, path + strlen(route->prefix), &query);
    struct MHD_Response *response;
    char range[96];

    if (file.status == 404)
        return refuse(call, 404, "http.no-file", "no such file", MHD_HTTP_HEADER_CACHE_CONTROL, file.cache_control);
    if (file.fd >= 0 && !head && !admit_download(call, file.length)) {
        close(file.fd);
        return refuse(call, 503, "http.downloads", "too many downloads at the moment; try again later",
                      MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER);
    }
    if (file.fd >= 0)
        response = MHD_create_response_from_fd_at_offset64(file.length, file.fd, file.offset);
    else
        response = make_response(NULL, NULL);
    g_assert(response != NULL);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file.content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, file.cache_control);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file.etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (file.status == 206)
        g_snprintf(range, sizeof range, "bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                   file.offset, file.offset + file.length - 1, file.size);
    else if (file.status == 416)
        g_snprintf(range, sizeof range, "bytes */%" G_GUINT64_FORMAT, file.size);
    if (file.status == 206 || file.status == 416)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, range);
    return queue(call, file.status, response, head || file.fd < 0 ? 0 : file.length);
}

/* -- requests for the loop -- */

/* Suspends before posting, because the answer may come at once.  false: it cannot be handed over. */
static bool hand_over(HlHttpCall *call, HlHttpCopy *copy)
{
    HlHttpServer *server = call->server;
    bool taken;

    request_is_there(call);
    pthread_mutex_lock(&server->lock);
    taken = !server->closing;
    if (taken) {
        MHD_suspend_connection(call->connection);
        call->copy = copy;
        g_hash_table_add(server->waiting, call);
        if (hl_mailbox_post(server->requests, copy) != HL_MAILBOX_POSTED)
            g_error("http: the mailbox refused a request"); /* it has room for every connection */
    }
    pthread_mutex_unlock(&server->lock);
    return taken;
}

void hl_http_resume(HlHttpCall *call, guint status, struct MHD_Response *response, uint64_t length)
{
    HlHttpServer *server = call->server;

    pthread_mutex_lock(&server->lock);
    g_hash_table_remove(server->waiting, call);
    pthread_mutex_unlock(&server->lock);
    call->copy = NULL;
    call->status = status;
    call->response = response;
    call->length = length;
    MHD_resume_connection(call->connection);
}

static void on_request(gpointer item, gpointer user)
{
    HlHttpServer *server = user;
    HlHttpCopy *copy = item;

    copy->handler(&copy->open, server->user);
}

void hl_http_answer(HlHttpRequest *open, guint status, const char *content_type, GBytes *body,
                    const char *const *headers)
{
    HlHttpCopy *copy = (HlHttpCopy *)open;
    struct MHD_Response *response;

    g_assert(status >= 200 && status < 600);
    if (copy->call != NULL) {
        response = make_response(body, content_type);
        hl_http_add_headers(copy->call->server, response, open->path, headers);
        hl_http_resume(copy->call, status, response, body == NULL ? 0 : g_bytes_get_size(body));
    }
    hl_http_copy_free(copy);
}

/* -- dispatch, HTTP thread -- */

static bool route_fits(const HlHttpRoute *route, const char *path)
{
    return g_str_has_suffix(route->prefix, "/") ? g_str_has_prefix(path, route->prefix)
                                                : strcmp(path, route->prefix) == 0;
}

/* NULL if no route matches; *allowed is then the method of a route that matches except for it, or NULL. */
static const HlHttpRoute *find_route(const HlHttpServer *server, const char *method, const char *path,
                                     const char **allowed)
{
    bool head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    *allowed = NULL;
    for (gsize i = 0; i < server->n_routes; i++) {
        const HlHttpRoute *route = &server->routes[i];

        if (!route_fits(route, path))
            continue;
        if (route->method == NULL || strcmp(route->method, head ? MHD_HTTP_METHOD_GET : method) == 0)
            return route;
        *allowed = route->method;
    }
    return NULL;
}

static enum MHD_Result dispatch(HlHttpCall *call, const char *method, const char *path)
{
    const char *allowed = NULL;
    const HlHttpRoute *route = find_route(call->server, method, path, &allowed);
    HlHttpCopy *copy;

    if (route == NULL && allowed != NULL)
        return refuse(call, 405, "http.method", "method not allowed here", MHD_HTTP_HEADER_ALLOW, allowed);
    if (route == NULL)
        return refuse(call, 404, "http.no-page", "no such page", NULL, NULL);
    if (route->directory != NULL)
        return send_file(call, route, path, strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
    copy = hl_http_copy_new(call, route, method, path);
    if (hand_over(call, copy))
        return MHD_YES;
    hl_http_copy_free(copy);
    return refuse(call, 503, "http.stopping", "the server is stopping", MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER);
}

static enum MHD_Result begin(HlHttpCall *call)
{
    const char *length = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *problem = hl_http_framing_problem(call->connection);

    if (problem != NULL)
        return refuse(call, 400, "http.framing", problem, MHD_HTTP_HEADER_CONNECTION, "close");
    if (length != NULL && g_ascii_strtoull(length, NULL, 10) > call->server->max_body)
        return refuse(call, 413, "http.body-too-long", "the body is too long", NULL, NULL);
    return MHD_YES;
}

static enum MHD_Result take_body(HlHttpCall *call, const char *data, gsize size)
{
    if (call->body->len + size <= call->server->max_body && call->drained == 0) {
        g_byte_array_append(call->body, (const guint8 *)data, (guint)size);
        return MHD_YES;
    }
    call->drained += size;
    return call->drained <= DRAIN_FACTOR * call->server->max_body ? MHD_YES : MHD_NO;
}

static void call_free(HlHttpCall *call)
{
    if (call == NULL)
        return;
    if (call->is_download)
        COUNT(call->server->counts.downloads, (guint)-1);
    if (call->response != NULL)
        MHD_destroy_response(call->response);
    if (call->body != NULL) /* the handler has it otherwise */
        g_byte_array_unref(call->body);
    g_free(call->target);
    g_free(call);
}

/* The first that is known of a request; what it returns is the slot of the calls that follow. */
static void *on_target(void *user, const char *target, struct MHD_Connection *connection)
{
    HlHttpCall *call = g_new0(HlHttpCall, 1);
    Line *line = line_of(connection);

    call->server = user;
    call->connection = connection;
    call->target = g_strdup(target);
    call->body = g_byte_array_new();
    call_free(line->call);
    line->call = call;
    return call;
}

/* Called with the header, then with each part of the body, then at its end, then once more when an answer has resumed
 * it. */
static enum MHD_Result on_access(void *user G_GNUC_UNUSED, struct MHD_Connection *connection G_GNUC_UNUSED,
                                 const char *path, const char *method, const char *version G_GNUC_UNUSED,
                                 const char *data, size_t *size, void **slot)
{
    HlHttpCall *call = *slot;

    if (!call->begun) {
        call->begun = true;
        return begin(call);
    }
    if (*size > 0) {
        gsize given = *size;

        *size = 0;
        return take_body(call, data, given);
    }
    if (call->response != NULL)
        return queue(call, call->status, g_steal_pointer(&call->response), call->length);
    if (call->drained > 0)
        return refuse(call, 413, "http.body-too-long", "the body is too long", NULL, NULL);
    return dispatch(call, method, path);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode why)
{
    HlHttpServer *server = user;
    HlHttpCall *call = *slot;

    if (call == NULL)
        return;
    *slot = NULL;
    if (call->status != 0) {
        COUNT(server->counts.requests, 1);
        COUNT(server->counts.classes[call->status / 100], 1);
        if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
            COUNT(server->counts.body_bytes, call->length);
    }
    line_of(connection)->call = NULL;
    hl_patience_await(server->patience, line_of(connection)->patience, hl_clock_mono());
    call_free(call);
}

/* libmicrohttpd's own limit counts each IPv6 address for itself. */
static enum MHD_Result on_accept(void *user, const struct sockaddr *address, socklen_t size G_GNUC_UNUSED)
{
    const HlHttpServer *server = user;

    return hl_crowd_has_room(server->crowd, address) ? MHD_YES : MHD_NO;
}

static Line *line_new(HlHttpServer *server, struct MHD_Connection *connection)
{
    Line *line = g_new0(Line, 1);
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    line->patience = hl_patience_add(server->patience, fd, hl_clock_mono());
    return line;
}

static void line_free(HlHttpServer *server, Line *line)
{
    hl_patience_remove(server->patience, line->patience);
    call_free(line->call);
    g_free(line);
}

/* libmicrohttpd closes the socket after it has told of the end. */
static void on_connection(void *user, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    HlHttpServer *server = user;
    int by = code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1;

    if (*slot != NULL)
        line_free(server, *slot);
    *slot = code == MHD_CONNECTION_NOTIFY_STARTED ? line_new(server, connection) : NULL;
    thread_server = server;
    COUNT(server->counts.connections, (guint)by);
    hl_crowd_count(server->crowd, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                   by);
}

/* The end of a handshake is followed by nothing of ours: its acknowledgement would wait for 40 ms, and so would the
 * request of a client that has not switched Nagle's algorithm off. */
static int on_finished(gnutls_session_t session, unsigned type G_GNUC_UNUSED, unsigned when G_GNUC_UNUSED,
                       unsigned incoming, const gnutls_datum_t *message G_GNUC_UNUSED)
{
    int now = 1;

    if (incoming)
        setsockopt(gnutls_transport_get_int(session), IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
    return 0;
}

static int on_certificate_needed(gnutls_session_t session, const gnutls_datum_t *authorities G_GNUC_UNUSED,
                                 int n_authorities G_GNUC_UNUSED, const gnutls_pk_algorithm_t *algorithms G_GNUC_UNUSED,
                                 int n_algorithms G_GNUC_UNUSED, gnutls_pcert_st **chain, unsigned *length,
                                 gnutls_privkey_t *key)
{
    HlHttpServer *server = thread_server;
    HlTlsIdentity *identity;

    pthread_mutex_lock(&server->identity_lock);
    identity = server->identity;
    pthread_mutex_unlock(&server->identity_lock);
    *chain = identity->chain;
    *length = identity->length;
    *key = identity->key;
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
    return 0;
}

/* What libmicrohttpd reports concerns single connections: garbage from outside, most often. */
static void G_GNUC_PRINTF(2, 0) on_log(void *user G_GNUC_UNUSED, const char *format, va_list args)
{
    char text[256];

    g_vsnprintf(text, sizeof text, format, args);
    hl_log_limited(HL_LOG_DEBUG, "http", "library", "%s", g_strchomp(text));
}

/* -- the server, loop thread -- */

static struct MHD_Daemon *start_daemon(HlHttpServer *server, const HlHttpOptions *options, int listener)
{
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)on_certificate_needed },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
        { options->client_ca_pem != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
          hl_unconst(options->client_ca_pem) },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
    bool secure = server->identity != NULL;
    /* poll and not epoll: with epoll a TLS handshake that its client leaves half done keeps a core busy until it times
     * out (measured with 0.9.75: 0.92 s of CPU per second; with poll none) */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    HlTime timeout = options->timeout > 0 ? options->timeout : DEFAULT_TIMEOUT;
    guint connections = options->max_connections > 0 ? options->max_connections : DEFAULT_CONNECTIONS;

    return MHD_start_daemon(
        flags | (secure ? MHD_USE_TLS : 0), 0, on_accept, server, on_access, server, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((timeout + HL_SECOND - 1) / HL_SECOND), MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY, secure ? tls : none, MHD_OPTION_END);
}

HlHttpServer *hl_http_server_new(const HlHttpOptions *options, GError **error)
{
    g_autoptr(HlHttpServer) server = g_new0(HlHttpServer, 1);
    int listener;

    g_assert((options->cert_pem == NULL) == (options->key_pem == NULL));
    server->routes = options->routes;
    server->n_routes = options->n_routes;
    server->user = options->user;
    server->max_body = options->max_body > 0 ? options->max_body : DEFAULT_BODY;
    server->max_downloads = options->max_downloads > 0 ? options->max_downloads : DEFAULT_DOWNLOADS;
    server->asks_clients = options->cert_pem != NULL && options->client_ca_pem != NULL;
    server->problems = options->problems;
    server->headers = options->headers;
    server->waiting = g_hash_table_new(NULL, NULL);
    server->streams = g_hash_table_new(NULL, NULL);
    server->crowd =
        hl_crowd_new(options->max_connections_per_ip > 0 ? options->max_connections_per_ip : DEFAULT_PER_IP);
    server->patience = hl_patience_new(options->patience > 0 ? options->patience : DEFAULT_PATIENCE, options->context);
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->identity_lock, NULL);
    server->requests =
        hl_mailbox_new("http", options->max_connections > 0 ? options->max_connections : DEFAULT_CONNECTIONS,
                       options->context, on_request, server, hl_http_copy_free);
    if (options->cert_pem != NULL) {
        server->identity = hl_tls_identity_new(options->cert_pem, options->key_pem, error);
        if (server->identity == NULL)
            return NULL;
    }
    listener = hl_listen(options->address, options->port, &server->port, error);
    if (listener < 0)
        return NULL;
    server->daemon = start_daemon(server, options, listener);
    if (server->daemon == NULL) {
        close(listener);
        hl_fail(error, HL_ERROR_FAILED, "the HTTP server cannot start%s",
                server->asks_clients ? "; is the client CA a certificate in PEM form?" : "");
        return NULL;
    }
    return g_steal_pointer(&server);
}

/* Everything suspended is answered first: libmicrohttpd cannot stop otherwise. */
static void answer_all(HlHttpServer *server)
{
    g_autoptr(GList) calls = NULL;

    pthread_mutex_lock(&server->lock);
    server->closing = true;
    calls = g_hash_table_get_keys(server->waiting);
    pthread_mutex_unlock(&server->lock);
    for (GList *at = calls; at != NULL; at = at->next) {
        HlHttpCall *call = at->data;

        call->copy->call = NULL;
        hl_http_resume(call, 503, make_response(NULL, NULL), 0);
    }
}

void hl_http_server_free(HlHttpServer *server)
{
    if (server == NULL)
        return;
    answer_all(server);
    hl_http_streams_close(server);
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    hl_mailbox_free(server->requests);
    g_hash_table_destroy(server->waiting);
    g_hash_table_destroy(server->streams);
    hl_tls_identity_free(server->identity);
    hl_crowd_free(server->crowd);
    hl_patience_free(server->patience);
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->identity_lock);
    g_free(server);
}

uint16_t hl_http_server_port(const HlHttpServer *server)
{
    return server->port;
}

void hl_http_server_set_identity(HlHttpServer *server, HlTlsIdentity *identity)
{
    g_assert(server->identity != NULL);
    pthread_mutex_lock(&server->identity_lock);
    identity->older = server->identity;
    server->identity = identity;
    pthread_mutex_unlock(&server->identity_lock);
}

HlHttpCounts hl_http_server_count(HlHttpServer *server)
{
    HlHttpCounts counts = { .requests = READ(server->counts.requests),
                            .body_bytes = READ(server->counts.body_bytes),
                            .downloads_refused = READ(server->counts.downloads_refused),
                            .connections = READ(server->counts.connections),
                            .downloads = READ(server->counts.downloads) };

    for (gsize i = 0; i < G_N_ELEMENTS(counts.classes); i++)
        counts.classes[i] = READ(server->counts.classes[i]);
    return counts;
}

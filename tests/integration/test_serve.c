/* SPDX-License-Identifier: Apache-2.0 */
/* lib/http/serve on loopback: answers from the loop, files, bounds, rubbish, TLS with curl(1) as the client. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/mailbox.h"
#include "lib/base/unconst.h"
#include "lib/http/serve.h"
#include "lib/pki/cert.h"

#define LARGE_FILE (8 * 1024 * 1024)

typedef struct {
    char *directory;
    HlHttpServer *server;
    HlHttpRequest *kept; /* by the handler of /keep */
    HlHttpRoute routes[5];
    HlKey *ca_key;
    HlCert *ca;
} Fixture;

/* -- handlers -- */

static void answer_text(HlHttpRequest *request, guint status, const char *text)
{
    static const char *const headers[] = { "Retry-After", "7", NULL };
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));

    hl_http_answer(request, status, "text/plain", body, headers);
}

static void on_echo(HlHttpRequest *request, gpointer user G_GNUC_UNUSED)
{
    g_autofree char *text =
        g_strdup_printf("%s %s rest=%s peer=%s body=%.*s", request->method, request->path, request->rest, request->peer,
                        (int)g_bytes_get_size(request->body), (const char *)g_bytes_get_data(request->body, NULL));

    answer_text(request, 201, text);
}

static void on_keep(HlHttpRequest *request, gpointer user)
{
    Fixture *fixture = user;

    g_assert_null(fixture->kept);
    fixture->kept = request;
}

static void on_who(HlHttpRequest *request, gpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = request->client_cert == NULL
                                 ? NULL
                                 : hl_cert_parse("client", g_bytes_get_data(request->client_cert, NULL),
                                                 g_bytes_get_size(request->client_cert), NULL);

    answer_text(request, 200, cert == NULL ? "nobody" : hl_cert_info(cert)->cn);
}

/* -- set-up -- */

static void start(Fixture *fixture, HlHttpOptions options)
{
    g_autoptr(GError) error = NULL;

    options.address = "127.0.0.1";
    options.routes = fixture->routes;
    options.n_routes = G_N_ELEMENTS(fixture->routes);
    options.user = fixture;
    fixture->server = hl_http_server_new(&options, &error);
    g_assert_no_error(error);
}

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *file = NULL;
    g_autofree char *timestamp = NULL;
    char *data = g_malloc(LARGE_FILE);

    fixture->directory = g_dir_make_tmp("hl-serve-XXXXXX", NULL);
    file = g_build_filename(fixture->directory, "large.bin", NULL);
    timestamp = g_build_filename(fixture->directory, "timestamp.json", NULL);
    hl_random_bytes(data, LARGE_FILE);
    g_assert_true(hl_file_write(file, data, LARGE_FILE, 0644, NULL));
    g_assert_true(hl_file_write_text(timestamp, "{\"now\":1}", 0644, NULL));
    g_free(data);
    fixture->routes[0] = (HlHttpRoute){ "POST", "/echo/", on_echo, NULL };
    fixture->routes[1] = (HlHttpRoute){ "GET", "/keep", on_keep, NULL };
    fixture->routes[2] = (HlHttpRoute){ "GET", "/who", on_who, NULL };
    fixture->routes[3] = (HlHttpRoute){ "GET", "/files/", NULL, fixture->directory };
    fixture->routes[4] = (HlHttpRoute){ "GET", "/echo/", on_echo, NULL };
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_http_server_free(fixture->server);
    hl_cert_free(fixture->ca);
    hl_key_free(fixture->ca_key);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_free(fixture->directory);
}

/* -- a client of raw bytes, in a thread of its own, because the loop thread must answer meanwhile -- */

typedef struct {
    uint16_t port;
    const char *bytes;
    gsize size;
    bool half_close; /* says that nothing more comes */
    gulong pause;    /* microseconds before each byte; 0: all at once */
    GString *reply;
    HlMailbox *over;
    bool *done;
} Exchange;

static int dial(uint16_t port)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    return fd;
}

static void *run_exchange(void *user)
{
    Exchange *exchange = user;
    hl_autofd int fd = dial(exchange->port);
    char buffer[4096];
    gsize sent = 0;
    ssize_t n = 0;

    while (sent < exchange->size &&
           (n = send(fd, exchange->bytes + sent, exchange->pause > 0 ? 1 : exchange->size - sent, MSG_NOSIGNAL)) > 0) {
        sent += (gsize)n;
        g_usleep(exchange->pause);
    }
    if (exchange->half_close)
        shutdown(fd, SHUT_WR);
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0)
        g_string_append_len(exchange->reply, buffer, n);
    g_assert_cmpint(hl_mailbox_post(exchange->over, exchange), ==, HL_MAILBOX_POSTED);
    return NULL;
}

static void on_over(gpointer item, gpointer user G_GNUC_UNUSED)
{
    *((Exchange *)item)->done = true;
}

/* The reply up to the end of the connection.  Caller frees. */
static char *do_exchange(Exchange exchange)
{
    bool done = false;
    pthread_t thread;

    exchange.reply = g_string_new(NULL);
    exchange.done = &done;
    exchange.over = hl_mailbox_new("over", 1, NULL, on_over, NULL, NULL);
    g_assert_cmpint(pthread_create(&thread, NULL, run_exchange, &exchange), ==, 0);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    pthread_join(thread, NULL);
    hl_mailbox_free(exchange.over);
    return g_string_free(exchange.reply, FALSE);
}

/* Sends the bytes. */
static char *exchange_bytes(uint16_t port, const char *bytes, gsize size, bool half_close)
{
    return do_exchange((Exchange){ .port = port, .bytes = bytes, .size = size, .half_close = half_close });
}

static char *ask(const Fixture *fixture, const char *head)
{
    g_autofree char *request = g_strconcat(head, "Host: test\r\nConnection: close\r\n\r\n", NULL);

    return exchange_bytes(hl_http_server_port(fixture->server), request, strlen(request), false);
}

static void check_reply(const Fixture *fixture, const char *head, const char *status, const char *part)
{
    g_autofree char *reply = ask(fixture, head);

    g_test_message("%s -> %s", head, reply);
    g_assert_true(g_str_has_prefix(reply, status));
    g_assert_nonnull(strstr(reply, part));
}

/* -- tests -- */

static void test_answers(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char post[] = "POST /echo/a%20b?name=x%26y HTTP/1.1\r\nHost: t\r\n"
                               "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
    g_autofree char *reply = NULL;
    HlHttpCounts counts;

    start(fixture, (HlHttpOptions){ 0 });
    reply = exchange_bytes(hl_http_server_port(fixture->server), post, strlen(post), false);
    g_assert_true(g_str_has_prefix(reply, "HTTP/1.1 201"));
    g_assert_nonnull(strstr(reply, "Retry-After: 7"));
    g_assert_nonnull(strstr(reply, "POST /echo/a b rest=a b peer=127.0.0.1 body=hello"));
    check_reply(fixture, "GET /echo/ HTTP/1.1\r\n", "HTTP/1.1 201", "GET /echo/ rest= peer=");
    check_reply(fixture, "GET /none HTTP/1.1\r\n", "HTTP/1.1 404", "no such page");
    check_reply(fixture, "GET /keeper HTTP/1.1\r\n", "HTTP/1.1 404", "no such page");
    check_reply(fixture, "DELETE /keep HTTP/1.1\r\n", "HTTP/1.1 405", "Allow: GET");
    counts = hl_http_server_count(fixture->server);
    g_assert_cmpuint(counts.requests, ==, 5);
    g_assert_cmpuint(counts.classes[2], ==, 2);
    g_assert_cmpuint(counts.classes[4], ==, 3);
}

static void test_body_limit(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GString) chunked =
        g_string_new("POST /echo/ HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    g_autofree char *reply = NULL;

    start(fixture, (HlHttpOptions){ .max_body = 1000 });
    check_reply(fixture, "POST /echo/ HTTP/1.1\r\nContent-Length: 1001\r\n", "HTTP/1.1 413", "too long");
    check_reply(fixture, "POST /echo/ HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n", "HTTP/1.1 4", "");
    for (int i = 0; i < 11; i++) {
        g_autofree char *hundred = g_strnfill(100, 'x');

        g_string_append_printf(chunked, "64\r\n%s\r\n", hundred);
    }
    g_string_append(chunked, "0\r\n\r\n");
    reply = exchange_bytes(hl_http_server_port(fixture->server), chunked->str, chunked->len, false);
    g_assert_true(g_str_has_prefix(reply, "HTTP/1.1 413"));
}

/* What follows the first is part of it or a request of its own: a proxy may say this, and the library that. */
static void test_framing(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *headers, *status, *part;
    } rows[] = {
        { "Host: a\r\nHost: b\r\n", "HTTP/1.1 400", "one host" },
        { "Host: t\r\nContent-Length: 2\r\ncontent-length: 2\r\n", "HTTP/1.1 400", "once how long" },
        { "Host: t\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 400", "once how long" },
        { "Host: t\r\nTransfer-Encoding: gzip, chunked\r\n", "HTTP/1.1 400", "'chunked' alone" },
        { "Host: t\r\nTransfer-Encoding: gzip\r\n", "HTTP/1.1 400", "'chunked' alone" },
        { "Host: t\r\nContent-Length : 2\r\n", "HTTP/1.1 400", "colon follows" },
        { "Host: t\r\nContent-Length\t: 2\r\n", "HTTP/1.1 400", "colon follows" },
        { "Host: t\r\nContent-Length: 2\r\nTransfer-Encoding : chunked\r\n", "HTTP/1.1 400", "colon follows" },
        { "Host: t\r\nContent-Length: 2\r\nX(y): z\r\n", "HTTP/1.1 400", "colon follows" },
        { "Host: t\r\nContent-Length: 2\r\nX-!#$%&'*+.^_`|~: z\r\nConnection: close\r\n", "HTTP/1.1 201",
          "POST /echo/" },
        { "Host: t\r\nContent-Length: 2\r\nConnection: close\r\n", "HTTP/1.1 201", "POST /echo/" },
    };

    start(fixture, (HlHttpOptions){ 0 });
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *request =
            g_strdup_printf("POST /echo/ HTTP/1.1\r\n%s\r\n{}GET /echo/second HTTP/1.1\r\n\r\n", rows[i].headers);
        g_autofree char *reply = exchange_bytes(hl_http_server_port(fixture->server), request, strlen(request), false);

        g_test_message("%s -> %s", rows[i].headers, reply);
        g_assert_true(g_str_has_prefix(reply, rows[i].status));
        g_assert_nonnull(strstr(reply, rows[i].part));
        g_assert_nonnull(strstr(reply, "Connection: close"));
        g_assert_null(strstr(reply, "second"));
    }
}

static void test_files(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *whole = NULL;
    HlHttpCounts counts;

    start(fixture, (HlHttpOptions){ 0 });
    check_reply(fixture, "GET /files/timestamp.json HTTP/1.1\r\n", "HTTP/1.1 200", "\r\n\r\n{\"now\":1}");
    check_reply(fixture, "GET /files/timestamp.json HTTP/1.1\r\n", "HTTP/1.1 200", "Cache-Control: max-age=60\r\n");
    check_reply(fixture, "GET /files/timestamp.json HTTP/1.1\r\nRange: bytes=2-4\r\n", "HTTP/1.1 206",
                "Content-Range: bytes 2-4/9");
    check_reply(fixture, "GET /files/timestamp.json HTTP/1.1\r\nRange: bytes=9-\r\n", "HTTP/1.1 416",
                "Content-Range: bytes */9");
    check_reply(fixture, "HEAD /files/large.bin HTTP/1.1\r\n", "HTTP/1.1 200", "immutable");
    check_reply(fixture, "GET /files/../../etc/passwd HTTP/1.1\r\n", "HTTP/1.1 404", "no such file");
    check_reply(fixture, "GET /files/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n", "HTTP/1.1 404", "no such file");
    check_reply(fixture, "GET /files/timestamp.json%00.txt HTTP/1.1\r\n", "HTTP/1.1", "");
    whole = ask(fixture, "GET /files/large.bin HTTP/1.1\r\n");
    g_assert_nonnull(strstr(whole, "Content-Length: 8388608"));
    counts = hl_http_server_count(fixture->server);
    g_assert_cmpuint(counts.body_bytes, >=, LARGE_FILE);
    g_assert_cmpuint(counts.downloads, ==, 0); /* both are over */
}

/* A reader that does not read holds the only place for large files; small ones still pass. */
static void test_download_cap(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char get[] = "GET /files/large.bin HTTP/1.1\r\nHost: t\r\n\r\n";
    hl_autofd int slow = -1;
    char byte;

    start(fixture, (HlHttpOptions){ .max_downloads = 1 });
    slow = dial(hl_http_server_port(fixture->server));
    g_assert_cmpint(send(slow, get, strlen(get), 0), ==, strlen(get));
    g_assert_cmpint(recv(slow, &byte, 1, 0), ==, 1); /* it has begun */
    check_reply(fixture, "GET /files/large.bin HTTP/1.1\r\n", "HTTP/1.1 503", "Retry-After: 30");
    check_reply(fixture, "GET /files/timestamp.json HTTP/1.1\r\n", "HTTP/1.1 200", "now");
    g_assert_cmpuint(hl_http_server_count(fixture->server).downloads_refused, ==, 1);
}

static void test_rubbish(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const rubbish[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET /echo/ HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
        "POST /echo/ HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
        "POST /echo/ HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\ncut",
    };
    g_autofree char *long_path = g_strnfill(100000, 'a');
    g_autofree char *long_request = g_strdup_printf("GET /%s HTTP/1.1\r\nHost: t\r\n\r\n", long_path);

    start(fixture, (HlHttpOptions){ .timeout = HL_SECOND });
    for (gsize i = 0; i < G_N_ELEMENTS(rubbish); i++) {
        g_autofree char *reply =
            exchange_bytes(hl_http_server_port(fixture->server), rubbish[i], strlen(rubbish[i]), true);
        g_test_message("%zu -> %s", i, reply);
    }
    g_free(exchange_bytes(hl_http_server_port(fixture->server), long_request, strlen(long_request), true));
    for (int i = 0; i < 200; i++) {
        char bytes[300];

        hl_random_bytes(bytes, sizeof bytes);
        g_free(exchange_bytes(hl_http_server_port(fixture->server), bytes, sizeof bytes, true));
    }
    check_reply(fixture, "GET /echo/ HTTP/1.1\r\n", "HTTP/1.1 201", "GET /echo/");
}

/* The server ends while a handler still thinks, and while a request waits for the loop. */
static void test_stop_while_waiting(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char get[] = "GET /keep HTTP/1.1\r\nHost: t\r\n\r\n";
    hl_autofd int waiting = -1;
    char reply[64] = "";

    start(fixture, (HlHttpOptions){ 0 });
    waiting = dial(hl_http_server_port(fixture->server));
    g_assert_cmpint(send(waiting, get, strlen(get), 0), ==, strlen(get));
    while (fixture->kept == NULL)
        g_main_context_iteration(NULL, TRUE);
    hl_http_server_free(g_steal_pointer(&fixture->server));
    while (recv(waiting, reply, sizeof reply - 1, 0) > 0) /* 503, or closed: not left hanging */
        continue;
    answer_text(fixture->kept, 200, "too late");
}

/* -- TLS -- */

typedef struct {
    bool done;
    int status;
    char *output;
} Curl;

static void on_curl(const HlChildEnd *end, gpointer user)
{
    Curl *curl = user;

    *curl = (Curl){ true, end->exited ? end->status : -1, g_strdup(end->output) };
}

/* Runs curl on a path of the server; extra arguments end with NULL.  Its output; *status its exit status. */
static char *run_curl(const Fixture *fixture, const char *path, const char *const *extra, int *status)
{
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u%s", hl_http_server_port(fixture->server), path);
    g_autofree char *ca = g_build_filename(fixture->directory, "ca.pem", NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    Curl curl = { 0 };

    for (const char *const *word = (const char *const[]){ "curl", "-sS", "--noproxy", "*", "--cacert", NULL };
         *word != NULL; word++)
        g_ptr_array_add(argv, hl_unconst(*word));
    g_ptr_array_add(argv, ca);
    for (; extra != NULL && *extra != NULL; extra++)
        g_ptr_array_add(argv, hl_unconst(*extra));
    g_ptr_array_add(argv, url);
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = 30 * HL_SECOND;
    g_assert_nonnull(hl_child_start(&spec, NULL, on_curl, &curl, NULL));
    while (!curl.done)
        g_main_context_iteration(NULL, TRUE);
    if (status != NULL)
        *status = curl.status;
    return curl.output;
}

static void make_pair(Fixture *fixture, const char *cn, HlCertKind kind, char **cert_pem, char **key_pem)
{
    static const char *const names[] = { "127.0.0.1", NULL };
    HlTime now = hl_clock_wall();
    const HlCertSpec spec = { cn, kind, kind == HL_CERT_SERVER ? names : NULL, now - HL_HOUR, now + HL_DAY };
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, cn, NULL);
    g_autoptr(HlCert) cert = NULL;

    if (fixture->ca == NULL) {
        g_autofree char *path = g_build_filename(fixture->directory, "ca.pem", NULL);

        fixture->ca_key = hl_key_generate(NULL);
        fixture->ca = hl_cert_make_ca(fixture->ca_key, "Test CA", now - HL_DAY, now + HL_DAY * 30, NULL);
        g_assert_true(hl_cert_save(fixture->ca, path, NULL));
    }
    cert = hl_cert_issue(fixture->ca, fixture->ca_key, csr, &spec, NULL);
    *cert_pem = hl_cert_print(cert);
    *key_pem = hl_key_print(key);
}

static void check_who(Fixture *fixture, const char *const *extra, const char *name)
{
    int status = 0;
    g_autofree char *output = run_curl(fixture, "/who", extra, &status);

    g_assert_cmpint(status, ==, 0);
    g_assert_cmpstr(output, ==, name);
}

static void test_tls(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    g_autofree char *ca = NULL;
    g_autofree char *client_cert = NULL;
    g_autofree char *client_key = NULL;
    g_autofree char *cert_path = g_build_filename(fixture->directory, "client.pem", NULL);
    g_autofree char *key_path = g_build_filename(fixture->directory, "client.key", NULL);
    const char *with_cert[] = { "--cert", cert_path, "--key", key_path, NULL };
    Fixture stranger = { .directory = fixture->directory };
    g_autofree char *stranger_cert = NULL;
    g_autofree char *stranger_key = NULL;
    g_autofree char *large = NULL;

    make_pair(&stranger, "e-7", HL_CERT_ENDPOINT, &stranger_cert, &stranger_key);
    make_pair(fixture, "server", HL_CERT_SERVER, &cert, &key); /* leaves the right ca.pem in the directory */
    make_pair(fixture, "e-7", HL_CERT_ENDPOINT, &client_cert, &client_key);
    ca = hl_cert_print(fixture->ca);
    g_assert_true(hl_file_write_text(cert_path, client_cert, 0600, NULL));
    g_assert_true(hl_file_write_text(key_path, client_key, 0600, NULL));
    start(fixture, (HlHttpOptions){ .cert_pem = cert, .key_pem = key, .client_ca_pem = ca });
    check_who(fixture, NULL, "nobody");
    check_who(fixture, with_cert, "e-7");
    g_assert_true(hl_file_write_text(cert_path, stranger_cert, 0600, NULL));
    g_assert_true(hl_file_write_text(key_path, stranger_key, 0600, NULL));
    check_who(fixture, with_cert, "nobody"); /* the right name, from nobody's CA */
    large = run_curl(fixture, "/files/large.bin",
                     (const char *const[]){ "-o", "/dev/null", "-w", "%{size_download}", NULL }, NULL);
    g_assert_cmpstr(large, ==, "8388608");
    for (int i = 0; i < 50; i++) { /* rubbish on a TLS port */
        char bytes[300];

        hl_random_bytes(bytes, sizeof bytes);
        g_free(exchange_bytes(hl_http_server_port(fixture->server), bytes, sizeof bytes, true));
    }
    check_who(fixture, NULL, "nobody");
    hl_cert_free(stranger.ca);
    hl_key_free(stranger.ca_key);
}

/* A handshake that its client leaves half done must not keep the HTTP thread busy. */
static void test_half_handshake(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"; /* the first bytes of one */
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    hl_autofd int fd = -1;
    clock_t before;

    make_pair(fixture, "server", HL_CERT_SERVER, &cert, &key);
    start(fixture, (HlHttpOptions){ .cert_pem = cert, .key_pem = key });
    fd = dial(hl_http_server_port(fixture->server));
    g_assert_cmpint(send(fd, hello, sizeof hello - 1, 0), ==, sizeof hello - 1);
    before = clock(); /* CPU time of the process */
    g_usleep(400000);
    g_assert_cmpint(clock() - before, <, CLOCKS_PER_SEC / 10);
    check_who(fixture, NULL, "nobody"); /* and it does not hold up others */
}

static void test_reload(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    g_autofree char *new_cert = NULL;
    g_autofree char *new_key = NULL;
    const char *verbose[] = { "-w", "%{certs}", NULL };
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autofree char *kept = NULL;
    HlTlsIdentity *identity;
    g_autoptr(GError) error = NULL;

    make_pair(fixture, "old-server", HL_CERT_SERVER, &cert, &key);
    make_pair(fixture, "new-server", HL_CERT_SERVER, &new_cert, &new_key);
    start(fixture, (HlHttpOptions){ .cert_pem = cert, .key_pem = key });
    before = run_curl(fixture, "/who", verbose, NULL);
    g_assert_nonnull(strstr(before, "old-server"));
    g_assert_null(hl_http_identity_new(new_cert, key, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "does not match its certificate"));
    g_clear_error(&error);
    g_assert_null(hl_http_identity_new("garbage", key, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    kept = run_curl(fixture, "/who", verbose, NULL);
    g_assert_nonnull(strstr(kept, "old-server"));
    identity = hl_http_identity_new(new_cert, new_key, &error);
    g_assert_no_error(error);
    hl_http_server_set_identity(fixture->server, identity);
    after = run_curl(fixture, "/who", verbose, NULL);
    g_assert_nonnull(strstr(after, "new-server"));
}

/* One that is never silent and never ready: a header without an end, and a body byte by byte, of which the server has
 * room for more than comes in ten minutes.  Both end, and the next is answered. */
static void test_byte_by_byte(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GString) header = g_string_new("GET /echo/a HTTP/1.1\r\nHost: t\r\nX: ");
    g_autoptr(GString) body = g_string_new("POST /echo/a HTTP/1.1\r\nHost: t\r\nContent-Length: 60000\r\n\r\n");
    GString *const requests[] = { header, body };

    start(fixture, (HlHttpOptions){ .patience = HL_SECOND / 2 });
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autofree char *reply = NULL;

        while (requests[i]->len < 60000)
            g_string_append_c(requests[i], 'a');
        reply = do_exchange((Exchange){ .port = hl_http_server_port(fixture->server),
                                        .bytes = requests[i]->str,
                                        .size = requests[i]->len,
                                        .pause = 10 * 1000 });
        g_assert_cmpstr(reply, ==, "");
    }
    g_assert_cmpuint(hl_http_server_count(fixture->server).requests, ==, 0);
}

static void test_listen(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlHttpOptions options = { .address = "127.0.0.1", .routes = fixture->routes };
    g_autoptr(HlHttpServer) everywhere = NULL;
    g_autoptr(GError) error = NULL;

    start(fixture, (HlHttpOptions){ 0 });
    options.port = hl_http_server_port(fixture->server);
    g_assert_null(hl_http_server_new(&options, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "127.0.0.1 port"));
    g_clear_error(&error);
    options = (HlHttpOptions){ .address = "nowhere.example", .routes = fixture->routes };
    g_assert_null(hl_http_server_new(&options, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    everywhere = hl_http_server_new(&(HlHttpOptions){ .routes = fixture->routes }, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hl_http_server_port(everywhere), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FIXTURE_TEST(name, function) g_test_add("/serve/" name, Fixture, NULL, set_up, function, tear_down)
    FIXTURE_TEST("answers", test_answers);
    FIXTURE_TEST("body-limit", test_body_limit);
    FIXTURE_TEST("framing", test_framing);
    FIXTURE_TEST("files", test_files);
    FIXTURE_TEST("download-cap", test_download_cap);
    FIXTURE_TEST("rubbish", test_rubbish);
    FIXTURE_TEST("stop-while-waiting", test_stop_while_waiting);
    FIXTURE_TEST("tls", test_tls);
    FIXTURE_TEST("half-handshake", test_half_handshake);
    FIXTURE_TEST("reload", test_reload);
    FIXTURE_TEST("byte-by-byte", test_byte_by_byte);
    FIXTURE_TEST("listen", test_listen);
    return g_test_run();
}

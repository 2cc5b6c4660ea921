/* SPDX-License-Identifier: Apache-2.0 */
/* lib/http/serve on loopback, what a web page needs: answers without an end, headers, the target as it came, problems.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/http/serve.h"

#define PATIENCE HL_MINUTE

typedef struct {
    HlHttpServer *server;
    HlHttpStream *stream;
    GString *got; /* by the client */
    int fd;
} Fixture;

static const char *const always[] = { "X-Always", "yes", NULL };

static void on_stream(HlHttpRequest *request, gpointer user)
{
    static const char *const headers[] = { "Cache-Control", "no-store", NULL };
    Fixture *fixture = user;

    g_assert_null(fixture->stream);
    fixture->stream = hl_http_stream(request, "text/event-stream", headers);
}

static void on_tell(HlHttpRequest *request, gpointer user G_GNUC_UNUSED)
{
    const char *cookie = hl_http_request_header(request, "cookie");
    g_autofree char *text =
        g_strdup_printf("%s %s %s cookie=%s twice=%s broken=%s", request->method, request->target, request->path,
                        cookie != NULL ? cookie : "none", hl_http_request_header(request, "x-twice"),
                        hl_http_request_header(request, "x-broken"));
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));

    hl_http_answer(request, 200, "text/plain", body, NULL);
}

static const HlHttpRoute routes[] = {
    { "GET", "/stream", on_stream, NULL },
    { NULL, "/tell/", on_tell, NULL },
    { "GET", "/only-get", on_tell, NULL },
};

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    fixture->server = hl_http_server_new(&(HlHttpOptions){ .address = "127.0.0.1",
                                                           .routes = routes,
                                                           .n_routes = G_N_ELEMENTS(routes),
                                                           .user = fixture,
                                                           .headers = always,
                                                           .problems = true,
                                                           .max_body = 100 },
                                         &error);
    g_assert_no_error(error);
    fixture->got = g_string_new(NULL);
    fixture->fd = -1;
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_fd_clear(&fixture->fd);
    hl_http_stream_end(fixture->stream);
    hl_http_server_free(fixture->server);
    g_string_free(fixture->got, TRUE);
}

/* -- a client that does not block -- */

static void say(Fixture *fixture, const char *request)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_port = htons(hl_http_server_port(fixture->server)),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };

    hl_fd_clear(&fixture->fd);
    g_string_truncate(fixture->got, 0);
    fixture->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(fixture->fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    g_assert_cmpint(send(fixture->fd, request, strlen(request), MSG_NOSIGNAL), ==, (ssize_t)strlen(request));
}

/* One turn of the loop and of the client; false at the end of the connection. */
static bool turn(Fixture *fixture)
{
    char buffer[65536];
    ssize_t n = recv(fixture->fd, buffer, sizeof buffer, MSG_DONTWAIT);

    if (n > 0)
        g_string_append_len(fixture->got, buffer, n);
    if (!g_main_context_iteration(NULL, FALSE) && n < 0)
        g_usleep(500);
    return n != 0;
}

static void wait_for_text(Fixture *fixture, const char *text)
{
    HlTime end = hl_clock_mono() + PATIENCE;

    while (strstr(fixture->got->str, text) == NULL) {
        g_assert_cmpint(hl_clock_mono(), <, end);
        turn(fixture);
    }
}

static void wait_for_end(Fixture *fixture)
{
    HlTime end = hl_clock_mono() + PATIENCE;

    while (turn(fixture))
        g_assert_cmpint(hl_clock_mono(), <, end);
}

static void begin_stream(Fixture *fixture)
{
    HlTime end = hl_clock_mono() + PATIENCE;

    say(fixture, "GET /stream HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    while (fixture->stream == NULL) {
        g_assert_cmpint(hl_clock_mono(), <, end);
        turn(fixture);
    }
}

static HlHttpStreamResult write_text(Fixture *fixture, const char *text)
{
    return hl_http_stream_write(fixture->stream, text, strlen(text));
}

/* -- tests -- */

static void test_written(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    begin_stream(fixture);
    g_assert_cmpint(write_text(fixture, "data: one\n\n"), ==, HL_HTTP_STREAM_WRITTEN);
    wait_for_text(fixture, "data: one\n\n");
    g_assert_nonnull(strstr(fixture->got->str, "Content-Type: text/event-stream"));
    g_assert_nonnull(strstr(fixture->got->str, "Cache-Control: no-store"));
    g_assert_nonnull(strstr(fixture->got->str, "X-Always: yes"));
    g_assert_cmpint(write_text(fixture, "data: two\n\n"), ==, HL_HTTP_STREAM_WRITTEN);
    g_assert_cmpint(write_text(fixture, "data: three\n\n"), ==, HL_HTTP_STREAM_WRITTEN);
    wait_for_text(fixture, "data: three\n\n");
    hl_http_stream_end(g_steal_pointer(&fixture->stream));
    wait_for_end(fixture);
}

static void test_slow_reader(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *block = g_strnfill(64 * 1024, 'x');
    HlTime end = hl_clock_mono() + PATIENCE;
    HlHttpStreamResult result;

    begin_stream(fixture);
    /* the sockets of both sides take some megabytes first */
    while ((result = write_text(fixture, block)) == HL_HTTP_STREAM_WRITTEN)
        g_assert_cmpint(hl_clock_mono(), <, end);
    g_assert_cmpint(result, ==, HL_HTTP_STREAM_FULL);
    while (write_text(fixture, "caught up") == HL_HTTP_STREAM_FULL) {
        g_assert_cmpint(hl_clock_mono(), <, end);
        turn(fixture);
    }
    wait_for_text(fixture, "caught up");
}

static void test_reader_left(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlTime end = hl_clock_mono() + PATIENCE;

    begin_stream(fixture);
    hl_fd_clear(&fixture->fd);
    while (write_text(fixture, ":\n\n") != HL_HTTP_STREAM_GONE) {
        g_assert_cmpint(hl_clock_mono(), <, end);
        g_usleep(1000);
    }
    g_assert_cmpint(write_text(fixture, ":\n\n"), ==, HL_HTTP_STREAM_GONE);
}

static void test_server_ended(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    begin_stream(fixture);
    g_assert_cmpint(write_text(fixture, "data: last\n\n"), ==, HL_HTTP_STREAM_WRITTEN);
    hl_http_server_free(g_steal_pointer(&fixture->server));
    g_assert_cmpint(write_text(fixture, "data: late\n\n"), ==, HL_HTTP_STREAM_GONE);
}

static void test_request(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    say(fixture, "PATCH /tell/a%20b?x=%31&y HTTP/1.1\r\nHost: test\r\nCOOKIE: a=b\r\nX-Twice: first\r\nX-Twice: "
                 "second\r\nX-Broken: \xff\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    wait_for_end(fixture);
    g_assert_nonnull(
        strstr(fixture->got->str, "PATCH /tell/a%20b?x=%31&y /tell/a b cookie=a=b twice=first broken=\xef\xbf\xbd"));
}

static void test_problems(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const struct {
        const char *request, *status, *code, *title, *sentence;
    } rows[] = {
        { "GET /none HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", "404 ", "\"code\":\"not-found\"",
          "\"title\":\"Not Found\"", "\"sentence\":\"http.no-page\"" },
        { "POST /only-get HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "405 ",
          "\"code\":\"invalid\"", "\"title\":\"Method Not Allowed\"", "\"sentence\":\"http.method\"" },
        { "POST /tell/ HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 101\r\n\r\n", "413 ",
          "\"code\":\"too-large\"", "\"title\":\"Content Too Large\"", "\"sentence\":\"http.body-too-long\"" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        say(fixture, rows[i].request);
        wait_for_end(fixture);
        g_assert_nonnull(strstr(fixture->got->str, rows[i].status));
        g_assert_nonnull(strstr(fixture->got->str, rows[i].code));
        g_assert_nonnull(strstr(fixture->got->str, rows[i].title));
        g_assert_nonnull(strstr(fixture->got->str, rows[i].sentence));
        g_assert_nonnull(strstr(fixture->got->str, "Content-Type: application/problem+json"));
        g_assert_nonnull(strstr(fixture->got->str, "X-Always: yes"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FIXTURE_TEST(name, function) g_test_add("/stream/" name, Fixture, NULL, set_up, function, tear_down)
    FIXTURE_TEST("written", test_written);
    FIXTURE_TEST("slow-reader", test_slow_reader);
    FIXTURE_TEST("reader-left", test_reader_left);
    FIXTURE_TEST("server-ended", test_server_ended);
    FIXTURE_TEST("request", test_request);
    FIXTURE_TEST("problems", test_problems);
    return g_test_run();
}

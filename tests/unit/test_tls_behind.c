/* SPDX-License-Identifier: Apache-2.0 */
/* lib/pki/tls, of a connection of another library: what is written waits for the flush, and leaves in full records. */
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/pki/tls.h"

#define RECORD 100  /* bytes that are written at a time */
#define HEADER 5    /* of TLS: kind, version, length */
#define LARGE  300  /* of them at once are more than one record of TLS holds */
#define MANY   4000 /* of them: more than are gathered, and more than the socket takes */

typedef struct {
    SSL_CTX *context;
    SSL *here, *there;
    int fds[2];
} Pair;

/* Nobody's identity matters here: no certificates. */
static SSL *make_end(const Pair *pair, int fd)
{
    SSL *ssl = SSL_new(pair->context);

    SSL_set_fd(ssl, fd);
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ssl;
}

static void set_up(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    bool done = false;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair->fds), ==, 0);
    pair->context = SSL_CTX_new(TLS_method());
    SSL_CTX_set_max_proto_version(pair->context, TLS1_2_VERSION);
    g_assert_cmpint(SSL_CTX_set_cipher_list(pair->context, "AECDH-AES128-SHA:@SECLEVEL=0"), ==, 1);
    pair->here = make_end(pair, pair->fds[0]);
    pair->there = make_end(pair, pair->fds[1]);
    SSL_set_connect_state(pair->here);
    SSL_set_accept_state(pair->there);
    for (int turn = 0; turn < 6 && !done; turn++) {
        int one = SSL_do_handshake(pair->here);
        int other = SSL_do_handshake(pair->there);

        done = one == 1 && other == 1;
    }
    g_assert_true(done);
    g_assert_true(hl_tls_write_behind(pair->here));
}

static void tear_down(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    SSL_free(pair->here);
    SSL_free(pair->there);
    SSL_CTX_free(pair->context);
    close(pair->fds[0]);
    close(pair->fds[1]);
}

/* Whether one was taken. */
static bool write_record(Pair *pair, guint number)
{
    char record[RECORD];

    memset(record, 'a' + (int)(number % 26), sizeof record);
    return SSL_write(pair->here, record, sizeof record) == sizeof record;
}

/* Bytes that came, all as they were written. */
static gsize read_all(Pair *pair, gsize before)
{
    char bytes[1000];
    int n;

    while ((n = SSL_read(pair->there, bytes, sizeof bytes)) > 0)
        for (int i = 0; i < n; i++, before++)
            g_assert_cmpint(bytes[i], ==, 'a' + (int)(before / RECORD % 26));
    return before;
}

static void test_gathered(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    char bytes[4096];
    ssize_t n;

    for (guint i = 0; i < 10; i++)
        g_assert_true(write_record(pair, i));
    g_assert_cmpint(recv(pair->fds[1], bytes, sizeof bytes, MSG_PEEK), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    g_assert_cmpint(hl_tls_flush(pair->here), ==, HL_TLS_DONE);
    n = recv(pair->fds[1], bytes, sizeof bytes, MSG_PEEK);
    g_assert_cmpint(n, >, 10 * RECORD);
    g_assert_cmpint(n, ==, HEADER + ((guchar)bytes[3] << 8 | (guchar)bytes[4])); /* one record has all of them */
    g_assert_cmpuint(read_all(pair, 0), ==, 10 * RECORD);
    g_assert_cmpint(hl_tls_flush(pair->here), ==, HL_TLS_DONE);
}

/* More than fits: what does not is refused, or kept until the other end reads; in the end all of it is there, once. */
static void test_full(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    guint written = 0;
    gsize came = 0;
    guint refused = 0;
    guint kept = 0;

    while (written < MANY) {
        if (write_record(pair, written)) {
            written++;
            continue;
        }
        refused++;
        kept += hl_tls_flush(pair->here) == HL_TLS_WANT_WRITE;
        came = read_all(pair, came);
    }
    while (came < (gsize)MANY * RECORD) {
        g_assert_cmpint(hl_tls_flush(pair->here), !=, HL_TLS_FAILED);
        came = read_all(pair, came);
    }
    g_assert_cmpuint(refused, >, 0);
    g_assert_cmpuint(kept, >, 0);
    g_assert_cmpuint(came, ==, (gsize)MANY * RECORD);
}

/* What is larger than a record waits for nobody, and overtakes nobody. */
static void test_large(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *large = g_malloc(LARGE * RECORD);
    gsize sent = 0;

    for (guint i = 0; i < LARGE; i++)
        memset(large + (gsize)i * RECORD, 'a' + (int)((i + 1) % 26), RECORD);
    g_assert_true(write_record(pair, 0));
    while (sent < LARGE * RECORD) {
        int n = SSL_write(pair->here, large + sent, (int)(LARGE * RECORD - sent));

        g_assert_cmpint(n, >, 0);
        sent += (gsize)n;
    }
    g_assert_cmpuint(read_all(pair, 0), >, SSL3_RT_MAX_PLAIN_LENGTH);
}

/* A last word, and the end: from then on nothing waits. */
static void test_end(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(write_record(pair, 0));
    g_assert_cmpint(hl_tls_write_through(pair->here), ==, HL_TLS_DONE);
    g_assert_cmpuint(read_all(pair, 0), ==, RECORD);
    g_assert_true(write_record(pair, 1));
    g_assert_cmpuint(read_all(pair, RECORD), ==, 2 * RECORD);
    SSL_shutdown(pair->here);
    g_assert_cmpuint(read_all(pair, 2 * RECORD), ==, 2 * RECORD);
    g_assert_cmpint(SSL_get_shutdown(pair->there) & SSL_RECEIVED_SHUTDOWN, !=, 0);
}

/* Nobody asked for the other end's. */
static void test_not_asked(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    char byte = 'z';

    g_assert_cmpint(SSL_write(pair->there, &byte, 1), ==, 1);
    byte = 0;
    g_assert_cmpint(SSL_read(pair->here, &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 'z');
}

static void test_gone(Pair *pair, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(write_record(pair, 0));
    shutdown(pair->fds[0], SHUT_WR);
    g_assert_cmpint(hl_tls_flush(pair->here), ==, HL_TLS_FAILED);
    g_assert_false(hl_tls_write_behind(NULL));
    g_assert_cmpint(hl_tls_flush(NULL), ==, HL_TLS_DONE);
    g_assert_cmpint(hl_tls_write_through(NULL), ==, HL_TLS_DONE);
}

#define BEHIND_TEST(name, function) g_test_add("/tls-behind/" name, Pair, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    BEHIND_TEST("gathered", test_gathered);
    BEHIND_TEST("full", test_full);
    BEHIND_TEST("large", test_large);
    BEHIND_TEST("end", test_end);
    BEHIND_TEST("not-asked", test_not_asked);
    BEHIND_TEST("gone", test_gone);
    return g_test_run();
}

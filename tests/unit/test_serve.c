/* SPDX-License-Identifier: Apache-2.0 */
/* lib/http, what needs no server: byte ranges, which file a path means, who counts as one, who is late. */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/http/crowd.h"
#include "lib/http/patience.h"
#include "lib/http/range.h"
#include "lib/http/static_file.h"

static const HlStaticQuery plain = { NULL, NULL, NULL };

static void test_ranges(void)
{
    static const struct {
        const char *text;
        HlRange result;
        uint64_t offset, length;
    } rows[] = {
        { "bytes=0-0", HL_RANGE_ONE, 0, 1 },
        { "bytes=2-5", HL_RANGE_ONE, 2, 4 },
        { "bytes=5-", HL_RANGE_ONE, 5, 5 },
        { "bytes=5-5000", HL_RANGE_ONE, 5, 5 },
        { "bytes=-3", HL_RANGE_ONE, 7, 3 },
        { "bytes=-300", HL_RANGE_ONE, 0, 10 },
        { "bytes=9-9", HL_RANGE_ONE, 9, 1 },
        { "bytes=10-", HL_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=10-20", HL_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=-0", HL_RANGE_UNSATISFIABLE, 0, 0 },
        { "bytes=5-2", HL_RANGE_NONE, 0, 0 },
        { "bytes=0-1,4-5", HL_RANGE_NONE, 0, 0 },
        { "bytes=-", HL_RANGE_NONE, 0, 0 },
        { "bytes=", HL_RANGE_NONE, 0, 0 },
        { "bytes=a-b", HL_RANGE_NONE, 0, 0 },
        { "bytes=1", HL_RANGE_NONE, 0, 0 },
        { "bytes= 1-2", HL_RANGE_NONE, 0, 0 },
        { "bytes=--2", HL_RANGE_NONE, 0, 0 },
        { "bytes=0-99999999999999999999", HL_RANGE_NONE, 0, 0 },
        { "lines=0-1", HL_RANGE_NONE, 0, 0 },
        { "", HL_RANGE_NONE, 0, 0 },
        { NULL, HL_RANGE_NONE, 0, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t offset = 0;
        uint64_t length = 0;

        g_test_message("%s", rows[i].text);
        g_assert_cmpint(hl_range_parse(rows[i].text, 10, &offset, &length), ==, rows[i].result);
        g_assert_cmpuint(offset, ==, rows[i].offset);
        g_assert_cmpuint(length, ==, rows[i].length);
    }
    g_assert_cmpint(hl_range_parse("bytes=0-0", 0, &(uint64_t){ 0 }, &(uint64_t){ 0 }), ==, HL_RANGE_UNSATISFIABLE);
}

static void test_content_ranges(void)
{
    static const struct {
        const char *text;
        bool taken;
        uint64_t from;
    } rows[] = {
        { "bytes 0-9/10", true, 0 },
        { "Bytes 5-9/*", true, 5 },
        { "bytes 18446744073709551615-", true, G_MAXUINT64 },
        { "bytes 18446744073709551616-", false, 1 },
        { "bytes */10", false, 1 },
        { "bytes -9/10", false, 1 },
        { "bytes 5", false, 1 },
        { "bytes  5-9/10", false, 1 },
        { "bytes=5-9/10", false, 1 },
        { "bytes ", false, 1 },
        { "lines 5-9/10", false, 1 },
        { "", false, 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t from = 1;

        g_test_message("%s", rows[i].text);
        g_assert_true(hl_content_range_parse(rows[i].text, &from) == rows[i].taken);
        g_assert_cmpuint(from, ==, rows[i].from);
    }
}

typedef struct {
    char *top, *root;
} Fixture;

static void put(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(hl_file_write_text(path, text, 0644, NULL));
}

static void link_to(const char *target, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *below = NULL;
    g_autofree char *fifo = NULL;

    fixture->top = g_dir_make_tmp("hl-static-XXXXXX", NULL);
    fixture->root = g_build_filename(fixture->top, "root", NULL);
    below = g_build_filename(fixture->root, "a", "b", NULL);
    fifo = g_build_filename(fixture->root, "fifo", NULL);
    g_assert_true(hl_dir_make(below, 0755, NULL));
    put(fixture->top, "secret", "secret");
    put(fixture->root, "timestamp.json", "{}");
    put(fixture->root, "empty", "");
    put(fixture->root, ".hidden", "hidden");
    put(below, "file.json", "0123456789");
    link_to("../secret", fixture->root, "link");
    link_to("..", fixture->root, "up");
    link_to("a", fixture->root, "inside");
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(fixture->top, NULL));
    g_free(fixture->top);
    g_free(fixture->root);
}

static void test_paths(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char *const missing[] = { "",
                                           "a",
                                           "a/",
                                           "a/b",
                                           "/a/b/file.json",
                                           "../secret",
                                           "a/../../secret",
                                           "link",
                                           "up/secret",
                                           "inside/b/file.json",
                                           ".hidden",
                                           "fifo",
                                           "none",
                                           "a//b/file.json",
                                           "a/b/file.json/",
                                           "a/./b/file.json",
                                           "timestamp.json/x",
                                           "..",
                                           ".",
                                           "/",
                                           "//" };
    g_autofree char *deep = g_strnfill(4000, '/');
    g_autofree char *link = g_build_filename(fixture->top, "current", NULL);
    HlStaticFile file;

    for (gsize i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_test_message("%s", missing[i]);
        file = hl_static_open(fixture->root, missing[i], &plain);
        g_assert_cmpuint(file.status, ==, 404);
        g_assert_cmpint(file.fd, ==, -1);
        g_assert_cmpstr(file.cache_control, ==, "max-age=60");
    }
    g_assert_cmpuint(hl_static_open(fixture->root, deep, &plain).status, ==, 404);
    /* the directory itself may be a link: that is how a new tree is swapped in */
    g_assert_cmpint(symlink("root", link), ==, 0);
    file = hl_static_open(link, "a/b/file.json", &plain);
    g_assert_cmpuint(file.status, ==, 200);
    g_assert_cmpuint(file.length, ==, 10);
    g_assert_cmpstr(file.content_type, ==, "application/json");
    g_assert_cmpstr(file.cache_control, ==, "max-age=31536000, immutable");
    hl_fd_clear(&file.fd);
    file = hl_static_open(link, "timestamp.json", &plain);
    g_assert_cmpstr(file.cache_control, ==, "max-age=60");
    hl_fd_clear(&file.fd);
}

static void test_validators(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlStaticFile first = hl_static_open(fixture->root, "a/b/file.json", &plain);
    const HlStaticQuery same = { "bytes=2-3", first.etag, NULL };
    const HlStaticQuery other = { "bytes=2-3", "\"another\"", NULL };
    const HlStaticQuery known = { NULL, NULL, first.etag };
    const HlStaticQuery beyond = { "bytes=10-", NULL, NULL };
    HlStaticFile file;

    hl_fd_clear(&first.fd);
    file = hl_static_open(fixture->root, "a/b/file.json", &same);
    g_assert_cmpuint(file.status, ==, 206);
    g_assert_cmpuint(file.offset, ==, 2);
    g_assert_cmpuint(file.length, ==, 2);
    hl_fd_clear(&file.fd);
    file = hl_static_open(fixture->root, "a/b/file.json", &other);
    g_assert_cmpuint(file.status, ==, 200);
    hl_fd_clear(&file.fd);
    file = hl_static_open(fixture->root, "a/b/file.json", &known);
    g_assert_cmpuint(file.status, ==, 304);
    g_assert_cmpint(file.fd, ==, -1);
    file = hl_static_open(fixture->root, "a/b/file.json", &beyond);
    g_assert_cmpuint(file.status, ==, 416);
    g_assert_cmpint(file.fd, ==, -1);
    /* replaced by another of the same size: another etag */
    put(fixture->root, "a/b/file.json", "9876543210");
    file = hl_static_open(fixture->root, "a/b/file.json", &same);
    g_assert_cmpuint(file.status, ==, 200);
    hl_fd_clear(&file.fd);
}

/* Who counts as one: an IPv4 address in either shape, an IPv6 /64. */
static void test_crowd(void)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "10.0.0.1", "10.0.0.1", true },
        { "10.0.0.1", "10.0.0.2", false },
        { "10.0.0.1", "::ffff:10.0.0.1", true },
        { "::ffff:10.0.0.1", "::ffff:10.0.0.2", false },
        { "2001:db8::1", "2001:db8::2", true },
        { "2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
        { "::1", "::2", true },
        { "::1", "::ffff:0.0.0.1", false },
        { "::1", "0.0.0.1", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GSocketAddress) a = g_inet_socket_address_new_from_string(rows[i].a, 1);
        g_autoptr(GSocketAddress) b = g_inet_socket_address_new_from_string(rows[i].b, 2);
        struct sockaddr_storage first, second;
        HlCrowd *crowd = hl_crowd_new(2);

        g_assert_true(g_socket_address_to_native(a, &first, sizeof first, NULL));
        g_assert_true(g_socket_address_to_native(b, &second, sizeof second, NULL));
        for (int n = 0; n < 2; n++) {
            g_assert_true(hl_crowd_has_room(crowd, (struct sockaddr *)&first));
            hl_crowd_count(crowd, (struct sockaddr *)&first, 1);
        }
        g_assert_false(hl_crowd_has_room(crowd, (struct sockaddr *)&first));
        g_assert_cmpint(hl_crowd_has_room(crowd, (struct sockaddr *)&second), !=, rows[i].same);
        hl_crowd_count(crowd, (struct sockaddr *)&first, -1);
        g_assert_true(hl_crowd_has_room(crowd, (struct sockaddr *)&second));
        hl_crowd_count(crowd, (struct sockaddr *)&first, -1);
        hl_crowd_free(crowd);
    }
}

static bool is_open(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Each byte moves a clock of silence, none moves this one. */
static void test_patience(void)
{
    g_autoptr(HlPatience) patience = hl_patience_new(HL_MINUTE, NULL);
    HlPatienceLine *lines[2];
    int pairs[2][2];

    for (int i = 0; i < 2; i++) {
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), ==, 0);
        lines[i] = hl_patience_add(patience, pairs[i][0], 1000);
    }
    hl_patience_received(patience, lines[1]); /* its answer may take hours */
    g_assert_cmpuint(hl_patience_end_late(patience, 1000 + HL_MINUTE - 1), ==, 0);
    g_assert_cmpuint(hl_patience_end_late(patience, 1000 + HL_MINUTE), ==, 1);
    g_assert_false(is_open(pairs[0][1]));
    g_assert_cmpuint(hl_patience_end_late(patience, HL_HOUR), ==, 0);
    g_assert_true(is_open(pairs[1][1]));
    hl_patience_await(patience, lines[1], HL_HOUR); /* the next request on the same connection */
    g_assert_cmpuint(hl_patience_end_late(patience, HL_HOUR + HL_MINUTE - 1), ==, 0);
    g_assert_true(is_open(pairs[1][1]));
    g_assert_cmpuint(hl_patience_end_late(patience, HL_HOUR + HL_MINUTE), ==, 1);
    g_assert_false(is_open(pairs[1][1]));
    for (int i = 0; i < 2; i++) {
        hl_patience_remove(patience, lines[i]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/serve/ranges", test_ranges);
    g_test_add_func("/serve/content-ranges", test_content_ranges);
    g_test_add("/serve/paths", Fixture, NULL, set_up, test_paths, tear_down);
    g_test_add("/serve/validators", Fixture, NULL, set_up, test_validators, tear_down);
    g_test_add_func("/http/crowd", test_crowd);
    g_test_add_func("/http/patience", test_patience);
    return g_test_run();
}

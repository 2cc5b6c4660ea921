/* SPDX-License-Identifier: Apache-2.0 */
/* lib/ctl: server and client over a real socket in one loop. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "lib/ctl/client.h"
#include "lib/ctl/frame.h"
#include "lib/ctl/server.h"

#define SOON (5 * HL_SECOND)

typedef struct {
    char *directory, *path;
    HlCtlServer *server;
    guint frames, closed, drained;
    HlCtlPeer *kept;
    int fd; /* the last received */
    uid_t uid;
    char last[64];
} Fixture;

/* Echoes, but for some words. */
static void on_frame(HlCtlPeer *peer, GBytes *frame, int fd, gpointer user)
{
    Fixture *fixture = user;
    gsize size = g_bytes_get_size(frame);

    fixture->frames++;
    hl_fd_clear(&fixture->fd);
    fixture->fd = fd;
    fixture->uid = hl_ctl_peer_uid(peer);
    g_snprintf(fixture->last, sizeof fixture->last, "%.*s", (int)MIN(size, 60),
               (const char *)g_bytes_get_data(frame, NULL));
    if (strcmp(fixture->last, "keep") == 0) {
        fixture->kept = peer;
    } else if (strcmp(fixture->last, "flood") == 0) {
        g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(HL_FRAME_MAX), HL_FRAME_MAX);

        while (hl_ctl_send(peer, large))
            continue;
    } else {
        hl_ctl_send(peer, frame);
    }
}

static void on_closed(HlCtlPeer *peer, gpointer user)
{
    Fixture *fixture = user;
    g_autoptr(GBytes) answer = g_bytes_new_static("too late", 8);

    fixture->closed++;
    g_assert_false(hl_ctl_send(peer, answer));
    if (fixture->kept == peer)
        fixture->kept = NULL;
}

static void on_drained(HlCtlPeer *peer, gpointer user)
{
    Fixture *fixture = user;

    g_assert_true(peer == fixture->kept);
    fixture->drained++;
}

static void start(Fixture *fixture, HlCtlOptions options)
{
    g_autoptr(GError) error = NULL;

    options.path = fixture->path;
    options.mode = 0600;
    options.handler = on_frame;
    options.closed = on_closed;
    options.user = fixture;
    fixture->server = hl_ctl_server_new(&options, &error);
    g_assert_no_error(error);
}

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    fixture->directory = g_dir_make_tmp("hl-ctl-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "control", NULL);
    fixture->fd = -1;
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    hl_ctl_server_free(fixture->server);
    hl_fd_clear(&fixture->fd);
    g_assert_true(hl_tree_remove(fixture->directory, NULL));
    g_free(fixture->path);
    g_free(fixture->directory);
}

static HlCtlClient *connect_client(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    HlCtlClient *client = hl_ctl_connect(fixture->path, "is it running?", SOON, &error);

    g_assert_no_error(error);
    return client;
}

static void send_text(HlCtlClient *client, const char *text, int fd)
{
    g_autoptr(GBytes) frame = g_bytes_new(text, strlen(text));
    g_autoptr(GError) error = NULL;

    if (!hl_ctl_client_send(client, frame, fd, SOON, &error))
        g_error("%s", error->message);
}

static void turn_until(const guint *counter, guint value)
{
    while (*counter < value)
        g_main_context_iteration(NULL, TRUE);
}

static void check_receives(HlCtlClient *client, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) frame = hl_ctl_client_receive(client, SOON, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), text, strlen(text));
}

static void check_gone(HlCtlClient *client)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_ctl_client_receive(client, SOON, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "closed the connection"));
}

static void test_call(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) client = NULL;
    g_autoptr(GError) error = NULL;
    struct stat st;

    start(fixture, (HlCtlOptions){ 0 });
    g_assert_cmpint(stat(fixture->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    client = connect_client(fixture);
    send_text(client, "one", -1);
    send_text(client, "", -1);
    send_text(client, "three", -1);
    turn_until(&fixture->frames, 3);
    g_assert_cmpuint(fixture->uid, ==, getuid());
    check_receives(client, "one");
    check_receives(client, "");
    check_receives(client, "three");
    g_assert_null(hl_ctl_client_receive(client, 0, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_TIMEOUT);
}

/* An answer that comes after the handler returned; on_closed tries one to a peer that is gone. */
static void test_later(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) client = NULL;
    g_autoptr(GBytes) answer = g_bytes_new_static("later", 5);

    start(fixture, (HlCtlOptions){ 0 });
    client = connect_client(fixture);
    send_text(client, "keep", -1);
    turn_until(&fixture->frames, 1);
    g_assert_true(hl_ctl_send(fixture->kept, answer));
    check_receives(client, "later");
    hl_ctl_client_free(g_steal_pointer(&client));
    turn_until(&fixture->closed, 1);
    g_assert_null(fixture->kept);
}

static void test_descriptor(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) client = NULL;
    int ends[2];
    char text[8] = "";

    start(fixture, (HlCtlOptions){ 0 });
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(write(ends[1], "through", 7), ==, 7);
    client = connect_client(fixture);
    send_text(client, "before", -1);
    send_text(client, "with", ends[0]);
    turn_until(&fixture->frames, 2);
    g_assert_cmpstr(fixture->last, ==, "with");
    g_assert_cmpint(fixture->fd, >=, 0);
    g_assert_cmpint(fcntl(fixture->fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_cmpint(read(fixture->fd, text, sizeof text - 1), ==, 7);
    g_assert_cmpstr(text, ==, "through");
    send_text(client, "after", -1);
    turn_until(&fixture->frames, 3);
    g_assert_cmpint(fixture->fd, ==, -1);
    close(ends[0]);
    close(ends[1]);
}

/* -- a client that breaks the rules -- */

static int dial(const Fixture *fixture)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static void send_fds(int to, const void *data, gsize size, int fd, gsize count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
        struct cmsghdr aligned;
    } control = { { 0 } };
    struct iovec part = { .iov_base = hl_unconst(data), .iov_len = size };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = CMSG_SPACE(sizeof(int) * count) };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * count);
    for (gsize i = 0; i < count; i++)
        memcpy(CMSG_DATA(head) + i * sizeof fd, &fd, sizeof fd);
    g_assert_cmpint(sendmsg(to, &message, 0), ==, size);
}

static guint open_descriptors(void)
{
    g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    while (g_dir_read_name(directory) != NULL)
        count++;
    return count;
}

static void test_rubbish(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const guint8 fd_announced[] = { 0x80, 0, 0, 1, 'x' };
    guint before;

    start(fixture, (HlCtlOptions){ 0 });
    before = open_descriptors();
    for (guint i = 0; i < 50; i++) {
        hl_autofd int fd = dial(fixture);
        guint8 bytes[64];

        hl_random_bytes(bytes, sizeof bytes);
        bytes[1] |= 0x10; /* at least 1 MiB */
        g_assert_cmpint(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL), ==, sizeof bytes);
        turn_until(&fixture->closed, i + 1);
    }
    {
        hl_autofd int fd = dial(fixture);

        g_assert_cmpint(send(fd, fd_announced, sizeof fd_announced, MSG_NOSIGNAL), ==, sizeof fd_announced);
        turn_until(&fixture->closed, 51);
    }
    for (gsize count = 5; count <= 16; count += 11) { /* more descriptors than frames may have */
        hl_autofd int fd = dial(fixture);

        send_fds(fd, "\0", 1, STDOUT_FILENO, count);
        turn_until(&fixture->closed, count == 5 ? 52 : 53);
    }
    {
        hl_autofd int fd = dial(fixture); /* goes away in mid-frame, with descriptors waiting */

        send_fds(fd, "\0\0", 2, STDOUT_FILENO, 3);
        hl_fd_clear(&fd);
        turn_until(&fixture->closed, 54);
    }
    g_assert_cmpuint(fixture->frames, ==, 0);
    g_assert_cmpuint(open_descriptors(), ==, before);
}

static void test_byte_by_byte(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    static const char bytes[] = "\0\0\0\5hello";
    hl_autofd int fd = -1;

    start(fixture, (HlCtlOptions){ 0 });
    fd = dial(fixture);
    for (gsize i = 0; i < sizeof bytes - 1; i++) {
        g_assert_cmpuint(fixture->frames, ==, 0);
        g_assert_cmpint(send(fd, bytes + i, 1, 0), ==, 1);
        while (g_main_context_iteration(NULL, FALSE))
            continue;
    }
    g_assert_cmpstr(fixture->last, ==, "hello");
}

static void test_slow_reader(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) client = NULL;

    start(fixture, (HlCtlOptions){ .max_queue = 1024 * 1024 });
    client = connect_client(fixture);
    send_text(client, "flood", -1);
    turn_until(&fixture->closed, 1);
}

/* More than the socket takes at once, to a reader that does read: all arrives. */
static void test_large_answers(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *data = g_malloc(HL_FRAME_MAX);
    g_autoptr(GBytes) large = NULL;
    g_autoptr(HlCtlClient) client = NULL;

    hl_random_bytes(data, HL_FRAME_MAX);
    large = g_bytes_new(data, HL_FRAME_MAX);
    start(fixture, (HlCtlOptions){ 0 });
    client = connect_client(fixture);
    send_text(client, "keep", -1);
    turn_until(&fixture->frames, 1);
    for (int i = 0; i < 8; i++)
        g_assert_true(hl_ctl_send(fixture->kept, large));
    for (int i = 0; i < 8;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) frame = hl_ctl_client_receive(client, 0, &error);

        g_main_context_iteration(NULL, FALSE);
        if (frame == NULL) {
            g_assert_error(error, HL_ERROR, HL_ERROR_TIMEOUT);
            continue;
        }
        g_assert_true(g_bytes_equal(frame, large));
        i++;
    }
}

static void test_limits(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) first = NULL;
    g_autoptr(HlCtlClient) second = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) too_long = g_bytes_new_take(g_malloc0(HL_FRAME_MAX + 1), HL_FRAME_MAX + 1);

    start(fixture, (HlCtlOptions){ .max_peers = 1, .idle = 50 });
    first = connect_client(fixture);
    send_text(first, "x", -1);
    turn_until(&fixture->frames, 1);
    second = connect_client(fixture);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    check_gone(second);
    g_assert_false(hl_ctl_client_send(first, too_long, -1, SOON, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    turn_until(&fixture->closed, 1); /* the first, for being idle */
    check_receives(first, "x");
    check_gone(first);
}

/* Who waits for an answer is not idle, however long that takes; who has it may be again. */
static void test_held(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) waiting = NULL;
    g_autoptr(HlCtlClient) idle = NULL;

    start(fixture, (HlCtlOptions){ .max_peers = 4, .idle = 50 });
    waiting = connect_client(fixture);
    send_text(waiting, "keep", -1);
    turn_until(&fixture->frames, 1);
    hl_ctl_hold(fixture->kept);
    idle = connect_client(fixture);
    turn_until(&fixture->closed, 1); /* the later one */
    check_gone(idle);
    g_assert_nonnull(fixture->kept);
    hl_ctl_release(fixture->kept);
    turn_until(&fixture->closed, 2);
    check_gone(waiting);
}

/* Until the loop has no timer: nothing wakes it up but a peer. */
static void turn_until_rest(void)
{
    GMainContext *context = g_main_context_default();

    for (int timeout = 0; timeout >= 0;) {
        GPollFD fds[16];
        int priority = 0;

        g_main_context_iteration(context, FALSE);
        g_assert_true(g_main_context_acquire(context));
        g_main_context_prepare(context, &priority);
        g_main_context_query(context, G_MAXINT, &timeout, fds, G_N_ELEMENTS(fds));
        g_main_context_release(context);
    }
}

/* Without a descriptor to spare a connection waits, and is served when there is one. */
static void test_no_descriptors(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) client = NULL;
    struct rlimit before;
    struct rlimit none;

    start(fixture, (HlCtlOptions){ .idle = 50 });
    client = connect_client(fixture);
    send_text(client, "x", -1);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none = (struct rlimit){ 3, before.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpuint(fixture->frames, ==, 0);
    turn_until(&fixture->frames, 1);
    check_receives(client, "x");
}

/* A peer that is kept is never idle, and takes nobody's place. */
static void test_kept(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCtlClient) kept = NULL;
    g_autoptr(HlCtlClient) other = NULL;

    start(fixture, (HlCtlOptions){ .max_peers = 1, .idle = 50 });
    kept = connect_client(fixture);
    send_text(kept, "keep", -1);
    turn_until(&fixture->frames, 1);
    hl_ctl_keep(fixture->kept);
    other = connect_client(fixture);
    send_text(other, "x", -1);
    turn_until(&fixture->frames, 2);
    check_receives(other, "x");
    turn_until(&fixture->closed, 1); /* the other one */
    check_gone(other);
    turn_until_rest();
    g_assert_nonnull(fixture->kept);
    send_text(kept, "y", -1);
    turn_until(&fixture->frames, 3);
    check_receives(kept, "y");
}

/* What waits for a reader goes out as they read, and that it has gone is told once. */
static void test_drained(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(HL_FRAME_MAX), HL_FRAME_MAX);
    g_autoptr(HlCtlClient) reader = NULL;
    guint sent = 0;

    start(fixture, (HlCtlOptions){ .drained = on_drained });
    reader = connect_client(fixture);
    send_text(reader, "keep", -1);
    turn_until(&fixture->frames, 1);
    for (; !hl_ctl_is_waiting(fixture->kept); sent++)
        g_assert_true(hl_ctl_send(fixture->kept, large));
    g_assert_cmpuint(fixture->drained, ==, 0);
    for (; sent > 0; sent--) {
        g_autoptr(GBytes) frame = NULL;

        while (g_main_context_iteration(NULL, FALSE))
            continue;
        frame = hl_ctl_client_receive(reader, 0, NULL);
        sent += frame == NULL; /* not all of it is there yet */
    }
    g_assert_cmpuint(fixture->drained, ==, 1);
    g_assert_false(hl_ctl_is_waiting(fixture->kept));
}

static void check_connect_fails(const char *path, HlErrorCode code, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_ctl_connect(path, "start the daemon", SOON, &error));
    g_assert_error(error, HL_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, part));
}

static void check_listen_fails(const char *path, HlErrorCode code, const char *part)
{
    const HlCtlOptions options = { .path = path, .mode = 0600, .handler = on_frame };
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_ctl_server_new(&options, &error));
    g_assert_error(error, HL_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_socket_file(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *long_path = g_strnfill(120, 'a');
    g_autofree char *other = g_build_filename(fixture->directory, "file", NULL);
    hl_autofd int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    check_connect_fails(fixture->path, HL_ERROR_UNAVAILABLE, "start the daemon");
    check_connect_fails(long_path, HL_ERROR_INVALID, "too long");
    check_listen_fails(long_path, HL_ERROR_INVALID, "too long");
    /* left behind by a process that died */
    g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path);
    g_assert_cmpint(bind(dead, (struct sockaddr *)&address, sizeof address), ==, 0);
    hl_fd_clear(&dead);
    check_connect_fails(fixture->path, HL_ERROR_UNAVAILABLE, "start the daemon");
    start(fixture, (HlCtlOptions){ 0 });
    check_listen_fails(fixture->path, HL_ERROR_CONFLICT, "another process is already listening");
    g_assert_true(hl_file_write_text(other, "text", 0600, NULL));
    check_listen_fails(other, HL_ERROR_CONFLICT, "is not a socket");
    g_assert_true(g_file_test(other, G_FILE_TEST_IS_REGULAR));
    hl_ctl_server_free(g_steal_pointer(&fixture->server));
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FIXTURE_TEST(name, function) g_test_add("/ctl/" name, Fixture, NULL, set_up, function, tear_down)
    FIXTURE_TEST("call", test_call);
    FIXTURE_TEST("later", test_later);
    FIXTURE_TEST("descriptor", test_descriptor);
    FIXTURE_TEST("rubbish", test_rubbish);
    FIXTURE_TEST("byte-by-byte", test_byte_by_byte);
    FIXTURE_TEST("slow-reader", test_slow_reader);
    FIXTURE_TEST("large-answers", test_large_answers);
    FIXTURE_TEST("limits", test_limits);
    FIXTURE_TEST("held", test_held);
    FIXTURE_TEST("no-descriptors", test_no_descriptors);
    FIXTURE_TEST("kept", test_kept);
    FIXTURE_TEST("drained", test_drained);
    FIXTURE_TEST("socket-file", test_socket_file);
    return g_test_run();
}

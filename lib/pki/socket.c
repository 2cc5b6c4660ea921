/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "lib/base/unconst.h"
#include "lib/pki/internal.h"

static int socket_write(BIO *bio, const char *data, int size)
{
    ssize_t sent = send(*(const int *)BIO_get_data(bio), data, (size_t)size, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)sent;
}

static int socket_read(BIO *bio, char *buffer, int size)
{
    ssize_t got = recv(*(const int *)BIO_get_data(bio), buffer, (size_t)size, 0);

    BIO_clear_retry_flags(bio);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)got;
}

static long socket_ctrl(BIO *bio, int command, long number G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *socket_method;

static void make_socket_method(void)
{
    socket_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdline socket");
    if (socket_method == NULL)
        g_error("TLS: out of memory");
    BIO_meth_set_write(socket_method, socket_write);
    BIO_meth_set_read(socket_method, socket_read);
    BIO_meth_set_ctrl(socket_method, socket_ctrl);
}

BIO *hl_pki_socket_bio(const int *fd)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    BIO *bio;

    pthread_once(&once, make_socket_method);
    bio = BIO_new(socket_method);
    if (bio == NULL)
        g_error("TLS: out of memory");
    BIO_set_data(bio, hl_unconst(fd));
    BIO_set_init(bio, 1);
    return bio;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Another library writes to its TLS connection packet by packet.  Each would be a record of its own, which both ends
 * encrypt, read and look at one by one; and mosquitto takes one record of each connection in turn, so that a manager
 * with something for thousands would be served like any one of them.  The library has no place for a buffer and calls
 * SSL_write itself, so this file has an SSL_write: a program that needs hl_tls_write_behind has it before OpenSSL's,
 * for all of its libraries, and for connections that nobody asked it for it does the same. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "lib/pki/tls.h"

typedef struct {
    gsize n;                                /* bytes that wait */
    guchar bytes[SSL3_RT_MAX_PLAIN_LENGTH]; /* of one record */
} Behind;

static void behind_free(void *parent G_GNUC_UNUSED, void *behind, CRYPTO_EX_DATA *data G_GNUC_UNUSED,
                        int index G_GNUC_UNUSED, long number G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
    g_free(behind);
}

/* Where a connection keeps what is ours; it is freed with it.  -1: there was no memory for a place. */
static int place(void)
{
    static gsize found; /* and 2 more: 0 is before the first time */

    if (g_once_init_enter(&found))
        g_once_init_leave(&found, (gsize)(SSL_get_ex_new_index(0, NULL, NULL, NULL, behind_free) + 2));
    return (int)found - 2;
}

/* NULL: it is written to as ever. */
static Behind *behind_of(const SSL *ssl)
{
    return ssl != NULL ? SSL_get_ex_data(ssl, place()) : NULL;
}

/* As far as the socket takes it.  false: as SSL_get_error says. */
static bool push(SSL *ssl, Behind *behind)
{
    size_t written;

    while (behind->n > 0) {
        if (SSL_write_ex(ssl, behind->bytes, behind->n, &written) != 1)
            return false;
        behind->n -= written;
        memmove(behind->bytes, behind->bytes + written, behind->n);
    }
    return true;
}

static int write_now(SSL *ssl, const void *data, int size)
{
    size_t written;

    return size >= 0 && SSL_write_ex(ssl, data, (size_t)size, &written) == 1 ? (int)written : -1;
}

/* What is larger than a record goes by itself, after what waits. */
int SSL_write(SSL *ssl, const void *data, int size)
{
    Behind *behind = size > 0 ? behind_of(ssl) : NULL;

    if (behind == NULL)
        return write_now(ssl, data, size);
    if (behind->n + (gsize)size > sizeof behind->bytes && !push(ssl, behind))
        return -1;
    if ((gsize)size > sizeof behind->bytes)
        return write_now(ssl, data, size);
    memcpy(behind->bytes + behind->n, data, (gsize)size);
    behind->n += (gsize)size;
    return size;
}

bool hl_tls_write_behind(gpointer ssl)
{
    Behind *behind = behind_of(ssl);

    if (behind != NULL || ssl == NULL)
        return behind != NULL;
    behind = g_new(Behind, 1);
    behind->n = 0;
    if (SSL_set_ex_data(ssl, place(), behind) != 1) {
        g_free(behind);
        ERR_clear_error();
        return false;
    }
    /* more may have come until a record is tried again */
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return true;
}

HlTlsOutcome hl_tls_flush(gpointer ssl)
{
    Behind *behind = behind_of(ssl);
    HlTlsOutcome outcome = HL_TLS_DONE;

    ERR_clear_error();
    if (behind != NULL && !push(ssl, behind))
        outcome = SSL_get_error(ssl, -1) == SSL_ERROR_WANT_WRITE ? HL_TLS_WANT_WRITE : HL_TLS_FAILED;
    ERR_clear_error();
    return outcome;
}

HlTlsOutcome hl_tls_write_through(gpointer ssl)
{
    HlTlsOutcome outcome = hl_tls_flush(ssl);

    if (outcome == HL_TLS_DONE && ssl != NULL) {
        g_free(behind_of(ssl));
        SSL_set_ex_data(ssl, place(), NULL);
    }
    return outcome;
}

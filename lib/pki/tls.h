/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS 1.3 on a non-blocking socket, between two holders of certificates of one private CA.
 *
 * Both sides are always checked: chain, time, purpose; who the peer is (CN and kind) is for the caller to compare; no
 * host names are involved.  No resumption, no early data.  The socket is borrowed: the caller makes, polls and closes
 * it; nothing here blocks, and losing the peer is an outcome, never a SIGPIPE.
 *
 * An HlTlsContext may be shared between threads once it is made; an HlTls belongs to one thread. */
#ifndef LIB_PKI_TLS_H
#define LIB_PKI_TLS_H

#include "lib/pki/cert.h"

typedef enum { HL_TLS_CLIENT, HL_TLS_SERVER } HlTlsRole;

typedef struct HlTlsContext HlTlsContext;
typedef struct HlTls HlTls;

/* Copies what it needs; the arguments may be freed.  The peer's certificate may be of ca, or of one that is added
 * before the context is used. */
HlTlsContext *hl_tls_context_new(HlTlsRole role, const HlCert *ca, const HlCert *cert, const HlKey *key,
                                 GError **error);
void hl_tls_context_trust(HlTlsContext *context, const HlCert *ca);
void hl_tls_context_free(HlTlsContext *context);

typedef enum {
    HL_TLS_DONE,       /* handshake: complete; read and write: *n bytes moved, at least one */
    HL_TLS_WANT_READ,  /* call again once the socket is readable */
    HL_TLS_WANT_WRITE, /* call again once it is writable */
    HL_TLS_CLOSED,     /* the peer closed the connection properly */
    HL_TLS_FAILED,     /* not TLS, an invalid certificate, or a broken connection: see hl_tls_problem() */
} HlTlsOutcome;

/* The context must outlive it. */
HlTls *hl_tls_new(HlTlsContext *context, int fd);

/* Of a connection of another library, an SSL of OpenSSL (NULL: no effect): a read takes off the socket what is there,
 * and not one record. Read until nothing is left before waiting for the socket. */
void hl_tls_read_ahead(gpointer ssl);

/* Whether it holds data that was taken off the socket and not read yet.  NULL: false. */
bool hl_tls_has_more(gpointer ssl);

/* Of the same connection, after its handshake: what is written from now on waits, in records as full as they get, until
 * hl_tls_flush sends it; a full one leaves by itself.  In a program that uses this SSL_write is not OpenSSL's
 * (tls_behind.c).  What waits when the connection ends is lost: see hl_tls_write_through.  false: it is written as
 * before (ssl is NULL, no memory). */
bool hl_tls_write_behind(gpointer ssl);

/* HL_TLS_WANT_WRITE: the socket is full, the rest is kept.  HL_TLS_FAILED: kept too; where the connection has
 * ended, a read says so.  NULL: nothing to be done. */
HlTlsOutcome hl_tls_flush(gpointer ssl);

/* Flushes; if that is HL_TLS_DONE, what is written from now on leaves at once. */
HlTlsOutcome hl_tls_write_through(gpointer ssl);

/* Without telling the peer; see hl_tls_close. */
void hl_tls_free(HlTls *tls);

HlTlsOutcome hl_tls_handshake(HlTls *tls);
HlTlsOutcome hl_tls_read(HlTls *tls, void *buffer, gsize size, gsize *n);
HlTlsOutcome hl_tls_write(HlTls *tls, const void *data, gsize size, gsize *n);

/* Tells the peer, as far as the socket accepts it now. */
void hl_tls_close(HlTls *tls);

/* Of the peer's certificate, once the handshake is complete; valid as long as tls. */
const char *hl_tls_peer_cn(const HlTls *tls);
HlCertKind hl_tls_peer_kind(const HlTls *tls);

/* The reason for the last HL_TLS_FAILED, for people: "the peer's certificate: certificate has expired". */
const char *hl_tls_problem(const HlTls *tls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlTlsContext, hl_tls_context_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlTls, hl_tls_free)

#endif

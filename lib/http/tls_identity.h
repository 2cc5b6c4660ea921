/* SPDX-License-Identifier: Apache-2.0 */
/* The server's certificate and key inside the TLS library of libmicrohttpd, so that they can be replaced while it runs.
 *
 * A handshake borrows the identity that was current when it began and may still use it after it was replaced; so the
 * old ones are kept, in a list, until the server ends (some kB each, and renewals are months apart). */
#ifndef LIB_HTTP_TLS_IDENTITY_H
#define LIB_HTTP_TLS_IDENTITY_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "lib/http/serve.h"

#define HL_TLS_CHAIN 4

struct HlTlsIdentity {
    gnutls_pcert_st chain[HL_TLS_CHAIN];
    unsigned length;
    gnutls_privkey_t key;
    struct HlTlsIdentity *older;
};

/* From PEM texts; the key must match the certificate.  NULL on failure. */
HlTlsIdentity *hl_tls_identity_new(const char *cert_pem, const char *key_pem, GError **error);

/* Frees the older ones too. */
void hl_tls_identity_free(HlTlsIdentity *identity);

/* The client's certificate (DER) if it presented one that the configured CA signed and that is valid now; otherwise
 * NULL. */
GBytes *hl_tls_client_cert(gnutls_session_t session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlTlsIdentity, hl_tls_identity_free)

#endif

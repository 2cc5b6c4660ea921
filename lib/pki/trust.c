/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/trust.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"

struct HlTrust {
    GPtrArray *certs; /* HlCert * */
};

static void free_cert(gpointer cert)
{
    hl_cert_free(cert);
}

static HlTrust *trust_new(void)
{
    HlTrust *trust = g_new(HlTrust, 1);

    trust->certs = g_ptr_array_new_with_free_func(free_cert);
    return trust;
}

void hl_trust_free(HlTrust *trust)
{
    if (trust == NULL)
        return;
    g_ptr_array_unref(trust->certs);
    g_free(trust);
}

static bool add(HlTrust *trust, const char *name, const void *data, gsize size, GError **error)
{
    g_autoptr(HlCert) cert = hl_cert_parse(name, data, size, error);

    if (cert == NULL)
        return false;
    if (hl_cert_info(cert)->kind != HL_CERT_CA)
        return hl_fail(error, HL_ERROR_INVALID, _("%s: the certificate of '%s' is not an authority's"), name,
                       hl_cert_info(cert)->cn);
    if (trust->certs->len == HL_TRUST_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, _("%s holds more than %d authorities"), name, HL_TRUST_MAX);
    g_ptr_array_add(trust->certs, g_steal_pointer(&cert));
    return true;
}

/* Each block from its first line to that of the next one. */
HlTrust *hl_trust_parse(const char *name, const void *data, gsize size, GError **error)
{
    g_autoptr(HlTrust) trust = trust_new();
    const char *text = data;
    const char *end = text + size;
    const char *at =
        size > 0 && size <= HL_TRUST_MAX * HL_CERT_MAX_SIZE ? g_strstr_len(text, (gssize)size, BEGIN) : NULL;

    if (at == NULL)
        return add(trust, name, data, size, error) ? g_steal_pointer(&trust) : NULL;
    while (at != NULL) {
        const char *after = at + strlen(BEGIN);
        const char *next = g_strstr_len(after, end - after, BEGIN);

        if (!add(trust, name, at, (gsize)((next != NULL ? next : end) - at), error))
            return NULL;
        at = next;
    }
    return g_steal_pointer(&trust);
}

HlTrust *hl_trust_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = hl_file_read(path, HL_TRUST_MAX * HL_CERT_MAX_SIZE, error);
    gsize size = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &size) : NULL;

    return bytes != NULL ? hl_trust_parse(path, data != NULL ? data : "", size, error) : NULL;
}

guint hl_trust_count(const HlTrust *trust)
{
    return trust->certs->len;
}

const HlCert *hl_trust_at(const HlTrust *trust, guint i)
{
    g_assert(i < trust->certs->len);
    return trust->certs->pdata[i];
}

bool hl_trust_is_over(const HlTrust *trust, HlTime now)
{
    for (guint i = 0; i < hl_trust_count(trust); i++)
        if (now >= hl_cert_info(hl_trust_at(trust, i))->not_after - HL_TRUST_LAST)
            return true;
    return false;
}

const HlCert *hl_trust_issuer(const HlTrust *trust, const HlCert *cert)
{
    for (guint i = 0; i < trust->certs->len; i++)
        if (hl_cert_is_issued_by(cert, trust->certs->pdata[i]))
            return trust->certs->pdata[i];
    return NULL;
}

bool hl_trust_verify(const HlTrust *trust, const HlCert *cert, HlTime now, const char *remedy, GError **error)
{
    const HlCert *issuer = hl_trust_issuer(trust, cert);

    return hl_cert_verify(cert, issuer != NULL ? issuer : hl_trust_at(trust, 0), now, remedy, error);
}

char *hl_trust_id(const HlCert *authority)
{
    return g_strndup(hl_cert_info(authority)->fingerprint, HL_TRUST_ID_SIZE);
}

char *hl_trust_ids(const HlTrust *trust)
{
    GString *ids = g_string_new("");

    for (guint i = 0; i < trust->certs->len; i++) {
        g_autofree char *id = hl_trust_id(trust->certs->pdata[i]);

        g_string_append_printf(ids, "%s%s", i > 0 ? "," : "", id);
    }
    return g_string_free(ids, FALSE);
}

char *hl_trust_print(const HlTrust *trust)
{
    GString *text = g_string_new("");

    for (guint i = 0; i < trust->certs->len; i++) {
        g_autofree char *pem = hl_cert_print(trust->certs->pdata[i]);

        g_string_append(text, pem);
    }
    return g_string_free(text, FALSE);
}

static const HlCert *find(const HlTrust *trust, const char *wanted)
{
    for (guint i = 0; i < trust->certs->len; i++) {
        g_autofree char *id = hl_trust_id(trust->certs->pdata[i]);

        if (strcmp(id, wanted) == 0)
            return trust->certs->pdata[i];
    }
    return NULL;
}

bool hl_trust_is_behind(const char *path, char *const *ids, const HlCert *cert)
{
    g_autoptr(HlTrust) trust = ids != NULL && ids[0] != NULL ? hl_trust_load(path, NULL) : NULL;
    const HlCert *issuer = trust != NULL ? hl_trust_issuer(trust, cert) : NULL;
    g_autofree char *id = issuer != NULL ? hl_trust_id(issuer) : NULL;

    return id != NULL && strcmp(ids[0], id) != 0;
}

bool hl_trust_take(const char *path, const char *pem, GError **error)
{
    g_autoptr(HlTrust) before = hl_trust_load(path, NULL);
    g_autoptr(HlTrust) after = pem != NULL ? hl_trust_parse("the server's answer", pem, strlen(pem), error) : NULL;
    g_autofree char *old_ids = before != NULL ? hl_trust_ids(before) : NULL;
    g_autofree char *new_ids = after != NULL ? hl_trust_ids(after) : NULL;

    if (pem == NULL || (after != NULL && g_strcmp0(old_ids, new_ids) == 0))
        return true;
    return after != NULL && hl_file_write_text(path, pem, 0644, error);
}

bool hl_trust_narrow(const char *path, char *const *ids, GError **error)
{
    g_autoptr(HlTrust) trust = NULL;
    g_autoptr(GString) text = g_string_new("");
    guint n = 0;

    if (ids == NULL)
        return true;
    trust = hl_trust_load(path, error);
    if (trust == NULL)
        return false;
    for (; ids[n] != NULL; n++) {
        const HlCert *cert = find(trust, ids[n]);
        g_autofree char *pem = cert != NULL ? hl_cert_print(cert) : NULL;

        if (pem == NULL)
            return true;
        g_string_append(text, pem);
    }
    if (n == 0 || n >= trust->certs->len)
        return true;
    return hl_file_write_text(path, text->str, 0644, error);
}

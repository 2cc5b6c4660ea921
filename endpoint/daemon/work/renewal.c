/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/renewal.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/core/link.h"
#include "endpoint/core/renewal.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/enrolment.h"

#define FIRST_LOOK HL_SECOND
#define NEXT_LOOK  (10 * HL_SECOND)     /* while it is not known what time it is */
#define ISSUED     "certificate-issued" /* in the store: "SERIAL MS", when the server made the certificate in use */
#define TELL_DELAY 100                  /* ms, in which the command that brought the certificate stores its result */

struct EpRenewal {
    EpRenewalOptions has;
    HlTime issued;  /* of the certificate in use; 0: not known */
    HlTime look_at; /* monotonic */
    guint look_timer, tell_timer;
};

/* The key of a request that was made before, whose certificate may be on its way; or a new one, which is on disk before
 * it is used: a certificate for a key that a crash lost would be of no use. */
static HlKey *request_key(const EpIdentity *identity, GError **error)
{
    g_autoptr(HlKey) key = NULL;

    if (g_file_test(identity->renewal_path, G_FILE_TEST_EXISTS))
        key = hl_key_load(identity->renewal_path, NULL);
    if (key != NULL)
        return g_steal_pointer(&key);
    key = hl_key_generate(error);
    return key != NULL && hl_key_save(key, identity->renewal_path, error) ? g_steal_pointer(&key) : NULL;
}

static bool request(const EpRenewal *renewal, GError **error)
{
    const EpIdentity *identity = renewal->has.identity;
    g_autoptr(HlKey) key = request_key(identity, error);
    g_autoptr(GBytes) csr = key == NULL ? NULL : hl_csr_make(key, identity->id, error);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateRequest body = HOLDLINE__V1__CERTIFICATE_REQUEST__INIT;

    if (csr == NULL)
        return false;
    body.csr.data = hl_unconst(g_bytes_get_data(csr, &body.csr.len));
    report.body_case = HOLDLINE__V1__REPORT__BODY_CERTIFICATE;
    report.certificate = &body;
    return ep_spool_add(renewal->has.spool, &report, EP_SPOOL_KEEP_ALWAYS, "certificate", error);
}

void ep_renewal_proof_clear(EpRenewalProof *proof)
{
    g_clear_pointer(&proof->certificate, g_free);
    g_clear_pointer(&proof->csr, g_bytes_unref);
    g_clear_pointer(&proof->proof, g_bytes_unref);
}

bool ep_renewal_prove(const EpRenewal *renewal, EpRenewalProof *proof, GError **error)
{
    const EpIdentity *identity = renewal->has.identity;
    g_autoptr(HlKey) old = hl_key_load(identity->pem_path, error);
    g_autoptr(HlKey) key = old == NULL ? NULL : request_key(identity, error);

    proof->csr = key == NULL ? NULL : hl_csr_make(key, identity->id, error);
    if (proof->csr == NULL)
        return false;
    proof->certificate = hl_cert_print(identity->cert);
    proof->proof = hl_key_sign(old, HL_RENEW_PROOF, proof->csr);
    return true;
}

static HlTime now(const EpRenewal *renewal)
{
    return ep_server_time_now(renewal->has.time, hl_clock_wall(), hl_clock_mono());
}

/* One that has ended lets no line come up that could carry the request: it is asked for otherwise. */
static bool is_for_comeback(const EpRenewal *renewal, const EpRenewalDates *dates)
{
    return !renewal->has.time->known && now(renewal) >= dates->not_after;
}

/* The first of the authorities issues. */
static bool is_by_another(const EpRenewal *renewal)
{
    const EpIdentity *identity = renewal->has.identity;

    return !hl_cert_is_issued_by(identity->cert, hl_trust_at(identity->trust, 0));
}

static gboolean on_look(gpointer user);

static void look_in(EpRenewal *renewal, HlTime delay)
{
    g_clear_handle_id(&renewal->look_timer, g_source_remove);
    renewal->look_at = hl_clock_mono() + delay;
    renewal->look_timer = g_timeout_add((guint)delay, on_look, renewal);
}

static gboolean on_look(gpointer user)
{
    EpRenewal *renewal = user;
    const HlCertInfo *info = hl_cert_info(renewal->has.identity->cert);
    EpRenewalDates dates = { info->not_before, info->not_after, renewal->issued };
    HlTime interval = ep_renewal_interval(&dates);
    bool sure = ep_server_time_is_sure(renewal->has.time);
    g_autoptr(GError) error = NULL;

    renewal->look_timer = 0; /* this one */
    look_in(renewal, sure ? interval : MIN(interval, NEXT_LOOK));
    if (!sure || (!ep_renewal_is_due(&dates, now(renewal)) && !is_by_another(renewal)) ||
        is_for_comeback(renewal, &dates) || ep_spool_has(renewal->has.spool, "certificate"))
        return G_SOURCE_REMOVE;
    if (request(renewal, &error)) {
        hl_info("renewal", "asking for a new certificate");
        ep_spool_pump(renewal->has.spool);
    } else {
        ep_trouble_store_failed(renewal->has.trouble, "a certificate request", error);
    }
    return G_SOURCE_REMOVE;
}

/* Of another certificate (enrolled again, or a crash between the two writes) nothing is known. */
static HlTime load_issued(const EpRenewal *renewal)
{
    g_autofree char *fact = ep_store_get(renewal->has.db, ISSUED, "");
    g_auto(GStrv) parts = g_strsplit(fact, " ", 2);

    if (g_strv_length(parts) < 2 || strcmp(parts[0], hl_cert_info(renewal->has.identity->cert)->serial) != 0)
        return 0;
    return (HlTime)g_ascii_strtoll(parts[1], NULL, 10);
}

/* Without it the certificate is renewed too early, and nothing worse. */
static void keep_issued(EpRenewal *renewal, HlTime issued)
{
    g_autofree char *fact =
        g_strdup_printf("%s %" G_GINT64_FORMAT, hl_cert_info(renewal->has.identity->cert)->serial, (gint64)issued);
    g_autoptr(GError) error = NULL;

    renewal->issued = issued;
    if (!ep_store_set(renewal->has.db, ISSUED, fact, &error))
        ep_trouble_store_failed(renewal->has.trouble, "when the certificate was issued", error);
}

EpRenewal *ep_renewal_new(const EpRenewalOptions *options)
{
    EpRenewal *renewal = g_new0(EpRenewal, 1);

    renewal->has = *options;
    renewal->issued = load_issued(renewal);
    look_in(renewal, FIRST_LOOK);
    return renewal;
}

void ep_renewal_hurry(EpRenewal *renewal, HlTime window)
{
    HlTime delay = ep_spread(window, hl_random_u64());

    if (is_by_another(renewal) && hl_clock_mono() + delay < renewal->look_at)
        look_in(renewal, delay);
}

void ep_renewal_free(EpRenewal *renewal)
{
    if (renewal == NULL)
        return;
    g_clear_handle_id(&renewal->look_timer, g_source_remove);
    g_clear_handle_id(&renewal->tell_timer, g_source_remove);
    g_free(renewal);
}

static gboolean on_tell(gpointer user)
{
    EpRenewal *renewal = user;

    renewal->tell_timer = 0;
    renewal->has.renewed(renewal->has.user);
    return G_SOURCE_REMOVE;
}

static bool verify(const EpRenewal *renewal, const HlCert *cert, const HlKey *key, GError **error)
{
    const EpIdentity *identity = renewal->has.identity;
    const HlCertInfo *info = hl_cert_info(cert);

    if (!hl_cert_has_key(cert, key))
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the new certificate is not for the key of the request");
    if (strcmp(info->cn, identity->id) != 0 || info->kind != HL_CERT_ENDPOINT)
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the new certificate is for '%s', not for %s", info->cn,
                       identity->id);
    return hl_trust_verify(identity->trust, cert, now(renewal), ep_identity_remedy, error);
}

static bool replace(const EpRenewal *renewal, HlCert *cert, GError **error)
{
    EpIdentity *identity = renewal->has.identity;
    g_autoptr(HlKey) key = hl_key_load(identity->renewal_path, error);

    if (key == NULL)
        return hl_error_prefix(error, "a certificate that was not asked for");
    return verify(renewal, cert, key, error) && ep_identity_replace_cert(identity, cert, key, error);
}

bool ep_renewal_install(EpRenewal *renewal, GBytes *pem, HlTime issued, GError **error)
{
    EpIdentity *identity = renewal->has.identity;
    gsize size = 0;
    const void *data = pem == NULL ? NULL : g_bytes_get_data(pem, &size);
    g_autoptr(HlCert) cert = hl_cert_parse("the new certificate", size > 0 ? data : "", size, error);

    if (cert == NULL)
        return false;
    if (strcmp(hl_cert_info(cert)->fingerprint, hl_cert_info(identity->cert)->fingerprint) == 0)
        return true;
    if (!replace(renewal, cert, error))
        return false;
    cert = NULL; /* the identity's now */
    keep_issued(renewal, issued);
    /* not before the certificate is on disk; a crash in between only has the next request use the same key again */
    unlink(identity->renewal_path);
    hl_info("renewal", "the new certificate is in place");
    /* a line that is down uses the new one at its next attempt anyway */
    if (renewal->tell_timer == 0)
        renewal->tell_timer = g_timeout_add(TELL_DELAY, on_tell, renewal);
    return true;
}

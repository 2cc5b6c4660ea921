/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/pki.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/counter.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/handed.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/ground/revoked.h"
#include "manager/daemon/state/lookout.h"
#include "manager/site/issued.h"
#include "manager/site/succession.h"

/* Slow clocks: as much as an enrolment allows, but of a short life only a part, as it is renewed in its last third. */
#define MIN_BACKDATE (5 * HL_MINUTE)
#define LIFE_PART    10
#define RETRY_MS     5000 /* of lists that could not be written */
G_STATIC_ASSERT(MGR_PKI_BACKDATE == MGR_SITE_BACKDATE);

struct MgrPki {
    const char *dir;
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrBrokers *brokers; /* NULL: external */
    MgrAuthority authority;
    bool is_end_confirmed; /* of the present one: an endpoint says so too */
    HlTrust *past;         /* authorities that ran to their end; NULL: none */
    MgrNow lived;          /* what was believed when this one was started (ground/fleet.h) */
    MgrEvictions *evictions;
    MgrRereader *rereader; /* of an external one */
    GPtrArray *unread;     /* Unread *; until it has read what ends them */
    uint64_t number;       /* of the last publication */
    guint telling;         /* timer: a managed one may be told */
    guint retry;           /* timer: the lists are to be published again */
    GHashTable *unlisted;  /* names whose certificates ended, and the broker's list does not have it */
    GHashTable *held_off;  /* names of flooders */
    MgrHanded *handed;     /* to endpoints, a short while ago */
};

/* A name whose session ends for good only once the broker has read what was published. */
typedef struct {
    uint64_t number; /* of mgr_rereader_ask */
    char *name;
    MgrEvictionWaiter waiter; /* done NULL: nobody waits, or they were told */
} Unread;

static void unread_free(gpointer item)
{
    Unread *unread = item;

    if (unread->waiter.destroy != NULL)
        unread->waiter.destroy(unread->waiter.user);
    g_free(unread->name);
    g_free(unread);
}

static void on_reread(uint64_t read, const GError *problem, gpointer user);

MgrPki *mgr_pki_new(const MgrPkiOptions *options, GError **error)
{
    g_autoptr(MgrPki) pki = g_new0(MgrPki, 1);

    pki->dir = options->dir;
    pki->conf = options->conf;
    pki->fleet = options->fleet;
    pki->record = options->record;
    pki->held_off = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pki->handed = mgr_handed_new();
    pki->lived = mgr_now();
    if (pki->fleet->lived.wall != 0)
        pki->lived.wall = pki->fleet->lived.wall;
    if (!mgr_succession_mend(pki->dir, error) || !mgr_authority_open(&pki->authority, pki->dir, error))
        return NULL;
    pki->past = mgr_succession_past(pki->dir);
    pki->evictions = mgr_evictions_new(&(MgrEvictionsOptions){
        .dir = pki->dir, .conf = pki->conf, .authority = &pki->authority, .fleet = pki->fleet });
    pki->unlisted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pki->unread = g_ptr_array_new_with_free_func(unread_free);
    pki->rereader = mgr_rereader_new(pki->conf, on_reread, pki);
    mgr_rereader_mind(pki->rereader, options->objection, options->objector);
    return g_steal_pointer(&pki);
}

void mgr_pki_free(MgrPki *pki)
{
    if (pki == NULL)
        return;
    g_clear_handle_id(&pki->retry, g_source_remove);
    g_clear_handle_id(&pki->telling, g_source_remove);
    mgr_rereader_free(pki->rereader);
    g_clear_pointer(&pki->unread, g_ptr_array_unref);
    g_clear_pointer(&pki->unlisted, g_hash_table_unref);
    mgr_evictions_free(pki->evictions);
    g_hash_table_unref(pki->held_off);
    mgr_handed_free(pki->handed);
    mgr_authority_clear(&pki->authority);
    hl_trust_free(pki->past);
    g_free(pki);
}

void mgr_pki_attach_brokers(MgrPki *pki, MgrBrokers *brokers)
{
    pki->brokers = brokers;
}

bool mgr_pki_manages_broker(const MgrPki *pki)
{
    return pki->brokers != NULL;
}

bool mgr_pki_tells_broker(const MgrPki *pki)
{
    return pki->brokers != NULL || mgr_rereader_is_set(pki->rereader);
}

MgrList mgr_pki_list(const MgrPki *pki)
{
    if (pki->brokers != NULL)
        return MGR_LIST_ENFORCED;
    return mgr_rereader_is_set(pki->rereader) ? MGR_LIST_TOLD : MGR_LIST_UNTOLD;
}

const MgrRereader *mgr_pki_rereader(const MgrPki *pki)
{
    return pki->rereader;
}

const HlCert *mgr_pki_authority(const MgrPki *pki)
{
    return pki->authority.cert;
}

const HlCert *mgr_pki_next(const MgrPki *pki)
{
    return pki->authority.next;
}

const HlTrust *mgr_pki_trust(const MgrPki *pki)
{
    return pki->authority.trust;
}

char *mgr_pki_authority_ids(const MgrPki *pki)
{
    g_autofree char *present = hl_trust_id(pki->authority.cert);
    g_autofree char *next = pki->authority.next != NULL ? hl_trust_id(pki->authority.next) : NULL;

    return next != NULL ? g_strconcat(next, ",", present, NULL) : g_steal_pointer(&present);
}

/* A broker that has not read the list of the next one refuses its certificates. */
bool mgr_pki_is_next_ready(const MgrPki *pki)
{
    return pki->authority.next != NULL && pki->retry == 0 && mgr_pki_until_published(pki) == 0 &&
           mgr_rereader_problem(pki->rereader) == NULL;
}

bool mgr_pki_is_ours(const MgrPki *pki, const HlCert *cert, HlCertKind kind)
{
    return hl_cert_info(cert)->kind == kind && hl_trust_issuer(pki->authority.trust, cert) != NULL;
}

bool mgr_pki_was_ours(const MgrPki *pki, const HlCert *cert, HlCertKind kind)
{
    return mgr_pki_is_ours(pki, cert, kind) ||
           (hl_cert_info(cert)->kind == kind && pki->past != NULL && hl_trust_issuer(pki->past, cert) != NULL);
}

bool mgr_pki_is_over(const MgrPki *pki)
{
    return hl_clock_wall() >= hl_cert_info(pki->authority.cert)->not_after - HL_TRUST_LAST;
}

MgrAuthorityStage mgr_pki_stage(const MgrPki *pki)
{
    g_autofree char *word = mgr_site_path(pki->dir, MGR_SITE_OVER);
    bool is_confirmed = pki->is_end_confirmed || (mgr_pki_is_over(pki) && g_file_test(word, G_FILE_TEST_EXISTS));

    HlTime end = hl_cert_info(pki->authority.cert)->not_after;

    return mgr_authority_stage(&(MgrAuthorityAge){ .end = end,
                                                   .last = end - HL_TRUST_LAST,
                                                   .now = hl_clock_wall(),
                                                   .believed = mgr_now_believed(pki->lived, mgr_now()),
                                                   .is_confirmed = is_confirmed });
}

void mgr_pki_confirm_end(MgrPki *pki)
{
    if (!pki->is_end_confirmed)
        hl_info("authority", "an endpoint's clock says too that the authority has ended");
    pki->is_end_confirmed = true;
}

char *mgr_pki_issuer_id(const MgrPki *pki, const HlCert *cert)
{
    const HlCert *by = hl_trust_issuer(pki->authority.trust, cert);

    return by != NULL ? hl_trust_id(by) : g_strdup("");
}

bool mgr_pki_is_issued_beside(const MgrPki *pki, const char *serial)
{
    return mgr_site_is_issued_beside(pki->dir, serial);
}

/* The one that is asked for; of the present one a copy, so that callers need not tell them apart.  What the present one
 * signs is of no use once that is over: then it is the next one, in the moments until that is the only one. */
static MgrAuthority issuer(const MgrPki *pki, MgrIssuer by)
{
    bool is_next = pki->authority.next != NULL && (by == MGR_ISSUER_NEXT || mgr_pki_stage(pki) == MGR_AUTHORITY_OVER);

    return is_next ? mgr_authority_next(&pki->authority) : pki->authority;
}

void mgr_pki_dates(const MgrPki *pki, HlTime lifetime, HlTime *not_before, HlTime *not_after)
{
    HlTime now = hl_clock_wall();

    *not_before = MAX(now - CLAMP(lifetime / LIFE_PART, MIN_BACKDATE, MGR_PKI_BACKDATE),
                      hl_cert_info(pki->authority.cert)->not_before);
    *not_after = mgr_fleet_latest(pki->fleet) + lifetime;
}

HlCert *mgr_pki_issue(const MgrPki *pki, GBytes *csr, HlCertKind kind, const char *name, HlTime lifetime,
                      MgrCertificateRecord *record, GError **error)
{
    const MgrAuthority authority = issuer(pki, MGR_ISSUER_PRESENT);
    HlCertSpec spec = { .cn = name, .kind = kind };

    mgr_pki_dates(pki, lifetime, &spec.not_before, &spec.not_after);
    spec.not_after = MIN(spec.not_after, hl_cert_info(authority.cert)->not_after);
    return mgr_authority_issue(&authority, csr, &spec, record, error);
}

HlCert *mgr_pki_issue_named(const MgrPki *pki, MgrIssuer by, GBytes *csr, const HlCertSpec *spec, HlTime lifetime,
                            MgrCertificateRecord *record, GError **error)
{
    const MgrAuthority authority = issuer(pki, by);
    HlCertSpec dated = *spec;
    /* by no more than a life: of what lasts for three a third would be left, and it would be renewed at once */
    HlTime passed = MAX(mgr_now_believed(pki->lived, mgr_now()), hl_clock_wall() - lifetime);

    mgr_pki_dates(pki, lifetime, &dated.not_before, &dated.not_after);
    dated.not_before = MAX(MIN(dated.not_before, passed - MIN_BACKDATE), hl_cert_info(authority.cert)->not_before);
    if (spec->not_before > 0)
        dated.not_before = MIN(dated.not_before, spec->not_before);
    dated.not_after = MIN(dated.not_after, hl_cert_info(authority.cert)->not_after);
    return mgr_authority_issue(&authority, csr, &dated, record, error);
}

HlCert *mgr_pki_renew(const MgrPki *pki, MgrIssuer by, GBytes *csr, const char *name, HlTime lifetime, HlTime clock,
                      MgrCertificateRecord *record, GError **error)
{
    const MgrAuthority authority = issuer(pki, by);
    HlCertSpec spec = { .cn = name, .kind = HL_CERT_ENDPOINT };
    HlCert *cert;

    mgr_pki_dates(pki, lifetime, &spec.not_before, &spec.not_after);
    spec.not_before = MAX(MIN(spec.not_before, clock - MIN_BACKDATE), hl_cert_info(authority.cert)->not_before);
    spec.not_after = MIN(spec.not_after, hl_cert_info(authority.cert)->not_after);
    cert = mgr_authority_issue(&authority, csr, &spec, record, error);
    if (cert != NULL)
        mgr_handed_keep(pki->handed, name, cert);
    return cert;
}

HlCert *mgr_pki_renewed(const MgrPki *pki, const MgrEndpoint *endpoint, GBytes *csr)
{
    g_autoptr(HlCert) cert = mgr_handed_find(pki->handed, endpoint->record.id, endpoint->record.serial, csr);

    return cert != NULL && mgr_pki_is_ours(pki, cert, HL_CERT_ENDPOINT) ? g_steal_pointer(&cert) : NULL;
}

/* Has the broker read what is new.  The number of the request to an external one; 0: there is none. */
static uint64_t tell_broker(const MgrPki *pki)
{
    if (pki->brokers != NULL)
        mgr_brokers_reload(pki->brokers);
    return mgr_rereader_is_set(pki->rereader) ? mgr_rereader_ask(pki->rereader) : 0;
}

static bool publish(MgrPki *pki, GError **error)
{
    MgrFleet *fleet = pki->fleet;

    fleet->crl = mgr_counter_next(fleet->crl, hl_clock_wall()); /* of two lists the newer one, across a restore too */
    mgr_write_counter(mgr_record_background(pki->record), "crl", fleet->crl);
    if (!mgr_authority_write_crl(&pki->authority, pki->dir, fleet->certificates, fleet->crl, error) ||
        !mgr_site_write_acl(pki->dir, fleet->named, fleet->accounts, pki->held_off, error))
        return false;
    pki->number = tell_broker(pki);
    return true;
}

/* ------------------------------------------------------------------------------------------------------- ends of
 * sessions */

static gboolean on_told(gpointer user);

/* Until a managed one that is young may be told; false: it has been. */
static bool wait_to_tell(MgrPki *pki)
{
    HlTime left = pki->brokers != NULL ? mgr_brokers_until_reload(pki->brokers) : 0;

    if (left > 0 && pki->telling == 0)
        pki->telling = g_timeout_add((guint)left, on_told, pki);
    return left > 0;
}

/* A broker that is told reads the list only in a while: who is thrown out before that may come back, and goes once more
 * then.  Only then is waiter told. */
static void end_published(MgrPki *pki, const char *name, const MgrEvictionWaiter *waiter)
{
    Unread *unread;

    if (pki->number == 0 && !wait_to_tell(pki)) {
        mgr_evictions_start(pki->evictions, name, waiter);
        return;
    }
    unread = g_new0(Unread, 1);
    unread->number = pki->number;
    unread->name = g_strdup(name);
    if (waiter != NULL)
        unread->waiter = *waiter;
    g_ptr_array_add(pki->unread, unread);
    mgr_evictions_start(pki->evictions, name, NULL);
}

static void fail_untold(const char *name, const GError *problem, GError **told)
{
    mgr_refuse(told, MGR_REFUSE_END_UNTOLD, name, problem->message, NULL);
    (*told)->code = (int)hl_error_code(problem);
}

static void tell_unread(Unread *unread, const GError *problem)
{
    MgrEvictionWaiter waiter = unread->waiter;
    g_autoptr(GError) told = NULL;

    unread->waiter = (MgrEvictionWaiter){ 0 };
    if (waiter.done == NULL)
        return;
    fail_untold(unread->name, problem, &told);
    waiter.done(told, waiter.user);
    if (waiter.destroy != NULL)
        waiter.destroy(waiter.user);
}

static void end_read(MgrPki *pki, Unread *unread)
{
    MgrEvictionWaiter waiter = unread->waiter;

    unread->waiter = (MgrEvictionWaiter){ 0 };
    mgr_evictions_start(pki->evictions, unread->name, waiter.done != NULL ? &waiter : NULL);
}

/* Anyone who is told may end another session: the list is looked at again each time. */
static void on_reread(uint64_t read, const GError *problem, gpointer user)
{
    MgrPki *pki = user;

    for (guint i = 0; i < pki->unread->len;) {
        Unread *unread = pki->unread->pdata[i];

        if (unread->number > read) {
            i++;
        } else if (problem != NULL) {
            tell_unread(unread, problem);
            i++;
        } else {
            g_ptr_array_steal_index(pki->unread, i);
            end_read(pki, unread);
            unread_free(unread);
        }
    }
}

static gboolean on_told(gpointer user)
{
    MgrPki *pki = user;

    pki->telling = 0;
    if (!wait_to_tell(pki))
        on_reread(0, NULL, pki);
    return G_SOURCE_REMOVE;
}

/* Who was thrown out before the list had them has come back meanwhile. */
static void evict_unlisted(MgrPki *pki)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, pki->unlisted);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        end_published(pki, name, NULL);
        g_hash_table_iter_remove(&iter);
    }
}

static gboolean on_retry(gpointer user)
{
    MgrPki *pki = user;
    g_autoptr(GError) error = NULL;

    pki->retry = 0;
    if (mgr_pki_publish(pki, &error))
        hl_info("revoke", "the broker's revocation list and access list are written");
    else
        hl_log_limited(HL_LOG_ERROR, "revoke", "lists", "the broker's lists still cannot be written: %s",
                       error->message);
    return G_SOURCE_REMOVE;
}

bool mgr_pki_publish(MgrPki *pki, GError **error)
{
    g_clear_handle_id(&pki->retry, g_source_remove);
    if (!publish(pki, error)) {
        pki->retry = g_timeout_add(RETRY_MS, on_retry, pki);
        return false;
    }
    evict_unlisted(pki);
    return true;
}

typedef bool (*Step)(const char *dir, GError **error);

/* What is on disk counts, also after a step that failed half-way.  That the broker cannot be told is tried again. */
static bool succeed(MgrPki *pki, Step step, GError **error)
{
    g_autoptr(GError) unpublished = NULL;
    MgrAuthority now = { 0 };
    bool ok = step(pki->dir, error);

    if (!mgr_authority_open(&now, pki->dir, ok ? error : NULL)) {
        mgr_authority_clear(&now);
        return false;
    }
    mgr_authority_clear(&pki->authority);
    pki->authority = now;
    if (!mgr_pki_publish(pki, &unpublished))
        hl_error("pki", "the broker does not know the authorities yet: %s", unpublished->message);
    return ok;
}

bool mgr_pki_begin_next(MgrPki *pki, GError **error)
{
    return succeed(pki, mgr_succession_begin, error);
}

bool mgr_pki_cancel_next(MgrPki *pki, GError **error)
{
    return succeed(pki, mgr_succession_cancel, error);
}

bool mgr_pki_end_present(MgrPki *pki, GError **error)
{
    return succeed(pki, mgr_succession_end, error);
}

bool mgr_pki_outlive_present(MgrPki *pki, GError **error)
{
    bool ok = succeed(pki, mgr_succession_outlive, error);

    pki->is_end_confirmed = pki->is_end_confirmed && !ok;
    hl_trust_free(pki->past);
    pki->past = mgr_succession_past(pki->dir);
    return ok;
}

void mgr_pki_renew_broker(const MgrPki *pki)
{
    if (!mgr_pki_tells_broker(pki))
        hl_warn("ends", "the broker is external: give it pki/server.pem again if it uses that, and reload it, or set "
                        "broker.reload-command");
    (void)tell_broker(pki);
}

void mgr_pki_reconfigured(const MgrPki *pki)
{
    if (mgr_rereader_is_set(pki->rereader))
        (void)mgr_rereader_ask(pki->rereader);
}

HlTime mgr_pki_until_published(const MgrPki *pki)
{
    return pki->brokers != NULL ? mgr_brokers_until_reload(pki->brokers) : mgr_rereader_until(pki->rereader);
}

void mgr_pki_fold_revocations(MgrPki *pki, const char *name, const char *but_serial, HlTime at,
                              const MgrEvictionWaiter *waiter)
{
    mgr_revoked_mark(pki->fleet, name, but_serial, at);
    mgr_pki_end_session(pki, name, waiter);
}

void mgr_pki_end_session(MgrPki *pki, const char *name, const MgrEvictionWaiter *waiter)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) told = NULL;

    if (mgr_pki_publish(pki, &error)) {
        end_published(pki, name, waiter);
        return;
    }
    fail_untold(name, error, &told);
    hl_error("revoke", "%s", told->message);
    g_hash_table_add(pki->unlisted, g_strdup(name));
    mgr_evictions_start(pki->evictions, name, NULL);
    if (waiter == NULL)
        return;
    waiter->done(told, waiter->user);
    if (waiter->destroy != NULL)
        waiter->destroy(waiter->user);
}

void mgr_pki_evict(MgrPki *pki, const char *name)
{
    mgr_evictions_start(pki->evictions, name, NULL);
}

void mgr_pki_connected(MgrPki *pki, const char *name)
{
    if (mgr_evictions_was_own(pki->evictions, name) || mgr_lookout_is_name(name) ||
        mgr_fleet_may_come(pki->fleet, name))
        return;
    hl_log_limited(HL_LOG_WARN, "revoke", name, "%s connected, whose certificate is not in force: its session is ended",
                   name);
    mgr_pki_evict(pki, name);
}

static void publish_access(MgrPki *pki)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_site_write_acl(pki->dir, pki->fleet->named, pki->fleet->accounts, pki->held_off, &error))
        hl_log_limited(HL_LOG_ERROR, "flood", "acl", "%s", error->message);
    else
        (void)tell_broker(pki);
}

void mgr_pki_hold_off(MgrPki *pki, const char *name)
{
    if (g_hash_table_add(pki->held_off, g_strdup(name)))
        publish_access(pki);
}

void mgr_pki_let_back(MgrPki *pki, const char *name)
{
    if (g_hash_table_remove(pki->held_off, name))
        publish_access(pki);
}

static void evict_one(const char *name, bool is_endpoint G_GNUC_UNUSED, gpointer user)
{
    mgr_pki_evict(user, name);
}

void mgr_pki_evict_revoked(MgrPki *pki)
{
    if (pki->brokers != NULL && !mgr_brokers_were_found(pki->brokers))
        return; /* it read the list at its start, before anybody connected, and its log tells who connects since */
    mgr_revoked_each(pki->fleet, evict_one, pki);
}

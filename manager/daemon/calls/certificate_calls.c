/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/certificate_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/ended.h"
#include "manager/daemon/calls/listings.h"
#include "manager/daemon/ground/scope.h"
#include "manager/daemon/state/followers.h"
#include "manager/site/site.h"

#define LIFETIME     (730 * HL_DAY)
#define DEFAULT_ROLE MGR_ROLE_ADMINISTRATOR /* of "admin create" */

struct MgrCertificateCalls {
    MgrCertificateCallsOptions parts;
    MgrListings *listings;
};

/* ------------------------------------------------------------------------------------------------------------ issue */

/* A certificate on its way through the registry. */
typedef struct {
    MgrCertificateCalls *calls;
    MgrCall *call;
    MgrCertificateRecord certificate;
    MgrAccountRecord account; /* that comes with it; name NULL: none */
    char *name, *pem, *serial;
    MgrIssuer by;
    bool replaces; /* the earlier ones of the name end */
    HlTime at;
} Issue;

static Issue *issue_new(MgrCertificateCalls *calls, MgrCall *call, const char *name)
{
    Issue *issue = g_new0(Issue, 1);

    issue->calls = calls;
    issue->call = call;
    issue->name = g_strdup(name);
    issue->at = hl_clock_wall();
    return issue;
}

static void issue_free(gpointer change)
{
    Issue *issue = change;

    mgr_certificate_record_clear(&issue->certificate);
    mgr_account_record_clear(&issue->account);
    g_free(issue->name);
    g_free(issue->pem);
    g_free(issue->serial);
    g_free(issue);
}

static json_t *issued_document(const Issue *issue)
{
    const MgrCertificateCallsOptions *parts = &issue->calls->parts;
    g_autofree char *ca = hl_trust_print(mgr_pki_trust(parts->pki));
    g_autofree char *brokers = g_strjoinv(",", hl_unconst(mgr_location_brokers(parts->location)));

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", issue->name, "certificate", issue->pem, "ca", ca, "brokers",
                     brokers, "serial", issue->serial);
}

static void fold_issue(gpointer change)
{
    Issue *issue = change;
    MgrCertificateCalls *calls = issue->calls;
    const char *name = issue->name;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) told = NULL;

    if (issue->account.name != NULL)
        mgr_accounts_put(calls->parts.fleet->accounts, &issue->account);
    mgr_fleet_add_certificate(calls->parts.fleet, &issue->certificate);
    hl_info("account", "%s gets the certificate %s, by %s", name, issue->serial, mgr_call_admin(issue->call));
    if (issue->replaces) {
        json_t *document = issued_document(issue);
        MgrEvictionWaiter waiter = mgr_ended_waiter(issue->call, name, document);

        json_object_update_new(document, mgr_ended_document(mgr_pki_list(calls->parts.pki)));
        mgr_pki_fold_revocations(calls->parts.pki, name, issue->serial, issue->at, &waiter);
        return;
    }
    if (mgr_pki_publish(calls->parts.pki, &error)) {
        mgr_listings_answer(calls->listings, issue->call, issued_document(issue));
        return;
    }
    mgr_refuse(&told, MGR_REFUSE_CERTIFICATE_UNTOLD, name, error->message, NULL);
    told->code = (int)hl_error_code(error);
    mgr_call_fail(issue->call, told);
}

static bool fail_taken(const char *name, GError **error)
{
    return mgr_refuse(error, MGR_REFUSE_CERTIFICATE_NAME_TAKEN, name, NULL);
}

static bool lacks_group(const Issue *issue, GError **error)
{
    const char *text = issue->account.groups != NULL ? issue->account.groups : ""; /* not of an account: none */
    g_autofree char *groups = mgr_account_groups(issue->calls->parts.fleet, text, error);

    return groups == NULL;
}

/* The access list goes by names: two who ask for one at once would get each other's rights. */
static void fail_issue(gpointer change, const GError *error)
{
    const Issue *issue = change;
    const char *name = issue->name;
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT && g_str_has_suffix(mgr_call_message(issue->call)->name, " renew"))
        mgr_refuse(&why, MGR_REFUSE_CERTIFICATE_ENDED, name, NULL);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT &&
             g_str_has_prefix(mgr_call_message(issue->call)->name, "account "))
        mgr_refuse(&why, MGR_REFUSE_ACCOUNT_DELETED, name, NULL);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT && !lacks_group(issue, &why))
        fail_taken(name, &why);
    mgr_call_fail(issue->call, why != NULL ? why : error);
}

/* The name in a request is that of the person who has its key: it is not signed for another one by mistake. */
static bool check_subject(const Issue *issue, GBytes *csr, GError **error)
{
    g_autofree char *asked = hl_csr_name(csr, error);

    if (asked == NULL)
        return false;
    if (*asked == '\0')
        return mgr_refuse(error, MGR_REFUSE_CERTIFICATE_NO_SUBJECT, issue->name, NULL);
    return strcmp(asked, issue->name) == 0 ||
           mgr_refuse(error, MGR_REFUSE_CERTIFICATE_OTHER_REQUEST, asked, issue->name, NULL);
}

/* A key that was given up, with a lost machine, say, is not used again; and no key is for two names. */
static bool check_key(const Issue *issue, GError **error)
{
    const char *key = mgr_certificate_key(&issue->certificate);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, issue->calls->parts.fleet->certificates);
    while (*key != '\0' && g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *has = value;

        if (strcmp(mgr_certificate_key(has), key) == 0 &&
            (has->revoked_at > 0 || issue->replaces || strcmp(has->name, issue->name) != 0))
            return mgr_refuse(error, MGR_REFUSE_CERTIFICATE_KEY_KNOWN, issue->name, has->serial, has->name, NULL);
    }
    return true;
}

/* Fails the call, and frees the issue, if there is no sound request in its arguments. */
static bool sign(Issue *issue, HlCertKind kind)
{
    gsize size = 0;
    guint8 *der = g_base64_decode(mgr_call_argument(issue->call, "csr"), &size);
    g_autoptr(GBytes) csr = g_bytes_new_take(der, size);
    g_autoptr(GError) error = NULL;
    HlCertSpec spec = { .cn = issue->name,
                        .kind = kind,
                        .names = kind == HL_CERT_CONSOLE ? mgr_site_console_names : NULL };
    g_autoptr(HlCert) cert = NULL;

    if (check_subject(issue, csr, &error))
        cert =
            mgr_pki_issue_named(issue->calls->parts.pki, issue->by, csr, &spec, LIFETIME, &issue->certificate, &error);
    if (cert == NULL || !check_key(issue, &error)) {
        mgr_call_fail(issue->call, error);
        issue_free(issue);
        return false;
    }
    issue->pem = hl_cert_print(cert);
    issue->serial = g_strdup(issue->certificate.serial);
    return true;
}

static void commit(Issue *issue, HlWriteSet *set)
{
    static const MgrChangeKind kind = { fold_issue, fail_issue, issue_free };

    mgr_call_commit(issue->call, issue->calls->parts.record, set, &kind, issue);
}

static bool check_free(const MgrCertificateCalls *calls, const char *name, GError **error)
{
    const MgrFleet *fleet = calls->parts.fleet;

    if (!mgr_site_check_name(name, error))
        return false;
    return (mgr_accounts_get(fleet->accounts, name) == NULL && !mgr_fleet_has_live_name(fleet, name, NULL)) ||
           fail_taken(name, error);
}

/* A certificate of a name that is nothing else: no account comes with it. */
static void create(MgrCall *call, MgrCertificateCalls *calls, HlCertKind kind)
{
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Issue *issue;

    if (!check_free(calls, mgr_call_argument(call, "name"), &error)) {
        mgr_call_fail(call, error);
        return;
    }
    issue = issue_new(calls, call, mgr_call_argument(call, "name"));
    if (kind == HL_CERT_MONITOR && mgr_pki_is_next_ready(calls->parts.pki))
        issue->by = MGR_ISSUER_NEXT; /* nothing renews it by itself; its ca.pem holds both */
    if (!sign(issue, kind))
        return;
    set = hl_write_set_new();
    mgr_write_named_certificate(set, &issue->certificate);
    commit(issue, set);
}

static void call_monitor_create(MgrCall *call, gpointer user)
{
    create(call, user, HL_CERT_MONITOR);
}

static void call_console_create(MgrCall *call, gpointer user)
{
    create(call, user, HL_CERT_CONSOLE);
}

/* false: failed; what there is of the account is cleared with the issue. */
static bool take_account(Issue *issue, GError **error)
{
    const MgrCall *call = issue->call;
    const char *role = mgr_call_argument(call, "role");
    const char *groups = mgr_call_argument(call, "groups");

    issue->account = (MgrAccountRecord){ .name = g_strdup(mgr_call_argument(call, "name")),
                                         .created_by = g_strdup(mgr_call_admin(call)),
                                         .note = g_strdup(""),
                                         .role = DEFAULT_ROLE,
                                         .created_at = issue->at };
    if (role != NULL && !mgr_role_parse(role, &issue->account.role))
        return mgr_refuse(error, MGR_REFUSE_ACCOUNT_NO_ROLE, role, NULL);
    issue->account.groups = mgr_account_groups(issue->calls->parts.fleet, groups != NULL ? groups : "", error);
    return issue->account.groups != NULL && mgr_account_check_scope(&issue->account, error);
}

/* An account and its first certificate in one. */
static void call_admin_create(MgrCall *call, gpointer user)
{
    MgrCertificateCalls *calls = user;
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Issue *issue = issue_new(calls, call, mgr_call_argument(call, "name"));

    if (mgr_accounts_get(calls->parts.fleet->accounts, issue->name) != NULL)
        mgr_refuse(&error, MGR_REFUSE_ACCOUNT_EXISTS, issue->name, NULL);
    if (error != NULL || !check_free(calls, issue->name, &error) || !take_account(issue, &error)) {
        mgr_call_fail(call, error);
        issue_free(issue);
        return;
    }
    if (!sign(issue, HL_CERT_ADMIN))
        return;
    set = hl_write_set_new();
    mgr_write_account(set, &issue->account);
    mgr_write_account_certificate(set, &issue->certificate);
    commit(issue, set);
}

static void call_account_certificate(MgrCall *call, gpointer user)
{
    MgrCertificateCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    bool replaces = mgr_call_argument(call, "replace") != NULL;
    const MgrAccountRecord *account = mgr_accounts_get(calls->parts.fleet->accounts, name);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Issue *issue;

    if (account == NULL)
        mgr_accounts_unknown_fail(calls->parts.fleet->accounts, mgr_call_caller(call), name, &error);
    else if (account->disabled_at != 0)
        mgr_refuse(&error, MGR_REFUSE_ACCOUNT_DISABLED, name, NULL);
    else if (replaces && strcmp(name, mgr_call_admin(call)) == 0) /* the answer could not reach them any more */
        mgr_refuse(&error, MGR_REFUSE_CERTIFICATE_YOURSELF, name, NULL);
    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    issue = issue_new(calls, call, mgr_call_argument(call, "name"));
    issue->replaces = replaces;
    if (!sign(issue, HL_CERT_ADMIN))
        return;
    set = hl_write_set_new();
    mgr_write_account_certificate(set, &issue->certificate);
    if (issue->replaces)
        mgr_write_revocations(set, name, issue->serial, issue->at);
    commit(issue, set);
}

/* The one of this name that was issued last. */
static const MgrCertificateRecord *find_last(const MgrFleet *fleet, const char *name)
{
    const MgrCertificateRecord *last = NULL;

    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL;
         record = record->next) {
        if (record->revoked_at == 0 && (last == NULL || last->issued_at < record->issued_at))
            last = record;
    }
    return last;
}

/* The authority that follows, for a caller who takes what the answer says of authorities. */
static MgrIssuer issuer_for(const MgrCall *call, const MgrPki *pki)
{
    return mgr_call_argument(call, "authorities") != NULL && mgr_pki_is_next_ready(pki) ? MGR_ISSUER_NEXT
                                                                                        : MGR_ISSUER_PRESENT;
}

/* Who asks while another authority follows has none of its certificates, or asks for one that is due: an answer was
 * lost, or there are copies on other machines. */
static bool has_room(const MgrCertificateCalls *calls, const char *name)
{
    g_autofree char *next = hl_trust_id(mgr_pki_next(calls->parts.pki));
    const MgrGiven given = mgr_followers_given(calls->parts.fleet, next, name);

    return mgr_given_has_room(&given);
}

/* As often as endpoints get one, so that one that loses each answer does not fill the registry. */
static bool is_due(const MgrCertificateCalls *calls, const MgrCertificateRecord *last, const char *name, MgrIssuer by)
{
    return last == NULL || mgr_quota_is_certificate_due(last->issued_at, last->expires_at, hl_clock_wall()) ||
           (by == MGR_ISSUER_NEXT && has_room(calls, name));
}

/* Refused only because the broker has not read of the authority that follows yet. */
static bool is_too_early(const MgrCall *call, const MgrCertificateCalls *calls, const char *name)
{
    const MgrPki *pki = calls->parts.pki;

    return mgr_call_argument(call, "authorities") != NULL && mgr_pki_next(pki) != NULL && !mgr_pki_is_next_ready(pki) &&
           has_room(calls, name);
}

/* The serial of the one with which the caller asks; "": it does not say.  Caller frees. */
static char *asked_with(const MgrCall *call, const MgrFleet *fleet, const char *name)
{
    const MgrCertificateRecord *record = mgr_fleet_certificate(fleet, mgr_call_message(call)->certificate);

    return g_strdup(record != NULL && strcmp(record->name, name) == 0 ? record->serial : "");
}

/* For the caller alone, who holds a certificate in force: another of the same name. */
static void renew(MgrCall *call, MgrCertificateCalls *calls, const char *name, HlCertKind kind)
{
    const MgrCertificateRecord *last = find_last(calls->parts.fleet, name);
    const char *before = last != NULL ? last->serial : "";
    MgrIssuer by = issuer_for(call, calls->parts.pki);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Issue *issue;

    if (!is_due(calls, last, name, by)) {
        g_autofree char *next = hl_time_format(mgr_quota_next_certificate(last->issued_at, last->expires_at));

        if (is_too_early(call, calls, name))
            mgr_refuse(&error, MGR_REFUSE_CERTIFICATE_NOT_YET, name, NULL);
        else
            mgr_refuse(&error, MGR_REFUSE_CERTIFICATE_TOO_SOON, name, next, NULL);
        mgr_call_fail(call, error);
        return;
    }
    issue = issue_new(calls, call, name);
    issue->by = by;
    if (!sign(issue, kind))
        return;
    issue->certificate.replaces = asked_with(call, calls->parts.fleet, name);
    set = hl_write_set_new();
    if (kind == HL_CERT_ADMIN)
        mgr_write_account_renewal(set, &issue->certificate, before);
    else
        mgr_write_named_renewal(set, &issue->certificate, before);
    commit(issue, set);
}

static void call_account_renew(MgrCall *call, gpointer user)
{
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;

    if (strcmp(name, mgr_call_admin(call)) == 0 && mgr_call_console(call) == NULL) {
        renew(call, user, name, HL_CERT_ADMIN);
        return;
    }
    mgr_refuse(&error, MGR_REFUSE_CERTIFICATE_NOT_YOU, name, NULL);
    mgr_call_refuse(call, error);
}

/* By the monitor itself, whose certificate is all that it has: its key stays where it is used. */
static void call_monitor_renew(MgrCall *call, gpointer user)
{
    renew(call, user, mgr_call_admin(call), HL_CERT_MONITOR);
}

static void call_console_renew(MgrCall *call, gpointer user)
{
    renew(call, user, mgr_call_console(call), HL_CERT_CONSOLE);
}

/* ------------------------------------------------------------------------------------------------------------- list */

static int compare_certificates(gconstpointer a, gconstpointer b)
{
    const MgrCertificateRecord *x = *(const MgrCertificateRecord *const *)a;
    const MgrCertificateRecord *y = *(const MgrCertificateRecord *const *)b;
    int names = strcmp(x->name, y->name);

    return names != 0 ? names : strcmp(x->serial, y->serial);
}

static json_t *certificate_document(const MgrFleet *fleet, const MgrCertificateRecord *record)
{
    const MgrAccountRecord *account = mgr_accounts_get(fleet->accounts, record->name);
    g_autofree char *issued = hl_time_format(record->issued_at);
    g_autofree char *expires = hl_time_format(record->expires_at);
    g_autofree char *used = record->used_at > 0 ? hl_time_format(record->used_at) : NULL;
    bool is_disabled = account != NULL && account->disabled_at != 0;
    MgrCertificateState state = mgr_fleet_certificate_state(fleet, record);
    bool is_denied = is_disabled && (state == MGR_CERTIFICATE_VALID || state == MGR_CERTIFICATE_RENEWAL_DUE);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?}", "name", record->name, "role",
                     account != NULL ? mgr_role_name(account->role) : record->kind, "state",
                     is_denied ? "disabled" : mgr_certificate_state_name(state), "serial", record->serial, "issued",
                     issued, "expires", expires, "used", used);
}

/* Of an account that is there for the caller, or of none. */
static bool is_seen(const MgrFleet *fleet, const MgrCaller *caller, const MgrCertificateRecord *record)
{
    const MgrAccountRecord *account = mgr_accounts_get(fleet->accounts, record->name);

    return account == NULL || mgr_accounts_meets(account, caller);
}

/* Those of one kind that are not revoked. */
static void list(MgrCall *call, const MgrCertificateCalls *calls, HlCertKind kind)
{
    const MgrFleet *fleet = calls->parts.fleet;
    g_autoptr(GPtrArray) certificates = mgr_fleet_values(fleet->certificates);
    json_t *array = json_array();

    g_ptr_array_sort(certificates, compare_certificates);
    for (guint i = 0; i < certificates->len; i++) {
        const MgrCertificateRecord *record = certificates->pdata[i];

        if (record->revoked_at == 0 && strcmp(record->kind, hl_cert_kind_name(kind)) == 0 &&
            is_seen(fleet, mgr_call_caller(call), record))
            json_array_append_new(array, certificate_document(fleet, record));
    }
    mgr_call_done_list(call, "certificates", array, NULL);
}

static void call_admin_list(MgrCall *call, gpointer user)
{
    list(call, user, HL_CERT_ADMIN);
}

static void call_monitor_list(MgrCall *call, gpointer user)
{
    list(call, user, HL_CERT_MONITOR);
}

static void call_console_list(MgrCall *call, gpointer user)
{
    list(call, user, HL_CERT_CONSOLE);
}

/* ----------------------------------------------------------------------------------------------------------- revoke */

typedef struct {
    const MgrCertificateCalls *calls;
    MgrCall *call;
    char *name;
    HlTime at;
} Revocation;

static void revocation_free(gpointer change)
{
    Revocation *revocation = change;

    g_free(revocation->name);
    g_free(revocation);
}

static void fail_revocation(gpointer change, const GError *error)
{
    mgr_call_fail(((const Revocation *)change)->call, error);
}

static void fold_revocation(gpointer change)
{
    const Revocation *revocation = change;
    MgrPki *pki = revocation->calls->parts.pki;
    MgrEvictionWaiter waiter =
        mgr_ended_waiter(revocation->call, revocation->name, mgr_ended_document(mgr_pki_list(pki)));

    mgr_pki_fold_revocations(pki, revocation->name, NULL, revocation->at, &waiter);
}

static void revoke_all(MgrCall *call, const MgrCertificateCalls *calls, const char *kind_name)
{
    static const MgrChangeKind kind = { fold_revocation, fail_revocation, revocation_free };
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Revocation *revocation;

    if (!mgr_fleet_has_live_name(calls->parts.fleet, name, kind_name)) {
        mgr_refuse(&error, MGR_REFUSE_CERTIFICATE_UNKNOWN, kind_name, name, NULL);
        mgr_call_fail(call, error);
        return;
    }
    revocation = g_new(Revocation, 1);
    *revocation = (Revocation){ calls, call, g_strdup(name), hl_clock_wall() };
    set = hl_write_set_new();
    mgr_write_revocations(set, name, NULL, revocation->at);
    mgr_call_commit(call, calls->parts.record, set, &kind, revocation);
}

static void call_monitor_revoke(MgrCall *call, gpointer user)
{
    revoke_all(call, user, hl_cert_kind_name(HL_CERT_MONITOR));
}

static void call_console_revoke(MgrCall *call, gpointer user)
{
    revoke_all(call, user, hl_cert_kind_name(HL_CERT_CONSOLE));
}

static const MgrCallRow rows[] = {
    { "console create", "name csr", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_console_create },
    { "console list", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_console_list },
    { "console renew", "csr", "authorities", MGR_NEED_CONSOLE, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_console_renew },
    { "console revoke", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_console_revoke },
    { "monitor create", "name csr", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_monitor_create },
    { "monitor renew", "csr", "authorities", MGR_NEED_MONITOR, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_monitor_renew },
    { "monitor list", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_monitor_list },
    { "monitor revoke", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_monitor_revoke },
    { "admin create", "name csr", "role groups", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_admin_create },
    { "admin list", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_admin_list },
    { "account renew", "name csr", "authorities", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_account_renew },
    { "account certificate", "name csr", "replace", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD,
      call_account_certificate },
    { .name = NULL },
};

MgrCertificateCalls *mgr_certificate_calls_new(const MgrCertificateCallsOptions *options, MgrDispatch *dispatch)
{
    MgrCertificateCalls *calls = g_new0(MgrCertificateCalls, 1);

    calls->parts = *options;
    calls->listings = mgr_listings_new(options->pki);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_certificate_calls_free(MgrCertificateCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_listings_free(calls->listings);
    g_free(calls);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/account_calls.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/pki/cert.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/ended.h"
#include "manager/daemon/calls/listings.h"
#include "manager/daemon/calls/pass_document.h"
#include "manager/daemon/ground/scope.h"
#include "manager/site/site.h"
#include "proto/bounds.h"

struct MgrAccountCalls {
    MgrAccountCallsOptions parts;
    MgrListings *listings;
};

/* ------------------------------------------------------------------------------------------------------- list, show */

static json_t *certificate_document(const MgrFleet *fleet, const MgrCertificateRecord *record)
{
    MgrCertificateState state = mgr_fleet_certificate_state(fleet, record);

    return json_pack("{s:s, s:o, s:o, s:s, s:o}", "serial", record->serial, "issued", hl_json_time(record->issued_at),
                     "expires", hl_json_time(record->expires_at), "state", mgr_certificate_state_name(state), "revoked",
                     hl_json_time(record->revoked_at));
}

/* Those of the account that are not revoked, and the end of the one that lasts longest (0: it has none that is of an
 * authority in force). */
static json_t *certificates_of(const MgrFleet *fleet, const char *name, HlTime *end)
{
    json_t *array = json_array();

    *end = 0;
    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL;
         record = record->next) {
        MgrCertificateState state = mgr_fleet_certificate_state(fleet, record);

        if (state == MGR_CERTIFICATE_REVOKED)
            continue;
        if (state != MGR_CERTIFICATE_AUTHORITY_ENDED)
            *end = MAX(*end, record->expires_at);
        json_array_append_new(array, certificate_document(fleet, record));
    }
    return array;
}

/* Behind the others those that were revoked, but for an earlier account's of the same name. */
static void add_revoked(const MgrFleet *fleet, const char *name, json_t *certificates)
{
    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL;
         record = record->next)
        if (record->revoked_at > 0 && mgr_accounts_did(fleet->accounts, name, record->revoked_at))
            json_array_append_new(certificates, certificate_document(fleet, record));
}

/* Whether it signs in with one-time codes too; null for those who are to know that of themselves alone. */
static json_t *codes_value(const MgrAccountCalls *calls, const MgrCaller *caller, const char *name)
{
    return caller->role == MGR_ROLE_OWNER || strcmp(caller->account, name) == 0
               ? json_boolean(mgr_passes_has_code(calls->parts.passes, name))
               : json_null();
}

static json_t *account_document(const MgrAccountCalls *calls, const MgrCaller *caller, const MgrAccountRecord *account)
{
    HlTime end;
    json_t *certificates = certificates_of(calls->parts.fleet, account->name, &end);
    const char *state = account->disabled_at != 0 ? "disabled" : "enabled";

    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "name", account->name, "role",
                     mgr_role_name(account->role), "groups", mgr_pass_groups(account->groups, caller), "state", state,
                     "disabled_at", hl_json_time(account->disabled_at), "created", hl_json_time(account->created_at),
                     "created_by", account->created_by, "note", account->note, "expires", hl_json_time(end), "codes",
                     codes_value(calls, caller, account->name), "certificates", certificates);
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrAccountCalls *calls = user;
    const MgrFleet *fleet = calls->parts.fleet;
    g_autoptr(GPtrArray) accounts = mgr_accounts_sorted(fleet->accounts);
    json_t *array = json_array();

    for (guint i = 0; i < accounts->len; i++)
        if (mgr_accounts_meets(accounts->pdata[i], mgr_call_caller(call)))
            json_array_append_new(array, account_document(calls, mgr_call_caller(call), accounts->pdata[i]));
    mgr_call_done_list(call, "accounts", array, NULL);
}

static const MgrAccountRecord *find_account(const MgrAccountCalls *calls, const MgrCall *call, GError **error)
{
    const char *name = mgr_call_argument(call, "name");
    const MgrAccountRecord *account = mgr_accounts_get(calls->parts.fleet->accounts, name);

    if (account != NULL &&
        (strcmp(name, mgr_call_admin(call)) == 0 || mgr_accounts_meets(account, mgr_call_caller(call))))
        return account;
    mgr_accounts_unknown_fail(calls->parts.fleet->accounts, mgr_call_caller(call), name, error);
    return NULL;
}

/* All that opens something in its name, and what did. */
static void call_show(MgrCall *call, gpointer user)
{
    const MgrAccountCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrAccountRecord *account = find_account(calls, call, &error);
    json_t *document;

    if (account == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    document = account_document(calls, mgr_call_caller(call), account);
    add_revoked(calls->parts.fleet, account->name, json_object_get(document, "certificates"));
    json_object_set_new(document, "tokens",
                        mgr_pass_documents(calls->parts.passes, MGR_PASS_TOKEN, account->name, call));
    mgr_call_done(call, document);
}

/* ----------------------------------------------------------------------------------------------------------- change */

/* An account on its way through the registry, from one state to another. */
typedef struct {
    MgrAccountCalls *calls;
    MgrCall *call;
    MgrAccountRecord before, after; /* before.name NULL: it is new; after.name NULL: it goes */
    HlTime at;
} Change;

static Change *change_new(MgrAccountCalls *calls, MgrCall *call, const MgrAccountRecord *before)
{
    Change *change = g_new0(Change, 1);

    change->calls = calls;
    change->call = call;
    change->at = hl_clock_wall();
    if (before != NULL) {
        mgr_account_record_copy(&change->before, before);
        mgr_account_record_copy(&change->after, before);
    }
    return change;
}

static void change_free(gpointer data)
{
    Change *change = data;

    mgr_account_record_clear(&change->before);
    mgr_account_record_clear(&change->after);
    g_free(change);
}

static bool lacks_group(const Change *change, GError **error)
{
    const char *text = change->after.name != NULL ? change->after.groups : "";
    g_autofree char *groups = mgr_account_groups(change->calls->parts.fleet, text, error);

    return groups == NULL;
}

/* What was written last is in memory by now: that tells which of the conditions did not hold. */
static void explain_conflict(const Change *change, GError **error)
{
    const char *name = mgr_call_argument(change->call, "name");
    const MgrAccountRecord *now = mgr_accounts_get(change->calls->parts.fleet->accounts, name);

    if (lacks_group(change, error))
        return;
    if (change->before.name == NULL)
        mgr_refuse(error, MGR_REFUSE_ACCOUNT_NAME_TAKEN, name, NULL);
    else if (now == NULL)
        mgr_refuse(error, MGR_REFUSE_ACCOUNT_DELETED, name, NULL);
    else if (!mgr_account_record_equal(now, &change->before))
        mgr_refuse(error, MGR_REFUSE_ACCOUNT_CHANGED, name, NULL);
    else
        mgr_refuse(error, MGR_REFUSE_ACCOUNT_LAST_OWNER, name, NULL);
}

static void fail_change(gpointer data, const GError *error)
{
    const Change *change = data;
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        explain_conflict(change, &why);
    mgr_call_fail(change->call, why != NULL ? why : error);
}

/* What the person may have copies of, and machines could still enrol with. */
static json_t *bundles_of(const MgrFleet *fleet, const char *name, HlTime now)
{
    json_t *array = json_array();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrTokenRecord *token = value;

        if (strcmp(token->created_by, name) == 0 && mgr_accounts_did(fleet->accounts, name, token->created_at) &&
            token->withdrawn_at == 0 && token->expires_at >= now && token->uses_left != 0)
            json_array_append_new(array, json_string(token->id));
    }
    return array;
}

/* Whose passwords and keys the person may have: with one that nobody else knows of they would be back. */
static json_t *accounts_of(const MgrFleet *fleet, const char *name)
{
    g_autoptr(GPtrArray) accounts = mgr_accounts_sorted(fleet->accounts);
    json_t *array = json_array();

    for (guint i = 0; i < accounts->len; i++) {
        const MgrAccountRecord *account = accounts->pdata[i];

        if (strcmp(account->created_by, name) == 0 && strcmp(account->name, name) != 0 && account->disabled_at == 0 &&
            mgr_accounts_did(fleet->accounts, name, account->created_at))
            json_array_append_new(array, json_string(account->name));
    }
    return array;
}

/* What does not end with the account; before it is gone. */
static void add_left(json_t *document, const MgrFleet *fleet, const char *name, HlTime now)
{
    json_object_set_new(document, "bundles", bundles_of(fleet, name, now));
    json_object_set_new(document, "accounts", accounts_of(fleet, name));
}

/* Of one that is disabled with what is left: machines and people could come in by it all the same. */
static json_t *after_document(const Change *change)
{
    const MgrAccountCalls *calls = change->calls;
    json_t *document = account_document(calls, mgr_call_caller(change->call), &change->after);

    if (change->after.disabled_at != 0)
        add_left(document, calls->parts.fleet, change->after.name, change->at);
    return document;
}

/* Where rights end, subscriptions of a session that began before would go on: so that ends too, before the answer. */
static void fold_end(const Change *change)
{
    MgrEvictionWaiter waiter = mgr_ended_waiter(change->call, change->after.name, after_document(change));

    mgr_pki_end_session(change->calls->parts.pki, change->after.name, &waiter);
}

static void fold_begin(const Change *change)
{
    const MgrAccountCalls *calls = change->calls;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) told = NULL;

    if (mgr_pki_publish(calls->parts.pki, &error)) {
        mgr_listings_answer(calls->listings, change->call, after_document(change));
        return;
    }
    mgr_refuse(&told, MGR_REFUSE_ACCOUNT_UNTOLD, change->after.name, error->message, NULL);
    told->code = (int)hl_error_code(error);
    mgr_call_fail(change->call, told);
}

static void fold_change(gpointer data)
{
    const Change *change = data;
    const MgrAccountRecord *before = &change->before;
    const MgrAccountRecord *after = &change->after;
    bool saw = before->name != NULL && mgr_account_sees_status(before);

    mgr_accounts_put(change->calls->parts.fleet->accounts, after);
    change->calls->parts.fleet->disablings += after->disabled_at != 0;
    change->calls->parts.fleet->named_changes++;
    mgr_passes_sweep(change->calls->parts.passes, change->at);
    hl_info("account", "%s is %s of %s, %s, by %s", after->name, mgr_role_name(after->role),
            *after->groups != '\0' ? after->groups : "all groups", after->disabled_at != 0 ? "disabled" : "enabled",
            mgr_call_admin(change->call));
    if ((saw && !mgr_account_sees_status(after)) || (after->disabled_at != 0 && before->disabled_at == 0))
        fold_end(change);
    else if (before->name != NULL && (before->disabled_at != 0 || (!saw && mgr_account_sees_status(after))))
        fold_begin(change);
    else
        mgr_call_done(change->call, after_document(change));
}

/* An owner who is no longer one, or is disabled, or goes: somebody else must be left. */
static bool takes_owner(const Change *change)
{
    const MgrAccountRecord *before = &change->before;
    const MgrAccountRecord *after = &change->after;

    return before->name != NULL && before->role == MGR_ROLE_OWNER && before->disabled_at == 0 &&
           (after->name == NULL || after->role != MGR_ROLE_OWNER || after->disabled_at != 0);
}

/* Takes the change. */
static void commit(Change *change, HlWriteSet *set, const MgrChangeKind *kind)
{
    if (takes_owner(change))
        mgr_write_owner_left(set, change->at);
    mgr_call_commit(change->call, change->calls->parts.record, set, kind, change);
}

static void commit_state(Change *change)
{
    static const MgrChangeKind kind = { fold_change, fail_change, change_free };
    HlWriteSet *set = hl_write_set_new();

    if (change->before.name == NULL)
        mgr_write_account(set, &change->after);
    else
        mgr_write_account_change(set, &change->before, &change->after);
    commit(change, set, &kind);
}

static bool parse_role(const char *text, MgrRole *role, GError **error)
{
    return mgr_role_parse(text, role) || mgr_refuse(error, MGR_REFUSE_ACCOUNT_NO_ROLE, text, NULL);
}

static bool check_note(const char *text, GError **error)
{
    if (strlen(text) > HL_MAX_TEXT)
        return mgr_refuse(error, MGR_REFUSE_NOTE_TOO_LONG, HL_NUMBER(strlen(text)), HL_NUMBER(HL_MAX_TEXT), NULL);
    return strchr(text, '\n') == NULL || mgr_refuse(error, MGR_REFUSE_NOTE_ONE_LINE, NULL);
}

/* Role, note and groups, as far as they are given. */
static bool take_arguments(const MgrAccountCalls *calls, const MgrCall *call, MgrAccountRecord *account, GError **error)
{
    const char *role = mgr_call_argument(call, "role");
    const char *note = mgr_call_argument(call, "note");
    const char *groups = mgr_call_argument(call, "groups");

    if (role != NULL && !parse_role(role, &account->role, error))
        return false;
    if (note != NULL && !check_note(note, error))
        return false;
    if (note != NULL)
        mgr_set_text(&account->note, note);
    if (groups != NULL) {
        g_free(account->groups);
        account->groups = mgr_account_groups(calls->parts.fleet, groups, error);
    }
    return account->groups != NULL && mgr_account_check_scope(account, error);
}

/* ------------------------------------------------------------------------------------------------------ create, set */

static bool check_new(const MgrAccountCalls *calls, const char *name, GError **error)
{
    const MgrFleet *fleet = calls->parts.fleet;

    if (!mgr_site_check_name(name, error))
        return false;
    if (mgr_accounts_get(fleet->accounts, name) != NULL)
        return mgr_refuse(error, MGR_REFUSE_ACCOUNT_EXISTS, name, NULL);
    return !mgr_fleet_has_live_name(fleet, name, NULL) ||
           mgr_refuse(error, MGR_REFUSE_ACCOUNT_CERTIFICATE_EXISTS, name, NULL);
}

static void call_create(MgrCall *call, gpointer user)
{
    MgrAccountCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;
    Change *change = change_new(calls, call, NULL);

    change->after = (MgrAccountRecord){ .name = g_strdup(name),
                                        .created_by = g_strdup(mgr_call_admin(call)),
                                        .note = g_strdup(""),
                                        .groups = g_strdup(""),
                                        .created_at = change->at };
    if (check_new(calls, name, &error) && take_arguments(calls, call, &change->after, &error)) {
        commit_state(change);
        return;
    }
    mgr_call_fail(call, error);
    change_free(change);
}

/* Nobody locks themselves out by mistake, and so one owner is always left who can undo it. */
static bool check_other(const MgrCall *call, const char *name, const char *what, GError **error)
{
    return strcmp(name, mgr_call_admin(call)) != 0 ||
           mgr_refuse(error, MGR_REFUSE_ACCOUNT_NOT_YOURSELF, name, what, NULL);
}

static bool check_something(const MgrCall *call, GError **error)
{
    return mgr_call_argument(call, "role") != NULL || mgr_call_argument(call, "note") != NULL ||
           mgr_call_argument(call, "groups") != NULL || mgr_refuse(error, MGR_REFUSE_ACCOUNT_WHAT, NULL);
}

static void call_set(MgrCall *call, gpointer user)
{
    MgrAccountCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrAccountRecord *account = find_account(calls, call, &error);
    Change *change = account != NULL ? change_new(calls, call, account) : NULL;

    if (change != NULL && check_something(call, &error) && take_arguments(calls, call, &change->after, &error) &&
        (!takes_owner(change) || check_other(call, account->name, "demote", &error))) {
        commit_state(change);
        return;
    }
    mgr_call_fail(call, error);
    if (change != NULL)
        change_free(change);
}

/* -------------------------------------------------------------------------------------------------- disable, enable */

static void call_disable(MgrCall *call, gpointer user)
{
    MgrAccountCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrAccountRecord *account = find_account(calls, call, &error);
    Change *change;

    if (account == NULL || !check_other(call, account->name, N_("disable"), &error)) {
        mgr_call_fail(call, error);
        return;
    }
    change = change_new(calls, call, account);
    if (account->disabled_at == 0)
        change->after.disabled_at = change->at;
    commit_state(change);
}

static void call_enable(MgrCall *call, gpointer user)
{
    MgrAccountCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrAccountRecord *account = find_account(calls, call, &error);
    Change *change;

    if (account == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    change = change_new(calls, call, account);
    change->after.disabled_at = 0;
    commit_state(change);
}

/* ----------------------------------------------------------------------------------------------------------- delete */

static void fold_deletion(gpointer data)
{
    const Change *change = data;
    const MgrAccountCallsOptions *parts = &change->calls->parts;
    json_t *document = mgr_ended_document(mgr_pki_list(parts->pki));
    MgrEvictionWaiter waiter = mgr_ended_waiter(change->call, change->before.name, document);

    add_left(document, parts->fleet, change->before.name, change->at);
    mgr_accounts_remove(parts->fleet->accounts, change->before.name);
    mgr_passes_sweep(parts->passes, change->at);
    hl_info("account", "%s is deleted by %s", change->before.name, mgr_call_admin(change->call));
    mgr_pki_fold_revocations(parts->pki, change->before.name, NULL, change->at, &waiter);
}

static void call_delete(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_deletion, fail_change, change_free };
    MgrAccountCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrAccountRecord *account = find_account(calls, call, &error);
    HlWriteSet *set;
    Change *change;

    if (account == NULL || !check_other(call, account->name, N_("delete"), &error)) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    change = change_new(calls, call, account);
    mgr_account_record_clear(&change->after);
    mgr_write_account_removal(set, account->name);
    mgr_write_revocations(set, account->name, NULL, change->at);
    commit(change, set, &kind);
}

static const MgrCallRow rows[] = {
    { "account create", "name role", "groups note", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_create },
    { "account list", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_list },
    { "account show", "name", "", MGR_NEED_OTHERS, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_show },
    { "account set", "name", "role groups note", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_set },
    { "account disable", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_disable },
    { "account enable", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_enable },
    { "account delete", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_delete },
    { "admin revoke", "name", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_delete },
    { .name = NULL },
};

MgrAccountCalls *mgr_account_calls_new(const MgrAccountCallsOptions *options, MgrDispatch *dispatch)
{
    MgrAccountCalls *calls = g_new0(MgrAccountCalls, 1);

    calls->parts = *options;
    calls->listings = mgr_listings_new(options->pki);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_account_calls_free(MgrAccountCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_listings_free(calls->listings);
    g_free(calls);
}

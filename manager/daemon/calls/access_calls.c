/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/access_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/pki/digest.h"
#include "manager/core/meant.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/account_calls.h"
#include "manager/daemon/calls/audit_calls.h"
#include "manager/daemon/calls/certificate_calls.h"
#include "manager/daemon/calls/code_calls.h"
#include "manager/daemon/calls/session_calls.h"
#include "manager/daemon/calls/view_calls.h"
#include "manager/daemon/ground/selector.h"

#define BUNDLE_LIFETIME (7 * HL_DAY)
#define MAX_USES        1000000

struct MgrAccessCalls {
    MgrAccessCallsOptions parts;
    MgrAccountCalls *accounts;
    MgrCertificateCalls *certificates;
    MgrAuditCalls *audit;
    MgrPasses *passes;
    MgrUses *uses;
    MgrStrangers *strangers;
    MgrSessionCalls *sessions;
    MgrCodeCalls *codes;
    MgrViewCalls *views;
};

/* What is given or taken back, on its way through the registry. */
typedef struct {
    MgrAccessCalls *calls;
    MgrCall *call;
    MgrTokenRecord token;
    char *secret; /* the token itself */
    char *name;   /* of what is withdrawn */
    HlTime at;
} Grant;

static Grant *grant_new(MgrAccessCalls *calls, MgrCall *call)
{
    Grant *grant = g_new0(Grant, 1);

    grant->calls = calls;
    grant->call = call;
    grant->at = mgr_fleet_latest(calls->parts.fleet); /* it lasts from the time that it should */
    return grant;
}

static void grant_free(gpointer change)
{
    Grant *grant = change;

    mgr_token_record_clear(&grant->token);
    g_free(grant->secret);
    g_free(grant->name);
    g_free(grant);
}

static void fail_grant(gpointer change, const GError *error)
{
    mgr_call_fail(((const Grant *)change)->call, error);
}

/* ---------------------------------------------------------------------------------------------------------- bundles */

static void fold_bundle(gpointer change)
{
    Grant *grant = change;
    MgrFleet *fleet = grant->calls->parts.fleet;
    MgrGroup *group = mgr_fleet_group(fleet, grant->token.group);
    const MgrTokenRecord *kept;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *expires = NULL;

    if (group == NULL) { /* deleted meanwhile; the registry deleted the token with it */
        mgr_refuse(&error, MGR_REFUSE_GROUP_DELETED, grant->token.group, NULL);
        mgr_call_fail(grant->call, error);
        return;
    }
    kept = mgr_fleet_add_token(fleet, &grant->token);
    text = mgr_bundle_print(&grant->calls->parts.bundle, group, kept, grant->secret);
    expires = hl_time_format(kept->expires_at);
    mgr_call_done(grant->call, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "id", kept->id, "group", kept->group,
                                         "group_display", mgr_group_shown(group), "endpoint", kept->endpoint, "uses",
                                         (json_int_t)kept->uses_left, "expires", expires, "bundle", text));
}

static bool parse_uses(const char *text, gint64 *uses, GError **error)
{
    *uses = 1;
    return text == NULL || g_ascii_string_to_signed(text, 10, 1, MAX_USES, uses, NULL) ||
           mgr_refuse(error, MGR_REFUSE_BUNDLE_USES, text, HL_NUMBER(MAX_USES), NULL);
}

/* For a group, or for one endpoint and the group that it belongs to; *endpoint is then its id. */
static const MgrGroup *find_bundle_group(const MgrAccessCalls *calls, MgrCall *call, const char **endpoint,
                                         GError **error)
{
    const char *name = mgr_call_argument(call, "group");
    const char *text = mgr_call_argument(call, "endpoint");
    const MgrGroup *group = NULL;
    const MgrEndpoint *found;

    *endpoint = "";
    if (name != NULL) {
        group = mgr_selector_group(calls->parts.fleet, mgr_call_caller(call), name, error);
        if (group == NULL || text == NULL)
            return group;
    }
    if (text == NULL) {
        mgr_refuse(error, MGR_REFUSE_BUNDLE_FOR_WHOM, NULL);
        return NULL;
    }
    found = mgr_selector_find_whole(calls->parts.fleet, mgr_call_caller(call), text, error);
    if (found == NULL)
        return NULL;
    if (group != NULL && group != found->group) {
        mgr_refuse(error, MGR_REFUSE_BUNDLE_OTHER_GROUP, found->record.id, found->record.group, group->record.name,
                   NULL);
        return NULL;
    }
    *endpoint = found->record.id;
    return found->group;
}

static bool check_uses(const char *endpoint, gint64 uses, GError **error)
{
    return *endpoint == '\0' || uses == 1 || mgr_refuse(error, MGR_REFUSE_BUNDLE_USES_ONE, endpoint, NULL);
}

static void call_bundle_create(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_bundle, fail_grant, grant_free };
    MgrAccessCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const char *endpoint;
    const MgrGroup *group = find_bundle_group(calls, call, &endpoint, &error);
    gint64 uses;
    HlTime lifetime;
    HlWriteSet *set;
    Grant *grant;

    if (group == NULL || !parse_uses(mgr_call_argument(call, "uses"), &uses, &error) ||
        !check_uses(endpoint, uses, &error) ||
        !mgr_call_duration(call, "expires", BUNDLE_LIFETIME, HL_SECOND, 365 * HL_DAY, &lifetime, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    grant = grant_new(calls, call);
    grant->secret = hl_token_new();
    grant->token = (MgrTokenRecord){ .id = hl_ident_new("b-"),
                                     .digest = hl_token_digest(grant->secret),
                                     .group = g_strdup(group->record.name),
                                     .endpoint = g_strdup(endpoint),
                                     .created_by = g_strdup(mgr_call_admin(call)),
                                     .uses_left = uses,
                                     .expires_at = grant->at + lifetime,
                                     .created_at = grant->at };
    set = hl_write_set_new();
    mgr_write_token(set, &grant->token);
    mgr_call_commit(call, calls->parts.record, set, &kind, grant);
}

/* A bundle of the caller's groups; one that is made for an endpoint which was moved out of them names that. */
static bool is_seen(const MgrAccessCalls *calls, const MgrCall *call, const MgrTokenRecord *token)
{
    const MgrCaller *caller = mgr_call_caller(call);

    return mgr_caller_sees(caller, token->group) &&
           (*token->endpoint == '\0' || mgr_selector_sees(calls->parts.fleet, caller, token->endpoint));
}

static json_t *bundle_document(const MgrFleet *fleet, const MgrTokenRecord *token, HlTime now)
{
    const MgrGroup *group = mgr_fleet_group(fleet, token->group);
    g_autofree char *expires = hl_time_format(token->expires_at);
    const char *state = token->withdrawn_at > 0   ? "withdrawn"
                        : token->expires_at < now ? "expired"
                        : token->uses_left == 0   ? "used up"
                                                  : "valid";

    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "id", token->id, "group", token->group,
                     "group_display", group != NULL ? mgr_group_shown(group) : token->group, "endpoint",
                     token->endpoint, "uses_left", (json_int_t)token->uses_left, "expires", expires, "created_by",
                     token->created_by, "state", state);
}

static void call_bundle_list(MgrCall *call, gpointer user)
{
    const MgrAccessCalls *calls = user;
    HlTime now = hl_clock_wall();
    json_t *array = json_array();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, calls->parts.fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (is_seen(calls, call, value))
            json_array_append_new(array, bundle_document(calls->parts.fleet, value, now));
    }
    mgr_call_done_list(call, "bundles", array, NULL);
}

static void fold_withdrawal(gpointer change)
{
    const Grant *grant = change;
    MgrTokenRecord *token = mgr_fleet_token(grant->calls->parts.fleet, grant->name);

    if (token != NULL)
        token->withdrawn_at = grant->at;
    mgr_call_done(grant->call, NULL);
}

static bool fail_unknown(const MgrAccessCalls *calls, const MgrCall *call, const char *id, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    MgrMeant meant;
    g_autofree char *near = NULL;

    mgr_meant_begin(&meant, id);
    g_hash_table_iter_init(&iter, calls->parts.fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_seen(calls, call, value))
            mgr_meant_consider(&meant, ((const MgrTokenRecord *)value)->id, NULL);
    near = mgr_meant_end(&meant);
    return near != NULL ? mgr_refuse(error, MGR_REFUSE_BUNDLE_NEAR, id, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_BUNDLE_UNKNOWN, id, NULL);
}

static void call_bundle_withdraw(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_withdrawal, fail_grant, grant_free };
    MgrAccessCalls *calls = user;
    const char *id = mgr_call_argument(call, "bundle");
    const MgrTokenRecord *token = mgr_fleet_token(calls->parts.fleet, id);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;
    Grant *grant;

    if (token == NULL || !is_seen(calls, call, token)) {
        fail_unknown(calls, call, id, &error);
        mgr_call_fail(call, error);
        return;
    }
    grant = grant_new(calls, call);
    grant->name = g_strdup(id);
    set = hl_write_set_new();
    mgr_write_token_withdrawal(set, id, grant->at);
    mgr_call_commit(call, calls->parts.record, set, &kind, grant);
}

static const MgrCallRow rows[] = {
    { "bundle create", "", "group endpoint uses expires", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE,
      call_bundle_create },
    { "bundle list", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_bundle_list },
    { "bundle withdraw", "bundle", "", MGR_NEED_MANAGE, MGR_SCOPE_GROUP, MGR_PROOF_NONE, call_bundle_withdraw },
    { .name = NULL },
};

/* Consoles hold for some seconds what they were told of a pass, and ask again now.  Nobody else is told whose it is. */
static void tell_consoles(gpointer status)
{
    mgr_status_server_event(status, MGR_EVENT_ACCOUNT, "", "", "");
}

MgrAccessCalls *mgr_access_calls_new(const MgrAccessCallsOptions *options, MgrDispatch *dispatch)
{
    MgrAccessCalls *calls = g_new0(MgrAccessCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    calls->passes =
        mgr_passes_new(&(MgrPassesOptions){ options->fleet, options->record, tell_consoles, options->status });
    mgr_dispatch_admit(dispatch, calls->passes);
    calls->uses = mgr_uses_new(options->fleet, options->record);
    mgr_dispatch_keep_uses(dispatch, calls->uses);
    calls->strangers =
        mgr_strangers_new(&(MgrStrangersOptions){ options->conf, options->fleet, options->record, options->pki });
    mgr_dispatch_meet(dispatch, calls->strangers);
    calls->sessions = mgr_session_calls_new(
        &(MgrSessionCallsOptions){ .fleet = options->fleet, .record = options->record, .passes = calls->passes },
        dispatch);
    calls->codes = mgr_code_calls_new(
        &(MgrCodeCallsOptions){ .fleet = options->fleet, .record = options->record, .passes = calls->passes },
        dispatch);
    calls->accounts = mgr_account_calls_new(
        &(MgrAccountCallsOptions){
            .fleet = options->fleet, .record = options->record, .pki = options->pki, .passes = calls->passes },
        dispatch);
    calls->views =
        mgr_view_calls_new(&(MgrViewCallsOptions){ .fleet = options->fleet, .record = options->record }, dispatch);
    calls->audit =
        mgr_audit_calls_new(&(MgrAuditCallsOptions){ .fleet = options->fleet, .record = options->record }, dispatch);
    calls->certificates =
        mgr_certificate_calls_new(&(MgrCertificateCallsOptions){ options->conf, options->fleet, options->record,
                                                                 options->pki, options->bundle.location },
                                  dispatch);
    return calls;
}

MgrPasses *mgr_access_calls_passes(const MgrAccessCalls *calls)
{
    return calls->passes;
}

void mgr_access_calls_free(MgrAccessCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_account_calls_free(calls->accounts);
    mgr_session_calls_free(calls->sessions);
    mgr_code_calls_free(calls->codes);
    mgr_view_calls_free(calls->views);
    mgr_uses_free(calls->uses);
    mgr_strangers_free(calls->strangers);
    mgr_passes_free(calls->passes);
    mgr_certificate_calls_free(calls->certificates);
    mgr_audit_calls_free(calls->audit);
    g_free(calls);
}

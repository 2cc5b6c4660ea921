/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/pass_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/pass_document.h"

/* Of the caller alone, or, for who reviews who may do what, of everybody. */
static void answer_list(MgrCall *call, gpointer user, MgrPassKind kind, const char *name)
{
    const MgrPassCalls *calls = user;
    bool reviews = mgr_role_may(mgr_call_caller(call)->role, MGR_NEED_AUDIT);
    json_t *list = mgr_pass_documents(calls->passes, kind, reviews ? NULL : mgr_call_admin(call), call);

    mgr_call_done_list(call, name, list, NULL);
}

static void call_list(MgrCall *call, gpointer user)
{
    answer_list(call, user, MGR_PASS_SESSION, "sessions");
}

static void call_token_list(MgrCall *call, gpointer user)
{
    answer_list(call, user, MGR_PASS_TOKEN, "tokens");
}

/* Of the caller's own, or, for an owner, of everybody's: who may see one may not end it for that. */
static const MgrPassRecord *find_pass(const MgrPassCalls *calls, const MgrCall *call, MgrPassKind kind, const char *id)
{
    const char *whose = mgr_call_caller(call)->role == MGR_ROLE_OWNER ? NULL : mgr_call_admin(call);
    g_autoptr(GPtrArray) list = mgr_passes_list(calls->passes, kind, whose, hl_clock_wall());

    for (guint i = 0; id != NULL && i < list->len; i++)
        if (strcmp(((const MgrPassRecord *)list->pdata[i])->id, id) == 0)
            return list->pdata[i];
    return NULL;
}

static const MgrPassRecord *pass_of(const MgrPassCalls *calls, const MgrCall *call)
{
    const MgrPassRecord *session = find_pass(calls, call, MGR_PASS_SESSION, mgr_call_pass(call));

    return session != NULL ? session : find_pass(calls, call, MGR_PASS_TOKEN, mgr_call_pass(call));
}

/* Who it is: of a session or token, and of who has a certificate. */
static void call_show(MgrCall *call, gpointer user)
{
    MgrPasses *passes = ((const MgrPassCalls *)user)->passes;
    const MgrPassRecord *pass = pass_of(user, call);
    const MgrCaller *caller = mgr_call_caller(call);
    g_autofree char *groups = caller->groups != NULL ? g_strjoinv(",", caller->groups) : g_strdup("");
    json_t *document = pass != NULL ? mgr_pass_document(pass) : json_object();

    if (pass != NULL &&
        mgr_call_argument(call, "use") != NULL) /* somebody is at work, on what the console knows itself */
        mgr_passes_use(passes, pass, hl_clock_wall());
    /* as they are now: a token may have more than its account */
    json_object_set_new(document, "account", json_string(caller->account));
    json_object_set_new(document, "role", json_string(mgr_role_name(caller->role)));
    json_object_set_new(document, "groups", mgr_pass_groups(groups, NULL));
    json_object_set_new(document, "codes", json_boolean(mgr_passes_has_code(passes, caller->account)));
    mgr_call_done(call, document);
}

static int count(MgrPasses *passes, MgrPassKind kind, const char *account, HlTime now)
{
    g_autoptr(GPtrArray) list = mgr_passes_list(passes, kind, account, now);

    return (int)list->len;
}

json_t *mgr_pass_calls_ends(const MgrPassCalls *calls, const char *account, HlTime now)
{
    return json_pack("{s:i, s:i}", "sessions", count(calls->passes, MGR_PASS_SESSION, account, now), "tokens",
                     count(calls->passes, MGR_PASS_TOKEN, account, now));
}

/* One on its way out of the registry. */
typedef struct {
    const MgrPassCalls *calls;
    MgrCall *call;
    MgrPassRecord pass;
} Ending;

static void ending_free(gpointer item)
{
    Ending *ending = item;

    mgr_pass_record_clear(&ending->pass);
    g_free(ending);
}

static void fail_end(gpointer item, const GError *error)
{
    mgr_call_fail(((const Ending *)item)->call, error);
}

static void fold_end(gpointer item)
{
    Ending *ending = item;

    mgr_passes_remove(ending->calls->passes, ending->pass.hash);
    hl_info("session", "%s %s of %s is ended by %s", mgr_pass_kind_name(ending->pass.kind), ending->pass.id,
            ending->pass.account, mgr_call_admin(ending->call));
    mgr_call_done(ending->call, NULL);
}

static void end_pass(const MgrPassCalls *calls, MgrCall *call, const MgrPassRecord *pass)
{
    static const MgrChangeKind kind = { fold_end, fail_end, ending_free };
    Ending *ending = g_new0(Ending, 1);
    HlWriteSet *set = hl_write_set_new();

    ending->calls = calls;
    ending->call = call;
    mgr_pass_record_copy(&ending->pass, pass);
    if (pass->kind == MGR_PASS_TOKEN)
        mgr_write_token_end(set, pass->hash);
    else
        mgr_write_pass_end(set, pass->hash);
    mgr_call_commit(call, calls->record, set, &kind, ending);
}

static void end_named(MgrCall *call, gpointer user, MgrPassKind kind)
{
    const char *id = mgr_call_argument(call, "id");
    const MgrPassRecord *pass = find_pass(user, call, kind, id != NULL ? id : mgr_call_pass(call));
    bool is_itself = id == NULL || g_strcmp0(id, mgr_call_pass(call)) == 0;
    g_autoptr(GError) error = NULL;

    if (mgr_call_is_token(call) && !is_itself) { /* it may have fewer rights than what it would end */
        mgr_refuse(&error, MGR_REFUSE_PASS_TOKEN, NULL);
        mgr_call_refuse(call, error);
        return;
    }
    if (pass != NULL) {
        end_pass(user, call, pass);
        return;
    }
    if (id == NULL)
        mgr_refuse(&error, MGR_REFUSE_SESSION_WHICH, NULL);
    else
        mgr_refuse(&error, MGR_REFUSE_PASS_UNKNOWN, mgr_pass_kind_name(kind), id, NULL);
    mgr_call_fail(call, error);
}

static void call_end(MgrCall *call, gpointer user)
{
    end_named(call, user, MGR_PASS_SESSION);
}

static void call_token_delete(MgrCall *call, gpointer user)
{
    end_named(call, user, MGR_PASS_TOKEN);
}

static const MgrCallRow rows[] = {
    { "session show", "", "use", MGR_NEED_READ, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_show },
    { "session list", "", "", MGR_NEED_READ, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_list },
    { "session end", "", "id", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_end },
    { "token list", "", "", MGR_NEED_READ, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_token_list },
    { "token delete", "id", "", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_token_delete },
    { .name = NULL },
};

void mgr_pass_calls_add(MgrPassCalls *calls, MgrDispatch *dispatch)
{
    mgr_dispatch_add(dispatch, rows, calls);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/pattern_calls.h"

struct MgrPatternCalls {
    MgrPatternCallsOptions parts;
};

static void call_list(MgrCall *call, gpointer user)
{
    const MgrPatternCalls *calls = user;

    mgr_call_done(call, mgr_patterns_document(calls->parts.patterns, mgr_call_caller(call)));
}

static void on_progress(guint percent, const char *what, gpointer user)
{
    mgr_call_progress(user, json_pack("{s:i, s:s}", "percent", (int)percent, "what", what));
}

static void on_synced(const json_t *end, gpointer user)
{
    mgr_call_done(user, json_deep_copy(end));
}

static void on_failed(const GError *error, gpointer user)
{
    mgr_call_fail(user, error);
}

static void call_sync(MgrCall *call, gpointer user)
{
    const MgrPatternCalls *calls = user;
    MgrPatternsWaiter waiter = { on_progress, on_synced, on_failed, call };
    g_autoptr(GError) error = NULL;

    if (!mgr_patterns_sync(calls->parts.patterns, &waiter, &error))
        mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "pattern list", "", "", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_list },
    { "pattern sync", "", "", MGR_NEED_MANAGE, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_sync },
    { .name = NULL },
};

MgrPatternCalls *mgr_pattern_calls_new(const MgrPatternCallsOptions *options, MgrDispatch *dispatch)
{
    MgrPatternCalls *calls = g_new0(MgrPatternCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_pattern_calls_free(MgrPatternCalls *calls)
{
    g_free(calls);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/pass_document.h"

#include <string.h>

#include "manager/core/signin.h"

static json_t *time_value(HlTime wall)
{
    g_autofree char *text = hl_time_format(wall);

    return json_string(text);
}

json_t *mgr_pass_groups(const char *groups, const MgrCaller *caller)
{
    g_auto(GStrv) names = g_strsplit(groups, ",", -1);
    json_t *array = json_array();

    for (gsize i = 0; names[i] != NULL; i++)
        if (*names[i] != '\0' && mgr_caller_sees(caller, names[i]))
            json_array_append_new(array, json_string(names[i]));
    return array;
}

/* A token that was never used has no last use; a session is used by the sign-in. */
static json_t *last_use(const MgrPassRecord *pass)
{
    bool is_unused = pass->kind == MGR_PASS_TOKEN && pass->used_at <= pass->created_at;

    return is_unused ? json_null() : time_value(pass->used_at);
}

json_t *mgr_pass_document(const MgrPassRecord *pass)
{
    json_t *document = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "id", pass->id, "account", pass->account,
                                 "role", mgr_role_name(pass->role), "groups", mgr_pass_groups(pass->groups, NULL),
                                 "created", time_value(pass->created_at), "used", last_use(pass), "ends",
                                 time_value(pass->ends_at), "address", pass->address);

    if (pass->kind == MGR_PASS_TOKEN)
        json_object_set_new(document, "name", json_string(pass->name));
    else
        json_object_set_new(document, "idle_ms", json_integer((json_int_t)MGR_SESSION_IDLE));
    return document;
}

json_t *mgr_pass_documents(MgrPasses *passes, MgrPassKind kind, const char *account, const MgrCall *call)
{
    g_autoptr(GPtrArray) list = mgr_passes_list(passes, kind, account, hl_clock_wall());
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        const MgrPassRecord *pass = list->pdata[i];
        bool is_own = strcmp(pass->account, mgr_call_admin(call)) == 0; /* whatever it is limited to by now */
        const MgrCaller *caller = is_own ? NULL : mgr_call_caller(call);
        json_t *document;

        if (!mgr_passes_meet(passes, pass, caller))
            continue;
        document = mgr_pass_document(pass);
        json_object_set_new(document, "groups", mgr_pass_groups(pass->groups, caller));
        json_object_set_new(document, "is_this", json_boolean(g_strcmp0(pass->id, mgr_call_pass(call)) == 0));
        json_array_append_new(array, document);
    }
    return array;
}

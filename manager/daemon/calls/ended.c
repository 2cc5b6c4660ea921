/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/ended.h"

typedef struct {
    MgrCall *call;
    char *name;
    json_t *document;
} Ended;

static void ended_free(gpointer user)
{
    Ended *ended = user;

    json_decref(ended->document);
    g_free(ended->name);
    g_free(ended);
}

static void answer(const GError *problem, gpointer user)
{
    Ended *ended = user;

    if (problem == NULL)
        mgr_call_done(ended->call, g_steal_pointer(&ended->document));
    else
        mgr_call_fail(ended->call, problem);
}

json_t *mgr_ended_document(MgrList list)
{
    static const char *const names[] = {
        [MGR_LIST_ENFORCED] = "enforces",
        [MGR_LIST_TOLD] = "told",
        [MGR_LIST_UNTOLD] = "untold",
    };

    return json_pack("{s:s}", "broker", names[list]);
}

MgrEvictionWaiter mgr_ended_waiter(MgrCall *call, const char *name, json_t *document)
{
    Ended *ended = g_new(Ended, 1);

    *ended = (Ended){ call, g_strdup(name), document };
    return (MgrEvictionWaiter){ answer, ended, ended_free };
}

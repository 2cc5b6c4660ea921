/* Calls about the pattern repository. */
#include "manager/daemon/calls.h"
#include "manager/daemon/patterns.h"

static void call_list(MgrCall *call)
{
    mgr_call_done(call, mgr_patterns_document(call->manager));
}

const MgrCallRow mgr_calls_pattern[] = {
    { "pattern list", "", "", call_list },
    { "pattern sync", "", "", mgr_patterns_sync },
    { NULL, NULL, NULL, NULL },
};

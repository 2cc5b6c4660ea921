/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/reach.h"

#include <glib.h>
#include <string.h>

static const char *const names[MGR_REACH_N] = {
    [MGR_REACH_NOT_PROBED] = "not-probed", [MGR_REACH_REACHABLE] = "reachable", [MGR_REACH_REFUSED] = "refused",
    [MGR_REACH_TIMEOUT] = "timeout",       [MGR_REACH_NO_ROUTE] = "no-route",   [MGR_REACH_WRONG_HOST] = "wrong-host",
};

const char *mgr_reach_name(MgrReach reach)
{
    g_assert((unsigned)reach < MGR_REACH_N);
    return names[reach];
}

bool mgr_reach_parse(const char *name, MgrReach *reach)
{
    for (unsigned i = 0; i < MGR_REACH_N; i++) {
        if (strcmp(name, names[i]) == 0) {
            *reach = (MgrReach)i;
            return true;
        }
    }
    return false;
}

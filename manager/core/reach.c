/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/reach.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name, *phrase;
} words[MGR_REACH_N] = {
    [MGR_REACH_NOT_PROBED] = { "not-probed", "has not been dialled (not-probed)" },
    [MGR_REACH_REACHABLE] = { "reachable", "answered with this endpoint's certificate (reachable)" },
    [MGR_REACH_REFUSED] = { "refused", "refused the connection (refused)" },
    [MGR_REACH_TIMEOUT] = { "timeout", "did not answer (timeout)" },
    [MGR_REACH_NO_ROUTE] = { "no-route", "cannot be reached from the server (no-route)" },
    [MGR_REACH_WRONG_HOST] = { "wrong-host", "belongs to another machine as seen from the server (wrong-host)" },
};

const char *mgr_reach_name(MgrReach reach)
{
    g_assert((unsigned)reach < MGR_REACH_N);
    return words[reach].name;
}

const char *mgr_reach_phrase(MgrReach reach)
{
    g_assert((unsigned)reach < MGR_REACH_N);
    return words[reach].phrase;
}

bool mgr_reach_parse(const char *name, MgrReach *reach)
{
    for (unsigned i = 0; i < MGR_REACH_N; i++) {
        if (strcmp(name, words[i].name) == 0) {
            *reach = (MgrReach)i;
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reachability: what the last dial of an endpoint's registered address found.  Fed by the prober alone. */
#ifndef MANAGER_CORE_REACH_H
#define MANAGER_CORE_REACH_H

#include <stdbool.h>

typedef enum {
    MGR_REACH_NOT_PROBED,
    MGR_REACH_REACHABLE,  /* TLS was established, with this endpoint's own certificate */
    MGR_REACH_REFUSED,    /* the connection was reset or refused */
    MGR_REACH_TIMEOUT,    /* no answer within the deadline */
    MGR_REACH_NO_ROUTE,   /* no way to get there, including a malformed address */
    MGR_REACH_WRONG_HOST, /* something other than this endpoint answered: no TLS, or a different certificate */
    MGR_REACH_N,
} MgrReach;

/* "reachable", "no-route", ... */
const char *mgr_reach_name(MgrReach reach);
bool mgr_reach_parse(const char *name, MgrReach *reach);

#endif

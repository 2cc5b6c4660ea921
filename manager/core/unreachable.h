/* SPDX-License-Identifier: Apache-2.0 */
/* Unreachable networks (B13): which endpoints the server does not dial, and how they are judged instead.  Pure. */
#ifndef MANAGER_CORE_UNREACHABLE_H
#define MANAGER_CORE_UNREACHABLE_H

#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/base/network.h"

#define MGR_RANGES_MAX        256
#define MGR_RANGE_MINUTES_MAX 129600

typedef struct {
    HlNetwork *ranges;
    gsize n_ranges;            /* 0: the feature is off */
    int64_t heartbeat_minutes; /* n */
    int64_t poll_minutes;      /* m */
    int64_t offline_minutes;   /* k: shown Unreachable/Offline after so much silence */
} MgrUnreachable;

/* Each from 1 to 129,600 minutes, m >= 3 x n, k > n, at most MGR_RANGES_MAX ranges; the message names the rule that is
 * broken. */
bool mgr_unreachable_check(const MgrUnreachable *unreachable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether an endpoint with this address of its own (what it registered, before any NAT) is in a range.  Text that is
 * not an address is in none. */
bool mgr_unreachable_has(const MgrUnreachable *unreachable, const char *own_address);

#endif

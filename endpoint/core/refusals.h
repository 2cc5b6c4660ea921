/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what was refused, and decides when to report it: the first of a kind at once, then at most once a minute with
 * the count, so that flooding an endpoint with forged commands does not flood the registry.  Pure; mono time. */
#ifndef ENDPOINT_CORE_REFUSALS_H
#define ENDPOINT_CORE_REFUSALS_H

#include "lib/base/clock.h"

#define EP_REFUSAL_INTERVAL HL_MINUTE

typedef enum {
    EP_REFUSED_SETTINGS,
    EP_REFUSED_COMMAND,
    EP_REFUSED_CERTIFICATE,
    EP_REFUSED_SERVER, /* a ServerDocument */
    EP_REFUSED_N_WHATS,
} EpRefused;

typedef enum {
    EP_REFUSED_UNTRUSTED,
    EP_REFUSED_EXPIRED,
    EP_REFUSED_REPLAYED,
    EP_REFUSED_WRONG_ENDPOINT,
    EP_REFUSED_INVALID,
    EP_REFUSED_LIMIT,
    EP_REFUSED_COLLISION,
    EP_REFUSED_N_REASONS,
} EpRefusedReason;

/* "settings", "command", "certificate", "server"; "untrusted", "wrong-endpoint", ... as on the wire. */
const char *ep_refused_name(EpRefused what);
const char *ep_refused_reason_name(EpRefusedReason reason);

typedef struct {
    uint64_t count, reported;
    HlTime reported_at;
    char detail[200]; /* of the last one; clean UTF-8 */
    uint64_t counter; /* of the last one: that of the settings; 0: not known, or of something else */
} EpRefusal;

typedef struct {
    EpRefusal rows[EP_REFUSED_N_WHATS][EP_REFUSED_N_REASONS];
    uint64_t total;
} EpRefusals;

void ep_refusals_note(EpRefusals *refusals, EpRefused what, EpRefusedReason reason, uint64_t counter,
                      const char *detail);

/* The next kind to report now, which then counts as reported; false if there is none.  Call until false. */
bool ep_refusals_due(EpRefusals *refusals, HlTime now, EpRefused *what, EpRefusedReason *reason);

/* Whether something waits for its minute to pass. */
bool ep_refusals_waiting(const EpRefusals *refusals);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/late_renewal.h"

#include <string.h>

#include <glib.h>

#define LIFE_PART 10 /* between two certificates of an endpoint, as over the line; but ... */
#define MAX_PAUSE HL_HOUR

HlTime mgr_late_wait(const MgrLateFacts *facts)
{
    HlTime pause = MIN(facts->lifetime / LIFE_PART, MAX_PAUSE);
    HlTime past = facts->now - facts->last_issued;

    /* a server's clock that was set back keeps nobody out */
    return facts->last_issued == 0 || past < 0 ? 0 : MAX(pause - past, 0);
}

/* The proof comes first: who does not have the key learns nothing of the endpoint. */
MgrLateOutcome mgr_late_decide(const MgrLateFacts *facts)
{
    if (!facts->is_ours)
        return MGR_LATE_FOREIGN;
    if (!facts->is_proven)
        return MGR_LATE_UNPROVEN;
    if (!facts->is_registered)
        return MGR_LATE_UNKNOWN;
    if (facts->is_revoked)
        return MGR_LATE_REVOKED;
    if (facts->is_replaced)
        return MGR_LATE_REPLACED;
    if (facts->now - facts->ended > facts->grace)
        return MGR_LATE_TOO_LATE;
    if (facts->clock < facts->begin || facts->clock >= facts->end)
        return MGR_LATE_CLOCK;
    return mgr_late_wait(facts) > 0 ? MGR_LATE_TOO_SOON : MGR_LATE_GRANTED;
}

static const struct {
    const char *name;
    bool is_noted;
} outcomes[MGR_LATE_N] = {
    [MGR_LATE_GRANTED] = { "granted", true },    [MGR_LATE_FOREIGN] = { "foreign", false },
    [MGR_LATE_UNPROVEN] = { "unproven", false }, [MGR_LATE_UNKNOWN] = { "unknown", false },
    [MGR_LATE_REVOKED] = { "revoked", true },    [MGR_LATE_REPLACED] = { "replaced", true },
    [MGR_LATE_TOO_LATE] = { "too-late", true },  [MGR_LATE_CLOCK] = { "clock", true },
    [MGR_LATE_TOO_SOON] = { "too-soon", false },
};

const char *mgr_late_name(MgrLateOutcome outcome)
{
    return outcomes[outcome].name;
}

bool mgr_late_parse(const char *name, MgrLateOutcome *outcome)
{
    for (guint i = 0; i < MGR_LATE_N; i++) {
        if (strcmp(outcomes[i].name, name) != 0)
            continue;
        *outcome = (MgrLateOutcome)i;
        return true;
    }
    return false;
}

bool mgr_late_is_noted(MgrLateOutcome outcome)
{
    return outcomes[outcome].is_noted;
}

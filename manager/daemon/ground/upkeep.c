/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/upkeep.h"

#include "lib/base/process.h"
#include "manager/store/registry.h"

#define PRUNE_EVERY HL_HOUR
/* a fleet that connects at once takes half as much again for some seconds; at rest a call takes about a millisecond */
#define RETURN_EVERY (10 * HL_SECOND)

/* By what is forgotten for good: a clock that runs a year ahead for one start must not delete a year.  A day more than
 * the manager has been seen to live is believed; after a longer absence what is old goes at the next start. */
static HlTime believed_now(const MgrUpkeep *upkeep)
{
    HlTime now = hl_clock_wall();
    HlTime lived = upkeep->alive_before + (hl_clock_mono() - upkeep->started_mono) + HL_DAY;

    return upkeep->alive_before != 0 ? MIN(now, lived) : now;
}

void mgr_upkeep_tick(MgrUpkeep *upkeep)
{
    HlTime now = hl_clock_mono();

    if (now - upkeep->pruned_mono > PRUNE_EVERY) {
        HlTime believed = believed_now(upkeep);

        upkeep->pruned_mono = now;
        mgr_write_prune(mgr_record_background(upkeep->record), believed - upkeep->conf->retention,
                        believed - MAX(upkeep->conf->retention, upkeep->conf->grace));
    }
    if (now - upkeep->returned_mono > RETURN_EVERY) {
        upkeep->returned_mono = now;
        hl_process_return_memory();
    }
}

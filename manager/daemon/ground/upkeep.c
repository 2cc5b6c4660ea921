/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/upkeep.h"

#include "lib/base/process.h"
#include "manager/store/registry.h"

#define PRUNE_EVERY HL_HOUR
#define KEEP_EVERY  HL_MINUTE
/* a fleet that connects at once takes half as much again for some seconds; at rest a call takes about a millisecond */
#define RETURN_EVERY (10 * HL_SECOND)

/* At once, and then now and then: the next start goes on from there.  A clock that was set back takes nothing back. */
static void keep_lived(MgrUpkeep *upkeep, HlTime believed)
{
    upkeep->kept = MAX(MAX(believed, upkeep->kept), upkeep->fleet->lived.wall);
    mgr_write_counter(mgr_record_background(upkeep->record), "lived", (uint64_t)upkeep->kept);
}

void mgr_upkeep_tick(MgrUpkeep *upkeep)
{
    HlTime now = hl_clock_mono();

    if (now - upkeep->pruned_mono > PRUNE_EVERY) {
        HlTime believed = mgr_fleet_believed(upkeep->fleet);

        upkeep->pruned_mono = now;
        mgr_write_prune(mgr_record_background(upkeep->record), believed - upkeep->conf->retention,
                        believed - MAX(upkeep->conf->retention, upkeep->conf->grace));
    }
    if (upkeep->kept == 0 || now - upkeep->kept_mono > KEEP_EVERY) {
        upkeep->kept_mono = now;
        keep_lived(upkeep, mgr_fleet_believed(upkeep->fleet));
    }
    if (now - upkeep->returned_mono > RETURN_EVERY) {
        upkeep->returned_mono = now;
        hl_process_return_memory();
    }
}

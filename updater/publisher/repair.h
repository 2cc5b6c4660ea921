/* SPDX-License-Identifier: Apache-2.0 */
/* Repairing a repository from what is left of it: root from copies, other metadata from copies or signed again under a
 * higher version, targets from the publisher's history, a component's content by publishing it again.
 *
 * What clients trust already stays valid: no version goes back, and nothing is put into force that does not verify. */
#ifndef UPDATER_PUBLISHER_REPAIR_H
#define UPDATER_PUBLISHER_REPAIR_H

#include "updater/publisher/numbers.h"
#include "updater/publisher/readback.h"
#include "updater/publisher/rescue.h"

typedef struct {
    UpdRescue *rescue;
    bool restored;         /* from a backup: components' numbers go past all that may have been given out since */
    UpdNumbersAbove above; /* and past these, which clients have seen; only with restored */
} UpdRepair;

/* Goes as far as it can; rescue->lost counts what needs a person, each told by a note.  Reads everything back at the
 * end.  False: nothing more could be done, and *error says what to do instead. */
bool upd_repair(const UpdRepair *repair, UpdReadback *readback, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif

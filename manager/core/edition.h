/* SPDX-License-Identifier: Apache-2.0 */
/* Which state of something that has versions a caller has looked at: "7" of a person, or "7-TAG" of a program.
 *
 * After a restore the versions go on from those of the backup, so a number alone can mean two contents: the one that
 * was lost, and what was saved since.  A tag also has a mark that follows the clock.  Pure. */
#ifndef MANAGER_CORE_EDITION_H
#define MANAGER_CORE_EDITION_H

#include <glib.h>
#include <stdint.h>

typedef struct {
    uint64_t version;
    uint64_t mark; /* of the save that made it: its counter, or its time; no other save has both */
} MgrEdition;

typedef enum {
    MGR_EDITION_SAME,
    MGR_EDITION_OTHER,
    MGR_EDITION_MALFORMED,
} MgrEditionFit;

/* "7-18f3a2b4c1d".  Caller frees. */
char *mgr_edition_tag(MgrEdition edition);

/* Whether that is the edition: by its tag, or by its version alone. */
MgrEditionFit mgr_edition_fit(const char *expected, MgrEdition edition);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what all share (processes, rows of the spool, lines of the log) a user of the machine may use up by
 * scanning by hand.  One table (ration.c), one row a kind.
 *
 * A bucket for each user and one for all of them together, because one person may have thousands of user ids (subuid):
 * a whole burst at once, then as much as comes back with time.  Root is nobody's business here.  Pure; times are
 * mono. */
#ifndef ENDPOINT_CORE_RATION_H
#define ENDPOINT_CORE_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "lib/base/clock.h"

typedef enum {
    EP_RATION_SCANS, /* that are started */
    EP_RATION_FINDS, /* that are told of, and not only counted */
    EP_N_RATIONS,
} EpRationKind;

typedef struct {
    unsigned one, all; /* a whole burst, of one user and of all; comes back within `over` */
    HlTime over;
} EpRationRow;

const EpRationRow *ep_ration_row(EpRationKind kind);

typedef struct EpRation EpRation;

EpRation *ep_ration_new(void);
void ep_ration_free(EpRation *ration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpRation, ep_ration_free)

/* Takes one.  0: taken.  Else nothing was, and it is the time until there is one. */
HlTime ep_ration_take(EpRation *ration, EpRationKind kind, uint32_t uid, HlTime now);

/* Users that are remembered, because a bucket of theirs is not full; the bounds of all bound their number.  For tests.
 */
unsigned ep_ration_users(const EpRation *ration);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is, and when: a heap of items with one time each, so that a tick costs what is due and not what is
 * there.
 *
 * An item stands in it once at most, by a number that it holds itself (a guint, 0: not in it).  Times may come too
 * early, never too late: what moves a deadline back leaves the item where it is, and the owner, whose turn comes early,
 * finds nothing to do and puts it in again.  So a heartbeat, which does nothing else, costs a comparison.
 *
 * Pure; owned by one thread. */
#ifndef MANAGER_CORE_AGENDA_H
#define MANAGER_CORE_AGENDA_H

#include <glib.h>

#include "lib/base/clock.h"

#define MGR_AGENDA_NEVER G_MAXINT64

typedef struct {
    gsize place;  /* offset of the item's guint */
    GArray *heap; /* NULL: nothing was ever in it */
} MgrAgenda;

#define MGR_AGENDA_INIT(Type, member) ((MgrAgenda){ .place = G_STRUCT_OFFSET(Type, member) })

/* Its turn is at that time at the latest; nothing for MGR_AGENDA_NEVER, or if it is earlier already. */
void mgr_agenda_put(MgrAgenda *agenda, gpointer item, HlTime at);

/* Takes out the one that is due soonest; NULL: none is by now. */
gpointer mgr_agenda_take(MgrAgenda *agenda, HlTime now);

/* It is about to be freed, or has nothing more to do. */
void mgr_agenda_drop(MgrAgenda *agenda, gpointer item);

guint mgr_agenda_size(const MgrAgenda *agenda);
void mgr_agenda_clear(MgrAgenda *agenda);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is, of names that are visited again and again: each about once a minute, those that come first before
 * the others, and as many as are asked for.  Where more are due than that, every other turn goes to those that do not
 * come first, and the one that has waited longest is next.  Pure. */
#ifndef MANAGER_CORE_PATROL_H
#define MANAGER_CORE_PATROL_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define MGR_PATROL_EVERY  HL_MINUTE /* at most, from one visit to the next, while there are few */
#define MGR_PATROL_JITTER (15 * HL_SECOND)

typedef struct MgrPatrol MgrPatrol;

MgrPatrol *mgr_patrol_new(void);
void mgr_patrol_free(MgrPatrol *patrol);

/* The names from now on are those that are given between the two.  One that is new is visited within a minute: it was
 * visited just now; random: any number. */
void mgr_patrol_begin(MgrPatrol *patrol);
void mgr_patrol_give(MgrPatrol *patrol, const char *name, bool is_first, HlTime now, uint64_t random);
void mgr_patrol_end(MgrPatrol *patrol);

/* The name to visit now, which counts as visited; NULL: none is due.  Borrowed, until mgr_patrol_end. */
const char *mgr_patrol_next(MgrPatrol *patrol, HlTime now, uint64_t random);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrPatrol, mgr_patrol_free)

#endif

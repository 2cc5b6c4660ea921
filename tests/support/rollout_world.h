/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out among the parts of a manager, whose members are e-00, e-01, ...: time passes, and it is looked at. */
#ifndef TESTS_SUPPORT_ROLLOUT_WORLD_H
#define TESTS_SUPPORT_ROLLOUT_WORLD_H

#include "tests/support/manager_parts.h"

#define WORLD_MEMBERS 40 /* at most */

typedef struct {
    Parts *parts;
    char *id;                     /* of the roll-out */
    uint64_t seqs[WORLD_MEMBERS]; /* of the members' last reports */
} World;

/* e-00, ..., as a member; borrowed until the next call. */
const char *world_member(guint i);

/* A roll-out of so many members, of which the first are on line; rings of 10, 25 and 100 %, soak of a minute; where
 * there is a rate, silent after three. */
World *world_ringed(guint members, guint up, const char *rate);
void world_free(World *world);

/* Makes the parts, with so many endpoints, of which the first are on line. */
void world_fill(World *world, guint members, guint up);

/* NULL: it is over, and was let go. */
MgrLiveRollout *world_live(const World *world);

/* Second by second, with what is committed meanwhile. */
void world_pass(World *world, guint seconds);

/* A call that names the roll-out; its answer with this code.  To be decref'd. */
json_t *world_ask(World *world, const char *name, const char *code);

/* All that did not succeed are this, for this reason; there are such. */
void world_expect_why(World *world, const char *outcome, const char *why);

/* Those whose turn has come and who have not answered say this. */
void world_answer(World *world, HlCommandState state);

/* The versions that the member at a position has reported. */
void world_set_patterns(const World *world, guint position, const char *patterns);

/* What a manager that starts would read of roll-outs from the registry.  Caller frees. */
MgrRollouts *world_read_again(World *world);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

#endif

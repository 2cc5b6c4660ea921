/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-out of the settings of "office" among the parts of a manager; World.id is its own. */
#ifndef TESTS_SUPPORT_TRIAL_WORLD_H
#define TESTS_SUPPORT_TRIAL_WORLD_H

#include "tests/support/rollout_world.h"

#define TRIAL_MEMBERS 20

/* The first so many of its members are on line, and have the group's settings, with this "key=value".  Started, with
 * line.heartbeat=7m: rings of 5, 10 and 20, a minute of soak, five minutes until one is silent. */
World *trial_world_new(guint up, const char *setting);
/* Another one, answered with this code (""). */
void trial_start(World *world, const char *setting, const char *code);

/* Of the members as they were registered; valid until the next call. */
const char *trial_id(guint i);
/* Of the members in the order of their turns; borrowed. */
const char *trial_member(const World *world, guint position);
MgrGroup *trial_office(const World *world);

/* A call about it, answered with this code (""): the document, to be decref'd. */
json_t *trial_ask(World *world, const char *name, const char *code);
void trial_move(World *world, const char *id, const char *group);

/* What it should have it applies, and says so. */
void trial_apply(World *world, const char *id);
/* The same of those whose turn has come and who have not answered; of those that are on line. */
void trial_apply_all(World *world);
void trial_apply_all_up(World *world);
void trial_refuse(World *world, const char *id, const char *code, uint64_t counter);

/* It is under way, in this state, and so many have had their turn. */
void trial_expect(const World *world, MgrRolloutState state, guint issued);
guint trial_count(const World *world, MgrMember what);
/* A restart finds who is to have which settings, and under which number. */
void trial_expect_same(World *world);
/* What a manager that starts makes of its members: the same; of one, this. */
void trial_expect_same_counts(World *world);
void trial_expect_read_again(World *world, guint position, MgrMember member);

#endif

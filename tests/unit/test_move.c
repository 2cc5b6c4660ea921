/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core/move: the new place before the old one is given up; and a world in which both come and go, in which
 * nobody is ever stranded. */
#include "endpoint/core/move.h"

#define SPREAD (7 * HL_SECOND)

static EpMoveEffect step(EpMove *move, EpMoveEventKind kind, HlTime now, bool is_new_place, bool is_answered)
{
    EpMoveEvent event = { kind, now, SPREAD, is_new_place, is_answered, 2 };

    return ep_move_step(move, &event);
}

/* Offered at 0, trial at SPREAD. */
static EpMove in_trial(void)
{
    EpMove move = { 0 };

    g_assert_cmpint(step(&move, EP_MOVE_OFFERED, 0, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, SPREAD - 1, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, SPREAD, false, true), ==, EP_MOVE_BEGIN);
    g_assert_cmpint(move.state, ==, EP_MOVE_TRIAL);
    return move;
}

static void test_there_already(void)
{
    EpMove move = { 0 };

    g_assert_cmpint(step(&move, EP_MOVE_OFFERED, 0, true, true), ==, EP_MOVE_ADOPT);
    g_assert_cmpint(move.state, ==, EP_MOVE_NONE);
    /* a broker that lets it in is not the manager */
    g_assert_cmpint(step(&move, EP_MOVE_OFFERED, 0, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_UP, 1, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, 2, true, true), ==, EP_MOVE_ADOPT);
}

static void test_answers(void)
{
    EpMove move = in_trial();

    g_assert_cmpint(step(&move, EP_MOVE_FAILED, SPREAD, false, false), ==, EP_MOVE_STAY); /* the old link's end */
    g_assert_cmpint(step(&move, EP_MOVE_FAILED, SPREAD, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_UP, SPREAD + 1, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, SPREAD + 2, true, true), ==, EP_MOVE_ADOPT);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, HL_DAY, true, true), ==, EP_MOVE_STAY);
}

static void test_nobody_there(void)
{
    EpMove move = in_trial();
    HlTime now = SPREAD + 1;

    g_assert_cmpint(step(&move, EP_MOVE_FAILED, now, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_FAILED, now, true, false), ==, EP_MOVE_RETURN);
    g_assert_cmpint(move.state, ==, EP_MOVE_BACK);
    g_assert_cmpint(move.due, ==, now + SPREAD + EP_MOVE_RETRY_BASE);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, now + 1, false, true), ==, EP_MOVE_STAY);
    /* not while the old place is away as well */
    g_assert_cmpint(step(&move, EP_MOVE_TICK, move.due, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, move.due, false, true), ==, EP_MOVE_BEGIN);
    /* in the rotation of both the new one answered at last */
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, move.due, true, true), ==, EP_MOVE_ADOPT);
}

/* The program had just started, and drew from the time that it takes for granted, until the manager told its own. */
static void test_spread_told_later(void)
{
    EpMove move = { 0 };

    ep_move_resume(&move, 0, 0, HL_MINUTE);
    g_assert_cmpint(step(&move, EP_MOVE_SPREAD, 1, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, 1 + SPREAD);
    g_assert_cmpint(step(&move, EP_MOVE_SPREAD, 2, false, false), ==, EP_MOVE_STAY); /* never later */
    g_assert_cmpint(move.due, ==, 1 + SPREAD);
    ep_move_resume(&move, 1, 0, SPREAD); /* the pause after a trial that failed is another thing */
    g_assert_cmpint(step(&move, EP_MOVE_SPREAD, 1, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, SPREAD + EP_MOVE_RETRY_BASE);
    move = in_trial();
    g_assert_cmpint(step(&move, EP_MOVE_SPREAD, SPREAD + 1, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, SPREAD + EP_MOVE_TRIAL_TIME);
    move = (EpMove){ 0 };
    g_assert_cmpint(step(&move, EP_MOVE_SPREAD, 1, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.state, ==, EP_MOVE_NONE);
}

/* It was due before the manager had answered at the old place: it waits for that answer alone. */
static void test_postponed(void)
{
    EpMove move = { 0 };
    HlTime due;

    ep_move_resume(&move, 0, 0, 0);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, 0, false, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, EP_MOVE_POSTPONE);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, 2, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, 2 + SPREAD);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, 3, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, 2 + SPREAD);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, move.due, false, true), ==, EP_MOVE_BEGIN);
    /* one that was not due yet stays where it was drawn, and so does the end of a trial */
    due = move.due;
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, 10 * HL_SECOND, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, due);
    ep_move_resume(&move, 0, 0, HL_MINUTE);
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, 2, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, HL_MINUTE);
}

static void test_no_answer(void)
{
    EpMove move = in_trial();

    /* swallowed */
    g_assert_cmpint(step(&move, EP_MOVE_TICK, SPREAD + EP_MOVE_TRIAL_TIME - 1, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, SPREAD + EP_MOVE_TRIAL_TIME, true, false), ==, EP_MOVE_RETURN);
    /* let in, and no manager there */
    move = in_trial();
    g_assert_cmpint(step(&move, EP_MOVE_UP, SPREAD + 1, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, SPREAD + 1 + EP_MOVE_ANSWER_TIME);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, move.due, true, false), ==, EP_MOVE_RETURN);
}

/* The broker is started again between letting it in and the manager's answer. */
static void test_lost_before_the_answer(void)
{
    EpMove move = in_trial();
    HlTime due = SPREAD + 1 + EP_MOVE_ANSWER_TIME;

    g_assert_cmpint(step(&move, EP_MOVE_UP, SPREAD + 1, true, false), ==, EP_MOVE_STAY);
    for (int i = 0; i < 5; i++)
        g_assert_cmpint(step(&move, EP_MOVE_FAILED, SPREAD + 2 + i, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_UP, due - 2, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, due); /* one that lets it in and drops it gains no time by that */
    g_assert_cmpint(step(&move, EP_MOVE_ANSWERED, due - 1, true, true), ==, EP_MOVE_ADOPT);
    /* the next trial counts for itself */
    move = in_trial();
    g_assert_cmpint(step(&move, EP_MOVE_UP, SPREAD + 1, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, due, true, false), ==, EP_MOVE_RETURN);
    g_assert_cmpint(step(&move, EP_MOVE_TICK, move.due, false, true), ==, EP_MOVE_BEGIN);
    g_assert_cmpint(step(&move, EP_MOVE_FAILED, move.due, true, false), ==, EP_MOVE_STAY);
    g_assert_cmpint(step(&move, EP_MOVE_FAILED, move.due, true, false), ==, EP_MOVE_RETURN);
}

static void test_back_off(void)
{
    EpMove move;
    HlTime before = 0;

    ep_move_resume(&move, 0, 100, SPREAD);
    g_assert_cmpint(move.state, ==, EP_MOVE_WAITING);
    g_assert_cmpint(move.due, ==, 100 + SPREAD);
    for (uint32_t tries = 1; tries < 100; tries++) {
        ep_move_resume(&move, tries, 0, 0);
        g_assert_cmpint(move.state, ==, EP_MOVE_BACK);
        g_assert_cmpint(move.due, >=, before);
        g_assert_cmpint(move.due, <=, EP_MOVE_RETRY_CAP);
        before = move.due;
    }
    g_assert_cmpint(before, ==, EP_MOVE_RETRY_CAP);
    /* a newer list starts over */
    g_assert_cmpint(step(&move, EP_MOVE_OFFERED, 5, false, true), ==, EP_MOVE_STAY);
    g_assert_cmpint(move.due, ==, 5 + SPREAD);
    g_assert_cmpint(move.tries, ==, 0);
}

/* ------------------------------------------------------------------------------------------------------- the world */

/* One old and two new addresses, each of which answers or not; the line as the daemon makes it. */
typedef struct {
    EpMove move;
    bool old_answers, new_answers;
    bool is_up, at_new, has_adopted;
    guint turn; /* in the rotation */
    HlTime now;
    guint moves; /* connections that were given up on purpose */
} World;

static void feed(World *world, EpMoveEventKind kind)
{
    EpMoveEvent event = { kind, world->now, SPREAD, world->at_new, world->is_up, 2 };

    switch (ep_move_step(&world->move, &event)) {
    case EP_MOVE_STAY:
        break;
    case EP_MOVE_ADOPT:
        g_assert_true(world->is_up && world->at_new); /* never what has not answered */
        world->has_adopted = true;
        break;
    case EP_MOVE_BEGIN:
    case EP_MOVE_RETURN:
        world->is_up = false;
        world->turn = 0;
        world->moves++;
        break;
    }
}

/* Of the address whose turn it is. */
static bool is_new(const World *world)
{
    if (world->has_adopted || world->move.state == EP_MOVE_TRIAL)
        return true;
    return world->move.state != EP_MOVE_NONE && world->turn % 3 != 0;
}

static void second(World *world)
{
    world->now += HL_SECOND;
    if (world->is_up && !(world->at_new ? world->new_answers : world->old_answers))
        world->is_up = false;
    if (!world->is_up) {
        world->at_new = is_new(world);
        world->is_up = world->at_new ? world->new_answers : world->old_answers;
        world->turn++;
        if (world->is_up)
            feed(world, EP_MOVE_UP);
        feed(world, world->is_up ? EP_MOVE_ANSWERED : EP_MOVE_FAILED);
    }
    feed(world, EP_MOVE_TICK);
}

static void run(World *world, HlTime duration)
{
    for (HlTime end = world->now + duration; world->now < end;)
        second(world);
}

static void test_world_moves(void)
{
    World world = { .old_answers = true, .new_answers = true, .is_up = true };

    feed(&world, EP_MOVE_OFFERED);
    run(&world, HL_MINUTE);
    g_assert_true(world.has_adopted && world.is_up);
    g_assert_cmpuint(world.moves, ==, 1);
    world.old_answers = false;
    run(&world, HL_HOUR);
    g_assert_true(world.is_up);
}

/* A wrong list costs a few seconds now and then, and no more. */
static void test_world_wrong_list(void)
{
    World world = { .old_answers = true, .is_up = true };
    guint away = 0;

    feed(&world, EP_MOVE_OFFERED);
    for (guint i = 0; i < 24 * 3600; i++) {
        second(&world);
        away += !world.is_up;
    }
    g_assert_false(world.has_adopted);
    g_assert_true(world.is_up);
    g_assert_cmpuint(away, <, 60);
    /* and is followed once it is true */
    world.new_answers = true;
    run(&world, EP_MOVE_RETRY_CAP + HL_MINUTE);
    g_assert_true(world.has_adopted);
}

/* The old place is closed in the middle, or before the trial, or by somebody who believed a wrong list. */
static void test_world_closed_early(void)
{
    for (HlTime closed = 0; closed < 30 * HL_SECOND; closed += HL_SECOND) {
        World world = { .old_answers = true, .is_up = true };

        feed(&world, EP_MOVE_OFFERED);
        run(&world, closed);
        world.old_answers = false;
        run(&world, 2 * HL_HOUR);
        g_assert_false(world.has_adopted);
        if (closed % 2 == 0) {
            world.new_answers = true;
            run(&world, HL_MINUTE);
            g_assert_true(world.has_adopted && world.is_up);
        } else {
            world.old_answers = true;
            run(&world, HL_MINUTE);
            g_assert_true(world.is_up && !world.at_new);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/move/there-already", test_there_already);
    g_test_add_func("/move/answers", test_answers);
    g_test_add_func("/move/nobody-there", test_nobody_there);
    g_test_add_func("/move/spread-told-later", test_spread_told_later);
    g_test_add_func("/move/postponed", test_postponed);
    g_test_add_func("/move/no-answer", test_no_answer);
    g_test_add_func("/move/lost-before-the-answer", test_lost_before_the_answer);
    g_test_add_func("/move/back-off", test_back_off);
    g_test_add_func("/move/world/moves", test_world_moves);
    g_test_add_func("/move/world/wrong-list", test_world_wrong_list);
    g_test_add_func("/move/world/closed-early", test_world_closed_early);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* proto/command: names, numbers, and which state may follow or correct which. */
#include "proto/command.h"

/* A presumed end may be corrected, what the endpoint did may not; and no chain of corrections comes back. */
static void test_command_corrections(void)
{
    for (HlCommandState from = HL_STATE_UNKNOWN; from < HL_N_STATES; from++) {
        for (HlCommandState to = HL_STATE_UNKNOWN; to < HL_N_STATES; to++) {
            bool presumed = from == HL_STATE_EXPIRED || from == HL_STATE_TIMED_OUT || from == HL_STATE_CANCELLED;
            bool done = to == HL_STATE_SUCCEEDED || to == HL_STATE_FAILED || to == HL_STATE_REJECTED;

            if (presumed && done)
                g_assert_true(hl_command_state_may_correct(from, to));
            if (!presumed || !hl_command_state_is_final(to) || from == to)
                g_assert_false(hl_command_state_may_correct(from, to));
            for (HlCommandState next = HL_STATE_UNKNOWN; next < HL_N_STATES; next++)
                g_assert_false(hl_command_state_may_correct(from, to) && hl_command_state_may_correct(to, next) &&
                               (next == from || hl_command_state_may_correct(next, from)));
        }
    }
}

/* Forward only, never out of a final state; progress repeats "started". */
static void test_command_states(void)
{
    for (HlCommandState from = HL_STATE_QUEUED; from < HL_N_STATES; from++) {
        for (HlCommandState to = HL_STATE_QUEUED; to < HL_N_STATES; to++)
            g_assert_cmpint(hl_command_state_may_follow(from, to), ==,
                            from < HL_STATE_SUCCEEDED && (to > from || (to == from && to == HL_STATE_STARTED)));
        g_assert_false(hl_command_state_may_follow(from, HL_STATE_UNKNOWN));
        g_assert_cmpint(hl_command_state_from_name(hl_command_state_name(from)), ==, from);
        g_assert_cmpint(hl_command_state_from_wire((int)hl_command_state_to_wire(from)), ==, from);
        g_assert_cmpint(hl_command_state_is_final(from), ==, from >= HL_STATE_SUCCEEDED);
    }
    for (HlCommandKind kind = HL_KIND_UPDATE_NOW; kind < HL_N_KINDS; kind++) {
        g_assert_cmpint(hl_command_kind_from_name(hl_command_kind_name(kind)), ==, kind);
        g_assert_cmpint(hl_command_kind_from_wire((int)hl_command_kind_to_wire(kind)), ==, kind);
    }
    /* a later version's word or number, and none at all */
    g_assert_cmpint(hl_command_state_from_name("running"), ==, HL_STATE_UNKNOWN);
    g_assert_cmpint(hl_command_state_from_name("unknown"), ==, HL_STATE_UNKNOWN);
    g_assert_cmpint(hl_command_kind_from_name(""), ==, HL_KIND_UNKNOWN);
    for (int other = -1; other <= HL_N_STATES; other += HL_N_STATES + 1)
        g_assert_cmpint(hl_command_state_from_wire(other), ==, HL_STATE_UNKNOWN);
    g_assert_cmpint(hl_command_kind_from_wire(99), ==, HL_KIND_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/command/states", test_command_states);
    g_test_add_func("/command/corrections", test_command_corrections);
    return g_test_run();
}

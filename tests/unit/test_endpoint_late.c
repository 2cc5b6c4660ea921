/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core/late: when an endpoint asks for another certificate after the end of its own, and how often. */
#include <glib.h>

#include "endpoint/core/late.h"

#define NOW  ((HlTime)1795385700 * HL_SECOND)
#define MONO (100 * HL_HOUR)

/* 90 days, of which the last was yesterday; the line was tried once. */
static const EpLateFacts ended = {
    .dates = { NOW - 91 * HL_DAY, NOW - HL_DAY, 0 }, .now = NOW, .mono = MONO, .failed = 1
};

static EpLate fresh(void)
{
    return (EpLate){ .backoff = HL_BACKOFF_INIT(HL_SECOND, 5 * HL_MINUTE) };
}

static void test_when(void)
{
    static const struct {
        const char *what;
        HlTime begin, end; /* before and after now */
        uint64_t failed;
        bool is_up, asks, is_over;
    } rows[] = {
        { "it has ended", 91 * HL_DAY, -HL_DAY, 1, false, true, false },
        { "it ends now", 90 * HL_DAY, 0, 1, false, true, false },
        { "a broker takes it all the same", 91 * HL_DAY, -HL_DAY, 0, true, false, false },
        { "nothing was tried yet", 91 * HL_DAY, -HL_DAY, 0, false, false, false },
        { "it is good, and the line is down", 10 * HL_DAY, 80 * HL_DAY, 1000, false, false, false },
        { "its last third, and one failure", 80 * HL_DAY, 10 * HL_DAY, 2, false, false, false },
        { "its last third: is the own clock slow?", 80 * HL_DAY, 10 * HL_DAY, 3, false, true, false },
        { "not valid yet: the own clock is slow", -HL_DAY, 91 * HL_DAY, 3, false, true, false },
        { "what it trusts has ended: is the server another one?", 10 * HL_DAY, 80 * HL_DAY, 3, false, true, true },
        { "the same, and two failures", 10 * HL_DAY, 80 * HL_DAY, 2, false, false, true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        EpLate late = fresh();
        EpLateFacts facts = { .dates = { NOW - rows[i].begin, NOW + rows[i].end, 0 },
                              .now = NOW,
                              .mono = MONO,
                              .is_line_up = rows[i].is_up,
                              .is_authority_over = rows[i].is_over,
                              .failed = rows[i].failed };

        g_test_message("%s", rows[i].what);
        g_assert_cmpint(ep_late_step(&late, &facts), ==, rows[i].asks);
    }
}

static void test_one_at_a_time(void)
{
    EpLate late = fresh();

    g_assert_true(ep_late_step(&late, &ended));
    g_assert_false(ep_late_step(&late, &ended));
    ep_late_answered(&late, EP_LATE_UNREACHED, 0, MONO, 0);
    g_assert_false(ep_late_step(&late, &ended)); /* a second, even where chance says at once */
}

/* Not before, and then. */
static void check_pause(EpLateOutcome outcome, HlTime wait, uint64_t random, HlTime pause)
{
    EpLate late = fresh();
    EpLateFacts facts = ended;

    g_assert_true(ep_late_step(&late, &facts));
    ep_late_answered(&late, outcome, wait, MONO, random);
    facts.mono = MONO + pause - 1;
    g_assert_false(ep_late_step(&late, &facts));
    facts.mono = MONO + pause;
    g_assert_true(ep_late_step(&late, &facts));
}

static void test_pauses(void)
{
    check_pause(EP_LATE_UNREACHED, 0, 0, HL_SECOND);
    check_pause(EP_LATE_LATER, 40 * HL_MINUTE, 0, 40 * HL_MINUTE);
    check_pause(EP_LATE_LATER, 40 * HL_DAY, 0, HL_HOUR); /* nobody sends it away for ever */
    check_pause(EP_LATE_LATER, -5, 0, HL_SECOND);
    check_pause(EP_LATE_VALID, 3 * HL_MINUTE, 0, 3 * HL_MINUTE); /* its end, by the server's clock */
    check_pause(EP_LATE_VALID, 30 * HL_DAY, 0, HL_HOUR);
    check_pause(EP_LATE_CLOCK, 0, 0, 5 * HL_MINUTE);
    check_pause(EP_LATE_REFUSED, 0, 0, HL_HOUR);
    check_pause(EP_LATE_REFUSED, 0, 30 * HL_MINUTE, 90 * HL_MINUTE); /* spread */
    check_pause(EP_LATE_GRANTED, 0, 0, 10 * HL_MINUTE);
}

/* While nobody answers each pause may be twice as long, up to the line's longest; a line that comes up ends that. */
static void test_backoff(void)
{
    EpLate late = fresh();
    EpLateFacts facts = ended;

    for (int i = 0; i < 20; i++) {
        g_assert_true(ep_late_step(&late, &facts));
        ep_late_answered(&late, EP_LATE_UNREACHED, 0, facts.mono, 5 * HL_MINUTE);
        g_assert_cmpint(late.due - facts.mono, <=, 5 * HL_MINUTE);
        facts.mono = late.due;
    }
    facts.is_line_up = true;
    g_assert_false(ep_late_step(&late, &facts));
    facts.is_line_up = false;
    g_assert_true(ep_late_step(&late, &facts));
    ep_late_answered(&late, EP_LATE_UNREACHED, 0, facts.mono, 5 * HL_MINUTE);
    g_assert_cmpint(late.due - facts.mono, <=, 2 * HL_SECOND);
}

static void test_outcomes(void)
{
    g_assert_cmpint(ep_late_outcome(""), ==, EP_LATE_GRANTED);
    g_assert_cmpint(ep_late_outcome("denied"), ==, EP_LATE_REFUSED);
    g_assert_cmpint(ep_late_outcome("expired"), ==, EP_LATE_REFUSED);
    g_assert_cmpint(ep_late_outcome("untrusted"), ==, EP_LATE_REFUSED);
    g_assert_cmpint(ep_late_outcome("invalid"), ==, EP_LATE_CLOCK);
    g_assert_cmpint(ep_late_outcome("unavailable"), ==, EP_LATE_LATER);
    g_assert_cmpint(ep_late_outcome("limit"), ==, EP_LATE_LATER);
    g_assert_cmpint(ep_late_outcome("of a later version"), ==, EP_LATE_LATER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/late/when", test_when);
    g_test_add_func("/endpoint/late/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/endpoint/late/pauses", test_pauses);
    g_test_add_func("/endpoint/late/backoff", test_backoff);
    g_test_add_func("/endpoint/late/outcomes", test_outcomes);
    return g_test_run();
}

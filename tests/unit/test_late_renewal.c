/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/late_renewal: whose certificate may be renewed after its end.  The table names every outcome. */
#include <glib.h>

#include "manager/core/late_renewal.h"

#define NOW ((HlTime)1795385700 * HL_SECOND)

/* An endpoint that was away for 40 days more than its certificate lasted. */
static const MgrLateFacts good = { .is_ours = true,
                                   .is_proven = true,
                                   .is_registered = true,
                                   .ended = NOW - 40 * HL_DAY,
                                   .now = NOW,
                                   .grace = 90 * HL_DAY,
                                   .clock = NOW + HL_MINUTE,
                                   .begin = NOW - 1000 * HL_DAY,
                                   .end = NOW + 90 * HL_DAY,
                                   .last_issued = NOW - 130 * HL_DAY,
                                   .lifetime = 90 * HL_DAY };

static void none(MgrLateFacts *facts G_GNUC_UNUSED)
{
}

static void foreign(MgrLateFacts *facts)
{
    facts->is_ours = false;
}

static void unproven(MgrLateFacts *facts)
{
    facts->is_proven = false;
}

static void unknown(MgrLateFacts *facts)
{
    facts->is_registered = false;
}

static void revoked(MgrLateFacts *facts)
{
    facts->is_revoked = true;
}

static void replaced(MgrLateFacts *facts)
{
    facts->is_replaced = true;
}

static void last_moment(MgrLateFacts *facts)
{
    facts->ended = NOW - facts->grace;
}

static void too_late(MgrLateFacts *facts)
{
    facts->ended = NOW - facts->grace - 1;
}

static void no_grace(MgrLateFacts *facts)
{
    facts->grace = 0;
}

static void not_ended(MgrLateFacts *facts)
{
    facts->ended = NOW + HL_DAY;
    facts->grace = 0;
}

static void years_behind(MgrLateFacts *facts)
{
    facts->clock = NOW - 900 * HL_DAY;
}

static void before_the_site(MgrLateFacts *facts)
{
    facts->clock = facts->begin - 1;
}

static void weeks_ahead(MgrLateFacts *facts)
{
    facts->clock = facts->end - 1;
}

static void too_far_ahead(MgrLateFacts *facts)
{
    facts->clock = facts->end;
}

static void absurd_clock(MgrLateFacts *facts)
{
    facts->clock = INT64_MIN;
}

static void answer_lost(MgrLateFacts *facts)
{
    facts->last_issued = NOW - HL_HOUR;
}

static void answer_just_lost(MgrLateFacts *facts)
{
    facts->last_issued = NOW - HL_HOUR + 1;
}

static void short_lives(MgrLateFacts *facts)
{
    facts->lifetime = HL_MINUTE;
    facts->last_issued = NOW - 6 * HL_SECOND;
}

static void never_issued(MgrLateFacts *facts)
{
    facts->last_issued = 0;
}

static void set_back(MgrLateFacts *facts)
{
    facts->last_issued = NOW + 1;
}

static const struct {
    const char *what;
    void (*spoil)(MgrLateFacts *facts);
    MgrLateOutcome outcome;
} cases[] = {
    { "ended while it was away", none, MGR_LATE_GRANTED },
    { "of another site, or a person's", foreign, MGR_LATE_FOREIGN },
    { "a copy of the certificate alone", unproven, MGR_LATE_UNPROVEN },
    { "removed", unknown, MGR_LATE_UNKNOWN },
    { "revoked", revoked, MGR_LATE_REVOKED },
    { "enrolled again since", replaced, MGR_LATE_REPLACED },
    { "the last moment of the grace", last_moment, MGR_LATE_GRANTED },
    { "the next one", too_late, MGR_LATE_TOO_LATE },
    { "an owner who allows none", no_grace, MGR_LATE_TOO_LATE },
    { "refused by a broker whose clock is ahead", not_ended, MGR_LATE_GRANTED },
    { "an empty battery", years_behind, MGR_LATE_GRANTED },
    { "before there was this site", before_the_site, MGR_LATE_CLOCK },
    { "a clock that is ahead", weeks_ahead, MGR_LATE_GRANTED },
    { "so far that the new one has ended by it", too_far_ahead, MGR_LATE_CLOCK },
    { "no clock at all", absurd_clock, MGR_LATE_CLOCK },
    { "the answer was lost, an hour ago", answer_lost, MGR_LATE_GRANTED },
    { "the answer was lost, less than that ago", answer_just_lost, MGR_LATE_TOO_SOON },
    { "the same where lives are short", short_lives, MGR_LATE_GRANTED },
    { "the registry does not know when", never_issued, MGR_LATE_GRANTED },
    { "a server whose clock was set back", set_back, MGR_LATE_GRANTED },
};

static void test_rows(void)
{
    bool seen[MGR_LATE_N] = { false };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MgrLateFacts facts = good;

        g_test_message("%s", cases[i].what);
        cases[i].spoil(&facts);
        g_assert_cmpint(mgr_late_decide(&facts), ==, cases[i].outcome);
        seen[cases[i].outcome] = true;
    }
    for (gsize i = 0; i < MGR_LATE_N; i++)
        g_assert_true(seen[i]);
}

/* Whatever else is wrong: without the key nobody learns of it, and no certificate is given where one thing is. */
static void test_pairs(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(cases); j++) {
            MgrLateFacts facts = good;

            cases[i].spoil(&facts);
            cases[j].spoil(&facts);
            facts.is_proven = false;
            g_assert_cmpint(mgr_late_decide(&facts), ==, facts.is_ours ? MGR_LATE_UNPROVEN : MGR_LATE_FOREIGN);
        }
    }
}

static void test_wait(void)
{
    MgrLateFacts facts = good;

    g_assert_cmpint(mgr_late_wait(&facts), ==, 0);
    facts.last_issued = NOW - HL_MINUTE;
    g_assert_cmpint(mgr_late_wait(&facts), ==, 59 * HL_MINUTE);
    facts.lifetime = 10 * HL_MINUTE;
    g_assert_cmpint(mgr_late_wait(&facts), ==, 0);
    facts.last_issued = NOW;
    g_assert_cmpint(mgr_late_wait(&facts), ==, HL_MINUTE);
}

/* What needs no key, or ends by itself, leaves no trace. */
static void test_noted(void)
{
    static const bool noted[MGR_LATE_N] = { [MGR_LATE_GRANTED] = true,
                                            [MGR_LATE_REVOKED] = true,
                                            [MGR_LATE_REPLACED] = true,
                                            [MGR_LATE_TOO_LATE] = true,
                                            [MGR_LATE_CLOCK] = true };

    for (MgrLateOutcome outcome = 0; outcome < MGR_LATE_N; outcome++) {
        MgrLateOutcome parsed = MGR_LATE_N;

        g_assert_true(mgr_late_parse(mgr_late_name(outcome), &parsed));
        g_assert_cmpint(parsed, ==, outcome);
        g_assert_cmpint(mgr_late_is_noted(outcome), ==, noted[outcome]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/late-renewal/rows", test_rows);
    g_test_add_func("/late-renewal/pairs", test_pairs);
    g_test_add_func("/late-renewal/wait", test_wait);
    g_test_add_func("/late-renewal/noted", test_noted);
    return g_test_run();
}

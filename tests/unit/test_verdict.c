/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core: verdict and its sentence, reach. */
#include <string.h>

#include "manager/core/verdict.h"

static const MgrNow now = { .wall = 1700000000000, .mono = 900000000 };

static void test_all(void)
{
    static const struct {
        MgrDisplayed displayed;
        MgrActual actual;
        MgrReach reach;
        MgrVerdict verdict;
    } cases[] = {
        { MGR_DISPLAYED_ONLINE, MGR_ACTUAL_ONLINE, MGR_REACH_REACHABLE, MGR_VERDICT_AGREE_ONLINE },
        { MGR_DISPLAYED_ONLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_AGREE_ONLINE },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_OFFLINE, MGR_REACH_TIMEOUT, MGR_VERDICT_AGREE_OFFLINE },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_TIMEOUT, MGR_VERDICT_HIDDEN_BY_NAT },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_REFUSED, MGR_VERDICT_HIDDEN_BY_NAT },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NO_ROUTE, MGR_VERDICT_HIDDEN_BY_NAT },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_WRONG_HOST, MGR_VERDICT_WRONG_HOST },
        { MGR_DISPLAYED_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_UNVERIFIED },
        { MGR_DISPLAYED_INACTIVE, MGR_ACTUAL_ONLINE, MGR_REACH_TIMEOUT, MGR_VERDICT_HIDDEN_BY_NAT },
        { MGR_DISPLAYED_INACTIVE, MGR_ACTUAL_OFFLINE, MGR_REACH_TIMEOUT, MGR_VERDICT_AGREE_OFFLINE },
        { MGR_DISPLAYED_ONLINE, MGR_ACTUAL_OFFLINE, MGR_REACH_REACHABLE, MGR_VERDICT_GHOST_ONLINE },
        { MGR_DISPLAYED_UNREACHABLE_ONLINE, MGR_ACTUAL_OFFLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_GHOST_ONLINE },
        { MGR_DISPLAYED_UNREACHABLE_ONLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_AGREE_ONLINE },
        { MGR_DISPLAYED_UNREACHABLE_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_HIDDEN_BY_NAT },
        { MGR_DISPLAYED_INDEPENDENT, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_AGREE_ONLINE },
        { MGR_DISPLAYED_INDEPENDENT, MGR_ACTUAL_OFFLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_GHOST_ONLINE },
        { MGR_DISPLAYED_ONLINE, MGR_ACTUAL_STALE, MGR_REACH_REACHABLE, MGR_VERDICT_UNVERIFIED },
        { MGR_DISPLAYED_ONLINE, MGR_ACTUAL_NEVER_SEEN, MGR_REACH_REACHABLE, MGR_VERDICT_UNVERIFIED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MgrPresence presence = { .actual = cases[i].actual };
        const MgrDisplay display = { .shown = cases[i].displayed };
        const MgrVerdictFacts facts = { .presence = &presence, .display = &display, .reach = cases[i].reach };

        g_assert_cmpstr(mgr_verdict_name(mgr_verdict_of(&facts)), ==, mgr_verdict_name(cases[i].verdict));
    }
}

/* Every combination has a verdict, a sentence of one line without holes, and the claims of the verdict's name hold. */
static void test_every_combination(void)
{
    MgrPresence presence = { .session = 1, .seen_mono = now.mono - 12000, .since_wall = now.wall - 90000 };
    MgrDisplay display = { .registered = true };

    for (int d = 0; d < MGR_DISPLAYED_N; d++) {
        for (int a = 0; a < MGR_ACTUAL_N; a++) {
            for (int i = 0; i < MGR_REACH_N * MGR_REASON_N * MGR_DISPLAY_N; i++) {
                MgrVerdictFacts facts = { .presence = &presence,
                                          .display = &display,
                                          .reach = (MgrReach)(i % MGR_REACH_N),
                                          .address = i % 7 == 0 ? NULL : "fd00::7",
                                          .port = 61000 };
                g_auto(MgrExplanation) explanation = { 0 };
                g_autofree char *text = NULL;
                MgrVerdict verdict;

                presence.actual = (uint8_t)a;
                presence.reason = (uint8_t)(i / MGR_REACH_N % MGR_REASON_N);
                display.shown = (uint8_t)d;
                display.cause = (uint8_t)(i / (MGR_REACH_N * MGR_REASON_N));
                verdict = mgr_verdict_of(&facts);
                mgr_verdict_explain(&facts, now, &explanation);
                text = mgr_explanation_word(&explanation);
                g_assert_true(g_str_has_prefix(text, "shown "));
                g_assert_null(strchr(text, '%'));
                g_assert_null(strstr(text, "(null)"));
                g_assert_null(strchr(text, '\n'));
                if (verdict == MGR_VERDICT_HIDDEN_BY_NAT || verdict == MGR_VERDICT_AGREE_ONLINE)
                    g_assert_cmpint(a, ==, MGR_ACTUAL_ONLINE);
                if (verdict == MGR_VERDICT_GHOST_ONLINE || verdict == MGR_VERDICT_AGREE_OFFLINE)
                    g_assert_cmpint(a, ==, MGR_ACTUAL_OFFLINE);
                if (facts.reach == MGR_REACH_WRONG_HOST && presence.reason != MGR_REASON_SERVER_BLIND)
                    g_assert_cmpint(verdict, ==, MGR_VERDICT_WRONG_HOST);
            }
        }
    }
}

static void test_kept_is_unverified(void)
{
    MgrPresence presence = {
        .session = 1, .actual = MGR_ACTUAL_ONLINE, .unconfirmed = true, .seen_mono = now.mono - 2 * HL_HOUR
    };
    MgrDisplay display = { .shown = MGR_DISPLAYED_OFFLINE, .cause = MGR_DISPLAY_DIAL_FAILED };
    MgrVerdictFacts facts = {
        .presence = &presence, .display = &display, .reach = MGR_REACH_TIMEOUT, .address = "192.168.1.20", .port = 61000
    };
    g_auto(MgrExplanation) explanation = { 0 };
    g_autofree char *text = NULL;

    mgr_verdict_explain(&facts, now, &explanation);
    text = mgr_explanation_word(&explanation);
    g_assert_cmpint(mgr_verdict_of(&facts), ==, MGR_VERDICT_UNVERIFIED);
    g_assert_cmpstr(text, ==,
                    "shown Offline because 192.168.1.20:61000 did not answer (timeout); the server cannot tell at "
                    "present: it heard this endpoint 2 h 0 min ago");
    presence.unconfirmed = false;
    g_assert_cmpint(mgr_verdict_of(&facts), ==, MGR_VERDICT_HIDDEN_BY_NAT);
}

static void test_names(void)
{
    for (int i = 0; i < MGR_REACH_N; i++) {
        MgrReach back;

        g_assert_true(mgr_reach_parse(mgr_reach_name((MgrReach)i), &back) && (int)back == i);
    }
    for (int i = 0; i < MGR_DISPLAYED_N; i++) {
        MgrDisplayed back;

        g_assert_true(mgr_displayed_parse(mgr_displayed_name((MgrDisplayed)i), &back) && (int)back == i);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/cases", test_all);
    g_test_add_func("/verdict/every-combination", test_every_combination);
    g_test_add_func("/verdict/kept-is-unverified", test_kept_is_unverified);
    g_test_add_func("/verdict/names", test_names);
    return g_test_run();
}

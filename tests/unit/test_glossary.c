/* SPDX-License-Identifier: Apache-2.0 */
/* The glossary has every word that lists print. */
#include <string.h>

#include "manager/cli/glossary.h"
#include "manager/core/displayed.h"
#include "manager/core/path.h"
#include "manager/core/presence.h"
#include "manager/core/reach.h"
#include "manager/core/rollout.h"
#include "manager/core/verdict.h"
#include "manager/filter/filter.h"
#include "proto/command.h"

static void expect(const char *word, const char *where)
{
    for (gsize i = 0; i < cli_n_terms; i++)
        if (strcmp(cli_terms[i].word, word) == 0 && strcmp(cli_terms[i].where, where) == 0)
            return;
    g_error("the glossary does not have %s of %s", word, where);
}

static void test_complete(void)
{
    for (int i = 0; i < MGR_DISPLAYED_N; i++)
        expect(mgr_displayed_title((MgrDisplayed)i), "DISPLAYED");
    for (int i = 0; i < MGR_ACTUAL_N; i++)
        expect(mgr_actual_name((MgrActual)i), "ACTUAL");
    for (int i = 0; i < MGR_VERDICT_N; i++)
        expect(mgr_verdict_name((MgrVerdict)i), "VERDICT");
    for (int i = 0; i < MGR_REACH_N; i++)
        expect(mgr_reach_name((MgrReach)i), "DIAL");
    for (int i = 0; i < MGR_PATH_N; i++)
        expect(mgr_path_name((MgrPath)i), "PATH of settings");
    for (int i = 0; i < HL_N_STATES; i++)
        expect(hl_command_state_name((HlCommandState)i), "STATE of a command");
    for (int i = 0; i < MGR_ROLLOUT_N_STATES; i++)
        expect(mgr_rollout_state_name((MgrRolloutState)i), "STATE of a roll-out");
    for (int i = 0; i < MGR_MEMBER_N; i++)
        expect(mgr_member_name((MgrMember)i), "OUTCOMES of a roll-out");
}

/* A word of a selector is explained somewhere. */
static void test_selectors(void)
{
    gsize n;
    const MgrFilterWord *words = mgr_filter_words(&n);

    for (gsize i = 0; i < n; i++) {
        gsize t = 0;

        while (t < cli_n_terms && g_ascii_strcasecmp(cli_terms[t].word, words[i].word) != 0)
            t++;
        if (t == cli_n_terms)
            g_error("the glossary does not have %s", words[i].word);
    }
}

static void test_words(void)
{
    static const CliTerm term = { "Unreachable/Online", "PATH of settings", "" };
    static const CliTerm dashed = { "hidden-by-nat", "VERDICT", "" };

    g_assert_true(cli_term_is(&term, "unreachable/online"));
    g_assert_true(cli_term_is(&term, "Path of settings"));
    g_assert_false(cli_term_is(&term, "unreachable"));
    g_assert_false(cli_term_is(&term, ""));
    g_assert_true(cli_term_is(&dashed, "HIDDEN BY NAT"));
    g_assert_true(cli_term_is(&dashed, "hiddenbynat"));
    g_assert_true(cli_term_is(&dashed, "verdict"));
    g_assert_false(cli_term_is(&dashed, "hidden-by-natx"));
    g_assert_true(cli_term_is(&term, "PATH"));
    g_assert_false(cli_term_is(&term, "settings"));
}

/* A slip in the name of a column is one as well, and in whatever case it was made. */
static void test_nearest(void)
{
    g_assert_cmpstr(cli_term_nearest("ACTUL"), ==, "ACTUAL");
    g_assert_cmpstr(cli_term_nearest("verdct"), ==, "VERDICT");
    g_assert_cmpstr(cli_term_nearest("STATTE"), ==, "STATE of a command");
    g_assert_cmpstr(cli_term_nearest("Ghost-onlin"), ==, "ghost-online");
    g_assert_cmpstr(cli_term_nearest("banana"), ==, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/glossary/complete", test_complete);
    g_test_add_func("/glossary/selectors", test_selectors);
    g_test_add_func("/glossary/words", test_words);
    g_test_add_func("/glossary/nearest", test_nearest);
    return g_test_run();
}

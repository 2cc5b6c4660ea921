/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/enrolment: who may have which record.  The table names every outcome. */
#include <glib.h>

#include "manager/core/enrolment.h"

/* "one" of office is an ordinary endpoint, and the others are one of each kind. */
static const MgrEnrolRecord one = { "e-one", "office", false, false };
static const MgrEnrolRecord same = { "e-one", "office", false, false }; /* looked up another way */
static const MgrEnrolRecord other = { "e-other", "office", false, false };
static const MgrEnrolRecord field = { "e-field", "field", false, false };
static const MgrEnrolRecord revoked = { "e-revoked", "office", true, false };
static const MgrEnrolRecord disputed = { "e-disputed", "office", false, true };

static const struct {
    const char *what;
    MgrEnrolFacts facts; /* bundle's group, made for, intended, proven, machine */
    MgrEnrolOutcome outcome;
    const MgrEnrolRecord *record;
} cases[] = {
    { "a new machine", { "office", "", NULL, NULL, NULL }, MGR_ENROL_FRESH, NULL },
    { "a copy with a machine id of its own", { "office", "", NULL, &one, NULL }, MGR_ENROL_FRESH, NULL },
    { "a revoked one with another machine id", { "office", "", NULL, &revoked, NULL }, MGR_ENROL_FRESH, NULL },
    { "--replace with the key", { "office", "", NULL, &same, &one }, MGR_ENROL_AGAIN, &one },
    { "the world-readable machine id", { "office", "", NULL, NULL, &one }, MGR_ENROL_KNOWN, &one },
    { "with a key of its own", { "office", "", NULL, &other, &one }, MGR_ENROL_KNOWN, &one },
    { "with the key of a revoked one", { "office", "", NULL, &revoked, &one }, MGR_ENROL_KNOWN, &one },
    { "a revoked one, without a key", { "office", "", NULL, NULL, &revoked }, MGR_ENROL_KNOWN, &revoked },
    { "a revoked one, with the key", { "office", "", NULL, &revoked, &revoked }, MGR_ENROL_REVOKED, &revoked },
    { "one of two", { "office", "", NULL, &disputed, &disputed }, MGR_ENROL_DISPUTED, &disputed },
    { "a bundle of another group", { "office", "", NULL, &field, &field }, MGR_ENROL_OTHER_GROUP, &field },
    { "another group, without a key", { "office", "", NULL, NULL, &field }, MGR_ENROL_KNOWN, &field },
    { "made for it", { "office", "e-one", &one, NULL, &same }, MGR_ENROL_AGAIN, &one },
    { "made for it, on new hardware", { "office", "e-one", &one, NULL, NULL }, MGR_ENROL_AGAIN, &one },
    { "made for it, and it has the key", { "office", "e-one", &one, &one, &one }, MGR_ENROL_AGAIN, &one },
    { "made for a revoked one", { "office", "e-revoked", &revoked, NULL, &revoked }, MGR_ENROL_AGAIN, &revoked },
    { "made for a disputed one", { "office", "e-disputed", &disputed, NULL, NULL }, MGR_ENROL_AGAIN, &disputed },
    { "made for one that was moved since", { "office", "e-field", &field, NULL, &field }, MGR_ENROL_AGAIN, &field },
    { "made for one that was removed", { "office", "e-gone", NULL, NULL, NULL }, MGR_ENROL_REMOVED, NULL },
    { "the same, and the machine is known", { "office", "e-gone", NULL, NULL, &one }, MGR_ENROL_REMOVED, NULL },
    { "made for another", { "office", "e-one", &one, NULL, &other }, MGR_ENROL_MADE_FOR_OTHER, &other },
    { "made for another, with a key", { "office", "e-one", &one, &other, &other }, MGR_ENROL_MADE_FOR_OTHER, &other },
};

static void test_rows(void)
{
    bool seen[MGR_ENROL_N] = { false };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MgrEnrolRecord *record = mgr_enrol_record(&cases[i].facts);

        g_test_message("%s", cases[i].what);
        g_assert_cmpint(mgr_enrol_decide(&cases[i].facts), ==, cases[i].outcome);
        g_assert_cmpstr(record != NULL ? record->id : NULL, ==, cases[i].record != NULL ? cases[i].record->id : NULL);
        seen[cases[i].outcome] = true;
    }
    for (gsize i = 0; i < MGR_ENROL_N; i++)
        g_assert_true(seen[i]);
}

/* Whatever the facts: nobody gets a record without its key or an administrator, and none across groups. */
static void test_all(void)
{
    const MgrEnrolRecord *const records[] = { NULL, &one, &other, &field, &revoked, &disputed };
    gsize n = G_N_ELEMENTS(records);

    for (gsize i = 0; i < n * n * n * 2; i++) {
        bool made = i % 2 != 0;
        MgrEnrolFacts facts = { .group = "office",
                                .intended = made ? records[i / 2 % n] : NULL,
                                .proven = records[i / 2 / n % n],
                                .machine = records[i / 2 / n / n] };
        const MgrEnrolRecord *record;

        facts.made_for = !made ? "" : facts.intended != NULL ? facts.intended->id : "e-gone";
        record = mgr_enrol_record(&facts);
        if (mgr_enrol_decide(&facts) == MGR_ENROL_AGAIN) {
            g_assert_true(record == facts.intended || (record == facts.proven && record == facts.machine));
            g_assert_true(facts.machine == NULL || facts.machine == record);
            g_assert_true(made || (record == &one || record == &other));
        } else if (mgr_enrol_decide(&facts) == MGR_ENROL_FRESH) {
            g_assert_null(facts.machine);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/enrolment/rows", test_rows);
    g_test_add_func("/enrolment/all", test_all);
    return g_test_run();
}

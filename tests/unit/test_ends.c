/* SPDX-License-Identifier: Apache-2.0 */
/* What ends: when it is warned of, in which words, and with which remedy. */
#include <glib.h>

#include "manager/core/ends.h"

#define END (1000 * HL_DAY)

static void test_grades(void)
{
    static const struct {
        MgrEndKind kind;
        HlTime life, left; /* life 0: not known */
        MgrEndGrade grade;
        HlTime next; /* after now; 0: never */
    } rows[] = {
        { MGR_END_ADMIN, 730 * HL_DAY, 700 * HL_DAY, MGR_END_QUIET, 640 * HL_DAY },
        { MGR_END_ADMIN, 730 * HL_DAY, 60 * HL_DAY + 1, MGR_END_QUIET, 1 },
        { MGR_END_ADMIN, 730 * HL_DAY, 60 * HL_DAY, MGR_END_NEAR, 45 * HL_DAY },
        { MGR_END_ADMIN, 730 * HL_DAY, 15 * HL_DAY + 1, MGR_END_NEAR, 1 },
        { MGR_END_ADMIN, 730 * HL_DAY, 15 * HL_DAY, MGR_END_URGENT, 15 * HL_DAY },
        { MGR_END_ADMIN, 730 * HL_DAY, 1, MGR_END_URGENT, 1 },
        { MGR_END_ADMIN, 730 * HL_DAY, 0, MGR_END_PAST, 60 * HL_DAY },
        { MGR_END_ADMIN, 730 * HL_DAY, -60 * HL_DAY + 1, MGR_END_PAST, 1 },
        { MGR_END_ADMIN, 730 * HL_DAY, -60 * HL_DAY, MGR_END_QUIET, 0 }, /* has left the company */
        { MGR_END_MONITOR, 0, 59 * HL_DAY, MGR_END_NEAR, 44 * HL_DAY },
        { MGR_END_CA, 3650 * HL_DAY, 61 * HL_DAY, MGR_END_QUIET, HL_DAY },
        { MGR_END_CA, 3650 * HL_DAY, -900 * HL_DAY, MGR_END_PAST, 0 },     /* that is not forgotten */
        { MGR_END_ADMIN, 40 * HL_DAY, 10 * HL_DAY + 1, MGR_END_QUIET, 1 }, /* short: a quarter, after the last third */
        { MGR_END_ADMIN, 40 * HL_DAY, 10 * HL_DAY, MGR_END_NEAR, 10 * HL_DAY - 10 * HL_DAY / 4 },
        { MGR_END_ADMIN, -HL_DAY, 50 * HL_DAY, MGR_END_NEAR, 35 * HL_DAY }, /* begins after its end: no life */
        { MGR_END_TIMESTAMP, 72 * HL_HOUR, 37 * HL_HOUR, MGR_END_QUIET, HL_HOUR },
        { MGR_END_TIMESTAMP, 72 * HL_HOUR, 36 * HL_HOUR, MGR_END_NEAR, 27 * HL_HOUR },
        { MGR_END_TIMESTAMP, 0, -HL_HOUR, MGR_END_PAST, 0 },
        { MGR_END_SNAPSHOT, 0, 4 * HL_DAY, MGR_END_QUIET, 12 * HL_HOUR },
        { MGR_END_COMPONENT, 0, 10 * HL_DAY, MGR_END_NEAR, 180 * HL_HOUR },
        { MGR_END_ROOT, 0, 60 * HL_DAY, MGR_END_NEAR, 45 * HL_DAY },
        { MGR_END_ROOT, 0, 60 * HL_DAY + 1, MGR_END_QUIET, 1 },
        /* a quarter of its life were 45 days: too late for holders who have to meet */
        { MGR_END_TARGETS, 180 * HL_DAY, 60 * HL_DAY + 1, MGR_END_QUIET, 1 },
        { MGR_END_TARGETS, 180 * HL_DAY, 60 * HL_DAY, MGR_END_NEAR, 45 * HL_DAY },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgrEnd end = { rows[i].kind, "x", rows[i].life != 0 ? END - rows[i].life : 0, END };
        HlTime now = END - rows[i].left;

        g_assert_cmpint(mgr_end_grade(&end, now), ==, rows[i].grade);
        g_assert_cmpint(mgr_end_next(&end, now), ==, rows[i].next != 0 ? now + rows[i].next : 0);
    }
}

/* The grade stays what it is until the time that is told, and changes then. */
static void test_next_is_exact(void)
{
    for (MgrEndKind kind = 0; kind < MGR_N_ENDS; kind++) {
        MgrEnd end = { kind, "x", END - 30 * HL_DAY, END };
        guint changes = 0;

        for (HlTime now = 1, next; (next = mgr_end_next(&end, now)) != 0; now = next) {
            g_assert_cmpint(next, >, now);
            g_assert_cmpint(mgr_end_grade(&end, next - 1), ==, mgr_end_grade(&end, now));
            g_assert_cmpint(mgr_end_grade(&end, next), !=, mgr_end_grade(&end, now));
            changes++;
        }
        g_assert_cmpuint(changes, ==, kind <= MGR_END_CONSOLE ? 4 : 3);
    }
}

static void check_words(MgrEndKind kind, const char *name, HlTime left, const char *expected)
{
    HlTime at;
    g_autofree char *text = NULL;

    g_assert_true(hl_time_parse("2026-12-24T18:00:00Z", &at, NULL));
    text = mgr_end_describe(&(MgrEnd){ kind, name, 0, at }, at - left);
    g_assert_cmpstr(text, ==, expected);
}

static void test_words(void)
{
    check_words(MGR_END_ADMIN, "ann", 27 * HL_DAY + HL_HOUR,
                "the certificate of account 'ann' ends on 2026-12-24, in 27 days");
    check_words(MGR_END_MONITOR, "grafana", 2 * HL_DAY,
                "the certificate of monitor 'grafana' ends on 2026-12-24, in 2 days");
    check_words(MGR_END_SERVER, "", 5 * HL_HOUR + 3 * HL_MINUTE,
                "the server's certificate ends on 2026-12-24T18:00:00Z, in 5 h 3 min");
    check_words(MGR_END_CA, "", 0, "the certificate authority ended on 2026-12-24T18:00:00Z, 0 s ago");
    check_words(MGR_END_COMPONENT, "virus", -7 * HL_DAY,
                "the signature of the patterns 'virus' ended on 2026-12-24, 7 days ago");
}

static void check_remedy(MgrEndKind kind, bool is_copy, const char *expected)
{
    g_autofree char *text = mgr_end_remedy(&(MgrEnd){ kind, "ann", 0, END }, "/srv/site", is_copy);

    g_assert_cmpstr(text, ==, expected);
}

#define MONITOR_REMEDY                                                                                               \
    "where its key is, with its own holdline.conf: holdline monitor renew ann; once it has ended: holdline monitor " \
    "revoke ann, then holdline monitor create ann --output DIR, the directory where it is"

static void test_remedies(void)
{
    check_remedy(MGR_END_MONITOR, false, MONITOR_REMEDY);
    check_remedy(MGR_END_TIMESTAMP, false, "holdline-updater repo resign /srv/site/repo");
    check_remedy(MGR_END_ROOT, false, "holdline-updater repo root rotate /srv/site/repo root");
    check_remedy(MGR_END_TARGETS, true, "holdline pattern sync");
    check_remedy(MGR_END_MONITOR, true, MONITOR_REMEDY);
}

static void test_kinds(void)
{
    for (MgrEndKind kind = MGR_END_ROOT; kind < MGR_END_COMPONENT; kind++)
        g_assert_cmpint(mgr_end_kind_of_role(mgr_end_kind_name(kind)), ==, kind);
    g_assert_cmpint(mgr_end_kind_of_role("virus"), ==, MGR_END_COMPONENT);
    g_assert_cmpint(mgr_end_kind_of_role("admin"), ==, MGR_END_COMPONENT); /* a component may be called that */
    for (MgrEndKind kind = 0, parsed; kind < MGR_N_ENDS; kind++)
        g_assert_true(mgr_end_kind_parse(mgr_end_kind_name(kind), &parsed) && parsed == kind);
    g_assert_false(mgr_end_kind_parse("virus", &(MgrEndKind){ 0 }));
    for (MgrEndKind kind = 0; kind < MGR_N_ENDS; kind++)
        g_assert_true(mgr_end_is_role(kind) == (kind >= MGR_END_ROOT));
}

static void test_renews(void)
{
    const MgrEnd end = { MGR_END_SERVER, "", END - 90 * HL_DAY, END };

    g_assert_false(mgr_end_renews(&end, END + 90 * HL_DAY, END - 30 * HL_DAY - 1));
    g_assert_true(mgr_end_renews(&end, END + 90 * HL_DAY, END - 30 * HL_DAY));
    g_assert_true(mgr_end_renews(&end, END + 90 * HL_DAY, END + 400 * HL_DAY)); /* the server was off */
    g_assert_true(mgr_end_renews(&end, END + 9 * HL_DAY, END - HL_DAY));
    g_assert_false(mgr_end_renews(&end, END + 9 * HL_DAY - 1, END - HL_DAY)); /* the authority ends */
    g_assert_false(mgr_end_renews(&end, END, END));
}

/* Whom an end concerns: by role, for each kind of end, somebody else's and one's own. */
static void test_sight(void)
{
    static const struct {
        int role; /* -1: the status topics */
        const char *groups;
        MgrEndSight account, monitor, console, own;
    } rows[] = {
        { -1, "", MGR_END_NAMELESS, MGR_END_SHOWN, MGR_END_SHOWN, MGR_END_NAMELESS },
        { MGR_ROLE_AUDITOR, "", MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_SHOWN },
        { MGR_ROLE_OPERATOR, "", MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_SHOWN },
        { MGR_ROLE_ADMINISTRATOR, "", MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_NAMELESS, MGR_END_SHOWN },
        { MGR_ROLE_OWNER, "", MGR_END_SHOWN, MGR_END_SHOWN, MGR_END_SHOWN, MGR_END_SHOWN },
        { MGR_ROLE_AUDITOR, "lab", MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_SHOWN },
        { MGR_ROLE_OPERATOR, "lab", MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_SHOWN },
        { MGR_ROLE_ADMINISTRATOR, "lab", MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_HIDDEN, MGR_END_SHOWN },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(MgrCaller) named = { 0 };
        const MgrCaller *caller = rows[i].role >= 0 ? &named : NULL;

        if (caller != NULL)
            mgr_caller_init(&named, "me", (MgrRole)rows[i].role, rows[i].groups);
        g_assert_cmpint(mgr_end_sight(MGR_END_ADMIN, "ann", caller), ==, rows[i].account);
        g_assert_cmpint(mgr_end_sight(MGR_END_MONITOR, "eye", caller), ==, rows[i].monitor);
        g_assert_cmpint(mgr_end_sight(MGR_END_CONSOLE, "web", caller), ==, rows[i].console);
        g_assert_cmpint(mgr_end_sight(MGR_END_ADMIN, "me", caller), ==, rows[i].own);
        for (MgrEndKind kind = MGR_END_SERVER; kind < MGR_N_ENDS; kind++)
            g_assert_cmpint(mgr_end_sight(kind, "", caller), ==, MGR_END_SHOWN);
    }
}

static void test_unnamed(void)
{
    g_autofree char *remedy = mgr_end_remedy(&(MgrEnd){ .kind = MGR_END_ADMIN, .name = "" }, "/srv", false);

    check_words(MGR_END_ADMIN, "", 27 * HL_DAY, "the certificate of an account ends on 2026-12-24, in 27 days");
    check_words(MGR_END_MONITOR, "", 27 * HL_DAY, "the certificate of a monitor ends on 2026-12-24, in 27 days");
    g_assert_cmpstr(remedy, ==, "'holdline status' of an owner says whose");
}

static void test_order(void)
{
    static const MgrEnd sorted[] = { { MGR_END_ROOT, "", 0, 1 },
                                     { MGR_END_ADMIN, "ann", 0, 2 },
                                     { MGR_END_ADMIN, "bob", 0, 2 },
                                     { MGR_END_MONITOR, "ann", 0, 2 } };

    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            g_assert_cmpint(CLAMP(mgr_end_compare(&sorted[a], &sorted[b]), -1, 1), ==, CLAMP(a - b, -1, 1));
}

/* Of each kind, told with and without its name, before its end and after it, a manager's line is read as what it is:
 * in English nothing of it changes. */
static void test_translate(void)
{
    static const char *const others[] = { "", "the broker was not told",
                                          "the certificate of account 'x' ends on 1972-09-27",
                                          "something else ends on 1972-09-27, in 3 days; remedy: none", "; remedy: " };

    for (MgrEndKind kind = 0; kind < MGR_N_ENDS; kind++) {
        for (guint i = 0; i < 8; i++) {
            MgrEnd end = { kind, (i & 1) != 0 ? "x-1" : "", 0, END };
            HlTime now = (i & 2) != 0 ? END - 30 * HL_DAY : END + HL_HOUR;
            g_autofree char *line = mgr_end_warn(&end, "/srv/{name}/site", (i & 4) != 0, now);
            g_autofree char *again = mgr_end_translate(line);

            g_assert_cmpstr(again, ==, line);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_null(mgr_end_translate(others[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ends/grades", test_grades);
    g_test_add_func("/ends/next-is-exact", test_next_is_exact);
    g_test_add_func("/ends/words", test_words);
    g_test_add_func("/ends/remedies", test_remedies);
    g_test_add_func("/ends/kinds", test_kinds);
    g_test_add_func("/ends/renews", test_renews);
    g_test_add_func("/ends/order", test_order);
    g_test_add_func("/ends/sight", test_sight);
    g_test_add_func("/ends/unnamed", test_unnamed);
    g_test_add_func("/ends/translate", test_translate);
    return g_test_run();
}

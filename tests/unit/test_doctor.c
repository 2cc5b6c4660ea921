/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor concludes from what was found, wherever it runs: each judgement, and the list of findings. */
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/doctor/judge.h"

#define NOW (HlTime)1790000000000

/* The findings of one judgement: grades in order, "gnwfu" for good, note, warning, fault, not looked at. */
static void expect(const HlFindings *findings, const char *wanted)
{
    static const char letters[] = { 'g', 'u', 'n', 'w', 'f' };
    g_autoptr(GString) got = g_string_new(NULL);

    for (guint i = 0; i < hl_findings_total(findings); i++) {
        const HlFinding *finding = hl_findings_get(findings, i);

        g_string_append_c(got, letters[finding->grade]);
        if (finding->grade != HL_GRADE_NOTE) /* which may have one */
            g_assert_true((finding->grade == HL_GRADE_GOOD) == (finding->remedy == NULL));
    }
    g_assert_cmpstr(got->str, ==, wanted);
}

static HlFindings *begin(void)
{
    HlFindings *findings = hl_findings_new();

    hl_findings_begin(findings, "check");
    return findings;
}

static void expect_text(const HlFindings *findings, guint index, const char *part, const char *remedy)
{
    const HlFinding *finding = hl_findings_get(findings, index);

    if (strstr(finding->text, part) == NULL)
        g_error("'%s' is not in '%s'", part, finding->text);
    if (remedy != NULL)
        g_assert_nonnull(strstr(finding->remedy, remedy));
}

static void test_findings(void)
{
    g_autoptr(HlFindings) findings = begin();
    g_autoptr(json_t) document = NULL;
    g_autoptr(GError) error = NULL;
    const json_t *row;

    g_assert_true(hl_findings_conclude(findings, NULL));
    hl_findings_good(findings, "well");
    hl_findings_add(findings, HL_GRADE_UNSEEN, "be root", "not seen");
    g_assert_true(hl_findings_conclude(findings, NULL));
    hl_findings_note(findings, "publish", "there is %s", "nothing");
    hl_findings_note(findings, NULL, "this is meant");
    g_assert_true(hl_findings_conclude(findings, NULL));
    hl_findings_add(findings, HL_GRADE_WARNING, "mend it", "it ages");
    g_assert_false(hl_findings_conclude(findings, &error));
    g_assert_cmpint(hl_error_exit_status(error), ==, 9);
    g_clear_error(&error);
    hl_findings_begin(findings, "other");
    hl_findings_add(findings, HL_GRADE_FAULT, "mend\nit", "a stranger says \033[31m");
    g_assert_false(hl_findings_conclude(findings, &error));
    g_assert_cmpint(hl_error_exit_status(error), ==, 1);
    g_assert_cmpstr(error->message, ==, "faults: 1, warnings: 1");
    expect(findings, "gunnwf");
    expect_text(findings, 2, "there is nothing", "publish");
    g_assert_null(strchr(hl_findings_get(findings, 5)->text, '\033'));
    g_assert_null(strchr(hl_findings_get(findings, 5)->remedy, '\n'));
    document = hl_findings_json(findings);
    g_assert_cmpint(json_integer_value(json_object_get(document, "faults")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(document, "warnings")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(document, "notes")), ==, 2);
    g_assert_cmpint(json_integer_value(json_object_get(document, "not_looked_at")), ==, 1);
    row = json_array_get(json_object_get(document, "findings"), 2);
    g_assert_cmpstr(json_string_value(json_object_get(row, "grade")), ==, "note");
    row = json_array_get(json_object_get(document, "findings"), 5);
    g_assert_cmpstr(json_string_value(json_object_get(row, "check")), ==, "other");
    g_assert_cmpstr(json_string_value(json_object_get(row, "grade")), ==, "fault");
    row = json_array_get(json_object_get(document, "findings"), 0);
    g_assert_true(json_is_null(json_object_get(row, "remedy")));
}

static void test_names(void)
{
    const HlNameFact names[] = { { "a.example", NULL }, { "b.example", "Name or service not known" } };
    g_autoptr(HlFindings) findings = begin();
    g_autoptr(HlFindings) none = begin();

    hl_judge_names(findings, names, G_N_ELEMENTS(names));
    expect(findings, "gf");
    expect_text(findings, 1, "b.example cannot be resolved: Name or service", "/etc/hosts");
    hl_judge_names(none, NULL, 0);
    expect(none, "g");
}

/* On the server nobody is sent there: what is the matter with the manager is among the findings. */
static void test_at_server(void)
{
    const HlFrontFact fronts[] = {
        { .url = "https://a", .status = 503, .said = "no broker" },
        { .url = "https://b", .problem = "refused", .code = HL_ERROR_UNAVAILABLE },
        { .url = "https://c", .problem = "silent", .code = HL_ERROR_TIMEOUT },
    };
    g_autoptr(HlFindings) findings = begin();

    hl_judge_fronts(findings, fronts, G_N_ELEMENTS(fronts), HL_AT_SERVER);
    expect_text(findings, 0, "no broker", "see the other findings, and the manager's log");
    expect_text(findings, 1, "refused", "see the findings about the manager");
    expect_text(findings, 2, "silent", "firewalls");
}

/* Each cause has a remedy; one of several that is away is a warning. */
static void test_places(void)
{
    static const HlCause reaching[] = { HL_CAUSE_REFUSED, HL_CAUSE_NO_ROUTE, HL_CAUSE_SILENT, HL_CAUSE_BROKEN };
    const HlPlaceFact unseen = { "three:3", HL_CAUSE_NONE, "", false, false, false };
    g_autoptr(HlFindings) unverified = begin();

    for (int cause = HL_CAUSE_NONE + 1; cause < HL_N_CAUSES; cause++) {
        const HlPlaceFact places[] = { { "one:1", (HlCause)cause, "it is so", true, false, false },
                                       { "two:2", HL_CAUSE_NONE, "", true, false, false } };
        g_autoptr(HlFindings) alone = begin();
        g_autoptr(HlFindings) both = begin();

        hl_judge_places(alone, places, 1, HL_ELSEWHERE);
        expect(alone, "f");
        expect_text(alone, 0, "one:1: it is so", NULL);
        hl_judge_places(both, places, 2, HL_ELSEWHERE);
        expect(both, "wg");
        expect_text(both, 1, "two:2 answers and is the right server", NULL);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(reaching); i++) {
        const HlPlaceFact place = { "one:1", reaching[i], "nobody listens at the proxy", true, true, false };
        g_autoptr(HlFindings) behind = begin();

        hl_judge_places(behind, &place, 1, HL_ELSEWHERE);
        expect_text(behind, 0, "proxy", "mend the proxy");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(reaching); i++) { /* no cable leads to this very machine */
        const HlPlaceFact place = { "one:1", reaching[i], "it is so", true, false, true };
        g_autoptr(HlFindings) here = begin();

        hl_judge_places(here, &place, 1, HL_ELSEWHERE);
        expect_text(here, 0, "it is so", reaching[i] == HL_CAUSE_REFUSED ? "systemctl start" : "ss -ltnp");
        hl_judge_places(here, &place, 1, HL_AT_SERVER);
        expect_text(here, 1, "it is so", reaching[i] == HL_CAUSE_REFUSED ? "findings about the manager" : "ss -ltnp");
    }
    hl_judge_places(unverified, &unseen, 1, HL_ELSEWHERE);
    expect_text(unverified, 0, "three:3 takes connections", NULL);
}

static void test_fronts(void)
{
    static const struct {
        HlFrontFact front;
        const char *grade, *text, *remedy;
    } cases[] = {
        { { .url = "https://a", .status = 200 }, "g", "healthy", NULL },
        { { .url = "https://a", .status = 200, .said = "warning: it ages" }, "w", "it ages", "log of the manager" },
        { { .url = "https://a", .status = 503, .said = "no broker" }, "f", "no broker", "doctor" },
        { { .url = "https://a", .status = 404 }, "f", "the status 404", "which program" },
        { { .url = "https://a", .problem = "refused", .code = HL_ERROR_UNAVAILABLE }, "f", "refused", "start" },
        { { .url = "https://a", .problem = "no name", .code = HL_ERROR_UNAVAILABLE, .cause = HL_CAUSE_NO_NAME },
          "f",
          "no name",
          "/etc/hosts" },
        { { .url = "https://a", .problem = "silent", .code = HL_ERROR_TIMEOUT }, "f", "silent", "firewalls" },
        { { .url = "https://a", .problem = "refused", .code = HL_ERROR_UNAVAILABLE, .by_proxy = true },
          "f",
          "refused",
          "mend the proxy" },
        { { .url = "https://a", .problem = "mute", .code = HL_ERROR_TIMEOUT, .is_connected = true },
          "f",
          "mute",
          "ss -ltnp" },
        { { .url = "https://a", .problem = "TLS", .code = HL_ERROR_UNTRUSTED }, "f", "TLS", "about the broker" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HlFrontFact fronts[] = { cases[i].front, { .url = "https://b", .status = 200 } };
        g_autoptr(HlFindings) findings = begin();
        g_autoptr(HlFindings) both = begin();

        hl_judge_fronts(findings, fronts, 1, HL_ELSEWHERE);
        expect(findings, cases[i].grade);
        expect_text(findings, 0, cases[i].text, cases[i].remedy);
        hl_judge_fronts(both, fronts, 2, HL_ELSEWHERE);
        if (cases[i].front.problem != NULL)
            expect(both, "wg");
    }
}

static void test_clock(void)
{
    static const struct {
        HlTime ahead;
        const char *grade, *text;
    } cases[] = {
        { 0, "g", "agrees" },
        { 59 * HL_SECOND, "g", "agrees" },
        { -59 * HL_SECOND, "g", "agrees" },
        { HL_MINUTE, "w", "1 min ahead of" },
        { -2 * HL_MINUTE, "w", "2 min behind" },
        { 10 * HL_MINUTE, "f", "10 min ahead of" },
        { -2 * HL_DAY, "f", "2 d behind" },
        { G_MAXINT64 - NOW, "f", "ahead" },
    };
    const HlFrontFact silent = { .url = "https://a" };
    g_autoptr(HlFindings) unseen = begin();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HlFrontFact fronts[] = { silent, { .url = "b", .server = NOW, .machine = NOW + cases[i].ahead } };
        g_autoptr(HlFindings) findings = begin();

        hl_judge_clock(findings, fronts, 2);
        expect(findings, cases[i].grade);
        expect_text(findings, 0, cases[i].text, *cases[i].grade == 'g' ? NULL : "set-ntp");
    }
    hl_judge_clock(unseen, &silent, 1);
    expect(unseen, "u");
}

static void test_certificates(void)
{
    static const struct {
        HlTime begin, end;
        const char *problem;
        bool hidden;
        const char *grade, *text, *remedy;
    } cases[] = {
        { NOW - HL_DAY, NOW + 30 * HL_DAY, NULL, false, "g", "is valid until", NULL },
        { NOW - HL_DAY, NOW + 14 * HL_DAY, NULL, false, "g", "is valid until", NULL },
        { NOW - HL_DAY, NOW + 14 * HL_DAY - 1, NULL, false, "w", "ends at", "renew" },
        { NOW - HL_DAY, NOW, NULL, false, "f", "ended at", "renew" },
        { NOW + 1, NOW + HL_DAY, NULL, false, "f", "valid only from", "set-ntp" },
        { 0, 0, "it is no certificate", false, "f", "it is no certificate", "renew" },
        { 0, 0, "denied", true, "u", "may not read /f", "as root" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HlCertFact fact = { "the certificate", "/f",         cases[i].problem, cases[i].hidden,
                                  cases[i].begin,    cases[i].end, 14 * HL_DAY,      "renew" };
        g_autoptr(HlFindings) findings = begin();

        hl_judge_certificates(findings, &fact, 1, NOW);
        expect(findings, cases[i].grade);
        expect_text(findings, 0, cases[i].text, cases[i].remedy);
    }
}

static void test_disks(void)
{
#define GIB (UINT64_C(1) << 30)
    static const struct {
        HlDiskFact disk;
        const char *grade, *text, *remedy;
    } cases[] = {
        { { "/d", NULL, 100 * GIB, 50 * GIB, 1000000, 500000, false, NULL }, "g", "has 50 GiB free", NULL },
        { { "/d", NULL, 100 * GIB, GIB, 0, 0, false, NULL }, "g", "has 1024 MiB free", NULL },
        { { "/d", NULL, 100 * GIB, GIB - 1, 0, 0, false, NULL }, "w", "only", "make room" },
        { { "/d", NULL, GIB, GIB / 21, 0, 0, false, NULL }, "w", "only", "make room" },
        { { "/d", NULL, 100 * GIB, 60 << 20, 0, 0, false, NULL }, "f", "only 60 MiB free", "make room" },
        { { "/d", NULL, 100 << 20, 0, 0, 0, false, NULL }, "f", "only", "make room" },
        { { "/d", NULL, 100 * GIB, 50 * GIB, 1000000, 9999, false, NULL }, "w", "9999 more files", "delete files" },
        { { "/d", NULL, 100 * GIB, 50 * GIB, 1000000, 9, false, NULL }, "f", "9 more files", "delete files" },
        { { "/d", NULL, 100 * GIB, 50 * GIB, 0, 0, true, NULL }, "f", "of /d is mounted read-only", "check the disk" },
        { { "/d", NULL, 100 * GIB, 50 * GIB, 0, 0, false, "Read-only file system" },
          "f",
          "nothing can be stored in /d: Read-only file system",
          "check the disk" },
        { { "/d", "Permission denied", 0, 0, 0, 0, false, NULL }, "u", "Permission denied", "as root" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HlFindings) findings = begin();

        hl_judge_disks(findings, &cases[i].disk, 1);
        expect(findings, cases[i].grade);
        expect_text(findings, 0, cases[i].text, cases[i].remedy);
    }
}

static void test_programs(void)
{
    const HlProgramFact programs[] = {
        { "one", "p-one", NULL, "1.2" },
        { "two", "p-two", NULL, "1.1" },
        { "three", "p-three", NULL, NULL },
        { "four", "p-four", "it is not there", NULL },
    };
    g_autoptr(HlFindings) findings = begin();

    hl_judge_programs(findings, programs, G_N_ELEMENTS(programs), "1.2");
    expect(findings, "gwgf");
    expect_text(findings, 1, "two has version 1.1, and this program 1.2", "one version (dpkg -i");
    expect_text(findings, 3, "four cannot be run: it is not there", "p-four");
}

/* The words of the operating system are in the reader's language too.  The last: from here on all are. */
static void test_japanese(void)
{
    const HlDiskFact disks[] = {
        { "/d", NULL, 100 * GIB, 50 * GIB, 0, 0, false, "Read-only file system" },
        { "/e", "Permission denied", 0, 0, 0, 0, false, NULL },
    };
    g_autoptr(HlFindings) findings = begin();

    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_setenv("LANGUAGE", "ja", TRUE);
    hl_i18n_init();
    hl_judge_disks(findings, disks, G_N_ELEMENTS(disks));
    g_assert_cmpstr(hl_findings_get(findings, 0)->text, ==,
                    "/d に何も保存できません: 読み取り専用のファイルシステムです");
    g_assert_cmpstr(hl_findings_get(findings, 1)->text, ==, "/e: アクセスが許可されていません");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/findings", test_findings);
    g_test_add_func("/doctor/names", test_names);
    g_test_add_func("/doctor/places", test_places);
    g_test_add_func("/doctor/at-server", test_at_server);
    g_test_add_func("/doctor/fronts", test_fronts);
    g_test_add_func("/doctor/clock", test_clock);
    g_test_add_func("/doctor/certificates", test_certificates);
    g_test_add_func("/doctor/disks", test_disks);
    g_test_add_func("/doctor/programs", test_programs);
    g_test_add_func("/doctor/japanese", test_japanese);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What holdline-endpoint doctor concludes from what it found on a PC, and that each sentence can be translated. */
#include <glib/gstdio.h>
#include <string.h>

#include "endpoint/cli/apparmor.h"
#include "endpoint/cli/doctor.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/phrase.h"
#include "proto/updater_lines.h"

typedef void (*Judge)(const EpDoctor *doctor, HlFindings *findings);

#define NOW (HlTime)1790000000000

static const char *translated(const char *message G_GNUC_UNUSED)
{
    return "T";
}

static void expect_translated(const char *english)
{
    g_autofree char *text = hl_phrase_translate_to(english, translated);

    if (strcmp(text, english) == 0)
        g_error("no template fits: %s", english);
}

/* The findings in order, "gwfu", and what the first that is not good says. */
static void expect(Judge judge, const EpDoctor *doctor, const char *wanted, const char *text, const char *remedy)
{
    static const char letters[] = { 'g', 'u', 'n', 'w', 'f' };
    g_autoptr(HlFindings) findings = hl_findings_new();
    g_autoptr(GString) got = g_string_new(NULL);
    const HlFinding *first = NULL;

    hl_findings_begin(findings, "check");
    judge(doctor, findings);
    for (guint i = 0; i < hl_findings_total(findings); i++) {
        const HlFinding *finding = hl_findings_get(findings, i);

        g_string_append_c(got, letters[finding->grade]);
        expect_translated(finding->text);
        if (finding->remedy != NULL)
            expect_translated(finding->remedy);
        if (first == NULL && finding->grade != HL_GRADE_GOOD)
            first = finding;
    }
    g_assert_cmpstr(got->str, ==, wanted);
    g_assert_true((first == NULL) == (text == NULL));
    if (first == NULL)
        return;
    g_assert_nonnull(strstr(first->text, text));
    g_assert_true((first->remedy == NULL) == (remedy == NULL));
    if (remedy != NULL)
        g_assert_nonnull(strstr(first->remedy, remedy));
}

static json_t *parse(const char *text)
{
    json_t *document = json_loads(text, 0, NULL);

    g_assert_nonnull(document);
    return document;
}

static void test_daemon(void)
{
    g_autoptr(json_t) well = parse("{\"problem\": null}");
    g_autoptr(json_t) ill = parse("{\"problem\": \"no space left\"}");
    char silence[] = "nothing is listening on /run/x: start the daemon as root: systemctl start holdline-endpointd";
    char upgraded[] = "nothing is listening on /run/x: wait for the upgrade of its program: journalctl -u "
                      "holdline-upgrade shows how far it is";
    char malformed[] = "/etc/holdline/endpoint.conf:3: No such file or directory";
    EpDoctor doctor = { .now = NOW };
    g_autoptr(GPtrArray) doubles = g_ptr_array_new();

    expect(ep_judge_configuration, &doctor, "g", NULL, NULL);
    doctor.conf_doubles = doubles;
    g_ptr_array_add(doubles, hl_unconst("endpoint.conf:4: [line] proxy: line 2 gives it too, and only one of them "
                                        "counts; remove one"));
    expect(ep_judge_configuration, &doctor, "gn", "endpoint.conf:4: [line] proxy: line 2", NULL);
    doctor.conf_doubles = NULL;
    doctor.conf_problem = malformed;
    expect(ep_judge_configuration, &doctor, "f", "endpoint.conf:3", "mend the configuration");
    doctor.silence = silence;
    expect(ep_judge_daemon, &doctor, "f", "nothing is listening", "systemctl start holdline-endpointd");
    doctor.silence = upgraded;
    doctor.is_upgrading = true;
    expect(ep_judge_daemon, &doctor, "n", "nothing is listening on /run/x", "wait for the upgrade");
    hl_doctor_facts_init(&doctor.facts);
    expect(ep_judge_versions, &doctor, "n", "not compared", "wait for the upgrade");
    hl_doctor_facts_clear(&doctor.facts);
    doctor.is_upgrading = false;
    doctor.status = well;
    expect(ep_judge_daemon, &doctor, "g", NULL, NULL);
    doctor.status = ill;
    expect(ep_judge_daemon, &doctor, "gw", "no space left", "journalctl -u holdline-endpointd");
}

static void test_enrolment(void)
{
    static const struct {
        EpIdentityView view;
        const char *grade, *text, *remedy;
    } cases[] = {
        { EP_IDENTITY_NONE, "f", "not enrolled", "enrol BUNDLE" },
        { EP_IDENTITY_HIDDEN, "u", "may not read the identity", "as root" },
        { EP_IDENTITY_UNUSABLE, "f", "cannot be used", "--replace" },
        { EP_IDENTITY_USABLE, "g", NULL, NULL },
    };
    char problem[] = "/var/lib/holdline/identity cannot be used";

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const EpDoctor doctor = { .identity = cases[i].view, .identity_problem = problem };

        expect(ep_judge_enrolment, &doctor, cases[i].grade, cases[i].text, cases[i].remedy);
    }
}

static void test_line(void)
{
    static const struct {
        const char *status, *grade, *text, *remedy;
    } cases[] = {
        { "{}", "", NULL, NULL },
        { "{\"line\": {\"state\": \"up\", \"broker\": \"a:1\"}}", "g", NULL, NULL },
        { "{\"line\": {\"state\": \"down\", \"last_error\": \"no manager here\"}}", "f", "down: no manager here",
          "other findings" },
        { "{\"line\": {\"state\": \"connecting\", \"last_error\": null}}", "n", "not up yet", "look again" },
    };
    EpDoctor doctor = { .now = NOW };

    hl_facts_init(&doctor.facts.places, sizeof(HlPlaceFact));
    hl_facts_init(&doctor.facts.names, sizeof(HlNameFact));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        doctor.status = parse(cases[i].status);
        expect(ep_judge_line, &doctor, cases[i].grade, cases[i].text, cases[i].remedy);
        json_decref(doctor.status);
    }
    doctor.status = NULL;
    expect(ep_judge_names, &doctor, "u", "no address of the server is known", "enrolment");
    hl_facts_clear(&doctor.facts.places);
    hl_facts_clear(&doctor.facts.names);
}

static void test_patterns(void)
{
    static const struct {
        bool known;
        const char *patterns, *status, *grade, *text, *remedy;
    } cases[] = {
        { false, "", "{}", "u", "only the daemon knows", "daemon" },
        { true, "", "{}", "f", "no patterns", "holdline-endpoint update-now" },
        { true, "", "{\"privileges\": {\"update-now\": true}}", "f", "no patterns", "holdline-endpoint update-now" },
        { true, "", "{\"privileges\": {\"update-now\": false}}", "f", "no patterns", "update it: holdline update-now" },
        { true, "", "{}", "f", "no patterns", "look again in a minute" },
        { true, "",
          "{\"update\": {\"last_at\": \"2026-01-01T00:00:00Z\", \"last_succeeded\": true}, \"privileges\": "
          "{\"update-now\": false}}",
          "f", "no patterns", "have an administrator update it, as the users" },
        { true, "", "{\"update\": {\"last_detail\": \"server: " HL_UPDATER_NO_PATTERNS "\"}}", "f", "no patterns",
          "publish patterns on the server" },
        { true, "virus 2026112601", "{\"update\": {\"last_at\": null}}", "g", NULL, NULL },
        { true, "virus 2026112601", "{\"update\": {\"last_at\": \"now\", \"last_succeeded\": true}}", "g", NULL, NULL },
        { true, "virus 2026112601",
          "{\"update\": {\"last_at\": \"now\", \"last_succeeded\": false, \"last_detail\": \"cancelled\"}}", "gw",
          "the last update failed: cancelled", "update-now" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) status = parse(cases[i].status);
        g_autofree char *patterns = g_strdup(cases[i].patterns);
        const EpDoctor doctor = { .status = status, .patterns = patterns, .knows_patterns = cases[i].known };

        expect(ep_judge_patterns, &doctor, cases[i].grade, cases[i].text, cases[i].remedy);
    }
}

static void test_scanner(void)
{
    g_autoptr(json_t) off = parse("{\"on_write\": {\"state\": \"off\"}}");
    g_autoptr(json_t) blind = parse("{\"on_write\": {\"state\": \"not watching\", \"why\": \"no space\"}}");
    char user[] = "holdline-scan";
    char profile[] = "/etc/apparmor.d/usr.sbin.clamd";
    char state[] = "/var/lib/holdline";
    EpDoctor doctor = { .status = off, .has_scan_user = true, .conf = { .scan_user = user, .state_dir = state } };

    expect(ep_judge_scanner, &doctor, "g", NULL, NULL);
    doctor.status = blind;
    expect(ep_judge_scanner, &doctor, "gw", "are not watched: no space", "journalctl");
    doctor.has_scan_user = false;
    doctor.status = off;
    expect(ep_judge_scanner, &doctor, "f", "no user holdline-scan", "systemd-sysusers");
    doctor.has_scan_user = true;
    doctor.profile = profile;
    expect(ep_judge_scanner, &doctor, "gw", "/etc/apparmor.d/usr.sbin.clamd is in force",
           "/var/lib/holdline/engine/{,**} rwk,' >>/etc/apparmor.d/local/usr.sbin.clamd; apparmor_parser -r /etc/");
}

static void put(const char *root, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_autofree char *directory = g_path_get_dirname(whole);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

/* What an administrator has done about the profile is seen. */
static void test_profile(void)
{
    static const struct {
        const char *path, *text;
        bool is_in_force;
    } steps[] = {
        { "/etc/apparmor.d/usr.sbin.clamd", "/usr/sbin/clamd {\n  /var/lib/clamav/** r,\n}\n", false },
        { "/sys/module/apparmor/parameters/enabled", "N\n", false },
        { "/sys/module/apparmor/parameters/enabled", "Y\n", true },
        { "/etc/apparmor.d/local/usr.sbin.clamd", "/srv/** r,\n", true },
        { "/etc/apparmor.d/local/usr.sbin.clamd", "/var/lib/holdline/** r,\n", false },
        { "/etc/apparmor.d/local/usr.sbin.clamd", "", true },
        { "/etc/apparmor.d/disable/usr.sbin.clamd", "", false },
    };
    g_autofree char *root = g_dir_make_tmp("apparmor-XXXXXX", NULL);

    g_assert_nonnull(root);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *found = NULL;

        put(root, steps[i].path, steps[i].text);
        found = ep_apparmor_profile(root, "/usr/sbin/clamd", "/var/lib/holdline");
        g_assert_cmpstr(found, ==, steps[i].is_in_force ? "/etc/apparmor.d/usr.sbin.clamd" : NULL);
    }
    g_assert_true(hl_tree_remove(root, NULL));
}

static void test_upgrade(void)
{
    g_autoptr(json_t) back =
        parse("{\"upgrade\": {\"state\": \"back\", \"to\": \"0.2.0\", \"detail\": \"dpkg: status 1\"}}");
    g_autoptr(json_t) stuck = parse(
        "{\"upgrade\": {\"state\": \"stuck\", \"from\": \"0.1.9\", \"to\": \"0.2.0\", \"detail\": \"no space\"}}");
    g_autoptr(json_t) refused = parse(
        "{\"upgrade\": {\"state\": \"refused\", \"to\": \"0.2.0\", \"detail\": \"the helper was not started: look\"}}");
    g_autoptr(json_t) asked = parse("{\"upgrade\": {\"state\": \"asked\", \"to\": \"0.2.0\", \"detail\": \"\"}}");
    g_autoptr(json_t) done = parse("{\"upgrade\": {\"state\": \"done\", \"to\": \"0.2.0\", \"detail\": \"\"}}");
    char state[] = "/state";
    EpDoctor doctor = { .status = back, .conf.state_dir = state };

    hl_facts_init(&doctor.facts.programs, sizeof(HlProgramFact));
    expect(ep_judge_versions, &doctor, "w", "the version before is back", "--retry");
    doctor.status = stuck;
    expect(ep_judge_versions, &doctor, "f", "so did the way back",
           "dpkg --audit; HOLDLINE_WAY_BACK=0.1.9 dpkg -i /state/upgrade/before/*.deb");
    doctor.status = refused;
    expect(ep_judge_versions, &doctor, "w", "to 0.2.0 was not begun: the helper was not started", "upgrade --retry");
    doctor.status = asked;
    expect(ep_judge_versions, &doctor, "n", "to 0.2.0 was asked for", "systemctl status holdline-upgrade.path");
    doctor.status = done;
    expect(ep_judge_versions, &doctor, "", NULL, NULL);
    hl_facts_clear(&doctor.facts.programs);
}

static void test_causes(void)
{
    EpDoctor doctor = { .now = NOW };

    hl_facts_init(&doctor.facts.places, sizeof(HlPlaceFact));
    for (int cause = HL_CAUSE_NONE; cause < HL_N_CAUSES; cause++) {
        const HlPlaceFact place = { "a:1", (HlCause)cause, "no manager here", cause % 2 == 0, false, false };

        g_array_set_size(doctor.facts.places.facts, 0);
        g_array_append_val(doctor.facts.places.facts, place);
        expect(ep_judge_line, &doctor, cause == HL_CAUSE_NONE ? "g" : "f", cause == HL_CAUSE_NONE ? NULL : "a:1", "");
    }
    hl_facts_clear(&doctor.facts.places);
}

/* What the lists that server and PC share say is translated too. */
static void test_shared(void)
{
    const HlNameFact names[] = { { "a.example", NULL }, { "b.example", "Name or service not known" } };
    const HlFrontFact fronts[] = {
        { .url = "https://a", .status = 200, .server = NOW, .machine = NOW + HL_DAY },
        { .url = "https://a", .status = 404 },
    };
    const HlCertFact certs[] = {
        { .what = "this machine's certificate", .path = "/p", .remedy = "run doctor as root", .end = NOW + HL_DAY },
        { .what = "this machine's certificate", .path = "/p", .remedy = "run doctor as root", .end = NOW - HL_DAY },
        { .what = "this machine's certificate", .path = "/p", .begin = NOW + HL_DAY, .end = NOW + 2 * HL_DAY },
    };
    const HlDiskFact disks[] = { { .path = "/d", .size = 1000, .free = 900 },
                                 { .path = "/d", .size = 1000, .free = 1 },
                                 { .path = "/d", .size = 1000, .free = 900, .files = 100000, .files_free = 5 } };
    const HlProgramFact programs[] = { { "the running daemon", "p", NULL, HOLDLINE_VERSION },
                                       { "the running daemon", "p", NULL, "0" },
                                       { "clamd", "p", NULL, NULL },
                                       { "clamd", "p", "it is not there", NULL } };
    EpDoctor doctor = { .now = NOW };
    const struct {
        HlFacts *facts;
        gsize size;
    } lists[] = {
        { &doctor.facts.names, sizeof(HlNameFact) },   { &doctor.facts.places, sizeof(HlPlaceFact) },
        { &doctor.facts.fronts, sizeof(HlFrontFact) }, { &doctor.facts.certificates, sizeof(HlCertFact) },
        { &doctor.facts.disks, sizeof(HlDiskFact) },   { &doctor.facts.programs, sizeof(HlProgramFact) },
    };
    char broker[] = "a:1";
    char *brokers[] = { broker, NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        hl_facts_init(lists[i].facts, lists[i].size);
    doctor.brokers = brokers;
    expect(ep_judge_names, &doctor, "g", NULL, NULL);
    g_array_append_vals(doctor.facts.names.facts, names, G_N_ELEMENTS(names));
    expect(ep_judge_names, &doctor, "gf", "b.example", "DNS");
    expect(ep_judge_clock, &doctor, "", NULL, NULL);
    g_array_append_vals(doctor.facts.fronts.facts, fronts, G_N_ELEMENTS(fronts));
    expect(ep_judge_front, &doctor, "gf", "404", "ss -ltnp");
    expect(ep_judge_clock, &doctor, "f", "ahead of the server's", "set-ntp");
    g_array_append_vals(doctor.facts.certificates.facts, certs, G_N_ELEMENTS(certs));
    expect(ep_judge_certificate, &doctor, "gff", "ended at", "as root");
    g_array_append_vals(doctor.facts.disks.facts, disks, G_N_ELEMENTS(disks));
    expect(ep_judge_disk, &doctor, "gff", "free", "make room");
    g_array_append_vals(doctor.facts.programs.facts, programs, G_N_ELEMENTS(programs));
    expect(ep_judge_versions, &doctor, "gwgf", "has version 0", "one version");
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        hl_facts_clear(lists[i].facts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/endpoint/daemon", test_daemon);
    g_test_add_func("/doctor/endpoint/enrolment", test_enrolment);
    g_test_add_func("/doctor/endpoint/line", test_line);
    g_test_add_func("/doctor/endpoint/patterns", test_patterns);
    g_test_add_func("/doctor/endpoint/scanner", test_scanner);
    g_test_add_func("/doctor/endpoint/profile", test_profile);
    g_test_add_func("/doctor/endpoint/upgrade", test_upgrade);
    g_test_add_func("/doctor/endpoint/causes", test_causes);
    g_test_add_func("/doctor/endpoint/shared", test_shared);
    return g_test_run();
}

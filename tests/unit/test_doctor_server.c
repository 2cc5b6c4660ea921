/* SPDX-License-Identifier: Apache-2.0 */
/* What holdline doctor concludes from what it found on a server. */
#include <string.h>

#include "manager/cli/doctor.h"

#define NOW (HlTime)1790000000000

typedef void (*Judge)(const CliDoctor *doctor, HlFindings *findings);

/* The judgement's findings in order, "gnwfu", and what the first that is not good says. */
static void expect(Judge judge, const CliDoctor *doctor, const char *wanted, const char *text, const char *remedy)
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
        if (first == NULL && finding->grade != HL_GRADE_GOOD)
            first = finding;
    }
    g_assert_cmpstr(got->str, ==, wanted);
    g_assert_true((first == NULL) == (text == NULL));
    if (first == NULL)
        return;
    g_assert_nonnull(strstr(first->text, text));
    g_assert_true((remedy == NULL) == (first->remedy == NULL));
    if (remedy != NULL)
        g_assert_nonnull(strstr(first->remedy, remedy));
}

static char dir[] = "/site", owner[] = "holdline";

static CliDoctor sound(void)
{
    return (CliDoctor){
        .now = NOW, .dir = dir, .view = CLI_SITE_OPEN, .owner = owner, .has_conf = true, .is_running = true
    };
}

static void test_client(void)
{
    const HlPlaceFact answers = { .place = "a:1", .cause = HL_CAUSE_NONE, .is_verified = true };
    const HlPlaceFact silent = { .place = "b:1", .cause = HL_CAUSE_REFUSED, .sentence = "nobody listens there" };
    char site_place[] = "a:2", conf[] = "/etc/holdline/holdline.conf";
    char *brokers[] = { site_place, NULL };
    CliDoctor doctor = sound();

    doctor.brokers = brokers;
    doctor.client_path = conf;
    hl_facts_init(&doctor.client, sizeof(HlPlaceFact));
    expect(cli_judge_client, &doctor, "", NULL, NULL);
    g_array_append_val(doctor.client.facts, answers);
    expect(cli_judge_client, &doctor, "", NULL, NULL);
    g_array_append_val(doctor.client.facts, silent);
    expect(cli_judge_client, &doctor, "f", "b:1, where the command line connects to: nobody listens there",
           "mend 'brokers' in /etc/holdline/holdline.conf: this site is at a:2");
    hl_facts_clear(&doctor.client);
}

static void test_site(void)
{
    CliDoctor doctor = sound();
    MgrSiteFinding checks[] = {
        { MGR_FINDING_NOTE, "repository", "repository: there is none: 'repo init' makes one", NULL, false },
        { MGR_FINDING_PROBLEM, "keys", "it ended", "renew", true },
        { MGR_FINDING_PROBLEM, "registry", "it is newer", "a newer program", false },
        { MGR_FINDING_PROBLEM, "journal", "it is damaged", NULL, false },
    };

    doctor.checks = g_array_new(FALSE, FALSE, sizeof(MgrSiteFinding));
    expect(cli_judge_site, &doctor, "g", NULL, NULL);
    g_array_append_vals(doctor.checks, checks, G_N_ELEMENTS(checks));
    expect(cli_judge_site, &doctor, "nff", "there is none", NULL);
    doctor.has_repository = true; /* its own row says that */
    expect(cli_judge_site, &doctor, "ff", "it is newer", "a newer program");
    doctor.has_repository = false;
    g_array_unref(doctor.checks);
    doctor.checks = NULL;
    doctor.view = CLI_SITE_HIDDEN;
    expect(cli_judge_site, &doctor, "u", "/site belongs to holdline", "runuser -u holdline -- holdline doctor");
    expect(cli_judge_manager, &doctor, "", NULL, NULL);
    expect(cli_judge_repository, &doctor, "", NULL, NULL);
    doctor.view = CLI_SITE_ABSENT;
    expect(cli_judge_site, &doctor, "u", "no site on this machine", "on the server");
    doctor.is_named = true;
    expect(cli_judge_site, &doctor, "f", "no site in /site", "--site DIR");
}

static void test_ports(void)
{
    static const struct {
        bool running, ours;
        guint listeners;
        HlListener another;
        const char *grades, *text, *remedy;
    } cases[] = {
        { true, true, 1, { 0 }, "gg", NULL, NULL },
        { true, false, 0, { 0 }, "gf", "nobody listens at port 8883, which is for the broker", "journalctl" },
        { true, false, 1, { 77, 0, "nginx" }, "gf", "is taken by nginx (process 77)", "[broker] port" },
        { false, false, 0, { 0 }, "fg", "no manager runs on /site", "systemctl start" },
        { false, true, 1, { 0 }, "fg", "no manager runs", "journalctl" }, /* the broker outlives its manager */
        { false, false, 1, { 0 }, "ff", "no manager runs", "systemctl" },
    };

    char log[] = "/site/broker/mosquitto.log";

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CliDoctor doctor = sound();

        doctor.is_running = cases[i].running;
        doctor.n_ports = 1;
        doctor.ports[0] = (CliPortFact){ "the broker",     "[broker] port", 8883, cases[i].listeners,
                                         cases[i].another, cases[i].ours,   NULL };
        expect(cli_judge_manager, &doctor, cases[i].grades, cases[i].text, cases[i].remedy);
        doctor.ports[0].log = log;
        if (cases[i].running && cases[i].listeners == 0) /* a broker comes back by itself */
            expect(cli_judge_manager, &doctor, cases[i].grades, cases[i].text, "starts it within a minute");
    }
}

static void test_way(void)
{
    CliDoctor doctor = sound();
    char path[] = "/c/holdline.conf", problem[] = "it is malformed", broker[] = "192.0.2.1:8883";
    char *brokers[] = { broker, NULL }, *urls[] = { NULL };

    hl_facts_init(&doctor.facts.names, sizeof(HlNameFact));
    expect(cli_judge_names, &doctor, "u", "no address of the server is known", "--config");
    doctor.brokers = brokers;
    doctor.urls = urls;
    expect(cli_judge_names, &doctor, "g", NULL, NULL);
    doctor.client_path = path;
    expect(cli_judge_names, &doctor, "gg", NULL, NULL);
    doctor.client_problem = problem;
    expect(cli_judge_names, &doctor, "fg", "it is malformed", "admin create");
    doctor.client_hidden = true;
    expect(cli_judge_names, &doctor, "ug", "it is malformed", "--config");
    hl_facts_clear(&doctor.facts.names);
}

static void test_told(void)
{
    static const struct {
        const char *group, *brokers;
        guint drained;
        const char *grades, *text, *remedy;
    } cases[] = {
        { NULL, "a:8883,a:8884,a:8885", 0, "g", NULL, NULL },
        { NULL, "a:8883,a:8885", 0, "w", "the server names no address with port 8884, which is broker 2",
          "holdline server set" },
        { NULL, "a:8883,a:8885", 2, "g", NULL, NULL },
        { NULL, "a:8883,a:443,a:8885", 0, "g", NULL, NULL }, /* a router's */
        { NULL, "a:443", 0, "w", "port 8883, which is broker 1", "broker.addresses" },
        { "sales", "b:8884", 0, "w", "line.brokers of group sales names no address with port 8883", "group set sales" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CliDoctor doctor = sound();
        g_auto(GStrv) brokers = g_strsplit(cases[i].brokers, ",", -1);
        g_autofree char *group = g_strdup(cases[i].group);
        CliToldFact told = { group, brokers };

        doctor.conf.broker_port = 8883;
        doctor.conf.broker_count = 3;
        expect(cli_judge_told, &doctor, "", NULL, NULL);
        doctor.told = g_array_new(FALSE, FALSE, sizeof told);
        g_array_append_val(doctor.told, told);
        doctor.drained = cases[i].drained;
        expect(cli_judge_told, &doctor, cases[i].grades, cases[i].text, cases[i].remedy);
        g_array_unref(doctor.told);
    }
}

/* That nobody listens where a broker is drained is said as that, and no fault. */
static void test_drained(void)
{
    CliDoctor doctor = sound();
    HlPlaceFact places[] = {
        { .place = "a:8883", .cause = HL_CAUSE_NONE, .is_verified = true },
        { .place = "a:8884", .cause = HL_CAUSE_REFUSED, .sentence = "nobody listens" },
    };

    doctor.conf.broker_port = 8883;
    doctor.conf.broker_count = 2;
    hl_facts_init(&doctor.facts.places, sizeof(HlPlaceFact));
    g_array_append_vals(doctor.facts.places.facts, places, G_N_ELEMENTS(places));
    expect(cli_judge_broker, &doctor, "gw", "a:8884: nobody listens", "see the findings about the manager");
    doctor.drained = 2;
    expect(cli_judge_broker, &doctor, "ng", "broker 2 is drained", "holdline broker undrain 2");
    doctor.drained = 1; /* the other one is away */
    expect(cli_judge_broker, &doctor, "ngw", "broker 1 is drained", "holdline broker undrain 1");
    hl_facts_clear(&doctor.facts.places);
}

/* The broker of the later site: the copy's own certificates cannot be mended. */
static void test_other_authority(void)
{
    CliDoctor doctor = sound();
    HlPlaceFact place = { .place = "a:8883", .cause = HL_CAUSE_OTHER_AUTHORITY, .sentence = "not issued by ours" };

    hl_facts_init(&doctor.facts.places, sizeof(HlPlaceFact));
    g_array_append_val(doctor.facts.places.facts, place);
    expect(cli_judge_broker, &doctor, "nf", "this copy of the site is from before that", "stop the manager here");
    hl_facts_clear(&doctor.facts.places);
}

/* The registry was written by a manager whose clock said more than this machine's says now. */
static void test_clock(void)
{
    CliDoctor doctor = sound();

    hl_facts_init(&doctor.facts.fronts, sizeof(HlFrontFact));
    expect(cli_judge_clock, &doctor, "", NULL, NULL);
    doctor.alive = NOW + 10 * HL_MINUTE;
    expect(cli_judge_clock, &doctor, "", NULL, NULL);
    doctor.alive++;
    expect(cli_judge_clock, &doctor, "f", "the manager was alive at", "set-ntp");
    hl_facts_clear(&doctor.facts.fronts);
}

static void test_repository(void)
{
    static const struct {
        bool there, copy, patterns;
        HlTime signed_at, expires;
        const char *grades, *text, *remedy;
    } cases[] = {
        { false, false, false, 0, 0, "", NULL, NULL },
        { true, false, false, 0, 0, "n", "no patterns are published yet",
          "then 'holdline-updater repo publish /site/repo'" },
        { true, true, false, 0, 0, "n", "no patterns are published yet", "holdline pattern sync" },
        { true, false, false, NOW - HL_HOUR, NOW + 3 * HL_DAY, "ng", "no patterns are published yet", "repo import" },
        { true, false, true, NOW - HL_HOUR, 0, "", NULL, NULL },
        { true, false, true, NOW - HL_HOUR, NOW + 3 * HL_DAY, "g", NULL, NULL },
        { true, false, true, NOW - 2 * HL_DAY, NOW + HL_DAY, "w", "not renewed in time", "repo resign /site/repo" },
        { true, true, true, NOW - 2 * HL_DAY, NOW + HL_DAY, "w", "not renewed in time", "pattern sync" },
        { true, false, true, NOW + 9 * HL_DAY, NOW + 12 * HL_DAY, "w", "a clock that was ahead", "clock" },
        { true, false, true, NOW - 4 * HL_DAY, NOW, "f", "endpoints refuse the patterns", "repo resign" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CliDoctor doctor = sound();

        doctor.has_repository = cases[i].there;
        doctor.is_copy = cases[i].copy;
        doctor.has_patterns = cases[i].patterns;
        doctor.signed_at = cases[i].signed_at;
        doctor.expires = cases[i].expires;
        expect(cli_judge_repository, &doctor, cases[i].grades, cases[i].text, cases[i].remedy);
    }
}

static void test_patterns_age(void)
{
    static char young[] = "agent=2026091401 rules=1990010101 virus=2026092101";
    static char old[] = "agent=2026091301 rules=1990010101 virus=2026092101";
    CliDoctor doctor = sound();

    doctor.has_repository = doctor.has_patterns = true;
    doctor.conf.patterns_old_after = 7 * HL_DAY;
    doctor.latest = young;
    expect(cli_judge_repository, &doctor, "", NULL, NULL);
    doctor.latest = old;
    expect(cli_judge_repository, &doctor, "w", "(agent) are of 2026-09-13: none have come since",
           "holdline-repo-import.timer");
    doctor.is_copy = true;
    expect(cli_judge_repository, &doctor, "w", "none have come since", "holdline pattern sync");
    doctor.conf.patterns_old_after = 0;
    expect(cli_judge_repository, &doctor, "", NULL, NULL);
}

/* What the manager tells of is told here, too: a person's is no fault, a role of the repository is. */
static void test_ends(void)
{
    static char ann[] = "ann", none[] = "";
    static const struct {
        CliEndFact end;
        const char *wanted, *text, *remedy;
    } rows[] = {
        { { MGR_END_ADMIN, ann, 0, 0, NOW + 61 * HL_DAY }, "", NULL, NULL },
        { { MGR_END_ADMIN, ann, 0, 0, NOW + 59 * HL_DAY },
          "w",
          "account 'ann' ends on",
          "certificate ann --site /site" },
        { { MGR_END_ADMIN, ann, 0, 0, NOW - HL_DAY }, "w", "account 'ann' ended on", "certificate ann --site /site" },
        { { MGR_END_ADMIN, ann, 0, 0, NOW - 61 * HL_DAY }, "", NULL, NULL },
        { { MGR_END_CONSOLE, ann, 0, 0, NOW + HL_DAY },
          "w",
          "console 'ann' ends on",
          "while it runs it renews itself" },
        { { MGR_END_MONITOR, ann, 0, 0, NOW + HL_DAY }, "w", "monitor 'ann' ends on", "holdline monitor renew ann" },
        { { MGR_END_ROOT, none, 0, 0, NOW + 59 * HL_DAY },
          "w",
          "role root ends on",
          "repo root rotate /site/repo root" },
        { { MGR_END_ROOT, none, 0, 0, NOW - 400 * HL_DAY }, "f", "role root ended on", "rotate /site/repo root" },
    };
    CliDoctor doctor = sound();

    hl_facts_init(&doctor.facts.certificates, sizeof(HlCertFact));
    doctor.ends = g_array_new(FALSE, FALSE, sizeof(CliEndFact));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_array_set_size(doctor.ends, 0);
        g_array_append_val(doctor.ends, rows[i].end);
        expect(cli_judge_certificates, &doctor, rows[i].wanted, rows[i].text, rows[i].remedy);
    }
    g_array_unref(doctor.ends);
    hl_facts_clear(&doctor.facts.certificates);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/server/client", test_client);
    g_test_add_func("/doctor/server/site", test_site);
    g_test_add_func("/doctor/server/ports", test_ports);
    g_test_add_func("/doctor/server/way", test_way);
    g_test_add_func("/doctor/server/told", test_told);
    g_test_add_func("/doctor/server/drained", test_drained);
    g_test_add_func("/doctor/server/other-authority", test_other_authority);
    g_test_add_func("/doctor/server/clock", test_clock);
    g_test_add_func("/doctor/server/repository", test_repository);
    g_test_add_func("/doctor/server/patterns-age", test_patterns_age);
    g_test_add_func("/doctor/server/ends", test_ends);
    return g_test_run();
}

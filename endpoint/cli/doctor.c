/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-endpoint doctor: looks at everything that this machine needs to be protected, and says what is wrong and
 * what to do.  Works while the daemon is down, and for users who may not look at everything. */
#include "endpoint/cli/doctor.h"

#include <stdio.h>

#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/table.h"
#include "proto/phrase.h"

/* In this order: a later one uses what an earlier one found. */
static const struct {
    const char *name;
    void (*probe)(EpDoctor *doctor, HlInvocation *call); /* NULL: an earlier one found it */
    void (*judge)(const EpDoctor *doctor, HlFindings *findings);
} rows[] = {
    { "configuration", ep_probe_configuration, ep_judge_configuration },
    { "daemon", ep_probe_daemon, ep_judge_daemon },
    { "enrolment", ep_probe_enrolment, ep_judge_enrolment },
    { "names", ep_probe_names, ep_judge_names },
    { "line", ep_probe_line, ep_judge_line },
    { "front", ep_probe_front, ep_judge_front },
    { "clock", NULL, ep_judge_clock },
    { "certificate", ep_probe_certificate, ep_judge_certificate },
    { "disk", ep_probe_disk, ep_judge_disk },
    { "patterns", ep_probe_patterns, ep_judge_patterns },
    { "scanner", ep_probe_scanner, ep_judge_scanner },
    { "versions", ep_probe_versions, ep_judge_versions },
};

/* The widest of these words in the user's language. */
static int widest(const HlFindings *findings, const char *(*word)(const HlFinding *finding))
{
    int cells = 0;

    for (guint i = 0; i < hl_findings_total(findings); i++)
        cells = MAX(cells, hl_text_cells(hl_phrase_word(word(hl_findings_get(findings, i)))));
    return cells;
}

static const char *grade_of(const HlFinding *finding)
{
    return hl_grade_name(finding->grade);
}

static const char *check_of(const HlFinding *finding)
{
    return finding->check;
}

static void print_remedy(const char *remedy, int width, int column)
{
    g_autofree char *text = hl_phrase_translate(remedy);
    g_autofree char *lines = hl_text_hang(text, width, column);

    printf("%*s%s\n", column, "-> ", lines);
}

static void print_findings(const HlFindings *findings)
{
    static const HlTone tones[] = { [HL_GRADE_GOOD] = HL_TONE_GOOD,
                                    [HL_GRADE_UNSEEN] = HL_TONE_DIM,
                                    [HL_GRADE_NOTE] = HL_TONE_PLAIN,
                                    [HL_GRADE_WARNING] = HL_TONE_WARN,
                                    [HL_GRADE_FAULT] = HL_TONE_BAD };
    int grades = widest(findings, grade_of), checks = widest(findings, check_of);
    int column = grades + checks + 4, width = hl_terminal_size(stdout, NULL);

    for (guint i = 0; i < hl_findings_total(findings); i++) {
        const HlFinding *finding = hl_findings_get(findings, i);
        g_autofree char *grade = hl_text_fill(hl_phrase_word(grade_of(finding)), grades);
        g_autofree char *toned = hl_tone(stdout, tones[finding->grade], grade);
        g_autofree char *check = hl_text_fill(hl_phrase_word(check_of(finding)), checks);
        g_autofree char *text = hl_phrase_translate(finding->text);
        g_autofree char *timed = hl_local_beside(text);
        g_autofree char *lines = hl_text_hang(timed, width, column);

        printf("%s  %s  %s\n", toned, check, lines);
        if (finding->remedy != NULL)
            print_remedy(finding->remedy, width, column);
    }
}

bool ep_cmd_doctor(HlInvocation *call, GError **error)
{
    g_auto(EpDoctor) doctor = { .now = hl_clock_wall() };
    g_autoptr(HlFindings) findings = hl_findings_new();

    if (hl_cli_has(call, "json"))
        hl_i18n_end();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].probe != NULL)
            rows[i].probe(&doctor, call);
        hl_findings_begin(findings, rows[i].name);
        rows[i].judge(&doctor, findings);
    }
    if (hl_cli_has(call, "json")) {
        g_autoptr(json_t) document = hl_findings_json(findings);
        g_autofree char *line = hl_json_print(document);

        printf("%s\n", line);
    } else {
        print_findings(findings);
    }
    return hl_findings_conclude(findings, error);
}

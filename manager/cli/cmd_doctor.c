/* SPDX-License-Identifier: Apache-2.0 */
/* holdline doctor: looks at everything that a server needs, and says what is wrong and what to do.  Asks no call of the
 * manager, so it works while that is down. */
#include <stdio.h>

#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "manager/cli/commands.h"
#include "manager/cli/doctor.h"
#include "manager/cli/show.h"

/* In this order: a later one uses what an earlier one found. */
static const struct {
    const char *name;
    void (*probe)(CliDoctor *doctor, HlInvocation *call); /* NULL: an earlier one found it */
    void (*judge)(const CliDoctor *doctor, HlFindings *findings);
} rows[] = {
    { N_("site"), cli_probe_site, cli_judge_site },
    { N_("manager"), cli_probe_manager, cli_judge_manager },
    { N_("names"), cli_probe_names, cli_judge_names },
    { N_("addresses"), cli_probe_told, cli_judge_told },
    { N_("line"), cli_probe_broker, cli_judge_broker },
    { N_("front"), cli_probe_front, cli_judge_front },
    { N_("client"), NULL, cli_judge_client },
    { N_("clock"), NULL, cli_judge_clock },
    { N_("certificates"), cli_probe_certificates, cli_judge_certificates },
    { N_("disk"), cli_probe_disk, cli_judge_disk },
    { N_("repository"), cli_probe_repository, cli_judge_repository },
    { N_("versions"), cli_probe_versions, cli_judge_versions },
};

#define TEXT 28 /* the column of what was found, after its grade and the check's name */

static void print_finding(const HlFinding *finding)
{
    static const HlTone tones[] = { [HL_GRADE_GOOD] = HL_TONE_GOOD,
                                    [HL_GRADE_UNSEEN] = HL_TONE_DIM,
                                    [HL_GRADE_NOTE] = HL_TONE_PLAIN,
                                    [HL_GRADE_WARNING] = HL_TONE_WARN,
                                    [HL_GRADE_FAULT] = HL_TONE_BAD };
    int width = hl_terminal_size(stdout, NULL);
    g_autofree char *grade = hl_text_fill(hl_tr(hl_grade_name(finding->grade)), TEXT / 2);
    g_autofree char *toned = hl_tone(stdout, tones[finding->grade], grade);
    g_autofree char *check = hl_text_fill(hl_tr(finding->check), TEXT / 2);
    g_autofree char *timed = hl_local_beside(finding->text);
    g_autofree char *text = hl_text_hang(timed, width, TEXT);
    g_autofree char *remedy = finding->remedy != NULL ? hl_text_hang(finding->remedy, width, TEXT) : NULL;

    printf("%s%s%s\n", toned, check, text);
    if (remedy != NULL)
        printf("%*s%s\n", TEXT, "-> ", remedy);
}

bool cmd_doctor(HlInvocation *call, GError **error)
{
    g_auto(CliDoctor) doctor = { .now = hl_clock_wall() };
    g_autoptr(HlFindings) findings = hl_findings_new();
    g_autoptr(json_t) document = NULL;

    if (hl_cli_has(call, "json"))
        hl_i18n_end();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].probe != NULL)
            rows[i].probe(&doctor, call);
        hl_findings_begin(findings, rows[i].name);
        rows[i].judge(&doctor, findings);
    }
    document = hl_findings_json(findings);
    if (!cli_show_json(call, document))
        for (guint i = 0; i < hl_findings_total(findings); i++)
            print_finding(hl_findings_get(findings, i));
    return hl_findings_conclude(findings, error);
}

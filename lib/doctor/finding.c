/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/doctor/finding.h"

#include "lib/base/text.h"

static const struct {
    const char *shown, *code;
} grades[] = {
    [HL_GRADE_GOOD] = { "good", "good" },    [HL_GRADE_UNSEEN] = { "not looked at", "not-looked-at" },
    [HL_GRADE_NOTE] = { "note", "note" },    [HL_GRADE_WARNING] = { "warning", "warning" },
    [HL_GRADE_FAULT] = { "FAULT", "fault" },
};

struct HlFindings {
    const char *check;
    GPtrArray *list; /* of HlFinding * */
    guint counts[HL_N_GRADES];
};

const char *hl_grade_name(HlGrade grade)
{
    return grades[grade].shown;
}

static void free_finding(gpointer item)
{
    HlFinding *finding = item;

    g_free(finding->text);
    g_free(finding->remedy);
    g_free(finding);
}

HlFindings *hl_findings_new(void)
{
    HlFindings *findings = g_new0(HlFindings, 1);

    findings->list = g_ptr_array_new_with_free_func(free_finding);
    return findings;
}

void hl_findings_free(HlFindings *findings)
{
    if (findings == NULL)
        return;
    g_ptr_array_unref(findings->list);
    g_free(findings);
}

void hl_findings_begin(HlFindings *findings, const char *check)
{
    findings->check = check;
}

G_GNUC_PRINTF(4, 0)
static void add(HlFindings *findings, HlGrade grade, const char *remedy, const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    HlFinding *finding = g_new0(HlFinding, 1);

    g_assert(findings->check != NULL);
    finding->check = findings->check;
    finding->grade = grade;
    finding->text = hl_text_printable(text);
    finding->remedy = remedy != NULL ? hl_text_printable(remedy) : NULL;
    findings->counts[grade]++;
    g_ptr_array_add(findings->list, finding);
}

void hl_findings_good(HlFindings *findings, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(findings, HL_GRADE_GOOD, NULL, format, arguments);
    va_end(arguments);
}

void hl_findings_note(HlFindings *findings, const char *remedy, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(findings, HL_GRADE_NOTE, remedy, format, arguments);
    va_end(arguments);
}

void hl_findings_add(HlFindings *findings, HlGrade grade, const char *remedy, const char *format, ...)
{
    va_list arguments;

    g_assert(grade != HL_GRADE_GOOD && grade != HL_GRADE_NOTE && remedy != NULL && *remedy != '\0');
    va_start(arguments, format);
    add(findings, grade, remedy, format, arguments);
    va_end(arguments);
}

guint hl_findings_total(const HlFindings *findings)
{
    return findings->list->len;
}

const HlFinding *hl_findings_get(const HlFindings *findings, guint index)
{
    return findings->list->pdata[index];
}

json_t *hl_findings_json(const HlFindings *findings)
{
    json_t *list = json_array();

    for (guint i = 0; i < findings->list->len; i++) {
        const HlFinding *finding = findings->list->pdata[i];

        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s?}", "check", finding->check, "grade",
                                        grades[finding->grade].code, "text", finding->text, "remedy", finding->remedy));
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:o}", "faults", (int)findings->counts[HL_GRADE_FAULT], "warnings",
                     (int)findings->counts[HL_GRADE_WARNING], "notes", (int)findings->counts[HL_GRADE_NOTE],
                     "not_looked_at", (int)findings->counts[HL_GRADE_UNSEEN], "findings", list);
}

bool hl_findings_conclude(const HlFindings *findings, GError **error)
{
    guint faults = findings->counts[HL_GRADE_FAULT], warnings = findings->counts[HL_GRADE_WARNING];

    if (faults > 0)
        return hl_fail(error, HL_ERROR_FAILED, "faults: %u, warnings: %u", faults, warnings);
    return warnings == 0 || hl_fail(error, HL_ERROR_PARTIAL, "warnings: %u", warnings);
}

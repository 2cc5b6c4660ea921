/* SPDX-License-Identifier: Apache-2.0 */
/* What 'doctor' found: one line for each thing that was looked at, what is wrong with a remedy.  Pure; one thread.
 *
 * Texts are English and printable, whatever a stranger put into them. */
#ifndef LIB_DOCTOR_FINDING_H
#define LIB_DOCTOR_FINDING_H

#include "lib/base/json.h"

typedef enum {
    HL_GRADE_GOOD,
    HL_GRADE_UNSEEN,  /* this user, or this machine, cannot look */
    HL_GRADE_NOTE,    /* to know: it may be meant */
    HL_GRADE_WARNING, /* it works still */
    HL_GRADE_FAULT,
    HL_N_GRADES,
} HlGrade;

/* "good", "not looked at", "note", "warning", "FAULT". */
const char *hl_grade_name(HlGrade grade);

typedef struct {
    const char *check; /* the name of the check, static */
    HlGrade grade;
    char *text;
    char *remedy; /* NULL: good, or a note that says all */
} HlFinding;

typedef struct HlFindings HlFindings;

HlFindings *hl_findings_new(void);
void hl_findings_free(HlFindings *findings);

/* What is added from now on is of this check; name is static. */
void hl_findings_begin(HlFindings *findings, const char *check);

void hl_findings_good(HlFindings *findings, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* remedy may be NULL: there is nothing to do, or the text says it. */
void hl_findings_note(HlFindings *findings, const char *remedy, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* grade is neither GOOD nor NOTE, and there is a remedy. */
void hl_findings_add(HlFindings *findings, HlGrade grade, const char *remedy, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

guint hl_findings_total(const HlFindings *findings);
const HlFinding *hl_findings_get(const HlFindings *findings, guint index);

/* {"faults", "warnings", "notes", "not_looked_at", "findings": [{"check", "grade", "text", "remedy"}]}; the grades are
 * "good", "not-looked-at", "note", "warning" and "fault", the remedy of what is good is null, of a note it may be. */
json_t *hl_findings_json(const HlFindings *findings);

/* false, FAILED: there are faults; false, PARTIAL: only warnings.  Notes, and what was not looked at, are neither. */
bool hl_findings_conclude(const HlFindings *findings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlFindings, hl_findings_free)

#endif

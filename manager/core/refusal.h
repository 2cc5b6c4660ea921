/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager refuses, as rows of one table (refusal.def): clients word them in their reader's language.
 *
 * Pure, any thread. */
#ifndef MANAGER_CORE_REFUSAL_H
#define MANAGER_CORE_REFUSAL_H

#include "lib/base/fault.h"

typedef enum {
#define REFUSAL(name, code, sentence, text) MGR_REFUSE_##name,
#include "manager/core/refusal.def"
#undef REFUSAL
    MGR_N_REFUSALS
} MgrRefusal;

/* Fails with this row.  The values of its arguments follow in the order in which its text first names them, then NULL
 * (HL_NUMBER for a number; tools/check-catalogues counts them).  Returns false. */
#define mgr_refuse(error, refusal, ...) \
    hl_fault_fail(error, &mgr_refusals.rows[refusal], (const char *const[]){ __VA_ARGS__, NULL })

extern const HlFaultTable mgr_refusals;

/* The error in the reader's language, where it is one of these or of value_fault.def; else its message.  Caller frees.
 */
char *mgr_refusal_word(const GError *error, HlFaultLanguage language);

/* Whether a sentence, of an error, says that what was seen is not what there is.  NULL is none. */
bool mgr_refusal_is_stale(const char *sentence);

/* What a call that failed like this is told.  A copy; but where the server itself may not open a file, which is denied
 * by the system and not by somebody's role, an error of its own.  Caller frees. */
GError *mgr_refusal_told(const GError *error);

#endif

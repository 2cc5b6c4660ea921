/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a value that somebody wrote, as rows of one table (value_fault.def): HL_ERROR_INVALID, which
 * clients word in their reader's language.
 *
 * Pure, any thread. */
#ifndef LIB_BASE_VALUE_FAULT_H
#define LIB_BASE_VALUE_FAULT_H

#include "lib/base/fault.h"

typedef enum {
#define VALUE(name, sentence, text) HL_VALUE_##name,
#include "lib/base/value_fault.def"
#undef VALUE
    HL_N_VALUE_FAULTS
} HlValueFault;

/* Fails with this row.  The values of its arguments follow in the order in which its text first names them, then NULL
 * (tools/check-catalogues counts them).  Returns false. */
#define hl_value_fail(error, fault, ...) \
    hl_fault_fail(error, &hl_value_faults.rows[fault], (const char *const[]){ __VA_ARGS__, NULL })

extern const HlFaultTable hl_value_faults;

#endif

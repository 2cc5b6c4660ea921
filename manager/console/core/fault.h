/* SPDX-License-Identifier: Apache-2.0 */
/* What the console itself refuses, before or beside the manager, as rows of one table (fault.def): so a refusal has a
 * code and arguments over REST, and is worded in the language that a request asks for.
 *
 * Pure, any thread. */
#ifndef MANAGER_CONSOLE_CORE_FAULT_H
#define MANAGER_CONSOLE_CORE_FAULT_H

#include "lib/base/fault.h"

typedef enum {
#define FAULT(name, code, sentence, text) CON_FAULT_##name,
#include "manager/console/core/fault.def"
#undef FAULT
    CON_N_FAULTS
} ConFault;

/* Fails with this row, as hl_value_fail.  Returns false. */
#define con_fail(error, fault, ...) \
    hl_fault_fail(error, &con_faults.rows[fault], (const char *const[]){ __VA_ARGS__, NULL })

extern const HlFaultTable con_faults;

#endif

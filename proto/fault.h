/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with settings, schedules, exclusions and the like, as rows of one table (fault.def):
 * HL_ERROR_INVALID, which clients word in their reader's language.
 *
 * Pure, any thread. */
#ifndef PROTO_FAULT_H
#define PROTO_FAULT_H

#include "lib/base/fault.h"

typedef enum {
#define FAULT(name, sentence, text) HL_FAULT_##name,
#include "proto/fault.def"
#undef FAULT
    HL_N_PROTO_FAULTS
} HlProtoFault;

/* Fails with this row, as hl_value_fail.  Returns false. */
#define hl_proto_fail(error, fault, ...) \
    hl_fault_fail(error, &hl_proto_faults.rows[fault], (const char *const[]){ __VA_ARGS__, NULL })

extern const HlFaultTable hl_proto_faults;

#endif

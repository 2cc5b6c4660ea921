/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/fault.h"

#include "lib/base/i18n.h"

static const HlFault rows[HL_N_PROTO_FAULTS] = {
#define FAULT(name, sentence, text) [HL_FAULT_##name] = { sentence, HL_ERROR_INVALID, text },
#include "proto/fault.def"
#undef FAULT
};

const HlFaultTable hl_proto_faults = { rows, G_N_ELEMENTS(rows) };

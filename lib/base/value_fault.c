/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/value_fault.h"

#include "lib/base/i18n.h"

static const HlFault rows[HL_N_VALUE_FAULTS] = {
#define VALUE(name, sentence, text) [HL_VALUE_##name] = { sentence, HL_ERROR_INVALID, text },
#include "lib/base/value_fault.def"
#undef VALUE
};

const HlFaultTable hl_value_faults = { rows, G_N_ELEMENTS(rows) };

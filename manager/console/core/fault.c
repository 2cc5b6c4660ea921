/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/fault.h"

#include "lib/base/i18n.h"

static const HlFault rows[CON_N_FAULTS] = {
#define FAULT(name, code, sentence, text) [CON_FAULT_##name] = { sentence, HL_ERROR_##code, text },
#include "manager/console/core/fault.def"
#undef FAULT
};

const HlFaultTable con_faults = { rows, G_N_ELEMENTS(rows) };

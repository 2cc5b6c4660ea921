/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/refusal.h"

#include "lib/base/i18n.h"

const HlFault mgr_refusals[MGR_N_REFUSALS] = {
#define REFUSAL(name, code, sentence, text) [MGR_REFUSE_##name] = { sentence, HL_ERROR_##code, text },
#include "manager/core/refusal.def"
#undef REFUSAL
};

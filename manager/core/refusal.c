/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/refusal.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/said.h"
#include "lib/base/value_fault.h"

static const HlFault rows[MGR_N_REFUSALS] = {
#define REFUSAL(name, code, sentence, text) [MGR_REFUSE_##name] = { sentence, HL_ERROR_##code, text },
#include "manager/core/refusal.def"
#undef REFUSAL
};

const HlFaultTable mgr_refusals = { rows, G_N_ELEMENTS(rows) };

char *mgr_refusal_word(const GError *error, HlFaultLanguage language)
{
    static const HlFaultTable *const tables[] = { &mgr_refusals, &hl_value_faults, NULL };
    char *worded = hl_fault_word(tables, error, language);

    return worded != NULL ? worded : g_strdup(error->message);
}

GError *mgr_refusal_told(const GError *error)
{
    GError *told = NULL;

    if (hl_error_code(error) != HL_ERROR_DENIED || hl_error_sentence(error) != NULL)
        return g_error_copy(error);
    mgr_refuse(&told, MGR_REFUSE_SERVER_OWN_FILES, error->message, NULL);
    return told;
}

bool mgr_refusal_is_stale(const char *sentence)
{
    static const char *const stale[] = {
#define REFUSAL(name, code, sentence, text)
#define STALE_REFUSAL(name, code, sentence, text) sentence,
#include "manager/core/refusal.def"
#undef REFUSAL
    };

    for (gsize i = 0; sentence != NULL && i < G_N_ELEMENTS(stale); i++)
        if (strcmp(stale[i], sentence) == 0)
            return true;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/probation.h"

void ep_probation_begin(EpProbation *probation, HlTime now)
{
    *probation = (EpProbation){ .armed = true, .switched = now };
}

void ep_probation_end(EpProbation *probation)
{
    probation->armed = false;
}

bool ep_probation_engine_ended(EpProbation *probation, EpEngineEnd end, HlTime now)
{
    if (!probation->armed)
        return false;
    if (now - probation->switched > EP_PROBATION_WINDOW) { /* it has worked long enough: the cause is something else */
        ep_probation_end(probation);
        return false;
    }
    probation->failures = end == EP_ENGINE_WORKED ? 0 : probation->failures + 1;
    if (probation->failures < EP_PROBATION_FAILURES)
        return false;
    ep_probation_end(probation);
    return true;
}

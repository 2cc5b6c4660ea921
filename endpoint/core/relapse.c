#include "endpoint/core/relapse.h"

void ep_relapse_switched(EpRelapse *relapse, HlTime now)
{
    *relapse = (EpRelapse){ .armed = true, .switched = now };
}

void ep_relapse_disarm(EpRelapse *relapse)
{
    relapse->armed = false;
}

bool ep_relapse_engine(EpRelapse *relapse, EpEngineEnd end, HlTime now)
{
    if (!relapse->armed)
        return false;
    if (now - relapse->switched > EP_RELAPSE_WINDOW) { /* it worked long enough: the trouble is another one */
        ep_relapse_disarm(relapse);
        return false;
    }
    relapse->failures = end == EP_ENGINE_WORKED ? 0 : relapse->failures + 1;
    if (relapse->failures < EP_RELAPSE_FAILURES)
        return false;
    ep_relapse_disarm(relapse);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/succession.h"

MgrSuccessionStep mgr_succession_step(const MgrSuccessionView *view)
{
    if (!view->is_on)
        return MGR_SUCCESSION_NONE;
    if (!view->is_forced && (view->endpoints > 0 || view->people > 0))
        return MGR_SUCCESSION_WAIT;
    if (view->is_managed)
        return MGR_SUCCESSION_END;
    if (!view->is_own_new)
        return MGR_SUCCESSION_SIGN;
    return view->is_told ? MGR_SUCCESSION_END : MGR_SUCCESSION_BROKER;
}

MgrHolder mgr_succession_holder(bool holds, bool has_new)
{
    return !holds ? MGR_HOLDER_UNTOLD : has_new ? MGR_HOLDER_THROUGH : MGR_HOLDER_OLD;
}

const char *mgr_holder_name(MgrHolder holder)
{
    switch (holder) {
    case MGR_HOLDER_UNTOLD:
        return "untold";
    case MGR_HOLDER_OLD:
        return "old-certificate";
    case MGR_HOLDER_THROUGH:
        break;
    }
    return "through";
}

const char *mgr_succession_name(MgrSuccessionStep step)
{
    switch (step) {
    case MGR_SUCCESSION_NONE:
        return "none";
    case MGR_SUCCESSION_BROKER:
        return "broker";
    case MGR_SUCCESSION_WAIT:
    case MGR_SUCCESSION_SIGN:
    case MGR_SUCCESSION_END:
        break;
    }
    return "announced";
}

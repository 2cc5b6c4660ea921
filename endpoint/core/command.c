/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/command.h"

#include <string.h>

#include "lib/base/ident.h"

/* Anything not named here does nothing.  A job found STARTED after a crash is started again: same state. */
static const struct {
    EpCommandState from;
    EpCommandEvent event;
    EpCommandState to;
} transitions[] = {
    { EP_COMMAND_RECEIVED, EP_COMMAND_START, EP_COMMAND_STARTED },
    { EP_COMMAND_RECEIVED, EP_COMMAND_REJECT, EP_COMMAND_REJECTED },
    { EP_COMMAND_RECEIVED, EP_COMMAND_EXPIRE, EP_COMMAND_EXPIRED },
    { EP_COMMAND_RECEIVED, EP_COMMAND_CANCEL, EP_COMMAND_CANCELLED },
    { EP_COMMAND_STARTED, EP_COMMAND_START, EP_COMMAND_STARTED },
    { EP_COMMAND_STARTED, EP_COMMAND_SUCCEED, EP_COMMAND_SUCCEEDED },
    { EP_COMMAND_STARTED, EP_COMMAND_FAIL, EP_COMMAND_FAILED },
    { EP_COMMAND_STARTED, EP_COMMAND_TIME_OUT, EP_COMMAND_TIMED_OUT },
};

bool ep_command_is_final(EpCommandState state)
{
    return state >= EP_COMMAND_SUCCEEDED;
}

bool ep_command_step(EpCommandState *state, EpCommandEvent event)
{
    for (gsize i = 0; i < G_N_ELEMENTS(transitions); i++) {
        if (transitions[i].from == *state && transitions[i].event == event) {
            *state = transitions[i].to;
            return true;
        }
    }
    return false;
}

EpCommandVerdict ep_command_judge(const EpCommandOffer *offer, const EpCommandView *view)
{
    if (strcmp(offer->endpoint, view->endpoint) != 0)
        return EP_COMMAND_REFUSE_WRONG_ENDPOINT;
    if (!hl_ident_is_valid(offer->id))
        return EP_COMMAND_REFUSE_INVALID;
    if (view->known)
        return EP_COMMAND_REPEAT;
    if (offer->expires <= view->now)
        return EP_COMMAND_REFUSE_EXPIRED;
    /* both are the issuer's times: whatever this machine's clock was when ids were forgotten, a later command passes */
    if (offer->issued <= view->forgotten_issued && offer->expires <= view->forgotten_until)
        return EP_COMMAND_REFUSE_REPLAYED;
    if (offer->issued <= 0 || offer->expires > offer->issued + EP_COMMAND_MAX_LIFETIME)
        return EP_COMMAND_REFUSE_INVALID;
    if (view->under_way >= EP_COMMAND_MAX_ENTRIES && !offer->exempt)
        return EP_COMMAND_REFUSE_LIMIT;
    if (!offer->kind_known)
        return EP_COMMAND_REJECT_UNKNOWN;
    if (view->independent)
        return EP_COMMAND_REJECT_INDEPENDENT;
    return EP_COMMAND_TAKE;
}

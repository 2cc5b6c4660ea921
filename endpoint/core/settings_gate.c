/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/settings_gate.h"

#include <string.h>

#define LEAD HL_DAY

/* The counter in force is an impossible one, and this document is beyond doubt of now. */
static bool heals(const EpSettingsOffer *offer, const EpSettingsView *view)
{
    uint64_t most = (uint64_t)MAX(view->server, 0) + (uint64_t)LEAD;

    return view->server > 0 && view->session != 0 && offer->session == view->session && view->counter > most &&
           offer->counter <= most;
}

EpSettingsVerdict ep_settings_judge(const EpSettingsOffer *offer, const EpSettingsView *view)
{
    bool same_digest = view->applied && g_bytes_equal(offer->digest, view->digest);

    if (strcmp(offer->endpoint, view->endpoint) != 0)
        return EP_SETTINGS_WRONG_ENDPOINT;
    if (!g_bytes_equal(offer->digest, offer->computed))
        return EP_SETTINGS_INVALID;
    if (offer->expires != 0 && offer->expires <= view->now)
        return EP_SETTINGS_EXPIRED;
    if (view->applied && offer->counter == view->counter && same_digest)
        return strcmp(offer->path, view->path) == 0 ? EP_SETTINGS_ALREADY : EP_SETTINGS_ALREADY_REPORT;
    if (view->applied && offer->counter <= view->counter && !heals(offer, view))
        return offer->counter == view->counter ? EP_SETTINGS_COLLIDES : EP_SETTINGS_REPLAYED;
    if (view->applied && view->independent && offer->independent)
        return EP_SETTINGS_INDEPENDENT;
    return EP_SETTINGS_TAKE;
}

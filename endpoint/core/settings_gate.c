/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/settings_gate.h"

#include <string.h>

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
    if (view->applied && offer->counter <= view->counter)
        return EP_SETTINGS_REPLAYED;
    if (view->applied && view->independent && offer->independent)
        return EP_SETTINGS_INDEPENDENT;
    return EP_SETTINGS_TAKE;
}

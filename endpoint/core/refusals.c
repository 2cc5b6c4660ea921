/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/refusals.h"

#include <string.h>

static const char *const whats[EP_REFUSED_N_WHATS] = {
    [EP_REFUSED_SETTINGS] = "settings",
    [EP_REFUSED_COMMAND] = "command",
    [EP_REFUSED_CERTIFICATE] = "certificate",
    [EP_REFUSED_SERVER] = "server",
};

static const char *const reasons[EP_REFUSED_N_REASONS] = {
    [EP_REFUSED_UNTRUSTED] = "untrusted", [EP_REFUSED_EXPIRED] = "expired",
    [EP_REFUSED_REPLAYED] = "replayed",   [EP_REFUSED_WRONG_ENDPOINT] = "wrong-endpoint",
    [EP_REFUSED_INVALID] = "invalid",     [EP_REFUSED_LIMIT] = "limit",
    [EP_REFUSED_COLLISION] = "collision",
};

const char *ep_refused_name(EpRefused what)
{
    return whats[what];
}

const char *ep_refused_reason_name(EpRefusedReason reason)
{
    return reasons[reason];
}

void ep_refusals_note(EpRefusals *refusals, EpRefused what, EpRefusedReason reason, uint64_t counter,
                      const char *detail)
{
    EpRefusal *row = &refusals->rows[what][reason];
    g_autofree char *clean = g_utf8_make_valid(detail, -1);
    gsize length = MIN(strlen(clean), sizeof row->detail - 1);

    while (length > 0 && ((guchar)clean[length] & 0xC0) == 0x80)
        length--; /* not in the middle of a character */
    memcpy(row->detail, clean, length);
    row->detail[length] = '\0';
    row->counter = counter;
    row->count++;
    refusals->total++;
}

bool ep_refusals_due(EpRefusals *refusals, HlTime now, EpRefused *what, EpRefusedReason *reason)
{
    for (int w = 0; w < EP_REFUSED_N_WHATS; w++) {
        for (int r = 0; r < EP_REFUSED_N_REASONS; r++) {
            EpRefusal *row = &refusals->rows[w][r];

            if (row->count == row->reported || (row->reported > 0 && now - row->reported_at < EP_REFUSAL_INTERVAL))
                continue;
            row->reported = row->count;
            row->reported_at = now;
            *what = (EpRefused)w;
            *reason = (EpRefusedReason)r;
            return true;
        }
    }
    return false;
}

bool ep_refusals_waiting(const EpRefusals *refusals)
{
    for (int w = 0; w < EP_REFUSED_N_WHATS; w++)
        for (int r = 0; r < EP_REFUSED_N_REASONS; r++)
            if (refusals->rows[w][r].count != refusals->rows[w][r].reported)
                return true;
    return false;
}

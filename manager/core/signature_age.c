/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/signature_age.h"

/* Two hosts' clocks, of which one signs and one serves. */
#define SLACK HL_HOUR

const char *mgr_signature_age_name(MgrSignatureAge age)
{
    static const char *const names[] = {
        [MGR_SIGNATURE_NONE] = "none",   [MGR_SIGNATURE_GOOD] = "good",       [MGR_SIGNATURE_AGEING] = "ageing",
        [MGR_SIGNATURE_AHEAD] = "ahead", [MGR_SIGNATURE_EXPIRED] = "expired",
    };

    return names[age];
}

/* A clock that was behind when it was signed, or is now, must not make a life negative. */
static HlTime lifetime(HlTime signed_at, HlTime expires)
{
    return expires > signed_at ? expires - signed_at : 0;
}

static bool is_ahead(HlTime signed_at, HlTime expires, HlTime now)
{
    return expires - now > lifetime(signed_at, expires) + SLACK;
}

MgrSignatureAge mgr_signature_age(HlTime signed_at, HlTime expires, HlTime now)
{
    if (expires == 0)
        return MGR_SIGNATURE_NONE;
    if (now >= expires)
        return MGR_SIGNATURE_EXPIRED;
    if (is_ahead(signed_at, expires, now))
        return MGR_SIGNATURE_AHEAD;
    return expires - now <= lifetime(signed_at, expires) / 2 ? MGR_SIGNATURE_AGEING : MGR_SIGNATURE_GOOD;
}

bool mgr_signature_is_due(HlTime signed_at, HlTime expires, HlTime now)
{
    return expires != 0 && (expires - now <= lifetime(signed_at, expires) / 4 * 3 || is_ahead(signed_at, expires, now));
}

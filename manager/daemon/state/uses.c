/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/uses.h"

#include <string.h>

#define FRESH HL_DAY /* a script calls every few seconds: one row written a day is enough to tell who is gone */

struct MgrUses {
    MgrFleet *fleet;
    MgrRecord *record;
};

MgrUses *mgr_uses_new(MgrFleet *fleet, MgrRecord *record)
{
    MgrUses *uses = g_new0(MgrUses, 1);

    uses->fleet = fleet;
    uses->record = record;
    return uses;
}

void mgr_uses_free(MgrUses *uses)
{
    g_free(uses);
}

void mgr_uses_add(MgrUses *uses, const char *name, const char *serial, HlTime now)
{
    MgrCertificateRecord *certificate = mgr_fleet_certificate(uses->fleet, serial);

    if (certificate == NULL || strcmp(certificate->name, name) != 0 || certificate->revoked_at != 0 ||
        (certificate->used_at != 0 && ABS(now - certificate->used_at) < FRESH))
        return;
    certificate->used_at = now;
    mgr_write_certificate_use(mgr_record_background(uses->record), serial, now);
}

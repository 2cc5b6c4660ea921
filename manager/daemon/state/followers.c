/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/followers.h"

#include <string.h>

#include "manager/daemon/state/pki.h"

static bool is_in_force(const MgrCertificateRecord *record)
{
    return record->revoked_at == 0 && record->expires_at > hl_clock_wall();
}

/* By what the certificates themselves say of each other. */
static bool is_in_use(const MgrFleet *fleet, const char *next, const MgrCertificateRecord *record)
{
    if (record->used_at == 0 || !is_in_force(record) || strcmp(mgr_certificate_authority(record), next) == 0)
        return false;
    for (const MgrCertificateRecord *other = mgr_fleet_certificates_of(fleet, record->name); other != NULL;
         other = other->next) {
        if (other->used_at > 0 && strcmp(mgr_certificate_replaces(other), record->serial) == 0)
            return false;
    }
    return true;
}

static bool is_taken_in(const MgrCertificateRecord *record)
{
    return record->used_at > 0 && is_in_force(record) &&
           strcmp(mgr_certificate_replaces(record), MGR_REPLACES_UNKNOWN) == 0;
}

/* Whether the other, which was taken in, may have replaced this one: it came later, and this one is not used any more.
 * When such a one was issued is known to within a few hours, and when one was used to within a day. */
static bool may_replace(const MgrCertificateRecord *other, const MgrCertificateRecord *record)
{
    HlTime issued = other->issued_at + MGR_PKI_BACKDATE;

    return other != record && is_taken_in(other) && issued >= record->issued_at && record->used_at <= issued + HL_DAY;
}

static guint count_taken_in(const MgrFleet *fleet, const MgrCertificateRecord *record)
{
    guint n = 0;

    for (const MgrCertificateRecord *other = mgr_fleet_certificates_of(fleet, record->name); other != NULL;
         other = other->next)
        n += may_replace(other, record);
    return n;
}

/* Whether those that were taken in stand for this one, which is in use: there are as many as may have been replaced. */
static bool is_stood_for(const MgrFleet *fleet, const char *next, const MgrCertificateRecord *record)
{
    guint in_use = 0;

    if (strcmp(mgr_certificate_replaces(record), MGR_REPLACES_UNKNOWN) == 0)
        return false;
    for (const MgrCertificateRecord *other = mgr_fleet_certificates_of(fleet, record->name); other != NULL;
         other = other->next)
        in_use += is_in_use(fleet, next, other) && !is_taken_in(other) && count_taken_in(fleet, other) > 0;
    return in_use > 0 && count_taken_in(fleet, record) >= in_use;
}

bool mgr_followers_is_left(const MgrFleet *fleet, const char *next, const MgrCertificateRecord *record)
{
    return is_in_use(fleet, next, record) && !is_stood_for(fleet, next, record);
}

MgrGiven mgr_followers_given(const MgrFleet *fleet, const char *next, const char *name)
{
    HlTime now = hl_clock_wall();
    MgrGiven given = { 0 };

    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL;
         record = record->next) {
        unsigned flags = (is_in_force(record) ? MGR_GIVEN_LIVE : 0) | (record->used_at > 0 ? MGR_GIVEN_USED : 0);

        if (strcmp(mgr_certificate_authority(record), next) == 0)
            mgr_given_add(&given, record->issued_at, flags, now);
        else if (mgr_followers_is_left(fleet, next, record))
            given.left++;
    }
    return given;
}

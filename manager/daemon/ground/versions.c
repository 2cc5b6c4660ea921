/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/versions.h"

#include <string.h>

#include "lib/base/package_version.h"
#include "proto/components.h"

bool mgr_endpoint_is_behind(const MgrEndpoint *endpoint, const char *versions)
{
    return hl_components_behind(endpoint->record.patterns, versions,
                                hl_scan_components[mgr_endpoint_terms(endpoint)->settings.scan_method]);
}

bool mgr_endpoint_is_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    return mgr_endpoint_is_behind(endpoint, fleet->latest);
}

bool mgr_endpoint_has_program(const MgrEndpoint *endpoint, const char *version)
{
    const MgrEndpointRecord *record = &endpoint->record;
    const MgrSeldom *upgrade = mgr_endpoint_seldom(record);
    bool done = strcmp(upgrade->upgrade_end, MGR_UPGRADE_DONE) == 0 && hl_package_version_ok(upgrade->upgrade_to);

    if (!hl_package_version_reached(record->program, version))
        return false;
    /* a program says no revision: where the upstream version is the same, the package that it was upgraded to tells;
     * one that it has left since, for instance by apt, tells nothing */
    if (strchr(record->program, '-') != NULL || !done || !hl_package_version_same_upstream(record->program, version) ||
        !hl_package_version_same_upstream(upgrade->upgrade_to, version))
        return true;
    return hl_package_version_compare(upgrade->upgrade_to, version) >= 0;
}

bool mgr_endpoint_is_program_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    return *fleet->program != '\0' && hl_package_version_ok(endpoint->record.program) &&
           !mgr_endpoint_has_program(endpoint, fleet->program);
}

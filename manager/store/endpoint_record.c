/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an endpoint: what it owns, and what few of them have. */
#include <string.h>

#include "lib/base/common.h"
#include "manager/store/registry.h"

void mgr_applied_clear(MgrApplied *applied)
{
    g_clear_pointer(&applied->group, hl_common_free);
    g_clear_pointer(&applied->path, hl_common_free);
    g_clear_pointer(&applied->digest, g_bytes_unref);
}

void mgr_seldom_clear(MgrSeldom *seldom)
{
    g_clear_pointer(&seldom->enrolled_as, g_free);
    g_clear_pointer(&seldom->update_error, hl_common_free);
    g_clear_pointer(&seldom->upgrade_end, hl_common_free);
    g_clear_pointer(&seldom->upgrade_to, hl_common_free);
    g_clear_pointer(&seldom->upgrade_detail, hl_common_free);
}

void mgr_endpoint_record_clear(MgrEndpointRecord *record)
{
    char **texts[] = {
        &record->id,       &record->group,   &record->host,          &record->fingerprint,   &record->addresses,
        &record->os,       &record->program, &record->observed,      &record->observed_by,   &record->serial,
        &record->patterns, &record->spool,   &record->update_result, &record->update_source,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], hl_common_free);
    mgr_applied_clear(&record->applied);
    if (record->seldom != NULL)
        mgr_seldom_clear(record->seldom);
    g_clear_pointer(&record->seldom, g_free);
}

const MgrSeldom *mgr_endpoint_seldom(const MgrEndpointRecord *record)
{
    static const MgrSeldom nothing = {
        .update_error = (char *)"", .upgrade_end = (char *)"", .upgrade_to = (char *)"", .upgrade_detail = (char *)""
    };

    return record->seldom != NULL ? record->seldom : &nothing;
}

MgrSeldom *mgr_endpoint_make_seldom(MgrEndpointRecord *record)
{
    if (record->seldom == NULL) {
        record->seldom = g_new(MgrSeldom, 1);
        *record->seldom = (MgrSeldom){ .update_error = hl_common_dup(""),
                                       .upgrade_end = hl_common_dup(""),
                                       .upgrade_to = hl_common_dup(""),
                                       .upgrade_detail = hl_common_dup("") };
    }
    return record->seldom;
}

const char *mgr_endpoint_observed(const MgrEndpointRecord *record)
{
    return record->observed != NULL ? record->observed : record->addresses;
}

void mgr_endpoint_keep_observed_once(MgrEndpointRecord *record)
{
    if (g_strcmp0(record->observed, record->addresses) == 0)
        g_clear_pointer(&record->observed, hl_common_free);
}

bool mgr_endpoint_set_observed(MgrEndpointRecord *record, const char *observed)
{
    if (strcmp(mgr_endpoint_observed(record), observed) == 0)
        return false;
    hl_common_free(record->observed);
    record->observed = g_strdup(observed);
    mgr_endpoint_keep_observed_once(record);
    return true;
}

bool mgr_endpoint_set_addresses(MgrEndpointRecord *record, const char *addresses)
{
    char *before = record->addresses;

    if (strcmp(before, addresses) == 0)
        return false;
    record->addresses = g_strdup(addresses);
    if (record->observed == NULL)
        record->observed = before;
    else
        hl_common_free(before);
    mgr_endpoint_keep_observed_once(record);
    return true;
}

const char *mgr_endpoint_enrolled_as(const MgrEndpointRecord *record)
{
    const char *enrolled_as = mgr_endpoint_seldom(record)->enrolled_as;

    return enrolled_as != NULL ? enrolled_as : record->fingerprint;
}

bool mgr_endpoint_set_fingerprint(MgrEndpointRecord *record, const char *fingerprint)
{
    MgrSeldom *seldom;
    char *before;

    if (strcmp(record->fingerprint, fingerprint) == 0)
        return false;
    before = record->fingerprint;
    record->fingerprint = g_strdup(fingerprint);
    seldom = mgr_endpoint_make_seldom(record);
    if (seldom->enrolled_as == NULL)
        seldom->enrolled_as = g_steal_pointer(&before);
    else if (strcmp(seldom->enrolled_as, record->fingerprint) == 0)
        g_clear_pointer(&seldom->enrolled_as, g_free);
    g_free(before);
    return true;
}

bool mgr_endpoint_enrol_as_told(MgrEndpointRecord *record)
{
    if (mgr_endpoint_seldom(record)->enrolled_as == NULL)
        return false;
    g_clear_pointer(&record->seldom->enrolled_as, g_free);
    return true;
}

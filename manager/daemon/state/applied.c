/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/applied.h"

#include <string.h>

#include "lib/base/log.h"

#define MAX_COUNTER_LEAD 1000000 /* a registry that lost more saves than this is not believed to exist */

/* The endpoint has seen saves that this registry has not: it was restored from a backup.  It steps past them
 * and issues its own again. */
static void outrun_counter(const MgrAppliedParts *parts, MgrEndpoint *endpoint, uint64_t seen)
{
    MgrFleet *fleet = parts->fleet;
    HlWriteSet *set;

    if (seen > fleet->settings_counter + MAX_COUNTER_LEAD) {
        hl_log_limited(HL_LOG_WARN, "line", endpoint->record.id,
                       "endpoint %s claims settings counter %" G_GUINT64_FORMAT ", far beyond %" G_GUINT64_FORMAT
                       ": not believed",
                       endpoint->record.id, seen, fleet->settings_counter);
        return;
    }
    fleet->settings_counter = MAX(fleet->settings_counter, seen) + 1;
    set = hl_write_set_new();
    mgr_write_counter(set, "settings", fleet->settings_counter);
    mgr_write_endpoint_group(set, &endpoint->record, endpoint->record.group, fleet->settings_counter);
    endpoint->record.moved_counter = fleet->settings_counter;
    mgr_record_write(parts->record, set);
    mgr_record_note(parts->record, endpoint->record.id, "settings",
                    "it knew a later counter than the registry: issued again");
}

/* What the endpoint says it has, against what the registry knows. */
static bool set_applied(MgrApplied *applied, uint64_t counter, const void *digest, size_t digest_size)
{
    g_autoptr(GBytes) told = g_bytes_new(digest, digest_size);

    if (applied->counter == counter && applied->digest != NULL && g_bytes_equal(applied->digest, told))
        return false;
    applied->counter = counter;
    g_clear_pointer(&applied->digest, g_bytes_unref);
    applied->digest = g_bytes_ref(told);
    return true;
}

static bool set_all(MgrApplied *applied, const HlMsgAppliedSettings *told)
{
    bool changed = applied->version != told->version;

    applied->version = told->version;
    changed |= mgr_set_text(&applied->group, told->group);
    changed |= mgr_set_text(&applied->path, told->path);
    return changed;
}

static void store(const MgrAppliedParts *parts, MgrEndpoint *endpoint)
{
    HlWriteSet *set = hl_write_set_new();

    mgr_write_applied_told(set, endpoint->record.number, &endpoint->record.applied);
    mgr_record_write(parts->record, set);
    mgr_status_touch(parts->status, endpoint);
}

void mgr_applied_handle(const MgrAppliedParts *parts, MgrEndpoint *endpoint, const HlMsgAppliedSettings *told,
                        MgrAppliedTold how)
{
    MgrApplied *applied = &endpoint->record.applied;
    bool changed = set_applied(applied, told->counter, told->digest.data, told->digest.len);

    if (how == MGR_APPLIED_ALL)
        changed |= set_all(applied, told);
    if (changed)
        store(parts, endpoint);
    if (told->counter > mgr_endpoint_desired_counter(endpoint))
        outrun_counter(parts, endpoint, told->counter);
    mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_LINE);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/applied.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/counter.h"

/* A document of its own, past what the endpoint has, on its way through the registry. */
typedef struct {
    MgrAppliedParts parts;
    char *endpoint; /* id */
    uint64_t counter;
    const char *why;
} Reissue;

static void reissue_free(gpointer change)
{
    Reissue *reissue = change;

    g_free(reissue->endpoint);
    g_free(reissue);
}

static void fail_reissue(gpointer change, const GError *error)
{
    const Reissue *reissue = change;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(reissue->parts.fleet, reissue->endpoint);

    hl_log_limited(HL_LOG_ERROR, "registry", "write", "%s", error->message);
    if (endpoint != NULL)
        endpoint->reissuing = false; /* its next heartbeat tries again */
}

static void fold_reissue(gpointer change)
{
    const Reissue *reissue = change;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(reissue->parts.fleet, reissue->endpoint);

    if (endpoint == NULL)
        return;
    endpoint->reissuing = false;
    endpoint->record.moved_counter = MAX(endpoint->record.moved_counter, reissue->counter);
    mgr_record_note(reissue->parts.record, endpoint->record.id, "settings", "%s: issued again", reissue->why);
    mgr_delivery_settings(reissue->parts.delivery, endpoint, MGR_OCCASION_LINE);
    mgr_status_touch(reissue->parts.status, endpoint);
}

static void reissue(const MgrAppliedParts *parts, MgrEndpoint *endpoint, const char *why)
{
    static const MgrChangeKind kind = { fold_reissue, fail_reissue, reissue_free };
    HlWriteSet *set;
    Reissue *change;

    if (endpoint->reissuing)
        return;
    endpoint->reissuing = true;
    change = g_new(Reissue, 1);
    *change = (Reissue){ *parts, g_strdup(endpoint->record.id), endpoint->record.applied.counter + 1, why };
    set = hl_write_set_new();
    mgr_write_endpoint_counter(set, endpoint->record.number, change->counter);
    mgr_record_commit(parts->record, set, &kind, change);
}

static MgrCounterVerdict judge(const MgrAppliedParts *parts, const MgrEndpoint *endpoint)
{
    const MgrApplied *applied = &endpoint->record.applied;
    MgrCounterView view = { .last = parts->fleet->settings_counter,
                            .desired = mgr_endpoint_desired_counter(endpoint),
                            .told = applied->counter,
                            .same = mgr_endpoint_has_desired(endpoint),
                            .now = hl_clock_wall() };

    return mgr_counter_judge(&view);
}

void mgr_applied_settle(const MgrAppliedParts *parts, MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;

    switch (judge(parts, endpoint)) {
    case MGR_COUNTER_CURRENT:
        mgr_tracker_interval(parts->tracker, endpoint, mgr_endpoint_terms(endpoint)->settings.heartbeat);
        break;
    case MGR_COUNTER_ABSURD: /* what is sent for this very session may settle it all the same */
        hl_log_limited(HL_LOG_WARN, "line", record->id,
                       "endpoint %s claims settings counter %" G_GUINT64_FORMAT
                       ", more than a day ahead of this clock: not believed",
                       record->id, record->applied.counter);
        mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_LINE);
        break;
    case MGR_COUNTER_BEHIND:
        mgr_delivery_settings(parts->delivery, endpoint, MGR_OCCASION_LINE);
        break;
    case MGR_COUNTER_AHEAD:
        reissue(parts, endpoint, "it knew a later counter than the registry");
        break;
    case MGR_COUNTER_COLLIDES:
        hl_log_limited(HL_LOG_WARN, "line", record->id,
                       "endpoint %s has other settings under the counter %" G_GUINT64_FORMAT
                       ": this registry was restored from a backup",
                       record->id, record->applied.counter);
        reissue(parts, endpoint, "it had other settings under the same counter");
        break;
    }
}

static bool is_digest(GBytes *digest, const ProtobufCBinaryData *told)
{
    gsize size;
    const void *data = g_bytes_get_data(digest, &size);

    return size == told->len && (size == 0 || memcmp(data, told->data, size) == 0);
}

/* What the endpoint says it has, against what the registry knows: of every heartbeat, and nearly all change nothing. */
static bool set_applied(MgrApplied *applied, const HlMsgAppliedSettings *told)
{
    if (applied->counter == told->counter && applied->digest != NULL && is_digest(applied->digest, &told->digest))
        return false;
    applied->counter = told->counter;
    g_clear_pointer(&applied->digest, g_bytes_unref);
    applied->digest = g_bytes_new(told->digest.data, told->digest.len);
    return true;
}

static bool set_all(MgrApplied *applied, const HlMsgAppliedSettings *told)
{
    bool changed = applied->version != told->version;

    applied->version = told->version;
    changed |= mgr_set_common(&applied->group, told->group);
    changed |= mgr_set_common(&applied->path, told->path);
    return changed;
}

static void store(const MgrAppliedParts *parts, MgrEndpoint *endpoint, MgrAppliedTold how)
{
    HlWriteSet *set = hl_write_set_new();

    if (how == MGR_APPLIED_ALL)
        mgr_write_applied_told(set, endpoint->record.number, &endpoint->record.applied);
    else
        mgr_write_applied_counter(set, endpoint->record.number, &endpoint->record.applied);
    mgr_record_write(parts->record, set);
    mgr_status_touch(parts->status, endpoint);
}

void mgr_applied_handle(const MgrAppliedParts *parts, MgrEndpoint *endpoint, const HlMsgAppliedSettings *told,
                        MgrAppliedTold how)
{
    MgrApplied *applied = &endpoint->record.applied;
    bool changed = set_applied(applied, told);

    if (how == MGR_APPLIED_ALL)
        changed |= set_all(applied, told);
    if (changed) {
        mgr_endpoint_share_digest(endpoint);
        store(parts, endpoint, how);
    }
    mgr_applied_settle(parts, endpoint);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/rollout_document.h"

#define MAX_FAILURES 50 /* members named in one document */

static json_t *rings_document(const MgrRolloutPlan *plan, guint members)
{
    json_t *rings = json_array();

    for (guint i = 0; i < plan->n_rings; i++)
        json_array_append_new(rings, json_pack("{s:i, s:i}", "percent", (int)plan->rings[i], "members",
                                               (int)mgr_rollout_end_of(plan, members, i)));
    return rings;
}

/* How many members are what, by the words of the core. */
static json_t *counts_document(const guint counts[MGR_MEMBER_N])
{
    json_t *document = json_object();

    for (MgrMember member = MGR_MEMBER_PENDING; member < MGR_MEMBER_N; member++)
        if (counts[member] > 0)
            json_object_set_new(document, mgr_member_name(member), json_integer(counts[member]));
    return document;
}

/* By which command, of whom and when; null: it was not. */
static json_t *back_document(const MgrRolloutRecord *record)
{
    g_autofree char *back = hl_time_format(record->back_at);

    return *record->back_command == '\0'
               ? json_null()
               : json_pack("{s:s, s:s, s:s}", "at", back, "by", record->back_by, "command", record->back_command);
}

json_t *mgr_rollout_document(const MgrLiveRollout *live)
{
    const MgrRolloutRecord *record = &live->record;
    g_autofree char *started = hl_time_format(record->started_at);
    g_autofree char *changed = hl_time_format(record->changed_at);
    g_autofree char *soak = hl_duration_format(record->plan.soak);
    g_autofree char *silence = hl_duration_format(record->plan.silence);

    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:i, s:o, s:i, s:i, s:i, "
                     "s:s, s:s, s:o}",
                     "id", record->id, "program", record->program, "component", record->component, "group",
                     record->group, "base", (json_int_t)record->base, "version", (json_int_t)record->version,
                     "selector", record->selector, "issuer", record->issuer, "started", started, "changed", changed,
                     "state", mgr_rollout_state_name(live->core.state), "halt", mgr_halt_name(live->core.halt), "ring",
                     (int)live->core.ring + 1, "rings", rings_document(&record->plan, live->core.n), "members",
                     (int)live->core.n, "counts", counts_document(live->core.counts), "rate", (int)record->plan.rate,
                     "min_success", (int)record->plan.min_success, "min_sample", (int)record->plan.min_sample, "soak",
                     soak, "silence", silence, "rolled_back", back_document(record));
}

json_t *mgr_rollout_listed(const MgrRolloutRecord *record, const MgrLiveRollout *live)
{
    g_autofree char *started = hl_time_format(record->started_at);
    g_autofree char *changed = hl_time_format(record->changed_at);

    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:i, s:o, s:o}", "id",
                     record->id, "program", record->program, "component", record->component, "group", record->group,
                     "base", (json_int_t)record->base, "version", (json_int_t)record->version, "selector",
                     record->selector, "issuer", record->issuer, "started", started, "changed", changed, "state",
                     mgr_rollout_state_name(live != NULL ? live->core.state : record->state), "halt",
                     mgr_halt_name(live != NULL ? live->core.halt : record->halt), "ring",
                     (int)(live != NULL ? live->core.ring : record->ring) + 1, "rings",
                     rings_document(&record->plan, record->members), "members", (int)record->members, "counts",
                     counts_document(live != NULL ? live->core.counts : record->counts), "rolled_back",
                     back_document(record));
}

static bool is_failure(MgrMember member)
{
    return member == MGR_MEMBER_FAILED || member == MGR_MEMBER_SILENT || member == MGR_MEMBER_LEFT;
}

/* One that the caller does not see by now is shown as one that is no longer registered. */
static const char *host_of(const MgrFleet *fleet, const MgrCaller *caller, const char *id)
{
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, id);

    return endpoint != NULL && mgr_caller_sees(caller, endpoint->record.group) ? endpoint->record.host : "-";
}

static json_t *unsuccessful(const MgrFleet *fleet, const MgrCaller *caller, const MgrLiveRollout *live, guint position)
{
    const char *id = live->endpoints->pdata[position];
    const char *command = mgr_live_rollout_is_of_settings(live) ? "" : live->commands->pdata[position];

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "endpoint", id, "host", host_of(fleet, caller, id), "outcome",
                     mgr_member_name((MgrMember)live->core.members[position]), "why",
                     mgr_live_rollout_why(live, position), "command", command);
}

void mgr_rollout_add_unsuccessful(json_t *document, const MgrFleet *fleet, const MgrCaller *caller,
                                  const MgrLiveRollout *live)
{
    json_t *found = json_array();
    guint more = 0;

    for (guint i = 0; i < live->core.issued; i++) {
        if (!is_failure((MgrMember)live->core.members[i]))
            continue;
        if (json_array_size(found) == MAX_FAILURES)
            more++;
        else
            json_array_append_new(found, unsuccessful(fleet, caller, live, i));
    }
    json_object_set_new(document, "unsuccessful", found);
    json_object_set_new(document, "more", json_integer(more));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/clone_calls.h"

#include "manager/core/refusal.h"
#include "manager/daemon/ground/selector.h"
#include "manager/daemon/state/registration.h"
#include "proto/enrolment.h"

/* A decision on its way through the registry. */
typedef struct {
    const MgrCloneCallsOptions *parts;
    MgrCall *call;
    char *id;
    const char *what; /* "kept": in history and events */
    MgrPresenceEvent event;
} Decision;

static bool check_clone(const MgrEndpoint *endpoint, MgrPresenceEventKind kind, GError **error)
{
    const MgrPresence *presence = &endpoint->record.presence;

    if (presence->clone == MGR_CLONE_NONE)
        return mgr_refuse(error, MGR_REFUSE_CLONE_NOTHING, endpoint->record.id, NULL);
    if (kind == MGR_PRESENCE_CLONE_KEEP && presence->machine == presence->other_machine)
        return mgr_refuse(error, MGR_REFUSE_CLONE_SAME_FINGERPRINT, endpoint->record.id, NULL);
    return true;
}

static void decision_free(gpointer data)
{
    Decision *decision = data;

    g_free(decision->id);
    g_free(decision);
}

static void fail_decision(gpointer data, const GError *error)
{
    mgr_call_fail(((const Decision *)data)->call, error);
}

/* The presence and the registration may have gone on since it was written. */
static void fold_decision(gpointer data)
{
    const Decision *decision = data;
    const MgrCloneCallsOptions *parts = decision->parts;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, decision->id);

    if (endpoint == NULL) {
        mgr_call_done(decision->call, NULL);
        return;
    }
    if (decision->event.kind == MGR_PRESENCE_CLONE_KEEP && mgr_registration_enrol_as_told(parts->fleet, endpoint))
        mgr_write_endpoint_machine(mgr_record_background(parts->record), endpoint->record.number,
                                   endpoint->record.fingerprint);
    mgr_tracker_feed(parts->tracker, endpoint, &decision->event);
    mgr_fleet_note_unwritten(parts->fleet, endpoint, MGR_UNWRITTEN_PRESENCE);
    mgr_status_event(parts->status, endpoint, "clone", "", endpoint->record.fingerprint, decision->what);
    mgr_status_touch(parts->status, endpoint);
    mgr_call_done(decision->call, mgr_status_endpoint(parts->status, endpoint));
}

static void write_decision(HlWriteSet *set, const Decision *decision, const MgrEndpointRecord *record)
{
    g_autofree char *detail = g_strdup_printf("%s by %s: fingerprint %s", decision->what,
                                              mgr_call_admin(decision->call), record->fingerprint);

    if (decision->event.kind == MGR_PRESENCE_CLONE_KEEP) /* only this one enrols again with the key */
        mgr_write_endpoint_machine(set, record->number, record->fingerprint);
    mgr_tracker_write_step(set, record, &decision->event);
    mgr_write_history(set, hl_clock_wall(), record->id, "clone", detail);
}

static void settle(MgrCall *call, const MgrCloneCallsOptions *parts, MgrPresenceEventKind event, const char *what)
{
    static const MgrChangeKind kind = { fold_decision, fail_decision, decision_free };
    g_autoptr(GError) error = NULL;
    const MgrEndpoint *endpoint =
        mgr_selector_find(parts->fleet, mgr_call_caller(call), mgr_call_argument(call, "endpoint"), &error);
    HlWriteSet *set;
    Decision *decision;

    if (endpoint == NULL || !check_clone(endpoint, event, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    decision = g_new(Decision, 1);
    *decision = (Decision){ .parts = parts, .call = call, .id = g_strdup(endpoint->record.id), .what = what };
    /* the registered machine: one that was only let in to be sent away did not register */
    decision->event = (MgrPresenceEvent){ .kind = event, .machine = mgr_presence_hash(endpoint->record.fingerprint) };
    set = hl_write_set_new();
    write_decision(set, decision, &endpoint->record);
    mgr_call_commit(call, parts->record, set, &kind, decision);
}

/* The machine that holds the line now is the true one, the other is kept away. */
static void call_keep(MgrCall *call, gpointer user)
{
    settle(call, user, MGR_PRESENCE_CLONE_KEEP, "kept");
}

/* The other got an identity of its own, the quarrel is over. */
static void call_split(MgrCall *call, gpointer user)
{
    settle(call, user, MGR_PRESENCE_CLONE_SPLIT, "split");
}

static const MgrCallRow rows[] = {
    { "endpoint clone keep", "endpoint", "", MGR_NEED_MOVE, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_keep },
    { "endpoint clone split", "endpoint", "", MGR_NEED_MOVE, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_split },
    { .name = NULL },
};

void mgr_clone_calls_add(MgrDispatch *dispatch, MgrCloneCallsOptions *parts)
{
    mgr_dispatch_add(dispatch, rows, parts);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/broker_calls.h"

#include "manager/core/refusal.h"

struct MgrBrokerCalls {
    MgrBrokerCallsOptions parts;
};

static const MgrLines *lines_of(const MgrBrokerCalls *calls)
{
    return mgr_arrivals_lines(*calls->parts.arrivals);
}

static void add_process(json_t *row, const MgrBrokers *brokers, guint broker)
{
    MgrBrokerView view = brokers != NULL ? mgr_brokers_view(brokers, broker) : (MgrBrokerView){ 0 };

    json_object_set_new(row, "process", view.pid > 0 ? json_integer(view.pid) : json_null());
    json_object_set_new(row, "started", hl_json_time(view.pid > 0 ? hl_clock_wall() - view.age : 0));
}

static json_t *document_of(const MgrBrokerCalls *calls, guint broker, guint endpoints)
{
    const MgrLineView line = mgr_lines_view(lines_of(calls), broker);
    const HlBusCounts counts = mgr_down_count_at(calls->parts.down, broker);
    bool drained = calls->parts.brokers != NULL && mgr_brokers_is_drained(calls->parts.brokers, broker);
    json_t *row =
        json_pack("{s:i, s:s, s:s, s:i, s:o, s:I, s:I}", "broker", (int)broker + 1, "address", line.place, "state",
                  drained         ? "drained"
                  : line.is_blind ? "away"
                                  : "up",
                  "endpoints", (int)endpoints, "connected", hl_json_time(line.up_since), "waiting",
                  (json_int_t)counts.queued + (json_int_t)counts.in_flight, "lost", (json_int_t)counts.lost_links);

    add_process(row, calls->parts.brokers, broker);
    return row;
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrBrokerCalls *calls = user;
    guint endpoints[MGR_MAX_BROKERS];
    json_t *list = json_array();

    mgr_lines_endpoints(lines_of(calls), mgr_call_caller(call), endpoints);
    for (guint i = 0; i < mgr_lines_count(lines_of(calls)); i++)
        json_array_append_new(list, document_of(calls, i, endpoints[i]));
    mgr_call_done_list(call, "brokers", list, NULL);
}

/* The number from 0 of what is called by one from 1. */
static bool find_broker(const MgrBrokerCalls *calls, const MgrCall *call, guint *number, GError **error)
{
    const char *text = mgr_call_argument(call, "broker");
    guint count = calls->parts.brokers != NULL ? mgr_brokers_count(calls->parts.brokers) : 0;
    guint64 value;

    if (calls->parts.brokers == NULL)
        return mgr_refuse(error, MGR_REFUSE_BROKER_EXTERNAL, NULL);
    if (!g_ascii_string_to_unsigned(text, 10, 1, count, &value, NULL))
        return mgr_refuse(error, MGR_REFUSE_BROKER_UNKNOWN, text, HL_NUMBER(count), NULL);
    *number = (guint)value - 1;
    return true;
}

static void set_drained(MgrCall *call, const MgrBrokerCalls *calls, bool drains)
{
    g_autoptr(GError) error = NULL;
    guint endpoints[MGR_MAX_BROKERS];
    guint number = 0;

    if (!find_broker(calls, call, &number, &error) || !mgr_call_may_change(call, &error) ||
        !mgr_brokers_drain(calls->parts.brokers, number, drains, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    mgr_lines_endpoints(lines_of(calls), mgr_call_caller(call), endpoints);
    mgr_call_done(call, document_of(calls, number, endpoints[number]));
}

static void call_drain(MgrCall *call, gpointer user)
{
    set_drained(call, user, true);
}

static void call_undrain(MgrCall *call, gpointer user)
{
    set_drained(call, user, false);
}

static const MgrCallRow rows[] = {
    { "broker list", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_list },
    { "broker drain", "broker", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_drain },
    { "broker undrain", "broker", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_undrain },
    { .name = NULL },
};

MgrBrokerCalls *mgr_broker_calls_new(const MgrBrokerCallsOptions *options, MgrDispatch *dispatch)
{
    MgrBrokerCalls *calls = g_new0(MgrBrokerCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_broker_calls_free(MgrBrokerCalls *calls)
{
    g_free(calls);
}

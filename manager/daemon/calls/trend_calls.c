/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/trend_calls.h"

#include "manager/store/trend.h"

#define USUAL 30 /* days */

static void add_day(const MgrTrendRecord *r, gpointer days)
{
    json_array_append_new(days, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "day", r->day, "endpoints",
                                          (json_int_t)r->endpoints, "online", (json_int_t)r->online, "outdated",
                                          (json_int_t)r->outdated, "settings_behind", (json_int_t)r->settings_behind,
                                          "infected", (json_int_t)r->infected, "open_detections",
                                          (json_int_t)r->open_detections));
}

static void call_trend(MgrCall *call, gpointer user)
{
    const MgrTrend *trend = user;
    g_autoptr(json_t) days = json_array();
    g_autoptr(GError) error = NULL;
    g_autofree char *first = NULL;
    int64_t n = USUAL;

    if (!mgr_call_integer(call, "days", 1, MGR_TREND_DAYS, &n, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    first = mgr_trend_day(mgr_fleet_believed(trend->fleet), (int)n - 1);
    if (mgr_registry_list_trend(mgr_record_reader(trend->record), mgr_call_caller(call)->groups, first, add_day, days,
                                &error))
        mgr_call_done_list(call, "days", g_steal_pointer(&days), NULL);
    else
        mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "trend", "", "days", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_trend },
    { .name = NULL },
};

void mgr_trend_calls_add(MgrDispatch *dispatch, MgrTrend *trend)
{
    mgr_dispatch_add(dispatch, rows, trend);
}

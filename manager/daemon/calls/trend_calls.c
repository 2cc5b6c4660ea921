/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/trend_calls.h"

#define USUAL 30 /* days */

typedef struct {
    json_t *days;
    MgrTrendRecord now; /* day NULL: not known */
    bool has_today;
} Answer;

static void append(json_t *days, const MgrTrendRecord *r)
{
    json_array_append_new(days, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "day", r->day, "endpoints",
                                          (json_int_t)r->endpoints, "online", (json_int_t)r->online, "outdated",
                                          (json_int_t)r->outdated, "settings_behind", (json_int_t)r->settings_behind,
                                          "infected", (json_int_t)r->infected, "open_detections",
                                          (json_int_t)r->open_detections));
}

static void add_day(const MgrTrendRecord *day, gpointer user)
{
    Answer *answer = user;
    MgrTrendRecord now = answer->now;

    if (g_strcmp0(day->day, now.day) != 0) {
        append(answer->days, day);
        return;
    }
    now.online = MAX(now.online, day->online);
    append(answer->days, &now);
    answer->has_today = true;
}

/* Today is as it is now, and not as it was at the last look. */
static void call_trend(MgrCall *call, gpointer user)
{
    const MgrTrend *trend = user;
    char *const *groups = mgr_call_caller(call)->groups;
    HlTime latest = mgr_fleet_latest(trend->fleet);
    g_autofree char *today = mgr_trend_day(latest, 0);
    g_autoptr(json_t) days = json_array();
    Answer answer = { .days = days };
    g_autoptr(GError) error = NULL;
    g_autofree char *first = NULL;
    int64_t n = USUAL;

    if (!mgr_call_integer(call, "days", 1, MGR_TREND_DAYS, &n, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    first = mgr_trend_day(latest, (int)n - 1);
    if (mgr_trend_now(trend, groups, &answer.now))
        answer.now.day = today;
    if (!mgr_registry_list_trend(mgr_record_reader(trend->record), groups, first, today, add_day, &answer, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (answer.now.day != NULL && !answer.has_today)
        append(days, &answer.now);
    mgr_call_done_list(call, "days", g_steal_pointer(&days), NULL);
}

static const MgrCallRow rows[] = {
    { "trend", "", "days", MGR_NEED_READ, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_trend },
    { .name = NULL },
};

void mgr_trend_calls_add(MgrDispatch *dispatch, MgrTrend *trend)
{
    mgr_dispatch_add(dispatch, rows, trend);
}

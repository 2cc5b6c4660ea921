/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/trend.h"

#define LOOK_EVERY (2 * HL_MINUTE)

char *mgr_trend_day(HlTime wall, int days_before)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(wall / HL_SECOND);
    g_autoptr(GDateTime) then = now != NULL ? g_date_time_add_days(now, -days_before) : NULL;

    return then != NULL ? g_date_time_format(then, "%Y-%m-%d") : g_strdup("");
}

static MgrTrendRecord record_of(const MgrTotals *totals)
{
    return (MgrTrendRecord){ .endpoints = totals->all,
                             .online = totals->by_actual[MGR_ACTUAL_ONLINE],
                             .outdated = totals->outdated,
                             .settings_behind = totals->settings_behind,
                             .infected = totals->infected,
                             .open_detections = (int64_t)totals->open_detections };
}

static json_t *row_of(const char *group, const MgrTotals *totals)
{
    MgrTrendRecord record = record_of(totals);

    return mgr_trend_row(group, &record);
}

static json_t *look(const MgrTrend *trend)
{
    json_t *rows = json_array();
    MgrTotals all = { 0 };
    GHashTableIter iter;
    gpointer item;

    mgr_status_recount(trend->status);
    g_hash_table_iter_init(&iter, trend->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &item)) {
        const MgrGroup *group = item;

        mgr_totals_join(&all, &group->totals);
        if (group->totals.all > 0)
            json_array_append_new(rows, row_of(group->record.name, &group->totals));
    }
    json_array_append_new(rows, row_of("", &all));
    return rows;
}

bool mgr_trend_now(const MgrTrend *trend, char *const *groups, MgrTrendRecord *now)
{
    MgrTotals all = { 0 };
    GHashTableIter iter;
    gpointer name, item;

    if (mgr_status_is_blind(trend->status))
        return false;
    mgr_status_recount(trend->status);
    g_hash_table_iter_init(&iter, trend->fleet->groups);
    while (g_hash_table_iter_next(&iter, &name, &item))
        if (groups == NULL || g_strv_contains((const char *const *)groups, name))
            mgr_totals_join(&all, &((const MgrGroup *)item)->totals);
    *now = record_of(&all);
    return true;
}

/* Takes both. */
static void write_down(MgrTrend *trend, char *day, char *rows)
{
    bool is_new = g_strcmp0(trend->day, day) != 0;
    g_autofree char *first =
        is_new ? mgr_trend_day(mgr_fleet_believed(trend->fleet), MGR_TREND_DAYS - 1) : NULL; /* it is lost for good */
    HlWriteSet *set = hl_write_set_new();

    mgr_write_trend(set, day, first, rows);
    mgr_record_write(trend->record, set);
    mgr_trend_clear(trend);
    trend->day = day;
    trend->rows = rows;
}

void mgr_trend_tick(MgrTrend *trend)
{
    HlTime now = hl_clock_mono();
    g_autofree char *day = NULL;
    g_autofree char *text = NULL;
    g_autoptr(json_t) rows = NULL;

    if ((trend->looked_mono != 0 && now - trend->looked_mono < LOOK_EVERY) || mgr_status_is_blind(trend->status))
        return;
    trend->looked_mono = now;
    day = mgr_trend_day(mgr_fleet_latest(trend->fleet), 0);
    rows = look(trend);
    text = hl_json_print(rows);
    if (g_strcmp0(trend->day, day) != 0 || g_strcmp0(trend->rows, text) != 0)
        write_down(trend, g_steal_pointer(&day), g_steal_pointer(&text));
}

void mgr_trend_clear(MgrTrend *trend)
{
    g_clear_pointer(&trend->day, g_free);
    g_clear_pointer(&trend->rows, g_free);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/trend.h"

#include "lib/store/stmt.h"

typedef struct {
    MgrTrendFn fn;
    gpointer user;
} Receiver;

json_t *mgr_trend_row(const char *group, const MgrTrendRecord *r)
{
    return json_pack("[s, I, I, I, I, I, I]", group, (json_int_t)r->endpoints, (json_int_t)r->online,
                     (json_int_t)r->outdated, (json_int_t)r->settings_behind, (json_int_t)r->infected,
                     (json_int_t)r->open_detections);
}

void mgr_write_trend(HlWriteSet *set, const char *day, const char *first, const char *rows)
{
    if (first != NULL)
        hl_write_set_add(set, "DELETE FROM trend WHERE day < ?", "t", first);
    hl_write_set_add(set,
                     "UPDATE trend SET endpoints = 0, outdated = 0, settings_behind = 0, infected = 0,"
                     " open_detections = 0 WHERE day = ? AND grp NOT IN"
                     " (SELECT json_extract(value, '$[0]') FROM json_each(?))",
                     "tt", day, rows);
    hl_write_set_add(
        set,
        "INSERT INTO trend (day, grp, endpoints, online, outdated, settings_behind, infected, open_detections)"
        " SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
        " json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'),"
        " json_extract(value, '$[6]') FROM json_each(?) WHERE true"
        " ON CONFLICT (grp, day) DO UPDATE SET endpoints = excluded.endpoints, online = max(online, excluded.online),"
        " outdated = excluded.outdated, settings_behind = excluded.settings_behind, infected = excluded.infected,"
        " open_detections = excluded.open_detections",
        "tt", day, rows);
}

static bool on_row(HlStmt *row, gpointer user)
{
    const Receiver *to = user;

    to->fn(
        &(MgrTrendRecord){
            .day = hl_stmt_text(row, 0),
            .endpoints = hl_stmt_int(row, 1),
            .online = hl_stmt_int(row, 2),
            .outdated = hl_stmt_int(row, 3),
            .settings_behind = hl_stmt_int(row, 4),
            .infected = hl_stmt_int(row, 5),
            .open_detections = hl_stmt_int(row, 6),
        },
        to->user);
    return true;
}

#define SUMS                                                                                       \
    "SELECT day, sum(endpoints), sum(online), sum(outdated), sum(settings_behind), sum(infected)," \
    " sum(open_detections) FROM trend WHERE day BETWEEN ?1 AND ?2 AND "

bool mgr_registry_list_trend(HlDb *db, char *const *groups, const char *first, const char *last, MgrTrendFn fn,
                             gpointer user, GError **error)
{
    Receiver to = { fn, user };
    g_autoptr(json_t) names = json_array();
    g_autofree char *text = NULL;

    if (groups == NULL)
        return hl_db_query(db, on_row, &to, error, SUMS "grp = '' GROUP BY day ORDER BY day", "tt", first, last);
    for (char *const *name = groups; *name != NULL; name++)
        json_array_append_new(names, json_string(*name));
    text = hl_json_print(names);
    return hl_db_query(db, on_row, &to, error,
                       SUMS "grp IN (SELECT value FROM json_each(?3)) GROUP BY day ORDER BY day", "ttt", first, last,
                       text);
}

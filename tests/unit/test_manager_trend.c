/* SPDX-License-Identifier: Apache-2.0 */
/* Daily counts of endpoints: what a day keeps, what it costs, who sees which groups. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/manager_parts.h"

#define DAY (24 * HL_HOUR)

static void look(Parts *parts)
{
    clock_fake_advance(2 * HL_MINUTE);
    mgr_trend_tick(&parts->trend);
    parts_commit(parts);
}

/* "DAY endpoints/online/outdated/behind/infected/open;..." as the caller is answered. */
static char *trend_of(Parts *parts, const char *who, const char *days)
{
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autoptr(json_t) answer = NULL;
    GString *text = g_string_new(NULL);
    const json_t *row;
    size_t i;

    parts_request(parts, &(PartsRequest){
                             .admin = who, .name = "trend", .arguments = (const char *const[]){ "days", days, NULL } });
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, who, &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, "");
    answer = json_loads(reply->json, 0, NULL);
    json_array_foreach(json_object_get(answer, "days"), i, row)
    {
        static const char *const members[] = { "endpoints",       "online",   "outdated",
                                               "settings_behind", "infected", "open_detections" };

        g_string_append(text, json_string_value(json_object_get(row, "day")));
        for (gsize k = 0; k < G_N_ELEMENTS(members); k++)
            g_string_append_printf(text, "%c%d", k == 0 ? ' ' : '/',
                                   (int)json_integer_value(json_object_get(row, members[k])));
        g_string_append_c(text, ';');
    }
    return g_string_free(text, FALSE);
}

static void expect(Parts *parts, const char *who, const char *days, const char *expected)
{
    g_autofree char *text = trend_of(parts, who, days);

    g_assert_cmpstr(text, ==, expected);
}

static void add_limited(Parts *parts, const char *name, const char *groups)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);

    parts_call(parts, "admin create", "name", name, "csr", csr, "role", "auditor", "groups", groups, NULL);
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    timer_fake_advance(6 * HL_SECOND);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

static Parts *world_new(void)
{
    Parts *parts = parts_new();

    parts_add_group(parts, "lab", NULL);
    parts_add_group(parts, "spare", NULL);
    add_limited(parts, "zoe", "lab");
    parts_add_endpoint(parts, "e-1");
    parts_add_endpoint(parts, "e-2");
    mgr_status_set_blind(parts->status, false);
    return parts;
}

/* Online is the most at once, all else what was the case last. */
static void test_day(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *today = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *none = g_strdup_printf("%s 2/0/0/2/0/0;", today);
    g_autofree char *one = g_strdup_printf("%s 2/1/0/2/0/0;", today);
    g_autofree char *found = g_strdup_printf("%s 2/1/0/2/1/1;", today);
    g_autofree char *nobody = g_strdup_printf("%s 0/0/0/0/0/0;", today);

    look(parts);
    expect(parts, "admin", "7", none);
    parts_birth(parts, "e-1", 1);
    look(parts);
    expect(parts, "admin", "7", one);
    parts_report_find(parts, "e-1", 1, "/tmp/x");
    parts_will(parts, "e-1", 1);
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    look(parts);
    expect(parts, "admin", "7", found);
    expect(parts, "zoe", "7", nobody);
}

/* Today is as it is now, before the first look too; not while the server hears nobody. */
static void test_now(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *today = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *one = g_strdup_printf("%s 2/1/0/2/0/0;", today);
    g_autofree char *two = g_strdup_printf("%s 2/2/0/2/0/0;", today);

    parts_birth(parts, "e-1", 1);
    expect(parts, "admin", "7", one);
    mgr_status_set_blind(parts->status, true);
    expect(parts, "admin", "7", "");
    mgr_status_set_blind(parts->status, false);
    look(parts);
    parts_birth(parts, "e-2", 1);
    expect(parts, "admin", "7", two);
}

/* Those who are limited to groups see their own, also of a group that has become empty. */
static void test_scope(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *today = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *theirs = g_strdup_printf("%s 1/0/0/1/0/0;", today);
    g_autofree char *empty = g_strdup_printf("%s 0/0/0/0/0/0;", today);

    look(parts);
    parts_call(parts, "endpoint move", "selector", "e-2", "group", "lab", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    look(parts);
    expect(parts, "zoe", "1", theirs);
    parts_call(parts, "endpoint move", "selector", "e-2", "group", "spare", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    look(parts);
    expect(parts, "zoe", "1", empty);
}

/* Days are the calendar's, the newest of those that were asked for; a day without a manager is left out, and what is
 * older than a quarter of a year is gone. */
static void test_days(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *first = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *third = NULL;
    g_autofree char *both = NULL;
    g_autofree char *last = NULL;
    g_autofree char *text = NULL;

    look(parts);
    clock_fake_advance(2 * DAY);
    look(parts);
    third = mgr_trend_day(hl_clock_wall(), 0);
    both = g_strdup_printf("%s 2/0/0/2/0/0;%s 2/0/0/2/0/0;", first, third);
    last = g_strdup_printf("%s 2/0/0/2/0/0;", third);
    expect(parts, "admin", "3", both);
    expect(parts, "admin", "2", last);
    clock_fake_advance(91 * DAY);
    look(parts);
    text = trend_of(parts, "admin", "92");
    g_assert_null(strstr(text, first));
    g_assert_nonnull(strstr(text, third));
}

/* Nothing is written where nothing has changed, or while the server hears nobody. */
static void test_cost(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *today = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *before = g_strdup_printf("%s 2/0/0/2/0/0;", today);
    uint64_t written;

    look(parts);
    written = mgr_record_count(parts->record).sets;
    look(parts);
    g_assert_cmpuint(mgr_record_count(parts->record).sets, ==, written);
    parts_birth(parts, "e-1", 1);
    mgr_status_set_blind(parts->status, true);
    look(parts);
    expect(parts, "admin", "7", before);
}

/* A manager that was off for two days counts today, whatever it believes of the clock yet; and days of a clock that was
 * ahead are not shown. */
static void test_clock(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *today = mgr_trend_day(hl_clock_wall(), 0);
    g_autofree char *one = g_strdup_printf("%s 2/1/0/2/0/0;", today);
    g_autofree char *both = NULL;
    g_autofree char *later = NULL;

    parts->fleet.lived = mgr_now();
    look(parts);
    clock_fake_jump_wall(2 * DAY);
    parts_birth(parts, "e-1", 1);
    look(parts);
    later = mgr_trend_day(hl_clock_wall(), 0);
    both = g_strdup_printf("%s 2/0/0/2/0/0;%s 2/1/0/2/0/0;", today, later);
    expect(parts, "admin", "7", both);
    clock_fake_jump_wall(-2 * DAY);
    expect(parts, "admin", "7", one);
}

static void change(Parts *parts, const char *call, const char *name, const char *value, const char *to)
{
    parts_call(parts, call, name, value, to != NULL ? "group" : NULL, to, NULL);
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* The next group of its name has none of its days. */
static void test_next_group(void)
{
    g_autoptr(Parts) parts = world_new();
    g_autofree char *nobody = NULL;
    g_autofree char *today = NULL;

    change(parts, "group create", "name", "old", NULL);
    change(parts, "endpoint move", "selector", "e-2", "old");
    look(parts);
    clock_fake_advance(DAY);
    change(parts, "endpoint move", "selector", "e-2", "spare");
    look(parts);
    change(parts, "group delete", "name", "old", NULL);
    change(parts, "group create", "name", "old", NULL);
    add_limited(parts, "amy", "old");
    today = mgr_trend_day(hl_clock_wall(), 0);
    nobody = g_strdup_printf("%s 0/0/0/0/0/0;", today);
    expect(parts, "amy", "7", nobody);
}

static void test_refused(void)
{
    static const char *const bad[] = { "0", "93", "-1", "week", "" };
    g_autoptr(Parts) parts = world_new();

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        parts_call(parts, "trend", "days", bad[i], NULL);
        json_decref(parts_expect_reply(parts, "invalid"));
    }
}

int main(int argc, char **argv)
{
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/trend/day", test_day);
    g_test_add_func("/manager/trend/now", test_now);
    g_test_add_func("/manager/trend/scope", test_scope);
    g_test_add_func("/manager/trend/days", test_days);
    g_test_add_func("/manager/trend/clock", test_clock);
    g_test_add_func("/manager/trend/next-group", test_next_group);
    g_test_add_func("/manager/trend/cost", test_cost);
    g_test_add_func("/manager/trend/refused", test_refused);
    return g_test_run();
}

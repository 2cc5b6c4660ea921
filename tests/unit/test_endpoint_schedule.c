/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core/schedule: weeks of schedule in milliseconds. */
#include "endpoint/core/schedule.h"

#include "lib/base/clock.h"

#define TOKYO (9 * HL_HOUR)

static HlTime at(const char *text)
{
    HlTime time;

    g_assert_true(hl_time_parse(text, &time, NULL));
    return time;
}

static HlSchedule schedule_of(const char *text)
{
    HlSchedule schedule;
    g_autoptr(GError) error = NULL;

    if (!hl_schedule_parse(text, &schedule, &error))
        g_error("%s", error->message);
    return schedule;
}

static void check_slot(const char *schedule_text, const char *now, HlTime offset, const char *slot)
{
    HlSchedule schedule = schedule_of(schedule_text);
    g_autofree char *got = hl_time_format(ep_schedule_slot(&schedule, at(now), offset));

    g_assert_cmpstr(got, ==, slot);
}

static void test_slots(void)
{
    check_slot("daily 12:30", "2026-11-22T12:29:59Z", 0, "2026-11-21T12:30:00Z");
    check_slot("daily 12:30", "2026-11-22T12:30:00Z", 0, "2026-11-22T12:30:00Z");
    check_slot("daily 12:30", "2026-11-22T04:00:00Z", TOKYO, "2026-11-22T03:30:00Z");
    check_slot("daily 00:10", "2026-11-22T12:00:00Z", -5 * HL_HOUR, "2026-11-22T05:10:00Z");
    check_slot("weekly mon 08:00", "2026-11-22T12:00:00Z", 0, "2026-11-16T08:00:00Z"); /* 22nd: a Sunday */
    check_slot("weekly sun 08:00", "2026-11-22T12:00:00Z", 0, "2026-11-22T08:00:00Z");
    check_slot("weekly sat 23:59", "2026-11-22T00:00:00Z", 0, "2026-11-21T23:59:00Z");
    check_slot("every 30m", "2026-11-22T12:44:00Z", 0, "2026-11-22T12:30:00Z");
    check_slot("hourly", "2026-11-22T12:44:00Z", TOKYO, "2026-11-22T12:00:00Z");
    check_slot("off", "2026-11-22T12:44:00Z", 0, "-");
}

/* Runs in a span that is looked at every minute. */
static guint runs_in(EpPlan *plan, const char *text, HlTime period, HlTime from, HlTime to, HlTime *last)
{
    HlSchedule schedule = schedule_of(text);
    guint runs = 0;

    for (HlTime now = from; now < to; now += HL_MINUTE) {
        if (ep_plan_step(plan, &schedule, period, now, 0, (uint64_t)now * 2654435761U)) {
            runs++;
            *last = now;
        }
    }
    return runs;
}

static void test_week(void)
{
    HlTime from = at("2026-11-22T00:00:00Z");
    EpPlan daily = { 0 };
    EpPlan hourly = { 0 };
    EpPlan weekly = { 0 };
    EpPlan off = { 0 };
    HlTime last = 0;

    g_assert_cmpuint(runs_in(&daily, "daily 12:30", 2 * HL_HOUR, from, from + 7 * HL_DAY, &last), ==, 7);
    g_assert_cmpint(last % HL_DAY, >=, 12 * HL_HOUR + 30 * HL_MINUTE);
    g_assert_cmpint(last % HL_DAY, <=, 14 * HL_HOUR + 31 * HL_MINUTE); /* inside the period */
    g_assert_cmpuint(runs_in(&hourly, "hourly", 10 * HL_MINUTE, from, from + HL_DAY, &last), ==, 23);
    g_assert_cmpuint(runs_in(&weekly, "weekly wed 09:00", 0, from, from + 28 * HL_DAY, &last), ==, 4);
    g_assert_cmpuint(runs_in(&off, "off", 0, from, from + 28 * HL_DAY, &last), ==, 0);
}

/* A period longer than the slot: still one run a slot. */
static void test_long_period(void)
{
    HlTime from = at("2026-11-22T00:00:00Z");
    EpPlan plan = { 0 };
    HlTime last = 0;
    guint runs = runs_in(&plan, "every 10m", HL_DAY, from, from + HL_DAY, &last);

    g_assert_cmpuint(runs, <=, 144);
    g_assert_cmpuint(runs, >=, 100); /* a start drawn late in its slot may fall behind its end: then the next counts */
}

static void test_catch_up(void)
{
    HlSchedule schedule = schedule_of("daily 12:30");
    HlTime from = at("2026-11-22T12:00:00Z");
    HlTime woke = at("2026-11-26T09:00:00Z"); /* slept over four of them */
    EpPlan plan = { 0 };
    guint runs = 0;

    ep_plan_reset(&plan, &schedule, from, 0);
    g_assert_false(ep_plan_step(&plan, &schedule, HL_HOUR, woke, 0, 30 * HL_MINUTE));
    g_assert_cmpint(ep_plan_next(&plan, &schedule, woke, 0), ==, woke + 30 * HL_MINUTE); /* not all at nine sharp */
    for (HlTime now = woke; now < woke + 2 * HL_HOUR; now += HL_MINUTE)
        runs += ep_plan_step(&plan, &schedule, HL_HOUR, now, 0, 7);
    g_assert_cmpuint(runs, ==, 1); /* once, not four times */
    g_assert_cmpint(ep_plan_next(&plan, &schedule, woke + 2 * HL_HOUR, 0), ==, at("2026-11-26T12:30:00Z"));
}

static void test_clock_jumps(void)
{
    HlSchedule schedule = schedule_of("daily 12:30");
    HlTime now = at("2027-11-22T13:00:00Z"); /* a year ahead */
    HlTime real = at("2026-11-22T13:00:00Z");
    EpPlan plan = { 0 };
    HlTime last;

    ep_plan_reset(&plan, &schedule, now, 0);
    g_assert_false(ep_plan_step(&plan, &schedule, 0, real, 0, 1)); /* put right: starts over, does not wait a year */
    g_assert_cmpuint(runs_in(&plan, "daily 12:30", 0, real, real + 3 * HL_DAY, &last), ==, 3);
}

/* Local time goes from UTC+2 to UTC+1 at night: the day keeps one run. */
static void test_daylight_saving(void)
{
    HlSchedule schedule = schedule_of("daily 01:30");
    HlTime from = at("2026-10-24T22:00:00Z");
    HlTime change = at("2026-10-25T01:00:00Z");
    EpPlan plan = { 0 };
    guint runs = 0;

    ep_plan_reset(&plan, &schedule, from, 2 * HL_HOUR);
    for (HlTime now = from; now < from + 20 * HL_HOUR; now += HL_MINUTE)
        runs += ep_plan_step(&plan, &schedule, 0, now, now < change ? 2 * HL_HOUR : HL_HOUR, 1);
    g_assert_cmpuint(runs, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schedule/slots", test_slots);
    g_test_add_func("/schedule/week", test_week);
    g_test_add_func("/schedule/long-period", test_long_period);
    g_test_add_func("/schedule/catch-up", test_catch_up);
    g_test_add_func("/schedule/clock-jumps", test_clock_jumps);
    g_test_add_func("/schedule/daylight-saving", test_daylight_saving);
    return g_test_run();
}

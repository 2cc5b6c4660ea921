/* SPDX-License-Identifier: Apache-2.0 */
/* Texts about time: durations, moments, schedules.  What is taken is printed and read again; a schedule has its next
 * run after now, and not later than a week and its period. */
#include <string.h>

#include "endpoint/core/schedule.h"
#include "tests/fuzz/fuzz.h"

static void try_duration(const char *text)
{
    HlTime duration = -1;
    HlTime again = -1;
    g_autofree char *printed = NULL;
    g_autofree char *described = NULL;

    if (!hl_duration_parse(text, &duration, NULL)) {
        g_assert_cmpint(duration, ==, -1);
        return;
    }
    g_assert_cmpint(duration, >=, 0);
    printed = hl_duration_format(duration);
    described = hl_duration_describe(duration);
    g_assert_true(hl_duration_parse(printed, &again, NULL));
    g_assert_cmpint(again, ==, duration);
}

static void try_time(const char *text)
{
    HlTime wall = 0;
    HlTime again = 0;
    g_autofree char *printed = NULL;

    if (!hl_time_parse(text, &wall, NULL))
        return;
    printed = hl_time_format(wall);
    if (wall <= 0)
        g_assert_cmpstr(printed, ==, "-");
    else
        g_assert_true(hl_time_parse(printed, &again, NULL) && again == wall);
}

static void try_schedule(const char *text)
{
    static const HlTime moments[] = { 0, HL_DAY, (HlTime)1795385700 * HL_SECOND + 1, (HlTime)4102444800 * HL_SECOND };
    HlSchedule schedule;

    if (!hl_schedule_parse(text, &schedule, NULL))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(moments); i++) {
        for (HlTime offset = -12 * HL_HOUR; offset <= 14 * HL_HOUR; offset += 13 * HL_HOUR) {
            HlTime now = moments[i];
            HlTime slot = ep_schedule_slot(&schedule, now, offset);
            EpPlan plan;
            HlTime next;

            ep_plan_reset(&plan, &schedule, now, offset);
            next = ep_plan_next(&plan, &schedule, now, offset);
            if (schedule.kind == HL_SCHEDULE_OFF) {
                g_assert_true(slot == 0 && next == 0);
                continue;
            }
            g_assert_cmpint(slot, <=, now);
            g_assert_cmpint(slot, >, now - 7 * HL_DAY - 1);
            g_assert_true(slot == 0 || (next > now && next <= now + 7 * HL_DAY));
            g_assert_false(ep_plan_step(&plan, &schedule, HL_HOUR, now, offset, 7)); /* nothing is caught up with */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);

    try_duration(text);
    try_time(text);
    try_schedule(text);
    return 0;
}

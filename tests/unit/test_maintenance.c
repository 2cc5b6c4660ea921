/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance windows: what their texts mean, when they open and close, and what daylight saving does to them. */
#include <string.h>

#include "proto/maintenance.h"

#define SUNDAY                (3 * HL_DAY) /* 1970-01-04 00:00, in UTC */
#define AT(day, hour, minute) (SUNDAY + (day)*HL_DAY + (hour)*HL_HOUR + (minute)*HL_MINUTE)

/* One hour ahead, and two between the two changes: at 01:00 UTC of one Sunday, and of another four weeks later. */
#define FORWARD (SUNDAY + 7 * HL_DAY + HL_HOUR)
#define BACK    (FORWARD + 28 * HL_DAY)

static HlTime utc(HlTime wall G_GNUC_UNUSED)
{
    return 0;
}

static HlTime berlin(HlTime wall)
{
    return wall >= FORWARD && wall < BACK ? 2 * HL_HOUR : HL_HOUR;
}

static HlMaintenance parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    HlMaintenance window;
    bool ok = hl_maintenance_parse(text, &window, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    return window;
}

static void expect_open(const char *text, HlTime wall, bool is_open)
{
    HlMaintenance window = parsed(text);

    g_assert_cmpint(hl_maintenance_is_open(&window, wall, utc), ==, is_open);
}

static void expect_next(const char *text, HlTime wall, HlUtcOffset offset, HlTime next)
{
    HlMaintenance window = parsed(text);

    g_assert_cmpint(hl_maintenance_next(&window, wall, offset), ==, next);
}

static void test_open(void)
{
    expect_open("", AT(0, 12, 0), true);
    expect_open("  ", AT(0, 12, 0), true);
    /* one that never closes is no window: nobody has to look for its end */
    g_assert_true(parsed("daily 00:00-24:00").is_always && parsed("sat-fri 12:00-11:59; daily 11:59-12:00").is_always);
    g_assert_false(parsed("daily 00:00-23:59").is_always);
    expect_open("daily 01:00-05:00", AT(0, 0, 59), false);
    expect_open("daily 01:00-05:00", AT(0, 1, 0), true);
    expect_open("daily 01:00-05:00", AT(0, 5, 0) - 1, true);
    expect_open("daily 01:00-05:00", AT(0, 5, 0), false);
    /* over midnight: the night of Friday ends on Saturday, and the one before Monday is Sunday's */
    expect_open("Mon-Fri 22:00-05:00", AT(1, 4, 0), false);
    expect_open("Mon-Fri 22:00-05:00", AT(1, 22, 0), true);
    expect_open("Mon-Fri 22:00-05:00", AT(6, 4, 59), true);
    expect_open("Mon-Fri 22:00-05:00", AT(6, 5, 0), false);
    expect_open("Mon-Fri 22:00-05:00", AT(6, 23, 0), false);
    /* over the end of the week */
    expect_open("sat 22:00-05:00", AT(7, 4, 0), true);
    expect_open("fri-mon 10:00-11:00", AT(0, 10, 30), true);
    expect_open("fri-mon 10:00-11:00", AT(2, 10, 30), false);
    expect_open("sat,sun 00:00-24:00; mon-fri 22:00-05:00", AT(6, 12, 0), true);
    expect_open("sat,sun 00:00-24:00; mon-fri 22:00-05:00", AT(3, 23, 0), true);
    expect_open("sat,sun 00:00-24:00; mon-fri 22:00-05:00", AT(3, 12, 0), false);
}

static void test_next(void)
{
    expect_next("", AT(0, 0, 0), utc, 0);
    expect_next("daily 00:00-24:00", AT(0, 0, 0), utc, 0);
    expect_next("daily 01:00-05:00", AT(0, 0, 0) + 1, utc, AT(0, 1, 0));
    expect_next("daily 01:00-05:00", AT(0, 1, 0), utc, AT(0, 5, 0));
    expect_next("daily 01:00-05:00", AT(0, 5, 0), utc, AT(1, 1, 0));
    expect_next("sun 01:10-01:20", AT(0, 1, 20), utc, AT(7, 1, 10));
    expect_next("mon-fri 22:00-05:00", AT(6, 5, 0), utc, AT(8, 22, 0));
}

/* A night's window is an hour shorter or longer; one whose beginning is passed over opens right after. */
static void test_daylight_saving(void)
{
    HlTime evening = FORWARD - 5 * HL_HOUR; /* 21:00 there */

    expect_next("daily 22:00-05:00", evening, berlin, evening + HL_HOUR);
    expect_next("daily 22:00-05:00", evening + HL_HOUR, berlin, evening + 7 * HL_HOUR);
    expect_next("sun 02:30-04:00", evening, berlin, FORWARD);
    expect_next("sun 02:30-04:00", FORWARD, berlin, FORWARD + HL_HOUR);
    expect_next("sun 02:10-02:50", evening, berlin, FORWARD + 6 * HL_DAY + 23 * HL_HOUR + 10 * HL_MINUTE);
    evening = BACK - 6 * HL_HOUR; /* 21:00 there */
    expect_next("daily 22:00-05:00", evening + HL_HOUR, berlin, evening + 9 * HL_HOUR);
    /* 02:10 comes twice */
    expect_next("sun 02:10-02:50", evening, berlin, BACK - 50 * HL_MINUTE);
    expect_next("sun 02:10-02:50", BACK - 50 * HL_MINUTE, berlin, BACK - 10 * HL_MINUTE);
    expect_next("sun 02:10-02:50", BACK - 10 * HL_MINUTE, berlin, BACK + 10 * HL_MINUTE);
}

static void test_refused(void)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        { "22:00-05:00", "is not a maintenance window" },
        { "daily", "is not a maintenance window" },
        { "daily 22-05", "is not a maintenance window" },
        { "daily 24:00-05:00", "is not a maintenance window" },
        { "daily 22:00-24:01", "is not a maintenance window" },
        { "daily 22:00-05:00-06:00", "is not a maintenance window" },
        { "weekdays 22:00-05:00", "is not a maintenance window" },
        { "mon- 22:00-05:00", "is not a maintenance window" },
        { "mon,,tue 22:00-05:00", "is not a maintenance window" },
        { "daily,mon 22:00-05:00", "is not a maintenance window" },
        { "mon-tue-wed 22:00-05:00", "is not a maintenance window" },
        { "daily 01:00-02:00;", "is not a maintenance window" },
        { "daily 01:00-02:00; tue 3:00-4:00", "'tue 3:00-4:00' is not" },
        { "mon 22:00-22:00", "ends when it begins" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        HlMaintenance window;

        g_assert_false(hl_maintenance_parse(cases[i].text, &window, &error));
        g_assert_nonnull(strstr(error->message, cases[i].reason));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/maintenance/open", test_open);
    g_test_add_func("/maintenance/next", test_next);
    g_test_add_func("/maintenance/daylight-saving", test_daylight_saving);
    g_test_add_func("/maintenance/refused", test_refused);
    return g_test_run();
}

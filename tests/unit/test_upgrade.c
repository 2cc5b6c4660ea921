/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core/upgrade and what daemon and helper leave for each other.  Time is an argument: nothing here waits. */
#include <string.h>

#include "endpoint/core/upgrade.h"
#include "endpoint/upgrade/desk.h"
#include "lib/base/file.h"

#define SEC(n) ((n)*HL_SECOND)

/* ------------------------------------------------------------------------------------------------------ the steps */

static EpUpgradeState after(EpUpgradeState state, EpUpgradeEvent event)
{
    EpUpgrade upgrade = { state, 1 };

    ep_upgrade_step(&upgrade, event);
    return upgrade.state;
}

static void test_good(void)
{
    static const EpUpgradeState way[] = { EP_UPGRADE_ACCEPTED,   EP_UPGRADE_VERIFIED, EP_UPGRADE_KEPT,
                                          EP_UPGRADE_INSTALLING, EP_UPGRADE_WAITING,  EP_UPGRADE_DONE };
    EpUpgrade upgrade = EP_UPGRADE_INIT;

    for (gsize i = 0; i < G_N_ELEMENTS(way); i++) {
        g_assert_cmpint(upgrade.state, ==, way[i]);
        g_assert_cmpuint(upgrade.tries, ==, 1);
        if (way[i] != EP_UPGRADE_DONE)
            ep_upgrade_step(&upgrade, EP_UPGRADE_WORKED);
    }
}

/* Before the first package is touched, a failure changes nothing; from then on it leads back. */
static void test_failures(void)
{
    for (int state = EP_UPGRADE_ACCEPTED; state < EP_UPGRADE_INSTALLING; state++)
        g_assert_cmpint(after((EpUpgradeState)state, EP_UPGRADE_FAILED), ==, EP_UPGRADE_REFUSED);
    g_assert_cmpint(after(EP_UPGRADE_INSTALLING, EP_UPGRADE_FAILED), ==, EP_UPGRADE_GOING_BACK);
    g_assert_cmpint(after(EP_UPGRADE_WAITING, EP_UPGRADE_FAILED), ==, EP_UPGRADE_GOING_BACK);
    g_assert_cmpint(after(EP_UPGRADE_GOING_BACK, EP_UPGRADE_WORKED), ==, EP_UPGRADE_BACK);
    for (int state = EP_UPGRADE_ACCEPTED; state < EP_UPGRADE_DONE; state++)
        g_assert_cmpint(after((EpUpgradeState)state, EP_UPGRADE_OVERTAKEN), ==, EP_UPGRADE_REFUSED);
}

/* How many of these events in a row until the state is left. */
static guint events_until_left(EpUpgradeState state, EpUpgradeEvent event, EpUpgradeState *next)
{
    EpUpgrade upgrade = { state, 1 };
    guint n = 0;

    while (upgrade.state == state && n < 100) {
        ep_upgrade_step(&upgrade, event);
        n++;
    }
    *next = upgrade.state;
    return n;
}

/* A version with which the machine restarts again and again is not begun for ever, and the way back has more patience.
 */
static void test_cut_off(void)
{
    EpUpgradeState next;

    for (int state = EP_UPGRADE_ACCEPTED; state < EP_UPGRADE_INSTALLING; state++) {
        g_assert_cmpuint(events_until_left((EpUpgradeState)state, EP_UPGRADE_CUT_OFF, &next), ==, EP_UPGRADE_TRIES);
        g_assert_cmpint(next, ==, EP_UPGRADE_REFUSED);
    }
    g_assert_cmpuint(events_until_left(EP_UPGRADE_INSTALLING, EP_UPGRADE_CUT_OFF, &next), ==, EP_UPGRADE_TRIES);
    g_assert_cmpint(next, ==, EP_UPGRADE_GOING_BACK);
    g_assert_cmpuint(events_until_left(EP_UPGRADE_WAITING, EP_UPGRADE_CUT_OFF, &next), ==, EP_UPGRADE_TRIES);
    g_assert_cmpint(next, ==, EP_UPGRADE_GOING_BACK);
    g_assert_cmpuint(events_until_left(EP_UPGRADE_GOING_BACK, EP_UPGRADE_CUT_OFF, &next), ==, EP_UPGRADE_TRIES_BACK);
    g_assert_cmpint(next, ==, EP_UPGRADE_STUCK);
    g_assert_cmpuint(events_until_left(EP_UPGRADE_GOING_BACK, EP_UPGRADE_FAILED, &next), ==, EP_UPGRADE_TRIES_BACK);
    g_assert_cmpint(next, ==, EP_UPGRADE_STUCK);
}

static void test_pause(void)
{
    static const HlTime seconds[] = { 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600 };

    for (guint i = 0; i < G_N_ELEMENTS(seconds); i++)
        g_assert_cmpint(ep_upgrade_pause(&(EpUpgrade){ EP_UPGRADE_GOING_BACK, i + 1 }, SEC(30)), ==, SEC(seconds[i]));
    g_assert_cmpint(ep_upgrade_pause(&(EpUpgrade){ EP_UPGRADE_GOING_BACK, G_MAXUINT }, SEC(30)), ==, HL_HOUR);
    g_assert_cmpint(ep_upgrade_pause(&(EpUpgrade){ EP_UPGRADE_GOING_BACK, 1000000 }, 0), ==, 0);
}

/* An end stays what it is, whatever happens; every other state has an end within reach. */
static void test_ends(void)
{
    for (int state = 0; state < EP_UPGRADE_N_STATES; state++) {
        EpUpgradeState parsed;

        g_assert_true(ep_upgrade_state_parse(ep_upgrade_state_name((EpUpgradeState)state), &parsed));
        g_assert_cmpint(parsed, ==, state);
        for (int event = 0; event < EP_UPGRADE_N_EVENTS; event++) {
            EpUpgrade upgrade = { (EpUpgradeState)state, 1 };
            guint steps = 0;

            while (!ep_upgrade_is_end(upgrade.state) && steps++ < 100)
                ep_upgrade_step(&upgrade, (EpUpgradeEvent)event);
            g_assert_cmpuint(steps, <, 100);
            if (ep_upgrade_is_end((EpUpgradeState)state))
                g_assert_cmpint(after((EpUpgradeState)state, (EpUpgradeEvent)event), ==, state);
        }
    }
    g_assert_false(ep_upgrade_state_parse("finished", &(EpUpgradeState){ 0 }));
}

/* ----------------------------------------------------------------------------------------------------- the health */

static EpHealthWord look(EpUpgradeHealth *health, int64_t up, HlTime now)
{
    return ep_upgrade_health_look(health, (EpUpgradeSigns){ .up = up }, now);
}

static EpHealthWord look_away(EpUpgradeHealth *health, HlTime now)
{
    return ep_upgrade_health_look(health, (EpUpgradeSigns){ .away = true }, now);
}

static void test_health(void)
{
    EpUpgradeHealth health;

    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look(&health, 0, SEC(1001)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1002)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 78, SEC(1004)), ==, EP_HEALTH_WAIT); /* the first one died */
    g_assert_cmpint(look(&health, 78, SEC(1006)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 78, SEC(1007)), ==, EP_HEALTH_GOOD);

    /* a line that goes down is no line */
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look(&health, 77, SEC(1001)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 0, SEC(1003)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1005)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 0, SEC(1299)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 0, SEC(1300)), ==, EP_HEALTH_LATE);

    /* up in time, and steady a moment later; one that comes after the end is late */
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look(&health, 77, SEC(1299)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1301)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1302)), ==, EP_HEALTH_GOOD);
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look(&health, 0, SEC(1299)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1301)), ==, EP_HEALTH_LATE);
}

/* The bound passes only while the server is there, and not for ever. */
static void test_away(void)
{
    EpUpgradeHealth health;

    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look_away(&health, SEC(1010)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look_away(&health, SEC(1299)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look_away(&health, SEC(1598)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 0, SEC(1897)), ==, EP_HEALTH_WAIT); /* it came back: five minutes */
    g_assert_cmpint(look(&health, 77, SEC(1899)), ==, EP_HEALTH_LATE);
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    g_assert_cmpint(look_away(&health, SEC(1299)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1590)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 77, SEC(1593)), ==, EP_HEALTH_GOOD);

    /* to the very end, and nearly so */
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    for (int at = 1001; at < 4600; at++)
        g_assert_cmpint(look_away(&health, SEC(at)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look_away(&health, SEC(4600)), ==, EP_HEALTH_AWAY);
    ep_upgrade_health_begin(&health, SEC(300), SEC(1000));
    for (int at = 1001; at < 4599; at++)
        g_assert_cmpint(look_away(&health, SEC(at)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look(&health, 0, SEC(4599)), ==, EP_HEALTH_WAIT);
    g_assert_cmpint(look_away(&health, SEC(4600)), ==, EP_HEALTH_LATE); /* it was there, and the line was not up */
}

/* ----------------------------------------------------------------------------------- whether an upgrade is to begin */

static void test_plan(void)
{
    static const struct {
        EpUpgradeFacts facts;
        EpUpgradePlan plan;
    } rows[] = {
        { { .line_up = true }, EP_PLAN_NOTHING },
        { { .offered = 5, .line_up = true }, EP_PLAN_BEGIN },
        { { .offered = 5, .failed = 4, .line_up = true }, EP_PLAN_BEGIN },
        { { .offered = 5, .failed = 5, .line_up = true }, EP_PLAN_FAILED },
        { { .offered = 5, .line_up = false }, EP_PLAN_LINE_DOWN },
        { { .offered = 5, .line_up = true, .under_way = true }, EP_PLAN_UNDER_WAY },
        { { .offered = 5, .line_up = true, .blocked = true }, EP_PLAN_BLOCKED },
        { { .offered = 5, .line_up = true, .left = true }, EP_PLAN_LEFT },
        { { .offered = 5, .line_up = true, .left = true, .blocked = true }, EP_PLAN_BLOCKED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(ep_upgrade_plan(&rows[i].facts), ==, rows[i].plan);
}

static void test_words(void)
{
    static const struct {
        EpUpgradePlan plan;
        const char *why, *words;
    } rows[] = {
        { EP_PLAN_NOTHING, "", "1.0, no upgrade is offered" },
        { EP_PLAN_NOTHING, "there is no way back", "1.0, not upgraded: there is no way back" },
        { EP_PLAN_BLOCKED, "", "1.0, upgrades are blocked by the settings" },
        { EP_PLAN_LEFT, "", "1.0, upgrades are left to roll-outs" },
        { EP_PLAN_UNDER_WAY, "", "1.0, an upgrade is under way" },
        { EP_PLAN_FAILED, "",
          "1.0, version 1.1 has failed here: 'holdline-endpoint upgrade --retry' tries it once more" },
        { EP_PLAN_LINE_DOWN, "", "1.0, version 1.1 waits until the line is up" },
        { EP_PLAN_BEGIN, "", "1.0, version 1.1 is being installed" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *words = ep_upgrade_tell(rows[i].plan, "1.0", "1.1", rows[i].why);

        g_assert_cmpstr(words, ==, rows[i].words);
    }
}

/* ------------------------------------------------------------------------------------------------------- the desk */

static void remove_directory(char *path)
{
    g_assert_true(hl_tree_remove(path, NULL));
    g_free(path);
}

static char *make_directory(void)
{
    char *path = g_dir_make_tmp("holdline-desk-XXXXXX", NULL);

    g_assert_nonnull(path);
    g_assert_true(ep_desk_make(path, NULL));
    return path;
}

static void test_papers(void)
{
    char *state = make_directory();
    EpDeskUpgrade written = { .release = 2026112801,
                              .from = "0.1.0",
                              .to = "0.2.0~rc1-1",
                              .upgrade = { EP_UPGRADE_GOING_BACK, 4 },
                              .detail = "its line\ndid not come up",
                              .begun = 12345,
                              .ended = 0,
                              .lasting = true,
                              .away = true };
    g_auto(EpDeskUpgrade) read = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(ep_desk_read(state, EP_DESK_RUNNING, &read, &error), ==, EP_DESK_ABSENT);
    g_assert_no_error(error);
    g_assert_true(ep_desk_write(state, EP_DESK_RUNNING, &written, &error));
    g_assert_true(ep_desk_has(state, EP_DESK_RUNNING));
    g_assert_false(ep_desk_has(state, EP_DESK_REQUEST));
    g_assert_cmpint(ep_desk_read(state, EP_DESK_RUNNING, &read, &error), ==, EP_DESK_FOUND);
    g_assert_cmpuint(read.release, ==, 2026112801);
    g_assert_cmpstr(read.from, ==, "0.1.0");
    g_assert_cmpstr(read.to, ==, "0.2.0~rc1-1");
    g_assert_cmpint(read.upgrade.state, ==, EP_UPGRADE_GOING_BACK);
    g_assert_cmpuint(read.upgrade.tries, ==, 4);
    g_assert_null(strchr(read.detail, '\n'));
    g_assert_true(read.lasting);
    g_assert_true(read.away);
    g_assert_true(ep_desk_remove(state, EP_DESK_RUNNING, &error));
    g_assert_true(ep_desk_remove(state, EP_DESK_RUNNING, &error));
    g_assert_no_error(error);
    remove_directory(state);
}

/* Of a version that did not tell why it was taken back. */
static void test_paper_before(void)
{
    char *state = make_directory();
    g_autofree char *directory = ep_desk_directory(state);
    g_autofree char *path = g_build_filename(directory, "ended.json", NULL);
    g_auto(EpDeskUpgrade) read = { 0 };

    g_assert_true(hl_file_write_text(path,
                                     "{\"release\":1,\"from\":\"1\",\"to\":\"2\",\"state\":\"back\",\"tries\":1,"
                                     "\"detail\":\"\",\"begun_ms\":0,\"ended_ms\":5,\"lasting\":false}",
                                     0600, NULL));
    g_assert_cmpint(ep_desk_read(state, EP_DESK_ENDED, &read, NULL), ==, EP_DESK_FOUND);
    g_assert_false(read.away);
    remove_directory(state);
}

/* What is no upgrade is an error that names the file, never half an upgrade. */
static void test_bad_papers(void)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"release\":0,\"from\":\"1\",\"to\":\"2\",\"state\":\"kept\",\"tries\":1,\"detail\":\"\",\"begun_ms\":0,"
        "\"ended_ms\":0,\"lasting\":false}",
        "{\"release\":1,\"from\":\"1\",\"to\":\"../2\",\"state\":\"kept\",\"tries\":1,\"detail\":\"\",\"begun_ms\":0,"
        "\"ended_ms\":0,\"lasting\":false}",
        "{\"release\":1,\"from\":\"1\",\"to\":\"2\",\"state\":\"lost\",\"tries\":1,\"detail\":\"\",\"begun_ms\":0,"
        "\"ended_ms\":0,\"lasting\":false}",
    };
    char *state = make_directory();
    g_autofree char *directory = ep_desk_directory(state);
    g_autofree char *path = g_build_filename(directory, "request.json", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(EpDeskUpgrade) read = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_true(hl_file_write_text(path, texts[i], 0600, NULL));
        g_assert_cmpint(ep_desk_read(state, EP_DESK_REQUEST, &read, &error), ==, EP_DESK_UNREADABLE);
        g_assert_nonnull(strstr(error->message, "request.json"));
        g_assert_null(read.from);
    }
    remove_directory(state);
}

static void test_alive(void)
{
    static const EpDeskLine lines[] = { EP_DESK_LINE_UP, EP_DESK_LINE_DOWN, EP_DESK_LINE_AWAY };
    char *state = make_directory();
    g_autofree char *directory = ep_desk_directory(state);
    g_autofree char *path = g_build_filename(directory, "alive.json", NULL);
    EpDeskLine line = EP_DESK_LINE_UP;

    g_assert_cmpint(ep_desk_who_is_alive(state, "0.2.0", &line), ==, 0);
    g_assert_cmpint(line, ==, EP_DESK_LINE_DOWN);
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_true(ep_desk_say_alive(state, "0.2.0", 4711, lines[i], NULL));
        g_assert_cmpint(ep_desk_who_is_alive(state, "0.2.0", &line), ==, 4711);
        g_assert_cmpint(line, ==, lines[i]);
        g_assert_cmpint(ep_desk_who_is_alive(state, "0.1.0", &line), ==, 0);
    }
    /* of a daemon before */
    g_assert_true(hl_file_write_text(path, "{\"version\":\"0.1.0\",\"pid\":12,\"line_up\":true}", 0600, NULL));
    g_assert_cmpint(ep_desk_who_is_alive(state, "0.1.0", &line), ==, 12);
    g_assert_cmpint(line, ==, EP_DESK_LINE_UP);
    remove_directory(state);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/upgrade/good", test_good);
    g_test_add_func("/upgrade/failures", test_failures);
    g_test_add_func("/upgrade/cut-off", test_cut_off);
    g_test_add_func("/upgrade/pause", test_pause);
    g_test_add_func("/upgrade/ends", test_ends);
    g_test_add_func("/upgrade/health", test_health);
    g_test_add_func("/upgrade/away", test_away);
    g_test_add_func("/upgrade/plan", test_plan);
    g_test_add_func("/upgrade/words", test_words);
    g_test_add_func("/upgrade/papers", test_papers);
    g_test_add_func("/upgrade/paper-before", test_paper_before);
    g_test_add_func("/upgrade/bad-papers", test_bad_papers);
    g_test_add_func("/upgrade/alive", test_alive);
    return g_test_run();
}

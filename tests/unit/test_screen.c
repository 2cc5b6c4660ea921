/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli: what keys do on the screen of status --watch, and in which order it has the endpoints. */
#include <string.h>

#include "manager/cli/fleet.h"
#include "manager/cli/screen.h"

#define NOW (1795750260 * HL_SECOND) /* 2026-11-27T03:31:00Z */

static void press(CliScreen *screen, const char *bytes)
{
    cli_screen_keys(screen, bytes, strlen(bytes), 100, 10);
}

static void test_scroll(void)
{
    static const struct {
        const char *bytes;
        guint top;
    } rows[] = {
        { "j", 1 },        { "\033[B", 2 },   { "\033OB", 3 },    { "k\033[A", 1 }, { " ", 11 },
        { "\033[6~", 21 }, { "\033[5~", 11 }, { "b", 1 },         { "kkkk", 0 },    { "G", 90 },
        { "j ", 90 },      { "g", 0 },        { "\033[F", 90 },   { "\033[H", 0 },  { "\033[F\033[1~", 0 },
        { "x", 0 },        { "\033[15~", 0 }, { "\033[1;5B", 0 }, { "\033OP", 0 },  { "\r", 1 },
    };
    g_auto(CliScreen) screen = { 0 };

    cli_screen_init(&screen);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        press(&screen, rows[i].bytes);
        g_test_message("%u", (guint)i);
        g_assert_cmpuint(screen.top, ==, rows[i].top);
        g_assert_false(screen.has_quit || screen.is_typing);
    }
    press(&screen, "G");
    cli_screen_fit(&screen, 12, 10); /* the list became shorter */
    g_assert_cmpuint(screen.top, ==, 2);
    cli_screen_fit(&screen, 3, 10);
    g_assert_cmpuint(screen.top, ==, 0);
    press(&screen, "q");
    g_assert_true(screen.has_quit);
}

static void test_typing(void)
{
    g_auto(CliScreen) screen = { 0 };
    g_autofree char *long_text = g_strnfill(1000, 'a');

    cli_screen_init(&screen);
    press(&screen, "/qG総");
    g_assert_true(screen.is_typing && screen.is_searched && !screen.has_quit);
    g_assert_cmpstr(screen.typed->str, ==, "qG総");
    press(&screen, "\177");
    g_assert_cmpstr(screen.typed->str, ==, "qG");
    press(&screen, "\033[A\025pc"); /* a function key is no text */
    g_assert_cmpstr(screen.typed->str, ==, "pc");
    screen.is_searched = false;
    press(&screen, "\r");
    g_assert_false(screen.is_typing || screen.is_searched);
    g_assert_cmpstr(screen.typed->str, ==, "pc"); /* kept */
    press(&screen, "\033");
    g_assert_true(screen.is_searched);
    g_assert_cmpstr(screen.typed->str, ==, "");
    press(&screen, "/");
    press(&screen, long_text);
    g_assert_cmpuint(screen.typed->len, <, 300);
    press(&screen, "\177\033\177\177"); /* more is erased than there is */
    g_assert_cmpstr(screen.typed->str, ==, "");
}

/* members: of the document, in place of those of one that is well. */
static void put(CliFleet *fleet, const char *id, const char *host, const char *members)
{
    g_autofree char *text = g_strdup_printf("{%s}", members);
    g_autoptr(json_t) others = json_loads(text, 0, NULL);
    g_autoptr(json_t) document = json_pack("{s:s, s:s, s:s, s:s, s:{s:b}}", "id", id, "host", host, "group", "sales",
                                           "actual", "online", "settings", "current", 1);

    g_assert_nonnull(others);
    json_object_update(document, others);
    cli_fleet_put(fleet, id, document);
}

static CliFleet *make_fleet(const char *selector)
{
    CliFleet *fleet =
        cli_fleet_new(selector != NULL ? mgr_filter_parse(selector, MGR_FILTER_SELECT, NOW, NULL) : NULL, NOW);

    put(fleet, "e-1", "pc-10", "\"outdated\": false");
    put(fleet, "e-2", "pc-9", "\"outdated\": false");
    put(fleet, "e-3", "pc-3", "\"outdated\": true");
    put(fleet, "e-4", "pc-4", "\"actual\": \"offline\"");
    put(fleet, "e-5", "pc-5", "\"open_detections\": 2");
    put(fleet, "e-6", "pc-6", "\"actual\": \"offline\", \"revoked\": true");
    put(fleet, "e-7", "pc-7", "\"removed\": true");
    put(fleet, "e-8", "pc-8", "\"actual\": \"stale\", \"patterns\": {\"virus\": 5}");
    return fleet;
}

static void expect(CliFleet *fleet, const char *ids)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const GPtrArray *list = cli_fleet_list(fleet);

    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               json_string_value(json_object_get(list->pdata[i], "id")));
    g_assert_cmpstr(text->str, ==, ids);
}

static void test_order(void)
{
    g_autoptr(CliFleet) fleet = make_fleet(NULL);

    /* infected, offline, stale, outdated, the good ones by host as people count, the revoked one last */
    expect(fleet, "e-5 e-4 e-8 e-3 e-2 e-1 e-6");
    put(fleet, "e-4", "pc-4", "\"outdated\": false"); /* it came back */
    expect(fleet, "e-5 e-8 e-3 e-4 e-2 e-1 e-6");
    cli_fleet_put(fleet, "e-5", NULL);
    expect(fleet, "e-8 e-3 e-4 e-2 e-1 e-6");
}

static void test_search(void)
{
    g_autoptr(CliFleet) fleet = make_fleet(NULL);

    cli_fleet_search(fleet, mgr_filter_parse("PC-1", MGR_FILTER_SEARCH, NOW, NULL));
    expect(fleet, "e-1");
    cli_fleet_search(fleet, mgr_filter_parse("pattern.virus=5 or infected", MGR_FILTER_SEARCH, NOW, NULL));
    expect(fleet, "e-5 e-8");
    g_assert_cmpuint(cli_fleet_count(fleet), ==, 7);
    cli_fleet_search(fleet, NULL);
    g_assert_cmpuint(cli_fleet_list(fleet)->len, ==, 7);
}

static void test_selector(void)
{
    static const char *const rows[][2] = {
        { "offline", "e-4 e-6" },
        { "pc-4,pc-8", "e-4 e-8" },
        { "@sales,outdated", "e-3" },
        { "pc-1*", "e-1" },
        { "@hr", "" },
        { "removed", "e-7" },
        { "all,stale", "e-8" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(CliFleet) fleet = make_fleet(rows[i][0]);

        g_test_message("%s", rows[i][0]);
        expect(fleet, rows[i][1]);
    }
}

static void test_counts(void)
{
    g_autoptr(CliFleet) fleet = make_fleet("offline");
    g_autoptr(json_t) summary = cli_fleet_summary(fleet);

    g_assert_cmpint(json_integer_value(json_object_get(summary, "endpoints")), ==, 2);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "offline")), ==, 2);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "online")), ==, 0);
    g_assert_true(json_is_integer(json_object_get(summary, "online")));
    g_assert_true(cli_fleet_takes(fleet, "e-4") && cli_fleet_takes(fleet, "e-unknown"));
    g_assert_false(cli_fleet_takes(fleet, "e-1"));
}

/* The whole name is meant where there is one, as the server takes it: in whatever order they come, and go. */
static void test_best_name(void)
{
    g_autoptr(CliFleet) fleet = cli_fleet_new(mgr_filter_parse("pc-1", MGR_FILTER_SELECT, NOW, NULL), NOW);

    put(fleet, "e-1", "pc-10", "");
    expect(fleet, "e-1"); /* a beginning, as long as it is the only one */
    put(fleet, "e-2", "pc-1.example.org", "");
    expect(fleet, "e-2");
    put(fleet, "e-3", "pc-11", "");
    expect(fleet, "e-2");
    put(fleet, "e-3", "PC-1", "");
    expect(fleet, "e-3");
    put(fleet, "e-3", "pc-3", "");
    expect(fleet, "e-2");
    put(fleet, "pc-1", "other", "");
    expect(fleet, "pc-1");
    cli_fleet_put(fleet, "pc-1", NULL);
    expect(fleet, "e-2");
    cli_fleet_begin(fleet);
    put(fleet, "e-1", "pc-10", "");
    cli_fleet_end(fleet);
    expect(fleet, "e-1");
}

/* An ended certificate is a trouble, and is counted, as soon as the time has come. */
static void test_ended(void)
{
    g_autofree char *end = hl_time_format(NOW + HL_HOUR);
    g_autofree char *member = g_strdup_printf("\"certificate_expires\": \"%s\"", end);
    g_autoptr(CliFleet) fleet = cli_fleet_new(mgr_filter_parse("all", MGR_FILTER_SELECT, NOW, NULL), NOW);
    g_autoptr(json_t) before = NULL;
    g_autoptr(json_t) after = NULL;

    put(fleet, "e-1", "pc-1", "");
    put(fleet, "e-2", "pc-2", member);
    expect(fleet, "e-1 e-2");
    before = cli_fleet_summary(fleet);
    g_assert_cmpint(json_integer_value(json_object_get(before, "certificates_ended")), ==, 0);
    cli_fleet_tell_time(fleet, NOW + 2 * HL_HOUR);
    expect(fleet, "e-2 e-1");
    after = cli_fleet_summary(fleet);
    g_assert_cmpint(json_integer_value(json_object_get(after, "certificates_ended")), ==, 1);
}

/* What a second round of documents does not have is gone. */
static void test_round(void)
{
    g_autoptr(CliFleet) fleet = make_fleet(NULL);

    cli_fleet_begin(fleet);
    put(fleet, "e-3", "pc-3", "\"outdated\": true");
    g_assert_cmpuint(cli_fleet_list(fleet)->len, ==, 7); /* until it is over */
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 1);
    put(fleet, "e-3", "pc-3", "\"outdated\": false"); /* it changes meanwhile */
    put(fleet, "e-3", "pc-3", "\"outdated\": true");
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 1);
    put(fleet, "e-9", "pc-9", "");
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 2);
    cli_fleet_put(fleet, "e-9", NULL);
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 2);
    cli_fleet_end(fleet);
    expect(fleet, "e-3");
    cli_fleet_begin(fleet);
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 0);
    put(fleet, "e-3", "pc-3", "");
    g_assert_cmpuint(cli_fleet_fresh(fleet), ==, 1);
}

/* Keys that come in one read, as over a slow line: those behind a search are for the list that it leaves. */
static void test_batch(void)
{
    static const char keys[] = "/pc\r\033\033[6~G";
    static const gsize ends[] = { 4, 5, 10 };
    g_auto(CliScreen) screen = { 0 };
    gsize taken = 0;

    cli_screen_init(&screen);
    for (gsize i = 0; i < 2; i++) { /* Enter, and Escape, each end a search */
        taken += cli_screen_keys(&screen, keys + taken, strlen(keys) - taken, 100, 10);
        g_assert_cmpuint(taken, ==, ends[i]);
        g_assert_true(screen.is_searched);
    }
    screen.is_searched = false; /* the caller has looked */
    taken += cli_screen_keys(&screen, keys + taken, strlen(keys) - taken, 200, 10);
    g_assert_cmpuint(taken, ==, ends[2]);
    g_assert_cmpuint(screen.top, ==, 190);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/screen/scroll", test_scroll);
    g_test_add_func("/screen/batch", test_batch);
    g_test_add_func("/screen/typing", test_typing);
    g_test_add_func("/screen/order", test_order);
    g_test_add_func("/screen/search", test_search);
    g_test_add_func("/screen/selector", test_selector);
    g_test_add_func("/screen/counts", test_counts);
    g_test_add_func("/screen/best_name", test_best_name);
    g_test_add_func("/screen/ended", test_ended);
    g_test_add_func("/screen/round", test_round);
    return g_test_run();
}

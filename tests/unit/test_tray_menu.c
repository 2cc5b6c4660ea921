/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray/menu.c: what may be done is there, what may not is not. */
#include "endpoint/tray/menu.h"
#include "lib/base/unconst.h"

/* Texts are borrowed: such a view is never cleared. */
static TrView allowed(void)
{
    TrView view = { .here = true, .line = TR_LINE_UP, .schedule = hl_unconst("daily 12:00") };

    view.may.update_now = view.may.toggle_schedule = view.may.scan = view.may.skip_scan = view.may.stop = true;
    view.finds.total = 3;
    return view;
}

/* The labels, one a line; separators as "-", disabled ones in brackets. */
static char *drawn(const GPtrArray *menu)
{
    GString *text = g_string_new("");

    for (guint i = 0; i < menu->len; i++) {
        const TrEntry *entry = menu->pdata[i];

        g_string_append_printf(text, entry->enabled ? "%s\n" : "[%s]\n", entry->separator ? "-" : entry->label);
    }
    return g_string_free(text, FALSE);
}

static void check(const TrView *view, const char *expected)
{
    g_autoptr(GPtrArray) menu = tr_menu_make(view, "Connected");
    g_autofree char *text = drawn(menu);

    g_assert_cmpuint(menu->len, <=, TR_N_DOS);
    g_assert_cmpstr(text, ==, expected);
}

static void test_all(void)
{
    TrView view = allowed();

    check(&view, "[Connected]\n-\nUpdate Now\nScan a File...\nScan a Folder...\nTurn the Scheduled Update Off\n"
                 "Skip the Scheduled Scan\nDetections (3)\nOpen History\nStop Holdline\n-\nQuit the Tray Icon\n");
    view.update.running = true;
    view.update.percent = 40;
    view.schedule_off = true;
    view.scan_running = true;
    check(&view, "[Connected]\n-\n[Updating... 40 %]\nScan a File...\nScan a Folder...\nTurn the Scheduled Update On\n"
                 "Stop the Scheduled Scan\nDetections (3)\nOpen History\nStop Holdline\n-\nQuit the Tray Icon\n");
}

static void test_nothing_allowed(void)
{
    TrView view = { .here = true, .line = TR_LINE_UP, .schedule = hl_unconst("daily 12:00") };

    check(&view, "[Connected]\n-\nOpen History\n-\nQuit the Tray Icon\n");
    view.update.running = true; /* somebody else's: no entry for who may not */
    check(&view, "[Connected]\n-\nOpen History\n-\nQuit the Tray Icon\n");
}

/* While the daemon is away, what it told last allows nothing. */
static void test_away(void)
{
    TrView view = allowed();

    view.here = false;
    check(&view, "[Connected]\n-\nQuit the Tray Icon\n");
}

static gint place_of(const TrView *view, TrDo what)
{
    g_autoptr(GPtrArray) menu = tr_menu_make(view, "Connected");

    for (guint i = 0; i < menu->len; i++)
        if (((const TrEntry *)menu->pdata[i])->what == what)
            return (gint)i;
    return -1;
}

/* Each privilege gives its own entries, and no others. */
static void test_each(void)
{
    static const struct {
        gsize offset; /* of the privilege */
        TrDo gives, gives_too;
    } cases[] = {
        { offsetof(TrView, may.update_now), TR_DO_UPDATE_NOW, TR_DO_NOTHING },
        { offsetof(TrView, may.scan), TR_DO_SCAN_FILE, TR_DO_SCAN_FOLDER },
        { offsetof(TrView, may.toggle_schedule), TR_DO_SCHEDULE_OFF, TR_DO_NOTHING },
        { offsetof(TrView, may.skip_scan), TR_DO_SKIP_SCAN, TR_DO_NOTHING },
        { offsetof(TrView, may.stop), TR_DO_STOP, TR_DO_NOTHING },
    };
    static const TrDo by_privilege[] = { TR_DO_UPDATE_NOW,  TR_DO_SCAN_FILE, TR_DO_SCAN_FOLDER, TR_DO_SCHEDULE_OFF,
                                         TR_DO_SCHEDULE_ON, TR_DO_SKIP_SCAN, TR_DO_STOP };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrView view = { .here = true, .schedule = hl_unconst("daily 12:00") };

        *(bool *)((char *)&view + cases[i].offset) = true;
        for (gsize j = 0; j < G_N_ELEMENTS(by_privilege); j++)
            g_assert_true((place_of(&view, by_privilege[j]) >= 0) ==
                          (by_privilege[j] == cases[i].gives || by_privilege[j] == cases[i].gives_too));
    }
}

/* Nothing to be turned off where nothing is scheduled; nothing to be listed where nothing was found. */
static void test_without(void)
{
    TrView view = allowed();

    view.schedule = hl_unconst("");
    view.finds.total = 0;
    check(&view, "[Connected]\n-\nUpdate Now\nScan a File...\nScan a Folder...\nSkip the Scheduled Scan\n"
                 "Open History\nStop Holdline\n-\nQuit the Tray Icon\n");
    view.schedule = NULL;
    g_assert_cmpint(place_of(&view, TR_DO_SCHEDULE_OFF), ==, -1);
}

static TrMenuChange compare(const TrView *old, const char *old_status, const TrView *view, const char *status)
{
    g_autoptr(GPtrArray) before = tr_menu_make(old, old_status);
    g_autoptr(GPtrArray) after = tr_menu_make(view, status);

    return tr_menu_compare(before, after);
}

static void test_compare(void)
{
    TrView old = allowed();
    TrView view = allowed();
    TrMenuChange change = compare(&old, "a", &view, "a");

    g_assert_false(change.layout || change.properties);
    change = compare(&old, "a", &view, "b");
    g_assert_true(!change.layout && change.properties);
    view.update.running = true;
    change = compare(&old, "a", &view, "a");
    g_assert_true(!change.layout && change.properties);
    view = allowed();
    view.may.update_now = false; /* one less */
    change = compare(&old, "a", &view, "a");
    g_assert_true(change.layout);
    view = allowed();
    view.schedule_off = true; /* as many, another one */
    change = compare(&old, "a", &view, "a");
    g_assert_true(change.layout && !change.properties);
}

/* Also what no view makes: as many texts but another state, and entries missing at the end. */
static void test_compare_parts(void)
{
    TrView view = allowed();
    g_autoptr(GPtrArray) before = tr_menu_make(&view, "a");
    g_autoptr(GPtrArray) after = tr_menu_make(&view, "a");
    TrEntry *entry = after->pdata[2];
    TrMenuChange change;

    entry->enabled = !entry->enabled;
    change = tr_menu_compare(before, after);
    g_assert_true(!change.layout && change.properties);
    entry->enabled = !entry->enabled;
    g_ptr_array_set_size(after, (gint)after->len - 1);
    change = tr_menu_compare(before, after);
    g_assert_true(change.layout && !change.properties);
    change = tr_menu_compare(after, before);
    g_assert_true(change.layout && !change.properties);
}

static void test_names(void)
{
    guint n = 0;

    for (int what = 0; what < TR_N_DOS; what++) {
        const char *name = tr_do_name((TrDo)what);

        if (name == NULL)
            continue;
        n++;
        g_assert_cmpint(tr_do_from_name(name), ==, what);
    }
    g_assert_cmpuint(n, ==, 9);
    g_assert_cmpint(tr_do_from_name("update-now"), ==, TR_DO_UPDATE_NOW);
    g_assert_cmpint(tr_do_from_name("quit"), ==, TR_DO_NOTHING);
    g_assert_cmpint(tr_do_from_name(""), ==, TR_DO_NOTHING);
    g_assert_cmpint(tr_do_from_name(NULL), ==, TR_DO_NOTHING);
    g_assert_null(tr_do_name(TR_DO_STATUS));
    g_assert_null(tr_do_name(TR_DO_SEPARATOR_1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray-menu/all", test_all);
    g_test_add_func("/tray-menu/nothing-allowed", test_nothing_allowed);
    g_test_add_func("/tray-menu/away", test_away);
    g_test_add_func("/tray-menu/each", test_each);
    g_test_add_func("/tray-menu/without", test_without);
    g_test_add_func("/tray-menu/compare", test_compare);
    g_test_add_func("/tray-menu/compare-parts", test_compare_parts);
    g_test_add_func("/tray-menu/names", test_names);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray/notices.c: what is told, when, how often, and what is not. */
#include <string.h>

#include "endpoint/tray/notices.h"
#include "lib/base/unconst.h"

#define NOW (HL_HOUR)

/* Texts are borrowed: such a view is never cleared. */
static TrView quiet(void)
{
    TrView view = { .here = true, .line = TR_LINE_UP };

    view.finds.count = 5;
    view.finds.at = 1;
    view.last_update.at = 1;
    view.last_update.succeeded = true;
    view.last_scan.ended = 1;
    return view;
}

static void find(TrView *view, guint64 n)
{
    view->finds.count += n;
    view->finds.total += n;
    view->finds.at += HL_SECOND;
    view->finds.signature = hl_unconst("Eicar");
    view->finds.path = hl_unconst("/home/a/x.exe");
    view->finds.action = hl_unconst("quarantined");
}

static void update(TrView *view, const char *trigger, bool succeeded)
{
    view->last_update.at += HL_SECOND;
    view->last_update.trigger = hl_unconst(trigger);
    view->last_update.succeeded = succeeded;
    view->last_update.detail = hl_unconst(succeeded ? "virus 2026112702" : "the server does not answer");
}

static void scan(TrView *view, const char *how, const char *end, guint64 found)
{
    view->last_scan.ended += HL_SECOND;
    view->last_scan.how = hl_unconst(how);
    view->last_scan.end = hl_unconst(end);
    view->last_scan.detail = hl_unconst("the engine does not start");
    view->last_scan.files = 1200;
    view->last_scan.found = found;
}

static TrNotices *begun(const TrView *view)
{
    TrNotices *notices = tr_notices_new();

    tr_notices_view(notices, view, NOW);
    g_assert_cmpint(tr_notices_next(notices), ==, 0);
    return notices;
}

/* The next notice; title NULL: there is none. */
static void expect(TrNotices *notices, HlTime now, TrNoticeKind kind, const char *title, const char *body)
{
    g_autoptr(TrNotice) notice = tr_notices_take(notices, now);

    if (title == NULL) {
        g_assert_null(notice);
        return;
    }
    g_assert_nonnull(notice);
    g_assert_cmpstr(notice->title, ==, title);
    g_assert_cmpstr(notice->body, ==, body);
    g_assert_cmpint(notice->kind, ==, kind);
    g_assert_true(notice->urgent == (kind == TR_NOTICE_DETECTION));
}

static void expect_none(TrNotices *notices, HlTime now)
{
    expect(notices, now, TR_NOTICE_UPDATE, NULL, NULL);
}

#define ONE_FIND "Name: Eicar\nFile: /home/a/x.exe\nAction: moved to the quarantine"

/* What was there before the tray is history. */
static void test_first_view(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = NULL;

    find(&view, 1);
    update(&view, "command", false);
    scan(&view, "command", "completed", 1);
    notices = begun(&view);
    expect_none(notices, NOW);
    tr_notices_view(notices, &view, NOW);
    expect_none(notices, NOW + HL_DAY);
}

static void test_detection(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    find(&view, 1);
    tr_notices_view(notices, &view, NOW);
    g_assert_cmpint(tr_notices_next(notices), ==, NOW);
    expect(notices, NOW, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
    expect_none(notices, NOW);
    tr_notices_view(notices, &view, NOW + HL_MINUTE);
    expect_none(notices, NOW + HL_MINUTE);
    g_assert_cmpint(tr_notices_next(notices), ==, 0);
}

/* However they come, all are told in as few as the gap allows, and each is counted once. */
static void test_many_detections(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    find(&view, 1000);
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_DETECTION, "1000 infected files were found", "The last of them:\n" ONE_FIND);
    for (HlTime now = NOW + 1; now < NOW + TR_NOTICE_GAP; now += 100) {
        find(&view, 1);
        tr_notices_view(notices, &view, now);
        expect_none(notices, now);
        g_assert_cmpint(tr_notices_next(notices), ==, NOW + TR_NOTICE_GAP);
    }
    expect(notices, NOW + TR_NOTICE_GAP, TR_NOTICE_DETECTION, "100 infected files were found",
           "The last of them:\n" ONE_FIND);
    g_assert_cmpint(tr_notices_next(notices), ==, 0);
}

/* A kind does not hold up another one; a clock that was set back holds up none. */
static void test_kinds_and_clock(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    find(&view, 1);
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
    update(&view, "command", true);
    tr_notices_view(notices, &view, NOW + 1);
    expect(notices, NOW + 1, TR_NOTICE_UPDATE, "Update finished", "virus 2026112702");
    find(&view, 1);
    tr_notices_view(notices, &view, NOW - 30 * HL_MINUTE);
    expect(notices, NOW - 30 * HL_MINUTE, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
}

/* The daemon restarts: what happened meanwhile is told once, what was told is not told again. */
static void test_restart(void)
{
    TrView view = quiet();
    TrView away = { 0 };
    TrView empty = { .here = true };
    g_autoptr(TrNotices) notices = NULL;

    scan(&view, "command", "completed", 0);
    update(&view, "command", true);
    notices = begun(&view);
    find(&view, 1);
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
    tr_notices_view(notices, &away, NOW + HL_MINUTE);
    tr_notices_view(notices, &empty, NOW + HL_MINUTE); /* it has not read its store yet */
    tr_notices_view(notices, &view, NOW + HL_MINUTE);
    expect_none(notices, NOW + HL_MINUTE);
    tr_notices_view(notices, &away, NOW + HL_MINUTE);
    find(&view, 2);
    view.here = false; /* it says nothing, whatever is in it */
    tr_notices_view(notices, &view, NOW + HL_MINUTE);
    expect_none(notices, NOW + HL_HOUR);
    view.here = true;
    update(&view, "command", false);
    tr_notices_view(notices, &view, NOW + HL_HOUR);
    expect(notices, NOW + HL_HOUR, TR_NOTICE_DETECTION, "2 infected files were found", "The last of them:\n" ONE_FIND);
    expect(notices, NOW + HL_HOUR, TR_NOTICE_UPDATE, "The update failed", "the server does not answer");
    tr_notices_view(notices, &view, NOW + 2 * HL_HOUR);
    expect_none(notices, NOW + 2 * HL_HOUR);
}

/* Another database counts from the beginning: its find is told, the old ones are not. */
static void test_new_database(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    view.finds.count = view.finds.total = 0;
    find(&view, 1);
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
    find(&view, 1);
    tr_notices_view(notices, &view, NOW + HL_MINUTE);
    expect(notices, NOW + HL_MINUTE, TR_NOTICE_DETECTION, "An infected file was found", ONE_FIND);
    view.finds.count = 1; /* and what only went away is no news */
    tr_notices_view(notices, &view, NOW + HL_HOUR);
    expect_none(notices, NOW + HL_HOUR);
}

/* What was held back is due when the first of it is; the answer to a click pulls along what waits with it. */
static void test_next(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    find(&view, 1);
    scan(&view, "command", "completed", 0);
    tr_notices_view(notices, &view, NOW);
    tr_notice_free(tr_notices_take(notices, NOW));
    tr_notice_free(tr_notices_take(notices, NOW));
    find(&view, 1);
    tr_notices_view(notices, &view, NOW + 1);
    g_assert_cmpint(tr_notices_next(notices), ==, NOW + TR_NOTICE_GAP);
    tr_notices_outcome(notices, TR_DO_SCAN_FILE, "Files: 1", NULL, NOW + 2);
    g_assert_cmpint(tr_notices_next(notices), ==, NOW + HL_SECOND);
    scan(&view, "command", "completed", 0);
    tr_notices_view(notices, &view, NOW + 3);
    g_assert_cmpint(tr_notices_next(notices), ==, NOW + HL_SECOND);
    expect(notices, NOW + HL_SECOND, TR_NOTICE_SCAN, "Scan finished",
           "Files: 1200, infected: 0, not looked at: 0\n(and 1 more)");
    g_assert_cmpint(tr_notices_next(notices), ==, NOW + TR_NOTICE_GAP);
}

static void test_updates(void)
{
    static const struct {
        const char *trigger;
        bool succeeded, told;
    } cases[] = {
        { "command", true, true },   { "command", false, true },  { "schedule", true, false },
        { "schedule", false, true }, { "start-up", true, false }, { "start-up", false, true },
        { "manual", true, false },   { "manual", false, false },  { "engine-failure", true, true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrView view = quiet();
        g_autoptr(TrNotices) notices = begun(&view);

        update(&view, cases[i].trigger, cases[i].succeeded);
        tr_notices_view(notices, &view, NOW);
        if (cases[i].told)
            expect(notices, NOW, TR_NOTICE_UPDATE, cases[i].succeeded ? "Update finished" : "The update failed",
                   view.last_update.detail);
        expect_none(notices, NOW);
    }
}

/* The daemon goes and comes back as another version, or as the same; its word of the end comes later. */
static void test_upgrade(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    view.upgrade.state = hl_unconst("waiting");
    view.upgrade.to = hl_unconst("0.2.0");
    tr_notices_view(notices, &view, NOW);
    expect_none(notices, NOW);
    view.upgrade.state = hl_unconst("done");
    view.upgrade.ended = 5;
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_UPDATE, "Holdline was upgraded", "Version 0.2.0");
    tr_notices_view(notices, &view, NOW);
    expect_none(notices, NOW);
    view.upgrade.ended = 0; /* the next one begins */
    tr_notices_view(notices, &view, NOW + HL_HOUR);
    view.upgrade.state = hl_unconst("refused");
    view.upgrade.ended = 6;
    tr_notices_view(notices, &view, NOW + HL_HOUR);
    expect_none(notices, NOW + HL_HOUR);
    view.upgrade.state = hl_unconst("back");
    view.upgrade.detail = hl_unconst("its line did not come up");
    view.upgrade.ended = 7;
    tr_notices_view(notices, &view, NOW + HL_HOUR);
    expect(notices, NOW + HL_HOUR, TR_NOTICE_UPDATE, "Holdline was not upgraded", "its line did not come up");
}

/* A scheduled update tries again and again: the first failure is told, and the first after a success. */
static void test_row_of_failures(void)
{
    TrView view = quiet();
    TrView empty = { .here = true };
    g_autoptr(TrNotices) notices = begun(&view);

    for (int round = 1; round <= 2; round++) {
        HlTime now = NOW + round * HL_HOUR;

        update(&view, "schedule", false);
        tr_notices_view(notices, &view, now);
        expect(notices, now, TR_NOTICE_UPDATE, "The update failed", "the server does not answer");
        update(&view, "schedule", false);
        tr_notices_view(notices, &view, now + HL_MINUTE);
        tr_notices_view(notices, &empty, now + HL_MINUTE);
        update(&view, "start-up", false);
        tr_notices_view(notices, &view, now + HL_MINUTE);
        expect_none(notices, now + 2 * HL_MINUTE);
        update(&view, "schedule", true);
        tr_notices_view(notices, &view, now + 3 * HL_MINUTE);
        expect_none(notices, now + 3 * HL_MINUTE);
    }
}

static void test_scans(void)
{
    static const char numbers[] = "Files: 1200, infected: 2, not looked at: 0";
    static const struct {
        const char *how, *end;
        guint64 found;
        const char *title, *body;
    } cases[] = {
        { "command", "completed", 0, "Scan finished", "Files: 1200, infected: 0, not looked at: 0" },
        { "command", "stopped", 2, "The scan was stopped", numbers },
        { "command", "failed", 0, "The scan failed", "the engine does not start" },
        { "schedule", "completed", 2, "Scan finished", numbers },
        { "schedule", "failed", 0, "The scan failed", "the engine does not start" },
        { "schedule", "completed", 0, NULL, NULL },
        { "schedule", "stopped", 0, NULL, NULL },
        { "manual", "completed", 2, NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrView view = quiet();
        g_autoptr(TrNotices) notices = begun(&view);

        scan(&view, cases[i].how, cases[i].end, cases[i].found);
        tr_notices_view(notices, &view, NOW);
        expect(notices, NOW, TR_NOTICE_SCAN, cases[i].title, cases[i].body);
        expect_none(notices, NOW);
    }
}

static void test_refusal(void)
{
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);
    g_autoptr(GError) error =
        g_error_new_literal(HL_ERROR, HL_ERROR_DENIED, "the administrator\ndoes not <b>allow</b> it");

    tr_notices_outcome(notices, TR_DO_UPDATE_NOW, NULL, error, NOW);
    expect(notices, NOW, TR_NOTICE_REFUSED, "The update was not done", "the administrator does not <b>allow</b> it");
    for (int i = 0; i < 3; i++)
        tr_notices_outcome(notices, TR_DO_SKIP_SCAN, NULL, error, NOW + 1);
    expect_none(notices, NOW + 1);
    g_assert_cmpint(tr_notices_next(notices), ==, NOW + HL_SECOND);
    expect(notices, NOW + HL_SECOND, TR_NOTICE_REFUSED, "The scheduled scan was not skipped",
           "the administrator does not <b>allow</b> it\n(and 2 more)");
}

/* Each action tells its end, without a view too; what is none tells nothing. */
static void test_outcomes(void)
{
    g_autoptr(GError) error = g_error_new_literal(HL_ERROR, HL_ERROR_FAILED, "why not");

    for (int what = 0; what < TR_N_DOS; what++) {
        g_autoptr(TrNotices) notices = tr_notices_new();
        g_autoptr(TrNotice) done = NULL;
        g_autoptr(TrNotice) failed = NULL;

        tr_notices_outcome(notices, (TrDo)what, NULL, NULL, NOW);
        tr_notices_outcome(notices, (TrDo)what, NULL, error, NOW);
        done = tr_notices_take(notices, NOW);
        failed = tr_notices_take(notices, NOW);
        g_assert_true((done != NULL) == (tr_do_name((TrDo)what) != NULL));
        g_assert_true((failed != NULL) == (tr_do_name((TrDo)what) != NULL));
        if (done == NULL || failed == NULL)
            continue;
        g_assert_cmpint(failed->kind, ==, TR_NOTICE_REFUSED);
        g_assert_cmpstr(failed->body, ==, "why not");
        g_assert_cmpstr(done->title, !=, failed->title);
    }
}

/* The user's own update that joined the server's ends once, whichever way is heard first; two of them are two. */
static void test_joined_update(void)
{
    for (int view_first = 0; view_first < 2; view_first++) {
        TrView view = quiet();
        g_autoptr(TrNotices) notices = begun(&view);

        update(&view, "command", true);
        if (view_first)
            tr_notices_view(notices, &view, NOW);
        tr_notices_outcome(notices, TR_DO_UPDATE_NOW, "virus 2026112702", NULL, NOW + 1);
        tr_notices_view(notices, &view, NOW + 2);
        expect(notices, NOW + 2, TR_NOTICE_UPDATE, "Update finished", "virus 2026112702");
        expect_none(notices, NOW + HL_HOUR);
        tr_notices_outcome(notices, TR_DO_UPDATE_NOW, "nothing new", NULL, NOW + 3 * HL_SECOND);
        expect(notices, NOW + 3 * HL_SECOND, TR_NOTICE_UPDATE, "Update finished", "nothing new");
        tr_notices_outcome(notices, TR_DO_UPDATE_NOW, "nothing new", NULL, NOW + 5 * HL_SECOND);
        expect(notices, NOW + 5 * HL_SECOND, TR_NOTICE_UPDATE, "Update finished", "nothing new");
    }
}

/* Another update than the server's of a while ago, and a refusal, are told beside it. */
static void test_not_joined(void)
{
    g_autoptr(GError) error = g_error_new_literal(HL_ERROR, HL_ERROR_DENIED, "why not");
    TrView view = quiet();
    g_autoptr(TrNotices) notices = begun(&view);

    update(&view, "command", true);
    tr_notices_view(notices, &view, NOW);
    expect(notices, NOW, TR_NOTICE_UPDATE, "Update finished", "virus 2026112702");
    tr_notices_outcome(notices, TR_DO_UPDATE_NOW, NULL, error, NOW + 1);
    expect(notices, NOW + 1, TR_NOTICE_REFUSED, "The update was not done", "why not");
    tr_notices_outcome(notices, TR_DO_UPDATE_NOW, "nothing new", NULL, NOW + TR_NOTICE_GAP);
    expect(notices, NOW + TR_NOTICE_GAP, TR_NOTICE_UPDATE, "Update finished", "nothing new");
}

static void test_long_detail(void)
{
    g_autoptr(TrNotices) notices = tr_notices_new();
    g_autoptr(TrNotice) notice = NULL;
    g_autofree char *detail = g_strnfill(1000000, 'a');

    tr_notices_outcome(notices, TR_DO_SCAN_FILE, detail, NULL, NOW);
    notice = tr_notices_take(notices, NOW);
    g_assert_nonnull(notice);
    g_assert_cmpuint(strlen(notice->body), ==, TR_MAX_TEXT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray-notices/first-view", test_first_view);
    g_test_add_func("/tray-notices/detection", test_detection);
    g_test_add_func("/tray-notices/many-detections", test_many_detections);
    g_test_add_func("/tray-notices/kinds-and-clock", test_kinds_and_clock);
    g_test_add_func("/tray-notices/restart", test_restart);
    g_test_add_func("/tray-notices/new-database", test_new_database);
    g_test_add_func("/tray-notices/next", test_next);
    g_test_add_func("/tray-notices/updates", test_updates);
    g_test_add_func("/tray-notices/upgrade", test_upgrade);
    g_test_add_func("/tray-notices/row-of-failures", test_row_of_failures);
    g_test_add_func("/tray-notices/scans", test_scans);
    g_test_add_func("/tray-notices/refusal", test_refusal);
    g_test_add_func("/tray-notices/outcomes", test_outcomes);
    g_test_add_func("/tray-notices/joined-update", test_joined_update);
    g_test_add_func("/tray-notices/not-joined", test_not_joined);
    g_test_add_func("/tray-notices/long-detail", test_long_detail);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray/face.c and the pixmaps: what the icon shows, and what comes before what. */
#include <string.h>

#include "endpoint/tray/face.h"
#include "endpoint/tray/pixmap.h"
#include "lib/base/unconst.h"

#define NOW (1795750260 * HL_SECOND) /* 2026-11-27T03:31:00Z, 12:31 where the test is */

/* Texts are borrowed: such a view is never cleared. */
static TrView healthy(void)
{
    TrView view = { .here = true,
                    .line = TR_LINE_UP,
                    .patterns = hl_unconst("virus 2026112702"),
                    .patterns_since = NOW - HL_HOUR,
                    .succeeded_at = NOW - HL_HOUR };

    view.last_update.at = NOW - HL_HOUR;
    view.last_update.succeeded = true;
    view.last_update.trigger = hl_unconst("schedule");
    return view;
}

static void add_find(TrView *view, HlTime at)
{
    view->finds.total = 3;
    view->finds.at = at;
}

static void check(const TrView *view, TrIcon icon, const char *status)
{
    g_auto(TrFace) face = { 0 };

    tr_face_make(&face, view, NOW);
    g_assert_cmpstr(face.status, ==, status);
    g_assert_cmpint(face.icon, ==, icon);
}

/* From the least to the first: each is added to those before, and hides them. */
static void test_precedence(void)
{
    TrView view = healthy();

    check(&view, TR_ICON_NORMAL, "Connected to the server");
    view.line = TR_LINE_CONNECTING;
    check(&view, TR_ICON_NO_LINE, "Connecting to the server");
    view.line = TR_LINE_DOWN;
    check(&view, TR_ICON_NO_LINE, "No connection to the server");
    view.independent = true;
    check(&view, TR_ICON_NORMAL, "Independent mode");
    view.succeeded_at = NOW - TR_OUTDATED;
    check(&view, TR_ICON_WARNING, "The patterns are out of date");
    view.patterns = hl_unconst("");
    check(&view, TR_ICON_WARNING, "No patterns yet");
    view.line = TR_LINE_NONE;
    check(&view, TR_ICON_WARNING, "Not enrolled with a server");
    add_find(&view, NOW - TR_RECENT + 1);
    check(&view, TR_ICON_WARNING, "Infected files were found");
    view.problem = hl_unconst("the disk is full");
    check(&view, TR_ICON_WARNING, "Something is wrong");
    view.update.running = true;
    view.update.percent = 40;
    check(&view, TR_ICON_UPDATING, "Updating... 40 %");
    view.here = false;
    check(&view, TR_ICON_WARNING, "Holdline is not running");
}

static void test_nothing_known(void)
{
    TrView view = { 0 };
    g_auto(TrFace) face = { 0 };

    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.status, ==, "Holdline is not running");
    g_assert_cmpstr(face.tooltip, ==,
                    "An administrator of this computer starts it: systemctl start holdline-endpointd");
    g_assert_cmpint(face.change, ==, 0);
    view.here = true;
    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.status, ==, "Not enrolled with a server");
    g_assert_cmpstr(face.tooltip, ==, "Patterns: none\nLast update: none yet");
    view.line = TR_LINE_DOWN;
    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.status, ==, "No patterns yet");
    g_assert_cmpstr(face.tooltip, ==, "Patterns: none\nLast update: none yet\nNo connection to the server");
}

/* The face made at `change` differs, and one made a moment before does not. */
static void test_change(void)
{
    TrView view = healthy();
    g_auto(TrFace) face = { 0 };
    HlTime outdated;

    tr_face_make(&face, &view, NOW);
    outdated = face.change;
    g_assert_cmpint(outdated, ==, NOW - HL_HOUR + TR_OUTDATED);
    tr_face_make(&face, &view, outdated - 1);
    g_assert_cmpint(face.icon, ==, TR_ICON_NORMAL);
    g_assert_cmpint(face.change, ==, outdated);
    tr_face_make(&face, &view, outdated);
    g_assert_cmpint(face.icon, ==, TR_ICON_WARNING);
    g_assert_cmpint(face.change, ==, 0);

    add_find(&view, NOW - HL_HOUR);
    tr_face_make(&face, &view, NOW);
    g_assert_cmpint(face.change, ==, NOW - HL_HOUR + TR_RECENT);
    tr_face_make(&face, &view, face.change);
    g_assert_cmpint(face.icon, ==, TR_ICON_NORMAL);
    g_assert_cmpint(face.change, ==, outdated);
    view.here = false;
    tr_face_make(&face, &view, NOW);
    g_assert_cmpint(face.change, ==, 0);
}

/* A set that came with the program counts from its arrival; a clock that was set back makes nothing old. */
static void test_age(void)
{
    TrView view = healthy();

    view.succeeded_at = 0;
    check(&view, TR_ICON_NORMAL, "Connected to the server");
    view.patterns_since = NOW - TR_OUTDATED;
    check(&view, TR_ICON_WARNING, "The patterns are out of date");
    view.patterns_since = 0;
    check(&view, TR_ICON_WARNING, "The patterns are out of date");
    view.succeeded_at = NOW + 30 * HL_DAY;
    check(&view, TR_ICON_NORMAL, "Connected to the server");
}

static void test_tooltip(void)
{
    TrView view = healthy();
    g_auto(TrFace) face = { 0 };

    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.tooltip, ==,
                    "Patterns: virus 2026112702 (since 2026-11-27 11:31)\n"
                    "Last update: 2026-11-27 11:31 (by schedule), succeeded");
    view.last_update.at = NOW;
    view.last_update.succeeded = false;
    view.last_update.trigger = hl_unconst("manual");
    view.last_update.detail = hl_unconst("100 % of %s");
    view.line = TR_LINE_DOWN;
    view.independent = true;
    view.schedule = hl_unconst("daily 12:00");
    view.schedule_off = true;
    view.scan_running = true;
    view.problem = hl_unconst("the disk is full");
    view.patterns_since = 0;
    add_find(&view, NOW);
    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.tooltip, ==,
                    "Patterns: virus 2026112702\n"
                    "Last update: 2026-11-27 12:31 (by hand), failed: 100 % of %s\n"
                    "Last successful update: 2026-11-27 11:31\n"
                    "No connection to the server\n"
                    "The scheduled update is turned off\n"
                    "A scan is running\n"
                    "Detections: 3, the last on 2026-11-27 12:31\n"
                    "Problem: the disk is full");
    view.here = false;
    tr_face_make(&face, &view, NOW);
    g_assert_true(g_str_has_suffix(face.tooltip, "systemctl start holdline-endpointd")); /* all that is known now */
    g_assert_null(strchr(face.tooltip, '\n'));
}

/* A word of a later version is shown as it is; a time that no calendar has is a dash. */
static void test_odd(void)
{
    TrView view = healthy();
    g_auto(TrFace) face = { 0 };

    view.patterns = view.schedule = NULL;
    view.schedule_off = true;
    view.last_update.trigger = hl_unconst("by moonlight");
    view.last_update.at = G_MAXINT64;
    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.tooltip, ==,
                    "Patterns: none\nLast update: - (by moonlight), succeeded\nConnected to the server");
}

static bool is_same(const TrPixmap *a, const TrPixmap *b)
{
    return memcmp(a->argb, b->argb, (gsize)a->size * (gsize)a->size * 4) == 0;
}

/* Transparent corners, something opaque in the middle; no two states and no two frames of an update look the same. */
static void test_pixmaps(void)
{
    for (int icon = 0; icon < TR_N_ICONS; icon++)
        for (guint frame = 0; frame < TR_FRAMES; frame++) {
            gsize n, n_first, n_normal;
            const TrPixmap *pixmaps = tr_pixmaps((TrIcon)icon, frame, &n);
            const TrPixmap *first = tr_pixmaps((TrIcon)icon, 0, &n_first);
            const TrPixmap *normal = tr_pixmaps(TR_ICON_NORMAL, 0, &n_normal);

            g_assert_cmpuint(n, ==, 5);
            for (gsize i = 0; i < n; i++) {
                gsize size = (gsize)pixmaps[i].size;

                g_assert_true(i == 0 || pixmaps[i].size > pixmaps[i - 1].size);
                g_assert_cmpuint(pixmaps[i].argb[0], ==, 0);
                g_assert_cmpuint(pixmaps[i].argb[4 * (size * size / 2 + size / 2)], ==, 255);
                g_assert_true(is_same(&pixmaps[i], &normal[i]) == (icon == TR_ICON_NORMAL));
                g_assert_true(is_same(&pixmaps[i], &first[i]) == (icon != TR_ICON_UPDATING || frame == 0));
            }
        }
}

static void test_names(void)
{
    for (int icon = 0; icon < TR_N_ICONS; icon++) {
        g_autofree char *file =
            g_strdup_printf("%s/endpoint/tray/icons/%s.svg", SOURCE_DIR, tr_icon_name((TrIcon)icon));

        g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    }
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "JST-9", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray-face/precedence", test_precedence);
    g_test_add_func("/tray-face/nothing-known", test_nothing_known);
    g_test_add_func("/tray-face/change", test_change);
    g_test_add_func("/tray-face/age", test_age);
    g_test_add_func("/tray-face/tooltip", test_tooltip);
    g_test_add_func("/tray-face/odd", test_odd);
    g_test_add_func("/tray-face/pixmaps", test_pixmaps);
    g_test_add_func("/tray-face/names", test_names);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray in Japanese, through the built catalogue: without an installed locale, as on a fresh machine. */
#include "endpoint/tray/face.h"
#include "endpoint/tray/notices.h"
#include "lib/base/i18n.h"
#include "lib/base/unconst.h"

#define NOW (1795750260 * HL_SECOND) /* 2026-11-27T03:31:00Z, 12:31 where the test is */

/* Texts are borrowed: such a view is never cleared. */
static TrView some_view(void)
{
    TrView view = { .here = true,
                    .line = TR_LINE_UP,
                    .patterns = hl_unconst("virus 2026112702"),
                    .patterns_since = NOW - HL_HOUR,
                    .succeeded_at = NOW - HL_HOUR,
                    .schedule = hl_unconst("daily 12:00") };

    view.last_update.at = NOW - HL_HOUR;
    view.last_update.succeeded = true;
    view.last_update.trigger = hl_unconst("manual");
    view.may.update_now = view.may.toggle_schedule = view.may.scan = view.may.skip_scan = view.may.stop = true;
    return view;
}

static void test_face(void)
{
    TrView view = some_view();
    g_auto(TrFace) face = { 0 };

    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.status, ==, "サーバに接続済み");
    g_assert_cmpstr(face.tooltip, ==,
                    "パターンファイル: virus 2026112702 (更新日時: 2026/11/27 11:31)\n"
                    "前回のアップデート: 成功 (2026/11/27 11:31、手動)");
    view.update.running = true;
    view.update.percent = 40;
    tr_face_make(&face, &view, NOW);
    g_assert_cmpstr(face.status, ==, "アップデート中... 40 %");
}

static void test_menu(void)
{
    static const char *const labels[] = { "状態",
                                          "",
                                          "今すぐアップデート",
                                          "ファイルを検索...",
                                          "フォルダを検索...",
                                          "予約アップデートを無効にする",
                                          "予約検索をスキップする",
                                          "検出結果を表示する (3)",
                                          "履歴を開く",
                                          "Holdline を停止する",
                                          "",
                                          "トレイアイコンを終了する" };
    TrView view = some_view();
    g_autoptr(GPtrArray) menu = NULL;

    view.finds.total = 3;
    menu = tr_menu_make(&view, "状態");
    g_assert_cmpuint(menu->len, ==, G_N_ELEMENTS(labels));
    for (guint i = 0; i < menu->len; i++)
        g_assert_cmpstr(((const TrEntry *)menu->pdata[i])->label, ==, labels[i]);
}

static void test_notices(void)
{
    for (guint64 n = 1; n <= 2; n++) {
        TrView view = some_view();
        g_autoptr(TrNotices) notices = tr_notices_new();
        g_autoptr(TrNotice) notice = NULL;
        g_autofree char *title = g_strdup_printf("感染ファイルを %d 件検出しました", (int)n);

        tr_notices_view(notices, &view, NOW);
        view.finds.count = n;
        view.finds.signature = hl_unconst("Eicar");
        view.finds.path = hl_unconst("/home/花子/請求書.exe");
        view.finds.action = hl_unconst("quarantined");
        tr_notices_view(notices, &view, NOW);
        notice = tr_notices_take(notices, NOW);
        g_assert_nonnull(notice);
        g_assert_cmpstr(notice->title, ==, title);
        g_assert_true(
            g_str_has_suffix(notice->body, "検出名: Eicar\nファイル: /home/花子/請求書.exe\n処理: 隔離しました"));
    }
}

/* What the daemon says in English reaches the user in their language. */
static void test_words(void)
{
    g_auto(TrView) view = { 0 };
    g_autoptr(json_t) document = json_pack("{s:{s:s}, s:s}", "update", "last_detail", "cancelled by the administrator",
                                           "problem", "no phrase of the daemon");

    g_assert_true(tr_view_parse(&view, document, NULL));
    g_assert_cmpstr(view.last_update.detail, ==, _("cancelled by the administrator"));
    g_assert_cmpstr(view.last_update.detail, !=, "cancelled by the administrator");
    g_assert_cmpstr(view.problem, ==, "no phrase of the daemon");
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "JST-9", TRUE);
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_setenv("LANGUAGE", "ja", TRUE);
    hl_i18n_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray-japanese/face", test_face);
    g_test_add_func("/tray-japanese/menu", test_menu);
    g_test_add_func("/tray-japanese/notices", test_notices);
    g_test_add_func("/tray-japanese/words", test_words);
    return g_test_run();
}
